"""Letters written at the desk, in a real browser: files through a real Postfix, copies, forwards, signatures."""

import asyncio
import hashlib
import os
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import expect

from dtm_contact.access import Role
from dtm_contact.store import open_store
from tests.outbound.postfix import postfix
from tests.web.daemons import chromium, come_in, served
from tests.web.test_accessible import looked_at
from tests.web.test_drafts import REPLY, TEXT, kept, opened, write
from tests.web.test_slips import file
from tests.web.world import Come, World, arrived, said, settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
MEGABYTE = 1024 * 1024
LIMIT = 36 * MEGABYTE
"""What docs/installation.md tells to set: attachments of 25 MB are a third larger on their way."""
LEFTS = "['.answered', '.letter-form'].map(it => document.querySelector(it).getBoundingClientRect().left)"


async def test_25_megabytes_go_through_a_real_postfix_and_arrive_bit_for_bit(tmp_path: Path) -> None:
    files = [tmp_path / "planning.pdf", tmp_path / "état des lieux.pdf"]
    sizes = (12 * MEGABYTE, 25 * MEGABYTE - 12 * MEGABYTE - 9)
    for path, size in zip(files, sizes, strict=True):
        path.write_bytes(b"%PDF-1.7\n" + os.urandom(size - 9))
    with postfix(LIMIT) as relay:
        outbound = {"HOST": "127.0.0.1", "PORT": str(relay.port), "SECURITY": "none", "ANSWERS": "false"}
        settings = {f"DTM_OUTBOUND_{name}": value for name, value in outbound.items()}
        folder = tmp_path / "daemon"
        folder.mkdir()
        with served(folder, **settings) as daemon:
            async with chromium() as browser:
                page = await come_in(browser, daemon.link("lea", Role.AGENCY, "agence"))
                page.set_default_timeout(180_000)
                await page.goto(f"{daemon.desk}/file?file=toutes")
                await asyncio.to_thread(daemon.send, "nadia@recu.example", "Mon planning", "Où est le planning ?")
                number = await settled(page, "Mon planning")
                await page.goto(f"{daemon.desk}/dossier/{number}")
                await write(page)
                reply = page.locator(REPLY)
                await reply.locator("[data-upload]").set_input_files(files)
                await expect(reply.locator("[data-file]")).to_have_count(2, timeout=180_000)
                await reply.locator("select[name=a]").select_option("nadia@recu.example")
                await reply.locator("[name=non_verifiee]").check()
                await reply.get_by_role("button", name="Envoyer", exact=True).click()
                await expect(page.locator(".said")).to_contain_text("Réponse en cours d’envoi", timeout=180_000)
            message = await asyncio.to_thread(_received, relay.received)
    found = {part.get_filename(): part for part in message.walk() if part.get_filename()}
    for path in files:
        octets = found[path.name].get_payload(decode=True)
        assert isinstance(octets, bytes)
        assert hashlib.sha256(octets).hexdigest() == hashlib.sha256(path.read_bytes()).hexdigest()


