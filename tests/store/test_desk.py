"""What the desk reads, on both databases: the queue's total order and its filters, households, incidents, news."""

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from dtm_contact.model import AlarmLevel, CaseKind, Channel, CodedText, Contact, Likely, Mailbox, Match, Priority
from dtm_contact.store import Store, case_transaction
from dtm_contact.store import desk as desk_store
from dtm_contact.store.desk import CaseFilter, QueueCursor, cursor_of
from dtm_contact.store.schema import cases
from tests.store.samples import NOW, arrival, confirmed, judgement, minutes, open_case

ALL = ("montreuil", "pantin")
_ids = count(1)


def opened(store: Store, *, topic: str = "plumbing", at: float = 0, **judged: Any) -> str:
    """Open a case that was opened so many minutes after NOW; return its number."""
    judged = {"due": minutes(60 + at), **judged}
    made = judgement(**judged)
    made = replace(made, understanding=replace(made.understanding, topics=(topic,)))
    return open_case(store, f"desk-{next(_ids)}", made, minutes(at))


def living(dwelling: str, residence: str = "R1", tenant: str | None = None) -> Match:
    return Match(
        tenant=Likely(tenant, 0.99) if tenant else None,
        dwelling=Likely(dwelling, 0.99),
        residence=Likely(residence, 0.99),
    )


def pages(store: Store, wanted: CaseFilter, of: int) -> list[str]:
    """Return all cases wanted, asked for page by page."""
    seen = list[str]()
    after: QueueCursor | None = None
    while found := store.desk.page(wanted, after=after, limit=of):
        seen += [case.number for case in found]
        after = cursor_of(found[-1])
    return seen


