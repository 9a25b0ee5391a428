"""The matching over made directories of 16,000, 180,000 and 1.4 million people: build, memory, time.

Run from the project's folder: `python -m benchmarks.bench_scale [PEOPLE …]`; 1.4 million take some minutes, 2 GB of
memory and 1 GB of disk, so without arguments only the first two are measured. Forms are made in one process and asked
in another, which holds what a judge process holds (the rules, and the directory and its look-ups from the store) and,
later, brute force's lines; both take turns.
"""

import gc
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles

from benchmarks.engines import brute
from benchmarks.engines.engine import Engine, filed
from benchmarks.engines.ours import Ours
from dtm_contact.directory import Directory, read_export
from dtm_contact.pipeline import Grounds
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings
from dtm_contact.store import migrate, open_store
from dtm_contact.worker.judge_process import FRUGAL
from fixtures.hard_contacts.estate.making import Estate
from fixtures.hard_contacts.landlord import Landlord
from fixtures.hard_contacts.parts import Part
from fixtures.hard_contacts.queries import Forms, Query

_ROOT = Path(__file__).parent.parent
_QUERIES = 500
_TURN = 10
_BRUTE_BUDGET = 60_000_000
"""Comparisons that brute force may take in all."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One size's figures; times in milliseconds of the processor, memory in MB."""

    people: int
    read: float
    build: float
    memory: float
    peak: float
    cuts: tuple[float, float]
    brute: float
    top: float
    filed: float

    def told(self) -> str:
        """Return the figures as a line."""
        p50, p99 = self.cuts
        return (
            f"{self.people:>9,} people: read {self.read:5.1f} s, build {self.build:5.1f} s, "
            f"memory {self.memory:6.0f} MB "
            f"(peak {self.peak:6.0f}), p50 {p50:5.2f} ms, p99 {p99:5.2f} ms, brute force p50 {self.brute:7.2f} ms = "
            f"{self.brute / p50:6.1f} times; top-1 {self.top:.3f}, filed at 99 % {self.filed:.3f}"
        )


def _kept(field: str) -> float:
    """Return a figure of this process's memory in MB (proc(5))."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1_024 for line in lines if line.startswith(field))


def _store(folder: Path) -> str:
    return f"sqlite:///{folder}/store.db"


def _make(folder: Path, people: int, answers: Connection) -> None:
    made = Estate(people, seed=1).write(folder)
    migrate(_store(folder))
    with open_store(_store(folder)) as store:
        store.directory.save(read_export(folder)[0], "import", datetime.now(UTC))
    queries = list(Forms(Landlord.read(folder), Part.EVALUATION, 1).queries(_QUERIES))
    answers.send((made, queries))


class _Judging(Ours):
    """The matching over what a judge process holds."""

    def __init__(self, folder: Path) -> None:
        """Read rules and directory, and build the look-ups."""
        rules = load_rules(_ROOT / "rules")
        begun = time.process_time()
        with open_store(_store(folder), read_only=True) as store:
            directory = Directory(store.directory.load())
        self.read_seconds = time.process_time() - begun
        begun = time.process_time()
        self.grounds = Grounds.build(directory, rules, Settings())
        self.build_seconds = time.process_time() - begun
        self.index = self.grounds.index


def _ask(engine: Engine, queries: list[Query], times: list[float]) -> list[tuple[float, bool]]:
    found = []
    for query in queries:
        begun = time.process_time()
        answer = engine.best(query)
        times.append((time.process_time() - begun) * 1_000)
        found.append((answer.score, answer.tenant_id in query.accepted))
    return found


def _measure(folder: Path, made: tuple[int, list[Query]], answers: Connection) -> None:
    people, queries = made
    ours = _Judging(folder)
    gc.collect()
    memory, peak = _kept("VmRSS"), _kept("VmHWM")
    gc.freeze()
    rival = brute.token_sort(Landlord.read(folder), ())
    gc.collect()
    times: list[float] = []
    brutes: list[float] = []
    told: list[tuple[float, bool]] = []
    for start in range(0, len(queries), _TURN):
        turn = queries[start : start + _TURN]
        told += _ask(ours, turn, times)
        if (len(brutes) + len(turn)) * people <= _BRUTE_BUDGET:
            _ask(rival, turn, brutes)
    cuts, tenants = quantiles(times, n=100), sum(bool(query.accepted) for query in queries)
    top = sum(right for _score, right in told) / tenants
    middle = quantiles(brutes, n=100)[49]
    answers.send(
        Measured(
            people,
            ours.read_seconds,
            ours.build_seconds,
            memory,
            peak,
            (cuts[49], cuts[98]),
            middle,
            top,
            filed(told, tenants),
        )
    )


def _apart(work: Callable[..., None], *given: object) -> object:
    """Return what a function sends from a process of its own."""
    os.environ.update(FRUGAL)
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(*given, there))
    process.start()
    there.close()
    found: object = here.recv()
    process.join()
    return found


def main() -> None:
    for people in [int(each) for each in sys.argv[1:]] or [16_000, 180_000]:
        with tempfile.TemporaryDirectory() as folder:
            made = _apart(_make, Path(folder), people)
            measured = _apart(_measure, Path(folder), made)
            print(measured.told() if isinstance(measured, Measured) else measured, flush=True)


if __name__ == "__main__":
    main()
