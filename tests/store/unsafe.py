"""A commit that does not wait for the disk, which the store never makes: for controls that must lose something."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection

from dtm_contact.store.database import Database


@contextmanager
def writing_without_waiting(database: Database, *, hurried: bool = True) -> Iterator[Connection]:  # noqa: ARG001
    """Open a write transaction of SQLite that a power cut may undo (synchronous=NORMAL)."""
    with database._turn, database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA synchronous = NORMAL")
        try:
            with connection.execution_options(dtm_writes=True).begin():
                yield connection
        finally:
            driver.execute("PRAGMA synchronous = FULL")
