"""Reading and checking a directory of the full size, against the csv module reading the same files unchecked.

Run: python benchmarks/bench_directory.py [FOLDER [ROUNDS]]. Both take turns, so that a slow moment hits both.
"""

import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from dtm_contact.directory import Directory, compare, read_export

FIXTURES = Path(__file__).parent.parent / "fixtures" / "directory"


def read_with_csv(folder: Path) -> int:
    rows = 0
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows += len(list(csv.reader(file)))
    return rows


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 9
    records, problems = read_export(folder)
    tasks: dict[str, Callable[[], object]] = {
        "csv.reader alone": lambda: read_with_csv(folder),
        "read_export": lambda: read_export(folder),
        "Directory": lambda: Directory(records),
        "compare": lambda: compare(records, records),
    }
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, work in tasks.items():
            taken[name].append(seconds(work))
    base = median(taken["csv.reader alone"])
    print(
        f"{len(records.leases):,} leases, {len(records.dwellings):,} units, {len(problems)} warnings, {rounds} rounds"
    )
    for name, times in taken.items():
        print(f"{name:18} median {median(times) * 1000:7.1f} ms   {median(times) / base:5.1f} times csv.reader")


if __name__ == "__main__":
    main()
