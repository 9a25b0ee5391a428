"""The schema's versions: create, upgrade, and refuse what this version does not know."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import UnknownSchemaError
from dtm_contact.store.database import Database
from dtm_contact.store.schema import SCHEMA_VERSION

_MIGRATING = 0x64746D01
_REMEDY = "run: dtm-contact store migrate"
_TOO_OLD = (
    "a later program has brought it there, and there is no way back: run that program, or go back to a backup made"
    " before it"
)
_version = sa.table("alembic_version", sa.column("version_num", sa.Text))


def migrate(url: str) -> None:
    """Create the store's tables, or bring them up to this version; in one transaction.

    The folder and file of a SQLite store are created, readable by their owner alone.

    Raises:
        UnknownSchemaError: the tables are of a later version than this program.
        StoreUnavailableError: the database cannot be written.
        OSError: the folder or file of a SQLite store cannot be created.
        ValueError: the URL names no kind of database that the store knows.
    """
    database = Database(url)
    try:
        if database.sqlite_path is not None:
            _create_file(database.sqlite_path)
        with database.writing(hurried=False) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATING)))
            if schema_version(connection) != SCHEMA_VERSION:
                _upgrade(connection)
    finally:
        database.close()


def check_schema(database: Database) -> None:
    """Make sure that the tables are exactly those that this version knows.

    Raises:
        UnknownSchemaError: they are older, newer, or not there.
        StoreUnavailableError: the database cannot be read.
    """
    if database.sqlite_path is not None and not database.sqlite_path.exists():
        raise UnknownSchemaError(f"there is no store yet; {_REMEDY}")
    with database.reading() as connection:
        found = schema_version(connection)
    if found != SCHEMA_VERSION:
        raise UnknownSchemaError(_other_version(found))


def _other_version(version: str | None) -> str:
    """Say what a store of another version wants: an older program can do nothing to a newer store."""
    remedy = _TOO_OLD if version is not None and version > SCHEMA_VERSION else _REMEDY
    return f"found {version or 'none'}, this version knows {SCHEMA_VERSION}; {remedy}"


def schema_version(connection: Connection) -> str | None:
    """Return the revision that the tables have, or None where there are no tables."""
    if not sa.inspect(connection).has_table(_version.name):
        return None
    return connection.execute(sa.select(_version.c.version_num)).scalar_one_or_none()


def _create_file(path: Path) -> None:
    """Create an empty database in WAL mode unless there is one: whole at once, since others may do the same."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    handle, name = tempfile.mkstemp(prefix=path.name, dir=path.parent)
    os.close(handle)
    new = Path(name)
    try:
        with closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        with suppress(FileExistsError):
            path.hardlink_to(new)
    finally:
        new.unlink()


def _upgrade(connection: Connection) -> None:
    # Takes as long to import as all the rest of the store, and only a new schema needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "dtm_contact.store:migrations")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise UnknownSchemaError(_other_version(schema_version(connection))) from None
