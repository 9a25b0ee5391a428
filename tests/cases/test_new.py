"""A case by hand: judged by the same rules; the agent's own word goes before what is weighed."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dtm_contact.cases import Command, WrongArgumentError, apply
from dtm_contact.contract import as_json
from dtm_contact.directory import Directory
from dtm_contact.directory.records import Address, Dwelling
from dtm_contact.errors import UnreadableArrivalError
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import Arrival, CaseKind, Judgement, NoHistory, Party, Priority
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading import read
from dtm_contact.reading.formats.fields import DESK
from dtm_contact.store import case_number
from tests.cases.conftest import Desk
from tests.store.samples import NOW


def write_down(desk: Desk, **told: Any) -> str:
    arguments = {"visit": "call", "text": "Fuite d'eau sous l'évier de la cuisine", **told}
    done = apply(desk.store, Command("new", "paul", arguments=arguments), NOW, lambda: desk.grounds)
    return done.arrival or ""


def worked(desk: Desk) -> tuple[Judgement, str]:
    """Do what the worker does with the next arrival."""
    claimed = desk.store.arrivals.claim("worker", NOW)
    assert claimed is not None
    judged = judge(claimed.arrival, claimed.arrival.received_at, desk.grounds, NoHistory())
    number = desk.store.cases.record(claimed, judged, as_json(judged), NOW)
    assert number is not None
    return judged, number


def test_a_caller_on_the_line_has_a_case_at_the_right_office(desk: Desk) -> None:
    external_id = write_down(desk, tenant="T01", name="Mme Petit", phone="06 12 34 56 78")
    assert case_number(desk.store.database, "desk", external_id) is None
    judged, number = worked(desk)
    assert case_number(desk.store.database, "desk", external_id) == number
    case = desk.case(number)
    assert (case.channel, case.office_id, case.topic, text_of(case.who)) == ("desk", "nord", "water_leak", "Mme Petit")
    assert (case.tenant_id, case.dwelling_id, case.residence_id) == ("T01", "L01", "R01")
    assert judged.match.candidates[0].evidence[0].detail == "paul"
    with desk.store.history() as history:
        prior = history.party_history(Party(numbers=("+33612345678",)), NOW).contacts
    assert [contact.case_number for contact in prior] == [number]


@pytest.mark.parametrize(
    ("told", "residence", "topic", "priority"),
    [
        ({"dwelling": "L02"}, "R01", "water_leak", None),
        ({"place": "1 rue des Tilleuls, Saint-Ouen"}, "R01", "water_leak", None),
        ({"residence": "R02", "topic": "gas"}, "R02", "gas", Priority.P1),
        ({"topic": "heating", "priority": "P4"}, None, "heating", Priority.P4),
        ({"text": "Je suis absent jusqu'au 3 mars, réponse automatique"}, None, None, None),
    ],
)
def test_what_the_agent_says_stands(
    desk: Desk, told: dict[str, Any], residence: str | None, topic: str | None, priority: Priority | None
) -> None:
    write_down(desk, **told)
    judged, number = worked(desk)
    assert judged.decision.kind is CaseKind.CASE
    case = desk.case(number)
    assert case.residence_id == residence
    assert topic in {None, case.topic}
    assert priority in {None, judged.understanding.priority}


def test_the_hour_that_an_agent_promised_is_when_the_case_is_due(desk: Desk) -> None:
    promised = NOW + timedelta(hours=3, minutes=5)
    write_down(desk, text="Le radiateur est froid", topic="heating", due=promised.isoformat())
    _judged, number = worked(desk)
    assert desk.case(number).due == promised
    # No danger waits for it, and what was promised for an hour that is over is due now.
    write_down(desk, text="Ça sent le gaz", topic="gas", due=promised.isoformat())
    _judged, danger = worked(desk)
    assert desk.case(danger).due < promised
    write_down(desk, text="Plus de chauffage du tout", topic="heating", due=(NOW - timedelta(hours=1)).isoformat())
    _judged, late = worked(desk)
    assert desk.case(late).due == NOW


def test_a_matter_at_another_address_than_the_tenants_is_there(desk: Desk) -> None:
    records = desk.grounds.directory.records
    address = Address("A09", "R02", "9", "rue Béranger", "92240", "Malakoff", "", "")
    dwelling = Dwelling("L09", "A09", "dwelling", "", "", "", "", "")
    directory = Directory(
        replace(records, addresses=(*records.addresses, address), dwellings=(*records.dwellings, dwelling))
    )
    desk.grounds = Grounds.build(directory, desk.grounds.rules, desk.grounds.settings)
    write_down(desk, tenant="T01", text="Ça sent le gaz chez ma mère", place="9 rue Béranger, Malakoff")
    judged, number = worked(desk)
    case = desk.case(number)
    assert (case.tenant_id, case.dwelling_id, case.residence_id) == ("T01", None, "R02")
    assert judged.match.home is not None
    assert (judged.match.home.dwelling_id, judged.decision.office_id) == ("L01", directory.residences["R02"].office_id)


def test_the_same_twice_is_one_case(desk: Desk) -> None:
    for _ in range(2):
        assert write_down(desk, id="0123456789abcdef") == "0123456789abcdef"
    worked(desk)
    assert desk.store.arrivals.claim("worker", NOW) is None


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"visit": "dream"}, "visit"),
        ({"text": " "}, "text"),
        ({"tenant": "T99"}, "pas de locataire T99"),
        ({"dwelling": "L99"}, "logement inconnu : L99"),
        ({"residence": "R99"}, "résidence inconnue : R99"),
        ({"topic": "plumbin"}, "sujet inconnu : plumbin"),
        ({"priority": "P0"}, "priority"),
        ({"address": "personne"}, "adresse électronique"),
        ({"id": "a/../b"}, "id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_cannot_be_is_refused(desk: Desk, told: dict[str, Any], why: str) -> None:
    with pytest.raises(WrongArgumentError, match=f"(?i){why}"):
        write_down(desk, **told)
    assert desk.store.arrivals.waiting() == 0


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"text": "x", "priority": "P9"}', b"[" * 100_000, b"\xff"])
def test_bytes_that_no_agent_wrote_are_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadableArrivalError):
        read(Arrival("desk", "one", NOW, DESK, None, raw))
