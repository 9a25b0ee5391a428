"""Restoring a backup: into an empty place, so that nothing is sent again and no case number is given twice."""

import os
import pwd
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.backup.archive import (
    MODEL,
    SETTINGS,
    STORES,
    BackupDamagedError,
    BackupError,
    Manifest,
    ProgramError,
    ProgramMissingError,
    read_archive,
)
from dtm_contact.backup.databases import integrity, load_postgresql, tables_of, unpack_sqlite
from dtm_contact.backup.making import written_value
from dtm_contact.backup.moving import Move, MovedSettings, moved_settings
from dtm_contact.backup.verifying import opened
from dtm_contact.errors import DaemonRunsError
from dtm_contact.settings import Settings, rows
from dtm_contact.store import Daemon, Store, migrate, name_lock, open_store
from dtm_contact.store.database import Database
from dtm_contact.store.restores import HeldOutgoing, mark_restored
from dtm_contact.store.schema import SCHEMA_VERSION, cases

LEAST_MARGIN: Final = 1_000
_SAFETY: Final = 3
_DAYS_LOOKED_AT: Final = 30
_SECONDS_A_DAY: Final = 86_400
_RULES: Final = "rules"


class CannotRestoreError(BackupError):
    """The backup was not restored, and nothing was put in place."""


class RestoreBrokenOffError(BackupError):
    """The restore broke off."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A store that was restored.

    Attributes:
        manifest: of the backup.
        margin: so many case numbers are left out.
        held: what waits to be sent and may have been sent since the backup.
        moved: where the store before lies now; empty where there was none.
        rules: the folder of rules that was restored; None where one lies there, which was left alone.
        not_in_force: the names of the backup's settings (`DTM_…`) that say otherwise here; but where the store lies.
    """

    manifest: Manifest
    margin: int
    held: tuple[HeldOutgoing, ...]
    moved: str
    rules: Path | None
    not_in_force: tuple[str, ...]


def restore(
    settings: Settings,
    path: Path,
    now: datetime,
    *,
    replace: bool = False,
    margin: int | None = None,
    done_again: Callable[[Connection, datetime], object] | None = None,
) -> Restored:
    """Restore a backup into the store that the settings name, and its rules where none lie.

    No daemon may run on it, and none can start meanwhile. What lies there is moved aside, never deleted. Both are put
    in place, or neither: whether they can be is looked at first.

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
        CannotRestoreError: a place cannot be written, is not empty, or is of another kind of database.
        BackupUnusableError: a program or a key is not there.
        RestoreBrokenOffError: a disk is full or fails, or the database's program fails.
        DaemonRunsError: a daemon runs on the store.
        StoreUnavailableError: the database cannot be used.
    """
    _check_places(settings)
    with opened(settings, path) as (plain, work), _broken_off():
        members = work / "members"
        members.mkdir()
        manifest = read_archive(plain, members)
        if manifest.schema > SCHEMA_VERSION:
            known = f"this program knows {SCHEMA_VERSION}"
            raise CannotRestoreError(f"its tables are of version {manifest.schema}, {known}")
        database = Database(settings.store.url)
        try:
            kind = database.engine.dialect.name
            if manifest.database != kind:
                raise CannotRestoreError(
                    f"the backup holds a {manifest.database} database, and DTM_STORE_URL names a {kind} database:"
                    f" set it to a {manifest.database} database, restore again, then dtm-contact store copy"
                )
            if (target := database.sqlite_path) is not None:
                target.absolute().parent.mkdir(parents=True, exist_ok=True, mode=0o750)
            with _stopped(database, settings.name):
                if tables_of(database) and not replace:
                    raise CannotRestoreError(
                        f"the database {_named(database)} is not empty; with --replace it is set aside, not deleted"
                    )
                put = _put_sqlite if target is not None else _put_postgresql
                ready = _Ready(manifest, now, margin, done_again)
                with _rules_put_back(members / _RULES, settings.rules.dir) as rules:
                    moved, given, held = put(database, members / STORES[kind], ready)
        finally:
            database.close()
        otherwise = _not_in_force((members / SETTINGS).read_text("utf-8"), settings)
    return Restored(manifest, given, held, moved, rules, otherwise)


@contextmanager
def _broken_off() -> Iterator[None]:
    """Say of a disk that is full, or fails, that the restore broke off there.

    Raises:
        RestoreBrokenOffError: it is.
    """
    try:
        yield
    except OSError as error:
        raise RestoreBrokenOffError(f"{error.filename or 'the disk'}: {error.strerror}") from error


def _not_in_force(told: str, settings: Settings) -> tuple[str, ...]:
    """Return the names of a backup's settings that have another value here; the place of the store was chosen anew."""
    here = {name: written_value(value) for name, _default, value, _what in rows(settings)}
    said = (line.partition("=") for line in told.splitlines() if line and not line.startswith("#"))
    return tuple(name for name, _sign, value in said if name != "DTM_STORE_URL" and here.get(name) != value)


def _check_places(settings: Settings) -> None:
    """Make sure that the store and, where none lie, the rules can be put in place.

    Raises:
        CannotRestoreError: this process may not write there.
    """
    if (target := settings.store.sqlite_path) is not None:
        _check_writable("the store", target.absolute().parent, mode="-m 700 ")
    if not _holds_something(settings.rules.dir):
        _check_writable("the rules", settings.rules.dir.absolute())


