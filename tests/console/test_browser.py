"""Agents at work in a real browser, with a real daemon, mail in and mail out."""

import asyncio
import re
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from dtm_contact.access import Role
from tests.console.daemons import Served, chromium, come_in, served
from tests.outbound.relays import RelayServer, relay_server

AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
GRAVE = {"serious", "critical"}
HUGUETTE = "Huguette Joly <huguette.joly@courriel.example>"
LEAK = "Bonjour, grosse fuite dans ma cuisine, bâtiment A, 14 rue du 11-Novembre-1918. Rappelez-moi après 18 h."


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("daemon")) as running:
        yield running


async def axe(page: Page) -> list[str]:
    # By the debugger, not by a script of the page: its policy lets none of others run.
    await page.evaluate(AXE)
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
    found = await page.evaluate("rules => axe.run(document, rules)", rules)
    return [
        f"{fault['id']}: {node['html'][:120]}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


async def settle(page: Page, subject: str) -> str:
    """Return the number of the case of that subject once the queue shows it."""
    line = page.locator(".line", has_text=subject)
    await expect(line).to_be_visible(timeout=20_000)
    return str(await line.get_attribute("data-case"))


async def test_a_case_from_the_mail_to_the_answer(tmp_path: Path) -> None:
    async with relay_server(RelayServer()) as sink, chromium() as browser:
        outbound = {"DTM_OUTBOUND_HOST": "127.0.0.1", "DTM_OUTBOUND_PORT": str(sink.port)}
        outbound |= {"DTM_OUTBOUND_SECURITY": "none", "DTM_OUTBOUND_ANSWERS": "false"}
        with served(tmp_path, **outbound) as daemon:
            page = await come_in(browser, daemon.link("claire", Role.AGENCY, "agence"))
            await expect(page.get_by_text("Rien à traiter ici")).to_be_visible()
            await page.goto(f"{daemon.desk}/file?file=toutes")
            await asyncio.to_thread(daemon.send, HUGUETTE, "Fuite cuisine", LEAK)
            number = await settle(page, "Fuite cuisine")
            await page.locator(f"#d-{number} .open").click()
            await expect(page.get_by_text("Rappelez-moi après 18 h").first).to_be_visible()
            await expect(page.locator("mark.topic").first).to_be_visible()
            await _name_the_tenant(page)
            await _answer(page)
            await asyncio.wait_for(_taken(sink), 30)
            _, to, mail = next(each for each in sink.taken if _is_answer(each[2]))
            assert to == "huguette.joly@courriel.example"
            assert number in str(mail["Subject"])
            await page.get_by_text("Clore", exact=True).first.click()
            await page.locator("form[action$='/clore'] input[name=raison]").fill("Réponse donnée")
            await page.locator("form[action$='/clore'] button.primary").click()
            await page.wait_for_url("**/file?*")
            await page.get_by_role("button", name="Annuler").click()
            await expect(page.locator(".said")).to_contain_text("Changement annulé")
            await expect(page.locator(".casehead .due.closed")).to_have_count(0)


async def _name_the_tenant(page: Page) -> None:
    await page.locator("#trouves ~ form button, form[action$='/locataires'] input[type=search]").first.fill("Joli Jean")
    await page.locator("#trouves button", has_text="Jean-Luc Joly").click()
    await expect(page.locator(".said")).to_contain_text("Locataire précisé")
    await expect(page.locator(".whose")).to_contain_text("Jean-Luc Joly")


async def _answer(page: Page) -> None:
    await page.keyboard.press("r")
    await page.keyboard.type("Nous passons ce soir.")
    await page.get_by_role("button", name="Envoyer").click()
    await expect(page.locator(".said")).to_contain_text("Réponse en route")


async def _taken(sink: RelayServer) -> None:
    while not any(_is_answer(mail) for _, _, mail in sink.taken):
        await asyncio.sleep(0.05)


def _is_answer(mail: Message) -> bool:
    return b"Nous passons" in mail.as_bytes()


async def test_the_second_of_two_is_told(daemon: Served) -> None:
    async with chromium() as browser:
        first = await come_in(browser, daemon.link("un", Role.AGENCY, "agence"))
        second = await come_in(browser, daemon.link("deux", Role.AGENCY, "agence"))
        await asyncio.to_thread(daemon.send, HUGUETTE, "Deux agents", LEAK)
        await first.goto(f"{daemon.desk}/file?file=toutes")
        number = await settle(first, "Deux agents")
        for page in (first, second):
            await page.goto(f"{daemon.desk}/dossier/{number}")
        await first.get_by_role("button", name="Prendre", exact=True).click()
        await expect(first.locator(".said")).to_contain_text("il est à vous")
        await expect(second.locator("[data-changed]")).to_be_visible()
        await second.get_by_role("button", name="Prendre", exact=True).click()
        await expect(second.get_by_role("alert")).to_contain_text("a changé entre-temps")
        await expect(second.locator(".casehead")).to_contain_text("pris par un")


async def test_an_agent_of_another_office_finds_nothing(daemon: Served) -> None:
    async with chromium() as browser:
        agency = await come_in(browser, daemon.link("vue", Role.AGENCY, "agence"))
        await asyncio.to_thread(daemon.send, HUGUETTE, "Pour le Nord", LEAK)
        await agency.goto(f"{daemon.desk}/file?file=nord")
        number = await settle(agency, "Pour le Nord")
        other = await come_in(browser, daemon.link("ailleurs", Role.AGENT, "agence"))
        answer = await other.goto(f"{daemon.desk}/dossier/{number}")
        assert answer is not None
        assert answer.status == 404
        for path in (f"/recherche?q={number}", "/recherche?q=Nord", "/file?file=toutes"):
            await other.goto(f"{daemon.desk}{path}")
            await expect(other.get_by_text("Pour le Nord")).to_have_count(0)


async def test_a_p1_is_announced_until_somebody_takes_it(daemon: Served) -> None:
    async with chromium() as browser:
        page = await come_in(browser, daemon.link("veille", Role.AGENCY, "agence"))
        await page.goto(f"{daemon.desk}/aide")
        await page.mouse.click(5, 400)
        await asyncio.to_thread(daemon.send, HUGUETTE, "Odeur de gaz", "Ça sent très fort le gaz dans le hall.")
        alarm = page.locator(".alarm", has_text="Odeur de gaz")
        await expect(alarm).to_be_visible(timeout=20_000)
        assert await page.evaluate("document.body.dataset.rang")
        await expect(page).to_have_title(re.compile(r"^\(P1\)"))
        await alarm.get_by_role("button").click()
        await expect(page.locator(".alarm", has_text="Odeur de gaz")).to_have_count(0)


async def test_each_task_by_keyboard_alone(daemon: Served) -> None:
    async with chromium() as browser:
        page = await come_in(browser, daemon.link("clavier", Role.AGENCY, "agence"))
        await asyncio.to_thread(daemon.send, HUGUETTE, "Au clavier", LEAK.replace("grosse", "petite"))
        await page.goto(f"{daemon.desk}/file?file=toutes")
        number = await settle(page, "Au clavier")
        keys = page.keyboard
        for _ in range(12):
            await keys.press("j")
            if await page.locator(".line.here").get_attribute("data-case") == number:
                break
        await keys.press("o")
        await page.wait_for_url(f"**/dossier/{number}")
        await keys.press("t")
        await expect(page.locator(".said")).to_contain_text("il est à vous")
        await keys.press("n")
        await keys.type("Vu au clavier")
        await keys.press("Tab")
        await keys.press("Enter")
        await expect(page.locator(".said")).to_contain_text("Note ajoutée")
        await keys.press("e")
        await keys.type("Fait")
        await keys.press("Enter")
        await page.wait_for_url("**/file?*")
        await keys.press("z")
        await expect(page.locator(".said")).to_contain_text("Changement annulé")
        await keys.press("/")
        await keys.type("Joly")
        await keys.press("Enter")
        await page.wait_for_url("**/recherche?*")
        await expect(page.get_by_text("Mme Huguette Joly").first).to_be_visible()
        await keys.press("?")
        await page.wait_for_url("**/aide")


PATHS = (
    "/file?file=toutes", "/incidents", "/rendez-vous", "/nouveau", "/nouveau?q=Joly", "/recherche?q=Joly", "/aide",
    "/ecartes", "/foyer/L000001", "/journal", "/comptes", "/regles", "/dossier/{number}", "/dossier/{number}/regles",
    "/rendez-vous?dossier={number}", "/message/1", "/rien-de-tel",
)  # fmt: skip
LARGEST = 120_000


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 360)])
async def test_every_page_is_accessible_fits_and_is_light(daemon: Served, scheme: str, width: int) -> None:
    async with chromium() as browser:
        how = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
        head = await come_in(browser, daemon.link(f"regard{width}", Role.HEAD, "agence"), **how)
        admin = await come_in(browser, daemon.link(f"admin{width}", Role.ADMIN, "agence"), **how)
        await asyncio.to_thread(daemon.send, HUGUETTE, f"Pour voir {width}", LEAK)
        await head.goto(f"{daemon.desk}/file?file=toutes")
        number = await settle(head, f"Pour voir {width}")
        faults = []
        for path in PATHS:
            page = admin if path in {"/comptes", "/regles"} else head
            answer = await page.goto(daemon.desk + path.format(number=number))
            assert answer is not None
            if len(await answer.body()) > LARGEST:
                faults.append(f"{path}: {len(await answer.body())} octets")
            if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{path}: wider than the screen")
            faults += [f"{path}: {fault}" for fault in await axe(page)]
        await head.goto(f"{daemon.desk}/connexion")
        faults += [f"/connexion: {fault}" for fault in await axe(head)]
        assert faults == []
