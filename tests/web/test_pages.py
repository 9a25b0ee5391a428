"""What pages show: order, search with slips, incidents, undo, appointments, the second who is told."""

import asyncio
import json
import re
import tempfile
import time
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path

import httpx
import pytest

from dtm_contact.access import Role, csrf_token
from dtm_contact.errors import ProgramFaultError, StoreUnavailableError
from dtm_contact.hours import PARIS
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    Attachment,
    Call,
    Candidate,
    Channel,
    ConversationMatch,
    Evidence,
    JoinedBy,
    Mailbox,
    Outcome,
    Part,
    Peril,
    Proposal,
    Span,
    Stated,
    VoiceNotice,
    Wish,
    Wished,
    WriterHome,
)
from dtm_contact.store import StoreRefusedError
from dtm_contact.web.search import ContactIndex, nearest
from tests.web.conftest import DeskAlone, Somebody, open_in

OXYGEN = Evidence("danger.phrase", 3.0, "sous oxygène")


@pytest.fixture
def secretary(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "claire", Role.AGENCY, "agence")


def numbers(page: str) -> list[str]:
    return re.findall(r'id="d-(\d{4}-\d{6})"', page)


def test_pages_of_the_queue_follow_on_without_gap_or_double(desk: DeskAlone, secretary: Somebody) -> None:
    opened = [open_in(desk.store, "nord" if at % 2 else "sud", f"m{at}") for at in range(95)]
    path, seen = "/file?file=toutes", list[str]()
    while path:
        page = secretary.get(path).text
        seen += numbers(page)
        more = re.search(r'class="button" href="(\?[^"]+)"', page)
        path = "/file" + more[1].replace("&amp;", "&") if more else ""
    assert seen == opened, "due times and openings grow with the numbers"


def test_lines_asked_for_by_the_page_itself_are_those_of_the_page(desk: DeskAlone, secretary: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    part = secretary.get("/file?file=toutes&morceau=1").text
    assert numbers(part) == [number]
    assert "<html" not in part


def test_a_line_tells_the_latest_message_and_the_head_of_a_case_the_town(desk: DeskAlone, secretary: Somebody) -> None:
    number = open_in(desk.store, "sud", "one", new_text="L'ascenseur marche pas, merci.")
    said = "Ma mère est sous oxygène."
    follows = ConversationMatch(number, JoinedBy.MESSAGE_ID, proven=True)
    joined = open_in(desk.store, "sud", "two", joining=follows, new_text=said, understood={"raised_by": (OXYGEN,)})
    assert joined == number
    (line,) = re.findall(r'<li class="line.*?</li>', secretary.get("/file?file=toutes").text, re.DOTALL)
    assert "2 messages" in line
    assert "Ma mère est sous oxygène" in line
    assert "dernier message" in line
    assert "ascenseur marche pas" not in line
    head = secretary.get(f"/dossier/{number}").text.partition('class="whose"')[2].partition("</p>")[0]
    assert desk.directory.residences["R02"].commune in head


def test_a_subject_that_is_the_topic_s_name_stands_once(desk: DeskAlone, secretary: Somebody) -> None:
    name = desk.names.topics["heating"]
    number = open_in(desk.store, "nord", "one", subject=name.upper())
    page = secretary.get(f"/dossier/{number}").text
    assert f"<h1>{name}</h1>" in page
    assert name.upper() not in secretary.get("/file?file=toutes").text


@pytest.mark.parametrize("asked", ["fuite", "fuitte", "fiute", "Fuite Nadia", "benali", "benaly"])
def test_search_forgives_slips(desk: DeskAlone, secretary: Somebody, asked: str) -> None:
    number = open_in(desk.store, "nord", "one")
    until = time.monotonic() + 30
    while desk.contact_index.upto < 1:
        assert time.monotonic() < until
    assert numbers(secretary.get(f"/recherche?q={asked}").text) == [number]


def test_the_words_of_the_search_have_no_name_on_the_disk(
    desk: DeskAlone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "words"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "words"))
    (tmp_path / "words").mkdir()
    open_in(desk.store, "nord", "one")
    index = ContactIndex(desk.store)
    # Nothing fits into the cache.
    index._words.execute("PRAGMA cache_size = 1")
    index.start()
    until = time.monotonic() + 30
    while index.upto < 1:
        assert time.monotonic() < until
    assert index.contacts("fuite")
    assert not list((tmp_path / "words").iterdir())
    index.stop()


