"""Leases: which daemons live, what each of them holds, and what is taken over from those that do not.

A daemon holds everything (arrivals that it judges, e-mails that it sends, channels and timers that it follows) under
its incarnation: an identifier that is new with each start. A heartbeat renews the incarnation's lease. What an
incarnation without a lease holds is given back, so that it can be claimed again; whoever did not notice is fenced off,
since every record, position and e-mail is checked against the claim that it was made under.

All times are the database's: PostgreSQL's clock, or on SQLite that of the one machine.
"""

import json
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, Self

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import LeaseLostError, StoreUnavailableError
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.schema import arrivals, outbox
from dtm_contact.store.system_schema import daemons, followers

_INCARNATION_OCTETS = 6
_LOCK_SUFFIX = ".daemon"
_LOCK_NAMESPACE = b"dtm-contact daemon "


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon, as others see it.

    Attributes:
        name: by the settings.
        incarnation: new with each start, and after each lease that was lost.
        host, pid: where it runs.
    """

    name: str
    incarnation: str
    host: str
    pid: int

    @classmethod
    def here(cls, name: str) -> Self:
        """Return a new incarnation of the daemon of that name in this process."""
        return cls(name, f"{name}@{secrets.token_hex(_INCARNATION_OCTETS)}", socket.gethostname(), os.getpid())


@dataclass(frozen=True, slots=True)
class LeaseLine:
    """A lease as a listing shows it.

    Attributes:
        name, incarnation, host, pid: of the daemon.
        started_at: when the incarnation began.
        until: when its lease is over unless it is renewed.
        alive: whether it is not over.
    """

    name: str
    incarnation: str
    host: str
    pid: int
    started_at: datetime
    until: datetime
    alive: bool

    def __str__(self) -> str:
        return (
            f"{self.name} (host {self.host}, process {self.pid}, since {self.started_at:%Y-%m-%d %H:%M:%S} UTC,"
            f" lease until {self.until:%H:%M:%S} UTC)"
        )


@dataclass(frozen=True, slots=True)
class Held:
    """How much is held: arrivals being judged, e-mails being sent, channels (with the timers) being followed."""

    arrivals: int = 0
    outgoing: int = 0
    channels: int = 0

    def __bool__(self) -> bool:
        return any(asdict(self).values())

    def __str__(self) -> str:
        return ", ".join(f"{count} {name}" for name, count in asdict(self).items() if count)


class Leases:
    """The leases of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register(self, daemon: Daemon, seconds: float, *, alone: bool = False) -> None:
        """Give an incarnation its lease; earlier ones of the same name have ended, and what they held is given back.

        Args:
            daemon: one that holds the lock of its name (`name_lock`), which is what proves the others' end.
            seconds: how long the lease lasts unless it is renewed.
            alone: no other daemon can be at work on this store, whatever its name.

        Raises:
            StoreUnavailableError: the store cannot be written.
        """
        with self._database.writing() as connection:
            now = database_time(connection)
            connection.execute(daemons.delete().where(sa.true() if alone else daemons.c.name == daemon.name))
            until = now + timedelta(seconds=seconds)
            connection.execute(daemons.insert().values(**asdict(daemon), started_at=now, renewed_at=now, until=until))
            _give_back(connection)

    def renew(self, incarnation: str, seconds: float) -> bool:
        """Renew a lease; return false where it was over and somebody has taken over, so that it cannot be renewed."""
        with self._database.writing() as connection:
            now = database_time(connection)
            values = {"renewed_at": now, "until": now + timedelta(seconds=seconds)}
            mine = sa.update(daemons).where(daemons.c.incarnation == incarnation)
            return connection.execute(mine.values(values)).rowcount > 0

    def end(self, incarnation: str) -> None:
        """End a lease, and give back at once what it held."""
        with self._database.writing() as connection:
            connection.execute(daemons.delete().where(daemons.c.incarnation == incarnation))
            _give_back(connection)

    def take_over(self) -> Held:
        """Give back what is held beyond its lease, so that whoever lives can claim it; return how much it was."""
        if not self.held_beyond() and all(line.alive for line in self.listing()):
            return Held()
        with self._database.writing() as connection:
            connection.execute(daemons.delete().where(sa.not_(_alive(database_time(connection)))))
            return _give_back(connection)

    def held_beyond(self) -> Held:
        """Return how much is held by daemons whose lease is over, or that have none."""
        with self._database.reading() as connection:
            living = _living(database_time(connection))
            return _held(connection, lambda holder: holder.not_in(living))

    def held_by(self, incarnation: str) -> Held:
        """Return how many arrivals, e-mails and so on one run of a daemon has claimed.

        Args:
            incarnation: of that run.
        """
        with self._database.reading() as connection:
            return _held(connection, lambda holder: holder == incarnation)

    def listing(self) -> list[LeaseLine]:
        """Return all leases, the longest running daemon first."""
        with self._database.reading() as connection:
            query = _lines(database_time(connection)).order_by(daemons.c.started_at, daemons.c.incarnation)
            return [LeaseLine(*row) for row in connection.execute(query)]


