"""How long others wait, and what memory it takes, while the daemon takes in 30 MB beside a thousand idle connections.

    python benchmarks/bench_loop.py [--idle N] [--rounds N]

The daemon is the program itself, with its store and its judges at work; a process of its own sends the message.
Meanwhile another connection says NOOP; the longest wait for its reply is what any other client would have felt.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiosmtplib import SMTP

from tests.prove.database import prepared_store
from tests.prove.idle import LARGE, connected, limit_files
from tests.prove.kills import settled
from tests.prove.program import Program

FILES_BESIDE = 100
SENDER = """
import smtplib, sys
with smtplib.SMTP(sys.argv[1], int(sys.argv[2])) as client:
    client.sendmail("alice@tenant.example", "metropole@parishabitat.fr", sys.stdin.buffer.read())
"""


@dataclass(frozen=True)
class Round:
    """The longest wait for a reply in milliseconds, and the memory taken as a multiple of the message."""

    wait: float
    memory: float


def peak(pid: int) -> int:
    """Return the most octets of memory that a process has held since `forget`."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def forget(pid: int) -> int:
    """Let the peak begin anew; return what the process holds now, in octets."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak(pid)


async def measure(program: Program, asking: SMTP, number: int) -> Round:
    """Hand over one large message and ask for replies meanwhile."""
    content = LARGE.replace(b"Photos", b"Photos %d" % number)
    command = [sys.executable, "-c", SENDER, *map(str, program.address)]
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE)
    before = forget(program.pid)
    sending = asyncio.create_task(process.communicate(content))
    longest = 0.0
    while not sending.done():
        start = time.perf_counter()
        await asking.noop()
        longest = max(longest, time.perf_counter() - start)
        await asyncio.sleep(0.002)
    if process.returncode != 0:
        raise SystemExit("the message was not accepted")
    return Round(1000 * longest, (peak(program.pid) - before) / len(content))


async def run(folder: Path, idle: int, rounds: int) -> None:
    """Print the figures."""
    limit_files(idle + FILES_BESIDE)
    most = str(idle + FILES_BESIDE)
    limits = {"CONNECTIONS": most, "CONNECTIONS_PER_CLIENT": most, "IDLE_COMMAND_LIMIT": "1000000"}
    program = Program(prepared_store(folder), environment={f"DTM_SMTP_{name}": value for name, value in limits.items()})
    try:
        await program.started()
        async with AsyncExitStack() as leaving:
            for _ in range(idle):
                await connected(program, leaving)
            asking = await connected(program, leaving)
            measured = []
            for number in range(rounds):
                measured.append(await measure(program, asking, number))
                await settled(program.database)
    finally:
        await program.kill()
    waits = [each.wait for each in measured]
    print(f"{len(LARGE) / 1e6:.1f} MB beside {idle:,} idle connections, {rounds} rounds")
    print(f"longest wait for a reply: median {statistics.median(waits):.1f} ms, worst {max(waits):.1f} ms (target 50)")
    print(f"memory: worst {max(each.memory for each in measured):.2f} times the message (target 2.5)")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--idle", type=int, default=1_000)
    arguments.add_argument("--rounds", type=int, default=7)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder), chosen.idle, chosen.rounds))


if __name__ == "__main__":
    main()
