"""Agents at work in a real browser, with a real daemon: mail in, calls in its log, mail out."""

import asyncio
import re
from datetime import datetime

import pytest
from playwright.async_api import expect

from dtm_contact.access import Role
from tests.calls.logs import MONDAY_NIGHT, record
from tests.web.world import Come, World, arrived, said, sent, settled

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_open_queue_fills_with_mail_and_with_calls(world: World, come: Come) -> None:
    page = await come()
    await page.evaluate("window.stays = true")
    await sent(world, "Fuite au fil de l’eau")
    await settled(page, "Fuite au fil de l’eau")
    at = int(datetime.now().timestamp()) - MONDAY_NIGHT  # noqa: DTZ005 - seconds since 1970 have no zone
    with world.calls.open("a") as log:
        log.write(record(at=at - 30, number="0616733185", context="from-trunk") + "\n")
    line = page.locator(".line", has_text="Message vocal à écouter")
    await expect(line).to_be_visible()
    await expect(line).to_contain_text("1 appel")
    assert await page.evaluate("window.stays"), "nobody loaded the page anew"


async def test_a_case_from_the_mail_to_the_answer(world: World, come: Come) -> None:
    page = await come()
    await sent(world, "Fuite cuisine")
    number = await settled(page, "Fuite cuisine")
    await page.locator(f"#d-{number} .open").click()
    await expect(page.locator(".wish")).to_contain_text("Rappelez-moi après 18 h")
    await expect(page.locator(".said-message mark.topic").first).to_be_visible()
    await page.locator(".finder input").fill("Joli Jean")
    await page.locator("#trouves button", has_text="Jean-Luc Joly").click()
    await said(page, "Locataire précisé : M. Jean-Luc Joly.")
    await expect(page.locator(".whose")).to_contain_text("Jean-Luc Joly")
    await page.get_by_text("Répondre", exact=True).click()
    # Nothing proves who wrote: writing there is a step of its own.
    await page.locator("[action$='/repondre'] select[name=a]").select_option("huguette.joly@courriel.example")
    unproven = page.locator("[action$='/repondre'] [name=non_verifiee]")
    if await unproven.is_visible():
        await unproven.check()
    await page.locator("[action$='/repondre'] textarea").fill("Nous passons ce soir.")
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await said(page, "Réponse en cours")
    # What became of it is said, too, as soon as it is known.
    await said(page, "Réponse envoyée à")
    to, mail = await arrived(world.sink, "Nous passons")
    assert to == "huguette.joly@courriel.example"
    assert number in str(mail["Subject"])
    # That it has left is no news to who wrote it; the case says that it is answered.
    await expect(page.locator(".casehead .due")).to_contain_text("répondu")
    await page.wait_for_timeout(1000)
    await expect(page.locator("[data-changed]")).to_be_hidden()
    # What is taken back is the change before; nobody shall think that it was the letter.
    await expect(page.locator("[data-undo]")).to_have_text("Annuler mon dernier changement : dossier pris")
    await page.locator("[data-undo]").click()
    await said(page, "Changement annulé : dossier pris. Le message envoyé, lui, est parti.")
    await page.emulate_media(media="print")
    for nobodys in (".top", ".alarms", ".acts", ".announce"):
        await expect(page.locator(nobodys).first).to_be_hidden()
    await expect(page.locator(".timeline")).to_contain_text("Rappelez-moi après 18 h")
    await page.emulate_media(media="screen")
    await page.get_by_text("Clore", exact=True).first.click()
    await page.locator("form[action$='/clore'] input[name=raison]").fill("Réponse donnée")
    await page.locator("form[action$='/clore'] button.primary").click()
    await page.wait_for_url("**/file?*")
    await page.get_by_role("button", name="Annuler").click()
    await said(page, "Changement annulé : dossier clos.")
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
        f"{world.daemon.desk}/dossier/{number}/repondre",
        form={**form, "texte": hostile, "a": "nadia@free.example", "non_verifiee": "1"},
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
    await said(first, "c’est vous qui le suivez")
    await expect(first.locator("[data-changed]")).to_be_hidden()
    await expect(second.locator("[data-changed]")).to_be_visible()
    await second.get_by_role("button", name="Prendre", exact=True).click()
    await expect(second.get_by_role("alert")).to_contain_text("entre-temps. Relisez le dossier")
    await expect(second.locator(".casehead")).to_contain_text("suivi par Agent")


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
    await expect(alarm).to_be_visible()
    assert await page.evaluate("document.body.dataset.rang")
    await expect(page).to_have_title(re.compile(r"^\(P1\)"))
    await alarm.get_by_role("button").click()
    await expect(page.locator(".alarm", has_text="Odeur de gaz")).to_have_count(0)


