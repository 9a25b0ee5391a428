"""The store: its database, its clock, what is held in it, who may read it at the desk."""

import ctypes
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import ClassVar, Final

from dtm_contact.backup import newest_backup
from dtm_contact.beginning import lost_store
from dtm_contact.doctor.registry import CheckResult, Site, SkipError, check, fault, ok, warning
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.journal import newest_begun
from dtm_contact.settings.files import is_out_of_reach
from dtm_contact.store import Inspection, inspect_database
from dtm_contact.store.database import Database
from dtm_contact.store.schema import SCHEMA_VERSION
from dtm_contact.store.second_factors import StoredSecondFactors
from dtm_contact.store.secret_keys import SecretKeys

_MIB: Final = 1024 * 1024
_LARGE_LOG: Final = 1024 * _MIB
_LAG_SECONDS: Final = 60.0
_OFF_SECONDS: Final = 2.0
_FAR_OFF_SECONDS: Final = 30.0
_PATIENCE: Final = 5.0
_FEW_CONNECTIONS: Final = 40
_IMPORT_AGAIN: Final = "run dtm-contact mailbox import again as before: it goes on where it stopped"


def _inspected(site: Site) -> Inspection:
    """Look at the database.

    Raises:
        StoreUnavailableError: it cannot be read.
        ImportError: its driver is not installed.
    """
    database = Database(site.settings.store.url, read_only=True, patience=_PATIENCE)
    try:
        return inspect_database(database)
    finally:
        database.close()


@check(
    "database",
    "The database answers; its tables are of this version; it keeps what it was told through a power cut; it is no "
    "standby; those that follow it, and SQLite's log, are not far behind.",
)
def database(site: Site) -> Iterator[CheckResult]:
    """Look at the database itself."""
    path = site.settings.store.sqlite_path
    # That it cannot be read is told below.
    with suppress(StoreUnavailableError, ImportError):
        if (lost := lost_store(site.settings)) is not None:
            yield fault(lost.words, lost.remedy)
            return
    if path is not None and not path.exists():
        yield warning(
            f"there is no store yet: {path.absolute()}", "dtm-contact store migrate; the first start makes it, too"
        )
        return
    try:
        seen = _inspected(site)
    except StoreUnavailableError as error:
        yield fault(str(error), "mend what it names; store.url says where the database is")
        return
    except ImportError:
        yield fault("the driver of PostgreSQL is not installed", "pip install 'dtm-contact[postgresql]'")
        return
    found = [*_of_version(seen), *_of_durability(seen), *_of_lag(seen)]
    yield from found
    if not found:
        yield ok(f"{seen.product}, tables of version {seen.schema}")


def _of_version(seen: Inspection) -> Iterator[CheckResult]:
    if seen.schema is None:
        yield warning("it has no tables yet", "dtm-contact store migrate; the first start makes them, too")
    elif seen.schema > SCHEMA_VERSION:
        message = f"its tables are of version {seen.schema}, this program knows {SCHEMA_VERSION}"
        yield fault(message, "run the program that brought it there, or go back to a backup made before it")
    elif seen.schema < SCHEMA_VERSION:
        message = f"its tables are of version {seen.schema}, this program's are {SCHEMA_VERSION}"
        yield warning(message, "make a backup, then: dtm-contact store migrate; the next start does it, too")


def _of_durability(seen: Inspection) -> Iterator[CheckResult]:
    said = seen.configuration
    if said.get("journal_mode", "wal") != "wal":
        yield fault(
            f"journal_mode is {said['journal_mode']}, so readers and the daemon keep each other waiting",
            "start the daemon once: it sets WAL",
        )
    for name in ("fsync", "full_page_writes"):
        if said.get(name, "on") == "off":
            yield fault(
                f"{name} is off: a power cut loses mail that was taken in",
                f"{name} = on in postgresql.conf, then reload",
            )
    if int(said.get("max_connections", "100")) < _FEW_CONNECTIONS:
        yield warning(f"max_connections is {said['max_connections']}", f"{_FEW_CONNECTIONS} or more for each daemon")
    if seen.standby:
        yield fault("it is a standby: nothing can be written", "name the primary in store.url, or promote this one")


def _of_lag(seen: Inspection) -> Iterator[CheckResult]:
    for name, seconds in seen.lag.items():
        if seconds > _LAG_SECONDS:
            yield warning(f"the standby {name} is {seconds:.0f} s behind", "look at its disk and network")
    if seen.log_octets > _LARGE_LOG:
        message = f"SQLite's log has {seen.log_octets // _MIB:,} MiB that are not in the file yet"
        yield warning(
            message, "somebody reads without end: close sqlite3 or a backup that hangs, then restart the daemon"
        )


@check(
    "clock",
    "This machine's clock agrees with the database's; nothing in the store, among the backups or in the intake journal "
    "comes from the future; something keeps it (NTP), as the kernel says.",
)
def clock(site: Site) -> Iterator[CheckResult]:
    """Compare this machine's clock with PostgreSQL's, and with the times that the store and what secures it hold."""
    now = datetime.now(UTC)
    path = site.settings.store.sqlite_path
    told = []
    if path is None or path.exists():
        try:
            seen = _inspected(site)
        except (StoreUnavailableError, ImportError):
            raise SkipError("the database cannot be read: see the check database") from None
        off = (now - seen.now).total_seconds()
        if abs(off) > _OFF_SECONDS:
            message = f"this machine's clock is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the database's"
            yield (fault if abs(off) > _FAR_OFF_SECONDS else warning)(message, _NTP)
            return
        told.append(("the newest arrival came", seen.newest))
    told += _written_beside(site)
    ahead = [(what, (at - now).total_seconds()) for what, at in told if at is not None]
    future = [(what, seconds) for what, seconds in ahead if seconds > _OFF_SECONDS]
    for what, seconds in future:
        yield warning(f"{what} {_span(seconds)} from now: the clock was set back, is behind, or was ahead", _NTP)
    kept = is_kept()
    if kept is False:
        message = "nothing keeps this machine's clock, as the kernel says, so nobody knows whether it is right"
        yield warning(message, _NTP)
    if not future and kept is not False:
        yield ok("it agrees with the database's" if path is None else "nothing that is stored is newer than now")


