"""Somebody who types on over a slow line: no letter is lost, and none does what lasts."""

import asyncio
import re

import pytest
from playwright.async_api import Page, Route, expect

from dtm_contact.labels.coded_text import text_of
from dtm_contact.store import CaseFile, open_store
from tests.web.world import NEWEST_ALARM, Come, World, said, sent, settled

pytestmark = pytest.mark.asyncio(loop_scope="session")
LATENCY = 600
"""Milliseconds added to each answer."""
BETWEEN = 35
"""Milliseconds between two letters: a sentence lasts from the act on its way to well after its answer."""
MEANT = 400
"""Milliseconds after which a letter is no part of the word that the one before it began."""
SENTENCE = "le technicien zélé passe à 14 h, expert exact, cliente rappelée et contente, tout est noté"


async def slow(page: Page, latency: int = LATENCY) -> None:
    """Let each answer come later from now on."""
    network = await page.context.new_cdp_session(page)
    await network.send("Network.enable")
    conditions = {"offline": False, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1}
    await network.send("Network.emulateNetworkConditions", conditions)


def file(world: World, number: str) -> CaseFile:
    with open_store(world.daemon.url) as store:
        return store.cases.get(number)


async def unchanged(world: World, number: str) -> None:
    """Make sure that nothing has happened to a case, once what was on its way had the time to arrive."""
    await asyncio.sleep(2 * LATENCY / 1000)
    assert [event.what for event in file(world, number).events] == ["opened"]


async def opened(world: World, page: Page, subject: str, text: str = "Il y a des rats dans le local.") -> str:
    """Send a message, open its case over what is a slow line from then on, and return its number."""
    await page.goto(f"{world.daemon.desk}/file?file=toutes")
    await sent(world, subject, text, f"{subject.replace(' ', '.').lower()}@free.example")
    number = await settled(page, subject)
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await slow(page)
    return number


