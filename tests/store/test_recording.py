from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from dtm_contact.errors import NotFoundError
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import (
    AlarmLevel,
    AutomaticSign,
    Automation,
    CaseKind,
    Channel,
    Contact,
    ConversationMatch,
    Evidence,
    Finding,
    Likely,
    Mailbox,
    Match,
    Part,
    Priority,
    Scope,
    Span,
)
from dtm_contact.store import ArrivalState, Store, UnreadableSummary, case_transaction
from dtm_contact.store.judgements import pack_judgement, unpack_judgements
from dtm_contact.store.schema import cases, contacts
from tests.store.samples import FALLBACK, NOW, RECEPTION, claim, judgement, minutes, open_case

OTHERWISE = judgement(match=Match(tenant=Likely("T2", 0.99)), queue="elsewhere")


def open_numbers(store: Store) -> list[str]:
    return [case.number for case in store.cases.queue()]


def happened(store: Store, number: str) -> list[str]:
    return [event.what for event in store.cases.get(number).events]


def test_signs_of_a_program_that_were_kept_as_text_alone_still_say_what_they_say() -> None:
    signs = (
        AutomaticSign(Automation.REPLY, "Auto-Submitted: auto-replied"),
        AutomaticSign(Automation.GENERATED, "Return-Path: <>"),
        AutomaticSign(Automation.MASS, "Precedence: bulk"),
    )
    judged = judgement()
    judged = replace(judged, contact=replace(judged.contact, automatic_signs=signs))
    kept, before = pack_judgement(judged), pack_judgement(judged)
    before["contact"]["automatic_signs"] = [sign.seen for sign in signs]
    with sa.create_engine("sqlite://").connect() as connection:
        assert unpack_judgements(connection, [kept, before]) == [judged, judged]


def test_a_case_tells_who_where_what_and_why(store: Store) -> None:
    judged = judgement()
    decision = {"kind": "case", "rule": "routing.yaml:plomberie", "due": "2026-11-24T11:30:00+01:00"}
    number = store.cases.record(claim(store), judged, decision, NOW)
    assert number == "2026-000001"
    file = store.cases.get(number)
    assert text_of(file.case.who) == "Nadia Benali <Nadia.Benali@free.example>"
    assert (file.case.tenant_id, file.case.dwelling_id, file.case.residence_id) == ("T1", "D1", "R1")
    assert (file.case.queue, file.case.office_id, file.case.priority) == ("montreuil", "BP1", Priority.P3)
    assert (file.case.due, file.case.opened_at, file.case.state) == (minutes(60), NOW, "open")
    assert file.case.read_in_full
    (contact,) = file.contacts
    assert contact.decision == decision
    assert contact.judgement == judged
    (event,) = file.events
    assert (event.who, event.what, event.at) == ("worker", "opened", NOW)
    assert event.data == {
        "kind": "case",
        "queue": "montreuil",
        "priority": "P3",
        "alarm": "none",
        "rule": "routing.yaml:plomberie",
        "rules_version": "r1",
    }


def test_every_step_comes_back_as_it_was_judged(store: Store) -> None:
    evidence = (Evidence("topic.word", 2.5, "coule", Span(Part.NEW, 12, 17), "plumbing"),)
    judged = judgement()
    understanding = replace(judged.understanding, findings=(Finding("plumbing", 2.5, evidence),), scope=Scope.STAIRCASE)
    judged = replace(judged, understanding=understanding)
    number = store.cases.record(claim(store), judged, {}, NOW)
    assert number is not None
    assert store.cases.get(number).contacts[0].judgement == judged


@pytest.mark.parametrize("proven", [True, False])
def test_a_case_tells_whether_who_wrote_is_proven(store: Store, *, proven: bool) -> None:
    number = open_case(store, "one", replace(judgement(), joining=ConversationMatch(proven=proven)))
    assert store.cases.get(number).contacts[0].proven is proven
    with case_transaction(store.database, "paul", NOW) as work:
        assert [each.proven for each in work.contacts(work.lock(number)[0])] == [proven]


def test_nobody_is_proven_who_wrote_what_could_not_be_judged(store: Store) -> None:
    number = store.cases.park(claim(store), "JudgeTimeoutError", FALLBACK, RECEPTION, NOW)
    assert number is not None
    assert not store.cases.get(number).contacts[0].proven


def test_recording_twice_opens_one_case(store: Store) -> None:
    claimed = claim(store)
    first = store.cases.record(claimed, judgement(), {}, NOW)
    assert store.cases.record(claimed, OTHERWISE, {}, minutes(1)) == first
    assert open_numbers(store) == [first]
    assert store.cases.queue()[0].queue == "montreuil"


