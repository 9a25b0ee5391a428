"""The bytes of arrivals, on their way into the store."""

import sqlite3
from collections.abc import Mapping

from sqlalchemy import func
from sqlalchemy.engine import Connection

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.store.schema import arrival_bodies

_LARGE = 1024 * 1024
_PIECE = 256 * 1024


def insert_bodies(connection: Connection, bodies: Mapping[int, bytes]) -> None:
    """Store the bytes of each arrival, by its number in the store.

    Raises:
        StoreUnavailableError: they cannot be written.
    """
    driver = connection.connection.driver_connection
    whole = []
    for number, raw in bodies.items():
        if len(raw) > _LARGE and isinstance(driver, sqlite3.Connection):
            connection.execute(arrival_bodies.insert().values(arrival_id=number, raw=func.zeroblob(len(raw))))
            _fill(driver, number, raw)
        else:
            whole.append({"arrival_id": number, "raw": raw})
    if whole and isinstance(driver, sqlite3.Connection):
        # One statement for all: building SQLAlchemy's own, and giving up the interpreter for each row, costs more.
        values = ", ".join(["(?, ?)"] * len(whole))
        statement = f"INSERT INTO {arrival_bodies.name} (arrival_id, raw) VALUES {values}"  # noqa: S608 - our name
        driver.execute(statement, tuple(value for row in whole for value in row.values()))
    elif whole:
        connection.execute(arrival_bodies.insert(), whole)


def _fill(driver: sqlite3.Connection, number: int, raw: bytes) -> None:
    """Write one body into its place, piece by piece: given as a value, it would be copied twice."""
    try:
        with driver.blobopen(arrival_bodies.name, arrival_bodies.c.raw.name, number) as place:
            for start in range(0, len(raw), _PIECE):
                place.write(memoryview(raw)[start : start + _PIECE])
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"{type(error).__name__} {error.sqlite_errorname}") from error
