"""How long one message of danger waits that comes last of many, and how long it would without the glance.

    python benchmarks/bench_danger_first.py [--waiting N] [--processes N] [--runs N] [--without N] [--samples DIR]

The waiting ones are sample messages that are no danger, again and again, each made different; what is measured is the
time from their start until the last one's case is there. Without the glance it comes last: that is measured
once, with fewer waiting, and reckoned up to as many.
"""

import argparse
import asyncio
import json
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter
from unittest.mock import AsyncMock, patch

from dtm_contact import log
from dtm_contact.directory import read_export
from dtm_contact.model import Arrival, Envelope
from dtm_contact.rules import load_rules
from dtm_contact.settings import JudgeSettings, LogSettings, Settings, StoreSettings
from dtm_contact.store import Store, case_number, migrate, open_store
from dtm_contact.worker import FallbackQueue, Worker
from dtm_contact.worker.glances import Glances
from tests.heard import made_alarms

ROOT = Path(__file__).parent.parent
BEGAN = datetime(2026, 11, 24, 9, tzinfo=UTC)
LAST = "the last one"
DANGER = (
    b"From: Voisine <voisine@free.example>\r\nSubject: Urgent\r\nMessage-ID: <last@free.example>\r\n"
    b"Date: Tue, 24 Nov 2026 10:30:00 +0100\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    b"Bonjour, il y a une tr\xc3\xa8s forte odeur de gaz dans la cage d'escalier.\r\n"
)


def waiting(count: int, folder: Path) -> list[Arrival]:
    truths = [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    samples = cycle([(folder / truth["file"]).read_bytes() for truth in truths if truth["priority"] != "P1"])
    raws = (b"X-Number: %d\r\n%s" % (number, raw) for number, raw in enumerate(islice(samples, count)))
    envelope = Envelope("voisine@free.example", ("metropole@parishabitat.fr",))
    found = [
        Arrival("smtp", str(number), BEGAN + timedelta(milliseconds=number), "message/rfc822", envelope, raw)
        for number, raw in enumerate(raws)
    ]
    at = BEGAN + timedelta(hours=1)
    return [*found, Arrival("smtp", LAST, at, "message/rfc822", envelope, DANGER)]


async def seconds_to_the_last(store: Store, settings: Settings) -> tuple[float, int]:
    """Return how long the last one waited, and how many were judged meanwhile."""
    worker = Worker(settings, store, made_alarms())
    await worker.launch()
    await asyncio.gather(*(judge.ready() for judge in worker.judges))
    before = store.arrivals.waiting()
    began = perf_counter()
    worker.start(FallbackQueue(load_rules(settings.rules.dir, zone=settings.zone), store.directory.in_force))
    try:
        while await asyncio.to_thread(case_number, store.database, "smtp", LAST) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return perf_counter() - began, before - await asyncio.to_thread(store.arrivals.waiting)
    finally:
        await worker.stop()


def one_run(count: int, processes: int, samples: Path) -> tuple[float, int]:
    """Make a store in which so many wait; return how long the last one waited, and how many were judged meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            store=StoreSettings(url=f"sqlite:///{folder}/store.db"), judge=JudgeSettings(processes=processes)
        )
        migrate(settings.store.url)
        with open_store(settings.store.url) as store:
            store.directory.save(read_export(ROOT / "fixtures" / "directory")[0], "import", BEGAN)
            some = waiting(count, samples)
            for start in range(0, len(some), 500):
                store.arrivals.accept(some[start : start + 500])
            return asyncio.run(seconds_to_the_last(store, settings))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--waiting", type=int, default=20_000)
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--without", type=int, default=1_000, metavar="N", help="how many wait without the glance")
    arguments.add_argument("--samples", type=Path, default=ROOT / "fixtures" / "mail", help="a folder with truth.jsonl")
    chosen = arguments.parse_args()
    log.configure(LogSettings(level="ERROR"))
    found = []
    for _ in range(chosen.runs):
        seconds, judged = one_run(chosen.waiting, chosen.processes, chosen.samples)
        print(f"with a glance, {chosen.waiting:,} waiting: {seconds:.1f} s, {judged:,} judged before it", flush=True)
        found.append(seconds)
    with patch.object(Glances, "glance", AsyncMock()):
        seconds, _ = one_run(chosen.without, chosen.processes, chosen.samples)
    reckoned = seconds * chosen.waiting / chosen.without
    print(f"without, {chosen.without:,} waiting: {seconds:.1f} s; {chosen.waiting:,} would be {reckoned:.0f} s")
    print(
        f"{chosen.waiting:,} waiting, {chosen.processes} judges: {median(found):.1f} s (median of {len(found)}), "
        f"1/{reckoned / median(found):.0f} of the time without a glance"
    )


if __name__ == "__main__":
    main()
