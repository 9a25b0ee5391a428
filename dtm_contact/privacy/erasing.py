"""Erasing one person: a plan first, then every place in small transactions, then a certificate without content.

The record of erasures is written before anything is erased, so that what breaks off is ended by the next erasure or the
nightly pass, and what a restored backup brings back is erased again.
"""

import json
import mmap
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact import __version__
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.privacy.copies import COPIES, Erasing
from dtm_contact.privacy.data_place import DataPlace
from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.record import ErasureRecord, ErasureRecordError, Erasures, folder_of
from dtm_contact.privacy.subject import DataSubject, KeptCase, PersonalData, SubjectScope, rows_of, slices
from dtm_contact.settings import Settings
from dtm_contact.store import Store, TrailLine
from dtm_contact.store.database import Database
from dtm_contact.store.holds import erasures as erasures_table
from dtm_contact.store.schema import arrivals, cases, confirmed_contacts, contacts, register_entries
from dtm_contact.store.system_schema import DIRECTORY_TABLES, figure_periods
from dtm_contact.text import phone_key
from dtm_contact.wording import Translatable, worded

LAWS: Final[Mapping[str, tuple[str, str]]] = {
    "open": ("dossier ouvert : la demande est encore traitée", "RGPD, art. 6(1)(b) et 17(1)(a)"),
    "waiting": ("dossier dont un message ou un courriel est encore en route", "RGPD, art. 17(1)(a)"),
    "held": ("dossier gelé pour constater, exercer ou défendre un droit", "RGPD, art. 17(3)(e)"),
    "lease": ("le bail court", "RGPD, art. 6(1)(b)"),
    "backups": ("elles partent par leur âge", "RGPD, art. 5(1)(e) et 32(1)(c)"),
    "figures": ("des nombres, sans personne", "RGPD, considérant 26"),
    "others": ("ce que d’autres ont écrit eux-mêmes", "RGPD, art. 15(4) et 17(3)(a)"),
}
"""Why something is kept, in the offices' words, and by which law."""
_ALWAYS_KEPT: Final = {"backups": "sauvegardes", "figures": "chiffres", "others": "messages d’autrui"}
_KEYS_AT_ONCE: Final = 50
_AT_WORK: Final = timedelta(hours=1)
_PAGE: Final = 4096
_SMALL: Final = 256 * 1024 * 1024
"""Octets of a SQLite file that is written anew at once where octets stay in its free room: a second or two."""
_TRIES: Final = 25
_TRY_SECONDS: Final = 0.02
_BETWEEN_TRIES: Final = 1.0
"""To empty SQLite's log waits for all who read, and all who write wait for that: again and again for a moment."""
_LEASES: Final = next(part.table for part in DIRECTORY_TABLES if part.name == "leases")
_log = get_log("privacy")


@dataclass(frozen=True, slots=True)
class ErasurePlan:
    """What an erasure would do.

    Attributes:
        person: whose.
        places: for each table its name, what stands there in French, and the rows that would go.
        copies: the same of what lies outside of the store; the last says whether we can erase it.
        kept: cases that stay, and why.
        unjudged: arrivals that wait to be judged: whose they are is not known yet.
    """

    person: DataSubject
    places: tuple[tuple[str, str, int], ...]
    copies: tuple[tuple[str, str, int, bool], ...]
    kept: tuple[KeptCase, ...]
    unjudged: int

    @property
    def kept_by_law(self) -> list[tuple[str, str, str]]:
        """What is kept: of what, why, by which law."""
        rows = [(each.number, *LAWS[each.why]) for each in self.kept]
        if self.person.lease_runs:
            rows.append(("annuaire", *LAWS["lease"]))
        return [*rows, *((what, *LAWS[name]) for name, what in _ALWAYS_KEPT.items())]


@dataclass(slots=True)
class _ErasureTally:
    """What was erased of each place, and how long transactions took at the most, in seconds."""

    counts: dict[str, int] = field(default_factory=dict)
    longest: float = 0.0

    def add(self, name: str, count: int) -> None:
        self.counts[name] = self.counts.get(name, 0) + count


@dataclass(frozen=True, slots=True)
class ErasureDone:
    """An erasure that is carried out: its certificate, where that lies, and its longest transaction in seconds."""

    certificate: Mapping[str, Any]
    path: Path
    longest: float


