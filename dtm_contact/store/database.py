"""One database: its connections, its transactions, and what its troubles mean."""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection, Engine
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    SQLAlchemyError,
    StatementError,
)

from dtm_contact.errors import CommitUnknownError, StoreUnavailableError
from dtm_contact.store.columns import encode_json
from dtm_contact.store.schema import probes

_PATIENCE = 10.0
_MIB = 1024 * 1024
_LARGEST_IDLE_LOG = 64 * 1024 * 1024
_LOGGED_PAGES = 4000
_WAY_GIVEN = 0.005
_LONGEST_WAY_GIVEN = 1.0
_PROBE = bytes(64 * 1024)
_FAULTS_OF_OURS = (IntegrityError, DataError, ProgrammingError, NotSupportedError)
_FAULTS_OF_OURS_IN_SQLITE = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    sqlite3.NotSupportedError,
    sqlite3.InterfaceError,
)
_KNOWN_ROLLED_BACK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY})
_MEAN_NO_ROOM = frozenset({"SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"})
_NO_ROOM = "no room is left on its disk: free some, then try again"
_POSTGRESQL_PORT = 5432
_WHY_NO_CONNECTION = (
    ("connection refused", "connection refused"),
    ("no such file or directory", "no server at its socket"),
    ("timeout expired", "no answer in time"),
    ("could not translate host name", "its host name is unknown"),
    ("failed to resolve host", "its host name is unknown"),
    ("name or service not known", "its host name is unknown"),
    ("no route to host", "no route to its host"),
    ("network is unreachable", "its network is unreachable"),
    ("password authentication failed", "it refuses the password"),
    ("no password supplied", "it wants a password"),
    ("peer authentication failed", "it refuses the system's user"),
    ("no pg_hba.conf entry", "its pg_hba.conf does not let us in"),
    ("certificate", "its certificate is refused"),
    ("starting up", "it is starting"),
    ("shutting down", "it is stopping"),
    ("too many clients", "it has no connection left"),
    ("too many connections", "it has no connection left"),
    ("does not exist", "the database or the user does not exist"),
    ("server closed the connection", "it ended the connection"),
)
_OF_A_CONNECTION = ("08", "28", "3D", "53", "57P")
"""Beginnings of the codes of errors that are about a connection (PostgreSQL, appendix A)."""
_CONNECTION_ENDED = re.compile("08|57P")


class StoreRefusedError(StoreUnavailableError):
    """The store refuses what was to be written: a fault of the program, not of the moment."""

    retry = False


