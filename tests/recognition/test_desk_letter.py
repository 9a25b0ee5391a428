"""A letter that an agent enters at the desk, in a real browser and a real daemon: its scan is recognised and judged."""

import asyncio
from pathlib import Path

from dtm_contact.access import Role
from dtm_contact.model import Channel
from dtm_contact.store import open_store
from tests.recognition import letters
from tests.recognition.test_letters import NOTICE
from tests.web.daemons import chromium, come_in, served

PATIENCE = 400.0


async def test_a_scan_of_a_letter_without_a_word_beside_it_is_read_and_finds_its_office(tmp_path: Path) -> None:
    scan = tmp_path / "lettre.jpg"
    scan.write_bytes(letters.jpeg(NOTICE, letters.USUAL))
    bounds = {"DTM_RECOGNITION_SECONDS": "1800", "DTM_RECOGNITION_CPU_SECONDS": "120"}
    folder = tmp_path / "daemon"
    folder.mkdir()
    with served(folder, **bounds) as daemon:
        async with chromium() as browser:
            page = await come_in(browser, daemon.link("lea", Role.AGENCY, "agence"))
            page.set_default_timeout(180_000)
            await page.goto(f"{daemon.desk}/nouveau")
            await page.get_by_label("Par courrier").check()
            await page.locator("[data-upload]").set_input_files(scan)
            await page.locator("[data-file]").wait_for()
            await page.get_by_role("button", name="Ouvrir le dossier").click()
            await page.wait_for_url("**/*fait=new*")
            with open_store(daemon.url) as store:
                async with asyncio.timeout(PATIENCE):
                    while not (cases := store.cases.queue()):
                        await asyncio.sleep(0.5)
                number = cases[0].number
                (entered,) = store.cases.get(number).contacts
            await page.goto(f"{daemon.desk}/dossier/{number}")
            shown = await page.locator("img.scan").first.get_attribute("src")
            text = await page.content()
            picture = await page.request.get(f"{daemon.desk}{shown}")
    assert picture.status == 200
    assert "les infiltrations dans la chambre" in text
    assert entered.judgement is not None
    contact, decision = entered.judgement.contact, entered.judgement.decision
    assert contact.channel is Channel.DESK
    assert (contact.sender.name, contact.subject) == ("Mme Huguette Joly", "mise en demeure")
    assert contact.recognised is not None
    assert entered.judgement.match.tenant is not None
    assert entered.judgement.match.tenant.id == "T000001"
    assert decision.queue == "agence-juridique"