def plan(settings: Settings, store: Store, person: DataSubject) -> ErasurePlan:
    """Return what erasing a person would do; nothing is changed.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    with store.database.reading() as connection:
        found = rows_of(connection, person)
        whole = found.whole
        places = tuple(
            (each.name, each.holds, sum(each.count(connection, scope) for scope in found.scopes)) for each in PLACES
        )
        looked_for = sought_outside(settings, connection, whole)
    copies = tuple((each.name, each.holds, each.find(looked_for), each.erase is not None) for each in COPIES)
    return ErasurePlan(person, places, copies, found.kept, store.arrivals.waiting())


def sought_outside(settings: Settings, connection: Connection, scope: SubjectScope) -> Erasing:
    """Return what is looked for of a scope in places beside the store."""
    keys = set(_arrival_keys(connection, scope))
    return Erasing(settings, scope, lambda *key: key in keys, _message_ids(connection, scope))


def _arrival_keys(connection: Connection, scope: SubjectScope) -> Iterator[tuple[str, str]]:
    for some in slices(scope.arrival_ids):
        query = sa.select(arrivals.c.channel, arrivals.c.external_id).where(arrivals.c.id.in_(some))
        yield from ((row.channel, row.external_id) for row in connection.execute(query))


def _message_ids(connection: Connection, scope: SubjectScope) -> tuple[str, ...]:
    found: list[str] = []
    for some in slices(scope.contact_ids):
        query = sa.select(contacts.c.message_id).where(contacts.c.id.in_(some), contacts.c.message_id != "")
        found += connection.execute(query).scalars()
    return tuple(dict.fromkeys(found))


def ask_to_erase(settings: Settings, store: Store, person: DataSubject, who: str, now: datetime) -> ErasureRecord:
    """Write into the record that a person is to be erased; the daemon does it within a minute (`finish`).

    Raises:
        ErasureRecordError: the record cannot be written.
        StoreUnavailableError: the store cannot be read.
    """
    erasures = Erasures(folder_of(settings))
    with store.database.reading() as connection:
        whole = rows_of(connection, person).whole
        keys = tuple(_arrival_keys(connection, whole))
    arrived = (erasures.arrival(*key) for key in keys)
    return erasures.begin(person, who, now, cases=whole.numbers, arrivals=arrived, asked=True)


def erase(settings: Settings, store: Store, person: DataSubject, who: str, now: datetime) -> ErasureDone:
    """Erase a person everywhere, but for what must be kept, and write the certificate.

    Args:
        settings: where the record lies, and what lies outside of the store.
        store: opened for writing.
        person: whose data.
        who: who does it.
        now: the time, aware.

    Raises:
        ErasureRecordError: the record cannot be written; nothing was erased.
        StoreUnavailableError: the store cannot be written; the next erasure, or the nightly pass, ends this one.
        JournalError: the intake journal cannot be rewritten; likewise.
    """
    erasures = Erasures(folder_of(settings))
    with store.database.reading() as connection:
        found = rows_of(connection, person)
        whole = found.whole
        keys = tuple(_arrival_keys(connection, whole))
        looked_for = sought_outside(settings, connection, whole)
    record = erasures.begin(person, who, now, cases=whole.numbers, arrivals=(erasures.arrival(*key) for key in keys))
    return _carry_out(store, erasures, record, found, looked_for)


def _carry_out(
    store: Store, erasures: Erasures, record: ErasureRecord, found: PersonalData, looked_for: Erasing
) -> ErasureDone:
    tally = _ErasureTally()
    before = figures_digest(store)
    *of_cases, of_person = found.scopes
    # What names the person goes first, and that by which they are known again if this breaks off goes last.
    _erase_beside(store, of_person, [place for place in PLACES if not place.identifies], tally)
    looked_for = replace(looked_for, arrival_erased=erasures.erased_arrivals())
    copies = []
    for each in COPIES:
        count = each.find(looked_for) if each.erase is None else each.erase(looked_for)
        copies.append({"place": each.name, "left" if each.erase is None else "erased": count})
    for scope in of_cases:
        _timed(store, tally, [(place, scope, None) for place in PLACES])
    _erase_beside(store, of_person, [place for place in PLACES if place.identifies], tally)
    swept = sweep(store.database)
    rest = (
        0
        if found.kept or (of_person.person and of_person.person.lease_runs)
        else pages_naming(store.database, of_person.person or DataSubject())
    )
    if rest and (path := store.database.sqlite_path) is not None and path.stat().st_size <= _SMALL:
        vacuum(store.database)
        rest = pages_naming(store.database, of_person.person or DataSubject())
    certificate = {
        "certificate": record.id,
        "program": f"dtm-contact {__version__}",
        "begun_at": record.at.astimezone(UTC).isoformat(),
        "who": record.who,
        "person": {"tenants": record.tenants, "addresses": record.addresses, "numbers": record.numbers},
        "places": [{"place": name, "erased": count} for name, count in sorted(tally.counts.items()) if count],
        "copies": copies,
        "kept": [
            {"case": erasures.digest("case", each.number), "why": each.why, "law": LAWS[each.why][1]}
            for each in found.kept
        ],
        "erased": {"cases": record.cases, "arrivals": record.arrivals},
        "figures": {"before": before, "after": figures_digest(store)},
        "swept": swept,
        "pages_with_rest": rest,
    }
    signed = json.loads(json.dumps(certificate))
    signed["signature"] = erasures.signature(signed)
    with store.database.writing() as connection:
        known = sa.select(erasures_table.c.id).where(erasures_table.c.id == record.id)
        if connection.execute(known).first() is None:
            counts = {name: count for name, count in tally.counts.items() if count}
            row = {"id": record.id, "at": record.at, "who": record.who, "counts": counts}
            connection.execute(erasures_table.insert(), row)
    store.accounts.trail(TrailLine(record.at, record.who, "erased", record.id))
    path = erasures.keep_certificate(record.id, signed)
    erasures.append(replace(record, done=True))
    _log.info("person erased", erasure=record.id, rows=sum(tally.counts.values()), kept=len(found.kept))
    return ErasureDone(signed, path, tally.longest)


def _erase_beside(store: Store, scope: SubjectScope, places: Sequence[DataPlace], tally: _ErasureTally) -> None:
    """Erase what is a person's beside their cases, each place in transactions of its own."""
    for place in places:
        with store.database.reading() as connection:
            prepared = place.prepare(connection, scope)
        for part in _parts(prepared):
            _timed(store, tally, [(place, scope, part)])


