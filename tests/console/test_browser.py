"""Agents at work in a real browser, with a real daemon: mail in, calls in its log, mail out."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import Message
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from dtm_contact.access import Role
from tests.calls.logs import MONDAY_NIGHT, record
from tests.console.daemons import Served, chromium, come_in, served
from tests.outbound.relays import RelayServer, relay_server

# One daemon, one mail server and one browser for all: what each test does it finds by a subject of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")
VENDOR = Path(__file__).parent / "vendor"
GRAVE = {"serious", "critical"}
PASSWORD = "un mot de passe assez long"
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
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


@pytest_asyncio.fixture(loop_scope="module")
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
    await expect(line).to_be_visible(timeout=20_000)
    return str(await line.get_attribute("data-case"))


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


async def test_the_open_queue_fills_with_mail_and_with_calls(world: World, come: Come) -> None:
    page = await come()
    await page.evaluate("window.stays = true")
    await sent(world, "Fuite au fil de l’eau")
    await settled(page, "Fuite au fil de l’eau")
    at = int(datetime.now().timestamp()) - MONDAY_NIGHT  # noqa: DTZ005 - seconds since 1970 have no zone
    with world.calls.open("a") as log:
        log.write(record(at=at - 30, number="0616733185", context="from-trunk") + "\n")
    line = page.locator(".line", has_text="Message vocal à écouter")
    await expect(line).to_be_visible(timeout=20_000)
    await expect(line).to_contain_text("1 appel")
    assert await page.evaluate("window.stays"), "nobody loaded the page anew"


async def test_a_case_from_the_mail_to_the_answer(world: World, come: Come) -> None:
    page = await come()
    await sent(world, "Fuite cuisine")
    number = await settled(page, "Fuite cuisine")
    await page.locator(f"#d-{number} .open").click()
    await expect(page.locator(".wish")).to_contain_text("Rappelez-moi après 18 h")
    await expect(page.locator("mark.topic").first).to_be_visible()
    await page.locator(".finder input").fill("Joli Jean")
    await page.locator("#trouves button", has_text="Jean-Luc Joly").click()
    await said(page, "Locataire précisé")
    await expect(page.locator(".whose")).to_contain_text("Jean-Luc Joly")
    await page.get_by_text("Répondre", exact=True).click()
    await page.locator("[action$='/repondre'] textarea").fill("Nous passons ce soir.")
    await page.get_by_role("button", name="Envoyer").click()
    await said(page, "Réponse en route")
    to, mail = await arrived(world.sink, "Nous passons")
    assert to == "huguette.joly@courriel.example"
    assert number in str(mail["Subject"])
    await page.get_by_text("Clore", exact=True).first.click()
    await page.locator("form[action$='/clore'] input[name=raison]").fill("Réponse donnée")
    await page.locator("form[action$='/clore'] button.primary").click()
    await page.wait_for_url("**/file?*")
    await page.get_by_role("button", name="Annuler").click()
    await said(page, "Changement annulé")
    await expect(page.locator(".casehead .due.closed")).to_have_count(0)


# A header's value may hold line feeds once it is decoded: in the subject, in the writer's name.
INJECTING = b"""From: =?utf-8?q?Nadia=0D=0ABcc:_victime=40evil.example?= <nadia@free.example>
Subject: =?utf-8?q?Injection=0D=0ABcc:_victime=40evil.example=0D=0A=0D=0AVous_avez_gagn=C3=A9?=
Message-ID: <injection@free.example>
References: <un@free.example> <deux@free.example
 Bcc: victime@evil.example>

