"""A household's time line holds every message, call and visit, and what happened to its cases, day by day."""

from datetime import timedelta

import pytest

from dtm_contact.cases import WrongArgumentError
from dtm_contact.cases.timeline import days, home_of
from dtm_contact.hours import PARIS
from dtm_contact.model import Call, CaseKind, Channel, Contact, Likely, Mailbox, Match, Outcome
from dtm_contact.store.household import household
from tests.cases.conftest import Desk
from tests.rules.cast import DIRECTORY
from tests.store.samples import NOW, claim, judgement, minutes

TODAY = NOW.date()
HOME = Match(dwelling=Likely("L01", 0.99))
NIGHT = NOW + timedelta(hours=14)


def called(outcome: Outcome, at: float) -> Contact:
    call = Call(f"c{at}", outcome, minutes(at), minutes(at), "0612345678", "+33612345678")
    return Contact(Channel.PHONE, minutes(at), Mailbox("0612345678"), call=call)


def test_messages_and_calls_of_one_day_stand_together(desk: Desk) -> None:
    mail = Contact(Channel.EMAIL, NOW, Mailbox("Mme Petit", "petit@free.example"), subject="Fuite")
    number = desk.open("mail", contact=mail, match=Match(tenant=Likely("T01", 0.99)))
    back = desk.open("call", contact=called(Outcome.ABANDONED, 5), match=HOME)
    answered = judgement(CaseKind.NONE, contact=called(Outcome.ANSWERED, 9), match=HOME)
    desk.store.cases.record(claim(desk.store, "answered"), answered, {}, minutes(9))
    desk.open("other", match=Match(tenant=Likely("T09", 0.99)))
    desk.do(number, "note", at=NIGHT, text="passé sur place")

    found = household(desk.store.database, home_of("T01", DIRECTORY, TODAY).parties)
    assert [case.number for case in found.cases] == [number, back]
    first, second = days(found, PARIS)
    assert [
        (moment.case_number, moment.what)
        for moment in first[1]
        if moment.what.startswith(("message", "Appel")) or "Appel" in moment.what
    ] == [
        (number, "message : Fuite"),
        (back, "Dossier créé automatiquement : Appel abandonné dans la file d'attente"),
        (back, "Appel abandonné dans la file d'attente"),
        (None, "Appel répondu"),
    ]
    assert (second[0], [moment.what for moment in second[1]]) == (
        NIGHT.astimezone(PARIS).date(),
        ["Note : passé sur place"],
    )
    assert household(desk.store.database, home_of("L01", DIRECTORY, TODAY).parties) == found


def test_a_number_of_nobodys_has_its_own_time_line(desk: Desk) -> None:
    number = desk.open("call", contact=called(Outcome.VOICEMAIL, 5), match=Match())
    found = household(desk.store.database, home_of("06.12.34.56.78", DIRECTORY, TODAY).parties)
    assert [case.number for case in found.cases] == [number]


def test_who_has_left_keeps_his_own(desk: Desk) -> None:
    home = home_of("T03", DIRECTORY, TODAY)
    assert home.dwelling_id == "L01"
    assert home_of("L02", DIRECTORY, TODAY).people == ("T02",)
    with pytest.raises(WrongArgumentError, match=r"(?i)ni un locataire"):
        home_of("personne", DIRECTORY, TODAY)
    assert household(desk.store.database, home.parties).cases == ()
