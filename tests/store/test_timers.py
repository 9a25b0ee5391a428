"""What is to happen to cases later, on both databases."""

from datetime import timedelta

import pytest

from dtm_contact.errors import NotFoundError
from dtm_contact.model import Priority
from dtm_contact.store import Store, case_transaction
from dtm_contact.store.timers import Plan
from tests.store.samples import NOW, judgement, minutes, open_case


def planned(store: Store) -> str:
    """Open a case with one thing to happen in ten minutes; return its number."""
    number = open_case(store, "one", judgement())
    last, fresh = store.timers.changed_cases(100)
    assert [case.number for case in fresh] == [number]
    store.timers.plan([Plan(number, "P3:0", minutes(10), {"does": "remind"})], last)
    return number


def test_cases_that_something_happened_to_are_told_once(store: Store) -> None:
    assert store.timers.changed_cases(100) == (0, [])
    number = planned(store)
    last, fresh = store.timers.changed_cases(100)
    assert fresh == []
    with case_transaction(store.database, "anne", NOW) as work:
        work.add_event(work.lock(number)[0], "noted", {})
    later, fresh = store.timers.changed_cases(100)
    assert later > last
    assert [(case.number, case.priority, case.queue) for case in fresh] == [(number, Priority.P3, "montreuil")]


def test_what_is_due_comes_with_the_case_as_it_is(store: Store) -> None:
    number = planned(store)
    assert store.timers.due(minutes(9)) == []
    (due,) = store.timers.due(minutes(10))
    assert (due.case_number, due.step, due.data, due.state) == (number, "P3:0", {"does": "remind"}, "open")
    assert (due.priority, due.owner, due.topic, due.answered) == (Priority.P3, None, "plumbing", False)
    with case_transaction(store.database, "anne", NOW) as work:
        (held,) = work.lock(number)
        work.change(held, owner="anne")
        work.add_event(held, "replied", {})
    (due,) = store.timers.due(minutes(10))
    assert (due.owner, due.answered) == ("anne", True)


def test_a_step_is_planned_anew_while_it_waits_and_never_again_once_done(store: Store) -> None:
    number = planned(store)
    last, _ = store.timers.changed_cases(100)
    store.timers.plan([Plan(number, "P3:0", minutes(20), {"does": "raise"})], last)
    assert store.timers.due(minutes(10)) == []
    (due,) = store.timers.due(minutes(20))
    with case_transaction(store.database, "timers", minutes(20)) as work:
        work.settle_timer(due.id, done=True)
    store.timers.plan([Plan(number, "P3:0", minutes(21), {"does": "raise"})], last)
    assert store.timers.due(minutes(60)) == []


def _remind(store: Store, number: str, timer_id: int) -> None:
    with case_transaction(store.database, "deux", minutes(10)) as work:
        work.add_event(work.lock(number)[0], "reminded", {})
        work.settle_timer(timer_id, done=True)


def test_two_daemons_do_not_do_the_same(store: Store) -> None:
    number = planned(store)
    (due,) = store.timers.due(minutes(10))
    with case_transaction(store.database, "un", minutes(10)) as work:
        work.settle_timer(due.id, done=True)
    with pytest.raises(NotFoundError):
        _remind(store, number, due.id)
    assert [event.what for event in store.cases.get(number).events] == ["opened"]


def test_a_storm_begins_once_and_ends_after_a_time(store: Store) -> None:
    assert store.timers.report_storm("plumbing", "93", 20, NOW)
    assert not store.timers.report_storm("plumbing", "93", 25, minutes(5))
    assert store.timers.storms() == {("plumbing", "93")}
    assert store.timers.end_storms(minutes(4)) == []
    assert store.timers.end_storms(minutes(6)) == [("plumbing", "93")]
    assert store.timers.report_storm("plumbing", "93", 20, minutes(7))


def test_crowds_are_counted_by_topic_and_residence(store: Store) -> None:
    for name in ("one", "two"):
        open_case(store, name, judgement())
    assert store.timers.case_counts(NOW - timedelta(minutes=1)) == [("plumbing", "R1", 2)]
    assert store.timers.case_counts(minutes(1)) == []
    assert store.timers.latest_case("plumbing", ["R1", "R2"]) == "2026-000002"
    assert store.timers.latest_case("plumbing", ["R2"]) is None
    assert store.timers.latest_case("gas", ["R1"]) is None


def test_judgements_are_read_again_in_the_order_of_time(store: Store) -> None:
    number = open_case(store, "one", judgement())
    (arrival_id,) = store.judgements.since(NOW)
    (judged,) = store.judgements.read([arrival_id, 999])
    assert (judged.case_number, judged.is_first, judged.is_open, judged.queue) == (number, True, True, "montreuil")
    assert judged.judgement == judgement()
    assert store.judgements.rules_used(NOW) >= {"routing.yaml:plomberie"}
    assert store.judgements.since(minutes(1)) == []
