"""The bytes of arrivals, on their way into the store."""

import sqlite3
from collections.abc import Mapping

from sqlalchemy import func
from sqlalchemy.engine import Connection

from dtm_contact.store.schema import arrival_bodies

_LARGE = 1024 * 1024
_PIECE = 256 * 1024


def insert_bodies(connection: Connection, bodies: Mapping[int, bytes]) -> None:
    """Store the bytes of each arrival, by its number in the store.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: they cannot be written.
        sqlite3.Error: the same.
    """
    driver = connection.connection.driver_connection
    whole = []
    for number, raw in bodies.items():
        if len(raw) > _LARGE and isinstance(driver, sqlite3.Connection):
            connection.execute(arrival_bodies.insert().values(arrival_id=number, raw=func.zeroblob(len(raw))))
            _fill(driver, number, raw)
        else:
            whole.append({"arrival_id": number, "raw": raw})
    if whole:
        connection.execute(arrival_bodies.insert(), whole)


def _fill(driver: sqlite3.Connection, number: int, raw: bytes) -> None:
    """Write one body into its place, piece by piece: given as a value, it would be copied twice."""
    with driver.blobopen(arrival_bodies.name, arrival_bodies.c.raw.name, number) as place:
        for start in range(0, len(raw), _PIECE):
            place.write(memoryview(raw)[start : start + _PIECE])
