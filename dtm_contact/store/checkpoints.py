"""How far channels have read, the lines they keep, and which daemon follows which channel."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import KeptLines, LogLine, Position
from dtm_contact.store import leases
from dtm_contact.store.columns import bounded_key
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.system_schema import followers, log_lines, positions


class Checkpoints:
    """The checkpoints of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, channel: str) -> Position | None:
        """Return how far a channel has read, or None where it has read nothing yet."""
        query = sa.select(positions.c.place).where(positions.c.channel == channel)
        with self._database.reading() as connection:
            place = connection.execute(query).scalar_one_or_none()
        return None if place is None else Position(channel, place)

    def lines(self, channel: str) -> tuple[LogLine, ...]:
        """Return the lines that a channel keeps, in the order in which they were first kept."""
        query = sa.select(*_LINE).where(log_lines.c.channel == channel).order_by(log_lines.c.id)
        with self._database.reading() as connection:
            return tuple(LogLine(*row) for row in connection.execute(query))

    def follow(self, channel: str, holder: str) -> bool:
        """Take a channel, or keep it; return whether it is ours.

        Args:
            channel: the channel's name.
            holder: the daemon (an incarnation); nobody else may follow the channel while that has a lease.
        """
        with self._database.reading() as connection:
            found = leases.follower(connection, channel)
        if found is not None:
            return found == holder
        with self._database.writing() as connection:
            return leases.follow(connection, channel, holder)

    def leave(self, channel: str, holder: str) -> None:
        """Let another daemon follow a channel at once."""
        ours = sa.and_(followers.c.channel == channel, followers.c.holder == holder)
        with self._database.writing() as connection:
            connection.execute(followers.delete().where(ours))


def put(connection: Connection, position: Position, kept: KeptLines) -> None:
    """Store a position and the lines that belong to it, within the transaction that stores what was read."""
    insert = insert_of(connection)
    place = insert(positions).values(channel=position.channel, place=position.place)
    connection.execute(place.on_conflict_do_update(index_elements=["channel"], set_={"place": place.excluded.place}))
    rows = _rows(position.channel, kept.lines)
    if rows:
        line = insert(log_lines)
        changed = {"told": line.excluded.told, "at": line.excluded.at}
        connection.execute(line.on_conflict_do_update(index_elements=["channel", "key"], set_=changed), rows)
    if kept.forget_before > float("-inf"):
        old = sa.and_(log_lines.c.channel == position.channel, log_lines.c.at < kept.forget_before)
        connection.execute(log_lines.delete().where(old))


def _rows(channel: str, lines: Iterable[LogLine]) -> list[dict[str, Any]]:
    # One statement cannot change a row twice: of a line that is given twice, what was said last counts.
    latest = {bounded_key(line.key): line for line in lines}
    return [
        {
            "channel": channel,
            "key": key,
            "group_id": line.group,
            "at": line.at,
            "kind": line.kind,
            "raw": line.raw,
            "told": line.revision,
        }
        for key, line in latest.items()
    ]


_COLUMNS = ("key", "group_id", "at", "kind", "raw", "told")
_LINE = tuple(log_lines.c[name] for name in _COLUMNS)
