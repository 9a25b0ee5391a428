"""A 250 is a promise: what was answered with it is in the store, whatever happens next."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from dtm_contact.ingest import RunningReceiver, smtp
from dtm_contact.settings import Settings, SmtpSettings
from dtm_contact.store import GroupCommitInbox, open_store
from tests.ingest.clients import ENVELOPE, Clients
from tests.store.fresh import fresh_store

SESSIONS = 10
ENOUGH = 200


@pytest.fixture
def path(tmp_path: Path) -> Path:
    fresh_store(f"sqlite:///{tmp_path / 'store.db'}")
    return tmp_path / "store.db"


@pytest_asyncio.fixture
async def running(path: Path) -> AsyncIterator[RunningReceiver]:
    """A way in with a store behind it that soon loses patience."""
    with open_store(f"sqlite:///{path}", patience=0.01) as store:
        inbox = GroupCommitInbox(store)
        running = await smtp.start_smtp(Settings(smtp=SmtpSettings(port=0)), inbox)
        yield running
        await running.stop()
        await inbox.close()


def stored(path: Path) -> list[str]:
    """Return the texts of all stored messages."""
    with open_store(f"sqlite:///{path}", read_only=True) as store:
        numbers = [line.id for line in store.arrivals.listing(limit=100_000)]
        return [store.arrivals.get(number).raw.decode().strip() for number in numbers]


async def test_trouble_of_the_store_is_451_until_it_is_over(
    running: RunningReceiver, clients: Clients, path: Path
) -> None:
    reader, writer = await clients.begin(running.address)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writer.write(b"un\r\n.\r\n")
        assert (await reader.readline()).startswith(b"451 4.3.0 ")
        other.execute("ROLLBACK")
    writer.write(ENVELOPE)
    await reader.readuntil(b"354 ")
    await reader.readline()
    writer.write(b"un\r\n.\r\n")
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert stored(path) == ["un"]


async def test_a_message_that_comes_again_is_stored_once(
    running: RunningReceiver, clients: Clients, path: Path
) -> None:
    for _ in range(3):
        reader, writer = await clients.begin(running.address)
        writer.write(b"un\r\n.\r\n")
        assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert stored(path) == ["un"]


@contextmanager
def served(path: Path, *how: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    command = [sys.executable, "-m", "tests.ingest.served", f"sqlite:///{path}", *how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
        process.kill()


async def send(address: str, session: int, thanked: set[str], enough: asyncio.Event) -> None:
    """Send message after message until the connection breaks; note those that were thanked for."""
    clients = Clients()
    number = 0
    try:
        reader, writer = await clients.begin(address)
        while True:
            text = f"{session}.{number}"
            writer.write(text.encode() + b"\r\n.\r\n" + ENVELOPE)
            if not (await reader.readuntil(b"\r\n")).startswith(b"250"):
                return
            thanked.add(text)
            if len(thanked) >= ENOUGH:
                enough.set()
            await reader.readuntil(b"354 ")
            await reader.readuntil(b"\r\n")
            number += 1
    except (ConnectionError, asyncio.IncompleteReadError):
        return
    finally:
        clients.leave()


async def thanked_before_the_kill(path: Path, *how: str) -> set[str]:
    thanked, enough = set[str](), asyncio.Event()
    with served(path, *how) as (address, process):
        sending = [asyncio.create_task(send(address, session, thanked, enough)) for session in range(SESSIONS)]
        await enough.wait()
        process.kill()
        await asyncio.gather(*sending)
    return thanked


async def test_a_kill_loses_nothing_that_was_thanked_for(path: Path) -> None:
    thanked = await thanked_before_the_kill(path)
    kept = stored(path)
    assert len(thanked) >= ENOUGH
    assert thanked <= set(kept)
    assert len(kept) == len(set(kept))


async def test_thanking_before_storing_would_lose(path: Path) -> None:
    thanked = await thanked_before_the_kill(path, "early")
    assert thanked - set(stored(path))