def _parts(prepared: Any) -> Iterator[Any]:
    """Yield what a place has prepared in pieces of a short transaction each; None once where it prepared nothing."""
    if isinstance(prepared, list):
        yield from (list(some) for some in slices(prepared, _KEYS_AT_ONCE))
    elif isinstance(prepared, dict) and len(prepared) > 1:
        yield from ({key: value} for key, value in prepared.items())
    else:
        yield prepared


def _timed(store: Store, tally: _ErasureTally, work: Sequence[tuple[DataPlace, SubjectScope, Any]]) -> None:
    with store.database.writing() as connection:
        began = time.perf_counter()
        counts = [(place.name, place.erase(connection, scope, part)) for place, scope, part in work]
    tally.longest = max(tally.longest, time.perf_counter() - began)
    for name, count in counts:
        tally.add(name, count)


def sweep(database: Database, rest: Callable[[float], None] = time.sleep) -> str:
    """Empty SQLite's log, or make the room of what was erased in PostgreSQL's pages free; say what was done.

    Returns:
        `log emptied`, `log in use` where readers kept SQLite from it, or `vacuumed`.
    """
    if database.sqlite_path is None:
        tables = sorted({table.name for place in PLACES for table in (place.table, *place.covers)})
        _outside_transactions(database, [f'VACUUM "{name}"' for name in tables])
        return "vacuumed"
    database.checkpoint()
    for tried in range(_TRIES):
        if tried:
            rest(_BETWEEN_TRIES)
        with suppress(StoreUnavailableError):
            database.restart_log(_TRY_SECONDS)
            return "log emptied"
    return "log in use"


def vacuum(database: Database) -> None:
    """Write a database anew without free room: nobody else can write meanwhile.

    SQLite overwrites what is deleted, but leaves copies of what moved from one page to another in the free room of the
    first. On PostgreSQL each table is locked while it is written.

    Raises:
        StoreUnavailableError: it cannot be written, or there is no room for a second one.
    """
    whole = "VACUUM" if database.sqlite_path is not None else "VACUUM FULL"
    _outside_transactions(database, [whole])
    sweep(database)


