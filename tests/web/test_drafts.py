"""Nothing that is typed is lost: seven ways in which it was, each in a real browser, and who is told meanwhile."""

import asyncio
import re
from itertools import count

import pytest
from playwright.async_api import Page, Route, expect

from dtm_contact.access import Role
from dtm_contact.store import open_store
from tests.web.test_slips import GAS, file
from tests.web.world import NEWEST_ALARM, Come, World, said, sent, settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
WORDS = "Bonjour Madame, le plombier passe demain à 14 h."
PASSWORD = "un mot de passe assez long"
REPLY = "[action$='/repondre']"
TEXT = f"{REPLY} textarea"
_numbers = count(1)


async def opened(world: World, page: Page, subject: str, text: str = "Il y a des rats dans le local.") -> str:
    """Send a message, and open its case; return its number."""
    await page.goto(f"{world.daemon.desk}/file?file=toutes")
    await sent(world, subject, text, f"{subject.replace(' ', '.').lower()}@free.example")
    number = await settled(page, subject)
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    return number


async def write(page: Page, words: str = WORDS) -> None:
    """Write a reply."""
    await page.keyboard.press("r")
    await expect(page.locator(TEXT)).to_be_focused()
    await page.keyboard.insert_text(words)


async def kept(page: Page, form: str = REPLY) -> None:
    """Wait until the page says that what was written is kept."""
    await expect(page.locator(f"{form} [data-kept]")).to_contain_text("Brouillon enregistré")


def drafts(world: World, number: str) -> dict[str, str]:
    """Return the text of each draft on a case, by what it becomes; whoever's."""
    with open_store(world.daemon.url) as store:
        found = [store.drafts.on(each.id, number) for each in store.accounts.all()]
    return {kind.value: kept[0].fields.get("texte", "") for each in found for kind, kept in each.items()}