def test_a_number_leads_straight_to_its_case(desk: DeskAlone, secretary: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    assert secretary.get(f"/recherche?q={number}").headers["location"] == f"/dossier/{number}"


def test_short_words_and_figures_are_taken_as_they_are() -> None:
    assert nearest("eau", ["peau", "eux"]) == []
    assert nearest("2026", ["2025"]) == []
    assert nearest("chaufage", ["chauffage", "chaussure"]) == ["chauffage"]


def test_households_of_one_residence_with_one_matter_are_one_incident(desk: DeskAlone, secretary: Somebody) -> None:
    one, two = open_in(desk.store, "nord", "one"), open_in(desk.store, "nord", "two")
    assert "Aucun incident" in secretary.get("/incidents").text, "one household, however often it writes"
    secretary.post(f"/dossier/{two}/locataire", locataire="", logement="L02", version=1)
    desk._cached.clear()
    page = secretary.get("/incidents").text
    assert "2 foyers, 2 dossiers" in page
    ended = secretary.post("/incident/R01/heating/clore", raison="Chaudière réparée")
    assert "2 dossiers clos." in secretary.get(ended.headers["location"]).text
    assert {desk.store.cases.get(number).case.state for number in (one, two)} == {"closed"}


def test_the_second_is_told_and_sees_the_case_as_it_is(desk: DeskAlone, agent: Somebody, secretary: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    assert agent.post(f"/dossier/{number}/prendre", version=1).status_code == 303
    answer = secretary.post(f"/dossier/{number}/clore", version=1, raison="Fait")
    assert answer.status_code == 409
    assert "Dossier pris par Paul à " in answer.text
    assert "suivi par Paul" in answer.text
    assert desk.store.cases.get(number).case.state == "open"


def test_what_was_handed_to_another_office_can_be_taken_back(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    moved = agent.post(f"/dossier/{number}/transmettre", version=1, file="pantin", raison="Pantin")
    assert moved.headers["location"] == f"/file?fait=move&de={number}&vers=pantin"
    assert agent.get(f"/dossier/{number}").status_code == 404
    assert agent.post(f"/dossier/{number}/annuler").status_code == 303
    assert agent.get(f"/dossier/{number}").status_code == 200


def test_an_appointment_is_made_listed_and_sent_as_an_invitation(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    page = agent.get(f"/rendez-vous?dossier={number}").text
    slot = re.search(r'name="quand" value="([^"]+)"', page)
    assert slot is not None
    assert agent.post(f"/dossier/{number}/rendez-vous", quand=slot[1]).status_code == 303
    assert slot[1] not in agent.get(f"/rendez-vous?dossier={number}").text
    assert number in agent.get(f"/rendez-vous?jour={slot[1][:10]}").text
    invitation = agent.get(f"/dossier/{number}/invitation").text
    assert "BEGIN:VEVENT" in invitation
    assert f"Dossier {number}" in invitation
    told = unescape(agent.get(f"/dossier/{number}?fait=appoint").text)
    assert re.search(r"Rendez-vous pris [^<]*\d+ h[^<]*Aucun courriel ne part", told)
    assert "Annuler ce rendez-vous" in told
    assert agent.post(f"/dossier/{number}/rendez-vous/annuler", quand=slot[1]).status_code == 303
    told = unescape(agent.get(f"/dossier/{number}?fait=cancel_appointment").text)
    assert re.search(r"Rendez-vous annulé [^<]*Aucun courriel ne part : prévenez la personne", told)
    assert "Annuler ce rendez-vous" not in told


def test_every_answer_bears_the_headers_that_keep_it_in(agent: Somebody) -> None:
    for path in ("/file", "/connexion", "/rien", "/aide"):
        answer = agent.get(path)
        assert "default-src 'none'" in answer.headers.get("content-security-policy", ""), path
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-encoding" not in answer.headers, "a page with a token in it is not compressed"


def test_where_the_tenant_lives_is_told_where_the_matter_is_elsewhere(
    desk: DeskAlone, agent: Somebody, secretary: Somebody
) -> None:
    at_home = open_in(desk.store, "nord", "one")
    assert "habite ailleurs" not in agent.get(f"/dossier/{at_home}").text
    home = WriterHome("L09", "R02")
    number = open_in(desk.store, "nord", "two", match={"dwelling": None, "home": home})
    assert "habite ailleurs : 9 rue Béranger" in secretary.get(f"/dossier/{number}").text
    # What another office works is not shown.
    page = agent.get(f"/dossier/{number}").text
    assert "habite ailleurs : un logement d’un autre bureau" in page
    assert "rue Béranger" not in page
    assert "Qui écrit" not in page
    assert "L&#39;auteur habite ailleurs" in secretary.get(f"/dossier/{number}").text


WORDS = "Fuite sous l’évier. Appelez-moi au 06 98 76 54 32 après 18 h svp, pas avant. Merci"
CALL = WORDS.index("Appelez"), WORDS.index("54")


def test_the_card_tells_what_is_wished_and_what_may_be_confirmed(desk: DeskAlone, agent: Somebody) -> None:
    said = Evidence("wish.word", 1.0, WORDS[slice(*CALL)], Span(Part.NEW, *CALL))
    number = open_in(
        desk.store,
        "nord",
        "one",
        new_text=WORDS,
        match={"proposals": (Proposal("number", "+33698765432", "T01", "06 98 76 54 32"),)},
        understood={"wishes": (Wished(Wish.CALL, said),)},
    )
    page = agent.get(f"/dossier/{number}").text
    # What was read is a question until somebody confirms it.
    heading = page.partition('id="entete"')[2].partition("</header>")[0].partition('class="wish"')[2]
    assert heading.partition("</p>")[0].startswith("><b>Comment le joindre ?</b> « Appelez-moi au 06 98 76 54 32")
    assert "à confirmer" in heading.partition("</p>")[0]
    assert 'name="valeur" value="+33698765432"' in page
    assert agent.post(f"/dossier/{number}/retenir", valeur="+33698765432", version=1).status_code == 303
    assert desk.store.desk.confirmed("T01", ["+33698765432"])
    offered = 'name="valeur" value="+33698765432"'
    assert offered not in agent.get(f"/dossier/{number}").text
    agent.post(f"/dossier/{number}/annuler")
    assert offered in agent.get(f"/dossier/{number}").text


def test_what_was_read_of_a_letter_stands_beside_the_message(desk: DeskAlone, agent: Somebody) -> None:
    said = Evidence("danger.word", 1.0, "gaz", Span(Part.ATTACHED, 14, 17))
    number = open_in(
        desk.store,
        "nord",
        "one",
        new_text="",
        attached_text="Une odeur <de gaz>",
        understood={"raised_by": (said,)},
    )
    page = agent.get(f"/dossier/{number}").text
    assert "<details open><summary>Pièce jointe (PDF), telle qu’elle a été lue</summary>" in page
    assert re.search("Une odeur &lt;de <mark[^>]*>gaz", page)


def test_a_voice_message_is_called_one_and_stands_on_the_card(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", voice=VoiceNotice("+33612345678"))
    page = agent.get(f"/dossier/{number}").text
    assert "<b>Message vocal</b> 06 12 34 56 78" in page
    assert "1 message vocal à écouter" in page


@pytest.fixture
def pair(desk: DeskAlone) -> tuple[str, str]:
    """Two cases of one household, the first of two messages."""
    return open_in(desk.store, "nord", "one", proven=True), open_in(desk.store, "nord", "two", proven=True)


def test_cases_are_linked_made_one_and_made_two(desk: DeskAlone, agent: Somebody, pair: tuple[str, str]) -> None:
    one, two = pair
    assert agent.post(f"/dossier/{one}/lier", autre=two, version=1).headers["location"] == f"/dossier/{one}?fait=link"
    version = desk.store.cases.get(two).case.version
    assert agent.post(f"/dossier/{two}/reunir", autre=one, version=version).status_code == 303
    held = desk.store.cases.get(one)
    assert (len(held.contacts), desk.store.cases.get(two).case.state) == (2, "closed")
    page = agent.get(f"/dossier/{one}").text
    assert "Séparer ces messages" in page
    last = held.contacts[-1].arrival_id
    assert agent.post(f"/dossier/{one}/separer", arrivee=str(last), version=held.case.version).status_code == 303
    assert len(desk.store.cases.get(one).contacts) == 1


def test_another_office_s_case_is_not_found_as_the_other_one_either(desk: DeskAlone, agent: Somebody) -> None:
    own, other = open_in(desk.store, "nord", "one"), open_in(desk.store, "sud", "two")
    for word in ("lier", "reunir"):
        assert agent.post(f"/dossier/{own}/{word}", autre=other, version=1).status_code == 404
    told = agent.get(agent.post("/file/clore", dossier=[own, other], motif_de_cloture="Fait").headers["location"]).text
    assert "1 dossier clos." in told
    assert f'Non fait pour <a href="/dossier/{other}">' in told
    states = [desk.store.cases.get(number).case.state for number in (own, other)]
    assert states == ["closed", "open"]


def test_a_promised_file_that_is_not_there_is_asked_about_once(
    desk: DeskAlone, agent: Somebody, secretary: Somebody, pair: tuple[str, str]
) -> None:
    number = open_in(desk.store, "nord", "letter", proven=True)
    promise = {"texte": "Vous trouverez ci-joint le plan.", "version": "1"}
    asked = agent.post(f"/dossier/{number}/repondre", **promise)
    assert asked.status_code == 409
    assert "« Vous trouverez ci-joint le plan »" in asked.text
    assert 'name="sans_piece"' in asked.text
    assert promise["texte"] in asked.text.partition("<textarea")[2]
    assert 'name="sans_piece"' not in agent.get(f"/dossier/{number}").text
    assert agent.post(f"/dossier/{number}/repondre", **promise, sans_piece="1").status_code == 303
    news = "/incident/R01/heating/nouvelle"
    asked = secretary.post(news, texte=promise["texte"])
    assert asked.status_code == 409
    assert 'name="sans_piece"' in asked.text
    assert secretary.post(news, texte=promise["texte"], sans_piece="1").status_code == 303
    assert all(desk.store.cases.get(each).events[-1].what == "replied" for each in pair)


def test_one_news_goes_to_all_of_an_incident(desk: DeskAlone, secretary: Somebody, pair: tuple[str, str]) -> None:
    secretary.post(f"/dossier/{pair[1]}/locataire", locataire="", logement="L02", version=1)
    told = secretary.post("/incident/R01/heating/nouvelle", texte="Le chauffagiste passe à 14 h.")
    assert "2 réponses en cours d’envoi." in secretary.get(told.headers["location"]).text
    replied = [event for number in pair for event in desk.store.cases.get(number).events if event.what == "replied"]
    assert [event.data["text"] for event in replied] == ["Le chauffagiste passe à 14 h."] * 2
    assert desk.store.outbox.waiting() == 2


def test_the_banner_of_a_p1_stands_on_every_page(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    agent.post(f"/dossier/{number}/priorite", priorite="P1", version=1)
    for path in ("/file", "/aide", "/rendez-vous", "/recherche"):
        assert f'data-alarm="{number}"' in agent.get(path).text, path
    # Beside another case no slip of the finger takes it; neither does the band that such a page asks for.
    beside = open_in(desk.store, "nord", "three")
    act = f'action="/dossier/{number}/prendre"'
    for path in (f"/dossier/{beside}", "/alertes?actes=non"):
        assert f'data-alarm="{number}"' in agent.get(path).text
        assert act not in agent.get(path).text
    assert 'data-part="/alertes?actes=non"' in agent.get(f"/dossier/{beside}").text
    assert act in agent.get("/alertes").text
    # Who is not known is called by what they gave, in words.
    other = open_in(desk.store, "nord", "two", match={"tenant": None}, alarm=MAYBE)
    possible = agent.get("/aide").text.partition(f'data-possible="{other}"')[2].partition("</a>")[0]
    assert "Nadia Benali" in possible
    assert "CodedText" not in possible
    agent.post(f"/dossier/{number}/prendre", version=2)
    assert "data-alarm=" not in agent.get("/aide").text


def test_ones_own_late_danger_comes_back_in_ones_banner(desk: DeskAlone, agent: Somebody, secretary: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", alarm=Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS))
    page = agent.get(f"/dossier/{number}").text.partition('id="actes"')[2].partition("</div>\n")[0]
    buttons = [page.index(words) for words in ("Je m’en occupe", ">Clore<", "Autres actions", ">Pas de danger<")]
    assert buttons == sorted(buttons)
    agent.post(f"/dossier/{number}/prendre", version=1)
    assert f'data-late="{number}"' in agent.get("/aide").text
    assert number not in secretary.get("/aide").text
    agent.post(f"/dossier/{number}/clore", danger_ecarte="rescued", version=2)
    assert "data-late" not in agent.get("/aide").text


def test_a_draft_is_seen_in_the_queue_by_whoever_writes_it(desk: DeskAlone, agent: Somebody) -> None:
    one, _two = open_in(desk.store, "nord", "one"), open_in(desk.store, "nord", "two")
    colleague = Somebody(desk, "anne", Role.AGENT, "nord")
    assert "Mes brouillons" not in agent.get("/file").text
    agent.post("/brouillon", forme="noter", sur=one, champs=json.dumps({"texte": "vu"}))
    page = agent.get("/file").text
    assert "Mes brouillons" in page
    assert page.count('class="begun">brouillon') == 1
    assert numbers(agent.get("/file?vue=brouillons").text) == [one]
    assert 'class="begun">' not in colleague.get("/file").text
    assert numbers(colleague.get("/file?vue=brouillons").text) == []


def test_of_very_many_dangers_the_banner_of_each_page_holds_four(desk: DeskAlone, agent: Somebody) -> None:
    for name in range(13):
        open_in(desk.store, "nord", f"m{name}", alarm=MAYBE)
    page = agent.get("/aide").text
    assert page.count("data-possible=") == 4
    assert "+ 12<" in page
    assert "Les 9 autres sont en tête de la file" in page


NADIA = "nadia.benali@free.example"


def test_a_reply_to_an_unproven_address_asks_a_second_step_and_keeps_what_was_chosen(
    desk: DeskAlone, agent: Somebody
) -> None:
    number = open_in(desk.store, "nord", "one", reply_to=Mailbox("", "nadia@evil.example"))
    page = agent.get(f"/dossier/{number}").text
    assert '<option value="">Choisissez une adresse</option>' in page
    assert f"Non vérifiée\N{NO-BREAK SPACE}: {NADIA}" in page
    assert "Non vérifiée, adresse de réponse\N{NO-BREAK SPACE}: nadia@evil.example" in page
    refused = agent.post(f"/dossier/{number}/repondre", texte="Bonjour", a=NADIA, version=1)
    assert refused.status_code == 409
    assert "rien ne prouve" in refused.text
    assert f'<option value="{NADIA}" data-unproven selected>' in refused.text
    assert desk.store.outbox.waiting() == 0
    sent = agent.post(f"/dossier/{number}/repondre", texte="Bonjour", a=NADIA, version=1, non_verifiee="1")
    assert sent.headers["location"] == f"/dossier/{number}?fait=reply"
    assert desk.store.outbox.waiting() == 1


def test_a_proven_address_is_chosen_beforehand(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    page = agent.get(f"/dossier/{number}").text
    assert f'<input type="hidden" name="a" value="{NADIA}">' in page
    assert "non_verifiee" not in page


def test_a_robot_is_no_addressee_and_nothing_to_keep(desk: DeskAlone, agent: Somebody) -> None:
    robot = "no-reply@standard-vocal.example"
    number = open_in(desk.store, "nord", "one", sender=Mailbox("", robot))
    page = agent.get(f"/dossier/{number}").text
    assert f'value="{robot}"' not in page
    assert "Aucune adresse à laquelle répondre" in page
    assert f'value="{robot}"' not in agent.get(f"/rendez-vous?dossier={number}").text


def test_only_where_nothing_is_unproven_somebody_is_invited(desk: DeskAlone, agent: Somebody) -> None:
    stranger, proven = open_in(desk.store, "nord", "one"), open_in(desk.store, "nord", "two", proven=True)
    assert NADIA not in agent.get(f"/rendez-vous?dossier={stranger}").text
    assert f'<option value="{NADIA}">' in agent.get(f"/rendez-vous?dossier={proven}").text


def test_to_choose_a_candidate_keeps_no_address(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    agent.post(f"/dossier/{number}/locataire", locataire="T01", version=1)
    assert desk.store.desk.confirmations(["T01"]) == []
    assert f'name="valeur" value="{NADIA}"' in agent.get(f"/dossier/{number}").text, "that is a button of its own"


def test_what_is_kept_of_a_household_is_shown_and_taken_back(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    agent.post(f"/dossier/{number}/retenir", valeur=NADIA, version=1)
    page = agent.get("/foyer/L01").text
    assert "Coordonnées ajoutées par les agents" in page
    assert f'<a href="/dossier/{number}">dossier {number}</a>' in page
    assert "ajoutée par Paul" in page
    agent.post("/foyer/L01/retirer", locataire="T01", valeur=NADIA)
    assert desk.store.desk.confirmations(["T01"]) == []
    assert "Coordonnées ajoutées par les agents" not in agent.get("/foyer/L01").text
    lines = desk.store.accounts.trail_of(subject="L01", who="paul", limit=10)
    assert "withdrew" in {line.what for _id, line in lines}
    assert agent.post("/foyer/L01/retirer", locataire="T01", valeur=NADIA).status_code == 404


def danger(desk: DeskAlone, agent: Somebody) -> str:
    """Return the number of a case that is a danger, by an agent's hand."""
    number = open_in(desk.store, "nord", "danger")
    agent.post(f"/dossier/{number}/priorite", priorite="P1", version=1)
    return number


def test_a_danger_is_closed_by_saying_why_it_is_over(desk: DeskAlone, agent: Somebody) -> None:
    number = danger(desk, agent)
    refused = agent.post(f"/dossier/{number}/clore", version=2, raison="Réponse donnée")
    assert refused.status_code == 409
    assert "pourquoi le danger est écarté" in refused.text
    assert 'value="Réponse donnée"' in refused.text, "what was typed comes back"
    assert "Rappelé, joint" not in refused.text
    given = {"danger_ecarte": "checked", "raison": "vu sur place"}
    assert agent.post(f"/dossier/{number}/clore", version=2, **given).status_code == 303
    closed = desk.store.cases.get(number).case
    assert text_of(closed.done_reason) == "Vérifié sur place : pas de danger – vu sur place"


@pytest.mark.parametrize(
    ("word", "given"),
    [
        ("noter", {"texte": ""}),
        ("transmettre", {"file": "pantin", "raison": "c’est à Pantin"}),
        ("attendre", {"raison": "pièce commandée", "quand": "2020-01-01", "heure": "10:00"}),
        ("etiqueter", {"ajouter": "un, deux"}),
        ("repondre", {"texte": "Nous passons <demain>"}),
        ("lier", {"autre": "2026-000001"}),
    ],
)
def test_what_is_refused_comes_back_in_its_field(
    desk: DeskAlone, agent: Somebody, word: str, given: dict[str, str]
) -> None:
    number = open_in(desk.store, "nord", "one")
    agent.post(f"/dossier/{number}/etiqueter", ajouter="autre", version=1)
    answer = agent.post(f"/dossier/{number}/{word}", version=1, **given)
    assert answer.status_code == 409
    form = re.search(rf'<form method="post" action="/dossier/{number}/{word}".*?</form>', answer.text, re.DOTALL)
    assert form is not None
    shown = form[0].replace("&lt;", "<").replace("&gt;", ">")
    assert all(value in shown for value in given.values())
    before = answer.text[: form.start()]
    for within in ("preview", "canned"):
        before = re.sub(rf'<details class="{within}".*?</details>', "", before, flags=re.DOTALL)
    opened_again = before.rpartition("<details")[2]
    assert re.match(r"[^>]* open>", opened_again), "and is not folded"


def test_several_are_closed_but_for_dangers_and_taken_back_in_one(desk: DeskAlone, agent: Somebody) -> None:
    urgent, maybe = danger(desk, agent), open_in(desk.store, "nord", "maybe", alarm=MAYBE)
    one, two = open_in(desk.store, "nord", "one"), open_in(desk.store, "nord", "two")
    without = agent.post("/file/clore", dossier=[one, two], ici="?file=nord")
    assert without.status_code == 409
    assert re.findall(r'value="(\d{4}-\d{6})" form="lot" checked', without.text) == [one, two]
    closed = agent.post("/file/clore", dossier=[urgent, maybe, one, two], motif_de_cloture="Fait", ici="?file=nord")
    page = agent.get(closed.headers["location"]).text
    assert "2 dossiers clos." in page
    assert "2 dangers laissés ouverts" in page
    assert "Annuler les 2" in page
    lot = re.search(r'name="lot" value="([^"]+)"', page)
    assert lot is not None
    agent.post(f"/dossier/{one}/rouvrir", version=desk.store.cases.get(one).case.version)
    back = agent.get(agent.post("/file/annuler", lot=lot[1], ici="?file=nord").headers["location"]).text
    assert "1 changement annulé." in back
    assert f'Non fait pour <a href="/dossier/{one}">' in back
    assert [desk.store.cases.get(number).case.state for number in (urgent, maybe, one, two)] == ["open"] * 4


def test_a_sheet_that_opened_a_case_says_which_and_is_no_draft_again(agent: Somebody) -> None:
    about = "0123456789abcdef0123456789abcdef"
    fields = json.dumps({"text": "Plus d'eau", "name": "Mme Petit"})
    assert agent.post("/brouillon", forme="nouveau", sur=about, champs=fields).json()["revision"] == 1
    agent.post("/nouveau", id=about, visit="call", text="Plus d'eau", name="Mme Petit")
    refused = agent.post("/brouillon", forme="nouveau", sur=about, champs=fields)
    assert refused.status_code == 410
    page = agent.get(f"/nouveau?ouvert={about}").text
    assert "Ce dossier est ouvert" in page
    assert "Mme Petit" not in page
    assert about not in page
    assert "Ce dossier est ouvert" not in agent.get("/nouveau?ouvert=ffffffffffffffff").text


def test_a_new_sheet_shows_what_is_open_for_the_household(desk: DeskAlone, agent: Somebody) -> None:
    open_, closed = open_in(desk.store, "nord", "one"), open_in(desk.store, "nord", "two")
    agent.post(f"/dossier/{closed}/clore", raison="Fait", version=1)
    page = agent.get("/nouveau?tenant=T01&dwelling=L01").text
    assert f'/dossier/{open_}"' in page
    assert f'/dossier/{closed}"' not in page
    assert "Pour quel locataire" in page
    assert "Qui appelle, si c’est quelqu’un d’autre" in page


def test_what_all_of_an_incident_refuse_comes_back(desk: DeskAlone, secretary: Somebody, pair: tuple[str, str]) -> None:
    secretary.post(f"/dossier/{pair[1]}/locataire", locataire="", logement="L02", version=1)
    desk.settings.outbound.host = ""
    answer = secretary.post("/incident/R01/heating/nouvelle", texte="Le chauffagiste passe.")
    assert answer.status_code == 409
    assert "Aucun serveur" in answer.text
    assert "Le chauffagiste passe.</textarea>" in answer.text


MAYBE = Alarm(AlarmLevel.POSSIBLE, AlarmSource.MODEL, 0.41, 0.7)


def test_a_possible_danger_is_closed_by_saying_why_there_is_none(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "maybe", alarm=MAYBE)
    page = agent.get(f"/dossier/{number}").text
    assert "<b>Danger possible :</b> le danger est-il écarté ?" in page
    assert "Envoyer et clore" not in page
    assert "Joint et réglé" not in page
    refused = agent.post(f"/dossier/{number}/clore", raison="doublon", version=1)
    assert refused.status_code == 409
    assert "un danger possible n&#39;est clos que si" in refused.text.lower()
    agent.post(f"/dossier/{number}/clore", danger_ecarte="false_alarm", version=1)
    assert desk.store.cases.get(number).case.state == "closed"


def test_a_possible_danger_is_first_and_says_why_and_an_agent_says_what_it_is(
    desk: DeskAlone, secretary: Somebody
) -> None:
    other = open_in(desk.store, "nord", "one")
    number = open_in(desk.store, "nord", "two", alarm=MAYBE)
    page = secretary.get("/file?file=toutes").text
    assert numbers(page) == [number, other]
    assert "Danger possible" in page
    card = secretary.get(f"/dossier/{number}").text
    head = "parce que des mots du message peuvent annoncer un danger, ou dire autre chose"
    assert f"Danger possible\u00a0: {head}\u00a0; l&#39;astreinte n&#39;est pas prévenue" in card
    assert "danger-reel" not in secretary.get(f"/dossier/{other}").text
    secretary.post(f"/dossier/{number}/danger-reel", raison="elle entend siffler")
    assert desk.store.cases.get(number).case.priority == "P1"
    refused = secretary.post(f"/dossier/{number}/pas-de-danger")
    assert (refused.status_code, "Dites pourquoi" in refused.text) == (409, True)
    secretary.post(f"/dossier/{number}/pas-de-danger", raison="c'était le voisin")
    assert "un agent a dit\u00a0: pas de danger" in secretary.get(f"/dossier/{number}").text


@pytest.mark.parametrize(("times", "beyond"), [(1, False), (3, True)])
def test_heads_see_how_often_those_on_call_were_woken_in_vain(desk: DeskAlone, times: int, *, beyond: bool) -> None:
    head = Somebody(desk, "odile", Role.HEAD, "agence")
    for at in range(times):
        number = open_in(desk.store, "nord", f"m{at}", alarm=replace(MAYBE, level=AlarmLevel.CERTAIN))
        head.post(f"/dossier/{number}/clore", danger_ecarte="false_alarm")
    page = head.get("/dangers").text
    assert f"{times} fois pour rien" in page
    assert ("dépassé" in page) is beyond


def test_of_violence_at_home_the_card_says_what_care_to_take(desk: DeskAlone, secretary: Somebody) -> None:
    ordinary = secretary.get(f"/dossier/{open_in(desk.store, 'nord', 'one')}").text
    assert "Violences au foyer" not in ordinary
    number = open_in(desk.store, "nord", "two", understood={"violence_at_home": True})
    page = secretary.get(f"/dossier/{number}").text
    assert page.count("Violences au foyer : n&#39;appelez aucun numéro du foyer") == 1


def test_a_file_is_named_by_its_content_and_kept(agent: Somebody) -> None:
    paths = re.findall(r"/fichiers/[0-9a-f]{16}/[\w.-]+", agent.get("/aide").text)
    assert {path.rpartition("/")[2] for path in paths} >= {"desk.css", "desk.js", "parts.js"}
    for path in paths:
        answer = agent.get(path)
        digest = path.split("/")[2]
        assert (answer.status_code, sha256(answer.content).hexdigest()[:16]) == (200, digest)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert agent.client.send("GET", path, headers={"if-none-match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("name", ["nothing.css", "..%2Fapp.py", "%2Fetc%2Fpasswd", ".."])
def test_nothing_but_those_files_is_served(agent: Somebody, name: str) -> None:
    assert agent.get(f"/fichiers/0/{name}").status_code == 404


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (TypeError("unsupported operand"), 500, "Une erreur s’est produite"),
        (StoreRefusedError("CONSTRAINT_CHECK"), 500, "Une erreur s’est produite"),
        (StoreUnavailableError("locked"), 503, "Le service ne répond pas"),
        (ProgramFaultError("référence ab12 du journal"), 500, "référence ab12"),
    ],
)
def test_a_fault_of_the_program_is_told_from_a_store_that_is_away(
    desk: DeskAlone, agent: Somebody, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, said: str
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(desk, "cached", fails)
    answer = agent.get("/incidents")
    assert (answer.status_code, said in answer.text) == (status, True)


def test_a_form_of_a_page_is_done_once_and_one_that_was_changed_again(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    page = agent.get(f"/dossier/{number}").text
    form = re.search(rf'action="/dossier/{number}/noter".*?name="cle" value="([^"]+)"', page, re.DOTALL)
    assert form is not None
    for text in ("Vu avec elle", "Vu avec elle", "Vu avec lui"):
        answer = agent.post(f"/dossier/{number}/noter", texte=text, cle=form[1])
        assert answer.headers["location"] == f"/dossier/{number}?fait=note"
    events = desk.store.cases.get(number).events
    assert [event.data["text"] for event in events if event.what == "noted"] == ["Vu avec elle", "Vu avec lui"]
    changed = [line for _, line in desk.store.accounts.trail_of(who="paul") if line.what == "changed"]
    assert len(changed) == 2


def test_every_form_bears_a_key_of_its_own(desk: DeskAlone, secretary: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    for path in (f"/dossier/{number}", "/file?file=toutes", "/nouveau"):
        forms = re.findall(r'<form [^>]*method="post".*?</form>', secretary.get(path).text, re.DOTALL)
        kept = [form for form in forms if "/deconnexion" not in form and "data-log-in" not in form]
        keys = [re.search(r'name="cle" value="([^"]+)"', form) for form in kept]
        assert all(keys), [form[:80] for form, key in zip(kept, keys, strict=True) if key is None]
        assert len({key[1] for key in keys if key}) == len(keys) > 0


def test_an_answered_case_says_so_until_something_comes_in(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    assert "répondu" not in agent.get("/file").text
    agent.post(f"/dossier/{number}/repondre", texte="Nous passons demain.", a="nadia.benali@free.example")
    assert "répondu " in agent.get("/file").text
    head = agent.get(f"/dossier/{number}").text.partition('class="casehead"')[2].partition("</header>")[0]
    assert "répondu " in head
    assert "à répondre" not in head
    open_in(
        desk.store,
        "nord",
        "two",
        joining=ConversationMatch(number, JoinedBy.MESSAGE_ID, proven=True),
        new_text="Et l'eau ?",
    )
    assert "répondu" not in agent.get(f"/dossier/{number}").text.partition("</header>")[0]
    assert "répondu" not in agent.get("/file").text


def test_a_message_that_went_on_is_told_as_that(desk: DeskAlone, secretary: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", channel=Channel.DESK, new_text="Le robinet goutte.")
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    assert "/faire-suivre" in secretary.get(f"/dossier/{number}").text
    sent = secretary.post(f"/dossier/{number}/faire-suivre", message=str(arrival), a_autre="a@b.example", texte="Vu")
    assert sent.headers["location"].endswith("fait=forward")
    claimed = desk.store.outbox.claim("s", desk.now())
    assert claimed is not None
    desk.store.outbox.settle(claimed, "sent", "250", desk.now())
    page = secretary.get(f"/dossier/{number}").text
    assert "Message transféré par Claire" in page
    assert "Transfert envoyé à a@b.example" in page
    assert "Réponse envoyée" not in page


def test_what_is_handed_over_says_to_whom(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    assert (
        '<option value="">Choisissez…</option>' in agent.get(f"/dossier/{number}").text.partition("À la file")[2][:110]
    )
    gone = agent.post(f"/dossier/{number}/transmettre", file="agence-social", raison="dettes", version=1)
    label = desk.queue_label("agence-social")
    assert f"Dossier transmis : {label}." in unescape(agent.get(gone.headers["location"]).text)


def test_a_case_is_merged_by_a_click_on_one_of_the_household(desk: DeskAlone, agent: Somebody) -> None:
    one, two = open_in(desk.store, "nord", "one"), open_in(desk.store, "nord", "two")
    assert f'<button name="autre" value="{two}">' in agent.get(f"/dossier/{one}").text
    headers = {"x-desk-script": "1"}
    fields = {"csrf": csrf_token(agent.secret), "autre": two, "version": "1"}
    merged = agent.client.send("POST", f"/dossier/{one}/reunir", data=fields, headers=headers).text
    assert f'Dossiers fusionnés. <a href="/dossier/{two}">{two}</a>' in merged


def test_a_call_is_called_back_from_the_buttons_of_its_case(desk: DeskAlone, agent: Somebody) -> None:
    call = Call("c1", Outcome.ABANDONED, desk.now(), desk.now(), "0612345678", "+33612345678")
    number = open_in(desk.store, "nord", "one", channel=Channel.PHONE, call=call, match={"tenant": None})
    acts = agent.get(f"/dossier/{number}").text.partition('id="actes"')[2].partition("Autres actions")[0]
    assert 'href="tel:0612345678"' in acts
    assert "Rappeler" in acts


def test_what_an_agent_noted_bears_their_name_and_no_word_of_ours(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", channel=Channel.DESK, stated=Stated("paul", "call"), subject="")
    page = agent.get(f"/dossier/{number}").text
    assert "Dossier créé (Paul)" in page
    assert '<p class="hint">Appel</p>' in page
    assert "automatiquement" not in page.partition('id="echanges"')[2]


def test_a_danger_keeps_its_instruction_whatever_its_case_is_called(desk: DeskAlone, agent: Somebody) -> None:
    alarm = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS)
    number = open_in(desk.store, "nord", "one", alarm=alarm, understood={"alarm": alarm})
    refused = agent.post(f"/dossier/{number}/motif", motif="spam", version="1")
    assert refused.status_code == 409
    assert "confirmez le nouveau motif" in refused.text
    agent.post(f"/dossier/{number}/motif", motif="spam", confirme="1", version="1")
    shown = agent.get(f"/dossier/{number}").text.partition('id="consigne"')[2].partition("</section>")[0]
    assert "Publicité" in agent.get(f"/dossier/{number}").text
    first, _li, others = shown.partition("<li>")[2].partition("<li>")
    assert "où cela se passe" in first, "where to go is asked before anybody is sent"
    assert others.startswith("Malaise, blessure")
    assert shown.index('<ol start="1">') < shown.index('<ol start="2">')
    assert 'href="tel:15"' in shown


def test_a_danger_that_an_agent_saw_shows_first_what_its_topic_says(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", alarm=MAYBE, understood={"alarm": MAYBE})
    agent.post(f"/dossier/{number}/motif", motif="security", confirme="1", version="1")
    agent.post(f"/dossier/{number}/danger-reel", raison="squat en cours", version="2")
    page = agent.get(f"/dossier/{number}").text
    shown = page.partition('id="consigne"')[2].partition("</section>")[0]
    assert shown.index("occupé sans droit") < shown.index("Malaise, blessure")
    assert "Danger possible" not in page.partition('id="entete"')[2].partition("</header>")[0]
    # It is due from now on, and not from when it came in.
    found = desk.store.cases.get(number)
    assert found.case.due > found.case.opened_at + (found.events[-1].at - found.case.opened_at)
    assert found.case.due > found.events[-1].at
    assert "n’a pas reçu les consignes" in page


def test_late_dangers_stand_in_front_and_a_new_one_before_them(
    desk: DeskAlone, agent: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    certain = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS)
    first, second = (open_in(desk.store, "nord", name, alarm=certain) for name in ("one", "two"))
    late = agent.get("/aide").text
    assert late.index(f'data-alarm="{first}"') < late.index(f'data-alarm="{second}"')
    assert "en retard de" in late.partition(f'data-alarm="{first}"')[2].partition("</div>")[0]
    assert '<b class="late">1 en retard</b>' in late
    new = open_in(desk.store, "nord", "three", alarm=certain, due=timedelta(minutes=15))
    page = agent.get("/aide").text
    assert page.index(f'data-alarm="{new}"') < page.index(f'data-alarm="{first}"')
    assert '<b class="late">2 en retard</b>' in page
    monkeypatch.setattr("dtm_contact.web.request_context._NEW_FOR", timedelta())
    page = agent.get("/aide").text
    assert page.index(f'data-alarm="{first}"') < page.index(f'data-alarm="{new}"')


def test_after_another_person_was_named_no_address_is_chosen_and_the_text_is_asked_about(
    desk: DeskAlone, agent: Somebody
) -> None:
    number = open_in(desk.store, "nord", "one", match={"tenant": None}, sender=Mailbox("Maël", "maeltr@evil.example"))
    began = {"texte": "Bonjour Monsieur Tran", "pour": "personne"}
    agent.post("/brouillon", forme="repondre", sur=number, ecrit="page..0", champs=json.dumps(began))
    agent.post(f"/dossier/{number}/locataire", locataire="T01", version=1)
    page = agent.get(f"/dossier/{number}").text
    form = page.partition(f'action="/dossier/{number}/repondre"')[2].partition("</form>")[0]
    assert '<option value="">Choisissez une adresse</option>' in form
    assert "selected" not in form.partition('name="a"')[2].partition("</select>")[0]
    assert "Ce texte a été commencé pour" in form
    letter = {"texte": "Bonjour", "a": "maeltr@evil.example", "non_verifiee": "1", "pour": "personne", "version": 2}
    refused = agent.post(f"/dossier/{number}/repondre", **letter)
    assert refused.status_code == 409
    assert "commencé pour quelqu&#39;un d&#39;autre" in refused.text
    assert agent.post(f"/dossier/{number}/repondre", **letter, pour_relu="T01").status_code == 303


def test_what_was_sent_is_refused_as_a_draft_that_comes_late(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    page = agent.get(f"/dossier/{number}").text.partition("/repondre")[2]
    mark = page.partition('name="ecrit" value="')[2].partition('"')[0]
    typed = {"forme": "repondre", "sur": number, "ecrit": mark, "champs": json.dumps({"texte": "Bonjour"})}
    assert agent.post("/brouillon", **typed).json()["revision"] == 1
    sent = agent.post(f"/dossier/{number}/repondre", texte="Bonjour", a=NADIA, version=1, ecrit=mark, puis="clore")
    assert sent.status_code == 303
    assert agent.post("/brouillon", **typed).status_code == 410
    assert "Brouillon enregistré" not in agent.get(f"/dossier/{number}").text


def test_a_copy_of_what_is_written_of_a_caretaker_is_asked_about(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    caretaker = next(each.email for each in desk.directory.records.caretakers if each.email)
    agent.post(f"/dossier/{number}/motif", motif="caretaker", version=1)
    version = desk.store.cases.get(number).case.version
    letter = {"texte": "Bonjour", "a": NADIA, "copie": caretaker, "version": version}
    refused = agent.post(f"/dossier/{number}/repondre", **letter)
    assert refused.status_code == 409
    assert "sans copie au gardien" in refused.text
    assert agent.post(f"/dossier/{number}/repondre", **letter, copie_gardien="1").status_code == 303


def test_a_case_by_hand_of_nobody_is_asked_about_once_and_keeps_the_hour_that_was_promised(agent: Somebody) -> None:
    told = {"visit": "call", "text": "Odeur de gaz", "topic": "gas", "id": "sheet-of-nobody"}
    asked = agent.post("/nouveau", **told)
    assert asked.status_code == 409
    assert "personne ne pourra être rappelé" in asked.text
    assert 'name="personne_sans" value="1"' in asked.text
    assert agent.desk.store.arrivals.head("desk", "sheet-of-nobody", 1) is None
    agent.post("/nouveau", **told, personne_sans="1", due="2026-12-02T14:30")
    raw = agent.desk.store.arrivals.head("desk", "sheet-of-nobody", 10_000)
    assert raw is not None
    assert b'"due": "2026-12-02T14:30:00+01:00"' in raw


def test_a_letter_says_when_it_was_received_and_no_day_to_come_is_taken(agent: Somebody) -> None:
    today = agent.desk.now().astimezone(PARIS).date()
    sheet = agent.get("/nouveau").text
    assert f'name="received" value="{today.isoformat()}"' in sheet
    told = {"visit": "letter", "text": "Badge perdu", "name": "Mme Roy", "id": "sheet-of-a-letter"}
    refused = agent.post("/nouveau", **told, received=(today + timedelta(days=1)).isoformat())
    assert refused.status_code == 409
    assert "date de réception" in unescape(refused.text)
    before = (today - timedelta(days=3)).isoformat()
    agent.post("/nouveau", **told, received=before)
    raw = agent.desk.store.arrivals.head("desk", "sheet-of-a-letter", 10_000)
    assert raw is not None
    assert f'"received": "{before}"'.encode() in raw
    # Of a call the sheet bears a day too, which nobody sees.
    agent.post("/nouveau", **{**told, "visit": "call", "id": "sheet-of-a-call"}, received=before)
    raw = agent.desk.store.arrivals.head("desk", "sheet-of-a-call", 10_000)
    assert raw is not None
    assert b"received" not in raw


def test_a_letter_stands_beside_its_scan(desk: DeskAlone, agent: Somebody) -> None:
    stated = Stated("paul", "letter", received=date(2026, 11, 23))
    scan = Attachment("lettre.pdf", "application/pdf", 9, "f" * 64)
    number = open_in(desk.store, "nord", "one", channel=Channel.DESK, stated=stated, attachments=(scan,))
    page = agent.get(f"/dossier/{number}").text
    beside = page.partition('class="read-beside"')[2].partition('class="pieces"')[0]
    assert "Bonjour, ça coule." in beside
    assert '<details class="pdf" open>' in beside
    assert "Courrier, reçu le lun. 23/11" in page
    mail = agent.get(f"/dossier/{open_in(desk.store, 'nord', 'two', attachments=(scan,))}").text
    assert "read-beside" not in mail
    assert '<details class="pdf">' in mail


def test_who_answers_takes_a_case_that_nobody_has(desk: DeskAlone, agent: Somebody) -> None:
    def owner_once_answered(name: str, alarm: AlarmLevel = AlarmLevel.NONE, **also: str) -> str | None:
        number = open_in(desk.store, "nord", name, proven=True, alarm=Alarm(alarm))
        assert agent.post(f"/dossier/{number}/repondre", texte="Bonjour", a=NADIA, version=1, **also).status_code == 303
        return desk.store.cases.get(number).case.owner

    assert owner_once_answered("one") == "paul"
    assert owner_once_answered("two", puis="clore") is None
    # Somebody in danger is not helped by a letter: whoever goes says so.
    assert owner_once_answered("three", AlarmLevel.CERTAIN) is None


def test_what_was_answered_and_closed_can_be_opened_again(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    gone = agent.post(f"/dossier/{number}/repondre", texte="Bonjour", a=NADIA, version=1, puis="clore")
    page = agent.get(gone.headers["location"]).text
    assert "et dossier clos" in page
    assert ">Annuler la clôture</button>" in page


def test_nothing_opens_by_itself_on_the_case_of_a_call(desk: DeskAlone, agent: Somebody) -> None:
    call = Call("c1", Outcome.ABANDONED, desk.now(), desk.now(), "0612345678", "+33612345678")
    number = open_in(desk.store, "nord", "one", channel=Channel.PHONE, call=call, match={"tenant": None})
    assert " open>" not in agent.get(f"/dossier/{number}").text.partition('id="actes"')[2].partition('id="ecrire"')[0]


def test_a_call_that_an_agent_noted_is_one_in_the_queue(desk: DeskAlone, agent: Somebody) -> None:
    open_in(desk.store, "nord", "one", channel=Channel.DESK, stated=Stated("paul", "call"))
    side = agent.get("/file").text.partition('class="side"')[2].partition("</div>")[0]
    assert "<span>appel</span>" in side


def test_a_p1_of_another_queue_stands_first_in_ones_own(desk: DeskAlone, secretary: Somebody) -> None:
    danger = open_in(desk.store, "nord", "two")
    secretary.post(f"/dossier/{danger}/priorite", priorite="P1", version=1)
    calm = open_in(desk.store, "nord", "three")
    page = secretary.get("/file").text
    assert numbers(page)[0] == danger
    assert calm not in numbers(page)
    assert f'<span class="place">{desk.queue_label("nord")}</span>' in page
    assert danger not in numbers(secretary.get("/file?vue=attente").text)


def test_a_refused_form_in_which_nothing_was_typed_is_no_draft(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    refused = agent.post(f"/dossier/{number}/repondre", texte="", a=NADIA, pour="T01", signer="1", version=1)
    assert refused.status_code == 409
    assert 'class="begun">' not in agent.get("/file").text
    agent.post(f"/dossier/{number}/repondre", texte="Bonjour", a="nobody@", version=1)
    assert 'class="begun">' in agent.get("/file").text


def test_a_case_waits_until_a_day_without_an_hour(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    agent.post(f"/dossier/{number}/prendre", version=1)
    page = agent.get(f"/dossier/{number}").text.partition(f'action="/dossier/{number}/attendre"')[2]
    offered = re.findall(r'name="jours" value="(\d+)">(\w+ \d+)<', page.partition("</form>")[0])
    assert len(offered) == 4
    assert not any(day.startswith(("Samedi", "Dimanche")) for _, day in offered)
    until = (desk.now() + timedelta(days=9)).date()
    agent.post(f"/dossier/{number}/attendre", quand=until.isoformat(), version=2)
    waits = desk.store.cases.get(number).case.waiting_until
    assert waits is not None
    assert waits.astimezone(PARIS).isoformat().startswith(f"{until.isoformat()}T09:00")


def test_a_canned_answer_is_read_before_it_is_chosen(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    for path in (f"/dossier/{number}", f"/dossier/{number}/reponses-types?q=badge"):
        preview = agent.get(path).text.partition('<details class="preview">')[2].partition("</details>")[0]
        assert "Bonjour" in preview, path


def test_a_new_sheet_says_where_the_case_will_go(desk: DeskAlone, agent: Somebody) -> None:
    assert "Ce dossier ira à" not in agent.get("/nouveau").text
    sheet = agent.get("/nouveau?tenant=T01&dwelling=L01").text
    assert f"Ce dossier ira à : <b>{desk.queue_label('nord')}</b>" in sheet
    asked = agent.get("/nouveau/file?topic=official&tenant=T01").text
    assert "Ce dossier ira à" in asked
    assert desk.queue_label("nord") not in asked
    # Whom they may not see says nothing of where they live.
    assert "Ce dossier ira à" not in agent.get("/nouveau/file?tenant=T09&dwelling=L09").text
    assert 'href="/nouveau?dwelling=L01&amp;tenant=T01"' in agent.get("/foyer/L01").text


def test_whom_to_call_beside_our_people_stands_with_the_instruction_and_in_the_help(
    desk: DeskAlone, agent: Somebody
) -> None:
    number = open_in(desk.store, "nord", "one")
    agent.post(f"/dossier/{number}/motif", motif="electricity", version=1)
    shown = agent.get(f"/dossier/{number}").text.partition('id="consigne"')[2].partition("</section>")[0]
    assert 'href="tel:0972675000"' in shown
    assert "0 800 47 33 33" in agent.get("/aide").text
    assert "0 800 47 33 33" in agent.get("/nouveau").text


def test_the_words_of_a_danger_go_with_its_alarm(desk: DeskAlone, agent: Somebody) -> None:
    alarm = Alarm(AlarmLevel.CERTAIN, AlarmSource.WORDS)
    raised = {"raised_by": (OXYGEN,), "peril": Peril.GAS}
    number = open_in(desk.store, "nord", "one", alarm=alarm, understood=raised)
    agent.post(f"/dossier/{number}/motif", motif="gas", confirme="1", version="1")
    words = ("sous oxygène", "Danger")
    assert all(word in agent.get("/file").text.partition('id="file"')[2] for word in words)
    assert "GRDF" in agent.get(f"/dossier/{number}").text.partition('id="consigne"')[2].partition("<details>")[0]
    agent.post(f"/dossier/{number}/pas-de-danger", raison="chaudière neuve", version="2")
    line = agent.get("/file").text.partition('id="file"')[2]
    assert "sous oxygène" not in line.partition('class="words"')[0]
    page = agent.get(f"/dossier/{number}").text
    head = page.partition('class="casehead"')[2].partition("</header>")[0]
    assert "Pas de danger, dit par Paul" in head
    assert "Danger (" not in head
    assert "Aucune alerte en cours" in page
    assert "GRDF" not in page.partition('id="consigne"')[2].partition("<details>")[0]


def test_the_topic_is_corrected_in_the_head_and_begins_with_what_it_is(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    head = agent.get(f"/dossier/{number}").text.partition('class="casehead"')[2].partition("</header>")[0]
    assert f'action="/dossier/{number}/motif"' in head
    assert '<option value="heating" selected>' in head


FIRST_LOAD = 60_000
"""Octets of the first page of the queue with its script and style, as they are served: what an agent waits for."""


def test_the_first_page_of_a_full_queue_is_light_with_all_that_it_needs(desk: DeskAlone, secretary: Somebody) -> None:
    for at in range(30):
        open_in(desk.store, "nord", f"m{at}", alarm=MAYBE if at % 2 else Alarm(), new_text="Ça coule. " * 40)
    page = secretary.get("/file?file=toutes")
    files = set(re.findall(r'(?:src|href)="(/fichiers/[^"]+)"', page.text))
    assert {path.rpartition("/")[2] for path in files} == {"desk.css", "icon.svg", "early.js", "parts.js", "desk.js"}
    # The answers' own lengths: script and style come packed, the page does not.
    lengths = [int(each.headers["content-length"]) for each in (page, *map(secretary.get, files))]
    # A landlord's filters are longer than those of this small one.
    longer = sum(len(place) for place in ["<option value='R000'>La Maladrerie, Champigny-sur-Marne</option>\n"] * 150)
    assert sum(lengths) + longer < FIRST_LOAD, lengths


def test_who_probably_writes_is_one_click_where_only_the_home_is_sure(desk: DeskAlone, agent: Somebody) -> None:
    likely = Candidate(
        "T01", "L01", "R01", 0.8, 20.0, (Evidence("name.signed", 9.0, "Roy"), Evidence("place.street", 4, ""))
    )
    number = open_in(desk.store, "nord", "one", match={"tenant": None, "candidates": (likely,)})
    page = agent.get(f"/dossier/{number}").text
    assert "Probablement" in page
    assert "Le logement est sûr, la personne non." in page
    assert "nom +9,0 ; lieu +4,0" in page
    assert agent.post(f"/dossier/{number}/locataire", locataire="T01").status_code == 303
    page = agent.get(f"/dossier/{number}").text
    assert "Probablement" not in page
    # A likely stranger to the home that is sure is no such thing, nor somebody unlikely.
    for external, other in (("two", replace(likely, dwelling_id="L02")), ("three", replace(likely, probability=0.4))):
        number = open_in(desk.store, "nord", external, match={"tenant": None, "candidates": (other,)})
        assert "Probablement" not in agent.get(f"/dossier/{number}").text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Content-Length": "0"}, 401),
        ({"Transfer-Encoding": "chunked"}, 411),
        ({"Content-Length": "x"}, 411),
    ],
    ids=["no body", "an empty one", "a length that is not said", "a length that is none"],
)
def test_a_form_without_a_body_is_empty_and_one_of_unknown_length_is_refused_as_that(
    desk: DeskAlone, headers: dict[str, str], status: int
) -> None:
    async def post() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(desk.pages), base_url="http://desk.example"
        ) as client:
            request = client.build_request("POST", "/connexion")
            del request.headers["content-length"]
            request.headers.update(headers)
            return await client.send(request)

    assert asyncio.run(post()).status_code == status


def test_a_call_back_keeps_what_is_typed_and_says_one_of_three_outcomes(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    at = f"/dossier/{number}"
    page = agent.get(at).text
    assert re.findall(r'name="issue" value="(\w+)"', page) == ["settled", "unsettled", "no_answer"]
    assert "Sans réponse ni jour choisi, le dossier revient" in page
    # Refused for want of a word, it comes back with what was chosen; nothing is done.
    refused = agent.post(f"{at}/rappeler", issue="unsettled", texte="", version=1)
    assert refused.status_code == 409
    assert "dites en un mot où on en est" in unescape(refused.text).lower()
    done = agent.post(f"{at}/rappeler", issue="unsettled", texte="Le plombier passe mardi.", version=1)
    assert done.headers["location"].endswith("fait=call_unsettled")
    case = desk.store.cases.get(number)
    assert case.case.state == "open"
    assert [each.data["text"] for each in case.events if each.what == "noted"] == ["Le plombier passe mardi."]
    assert "Joint au téléphone, pas réglé" in agent.get(at).text
    closed = agent.post(f"{at}/rappeler", issue="settled", texte="", version=case.case.version)
    # What is closed leaves for the queue.
    assert closed.headers["location"] == f"/file?fait=call_settled&de={number}"
    assert desk.store.cases.get(number).case.state == "closed"
