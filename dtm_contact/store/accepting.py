"""New arrivals into their tables, on the way that every sender waits for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection, Dialect

from dtm_contact.model import Arrival, Envelope
from dtm_contact.store.bodies import insert_bodies
from dtm_contact.store.schema import arrivals

_WAITING = "waiting"
_AT_ONCE = 500
_KEY = ("channel", "external_id")


def insert_arrivals(connection: Connection, new: Mapping[tuple[str, str], Arrival]) -> None:
    """Store arrivals with their bytes, in the order given; one that is already there is left as it is.

    Args:
        connection: in a transaction that writes.
        new: the arrivals by channel and bounded external id.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: they cannot be stored.
        StoreUnavailableError: their bytes cannot be written.
    """
    insert = _insert_quickly if connection.dialect.name == "sqlite" else _insert
    rows = [_values(arrival) for arrival in new.values()]
    for start in range(0, len(rows), _AT_ONCE):
        stored = insert(connection, rows[start : start + _AT_ONCE])
        insert_bodies(connection, {number: new[channel, external_id].raw for number, channel, external_id in stored})


def _values(arrival: Arrival) -> dict[str, Any]:
    return {
        "channel": arrival.channel,
        "external_id": arrival.external_id,
        "received_at": arrival.received_at,
        "media_type": arrival.media_type,
        "envelope": None if arrival.envelope is None else _members(arrival.envelope),
        "size": len(arrival.raw),
        "state": _WAITING,
        "in_turn": arrival.in_turn,
    }


def _members(envelope: Envelope) -> dict[str, Any]:
    return {name: getattr(envelope, name) for name in Envelope.__slots__}


def _insert(connection: Connection, rows: Sequence[dict[str, Any]]) -> Sequence[Any]:
    return connection.execute(_INSERT, rows).all()


_INSERT = (
    postgresql.insert(arrivals)
    .on_conflict_do_nothing(index_elements=_KEY)
    .returning(arrivals.c.id, arrivals.c.channel, arrivals.c.external_id)
)


def _insert_quickly(connection: Connection, rows: Sequence[dict[str, Any]]) -> Sequence[Any]:
    """Insert by one statement written here: building and binding SQLAlchemy's own costs more than SQLite's work.

    One statement for all also means that this thread gives up the interpreter once, not once for each row.
    """
    writers = _writers(connection.dialect, tuple(rows[0]))
    values = tuple(value for row in rows for value in _bound(writers, row))
    driver: Any = connection.connection.driver_connection
    stored: list[tuple[int, str, str]] = driver.execute(_statement(tuple(rows[0]), len(rows)), values).fetchall()
    return stored


def _bound(writers: Sequence[tuple[str, Callable[[Any], Any] | None]], row: Mapping[str, Any]) -> Iterator[Any]:
    for name, write in writers:
        yield row[name] if write is None else _written(name, write, row[name])


def _written(name: str, write: Callable[[Any], Any], value: Any) -> Any:
    try:
        return write(value)
    except (TypeError, ValueError) as error:
        raise sa.exc.StatementError(f"cannot hold {name}", None, None, error) from None


@lru_cache
def _writers(dialect: Dialect, names: tuple[str, ...]) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    """Return what turns each column's value into what the driver takes, by the column's own type."""
    types = {name: arrivals.c[name].type.dialect_impl(dialect) for name in names}
    return tuple((name, kind.bind_processor(dialect)) for name, kind in types.items())


@lru_cache
def _statement(names: tuple[str, ...], rows: int) -> str:
    row = f"({', '.join('?' * len(names))})"
    return (
        f"INSERT INTO {arrivals.name} ({', '.join(names)}) VALUES {', '.join([row] * rows)} "  # noqa: S608 - our names
        f"ON CONFLICT ({', '.join(_KEY)}) DO NOTHING RETURNING id, {', '.join(_KEY)}"
    )
