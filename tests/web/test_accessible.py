"""Every page by axe-core, on screens of several widths, in light and dark."""

import asyncio
import itertools
import re
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
    "/dossier/{number}", "/adresse/A00001", "/accessibilite",
    "/dossier/{number}?modele=attente", "/reponses-types", "/reponses-types/fsl", "/reponses-types/nouvelle",
    "/dossier/{number}/regles", "/rendez-vous?dossier={number}", "/message/{arrival}", "/rien-de-tel", "/connexion",
    "/entrer/un-lien", "/moi", "/second-facteur", "/dangers", "/dossier/{number}/envoi/{outgoing}",
    "/chiffres", "/chiffres?p=an", "/chiffres/detail?c=in_time",
    "/chiffres/detail?c=opened&p=semaine", "/chiffres/carte", "/chiffres/fiche", "/chiffres/rapport",
    "/chiffres/dossiers?c=opened", "/tableau/hall",
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


SPACED = """() => { const sheet = new CSSStyleSheet();
  sheet.replaceSync("* { line-height: 1.5 !important; letter-spacing: .12em !important; }" +
    "* { word-spacing: .16em !important; } p { margin-bottom: 2em !important; }");
  document.adoptedStyleSheets = [sheet]; }"""
CLIPPED = """() => [...document.querySelectorAll("body *")].filter(each => {
  const style = getComputedStyle(each), box = each.getBoundingClientRect();
  if (!each.innerText || !box.width || box.right < 0 || each.closest(".unseen")) return false;
  if (style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none") return false;
  return (style.overflowY === "hidden" && each.scrollHeight > each.clientHeight + 1)
    || (style.overflowX === "hidden" && each.scrollWidth > each.clientWidth + 1);
}).map(each => each.outerHTML.slice(0, 80))"""
FOCUSED = """() => { const it = document.activeElement, style = getComputedStyle(it), box = it.getBoundingClientRect();
  // Past the last one the browser goes on to the first, or to itself.
  if (it === document.body || it === window.first) return "";
  window.first ||= it;
  const before = window.before; window.before = it;
  const line = it.closest("label, .line, .tab"), around = line ? getComputedStyle(line) : style;
  const next = it.nextElementSibling ? getComputedStyle(it.nextElementSibling) : style;
  const shown = [style, around, next].some(each => each.outlineStyle !== "none" || each.boxShadow !== "none");
  const told = it.outerHTML.slice(0, 90);
  if (!shown) return `focus unseen: ${told}`;
  if (box.bottom < 0 || box.top > innerHeight) return `focus off the screen: ${told}`;
  if (before && before.isConnected && !(before.compareDocumentPosition(it) & Node.DOCUMENT_POSITION_FOLLOWING))
    return `focus goes back: ${told}`;
  return "next"; }"""
FAULTY = """<style>:focus { outline: none } [tabindex="2"] { box-shadow: 0 0 1px }
  p { height: 1.2em; width: 12em; overflow: hidden }
  @keyframes turn { to { rotate: 1turn } } i { display: block; animation: turn 1s infinite }</style>
  <main><h1>Un</h1><h3>Trois</h3><i>tourne</i><p>Ce texte tient juste sur une ligne</p><button>Un</button>
  <button tabindex="2">Deux</button><button tabindex="1">Trois</button></main><header><nav>File</nav></header>"""
LANDMARKS = ("banner", "navigation", "search", "main", "contentinfo")


async def by_hand_faults(page: Page) -> list[str]:
    """Return what no rule of axe finds on the page that is shown: order, headings, focus, spacing, motion."""
    faults = []
    tree = await page.locator("body").aria_snapshot()
    found = [name for name in re.findall(r"^ *- (\w+)", tree, re.MULTILINE) if name in LANDMARKS]
    if list(dict.fromkeys(found)) != list(LANDMARKS):
        faults.append(f"landmarks in the order {found}")
    levels = [int(level) for level in re.findall(r'- heading ".*" \[level=(\d)\]', tree)]
    if levels.count(1) != 1 or any(after > before + 1 for before, after in itertools.pairwise(levels)):
        faults.append(f"headings of the levels {levels}")
    for _ in range(150):
        await page.keyboard.press("Tab")
        told = await page.evaluate(FOCUSED)
        if told == "":
            break
        faults += [told] if told != "next" else []
    else:
        faults.append("Tab never leaves the page")
    await page.emulate_media(reduced_motion="reduce")
    if moving := await page.evaluate("document.getAnimations().filter(each => each.playState === 'running').length"):
        faults.append(f"{moving} animations though none are wanted")
    await page.evaluate(SPACED)
    faults += [f"clipped by wide spaces: {each}" for each in await page.evaluate(CLIPPED)]
    if sticks_out := await page.evaluate(TOO_WIDE):
        faults.append(f"wider by wide spaces: {sticks_out}")
    return faults


async def test_what_no_automatic_check_sees_is_so(world: World, come: Come) -> None:
    page = await come(Role.HEAD)
    await page.set_viewport_size({"width": 1280, "height": 800})
    await by_hand(world, page, "L000001", "heating")
    case = page.url
    faults = []
    for path in (case, "/file?file=toutes", "/nouveau", "/recherche?q=Joly", "/accessibilite"):
        await page.goto(path if path == case else world.daemon.desk + path)
        faults += [f"{path}: {fault}" for fault in await by_hand_faults(page)]
    assert not faults, "\n".join(faults)
    await page.goto("about:blank")
    await page.set_content(FAULTY)
    seen = "\n".join(await by_hand_faults(page))
    for fault in ("landmarks in", "headings of", "focus unseen", "focus goes back", "animations though", "clipped by"):
        assert fault in seen, seen
