"""Judging a store again by other rules: python benchmarks/bench_replay.py [CASES].

The cases are the sample messages, each judged once and recorded again and again, eleven minutes apart.
So each writer has hundreds of earlier contacts, which the rule on a third message looks at: more than any real one.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from dtm_contact.contract import as_json
from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, Judgement
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rehearsal.replay import ReplayProposal, replay
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings, StoreSettings
from dtm_contact.store import Store, migrate, open_store

ROOT = Path(__file__).parent.parent
CASES = 2_000
START = datetime(2026, 9, 1, 8, tzinfo=UTC)
APART = timedelta(minutes=11)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(store=StoreSettings(url=f"sqlite:///{name}/store.db"))
        migrate(settings.store.url)
        with open_store(settings.store.url) as store:
            fill(store, count, settings)
        print(f"{count:,} cases, {cores} processes")
        for title, with_topics in (("decided again", False), ("understood anew", True)):
            start, used = perf_counter(), os.times()
            found = replay(settings, ReplayProposal(ROOT / "rules", with_topics), START, processes=cores)
            after = os.times()
            cpu = sum(after[:4]) - sum(used[:4])
            taken = perf_counter() - start
            print(f"  {title:18} {taken:7.1f} s  ({cpu:.1f} s of processor time, {found.judged:,} judged)")


def fill(store: Store, count: int, settings: Settings) -> None:
    records, _warnings = read_export(ROOT / "fixtures" / "directory")
    store.directory.save(records, "import", START)
    grounds = Grounds.build(Directory(records), load_rules(ROOT / "rules"), settings)
    judged = list(judged_once(store, grounds))
    for number in range(count):
        raw, judgement = judged[number % len(judged)]
        at = START + number * APART
        store.arrivals.accept([Arrival("file", f"m{number}", at, "message/rfc822", None, raw)])
        claimed = store.arrivals.claim("bench", at)
        if claimed is not None:
            store.cases.record(claimed, judgement, as_json(judgement), at)


def judged_once(store: Store, grounds: Grounds) -> list[tuple[bytes, Judgement]]:
    found = []
    for path in sorted((ROOT / "fixtures" / "mail").glob("*.eml")):
        arrival = Arrival("file", path.name, START, "message/rfc822", None, path.read_bytes())
        with store.history(arrival) as history:
            found.append((arrival.raw, judge(arrival, START, grounds, history)))
    return found


if __name__ == "__main__":
    main()
