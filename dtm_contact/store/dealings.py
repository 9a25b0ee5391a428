"""The open cases and earlier contacts of a party, each looked up by one key at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import MOST_DEALINGS, Arrival, Dealings, Dealt, OpenCase, Party, Priority
from dtm_contact.store.schema import arrivals, cases, contacts

_MOST_KEYS = 20
"""Addresses, and numbers, of one party that are looked up: the first ones."""

_MOST_SEARCHED = 1000
"""Contacts of one address or number that are searched for open cases: the latest."""


def dealings(connection: Connection, party: Party, since: datetime, apart_from: Arrival | None) -> Dealings:
    """Return the dealings of a party.

    Args:
        connection: a transaction.
        party: whose they are.
        since: contacts before are left out, aware.
        apart_from: an arrival whose own contact, and the case that it opened, do not count.
    """
    own = own_of(connection, apart_from)
    open_ = _latest("opened_at", _rows(connection, _open_queries(party)))
    dealt = _latest("at", _rows(connection, _contact_queries(party, since)))
    return Dealings(
        tuple(OpenCase(**_values(row)) for row in open_ if row["id"] != own.case_id),
        tuple(_dealt(row) for row in dealt if row["id"] != own.contact_id),
    )


def dealt_by_id(connection: Connection, contact_ids: Sequence[int]) -> dict[int, Dealt]:
    """Return contacts by their ids, as they stand; those that are gone are left out."""
    rows = connection.execute(_CONTACTS.where(contacts.c.id.in_(contact_ids))).mappings()
    return {row["id"]: _dealt(row) for row in rows}


def cases_by_number(connection: Connection, numbers: Sequence[str]) -> dict[str, OpenCase]:
    """Return cases by their numbers, as they stand, open or closed meanwhile; those that are gone are left out."""
    rows = connection.execute(_CASES.where(cases.c.number.in_(numbers))).mappings()
    return {row["number"]: OpenCase(**_values(row)) for row in rows}


@dataclass(frozen=True, slots=True)
class Own:
    """What an earlier attempt at an arrival left: its contact, and the case that it opened."""

    contact_id: int | None = None
    case_id: int | None = None


def own_of(connection: Connection, arrival: Arrival | None) -> Own:
    """Return an arrival's own contact and the case that it opened, if it has been here before."""
    if arrival is None:
        return Own()
    key = {"channel": arrival.channel, "external_id": arrival.external_id}
    row = connection.execute(_OWN, key).one_or_none()
    if row is None:
        return Own()
    first = connection.execute(_FIRST, {"case": row.case_id}).scalar_one_or_none()
    return Own(row.id, row.case_id if first == row.id else None)


_OWN = (
    sa.select(contacts.c.id, contacts.c.case_id)
    .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
    .where(arrivals.c.channel == sa.bindparam("channel"), arrivals.c.external_id == sa.bindparam("external_id"))
)
_FIRST = sa.select(sa.func.min(contacts.c.id)).where(contacts.c.case_id == sa.bindparam("case"))

# Written out, not bound: only so does SQLite see that a partial index answers the question.
_IS_OPEN = cases.c.state == sa.literal("open", sa.Text, literal_execute=True)
_SENT = contacts.c.sender_address != sa.literal("", sa.Text, literal_execute=True)

_CASES = sa.select(cases.c.id, *(cases.c[name] for name in OpenCase.__dataclass_fields__))
_OPEN = _CASES.where(_IS_OPEN)
_CONTACTS = sa.select(
    contacts.c.id,
    cases.c.number.label("case_number"),
    *(contacts.c[name] for name in Dealt.__dataclass_fields__ if name not in {"case_number", "contact_id"}),
).outerjoin(cases, cases.c.id == contacts.c.case_id)
_DEALT = _CONTACTS.order_by(contacts.c.at.desc()).limit(MOST_DEALINGS)


def _open_queries(party: Party) -> Iterator[sa.Select[Any]]:
    for name, value in _whom(party):
        yield _OPEN.where(cases.c[name] == value).order_by(cases.c.id.desc()).limit(MOST_DEALINGS)
    for reached in _reached(party):
        latest = sa.select(contacts.c.case_id).where(*reached).order_by(contacts.c.at.desc()).limit(_MOST_SEARCHED)
        yield _OPEN.where(cases.c.id.in_(latest.scalar_subquery())).limit(MOST_DEALINGS)


def _contact_queries(party: Party, since: datetime) -> Iterator[sa.Select[Any]]:
    for name, value in _whom(party):
        yield _DEALT.where(contacts.c[name] == value, contacts.c.at >= since)
    for reached in _reached(party):
        yield _DEALT.where(*reached, contacts.c.at >= since)


def _whom(party: Party) -> Iterator[tuple[str, str]]:
    for name in ("tenant_id", "dwelling_id", "residence_id"):
        value = getattr(party, name)
        if value:
            yield name, value


def _reached(party: Party) -> Iterator[tuple[sa.ColumnElement[bool], ...]]:
    for address in filter(None, party.addresses[:_MOST_KEYS]):
        yield contacts.c.sender_address == address, _SENT
    for number in filter(None, party.numbers[:_MOST_KEYS]):
        yield (contacts.c.phone_key == number,)


def _rows(connection: Connection, queries: Iterable[sa.Select[Any]]) -> Iterator[sa.RowMapping]:
    for query in queries:
        yield from connection.execute(query).mappings()


def _latest(time: str, rows: Iterable[sa.RowMapping]) -> list[sa.RowMapping]:
    """Return each row once, oldest first; of too many, the latest."""
    found = {row["id"]: row for row in rows}
    return sorted(found.values(), key=lambda row: (row[time], row["id"]))[-MOST_DEALINGS:]


def _dealt(row: sa.RowMapping) -> Dealt:
    return Dealt(**_values(row), contact_id=row["id"])


def _values(row: sa.RowMapping) -> dict[str, Any]:
    values = {name: value for name, value in row.items() if name != "id"}
    if "priority" in values:
        values["priority"] = Priority(values["priority"])
    return values
