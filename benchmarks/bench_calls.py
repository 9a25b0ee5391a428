"""Calls at rest: python benchmarks/bench_calls.py.

A log of 200,000 records (the recorded week again and again, a week later each time): what reading and telling calls
apart takes beside `csv.reader` alone, what following it takes as the daemon does after an outage, what judging takes,
and how much memory a log of ten times the size takes more, at rest and followed.
What is compared takes turns, so that a slow moment of the machine hits both.
"""

import csv
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

from dtm_contact.directory import Directory, read_export
from dtm_contact.ingest.asterisk_cdr import AsteriskLogs
from dtm_contact.pipeline import Grounds
from dtm_contact.rehearsal import CallsAtRest, JudgedCalls
from dtm_contact.rules import load_rules
from dtm_contact.settings import Settings, SwitchboardSettings

ROOT = Path(__file__).parent.parent
CALLS = ROOT / "fixtures" / "calls"
PARIS = ZoneInfo("Europe/Paris")
RECORDS = 200_000
WEEK = 7 * 24 * 3600
ROUNDS = 5
TIMES, IDS = (9, 10, 11), (16, 19)


def later(row: list[str], seconds: int) -> list[str]:
    row = list(row)
    for column in TIMES:
        if row[column]:
            at = datetime.fromisoformat(row[column]).replace(tzinfo=PARIS).timestamp() + seconds
            row[column] = datetime.fromtimestamp(at, PARIS).strftime("%Y-%m-%d %H:%M:%S")
    for column in IDS:
        row[column] = later_id(row[column], seconds)
    return row


def later_id(uniqueid: str, seconds: int) -> str:
    second, _dot, number = uniqueid.partition(".")
    return f"{int(second) + seconds}.{number}"


def make_log(folder: Path, records: int) -> tuple[Path, Path]:
    folder.mkdir()
    rows = list(csv.reader((CALLS / "Master.csv").open(encoding="utf-8", newline="")))
    lines = [line.split("|") for line in (CALLS / "queue_log").read_text(encoding="utf-8").splitlines()]
    master, queue_log = folder / "Master.csv", folder / "queue_log"
    with master.open("w", encoding="utf-8", newline="") as table, queue_log.open("w", encoding="utf-8") as log:
        writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for week in range(records // len(rows) + 1):
            writer.writerows(later(row, week * WEEK) for row in rows[: records - week * len(rows)])
            for at, call, *rest in lines:
                log.write("|".join((str(int(at) + week * WEEK), later_id(call, week * WEEK), *rest)) + "\n")
    return master, queue_log


def plain_csv(master: Path) -> int:
    with master.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file))


def told(master: Path, queue_log: Path) -> int:
    return sum(1 for _ in CallsAtRest([master], queue_log, Settings.defaults()))


def followed(master: Path, queue_log: Path) -> int:
    settings = Settings(switchboard=SwitchboardSettings(records=master, queue_log=queue_log))
    source = AsteriskLogs(settings, now=lambda: datetime(9000, 1, 1, tzinfo=PARIS))
    count = 0
    while (batch := source.read()) and batch.more:
        count += len(batch.arrivals)
    return count


def seconds(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def bench_reading(master: Path, queue_log: Path) -> None:
    taken: dict[str, list[float]] = {"csv.reader": [], "read and told apart": [], "followed": []}
    for _ in range(ROUNDS):
        taken["csv.reader"].append(seconds(lambda: plain_csv(master)))
        taken["read and told apart"].append(seconds(lambda: told(master, queue_log)))
        taken["followed"].append(seconds(lambda: followed(master, queue_log)))
    base = median(taken["csv.reader"])
    for name, times in taken.items():
        middle = median(times)
        print(
            f"  {name:<22} median {middle:6.2f} s   {RECORDS / middle:9,.0f} records a second   {middle / base:5.1f} x"
        )


def bench_judging(master: Path, queue_log: Path) -> None:
    settings = Settings.defaults()
    directory = Directory(read_export(ROOT / "fixtures" / "directory")[0])
    grounds = Grounds.build(directory, load_rules(ROOT / "rules", directory.offices), settings)
    calls = list(CallsAtRest([master], queue_log, settings))[:20_000]
    rates: list[float] = []
    waiting = 0
    for _ in range(ROUNDS):
        judged = JudgedCalls(grounds)
        begin = perf_counter()
        count = sum(1 for _ in judged.judge(calls))
        rates.append(count / (perf_counter() - begin))
        waiting = len(judged.open)
    print(f"  judged                 median {median(rates):9,.0f} calls a second; {waiting:,} call-backs open")


def bench_memory(logs: dict[int, tuple[Path, Path]]) -> None:
    for records, (master, queue_log) in logs.items():
        for how in READERS:
            arguments = [sys.executable, __file__, how, str(master), str(queue_log)]
            peak = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout.strip()
            print(f"  {records:>9,} records        {peak} MiB at the most, {how}")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        logs = {count: make_log(Path(folder) / str(count), count) for count in (RECORDS // 10, RECORDS)}
        print(f"{RECORDS:,} records, {ROUNDS} rounds")
        bench_reading(*logs[RECORDS])
        bench_judging(*logs[RECORDS])
        bench_memory(logs)


READERS = {"at rest": told, "followed": followed}

if __name__ == "__main__":
    if sys.argv[1:]:
        READERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    else:
        main()
