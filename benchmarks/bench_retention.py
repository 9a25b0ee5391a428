"""The nightly pass over years of cases: its time, its longest transaction, the file before and after, and the intake.

A store of so many cases of five years is made from a seed, each with what was judged, a message as it came and a mail
that went out. A pass with the clock at its end archives and erases what has reached its age; beside it arrivals are
taken in. The pass is held still every few seconds, so that the intake alone is measured in the same
run: of each kind of spell the median of the 99th percentiles is told, and their ratio, and both over all arrivals of a
kind. A transaction is told twice, by the clock and by the processor's time of its thread: on a machine that others use
the first tells of them, too. Then one person of many cases is erased.

    python benchmarks/bench_retention.py [--cases N] [--share PER_CENT] [--minutes N] [--postgresql URL] [--made FILE]
"""

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import sqlalchemy as sa

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from dtm_contact.model import Arrival  # noqa: E402 - found once the checkout is on the path
from dtm_contact.privacy.erasing import erase, plan  # noqa: E402
from dtm_contact.privacy.retention import RetentionPass, planned  # noqa: E402
from dtm_contact.privacy.subject import person_named  # noqa: E402
from dtm_contact.settings import PrivacySettings, Settings, StoreSettings  # noqa: E402
from dtm_contact.store import Store, migrate, open_store  # noqa: E402
from dtm_contact.store.schema import arrival_bodies, arrivals, cases, contacts, judgements, outbox  # noqa: E402
from tests.prove.figures_store import Writer, places_of, put  # noqa: E402
from tests.prove.retention import DAYS, FIRST, NOW, RESIDENCES  # noqa: E402

_AT_ONCE = 5_000
_RAW = b"Subject: Fuite\n\n" + b"Bonjour, de l'eau coule sous l'evier depuis hier. " * 80
_JUDGED = {"contact": {"new_text": "Bonjour, ça coule. " * 60}, "decision": {}}
_SPELL = 10.0
_HEAVY = "heavy@free.example"
_HEAVY_CASES = 1_000


def fill(store: Store, count: int) -> None:
    began = time.monotonic()
    put(store, Writer(random.Random(3), places_of(RESIDENCES), FIRST, DAYS).write(count))  # noqa: S311 - made data
    with store.database.reading() as connection:
        arrived = connection.execute(sa.select(arrivals.c.id)).scalars().all()
        told = connection.execute(sa.select(contacts.c.id)).scalars().all()
        opened = connection.execute(sa.select(cases.c.id, cases.c.opened_at)).all()
    bodies = [{"arrival_id": each, "raw": _RAW} for each in arrived]
    judged = [{"contact_id": each, "decision": {}, "judgement": _JUDGED} for each in told]
    letters = [
        {
            "case_id": row.id, "kind": "reply", "reason": "r", "to_address": "a@free.example", "raw": _RAW[:1500],
            "mail_from": "u@ours.example", "message_id": f"o{row.id}", "state": "sent", "created_at": row.opened_at,
        }
        for row in opened
    ]  # fmt: skip
    for table, rows in ((arrival_bodies, bodies), (judgements, judged), (outbox, letters)):
        for at in range(0, len(rows), _AT_ONCE):
            with store.database.writing(hurried=False) as connection:
                connection.execute(table.insert(), rows[at : at + _AT_ONCE])
    recent = [row.id for row in opened[-_HEAVY_CASES * 2 :: 2]]
    with store.database.writing(hurried=False) as connection:
        mine = sa.update(contacts).where(contacts.c.case_id.in_(recent))
        connection.execute(mine.values(sender_address=_HEAVY))
    print(f"{count:,} cases made in {time.monotonic() - began:.0f} s")


