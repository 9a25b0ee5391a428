"""New arrivals into their tables, on the way that every sender waits for."""

import sqlite3
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, islice
from json.encoder import encode_basestring
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from dtm_contact.model import Arrival, Envelope
from dtm_contact.store.columns import bounded_key, storable
from dtm_contact.store.schema import arrival_bodies, arrivals

_WAITING = "waiting"
_AT_ONCE = 500
_OCTETS_AT_ONCE = 1024 * 1024
_KEY = ("channel", "external_id")
_WHOLE = "whole_arrivals"
_LARGE = 1024 * 1024
_PIECE = 256 * 1024

New = Mapping[tuple[str, str], Arrival]
"""Arrivals by channel and bounded external id."""


def insert_arrivals(connection: Connection, new: New) -> None:
    """Store arrivals with their bytes, in the order given; one that is already there is left as it is.

    Args:
        connection: in a transaction that writes.
        new: the arrivals.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: they cannot be stored.
        sqlite3.Error: their bytes cannot be written.
    """
    insert = _INSERT[connection.dialect.name]
    rest = iter(new.values())
    while some := [_values(arrival) for arrival in islice(rest, _AT_ONCE)]:
        stored = connection.execute(insert, some).all()
        _insert_bodies(connection, {number: new[channel, external_id].raw for number, channel, external_id in stored})


def _insert_bodies(connection: Connection, bodies: Mapping[int, bytes]) -> None:
    """Store the bytes of each arrival, by its number in the store.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: they cannot be written.
        sqlite3.Error: the same.
    """
    driver = connection.connection.driver_connection
    whole = []
    for number, raw in bodies.items():
        if len(raw) > _LARGE and isinstance(driver, sqlite3.Connection):
            connection.execute(arrival_bodies.insert().values(arrival_id=number, raw=sa.func.zeroblob(len(raw))))
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


def fit_one_statement(new: New) -> bool:
    """Return whether arrivals are few and small enough for `insert_at_once`: SQLite copies their bytes twice."""
    return len(new) <= _AT_ONCE and sum(len(arrival.raw) for arrival in new.values()) <= _OCTETS_AT_ONCE


def insert_at_once(driver: sqlite3.Connection, new: New) -> None:
    """Store arrivals with their bytes by one statement on SQLite's own connection, as a transaction of its own.

    Args:
        driver: made ready by `prepare_at_once`.
        new: arrivals that fit.

    Raises:
        sqlite3.Error: they cannot be stored; or, of some kinds, whether they are is not certain.
        sqlalchemy.exc.StatementError: a value is none that its column could hold.
    """
    values = tuple(chain.from_iterable(map(_bound, new.values())))
    # Once: `execute` would ask for the last row's number too, and give the interpreter away for that.
    driver.executemany(_statement(len(new)), (values,))


def prepare_at_once(driver: sqlite3.Connection) -> None:
    """Make a connection of SQLite ready: give it a view of arrivals with their bytes that can be inserted into."""
    names = ", ".join(_TAKEN)
    new_ones = ", ".join(f"NEW.{name}" for name in _TAKEN)
    driver.execute(
        f"CREATE TEMP VIEW {_WHOLE} AS SELECT {names}, raw FROM main.{arrivals.name} "  # noqa: S608 - our names
        f"JOIN main.{arrival_bodies.name} ON arrival_id = id"
    )
    driver.execute(
        f"CREATE TEMP TRIGGER {_WHOLE}_insert INSTEAD OF INSERT ON {_WHOLE} BEGIN "  # noqa: S608 - our names
        f"INSERT INTO {arrivals.name} ({names}) VALUES ({new_ones}) ON CONFLICT ({', '.join(_KEY)}) DO NOTHING; "
        f"INSERT INTO {arrival_bodies.name} (arrival_id, raw) "
        "SELECT last_insert_rowid(), NEW.raw WHERE changes() = 1; END"
    )


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

_INSERT = {
    name: insert(arrivals)
    .on_conflict_do_nothing(index_elements=_KEY)
    .returning(arrivals.c.id, arrivals.c.channel, arrivals.c.external_id)
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def _bound(arrival: Arrival) -> tuple[Any, ...]:
    """Return the values of `_TAKEN` and the bytes, as the columns' own types write them for SQLite.

    By hand, since theirs took as long as all of SQLite's work for a message of 4 KiB.
    """
    try:
        return (
            arrival.channel,
            bounded_key(arrival.external_id),
            _moment_written(arrival.received_at),
            storable(arrival.media_type),
            None if arrival.envelope is None else _envelope_written(arrival.envelope),
            len(arrival.raw),
            _WAITING,
            int(arrival.in_turn),
            arrival.raw,
        )
    except (AttributeError, TypeError, ValueError) as error:
        raise sa.exc.StatementError("cannot hold an arrival", None, None, error) from None


def _moment_written(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("the store takes aware times only")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _envelope_written(envelope: Envelope) -> str:
    recipients = ",".join(map(encode_basestring, envelope.recipients))
    return storable(
        f'{{"mail_from":{encode_basestring(envelope.mail_from)},"recipients":[{recipients}],'
        f'"client":{encode_basestring(envelope.client)},"backlog":{"true" if envelope.backlog else "false"}}}'
    )


@lru_cache
def _statement(rows: int) -> str:
    row = f"({'?, ' * len(_TAKEN)}?)"
    return f"INSERT INTO {_WHOLE} ({', '.join(_TAKEN)}, raw) VALUES {', '.join([row] * rows)}"  # noqa: S608 - our names
