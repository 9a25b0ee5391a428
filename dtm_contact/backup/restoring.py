"""Restoring a backup: into an empty place, so that nothing is sent again and no case number is given twice."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.backup.archive import STORES, BackupDamagedError, BackupError, Manifest, read_archive
from dtm_contact.backup.databases import integrity, load_postgresql, tables_of, unpack_sqlite
from dtm_contact.backup.verifying import opened
from dtm_contact.errors import DaemonRunsError
from dtm_contact.settings import Settings
from dtm_contact.store import Daemon, Store, migrate, name_lock, open_store
from dtm_contact.store.database import Database
from dtm_contact.store.restores import HeldOutgoing, mark_restored
from dtm_contact.store.schema import SCHEMA_VERSION, cases

LEAST_MARGIN: Final = 1_000
_SAFETY: Final = 3
_DAYS_LOOKED_AT: Final = 30
_SECONDS_A_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was restored.

    Attributes:
        manifest: of the backup.
        margin: so many case numbers are left out.
        held: what waits to be sent and may have been sent since the backup.
        moved: where the store before lies now; empty where there was none.
        rules: the folder of rules that was restored; None where one lies there, which was left alone.
    """

    manifest: Manifest
    margin: int
    held: tuple[HeldOutgoing, ...]
    moved: str
    rules: Path | None


def restore(
    settings: Settings,
    path: Path,
    now: datetime,
    *,
    replace: bool = False,
    margin: int | None = None,
    done_again: Callable[[Connection, datetime], object] | None = None,
) -> Restored:
    """Restore a backup into the store that the settings name.

    No daemon may run on it, and none can start meanwhile. What lies there is moved aside, never deleted.

    Case numbers go on behind a margin. Without a journal nobody knows how many were given after the backup: as a rule
    three times as many as the days since would have brought at the pace of the thirty days before, and a thousand.

    Args:
        settings: where to.
        path: the backup.
        now: the time, aware.
        replace: move a store that lies there aside; else that is refused.
        margin: case numbers to leave out, in place of the rule.
        done_again: called in the transaction that makes the restored store ready, with the moment that the backup
            shows: erasures that were carried out since are done again. What it raises undoes the restore.

    Raises:
        BackupDamagedError: it cannot be relied on; nothing was changed.
        BackupError: the place is not empty, or of another kind of database.
        DaemonRunsError: a daemon runs on the store.
        StoreUnavailableError: the database cannot be used.
    """
    with opened(settings, path) as (plain, work):
        members = work / "members"
        members.mkdir()
        manifest = read_archive(plain, members)
        if manifest.schema > SCHEMA_VERSION:
            raise BackupError(f"its tables are of version {manifest.schema}, this program knows {SCHEMA_VERSION}")
        database = Database(settings.store.url)
        try:
            kind = database.engine.dialect.name
            if manifest.database != kind:
                raise BackupError(
                    f"the backup holds a {manifest.database} database, and DTM_STORE_URL names a {kind} database:"
                    f" set it to a {manifest.database} database, restore again, then dtm-contact store copy"
                )
            if (target := database.sqlite_path) is not None:
                target.absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            with _stopped(database, settings.name):
                if tables_of(database) and not replace:
                    raise BackupError(
                        f"the database {_named(database)} is not empty; with --replace it is set aside, not deleted"
                    )
                put = _put_sqlite if target is not None else _put_postgresql
                moved, given, held = put(database, members / STORES[kind], _Ready(manifest, now, margin, done_again))
        finally:
            database.close()
        rules = _restore_rules(members / "rules", settings.rules.dir)
    return Restored(manifest, given, held, moved, rules)


@dataclass(frozen=True, slots=True)
class _Ready:
    """Makes a store that was put back ready to be worked with."""

    manifest: Manifest
    now: datetime
    margin: int | None
    done_again: Callable[[Connection, datetime], object] | None

    def __call__(self, url: str) -> tuple[int, tuple[HeldOutgoing, ...]]:
        """Bring its tables to this version and mark it as restored; return the margin and what is held."""
        migrate(url)
        with open_store(url) as store:
            margin = margin_for(store, self.manifest.made_at, self.now) if self.margin is None else self.margin
            with store.database.writing() as connection:
                mark_restored(connection, self.manifest.made_at, self.now, margin)
                if self.done_again is not None:
                    self.done_again(connection, self.manifest.made_at)
            held = tuple(store.outbox.held())
            if store.database.sqlite_path is not None:
                store.database.restart_log()
        return margin, held


def margin_for(store: Store, made_at: datetime, now: datetime) -> int:
    """Return how many case numbers to leave out after a restore: more than can have been given since the backup."""
    moment = cases.c.opened_at
    with store.database.reading() as connection:
        first = connection.execute(sa.select(sa.func.min(moment))).scalar_one()
        if first is None:
            return LEAST_MARGIN
        days = min(_DAYS_LOOKED_AT, max(1.0, (made_at - first).total_seconds() / _SECONDS_A_DAY))
        since = datetime.fromtimestamp(made_at.timestamp() - days * _SECONDS_A_DAY, UTC)
        opened_then = sa.select(sa.func.count()).where(moment >= since)
        pace = connection.execute(opened_then).scalar_one() / days
    passed = max(0.0, (now - made_at).total_seconds() / _SECONDS_A_DAY)
    return LEAST_MARGIN + int(_SAFETY * pace * passed)


