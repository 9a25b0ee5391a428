"""One daemon, one mail server that it sends by and one browser, for all tests that need them.

What a test does it finds again by a subject of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from dtm_contact.access import Role
from tests.outbound.relays import RelayServer, relay_server
from tests.web.daemons import Served, chromium, come_in, served

# A busy machine must fail no test.
expect.set_options(timeout=20_000)
HUGUETTE = "Huguette Joly <huguette.joly@courriel.example>"
LEAK = "Bonjour, grosse fuite dans ma cuisine, bâtiment A, 14 rue du 11-Novembre-1918. Rappelez-moi après 18 h."
_names = count(1)


@dataclass(frozen=True)
class World:
    """All that runs: the daemon, the mail server that it sends by, the switchboard's log, the browser."""

    daemon: Served
    sink: RelayServer
    calls: Path
    browser: Browser


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    folder = tmp_path_factory.mktemp("daemon")
    calls = folder / "Master.csv"
    calls.touch()
    switchboard = {"RECORDS": str(calls), "QUEUE_LOG": "", "QUIET_SECONDS": "0", "POLL_SECONDS": "0.2"}
    async with relay_server(RelayServer()) as sink, chromium() as browser:
        outbound = {"HOST": "127.0.0.1", "PORT": str(sink.port), "SECURITY": "none", "ANSWERS": "false"}
        settings = {"DTM_CHANNELS": '["smtp", "asterisk_cdr"]'}
        settings |= {f"DTM_OUTBOUND_{name}": value for name, value in outbound.items()}
        settings |= {f"DTM_SWITCHBOARD_{name}": value for name, value in switchboard.items()}
        with served(folder, **settings) as daemon:
            yield World(daemon, sink, calls, browser)


Come = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def come(world: World) -> AsyncIterator[Come]:
    """Let somebody in who is gone when the test ends: `await come(role, office)`, `await come(role, office, path)`."""
    pages = list[Page]()

    async def come(
        role: Role = Role.AGENCY, office: str = "agence", path: str = "/file?file=toutes", **how: Any
    ) -> Page:
        page = await come_in(world.browser, world.daemon.link(f"agent{next(_names)}", role, office), **how)
        pages.append(page)
        await page.goto(world.daemon.desk + path)
        return page

    yield come
    for page in pages:
        await page.context.close()


async def sent(world: World, subject: str, text: str = LEAK, sender: str = HUGUETTE) -> None:
    await asyncio.to_thread(world.daemon.send, sender, subject, text)


async def settled(page: Page, subject: str) -> str:
    """Return the number of the case of that subject once the queue shows it."""
    line = page.locator(".line", has_text=subject)
    await expect(line).to_be_visible()
    return str(await line.get_attribute("data-case"))


NEWEST_ALARM = "#alertes .band > [data-alarm]"
"""The line of the newest danger that nobody has taken."""


async def said(page: Page, told: str) -> None:
    await expect(page.locator(".said")).to_contain_text(told)


async def arrived(sink: RelayServer, words: str) -> tuple[str, Message]:
    """Return what the mail server took that says these words, and to whom."""
    async with asyncio.timeout(30):
        while True:
            for _, to, mail in sink.taken:
                if words in mail.as_bytes().decode(errors="replace"):
                    return to, mail
            await asyncio.sleep(0.05)
