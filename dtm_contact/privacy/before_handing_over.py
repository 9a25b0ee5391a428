"""What somebody looks at before a copy is handed over: messages that may be another's, settings that say too little.

An export holds what lies in a person's cases and what came from their addresses. Whether all of it is theirs no program
knows: others write in their cases, and an address may have been kept as theirs by mistake.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from dtm_contact.model import Channel
from dtm_contact.privacy.subject import DataSubject, rows_of, slices
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.schema import cases, contacts
from dtm_contact.wording import worded

_BY_US: Final = frozenset(channel for channel in Channel if channel.traits.at_desk)
"""What an agent wrote down; whom it is about, they said."""


@dataclass(frozen=True, slots=True)
class DoubtfulMessage:
    """A message of an export that may be somebody else's.

    Attributes:
        number: of its case; "" where it has none.
        at: when it came.
        sender: from where, as it stands there.
        only_by_address: it is in the export by its address or number alone: nobody and nothing says that it is about
            the person. Else it is about them, and came from elsewhere.
    """

    number: str
    at: datetime
    sender: str
    only_by_address: bool


def doubtful_messages(store: Store, person: DataSubject) -> list[DoubtfulMessage]:
    """Return the messages to be read before a tenant's copy is handed over, the oldest first.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    if not person.tenants:
        return []
    with store.database.reading() as connection:
        ids = rows_of(connection, person, to_read=True).whole.contact_ids
        told = sa.select(contacts, cases.c.number).outerjoin(cases, cases.c.id == contacts.c.case_id)
        rows = [row for some in slices(ids) for row in connection.execute(told.where(contacts.c.id.in_(some)))]
    found = []
    for row in rows:
        theirs = (row.sender_address or "").lower() in person.addresses or row.phone_key in person.numbers
        named = row.tenant_id in person.tenants
        if Channel(row.channel) not in _BY_US and not (theirs and named):
            sender = row.sender_address or row.phone_key or row.sender_name
            found.append(DoubtfulMessage(row.number or "", row.at or row.judged_at, sender or "", not named))
    return sorted(found, key=lambda each: each.at)


def unsaid(settings: Settings) -> Iterator[str]:
    """Yield what a copy cannot tell since no setting says it."""
    if not settings.privacy.controller:
        yield worded("DTM_PRIVACY_CONTROLLER is not set: the copy does not say who the landlord is")
    if not settings.privacy.officer:
        yield worded("DTM_PRIVACY_OFFICER is not set: the copy does not say how the data protection officer is reached")
