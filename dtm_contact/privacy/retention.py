"""The nightly pass: what is closed is archived, what has reached its age is erased, at a pace that nobody feels.

Each step (`ages`) finds some rows by their age in a read transaction, and erases those that still qualify in short
write transactions, with a rest after each. What was erased is found no more, so that a pass that breaks off anywhere is
taken up by the next one. Nothing of a case that is open, held, or has anything still to be judged or sent is erased.
"""

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.background import beside, repeat
from dtm_contact.errors import LeaseLostError, StoreUnavailableError, described
from dtm_contact.log import get_log
from dtm_contact.privacy.ages import PIECE, Step, left_long_ago, steps, zero_piece
from dtm_contact.privacy.erasing import finish, sweep, unfinished
from dtm_contact.privacy.packed_places import WHO
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.database import insert_of
from dtm_contact.store.directory import leave_out, repacked_without
from dtm_contact.store.schema import arrival_bodies, arrivals
from dtm_contact.store.system_schema import positions
from dtm_contact.wording import Translatable, worded

_log = get_log("retention")
FOLLOWER: Final = "retention"
"""The name under which one daemon at a time runs the pass."""
_LAST: Final = "retention pass"
"""Under which name the positions keep the day of the last pass that came to its end."""
_LOOK_SECONDS: Final = 30.0
FIRST_BATCH: Final = 10
_FOUND_AT_ONCE: Final = 500
"""Rows that one look finds: to look may cost more than to erase some of them."""
_MOST_FREED: Final = 1_000
"""Pages of a SQLite file that one transaction gives back to the disk at the most: its commit writes as many."""
_MOST_OCTETS: Final = 2 * PIECE
"""Octets of messages that one transaction deletes: how long it takes is known only once it is over."""
_LONGEST_REST: Final = 30.0
"""Seconds: a disk that stood still for a moment is no reason to rest for hours."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """What a step would do now."""

    name: Translatable
    rows: int
    months: int
    law: Translatable


@dataclass(slots=True)
class Passed:
    """What a pass did.

    Attributes:
        counts: rows by step.
        seconds: how long it took.
        transactions: how many it made.
        longest, longest_step: the seconds of the longest of these, and of which step it was.
        finished: whether it came to its end.
    """

    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    transactions: int = 0
    longest: float = 0.0
    longest_step: str = ""
    finished: bool = False


def planned(settings: Settings, store: Store, now: datetime) -> list[PlannedStep]:
    """Return what a pass would do now; nothing is changed.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    found = []
    for step in steps(settings, now):
        with store.database.reading() as connection:
            count = sa.select(sa.func.count()).select_from(step.key.table).where(step.due)
            found.append(PlannedStep(step.name, connection.execute(count).scalar_one(), step.months, step.law))
    with store.database.reading() as connection:
        tenants = left_long_ago(settings, connection, now)
    return [*found, PlannedStep(_DIRECTORY, len(tenants), settings.retention.directory_months, _DIRECTORY_LAW)]


_DIRECTORY: Final = worded("tenants of the directory")
_FREED: Final = worded("pages given back to the disk")
_DIRECTORY_LAW: Final = worded("Code civil art. 2224")


class RetentionPace:
    """How a pass shares the store with those who wait for it: short transactions, and a rest after each.

    SQLite has one writer, so who writes meets a transaction of the pass as often as this has the store: by its share.
    """

    def __init__(self, share: float, aim: float, least: int, rest: Callable[[float], None]) -> None:
        """Take the pace.

        Args:
            share: the per cent of its time that it may have the store.
            aim: seconds of work in a transaction.
            least: rows that a transaction takes, however long they last.
            rest: how it rests for some seconds.
        """
        self._share = share / 100
        self.aim = aim
        self._least = least
        self._rest = rest

    def next_batch(self, batch: int, worked: float, most: int) -> int:
        """Return how many rows the next transaction takes to work as long as it should, after one of so many."""
        fit = int(batch * min(2.0, self.aim / max(worked, 0.0001)))
        return max(self._least, min(most, fit))

    def rest(self, spent: float) -> None:
        """Rest after having had the store for so many seconds."""
        seconds = spent * (1 - self._share) / self._share
        if seconds > 0:
            self._rest(min(seconds, _LONGEST_REST))


