"""Two daemons over one PostgreSQL, an agent at each: they see each other write; and a daemon that stops is told."""

import asyncio
import os
import re
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, expect

from dtm_contact.access import Role
from dtm_contact.store import open_store
from dtm_contact.store.listening import WRITING, ChangeListener
from tests.store.postgresql import programs, running_server
from tests.web.daemons import Served, chromium, come_in, filled, served
from tests.web.test_drafts import REPLY, TEXT, WORDS
from tests.web.world import settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
_numbers = count(1)


@dataclass(frozen=True)
class Two:
    """Both daemons, and a browser."""

    first: Served
    second: Served
    browser: Browser


@pytest.fixture(scope="module")
def daemons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Served]]:
    folder = programs()
    if folder is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("PostgreSQL's programs are not installed")
    with running_server(folder) as server:
        admin = sa.create_engine(
            sa.make_url(server.url("postgres")).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
        )
        with admin.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE desk"))
        admin.dispose()
        url = server.url("desk")
        filled(url)
        folders = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
        with (
            served(folders[0], url, DTM_NAME="one") as first,
            served(folders[1], url, DTM_NAME="two", DTM_CHANNELS='["smtp"]') as second,
        ):
            yield first, second


async def test_two_agents_on_two_daemons_see_each_other_within_a_second(daemons: tuple[Served, Served]) -> None:
    first, second = daemons
    async with chromium() as browser:
        pages = []
        for daemon in daemons:
            page = await come_in(browser, daemon.link(f"agent{next(_numbers)}", Role.AGENCY, "agence"))
            await page.goto(f"{daemon.desk}/file?file=toutes")
            pages.append(page)
        one, other = pages
        await asyncio.to_thread(first.send, "deux@free.example", "Des rats", "Il y a des rats dans le local.")
        number = await settled(one, "Des rats")
        for page, daemon in zip(pages, daemons, strict=True):
            await page.goto(f"{daemon.desk}/dossier/{number}")
        told = other.locator("[data-writing]")
        await expect(told).to_be_hidden()
        # The page itself notes when it heard: no look of ours is in between.
        await other.evaluate("addEventListener('desk:writing', e => { window.heardOf = e.detail.who; }, true)")
        heard = _heard(second.url)
        await one.keyboard.press("r")
        await one.keyboard.insert_text(WORDS)
        await expect(told).to_have_text(re.compile("Agent1 rédige une réponse"))
        assert heard.wait(30), "PostgreSQL tells of it by itself"
        await expect(one.locator("[data-writing]")).to_be_hidden()
        await one.locator(REPLY).get_by_text("Supprimer le brouillon").click()
        await one.locator(REPLY).get_by_role("button", name="Oui, supprimer").click()
        await expect(told).to_be_hidden()
        for page in pages:
            await page.context.close()


def _heard(url: str) -> threading.Event:
    """Listen as a desk does, and return what is set once something is told; by an event, not by a look."""
    heard, ready = threading.Event(), threading.Event()

    def listen() -> None:
        with open_store(url, read_only=True) as store:
            listener = ChangeListener(store.database, WRITING)
            listener._listening()
            ready.set()
            for _ in listener._listening().notifies(timeout=30, stop_after=1):
                heard.set()
            listener.close()

    threading.Thread(target=listen, daemon=True).start()
    assert ready.wait(30)
    return heard


async def test_a_stopped_daemon_is_told_and_what_is_typed_outlasts_its_restart(daemons: tuple[Served, Served]) -> None:
    first, second = daemons
    async with chromium() as browser:
        page = await come_in(browser, second.link(f"agent{next(_numbers)}", Role.AGENCY, "agence"))
        await page.goto(f"{second.desk}/file?file=toutes")
        await asyncio.to_thread(first.send, "trois@free.example", "Des souris", "Il y a des souris.")
        number = await settled(page, "Des souris")
        await page.goto(f"{second.desk}/dossier/{number}")
        # It stands still, as a machine does that swaps or a process that hangs: its connections stay open.
        os.kill(second.pid, signal.SIGSTOP)
        try:
            cutoff = page.locator("#coupure")
            await expect(cutoff).to_contain_text("Le serveur ne répond plus")
            await expect(page).to_have_title(re.compile("coupé"))
            await page.keyboard.press("r")
            await page.keyboard.insert_text(WORDS)
        finally:
            os.kill(second.pid, signal.SIGCONT)
        await expect(cutoff).to_be_hidden()
        await expect(page.locator(f"{REPLY} [data-kept]")).to_contain_text("Brouillon enregistré")
        await expect(page.locator(TEXT)).to_have_value(WORDS)
        await page.context.close()
