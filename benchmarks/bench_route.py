"""What a newcomer and a message wait for: judging the sample messages, importing the directory, starting the daemon.

Run: python benchmarks/bench_route.py. What is compared takes turns, so that a slow moment of the machine hits both.
"""

import email
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from dtm_contact.directory import Directory, read_export
from dtm_contact.matching import match
from dtm_contact.model import Arrival, NoHistory
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading import read
from dtm_contact.rehearsal import messages_at_rest
from dtm_contact.rules import decide, load_rules
from dtm_contact.settings import Settings
from dtm_contact.topics import understand

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"
ROUNDS = 7
STARTS = 5


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def bench_messages() -> None:
    settings = Settings.defaults()
    directory = Directory(read_export(FIXTURES / "directory")[0])
    grounds = Grounds.build(directory, load_rules(ROOT / "rules", directory.offices), settings)
    arrivals = list(messages_at_rest([str(FIXTURES / "mail")], datetime.now(UTC)))
    steps: dict[str, Callable[[Arrival], object]] = {
        "email.message_from_bytes": lambda arrival: email.message_from_bytes(arrival.raw),
        "judge": lambda arrival: judge(arrival, arrival.received_at, grounds, NoHistory()),
    }
    taken: dict[str, list[float]] = {name: [] for name in (*steps, "read", "match", "understand", "decide")}
    for _ in range(ROUNDS):
        for arrival in arrivals:
            for name, step in steps.items():
                taken[name].append(seconds(lambda step=step, arrival=arrival: step(arrival)))  # type: ignore[misc]
            time_steps(arrival, grounds, taken)
    base = median(taken["email.message_from_bytes"])
    print(f"{len(arrivals)} messages, {ROUNDS} rounds")
    for name, times in taken.items():
        middle, slow = median(times), quantiles(times, n=20)[-1]
        figures = f"median {middle * 1e3:7.2f} ms   95th percentile {slow * 1e3:7.2f} ms   {middle / base:6.1f} x"
        print(f"  {name:<26} {figures}")


def time_steps(arrival: Arrival, grounds: Grounds, taken: dict[str, list[float]]) -> None:
    begin = time.perf_counter()
    contact = read(arrival)
    was_read = time.perf_counter()
    matched = match(contact, arrival.received_at.date(), grounds.index, NoHistory())
    was_matched = time.perf_counter()
    understood = understand(contact, grounds.rules.reader)
    was_understood = time.perf_counter()
    decide(contact, matched, understood, arrival.received_at, grounds.rules, grounds.directory)
    taken["read"].append(was_read - begin)
    taken["match"].append(was_matched - was_read)
    taken["understand"].append(was_understood - was_matched)
    taken["decide"].append(time.perf_counter() - was_understood)


def program(arguments: Sequence[str], folder: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DTM_STORE_URL": f"sqlite:///{folder}/store.db",
        "DTM_SMTP_PORT": "0",
        "DTM_MONITOR_PORT": "0",
        "DTM_LOG_JSON_LINES": "true",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "dtm_contact", *arguments], cwd=ROOT, env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip


def run(arguments: Sequence[str], folder: str) -> None:
    with program(arguments, folder) as process:
        process.communicate()
        if process.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")


def start_and_stop(folder: str, taken: dict[str, list[float]]) -> None:
    """Note the seconds from the command to the lines that say how far it is, and from an interrupt to its end."""
    begin = time.perf_counter()
    with program(["run"], folder) as daemon:
        for line in daemon.stderr or ():
            if b'"directory in memory"' in line:
                taken["run: directory in memory"].append(time.perf_counter() - begin)
            if b'"started"' in line:
                taken["run: mail is taken"].append(time.perf_counter() - begin)
                break
        begin = time.perf_counter()
        daemon.send_signal(signal.SIGINT)
        daemon.wait()
        taken["run: stopped"].append(time.perf_counter() - begin)


def bench_program() -> None:
    imports = ("directory import, first", "directory import, again")
    names = ("python alone", *imports, "run: directory in memory", "run: mail is taken", "run: stopped")
    taken: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            taken[names[0]].append(seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)))
            for name in imports:
                taken[name].append(
                    seconds(lambda folder=folder: run(["directory", "import", str(FIXTURES / "directory")], folder))  # type: ignore[misc]
                )
            start_and_stop(folder, taken)
    base = median(taken[names[0]])
    print(f"the program, {STARTS} rounds")
    for name, times in taken.items():
        print(f"  {name:<26} median {median(times):6.2f} s   most {max(times):6.2f} s   {median(times) / base:6.1f} x")


if __name__ == "__main__":
    bench_messages()
    bench_program()
