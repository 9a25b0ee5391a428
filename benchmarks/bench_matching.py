"""Matching: how long the index takes to build, and what texts made to cost take.

Run from the project's folder: `python -m benchmarks.bench_matching`. How often it is right: `bench_hard_contacts.py`;
beside other engines: `bench_engines.py`; over more people: `bench_scale.py`.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Channel, Contact, NoHistory
from dtm_contact.settings import Settings
from fixtures.hard_contacts.landlord import TODAY


def _milliseconds(task: Callable[[], object]) -> float:
    begun = time.process_time()
    task()
    return (time.process_time() - begun) * 1_000


def bench_hostile(index: MatchIndex) -> None:
    names = "\n".join(f"Mme {index.people.person(n).label}" for n in range(len(index.people))) * 7
    cases = {"100,000 names": names, "1 MB word": "a" * 1_000_000, "10,000 numbers": "3900689/60 " * 10_000}
    for name, text in cases.items():
        contact = Contact(Channel.EMAIL, datetime(2026, 11, 24, tzinfo=UTC), new_text=text)
        print(f"{name:22} {_milliseconds(partial(match, contact, TODAY, index, NoHistory())):6.2f} ms")


def main() -> None:
    records, _problems = read_export(Path("fixtures/directory"))
    directory = Directory(records)
    print(f"build                  {_milliseconds(lambda: MatchIndex.build(directory, Settings())):6.0f} ms")
    bench_hostile(MatchIndex.build(directory, Settings()))


if __name__ == "__main__":
    main()