@contextmanager
def _stopped(database: Database, name: str) -> Iterator[None]:
    """Keep daemons from the store until the block ends.

    Raises:
        DaemonRunsError: one runs.
    """
    lock = name_lock(database, Daemon.here(name))
    if not lock.acquire():
        raise DaemonRunsError(f"{lock.owner()}: stop it first (systemctl stop dtm-contact)")
    try:
        if database.sqlite_path is None and tables_of(database):
            _check_no_lease(database)
        yield
    finally:
        lock.release()


def _check_no_lease(database: Database) -> None:
    """Make sure that no daemon of another name has a lease on a database that several may share.

    Raises:
        DaemonRunsError: one has.
    """
    alive = sa.text("SELECT name FROM daemons WHERE until > clock_timestamp()")
    if "daemons" not in tables_of(database):
        return
    with database.reading() as connection:
        if names := connection.execute(alive).scalars().all():
            raise DaemonRunsError(f"{', '.join(sorted(names))}: stop it first, or wait until its lease is over")


def _named(database: Database) -> str:
    path = database.sqlite_path
    return str(path.absolute()) if path is not None else str(database.url.database)


def _put_sqlite(
    database: Database, packed: Path, ready: Callable[[str], tuple[int, tuple[HeldOutgoing, ...]]]
) -> tuple[str, int, tuple[HeldOutgoing, ...]]:
    """Make the store ready under another name, so that it is in its place whole or not at all."""
    target = (database.sqlite_path or Path()).resolve()
    new = target.with_name(f"{target.name}.restoring")
    for left in (new, *_beside(new)):
        left.unlink(missing_ok=True)
    unpack_sqlite(packed, new)
    new.chmod(0o600)
    if faults := integrity(new):
        new.unlink()
        raise BackupDamagedError("; ".join(faults))
    margin, held = ready(f"sqlite:///{new}")
    for left in _beside(new):
        left.unlink(missing_ok=True)
    _sync(new)
    moved = _moved_aside(target)
    new.rename(target)
    _sync(target.parent)
    return moved, margin, held


def _beside(path: Path) -> tuple[Path, Path]:
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _moved_aside(target: Path) -> str:
    """Move a SQLite store with its log aside: beside another file the log would spoil that."""
    if not target.exists():
        for left in _beside(target):
            left.unlink(missing_ok=True)
        return ""
    folder = target.with_name(f"{target.name}.before-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}")
    folder.mkdir(mode=0o700)
    for path in (*_beside(target), target):
        with suppress(FileNotFoundError):
            path.rename(folder / path.name)
    return str(folder)


def _put_postgresql(
    database: Database, dump: Path, ready: Callable[[str], tuple[int, tuple[HeldOutgoing, ...]]]
) -> tuple[str, int, tuple[HeldOutgoing, ...]]:
    moved = ""
    if tables_of(database):
        moved = f"before_{datetime.now(UTC):%Y%m%dt%H%M%S%fz}"
        with database.writing(hurried=False) as connection:
            schema = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
            quoted = sa.sql.quoted_name(str(schema), quote=True).replace('"', '""')
            connection.exec_driver_sql(f'ALTER SCHEMA "{quoted}" RENAME TO {moved}')
            connection.exec_driver_sql(f'CREATE SCHEMA "{quoted}"')
    load_postgresql(dump, database.url)
    margin, held = ready(database.url.render_as_string(hide_password=False))
    return (f"schema {moved}" if moved else ""), margin, held


def _restore_rules(held: Path, folder: Path) -> Path | None:
    """Put the rules of a backup where none are; those that lie there are the admins' and stay."""
    if not held.is_dir() or (folder.exists() and any(folder.iterdir())):
        return None
    shutil.copytree(held, folder, dirs_exist_ok=True)
    return folder


def take_out_files(settings: Settings, path: Path, folder: Path) -> list[str]:
    """Write rules, settings and, where they are in it, secrets of a backup into a new folder; return their names.

    Raises:
        BackupDamagedError: it cannot be relied on.
        BackupError: the folder is there already, or cannot be written.
    """
    with opened(settings, path) as (plain, work):
        members = work / "members"
        members.mkdir()
        manifest = read_archive(plain, members)
        try:
            folder.mkdir(mode=0o700, parents=True)
        except FileExistsError:
            raise BackupError(f"{folder} is there already: name a new folder") from None
        names = sorted(manifest.members.keys() - set(STORES.values()))
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(members / name, target)
            target.chmod(0o600)
        return names


def _sync(path: Path) -> None:
    opened_ = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened_)
    finally:
        os.close(opened_)
