"""What is known of a store that was lost: by the intake journal, the numbers of its cases and what was sent in them.

Tenants and those on call hold these numbers. What a lost case had received was taken in again, and lies in a case of
another number; whatever bears the old one is about that.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import ON_CALL, OutgoingKind
from dtm_contact.store.columns import bounded_key
from dtm_contact.store.events import Event
from dtm_contact.store.restores import RESTORED_ONCE, address_digest, pages, restores, sent_marks
from dtm_contact.store.schema import arrivals, cases, contacts, outbox

RESTORER: Final = "restore"
"""Who does what a restore left in the events of a case."""
RESTORED: Final = "restored"
RENUMBERED: Final = "renumbered"
REPLY_LOST: Final = "reply lost"


@dataclass(frozen=True, slots=True)
class LostReply:
    """An agent's reply that went out after the backup: of it nothing is left but that it was sent.

    Attributes:
        case_number: the case, by its number then.
        sent_at: when.
    """

    case_number: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class LostLetter:
    """A letter that a lost store sent in a case: of it nothing is left but this.

    Attributes:
        address: whom it went to, lower case.
        kind, reason: as in `Outgoing`.
        sent_at: when.
    """

    address: str
    kind: str
    reason: str
    sent_at: datetime


def numbers_since(connection: Connection, numbers: Collection[str]) -> dict[str, str]:
    """Return which numbers the cases of lost numbers have now, in a transaction; those that nothing tells are left out.

    Args:
        connection: the transaction.
        numbers: as they were given then, none of them a case's now; the journal knows those of cases for which
            something was sent.
    """
    same = sa.and_(arrivals.c.channel == sent_marks.c.channel, arrivals.c.external_id == sent_marks.c.external_id)
    query = (
        sa.select(sent_marks.c.case_number, cases.c.number)
        .select_from(sent_marks)
        .join(arrivals, same)
        .join(contacts, contacts.c.arrival_id == arrivals.c.id)
        .join(cases, cases.c.id == contacts.c.case_id)
        .order_by(arrivals.c.id)
    )
    found: dict[str, str] = {}
    for some in pages(list(numbers)):
        for then, now in connection.execute(query.where(sent_marks.c.case_number.in_(some))):
            found.setdefault(then, now)
    return found


def number_now(connection: Connection, number: str) -> str:
    """Return the number that a case has now, in a transaction; as it was asked where no restore is known to change it.

    Args:
        connection: the transaction.
        number: a case's number, of now or of before a restore; one that a case has now is that case's.
    """
    is_there = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).first() is not None
    return number if is_there else numbers_since(connection, [number]).get(number, number)


def sent_before(connection: Connection, case_id: int, number: str, addresses: Collection[str]) -> list[LostLetter]:
    """Return the letters that a lost store sent in a case to some addresses, in a transaction; the oldest first.

    Args:
        connection: the transaction.
        case_id: the case, by the store's own id.
        number: its number.
        addresses: those that are asked for, lower case: the journal knows addresses by their digests alone.
    """
    if not addresses or not connection.execute(RESTORED_ONCE).scalar_one():
        return []
    by_digest = {address_digest(address): address for address in addresses}
    lay_in = (
        sa.select(contacts.c.id)
        .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
        .where(
            contacts.c.case_id == case_id,
            arrivals.c.channel == sent_marks.c.channel,
            arrivals.c.external_id == sent_marks.c.external_id,
        )
    )
    columns = (sent_marks.c.to_digest, sent_marks.c.kind, sent_marks.c.reason, sent_marks.c.sent_at)
    query = (
        sa.select(*columns)
        .where(
            sent_marks.c.to_digest.in_(list(by_digest)),
            sent_marks.c.kind.in_((OutgoingKind.REPLY, OutgoingKind.ANSWER)),
            sa.or_(sent_marks.c.case_number == number, sa.exists(lay_in)),
        )
        .distinct()
        .order_by(sent_marks.c.sent_at)
    )
    rows = connection.execute(query)
    return [LostLetter(by_digest[row.to_digest], row.kind, row.reason, row.sent_at) for row in rows]


def numbers_before(connection: Connection, channel: str, external_id: str) -> tuple[str, ...]:
    """Return the numbers of lost cases in which an arrival lay before a restore, in a transaction; the oldest first.

    Those on call, and tenants, hold them; no case of the store has one of them now.
    """
    if not connection.execute(RESTORED_ONCE).scalar_one():
        return ()
    of_arrival = sa.and_(sent_marks.c.channel == channel, sent_marks.c.external_id == bounded_key(external_id))
    return tuple(number for number, _at, _called in _lost_numbers(connection, of_arrival))


def _lost_numbers(connection: Connection, which: sa.ColumnElement[bool]) -> list[tuple[str, datetime, datetime | None]]:
    """Return each number that is no case's any more: when something was sent for it first, and to those on call."""
    of_call = sa.and_(sent_marks.c.kind == OutgoingKind.NOTICE, sent_marks.c.reason.startswith(ON_CALL))
    first, called = sa.func.min(sent_marks.c.sent_at), sa.func.min(sent_marks.c.sent_at).filter(of_call)
    query = sa.select(sent_marks.c.case_number, first, called).where(
        which, sent_marks.c.case_number != "", sent_marks.c.case_number.not_in(sa.select(cases.c.number))
    )
    rows = connection.execute(query.group_by(sent_marks.c.case_number).order_by(first))
    return [(row[0], row[1], row[2]) for row in rows]


