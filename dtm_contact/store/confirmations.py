"""Addresses and numbers that agents confirmed for tenants: who said so, when, in which case; kept and withdrawn."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.store.database import insert_of
from dtm_contact.store.schema import confirmed_contacts


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An address or number that an agent said is a tenant's.

    Attributes:
        kind: `address` or `number`.
        value: lower case, or the key of its subscriber.
        tenant_id: whose it is.
        at, by: when, and which agent said so.
        case_number: the case in which it was confirmed; None where nobody noted that.
        others: the other tenants that the same value is confirmed for.
    """

    kind: str
    value: str
    tenant_id: str
    at: datetime
    by: str
    case_number: str | None
    others: tuple[str, ...] = ()


def confirmations(connection: Connection, tenants: Collection[str]) -> list[Confirmation]:
    """Return what is confirmed for any of some tenants, oldest first."""
    table = confirmed_contacts.c
    values = sa.select(table.value).where(table.tenant_id.in_(tuple(tenants)))
    query = sa.select(
        table.kind, table.value, table.tenant_id, table.confirmed_at, table.confirmed_by, table.case_number
    ).where(table.value.in_(values))
    rows = connection.execute(query.order_by(table.confirmed_at, table.value)).all()
    owners: dict[str, list[str]] = {}
    for row in rows:
        owners.setdefault(row.value, []).append(row.tenant_id)
    return [
        Confirmation(*row, others=tuple(each for each in owners[row.value] if each != row.tenant_id))
        for row in rows
        if row.tenant_id in tenants
    ]


def confirmed_for(connection: Connection, value: str) -> list[str]:
    """Return the tenants that an address or number is confirmed for."""
    query = sa.select(confirmed_contacts.c.tenant_id).where(confirmed_contacts.c.value == value)
    return list(connection.execute(query).scalars())


def confirm(connection: Connection, new: Confirmation) -> bool:
    """Keep a confirmation; return whether it was not known yet."""
    values = {
        "kind": new.kind,
        "value": new.value,
        "tenant_id": new.tenant_id,
        "confirmed_at": new.at,
        "confirmed_by": new.by,
        "case_number": new.case_number,
    }
    insert = insert_of(connection)
    statement = insert(confirmed_contacts).on_conflict_do_nothing().returning(confirmed_contacts.c.value)
    return connection.execute(statement, values).one_or_none() is not None


def withdraw(connection: Connection, value: str, tenant_id: str) -> str | None:
    """Forget that an address or number was confirmed for a tenant; return its kind, None where it was not."""
    table = confirmed_contacts.c
    mine = confirmed_contacts.delete().where(table.value == value, table.tenant_id == tenant_id)
    return connection.execute(mine.returning(table.kind)).scalar_one_or_none()
