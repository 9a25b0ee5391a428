"""The directory in the store: replaced as a whole, read as a whole, its last versions kept.

A version that is kept is its lines as JSON, compressed: some 20 octets a line. It holds whatever an import had, so that
what is restored is equal to it, and names its fields, so that a later program with more of them can read it.
"""

import json
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from itertools import islice
from operator import attrgetter
from typing import Any, get_type_hints

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.directory import Directory
from dtm_contact.directory.lines import Lines
from dtm_contact.directory.records import Records
from dtm_contact.errors import NoDirectoryError, NotFoundError
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.system_schema import (
    DIRECTORY_TABLES,
    DirectoryTable,
    directory_contents,
    directory_refusals,
    directory_versions,
)

_ROWS_AT_ONCE = 4_096
_VERSIONS_KEPT = 14


@dataclass(frozen=True, slots=True)
class DirectoryVersion:
    """Which directory is in force: its number, which grows, and when it was imported."""

    number: int
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a version of the directory comes from.

    Attributes:
        digest: of the files that it was read from; None where there were none.
        exported_at: when they were written; None where that is not known.
        forced: what looked wrong about them and was imported all the same, a sentence each, without a person's data.
        restored_from: the number of the earlier version that it brings back.
    """

    digest: str | None = None
    exported_at: datetime | None = None
    forced: tuple[str, ...] = ()
    restored_from: int | None = None


@dataclass(frozen=True, slots=True)
class DirectoryImport:
    """One import: its number, when and by whom, where it came from, its lines by file, whether it can be restored.

    `counts` is empty for imports by a version of the program that did not count.
    """

    number: int
    imported_at: datetime
    imported_by: str
    origin: Origin
    counts: Mapping[str, int] = field(hash=False)
    kept: bool


class StoredDirectory:
    """The directory of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._in_force: tuple[DirectoryVersion | None, Directory] | None = None

    def in_force(self) -> Directory:
        """Return the directory in force with its look-ups; one that was imported since is loaded, else none is.

        Raises:
            NoDirectoryError: none has been imported.
            StoreUnavailableError: the store cannot be read.
        """
        version = self.version()
        known = self._in_force
        if known is None or known[0] != version:
            self._in_force = known = version, Directory(self.load())
        return known[1]

    def save(
        self,
        records: Records,
        who: str,
        now: datetime,
        origin: Origin = Origin(),
        *,
        keep: int = _VERSIONS_KEPT,
    ) -> DirectoryVersion:
        """Replace the directory in one transaction; what agents confirmed stays.

        Args:
            records: a whole directory, already checked.
            who: who imports it.
            now: when.
            origin: where it comes from.
            keep: how many versions can be restored afterwards, this one included; at least 1.

        Raises:
            StoreUnavailableError: the directory that was there is still in force.
        """
        content = _packed(records)
        counts = {part.name: len(getattr(records, part.name)) for part in DIRECTORY_TABLES}
        values = {
            "imported_at": now,
            "imported_by": who,
            "exported_at": origin.exported_at,
            "digest": origin.digest,
            "counts": counts,
            "forced": list(origin.forced) or None,
            "restored_from": origin.restored_from,
        }
        with self._database.writing(hurried=False) as connection:
            _keep_what_is_in_force(connection)
            for part in DIRECTORY_TABLES:
                connection.execute(part.table.delete())
                _insert(connection, part, getattr(records, part.name))
            insert = directory_versions.insert().returning(directory_versions.c.number)
            number = connection.execute(insert, values).scalar_one()
            connection.execute(directory_contents.insert(), {"number": number, "content": content})
            newest = sa.select(directory_contents.c.number).order_by(directory_contents.c.number.desc()).limit(keep)
            kept = connection.execute(newest).scalars().all()
            connection.execute(directory_contents.delete().where(directory_contents.c.number < min(kept)))
            connection.execute(directory_refusals.delete())
        return DirectoryVersion(number, now)

    def imports(self, limit: int) -> list[DirectoryImport]:
        """Return the last imports, the newest, which is in force, first."""
        versions, contents = directory_versions.c, directory_contents.c
        query = sa.select(directory_versions, contents.number.is_not(None).label("kept")).select_from(
            directory_versions.outerjoin(directory_contents, contents.number == versions.number)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(versions.number.desc()).limit(limit)).all()
        return [
            DirectoryImport(
                row.number,
                row.imported_at,
                row.imported_by,
                Origin(row.digest, row.exported_at, tuple(row.forced or ()), row.restored_from),
                row.counts or {},
                row.kept,
            )
            for row in rows
        ]

    def kept(self, number: int) -> tuple[Records, Origin]:
        """Return an earlier version, its lines in the order of their files, and where it came from.

        Raises:
            NotFoundError: there is no such version, or it is not kept any more.
        """
        versions, contents = directory_versions.c, directory_contents.c
        query = sa.select(contents.content, versions.digest, versions.exported_at, versions.imported_at).where(
            versions.number == contents.number, contents.number == number
        )
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError(f"version {number} of the directory is not kept")
        origin = Origin(row.digest, row.exported_at or row.imported_at, restored_from=number)
        return _unpacked(row.content), origin

    def last_files(self) -> str | None:
        """Return the digest of the files that were imported last; what was restored since does not count."""
        versions = directory_versions.c
        query = sa.select(versions.digest).where(versions.restored_from.is_(None))
        with self._database.reading() as connection:
            return connection.execute(query.order_by(versions.number.desc()).limit(1)).scalar_one_or_none()

    def exported_at(self) -> datetime | None:
        """Return when the directory in force was exported, as far as is known; None where there is no directory."""
        versions = directory_versions.c
        when = sa.select(versions.exported_at, versions.imported_at).order_by(versions.number.desc()).limit(1)
        with self._database.reading() as connection:
            row = connection.execute(when).one_or_none()
        return None if row is None else row.exported_at or row.imported_at

    def seen_again(self, digest: str, exported_at: datetime) -> None:
        """Keep that the files in force were exported once more, without a change: they are not old."""
        table = directory_versions.c
        newest = sa.select(sa.func.max(table.number)).scalar_subquery()
        is_older = sa.or_(table.exported_at.is_(None), table.exported_at < exported_at)
        update = directory_versions.update().where(table.number == newest, table.digest == digest, is_older)
        with self._database.writing() as connection:
            connection.execute(update.values(exported_at=exported_at))

    def refuse(self, digest: str, now: datetime) -> bool:
        """Keep that a scheduled import refused these files; return whether the admins have still to be notified."""
        with self._database.writing() as connection:
            insert = insert_of(connection)(directory_refusals).values(digest=digest, refused_at=now)
            connection.execute(insert.on_conflict_do_nothing())
            query = sa.select(directory_refusals.c.told_at).where(directory_refusals.c.digest == digest)
            return connection.execute(query).scalar_one() is None

    def mark_refusal_reported(self, digest: str, now: datetime) -> None:
        """Keep that the admins were notified that these files were refused."""
        change = directory_refusals.update().where(directory_refusals.c.digest == digest)
        with self._database.writing() as connection:
            connection.execute(change.values(told_at=now))

    def load(self) -> Records:
        """Return the directory in force, its lines in the order of their files.

        Raises:
            NoDirectoryError: none has been imported.
            StoreUnavailableError: the store cannot be read.
        """
        with self._database.reading() as connection:
            if _version(connection) is None:
                raise NoDirectoryError
            return _load(connection)

    def version(self) -> DirectoryVersion | None:
        """Return which directory is in force, or None where none has been imported."""
        with self._database.reading() as connection:
            return _version(connection)