def _received(folder: Path, seconds: float = 240.0) -> EmailMessage:
    """Wait for the one message that is delivered into a folder."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for path in folder.glob("*") if folder.is_dir() else ():
            message = message_from_bytes(path.read_bytes(), policy=policy.default)
            assert isinstance(message, EmailMessage)
            return message
        time.sleep(0.2)
    pytest.fail("nothing was delivered")


def a_file(folder: Path, name: str = "quittance.pdf", octets: bytes = b"%PDF-1.7 quittance") -> Path:
    path = folder / name
    path.write_bytes(octets)
    return path


async def test_a_letter_with_a_copy_a_file_a_signature_and_the_original_closes_its_case(
    world: World, come: Come, tmp_path: Path
) -> None:
    page = await come()
    await page.goto(f"{world.daemon.desk}/moi")
    await page.get_by_label("Ma signature").fill("Léa Martin\nGestionnaire")
    await page.get_by_role("button", name="Enregistrer").click()
    await said(page, "Signature enregistrée")
    number = await opened(world, page, "Lettre un")
    await write(page)
    reply = page.locator(REPLY)
    # What is answered stands beside what is written.
    await expect(page.locator(".answered .text")).to_contain_text("Il y a des rats")
    await expect(page.locator(".answered .text")).to_be_in_viewport()
    await reply.locator("[data-upload]").set_input_files([a_file(tmp_path), a_file(tmp_path, "virus.exe", b"MZ")])
    await expect(reply.locator("[data-file]")).to_have_count(1)
    await expect(reply.locator("[data-attach-told]")).to_contain_text("format accepté")
    await kept(page)
    await page.reload()
    await expect(reply.locator("[data-file]")).to_contain_text("quittance.pdf")
    await reply.locator("select[name=a]").select_option("lettre.un@free.example")
    await reply.locator("[name=non_verifiee]").check()
    await reply.get_by_text("Autres destinataires et copies").click()
    await reply.get_by_label("Copie à d’autres adresses").fill("assistante@sociale.example")
    await reply.get_by_text("Objet, signature et message cité").click()
    await reply.get_by_label("Objet").fill("Les rats du local")
    await reply.get_by_role("button", name="Envoyer et clore").click()
    await page.wait_for_url("**/file?fait=reply*")
    assert "file=toutes" in page.url, "the queue is as it was left"
    to, mail = await arrived(world.sink, "Les rats du local")
    assert to == "lettre.un@free.example"
    assert str(mail["Cc"]) == "assistante@sociale.example"
    text = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    plain = bytes(text.get_payload(decode=True) or b"").decode()
    assert "Léa Martin" in plain
    assert "> Il y a des rats dans le local." in plain
    names = [part.get_filename() for part in mail.walk() if part.get_filename()]
    assert names == ["quittance.pdf"]
    events = file(world, number)
    assert events.case.state == "closed"
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await expect(page.locator(".said-reply")).to_contain_text("copie à assistante@sociale.example")
    await expect(page.locator(".said-reply").get_by_role("link", name="quittance.pdf")).to_be_visible()


async def test_a_message_goes_on_to_somebody_of_the_directory_by_keyboard(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Lettre deux")
    await page.keyboard.press("w")
    form = page.locator("[action$='/faire-suivre']")
    await expect(form.locator("select[name=a]")).to_be_focused()
    with open_store(world.daemon.url) as store:
        office = next(each for each in store.directory.load().offices if each.email)
    await form.locator("select[name=a]").select_option(office.email.lower())
    await form.locator("textarea").focus()
    await page.keyboard.insert_text("Une colonie est sous la cave.")
    await page.keyboard.press("Control+Enter")
    await said(page, "Transfert en cours d’envoi")
    to, mail = await arrived(world.sink, "Une colonie est sous la cave")
    assert to == office.email.lower()
    assert "rats dans le local" in mail.as_bytes().decode(errors="replace")
    await expect(page.locator(".said-forward")).to_contain_text("Une colonie est sous la cave.")
    assert [each.what for each in file(world, number).events if each.what == "forwarded"]


async def test_the_forms_are_accessible_while_somebody_writes(world: World, come: Come, tmp_path: Path) -> None:
    page = await come()
    await opened(world, page, "Lettre trois")
    await write(page)
    await page.locator(f"{REPLY} [data-upload]").set_input_files(a_file(tmp_path))
    await expect(page.locator(f"{REPLY} [data-file]")).to_have_count(1)
    faults = await looked_at(page)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.evaluate("document.dispatchEvent(new CustomEvent('desk:ended'))")
    await expect(page.get_by_role("dialog")).to_be_visible()
    faults += await looked_at(page)
    assert not faults, "\n".join(faults)
    await page.keyboard.press("Escape")
    # Side by side on a wide screen, one above the other on a phone; in both nothing is hidden.
    await page.set_viewport_size({"width": 1440, "height": 900})
    message, letter = await page.evaluate(LEFTS)
    assert message < letter
    await page.set_viewport_size({"width": 360, "height": 740})
    message, letter = await page.evaluate(LEFTS)
    assert message == letter
    await expect(page.locator(TEXT)).to_be_visible()
