"""The cases that a message points to, what says the same, and what we sent, as joining a conversation asks for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.conversation import SENT_BY_AGENTS
from dtm_contact.conversation import fingerprint as fingerprint_of
from dtm_contact.model import DANGER_QUESTION, AlarmLevel, Alike, Arrival, Asked, KnownCase, OutgoingKind, Sent, Wish
from dtm_contact.reading import read
from dtm_contact.store.columns import bounded_key
from dtm_contact.store.schema import arrivals, cases, contacts, judgements, outbox

MOST_ALIKE = 100
"""Contacts that say the same, as far as they are told: the latest."""


def known_cases(connection: Connection, numbers: Sequence[str], own_contact: int | None) -> list[KnownCase]:
    """Return the cases of these numbers that exist, in the order asked.

    Args:
        connection: a transaction.
        numbers: case numbers; a message's handful.
        own_contact: a contact that does not count, the one that is being judged.
    """
    known = (_known(connection, number, own_contact) for number in dict.fromkeys(numbers))
    return [case for case in known if case is not None]


def _known(connection: Connection, number: str, own_contact: int | None) -> KnownCase | None:
    case = connection.execute(sa.select(cases).where(cases.c.number == number)).one_or_none()
    if case is None:
        return None
    wanted = (contacts.c.at, contacts.c.topic, contacts.c.sender_address)
    theirs = sa.select(*wanted).where(contacts.c.case_id == case.id, contacts.c.id != (own_contact or 0))
    found = connection.execute(theirs.order_by(contacts.c.id)).all()
    sent_to = _sent_to(connection, case.id)
    violence_at_home, unwritable = _to_be_careful_with(connection, case.id, own_contact)
    return KnownCase(
        number=number,
        closed_at=case.closed_at if case.state == "closed" else None,
        last_contact_at=max((row.at for row in found if row.at is not None), default=case.opened_at),
        topics=tuple(dict.fromkeys(filter(None, (case.topic, *(row.topic for row in found))))),
        addresses=frozenset(filter(None, (*(row.sender_address for row in found), *sent_to))),
        tenant_id=case.tenant_id,
        dwelling_id=case.dwelling_id,
        sent_to=sent_to,
        asked=_asked(connection, case.id),
        in_danger=case.alarm_level is AlarmLevel.CERTAIN,
        violence_at_home=violence_at_home,
        unwritable=unwritable,
    )


def _to_be_careful_with(connection: Connection, case_id: int, own_contact: int | None) -> tuple[bool, bool]:
    """Return whether a contact of a case tells of violence at home, and whether one forbids to write."""
    understood = judgements.c.judgement["understanding"]
    query = (
        sa.select(understood["violence_at_home"].as_boolean(), understood["wishes"])
        .join(contacts, contacts.c.id == judgements.c.contact_id)
        .where(contacts.c.case_id == case_id, contacts.c.id != (own_contact or 0))
    )
    rows = connection.execute(query).all()
    wished = (each["wish"] for _violence, wishes in rows for each in wishes or ())
    return any(violence for violence, _wishes in rows), Wish.NO_POST.value in wished


def _asked(connection: Connection, case_id: int) -> Asked | None:
    """Return the question whether its danger is happening now, where it was put in a case: once at the most."""
    question = sa.and_(outbox.c.kind == OutgoingKind.ANSWER, outbox.c.reason == DANGER_QUESTION)
    query = sa.select(outbox.c.to_address, outbox.c.created_at).where(outbox.c.case_id == case_id, question)
    row = connection.execute(query).first()
    return Asked(row.to_address, row.created_at) if row is not None else None


def _sent_to(connection: Connection, case_id: int) -> frozenset[str]:
    """Return the addresses that one of us wrote to in a case, or that an answer went to because they were proven.

    What went out by itself to somebody who was only named proves nothing when it comes back: anybody could have
    themselves proven by answering our answer.
    """
    theirs = sa.exists().where(
        contacts.c.case_id == case_id, contacts.c.sender_address == outbox.c.to_address, contacts.c.proven
    )
    meant = sa.or_(outbox.c.kind == OutgoingKind.REPLY, sa.and_(outbox.c.kind == OutgoingKind.ANSWER, theirs))
    sent = sa.select(outbox.c.to_address).where(outbox.c.case_id == case_id, meant).distinct()
    by_agents = (
        sa.select(judgements.c.judgement["contact"]["recipients"])
        .join(contacts, contacts.c.id == judgements.c.contact_id)
        .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
        .where(contacts.c.case_id == case_id, arrivals.c.channel == SENT_BY_AGENTS)
    )
    named = (
        mailbox.get("address", "")
        for recipients in connection.execute(by_agents).scalars()
        for mailbox in recipients or ()
    )
    return frozenset(
        filter(None, (*connection.execute(sent).scalars(), *(bounded_key(each.lower()) for each in named)))
    )


def alike(connection: Connection, fingerprint: str, since: datetime, own_contact: int | None) -> list[Alike]:
    """Return the contacts in cases since then that bear this fingerprint, oldest first; the latest of too many."""
    query = (
        _ALIKE.where(contacts.c.fingerprint == fingerprint, contacts.c.at >= since, contacts.c.id != (own_contact or 0))
        .order_by(contacts.c.at.desc(), contacts.c.id.desc())
        .limit(MOST_ALIKE)
    )
    return [Alike(*row) for row in reversed(connection.execute(query).all())]


def alike_by_id(connection: Connection, contact_ids: Sequence[int]) -> dict[int, Alike]:
    """Return contacts in cases by their ids, as they stand; those that are gone are left out."""
    found = (Alike(*row) for row in connection.execute(_ALIKE.where(contacts.c.id.in_(contact_ids))))
    return {each.contact_id: each for each in found}


_ALIKE = sa.select(contacts.c.message_id, contacts.c.sender_address, cases.c.number, contacts.c.at, contacts.c.id).join(
    cases, cases.c.id == contacts.c.case_id
)


def sent(connection: Connection, message_ids: Sequence[str]) -> list[Sent]:
    """Return what we sent under these message ids; a message's handful."""
    query = sa.select(outbox.c.message_id, outbox.c.raw, outbox.c.created_at).where(
        outbox.c.message_id.in_(message_ids)
    )
    rows = connection.execute(query).all() if message_ids else ()
    return [Sent(row.message_id, _says(row)) for row in rows]


def _says(row: Any) -> str:
    return fingerprint_of(read(Arrival("outbox", row.message_id, row.created_at, "message/rfc822", None, row.raw)))
