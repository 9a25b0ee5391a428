"""A place where a person's data lies: how their rows in it are found, and how they go.

They are deleted, or left empty where the figures of their days still count them: events, cases, arrivals.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.figures.case_facts import READS, whom_was
from dtm_contact.figures.definitions import kept_words
from dtm_contact.privacy.subject import SubjectScope
from dtm_contact.store import schema

Condition = Callable[[SubjectScope], "sa.ColumnElement[bool] | None"]
Prepared = Any
"""What a place has looked up before the transaction that erases, so that this one is short."""

_arrivals, _cases = schema.arrivals.c, schema.cases.c
BLANK_CASE: Final = {
    "subject": "", "who": "", "why": "", "tenant_id": None, "party": None, "done_reason": None, "tags": None,
    "by_hand": None, "alarm_why_not": None, "erased_at": lambda: datetime.now(UTC),
}  # fmt: skip
BLANK_CONTACT: Final = {
    "sender_name": "", "sender_address": "", "phone_key": None, "subject": "", "message_id": "", "thread": list,
    "fingerprint": None, "proven": False, "party": None, "tenant_id": None, "dwelling_id": None,
}  # fmt: skip
_REPORTED: Final = frozenset({"kind", "queue", "priority", "rule", "rules_version"})
"""What the report of the rules reads."""
_CHANGES: Final = frozenset({"changed", "restored"})
"""What an event did to columns: of these only some stay."""
_COUNTED_FIELDS: Final = {"state", "topic", "alarm_level", "priority", "queue", "office_id"}


def nowhere(scope: SubjectScope) -> None:
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
        promised: the copy says that it is counted there: so it is where nothing is found, too.
        not_given: in French, to the person: why they are not given what `withheld` counts.
    """

    table: sa.Table
    holds: str
    rows: Condition = nowhere
    blank: Mapping[str, Any] | None = None
    still: "sa.ColumnElement[bool] | None" = None
    with_case: bool = True
    identifies: bool = False
    covers: tuple[sa.Table, ...] = ()
    theirs: Condition | None = None
    promised: bool = False
    not_given: str = ""

    @property
    def name(self) -> str:
        """The table's name."""
        return self.table.name

    def prepare(self, connection: Connection, scope: SubjectScope) -> Prepared:
        """Look up, in a read transaction, what takes long to find.

        That are the keys of the rows beside a person's cases, which are found by addresses and the like: where no
        index has these, each row of the table is looked at, and nothing comes in meanwhile if that is done in the
        transaction that erases.
        """
        condition = self._condition(scope) if scope.person is not None else None
        if condition is None or self._key is None:
            return None
        return list(connection.execute(sa.select(self._key).where(condition)).scalars())

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
        condition = self._condition(scope)
        if condition is None:
            return 0
        if isinstance(prepared, list) and self._key is not None:
            # What was held or reopened since it was looked up stays.
            condition = sa.and_(self._key.in_(prepared), condition)
        if self.blank is None:
            return connection.execute(self.table.delete().where(condition)).rowcount
        values = {name: value() if callable(value) else value for name, value in self.blank.items()}
        return connection.execute(sa.update(self.table).where(condition).values(values)).rowcount

    def delete(self, connection: Connection, scope: SubjectScope) -> int:
        """Delete the rows of cases that have reached their age; return how many."""
        condition = self.rows(scope) if self.with_case else None
        return 0 if condition is None else connection.execute(self.table.delete().where(condition)).rowcount

    @property
    def _key(self) -> "sa.Column[Any] | None":
        """The column by which a row is known; None where that takes several."""
        columns = list(self.table.primary_key.columns)
        return columns[0] if len(columns) == 1 else None

    def _condition(self, scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        condition = self.rows(scope)
        return condition if condition is None or self.still is None else sa.and_(condition, self.still)


def in_scope(column: "sa.Column[Any]", name: str) -> Condition:
    """Return the condition that a column holds one of a scope's ids of that name."""

    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        ids = getattr(scope, name)
        return column.in_(ids) if ids else None

    return rows


def either(*conditions: Condition) -> Condition:
    """Return the condition that one of some conditions holds."""

    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        found = [each for condition in conditions if (each := condition(scope)) is not None]
        return sa.or_(*found) if found else None

    return rows


def of_person(*columns: "tuple[sa.Column[Any], str]") -> Condition:
    """Return the condition that one of some columns holds something of a scope's person (`tenants`, `addresses`, …)."""

    def rows(scope: SubjectScope) -> "sa.ColumnElement[bool] | None":
        if scope.person is None:
            return None
        found = [column.in_(tuple(values)) for column, name in columns if (values := getattr(scope.person, name))]
        return sa.or_(*found) if found else None

    return rows


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