class Database:
    """The connections to one SQLite file or one PostgreSQL database.

    Every write is one transaction that has reached the disk when it ends (SQLite: WAL, synchronous=FULL). None asks for
    less: a commit that did not wait for the disk would be a hole in the log once a sync fails, and recovery after a
    power cut ends at a hole.
    """

    def __init__(self, url: str, *, read_only: bool = False, patience: float = _PATIENCE) -> None:
        """Prepare the connections; none is made yet.

        Args:
            url: SQLAlchemy URL of a SQLite file or a PostgreSQL database.
            read_only: refuse every write.
            patience: seconds to wait for another writer or for a connection.

        Raises:
            ValueError: the URL names another kind of database.
        """
        self.url = sa.make_url(url)
        self.read_only = read_only
        self._patience = patience
        self._driver: sqlite3.Connection | None = None
        self._arrivals_wait = False
        match self.url.get_backend_name():
            case "sqlite" if self.url.database not in (None, "", ":memory:"):
                self.engine = _sqlite_engine(self.url, read_only=read_only, patience=patience)
                # SQLite has one writer at a time: our own threads take turns here instead of polling for its lock.
                self._turn: threading.Lock | nullcontext[None] = threading.Lock()
            case "postgresql":
                self.engine = _postgresql_engine(self.url, patience=patience)
                self._turn = nullcontext()
            case _:
                raise ValueError("the store's URL must be sqlite:///PATH or postgresql://…")

    @property
    def sqlite_path(self) -> Path | None:
        """The file of a SQLite database, else None."""
        is_sqlite = self.engine.dialect.name == "sqlite"
        return Path(self.url.database or "") if is_sqlite else None

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a read transaction, which sees the store at one moment.

        Raises:
            StoreUnavailableError: the database cannot be read.
        """
        options: dict[str, Any] = {}
        if self.engine.dialect.name == "postgresql":
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.errors(), self.engine.connect() as connection, connection.execution_options(**options).begin():
            yield connection

    @contextmanager
    def writing(self, *, hurried: bool = True, gives_way: bool = False) -> Iterator[Connection]:
        """Open a write transaction; it is committed when the block ends, or rolled back as a whole.

        Args:
            hurried: end it where nothing is asked for so long as others wait for a lock (PostgreSQL): one that stands
                still, or whose machine is gone, keeps nobody from the work. An import may take its time.
            gives_way: let arrivals that wait to be stored go first (SQLite; PostgreSQL stores both at once).

        Raises:
            StoreUnavailableError: nothing was stored.
            CommitUnknownError: the commit broke off; it may or may not have been stored.
            StoreRefusedError: nothing was stored, and trying again will not help.
        """
        if self.read_only:
            raise StoreRefusedError("opened for reading only")
        turn = self._turn_after_arrivals() if gives_way else self._turn
        with turn, self.errors(), self.engine.connect() as connection:
            transaction = connection.execution_options(dtm_writes=True).begin()
            try:
                if connection.dialect.name == "postgresql":
                    idle = int(self._patience * 1000) if hurried else 0
                    connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {idle}")
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            self._commit(connection, transaction)

    @contextmanager
    def _turn_after_arrivals(self) -> Iterator[None]:
        """Take the turn to write once no arrival waits for it, or after so long that it is not to wait any more."""
        until = time.monotonic() + _LONGEST_WAY_GIVEN
        while True:
            with self._turn:
                if not self._arrivals_wait or time.monotonic() > until:
                    yield
                    return
            time.sleep(_WAY_GIVEN)

    def _commit(self, connection: Connection, transaction: sa.RootTransaction) -> None:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection) and not driver.in_transaction:
            # SQLite rolls back by itself on some errors; COMMIT would then succeed and store nothing.
            raise StoreUnavailableError("SQLite had rolled back")
        try:
            transaction.commit()
        except DBAPIError as error:
            if _rolled_back(error.orig):
                raise
            raise CommitUnknownError(self._why(error)) from error

    @contextmanager
    def at_once(self, prepare: Callable[[sqlite3.Connection], None]) -> Iterator[sqlite3.Connection]:
        """Give SQLite's own connection for one statement, which is a durable transaction by itself.

        SQLAlchemy's part of a small transaction costs more than SQLite's, and with every further statement this thread
        struggles for the interpreter once more. It ends and raises as the transaction of `writing`.

        Args:
            prepare: called with the connection, which is kept, when it is new.
        """
        if self.read_only:
            raise StoreRefusedError("opened for reading only")
        self._arrivals_wait = True
        with self._turn, self.errors():
            self._arrivals_wait = False
            driver = self._driver or self._new_driver(prepare)
            try:
                yield driver
            except sqlite3.OperationalError as error:
                self._drop_driver()
                if _rolled_back(error):
                    raise
                raise CommitUnknownError(self._why(error)) from error
            except BaseException:
                self._drop_driver()
                raise

    def _new_driver(self, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
        pooled = self.engine.raw_connection()
        driver: Any = pooled.driver_connection
        pooled.detach()
        # What a statement for many rows would need to undo itself goes into a file otherwise.
        driver.execute("PRAGMA temp_store = MEMORY")
        prepare(driver)
        self._driver = driver
        return self._driver

    def _drop_driver(self) -> None:
        """Close the connection that is kept; SQLite rolls back what is open on it."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.close()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise what goes wrong on a connection as our own errors, which say where the database is."""
        try:
            yield
        except (DBAPIError, sa.exc.TimeoutError) as error:
            if isinstance(error, _FAULTS_OF_OURS):
                # The driver's own text may quote the row, so it must not travel on.
                raise StoreRefusedError(self._why(error)) from None
            raise StoreUnavailableError(self._why(error)) from error
        except StatementError as error:
            raise StoreRefusedError(self._why(error)) from None
        except sqlite3.Error as error:
            if isinstance(error, _FAULTS_OF_OURS_IN_SQLITE):
                raise StoreRefusedError(self._why(error)) from None
            raise StoreUnavailableError(self._why(error)) from error

    def _why(self, error: SQLAlchemyError | sqlite3.Error) -> str:
        """Return the driver's code of an error, its meaning where a disk or a server caused it, and which one."""
        cause = getattr(error, "orig", None) or error
        code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or ""
        text = f"{type(cause).__name__} {code}".rstrip()
        path = self.sqlite_path
        if path is None:
            why = "" if code and not code.startswith(_OF_A_CONNECTION) else _connecting(str(cause))
            return f"{text}{why}: {self._server}"
        if code in _MEAN_NO_ROOM:
            return f"{text} ({_NO_ROOM}): {path.absolute()}, {_free(path)} octets free"
        return f"{text}: {path.absolute()}"

    @property
    def _server(self) -> str:
        """A PostgreSQL database as host, port and name: without the user, and without a password."""
        host = self.url.host or self.url.query.get("host") or "local socket"
        return f"PostgreSQL at {host}:{self.url.port or _POSTGRESQL_PORT}/{self.url.database or ''}"

    def probe(self) -> None:
        """Prove that the store can be written again, disk space included, and that all it holds is on the disk.

        A sync that failed may have dropped pages that can still be read and that no later sync writes: those of a
        daemon that was killed before its own sync, for instance. SQLite's log is therefore taken into the database
        whole, and restarted, before anything is written.

        Raises:
            StoreUnavailableError: it cannot.
        """
        self.close()
        if self.sqlite_path is not None:
            self.restart_log()
        with self.writing() as connection:
            connection.execute(probes.insert(), {"filler": _PROBE})
        with self.writing() as connection:
            connection.execute(probes.delete())

    def require_room(self, octets: int) -> None:
        """Make sure that the disk of a SQLite store has so many octets free; of PostgreSQL nothing is asked.

        Raises:
            StoreUnavailableError: they are not, or the disk cannot be asked.
        """
        path = self.sqlite_path
        if path is None or octets <= 0:
            return
        try:
            disk = os.statvfs(path)
        except OSError as error:
            text = f"{type(error).__name__}: the disk of {path.absolute()} cannot be asked for free room"
            raise StoreUnavailableError(text) from None
        free = disk.f_bavail * disk.f_frsize
        if free < octets:
            text = f"{free // _MIB:,} MiB ({free:,} octets) are free on its disk, {-(-octets // _MIB):,} are wanted"
            raise StoreUnavailableError(f"{text}: {path.absolute()}")

    def checkpoint(self) -> None:
        """Take into the database what of SQLite's log nobody reads any more; others write meanwhile.

        Raises:
            StoreUnavailableError: that failed.
        """
        if self.sqlite_path is None:
            return
        with self.errors(), self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def restart_log(self, patience: float | None = None) -> None:
        """Take SQLite's log into the database, both synced, and restart it.

        Args:
            patience: seconds to wait for who reads from the log; nobody can write meanwhile. None: our own.

        Raises:
            StoreUnavailableError: that failed, or somebody reads from the log for longer.
        """
        waited = int((self._patience if patience is None else patience) * 1000)
        with self._turn, self.errors(), self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA busy_timeout = {waited}")
            try:
                busy, _log, _taken = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                driver.execute(f"PRAGMA busy_timeout = {int(self._patience * 1000)}")
        if busy:
            raise StoreUnavailableError("somebody reads it, so that its log cannot be begun anew")

    def close(self) -> None:
        """Give all connections back."""
        with self._turn:
            self._drop_driver()
        self.engine.dispose()


