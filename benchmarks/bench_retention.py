"""The nightly pass over years of cases: its time, its longest transaction, the file before and after, and the intake.

A store of so many cases of five years is made from a seed, each with what was judged, a message as it came and a mail
that went out. A pass with the clock at its end archives and erases what has reached its age; beside it arrivals are
taken in as often as they can be, and how long each waits is told. Then one person of many cases is erased.

    python benchmarks/bench_retention.py [--cases N] [--postgresql URL]
"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
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


def taking_in(store: Store, over: threading.Event, spans: list[float]) -> None:
    number = 0
    while not over.is_set():
        began = time.perf_counter()
        store.arrivals.accept([Arrival("smtp", f"beside-{time.time_ns()}", NOW, "message/rfc822", None, _RAW)])
        spans.append(time.perf_counter() - began)
        number += 1
        time.sleep(0.02)


def told_size(store: Store) -> str:
    path = store.database.sqlite_path
    if path is None:
        with store.database.reading() as connection:
            size = connection.execute(sa.text("SELECT pg_database_size(current_database())")).scalar_one()
        return f"{size / 1e6:,.0f} MB"
    with store.database.reading() as connection:
        free = connection.execute(sa.text("PRAGMA freelist_count")).scalar_one() * 4096
    return f"{path.stat().st_size / 1e6:,.0f} MB, {free / 1e6:,.0f} of them free"


def quiet(store: Store, seconds: float) -> list[float]:
    over, spans = threading.Event(), list[float]()
    beside = threading.Thread(target=taking_in, args=(store, over, spans))
    beside.start()
    time.sleep(seconds)
    over.set()
    beside.join()
    return spans


def told_spans(name: str, spans: list[float]) -> None:
    ordered = sorted(spans)
    p99 = ordered[int(len(ordered) * 0.99) - 1] * 1000
    print(
        f"{name:<34} {len(spans):,} taken in, p50 {statistics.median(spans) * 1000:.1f} ms, p99 {p99:.1f} ms, "
        f"longest {ordered[-1] * 1000:.0f} ms"
    )


def one_pass(settings: Settings, store: Store) -> None:
    print(f"before: {told_size(store)}")
    began = time.monotonic()
    steps = planned(settings, store, NOW)
    print(f"plan in {time.monotonic() - began:.1f} s: {sum(step.rows for step in steps):,} rows")
    told_spans("intake alone", quiet(store, 10))
    over, spans = threading.Event(), list[float]()
    beside = threading.Thread(target=taking_in, args=(store, over, spans))
    beside.start()
    used = time.process_time()
    done = RetentionPass(settings, store).run(NOW)
    used = time.process_time() - used
    over.set()
    beside.join()
    counts = ", ".join(f"{name} {count:,}" for name, count in done.counts.items() if count)
    print(f"pass: {done.seconds:.1f} s, {used:.1f} s of the processor, {done.transactions:,} transactions")
    print(f"  {counts}")
    print(f"  longest transaction {done.longest * 1000:.0f} ms")
    told_spans("intake beside the pass", spans)
    print(f"after: {told_size(store)}")
    again = RetentionPass(settings, store).run(NOW)
    print(f"once more: {again.seconds:.1f} s, {sum(again.counts.values()):,} rows")


def one_person(settings: Settings, store: Store) -> None:
    with store.database.reading() as connection:
        person = person_named(connection, _HEAVY, date(2026, 1, 10))
    began = time.monotonic()
    planned_rows = sum(count for _, _, count in plan(settings, store, person).places)
    print(f"one person of many cases: plan of {planned_rows:,} rows in {time.monotonic() - began:.1f} s")
    began = time.monotonic()
    done = erase(settings, store, person, "bench", datetime.now(UTC) - timedelta(seconds=1))
    kept = len(done.certificate["kept"])
    print(f"erased in {time.monotonic() - began:.1f} s, longest transaction {done.longest * 1000:.0f} ms, {kept} kept")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--cases", type=int, default=100_000)
    arguments.add_argument("--postgresql", default="", help="an empty database, in place of SQLite")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-retention-") as folder:
        url = chosen.postgresql or f"sqlite:///{folder}/store.db"
        migrate(url)
        privacy = PrivacySettings(dir=Path(folder) / "privacy")
        settings = Settings.defaults().model_copy(update={"store": StoreSettings(url=url), "privacy": privacy})
        with open_store(url) as store:
            fill(store, chosen.cases)
            one_pass(settings, store)
            one_person(settings, store)


if __name__ == "__main__":
    main()
