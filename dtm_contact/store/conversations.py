"""The cases that a message points to, and the contacts that say the same, as joining a conversation asks for them."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Alike, KnownCase
from dtm_contact.store.outbox_schema import outbox
from dtm_contact.store.schema import cases, contacts

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
    sent = sa.select(outbox.c.to_address).where(outbox.c.case_id == case.id, outbox.c.kind == "reply").distinct()
    written_to = connection.execute(sent).scalars()
    return KnownCase(
        number=number,
        closed_at=case.closed_at if case.state == "closed" else None,
        last_contact_at=max((row.at for row in found if row.at is not None), default=case.opened_at),
        topics=tuple(dict.fromkeys(filter(None, (case.topic, *(row.topic for row in found))))),
        addresses=frozenset(filter(None, (*(row.sender_address for row in found), *written_to))),
        tenant_id=case.tenant_id,
        dwelling_id=case.dwelling_id,
    )


def alike(connection: Connection, fingerprint: str, since: datetime, own_contact: int | None) -> list[Alike]:
    """Return the contacts in cases since then that bear this fingerprint, oldest first; the latest of too many."""
    query = (
        sa.select(contacts.c.message_id, contacts.c.sender_address, cases.c.number, contacts.c.at)
        .join(cases, cases.c.id == contacts.c.case_id)
        .where(contacts.c.fingerprint == fingerprint, contacts.c.at >= since, contacts.c.id != (own_contact or 0))
        .order_by(contacts.c.at.desc(), contacts.c.id.desc())
        .limit(MOST_ALIKE)
    )
    return [Alike(*row) for row in reversed(connection.execute(query).all())]
