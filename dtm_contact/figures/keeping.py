"""Keeping figures up: the present day every few minutes, the last weeks once a night, all of it when asked to.

What was counted long ago is not counted again by itself: its cases may have been erased since, and the figures stay.
Only a figure that is newer than a day, or counted otherwise since, is made up for, some weeks at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from dtm_contact.background import beside, repeat
from dtm_contact.directory import Directory
from dtm_contact.errors import LeaseLostError, StoreUnavailableError, described
from dtm_contact.figures.case_facts import TimeContext
from dtm_contact.figures.cells import FigureCells
from dtm_contact.figures.counter import Task, count_apart
from dtm_contact.figures.counting import CountingContext, backfilled, definitions_text, is_erased_from, periods_of
from dtm_contact.hours import Calendar
from dtm_contact.log import get_log
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.figures import FigureRows

FOLLOWER: Final = "figures"
"""The name under which one daemon at a time counts."""
_log = get_log("figures")
_MADE_UP_AT_ONCE: Final = 31
"""Days older than a figure that one look makes up for: as much work as half a night's pass."""
_ASKED_EVERY: Final = 10.0
"""Seconds between two questions whose it is to count."""
Count = Callable[[Task], Awaitable[dict[date, FigureCells]]]


def grounds_of(settings: Settings, rules: RuleSet, directory: Directory, now: datetime) -> CountingContext:
    """Return what counting needs beside the store.

    Args:
        settings: the offices' zone.
        rules: the queues, and when each is open.
        directory: the offices, and the residences of each.
        now: the time, aware.
    """
    calendars: dict[str, Calendar] = {name: queue.calendar for name, queue in rules.queues.items()}
    calendars[""] = rules.desks.reception.calendar
    for office in directory.offices:
        calendars.setdefault(office, rules.desks.of_office(office).calendar)
    offices = {each.residence_id: each.office_id for each in directory.records.residences}
    return CountingContext(TimeContext(settings.zone, now, calendars), offices)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What counting days again did.

    Attributes:
        days: how many days have new counts.
        kept: the days whose earlier counts stayed: cases of them have been erased since, so that a new count would be
            too small.
    """

    days: int
    kept: tuple[date, ...]


def first_day(store: Store, settings: Settings) -> date | None:
    """Return the day of the first case or contact; None in an empty store."""
    with store.database.reading() as connection:
        first = FigureRows(connection).first_day()
    return None if first is None else first.astimezone(settings.zone).date()


def keep_counts(
    store: Store, counts: Mapping[date, FigureCells], now: datetime, *, guarded_before: date | None
) -> Rebuilt:
    """Store days that were counted, and the weeks and months that they lie in.

    Args:
        store: opened for writing.
        counts: the days.
        now: when they were counted, aware.
        guarded_before: of a day before this one, what was counted earlier stays where more was counted then than the
            store still holds; None where no day is guarded.
    """
    kept = tuple(_erased_from(store, counts, guarded_before)) if guarded_before is not None else ()
    counted = {day: cells for day, cells in counts.items() if day not in kept}
    if counted:
        store.figures.put(periods_of(store, counted, now))
    return Rebuilt(len(counted), kept)


def _erased_from(store: Store, found: Mapping[date, FigureCells], before: date) -> Iterator[date]:
    old = [day for day in found if day < before]
    for period in store.figures.periods("day", min(old), max(old)) if old else ():
        cells = found.get(period.first_day)
        if cells is None or period.first_day >= before:
            continue
        if is_erased_from(FigureCells.unpack(period.keys, period.measures, period.cells), cells):
            yield period.first_day


class FigureKeeper:
    """Counts what is to be counted, where this daemon is the one that does."""

    def __init__(  # noqa: PLR0913 - all that counting touches
        self,
        settings: Settings,
        store: Store,
        directory: Callable[[], Directory],
        *,
        rules: Callable[[], RuleSet],
        clock: Callable[[], datetime],
        holder: Callable[[], str] | None = None,
        count: Count = count_apart,
        report: Callable[[datetime], Awaitable[object]] | None = None,
    ) -> None:
        """Take the store, what gives the directory and the rules in force, the clock, and what counts.

        `report` is called with the time after each count: it sends what is due of the months that are over.

        `holder` returns the incarnation that counts, while it has a lease; without, the daemon's name stands for it.
        """
        self._settings = settings
        self._store = store
        self._directory = directory
        self._rules = rules
        self._clock = clock
        self._holder = holder or (lambda: settings.name)
        self._held_by = ""
        self._count = count
        self._report = report

    async def is_ours(self) -> bool:
        """Take the counting, or keep it; return whether it is ours, and no other daemon's.

        Raises:
            StoreUnavailableError: it cannot be read or written.
            LeaseLostError: this daemon has no lease now.
        """
        return await asyncio.to_thread(self._follow)

    def _follow(self) -> bool:
        self._held_by = self._holder()
        return self._store.checkpoints.follow(FOLLOWER, self._held_by)

    async def look(self) -> int:
        """Count what is due, if it is ours to count, then some days that are older than a figure.

        Returns:
            How many days were counted because they were due.

        Raises:
            StoreUnavailableError: it cannot be read or written.
            CountingFailedError: the process that counts has failed.
        """
        due = await asyncio.to_thread(self._due)
        if due is None:
            return 0
        first, last, now = due
        grounds = grounds_of(self._settings, self._rules(), self._directory(), now)
        found = await self._count(Task(self._settings.store.url, first, last, grounds))
        kept = await asyncio.to_thread(keep_counts, self._store, found, now, guarded_before=None)
        if kept.days > 1:
            _log.info("counted", first=first.isoformat(), last=last.isoformat(), days=kept.days)
        await self._make_up(grounds, now)
        if self._report is not None:
            await self._report(now)
        return kept.days

    async def _make_up(self, grounds: CountingContext, now: datetime) -> None:
        """Count what is newer than its days: a figure of this version over the years of the versions before."""
        figures = self._store.figures
        days = await asyncio.to_thread(figures.days_counted_otherwise, definitions_text(), _MADE_UP_AT_ONCE)
        if not days:
            return
        found = await self._count(Task(self._settings.store.url, min(days), max(days), grounds))

        def keep() -> int:
            filled = backfilled(self._store, found)
            if filled:
                figures.put(periods_of(self._store, filled, now))
            return len(filled)

        count = await asyncio.to_thread(keep)
        _log.info("made up for", first=min(days).isoformat(), last=max(days).isoformat(), days=count)

    def _due(self) -> tuple[date, date, datetime] | None:
        """Return the days that are to be counted, and the time; None where it is not ours, or there is nothing."""
        if not self._follow():
            return None
        now = self._clock()
        today = now.astimezone(self._settings.zone).date()
        counted = self._store.figures.counted_days()
        if counted is None:
            first = first_day(self._store, self._settings)
            return None if first is None else (min(first, today), today, now)
        yesterday = today - timedelta(days=1)
        counted_at = self._store.figures.versions("day", yesterday, yesterday).get(yesterday)
        if counted_at is not None and counted_at.astimezone(self._settings.zone).date() == today:
            return today, today, now
        # Days that no daemon counted are made up for, however long none ran.
        since = min(today - timedelta(days=self._settings.figures.days), counted[1])
        return max(since, counted[0]), today, now

    def leave(self) -> None:
        """Let another daemon count at once."""
        self._store.checkpoints.leave(FOLLOWER, self._held_by)


class Pace:
    """Lets something be done once in so many seconds; what failed waits as long as what was done."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """Take the seconds from one time to the next, and a clock that never goes back, in seconds."""
        self._seconds = seconds
        self._clock = clock
        self._next: float | None = None

    def is_due(self) -> bool:
        """Return whether it is to be done now; if so, it is not again before the seconds are over."""
        now = self._clock()
        if self._next is not None and now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def restart(self) -> None:
        """Let it be due as soon as it is asked."""
        self._next = None


@asynccontextmanager
async def counting_figures(keeper: FigureKeeper, minutes: float) -> AsyncIterator[None]:
    """Count figures now, and every few minutes until the block ends.

    Whose it is to count is asked more often, so that what a dead daemon held is soon another's.
    """
    pace = Pace(minutes * 60, asyncio.get_running_loop().time)

    async def look() -> None:
        # Without a lease others count, and the heartbeat tells of it once it is more than a moment.
        with suppress(LeaseLostError):
            if not await keeper.is_ours():
                pace.restart()
            elif pace.is_due():
                await keeper.look()

    def trouble(error: Exception) -> None:
        _log.warning("figures are not counted", error=described(error))

    try:
        async with beside(repeat(look, min(_ASKED_EVERY, minutes * 60), trouble), "figures"):
            yield
    finally:
        try:
            await asyncio.to_thread(keeper.leave)
        except StoreUnavailableError as error:
            _log.warning("figures not given up", error=type(error).__name__)