@dataclass
class Spells:
    """How long arrivals took to be stored, by spells in turn: while the pass is at work, and while it is held still."""

    beside: list[list[float]] = field(default_factory=lambda: [[]])
    alone: list[list[float]] = field(default_factory=list)
    still: bool = False
    ends: float = field(default_factory=lambda: time.monotonic() + _SPELL)

    def take(self, span: float) -> None:
        """Count an arrival in the spell that is on."""
        (self.alone if self.still else self.beside)[-1].append(span)

    def rest(self, seconds: float) -> None:
        """Rest as the pass asks for, a second at a time; once its spell is over, hold it still for another."""
        while seconds > 0:
            time.sleep(min(seconds, 1.0))
            seconds -= 1.0
            self._hold_still_when_due()

    def _hold_still_when_due(self) -> None:
        if time.monotonic() < self.ends:
            return
        self.alone.append([])
        self.still = True
        time.sleep(_SPELL)
        self.beside.append([])
        self.still = False
        self.ends = time.monotonic() + _SPELL

    def tell(self) -> None:
        """Print both kinds of spell and their ratio."""
        quantiles = []
        for name, spells in (("intake alone", self.alone), ("intake beside the pass", self.beside)):
            enough = [spell for spell in spells if len(spell) >= _FEWEST]
            if not enough:
                print(f"{name:<24} too few arrivals")
                return
            middle = statistics.median(statistics.median(spell) for spell in enough) * 1000
            quantiles.append(statistics.median(sorted(spell)[int(len(spell) * 0.99)] for spell in enough) * 1000)
            print(
                f"{name:<24} {sum(map(len, enough)):,} taken in within {len(enough)} spells, "
                f"medians of p50 {middle:.1f} ms, of p99 {quantiles[-1]:.1f} ms; "
                f"longest {max(map(max, enough)) * 1000:.0f} ms"
            )
        print(f"p99 beside the pass / alone, the same run: {quantiles[1] / quantiles[0]:.2f}")
        beside, alone = (sorted(chain.from_iterable(spells)) for spells in (self.beside, self.alone))
        for told in (0.5, 0.99):
            pair = [every[int(len(every) * told)] * 1000 for every in (beside, alone)]
            ratio = pair[0] / pair[1]
            print(f"of all arrivals: p{told * 100:.0f} beside {pair[0]:.1f} ms, alone {pair[1]:.1f} ms: {ratio:.2f}")


_FEWEST = 50


def taking_in(store: Store, over: threading.Event, spells: Spells) -> None:
    while not over.is_set():
        began = time.perf_counter()
        store.arrivals.accept([Arrival("smtp", f"beside-{time.time_ns()}", NOW, "message/rfc822", None, _RAW)])
        spells.take(time.perf_counter() - began)
        time.sleep(0.02)


@dataclass
class Held:
    """The write transactions of the calling thread: how many, and the longest by the clock and the processor's time."""

    count: int = 0
    longest: float = 0.0
    longest_used: float = 0.0
    whole: float = 0.0
    over: int = 0

    @contextmanager
    def watching(self, store: Store) -> Iterator[None]:
        """Watch every write transaction that this thread makes until the block ends."""
        database, mine = store.database, threading.get_ident()
        plain = database.writing

        @contextmanager
        def watched(**options: bool) -> Iterator[sa.Connection]:
            with plain(**options) as connection:
                began, used = time.perf_counter(), time.thread_time()
                yield connection
            if threading.get_ident() == mine:
                spent = time.perf_counter() - began
                self.count += 1
                self.whole += spent
                self.longest = max(self.longest, spent)
                self.longest_used = max(self.longest_used, time.thread_time() - used)
                self.over += spent > _ALLOWED

        database.writing = watched  # type: ignore[method-assign]
        try:
            yield
        finally:
            database.writing = plain  # type: ignore[method-assign]

    def tell(self) -> None:
        """Print them."""
        print(
            f"  {self.count:,} transactions of {self.whole:.1f} s in all, the longest {self.longest * 1000:.0f} ms by "
            f"the clock ({self.over} over {_ALLOWED * 1000:.0f} ms), {self.longest_used * 1000:.0f} ms of the processor"
        )


