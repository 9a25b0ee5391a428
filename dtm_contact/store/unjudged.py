"""What came in and is not judged yet: its first octets, and what a lost store is known to have sent for it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import ON_CALL, OutgoingKind
from dtm_contact.store.arrivals import ArrivalState, envelope_of
from dtm_contact.store.database import Database
from dtm_contact.store.restores import sent_marks, unsure_arrivals
from dtm_contact.store.schema import arrival_bodies, arrivals

_AT_ONCE: Final = 100
UNJUDGED: Final = (ArrivalState.WAITING, ArrivalState.CLAIMED)
"""The states of what is still to be judged."""


@dataclass(frozen=True, slots=True)
class SentBefore:
    """Something that a lost store sent for an arrival, as the intake journal tells it.

    Attributes:
        at: when.
        case_number: the case that it was sent for, by its number then.
        to_us: whether it went to one of us; else it went to whoever wrote.
        on_call: whether it went to those on call.
    """

    at: datetime
    case_number: str
    to_us: bool
    on_call: bool


@dataclass(frozen=True, slots=True)
class Unjudged:
    """An arrival that is not judged yet.

    Attributes:
        id: its number in the store.
        channel, received_at, media_type: as it came.
        sender: whom the envelope names; empty where there is none.
        danger_score: how likely it tells of danger by a glance; None where nobody glanced at it.
        head: its first octets.
        sent_before: what a lost store sent for it, the oldest first.
        is_known: whether all that was sent for it is known; else it waited in a backup, and no whole journal was
            taken in.
    """

    id: int
    channel: str
    received_at: datetime
    media_type: str
    sender: str
    danger_score: int | None
    head: bytes
    sent_before: tuple[SentBefore, ...]
    is_known: bool


def unjudged(database: Database, octets: int) -> Iterator[Unjudged]:
    """Yield what waits to be judged, or is being, in the order in which it was stored.

    Args:
        database: the store's.
        octets: how many of the first octets of each.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    after = 0
    while True:
        with database.reading() as connection:
            rows = connection.execute(_SOME, {"after": after, "most": _AT_ONCE, "octets": octets}).all()
            sent = _sent_before(connection, rows)
        for row in rows:
            envelope = envelope_of(row.envelope)
            yield Unjudged(
                row.id,
                row.channel,
                row.received_at,
                row.media_type,
                envelope.mail_from if envelope is not None else "",
                row.danger_score,
                bytes(row.head),
                sent.get((row.channel, row.external_id), ()),
                is_known=not row.is_unsure,
            )
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1].id


def unjudged_of(connection: Connection, case_number: str) -> list[int]:
    """Return, in a transaction, which arrivals of a case of before a restore wait to be judged, by their numbers."""
    lay_in = sa.and_(sent_marks.c.channel == arrivals.c.channel, sent_marks.c.external_id == arrivals.c.external_id)
    query = sa.select(arrivals.c.id).join(sent_marks, lay_in).where(sent_marks.c.case_number == case_number, _IS_OPEN)
    return list(connection.execute(query.distinct().order_by(arrivals.c.id)).scalars())


def _sent_before(connection: Connection, rows: Sequence[Any]) -> dict[tuple[str, str], tuple[SentBefore, ...]]:
    wanted = {(row.channel, row.external_id) for row in rows}
    mark_of = sa.tuple_(sent_marks.c.channel, sent_marks.c.external_id)
    query = sa.select(sent_marks).where(mark_of.in_(list(wanted))).order_by(sent_marks.c.sent_at)
    found: dict[tuple[str, str], tuple[SentBefore, ...]] = {}
    for row in connection.execute(query) if wanted else ():
        to_us = row.kind == OutgoingKind.NOTICE
        sent = SentBefore(row.sent_at, row.case_number, to_us, to_us and row.reason.startswith(ON_CALL))
        key = (row.channel, row.external_id)
        found[key] = (*found.get(key, ()), sent)
    return found


# Said twice, as the partial index of what is not judged has it: else SQLite reads all that ever came.
_IS_OPEN: Final = sa.and_(
    arrivals.c.state != sa.literal(ArrivalState.JUDGED, sa.Text, literal_execute=True), arrivals.c.state.in_(UNJUDGED)
)
_SOME: Final = (
    sa.select(
        *(arrivals.c[name] for name in ("id", "channel", "external_id", "received_at", "media_type", "envelope")),
        arrivals.c.danger_score,
        sa.func.substr(arrival_bodies.c.raw, 1, sa.bindparam("octets"), type_=sa.LargeBinary).label("head"),
        unsure_arrivals.c.arrival_id.is_not(None).label("is_unsure"),
    )
    .join(arrival_bodies)
    .outerjoin(unsure_arrivals, unsure_arrivals.c.arrival_id == arrivals.c.id)
    .where(_IS_OPEN, arrivals.c.id > sa.bindparam("after"))
    .order_by(arrivals.c.id)
    .limit(sa.bindparam("most"))
)