def repacked_without(connection: Connection, tenants: Collection[str]) -> dict[int, tuple[bytes, int]]:
    """Return the kept versions that hold leases of tenants, by their numbers: packed without these, and how many went.

    The newest comes first. It takes as long as reading all of them, so it is done before the transaction that writes
    them (`leave_out`).
    """
    found: dict[int, tuple[bytes, int]] = {}
    for row in connection.execute(sa.select(directory_contents).order_by(directory_contents.c.number.desc())).all():
        records = _unpacked(row.content)
        left = [lease for lease in records.leases if lease.tenant_id not in tenants]
        if gone := len(records.leases) - len(left):
            found[row.number] = _packed(replace(records, leases=left)), gone
    return found


def leave_out(
    connection: Connection,
    tenants: Collection[str],
    repacked: Mapping[int, tuple[bytes, int]],
    who: str,
    now: datetime,
) -> int:
    """Take all leases of tenants out of the directory and of its kept versions, in a transaction.

    Where the directory in force had any, it gets a new number, so that every daemon reads it anew. The next import
    brings them back if the landlord still exports them.

    Args:
        connection: the transaction.
        tenants: their ids.
        repacked: versions without them, from `repacked_without`; the newest must be among the first that are given.
        who: who takes them out.
        now: when, aware.

    Returns:
        How many lines went, those of kept versions included.
    """
    table = directory_contents
    for version, (content, _gone) in repacked.items():
        connection.execute(table.update().where(table.c.number == version).values(content=content))
    leases = next(part.table for part in DIRECTORY_TABLES if part.name == "leases")
    in_force = connection.execute(leases.delete().where(leases.c.tenant_id.in_(tuple(tenants)))).rowcount
    newest = connection.execute(sa.select(directory_versions).order_by(directory_versions.c.number.desc())).first()
    if in_force and newest is not None:
        left = connection.execute(sa.select(sa.func.count()).select_from(leases)).scalar_one()
        values = newest._asdict() | {"imported_at": now, "imported_by": who}
        values |= {"counts": {**(newest.counts or {}), "leases": left}}
        values.pop("number")
        insert = directory_versions.insert().returning(directory_versions.c.number)
        number = connection.execute(insert, values).scalar_one()
        same = sa.select(sa.literal(number), table.c.content).where(table.c.number == newest.number)
        connection.execute(table.insert().from_select(["number", "content"], same))
    return in_force + sum(gone for _content, gone in repacked.values())


