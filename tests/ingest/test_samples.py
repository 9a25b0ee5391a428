"""Whole mailboxes come through octet for octet."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.ingest.clients import ENVELOPE, Clients
from tests.ingest.conftest import Start
from tests.ingest.inbox import FakeInbox

FIXTURES = Path(__file__).parents[2] / "fixtures" / "mail"
MOST = 2_000


def as_sent(path: Path) -> bytes:
    """Return a message as a mail server sends it: lines end with CR LF, the last one too."""
    content = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return content if content.endswith(b"\r\n") else content + b"\r\n"


async def sent(start: Start, clients: Clients, inbox: FakeInbox, paths: Iterable[Path]) -> int:
    """Send all of them in one session; assert that each is kept as it was sent."""
    running = await start()
    reader, writer = await clients.begin(running.address)
    count = 0
    for path in paths:
        content = as_sent(path)
        inbox.arrivals.clear()
        stuffed = (b"\n" + content).replace(b"\n.", b"\n..")[1:]
        writer.write(stuffed + b".\r\n" + ENVELOPE)
        assert await reader.readline() == b"250 2.0.0 Stored\r\n"
        assert inbox.arrivals[0].raw == content, path.name
        await reader.readuntil(b"354 ")
        await reader.readline()
        count += 1
    return count


async def test_the_samples(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    assert await sent(start, clients, inbox, sorted(FIXTURES.glob("*.eml"))) > 50


@pytest.fixture
def real_mail() -> list[Path]:
    if not os.environ.get("DTM_CORPORA"):
        pytest.skip("DTM_CORPORA does not say where real mail is")
    return sorted(Path(os.environ["DTM_CORPORA"]).rglob("*.eml"))[:MOST]


async def test_the_corpora(start: Start, clients: Clients, inbox: FakeInbox, real_mail: list[Path]) -> None:
    assert await sent(start, clients, inbox, real_mail) == len(real_mail)
