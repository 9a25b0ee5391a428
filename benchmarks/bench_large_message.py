"""How long one large message holds up the event loop, and how much memory it takes on its way in.

    python benchmarks/bench_large_message.py [--megabytes N] [--rounds N]

While a process of its own sends the message, a task asks to be woken as often as possible; the longest it had to wait
is the stall that another client would have felt. Nothing is stored, so that only taking in is measured.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from dtm_contact.ingest import smtp
from dtm_contact.model import Arrival
from dtm_contact.settings import Settings, SmtpSettings

SENDER = """
import smtplib, sys
host, port, megabytes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
line = b"." + b"JVBERi0xLjQKJcOkw7zDtsOfCjIgMCBvYmoKPDwvTGVuZ3RoIDMgMCBSL0ZpbHRlci9GbGF0ZURlY29kZT4" + b"\\r\\n"
message = b"Subject: piece jointe\\r\\n\\r\\n" + line * (megabytes * 1_000_000 // len(line))
with smtplib.SMTP(host, port) as client:
    client.sendmail("alice@tenant.example", "metropole@parishabitat.fr", message)
"""


class Nowhere:
    """An inbox that keeps one message, so that its octets count."""

    def __init__(self) -> None:
        self.last: Arrival | None = None

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Keep the arrival in place of the one before."""
        self.last = arrivals[-1]


def resident() -> int:
    """Return the octets of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class Watch:
    """Notes the longest pause of the event loop, and the most memory."""

    def __init__(self) -> None:
        self.stall = 0.0
        self.most = 0

    async def run(self) -> None:
        """Watch until cancelled."""
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.stall, last = max(self.stall, now - last), now
            self.most = max(self.most, resident())


async def send(address: str, megabytes: int) -> tuple[float, int]:
    """Send one message; return the longest stall in seconds and the memory it took in octets."""
    host, _, port = address.rpartition(":")
    before, watch = resident(), Watch()
    watching = asyncio.create_task(watch.run())
    command = [sys.executable, "-c", SENDER, host, port, str(megabytes)]
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL)
    if await process.wait() != 0:
        raise SystemExit("the message was not accepted")
    watching.cancel()
    return watch.stall, watch.most - before


async def measure(megabytes: int, rounds: int) -> None:
    inbox = Nowhere()
    running = await smtp.start_smtp(Settings(smtp=SmtpSettings(port=0, size_limit=megabytes * 2_000_000)), inbox)
    stalls, took = [], []
    for _ in range(rounds):
        inbox.last = None
        stall, memory = await send(running.address, megabytes)
        stalls.append(stall)
        took.append(memory)
    await running.stop()
    size = len(inbox.last.raw) if inbox.last else 0
    print(f"{size / 1e6:.1f} MB, {rounds} rounds")
    print(f"longest stall: median {statistics.median(stalls) * 1000:.1f} ms, worst {max(stalls) * 1000:.1f} ms")
    print(f"memory: the first {took[0] / size:.2f} times the message, worst {max(took) / size:.2f} times")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--megabytes", type=int, default=30)
    arguments.add_argument("--rounds", type=int, default=7)
    chosen = arguments.parse_args()
    asyncio.run(measure(chosen.megabytes, chosen.rounds))


if __name__ == "__main__":
    main()
