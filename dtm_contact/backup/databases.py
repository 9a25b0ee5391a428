"""The store as a backup holds it: taken out of a database at work, put into an empty one, and looked through."""

import gzip
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection

from dtm_contact.backup.archive import BackupDamagedError, BackupNotMadeError, ProgramError, ProgramMissingError, run
from dtm_contact.store.database import Database
from dtm_contact.store.migrating import schema_version

_PIECE: Final = 1024 * 1024
# What is in a backup is text and pictures that are compressed already: more effort would win little.
_COMPRESSION: Final = 1
_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_BODIES_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A store taken out at one moment.

    Attributes:
        file: as the archive holds it.
        schema: the revision of its tables.
        counts: the rows of each table.
        bodies: the SHA-256 of each arrival's octets, a line each.
    """

    file: Path
    schema: str
    counts: dict[str, int]
    bodies: bytes


def snapshot(database: Database, folder: Path) -> Snapshot:
    """Take out a store that is at work, without holding those who write.

    Args:
        database: its connections.
        folder: where the file goes; it must have room for the whole store.

    Raises:
        BackupNotMadeError: it has no tables.
        ProgramError: the database's program fails.
        StoreUnavailableError: it cannot be read.
        OSError: the file cannot be written.
    """
    return _of_sqlite(database, folder) if database.sqlite_path is not None else _of_postgresql(database, folder)


def _of_sqlite(database: Database, folder: Path) -> Snapshot:
    """Take out a SQLite store by `VACUUM INTO`.

    A reader does not hold the writer of a log-ahead store, whatever it takes, and the copy leaves out what was erased.
    """
    copy = folder / "store.db"
    with database.errors(), database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("VACUUM INTO ?", (str(copy),))
    with _opened(copy) as taken:
        schema, counts, bodies = _looked_through(taken)
    packed = folder / "store.db.gz"
    with copy.open("rb") as plain, gzip.open(packed, "xb", _COMPRESSION) as out:
        shutil.copyfileobj(plain, out, _PIECE)
    copy.unlink()
    return Snapshot(packed, schema, counts, bodies)


def _of_postgresql(database: Database, folder: Path) -> Snapshot:
    """Take out a PostgreSQL store by `pg_dump`, which sees the very moment that is counted."""
    file = folder / "store.pgdump"
    with database.reading() as connection:
        shared = connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one()
        command = ["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={shared}"]
        dbname, environment = connection_of(database.url)
        run([*command, f"--file={file}", f"--dbname={dbname}"], env=environment)
        schema, counts, bodies = _looked_through(connection)
    return Snapshot(file, schema, counts, bodies)


def connection_of(url: URL) -> tuple[str, dict[str, str]]:
    """Return how PostgreSQL's programs are told of a database: by a URI without a password, and by the environment."""
    query = dict(url.query)
    password = url.password or query.pop("password", None)
    query.pop("password", None)
    # `URL.set` takes None for "as it is".
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, query)
    environment = dict(os.environ) | ({"PGPASSWORD": str(password)} if password else {})
    return plain.render_as_string(hide_password=False), environment


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    """Open a SQLite file that nobody else has."""
    engine = sa.create_engine(f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro&uri=true")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _looked_through(connection: Connection) -> tuple[str, dict[str, int], bytes]:
    schema = schema_version(connection)
    if schema is None:
        raise BackupNotMadeError("the store has no tables yet; run: dtm-contact store migrate")
    return schema, counts_of(connection), b"".join(body_digests(connection))


def counts_of(connection: Connection) -> dict[str, int]:
    """Return the rows of each table, in a transaction."""
    names = sorted(name for name in sa.inspect(connection).get_table_names() if _NAME.fullmatch(name))
    return {
        name: connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one() for name in names
    }


def body_digests(connection: Connection) -> Iterator[bytes]:
    """Yield a line for each arrival that still has its octets: its number, and their SHA-256."""
    query = _BODIES[connection.dialect.name]
    after, more = 0, True
    while more:
        more = False
        for number, held in connection.execute(query, {"after": after, "most": _BODIES_AT_ONCE}):
            digest = held if connection.dialect.name == "postgresql" else _digest(held)
            yield f"{number} {digest}\n".encode()
            after, more = number, True


def _digest(held: bytes | str) -> str:
    # SQLite gives what a column holds, whatever its type: a damaged store may hold text here.
    return sha256(held.encode("utf-8", "surrogateescape") if isinstance(held, str) else held).hexdigest()


_PAGE: Final = "FROM arrival_bodies WHERE arrival_id > :after ORDER BY arrival_id LIMIT :most"
_BODIES: Final = {
    "sqlite": sa.text(f"SELECT arrival_id, raw {_PAGE}"),
    "postgresql": sa.text(f"SELECT arrival_id, encode(sha256(raw), 'hex') {_PAGE}"),
}


def unpack_sqlite(packed: Path, target: Path) -> None:
    """Write the SQLite file of a backup.

    Raises:
        BackupDamagedError: it cannot be unpacked.
        OSError: it cannot be written.
    """
    try:
        with gzip.open(packed, "rb") as plain, target.open("xb") as out:
            shutil.copyfileobj(plain, out, _PIECE)
            out.flush()
            os.fsync(out.fileno())
    except (gzip.BadGzipFile, EOFError) as error:
        raise BackupDamagedError(f"{packed.name}: {type(error).__name__}") from None


def load_postgresql(dump: Path, url: URL) -> None:
    """Load the dump of a backup into an empty database, all or nothing.

    Raises:
        ProgramError: that fails.
    """
    dbname, environment = connection_of(url)
    command = ["pg_restore", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    run([*command, f"--dbname={dbname}", str(dump)], env=environment)


def read_dump(dump: Path) -> None:
    """Read the dump of a backup to its end, and load it nowhere.

    Raises:
        BackupDamagedError: it cannot be read.
        ProgramMissingError: `pg_restore` is not there.
    """
    try:
        with Path(os.devnull).open("wb") as nowhere:
            run(["pg_restore", "--file=-", str(dump)], out=nowhere)
    except ProgramMissingError:
        raise
    except ProgramError as error:
        raise BackupDamagedError(error.detail) from None


def tables_of(database: Database) -> list[str]:
    """Return the tables of a database; none where there is no file.

    Raises:
        StoreUnavailableError: it cannot be read.
    """
    if database.sqlite_path is not None and not database.sqlite_path.exists():
        return []
    with database.reading() as connection:
        return sa.inspect(connection).get_table_names()


def empty(database: Database) -> None:
    """Drop all tables of a PostgreSQL database that held a backup for a while.

    Raises:
        StoreUnavailableError: they cannot be dropped.
    """
    with database.writing(hurried=False) as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if _NAME.fullmatch(name)]
        if names:
            connection.exec_driver_sql(f"DROP TABLE {', '.join(names)} CASCADE")


def integrity(path: Path) -> list[str]:
    """Return what SQLite's own check finds wrong with a file; nothing where it is sound."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True)) as driver:
            found = [str(row[0]) for row in driver.execute("PRAGMA integrity_check(10)") if row[0] != "ok"]
            found += [f"{row[0]}: a row refers to one that is not there" for row in driver.execute(_FOREIGN_KEYS)]
    except sqlite3.Error as error:
        return [type(error).__name__]
    return found


_FOREIGN_KEYS: Final = 'SELECT DISTINCT "table" FROM pragma_foreign_key_check'
