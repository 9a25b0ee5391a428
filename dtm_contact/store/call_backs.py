"""Open call-backs and earlier tellings of calls, as judging asks for them (`model.CallBacks`)."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from dtm_contact.model import RECENT_KEPT, Arrival, CallBack, Outcome, Standing
from dtm_contact.store.schema import arrivals, cases, contacts, judgements

_STANDING: TypeAdapter[Standing] = TypeAdapter(Standing)
_NEED = tuple(outcome.value for outcome in Outcome if outcome.needs_call_back)

# Written out, not bound: only so does SQLite see that a partial index answers the question.
IS_OPEN = cases.c.state == sa.literal("open", sa.Text, literal_execute=True)
WAITS = sa.and_(contacts.c.channel == "phone", contacts.c.outcome.in_(_NEED))
"""Whether a contact is a call that nobody served."""


@dataclass(frozen=True, slots=True)
class ToldBefore:
    """A call as it was judged before; `standing` is None where that arrival was parked."""

    contact_id: int
    arrival_id: int
    case_id: int | None
    outcome: Outcome | None
    standing: Standing | None


class StoredCallBacks:
    """The open call-backs in one transaction, as they stand for one call."""

    def __init__(self, connection: Connection, before: datetime, own_contact: int | None) -> None:
        """Look at what began before a time, but for the call's own contact.

        Args:
            connection: the transaction.
            before: the call's end: a caller who rang again later was not served by it.
            own_contact: of the call, where it was judged before.
        """
        self._connection = connection
        self._before = before
        self._own = own_contact

    def open_call_back(self, party: str) -> CallBack | None:
        """Return the open call-back of a party, or None."""
        case_id = self._connection.execute(_OF_PARTY, {"party": party}).scalar_one_or_none()
        if case_id is None:
            return None
        others = sa.true() if self._own is None else contacts.c.id != self._own
        mine = sa.and_(contacts.c.case_id == case_id, WAITS, contacts.c.at < self._before, others)
        count = self._connection.execute(sa.select(sa.func.count()).select_from(contacts).where(mine)).scalar_one()
        if count == 0:
            return None
        opener = (
            sa.select(arrivals.c.external_id)
            .join(contacts, contacts.c.arrival_id == arrivals.c.id)
            .where(mine)
            .order_by(contacts.c.at, contacts.c.id)
            .limit(1)
        )
        latest = sa.select(contacts.c.at).where(mine).order_by(contacts.c.at.desc()).limit(RECENT_KEPT)
        recent = tuple(reversed(self._connection.execute(latest).scalars().all()))
        return CallBack(self._connection.execute(opener).scalar_one(), party, count, recent)


_OF_PARTY = sa.select(cases.c.id).where(cases.c.party == sa.bindparam("party"), IS_OPEN)


def told_before(connection: Connection, arrival: Arrival) -> ToldBefore | None:
    """Return how a call was judged before; None where it was not.

    Args:
        connection: a transaction.
        arrival: the call's first arrival, or one that has its channel and external id.
    """
    row = connection.execute(_BEFORE, {"channel": arrival.channel, "external_id": arrival.external_id}).one_or_none()
    if row is None:
        return None
    told = None if row.judgement is None else row.judgement["contact"].get("standing")
    standing = None if told is None else _STANDING.validate_python(told)
    return ToldBefore(
        row.id, row.arrival_id, row.case_id, None if row.outcome is None else Outcome(row.outcome), standing
    )


_BEFORE = (
    sa.select(contacts.c.id, contacts.c.arrival_id, contacts.c.case_id, contacts.c.outcome, judgements.c.judgement)
    .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
    .outerjoin(judgements, judgements.c.contact_id == contacts.c.id)
    .where(arrivals.c.channel == sa.bindparam("channel"), arrivals.c.external_id == sa.bindparam("external_id"))
)
