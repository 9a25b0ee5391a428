"""The registry of where a person's data lies: each table and place says how their rows are found and erased.

Whoever adds a table with personal data declares it here, or by `declare` where it is defined, and touches nothing else:
plan, erasure, certificate, the nightly pass and the register of processing read this registry alone.
"""

import io
import re
import secrets
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.figures.case_facts import READS, whom_was
from dtm_contact.figures.definitions import kept_words
from dtm_contact.model import EntryKind
from dtm_contact.privacy.disclosed import looks_at
from dtm_contact.privacy.subject import SubjectScope, named_in, slices
from dtm_contact.rules.rule_tests import TESTS_FOLDER
from dtm_contact.store import directory, schema, system_schema, writing_schema
from dtm_contact.store.holds import erasures, legal_holds
from dtm_contact.store.imports import imports
from dtm_contact.store.restores import address_digest, sent_marks

ERASED: Final = "[effacé]"
"""What stands in place of a person's data within a text of somebody else's."""
_MOST_BOUND: Final = 30_000
"""Values that one statement takes on every database."""
_DWELLING: Final = "dwelling"
WHO: Final = "effacement"
"""Who is said to have taken somebody out of the directory."""
_LEASES: Final = next(part.table for part in system_schema.DIRECTORY_TABLES if part.name == "leases")
_OF_OTHERS: Final = "vous y êtes cité, mais ce sont les demandes d’autres personnes (RGPD, art. 15(4))"
Condition = Callable[[SubjectScope], "sa.ColumnElement[bool] | None"]
Prepared = Any
"""What a place has looked up before the transaction that erases, so that this one is short."""


def _nowhere(scope: SubjectScope) -> None:
    """Return that no row can be found by a condition."""
    del scope


@dataclass(frozen=True)
class DataPlace:
    """A table that holds personal data, and how a person's rows in it are found and erased.

    Attributes:
        table: the table.
        holds: what stands in it, in French, for plans and the register.
        rows: returns the SQL condition for the rows that belong to a scope; None where none can.
        blank: the values that replace a row's own where it is kept for the day's figures; None: the row is deleted.
        still: the SQL condition for a row that still has its own values; None where `blank` is.
        with_case: its rows are erased when their case reaches its age.
        identifies: the person is found by its rows even after their cases are erased, so these rows are erased last.
        covers: further tables whose rows are deleted with them by foreign keys.
        theirs: returns the SQL condition for those of the rows that the person may read; None: all of them.
        not_given: in French, to the person: why they are not given what `withheld` counts.
    """

    table: sa.Table
    holds: str
    rows: Condition = _nowhere
    blank: Mapping[str, Any] | None = None
    still: "sa.ColumnElement[bool] | None" = None
    with_case: bool = True
    identifies: bool = False
    covers: tuple[sa.Table, ...] = ()
    theirs: Condition | None = None
    not_given: str = ""

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    def prepare(self, connection: Connection, scope: SubjectScope) -> Prepared:
        """Look up, in a read transaction, what takes long to find."""
        del connection, scope

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many rows of a scope are still to be erased."""
        condition = self._condition(scope)
        if condition is None:
            return 0
        return connection.execute(sa.select(sa.func.count()).select_from(self.table).where(condition)).scalar_one()

    def export(self, connection: Connection, scope: SubjectScope) -> list[dict[str, Any]]:
        """Return the rows of a scope that its person may read, as they stand, but for what is bytes."""
        condition = (self.theirs or self.rows)(scope)
        if condition is None:
            return []
        columns = [column for column in self.table.c if not isinstance(column.type, sa.LargeBinary)]
        return [dict(row) for row in connection.execute(sa.select(*columns).where(condition)).mappings()]

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many rows of a scope are found and not exported, as the person may be told it.

        What would tell them of somebody's protection, or of a wish of somebody who shares an address with them, is not
        counted either.
        """
        del connection, scope
        return 0

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Erase the rows of a scope; return how many."""
        del prepared
        condition = self._condition(scope)
        if condition is None:
            return 0
        if self.blank is None:
            return connection.execute(self.table.delete().where(condition)).rowcount
        values = {name: value() if callable(value) else value for name, value in self.blank.items()}
        return connection.execute(sa.update(self.table).where(condition).values(values)).rowcount

    def delete(self, connection: Connection, scope: SubjectScope) -> int:
        """Delete the rows of cases that have reached their age; return how many."""
        condition = self.rows(scope) if self.with_case else None
        return 0 if condition is None else connection.execute(self.table.delete().where(condition)).rowcount

    def _condition(self, scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        condition = self.rows(scope)
        return condition if condition is None or self.still is None else sa.and_(condition, self.still)


def _in(column: "sa.Column[Any]", name: str) -> Condition:
    """Return the condition that a column holds one of a scope's ids of that name."""

    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        ids = getattr(scope, name)
        return column.in_(ids) if ids else None

    return rows


