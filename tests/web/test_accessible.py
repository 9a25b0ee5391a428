"""Every page by axe-core, on screens of several widths, in light and dark."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page

from dtm_contact.access import Role, digest_of
from dtm_contact.figures import CountingContext, TimeContext, count_days, periods_of
from dtm_contact.store import open_store
from tests.prove.figures_store import CALENDARS, PARIS
from tests.web.world import Come, World, said, settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
VENDOR = Path(__file__).parent / "vendor"
GRAVE = {"serious", "critical"}


async def by_hand(world: World, page: Page, dwelling: str, topic: str) -> None:
    """Open a case by hand."""
    await page.goto(f"{world.daemon.desk}/nouveau?dwelling={dwelling}")
    await page.locator("textarea[name=text]").fill(f"Plus de chauffage au {dwelling}.")
    await page.locator("select[name=topic]").select_option(topic)
    await page.get_by_role("button", name="Ouvrir le dossier").click()
    await said(page, "Dossier ouvert")


WHOLE = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
VIOLATIONS = """only => axe.run(document, {runOnly: only, resultTypes: ["violations"]})
  .then(found => found.violations)"""
LOOKS = ("color-contrast", "link-in-text-block", "scrollable-region-focusable", "target-size")


async def axe(page: Page, *only: str) -> list[str]:
    """Return what is seriously wrong with a page as it is shown, by the rules or groups of rules named."""
    violations = await page.evaluate(VIOLATIONS, list(only))
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in violations
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


PATHS = (
    "/file?file=toutes", "/file?vue=retard", "/incidents", "/incident/R001/heating", "/rendez-vous", "/nouveau",
    "/nouveau?q=Joly", "/recherche", "/recherche?q=Joly", "/recherche?q=introuvable", "/aide", "/ecartes",
    "/foyer/L000001", "/journal", "/journal/lectures", "/comptes", "/comptes/nouveau", "/compte/{account}",
    "/mot-de-passe-perdu", "/mot-de-passe/un-lien", "/regles", "/personnes",
    "/personnes?q=huguette.joly@courriel.example",
    "/dossier/{number}", "/adresse/A00001",
    "/dossier/{number}?modele=attente", "/reponses-types", "/reponses-types/fsl", "/reponses-types/nouvelle",
    "/dossier/{number}/regles", "/rendez-vous?dossier={number}", "/message/{arrival}", "/rien-de-tel", "/connexion",
    "/entrer/un-lien", "/moi", "/second-facteur", "/dangers", "/dossier/{number}/envoi/{outgoing}",
    "/chiffres", "/chiffres?p=an", "/chiffres/detail?c=in_time",
    "/chiffres/detail?c=opened&p=semaine", "/chiffres/carte", "/chiffres/dossiers?c=opened", "/tableau/hall",
)  # fmt: skip
LARGEST = 120_000
OPEN_ALL = "document.querySelectorAll('main details').forEach(each => { each.open = true; })"
OPEN_ONE = "at => document.querySelectorAll('.acts > .act').forEach((each, i) => { each.open = i === at; })"
TOO_WIDE = """() => document.documentElement.scrollWidth <= innerWidth ? "" : [...document.querySelectorAll("main *")]
  .filter(each => each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 80)).join()
"""


LAID_OUT = b"""From: Huguette Joly <huguette.joly@courriel.example>
Subject: Pour voir
Content-Type: text/html; charset=utf-8

<h2>Bonjour</h2><p>Grosse fuite dans ma cuisine, 14 rue du 11-Novembre-1918.
Mon portable : 06 98 76 54 32.
<a href="https://parishabitat.fr.evil.example/">parishabitat.fr</a></p><table><tr><td>Joignable le soir</table>
"""


async def test_every_page_is_accessible_fits_and_is_light(world: World, come: Come) -> None:
    head, admin = await come(Role.HEAD), await come(Role.ADMIN)
    await asyncio.to_thread(world.daemon.hand_over, "huguette.joly@courriel.example", LAID_OUT)
    number = await settled(head, "Pour voir")
    for dwelling in ("L000001", "L000002"):
        await by_hand(world, head, dwelling, "heating")
    await head.goto(f"{world.daemon.desk}/dossier/{number}")
    with open_store(world.daemon.url) as store:
        store.figures.add_board("hall", digest_of("hall"), datetime.now(UTC))
        today = datetime.now(UTC).date()
        grounds = CountingContext(TimeContext(PARIS, datetime.now(UTC), CALENDARS), {})
        store.figures.put(periods_of(store, count_days(store, today, today, grounds), datetime.now(UTC)))
    arrival = str(await head.locator(".said-message").last.get_attribute("id")).removeprefix("m-")
    await head.locator("[data-key=r]").click()
    reply = head.locator("[action$='/repondre']")
    await reply.locator("textarea").fill("Nous passons demain.")
    await reply.get_by_role("button", name="Envoyer", exact=True).click()
    await said(head, "Réponse en cours d’envoi")
    with open_store(world.daemon.url) as store:
        outgoing = next(each.id for each in store.outbox.of_case(number))
        account = store.accounts.all()[0].name
    named = {"number": number, "arrival": arrival, "outgoing": outgoing, "account": account}
    faults = []
    for path in PATHS:
        page = admin if path == "/regles" or path.startswith(("/personnes", "/compt")) else head
        await page.emulate_media(color_scheme="light")
        await page.set_viewport_size({"width": 1440, "height": 800})
        answer = await page.goto(world.daemon.desk + path.format(**named))
        assert answer is not None
        assert answer.status == (404 if path == "/rien-de-tel" else 200), path
        if len(await answer.body()) > LARGEST:
            faults.append(f"{path}: {len(await answer.body())} octets")
        faults += [f"{path}: {fault}" for fault in await looked_at(page)]
    assert not faults, "\n".join(faults)


async def looked_at(page: Page) -> list[str]:
    """Return what is wrong with a page, all unfolded: wide and light, at 200 and 400 %, on a phone in the dark."""
    await page.evaluate(OPEN_ALL)
    # By the debugger, not by a script of the page: its policy lets none of others run.
    await page.evaluate((VENDOR / "axe-4.14.1.min.js").read_text(encoding="utf-8"))
    faults = await axe(page, *WHOLE)
    await page.emulate_media(color_scheme="dark")
    for width in (1440 // 2, 1280 // 4, 360):
        await page.set_viewport_size({"width": width, "height": 800})
        if sticks_out := await page.evaluate(TOO_WIDE):
            faults.append(f"wider than a screen of {width}: {sticks_out}")
    for at in range(await page.locator(".acts > .act").count()):
        if sticks_out := await page.evaluate(f"at => {{ ({OPEN_ONE})(at); return ({TOO_WIDE})(); }}", at):
            faults.append(f"wider than a phone with menu {at}: {sticks_out}")
    return faults + [f"on a dark phone: {fault}" for fault in await axe(page, *LOOKS)]
