"""When a store began, and whether somebody began it anew on purpose, as the store itself says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.store.database import insert_of
from dtm_contact.store.restores import restores
from dtm_contact.store.schema import arrivals
from dtm_contact.store.system_schema import directory_versions, positions

_BEGINNING: Final = "beginning"
"""The channel whose position says when the store was made."""
_ON_PURPOSE: Final = "on purpose "


@dataclass(frozen=True, slots=True)
class StoreBeginning:
    """How a store began.

    Attributes:
        at: when.
        on_purpose: somebody said that it begins anew, whatever an earlier store has left.
    """

    at: datetime
    on_purpose: bool


def mark_begun(connection: Connection, beginning: StoreBeginning) -> None:
    """Keep, in a transaction, how a store began."""
    told = (_ON_PURPOSE if beginning.on_purpose else "") + beginning.at.isoformat()
    place = insert_of(connection)(positions).values(channel=_BEGINNING, place=told)
    connection.execute(place.on_conflict_do_update(index_elements=["channel"], set_={"place": place.excluded.place}))


def beginning_of(connection: Connection) -> StoreBeginning | None:
    """Return, in a transaction, how a store began; None where nothing tells.

    A store that an earlier program made does not say so: it began with its first directory at the latest.
    """
    tables = sa.inspect(connection)
    if tables.has_table(positions.name):
        query = sa.select(positions.c.place).where(positions.c.channel == _BEGINNING)
        told: str | None = connection.execute(query).scalar_one_or_none()
        if told is not None:
            return StoreBeginning(datetime.fromisoformat(told.removeprefix(_ON_PURPOSE)), told.startswith(_ON_PURPOSE))
    if not tables.has_table(directory_versions.name):
        return None
    first = connection.execute(sa.select(sa.func.min(directory_versions.c.imported_at))).scalar_one()
    return None if first is None else StoreBeginning(first, on_purpose=False)


def is_in_use(connection: Connection) -> bool:
    """Return, in a transaction, whether anything ever came in, or a backup was put back here."""
    tables = sa.inspect(connection)
    return any(
        tables.has_table(table.name) and connection.execute(sa.select(sa.exists(sa.select(table.c.id)))).scalar_one()
        for table in (arrivals, restores)
    )
