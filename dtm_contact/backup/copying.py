"""A store copied into another database: from SQLite to PostgreSQL, once one machine is not enough any more."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import DaemonRunsError, DtmContactError
from dtm_contact.store import Daemon, Store, migrate, name_lock, open_store
from dtm_contact.store.schema import metadata

_ROWS_AT_ONCE: Final = 500
_OCTETS_AT_ONCE: Final = 8 * 1024 * 1024
_MADE_WITH_THE_STORE: Final = frozenset({"signing_keys"})


class StoreNotCopiedError(DtmContactError):
    """The store was not copied."""


def copy_store(from_url: str, to_url: str) -> dict[str, int]:
    """Copy all tables of a store into an empty database of another kind or place, in one transaction.

    No daemon may run on the store that is copied: what it took in meanwhile would be lost.

    Args:
        from_url: SQLAlchemy URL of the store that is copied.
        to_url: of the database that it is copied into.

    Returns:
        The rows of each table, which were counted on both sides.

    Raises:
        StoreNotCopiedError: the other one holds something already, or the counts differ: nothing was copied.
        DaemonRunsError: a daemon runs on the store.
        StoreUnavailableError: one of them cannot be used.
    """
    with open_store(from_url) as source:
        lock = name_lock(source.database, Daemon.here("store copy"))
        if not lock.acquire():
            raise DaemonRunsError(f"{lock.owner()}: stop it first (systemctl stop dtm-contact)")
        try:
            migrate(to_url)
            with open_store(to_url) as target:
                return _copied(source, target)
        finally:
            lock.release()


def _copied(source: Store, target: Store) -> dict[str, int]:
    tables = metadata.sorted_tables
    with source.database.reading() as read, target.database.writing(hurried=False) as write:
        for table in tables:
            if table.name not in _MADE_WITH_THE_STORE and _count(write, table):
                raise StoreNotCopiedError(f"the store to copy into holds rows in {table.name}: name an empty database")
        counts: dict[str, int] = {}
        for table in tables:
            if table.name in _MADE_WITH_THE_STORE:
                write.execute(table.delete())
            for rows in _pages(read, table):
                write.execute(table.insert(), rows)
            counts[table.name] = _count(write, table)
            if counts[table.name] != _count(read, table):
                told = f"{table.name}: {counts[table.name]} of {_count(read, table)} rows were copied"
                raise StoreNotCopiedError(f"{told}; stop the daemons, empty the database and copy again")
        if write.dialect.name == "postgresql":
            for table in tables:
                _set_sequence(read, write, table)
    return counts


def _count(connection: Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _pages(connection: Connection, table: sa.Table) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a table, so many at once that a page of large ones stays in bounds."""
    page: list[dict[str, Any]] = []
    octets = 0
    result = connection.execution_options(stream_results=True).execute(sa.select(table).order_by(*table.primary_key))
    for row in result.mappings():
        page.append(dict(row))
        octets += _octets(row)
        if len(page) >= _ROWS_AT_ONCE or octets >= _OCTETS_AT_ONCE:
            yield page
            page, octets = [], 0
    if page:
        yield page


def _octets(row: Mapping[Any, Any]) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, bytes | str))


def _set_sequence(read: Connection, write: Connection, table: sa.Table) -> None:
    """Have PostgreSQL number the next row of a table behind all that there ever were."""
    column = table.autoincrement_column
    if column is None:
        return
    sequence = write.execute(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))).scalar_one()
    if sequence is None:
        return
    last = write.execute(sa.select(sa.func.coalesce(sa.func.max(column), 0))).scalar_one()
    if read.dialect.name == "sqlite" and table.dialect_options["sqlite"]["autoincrement"]:
        # Of rows that were deleted the file still knows the numbers, and readers have seen them.
        given = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        last = max(last, read.execute(given, {"name": table.name}).scalar() or 0)
    if last:
        write.execute(sa.select(sa.func.setval(sequence, last)))
