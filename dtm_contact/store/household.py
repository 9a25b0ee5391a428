"""All that a household and we had to do with each other: its contacts, its cases, and what happened to them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Channel, Party
from dtm_contact.store import events
from dtm_contact.store.cases import CASE_COLUMNS, Case, case_of
from dtm_contact.store.database import Database
from dtm_contact.store.schema import HAS_SENDER, cases, contacts

MOST = 500
"""Contacts and cases of each person, dwelling, address or number at most: the latest."""


@dataclass(frozen=True, slots=True)
class HouseholdContact:
    """A message, a call or a visit.

    Attributes:
        arrival_id: what it was read from.
        case_number: the case that it lies in; None where it opened none.
        at: its own time.
        channel, sender_name, sender_address, subject, topic: as it was read.
        outcome: what became of a call; None for all others.
    """

    arrival_id: int
    case_number: str | None
    at: datetime
    channel: Channel
    sender_name: str
    sender_address: str
    subject: str
    topic: str | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class HouseholdHistory:
    """Contacts, cases, and the events of each case by its number; each oldest first."""

    contacts: tuple[HouseholdContact, ...]
    cases: tuple[Case, ...]
    events: tuple[tuple[str, events.Event], ...]


def household(database: Database, parties: Iterable[Party]) -> HouseholdHistory:
    """Return all that concerns any of the parties, as it is at one moment.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    parties = list(parties)
    with database.reading() as connection:
        found = _contacts(connection, parties)
        mine = _cases(connection, parties, {row.case_id for row in found if row.case_id is not None})
        happened = [
            (case.number, event) for case_id, case in mine.items() for event in events.of_case(connection, case_id)
        ]
    return HouseholdHistory(
        tuple(_contact(row) for row in found),
        tuple(sorted(mine.values(), key=lambda case: (case.opened_at, case.number))),
        tuple(sorted(happened, key=lambda each: (each[1].at, each[1].id))),
    )


def _contacts(connection: Connection, parties: list[Party]) -> list[sa.Row[Any]]:
    rows = (row for party in parties for query in _by_key(party) for row in connection.execute(query))
    return sorted({row.id: row for row in rows}.values(), key=lambda row: (row.at, row.id))


def _contact(row: sa.Row[Any]) -> HouseholdContact:
    return HouseholdContact(**dict(zip(HouseholdContact.__dataclass_fields__, list(row)[2:], strict=True)))


def _by_key(party: Party) -> Iterator[sa.Select[Any]]:
    latest = _CONTACT.order_by(contacts.c.at.desc()).limit(MOST)
    for name in ("tenant_id", "dwelling_id"):
        value = getattr(party, name)
        if value is not None:
            yield latest.where(contacts.c[name] == value, contacts.c.at.is_not(None))
    for number in party.numbers:
        yield latest.where(contacts.c.phone_key == number, contacts.c.at.is_not(None))
    for address in filter(None, party.addresses):
        yield latest.where(contacts.c.sender_address == address, HAS_SENDER, contacts.c.at.is_not(None))


def _cases(connection: Connection, parties: list[Party], ids: set[int]) -> dict[int, Case]:
    query = sa.select(cases.c.id, *CASE_COLUMNS)
    latest = query.order_by(cases.c.id.desc()).limit(MOST)
    queries = [
        latest.where(cases.c[name] == value)
        for party in parties
        for name in ("tenant_id", "dwelling_id")
        if (value := getattr(party, name)) is not None
    ]
    queries += [query.where(cases.c.id == case_id) for case_id in ids]
    return {row.id: case_of(row[1:]) for each in queries for row in connection.execute(each)}


_OF_CONTACT = tuple(name for name in HouseholdContact.__dataclass_fields__ if name not in {"arrival_id", "case_number"})
_CONTACT = sa.select(
    contacts.c.id,
    contacts.c.case_id,
    contacts.c.arrival_id,
    cases.c.number,
    *(contacts.c[name] for name in _OF_CONTACT),
).outerjoin(cases, cases.c.id == contacts.c.case_id)