def holder_of(connection: Connection, incarnation: str) -> LeaseLine | None:
    """Return, in a transaction, the daemon that holds something, or None where its lease is over."""
    row = connection.execute(
        _lines(database_time(connection)).where(daemons.c.incarnation == incarnation)
    ).one_or_none()
    return LeaseLine(*row) if row is not None and row.alive else None


def _lines(now: datetime) -> sa.Select[Any]:
    columns = [daemons.c[each.name] for each in fields(LeaseLine) if each.name != "alive"]
    return sa.select(*columns, _alive(now).label("alive"))


def follower(connection: Connection, channel: str) -> str | None:
    """Return, in a transaction, the daemon (an incarnation) with a lease that follows a channel, or None."""
    living = _living(database_time(connection))
    query = sa.select(followers.c.holder).where(followers.c.channel == channel, followers.c.holder.in_(living))
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def follow(connection: Connection, channel: str, holder: str) -> bool:
    """Take a channel, in a transaction, unless a daemon with a lease has it; return whether it is ours."""
    insert = insert_of(connection)(followers)
    free = sa.or_(followers.c.holder == holder, followers.c.holder.not_in(_living(database_time(connection))))
    statement = insert.values(channel=channel, holder=holder).on_conflict_do_update(
        index_elements=["channel"], set_={"holder": holder}, where=free
    )
    return connection.execute(statement.returning(followers.c.channel)).scalar_one_or_none() is not None


def check_following(connection: Connection, channel: str, holder: str) -> None:
    """Make sure, in the transaction that stores what was read, that nobody else has taken the channel meanwhile.

    Raises:
        LeaseLostError: somebody has.
    """
    query = sa.select(followers.c.holder).where(followers.c.channel == channel)
    if connection.execute(query.with_for_update(read=True)).scalar_one_or_none() != holder:
        raise LeaseLostError(f"another daemon follows {channel}")


def database_time(connection: Connection) -> datetime:
    """Return the time by the database's clock; on SQLite that is the machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    # Not `now()`: of a transaction that waited, the beginning may be long past.
    moment: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return moment.astimezone(UTC)


def _alive(now: datetime) -> sa.ColumnElement[bool]:
    # A lease renewed in the future means a clock that was set back since: it says nothing about today.
    return sa.and_(daemons.c.until > now, daemons.c.renewed_at <= now + _CLOCK_STEP)


_CLOCK_STEP = timedelta(seconds=5)


def _living(now: datetime) -> sa.Select[tuple[str]]:
    return sa.select(daemons.c.incarnation).where(_alive(now))


def _held(connection: Connection, by: Callable[[sa.Column[str]], sa.ColumnElement[bool]]) -> Held:
    kinds = (
        (_JUDGED_NOW, arrivals.c.claimed_by),
        (_SENT_NOW, outbox.c.claimed_by),
        (sa.true(), followers.c.holder),
    )
    counts = (sa.select(sa.func.count()).where(held, by(holder)) for held, holder in kinds)
    return Held(*(connection.execute(count).scalar_one() for count in counts))


def _give_back(connection: Connection) -> Held:
    """Give back, in a transaction, what no registered incarnation holds; what is being recorded now is left alone."""
    known = sa.select(daemons.c.incarnation)
    judged = sa.select(arrivals.c.id).where(_JUDGED_NOW, arrivals.c.claimed_by.not_in(known))
    sent = sa.select(outbox.c.id).where(_SENT_NOW, outbox.c.claimed_by.not_in(known))
    free = {"state": "waiting", "claimed_by": None}
    return Held(
        connection.execute(
            sa.update(arrivals)
            .where(arrivals.c.id.in_(judged.with_for_update(skip_locked=True)))
            .values(**free, claimed_at=None)
        ).rowcount,
        connection.execute(
            sa.update(outbox).where(outbox.c.id.in_(sent.with_for_update(skip_locked=True))).values(free)
        ).rowcount,
        connection.execute(followers.delete().where(followers.c.holder.not_in(known))).rowcount,
    )


def _literal(value: str) -> sa.BindParameter[str]:
    # Not bound: only so does SQLite see that a partial index answers the question.
    return sa.literal(value, sa.Text, literal_execute=True)


_JUDGED_NOW = sa.and_(arrivals.c.state != _literal("judged"), arrivals.c.state == _literal("claimed"))
_SENT_NOW = sa.and_(
    outbox.c.state.in_([_literal("waiting"), _literal("claimed")]), outbox.c.state == _literal("claimed")
)


class NameLock(Protocol):
    """What only one living daemon of a name (on SQLite: of a file) has; it ends with its process."""

    def acquire(self) -> bool:
        """Take it, or make sure that it is still ours; return whether it is.

        Raises:
            StoreUnavailableError: the database cannot be reached.
        """
        ...

    def release(self) -> None:
        """Give it back."""
        ...

    def owner(self) -> str:
        """Say in a few words who has it, as far as that is known."""
        ...

    def evict(self) -> None:
        """Take it from an owner whose lease is over: one that stands still, or whose machine is gone."""
        ...


def name_lock(database: Database, daemon: Daemon) -> NameLock:
    """Return the lock of a daemon's name on PostgreSQL, or of the one daemon on SQLite."""
    path = database.sqlite_path
    return _FileLock(path, daemon) if path is not None else _SessionLock(database, daemon)


