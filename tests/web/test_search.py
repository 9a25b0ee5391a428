"""What is found at the desk: streets alone, people the same way everywhere, and a case that one opened elsewhere."""

from dataclasses import replace
from datetime import date

import pytest

from dtm_contact.access import Role
from dtm_contact.directory import Directory
from dtm_contact.directory.records import Dwelling
from dtm_contact.store.restores import SentMark, add_marks, mark_restored
from dtm_contact.web.search import PeopleIndex
from tests.rules.cast import lease
from tests.store.samples import arrival
from tests.web.conftest import RECORDS, DeskAlone, Somebody, open_in


@pytest.fixture
def secretary(desk: DeskAlone) -> Somebody:
    return Somebody(desk, "claire", Role.AGENCY, "agence")


STREET = ["rue des tilleuls", "tilleuls", "avenue tileuls", "1 rue des Tilleuls", "saint-ouen"]


@pytest.mark.parametrize("asked", STREET)
def test_a_street_alone_leads_to_its_households_and_cases(desk: DeskAlone, agent: Somebody, asked: str) -> None:
    number = open_in(desk.store, "nord", "one")
    found = agent.get(f"/recherche?q={asked}").text
    assert "/adresse/A01" in found
    assert f'id="d-{number}"' in found
    page = agent.get("/adresse/A01").text
    assert "/foyer/L01" in page
    assert f'id="d-{number}"' in page


@pytest.mark.parametrize("asked", ["m. beranger", "mme béranger", "monsieur Béranger"])
def test_a_title_before_a_name_hides_nobody(secretary: Somebody, asked: str) -> None:
    assert "/foyer/L09" in secretary.get(f"/recherche?q={asked}").text


@pytest.mark.parametrize("asked", ["chauffage tilleuls", "chaufage rue des tilleuls", "chauffage saint-ouen"])
def test_a_matter_and_a_place_lead_to_the_cases_there(desk: DeskAlone, secretary: Somebody, asked: str) -> None:
    here, elsewhere = open_in(desk.store, "nord", "one"), open_in(desk.store, "sud", "two")
    found = secretary.get(f"/recherche?q={asked}").text
    assert f'id="d-{here}"' in found
    assert f'id="d-{elsewhere}"' not in found
    assert f'id="d-{here}"' not in secretary.get("/recherche?q=parking tilleuls").text


def test_a_street_of_another_office_is_not_found(agent: Somebody, secretary: Somebody) -> None:
    assert "/adresse/A09" not in agent.get("/recherche?q=rue béranger").text
    assert "/adresse/A09" in secretary.get("/recherche?q=rue béranger").text


