"""A mailbox by IMAP: fetched, committed, judged, moved; and how soon a new message is a case.

    python benchmarks/bench_imap.py [--messages N] [--single N]

A real Dovecot on this machine holds the messages, which lie there when the daemon starts: first taken in only, then
judged and filed too, and what processor time each part took for a message. Then single messages, one after the other:
the time from the server's OK to its APPEND until the case stands in the store. Needs root, as Dovecot does.

Where other programs hold the cores, `chrt -r 5` before the command goes ahead of them.
"""

import argparse
import asyncio
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from statistics import median

from dtm_contact.ingest.imap import imap_follower
from dtm_contact.settings import ImapSettings
from dtm_contact.store import GroupCommitInbox, open_store
from tests.ingest.mailbox.dovecot import PASSWORD, USER, Dovecot, imap, running
from tests.prove.database import prepared_store
from tests.prove.mailbox import environment
from tests.prove.program import Program, chance
from tests.prove.senders import messages

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 600.0
TARGET = 100.0


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def seconds_of(pids: list[int]) -> float:
    """Return the processor time that processes took so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def count(store: Path, query: str) -> int:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return int(connection.execute(query).fetchone()[0])


TAKEN = "SELECT count(*) FROM arrivals"
JUDGED = "SELECT count(*) FROM arrivals WHERE state IN ('judged', 'set_aside', 'parked')"


async def reached(store: Path, query: str, number: int, pause: float = 0.02) -> None:
    async with asyncio.timeout(_PATIENCE):
        while await asyncio.to_thread(count, store, query) < number:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(pause)


def fill(server: Dovecot, batch: list[bytes]) -> None:
    with imap(server) as client:
        for raw in batch:
            client.append("INBOX", "", "", raw)


async def taken_in_only(server: Dovecot, folder: Path, number: int) -> float:
    """Return how many messages a second are fetched and committed, with nobody judging beside it."""
    secret = folder / "password"
    secret.write_text(f"{PASSWORD}\n")
    settings = ImapSettings(
        host="127.0.0.1", port=server.port, tls=False, user=USER, password_file=secret,
        since=datetime(2000, 1, 1, tzinfo=UTC).date(), after="leave",
    )  # fmt: skip
    database = prepared_store(folder)
    with open_store(database.url) as store:
        inbox = GroupCommitInbox(store)
        follower = imap_follower("imap", settings, inbox)
        began = time.perf_counter()
        follower.start()
        await reached(database.path, TAKEN, number)
        took = time.perf_counter() - began
        await follower.stop()
        await inbox.close()
    return number / took


async def whole(server: Dovecot, folder: Path, number: int, single: int) -> None:
    """Print what the whole daemon does with what lies there, then how soon single messages are cases."""
    database = prepared_store(folder)
    path = database.path
    program = Program(database, environment=environment(server, folder, pause="2", longest_pause="300"))
    try:
        began = time.perf_counter()
        await program.started()
        up = time.perf_counter()
        before = seconds_of([program.pid]), seconds_of(program.judges())
        await reached(path, TAKEN, number)
        taken = time.perf_counter()
        await reached(path, JUDGED, number)
        judged = time.perf_counter()
        while len(await asyncio.to_thread(server.uids)) > 0:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)
        filed = time.perf_counter()
        after = seconds_of([program.pid]), seconds_of(program.judges())
        daemon, judges = ((one - other) / number * 1_000 for one, other in zip(after, before, strict=True))
        say(f"daemon up after {up - began:.1f} s; from then on:")
        say(f"  taken in        {number / (taken - up):8.0f}/s  beside the judging")
        say(f"  judged          {number / (judged - up):8.0f}/s")
        say(f"  moved as well   {number / (filed - up):8.0f}/s  target {TARGET:.0f}")
        say(f"  processor time of a message: daemon {daemon:.1f} ms, judges {judges:.1f} ms")
        limit = "judging" if judges > daemon else "the daemon's own thread"
        say(
            f"  what limits it: {limit}; two cores would bear {2_000 / (daemon + judges):.0f}/s of it with nothing else"
        )
        await one_by_one(server, path, single)
    finally:
        await program.kill()


async def one_by_one(server: Dovecot, path: Path, single: int) -> None:
    """Print how long it is from the server's OK to the case."""
    waits = []
    supply = messages(chance(7))
    for _ in range(single):
        before = count(path, JUDGED)
        await asyncio.to_thread(fill, server, [next(supply)])
        began = time.perf_counter()
        await reached(path, JUDGED, before + 1, 0.002)
        waits.append(time.perf_counter() - began)
        await asyncio.sleep(0.3)
    waits.sort()
    say(f"from APPEND to the case, {single} times: median {median(waits):.2f} s, longest {waits[-1]:.2f} s, target 1 s")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--messages", type=int, default=1_000)
    arguments.add_argument("--single", type=int, default=20)
    chosen = arguments.parse_args()
    supply = list(islice(messages(chance(1)), chosen.messages))
    octets = sum(map(len, supply)) / len(supply)
    with tempfile.TemporaryDirectory(prefix="bench-imap-") as name, running() as server:
        folder = Path(name)
        for each in ("alone", "whole"):
            (folder / each).mkdir()
        fill(server, supply)
        say(f"{chosen.messages:,} messages of {octets / 1024:.0f} KiB on average")
        alone = asyncio.run(taken_in_only(server, folder / "alone", chosen.messages))
        say(f"fetched and committed alone {alone:.0f}/s")
        asyncio.run(whole(server, folder / "whole", chosen.messages, chosen.single))


if __name__ == "__main__":
    main()
