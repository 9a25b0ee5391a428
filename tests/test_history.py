"""Notes of what a history answered, and the same answers again."""

from datetime import UTC, datetime, time, timedelta

from dtm_contact.directory import Directory, Records
from dtm_contact.hours import Calendar
from dtm_contact.model import (
    Answers,
    Call,
    CaseKind,
    Channel,
    Confirmed,
    Contact,
    Earlier,
    History,
    KeptHistory,
    Likely,
    Mailbox,
    Match,
    NoHistory,
    NotedHistory,
    OpenCase,
    Outcome,
    Party,
    PartyHistory,
    PriorContact,
    Priority,
    Recalled,
    Understanding,
)
from dtm_contact.rules.facts import RECALLED, Facts

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
EARLIER = Earlier("m1@free.example", "nadia@free.example", "2026-000001", "T1", None, None)
FACT = Confirmed("nadia@free.example", "T1")
HOME = Party(tenant_id="T1", dwelling_id="D1", addresses=("nadia@free.example",))
CONTACT = Contact(Channel.EMAIL, NOW, Mailbox("Nadia", "Nadia@Free.example "))
_DAY = ((time(9), time(17)),)
HERE = Match(tenant=Likely("T1", 1.0), dwelling=Likely("D1", 1.0), residence=Likely("R1", 1.0))


def a_case(opened_at: datetime) -> OpenCase:
    return OpenCase("2026-000001", Channel.EMAIL, None, "montreuil", Priority.P3, opened_at)


class Known(NoHistory):
    def __init__(self, dealings: PartyHistory) -> None:
        self.asked: list[tuple[Party, datetime]] = []
        self._party_history = dealings

    def thread(self, message_ids: object) -> tuple[Earlier, ...]:
        return (EARLIER,) if message_ids else ()

    def confirmed(self, addresses: object, numbers: object) -> tuple[Confirmed, ...]:
        return (FACT,) if addresses or numbers else ()

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        self.asked.append((party, since))
        return self._party_history


def facts(history: History, contact: Contact = CONTACT, match: Match = HERE) -> Facts:
    understanding = Understanding(CaseKind.CASE, (), Priority.P3)
    return Facts(contact, match, understanding, NOW, Directory(Records()), Calendar((_DAY,) * 7), history)


def test_what_was_answered_is_noted_once_and_answers_again() -> None:
    dealings = PartyHistory((a_case(NOW),), (PriorContact(NOW, Channel.EMAIL),))
    known = Known(dealings)
    noted = NotedHistory(known)
    for _ in range(2):
        noted.thread(["m1@free.example"])
        noted.confirmed(["nadia@free.example"], [])
        noted.party_history(HOME, NOW)
    assert len(known.asked) == 1
    assert noted.answers() == Answers((EARLIER,), (FACT,), (Recalled(HOME, NOW, dealings),))
    again = KeptHistory(noted.answers())
    assert (again.thread(["m1@free.example"]), again.thread(["m2@free.example"])) == ([EARLIER], [])
    assert (again.confirmed(["nadia@free.example"], []), again.confirmed([], [])) == ([FACT], [])
    assert again.party_history(HOME, NOW) == dealings
    assert again.party_history(Party(tenant_id="T2"), NOW) == PartyHistory()


def test_nothing_known_is_not_kept() -> None:
    noted = NotedHistory(NoHistory())
    assert noted.party_history(HOME, NOW) == PartyHistory()
    assert noted.answers() == Answers()


def test_conditions_ask_for_the_household_and_its_neighbours_only_when_they_look() -> None:
    known = Known(PartyHistory())
    looked_at = facts(known)
    assert known.asked == []
    assert looked_at.party_history == looked_at.party_history == looked_at.neighbours
    assert known.asked == [(HOME, NOW - RECALLED), (Party(residence_id="R1"), NOW - RECALLED)]


def test_a_caller_is_asked_for_by_his_number() -> None:
    known = Known(PartyHistory())
    call = Call("c1", Outcome.ABANDONED, NOW, NOW, "0612345678", "+33612345678")
    assert facts(known, Contact(Channel.PHONE, NOW, call=call), Match()).party_history == PartyHistory()
    assert known.asked == [(Party(numbers=("+33612345678",)), NOW - RECALLED)]


def test_strangers_have_no_dealings() -> None:
    known = Known(PartyHistory((a_case(NOW),)))
    nobody = facts(known, Contact(Channel.EMAIL, NOW), Match())
    assert nobody.party_history == nobody.neighbours == PartyHistory()
    assert known.asked == []


def test_what_came_after_is_not_seen_when_judged_again() -> None:
    later = NOW + timedelta(minutes=1)
    known = Known(
        PartyHistory(
            (a_case(NOW), a_case(later)), (PriorContact(NOW, Channel.EMAIL), PriorContact(later, Channel.EMAIL))
        )
    )
    assert facts(known).party_history == PartyHistory((a_case(NOW),), (PriorContact(NOW, Channel.EMAIL),))
