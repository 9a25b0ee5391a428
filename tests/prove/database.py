"""The database of a trial, as an onlooker reads it: by the database's own driver, and not by the program's code."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

import psycopg

from dtm_contact.directory import read_export
from dtm_contact.store import open_store
from tests.store.fresh import fresh_store
from tests.store.postgresql import programs, running_server

ROOT = Path(__file__).parents[2]
SMALL_DIRECTORY = ROOT / "tests" / "directory" / "good"
_NAMED_VALUE = re.compile(r"%\((\w+)\)s")
_SECONDS_LOCKED = 30.0


class Database(Protocol):
    """A database that a daemon works on."""

    @property
    def url(self) -> str:
        """Where it is, as the setting `store.url` says it."""
        ...

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Return what a query answers; `%(name)s` in it stands for a value."""
        ...

    def broken(self) -> bool:
        """Return whether the database's own check finds faults in it."""
        ...


@dataclass(frozen=True, slots=True)
class Sqlite:
    """A file of SQLite's; it is opened anew for each query, since it may be on a disk that comes and goes."""

    path: Path

    @property
    def url(self) -> str:
        """Where it is, as the setting `store.url` says it."""
        return f"sqlite:///{self.path}"

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Return what a query answers; `%(name)s` in it stands for a value."""
        address = f"file:{self.path}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_SECONDS_LOCKED)) as connection:
            return connection.execute(_NAMED_VALUE.sub(r":\1", query), values).fetchall()

    def broken(self) -> bool:
        """Return whether SQLite's own check finds faults in the file."""
        return self.rows("PRAGMA integrity_check") != [("ok",)]


class PostgreSQL:
    """A database of a PostgreSQL server of the trial's own, read by one connection."""

    def __init__(self, url: str) -> None:
        """Connect."""
        self.url = url
        self._connection = psycopg.connect(url, autocommit=True)
        self._one_at_a_time = Lock()

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Return what a query answers; `%(name)s` in it stands for a value."""
        with self._one_at_a_time:
            return self._connection.execute(query.encode(), values or None).fetchall()

    def broken(self) -> bool:
        """Return whether an index says otherwise than its table (as `amcheck` finds)."""
        with self._one_at_a_time:
            self._connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
            try:
                self._connection.execute(_CHECK_INDEXES)
            except psycopg.errors.IndexCorrupted:
                return True
        return False

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()


_CHECK_INDEXES = """
    SELECT bt_index_check(pg_class.oid, true) FROM pg_class
    JOIN pg_am ON pg_am.oid = relam JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE amname = 'btree' AND nspname = 'public' AND relkind = 'i'"""


def prepared_store(folder: Path, directory: Path = SMALL_DIRECTORY) -> Sqlite:
    """Make a store of SQLite's in `folder`, with a directory imported, and return it."""
    database = Sqlite(folder / "store.db")
    _prepare(database.url, directory)
    return database


@contextmanager
def on_sqlite(folder: Path, directory: Path = SMALL_DIRECTORY) -> Iterator[Database]:
    """Give a store of SQLite's in `folder`, with a directory imported."""
    yield prepared_store(folder, directory)


@contextmanager
def on_postgresql(folder: Path, directory: Path = SMALL_DIRECTORY) -> Iterator[Database]:
    """Give a store on a PostgreSQL server that lives as long, with a directory imported.

    Raises:
        RuntimeError: the server's programs are not installed.
    """
    del folder
    bin_folder = programs()
    if bin_folder is None:
        raise RuntimeError("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    with running_server(bin_folder) as server:
        _prepare(server.url("postgres"), directory)
        with closing(PostgreSQL(server.url("postgres"))) as database:
            yield database


Place = Callable[..., AbstractContextManager[Database]]
"""Makes the store of a trial in a folder, with a directory imported; it is there as long as the context."""

PLACES: Final[dict[str, Place]] = {"sqlite": on_sqlite, "postgresql": on_postgresql}


def _prepare(url: str, directory: Path) -> None:
    fresh_store(url)
    with open_store(url) as store:
        store.directory.save(read_export(directory)[0], "import", datetime.now(UTC))