Bonjour, une fuite dans la cuisine.
"""


async def test_nothing_of_what_came_in_adds_a_header_to_the_reply(world: World, come: Come) -> None:
    page = await come()
    await asyncio.to_thread(world.daemon.hand_over, "nadia@free.example", INJECTING)
    number = await settled(page, "Injection")
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    form = {
        name: await page.locator(f"[action$='/repondre'] [name={name}]").input_value() for name in ("csrf", "version")
    }
    before = world.sink.recipients
    for forged in ({"a": "nadia@free.example\r\nBcc: victime@evil.example"}, {"a": "victime@evil.example"}):
        answer = await page.request.post(
            f"{world.daemon.desk}/dossier/{number}/repondre", form={**form, **forged, "texte": "Bonjour"}
        )
        assert answer.status == 409
    hostile = "Bien reçu.\r\n.\r\nMAIL FROM:<x@evil.example>\r\nBcc: victime@evil.example"
    answer = await page.request.post(
        f"{world.daemon.desk}/dossier/{number}/repondre", form={**form, "texte": hostile, "a": "nadia@free.example"}
    )
    assert answer.ok
    to, mail = await arrived(world.sink, "Bien re")
    assert (to, world.sink.recipients) == ("nadia@free.example", before + 1)
    assert mail["Bcc"] is None
    for header in ("To", "From", "Subject", "Reply-To", "Message-ID"):
        assert len(mail.get_all(header, [])) == 1, header
    assert mail["To"] == "nadia@free.example"
    assert "Bcc: victime@evil.example" in mail["Subject"], "in one line, as words"
    plain = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    assert b"\r\nBcc: victime@evil.example" in bytes(plain.get_payload(decode=True) or b"")


async def test_the_second_of_two_is_told(world: World, come: Come) -> None:
    first, second = await come(), await come()
    await sent(world, "Deux agents")
    number = await settled(first, "Deux agents")
    for page in (first, second):
        await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await first.get_by_role("button", name="Prendre", exact=True).click()
    await said(first, "il est à vous")
    await expect(second.locator("[data-changed]")).to_be_visible()
    await second.get_by_role("button", name="Prendre", exact=True).click()
    await expect(second.get_by_role("alert")).to_contain_text("a changé entre-temps")
    await expect(second.locator(".casehead")).to_contain_text("pris par agent")


async def test_an_agent_of_another_office_finds_nothing(world: World, come: Come) -> None:
    page = await come(path="/file?file=nord")
    await sent(world, "Pour le Nord")
    number = await settled(page, "Pour le Nord")
    other = await come(Role.AGENT, "agence")
    answer = await other.goto(f"{world.daemon.desk}/dossier/{number}")
    assert answer is not None
    assert answer.status == 404
    for path in (f"/recherche?q={number}", "/recherche?q=Nord", "/file?file=toutes"):
        await other.goto(f"{world.daemon.desk}{path}")
        await expect(other.get_by_text("Pour le Nord")).to_have_count(0)


async def test_a_p1_is_announced_until_somebody_takes_it(world: World, come: Come) -> None:
    page = await come(path="/aide")
    await page.mouse.click(5, 400)
    await sent(world, "Odeur de gaz", "Ça sent très fort le gaz dans le hall.")
    alarm = page.locator(".alarm", has_text="Odeur de gaz")
    await expect(alarm).to_be_visible(timeout=20_000)
    assert await page.evaluate("document.body.dataset.rang")
    await expect(page).to_have_title(re.compile(r"^\(P1\)"))
    await alarm.get_by_role("button").click()
    await expect(page.locator(".alarm", has_text="Odeur de gaz")).to_have_count(0)


class Keys:
    """A page that is worked by the keyboard alone."""

    def __init__(self, page: Page) -> None:
        self.page = page

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def write(self, words: str) -> None:
        await self.page.keyboard.type(words)

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
        lines = "[...document.querySelectorAll('.line')]"
        at = await self.page.evaluate(f"{lines}.findIndex(it => it.matches('.here'))")
        wanted = await self.page.evaluate(f"it => {lines}.findIndex(each => each.dataset.case === it)", number)
        await self.press(*(["j"] * (wanted - at) or ["k"] * (at - wanted)))
        assert await self.page.locator(".line.here").get_attribute("data-case") == number

    async def choose(self, value: str) -> None:
        """Go down the list that has the focus to a choice."""
        for _ in range(60):
            if await self.page.evaluate("document.activeElement.value") == value:
                return
            await self.press("ArrowDown")
        pytest.fail(f"no choice {value}")


@pytest_asyncio.fixture(loop_scope="module")
async def keys(world: World) -> AsyncIterator[Keys]:
    """A page in which somebody has logged in by password, with the keyboard."""
    name = f"clavier{next(_names)}"
    world.daemon.account(name, Role.AGENCY, "agence", PASSWORD)
    context = await world.browser.new_context(locale="fr-FR")
    page = await context.new_page()
    await page.goto(f"{world.daemon.desk}/connexion")
    keys = Keys(page)
    await keys.write(name)
    await keys.press("Tab")
    await keys.write(PASSWORD)
    await keys.press("Enter")
    await page.wait_for_url("**/file")
    yield keys
    await context.close()


async def opened(world: World, keys: Keys, subject: str) -> str:
    """Send a message, wait for it in the queue, go to it by `j` and `k`, and open it; return its number."""
    await keys.page.goto(f"{world.daemon.desk}/file?file=toutes")
    await sent(world, subject)
    number = await settled(keys.page, subject)
    await keys.go_to(number)
    await keys.press("o")
    await keys.page.wait_for_url(f"**/dossier/{number}")
    return number


async def test_a_case_is_worked_by_keyboard_alone(world: World, keys: Keys) -> None:
    number = await opened(world, keys, "Au clavier")
    page = keys.page
    await keys.press("t")
    await said(page, "il est à vous")
    await keys.press("l")
    await keys.write("Jean-Luc Joly")
    await expect(page.locator("#trouves button", has_text="Jean-Luc")).to_be_visible()
    await keys.tab_to("#trouves button")
    await keys.press("Enter")
    await said(page, "Locataire précisé")
    await keys.press("m")
    await keys.choose("heating")
    await keys.press("Tab", "Enter")
    await said(page, "Motif changé")
    await keys.press("r")
    await keys.write("Le chauffagiste passe demain.")
    await keys.press("Tab", "Enter")
    await said(page, "Réponse en route")
    await arrived(world.sink, "Le chauffagiste passe demain.")
    await keys.press("n")
    await keys.write("Vu au clavier")
    await keys.press("Tab", "Enter")
    await said(page, "Note ajoutée")
    await keys.press("a")
    await keys.write("Le chauffagiste passe")
    await keys.tab_to("button[name=jours][value='7']")
    await keys.press("Enter")
    await said(page, "Mis en attente")
    await keys.press("z")
    await said(page, "Changement annulé")
    await keys.press("v")
    await page.wait_for_url(f"**/rendez-vous?dossier={number}")
    await keys.tab_to("button[name=quand]")
    await keys.press("Enter")
    await said(page, "Rendez-vous pris")
    await arrived(world.sink, "text/calendar")
    await keys.press("f")
    await keys.choose("agence-accueil")
    await keys.press("Tab")
    await keys.write("Pour l’agence")
    await keys.press("Enter")
    await page.wait_for_url("**/file?*")
    await said(page, "Transmis")
    await keys.press("z")
    await said(page, "Changement annulé")
    await keys.press("e")
    await keys.write("Fait")
    await keys.press("Enter")
    await page.wait_for_url("**/file?*")
    await said(page, "Clos")


async def test_several_at_once_a_case_by_hand_and_search_by_keyboard_alone(world: World, keys: Keys) -> None:
    page = keys.page
    await opened(world, keys, "Deux à la fois, un")
    await keys.press("u")
    await page.wait_for_url("**/file*")
    await sent(world, "Deux à la fois, deux", LEAK.replace("fuite", "fissure"))
    await page.goto(f"{world.daemon.desk}/file?file=toutes")
    for which in ("un", "deux"):
        await keys.go_to(await settled(page, f"Deux à la fois, {which}"))
        await keys.press("x")
    await expect(page.locator("[data-chosen]")).to_contain_text("2 choisis")
    await keys.press("e")
    await keys.write("Vus ensemble")
    await keys.press("Enter")
    await said(page, "Clos. (2 sur 2)")
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
    await keys.tab_to("textarea[name=text]")
    await keys.write("La porte du hall ne ferme plus.")
    await keys.tab_to(".sheet button.primary")
    await keys.press("Enter")
    await said(page, "Dossier ouvert")
    await keys.press("?")
    await page.wait_for_url("**/aide")


async def by_hand(world: World, page: Page, dwelling: str, topic: str) -> None:
    """Open a case by hand."""
    await page.goto(f"{world.daemon.desk}/nouveau?dwelling={dwelling}")
    await page.locator("textarea[name=text]").fill(f"Plus de chauffage au {dwelling}.")
    await page.locator("select[name=topic]").select_option(topic)
    await page.get_by_role("button", name="Ouvrir le dossier").click()
    await said(page, "Dossier ouvert")


async def axe(page: Page) -> list[str]:
    # By the debugger, not by a script of the page: its policy lets none of others run.
    await page.evaluate((VENDOR / "axe-4.14.1.min.js").read_text(encoding="utf-8"))
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = await page.evaluate("rules => axe.run(document, rules)", rules)
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


PATHS = (
    "/file?file=toutes", "/file?vue=retard", "/incidents", "/incident/R001/heating", "/rendez-vous", "/nouveau",
    "/nouveau?q=Joly", "/recherche", "/recherche?q=Joly", "/recherche?q=introuvable", "/aide", "/ecartes",
    "/foyer/L000001", "/journal", "/comptes", "/regles", "/dossier/{number}",
    "/dossier/{number}?modele=accuse-reception",
    "/dossier/{number}/regles", "/rendez-vous?dossier={number}", "/message/{arrival}", "/rien-de-tel", "/connexion",
    "/entrer/un-lien",
)  # fmt: skip
LARGEST = 120_000
OPEN_ALL = "document.querySelectorAll('main details').forEach(each => { each.open = true; })"
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


LAID_OUT = b"""From: Huguette Joly <huguette.joly@courriel.example>
Subject: Pour voir %(width)d
Content-Type: text/html; charset=utf-8

