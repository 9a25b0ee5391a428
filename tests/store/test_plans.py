"""What the daemon asks all day long is answered from an index, however much has been settled before."""

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from dtm_contact.model import Party
from dtm_contact.store import Store
from dtm_contact.store.lost_store import numbers_since
from tests.store.samples import NOW, judgement, minutes, open_case


def thread(store: Store) -> None:
    with store.history() as history:
        history.thread(["m1@free.example"])


def party_history(store: Store, **of: Any) -> None:
    with store.history() as history:
        history.party_history(Party(**of), NOW)


def registered(store: Store) -> None:
    with store.history() as history:
        history.register(["T1"], NOW.date())


def next_page(store: Store) -> None:
    (first,) = store.cases.queue("montreuil")
    store.cases.queue("montreuil", after=first)


def cases_since(store: Store) -> None:
    with store.database.reading() as connection:
        numbers_since(connection, ["2026-000777"])


QUESTIONS: dict[str, tuple[Callable[[Store], object], str]] = {
    "claim": (lambda store: store.arrivals.claim("worker", minutes(1)), "ix_arrivals_waiting"),
    "claim of danger": (lambda store: store.arrivals.claim("worker", minutes(1)), "ix_arrivals_danger"),
    "claim in turn": (
        lambda store: store.arrivals.claim("worker", minutes(1), in_turn_first=True),
        "ix_arrivals_in_turn",
    ),
    "send": (lambda store: store.outbox.claim("sender", NOW), "ix_outbox_at_work"),
    "held beyond a lease": (lambda store: store.leases.held_beyond(), "ix_arrivals_state"),
    "glance": (lambda store: store.arrivals.not_looked_at(0, 100, 100), "ix_arrivals_state"),
    "waiting": (lambda store: store.arrivals.waiting(), "ix_arrivals_state"),
    "queue": (lambda store: store.cases.queue("montreuil"), "ix_cases_open"),
    "queue counts": (lambda store: store.cases.queue_counts(NOW), "ix_cases_open"),
    "case": (lambda store: store.cases.get("2026-000001"), "sqlite_autoindex_cases_1"),
    "thread": (thread, "ix_contacts_message_id"),
    "what waits left out": (lambda store: store.cases.queue("montreuil", now=NOW), "ix_cases_open"),
    "next page": (next_page, "ix_cases_open (queue=? AND (alarm_level,priority"),
    "tenant's cases": (lambda store: party_history(store, tenant_id="T1"), "ix_cases_tenant_id"),
    "tenant's contacts": (lambda store: party_history(store, tenant_id="T1"), "ix_contacts_tenant_id"),
    "household's contacts": (lambda store: party_history(store, dwelling_id="D1"), "ix_contacts_dwelling_id"),
    "residence's cases": (lambda store: party_history(store, residence_id="R1"), "ix_cases_residence_open"),
    "residence's contacts": (lambda store: party_history(store, residence_id="R1"), "ix_contacts_residence_id"),
    "address": (lambda store: party_history(store, addresses=("a@free.example",)), "ix_contacts_sender"),
    "register": (registered, "ix_register_entries_tenant_id"),
    "never used": (lambda store: store.desk.never_used(["a@free.example"], NOW.date()), "ix_register_entries_key"),
    "a lost case's number": (cases_since, "ix_sent_marks_case_number"),
    "number": (lambda store: party_history(store, numbers=("+33612345678",)), "ix_contacts_phone_key"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_answered_from_an_index(sqlite_store: Store, question: str) -> None:
    open_case(sqlite_store, "one", judgement())
    ask, index = QUESTIONS[question]
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(sqlite_store.database.engine, "before_cursor_execute", note)
    ask(sqlite_store)
    plans = [
        plan for each in asked if each[0].startswith(("SELECT", "UPDATE")) for plan in explained(sqlite_store, *each)
    ]
    assert any(index in step for step in plans), plans
    assert not any("SCAN arrivals" in step and "INDEX" not in step for step in plans), plans
    # The few messages of one case are sorted: its own, those that it shares with another one, those of a lost one.
    assert question in {"case", "a lost case's number"} or not any("TEMP B-TREE" in step for step in plans), plans


def test_what_was_sent_for_an_arrival_before_a_restore_is_found_in_an_index(sqlite_store: Store) -> None:
    of_arrival = "SELECT case_number FROM sent_marks WHERE channel = ? AND external_id = ?"
    assert any("ix_sent_marks_external_id" in step for step in explained(sqlite_store, of_arrival, ("smtp", "one")))


def explained(store: Store, statement: str, parameters: Any) -> list[str]:
    with store.database.engine.connect() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("EXPLAIN QUERY PLAN " + statement, parameters)
        return [row[-1] for row in cursor.fetchall()]