_ALLOWED = 0.1


def told_size(store: Store) -> str:
    path = store.database.sqlite_path
    if path is None:
        with store.database.reading() as connection:
            size = connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one()
        return f"{size / 1e6:,.0f} MB"
    with store.database.reading() as connection:
        free = connection.execute(sa.text("PRAGMA freelist_count")).scalar_one() * 4096
    return f"{path.stat().st_size / 1e6:,.0f} MB, {free / 1e6:,.0f} of them free"


def one_pass(settings: Settings, store: Store, minutes: float, share: float | None) -> None:
    print(f"before: {told_size(store)}")
    began = time.monotonic()
    steps = planned(settings, store, NOW)
    print(f"plan in {time.monotonic() - began:.1f} s: {sum(step.rows for step in steps):,} rows")
    over, spells, held = threading.Event(), Spells(), Held()
    beside = threading.Thread(target=taking_in, args=(store, over, spells))
    beside.start()
    used = time.process_time()
    with held.watching(store):
        stopped = threading.Event()
        limit = threading.Timer(minutes * 60, stopped.set)
        limit.start()
        done = RetentionPass(settings, store, stopped=stopped, share=share, rest=spells.rest).run(NOW)
        limit.cancel()
    used = time.process_time() - used
    over.set()
    beside.join()
    counts = ", ".join(f"{name} {count:,}" for name, count in done.counts.items() if count)
    still = len(spells.alone) * _SPELL
    came = "" if done.finished else ", not to its end"
    print(f"pass{came}: {done.seconds - still:.0f} s ({still:.0f} s held still beside), {used:.0f} s of the processor")
    print(f"  {counts}")
    held.tell()
    print(f"  the longest, with what it waited for: {done.longest * 1000:.0f} ms, {done.longest_step}")
    spells.tell()
    print(f"after: {told_size(store)}")
    if done.finished:
        again = RetentionPass(settings, store, share=100).run(NOW)
        print(f"once more: {again.seconds:.1f} s, {sum(again.counts.values()):,} rows")


def one_person(settings: Settings, store: Store) -> None:
    with store.database.reading() as connection:
        person = person_named(connection, _HEAVY, date(2026, 1, 10))
    began = time.monotonic()
    planned_rows = sum(count for _, _, count in plan(settings, store, person).places)
    print(f"one person of many cases: plan of {planned_rows:,} rows in {time.monotonic() - began:.1f} s")
    began, held = time.monotonic(), Held()
    with held.watching(store):
        done = erase(settings, store, person, "bench", datetime.now(UTC) - timedelta(seconds=1))
    print(f"erased in {time.monotonic() - began:.1f} s, {len(done.certificate['kept'])} kept")
    held.tell()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=int, default=100_000)
    arguments.add_argument("--minutes", type=float, default=600.0, help="end the pass after so long, held still or not")
    arguments.add_argument("--share", type=float, help="per cent of the time that the pass may take; else the default")
    arguments.add_argument("--postgresql", default="", help="an empty database, in place of SQLite")
    arguments.add_argument(
        "--made", type=Path, help="the filled SQLite store: copied where it is there, else kept there"
    )
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-retention-") as folder:
        url = chosen.postgresql or f"sqlite:///{folder}/store.db"
        made = chosen.made if chosen.made and not chosen.postgresql else None
        if made and made.exists():
            shutil.copyfile(made, Path(folder) / "store.db")
        migrate(url)
        privacy = PrivacySettings(dir=Path(folder) / "privacy")
        settings = Settings.defaults().model_copy(update={"store": StoreSettings(url=url), "privacy": privacy})
        if not (made and made.exists()):
            with open_store(url) as store:
                fill(store, chosen.cases)
            if made:
                shutil.copyfile(Path(folder) / "store.db", made)
        with open_store(url) as store:
            one_pass(settings, store, chosen.minutes, chosen.share)
            one_person(settings, store)


if __name__ == "__main__":
    main()
