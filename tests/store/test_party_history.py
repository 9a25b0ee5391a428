"""What the store answers of a party's earlier contacts and open cases."""

from datetime import timedelta

import sqlalchemy as sa

from dtm_contact.model import (
    MOST_RECALLED,
    Call,
    CaseKind,
    Channel,
    Contact,
    Judgement,
    Likely,
    Mailbox,
    Match,
    Outcome,
    Party,
    PartyHistory,
)
from dtm_contact.store import Store
from dtm_contact.store.schema import cases
from tests.store.samples import NOW, arrival, claim, judgement, minutes, open_case

AGO = NOW - timedelta(days=30)
SOMEBODY_ELSE = Match(tenant=Likely("T2", 0.99), dwelling=Likely("D2", 0.99), residence=Likely("R1", 0.99))
NOBODY = Match()


def by_mail(at: float = 0, match: Match | None = None, address: str = "nadia@free.example") -> Judgement:
    contact = Contact(
        channel=Channel.EMAIL, at=minutes(at), sender=Mailbox("", address), message_id=f"{at}@free.example"
    )
    return judgement(contact=contact, match=match)


def by_phone(at: float, key: str, kind: CaseKind = CaseKind.CASE, match: Match = NOBODY) -> Judgement:
    call = Call(f"c{at}", Outcome.ANSWERED, minutes(at), minutes(at + 1), key, key)
    return judgement(kind, contact=Contact(channel=Channel.PHONE, at=minutes(at), call=call), match=match)


def ask(store: Store, party: Party, **options: object) -> PartyHistory:
    with store.history(**options) as history:  # type: ignore[arg-type]
        return history.party_history(party, AGO)


def numbers(found: PartyHistory) -> list[str]:
    return [case.number for case in found.open]


def test_a_household_has_the_cases_and_contacts_of_all_its_people(store: Store) -> None:
    late = open_case(store, "b", by_mail(5), minutes(5))
    early = open_case(store, "a", by_mail(1, Match(dwelling=Likely("D1", 0.99)), "other@free.example"), minutes(1))
    open_case(store, "c", by_mail(2, SOMEBODY_ELSE, "third@free.example"))
    found = ask(store, Party(tenant_id="T1", dwelling_id="D1"))
    assert numbers(found) == [early, late]
    assert [(each.at, each.case_number, each.topic) for each in found.contacts] == [
        (minutes(1), early, "plumbing"),
        (minutes(5), late, "plumbing"),
    ]
    assert (found.open[1].queue, found.open[1].priority, found.open[1].dwelling_id) == ("montreuil", "P3", "D1")


def test_a_residence_has_its_neighbours(store: Store) -> None:
    both = [open_case(store, "a", by_mail(1)), open_case(store, "b", by_mail(2, SOMEBODY_ELSE))]
    assert numbers(ask(store, Party(residence_id="R1"))) == both


def test_an_address_or_a_number_is_a_party_of_its_own(store: Store) -> None:
    mail = open_case(store, "a", by_mail(1, NOBODY))
    call = open_case(store, "b", by_phone(2, "+33612345678"))
    open_case(store, "c", by_mail(3, NOBODY, ""))
    assert numbers(ask(store, Party(addresses=("nadia@free.example",)))) == [mail]
    assert numbers(ask(store, Party(numbers=("+33612345678",)))) == [call]
    assert ask(store, Party(addresses=("",))) == ask(store, Party()) == PartyHistory()


def test_an_answered_call_is_a_contact_without_a_case(store: Store) -> None:
    store.cases.record(claim(store, "a"), by_phone(1, "+33612345678", CaseKind.NONE), {}, NOW)
    found = ask(store, Party(numbers=("+33612345678",)))
    assert found.open == ()
    assert [(each.channel, each.outcome, each.case_number) for each in found.contacts] == [("phone", "answered", None)]


def test_what_is_long_ago_or_closed_is_left_out(store: Store) -> None:
    old = open_case(store, "a", by_mail(-60 * 24 * 31))
    closed = open_case(store, "b", by_mail(1))
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == closed).values(state="closed", closed_at=NOW))
    found = ask(store, Party(tenant_id="T1"))
    assert numbers(found) == [old]
    assert [each.case_number for each in found.contacts] == [closed]


def test_what_an_arrival_left_behind_is_no_history_of_it(store: Store) -> None:
    first = open_case(store, "a", by_mail(1))
    open_case(store, "b", by_mail(2))
    found = ask(store, Party(tenant_id="T1"), apart_from=arrival("b"))
    assert numbers(found) == [first]
    assert [each.case_number for each in found.contacts] == [first]
    assert len(ask(store, Party(tenant_id="T1"), apart_from=arrival("never")).contacts) == 2


def test_of_too_many_the_latest_are_told(sqlite_store: Store) -> None:
    for count in range(MOST_RECALLED + 3):
        open_case(sqlite_store, f"{count}", by_mail(count), minutes(count))
    found = ask(sqlite_store, Party(tenant_id="T1", dwelling_id="D1", addresses=("nadia@free.example",)))
    assert len(found.open) == len(found.contacts) == MOST_RECALLED
    assert found.contacts[0].at == minutes(3)
    assert found.open[0].opened_at == minutes(3)