def test_a_claim_that_was_lost_records_nothing(store: Store) -> None:
    lost = claim(store)
    store.leases.take_over()
    assert store.cases.record(lost, OTHERWISE, {}, NOW) is None
    assert store.cases.park(lost, "JudgeTimeoutError", FALLBACK, RECEPTION, NOW) is None
    held = store.arrivals.claim("worker", minutes(1))
    assert held is not None
    assert store.cases.record(lost, OTHERWISE, {}, NOW) is None
    number = store.cases.record(held, judgement(), {}, NOW)
    assert store.cases.record(lost, OTHERWISE, {}, NOW) == number
    assert store.cases.park(lost, "JudgeTimeoutError", FALLBACK, RECEPTION, NOW) == number
    assert [(case.number, case.queue) for case in store.cases.queue()] == [(number, "montreuil")]
    assert [line.state for line in store.arrivals.listing()] == [ArrivalState.JUDGED]


def test_a_late_worker_does_not_undo_an_agents_release(store: Store) -> None:
    late = claim(store)
    store.cases.record(late, judgement(CaseKind.SPAM), {}, NOW)
    store.arrivals.release(1, "paul", minutes(1))
    held = store.arrivals.claim("worker", minutes(2))
    store.cases.record(late, judgement(CaseKind.SPAM), {}, minutes(3))
    assert held is not None
    assert store.cases.record(held, judgement(), {}, minutes(3)) == "2026-000001"


@pytest.mark.parametrize("kind", [CaseKind.AUTOMATIC, CaseKind.SPAM])
def test_what_nobody_needs_is_set_aside(store: Store, kind: CaseKind) -> None:
    claimed = claim(store)
    assert store.cases.record(claimed, judgement(kind), {}, NOW) is None
    assert store.cases.record(claimed, judgement(kind), {}, NOW) is None
    (line,) = store.arrivals.listing(ArrivalState.SET_ASIDE)
    assert line.kind == kind
    assert store.arrivals.waiting() == 0
    assert open_numbers(store) == []


def test_a_contact_that_needs_no_one_opens_nothing(store: Store) -> None:
    assert store.cases.record(claim(store), judgement(CaseKind.NONE), {}, NOW) is None
    assert [line.state for line in store.arrivals.listing()] == [ArrivalState.JUDGED]


def test_what_was_set_aside_and_is_released_becomes_a_case(store: Store) -> None:
    store.cases.record(claim(store), judgement(CaseKind.SPAM), {"kind": "spam"}, NOW)
    store.arrivals.release(1, "paul", minutes(1))
    claimed = store.arrivals.claim("worker", minutes(2))
    assert claimed is not None
    assert claimed.forced_case
    assert claimed.attempt == 1
    number = store.cases.record(claimed, judgement(), {"kind": "case"}, minutes(2))
    assert number is not None
    file = store.cases.get(number)
    assert [contact.decision for contact in file.contacts] == [{"kind": "case"}]
    assert [line.state for line in store.arrivals.listing()] == [ArrivalState.JUDGED]


def test_a_parked_arrival_has_a_case_that_stands_in_for_it(store: Store) -> None:
    number = store.cases.park(claim(store), "JudgeTimeoutError", FALLBACK, RECEPTION, NOW)
    assert number is not None
    file = store.cases.get(number)
    assert not file.case.read_in_full
    assert (text_of(file.case.subject), text_of(file.case.who)) == (
        "Au secours",
        "Nadia Benali <Nadia.Benali@free.example>",
    )
    assert (file.case.queue, file.case.priority, file.case.due) == ("agence-accueil", Priority.P2, RECEPTION.due)
    assert file.contacts[0].judgement is None
    assert file.events[0].data == {"reason": "JudgeTimeoutError", "attempt": 1}
    assert [line.reason for line in store.arrivals.listing(ArrivalState.PARKED)] == ["JudgeTimeoutError"]
    assert store.arrivals.claim("worker", minutes(100)) is None


def test_an_arrival_of_which_nothing_could_be_read_is_parked_all_the_same(store: Store) -> None:
    number = store.cases.park(claim(store), "UnreadableArrivalError", UnreadableSummary(), RECEPTION, NOW)
    assert open_numbers(store) == [number]


def test_parking_twice_opens_one_case(store: Store) -> None:
    claimed = claim(store)
    first = store.cases.park(claimed, "JudgeTimeoutError", FALLBACK, RECEPTION, NOW)
    assert store.cases.park(claimed, "JudgeTimeoutError", FALLBACK, RECEPTION, NOW) == first
    assert open_numbers(store) == [first]


def retried(store: Store) -> str:
    """Park an arrival and let it be judged again; return its stand-in's number."""
    number = store.cases.park(claim(store), "JudgeTimeoutError", FALLBACK, RECEPTION, NOW)
    assert number is not None
    store.arrivals.retry(1, "paul", minutes(1))
    return number


def test_a_retried_arrival_completes_its_stand_in_and_moves_it(store: Store) -> None:
    number = retried(store)
    claimed = store.arrivals.claim("worker", minutes(2))
    assert claimed is not None
    assert not claimed.forced_case
    assert store.cases.record(claimed, judgement(priority=Priority.P1), {}, minutes(2)) == number
    (case,) = store.cases.queue()
    assert (case.queue, case.priority, case.read_in_full) == ("montreuil", Priority.P1, True)
    assert (text_of(case.subject), case.tenant_id, case.opened_at) == ("Fuite sous l’évier", "T1", NOW)
    assert happened(store, number) == ["parked", "retried", "completed"]


