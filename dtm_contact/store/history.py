"""What the store knows of a party: the look-up that judging asks (`model.History`), answered from one moment."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import cached_property
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Alike, Arrival, Confirmed, Dealings, Earlier, KnownCase, KnownEntry, Party, Sent
from dtm_contact.store import conversations, dealings
from dtm_contact.store.call_backs import StoredCallBacks, ToldBefore, told_before
from dtm_contact.store.register import known_entries
from dtm_contact.store.schema import cases, confirmed_contacts, contacts

_MOST_IDS = 500
_T = TypeVar("_T")


class StoredHistory:
    """The history in one read transaction; use it inside `Store.history()`."""

    def __init__(self, connection: Connection, apart_from: Arrival | None = None) -> None:
        self._connection = connection
        self._apart_from = apart_from

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier contacts in cases that bear one of these message ids, in the order of their ids."""
        wanted = list(dict.fromkeys(filter(None, message_ids)))
        return [earlier for some in _slices(wanted) for earlier in self._bearing(some)]

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return what agents confirmed for these addresses (lower case) and numbers (phone keys)."""
        wanted = [("address", value) for value in addresses] + [("number", value) for value in numbers]
        return [found for some in _slices(list(dict.fromkeys(wanted))) for found in self._confirming(some)]

    def dealings(self, party: Party, since: datetime) -> Dealings:
        """Return a party's open cases, and its contacts since then, each oldest first; the latest of too many."""
        return dealings.dealings(self._connection, party, since, self._apart_from)

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return the entries of the register that are in force on a day for any of these tenants, oldest first."""
        return known_entries(self._connection, tenants, on) if tenants else ()

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        """Return the cases of these numbers that exist, in the order asked."""
        return conversations.known_cases(self._connection, numbers, self._own_contact) if numbers else ()

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        """Return the contacts in cases received since then that bear this fingerprint, oldest first."""
        return conversations.alike(self._connection, fingerprint, since, self._own_contact)

    def sent(self, message_ids: Sequence[str]) -> Sequence[Sent]:
        """Return what we sent under these message ids."""
        return conversations.sent(self._connection, message_ids)

    def told_before(self, arrival: Arrival) -> ToldBefore | None:
        """Return how the call of this first arrival was judged before; None where it was not."""
        return told_before(self._connection, arrival)

    def call_backs(self, before: datetime, own_contact: int | None) -> StoredCallBacks:
        """Return the call-backs that are open for a call that ended `before`, its own contact left out."""
        return StoredCallBacks(self._connection, before, own_contact)

    @cached_property
    def _own_contact(self) -> int | None:
        return dealings.own_of(self._connection, self._apart_from).contact_id

    def _bearing(self, message_ids: Sequence[str]) -> Iterator[Earlier]:
        query = _EARLIER.where(contacts.c.message_id.in_(message_ids)).order_by(contacts.c.id)
        return (Earlier(*row) for row in self._connection.execute(query))

    def _confirming(self, wanted: Sequence[tuple[str, str]]) -> Iterator[Confirmed]:
        table = confirmed_contacts.c
        known = {kind: [value for each, value in wanted if each == kind] for kind in ("address", "number")}
        query = (
            sa.select(table.value, table.tenant_id)
            .where(sa.or_(*(sa.and_(table.kind == kind, table.value.in_(values)) for kind, values in known.items())))
            .order_by(table.value, table.tenant_id)
        )
        return (Confirmed(*row) for row in self._connection.execute(query))


def earlier_by_id(connection: Connection, contact_ids: Sequence[int]) -> dict[int, Earlier]:
    """Return contacts in cases by their ids, as they stand; those that are gone are left out."""
    found = (Earlier(*row) for row in connection.execute(_EARLIER.where(contacts.c.id.in_(contact_ids))))
    return {each.contact_id: each for each in found}


_EARLIER = sa.select(
    contacts.c.message_id,
    contacts.c.sender_address,
    cases.c.number,
    cases.c.tenant_id,
    cases.c.dwelling_id,
    cases.c.residence_id,
    contacts.c.id,
).join(cases, cases.c.id == contacts.c.case_id)


def _slices(values: list[_T]) -> Iterator[list[_T]]:
    return (values[start : start + _MOST_IDS] for start in range(0, len(values), _MOST_IDS))
