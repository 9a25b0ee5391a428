"""The register's entries: read, entered and ended, each in a transaction that does more."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import CodedText, EntryKind, KnownEntry
from dtm_contact.store.schema import register_entries
from dtm_contact.text import canonical_mailbox

_TABLE = register_entries.c
_MOST_ASKED = 500


@dataclass(frozen=True, slots=True)
class RegisterEntry:
    """One entry, in force or not.

    Attributes:
        id: the store's own; 0 before it is entered.
        tenant_id, household: whom it is about; whether it holds for all who live with them.
        kind, value: what it says: a code, an address in lower case, or the key of a number.
        words: what was said beside it: the hours, or who agreed; "" where nothing was.
        reference: the number of a protection order; "" where there is none.
        since, until: its first and its last day; None where no last day is known.
        entered_at, entered_by, case_number: when and by whom it was entered, and from which case, if from one.
        ended_at, ended_by, ended_in, ended_why: the same of its end; None while nobody ended it.
    """

    id: int
    tenant_id: str
    household: bool
    kind: EntryKind
    value: str
    words: str
    reference: str
    since: date
    until: date | None
    entered_at: datetime
    entered_by: str
    case_number: str | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_in: str | None = None
    ended_why: CodedText | None = None

    def in_force(self, on: date) -> bool:
        """Return whether it holds on a day: nobody ended it, and its last day is not over."""
        return self.ended_at is None and (self.until is None or on <= self.until)

    @property
    def for_judging(self) -> KnownEntry:
        """What judging needs of it."""
        return KnownEntry(self.kind, self.value, self.tenant_id, self.household, self.id)

    @property
    def key(self) -> str:
        """What an address or number is looked up by: one spelling of all that reach the same mailbox or subscriber."""
        return key_of(self.value) if self.kind is EntryKind.NEVER else self.value


_COLUMNS = tuple(_TABLE[name] for name in RegisterEntry.__dataclass_fields__)


def key_of(reach: str) -> str:
    """Return what an address is looked up by; a number's key is it already."""
    return canonical_mailbox(reach) if "@" in reach else reach


def entries_of(connection: Connection, tenants: Collection[str]) -> list[RegisterEntry]:
    """Return all entries of some tenants, ended ones too, oldest first."""
    asked = sorted(set(tenants))
    rows = [
        row
        for start in range(0, len(asked), _MOST_ASKED)
        for row in connection.execute(
            sa.select(*_COLUMNS).where(_TABLE.tenant_id.in_(asked[start : start + _MOST_ASKED]))
        )
    ]
    return sorted(map(_entry, rows), key=lambda entry: entry.id)


def entry(connection: Connection, entry_id: int) -> RegisterEntry | None:
    """Return one entry, and keep others from changing it; None where there is none."""
    query = sa.select(*_COLUMNS).where(_TABLE.id == entry_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else _entry(row)


def entries_in_force(connection: Connection, tenants: Sequence[str], on: date) -> list[KnownEntry]:
    """Return the entries of some tenants that are in force on a day, oldest first."""
    return [each.for_judging for each in entries_of(connection, tenants) if each.in_force(on)]


def entries_by_id(connection: Connection, entry_ids: Sequence[int]) -> dict[int, KnownEntry]:
    """Return entries by their ids, in force or not; those that are gone are left out."""
    rows = connection.execute(sa.select(*_COLUMNS).where(_TABLE.id.in_(entry_ids)))
    return {each.id: each.for_judging for each in map(_entry, rows)}


def never_used(connection: Connection, reaches: Collection[str], on: date) -> frozenset[str]:
    """Return which of these addresses (lower case) and numbers (keys) must never be written to or called.

    Whose entry it is does not matter: whoever reads a mailbox reads all that goes there.
    """
    keys = {key_of(reach): reach for reach in reaches}
    if not keys:
        return frozenset()
    # Written out, not bound: only so does SQLite see that the partial index answers this.
    query = sa.select(_TABLE.key).where(
        _TABLE.kind == EntryKind.NEVER,
        _TABLE.key.in_(keys),
        sa.text("register_entries.ended_at IS NULL"),
        sa.or_(_TABLE.until.is_(None), _TABLE.until >= on),
    )
    found = set(connection.execute(query).scalars())
    return frozenset(reach for reach in reaches if key_of(reach) in found)


def put_entry(connection: Connection, new: RegisterEntry) -> int:
    """Enter an entry, and return its id."""
    values = {name: getattr(new, name) for name in RegisterEntry.__dataclass_fields__ if name != "id"}
    inserted = register_entries.insert().values(values | {"key": new.key}).returning(_TABLE.id)
    return int(connection.execute(inserted).scalar_one())


def end_entry(
    connection: Connection, entry_id: int, at: datetime, who: str, case: str | None, why: CodedText | None
) -> None:
    """End an entry; it stays, with who ended it, when, from which case and why."""
    ended = {"ended_at": at, "ended_by": who, "ended_in": case, "ended_why": why}
    connection.execute(sa.update(register_entries).where(_TABLE.id == entry_id).values(ended))


def restore_entry(connection: Connection, entry_id: int) -> None:
    """Put an entry in force again whose end was a slip of the hand."""
    ended = {"ended_at": None, "ended_by": None, "ended_in": None, "ended_why": None}
    connection.execute(sa.update(register_entries).where(_TABLE.id == entry_id).values(ended))


def _entry(row: sa.Row[tuple[object, ...]]) -> RegisterEntry:
    values = dict(zip(RegisterEntry.__dataclass_fields__, row, strict=True))
    return RegisterEntry(**{**values, "kind": EntryKind(values["kind"])})  # type: ignore[arg-type]


def utc_day(now: datetime) -> date:
    """Return the day that an end is held against where no wall clock is known: no entry ends too early by it."""
    return now.astimezone(UTC).date()
