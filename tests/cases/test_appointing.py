"""Appointments: one person a slot, while the office is open."""

from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from icalendar import Calendar, Event

from dtm_contact.cases import RefusedError
from dtm_contact.settings import OutboundSettings
from dtm_contact.tokens import CaseTokens
from tests.cases.conftest import Desk
from tests.rules.cast import DIRECTORY
from tests.store.samples import NOW

OFFICE = next(office.office_id for office in DIRECTORY.records.offices if office.kind != "agency")
SLOT = (NOW + timedelta(hours=4)).replace(minute=30).isoformat()


def test_a_slot_is_taken_once_and_free_again_once_cancelled(desk: Desk) -> None:
    one, two = desk.open("one"), desk.open("two")
    desk.do(one, "appoint", slot=SLOT, office=OFFICE)
    with pytest.raises(RefusedError, match=r"(?i)pris"):
        desk.do(two, "appoint", slot=SLOT, office=OFFICE)
    desk.do(one, "cancel_appointment", slot=SLOT)
    desk.do(two, "appoint", slot=SLOT, office=OFFICE)
    assert desk.happened(one)[-2:] == ["appointed", "appointment cancelled"]
    with pytest.raises(RefusedError, match=r"(?i)pas de rendez-vous"):
        desk.do(one, "cancel_appointment", slot=SLOT)
    kept = desk.store.desk.appointments(OFFICE, NOW, NOW + timedelta(days=1))
    assert [(each.number, each.booked_by) for each in kept] == [(two, "paul")]


@pytest.mark.parametrize(
    ("slot", "office", "why"),
    [
        (NOW + timedelta(minutes=45), OFFICE, "à la demie"),
        (NOW - timedelta(minutes=30), OFFICE, "déjà passé"),
        ((NOW + timedelta(hours=9)).replace(minute=0), OFFICE, "fermé"),
        ((NOW + timedelta(hours=4)).replace(minute=0), "nowhere", "n'existe pas"),
    ],
)
def test_what_is_no_slot_is_refused(desk: Desk, slot: datetime, office: str, why: str) -> None:
    with pytest.raises(RefusedError, match=f"(?i){why}"):
        desk.do(desk.open(), "appoint", slot=slot.isoformat(), office=office)


def letter(desk: Desk) -> EmailMessage:
    """Return the next letter that waits to be sent."""
    claimed = desk.store.outbox.claim("s", NOW)
    assert claimed is not None
    found = message_from_bytes(claimed.outgoing.raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def invitation(mail: EmailMessage) -> tuple[str, Event]:
    """Return what a calendar reads of a letter: the method, and the event."""
    sheets = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert [sheet.get_content_disposition() for sheet in sheets] == [None, "attachment"]
    assert sheets[0].get_payload(decode=True) == sheets[1].get_payload(decode=True)
    read = Calendar.from_ical(sheets[0].get_content())
    (event,) = read.walk("VEVENT")
    assert isinstance(event, Event)
    assert sheets[0].get_param("method") == read["method"]
    return str(read["method"]), event


def test_who_is_invited_gets_it_for_his_calendar_and_hears_when_it_is_cancelled(desk: Desk) -> None:
    outbound = OutboundSettings(host="relay.example", sender="metropole@bailleur.example")
    desk.grounds = replace(desk.grounds, settings=desk.grounds.settings.model_copy(update={"outbound": outbound}))
    number, tokens = desk.open("one"), CaseTokens(desk.store.outbox.signing_key(), outbound.sender)
    with pytest.raises(RefusedError, match=r"(?i)ni d'un message"):
        desk.do(number, "appoint", slot=SLOT, office=OFFICE, invite="x@evil.example\r\nBcc: y@evil.example")
    assert desk.happened(number)[-1] != "appointed", "nor is the slot taken"
    desk.do(number, "appoint", slot=SLOT, office=OFFICE, invite="nadia.benali@free.example")
    mail = letter(desk)
    assert mail["To"] == "nadia.benali@free.example"
    assert mail["In-Reply-To"] == "<m1@free.example>"
    assert "mardi 24 novembre à" in mail["Subject"]
    method, asked = invitation(mail)
    assert (method, asked["attendee"]) == ("REQUEST", "mailto:nadia.benali@free.example")
    assert asked.decoded("dtstart") == datetime.fromisoformat(SLOT)
    answers_to = str(asked["organizer"]).removeprefix("mailto:")
    assert tokens.case_of_address(answers_to) == number, "a calendar's answer finds its case"
    assert desk.store.desk.answered_at(number) is not None, "whoever is invited has been answered"
    desk.do(number, "cancel_appointment", slot=SLOT)
    assert desk.store.desk.answered_at(number) is None, "and waits again once nothing is left of it"
    method, taken_back = invitation(letter(desk))
    assert (method, taken_back["uid"], taken_back["sequence"]) == ("CANCEL", asked["uid"], 1)
    assert desk.happened(number)[-4:] == ["appointed", "replied", "appointment cancelled", "replied"]


def test_an_answer_that_was_written_stands_whatever_becomes_of_an_appointment(desk: Desk) -> None:
    outbound = OutboundSettings(host="relay.example", sender="metropole@bailleur.example")
    desk.grounds = replace(desk.grounds, settings=desk.grounds.settings.model_copy(update={"outbound": outbound}))
    number = desk.open("one")
    desk.do(number, "reply", to="nadia.benali@free.example", text="Bonjour, venez mardi.")
    answered_at = desk.store.desk.answered_at(number)
    desk.do(number, "appoint", slot=SLOT, office=OFFICE, invite="nadia.benali@free.example")
    desk.do(number, "cancel_appointment", slot=SLOT)
    assert desk.store.desk.answered_at(number) == answered_at is not None