async def test_a_reload_and_other_pages_keep_what_is_written(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Brouillon un")
    await write(page)
    # Not even the pause is waited for: the last words go while the page does.
    await page.reload()
    await expect(page.locator(TEXT)).to_have_value(WORDS)
    await page.keyboard.press("Escape")
    await page.keyboard.press("n")
    await page.keyboard.insert_text("vu le gardien")
    await page.get_by_role("link", name="File", exact=True).first.click()
    await page.wait_for_url("**/file*")
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await expect(page.locator(TEXT)).to_have_value(WORDS)
    await expect(page.locator("[action$='/noter'] textarea")).to_have_value("vu le gardien")
    assert drafts(world, number) == {"reply": WORDS, "note": "vu le gardien"}


async def test_words_that_hurt_are_spoken_of_while_they_are_written(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Mots libres")
    note, hints = page.locator("[action$='/noter'] textarea"), page.locator("[action$='/noter'] [data-hints]")
    await page.keyboard.press("n")
    await page.keyboard.insert_text("Locataire pénible")
    await expect(hints).to_contain_text("« Locataire pénible » Jugement.")
    await expect(hints).to_have_attribute("role", "status")
    await page.reload()
    await expect(hints).to_contain_text("À la place :")
    await note.fill("Locataire rappelé")
    await expect(hints).to_be_empty()
    await note.fill("Locataire pénible, rappelé")
    await expect(hints).not_to_be_empty()
    await page.keyboard.press("Control+Enter")
    await said(page, "Note ajoutée")
    await expect(page.locator("#annonce .hints")).to_contain_text("À relire : « Locataire pénible »")
    assert drafts(world, number) == {}


async def test_a_refused_reply_keeps_its_text_and_shows_what_came_between(world: World, come: Come) -> None:
    page, colleague = await come(), await come()
    number = await opened(world, page, "Brouillon deux")
    await write(page)
    reply = page.locator(REPLY)
    await reply.locator("select[name=a]").select_option("brouillon.deux@free.example")
    await reply.get_by_role("checkbox", name="rien ne prouve").check()
    await colleague.goto(f"{world.daemon.desk}/dossier/{number}")
    await colleague.keyboard.press("t")
    await said(colleague, "c’est vous qui le suivez")
    await page.locator(TEXT).focus()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("alert").first).to_contain_text("entre-temps")
    await expect(page.locator(".unseen-before")).not_to_have_count(0)
    await page.reload()
    await expect(page.locator(TEXT)).to_have_value(WORDS)
    await expect(reply.get_by_role("checkbox", name="rien ne prouve")).to_be_checked()
    await page.locator(TEXT).focus()
    await page.keyboard.press("Control+Enter")
    await said(page, "Réponse en cours d’envoi")
    await page.reload()
    await expect(page.locator(TEXT)).to_have_value("")
    assert [event.data["text"] for event in file(world, number).events if event.what == "replied"] == [WORDS]
    assert drafts(world, number) == {}


async def test_a_reply_that_was_sent_never_comes_back_as_a_draft(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Brouillon parti")
    await write(page)
    reply = page.locator(REPLY)
    await reply.locator("select[name=a]").select_option("brouillon.parti@free.example")
    await reply.get_by_role("checkbox", name="rien ne prouve").check()
    await kept(page)
    await reply.get_by_role("button", name="Envoyer et clore").click()
    await said(page, "Réponse en cours d’envoi")
    await page.go_back()
    await expect(page.locator(TEXT)).to_have_value("")
    await page.goto(f"{world.daemon.desk}/file")
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await expect(page.locator(TEXT)).to_have_value("")
    assert drafts(world, number) == {}


async def test_two_tabs_keep_both_texts_and_say_so(world: World, come: Come) -> None:
    one = await come()
    number = await opened(world, one, "Deux onglets")
    two = await one.context.new_page()
    await two.goto(f"{world.daemon.desk}/dossier/{number}")
    await write(one, "UN")
    await kept(one)
    await write(two, "DEUX")
    await kept(two)
    await expect(two.locator(f"{REPLY} [data-beside]")).to_contain_text("Écrit aussi dans un autre onglet")
    await one.bring_to_front()
    await one.locator(TEXT).focus()
    await one.keyboard.insert_text(" suite")
    await expect(one.locator(f"{REPLY} [data-beside]")).to_be_visible()
    await two.close()
    async with one.expect_navigation():
        await one.get_by_role("link", name="Voir les deux textes").click()
    await expect(one.locator(TEXT)).to_have_value("UN suite")
    other = one.locator(".beside-text")
    await expect(other).to_contain_text("DEUX")
    await other.get_by_role("button", name="Ajouter à ce que j’écris").click()
    await expect(one.locator(TEXT)).to_have_value("UN suite\n\nDEUX")
    await other.get_by_role("button", name="Supprimer l’autre texte").click()
    await expect(other).to_have_count(0)
    await expect(one.locator(TEXT)).to_have_value("UN suite\n\nDEUX")
    await kept(one)
    assert drafts(world, number) == {"reply": "UN suite\n\nDEUX"}


async def test_the_end_of_a_session_is_followed_by_coming_in_again_in_place(world: World) -> None:
    name = f"fin{next(_numbers)}"
    world.daemon.account(name, Role.AGENCY, "agence", PASSWORD)
    context = await world.browser.new_context(locale="fr-FR")
    page = await context.new_page()
    page.set_default_navigation_timeout(120_000)
    await page.goto(f"{world.daemon.desk}/connexion")

    async def comes_in() -> None:
        await page.get_by_label("Mot de passe").fill(PASSWORD)
        await page.keyboard.press("Enter")

    await page.get_by_label("Identifiant").fill(name)
    await comes_in()
    await page.wait_for_url("**/file")
    number = await opened(world, page, "Brouillon trois")
    await write(page)
    await kept(page)
    await context.clear_cookies()
    await page.keyboard.insert_text(" Cordialement")
    dialog = page.get_by_role("dialog", name="Votre session est terminée")
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("Mot de passe").fill("faux")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("mot de passe")
    await dialog.get_by_label("Mot de passe").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.locator(TEXT)).to_have_value(f"{WORDS} Cordialement")
    await expect(page.locator(f"{REPLY} [data-kept]")).to_contain_text("Brouillon enregistré")
    await page.reload()
    await expect(page.locator(TEXT)).to_have_value(f"{WORDS} Cordialement")
    # By the page of the log-in one is back where one was, and what was kept last is there.
    await context.clear_cookies()
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await page.wait_for_url("**/connexion?vers=**")
    await page.get_by_label("Identifiant").fill(name)
    await comes_in()
    await page.wait_for_url(f"**/dossier/{number}")
    await expect(page.locator(TEXT)).to_have_value(f"{WORDS} Cordialement")
    await context.close()


async def test_a_template_is_added_and_overwrites_nothing(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Brouillon quatre")
    await write(page)
    await kept(page)
    # Without a script, too, it stands behind what was written.
    await page.goto(f"{world.daemon.desk}/dossier/{number}?modele=fsl")
    value = await page.locator(TEXT).input_value()
    assert value.startswith(f"{WORDS}\n\n")
    assert len(value) > len(WORDS) + 40


async def test_a_danger_that_comes_while_one_writes_leaves_the_draft(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Brouillon cinq")
    await write(page)
    await sent(world, "Gaz pendant le brouillon", GAS, "gaz.brouillon@free.example")
    alarm = page.locator(NEWEST_ALARM)
    await expect(alarm).to_be_visible()
    await expect(page.locator(TEXT)).to_have_value(WORDS)
    await alarm.get_by_role("link").first.click()
    await expect(page.locator("h1")).to_contain_text("Gaz pendant le brouillon")
    await page.go_back()
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await expect(page.locator(TEXT)).to_have_value(WORDS)


async def test_what_is_told_at_the_counter_stays_while_somebody_is_looked_for(world: World, come: Come) -> None:
    page = await come(path="/nouveau")
    text = page.locator("textarea[name=text]")
    await text.fill("Plus d’eau chaude depuis hier")
    await page.locator(".sheet input[name=q]").fill("Joly")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Huguette Joly").click()
    await expect(page.locator(".chosen")).to_contain_text("Huguette Joly")
    await expect(page.locator(".sheet [data-kept]")).to_contain_text("Brouillon enregistré")
    await page.goto(f"{world.daemon.desk}/file")
    await page.goto(f"{world.daemon.desk}/nouveau")
    await expect(text).to_have_value("Plus d’eau chaude depuis hier")
    await expect(page.locator(".chosen")).to_contain_text("Huguette Joly")
    # A second caller has a sheet of their own, and the first one's is a click away.
    await page.get_by_role("link", name="Commencer un autre dossier").click()
    await expect(text).to_have_value("")
    await page.get_by_role("link", name=re.compile("^Brouillon [0-9]")).click()
    await expect(text).to_have_value("Plus d’eau chaude depuis hier")
    await page.get_by_role("button", name="Ouvrir le dossier").click()
    await said(page, "Dossier ouvert")
    # Whoever comes back finds the case, and not its words as a second one.
    number = page.url.rpartition("/")[2].partition("?")[0]
    await page.go_back()
    await said(page, f"Ce dossier est ouvert : {number}")
    await expect(text).to_have_value("")
    await page.goto(f"{world.daemon.desk}/nouveau")
    await expect(text).to_have_value("")


async def test_a_cut_of_the_network_keeps_what_is_written_and_it_is_saved_afterwards(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Brouillon six")
    await page.context.set_offline(True)
    await write(page)
    await expect(page.locator(f"{REPLY} [data-kept]")).to_contain_text("Pas encore enregistré")
    await page.keyboard.press("Control+Enter")
    await page.context.set_offline(False)
    await kept(page)
    await expect(page.locator(TEXT)).to_have_value(WORDS)
    assert drafts(world, number) == {"reply": WORDS}


async def test_while_the_server_does_not_answer_the_page_says_that_nothing_is_kept(world: World, come: Come) -> None:
    page = await come()
    thaws = asyncio.Event()
    thaws.set()

    async def line(route: Route) -> None:
        await thaws.wait()
        await route.continue_()

    # Before the page is loaded: one that stands already may send a request past what is put in its way later.
    await page.route("**/brouillon", line)
    await opened(world, page, "Brouillon froid")
    await write(page)
    await kept(page)
    thaws.clear()
    await page.keyboard.insert_text(" À 15 h plutôt.")
    await expect(page.locator(f"{REPLY} [data-kept]")).to_contain_text("Pas encore enregistré")
    thaws.set()
    await kept(page)


async def test_a_draft_is_deleted_where_somebody_says_so(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Brouillon sept")
    await write(page)
    await kept(page)
    discard = page.locator(REPLY).locator("[data-discard]")
    await discard.get_by_text("Supprimer le brouillon").click()
    await discard.get_by_role("button", name="Annuler").click()
    await expect(page.locator(TEXT)).to_have_value(WORDS)
    assert drafts(world, number) == {"reply": WORDS}
    await discard.get_by_text("Supprimer le brouillon").click()
    await discard.get_by_role("button", name="Oui, supprimer").click()
    await said(page, "Brouillon supprimé")
    await expect(page.locator(TEXT)).to_have_value("")
    await page.reload()
    await expect(page.locator(TEXT)).to_have_value("")
    assert drafts(world, number) == {}


async def test_a_draft_is_nobodys_but_who_writes_it(world: World, come: Come) -> None:
    page, colleague = await come(), await come()
    number = await opened(world, page, "Brouillon huit")
    await write(page)
    await kept(page)
    await colleague.goto(f"{world.daemon.desk}/dossier/{number}")
    await expect(colleague.locator(TEXT)).to_have_value("")
    await expect(colleague.locator("[data-writing]")).to_contain_text("rédige une réponse")
    await expect(page.locator("[data-writing]")).to_be_hidden()
    answer = await colleague.request.get(f"{world.daemon.desk}/brouillon?forme=repondre&sur={number}")
    assert (await answer.json()) == {"revision": 0, "fields": {}, "writing": ""}
