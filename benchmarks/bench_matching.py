"""Matching: how fast, how often right, and against rapidfuzz's best guess by name and address alone.

Run from the project's folder: `python -m benchmarks.bench_matching [messages]`.
"""

import gc
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import quantiles

from rapidfuzz import fuzz, process

from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Contact, NoHistory
from dtm_contact.settings import Settings
from tests.matching.letters import ON, Letter, letters
from tests.matching.measure import Score

Answers = list[tuple[float, bool]]


def _milliseconds(task: Callable[[], object]) -> float:
    begun = time.process_time()
    task()
    return (time.process_time() - begun) * 1_000


def _filed(answers: Answers, tenants: int) -> float:
    """Return the share of tenants filed at the loosest threshold at which 99 % of all that is filed is right."""
    right = filed = best = 0
    for _confidence, good in sorted(answers, key=lambda answer: -answer[0]):
        filed, right = filed + 1, right + good
        if right >= 0.99 * filed:
            best = right
    return best / tenants


def _report(engine: str, times: list[float], answers: Answers, mail: list[Letter]) -> None:
    tenants = sum(letter.tenant is not None for letter in mail)
    cuts = quantiles(times, n=100)
    top = sum(good for _confidence, good in answers) / tenants
    print(
        f"{engine:22} p50 {cuts[49]:6.2f} ms  p99 {cuts[98]:6.2f} ms  "
        f"top-1 {top:.3f}  filed at 99 % {_filed(answers, tenants):.3f}"
    )


def bench_match(index: MatchIndex, mail: list[Letter]) -> None:
    score, times, answers = Score(), [], []
    for letter in mail:
        begun = time.process_time()
        found = match(letter.contact, ON, index, NoHistory())
        times.append((time.process_time() - begun) * 1_000)
        score.add(letter, found)
        if found.candidates:
            best = found.candidates[0]
            answers.append((best.probability, best.tenant_id == letter.tenant))
    _report("matching", times, answers, mail)
    for what in ("tenant", "dwelling", "residence"):
        print(f"  {what:9} named: precision {score.precision(what):.4f}, recall {score.recall(what):.3f}")
    print(score.table())


def bench_rapidfuzz(index: MatchIndex, mail: list[Letter]) -> None:
    people, places = index.people, index.gazetteer.entrances
    labels = [f"{people.person(n).label} {places[e].label}" for n, e in enumerate(people.entrance.tolist())]
    times, answers = [], []
    for letter in mail[:200]:
        query = f"{letter.contact.sender.name} {letter.contact.new_text[-200:]}"
        begun = time.process_time()
        found = process.extractOne(query, labels, scorer=fuzz.token_set_ratio)
        times.append((time.process_time() - begun) * 1_000)
        answers.append((found[1], people.tenant_ids[found[2]] == letter.tenant))
    _report("rapidfuzz token_set", times, answers, mail[:200])


def bench_hostile(index: MatchIndex) -> None:
    names = "\n".join(f"Mme {index.people.person(n).label}" for n in range(len(index.people))) * 7
    cases = {"100,000 names": names, "1 MB word": "a" * 1_000_000, "10,000 numbers": "3900689/60 " * 10_000}
    for name, text in cases.items():
        contact = Contact("email", datetime(2026, 11, 24, tzinfo=UTC), new_text=text)
        print(f"{name:22} {_milliseconds(partial(match, contact, ON, index, NoHistory())):6.2f} ms")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    records, _problems = read_export(Path("fixtures/directory"))
    directory = Directory(records)
    print(f"build                  {_milliseconds(lambda: MatchIndex.build(directory, Settings())):6.0f} ms")
    index = MatchIndex.build(directory, Settings())
    gc.collect()
    mail = letters(directory, 99, count)
    bench_match(index, mail)
    bench_rapidfuzz(index, mail)
    bench_hostile(index)


if __name__ == "__main__":
    main()
