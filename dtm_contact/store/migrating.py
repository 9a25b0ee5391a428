"""The schema's versions: create, upgrade, and refuse what this version does not know."""

import os
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Migration:
    """What was done to a store: the version that it had, each revision with its seconds, and all seconds.

    Nobody else could write meanwhile.
    """

    came_from: str | None
    revisions: tuple[tuple[str, float], ...]
    seconds: float


def migrate(url: str) -> Migration:
    """Create the store's tables, or bring them up to this version; in one transaction, so that it is done or not.

    The folder and file of a SQLite store are created, readable by their owner alone.

    Returns:
        What was done; no revisions where the store was of this version.

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
            started = perf_counter()
            came_from = schema_version(connection)
            revisions = _upgrade(connection) if came_from != SCHEMA_VERSION else ()
        return Migration(came_from, revisions, perf_counter() - started)
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
            # Before the first page is written: later only a VACUUM of the whole file could change it.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            connection.execute("PRAGMA journal_mode = WAL")
        with suppress(FileExistsError):
            path.hardlink_to(new)
    finally:
        new.unlink()


def _upgrade(connection: Connection) -> tuple[tuple[str, float], ...]:
    """Run what is missing; return each revision with its seconds."""
    # Takes as long to import as all the rest of the store, and only a new schema needs it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", "dtm_contact.store:migrations")
    config.attributes["connection"] = connection
    passed: list[tuple[str, float]] = []
    before = perf_counter()

    def applied(*, step: Any, **_of_alembic: object) -> None:
        nonlocal before
        passed.append((step.up_revision_id, perf_counter() - before))
        before = perf_counter()

    config.attributes["on_version_apply"] = applied
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise UnknownSchemaError(_other_version(schema_version(connection))) from None
    return tuple(passed)