class RetentionPass:
    """One pass over a store; several may follow each other, and any may be broken off."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        stopped: threading.Event | None = None,
        share: float | None = None,
        rest: Callable[[float], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Take what a pass needs.

        Args:
            settings: the ages, and the pace.
            store: opened for writing.
            stopped: ends the pass between two transactions.
            share: the per cent of its time that it may have the store; None: what the settings say.
            rest: how it rests for some seconds; None: until `stopped` is set.
            clock: seconds that pass.
        """
        self._settings = settings
        self._store = store
        self._stopped = stopped or threading.Event()
        self._clock = clock
        paced = settings.retention
        # On PostgreSQL nobody waits for it, and one row costs nearly as many round trips as ten.
        least = 1 if store.database.sqlite_path is not None else FIRST_BATCH
        self._rest = rest or self._rest_until_stopped
        per_cent = paced.share if share is None else share
        self._pace = RetentionPace(per_cent, paced.transaction_ms / 1000, least, self._rest)
        self._done = Passed()

    def run(self, now: datetime) -> Passed:
        """Archive and erase what has reached its age; return what was done.

        Raises:
            StoreUnavailableError: the store cannot be read or written; what is done is done.
        """
        began = self._clock()
        for step in steps(self._settings, now):
            self._run(step)
        if not self._stopped.is_set():
            self._done.counts[_DIRECTORY] = self._leave_tenants_out(now)
            self._done.counts[worded("drafts")] = self._store.drafts.erase_old(now)
            self._free()
            self._done.finished = not self._stopped.is_set()
        self._done.seconds = self._clock() - began
        return self._done

    def _rest_until_stopped(self, seconds: float) -> None:
        self._stopped.wait(seconds)

    def _run(self, step: Step) -> None:
        count, batch, after = 0, FIRST_BATCH, None
        while not self._stopped.is_set() and (found := self._due(step, after)):
            # What was found and does not qualify any more is left to the next pass.
            after = found[-1][0]
            while found and not self._stopped.is_set():
                keys = _of_bounded_size(found[:batch])
                found = found[len(keys) :]
                if step.octets is not None:
                    self._overwrite_large(step, keys)
                worked, changed = self._timed(step.name, lambda connection, keys=keys: step.act(connection, keys))  # type: ignore[misc]
                count += changed
                batch = self._pace.next_batch(batch, worked, _FOUND_AT_ONCE)
        self._done.counts[step.name] = count

    def _due(self, step: Step, after: Any) -> list[tuple[Any, int]]:
        """Return the keys of some rows that are due, behind one key, with the octets that go with each."""
        octets = sa.literal(0) if step.octets is None else step.octets
        query = sa.select(step.key, octets).where(step.due).order_by(step.key).limit(_FOUND_AT_ONCE)
        if after is not None:
            query = query.where(step.key > after)
        with self._store.database.reading() as connection:
            return [(row[0], row[1]) for row in connection.execute(query)]

    def _overwrite_large(self, step: Step, keys: Sequence[int]) -> None:
        """Overwrite the octets of large messages that are due with zeros, a piece a transaction (SQLite).

        To delete such a row overwrites all its pages at once, which would keep the intake waiting.
        """
        database, table = self._store.database, arrival_bodies
        if database.sqlite_path is None:
            return
        length = sa.func.length(table.c.raw)
        query = sa.select(table.c.arrival_id, length).join(arrivals).where(table.c.arrival_id.in_(keys), step.due)
        with database.reading() as connection:
            large = connection.execute(query.where(length > PIECE)).all()
        for arrival_id, size in large:
            for start in range(0, size, PIECE):
                self._timed(
                    step.name, partial(zero_piece, arrival_id=arrival_id, start=start, end=min(size, start + PIECE))
                )

    def _timed(self, step: str, act: Callable[[Connection], int]) -> tuple[float, int]:
        """Do something in a transaction of its own and rest; return the seconds of work in it, and what it returned."""
        database = self._store.database
        with _uncollected(), database.writing(gives_way=True) as connection:
            began = self._clock()
            changed = act(connection)
            # What the disk takes to have it is the same for one row and for ten.
            worked = self._clock() - began
        spent = self._clock() - began
        self._done.transactions += 1
        if spent > self._done.longest:
            self._done.longest, self._done.longest_step = spent, step
        # Else the log grows until it is taken into the file within a transaction of whoever comes next.
        database.checkpoint()
        self._pace.rest(self._clock() - began)
        return worked, changed

    def _leave_tenants_out(self, now: datetime) -> int:
        with self._store.database.reading() as connection:
            tenants = left_long_ago(self._settings, connection, now)
            if not tenants:
                return 0
            repacked = repacked_without(connection, tenants)
        self._timed(_DIRECTORY, lambda connection: leave_out(connection, tenants, repacked, WHO, now))
        return len(tenants)

    def _free(self) -> None:
        """Give pages that became free back to the disk, some at a time, and empty SQLite's log."""
        database = self._store.database
        some = partial(give_back, most=_MOST_FREED, seconds=self._pace.aim, clock=self._clock)
        while database.sqlite_path is not None and not self._stopped.is_set():
            with database.reading() as connection:
                before = _free_pages(connection)
            if not before:
                break
            _worked, left = self._timed(_FREED, some)
            if left >= before:
                # A file made before pages could be given back.
                break
        if any(self._done.counts.values()):
            sweep(database, self._rest)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let Python look for cycles after the block, and not in it: that takes as long as whole transactions do."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _of_bounded_size(rows: Iterable[tuple[Any, int]]) -> list[Any]:
    """Return the keys of the first rows, as many as one transaction may overwrite; one at the least."""
    keys: list[Any] = []
    total = 0
    for key, octets in rows:
        total += octets
        if keys and total > _MOST_OCTETS:
            break
        keys.append(key)
    return keys


