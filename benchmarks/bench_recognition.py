"""What recognising a page of a letter takes: python benchmarks/bench_recognition.py.

Measured: a page scanned well and one scanned badly, each through the process that recognises for the daemon, in turn
with Tesseract alone on the same image. What the daemon's process adds (its start, finding the page's layout, the
bounds), or saves by what it does to a bad scan first, is the ratio of the two. Memory is the most that any process of
either had resident.
"""

import hashlib
import resource
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from dtm_contact.model import FileOutcome
from dtm_contact.recognition.reader import Recogniser
from dtm_contact.settings import RecognitionSettings
from tests.prove.letters import MATTERS
from tests.recognition.letters import POOR, USUAL, Letter, jpeg, missing

ROUNDS = 7
SCANS = {"scanned well": USUAL, "scanned badly": POOR}


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds of processor time of the processes that some work starts, and of the clock."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, perf_counter() - start


def alone(image: Path) -> None:
    """Run Tesseract by itself on an image."""
    command = ["tesseract", str(image), "-", "-l", "fra", "tsv"]
    subprocess.run(command, check=True, capture_output=True, env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/bin"})


def main() -> None:
    if reason := missing():
        raise SystemExit(reason)
    settings = RecognitionSettings(seconds=1800, languages="fra")
    recogniser = Recogniser(settings)
    _, subject, body = MATTERS[4]
    letter = Letter(body, sender=("Mme Paule Ferrand", "7 allée des Ormes", "94500 Champigny"), subject=subject)
    with TemporaryDirectory() as folder:
        for name, damage in SCANS.items():
            octets = jpeg(letter, damage)
            digest = hashlib.sha256(octets).hexdigest()
            image = Path(folder) / f"{name.replace(' ', '-')}.jpg"
            image.write_bytes(octets)
            outcome = recogniser.recognise(octets, digest).outcome
            assert outcome is FileOutcome.READ, outcome  # noqa: S101 - else nothing is measured
            ways: dict[str, Callable[[], object]] = {
                "recognised": partial(recogniser.recognise, octets, digest),
                "Tesseract alone": partial(alone, image),
            }
            costs: dict[str, list[tuple[float, float]]] = {how: [] for how in ways}
            for _ in range(ROUNDS):
                for how, way in ways.items():
                    costs[how].append(cost(way))
            print(f"a page of {len(octets):,} octets, {name}")
            for how, found in costs.items():
                cpu, wall = (median(each[at] for each in found) for at in (0, 1))
                print(f"  {how:18} processor {cpu:5.2f} s, clock {wall:5.2f} s")
            mine, theirs = (median(each[0] for each in found) for found in costs.values())
            print(f"  {'ratio':18} {mine / theirs:5.2f}")
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"most resident memory of one process {most:,.0f} MB")


if __name__ == "__main__":
    main()