def test_people_of_the_own_office_are_found_behind_those_of_others(
    desk: DeskAlone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dtm_contact.web.request_context._MOST_PEOPLE", 1)
    office = desk.directory.residences["R01"].office_id
    found = desk.people().find("rue", desk.now().date(), lambda each: each == office)
    assert {person.office_id for person in found} == {office}


@pytest.mark.parametrize(
    ("role", "path", "told"),
    [
        (
            Role.AGENCY,
            "/recherche?q=rue",
            "1 personne montrée sur {people} : ajoutez le nom et le prénom, ou le numéro et la rue.",
        ),
        (Role.AGENCY, "/recherche?q=rue", "1 entrée montrée sur {places} : ajoutez le numéro, la rue ou la commune."),
        (Role.AGENCY, "/nouveau?q=rue", "1 personne montrée sur {people} : "),
        (Role.AGENCY, "/dossier/{number}/locataires?q=rue", "1 personne montrée sur {people} : "),
        (Role.ADMIN, "/journal?personne=rue", "Les lignes de 1 personne montrée sur {people} : "),
    ],
)
def test_whoever_searches_by_a_place_alone_is_told_that_more_live_there_and_how_to_narrow(
    desk: DeskAlone, monkeypatch: pytest.MonkeyPatch, role: Role, path: str, told: str
) -> None:
    somebody = Somebody(desk, "odile", role, "agence")
    path = path.format(number=open_in(desk.store, "nord", "one"))
    people = len(desk.people().find("rue", desk.now().date(), lambda _office: True))
    places = len(desk.people().places("rue", lambda _office: True))
    assert people > 1
    assert places > 1
    assert "ajoutez le n" not in somebody.get(path).text
    monkeypatch.setattr("dtm_contact.web.request_context._MOST_PEOPLE", 1)
    monkeypatch.setattr("dtm_contact.web.request_context._MOST_PLACES", 1)
    assert told.format(people=people, places=places) in somebody.get(path).text


def test_of_a_street_everybody_is_found_and_whoever_has_two_homes_there_once() -> None:
    homes = tuple(Dwelling(f"L{each}", "A01", "dwelling", "", "", "", "", "") for each in range(100, 130))
    leases = tuple(lease(f"T{each}", f"L{each}", "holder") for each in range(100, 129))
    records = replace(RECORDS, dwellings=homes, leases=(*leases, lease("T100", "L129", "co_holder")))
    found = PeopleIndex(Directory(records)).find("tilleuls", date(2026, 11, 25), lambda _office: True)
    assert [person.tenant_id for person in found] == [f"T{each}" for each in range(100, 129)]


@pytest.mark.parametrize("asked", ["beranger", "beranjer", "0611223344", "t09@free.example", "{number}"])
def test_whom_one_search_finds_each_of_them_finds(desk: DeskAlone, secretary: Somebody, asked: str) -> None:
    about = open_in(desk.store, "sud", "one", match={"tenant": None})
    secretary.post(f"/dossier/{about}/locataire", locataire="T09", version=1)
    asked = asked.format(number=about)
    here = open_in(desk.store, "nord", "two")
    new = secretary.get(f"/nouveau?q={asked}").text
    assert 'value="T09 L09"' in new
    assert 'name="locataire" value="T09"' in secretary.get(f"/dossier/{here}/locataires?q={asked}").text
    page = secretary.get(f"/recherche?q={asked}")
    assert page.status_code == 303 or "/foyer/L09" in page.text


def test_who_opened_a_second_case_elsewhere_finds_its_number_its_office_and_its_state(
    desk: DeskAlone, agent: Somebody
) -> None:
    first = open_in(desk.store, "nord", "one", subject="Fuite secrète")
    arrival = desk.store.cases.get(first).contacts[0].arrival_id
    asked = {"arrivee": str(arrival), "motif": "neighbours", "file": "pantin", "version": "1"}
    assert agent.post(f"/dossier/{first}/dedoubler", **asked).status_code == 303
    (other,) = (case for case in desk.store.desk.linked(first))
    colleague = Somebody(desk, "anne", Role.AGENT, "nord")
    found = agent.get(f"/recherche?q={other.number}").text
    assert other.number in found
    assert desk.queue_label("pantin") in found
    assert "Fuite secrète" not in found
    assert f"/dossier/{other.number}" not in found
    assert agent.get(f"/dossier/{other.number}").status_code == 404
    assert desk.queue_label("pantin") in agent.get(f"/dossier/{first}").text.partition('id="lies"')[2][:400]
    assert "Aucun résultat" in colleague.get(f"/recherche?q={other.number}").text


def test_the_number_of_before_a_restore_leads_to_its_case(
    desk: DeskAlone, agent: Somebody, secretary: Somebody
) -> None:
    here, elsewhere = open_in(desk.store, "nord", "one"), open_in(desk.store, "sud", "two")
    with desk.store.database.writing() as connection:
        mark_restored(connection, desk.now(), desk.now(), 0)
        for old, name in (("2026-000801", "one"), ("2026-000802", "two")):
            of = (arrival(name).channel, name)
            add_marks(connection, [SentMark(f"{old}@us", "0", "answer", "accuse", old, desk.now(), (of,))])
    found = agent.get("/recherche?q=2026-801")
    assert (found.status_code, found.headers["location"]) == (303, f"/dossier/{here}")
    page = agent.get("/dossier/2026-000801").text
    assert f"{here}</span> (auparavant 2026-000801)" in page
    assert "(auparavant 2026-000802)</span>" in secretary.get(f"/dossier/{elsewhere}").text
    assert agent.get("/recherche?q=2026-000802").status_code == 200, "it is another office's"
    assert agent.get("/dossier/2026-000802").status_code == 404