def give_back(connection: Connection, *, most: int, seconds: float, clock: Callable[[], float]) -> int:
    """Give some free pages of a SQLite file back to the disk, in a transaction; return how many are still free.

    What a page takes is not to be foreseen: one lies free at the end of the file, the next has to be moved, from the
    disk, with what refers to it. So the time is looked at after each, and no number is fitted to what the last took.

    Args:
        connection: a write transaction.
        most: how many pages at the most.
        seconds: after how many no further page is taken.
        clock: seconds that pass.
    """
    driver: Any = connection.connection.driver_connection
    ends = clock() + seconds
    # SQLite does one page a step, and its driver for Python makes one step of what returns no row.
    for _ in range(min(most, _free_pages(connection))):
        driver.execute("PRAGMA incremental_vacuum(1)")
        if clock() >= ends:
            break
    return _free_pages(connection)


def _free_pages(connection: Connection) -> int:
    driver: Any = connection.connection.driver_connection
    count: int = driver.execute("PRAGMA freelist_count").fetchone()[0]
    return count


class NightlyRetention:
    """Runs the pass once a night, where this daemon is the one that does."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        *,
        clock: Callable[[], datetime],
        holder: Callable[[], str],
        stopped: threading.Event,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        """Take the ages and the hour, the store, the clock, who runs it, what stops it, and how it waits between."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._holder = holder
        self._stopped = stopped
        self._wait = wait or stopped.wait
        self._looked = clock()
        self._held_by = ""

    def look(self) -> Passed | None:
        """Run the pass where it is due and ours to run; return what was done, None where it was not.

        Raises:
            StoreUnavailableError: the store cannot be used; the pass goes on with the next look.
            ErasureRecordError: an erasure that broke off cannot be ended.
        """
        if not unfinished(self._settings, self._clock()) and not self._is_due():
            return None
        self._looked = self._clock()
        self._held_by = self._holder()
        if not self._store.checkpoints.follow(FOLLOWER, self._held_by):
            return None
        try:
            finish(self._settings, self._store, self._clock())
            return self._run() if self._is_due() else None
        finally:
            # Held while at work alone: nobody else would ask for it before the next night.
            self.leave()

    def _is_due(self) -> bool:
        now = self._clock()
        here = now.astimezone(self._settings.zone)
        if not self._settings.retention.enabled or here.hour < self._settings.retention.hour:
            return False
        with self._store.database.reading() as connection:
            last = connection.execute(sa.select(positions.c.place).where(positions.c.channel == _LAST)).scalar()
        return last != here.date().isoformat()

    def _run(self) -> Passed:
        now = self._clock()
        done = RetentionPass(self._settings, self._store, stopped=self._stopped, rest=self._rest).run(now)
        if done.finished:
            today = now.astimezone(self._settings.zone).date().isoformat()
            with self._store.database.writing() as connection:
                insert = insert_of(connection)(positions).values(channel=_LAST, place=today)
                connection.execute(insert.on_conflict_do_update(index_elements=["channel"], set_={"place": today}))
        return done

    def _rest(self, seconds: float) -> None:
        """Wait, and carry out what the desk asked for meanwhile: a pass may take longer than a person should wait."""
        self._wait(seconds)
        now = self._clock()
        if now - self._looked >= timedelta(seconds=_LOOK_SECONDS):
            self._looked = now
            finish(self._settings, self._store, now)

    def leave(self) -> None:
        """Let another daemon run it at once."""
        if self._held_by:
            self._store.checkpoints.leave(FOLLOWER, self._held_by)
            self._held_by = ""


@asynccontextmanager
async def keeping_ages(
    settings: Settings, store: Store, clock: Callable[[], datetime], holder: Callable[[], str]
) -> AsyncIterator[None]:
    """Run the nightly pass, and end erasures that the desk asked for or that broke off, until the block ends."""
    stopped = threading.Event()
    nightly = NightlyRetention(settings, store, clock=clock, holder=holder, stopped=stopped)

    async def look() -> None:
        # Without a lease others run it, and the heartbeat tells of it once it is more than a moment.
        with suppress(LeaseLostError):
            done = await asyncio.to_thread(nightly.look)
            if done is not None:
                told = {name.replace(" ", "_"): count for name, count in done.counts.items() if count}
                longest = {"longest_ms": round(done.longest * 1000), "longest_step": done.longest_step}
                _log.info("aged", seconds=round(done.seconds, 1), **longest, **told)

    def trouble(error: Exception) -> None:
        _log.warning("nothing is archived or erased by age", error=described(error))

    try:
        async with beside(repeat(look, _LOOK_SECONDS, trouble), "retention"):
            yield
    finally:
        stopped.set()
        try:
            await asyncio.to_thread(nightly.leave)
        except StoreUnavailableError as error:
            _log.warning("retention not given up", error=type(error).__name__)
