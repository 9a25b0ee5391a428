"""How fast mail is taken in durably, beside one file a message and beside Postfix, on the same disk.

    python benchmarks/bench_accept.py [--folder DIR] [--rounds N] [--seconds S]

`smtp-source`, which comes with Postfix and costs little, sends. The servers take turns within each round, so that a
machine that is slower for a while is slower for all; a ratio is taken within its round. Postfix holds what it took in
(smtpd and cleanup alone, nothing is delivered), which is the most favourable to it. Needs root for Postfix.

How many times faster than Postfix a server in Python is depends on the machine more than on the server. aiosmtpd as it
is, with our store behind it and with nothing at all, therefore takes turns as well: beside those, machines compare.

Where other programs hold the cores, each sync waits for one of them; `chrt -r 5` before the command goes ahead of them.
"""

import argparse
import asyncio
import hashlib
import os
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP

from dtm_contact.ingest import smtp
from dtm_contact.journal import Journal
from dtm_contact.model import Arrival, Envelope
from dtm_contact.settings import Settings, SmtpSettings
from dtm_contact.store import GroupCommitInbox, migrate, open_store

RECIPIENT = "metropole@parishabitat.fr"
POSTFIX_PORT = 10_725
COUNT = "count"
TARGETS = {"4 KiB, 10 kept": 3.0, "4 KiB, 10 new": 1.5, "64 KiB, 10 kept": 1.2, "4 KiB, 1 kept": 1.0}


@dataclass(frozen=True)
class Load:
    """What is sent: `kept` sessions send message after message, the others connect for each."""

    name: str
    sessions: int
    octets: int
    kept: bool

    def command(self, port: int, messages: int) -> list[str]:
        """Return the command that sends so many messages to the port."""
        keep = ["-d"] if self.kept else []
        size = ["-s", str(self.sessions), "-l", str(self.octets), "-m", str(messages)]
        envelope = ["-f", "alice@tenant.example", "-t", RECIPIENT]
        return [_found("smtp-source"), *keep, *size, *envelope, f"127.0.0.1:{port}"]


LOADS = tuple(
    Load(f"{size // 1024} KiB, {sessions} {'kept' if kept else 'new'}", sessions, size, kept)
    for size in (4096, 65536)
    for sessions in (1, 10, 50)
    for kept in (True, False)
)


@dataclass(frozen=True)
class Server:
    """Something that takes in mail: where, how many messages it has kept, and the processes that it costs."""

    name: str
    port: int
    kept: Callable[[], int]
    pid: int


