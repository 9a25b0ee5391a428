"""The bytes of arrivals, on their way into the store."""

import sqlite3
from collections.abc import Mapping

from sqlalchemy.engine import Connection

from dtm_contact.store.schema import arrival_bodies

_LARGE = 1024 * 1024
_PIECE = 256 * 1024
_INSERT = f"INSERT INTO {arrival_bodies.name} (arrival_id, raw) VALUES"


def insert_bodies(connection: Connection, bodies: Mapping[int, bytes]) -> None:
    """Store the bytes of each arrival, by its number in the store."""
    rows = [{"arrival_id": number, "raw": raw} for number, raw in bodies.items()]
    if rows:
        connection.execute(arrival_bodies.insert(), rows)


def insert_bodies_by_driver(driver: sqlite3.Connection, bodies: Mapping[int, bytes]) -> None:
    """Do the same on SQLite's own connection.

    Raises:
        sqlite3.Error: they cannot be written.
    """
    whole: list[int | bytes] = []
    for number, raw in bodies.items():
        if len(raw) > _LARGE:
            driver.execute(f"{_INSERT} (?, zeroblob(?))", (number, len(raw)))
            _fill(driver, number, raw)
        else:
            whole += (number, raw)
    if whole:
        driver.execute(f"{_INSERT} {', '.join(['(?, ?)'] * (len(whole) // 2))}", whole)


def _fill(driver: sqlite3.Connection, number: int, raw: bytes) -> None:
    """Write one body into its place, piece by piece: given as a value, it would be copied twice."""
    with driver.blobopen(arrival_bodies.name, arrival_bodies.c.raw.name, number) as place:
        for start in range(0, len(raw), _PIECE):
            place.write(memoryview(raw)[start : start + _PIECE])