_NTP: Final = "set the clock by NTP: systemctl status systemd-timesyncd chrony; timedatectl"
_MINUTE: Final = 60
_HOUR: Final = 3_600


def _span(seconds: float) -> str:
    """Return a span in the largest unit that it fills twice."""
    for unit, name in ((_HOUR, "hours"), (_MINUTE, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def _written_beside(site: Site) -> Iterator[tuple[str, datetime | None]]:
    """Yield what lies beside the store and knows a time: the newest backup, and the newest file of the journal."""
    backups, kept = site.settings.backup.dir, site.settings.journal.dir
    # That a folder cannot be read the check of rights tells.
    with suppress(OSError):
        if backups is not None and backups.is_dir():
            yield "the newest backup was made", newest_backup(backups)
    with suppress(OSError):
        if kept is not None and kept.is_dir():
            yield "the newest file of the intake journal was begun", newest_begun(kept)


class _Timex(ctypes.Structure):
    # What is read and set stands in it; only that there is room for it counts here.
    _fields_: ClassVar = [("modes", ctypes.c_uint), ("rest", ctypes.c_byte * 512)]


_TIME_ERROR: Final = 5


def is_kept() -> bool | None:
    """Return whether something keeps this machine's clock, as the kernel says; None where it says nothing."""
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(_Timex()))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


@check("leases", "Nothing is held by a daemon that is gone.")
def leases(site: Site) -> Iterator[CheckResult]:
    """Look at what nobody works on."""
    held = site.store.leases.held_beyond()
    lines = site.store.leases.listing()
    if held:
        gone = "; ".join(str(line) for line in lines if not line.alive)
        message = f"held beyond a lease: {held}" + (f", by {gone}" if gone else "")
        yield fault(message, "start a daemon on this store: it takes over what they held")
        return
    alive = [line.name for line in lines if line.alive]
    yield ok(f"daemons that live: {', '.join(alive)}" if alive else "no daemon runs, and nothing is held")


@check("codes", "The secrets of second factors are sealed by a key that is there and lies outside of the store.")
def codes(site: Site) -> Iterator[CheckResult]:
    """Look whether a stolen store would give codes, and whether all of them can be checked."""
    if is_out_of_reach(site.settings.access.key_file):
        raise SkipError("access.key_file is a systemd credential, which only the daemon's unit can read")
    keys, wrong = site.settings.access.usable_keys()
    if wrong:
        back = "put the key back and restart the daemon; of a backup with --secrets: docs/backup.md"
        yield fault(f"no code of a telephone can be checked, recovery codes let in: {wrong}", back)
        return
    states = StoredSecondFactors(site.store.database, SecretKeys(keys)).states()
    if states.unopened:
        lost = "put the key back into the file of DTM_ACCESS_KEY_FILE; lost: dtm-contact user remove-second-factor NAME"
        yield fault(f"no key opens the second factors of {states.unopened} accounts", lost)
    if states.in_the_open:
        seal = "openssl rand -base64 32 into a file that the daemon's user may read, DTM_ACCESS_KEY_FILE, and a restart"
        yield warning(f"the second factors of {states.in_the_open} accounts lie open in the store", seal)
    if not states.unopened and not states.in_the_open:
        yield ok("no secret of a second factor lies open in the store")


@check("imports", "No import of a mailbox is left half done: begun, and not ended.")
def imports(site: Site) -> Iterator[CheckResult]:
    """Look at the mailboxes that are being taken over, and at what each still waits for."""
    stored = site.store.imports
    begun = [each for each in stored.listing() if each.ended_at is None]
    for each in begun:
        dangers, waiting = len(stored.pending(each.id)), stored.counts(each.id).waiting
        since = f"{each.begun_at:%Y-%m-%d %H:%M} UTC"
        message = f"the import of {each.source}, begun {since}, is not ended: "
        if waiting:
            yield warning(f"{message}{waiting} messages wait to be judged", _IMPORT_AGAIN)
        elif dangers:
            yield warning(f"{message}{dangers} recent dangers wait for a person's word", "dtm-contact mailbox dangers")
        else:
            yield warning(f"{message}it was broken off", _IMPORT_AGAIN)
    if not begun:
        yield ok("no import is left half done")


@check("desk", "Where the desk is served, there is an account that may come in, and at least one head or admin.")
def desk(site: Site) -> Iterator[CheckResult]:
    """Look at the accounts: how many, never who."""
    if not site.settings.desk.open:
        raise SkipError("no desk is served: desk.open is false")
    roles = [account.role for account in site.store.accounts.all() if account.disabled_at is None]
    if not roles:
        yield fault(
            "nobody may come in: there is no account", "dtm-contact user add NAME --role head --without-password"
        )
    elif not {"head", "admin"} & set(roles):
        yield warning(
            f"of {len(roles)} accounts none is a head's or an admin's", "dtm-contact user add NAME --role head"
        )
    else:
        yield ok(f"{len(roles)} account{'s' if len(roles) > 1 else ''} may come in")