async def _until_ended(announce: int) -> None:
    print(announce, flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()


async def serve_ours(folder: Path, journal: Journal | None = None) -> None:
    """Serve as the daemon does, but judge nothing."""
    url = f"sqlite:///{folder / 'store.db'}"
    migrate(url)
    with open_store(url) as store:
        if journal is not None:
            store.arrivals.on_accepted = journal.append_arrivals
        inbox = GroupCommitInbox(store)
        settings = Settings(smtp=SmtpSettings(port=0, connections_per_client=100, recipients=(RECIPIENT,)))
        channel = await smtp.start_smtp(settings, inbox)
        await _until_ended(int(channel.address.rpartition(":")[2]))
        await channel.stop()
        await inbox.close()


async def serve_journaled(folder: Path) -> None:
    """Serve as the daemon does with an intake journal, on the disk of the store: the worst case."""
    await serve_ours(folder, Journal(folder / "journal", 14, lambda: datetime.now(UTC)))


class _OneFileEach:
    """The plain way: aiosmtpd as it is, and one synced file a message."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._directory = os.open(folder, os.O_RDONLY)
        self._number = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        self._number += 1
        await asyncio.to_thread(self._write, self._number, envelope.content)
        return "250 OK"

    def _write(self, number: int, content: bytes) -> None:
        with (self._folder / f"{number}.eml").open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.fsync(self._directory)


class _GroupCommit:
    """aiosmtpd as it is, in front of our store."""

    def __init__(self, inbox: GroupCommitInbox) -> None:
        self._inbox = inbox

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        key = hashlib.sha256(envelope.content).hexdigest()
        sent = Envelope(envelope.mail_from, tuple(envelope.rcpt_tos), "127.0.0.1")
        await self._inbox.accept((Arrival("smtp", key, datetime.now(UTC), "message/rfc822", sent, envelope.content),))
        return "250 OK"


class _Nothing:
    """aiosmtpd as it is, thanking for what it drops: what the protocol alone costs on this machine."""

    def __init__(self, folder: Path) -> None:
        self._count = os.open(folder / COUNT, os.O_CREAT | os.O_WRONLY)
        self._number = 0

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:  # noqa: N802
        self._number += 1
        os.pwrite(self._count, str(self._number).encode(), 0)
        return "250 OK"


async def _serve_as_it_is(handler: object) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, hostname="localhost", loop=loop), "127.0.0.1", 0)
    await _until_ended(server.sockets[0].getsockname()[1])


async def serve_files(folder: Path) -> None:
    """Serve with one synced file a message."""
    await _serve_as_it_is(_OneFileEach(folder))


async def serve_as_it_is(folder: Path) -> None:
    """Serve with the library as it is in front of our store."""
    url = f"sqlite:///{folder / 'store.db'}"
    migrate(url)
    with open_store(url) as store:
        inbox = GroupCommitInbox(store)
        await _serve_as_it_is(_GroupCommit(inbox))
        await inbox.close()


async def serve_nothing(folder: Path) -> None:
    """Serve and keep nothing."""
    await _serve_as_it_is(_Nothing(folder))


def _kept_by_ours(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        (kept,) = connection.execute("SELECT count(*) FROM arrivals").fetchone()
        return int(kept)


def _kept_as_files(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*.eml"))


def _counted(folder: Path) -> int:
    return int((folder / COUNT).read_text() or "0")


SERVED_HERE = {
    "ours": (serve_ours, _kept_by_ours),
    "ours, journal": (serve_journaled, _kept_by_ours),
    "a file each": (serve_files, _kept_as_files),
    "stock, stored": (serve_as_it_is, _kept_by_ours),
    "stock, nothing": (serve_nothing, _counted),
}
"""How to serve, and how many messages were kept, by the server's name."""


@contextmanager
def served_here(name: str, folder: Path) -> Iterator[Server]:
    """Run one of our servers in a process of its own."""
    folder.mkdir()
    command = [sys.executable, __file__, "--serve", name, "--folder", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline() if process.stdout else "")
        yield Server(name, port, lambda: SERVED_HERE[name][1](folder), process.pid)
        process.terminate()


MASTER = f"""
127.0.0.1:{POSTFIX_PORT} inet n - n - 100 smtpd
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"""
MAIN = f"""
compatibility_level = 3.9
queue_directory = {{folder}}/queue
data_directory = {{folder}}/data
myhostname = localhost
mydestination =
inet_interfaces = loopback-only
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relay_domains = {RECIPIENT.partition("@")[2]}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_client_restrictions = check_client_access static:HOLD
smtpd_client_connection_count_limit = 0
message_size_limit = 37748736
local_recipient_maps =
alias_maps =
alias_database =
"""


@contextmanager
def postfix(folder: Path) -> Iterator[Server]:
    """Run a Postfix of our own that holds what it takes in."""
    for name in ("conf", "queue", "data"):
        (folder / name).mkdir(parents=True)
    shutil.chown(folder / "data", "postfix")
    (folder / "conf" / "main.cf").write_text(MAIN.format(folder=folder))
    (folder / "conf" / "master.cf").write_text(MASTER)
    command = [_found("postfix"), "-c", str(folder / "conf")]
    with (folder / "output").open("w") as output:
        subprocess.run([*command, "start"], check=True, stdout=output, stderr=output)
        _await_port(POSTFIX_PORT)
        hold = folder / "queue" / "hold"
        master = int((folder / "queue" / "pid" / "master.pid").read_text())
        yield Server("Postfix", POSTFIX_PORT, lambda: sum(path.is_file() for path in hold.rglob("*")), master)
        subprocess.run([*command, "stop"], check=True, stdout=output, stderr=output)


def _await_port(port: int) -> None:
    until = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _found(program: str) -> str:
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") or ""


def _no_postfix() -> str:
    if not _found("postfix"):
        return "it is not installed"
    return "" if os.geteuid() == 0 else "it must be started by root"


def _cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and of its children."""
    ticks, parents = {}, {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        ticks[int(path.parent.name)] = sum(map(int, fields[11:15]))
        parents[int(path.parent.name)] = int(fields[1])
    return sum(ticks[each] for each in ticks if each == pid or parents[each] == pid) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Run:
    """What one run showed: messages a second, and milliseconds of processor time for each."""

    rate: float
    cpu: float


def measure(server: Server, load: Load, messages: int) -> Run:
    """Send so many messages; every one of them must have been kept."""
    before, cpu, start = server.kept(), _cpu_seconds(server.pid), time.perf_counter()
    subprocess.run(load.command(server.port, messages), check=True)
    seconds = time.perf_counter() - start
    used = _cpu_seconds(server.pid) - cpu
    kept = server.kept() - before
    if kept != messages:
        raise SystemExit(f"{server.name}: sent {messages}, kept {kept}")
    return Run(messages / seconds, 1000 * used / messages)


def compare(servers: list[Server], load: Load, rounds: int, seconds: float) -> None:
    """Print the median rates of all servers at one load, and the ratios of ours."""
    enough = {server: max(load.sessions, 50) for server in servers}
    for server in servers:
        enough[server] = max(load.sessions * 2, int(measure(server, load, enough[server]).rate * seconds))
    runs: dict[Server, list[Run]] = {server: [] for server in servers}
    for number in range(rounds):
        for server in servers[number % len(servers) :] + servers[: number % len(servers)]:
            runs[server].append(measure(server, load, enough[server]))
    ours = runs[servers[0]]
    for server in servers:
        rate = statistics.median(run.rate for run in runs[server])
        cpu = statistics.median(run.cpu for run in runs[server])
        ratio = statistics.median(mine.rate / run.rate for mine, run in zip(ours, runs[server], strict=True))
        target = f" (target {TARGETS[load.name]})" if server.name == "Postfix" and load.name in TARGETS else ""
        said = "" if server is servers[0] else f"  ours x {ratio:.2f}{target}"
        print(f"{load.name:16} {server.name:14} {rate:7.0f}/s {cpu:6.2f} ms CPU a message{said}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--serve", choices=list(SERVED_HERE), help=argparse.SUPPRESS)
    arguments.add_argument("--folder", type=Path, help="where the servers keep messages (the disk that is measured)")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=1.5, help="seconds that each run takes, about")
    arguments.add_argument("--only", default="", help="only the loads whose name begins so")
    arguments.add_argument("--servers", nargs="*", choices=list(SERVED_HERE), help="only these; without Postfix")
    chosen = arguments.parse_args()
    if chosen.serve:
        serve, _ = SERVED_HERE[chosen.serve]
        asyncio.run(serve(chosen.folder))
        return
    if not _found("smtp-source"):
        print("skipped: smtp-source is not installed; it comes with Postfix, and sends the messages")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=chosen.folder)))
        folder.chmod(0o711)
        servers = [
            stack.enter_context(served_here(name, folder / str(number)))
            for number, name in enumerate(chosen.servers or SERVED_HERE)
        ]
        if chosen.servers:
            pass
        elif reason := _no_postfix():
            print(f"Postfix is left out: {reason}")
        else:
            servers.append(stack.enter_context(postfix(folder / "postfix")))
        for load in LOADS:
            if load.name.startswith(chosen.only):
                compare(servers, load, chosen.rounds, chosen.seconds)


if __name__ == "__main__":
    main()
