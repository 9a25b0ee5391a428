"""The public form page: by hand and in a browser, without a script."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.ingest.http_intake import HttpIntake
from dtm_contact.model import Channel
from dtm_contact.reading import read
from dtm_contact.settings import HttpSettings
from tests.ingest.conftest import NOON
from tests.ingest.inbox import FakeInbox
from tests.web.daemons import chromium
from tests.web.test_accessible import looked_at

SAID = {
    "number": "ABCD-EFGH-3467",
    "nom": "Petit",
    "courriel": "claire.petit@courriel.example",
    "demande": "Plus de chauffage <b>depuis hier</b>",
}
PDF = ("pieces", ("bail.pdf", b"%PDF-1.4\n", "application/pdf"))


class Opened:
    """The page, open, and a client of it."""

    def __init__(self, intake: HttpIntake) -> None:
        self.intake = intake
        self.address = f"http://{intake.address}"
        self.client = httpx.AsyncClient(base_url=self.address, timeout=60)

    async def post(self, said: dict[str, Any], files: Any = (("pieces", ("", b"", "")),), **how: Any) -> httpx.Response:
        return await self.client.post("/demande", data=said, files=list(files), **how)


@pytest_asyncio.fixture
async def opened(inbox: FakeInbox, request: pytest.FixtureRequest) -> AsyncIterator[Opened]:
    values = {"port": 0, "stop_seconds": 1, "form_source": "site", **getattr(request, "param", {})}
    intake = HttpIntake(HttpSettings.model_validate(values), inbox, lambda: NOON, landlord="Bailleur & fils")
    await intake.listen()
    page = Opened(intake)
    yield page
    await page.client.aclose()
    await intake.stop()


async def test_what_people_write_is_a_request_as_programs_make_it(opened: Opened, inbox: FakeInbox) -> None:
    answer = await opened.post(SAID, [PDF])
    assert (answer.status_code, answer.headers["location"]) == (303, "demande/envoyee/ABCD-EFGH-3467")
    sent = await opened.client.get("/demande/envoyee/ABCD-EFGH-3467")
    assert "<strong>ABCD-EFGH-3467</strong>" in sent.text
    (arrival,) = inbox.arrivals
    contact = read(arrival)
    assert (arrival.external_id, contact.channel) == ("site:ABCD-EFGH-3467", Channel.FORM)
    assert contact.sender.address == "claire.petit@courriel.example"
    assert "Demande : Plus de chauffage <b>depuis hier</b>" in contact.new_text
    assert [each.name for each in contact.attachments] == ["demande.json", "bail.pdf"]
    assert b"site_web" not in arrival.raw


async def test_sent_twice_it_is_taken_once(opened: Opened, inbox: FakeInbox) -> None:
    assert [(await opened.post(SAID)).status_code for _ in range(2)] == [303, 303]
    other = await opened.post({**SAID, "demande": "Autre chose"})
    assert (other.status_code, len(inbox.arrivals)) == (409, 1)
    assert "sous le numéro ABCD-EFGH-3467" in other.text
    assert "Autre chose" in other.text
    again = re.search(r'name="number" value="([A-Z0-9-]{14})"', other.text)
    assert again is not None
    assert (await opened.post({**SAID, "demande": "Autre chose", "number": again[1]})).status_code == 303


FAULTS: dict[str, tuple[dict[str, str], list[Any], str]] = {
    "no request": ({"demande": "  "}, [], '<a href="#demande">Écrivez votre demande.</a>'),
    "no name": ({"nom": ""}, [], '<a href="#nom">Écrivez votre nom.</a>'),
    "half an address": ({"courriel": "claire@"}, [], 'id="courriel-error"'),
    "too long": ({"adresse": "x" * 301}, [], "Écrivez 300 caractères au plus."),
    "a program": ({}, [("pieces", ("a.exe", b"MZ", "application/pdf"))], '<a href="#pieces">'),
    "no PDF": ({}, [("pieces", ("a.pdf", b"MZ", "application/pdf"))], '<a href="#pieces">'),
    "a robot": ({"site_web": "http://x"}, [], "renvoyez la demande"),
}


@pytest.mark.parametrize("opened", [{"form_per_minute": 100}], indirect=True)
async def test_what_does_not_hold_is_shown_as_it_was_written(opened: Opened, inbox: FakeInbox) -> None:
    for case, (changed, files, told) in FAULTS.items():
        answer = await opened.post({**SAID, **changed}, files or [("pieces", ("", b"", ""))])
        assert (answer.status_code, told in answer.text) == (422, True), case
        assert 'value="ABCD-EFGH-3467"' in answer.text
        assert "demande" in changed or "Plus de chauffage &lt;b&gt;depuis hier&lt;/b&gt;" in answer.text
    assert inbox.arrivals == []


async def test_a_store_that_cannot_promise_loses_no_word(opened: Opened, inbox: FakeInbox) -> None:
    inbox.fault = StoreUnavailableError("full")
    answer = await opened.post(SAID)
    assert (answer.status_code, "Plus de chauffage" in answer.text) == (503, True)
    inbox.fault = None
    assert (await opened.post(SAID)).status_code == 303


@pytest.mark.parametrize("opened", [{"form_per_minute": 2, "proxies": ["127.0.0.1"]}], indirect=True)
async def test_one_client_sends_so_often_and_another_behind_the_proxy_too(opened: Opened) -> None:
    async def sent(client: str, number: str) -> int:
        return (await opened.post({**SAID, "number": number}, headers={"X-Forwarded-For": client})).status_code

    numbers = [f"ABCD-EFGH-34{end}" for end in ("66", "67", "68", "69")]
    assert [await sent("192.0.2.1", number) for number in numbers[:3]] == [303, 303, 429]
    assert await sent("192.0.2.2", numbers[3]) == 303


@pytest.mark.parametrize("opened", [{"size_limit": 3_000}], indirect=True)
async def test_too_large_is_said_in_words(opened: Opened, inbox: FakeInbox) -> None:
    answer = await opened.post(SAID, [("pieces", ("a.pdf", b"%PDF-" + b"x" * 4_000, "application/pdf"))])
    assert (answer.status_code, "trop volumineux" in answer.text) == (413, True)
    assert inbox.arrivals == []


async def test_a_number_of_ones_own_making_is_not_taken(opened: Opened, inbox: FakeInbox) -> None:
    assert (await opened.post({**SAID, "number": "AN-1"})).status_code == 303
    assert re.fullmatch(r"site:[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}", inbox.arrivals[0].external_id)
    wrong = await opened.client.get("/demande/envoyee/<script>")
    assert (wrong.status_code, "<script>" in wrong.text) == (404, False)


async def test_nothing_comes_from_elsewhere(opened: Opened) -> None:
    page = await opened.client.get("/demande")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "set-cookie" not in page.headers
    assert "script" not in page.text
    assert re.findall(r'(?:href|src|action)="([^"#]+)"', page.text) == [
        "demande/style.css",
        "tel:112",
        "tel:18",
        "demande",
    ]
    assert "Bailleur &amp; fils" in page.text
    style = (await opened.client.get("/demande/style.css")).text
    assert "url(" not in style
    assert "@import" not in style


@pytest.mark.parametrize("opened", [{"form_source": ""}], indirect=True)
async def test_it_is_closed_unless_it_is_set(opened: Opened) -> None:
    paths = ("/demande", "/demande/style.css", "/demande/envoyee/ABCD-EFGH-3467")
    assert [(await opened.client.get(path)).status_code for path in paths] == [404, 404, 404]


async def test_in_a_browser_without_scripts(opened: Opened, inbox: FakeInbox, tmp_path: Path) -> None:
    photo = tmp_path / "bail.pdf"
    photo.write_bytes(b"%PDF-1.4\n")
    async with chromium() as browser:
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto(f"{opened.address}/demande")
        await page.get_by_label("Votre demande").fill("Plus de chauffage")
        await page.get_by_label("Nom et prénom").fill("Claire Petit")
        await page.get_by_label("Photos ou documents").set_input_files(photo)
        await page.get_by_role("button", name="Envoyer la demande").click()
        await expect(page.get_by_role("heading", name="Votre demande est envoyée")).to_be_visible()
        number = await page.locator(".number strong").inner_text()
        assert [each.external_id for each in inbox.arrivals] == [f"site:{number}"]
        await page.get_by_role("link", name="Envoyer une autre demande").click()
        await expect(page.get_by_role("heading", name="Votre demande", exact=True)).to_be_visible()
        await context.close()


async def test_it_is_accessible_empty_refused_and_sent(opened: Opened) -> None:
    refused = await opened.post({**SAID, "nom": "", "courriel": "x", "demande": ""})
    async with chromium() as browser:
        page = await browser.new_page()
        faults: list[str] = []

        async def look() -> None:
            await page.emulate_media(color_scheme="light")
            await page.set_viewport_size({"width": 1440, "height": 800})
            faults.extend(f"{page.url}: {fault}" for fault in await looked_at(page))

        await page.goto(f"{opened.address}/demande")
        await look()
        # The page as it answers a form, at its own address.
        await page.route("**/demande", lambda route: route.fulfill(body=refused.text, content_type="text/html"))
        await page.goto(f"{opened.address}/demande")
        await expect(page.get_by_role("alert")).to_be_focused()
        await look()
        await page.goto(f"{opened.address}/demande/envoyee/ABCD-EFGH-3467")
        await look()
        assert not faults, "\n".join(faults)
