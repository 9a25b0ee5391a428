"""What the tests of the channels share."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from dtm_contact.ingest import RunningReceiver
from dtm_contact.ingest.smtp import start_lmtp, start_smtp
from dtm_contact.settings import LmtpSettings, Settings, SmtpSettings
from tests.ingest.clients import Clients
from tests.ingest.inbox import FakeInbox

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

Start = Callable[..., Any]


@pytest_asyncio.fixture
async def inbox() -> FakeInbox:
    return FakeInbox()


@pytest_asyncio.fixture
async def start(inbox: FakeInbox) -> AsyncIterator[Start]:
    """Open a way in with these settings, on a free port; it is closed after the test."""
    running: list[RunningReceiver] = []

    async def open_way_in(channel: str = "smtp", **settings: object) -> RunningReceiver:
        values = {"port": 0, "stop_seconds": 0.01, **settings}
        if channel == "smtp":
            running.append(await start_smtp(Settings(smtp=SmtpSettings.model_validate(values)), inbox, lambda: NOON))
        else:
            running.append(await start_lmtp(Settings(lmtp=LmtpSettings.model_validate(values)), inbox, lambda: NOON))
        return running[-1]

    yield open_way_in
    inbox.gate.set()
    for each in running:
        await each.stop()


@pytest_asyncio.fixture
async def clients() -> AsyncIterator[Clients]:
    """Clients whose connections end with the test."""
    clients = Clients()
    yield clients
    clients.leave()


@pytest_asyncio.fixture
async def advance(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let time pass for everything that the event loop has been asked to do later."""
    loop = asyncio.get_running_loop()
    time, passed = loop.time, 0.0

    def let_pass(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr(loop, "time", lambda: time() + passed)
    return let_pass


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost and its key, in one PEM file."""
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ["-addext", "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run([*command.split(), *names], cwd=folder, check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return both
