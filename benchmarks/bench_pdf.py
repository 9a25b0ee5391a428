"""Reading a letter of three pages that came as PDF: python benchmarks/bench_pdf.py.

Measured: the answer of the process that reads, once it runs; the start of that process with its first answer; and
judging the same words as a message, with and without the letter. All alternate, so that a busy machine is busy for all.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from dtm_contact.directory import Directory, read_export
from dtm_contact.model import Arrival, FileOutcome, NoHistory
from dtm_contact.pdf.reader import PdfReader
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.rules import load_rules
from dtm_contact.settings import PdfSettings, Settings
from tests.pdf.documents import letter, mail

ROOT = Path(__file__).parent.parent
ROUNDS = 40
STARTS = 5
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
PAGE = "\n".join(["Madame, Monsieur, notre chauffage ne fonctionne plus depuis lundi, il fait très froid."] * 45)


def timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return (perf_counter() - start) * 1e3


def started(bounds: PdfSettings, octets: bytes) -> None:
    reader = PdfReader(bounds)
    reader([octets])
    reader.close()


def main() -> None:
    octets, bounds = letter(PAGE, PAGE, PAGE), PdfSettings(cpu_seconds=20, seconds=60)
    reader = PdfReader(bounds)
    directory = Directory(read_export(ROOT / "fixtures" / "directory")[0])
    grounds = Grounds.build(directory, load_rules(ROOT / "rules"), Settings.defaults(), files=reader)
    (told,) = reader([octets])
    assert told.outcome is FileOutcome.READ, told.outcome  # noqa: S101 - else nothing is measured
    raws = {"with the letter": mail("", octets), "the same written": mail(f"{PAGE}\n" * 3)}
    arrivals = {name: Arrival("file", name, NOW, "message/rfc822", None, raw) for name, raw in raws.items()}
    times: dict[str, list[float]] = {"reading three pages": [], **{f"judging, {name}": [] for name in raws}}
    for _ in range(ROUNDS):
        times["reading three pages"].append(timed(lambda: reader([octets])))
        for name, arrival in arrivals.items():
            times[f"judging, {name}"].append(timed(lambda arrival=arrival: judge(arrival, NOW, grounds, NoHistory())))  # type: ignore[misc]
    times["starting the process"] = [timed(lambda: started(bounds, octets)) for _ in range(STARTS)]
    print(f"{len(octets):,} octets, {len(told.text):,} characters")
    for name, took in times.items():
        print(f"{name:28} median {median(took):7.1f} ms, most {max(took):7.1f} ms")
    reader.close()


if __name__ == "__main__":
    main()