def _either(*conditions: Condition) -> Condition:
    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        found = [each for condition in conditions if (each := condition(scope)) is not None]
        return sa.or_(*found) if found else None

    return rows


def _of_person(*columns: "tuple[sa.Column[Any], str]") -> Condition:
    """Return the condition that one of some columns holds something of a scope's person (`tenants`, `addresses`, …)."""

    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        if scope.person is None:
            return None
        found = [column.in_(tuple(values)) for column, name in columns if (values := getattr(scope.person, name))]
        return sa.or_(*found) if found else None

    return rows


_arrivals, _contacts, _cases, _outbox = schema.arrivals.c, schema.contacts.c, schema.cases.c, schema.outbox.c


@dataclass(frozen=True)
class EventsPlace(DataPlace):
    """The table of events: a row stays, with the values that figures count by; all else in it is erased."""

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many events say more than figures need."""
        return len(self._to_blank(connection, scope))

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Leave each event with what figures need."""
        del prepared
        changed = self._to_blank(connection, scope)
        for event_id, data in changed:
            connection.execute(sa.update(self.table).where(self.table.c.id == event_id).values(data=data))
        return len(changed)

    def delete(self, connection: Connection, scope: SubjectScope) -> int:
        """Delete the events of cases and of their arrivals; one of another case stays, without the arrival."""
        gone = 0
        if scope.case_ids:
            mine = self.table.c.case_id.in_(scope.case_ids)
            gone += connection.execute(self.table.delete().where(mine)).rowcount
        if scope.arrival_ids:
            of_it = self.table.c.arrival_id.in_(scope.arrival_ids)
            alone = self.table.delete().where(of_it, self.table.c.case_id.is_(None))
            gone += connection.execute(alone).rowcount
            connection.execute(sa.update(self.table).where(of_it).values(arrival_id=None))
        return gone

    def _to_blank(self, connection: Connection, scope: SubjectScope) -> list[tuple[int, dict[str, Any]]]:
        condition = self.rows(scope)
        if condition is None:
            return []
        rows = connection.execute(sa.select(self.table.c.id, self.table.c.data).where(condition)).all()
        return [(row.id, kept) for row in rows if (kept := counted_part(row.data)) != row.data]


_REPORTED: Final = frozenset({"kind", "queue", "priority", "rule", "rules_version"})
"""What the report of the rules reads."""
_CHANGES: Final = frozenset({"changed", "restored"})
"""What an event did to columns: of these only some stay."""
_COUNTED_FIELDS: Final = {"state", "topic", "alarm_level", "priority", "queue", "office_id"}


