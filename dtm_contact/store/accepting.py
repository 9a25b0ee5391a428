"""New arrivals into their tables, on the way that every sender waits for."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from dtm_contact.model import Arrival, Envelope
from dtm_contact.store.bodies import insert_bodies, insert_bodies_by_driver
from dtm_contact.store.columns import bounded_key, encode_json
from dtm_contact.store.schema import arrivals

_WAITING = "waiting"
_AT_ONCE = 500
_KEY = ("channel", "external_id")

New = Mapping[tuple[str, str], Arrival]
"""Arrivals by channel and bounded external id."""


def insert_arrivals(connection: Connection, new: New) -> None:
    """Store arrivals with their bytes, in the order given; one that is already there is left as it is.

    Args:
        connection: in a transaction that writes.
        new: the arrivals.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: they cannot be stored.
        sqlite3.Error: the same.
    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        insert_by_driver(driver, new)
    elif new:
        stored = connection.execute(_INSERT, [_values(arrival) for arrival in new.values()]).all()
        insert_bodies(connection, _bodies(new, stored))


def insert_by_driver(driver: sqlite3.Connection, new: New) -> None:
    """Do the same on SQLite's own connection, by one statement for all rows of a table.

    Building and binding SQLAlchemy's own statements costs more than SQLite's work; and one for all means that this
    thread gives up the interpreter once, not once for each.

    Raises:
        sqlite3.Error: they cannot be stored.
        sqlalchemy.exc.StatementError: a value is none that its column could hold.
    """
    rest = iter(new.values())
    while some := list(islice(rest, _AT_ONCE)):
        values = [value for arrival in some for value in _bound(arrival)]
        insert_bodies_by_driver(driver, _stored(driver, some, driver.execute(_statement(len(some)), values)))


def _stored(driver: sqlite3.Connection, some: Sequence[Arrival], inserted: sqlite3.Cursor) -> dict[int, bytes]:
    """Return the bytes of those that were inserted, by their numbers, which follow each other.

    SQLite would give back each by itself (`RETURNING`), and take the interpreter anew for each.
    """
    first = (inserted.lastrowid or 0) - inserted.rowcount + 1
    if inserted.rowcount == len(some):
        return {number: arrival.raw for number, arrival in enumerate(some, first)}
    new = {(arrival.channel, bounded_key(arrival.external_id)): arrival for arrival in some}
    return _bodies(new, driver.execute(_SINCE, (first,))) if inserted.rowcount else {}


_SINCE = f"SELECT id, {', '.join(_KEY)} FROM {arrivals.name} WHERE id >= ?"  # noqa: S608 - our names


def _bodies(new: New, stored: Iterable[Any]) -> dict[int, bytes]:
    return {number: new[channel, external_id].raw for number, channel, external_id in stored}


def _values(arrival: Arrival) -> dict[str, Any]:
    return {name: take(arrival) for name, take in _TAKEN.items()}


def _envelope(arrival: Arrival) -> dict[str, Any] | None:
    envelope = arrival.envelope
    return None if envelope is None else {name: getattr(envelope, name) for name in Envelope.__slots__}


_TAKEN: dict[str, Callable[[Arrival], Any]] = {
    "channel": lambda arrival: arrival.channel,
    "external_id": lambda arrival: arrival.external_id,
    "received_at": lambda arrival: arrival.received_at,
    "media_type": lambda arrival: arrival.media_type,
    "envelope": _envelope,
    "size": lambda arrival: len(arrival.raw),
    "state": lambda _: _WAITING,
    "in_turn": lambda arrival: arrival.in_turn,
}

_INSERT = (
    postgresql.insert(arrivals)
    .on_conflict_do_nothing(index_elements=_KEY)
    .returning(arrivals.c.id, arrivals.c.channel, arrivals.c.external_id)
)


def _writer(name: str) -> Callable[[Any], Any]:
    """Return what turns a column's value into what the driver takes, by the column's own type."""
    dialect = sqlite.dialect(json_serializer=encode_json)
    return arrivals.c[name].type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value)


_WRITTEN = {name: (take, _writer(name)) for name, take in _TAKEN.items()}


def _bound(arrival: Arrival) -> Iterator[Any]:
    for name, (take, write) in _WRITTEN.items():
        try:
            yield write(take(arrival))
        except (TypeError, ValueError) as error:
            raise sa.exc.StatementError(f"cannot hold {name}", None, None, error) from None


@lru_cache
def _statement(rows: int) -> str:
    row = f"({', '.join('?' * len(_TAKEN))})"
    return (
        f"INSERT INTO {arrivals.name} ({', '.join(_TAKEN)}) VALUES {', '.join([row] * rows)} "  # noqa: S608 - our names
        f"ON CONFLICT ({', '.join(_KEY)}) DO NOTHING"
    )
