from datetime import datetime
from itertools import permutations

import pytest
import sqlalchemy as sa

from dtm_contact.errors import NotFoundError
from dtm_contact.model import Priority
from dtm_contact.store import QueueCount, Store
from dtm_contact.store.schema import cases
from tests.store.samples import NOW, judgement, minutes, open_case


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_a_queue_is_worked_by_priority_then_due_then_age_then_number(store: Store, order: tuple[int, ...]) -> None:
    in_order = [
        (judgement(priority=Priority.P1, due=minutes(99)), minutes(9)),
        (judgement(priority=Priority.P2, due=minutes(5)), minutes(8)),
        (judgement(priority=Priority.P2, due=minutes(6)), minutes(1)),
        (judgement(priority=Priority.P2, due=minutes(6)), minutes(2)),
    ]
    numbers = {place: open_case(store, str(place), *in_order[place]) for place in order}
    assert [case.number for case in store.cases.queue()] == [numbers[place] for place in range(4)]


def test_what_is_alike_is_worked_by_number(store: Store) -> None:
    numbers = [open_case(store, str(place), judgement()) for place in range(12)]
    assert [case.number for case in store.cases.queue()] == numbers
    assert [case.number for case in store.cases.queue(limit=3)] == numbers[:3]


def test_a_queue_shows_its_own_open_cases(store: Store) -> None:
    here = open_case(store, "a", judgement())
    open_case(store, "b", judgement(queue="elsewhere"))
    closed = open_case(store, "c", judgement())
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == closed).values(state="closed", closed_at=NOW))
    assert [case.number for case in store.cases.queue("montreuil")] == [here]
    assert store.cases.queue("unknown") == []


def set_waiting(store: Store, number: str, until: datetime) -> None:
    with store.database.writing() as connection:
        connection.execute(sa.update(cases).where(cases.c.number == number).values(waiting_until=until))


def test_what_waits_is_out_of_the_order_until_its_time(store: Store) -> None:
    numbers = [open_case(store, str(place), judgement()) for place in range(3)]
    set_waiting(store, numbers[0], minutes(30))
    assert [case.number for case in store.cases.queue(now=NOW)] == numbers[1:]
    assert [case.number for case in store.cases.queue(now=minutes(30))] == numbers
    assert [case.is_waiting(NOW) for case in store.cases.queue()] == [True, False, False]
    assert store.cases.queue_counts(NOW) == [QueueCount("montreuil", open=2, late=0, danger=0, waiting=1)]
    assert store.cases.queue_counts(minutes(30)) == [QueueCount("montreuil", open=3, late=0, danger=0)]


def test_page_follows_page(store: Store) -> None:
    for place in range(9):
        judged = judgement(priority=Priority.P2 if place % 2 else Priority.P3, due=minutes(place % 3))
        open_case(store, str(place), judged, minutes(place % 2))
    whole = store.cases.queue()
    pages = [store.cases.queue("montreuil", limit=4)]
    while pages[-1]:
        pages.append(store.cases.queue("montreuil", after=pages[-1][-1], limit=4))
    assert [case for page in pages for case in page] == whole
    assert [len(page) for page in pages] == [4, 4, 1, 0]


def test_queues_are_counted_with_what_is_late_and_what_is_dangerous(store: Store) -> None:
    open_case(store, "a", judgement(priority=Priority.P1, due=minutes(-1)))
    open_case(store, "b", judgement(due=minutes(0)))
    open_case(store, "c", judgement(queue="elsewhere"))
    assert store.cases.queue_counts(NOW) == [
        QueueCount("elsewhere", open=1, late=0, danger=0),
        QueueCount("montreuil", open=2, late=1, danger=1),
    ]


def test_a_case_that_is_not_there(store: Store) -> None:
    with pytest.raises(NotFoundError, match="case 2026-999999"):
        store.cases.get("2026-999999")