def _outside_transactions(database: Database, statements: Sequence[str]) -> None:
    with database.errors(), database.engine.connect() as connection:
        if database.sqlite_path is not None:
            # The driver begins no transaction by itself; SQLAlchemy would.
            driver: Any = connection.connection.driver_connection
            for statement in statements:
                driver.execute(statement)
            return
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        for statement in statements:
            plain.exec_driver_sql(statement)


def pages_naming(database: Database, person: DataSubject) -> int:
    """Return how many pages of a SQLite file, or its log, hold what is a person's alone; 0 on PostgreSQL.

    It finds what no query would: octets in the free room of pages.
    """
    path = database.sqlite_path
    needles = [re.escape(each.encode()) for each in person.needles]
    if path is None or not needles:
        return 0
    sought = re.compile(b"|".join(needles), re.IGNORECASE)
    found = 0
    for file in (path, path.with_name(f"{path.name}-wal")):
        if file.exists() and file.stat().st_size:
            with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as octets:
                found += len({match.start() // _PAGE for match in sought.finditer(octets)})
    return found


def figures_digest(store: Store) -> str:
    """Return a digest of all that figures were counted, which no erasure changes."""
    hashed = sha256()
    table = figure_periods.c
    query = sa.select(table.grain, table.first_day, table["keys"], table.measures, table.cells)
    with store.database.reading() as connection:
        for row in connection.execute(query.order_by(table.grain, table.first_day)):
            hashed.update(json.dumps([row.grain, row.first_day.isoformat(), row[2], row.measures]).encode())
            hashed.update(bytes(row.cells))
    return hashed.hexdigest()


def unfinished(settings: Settings, now: datetime) -> list[ErasureRecord]:
    """Return the erasures that the desk asked for, and those that were begun long ago and are not carried out.

    Raises:
        ErasureRecordError: the record cannot be read.
    """
    try:
        erasures = Erasures(folder_of(settings))
    except ErasureRecordError:
        return []
    # What another process began a moment ago is at work still.
    return [record for record in erasures.read() if not record.done and (record.asked or record.at < now - _AT_WORK)]


def finish(settings: Settings, store: Store, now: datetime) -> int:
    """Carry out the erasures that the desk asked for, and end those that broke off; return how many these were.

    Raises:
        ErasureRecordError: the record cannot be read or written.
        StoreUnavailableError: the store cannot be written.
    """
    open_ = unfinished(settings, now)
    for record in open_:
        erasures = Erasures(folder_of(settings))
        with store.database.reading() as connection:
            found = _found_again(connection, erasures, record)
            looked_for = sought_outside(settings, connection, found.whole)
        _carry_out(store, erasures, record, found, looked_for)
    return len(open_)


def erase_again(settings: Settings, connection: Connection, backed_up_at: datetime) -> int:
    """Erase, in the transaction that makes a restored store ready, whoever was erased after the backup.

    Args:
        settings: where the record lies.
        connection: the transaction.
        backed_up_at: the moment that the backup shows.

    Returns:
        How many erasures that were.

    Raises:
        ErasureRecordError: the record cannot be read: the restore is undone.
    """
    try:
        erasures = Erasures(folder_of(settings))
    except ErasureRecordError:
        return 0
    later = [record for record in erasures.read() if record.at >= backed_up_at] if erasures.exists() else []
    for record in later:
        found = _found_again(connection, erasures, record)
        for scope in found.scopes:
            for place in PLACES:
                place.erase(connection, scope, None)
    return len(later)


def erase_copies_again(settings: Settings, store: Store, backed_up_at: datetime) -> int:
    """Erase what a restore brought back beside the store, such as rule tests; return how many erasures were done again.

    Raises:
        ErasureRecordError: the record cannot be read.
    """
    try:
        erasures = Erasures(folder_of(settings))
    except ErasureRecordError:
        return 0
    later = [record for record in erasures.read() if record.at >= backed_up_at] if erasures.exists() else []
    erased_before = erasures.erased_arrivals() if later else None
    for record in later:
        with store.database.reading() as connection:
            scope = SubjectScope(numbers=_numbers(connection, erasures, record))
        for each in COPIES:
            if each.erase is not None and erased_before is not None:
                each.erase(Erasing(settings, scope, erased_before))
    return len(later)


def erased_arrivals(settings: Settings) -> Callable[[str, str], bool]:
    """Return what tells, by channel and external id, whether an arrival was erased on request.

    Raises:
        ErasureRecordError: the record cannot be read.
    """
    try:
        erasures = Erasures(folder_of(settings))
    except ErasureRecordError:
        return lambda _channel, _external_id: False
    return erasures.erased_arrivals()


def _found_again(connection: Connection, erasures: Erasures, record: ErasureRecord) -> PersonalData:
    """Return what is in a store of a person of whom only digests are known."""
    person = _person_of(connection, erasures, record)
    forced = frozenset(record.cases)
    found = rows_of(connection, person, lambda number: erasures.digest("case", number) in forced)
    numbers = _numbers(connection, erasures, record)
    *slices_, last = found.scopes
    return PersonalData((*slices_, replace(last, numbers=tuple(dict.fromkeys((*last.numbers, *numbers))))), found.kept)


def _numbers(connection: Connection, erasures: Erasures, record: ErasureRecord) -> tuple[str, ...]:
    wanted = frozenset(record.cases)
    numbers = connection.execute(sa.select(cases.c.number)).scalars() if wanted else ()
    return tuple(number for number in numbers if erasures.digest("case", number) in wanted)


def _person_of(connection: Connection, erasures: Erasures, record: ErasureRecord) -> DataSubject:
    def among(kind: str, digests: tuple[str, ...], values: Iterator[str]) -> frozenset[str]:
        wanted = frozenset(digests)
        return frozenset(each for each in set(values) if each and erasures.digest(kind, each) in wanted)

    leases = connection.execute(sa.select(_LEASES)).all()
    tenants = among("tenants", record.tenants, _values(connection, leases, "tenant_id"))
    theirs = [row for row in leases if row.tenant_id in tenants]
    return DataSubject(
        tenants,
        among("addresses", record.addresses, _values(connection, leases, "address")),
        among("numbers", record.numbers, _values(connection, leases, "number")),
        frozenset(f"{row.first_name} {row.last_name}".strip() for row in theirs),
        not record.with_directory,
    )


def _values(connection: Connection, leases: Sequence[Any], kind: str) -> Iterator[str]:
    """Yield every value in the store that may be of a person: tenants' ids, addresses, or keys of numbers."""
    columns: dict[str, tuple[sa.Column[Any], ...]] = {
        "tenant_id": (
            cases.c.tenant_id,
            contacts.c.tenant_id,
            confirmed_contacts.c.tenant_id,
            register_entries.c.tenant_id,
        ),
        "address": (contacts.c.sender_address, confirmed_contacts.c.value, register_entries.c.key),
        "number": (contacts.c.phone_key, confirmed_contacts.c.value, register_entries.c.key),
    }
    for column in columns[kind]:
        yield from connection.execute(sa.select(column).distinct().where(column.is_not(None))).scalars()
    for row in leases:
        if kind == "tenant_id":
            yield row.tenant_id
        elif kind == "address":
            yield row.email.lower()
        else:
            yield from (key for each in row.phones if (key := phone_key(each)))


def verify_certificate(settings: Settings, store: Store, path: Path) -> list[Translatable]:
    """Return what is wrong with a certificate, a sentence each: changed, not ours, or the person is in the store again.

    Raises:
        ErasureRecordError: the record, or the certificate, cannot be read.
    """
    erasures = Erasures(folder_of(settings))
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        signature = told.pop("signature")
        number = told["certificate"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ErasureRecordError(worded("{path}: this is no certificate", path=f"{path}")) from None
    if signature != erasures.signature(told):
        return [worded("its signature is not ours, or it was changed")]
    record = next((each for each in erasures.read() if each.id == number), None)
    if record is None or not record.done:
        return [worded("the record of erasures does not know it, or says that it is not done")]
    with store.database.reading() as connection:
        found = _found_again(connection, erasures, record)
        whole = found.whole
    if not whole.contact_ids and not whole.case_ids:
        return []
    return [
        worded(
            "{contacts} contacts and {cases} cases of the person are in the store:"
            " they wrote again, or a backup was restored without the record",
            contacts=len(whole.contact_ids),
            cases=len(whole.case_ids),
        )
    ]
