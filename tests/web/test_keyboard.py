"""Each task of the desk by the keyboard alone, from the log-in on."""

import re
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from dtm_contact.access import Role
from tests.web.world import HUGUETTE, LEAK, World, arrived, said, sent, settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
PASSWORD = "un mot de passe assez long"
UNDO = "Control+z"
SECOND = 1_200
"""Milliseconds in which no letter is a command, once something was sent."""
_names = count(1)


class Keys:
    """A page that is worked by the keyboard alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def write(self, words: str) -> None:
        await self.page.keyboard.type(words)

    async def do(self, *keys_and_words: str, to: str = "", told: str) -> None:
        """Press keys and write words, go on by Tab `to` a button, press Enter unless a key did it; it is told."""
        await self.page.wait_for_timeout(SECOND)
        for each in keys_and_words:
            await (self.press(each) if len(each) == 1 or each in {"Tab", UNDO} else self.write(each))
        if to:
            await self.tab_to(to)
        if keys_and_words not in {("t",), (UNDO,)}:
            await self.press("Enter")
        await said(self.page, told)

    async def tab_to(self, selector: str) -> None:
        """Go on by Tab until what is meant has the focus, and is seen to have it."""
        for _ in range(80):
            await self.press("Tab")
            if await self.page.evaluate("it => document.activeElement.matches(it)", selector):
                outlined = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
                line = "document.activeElement.matches('.open')"
                assert await self.page.evaluate(f"{outlined} || {line}"), selector
                return
        pytest.fail(f"Tab does not lead to {selector}")

    async def go_to(self, number: str) -> None:
        """Go to the line of a case by `j` and `k`."""
        await self.press("j", "k")
        await expect(self.page.locator(".line.here")).to_be_visible()
        lines = "[...document.querySelectorAll('.line')]"
        at = await self.page.evaluate(f"{lines}.findIndex(it => it.matches('.here'))")
        wanted = await self.page.evaluate(f"it => {lines}.findIndex(each => each.dataset.case === it)", number)
        await self.press(*(["j"] * (wanted - at) or ["k"] * (at - wanted)))
        await expect(self.page.locator(".line.here")).to_have_attribute("data-case", number)

    async def choose(self, value: str) -> None:
        """Go down the list that has the focus to a choice."""
        for _ in range(60):
            if await self.page.evaluate("document.activeElement.value") == value:
                return
            await self.press("ArrowDown")
        pytest.fail(f"no choice {value}")


@pytest_asyncio.fixture(loop_scope="session")
async def keys(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Keys]:
    """A page in which somebody has logged in by password, with the keyboard; of the agency where no role is asked."""
    name = f"clavier{next(_names)}"
    world.daemon.account(name, getattr(request, "param", Role.AGENCY), "agence", PASSWORD)
    context = await world.browser.new_context(locale="fr-FR")
    page = await context.new_page()
    # The desk listens before it has read the rules; on a busy machine that takes long.
    page.set_default_navigation_timeout(120_000)
    await page.goto(f"{world.daemon.desk}/connexion")
    keys = Keys(page)
    # The page puts the caret there by itself, a moment after it has loaded.
    await expect(page.get_by_label("Identifiant")).to_be_focused()
    await keys.write(name)
    await keys.press("Tab")
    await expect(page.get_by_label("Mot de passe")).to_be_focused()
    await keys.write(PASSWORD)
    await keys.press("Enter")
    await page.wait_for_url("**/file")
    yield keys
    await context.close()


async def opened(world: World, keys: Keys, subject: str, text: str = LEAK, sender: str = HUGUETTE) -> str:
    """Send a message, wait for it in the queue, go to it by `j` and `k`, and open it; return its number."""
    await keys.page.goto(f"{world.daemon.desk}/file?file=toutes")
    await sent(world, subject, text, sender)
    number = await settled(keys.page, subject)
    await keys.go_to(number)
    await keys.press("o")
    await keys.page.wait_for_url(f"**/dossier/{number}")
    return number


async def appointed(keys: Keys, number: str) -> None:
    await keys.press("v")
    await keys.page.wait_for_url(f"**/rendez-vous?dossier={number}")
    await keys.tab_to("input[name=quand]")
    await keys.press("Space")
    await keys.do(to=".appoint button.primary", told="Rendez-vous pris")
    await keys.page.wait_for_timeout(SECOND)


async def test_a_case_is_worked_by_keyboard_alone(world: World, keys: Keys) -> None:
    number = await opened(world, keys, "Au clavier")
    page = keys.page
    await keys.do("t", told="vous qui le suivez")
    await page.wait_for_timeout(SECOND)
    await keys.press("l")
    await keys.write("Jean-Luc Joly")
    await expect(page.locator("#trouves button", has_text="Jean-Luc")).to_be_visible()
    await keys.do(to="#trouves button", told="Locataire précisé")
    await page.wait_for_timeout(SECOND)
    await keys.press("m", "Home")
    await keys.choose("heating")
    await keys.do("Tab", told="Motif changé")
    await page.wait_for_timeout(SECOND)
    await keys.press("r", "Shift+Tab")
    await keys.choose("huguette.joly@courriel.example")
    await keys.press("Tab")
    if await page.evaluate("document.activeElement.matches('[name=non_verifiee]')"):
        await keys.press("Space", "Tab")
    # A canned answer is found by its key and by typing, and put in where the caret is; it greets nobody twice.
    await keys.write("Madame,\n\n")
    await keys.press("Escape", "i")
    await keys.write("chauffage panne")
    await expect(page.locator("#types button").first).to_contain_text("Panne de chauffage")
    await keys.press("Enter")
    reply = page.locator("[action$='/repondre'] textarea")
    await expect(reply).to_have_value(re.compile(r"^Madame,\n\n(?!Bonjour)[^\0]*Une panne prive"))
    await keys.press("Control+a", "Delete")
    await keys.do("Le chauffagiste passe demain.", "Tab", told="Réponse en cours")
    await arrived(world.sink, "Le chauffagiste passe demain.")
    await page.wait_for_timeout(SECOND)
    await keys.press("w")
    first = await page.locator("[action$='/faire-suivre'] [name=a] option").nth(1).get_attribute("value")
    await keys.choose(str(first))
    await keys.tab_to("[action$='/faire-suivre'] textarea")
    await keys.write("Merci d’y passer aujourd’hui.")
    await keys.do(to="[action$='/faire-suivre'] button.primary", told="Transfert en cours d’envoi")
    await arrived(world.sink, "passer aujourd=E2=80=99hui")
    await keys.do("n", "Vu au clavier", "Tab", told="Note ajoutée")
    await keys.do("a", "Le chauffagiste passe", to="button[name=jours][value='7']", told="Mis en attente")
    await keys.do(UNDO, told="Changement annulé")
    await page.wait_for_timeout(SECOND)
    await appointed(keys, number)
    await keys.press("f")
    await keys.choose("agence-accueil")
    await keys.do("Tab", "Pour l’agence", "Tab", told="Dossier transmis")
    await keys.do(UNDO, told="Changement annulé")
    await keys.do("e", "Tab", "Fait", "Tab", told="Dossier clos")


async def test_several_at_once_a_case_by_hand_and_search_by_keyboard_alone(world: World, keys: Keys) -> None:
    page = keys.page
    await opened(world, keys, "Deux à la fois, un", "La porte de la cave ne ferme plus.", "Un <un@free.example>")
    await keys.press("u")
    await page.wait_for_url("**/file*")
    await sent(world, "Deux à la fois, deux", "Il y a des rats dans le local.", "Deux <deux@free.example>")
    await page.goto(f"{world.daemon.desk}/file?file=toutes")
    for number in [await settled(page, f"Deux à la fois, {which}") for which in ("un", "deux")]:
        await keys.go_to(number)
        await keys.press("x")
    await expect(page.locator("[data-chosen]")).to_contain_text("2 sélectionnés")
    await keys.do("e", "Tab", "Vus ensemble", "Tab", told="2 dossiers clos.")
    await keys.do(UNDO, told="2 changements annulés.")
    await page.wait_for_timeout(SECOND)
    await keys.press("/")
    await keys.write("Joly")
    await keys.press("Enter")
    await page.wait_for_url("**/recherche?*")
    await expect(page.get_by_text("Mme Huguette Joly").first).to_be_visible()
    await keys.tab_to("a[href^='/foyer/']")
    await keys.press("Enter")
    await page.wait_for_url("**/foyer/*")
    await keys.tab_to("a[href='/nouveau']")
    await keys.press("Enter")
    await page.wait_for_url("**/nouveau")
    await keys.tab_to("input[name=phone]")
    await keys.write("06 12 34 56 78")
    await keys.tab_to("textarea[name=text]")
    await keys.write("La porte du hall ne ferme plus.")
    await keys.do(to=".sheet button.primary", told="Dossier ouvert")
    await page.wait_for_timeout(SECOND)
    await keys.press("?")
    await page.wait_for_url("**/aide")


@pytest.mark.parametrize("keys", [Role.HEAD], indirect=True)
async def test_figures_are_read_and_a_canned_answer_is_written_by_keyboard_alone(keys: Keys) -> None:
    page = keys.page
    await keys.tab_to(".me > summary")
    await keys.press("Enter")
    await keys.tab_to("a[href='/chiffres']")
    await keys.press("Enter")
    await page.wait_for_url("**/chiffres")
    await keys.tab_to("select[name=p]")
    await keys.choose("an")
    await keys.tab_to(".filters button")
    await keys.press("Enter")
    await page.wait_for_url("**p=an*")
    await keys.tab_to("a[href*='/chiffres/detail']")
    await keys.press("Enter")
    await page.wait_for_url("**/chiffres/detail*")
    await page.goto(page.url.partition("/chiffres")[0] + "/reponses-types")
    await keys.tab_to("a[href='/reponses-types/nouvelle']")
    await keys.press("Enter")
    await page.wait_for_url("**/nouvelle")
    await keys.tab_to("[name=titre]")
    await keys.write("Au clavier seul")
    await keys.press("Tab", "ArrowDown", "Space", "Tab")
    await keys.write("clavier")
    await keys.press("Tab")
    await keys.write("Nous passons demain.")
    await expect(page.locator("#apercu")).to_contain_text("Nous passons demain.")
    await keys.tab_to("button.primary")
    await keys.press("Enter")
    await expect(page.locator(".said")).to_contain_text("Enregistrée")