async def test_a_note_is_written_while_the_case_is_being_taken(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Raton un")
    await page.evaluate("window.stays = true")
    await page.keyboard.press("t", delay=MEANT)
    await page.keyboard.type(f"n{SENTENCE}\n", delay=BETWEEN)
    await said(page, "c’est vous qui le suivez")
    await expect(page.locator(".casehead")).to_contain_text("suivi par moi")
    note = page.locator("[action$='/noter'] textarea")
    await expect(note).to_be_focused()
    await expect(note).to_have_value(f"{SENTENCE}\n")
    case = file(world, number).case
    assert (case.state, case.version) == ("open", 2)
    await page.keyboard.press("Control+Enter")
    await said(page, "Note ajoutée")
    await expect(page.locator(".said-note")).to_contain_text(SENTENCE)
    assert await page.evaluate("window.stays"), "nobody loaded the page anew"


async def test_who_opens_a_panel_by_mouse_writes_in_it(world: World, come: Come) -> None:
    page = await come()
    await opened(world, page, "Raton au clic")
    for name, word in (("Répondre", "repondre"), ("Noter", "noter")):
        await page.locator("#ecrire summary", has_text=re.compile(f"^{name}")).click()
        await page.keyboard.type("Bonjour Madame,\nrien", delay=BETWEEN)
        await expect(page.locator(f"[action$='/{word}'] textarea")).to_have_value("Bonjour Madame,\nrien")
    # Where somebody has to be chosen first, the caret is there.
    await page.locator("#ecrire summary", has_text=re.compile("^Faire suivre")).click()
    await expect(page.locator("[action$='/faire-suivre'] [name=a]")).to_be_focused()
    # With the caret elsewhere the letters are nobody's command, as long as a panel is open.
    await page.locator("h1").click()
    await page.keyboard.press("Escape")
    await page.locator("#ecrire summary", has_text=re.compile("^Noter")).click()
    await page.locator("h1").click()
    await page.keyboard.type("r", delay=MEANT)
    await page.keyboard.type(f"etf{SENTENCE}", delay=BETWEEN)
    await expect(page.locator("#ecrire .act[open], .acts .act[open]")).to_have_count(1)
    await page.locator(".acts summary", has_text="Clore").click()
    await page.keyboard.type("rien à faire\n", delay=BETWEEN)
    await expect(page.locator("[action$='/clore'] input[name=raison]").first).to_have_value("rien à faire")


async def test_of_a_word_typed_beside_all_fields_no_letter_is_a_command(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Raton beside")
    await page.keyboard.type("Bonjour Madame, rien n’est perdu", delay=BETWEEN)
    await expect(page.locator("#ecrire .act[open], .acts .act[open]")).to_have_count(0)
    await unchanged(world, number)
    # What came before the page's script listened makes no command of what follows it.
    holds = asyncio.Event()

    async def late(route: Route) -> None:
        await holds.wait()
        await route.continue_()

    await page.route("**/desk.js*", late)
    await page.goto(f"{world.daemon.desk}/dossier/{number}", wait_until="commit")
    await expect(page.locator("#ecrire")).to_be_visible()
    await page.keyboard.press("r")
    holds.set()
    await expect(page.locator("html.js")).to_have_count(1)
    await page.keyboard.type("onjour nadia", delay=BETWEEN)
    await expect(page.locator("#ecrire .act[open], .acts .act[open]")).to_have_count(0)
    await unchanged(world, number)


async def test_a_letter_leads_to_where_a_case_is_closed_and_a_sentence_does_not_close_it(
    world: World, come: Come
) -> None:
    page = await come()
    number = await opened(world, page, "Raton deux")
    await page.keyboard.type(f"e{SENTENCE}\n", delay=BETWEEN)
    await unchanged(world, number)
    await page.reload()
    await page.keyboard.press("e")
    await page.keyboard.press("Tab")
    await page.keyboard.type("réglé sur place\n", delay=BETWEEN)
    await expect(page.locator("[action$='/clore'] input[name=raison]").first).to_have_value("réglé sur place")
    # Enter in the reason sends nothing.
    await unchanged(world, number)
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/file?fait=done&de=*")
    assert text_of(file(world, number).case.done_reason) == "réglé sur place"
    # What is typed on into the next page commands nothing there.
    await page.keyboard.type(SENTENCE, delay=BETWEEN)
    await page.keyboard.press("Control+z")
    assert [event.what for event in file(world, number).events] == ["opened", "done"]


async def test_a_sentence_into_the_queue_closes_and_takes_nothing(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Raton trois")
    await page.keyboard.press("u")
    # The queue is not there yet, and what is typed meanwhile and after is no command of either page.
    await page.keyboard.type(SENTENCE, delay=BETWEEN)
    await page.wait_for_url(re.compile(r"/file(\?|$)"))
    await page.goto(f"{world.daemon.desk}/file?file=toutes")
    line = page.locator(f"#d-{number}")
    await line.locator("input[name=dossier]").check()
    await line.locator("input[name=dossier]").blur()
    await page.keyboard.type(f"e{SENTENCE}\n", delay=BETWEEN)
    await unchanged(world, number)


async def test_what_is_typed_and_refused_stays_and_what_came_between_is_shown(world: World, come: Come) -> None:
    page, colleague = await come(), await come()
    number = await opened(world, page, "Raton quatre")
    await page.keyboard.press("r")
    reply = page.locator("[action$='/repondre']")
    await reply.locator("select[name=a]").select_option("raton.quatre@free.example")
    await reply.get_by_role("checkbox").check()
    text = reply.locator("textarea")
    await text.focus()
    await page.keyboard.type("Nous passons demain", delay=BETWEEN)
    await colleague.goto(f"{world.daemon.desk}/dossier/{number}")
    await colleague.keyboard.type("t")
    await said(colleague, "c’est vous qui le suivez")
    await page.keyboard.press("Control+Enter")
    # The answer is not there yet.
    await page.keyboard.type(" à 14 h", delay=BETWEEN)
    await expect(page.get_by_role("alert")).to_contain_text("entre-temps. Relisez le dossier")
    await expect(page.locator(".casehead")).to_contain_text("suivi par Agent")
    await expect(text).to_be_focused()
    await page.keyboard.type(", sans faute", delay=BETWEEN)
    await expect(text).to_have_value("Nous passons demain à 14 h, sans faute")
    await page.keyboard.press("Control+Enter")
    await said(page, "Réponse en cours")
    replies = [event.data["text"] for event in file(world, number).events if event.what == "replied"]
    assert replies == ["Nous passons demain à 14 h, sans faute"]
    await expect(text).to_have_value("")


async def test_what_is_written_on_while_it_is_sent_is_kept(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Raton cinq")
    await page.keyboard.type("n")
    await page.keyboard.type("vu le gardien")
    await page.keyboard.press("Control+Enter")
    await page.keyboard.type(", puis la voisine", delay=BETWEEN)
    await said(page, "Note ajoutée")
    await expect(page.locator("[action$='/noter'] textarea")).to_have_value(", puis la voisine")
    assert file(world, number).events[-1].data["text"] == "vu le gardien"


async def test_two_acts_one_after_the_other_are_both_done(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Raton six")
    await page.get_by_role("button", name="Prendre", exact=True).click()
    await page.locator("[action$='/noter'] textarea").evaluate("it => { it.closest('details').open = true; }")
    await page.locator("[action$='/noter'] textarea").fill("vu")
    await page.get_by_role("button", name="Ajouter la note").click()
    await page.get_by_role("button", name="Ajouter la note").click()
    await said(page, "Note ajoutée")
    assert [event.what for event in file(world, number).events] == ["opened", "taken", "noted"]


async def test_a_cut_connection_loses_nothing(world: World, come: Come) -> None:
    page = await come()
    is_cut = True

    async def line(route: Route) -> None:
        await (route.abort("connectionreset") if is_cut else route.continue_())

    # Before the page is loaded: one that stands already may send a request past what is put in its way later.
    await page.route("**/noter", line)
    await opened(world, page, "Raton sept")
    await page.keyboard.type("nvu le gardien")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("alert")).to_contain_text("La connexion a été coupée")
    await expect(page.locator("[action$='/noter'] textarea")).to_have_value("vu le gardien")
    is_cut = False
    await page.keyboard.press("Control+Enter")
    await said(page, "Note ajoutée")


GAS = "Ça sent très fort le gaz dans tout le hall, on a mal à la tête."


async def test_a_danger_is_closed_by_saying_that_it_is_over(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Gaz au hall", GAS)
    await page.keyboard.press("t", delay=MEANT)
    await page.keyboard.type(f"n{SENTENCE}\n", delay=BETWEEN)
    await said(page, "c’est vous qui le suivez")
    await expect(page.locator("[action$='/noter'] textarea")).to_have_value(f"{SENTENCE}\n")
    assert file(world, number).case.state == "open"
    await page.keyboard.press("Escape")
    await page.keyboard.press("e")
    close = page.locator("[action$='/clore']").first
    await close.locator("[name=raison]").fill("GRDF à 14 h")
    await close.get_by_role("button", name="Danger écarté : clore").click()
    await expect(close.locator("select:invalid")).to_have_count(1)
    await close.locator("select").select_option(label="Les secours sont intervenus")
    await close.get_by_role("button", name="Danger écarté : clore").click()
    await said(page, "Dossier clos")
    await expect(page.locator("[action$='/noter'] textarea")).to_have_value(f"{SENTENCE}\n")
    case = file(world, number).case
    assert (case.state, text_of(case.done_reason)) == ("closed", "Les secours sont intervenus – GRDF à 14 h")


async def test_several_are_closed_but_for_dangers_and_taken_back_in_one(world: World, come: Come) -> None:
    page = await come(path="/file?file=toutes")
    numbers = []
    for subject, text in (("Huit gaz", GAS), ("Neuf rats", "Des rats."), ("Dix rats", "Encore des rats.")):
        await sent(world, subject, text, f"{subject.replace(' ', '.').lower()}@free.example")
        numbers.append(await settled(page, subject))
    await slow(page)
    line = page.locator(f"#d-{numbers[-1]}")
    stands = "it => it.getBoundingClientRect().top + scrollY"
    before = await line.evaluate(stands)
    for number in numbers:
        await page.locator(f"#d-{number} input[name=dossier]").check()
    assert await line.evaluate(stands) == before, "what is chosen stays under the pointer"
    await page.locator("#lot input[name=motif_de_cloture]").fill("dératisation faite")
    await page.keyboard.press("Enter")
    await page.locator("#lot").get_by_role("button", name="Clore").click()
    await said(page, "2 dossiers clos.")
    await said(page, "1 danger laissé ouvert")
    assert [file(world, number).case.state for number in numbers] == ["open", "closed", "closed"]
    await page.get_by_role("button", name="Annuler les 2").click()
    await said(page, "2 changements annulés.")
    assert [file(world, number).case.state for number in numbers] == ["open", "open", "open"]
    # No other test is to hear of it.
    await page.locator(NEWEST_ALARM).get_by_role("button").click()
    await said(page, "Dossier pris")


CLICKS_WHAT_COMES = """() => {
  const top = () => document.querySelector('#alertes .band > [data-alarm]'), first = top().dataset.alarm;
  const look = new MutationObserver(() => {
    if (!top() || top().dataset.alarm === first) return;
    look.disconnect();
    top().querySelector('button').click();
    document.body.dataset.clicked = top().dataset.alarm;
  });
  look.observe(document.body, { subtree: true, childList: true });
}"""


async def test_a_click_takes_no_danger_that_has_just_come_under_it(world: World, come: Come) -> None:
    page = await come(path="/aide")
    button = page.locator(NEWEST_ALARM).get_by_role("button")
    for at, subject in enumerate(("Gaz dessous", "Gaz dessus"), 1):
        await sent(world, subject, GAS, f"{subject.replace(' ', '.').lower()}@free.example")
        await expect(page.locator("#alertes [data-alarm]")).to_have_count(at)
    newest = str(await page.locator(NEWEST_ALARM).get_attribute("data-alarm"))
    await expect(button).to_contain_text(newest)
    await page.evaluate(CLICKS_WHAT_COMES)
    await button.click()
    await said(page, f"{newest} : Dossier pris")
    other = str(await page.locator(NEWEST_ALARM).get_attribute("data-alarm"))
    await expect(page.locator(f"body[data-clicked='{other}']")).to_have_count(1)
    # No other test is to hear of it; that it can be taken says that it was not.
    await button.click()
    await said(page, f"{other} : Dossier pris")


async def test_what_is_told_stays_while_a_person_is_looked_for(come: Come) -> None:
    page = await come(path="/nouveau")
    await slow(page)
    text = page.locator("textarea[name=text]")
    await text.fill("Plus d’eau chaude depuis hier")
    await page.locator(".sheet input[name=q]").fill("Joly")
    await page.keyboard.press("Enter")
    await text.focus()
    await page.keyboard.press("End")
    await page.keyboard.type(", au troisième", delay=BETWEEN)
    await page.get_by_role("button", name="Huguette Joly").click()
    await expect(page.locator(".chosen")).to_contain_text("Huguette Joly")
    await expect(text).to_have_value("Plus d’eau chaude depuis hier, au troisième")
    await page.get_by_role("button", name="Ouvrir le dossier").click()
    await said(page, "Dossier ouvert")
    await expect(page.locator(".whose")).to_contain_text("Huguette Joly")


async def test_a_danger_is_taken_from_the_banner_while_something_else_is_written(world: World, come: Come) -> None:
    page = await come(path="/nouveau")
    text = page.locator("textarea[name=text]")
    await text.fill("Plus d’eau chaude")
    await sent(world, "Gaz au sous-sol", GAS, "gaz.au.sous.sol@free.example")
    alarm = page.locator(NEWEST_ALARM)
    await expect(alarm).to_be_visible()
    number = str(await alarm.get_attribute("data-alarm"))
    await slow(page)
    await alarm.get_by_role("button").click()
    await text.focus()
    await page.keyboard.press("End")
    await page.keyboard.type(" depuis hier", delay=BETWEEN)
    await said(page, f"{number} : Dossier pris")
    await expect(alarm).to_have_count(0)
    await expect(text).to_be_focused()
    await expect(text).to_have_value("Plus d’eau chaude depuis hier")


async def test_the_end_of_a_session_loses_nothing(world: World, come: Come) -> None:
    page = await come()
    await opened(world, page, "Raton huit")
    await page.keyboard.type("nvu le gardien")
    await page.context.clear_cookies()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_role("dialog")).to_contain_text("Votre session est terminée")
    await page.evaluate("window.parts.load(document.querySelector('#alertes'), '/alertes')")
    await asyncio.sleep(2 * LATENCY / 1000)
    await expect(page.locator("[action$='/noter'] textarea")).to_have_value("vu le gardien")


async def test_an_answer_begun_for_the_agent_takes_no_word_of_theirs_away(world: World, come: Come) -> None:
    page = await come()
    await opened(world, page, "Raton neuf")
    await page.keyboard.type("rDébut. Fin.")
    text = page.locator("[action$='/repondre'] textarea")
    await text.evaluate("each => each.setSelectionRange(6, 6)")
    await page.locator(".canned > summary").click()
    await page.locator("[data-canned-search]").fill("réponse d'attente")
    await page.locator("#types button", has_text="Réponse d'attente").click()
    # Where the caret was, and what only the agent can write is chosen.
    await expect(text).to_have_value(re.compile(r"^Début\.\n\nBonjour.*répondez à ce message\.\n\n ?Fin\.$", re.DOTALL))
    chosen = "each => each.value.slice(each.selectionStart, each.selectionEnd)"
    assert await text.evaluate(chosen) == "[à compléter : ce que nous attendons, et de qui]"
    await page.keyboard.press("Tab")
    assert await text.evaluate(chosen) == "[à compléter : date]"
    # After the last of them the caret stays, for whoever writes on; the next Tab leads to the buttons.
    await page.keyboard.press("Tab")
    await expect(page.locator("[data-filled]")).to_contain_text("Il reste un passage à compléter plus haut.")
    await page.keyboard.type("10 décembre")
    await expect(text).to_be_focused()
    await expect(text).to_have_value(re.compile("10 décembre"))
    await page.keyboard.press("Tab")
    await expect(page.locator("[data-filled]")).to_contain_text("Il reste un passage à compléter plus haut.")
    await page.keyboard.press("Tab")
    await expect(text).not_to_be_focused()
    await page.locator("[action$='/repondre'] select[name=a]").select_option("raton.neuf@free.example")
    await page.locator("[action$='/repondre'] [name=non_verifiee]").check()
    await page.get_by_role("button", name="Envoyer", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("Complétez ou effacez")
    await expect(text).to_have_value(re.compile("^Début"))


async def test_tab_stays_in_a_draft_of_yesterday_whose_gap_has_been_filled(world: World, come: Come) -> None:
    page = await come()
    await opened(world, page, "Raton neuf")
    await page.keyboard.type("rNous venons [à compléter : date].")
    text = page.locator("[action$='/repondre'] textarea")
    await expect(page.locator("[action$='/repondre'] [data-kept]")).to_contain_text("Brouillon enregistré")
    await page.reload()
    await expect(text).to_have_value("Nous venons [à compléter : date].")
    await text.evaluate("each => { each.focus(); each.setSelectionRange(12, 32); }")
    await page.keyboard.type("le 10 décembre")
    await page.keyboard.press("Tab")
    await expect(text).to_be_focused()
    await expect(page.locator("[data-filled]")).to_contain_text("Plus rien à compléter.")
    await page.keyboard.press("End")
    await page.keyboard.press("Enter")
    await expect(text).to_have_value("Nous venons le 10 décembre.\n")
    await page.keyboard.press("Tab")
    await expect(text).not_to_be_focused()


async def test_enter_in_a_reason_sends_nothing_and_says_so(world: World, come: Come) -> None:
    page = await come()
    number = await opened(world, page, "Raton dix")
    await page.keyboard.press("e")
    await page.locator("[action$='/clore'] [name=raison]").fill("Réponse donnée")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("Entrée n’envoie rien ici")
    await page.goto(f"{world.daemon.desk}/dossier/{number}")
    await expect(page.locator("[data-key=e]")).to_have_text("Clore")
