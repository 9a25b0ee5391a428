"""The matching beside other engines: the same filled forms, one alternating run, accuracy and time.

Run from the project's folder: `make bench-match`, or
`python -m benchmarks.bench_engines [--directory DIR] [--queries N] [--turn N] [--without NAME]`.
The engines take turns, fifty forms each, so that what else the machine does hits all alike (`--turn 1`: one form each,
every engine then starts with the others' data in the processor's caches). The times are of the processor; the wall's
stand beside them. "Filed at 99 %" is the share of tenants filed right at the loosest threshold of
the engine's own score at which 99 % of all that is filed, non-tenants included, is right.
"""

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

from benchmarks.engines import brute
from benchmarks.engines.engine import Answer, Engine, NotInstalledError, filed
from benchmarks.engines.linkage import Linkage
from benchmarks.engines.linkage_model import by_the_book, tailored
from benchmarks.engines.lucene import Lucene
from benchmarks.engines.ours import Ours
from benchmarks.engines.trigram import Trigram
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.parts import Part
from fixtures.hard_contacts.queries import Forms, Query

OURS = "matching"
BRUTE = ("rapidfuzz token_sort", "rapidfuzz WRatio")
_LEARNT_FROM = 3_000


@dataclass
class Tally:
    """What one engine answered, and how long it took, in milliseconds."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    answers: list[tuple[Answer, bool]] = field(default_factory=list)

    def add(self, engine: Engine, query: Query) -> None:
        """Ask once."""
        wall, cpu = time.perf_counter(), time.process_time()
        answer = engine.best(query)
        self.cpu.append((time.process_time() - cpu) * 1_000)
        self.wall.append((time.perf_counter() - wall) * 1_000)
        self.answers.append((answer, answer.tenant_id in query.accepted))

    def top(self, tenants: int) -> float:
        """Return the share of tenants that came out first."""
        return sum(right for _answer, right in self.answers) / tenants

    def filed(self, tenants: int) -> float:
        """Return the share of tenants filed right where 99 % of all filed is right."""
        return filed([(answer.score, right) for answer, right in self.answers if answer.tenant_id], tenants)


def _cuts(times: list[float]) -> tuple[float, float]:
    cuts = quantiles(times, n=100)
    return cuts[49], cuts[98]


def engines(folder: Path, landlord: Landlord, forms: Sequence[Query], without: Sequence[str]) -> dict[str, Engine]:
    """Return the engines made ready; those left out are told with the reason."""
    makers: dict[str, Callable[[], Engine]] = {
        OURS: lambda: Ours(folder, forms),
        BRUTE[0]: lambda: brute.token_sort(landlord, forms),
        BRUTE[1]: lambda: brute.weighted(landlord, forms),
        "SQLite FTS5 trigram": lambda: Trigram(landlord, forms),
        "tantivy fuzzy": lambda: Lucene(landlord, forms),
        "Splink, by the book": lambda: Linkage(landlord, forms, by_the_book),
        "Splink, tailored": lambda: Linkage(landlord, forms, tailored),
    }
    found: dict[str, Engine] = {}
    for name, make in makers.items():
        if name in without:
            print(f"{name:22} left out as asked")
            continue
        begun = time.perf_counter()
        try:
            found[name] = make()
        except NotInstalledError as error:
            print(f"{name:22} left out: {error}; `make bench-match` installs it")
            continue
        print(f"{name:22} ready in {time.perf_counter() - begun:.1f} s")
    return found


def run(ready: dict[str, Engine], queries: Sequence[Query], turn: int) -> dict[str, Tally]:
    """Ask every engine every query, so many at a turn."""
    tallies = {name: Tally() for name in ready}
    for engine in ready.values():
        engine.best(queries[0])
    gc.collect()
    for start in range(0, len(queries), turn):
        for name, engine in ready.items():
            for query in queries[start : start + turn]:
                tallies[name].add(engine, query)
    return tallies


def report(tallies: dict[str, Tally], queries: Sequence[Query]) -> None:
    """Print a line an engine, then the ratios."""
    tenants = sum(bool(query.accepted) for query in queries)
    print(f"\n{len(queries)} forms, {tenants} of them by tenants; milliseconds of the processor (of the wall)")
    for name, tally in tallies.items():
        (p50, p99), (wall50, wall99) = _cuts(tally.cpu), _cuts(tally.wall)
        print(
            f"{name:22} p50 {p50:8.2f} ({wall50:8.2f})  p99 {p99:8.2f} ({wall99:8.2f})  "
            f"top-1 {tally.top(tenants):.3f}  filed at 99 % {tally.filed(tenants):.3f}"
        )
    if OURS not in tallies:
        return
    ours, rivals = tallies[OURS], {name: tally for name, tally in tallies.items() if name != OURS}
    for name in BRUTE:
        if name in rivals:
            print(f"{name}: {_cuts(rivals[name].cpu)[0] / _cuts(ours.cpu)[0]:.1f} times our p50")
    if rivals:
        top, most = (max(getattr(each, what)(tenants) for each in rivals.values()) for what in ("top", "filed"))
        print(f"over the best of the others: top-1 {100 * (ours.top(tenants) - top):+.1f} points, ", end="")
        print(f"filed at 99 % {100 * (ours.filed(tenants) - most):+.1f} points")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path("fixtures/directory"))
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--turn", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", action="append", default=[])
    given = parser.parse_args()
    landlord = Landlord.read(given.directory)
    queries = list(Forms(landlord, Part.EVALUATION, given.seed).queries(given.queries))
    learnt_from = list(Forms(landlord, Part.TRAINING, given.seed).queries(_LEARNT_FROM))
    print(f"{given.directory}: {len(landlord.people)} people")
    report(run(engines(given.directory, landlord, learnt_from, given.without), queries, given.turn), queries)


if __name__ == "__main__":
    main()
