"""Admins find a person, give them a copy and have them erased; heads hold cases; few see what is archived."""

import io
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa

from dtm_contact.access import Role
from dtm_contact.model import Likely
from dtm_contact.privacy.erasing import finish, unfinished
from dtm_contact.store.schema import cases, events
from tests.web.conftest import DeskAlone, Somebody, open_in

WRITER = "nadia.benali@free.example"


@pytest.fixture
def admin(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "root", Role.ADMIN, "agence")


@pytest.fixture
def head(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "odile", Role.HEAD, "agence")


def close(desk: DeskAlone, number: str, **also: object) -> None:
    values = {"state": "closed", "closed_at": desk.now() - timedelta(days=1), **also}
    with desk.store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == number).values(values))


def test_a_person_is_erased_once_what_was_searched_for_is_typed_again(desk: DeskAlone, admin: Somebody) -> None:
    number = open_in(desk.store, "sud", "one", match={"tenant": None})
    close(desk, number)
    page = admin.get(f"/personnes?q={WRITER}").text
    assert "Ce qui serait effacé" in page
    assert "considérant 26" in page
    refused = admin.post("/personnes/effacer", q=WRITER, confirmation="oui").text
    assert "Rien n’est effacé" in refused
    assert unfinished(desk.settings, desk.now()) == []
    answer = admin.post("/personnes/effacer", q=WRITER, confirmation=WRITER)
    assert answer.headers["location"] == "/personnes?fait=erased"
    assert "1 en cours" in admin.get("/personnes").text
    assert finish(desk.settings, desk.store, desk.now()) == 1
    assert not desk.store.cases.get(number).case.who
    (line,) = desk.store.holds.erased()
    assert line.who == "root"
    assert f"certificat {line.id}" in admin.get("/personnes").text
    assert "Fuite" not in admin.get(f"/dossier/{number}").text


@pytest.mark.parametrize(("asked", "tenant"), [(WRITER, 0), ("T09", 1)])
def test_what_no_program_erases_is_said_before_the_button(
    desk: DeskAlone, admin: Somebody, asked: str, tenant: int
) -> None:
    open_in(desk.store, "sud", "one", match={"tenant": None})
    before, button, _after = admin.get(f"/personnes?q={asked}").text.partition("Effacer cette personne")
    assert button
    assert "originaux dans une boîte aux lettres partagée" in before
    assert before.count("logiciel de gestion locative") == tenant


def test_a_copy_is_a_zip_and_its_reading_is_noted(desk: DeskAlone, admin: Somebody) -> None:
    open_in(desk.store, "sud", "one", match={"tenant": None})
    answer = admin.get(f"/personnes/export?q={WRITER}")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert "donnees-personnelles/lisez-moi.html" in packed.namelist()
        assert "Fuite sud" in packed.read("donnees-personnelles/donnees.json").decode()
    lines = desk.store.accounts.trail_of(subject="personne", who="root", before=None, limit=9)
    assert [line.what for _id, line in lines] == ["exported"]


def test_what_may_be_anothers_and_what_is_not_set_stand_before_the_button_of_the_copy(
    desk: DeskAlone, admin: Somebody
) -> None:
    number = open_in(desk.store, "sud", "one", match={"tenant": Likely("T09", 0.99)})
    before, button, _after = admin.get("/personnes?q=T09").text.partition("Remettre une copie (zip)")
    assert button
    assert "À relire avant de remettre la copie" in before
    assert f"/dossier/{number}" in before
    assert WRITER in before
    assert "d’une adresse qui n’est pas la sienne" in before
    assert "DTM_PRIVACY_OFFICER n’est pas réglé" in before


def test_what_an_agent_wrote_of_somebody_else_is_given_once_its_box_is_ticked(desk: DeskAlone, admin: Somebody) -> None:
    open_in(desk.store, "sud", "one", match={"tenant": None})
    noted = "Sa voisine Mme Diallo ment"
    with desk.store.database.writing() as connection:
        case_id = connection.execute(sa.select(cases.c.id)).scalar_one()
        row = {"case_id": case_id, "at": desk.now(), "who": "odile", "what": "noted", "data": {"text": noted}}
        place = f"note-{connection.execute(events.insert().returning(events.c.id), row).scalar_one()}"
    page = admin.get(f"/personnes?q={WRITER}").text
    assert f'name="donner" value="{place}/1"' in page
    assert noted in page
    for given, told in (("", False), (f"&donner={place}/1", True)):
        answer = admin.get(f"/personnes/export?q={WRITER}{given}")
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            assert (noted in packed.read("donnees-personnelles/lisez-moi.html").decode()) is told
    assert admin.get(f"/personnes/export?q={WRITER}&donner=note-0").status_code == 404


def test_a_name_is_looked_up_among_tenants_and_somebody_unknown_is_told(desk: DeskAlone, admin: Somebody) -> None:
    del desk
    assert "/personnes?q=T09" in admin.get("/personnes?q=Béranger").text
    assert "Personne n’est connu ainsi" in admin.get("/personnes?q=Introuvable").text


def test_a_list_of_people_that_is_cut_says_so_and_how_many_there_are(
    desk: DeskAlone, admin: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = len(desk.people().find("rue", desk.now().date(), lambda _office: True))
    assert everyone > 1
    assert "personnes montrées sur" not in admin.get("/personnes?q=rue").text
    monkeypatch.setattr("dtm_contact.web.request_context._MOST_PEOPLE", 1)
    page = admin.get("/personnes?q=rue").text
    assert f"1 personne montrée sur {everyone}" in page
    assert page.count('<a href="/personnes?q=') == 1


def test_a_case_is_held_and_let_go_by_those_who_may(desk: DeskAlone, head: Somebody, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    assert agent.post(f"/dossier/{number}/geler", motif="expertise").status_code == 403
    assert head.post(f"/dossier/{number}/geler", motif="").status_code == 404
    assert head.post(f"/dossier/{number}/geler", motif="expertise").status_code == 303
    assert "Gelé : expertise" in head.get(f"/dossier/{number}").text
    assert "Lever le gel" not in agent.get(f"/dossier/{number}").text
    assert head.post(f"/dossier/{number}/degeler").status_code == 303
    assert desk.store.holds.holds() == []


def test_what_is_archived_is_found_by_few(desk: DeskAlone, head: Somebody, agent: Somebody) -> None:
    number = open_in(desk.store, "nord", "one")
    close(desk, number)
    assert agent.get(f"/dossier/{number}").status_code == 200
    close(desk, number, archived_at=desk.now())
    assert agent.get(f"/dossier/{number}").status_code == 404
    assert number not in agent.get("/recherche?q=fuite").text
    assert agent.post(f"/dossier/{number}/rouvrir", dossier=number).status_code == 404
    assert "Archivé" in head.get(f"/dossier/{number}").text