def _version(connection: Connection) -> DirectoryVersion | None:
    newest = sa.select(directory_versions.c.number, directory_versions.c.imported_at)
    row = connection.execute(newest.order_by(directory_versions.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else DirectoryVersion(*row)


def _load(connection: Connection) -> Records:
    return Records(**{part.name: _lines(connection, part) for part in DIRECTORY_TABLES})


def _keep_what_is_in_force(connection: Connection) -> None:
    """Keep the directory in force whole, where an earlier version of the program imported it and did not."""
    version = _version(connection)
    if version is None:
        return
    kept = sa.select(directory_contents.c.number).where(directory_contents.c.number == version.number)
    if connection.execute(kept).scalar_one_or_none() is None:
        content = _packed(_load(connection))
        connection.execute(directory_contents.insert(), {"number": version.number, "content": content})


def _packed(records: Records) -> bytes:
    """Return a directory as compressed lines of JSON.

    Each part begins with its name, its fields and its number of lines.
    """
    packing = zlib.compressobj()
    packed: list[bytes] = []

    def add(values: list[Any]) -> None:
        packed.append(packing.compress(json.dumps(values, separators=(",", ":"), default=date.isoformat).encode()))

    for part in DIRECTORY_TABLES:
        lines = getattr(records, part.name)
        names = [each.name for each in fields(part.record)]
        of_line = attrgetter(*names)
        add([part.name, names, len(lines)])
        packed.append(packing.compress(b"\n"))
        rows = iter(lines)
        while batch := [of_line(line) for line in islice(rows, _ROWS_AT_ONCE)]:
            add(batch)
            packed.append(packing.compress(b"\n"))
    packed.append(packing.flush())
    return b"".join(packed)


def _unpacked(content: bytes) -> Records:
    """Return the directory of a content that `_packed` made, or that an earlier version of the program did."""
    batches = map(json.loads, zlib.decompress(content).splitlines())
    parts = {part.name: part for part in DIRECTORY_TABLES}
    found: dict[str, Lines[Any]] = {}
    for name, names, count in batches:
        rows: list[list[Any]] = []
        while len(rows) < count:
            rows += next(batches)
        if name in parts:
            found[name] = Lines(parts[name].record, _values_of(parts[name].record, names, rows))
    return Records(**found)


def _values_of(record: type[Any], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """Yield the values of a record's fields; a field that was not known when the rows were kept is empty."""
    places = {name: place for place, name in enumerate(names)}
    readers = [(places.get(name), _reader(kind)) for name, kind in get_type_hints(record).items()]
    for row in rows:
        yield [read(None if place is None else row[place]) for place, read in readers]


def _reader(kind: object) -> Callable[[Any], Any]:
    if kind == tuple[str, ...]:
        return lambda value: tuple(value or ())
    if kind in (date, date | None):
        return lambda value: None if value is None else date.fromisoformat(value)
    return lambda value: value or ""


def _insert(connection: Connection, part: DirectoryTable, records: Sequence[Any]) -> None:
    names = [each.name for each in fields(part.record)]
    values = attrgetter(*names)
    rows = [{"line": line, **dict(zip(names, values(record), strict=True))} for line, record in enumerate(records)]
    if rows:
        connection.execute(part.table.insert(), rows)


def _lines(connection: Connection, part: DirectoryTable) -> Lines[Any]:
    columns = [part.table.c[each.name] for each in fields(part.record)]
    return Lines(part.record, _rows(connection, sa.select(*columns).order_by(part.table.c.line)))


def _rows(connection: Connection, query: "sa.Select[Any]") -> Iterator[Sequence[Any]]:
    """Yield the rows, lists in them as tuples."""
    lists = [at for at, column in enumerate(query.selected_columns) if isinstance(column.type, sa.JSON)]
    for row in connection.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}):
        if not lists:
            yield row
            continue
        values = list(row)
        for at in lists:
            values[at] = tuple(values[at])
        yield values
