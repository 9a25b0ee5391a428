"""The directory in the store: replaced as a whole, read as a whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.directory import Directory
from dtm_contact.directory.lines import Lines
from dtm_contact.directory.records import Records
from dtm_contact.errors import NoDirectoryError
from dtm_contact.store.database import Database
from dtm_contact.store.directory_schema import PARTS, Part, directory_versions

_ROWS_AT_ONCE = 4_096


@dataclass(frozen=True, slots=True)
class DirectoryVersion:
    """Which directory is in force: its number, which grows, and when it was imported."""

    number: int
    imported_at: datetime


class StoredDirectory:
    """The directory of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._in_force: tuple[DirectoryVersion | None, Directory] | None = None

    def in_force(self) -> Directory:
        """Return the directory in force with its look-ups; one that was imported since is loaded, else none is.

        Raises:
            NoDirectoryError: none has been imported.
            StoreUnavailableError: the store cannot be read.
        """
        version = self.version()
        known = self._in_force
        if known is None or known[0] != version:
            self._in_force = known = version, Directory(self.load())
        return known[1]

    def save(self, records: Records, who: str, now: datetime) -> DirectoryVersion:
        """Replace the directory in one transaction; what agents confirmed stays.

        Args:
            records: a whole directory, already checked.
            who: who imports it.
            now: when.

        Raises:
            StoreUnavailableError: the directory that was there is still in force.
        """
        with self._database.writing() as connection:
            for part in PARTS:
                connection.execute(part.table.delete())
                _insert(connection, part, getattr(records, part.name))
            insert = directory_versions.insert().returning(directory_versions.c.number)
            number = connection.execute(insert, {"imported_at": now, "imported_by": who}).scalar_one()
        return DirectoryVersion(number, now)

    def load(self) -> Records:
        """Return the directory in force, its lines in the order of their files.

        Raises:
            NoDirectoryError: none has been imported.
            StoreUnavailableError: the store cannot be read.
        """
        with self._database.reading() as connection:
            if _version(connection) is None:
                raise NoDirectoryError
            return Records(**{part.name: _lines(connection, part) for part in PARTS})

    def version(self) -> DirectoryVersion | None:
        """Return which directory is in force, or None where none has been imported."""
        with self._database.reading() as connection:
            return _version(connection)


def _version(connection: Connection) -> DirectoryVersion | None:
    newest = sa.select(directory_versions.c.number, directory_versions.c.imported_at)
    row = connection.execute(newest.order_by(directory_versions.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else DirectoryVersion(*row)


def _insert(connection: Connection, part: Part, records: Sequence[Any]) -> None:
    names = [field.name for field in fields(part.record)]
    values = attrgetter(*names)
    rows = [{"line": line, **dict(zip(names, values(record), strict=True))} for line, record in enumerate(records)]
    if rows:
        connection.execute(part.table.insert(), rows)


def _lines(connection: Connection, part: Part) -> Lines[Any]:
    columns = [part.table.c[field.name] for field in fields(part.record)]
    return Lines(part.record, _rows(connection, sa.select(*columns).order_by(part.table.c.line)))


def _rows(connection: Connection, query: "sa.Select[Any]") -> Iterator[Sequence[Any]]:
    """Yield the rows, lists in them as tuples."""
    lists = [at for at, column in enumerate(query.selected_columns) if isinstance(column.type, sa.JSON)]
    for row in connection.execution_options(yield_per=_ROWS_AT_ONCE).execute(query):
        if not lists:
            yield row
            continue
        values = list(row)
        for at in lists:
            values[at] = tuple(values[at])
        yield values