def events_before(connection: Connection, case_id: int, number: str) -> list[Event]:
    """Return, in a transaction, what is known of a case from before a restore, as its events tell it.

    They are made of what the restore left and of what the journal says was sent, each time that the case is read: a
    case whose message is judged only after the journal was taken in has them, too. Their id is 0, and none is stored.

    Args:
        connection: the transaction.
        case_id: the case, by the store's own id.
        number: its number.
    """
    if not connection.execute(RESTORED_ONCE).scalar_one():
        return []
    case = connection.execute(sa.select(cases.c.opened_at, cases.c.closed_at).where(cases.c.id == case_id)).one()
    open_then = restores.c.restored_at >= case.opened_at
    if case.closed_at is not None:
        open_then = sa.and_(open_then, restores.c.backed_up_at <= case.closed_at)
    found = [
        Event(0, row.restored_at, RESTORER, RESTORED, {"backed_up_at": row.backed_up_at.isoformat()})
        for row in connection.execute(sa.select(restores).where(open_then))
    ]
    lay_in = sa.select(arrivals.c.channel, arrivals.c.external_id).join(
        contacts, contacts.c.arrival_id == arrivals.c.id
    )
    own = [(row.channel, row.external_id) for row in connection.execute(lay_in.where(contacts.c.case_id == case_id))]
    # Asked with values and not by a join: each is then looked up by its own.
    mark_of = sa.tuple_(sent_marks.c.channel, sent_marks.c.external_id)
    by_number = connection.execute(_lost_replies().where(sent_marks.c.case_number == number))
    replies = {row.message_id: row.sent_at for row in by_number}
    for some in pages(own):
        for lost, _first, called in _lost_numbers(connection, mark_of.in_(some)):
            data = {"number": lost} | ({"called_at": called.isoformat()} if called is not None else {})
            found.append(Event(0, case.opened_at, RESTORER, RENUMBERED, data))
        of_these = connection.execute(_lost_replies().where(mark_of.in_(some)))
        replies |= {row.message_id: row.sent_at for row in of_these}
    found += [Event(0, at, RESTORER, REPLY_LOST, {"message_id": key}) for key, at in replies.items()]
    return found


def _lost_replies() -> sa.Select[tuple[str, str, datetime]]:
    """Return the query for the replies of which the journal alone knows, the oldest first."""
    columns = (sent_marks.c.message_id, sent_marks.c.case_number, sent_marks.c.sent_at)
    kept = sa.exists().where(outbox.c.message_id == sent_marks.c.message_id)
    query = sa.select(*columns).where(sent_marks.c.kind == OutgoingKind.REPLY, sa.not_(kept)).distinct()
    return query.order_by(sent_marks.c.sent_at, sent_marks.c.message_id)


def lost_replies(connection: Connection) -> list[LostReply]:
    """Return, in a transaction, the replies that went out and whose text is gone with the store, the oldest first."""
    return [LostReply(row.case_number, row.sent_at) for row in connection.execute(_lost_replies())]
