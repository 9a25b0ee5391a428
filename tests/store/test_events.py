import pytest
import sqlalchemy as sa

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.store import Store, open_store
from dtm_contact.store.events import NewEvent, append
from tests.store.samples import FALLBACK, NOW, RECEPTION, claim, judgement, minutes, open_case


def test_a_cases_events_are_told_in_their_order(store: Store) -> None:
    number = store.cases.park(claim(store), "JudgeTimeoutError", FALLBACK, RECEPTION, NOW)
    assert number is not None
    store.arrivals.retry(1, "paul", minutes(-5))
    open_case(store, "other", judgement())
    told = store.cases.get(number).events
    assert [(event.who, event.what, event.at) for event in told] == [
        ("worker", "parked", NOW),
        ("paul", "retried", minutes(-5)),
        ("worker", "completed", NOW),
    ]


def test_what_happens_to_an_arrival_without_a_case_is_kept_too(store: Store) -> None:
    claimed = claim(store)
    with store.database.writing() as connection:
        append(connection, NewEvent("paul", "seen", NOW, {"a": ["é"]}), case_id=None, arrival_id=claimed.id)
    with store.database.reading() as connection:
        rows = connection.execute(sa.text("SELECT who, what, arrival_id, case_id FROM events")).all()
    assert [tuple(row) for row in rows] == [("paul", "seen", claimed.id, None)]


def test_ids_grow_in_the_order_of_the_commits(postgresql_url: str) -> None:
    """Whoever follows the ids misses none: an event waits until the one before it is committed."""
    with open_store(postgresql_url, patience=0.2) as store:
        claimed = claim(store)
        event = NewEvent("worker", "seen", NOW)
        with store.database.writing(hurried=False) as first:
            append(first, event, case_id=None, arrival_id=claimed.id)
            with pytest.raises(StoreUnavailableError, match="LockNotAvailable"), store.database.writing() as second:
                append(second, event, case_id=None, arrival_id=claimed.id)
        with store.database.writing() as second:
            append(second, event, case_id=None, arrival_id=claimed.id)
