"""Looking through a backup: that it is whole, can be restored, and holds what its manifest says."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.backup.archive import (
    AGE,
    BODIES,
    GPG,
    STORES,
    BackupDamagedError,
    BackupUnusableError,
    Manifest,
    ProgramError,
    ProgramMissingError,
    read_archive,
    run,
)
from dtm_contact.backup.databases import (
    body_digests,
    counts_of,
    empty,
    integrity,
    load_postgresql,
    read_dump,
    tables_of,
    unpack_sqlite,
)
from dtm_contact.errors import DtmContactError, UnknownSchemaError
from dtm_contact.settings import Settings
from dtm_contact.store import migrate
from dtm_contact.store.database import Database
from dtm_contact.store.schema import SCHEMA_VERSION

INVARIANTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "arrivals that are judged, set aside or parked and have no contact": """
            SELECT count(*) FROM arrivals LEFT JOIN contacts ON contacts.arrival_id = arrivals.id
            WHERE state IN ('judged', 'set_aside', 'parked') AND contacts.id IS NULL""",
        "arrivals that wait or are being judged and have no octets": """
            SELECT count(*) FROM arrivals LEFT JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
            WHERE state IN ('waiting', 'claimed') AND arrival_bodies.arrival_id IS NULL""",
        "arrivals whose octets are not as many as they were": """
            SELECT count(*) FROM arrivals JOIN arrival_bodies ON arrival_bodies.arrival_id = arrivals.id
            WHERE length(raw) <> size""",
        "cases without a number, or with one that its year has not given yet": """
            SELECT count(*) FROM cases LEFT JOIN case_numbers ON year = CAST(substr(number, 1, 4) AS INTEGER)
            WHERE number NOT LIKE '____-______%' OR last IS NULL OR CAST(substr(number, 6) AS INTEGER) > last""",
        "cases that are closed without a time, or open with one": """
            SELECT count(*) FROM cases WHERE (state = 'closed') <> (closed_at IS NOT NULL)""",
        "events that refer to no case and no arrival": """
            SELECT count(*) FROM events WHERE case_id IS NULL AND arrival_id IS NULL""",
        "e-mails that are done with and have no time, or wait and have one": """
            SELECT count(*) FROM outbox WHERE (state IN ('waiting', 'claimed')) = (settled_at IS NOT NULL)""",
        "e-mails that are claimed by nobody, or held by somebody and not claimed": """
            SELECT count(*) FROM outbox WHERE (state = 'claimed') <> (claimed_by IS NOT NULL)""",
        "steps that are done with and have no time, or wait and have one": """
            SELECT count(*) FROM timers WHERE (state = 'waiting') <> (settled_at IS NULL)""",
    }
)
"""What must be nowhere in a store, and the query that counts it."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What looking through a backup found.

    Attributes:
        manifest: what it says that it holds.
        loaded: whether its store was opened; a dump of PostgreSQL may only have been read.
        arrivals: how many arrivals' octets were held against their digests.
        faults: what is wrong; nothing where it is sound.
    """

    manifest: Manifest
    loaded: bool
    arrivals: int
    faults: tuple[str, ...]

    def raise_faults(self) -> None:
        """Raise what is wrong.

        Raises:
            BackupDamagedError: something is.
        """
        if self.faults:
            raise BackupDamagedError("; ".join(self.faults))


def verify(settings: Settings, path: Path, *, scratch_url: str = "") -> Verified:
    """Look through a backup.

    Args:
        settings: how an encrypted one is opened, and which database may be used.
        path: its file.
        scratch_url: an empty PostgreSQL database, in place of the settings'.

    Raises:
        BackupDamagedError: it cannot be read as a backup at all.
        BackupUnusableError: a program or a key is not there, or the database is not empty.
    """
    with opened(settings, path) as (plain, work):
        return look_through(plain, work, scratch_url or settings.backup.scratch_url)


@contextmanager
def opened(settings: Settings, path: Path) -> Iterator[tuple[Path, Path]]:
    """Give a backup that is not encrypted (any more), and a folder to work in; both are gone when the block ends.

    Raises:
        BackupDamagedError: it cannot be decrypted.
        BackupUnusableError: a program or a key is not there, or the disk of the store has no room.
    """
    beside = settings.store.sqlite_path
    where = beside.absolute().parent if beside is not None and beside.absolute().parent.is_dir() else None
    try:
        with tempfile.TemporaryDirectory(prefix="dtm-contact-verify-", dir=where) as folder:
            work = Path(folder)
            yield _decrypted(settings, path, work), work
    except OSError as error:
        raise BackupUnusableError(f"{error.filename or path}: {error.strerror}") from error
    except ProgramMissingError as error:
        raise BackupUnusableError(f"{path.name} needs a program that is not installed: {error.detail}") from None


def _decrypted(settings: Settings, path: Path, work: Path) -> Path:
    if path.suffix not in (AGE, GPG):
        return path
    plain = work / "plain.tar"
    if path.suffix == GPG:
        command = ["gpg", "--batch", "--quiet", "--decrypt", str(path)]
    elif settings.backup.age_identity is None:
        raise BackupUnusableError(f"{path.name} is encrypted by age: name the file of the secret key, --identity FILE")
    else:
        command = ["age", "--decrypt", "--identity", str(settings.backup.age_identity), str(path)]
    try:
        with plain.open("xb") as out:
            run(command, out=out)
    except ProgramMissingError:
        raise
    except ProgramError as error:
        # Whether the key or an octet is wrong the programs cannot tell apart either.
        raise BackupDamagedError(f"{path.name} cannot be decrypted: {error.detail}") from None
    return plain


def look_through(plain: Path, work: Path, scratch_url: str) -> Verified:
    """Look through a backup that is not encrypted; see `verify`."""
    folder = work / "members"
    folder.mkdir()
    manifest = read_archive(plain, folder)
    store = folder / STORES[manifest.database] if manifest.database in STORES else None
    if store is None or not store.exists() or not (folder / BODIES).exists():
        raise BackupDamagedError(f"{plain.name}: it holds no store")
    if manifest.schema > SCHEMA_VERSION:
        told = f"its tables are of version {manifest.schema}, this program knows {SCHEMA_VERSION}"
        raise BackupUnusableError(f"{told}; use dtm-contact {manifest.program} or later")
    bodies = (folder / BODIES).read_bytes()
    if manifest.database == "sqlite":
        return _sqlite(manifest, store, work / "store.db", bodies)
    if scratch_url:
        return _postgresql(manifest, store, scratch_url, bodies)
    read_dump(store)
    return Verified(manifest, loaded=False, arrivals=0, faults=())


def _sqlite(manifest: Manifest, packed: Path, copy: Path, bodies: bytes) -> Verified:
    unpack_sqlite(packed, copy)
    if faults := integrity(copy):
        return Verified(manifest, loaded=True, arrivals=0, faults=tuple(f"integrity check: {each}" for each in faults))
    return _held_against(manifest, f"sqlite:///{copy}", bodies)


def _postgresql(manifest: Manifest, dump: Path, url: str, bodies: bytes) -> Verified:
    database = Database(url)
    try:
        if tables_of(database):
            told = f"the database {sa.make_url(url).database} to try it in is not empty"
            raise BackupUnusableError(f"{told}; DTM_BACKUP_SCRATCH_URL has to name one without tables")
        try:
            load_postgresql(dump, database.url)
            return _held_against(manifest, url, bodies)
        except ProgramMissingError:
            raise
        except ProgramError as error:
            raise BackupDamagedError(error.detail) from None
        finally:
            empty(database)
    finally:
        database.close()


def _held_against(manifest: Manifest, url: str, bodies: bytes) -> Verified:
    """Hold a restored store against its manifest, bring it to this version, and look for what must be nowhere."""
    faults: list[str] = []
    database = Database(url)
    try:
        with database.reading() as connection:
            faults += _counts(manifest, connection)
            held = b"".join(body_digests(connection))
        if held != bodies:
            faults.append("the octets of arrivals are not those that were taken out")
        try:
            migrate(url)
        except UnknownSchemaError as error:
            faults.append(str(error))
        else:
            with database.reading() as connection:
                faults += broken_invariants(connection)
    except DtmContactError as error:
        faults.append(str(error))
        held = b""
    finally:
        database.close()
    return Verified(manifest, loaded=True, arrivals=held.count(b"\n"), faults=tuple(faults))


def _counts(manifest: Manifest, connection: Connection) -> Iterator[str]:
    found = counts_of(connection)
    for name in sorted(found.keys() | manifest.counts.keys()):
        if found.get(name) != manifest.counts.get(name):
            yield f"{name}: {found.get(name, 'no')} rows, {manifest.counts.get(name, 'no')} were taken out"


def broken_invariants(connection: Connection) -> Iterator[str]:
    """Yield what a store of this version holds that must be nowhere, with how often."""
    for what, query in INVARIANTS.items():
        if count := connection.execute(sa.text(query)).scalar_one():
            yield f"{count:,} {what}"