class _FileLock:
    """A lock that the operating system keeps on a file beside SQLite's, and drops with the process.

    Not on the database itself: SQLite keeps locks of its own there, and closing the file would drop those.
    """

    def __init__(self, path: Path, daemon: Daemon) -> None:
        # Of the file itself: another daemon may reach it by a link.
        file = path.resolve()
        self._path = file.with_name(file.name + _LOCK_SUFFIX)
        self._daemon = daemon
        self._file: int | None = None

    def acquire(self) -> bool:
        if self._file is not None and self._is_in_place(self._file):
            return True
        self.release()
        try:
            opened = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUnavailableError(f"{self._path.name}: {error.strerror}") from error
        try:
            flock(opened, LOCK_EX | LOCK_NB)
        except OSError:
            os.close(opened)
            return False
        self._file = opened
        # For people only: on a disk that is full it may stay empty.
        with suppress(OSError):
            os.ftruncate(opened, 0)
            owner = {"name": self._daemon.name, "host": self._daemon.host, "process": self._daemon.pid}
            os.pwrite(opened, json.dumps({**owner, "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"}).encode(), 0)
        return True

    def release(self) -> None:
        opened, self._file = self._file, None
        if opened is not None:
            os.close(opened)

    def _is_in_place(self, opened: int) -> bool:
        """Return whether the locked file is still the one that others would lock: somebody may have tidied it away."""
        try:
            return os.path.samestat(os.fstat(opened), self._path.stat())
        except FileNotFoundError:
            return False

    def owner(self) -> str:
        try:
            owner = json.loads(self._path.read_bytes())
            return f"{owner['name']} (host {owner['host']}, process {owner['process']}, since {owner['since']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "one that is not known"

    def evict(self) -> None:
        """Do nothing: the operating system knows exactly whether the owner lives."""


class _SessionLock:
    """An advisory lock of PostgreSQL, kept by a connection of its own; the server drops it with the connection.

    A connection whose machine is gone may stay for hours: that is what the lease is for, and `evict`.
    """

    def __init__(self, database: Database, daemon: Daemon) -> None:
        self._database = database
        self._daemon = daemon
        self._key = int.from_bytes(sha256(_LOCK_NAMESPACE + daemon.name.encode()).digest()[:8], "big", signed=True)
        self._connection: Connection | None = None

    def acquire(self) -> bool:
        with self._database.errors():
            if self._connection is not None:
                try:
                    self._connection.exec_driver_sql("SELECT 1")
                except sa.exc.DBAPIError:
                    # The server was restarted, or has taken the lock from us.
                    self.release()
                else:
                    return True
            connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                ours = connection.execute(sa.select(sa.func.pg_try_advisory_lock(self._key))).scalar_one()
            except BaseException:
                connection.close()
                raise
            if ours:
                # Out of the pool, which would reset it.
                connection.detach()
                self._connection = connection
            else:
                connection.close()
            return bool(ours)

    def release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sa.exc.SQLAlchemyError):
                connection.close()

    def owner(self) -> str:
        lines = [line for line in Leases(self._database).listing() if line.name == self._daemon.name]
        return str(lines[0]) if lines else f"{self._daemon.name} (it has no lease)"

    def evict(self) -> None:
        if any(line.alive and line.name == self._daemon.name for line in Leases(self._database).listing()):
            return
        number = self._key % 2**64
        with self._database.writing() as connection:
            connection.execute(_EVICT, {"high": number >> 32, "low": number % 2**32})


_EVICT = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database"
    " WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND datname = current_database()"
    " AND classid::bigint = :high AND objid::bigint = :low AND pid <> pg_backend_pid()"
)