def _check_writable(what: str, folder: Path, mode: str = "") -> None:
    """Make sure that this process may write into a folder, or make it where there is none.

    Args:
        what: what is to be put there.
        folder: where.
        mode: the option of install(1) by which the folder is made, with a space behind it.

    Raises:
        CannotRestoreError: it may not; the message says whose folder it is, and what mends it.
    """
    there = next(each for each in (folder, *folder.parents) if os.path.exists(each))  # noqa: PTH110 - False where it may not look
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return
    user = user_named(os.geteuid())
    owner = user_named(there.stat().st_uid)
    where = "" if there == folder else f"{folder} is not there, and "
    told = f"{what}: {where}{there} belongs to {owner}, where {user}, who restores, may not write"
    raise CannotRestoreError(f"{told}; first, as root: install -d -o {user} {mode}{folder}")


def user_named(number: int) -> str:
    """Return the name of a user of this machine; the number itself where they have none."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _holds_something(folder: Path) -> bool:
    """Tell whether anything lies in a folder; one that cannot be read is taken for one that does."""
    try:
        return any(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True


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
            _end_leases(store)
            with store.database.writing() as connection:
                mark_restored(connection, self.manifest.made_at, self.now, margin)
                if self.done_again is not None:
                    self.done_again(connection, self.manifest.made_at)
            held = tuple(store.outbox.held())
            if store.database.sqlite_path is not None:
                store.database.restart_log()
        return margin, held


def _end_leases(store: Store) -> None:
    """End all leases that the backup holds, and give back what was held: those daemons ran on what was lost."""
    nobody = Daemon.here("restore")
    store.leases.register(nobody, 1.0, alone=True)
    store.leases.end(nobody.incarnation)


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
    try:
        load_postgresql(dump, database.url)
    except ProgramMissingError:
        raise
    except ProgramError as error:
        again = "do it again with --replace before a daemon is started"
        raise RestoreBrokenOffError(f"{error.detail}; {again}") from None
    margin, held = ready(database.url.render_as_string(hide_password=False))
    return (f"schema {moved}" if moved else ""), margin, held


@contextmanager
def _rules_put_back(held: Path, folder: Path) -> Iterator[Path | None]:
    """Put the rules of a backup where none are, and take them away again if the block fails.

    Those that lie there are the admins' and stay. All may read what is put there, as `dtm-contact init` has it.

    Yields:
        The folder; None where nothing was put there.
    """
    if not held.is_dir() or _holds_something(folder):
        yield None
        return
    there_before = folder.is_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o755)
        for name in _names_in(held):
            _copy_readable(held / name, folder, name)
        yield folder
    except BaseException as error:
        for each in folder.iterdir() if folder.is_dir() else ():
            shutil.rmtree(each) if each.is_dir() else each.unlink()
        if not there_before and folder.is_dir():
            folder.rmdir()
        if isinstance(error, OSError):
            raise CannotRestoreError(f"{error.filename or folder}: {error.strerror}") from error
        raise


def _names_in(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _copy_readable(source: Path, folder: Path, name: str) -> None:
    """Copy a file below a folder, that and the folders between for all to read."""
    for part in reversed(Path(name).parents[:-1]):
        (folder / part).mkdir(exist_ok=True)
        (folder / part).chmod(0o755)
    shutil.copyfile(source, folder / name)
    (folder / name).chmod(0o644)


def take_out_files(
    settings: Settings, path: Path, folder: Path, moves: Sequence[Move] = ()
) -> tuple[list[str], MovedSettings]:
    """Write rules, settings and, where they are in it, secrets of a backup into a new folder.

    The folder is its owner's alone. In it, rules and model are for all to read, so that the daemon's user can once
    they were copied; settings are for their group, and secrets for their owner.

    Args:
        settings: how the backup is opened.
        path: the backup.
        folder: where to.
        moves: what its settings name that lies elsewhere on this machine.

    Returns:
        The names of the files, and the settings as they were written.

    Raises:
        CannotMoveError: a move leads nowhere, or is of nothing; nothing was written.
        BackupDamagedError: it cannot be relied on.
        CannotRestoreError: the folder is there already, or cannot be written.
        RestoreBrokenOffError: a disk is full or fails.
    """
    if folder.exists():
        raise CannotRestoreError(f"{folder} is there already: name a new folder")
    _check_writable("the files", folder.absolute().parent)
    with opened(settings, path) as (plain, work), _broken_off():
        members = work / "members"
        members.mkdir()
        manifest = read_archive(plain, members)
        moved = moved_settings((members / SETTINGS).read_text("utf-8"), moves)
        (members / SETTINGS).write_text(moved.text, "utf-8")
        folder.mkdir(mode=0o700, parents=True)
        names = sorted(manifest.members.keys() - set(STORES.values()))
        for name in names:
            _copy_readable(members / name, folder, name)
            if not name.startswith((f"{_RULES}/", MODEL)):
                (folder / name).chmod(0o640 if name == SETTINGS else 0o600)
        return names, moved


def _sync(path: Path) -> None:
    opened_ = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened_)
    finally:
        os.close(opened_)