@pytest.mark.parametrize("of", [1, 3, 100])
def test_the_order_is_total_and_pages_follow_on(store: Store, of: int) -> None:
    urgency = (Priority.P3, Priority.P1, Priority.P4, Priority.P3, Priority.P2)
    numbers = {
        opened(store, priority=urgency[at % 5], queue=ALL[at % 2], due=minutes(60 + at // 4)): (
            urgency[at % 5],
            at // 4,
        )
        for at in range(13)
    }
    ordered = sorted(numbers, key=lambda number: (*numbers[number], number))
    assert pages(store, CaseFilter(ALL, NOW), of) == ordered
    assert pages(store, CaseFilter(ALL[:1], NOW), of) == [
        each for each in ordered if each in in_queue(store, "montreuil")
    ]


def in_queue(store: Store, queue: str) -> set[str]:
    return {case.number for case in store.desk.page(CaseFilter((queue,), NOW), limit=100)}


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ({"topic": "gas"}, "gas"),
        ({"residences": ("R2", "R3")}, "far"),
        ({"owner": "paul"}, "taken"),
        ({"late_at": minutes(30)}, "late"),
        ({"waiting": True}, "waits"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_filter_leaves_its_own(store: Store, named: dict[str, Any], kept: str) -> None:
    numbers = {
        "plain": opened(store),
        "gas": opened(store, topic="gas"),
        "far": opened(store, match=living("D9", "R2")),
        "taken": opened(store),
        "late": opened(store, due=minutes(10)),
        "waits": opened(store),
    }
    change(store, numbers["taken"], owner="paul")
    change(store, numbers["waits"], waiting_until=minutes(90))
    assert pages(store, CaseFilter(ALL, NOW, **named), 2) == [numbers[kept]]
    assert numbers["waits"] not in pages(store, CaseFilter(ALL, NOW), 2)
    assert numbers["waits"] in pages(store, CaseFilter(ALL, minutes(91)), 2), "it comes back by itself"


def change(store: Store, number: str, **values: Any) -> None:
    with case_transaction(store.database, "paul", NOW) as work:
        work.change(work.lock(number)[0], **values)


def test_a_line_tells_the_first_words_and_how_often_they_wrote(store: Store) -> None:
    number = opened(store)
    assert store.desk.case_hints([number, "2026-999999"])[number].words == "Bonjour, ça coule."
    assert store.desk.case_hints([number])[number].contacts == 1
    assert store.desk.case_hints([]) == {}


def test_of_many_dangers_the_newest_that_call_are_shown_however_many_lie_quiet(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [opened(store, priority=Priority.P1, due=minutes(5)) for _ in range(26)]
    assert [case.number for case in store.desk.alarms(ALL)] == numbers[:5:-1]
    with store.database.reading() as connection:
        ids = list(connection.execute(sa.select(cases.c.id).order_by(cases.c.id)).scalars())
    monkeypatch.setattr(desk_store, "left_in_peace", lambda _connection, some: some & set(ids[3:]))
    assert [case.number for case in store.desk.alarms(ALL)] == numbers[2::-1]


def test_what_is_closed_or_taken_is_neither_counted_nor_alarming(store: Store) -> None:
    first, second, third = (opened(store, priority=Priority.P1, due=minutes(at)) for at in (20, 10, 5))
    opened(store, priority=Priority.P2, queue="pantin")
    assert [case.number for case in store.desk.alarms(ALL)] == [third, second, first]
    change(store, third, state="closed", closed_at=NOW)
    change(store, second, owner="paul")
    assert [case.number for case in store.desk.alarms(ALL)] == [first]
    assert store.desk.alarms(("pantin",)) == []
    assert store.desk.counts(ALL) == {"montreuil": 2, "pantin": 1}
    assert store.desk.counts(()) == {}


@pytest.mark.parametrize(
    "way",
    [{"tenants": ["T7"]}, {"dwellings": ["D7"]}, {"addresses": ["sept@free.example"]}],
    ids=["tenant", "dwelling", "address"],
)
def test_a_household_s_cases_are_found_open_ones_first(store: Store, way: dict[str, Any]) -> None:
    contact = Contact(Channel.EMAIL, NOW, Mailbox("Sept", "sept@free.example"), new_text="Bonjour")
    mine = [opened(store, match=living("D7", tenant="T7"), contact=contact) for _ in range(3)]
    opened(store)
    change(store, mine[2], state="closed", closed_at=NOW)
    assert [case.number for case in store.desk.of(**way)] == [mine[1], mine[0], mine[2]]


def test_nothing_asked_for_leads_to_no_case(store: Store) -> None:
    opened(store)
    assert store.desk.of() == []


def test_cases_are_found_by_what_lies_in_them(store: Store) -> None:
    numbers = [opened(store) for _ in range(3)]
    words = store.desk.searchable(0, 10)
    assert [text.splitlines()[0] for _, text in words] == ["Fuite sous l’évier"] * 3
    assert "ça coule" in words[0][1]
    ids = [contact_id for contact_id, _ in words]
    assert store.desk.searchable(ids[1], 10) == words[2:]
    assert [case.number for case in store.desk.by_contacts([ids[2], ids[0], 10**9])] == [numbers[2], numbers[0]]
    arrived = store.cases.get(numbers[1]).contacts[0].arrival_id
    assert [held.number for held in store.desk.cases_of_arrival(arrived)] == [numbers[1]]
    assert store.desk.case_of_external("smtp", "nothing") is None


def test_several_households_of_a_residence_with_one_matter_are_an_incident(store: Store) -> None:
    ours = [opened(store, topic="heating", at=at, match=living(f"D{at}", "R5")) for at in range(3)]
    opened(store, topic="heating", match=living("D1", "R6"))
    opened(store, topic="heating", match=living("D1", "R6"))
    opened(store, topic="heating", at=-2000, match=living("D4", "R5"))
    (found,) = store.desk.incidents(("heating", "gas"), NOW - timedelta(hours=24))
    assert (found.residence_id, found.topic, found.households, found.cases) == ("R5", "heating", 3, 3)
    assert (found.since, found.priority, found.offices) == (NOW, "P3", ("BP1",))
    cases = store.desk.of_incident("R5", "heating", NOW - timedelta(hours=24))
    assert [case.number for case in cases] == ours
    assert store.desk.incidents(("gas",), NOW - timedelta(hours=24)) == []


def test_what_was_set_aside_is_told_latest_first(store: Store) -> None:
    for name in ("one", "two"):
        store.arrivals.accept([arrival(name)])
        claimed = store.arrivals.claim("worker", NOW)
        assert claimed is not None
        assert store.cases.record(claimed, judgement(CaseKind.AUTOMATIC), {}, NOW) is None
    told = store.desk.set_aside()
    assert [(each.kind, each.subject) for each in told] == [("automatic", "Fuite sous l’évier")] * 2
    assert store.desk.set_aside(before=told[0].arrival_id) == told[1:]


def test_appointments_are_told_of_one_office_and_day(store: Store) -> None:
    nadia, jean = CodedText.plain("Nadia"), CodedText("caller", {})
    number, other = opened(store), opened(store)
    with case_transaction(store.database, "paul", NOW) as work:
        held, rival = work.lock(number, other)
        assert work.book_appointment(held, "BP1", minutes(60), nadia)
        assert not work.book_appointment(rival, "BP1", minutes(60), jean)
        assert work.book_appointment(rival, "BP1", minutes(30), jean)
        assert work.book_appointment(rival, "BP2", minutes(60), jean)
    day = store.desk.appointments("BP1", NOW, minutes(61))
    assert [(each.at, each.number, each.who) for each in day] == [
        (minutes(30), other, jean),
        (minutes(60), number, nadia),
    ]
    assert store.desk.appointments("BP1", NOW, minutes(30)) == []


def test_pages_are_told_what_happened_after_an_event(store: Store) -> None:
    assert store.desk.latest_event() == 0
    number = opened(store)
    since = store.desk.latest_event()
    assert store.desk.happened(0)[0][1] == "opened"
    change(store, number, queue="pantin")
    with case_transaction(store.database, "paul", NOW) as work:
        work.add_event(work.lock(number)[0], "moved", {})
    ((event_id, *told),) = store.desk.happened(since)
    assert told == ["moved", "paul", number, "pantin", "P3", AlarmLevel.NONE]
    assert store.desk.latest_event() == event_id
    assert store.desk.happened(event_id) == []


def test_confirmed_values_are_told_of_their_tenant_alone(store: Store) -> None:
    number = opened(store)
    with case_transaction(store.database, "paul", NOW) as work:
        assert work.confirm(work.lock(number)[0], "number", "+33612345678", "T1")
    assert store.desk.confirmed("T1", ["+33612345678", "x@free.example"]) == {"+33612345678"}
    assert store.desk.confirmed("T2", ["+33612345678"]) == frozenset()
    (told,) = store.desk.confirmations(["T1"])
    assert (told.at, told.by, told.case_number, told.others) == (NOW, "paul", number, ())
    confirmed(store, "number", "+33612345678", "T2")
    assert [each.others for each in store.desk.confirmations(["T1"])] == [("T2",)]