async def test_the_newest_danger_is_seen_first_with_its_place_in_one_line(world: World, come: Come) -> None:
    page = await come(viewport={"width": 360, "height": 740})
    gas = "Ça sent très fort le gaz dans la cage, 14 rue du 11-Novembre-1918. Huguette Joly"
    newest = page.locator("#alertes .band > [data-alarm]").first
    for subject in ("Danger premier", "Danger second", "Danger troisième"):
        await sent(world, subject, f"{gas} ({subject})")
        number = await settled(page, subject)
        await expect(newest).to_have_attribute("data-alarm", number)
        await expect(newest).to_have_class("alarm new")
    await expect(newest).to_contain_text("14 rue du 11-Novembre-1918")
    await expect(newest).to_contain_text("Huguette Joly")
    box = await page.locator("#alertes").bounding_box()
    assert box is not None
    assert box["height"] <= 0.15 * 740
    await page.locator("#alertes .rest summary").first.click()
    await expect(page.locator("#alertes .rest [data-alarm]").first).to_be_visible()
    for number in await page.evaluate("[...document.querySelectorAll('[data-alarm]')].map(each => each.dataset.alarm)"):
        await page.goto(f"{world.daemon.desk}/dossier/{number}")
        # The banner names the case of each of its buttons: the page's own is this one's.
        await page.locator("#actes").get_by_role("button", name="Je m’en occupe", exact=True).click()
        await said(page, "Dossier pris")


async def test_what_the_instruction_names_is_at_hand(world: World, come: Come) -> None:
    page = await come()
    await sent(world, "Fuite et consigne")
    number = await settled(page, "Fuite et consigne")
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await expect(page.locator("#consigne")).to_contain_text("Commandez le plombier")
    await page.set_viewport_size({"width": 1366, "height": 768})
    words = await page.locator(".said-message .text").first.bounding_box()
    assert words is not None
    assert words["y"] + 48 < 768, "the first lines of the message stand in the first screen"
    await page.keyboard.press("m")
    await expect(page.locator("[action$='/motif'] select")).to_be_focused()
    await expect(page.locator("[action$='/motif'] select option:checked")).to_contain_text("Fuite")
    await page.keyboard.press("Escape")
    await page.locator("#consigne button", has_text="Réponse type : Fuite").click()
    await expect(page.locator("[action$='/repondre'] textarea")).to_have_value(
        re.compile("Vous nous signalez une fuite")
    )
    assert await page.locator("#actes > *").count() <= 5, "three acts at hand, and the rest behind one"
    await page.locator("#consigne [data-hand-over]").click()
    await expect(page.locator("[action$='/transmettre'] select")).to_have_value("agence-sinistres")


async def test_a_number_among_arabic_words_is_read_as_it_was_written(world: World, come: Come) -> None:
    page = await come()
    text = "السلام عليكم، رقمي 06 12 00 00 11 وأسكن في 91 rue Hoche bât. B، هناك تسرب ماء كبير في المطبخ، شكرا"
    await sent(world, "Fuite et numéro", text)
    number = await settled(page, "Fuite et numéro")
    await page.locator(f"#d-{number} .open").click()
    await expect(page.locator(".timeline .text[dir=auto]").first).to_contain_text("06 12")
    # Where each of the words stands on the screen, from the left.
    lefts = await page.evaluate(
        """words => {
      const text = document.querySelector(".timeline .text[dir=auto]"), found = [];
      const nodes = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
      const whole = [...function* () { while (nodes.nextNode()) yield nodes.currentNode; }()];
      for (const word of words) for (const node of whole) {
        const at = node.data.indexOf(word);
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(node, at); range.setEnd(node, at + word.length);
        found.push(range.getBoundingClientRect().left);
        break;
      }
      return found;
    }""",
        ["06", "12", "11", "91", "rue", "Hoche", "B"],
    )
    assert len(lefts) == 7
    assert lefts[:3] == sorted(lefts[:3]), "a telephone number"
    assert lefts[3:] == sorted(lefts[3:]), "an address"