def counted_part(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what figures and the rules' report need of an event: words of closed lists, and nothing of a person."""
    counted = (kept_words() | READS | _REPORTED) - _CHANGES
    kept: dict[str, Any] = {name: data[name] for name in data if name in counted}
    for name in _CHANGES:
        if isinstance(data.get(name), dict):
            kept[name] = {field_: data[name][field_] for field_ in data[name] if field_ in _COUNTED_FIELDS}
    if (was := whom_was(data)) is not None:
        kept["whom_was"] = was
    return kept


@dataclass(frozen=True)
class MentionsPlace(DataPlace):
    """A table of other people's rows that may name a person: the name goes, the row stays.

    Attributes:
        columns: those that are looked through.
        own: which rows are the person's own, and go otherwise.
        with_names: look for their names, too, and not only for what is theirs alone.
        drop: delete the row in place of that.
        shielded: returns the SQL condition for the rows of whoever is protected, and of their home.
    """

    columns: tuple[str, ...] = ()
    own: Condition = _nowhere
    with_names: bool = False
    drop: bool = False
    shielded: Condition = _nowhere
    not_given: str = _OF_OTHERS

    def prepare(self, connection: Connection, scope: SubjectScope) -> list[Any]:
        """Return the keys of the rows that name the person: every row is looked through."""
        sought = self._sought(scope)
        if not sought:
            return []
        texts = [sa.cast(self.table.c[name], sa.Text) for name in self.columns]
        naming = sa.or_(*(text.icontains(each, autoescape=True) for text in texts for each in sought))
        found = dict.fromkeys(connection.execute(sa.select(self._key).where(naming)).scalars())
        for part in scope.own.parts() if scope.own is not None and found else ():
            condition = self.own(part)
            for key in (
                connection.execute(sa.select(self._key).where(condition)).scalars() if condition is not None else ()
            ):
                found.pop(key, None)
        return list(found)

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many rows name the person."""
        return len(self.prepare(connection, scope))

    def export(self, connection: Connection, scope: SubjectScope) -> list[dict[str, Any]]:
        """Return the rows that would be dropped, since they are about the person; any other is somebody else's."""
        found = []
        for some in slices(self.prepare(connection, scope) if self.drop else ()):
            query = sa.select(self.table).where(self._key.in_(some))
            found += [dict(row) for row in connection.execute(query).mappings()]
        return found

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many rows of others name the person, but for those of whoever is protected."""
        if self.drop:
            return 0
        found, shielded = 0, self.shielded(scope)
        for some in slices(self.prepare(connection, scope)):
            query = sa.select(sa.func.count()).select_from(self.table).where(self._key.in_(some))
            query = query if shielded is None else query.where(sa.not_(shielded))
            found += connection.execute(query).scalar_one()
        return found

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Take what names the person out of each row, or drop the row."""
        keys = self.prepare(connection, scope) if prepared is None else prepared
        sought = self._sought(scope)
        for key in keys:
            mine = self._key == key
            if self.drop:
                connection.execute(self.table.delete().where(mine))
                continue
            row = connection.execute(sa.select(*(self.table.c[name] for name in self.columns)).where(mine)).first()
            if row is not None:
                values = {name: without(getattr(row, name), sought) for name in self.columns}
                connection.execute(sa.update(self.table).where(mine).values(values))
        return len(keys)

    @property
    def _key(self) -> "sa.Column[Any]":
        (key,) = self.table.primary_key.columns
        return key

    def _sought(self, scope: SubjectScope) -> tuple[str, ...]:
        if scope.person is None:
            return ()
        # A first or last name alone is other people's, too.
        names = sorted(each for each in scope.person.names if " " in each) if self.with_names else ()
        return (*scope.person.needles, *names)


def without(value: Any, needles: tuple[str, ...]) -> Any:
    """Return a value of JSON, or a text, with `ERASED` in place of each needle, in capitals or not."""
    if isinstance(value, str):
        return _replaced(value, needles)
    if isinstance(value, dict):
        return {_replaced(name, needles): without(each, needles) for name, each in value.items()}
    if isinstance(value, list):
        return [without(each, needles) for each in value]
    return value


def _replaced(text: str, needles: tuple[str, ...]) -> str:
    for needle in needles:
        text = re.sub(re.escape(needle), ERASED, text, flags=re.IGNORECASE)
    return text


@dataclass(frozen=True)
class TrailPlace(MentionsPlace):
    """The audit trail: what staff read and did stays, and whom they searched for is taken out."""

    def export(self, connection: Connection, scope: SubjectScope) -> list[dict[str, Any]]:
        """Return when and how staff looked at the person's cases, card or household, or found or searched for them.

        Of a search, or of a list, it is told that it showed or named the person, and not what else it was of.
        """
        named = super().prepare(connection, scope) if scope.person is not None else ()
        return looks_at(connection, scope, named)

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return 0: what is not given of the trail is what tells of somebody's protection."""
        del connection, scope
        return 0

    def prepare(self, connection: Connection, scope: SubjectScope) -> list[Any]:
        """Return the lines that name the person, however a search was spelled, or the dwelling of a case of theirs."""
        found = dict.fromkeys(super().prepare(connection, scope))
        person, table = scope.person, self.table.c
        for some in slices(scope.numbers if person is not None else ()):
            told = sa.cast(table.data, sa.Text).contains(f'"{_DWELLING}"')
            query = sa.select(table.id, table.data).where(table.subject.in_(some), told)
            found |= {row.id: None for row in connection.execute(query) if row.data[_DWELLING]}
        if person is not None and person.names:
            searched = connection.execute(sa.select(table.id, table.subject).where(table.what == "searched"))
            found |= {row.id: None for row in searched if named_in(row.subject, person)}
        return list(found)

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Take the person, and where they lived, out of each line."""
        keys = self.prepare(connection, scope) if prepared is None else prepared
        table = self.table
        for some in slices(keys):
            searched = sa.and_(table.c.id.in_(some), table.c.what == "searched")
            connection.execute(sa.update(table).where(searched).values(subject=ERASED))
            rows = connection.execute(sa.select(table.c.id, table.c.subject, table.c.data).where(table.c.id.in_(some)))
            for row in rows.all():
                if row.subject in scope.numbers and _DWELLING in row.data:
                    mine = sa.update(table).where(table.c.id == row.id)
                    connection.execute(mine.values(data={**row.data, _DWELLING: None}))
        return super().erase(connection, scope, keys)


@dataclass(frozen=True)
class CallLogPlace(DataPlace):
    """Lines of the switchboard's log that still wait for later ones: found by the number within their octets."""

    not_given: str = (
        "notées par le standard pour un appel : ce qui en est compris est donné plus haut, elles-mêmes nomment les "
        "postes des agents et s’effacent seules (RGPD, art. 15(4))"
    )

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many there are."""
        return self.count(connection, scope)

    def prepare(self, connection: Connection, scope: SubjectScope) -> list[int]:
        """Return the lines that hold the person's number."""
        if scope.person is None or not scope.person.numbers:
            return []
        sought = [needle.encode() for needle in scope.person.needles]
        rows = connection.execute(sa.select(self.table.c.id, self.table.c.raw))
        return [row.id for row in rows if any(needle in bytes(row.raw) for needle in sought)]

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many lines hold the person's number."""
        return len(self.prepare(connection, scope))

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Delete these lines."""
        ids = self.prepare(connection, scope) if prepared is None else prepared
        for some in slices(ids):
            connection.execute(self.table.delete().where(self.table.c.id.in_(some)))
        return len(ids)


@dataclass(frozen=True)
class DirectoryPlace(DataPlace):
    """The directory in force and its kept versions: a lease that runs is needed for the contract, and stays."""

    not_given: str = "les versions d’avant de l’annuaire : elles répètent votre bail, et s’effacent par leur âge"

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many lines of earlier versions are the person's."""
        tenants = tuple(scope.person.tenants) if scope.person is not None else ()
        kept = directory.repacked_without(connection, tenants) if tenants else {}
        return sum(gone for _content, gone in kept.values())

    def prepare(self, connection: Connection, scope: SubjectScope) -> dict[int, tuple[bytes, int]]:
        """Return the kept versions without the person."""
        tenants = _to_leave_out(scope)
        return directory.repacked_without(connection, tenants) if tenants else {}

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many lines of the directory in force, and of versions that are kept, would go."""
        tenants = _to_leave_out(scope)
        if not tenants:
            return 0
        theirs = sa.select(sa.func.count()).select_from(self.table).where(self.table.c.tenant_id.in_(tenants))
        kept = self.prepare(connection, scope)
        return connection.execute(theirs).scalar_one() + sum(gone for _content, gone in kept.values())

    def export(self, connection: Connection, scope: SubjectScope) -> list[dict[str, Any]]:
        """Return the leases of the directory in force, those that run included."""
        if scope.person is None:
            return []
        theirs = sa.select(self.table).where(self.table.c.tenant_id.in_(tuple(scope.person.tenants)))
        return [dict(row) for row in connection.execute(theirs).mappings()]

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Take the leases out."""
        tenants = _to_leave_out(scope)
        if not tenants:
            return 0
        repacked = self.prepare(connection, scope) if prepared is None else prepared
        return directory.leave_out(connection, tenants, repacked, WHO, datetime.now(UTC))


def _to_leave_out(scope: SubjectScope) -> tuple[str, ...]:
    person = scope.person
    return () if person is None or person.lease_runs else tuple(person.tenants)


@dataclass(frozen=True)
class RuleArchivesPlace(DataPlace):
    """Versions of the rules that were in force: tests that were made of the person's cases are left out of them."""

    not_given: str = "des essais de règles y répètent les mots d’un de vos messages, donnés plus haut"

    def withheld(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many versions hold such a test."""
        return self.count(connection, scope)

    def prepare(self, connection: Connection, scope: SubjectScope) -> dict[str, bytes]:
        """Return the versions that hold such a test, packed without it."""
        found: dict[str, bytes] = {}
        if scope.person is None:
            return found
        for row in connection.execute(sa.select(self.table.c.version, self.table.c.archive)).all():
            changed = archive_without(bytes(row.archive), scope)
            if changed is not None:
                found[row.version] = changed
        return found

    def count(self, connection: Connection, scope: SubjectScope) -> int:
        """Return how many versions hold such a test."""
        return len(self.prepare(connection, scope))

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Keep these versions without such tests."""
        changed = self.prepare(connection, scope) if prepared is None else prepared
        for version, archive in changed.items():
            mine = sa.update(self.table).where(self.table.c.version == version)
            connection.execute(mine.values(archive=archive))
        return len(changed)


def is_test_of(name: str, content: str, scope: SubjectScope) -> bool:
    """Return whether a rule test, by its file's name and text, was made of a scope's case or names its person."""
    if name.removesuffix(".yaml") in scope.numbers:
        return True
    return scope.person is not None and any(each.lower() in content.lower() for each in scope.person.needles)


def archive_without(archive: bytes, scope: SubjectScope) -> bytes | None:
    """Return an archive of rules without the tests that are of a scope; None where it holds none."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        members = {info.filename: packed.read(info) for info in packed.infolist()}
    left = {
        name: content
        for name, content in members.items()
        if not name.startswith(f"{TESTS_FOLDER}/")
        or not is_test_of(name.rpartition("/")[2], content.decode(errors="replace"), scope)
    }
    if len(left) == len(members):
        return None
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in left.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return written.getvalue()


def _marks(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    ways = []
    if scope.numbers:
        ways.append(sent_marks.c.case_number.in_(scope.numbers))
    if scope.person is not None and scope.person.addresses:
        ways.append(sent_marks.c.to_digest.in_([address_digest(each) for each in scope.person.addresses]))
    return sa.or_(*ways) if ways else None


def _sent_to(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    if scope.person is None or not scope.person.addresses:
        return None
    settled = _outbox.state.not_in(("waiting", "claimed"))
    free: sa.ColumnElement[bool] = _outbox.case_id.not_in(sa.select(legal_holds.c.case_id))
    if scope.own is not None and scope.own.case_ids:
        free = sa.and_(free, _outbox.case_id.not_in(scope.own.case_ids[:_MOST_BOUND]))
    of_open = _outbox.case_id.in_(sa.select(_cases.id).where(_cases.state == "open"))
    return sa.and_(_outbox.to_address.in_(tuple(scope.person.addresses)), settled, free, sa.not_(of_open))


def _sent_in(column: "sa.Column[Any]") -> Condition:
    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        return column.in_(sa.select(_outbox.id).where(_outbox.case_id.in_(scope.case_ids))) if scope.case_ids else None

    return rows


def _files_of(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    found = _either(
        _in(writing_schema.files.c.case_id, "case_ids"), _in(writing_schema.files.c.arrival_id, "arrival_ids")
    )
    return found(scope)


def _pieces_of(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
    files = _files_of(scope)
    return (
        None
        if files is None
        else writing_schema.file_pieces.c.file_id.in_(sa.select(writing_schema.files.c.id).where(files))
    )


_BLANK_CASE: Final = {
    "subject": "", "who": "", "why": "", "tenant_id": None, "party": None, "done_reason": None, "tags": None,
    "by_hand": None, "alarm_why_not": None, "erased_at": lambda: datetime.now(UTC),
}  # fmt: skip
_BLANK_CONTACT: Final = {
    "sender_name": "", "sender_address": "", "phone_key": None, "subject": "", "message_id": "", "thread": list,
    "fingerprint": None, "proven": False, "party": None, "tenant_id": None, "dwelling_id": None,
}  # fmt: skip


@dataclass(frozen=True)
class CasesPlace(DataPlace):
    """The cases: kept for the figures of their days without their person, each dwelling under a word of its own."""

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Blank the cases of a scope, those of one dwelling alike: figures count households."""
        homes = connection.execute(
            sa.select(_cases.id, _cases.dwelling_id).where(_cases.id.in_(scope.case_ids), _cases.erased_at.is_(None))
        ).all()
        done = super().erase(connection, scope, prepared)
        words = {row.dwelling_id: f"effacé-{secrets.token_hex(8)}" for row in homes if row.dwelling_id is not None}
        for row in homes:
            mine = sa.update(self.table).where(_cases.id == row.id)
            connection.execute(mine.values(dwelling_id=words.get(row.dwelling_id)))
        return done


@dataclass(frozen=True)
class ArrivalsPlace(DataPlace):
    """The arrivals: kept for the figures under an id that tells nothing."""

    def erase(self, connection: Connection, scope: SubjectScope, prepared: Prepared = None) -> int:
        """Blank the arrivals of a scope."""
        del prepared
        condition = self._condition(scope)
        if condition is None:
            return 0
        own = sa.literal("erased:") + sa.cast(_arrivals.id, sa.Text)
        blank = sa.update(self.table).where(condition).values(external_id=own, envelope=sa.null(), reason=None)
        return connection.execute(blank).rowcount


def _protected_places(scope: SubjectScope) -> "tuple[sa.Select[Any], sa.Select[Any]]":
    """Return who is protected, but for the scope's person, and where these live or lived."""
    entries = schema.register_entries.c
    protected = sa.select(entries.tenant_id).where(entries.kind == EntryKind.PROTECTION.value)
    if scope.person is not None and scope.person.tenants:
        protected = protected.where(entries.tenant_id.not_in(tuple(scope.person.tenants)))
    return protected, sa.select(_LEASES.c.dwelling_id).where(_LEASES.c.tenant_id.in_(protected))


def _of_protected(column: "sa.Column[Any]") -> "Callable[[SubjectScope], sa.ColumnElement[bool]]":
    """Return the condition that a column holds the id of a case of somebody protected, or of their home."""

    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool]":
        protected, homes = _protected_places(scope)
        theirs = sa.or_(_cases.tenant_id.in_(protected), _cases.dwelling_id.in_(homes))
        written = sa.or_(_contacts.tenant_id.in_(protected), _contacts.dwelling_id.in_(homes))
        wrote = sa.select(_contacts.case_id).where(written, _contacts.case_id.is_not(None))
        shielded = sa.select(_cases.id).where(sa.or_(theirs, _cases.id.in_(wrote)))
        return sa.and_(column.is_not(None), column.in_(shielded))

    return rows


def _judged_of_protected(scope: SubjectScope) -> "sa.ColumnElement[bool]":
    protected, homes = _protected_places(scope)
    in_case = _of_protected(_contacts.case_id)(scope)
    written = sa.or_(_contacts.tenant_id.in_(protected), _contacts.dwelling_id.in_(homes), in_case)
    return schema.judgements.c.contact_id.in_(sa.select(_contacts.id).where(written))


_OWN_EVENTS: Final = _either(_in(schema.events.c.case_id, "case_ids"), _in(schema.events.c.arrival_id, "arrival_ids"))

PLACES: list[DataPlace] = [
    # In the order in which rows may go: those that refer to others first.
    DataPlace(
        schema.judgements, "ce qui a été compris de chaque message", _in(schema.judgements.c.contact_id, "contact_ids")
    ),
    DataPlace(
        schema.alarm_labels,
        "ce que les agents ont dit d’une alerte",
        _in(schema.alarm_labels.c.case_id, "case_ids"),
        {"alarm_why_not": None},
        schema.alarm_labels.c.alarm_why_not.is_not(None),
    ),
    EventsPlace(
        schema.events,
        "ce qui s’est passé dans un dossier",
        _OWN_EVENTS,
    ),
    DataPlace(
        writing_schema.outbox_files,
        "les pièces de ce qui a été envoyé",
        _either(
            _sent_in(writing_schema.outbox_files.c.outbox_id),
            _in(writing_schema.outbox_files.c.arrival_id, "arrival_ids"),
        ),
    ),
    DataPlace(
        schema.outbox,
        "les courriels envoyés",
        _either(_in(_outbox.case_id, "case_ids"), _sent_to),
    ),
    DataPlace(writing_schema.file_pieces, "le contenu des pièces jointes par les agents", _pieces_of),
    DataPlace(writing_schema.files, "les pièces jointes par les agents", _files_of),
    DataPlace(writing_schema.drafts, "les brouillons", _in(writing_schema.drafts.c.about, "numbers")),
    DataPlace(writing_schema.writers, "qui est en train d’écrire", _in(writing_schema.writers.c.case_id, "case_ids")),
    DataPlace(system_schema.appointments, "les rendez-vous", _in(system_schema.appointments.c.case_id, "case_ids")),
    DataPlace(
        schema.shared_contacts,
        "les messages classés dans un second dossier",
        _in(schema.shared_contacts.c.case_id, "case_ids"),
    ),
    DataPlace(
        schema.arrival_bodies,
        "les messages tels qu’ils sont arrivés",
        _in(schema.arrival_bodies.c.arrival_id, "arrival_ids"),
    ),
    DataPlace(
        schema.recognitions,
        "le texte reconnu sur les lettres numérisées",
        _in(schema.recognitions.c.arrival_id, "arrival_ids"),
    ),
    DataPlace(
        schema.contacts,
        "qui a écrit ou appelé, quand et comment le joindre",
        _in(_contacts.id, "contact_ids"),
        _BLANK_CONTACT,
    ),
    ArrivalsPlace(
        schema.arrivals,
        "la trace de l’arrivée d’un message",
        _in(_arrivals.id, "arrival_ids"),
        still=_arrivals.external_id.not_like("erased:%"),
    ),
    DataPlace(schema.timers, "les étapes à venir d’un dossier", _in(schema.timers.c.case_id, "case_ids")),
    DataPlace(
        schema.case_links,
        "les liens entre dossiers",
        _either(_in(schema.case_links.c.case_id, "case_ids"), _in(schema.case_links.c.other_id, "case_ids")),
    ),
    CasesPlace(schema.cases, "les dossiers", _in(_cases.id, "case_ids"), _BLANK_CASE, still=_cases.erased_at.is_(None)),
    DataPlace(
        schema.confirmed_contacts,
        "les adresses et numéros confirmés",
        _of_person(
            (schema.confirmed_contacts.c.tenant_id, "tenants"),
            (schema.confirmed_contacts.c.value, "addresses"),
            (schema.confirmed_contacts.c.value, "numbers"),
        ),
        with_case=False,
        identifies=True,
        # An address may be another tenant's entry, too: never to be used for them, confirmed for a couple.
        theirs=_of_person((schema.confirmed_contacts.c.tenant_id, "tenants")),
    ),
    DataPlace(
        schema.register_entries,
        "le registre : souhaits et protections",
        _of_person(
            (schema.register_entries.c.tenant_id, "tenants"),
            (schema.register_entries.c.key, "addresses"),
            (schema.register_entries.c.key, "numbers"),
        ),
        with_case=False,
        identifies=True,
        # An address may be another tenant's entry, too: never to be used for them, confirmed for a couple.
        theirs=_of_person((schema.register_entries.c.tenant_id, "tenants")),
    ),
    DataPlace(
        schema.undeliverable,
        "les adresses qui ne reçoivent plus",
        _of_person((schema.undeliverable.c.address, "addresses")),
        with_case=False,
    ),
    DataPlace(sent_marks, "ce que le journal dit avoir été envoyé", _marks, with_case=False),
    CallLogPlace(system_schema.log_lines, "les lignes du standard en attente", with_case=False),
    DirectoryPlace(
        _LEASES,
        "l’annuaire des locataires et ses versions",
        with_case=False,
        identifies=True,
        covers=(system_schema.directory_contents,),
    ),
    RuleArchivesPlace(system_schema.rule_versions, "les essais de règles tirés d’un dossier", with_case=False),
    TrailPlace(
        system_schema.audit_trail,
        "ce que le personnel a consulté et fait",
        with_case=False,
        columns=("subject", "data"),
        with_names=True,
    ),
    MentionsPlace(
        schema.judgements,
        "ce qui a été compris des messages d’autrui",
        with_case=False,
        columns=("decision", "judgement"),
        own=_in(schema.judgements.c.contact_id, "contact_ids"),
        shielded=_judged_of_protected,
    ),
    MentionsPlace(
        schema.events,
        "ce qui s’est passé dans les dossiers d’autrui",
        with_case=False,
        columns=("data",),
        own=_OWN_EVENTS,
        with_names=True,
        shielded=_of_protected(schema.events.c.case_id),
    ),
    MentionsPlace(
        writing_schema.drafts,
        "les brouillons qui nomment la personne",
        with_case=False,
        columns=("fields",),
        own=_in(writing_schema.drafts.c.about, "numbers"),
        drop=True,
    ),
    MentionsPlace(
        schema.outbox,
        "les autres destinataires d’un envoi",
        with_case=False,
        columns=("also_to", "left_to", "reason"),
        own=_in(_outbox.case_id, "case_ids"),
        shielded=_of_protected(_outbox.case_id),
    ),
]
"""Every table that may hold something of a person who is none of the staff."""


@dataclass(frozen=True, slots=True)
class StaffTable:
    """A table of staff data alone: no tenant's request reaches it, its own age does."""

    table: sa.Table
    holds: str


STAFF: Final = [
    StaffTable(system_schema.accounts, "les comptes du personnel"),
    StaffTable(system_schema.devices, "les navigateurs connus d’un compte"),
    StaffTable(system_schema.second_factors, "le second facteur des comptes"),
    StaffTable(system_schema.recovery_codes, "les codes de secours des comptes"),
    StaffTable(system_schema.account_identities, "les identités des comptes chez le fournisseur d’identité"),
    StaffTable(system_schema.entry_failures, "les mots de passe refusés"),
    StaffTable(system_schema.sessions, "les sessions ouvertes"),
    StaffTable(system_schema.entry_links, "les liens de connexion"),
    StaffTable(
        writing_schema.ended_writings, "les pages dont le texte est parti, pour qu’il ne redevienne pas un brouillon"
    ),
    StaffTable(writing_schema.act_keys, "les actes de la dernière journée, pour qu’aucun ne soit fait deux fois"),
    StaffTable(system_schema.canned_answers, "les réponses types et leurs auteurs"),
    StaffTable(system_schema.directory_versions, "les imports de l’annuaire"),
    StaffTable(imports, "les reprises de boîtes aux lettres"),
    StaffTable(erasures, "les effacements et qui les a faits"),
    *(
        StaffTable(part.table, "les gardiens, leurs affectations et absences")
        for part in system_schema.DIRECTORY_TABLES
        if part.name in ("caretakers", "assignments", "absences")
    ),
]
KEPT_WITH_CASE: Final = {legal_holds.name: "les gels juridiques : ils partent quand le gel est levé"}
"""Tables that no request reaches while their case is kept for a claim."""


def declare(place: DataPlace) -> None:
    """Add a place to the registry, before those that its rows refer to."""
    PLACES.insert(0, place)


def declared() -> frozenset[str]:
    """Return the names of all tables for which this module says what happens to personal data in them."""
    covered = (table.name for place in PLACES for table in (place.table, *place.covers))
    return frozenset({*covered, *(each.table.name for each in STAFF), *KEPT_WITH_CASE})