<h2>Bonjour</h2><p>Grosse fuite de %(width)d litres dans ma cuisine, 14 rue du 11-Novembre-1918.
Mon portable : 06 98 76 54 32.
<a href="https://parishabitat.fr.evil.example/">parishabitat.fr</a></p><table><tr><td>Joignable le soir</table>
"""


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
async def test_every_page_is_accessible_fits_and_is_light(world: World, come: Come, scheme: str, width: int) -> None:
    how = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    head = await come(Role.HEAD, **how)
    admin = await come(Role.ADMIN, **how)
    await asyncio.to_thread(world.daemon.hand_over, "huguette.joly@courriel.example", LAID_OUT % {b"width": width})
    number = await settled(head, f"Pour voir {width}")
    for dwelling in ("L000001", "L000002"):
        await by_hand(world, head, dwelling, "heating")
    await head.goto(f"{world.daemon.desk}/dossier/{number}")
    arrival = str(await head.locator(".said-message").last.get_attribute("id")).removeprefix("m-")
    faults = []
    for path in PATHS:
        page = admin if path in {"/comptes", "/regles"} else head
        answer = await page.goto(world.daemon.desk + path.format(number=number, arrival=arrival))
        assert answer is not None
        assert answer.status in {200, 404 if path == "/rien-de-tel" else 200}, path
        if len(await answer.body()) > LARGEST:
            faults.append(f"{path}: {len(await answer.body())} octets")
        await page.evaluate(OPEN_ALL)
        faults += [f"{path}: {fault}" for fault in await axe(page)]
        for wide in (width, 720, 320):
            # 720 is 1440 at 200 %, 320 is 1280 at 400 %.
            await page.set_viewport_size({"width": wide, "height": 800})
            if await page.evaluate(TOO_WIDE):
                faults.append(f"{path}: wider than a screen of {wide}")
        await page.set_viewport_size({"width": width, "height": 800})
    assert faults == []