def _rolled_back(error: BaseException | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in _KNOWN_ROLLED_BACK
    sqlstate = getattr(error, "sqlstate", None)
    return sqlstate is not None and not _CONNECTION_ENDED.match(sqlstate)


def _free(path: Path) -> str:
    try:
        disk = os.statvfs(path)
    except OSError:
        return "an unknown number of"
    return f"{disk.f_bavail * disk.f_frsize:,}"


def _connecting(said: str) -> str:
    """Return why a server cannot be connected to; empty where that is not what its driver says.

    Only words of our own: what a driver says may hold a user, or a value.
    """
    text = next((words for sign, words in _WHY_NO_CONNECTION if sign in said.lower()), "")
    return f" ({text})" if text else ""


def _sqlite_engine(url: URL, *, read_only: bool, patience: float) -> Engine:
    path = quote(str(Path(url.database or "").absolute()))
    mode = "ro" if read_only else "rw"
    engine = sa.create_engine(
        f"sqlite:///file:{path}?mode={mode}&uri=true",
        connect_args={"timeout": patience, "isolation_level": None},
        pool_timeout=patience,
        hide_parameters=True,
        json_serializer=encode_json,
    )

    @event.listens_for(engine, "connect")
    def _prepare(driver: sqlite3.Connection, _record: object) -> None:
        if not read_only:
            driver.execute("PRAGMA journal_mode = WAL")
            driver.execute("PRAGMA synchronous = FULL")
            driver.execute(f"PRAGMA journal_size_limit = {_LARGEST_IDLE_LOG}")
            driver.execute(f"PRAGMA wal_autocheckpoint = {_LOGGED_PAGES}")
            # What is deleted or replaced leaves no octet of itself in free pages, or in the free room of others.
            driver.execute("PRAGMA secure_delete = ON")
        driver.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A write takes the lock at once: one that has only read so far could not wait for it later.
        writes = connection.get_execution_options().get("dtm_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql_engine(url: URL, *, patience: float) -> Engine:
    milliseconds = int(patience * 1000)
    options = f"-c timezone=UTC -c synchronous_commit=on -c lock_timeout={milliseconds}"
    return sa.create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            "options": options,
            "connect_timeout": max(2, round(patience)),
            "tcp_user_timeout": milliseconds,
            "application_name": "dtm-contact",
        },
        pool_pre_ping=True,
        pool_timeout=patience,
        hide_parameters=True,
        json_serializer=encode_json,
    )


def insert_of(connection: Connection) -> Callable[[sa.Table], sqlite.Insert]:
    """Return what makes an INSERT with `on_conflict_do_nothing` and `on_conflict_do_update` for this database.

    Each database has it under a name of its own.
    """
    if connection.dialect.name == "sqlite":
        return sqlite.insert
    # What of it is used here is called the same.
    return cast("Callable[[sa.Table], sqlite.Insert]", postgresql.insert)
