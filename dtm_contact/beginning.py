"""How a store begins: made anew only where no earlier one was lost, and told where one has been made anew all the same.

A store that is not there, or is empty, may be a new site's; or its files are gone, its disk is not mounted, its address
is another one. An empty store would then take in mail, give numbers anew that tenants hold, and look well. What lies
outside of the store tells: backups, the intake journal, the page of the open P1, the record of erasures.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import sqlalchemy as sa

from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, repeat
from dtm_contact.backup import BackupState, kept_in, not_stored
from dtm_contact.danger_page import HTML
from dtm_contact.errors import DtmContactError, described
from dtm_contact.journal import JournalError, begun_of, files_of, first_arrivals
from dtm_contact.log import get_log
from dtm_contact.privacy.erasing import erased_arrivals
from dtm_contact.privacy.record import ErasureRecordError, Erasures, folder_of
from dtm_contact.settings import Settings
from dtm_contact.store import Store, migrate
from dtm_contact.store.beginning import StoreBeginning, beginning_of, is_in_use, mark_begun
from dtm_contact.store.database import Database
from dtm_contact.store.migrating import Migration
from dtm_contact.store.restores import journal_taken_in

MISSING: Final = "arrivals-missing"
_SAMPLE: Final = 200
"""So many arrivals of each file of the journal are looked for in the store: all of them are what `doctor` reads."""
_LOOK_SECONDS: Final = 60.0
_PATIENCE: Final = 5.0
_log = get_log("beginning")


class LostStoreError(DtmContactError):
    """A store is to be made anew where an earlier one was lost."""


@dataclass(frozen=True, slots=True)
class LostStore:
    """What tells that a store was lost.

    Attributes:
        words: where none is, and what an earlier one has left, in a sentence without a full stop.
        remedy: what to do.
    """

    words: str
    remedy: str


def make_store(settings: Settings, *, anew: bool = False) -> Migration:
    """Bring the store's tables to this version; make them where there are none, unless an earlier store was lost.

    Args:
        settings: say where the store is, and what is kept beside it.
        anew: begin anew whatever an earlier store has left.

    Raises:
        LostStoreError: an earlier one has left something; nothing was made.
        UnknownSchemaError, StoreUnavailableError, OSError, ValueError: as from `migrate`.
    """
    if not anew:
        require_no_lost_store(settings)
    migration = migrate(settings.store.url)
    if anew or migration.came_from is None:
        database = Database(settings.store.url)
        try:
            with database.writing() as connection:
                mark_begun(connection, StoreBeginning(datetime.now(UTC), on_purpose=anew))
        finally:
            database.close()
    return migration


def require_no_lost_store(settings: Settings) -> None:
    """Make sure that a store which is not there, or is empty, is no lost one.

    Raises:
        LostStoreError: it is.
        StoreUnavailableError: the database cannot be read.
    """
    lost = lost_store(settings)
    if lost is not None:
        raise LostStoreError(f"{lost.words}. {lost.remedy}")


def lost_store(settings: Settings) -> LostStore | None:
    """Return what tells that a store was lost, where none is or nothing ever came in; None where nothing tells so.

    Raises:
        StoreUnavailableError: the database cannot be read.
    """
    path = settings.store.sqlite_path
    beginning: StoreBeginning | None = None
    has_tables = False
    if path is None or path.exists():
        database = Database(settings.store.url, read_only=True, patience=_PATIENCE)
        try:
            with database.reading() as connection:
                has_tables = sa.inspect(connection).has_table("arrivals")
                beginning = beginning_of(connection)
                in_use = is_in_use(connection)
        finally:
            database.close()
        if in_use or (beginning is not None and beginning.on_purpose):
            return None
    # The times in the names of backups and journals have no parts of a second.
    before = None if beginning is None else beginning.at.replace(microsecond=0)
    found = tuple(_left(settings, before))
    if not found:
        return None
    where = "the database of store.url" if path is None else str(path.absolute())
    state = f"the store is empty ({where})" if has_tables else f"there is no store ({where})"
    return LostStore(f"{state}, but an earlier one has left: {'; '.join(found)}", _remedy(settings, replace=has_tables))


def _left(settings: Settings, before: datetime | None) -> Iterator[str]:
    """Yield what was left from before a time, or at all."""
    for what, look in (
        ("backups", _backups),
        ("the intake journal", _journal),
        ("the page of open P1", _page),
        ("the record of erasures", _erasures),
    ):
        try:
            told = look(settings, before)
        except (OSError, JournalError) as error:
            # A store that is there and empty is a new site's as a rule; one that is not there may be a lost one.
            told = None if before is not None else f"{what}, which cannot be read ({described(error)})"
        if told is not None:
            yield told


def _backups(settings: Settings, before: datetime | None) -> str | None:
    folder = settings.backup.dir
    if folder is None or not folder.is_dir():
        return None
    found = [each for each in kept_in(folder) if before is None or each.made_at < before]
    if not found:
        return None
    proved = next((each for each in found if each.state is BackupState.VERIFIED), None)
    of_them = "none verified" if proved is None else f"the newest verified one {proved.path.name}"
    return f"{len(found)} backup{'s' if len(found) > 1 else ''} in {folder}, {of_them}"


def _journal(settings: Settings, before: datetime | None) -> str | None:
    folder = settings.journal.dir
    if folder is None or not folder.is_dir():
        return None
    days = [
        f"{begun_of(path):%Y-%m-%d}"
        for path in files_of(folder)
        if (before is None or begun_of(path) < before) and first_arrivals(path, 1)
    ]
    if not days:
        return None
    return f"arrivals in the intake journal {folder}, in files of {days[0]} to {days[-1]}"


def _page(settings: Settings, before: datetime | None) -> str | None:
    folder = settings.danger.folder
    if folder is None or not (folder / HTML).exists():
        return None
    written_at = datetime.fromtimestamp((folder / HTML).stat().st_mtime, UTC)
    if before is not None and written_at >= before:
        return None
    return f"the page of open P1 {folder / HTML}, written {written_at:%Y-%m-%d %H:%M} UTC"


def _erasures(settings: Settings, before: datetime | None) -> str | None:
    try:
        folder = folder_of(settings)
    except ErasureRecordError:
        return None
    written_at = Erasures(folder).written_at()
    if written_at is None or (before is not None and written_at >= before):
        return None
    return f"the record of erasures in {folder}"


def _remedy(settings: Settings, *, replace: bool) -> str:
    backup = "BACKUP"
    if settings.backup.dir is not None and settings.backup.dir.is_dir():
        try:
            found = kept_in(settings.backup.dir)
        except OSError:
            found = []
        proved = next((each for each in found if each.state is BackupState.VERIFIED), None)
        backup = str((proved or found[0]).path) if found else backup
    journal = settings.journal.dir or "JOURNAL"
    replay = f"dtm-contact arrivals replay {journal}"
    return (
        f"Mount its disk, mend store.url, or: dtm-contact restore {backup}{' --replace' * replace}, then"
        f" {replay} (docs/backup.md, The way back). To begin anew on purpose, or where no backup is left and before "
        "that replay: dtm-contact store migrate --new"
    )


class MissingArrivals:
    """Looks whether a store lacks what the intake journal holds: then it was made anew, or restored without it."""

    def __init__(self, settings: Settings, store: Store, alarms: Alarms) -> None:
        """Take the settings, the store, and who hears that something lacks."""
        self._settings = settings
        self._store = store
        self._alarms = alarms
        self._is_well = False

    def look(self) -> None:
        """Look until nothing lacks; what comes in from then on is in the store before it is in the journal.

        Raises:
            JournalError, OSError: the journal cannot be read.
            StoreUnavailableError: the store cannot be read.
            ErasureRecordError: the record of erasures cannot be read.
        """
        if self._is_well:
            return
        lacking = self._lacking()
        if lacking:
            self._alarms.sound(
                MISSING, f"At least {lacking} arrivals of the intake journal are not in the store: nobody reads them."
            )
        else:
            self._is_well = True
            self._alarms.over(MISSING)

    def _lacking(self) -> int:
        """Return how many of the first arrivals of each file are not in the store; 0 where a person has seen to it."""
        folder = self._settings.journal.dir
        if folder is None:
            return 0
        with self._store.database.reading() as connection:
            if journal_taken_in(connection):
                return 0
            beginning = beginning_of(connection)
        since = beginning.at if beginning is not None and beginning.on_purpose else None
        erased = erased_arrivals(self._settings)
        keys = {
            key
            for path in files_of(folder)
            if since is None or begun_of(path) >= since.replace(microsecond=0)
            for key in first_arrivals(path, _SAMPLE)
            if not erased(*key)
        }
        return len(not_stored(self._store, keys))


@asynccontextmanager
async def watching_for_missing(settings: Settings, store: Store, alarms: Alarms) -> AsyncIterator[None]:
    """Look now, and every minute as long as anything lacks, until the block ends."""
    watch = MissingArrivals(settings, store, alarms)

    async def look() -> None:
        await asyncio.to_thread(watch.look)

    def trouble(error: Exception) -> None:
        _log.warning("the journal cannot be held against the store", error=described(error))

    async with beside(repeat(look, _LOOK_SECONDS, trouble), "missing arrivals"):
        yield
