"""Canned answers at the desk, what to do now, two matters in one message, and what went out by itself."""

import re
from datetime import UTC, datetime
from html import unescape

import pytest

from dtm_contact.access import Role, csrf_token
from dtm_contact.model import Asker, EntryKind
from tests.store.samples import entered
from tests.web.conftest import DIGEST, DeskAlone, Somebody, open_in

HTMX = {"X-Desk-Script": "1"}


@pytest.fixture
def head(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "odile", Role.HEAD, "agence")


def put(who: Somebody, number: str, answer: str) -> str:
    """Return the text of a canned answer, as it is put into a reply."""
    data = {"csrf": re.findall(r'name="csrf" value="(\w+)"', who.get("/aide").text)[0]}
    told = who.client.send("POST", f"/dossier/{number}/reponses-types/{answer}", data=data, headers=HTMX)
    assert told.status_code == 200
    assert told.headers["content-type"].startswith("text/plain")
    return told.text


def test_a_canned_answer_names_the_person_the_place_and_the_bureau(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    text = put(agent, number, "deja-transmise")
    assert text.startswith("Bonjour")
    assert number in text
    assert "{{" not in text
    assert desk.store.canned.uses(desk.now().date()) == {"deja-transmise": 1}
    assert "paul" not in str(desk.store.canned.uses(desk.now().date()))


def test_who_writes_for_somebody_else_is_not_greeted_by_their_name(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", understood={"asker": Asker.THIRD_PARTY})
    assert put(agent, number, "attente").startswith("Bonjour,\n")


def test_of_somebody_protected_no_place_is_told(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    place = desk.directory.residences["R01"].name
    assert place in put(agent, number, "loge-gardien") or place in put(agent, number, "parking")
    entered(desk.store, "T01", EntryKind.PROTECTION, "order")
    assert place not in put(agent, number, "parking")


def test_those_for_the_topic_come_first_then_those_used_most_and_words_find_them(
    desk: DeskAlone, agent: Somebody
) -> None:
    number = open_in(desk.store, "nord", "one")
    page = agent.get(f"/dossier/{number}/reponses-types").text
    first = re.findall(r"reponses-types/([\w-]+)\"", page)
    for_heating = {name for name, answer in desk.rules.library.items() if "heating" in answer.topics}
    assert set(first[: len(for_heating)]) == for_heating
    for _ in range(2):
        put(agent, number, "eau-chaude-individuelle")
    desk._cached.clear()
    page = agent.get(f"/dossier/{number}/reponses-types").text
    assert re.findall(r"reponses-types/([\w-]+)\"", page)[0] == "eau-chaude-individuelle"
    found = agent.get(f"/dossier/{number}/reponses-types?q=punaise lit").text
    assert re.findall(r"reponses-types/([\w-]+)\"", found)[0] == "punaises-de-lit"
    assert "Aucun résultat" in agent.get(f"/dossier/{number}/reponses-types?q=zzzz").text


def test_what_only_the_agent_can_write_does_not_go_out_unwritten(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    text = put(agent, number, "attente")
    refused = agent.post(f"/dossier/{number}/repondre", texte=text, a="nadia.benali@free.example", non_verifiee="1")
    assert refused.status_code == 409
    assert "Complétez ou effacez « [à compléter : ce que nous attendons, et de qui] »" in unescape(refused.text)
    assert desk.store.outbox.waiting() == 0


def test_what_to_do_stands_on_top_with_what_it_names(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    agent.post(f"/dossier/{number}/motif", motif="payment_difficulty", version=1)
    page = agent.get(f"/dossier/{number}").text
    assert "Proposez un échange avec la conseillère sociale" in page
    assert 'href="tel:3114"' in page
    assert f'action="/dossier/{number}/reponses-types/fsl"' in page
    assert f"/dossier/{number}?vers=agence-social#actes" in page
    assert '<option value="agence-social" selected>' in agent.get(f"/dossier/{number}?vers=agence-social").text


def test_two_matters_of_one_message_are_two_cases_each_in_its_office(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    arrival = desk.store.cases.get(number).contacts[0].arrival_id
    done = agent.post(f"/dossier/{number}/dedoubler", arrivee=arrival, motif="rent_charges", version=1)
    assert done.status_code == 303
    first, second = (
        desk.store.cases.get(number),
        desk.store.cases.get("2026-000002" if number.endswith("1") else number),
    )
    assert [each.arrival_id for each in second.contacts] == [arrival] == [each.arrival_id for each in first.contacts]
    assert (first.case.topic, first.case.office_id) == ("heating", "nord")
    assert (second.case.topic, second.case.queue) == ("rent_charges", "agence-comptes")
    assert (second.case.tenant_id, second.case.alarm.any) == (first.case.tenant_id, False)
    secretary = Somebody(desk, "anne", Role.AGENCY, "agence")
    page = secretary.get(f"/dossier/{second.case.number}").text
    assert f"dossier {number}" in page
    assert f"/piece/{arrival}/{DIGEST}" in page
    assert second.case.number in agent.get(f"/dossier/{number}").text
    refused = agent.post(f"/dossier/{number}/dedoubler", arrivee=arrival, motif="heating", version=2)
    assert (refused.status_code, "C'est déjà le motif" in unescape(refused.text)) == (409, True)


def test_who_opens_a_second_case_reads_where_it_lies_and_may_take_it_back(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    arrival = str(desk.store.cases.get(number).contacts[0].arrival_id)
    asked = {"csrf": csrf_token(agent.secret), "arrivee": arrival, "motif": "rent_charges", "version": "1"}
    answer = agent.client.send("POST", f"/dossier/{number}/dedoubler", data=asked, headers=HTMX).text
    (opened,) = [case.number for case in desk.store.cases.queue(queue="agence-comptes")]
    assert f"Il porte le numéro {opened} et se trouve ici : {desk.rules.queues['agence-comptes'].label}" in unescape(
        answer
    )
    assert agent.get(f"/dossier/{opened}").status_code == 404, "another office has it"
    assert agent.post(f"/dossier/{number}/annuler").status_code == 303
    assert desk.store.cases.get(opened).case.state == "closed"


def test_what_went_out_by_itself_is_read_on_the_case(desk: DeskAlone, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one", proven=True)
    agent.post(
        f"/dossier/{number}/repondre", texte="Nous passons ce soir.", a="nadia.benali@free.example", non_verifiee="1"
    )
    claimed = desk.store.outbox.claim("worker", datetime.now(UTC))
    assert claimed is not None
    desk.store.outbox.settle(claimed, "sent", "250", datetime.now(UTC))
    page = unescape(agent.get(f"/dossier/{number}").text)
    assert "Réponse envoyée à nadia.benali@free.example" in page
    assert "courrier" not in page.partition('id="echanges"')[2]
    at = re.search(rf"/dossier/{number}/envoi/(\d+)", page)
    assert at is not None
    message = agent.get(at[0]).text
    assert "Nous passons ce soir." in message
    assert "nadia.benali@free.example" in message
    other = open_in(desk.store, "sud", "two")
    assert agent.get(f"/dossier/{other}/envoi/{at[1]}").status_code == 404
    assert agent.get(f"/dossier/{number}/envoi/9999").status_code == 404


SOUND = {"titre": "Clé du local vélos", "motif": "parking", "mots": "clé, vélos", "texte": "{{ greeting }}\n\nVoici."}


def test_heads_write_them_and_all_have_them_at_once(desk: DeskAlone, head: Somebody, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    written = head.post("/reponses-types/nouvelle/enregistrer", **SOUND)
    assert written.headers["location"] == "/reponses-types/cle-du-local-velos?fait=written"
    assert put(agent, number, "cle-du-local-velos").endswith("Voici.")
    assert "changée par Odile" in agent.get("/reponses-types?q=local vélos").text
    assert "/enregistrer" not in agent.get("/reponses-types/cle-du-local-velos").text
    page = head.get("/reponses-types/cle-du-local-velos").text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    head.post("/reponses-types/cle-du-local-velos/reprendre", version=version[1])
    assert agent.get("/reponses-types/cle-du-local-velos").status_code == 404
    assert [each.source is None for each in desk.store.canned.versions("cle-du-local-velos")] == [True, False]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"texte": "{{ greting }}"}, "Ligne 1 : nom inconnu : greting (vouliez-vous dire greeting ?)"),
        ({"texte": "{{ greeting }}\n\nVoyez {{ caretaker }}."}, "Ligne 3 : caretaker peut manquer"),
        ({"texte": "{% if caretaker %}"}, "les accolades ne peuvent pas être lues"),
        ({"texte": "   "}, "la réponse est vide"),
        ({"titre": "x"}, "Titre : ceci a moins de 3 signes"),
        ({"motif": "n-importe-quoi"}, "Motif : motif inconnu : n-importe-quoi"),
    ],
)
def test_what_is_wrong_with_one_is_told_and_the_text_comes_back(
    desk: DeskAlone, head: Somebody, changed: dict[str, str], told: str
) -> None:
    refused = head.post("/reponses-types/nouvelle/enregistrer", **{**SOUND, **changed})
    assert refused.status_code == 200
    assert told in unescape(refused.text)
    assert unescape(refused.text).count({**SOUND, **changed}["texte"].strip()) >= 1
    assert desk.store.canned.current() == {}


def test_of_two_who_write_the_same_the_second_is_told(desk: DeskAlone, head: Somebody) -> None:
    assert head.post("/reponses-types/fsl/enregistrer", version=0, **SOUND).status_code == 303
    second = head.post("/reponses-types/fsl/enregistrer", version=0, **SOUND)
    assert "Un collègue l’a changée entre-temps" in second.text
    assert len(desk.store.canned.versions("fsl")) == 1
