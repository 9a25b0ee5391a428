"""What happened to cases and arrivals, one line each, only ever added to."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.store.schema import events

_APPENDING = 0x64746D02
ANSWERS: Final = ("replied", "answered", "spoken", "reached")
"""The events by which one of us answered: a letter, one from their own mailbox, a call taken, a call back."""
CANCELLED: Final = "appointment cancelled"
"""The event of an appointment given up; `withdraws` is the id of the letter that invited to it."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happens now.

    Attributes:
        who: who did it: `worker`, `import`, an agent's name.
        what: one word for it (`opened`, `completed`, `parked`, `retried`, `released`, …).
        at: when; aware.
        data: what else is to be known; JSON.
    """

    who: str
    what: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; `id` grows in the order of the commits."""

    id: int
    at: datetime
    who: str
    what: str
    data: dict[str, Any]


def append(connection: Connection, event: NewEvent, *, case_id: int | None, arrival_id: int | None) -> Event:
    """Add an event to a case, an arrival, or both; the last thing that its transaction does."""
    if connection.dialect.name == "postgresql":
        # PostgreSQL gives ids out before the commit: without taking turns, one who follows the ids could miss some.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_APPENDING)))
    number = connection.execute(
        events.insert().returning(events.c.id),
        {
            "case_id": case_id,
            "arrival_id": arrival_id,
            "at": event.at,
            "who": event.who,
            "what": event.what,
            "data": event.data,
        },
    ).scalar_one()
    return Event(number, event.at, event.who, event.what, event.data)


def of_case(connection: Connection, case_id: int) -> tuple[Event, ...]:
    """Return a case's events, oldest first."""
    query = sa.select(events).where(events.c.case_id == case_id).order_by(events.c.id)
    return tuple(_event(row) for row in connection.execute(query))


def _event(row: Any) -> Event:
    return Event(row.id, row.at, row.who, row.what, row.data)


_later = events.alias()


def is_answer(*acts: str) -> sa.ColumnElement[bool]:
    """Return the condition that an event of the query's `events` is one of some acts, and answers by now.

    A call answers until it is taken back, an invitation until the appointment is cancelled; the letter that cancels it
    answers nothing.
    """
    took_it_back = sa.or_(
        sa.and_(_later.c.what == "undone", _later.c.data["undoes"].as_integer() == events.c.id),
        sa.and_(_later.c.what == CANCELLED, _later.c.data["withdraws"].as_integer() == events.c.id),
    )
    stands = ~sa.exists().where(_later.c.case_id == events.c.case_id, took_it_back).correlate(events)
    cancels = sa.func.coalesce(events.c.data["invitation"].as_string(), "") == "CANCEL"
    return sa.and_(events.c.what.in_(acts), sa.not_(cancels), stands)
