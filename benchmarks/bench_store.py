"""What the store takes: accepting, claiming and recording, listing a queue, importing and loading the directory.

    python benchmarks/bench_store.py [--url URL] [--folder DIR] [--rounds N]

Without a URL: SQLite in a new folder, on the disk that holds `--folder`, whose fsync is what most of it waits for.
Beside accepting stands one file a message, synced with its folder, as a mail server without a database would do; the
two take turns, so that a slow moment hits both. A PostgreSQL URL must name an empty database.
"""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from dtm_contact.directory import read_export
from dtm_contact.model import (
    Arrival,
    CaseKind,
    Channel,
    Contact,
    Decision,
    Envelope,
    Judgement,
    Likely,
    Mailbox,
    Match,
    Priority,
    Understanding,
)
from dtm_contact.store import GroupCommitInbox, Store, migrate, open_store

FIXTURES = Path(__file__).parent.parent / "fixtures" / "directory"
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
MESSAGES = 1_000
RAW = os.urandom(4096)
DECISION = {"kind": "case", "tenant": {"id": "T1", "probability": 0.99}, "queue": "montreuil", "priority": "P3"}


def arrival(external_id: str) -> Arrival:
    envelope = Envelope("nadia@free.example", ("contact@bailleur.example",), "192.0.2.1")
    return Arrival("smtp", external_id, NOW, "message/rfc822", envelope, RAW)


def judgement(number: int) -> Judgement:
    contact = Contact(
        Channel.EMAIL, NOW, Mailbox("Nadia", "nadia@free.example"), subject="Fuite", new_text="Ça coule. " * 50,
        message_id=f"{number}@free.example",
    )  # fmt: skip
    due = NOW + timedelta(minutes=number % 977)
    decision = Decision(CaseKind.CASE, Priority.P3, "BP1", "montreuil", due, "routing.yaml:plomberie", "r1")
    match = Match(tenant=Likely("T1", 0.99), dwelling=Likely("D1", 0.99))
    return Judgement("x", contact, match, Understanding(CaseKind.CASE, ("plumbing",), Priority.P3), decision)


async def accept(store: Store, sessions: int, prefix: str) -> None:
    inbox = GroupCommitInbox(store)

    async def session(number: int) -> None:
        for message in range(MESSAGES // sessions):
            await inbox.accept([arrival(f"{prefix}-{number}-{message}")])

    await asyncio.gather(*(session(number) for number in range(sessions)))
    await inbox.close()


def files(folder: Path, prefix: str) -> None:
    place = os.open(folder, os.O_RDONLY)
    for number in range(MESSAGES):
        handle = os.open(folder / f"{prefix}-{number}", os.O_CREAT | os.O_WRONLY)
        os.write(handle, RAW)
        os.fsync(handle)
        os.close(handle)
        os.fsync(place)
    os.close(place)


def work_off(store: Store) -> int:
    done = 0
    while claimed := store.arrivals.claim("bench", NOW):
        store.cases.record(claimed, judgement(done), DECISION, NOW)
        done += 1
    return done


def timed(work: Callable[[], object]) -> tuple[float, float]:
    begin, used = perf_counter(), process_time()
    work()
    return perf_counter() - begin, process_time() - used


def show(name: str, times: list[tuple[float, float]], count: int = 1) -> None:
    elapsed, used = median(time for time, _ in times), median(cpu for _, cpu in times)
    rate = f"{count / elapsed:>10,.0f}/s" if count > 1 else f"{elapsed * 1e3:>9.1f} ms"
    print(f"{name:<40} {rate} {used / count * 1e3:>8.2f} ms of processor each")


def bench_accept(store: Store, folder: Path, rounds: int) -> None:
    taken: dict[str, list[tuple[float, float]]] = {}
    for turn in range(rounds):
        for sessions in (1, 10, 50):
            run = partial(asyncio.run, accept(store, sessions, f"{turn}-{sessions}"))
            taken.setdefault(f"accept 4 KiB, {sessions} at once", []).append(timed(run))
        one_each = partial(files, folder, str(turn))
        taken.setdefault("one file each, synced, one at a time", []).append(timed(one_each))
    for name, times in taken.items():
        show(name, times, MESSAGES)


def bench_work(store: Store) -> None:
    begin, used = perf_counter(), process_time()
    done = work_off(store)
    show("claim and record", [(perf_counter() - begin, process_time() - used)], done)


def bench_reading(store: Store, rounds: int) -> None:
    with store.history() as history:
        show("history.thread of 20 ids", [timed(lambda: history.thread([f"{n}@free.example" for n in range(20)]))
                                          for _ in range(rounds)])  # fmt: skip
    show("a queue's first 100", [timed(lambda: store.cases.queue("montreuil")) for _ in range(rounds)])
    show("the counts of all queues", [timed(lambda: store.cases.queue_counts(NOW)) for _ in range(rounds)])
    number = store.cases.queue()[0].number
    show("one case with all that belongs to it", [timed(lambda: store.cases.get(number)) for _ in range(rounds)])


def bench_directory(store: Store, rounds: int) -> None:
    records, _ = read_export(FIXTURES)
    show("directory: save", [timed(lambda: store.directory.save(records, "bench", NOW)) for _ in range(rounds)])
    show("directory: load", [timed(store.directory.load) for _ in range(rounds)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--url")
    parser.add_argument("--folder", type=Path, default=Path.cwd())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        url = options.url or f"sqlite:///{folder}/bench.db"
        migrate(url)
        with open_store(url) as store:
            bench_accept(store, folder, options.rounds)
            bench_work(store)
            bench_reading(store, options.rounds)
            bench_directory(store, options.rounds)


if __name__ == "__main__":
    main()