def test_a_stand_in_that_has_become_a_danger_stays_one(store: Store) -> None:
    number = retried(store)
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).values(priority=Priority.P1, alarm_level=AlarmLevel.CERTAIN))
    claimed = store.arrivals.claim("worker", minutes(2))
    assert claimed is not None
    assert store.cases.record(claimed, judgement(), {}, minutes(2)) == number
    (case,) = store.cases.queue()
    assert (case.queue, case.priority, case.due) == ("montreuil", Priority.P1, RECEPTION.due)


def test_a_stand_in_that_an_agent_took_is_completed_where_it_is(store: Store) -> None:
    number = retried(store)
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).values(owner="paul", tenant_id="T9"))
    claimed = store.arrivals.claim("worker", minutes(2))
    assert claimed is not None
    assert store.cases.record(claimed, judgement(), {}, minutes(2)) == number
    (case,) = store.cases.queue()
    assert (case.queue, case.priority, case.due) == ("agence-accueil", Priority.P2, RECEPTION.due)
    assert (case.tenant_id, case.dwelling_id, case.read_in_full) == ("T9", "D1", True)


def test_whom_an_agent_has_named_of_a_stand_in_its_contact_stays_about(store: Store) -> None:
    number = retried(store)
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).values(tenant_id="T9", dwelling_id="D9", by_hand=["tenant_id"]))
        connection.execute(sa.update(contacts).values(tenant_id="T9", dwelling_id="D9"))
    claimed = store.arrivals.claim("worker", minutes(2))
    assert claimed is not None
    assert store.cases.record(claimed, judgement(), {}, minutes(2)) == number
    with store.database.reading() as connection:
        about = connection.execute(sa.select(contacts.c.tenant_id, contacts.c.dwelling_id, contacts.c.subject)).one()
    assert tuple(about) == ("T9", "D9", "Fuite sous l’évier")


def test_a_stand_in_whose_arrival_turns_out_automatic_does_not_vanish(store: Store) -> None:
    number = retried(store)
    claimed = store.arrivals.claim("worker", minutes(2))
    assert claimed is not None
    assert store.cases.record(claimed, judgement(CaseKind.AUTOMATIC), {}, minutes(2)) == number
    assert open_numbers(store) == [number]


def test_a_retried_arrival_that_fails_again_keeps_its_one_stand_in(store: Store) -> None:
    number = retried(store)
    claimed = store.arrivals.claim("worker", minutes(2))
    assert claimed is not None
    assert store.cases.park(claimed, "JudgeTimeoutError", FALLBACK, RECEPTION, minutes(2)) == number
    assert happened(store, number) == ["parked", "retried", "parked"]
    assert [line.state for line in store.arrivals.listing()] == [ArrivalState.PARKED]


def test_a_decision_that_opens_a_case_nowhere_changes_nothing(store: Store) -> None:
    judged = judgement()
    nowhere = replace(judged, decision=replace(judged.decision, queue=None))
    claimed = claim(store)
    with pytest.raises(ValueError, match="queue"):
        store.cases.record(claimed, nowhere, {}, NOW)
    assert open_numbers(store) == []
    assert store.cases.record(claimed, judged, {}, NOW) == "2026-000001"


def test_an_arrival_that_is_not_there(store: Store) -> None:
    unknown = replace(claim(store), id=99)
    with pytest.raises(NotFoundError, match="arrival 99"):
        store.cases.record(unknown, judgement(), {}, NOW)


def test_numbers_begin_again_each_year(store: Store) -> None:
    last_year = datetime(2025, 12, 31, 23, tzinfo=UTC)
    times = (last_year, NOW, minutes(1), last_year)
    numbers = [open_case(store, str(place), judgement(), at) for place, at in enumerate(times)]
    assert numbers == ["2025-000001", "2026-000001", "2026-000002", "2025-000002"]


@pytest.mark.parametrize("hostile", ["nul \x00", "lone \udc80", "\U0001f6b1", "' OR 1=1; --", "x" * 100_000])
def test_hostile_words_are_stored_and_offsets_stay_right(store: Store, hostile: str) -> None:
    contact = Contact(
        channel=Channel.EMAIL,
        at=NOW,
        sender=Mailbox(hostile, hostile),
        subject=hostile,
        new_text=hostile + " fuite",
        message_id=hostile,
        references=(hostile,),
    )
    number = store.cases.record(claim(store), judgement(contact=contact), {"source": hostile}, NOW)
    assert number is not None
    (stored,) = store.cases.get(number).contacts
    assert stored.judgement is not None
    assert stored.judgement.contact.new_text == contact.new_text.replace("\udc80", "\ufffd")
    with store.history() as history:
        assert [earlier.case_number for earlier in history.thread([hostile])] == [number]


def test_the_tags_that_rules_put_are_the_cases_first(store: Store) -> None:
    judged = judgement()
    number = open_case(store, "one", replace(judged, decision=replace(judged.decision, tags=("travaux", "chauffage"))))
    assert store.cases.get(number).case.tags == ("travaux", "chauffage")
    assert store.cases.get(open_case(store, "two", judged)).case.tags == ()
