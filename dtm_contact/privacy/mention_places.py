"""Other people's rows that may name a person, and the audit trail: the name goes, the row stays.

What is found so is told to the person as a number alone, but for what would tell of somebody's protection.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import EntryKind
from dtm_contact.privacy.data_place import Condition, DataPlace, Prepared, nowhere
from dtm_contact.privacy.disclosed import looks_at
from dtm_contact.privacy.subject import SubjectScope, named_in, slices
from dtm_contact.store import schema, system_schema

ERASED: Final = "[effacé]"
"""What stands in place of a person's data within a text of somebody else's."""
_DWELLING: Final = "dwelling"
_LEASES: Final = next(part.table for part in system_schema.DIRECTORY_TABLES if part.name == "leases")
_OF_OTHERS: Final = "vous y êtes cité, mais ce sont les demandes d’autres personnes (RGPD, art. 15(4))"
_contacts, _cases = schema.contacts.c, schema.cases.c


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
    own: Condition = nowhere
    with_names: bool = False
    drop: bool = False
    shielded: Condition = nowhere
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


def of_protected(column: "sa.Column[Any]") -> "Callable[[SubjectScope], sa.ColumnElement[bool]]":
    """Return the condition that a column holds the id of a case of somebody protected, or of their home."""

    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool]":
        protected, homes = _protected_places(scope)
        theirs = sa.or_(_cases.tenant_id.in_(protected), _cases.dwelling_id.in_(homes))
        written = sa.or_(_contacts.tenant_id.in_(protected), _contacts.dwelling_id.in_(homes))
        wrote = sa.select(_contacts.case_id).where(written, _contacts.case_id.is_not(None))
        shielded = sa.select(_cases.id).where(sa.or_(theirs, _cases.id.in_(wrote)))
        return sa.and_(column.is_not(None), column.in_(shielded))

    return rows


def judged_of_protected(scope: SubjectScope) -> "sa.ColumnElement[bool]":
    """Return the condition that a judgement is of what somebody protected wrote, or of their home or case."""
    protected, homes = _protected_places(scope)
    in_case = of_protected(_contacts.case_id)(scope)
    written = sa.or_(_contacts.tenant_id.in_(protected), _contacts.dwelling_id.in_(homes), in_case)
    return schema.judgements.c.contact_id.in_(sa.select(_contacts.id).where(written))


def _protected_places(scope: SubjectScope) -> "tuple[sa.Select[Any], sa.Select[Any]]":
    """Return who is protected, but for the scope's person, and where these live or lived."""
    entries = schema.register_entries.c
    protected = sa.select(entries.tenant_id).where(entries.kind == EntryKind.PROTECTION.value)
    if scope.person is not None and scope.person.tenants:
        protected = protected.where(entries.tenant_id.not_in(tuple(scope.person.tenants)))
    return protected, sa.select(_LEASES.c.dwelling_id).where(_LEASES.c.tenant_id.in_(protected))
