"""Somebody who types on over a slow line: no letter is lost, and none does what lasts."""

import pytest
from playwright.async_api import Page, expect

from dtm_contact.access import Role
from dtm_contact.store import CaseFile, open_store
from tests.console.world import Come, World, said, sent, settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
LATENCY = 600
"""Milliseconds added to each answer."""
BETWEEN = 35
"""Milliseconds between two letters: a sentence lasts from the act on its way to well after its answer."""
SENTENCE = "le technicien zélé passe à 14 h, expert exact, cliente rappelée et contente, tout est noté"


async def slow(page: Page, latency: int = LATENCY) -> None:
    """Let each answer come later from now on."""
    network = await page.context.new_cdp_session(page)
    await network.send("Network.enable")
    conditions = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
    await network.send("Network.emulateNetworkConditions", conditions)


def file(world: World, number: str) -> CaseFile:
    with open_store(world.daemon.url) as store:
        return store.cases.get(number)


async def opened(world: World, page: Page, subject: str, text: str = "Il y a des rats dans le local.") -> str:
    """Send a message, open its case over what is a slow line from then on, and return its number."""
    await page.goto(f"{world.daemon.desk}/file?file=toutes")
    await sent(world, subject, text, f"{subject.split()[0].lower()}@free.example")
    number = await settled(page, subject)
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await slow(page)
    return number


async def test_a_note_is_written_while_the_case_is_being_taken(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Raton un")
    await page.evaluate("window.stays = true")
    await page.keyboard.type(f"tn{SENTENCE}\n", delay=BETWEEN)
    await said(page, "il est à vous")
    await expect(page.locator(".casehead")).to_contain_text("pris par moi")
    note = page.locator("[action$='/noter'] textarea")
    await expect(note).to_be_focused()
    await expect(note).to_have_value(f"{SENTENCE}\n")
    case = file(world, number).case
    assert (case.state, case.version) == ("open", 2)
    await page.keyboard.press("Control+Enter")
    await said(page, "Note ajoutée")
    await expect(page.locator(".said-note")).to_contain_text(SENTENCE)
    assert await page.evaluate("window.stays"), "nobody loaded the page anew"
