"""What figures are counted from, what was counted, and what a board on a wall shows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Channel
from dtm_contact.store.cases import CASE_COLUMNS, Case, case_of
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.figure_cases import CAME_AT, CallsOver, CaseSearch, calls_over
from dtm_contact.store.schema import IS_OPEN, alarm_labels, arrivals, cases, contacts, events
from dtm_contact.store.system_schema import audit_trail, boards, figure_periods, positions

_AT_ONCE = 400
_REPORTED = "figures report"
"""Under which name the positions keep who has the report of the last month."""


class CaseRow(NamedTuple):
    """What figures look at of a case."""

    id: int
    number: str
    state: str
    office_id: str
    queue: str
    channel: Channel
    priority: str
    due: datetime
    opened_at: datetime
    closed_at: datetime | None
    topic: str | None
    residence_id: str | None
    dwelling_id: str | None
    tenant_id: str | None


class EventRow(NamedTuple):
    """One event of a case."""

    id: int
    case_id: int
    arrival_id: int | None
    at: datetime
    who: str
    what: str
    data: dict[str, Any]


class ContactRow(NamedTuple):
    """One contact; `came_at`: when its call began, or it was received."""

    case_id: int | None
    arrival_id: int
    channel: Channel
    kind: str
    outcome: str | None
    topic: str | None
    residence_id: str | None
    came_at: datetime


class AlarmLabelRow(NamedTuple):
    """What an agent said of an alarm."""

    case_id: int
    at: datetime
    danger: bool


class Period(NamedTuple):
    """What was counted of a day, a week or a month, packed; `definitions`, of a day: the digest of each measure's."""

    grain: str
    first_day: date
    counted_at: datetime
    keys: list[list[str]]
    measures: list[str]
    cells: bytes
    definitions: str | None = None


@dataclass(frozen=True, slots=True)
class QueueOnBoard:
    """What a board shows of a queue: open cases, those past due, P1 and those nobody has taken, call-backs."""

    queue: str
    open: int
    late: int
    danger: int
    danger_free: int
    calls: int


class FigureRows:
    """Reads what figures are counted from, in one read transaction.

    Attributes:
        search: looks for the cases behind a figure.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.search = CaseSearch(connection)

    def first_day(self) -> datetime | None:
        """Return when the first case or contact came; None in an empty store."""
        found = [
            self._connection.execute(sa.select(column).order_by(column).limit(1)).scalar()
            for column in (cases.c.opened_at, arrivals.c.received_at)
        ]
        return min((at for at in found if at is not None), default=None)

    def cases_of(
        self, start: datetime, end: datetime, called: Sequence[CallsOver], outcomes: Sequence[str]
    ) -> list[int]:
        """Return the ids of the cases that may add something to the days from `start` to `end`, in their order.

        Args:
            start: of the first day.
            end: of the last day.
            called: when the calls came that had to be called back in those days.
            outcomes: what became of those calls.
        """
        first = self.search.first_id(events, events.c.at, start)
        which = (
            sa.select(cases.c.id).where(cases.c.opened_at >= start, cases.c.opened_at < end),
            sa.select(cases.c.id).where(cases.c.due >= start, cases.c.due < end),
            sa.select(cases.c.id).where(IS_OPEN, cases.c.opened_at < end),
            sa.select(events.c.case_id).where(events.c.id >= first, events.c.case_id.is_not(None)),
            calls_over(called, outcomes),
        )
        found = {number for query in which for number in self._connection.execute(query).scalars()}
        return sorted(found)

    def all_cases(self) -> list[int]:
        """Return the ids of all cases, in their order."""
        return list(self._connection.execute(sa.select(cases.c.id).order_by(cases.c.id)).scalars())

    def cases(self, ids: Sequence[int]) -> dict[int, Case]:
        """Return cases as they are now, by their ids."""
        found: dict[int, Case] = {}
        for at in range(0, len(ids), _AT_ONCE):
            query = sa.select(cases.c.id, *CASE_COLUMNS).where(cases.c.id.in_(ids[at : at + _AT_ONCE]))
            found |= {row.id: case_of(row[1:]) for row in self._connection.execute(query)}
        return found

    def chunks(
        self, ids: Sequence[int], *, contacts: bool = True, alarms: bool = True
    ) -> Iterator[
        tuple[list[CaseRow], dict[int, list[EventRow]], dict[int, list[ContactRow]], dict[int, list[AlarmLabelRow]]]
    ]:
        """Yield cases with their events, contacts and labels by the cases' ids, some hundred cases at a time.

        Without contacts, or labels, where those are not asked for.
        """
        for at in range(0, len(ids), _AT_ONCE):
            some = list(ids[at : at + _AT_ONCE])
            found = [CaseRow._make(row) for row in self._connection.execute(_CASES, {"ids": some})]
            came = self._connection.execute(_CONTACTS, {"ids": some}) if contacts else ()
            said = self._connection.execute(_LABELS, {"ids": some}) if alarms else ()
            yield (
                found,
                _by_case(EventRow._make(row) for row in self._connection.execute(_EVENTS, {"ids": some})),
                _by_case(map(ContactRow._make, came)),
                _by_case(map(AlarmLabelRow._make, said)),
            )

    def read_at(self, numbers: Collection[str]) -> dict[str, list[datetime]]:
        """Return when cases were read at the desk, by their numbers."""
        found: dict[str, list[datetime]] = {}
        if numbers:
            for subject, at in self._connection.execute(_READ, {"numbers": sorted(numbers)}):
                found.setdefault(subject, []).append(at)
        return found

    def contacts_without_case(self, start: datetime, end: datetime) -> Iterator[ContactRow]:
        """Yield the contacts of no case that came from `start` to `end`."""
        first = self.search.first_id(arrivals, arrivals.c.received_at, start)
        # A switchboard's log may be read long after its calls: those are counted once the day is counted again.
        query = _LONE_CONTACTS.where(contacts.c.arrival_id >= first)
        for row in self._connection.execution_options(yield_per=1000).execute(query):
            contact = ContactRow._make(row)
            if start <= contact.came_at < end:
                yield contact


def _by_case(rows: Iterator[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_CASES = sa.select(*(cases.c[name] for name in CaseRow._fields)).where(cases.c.id.in_(_IDS)).order_by(cases.c.id)
_EVENTS = sa.select(*(events.c[name] for name in EventRow._fields)).where(events.c.case_id.in_(_IDS))
_EVENTS = _EVENTS.order_by(events.c.id)
_CONTACT = sa.select(
    *(contacts.c[name] for name in ContactRow._fields if name != "came_at"),
    sa.type_coerce(CAME_AT, contacts.c.at.type).label("came_at"),
).join(arrivals, arrivals.c.id == contacts.c.arrival_id)
_CONTACTS = _CONTACT.where(contacts.c.case_id.in_(_IDS)).order_by(contacts.c.id)
_LONE_CONTACTS = _CONTACT.where(contacts.c.case_id.is_(None)).order_by(contacts.c.arrival_id)
_LABELS = (
    sa.select(*(alarm_labels.c[name] for name in AlarmLabelRow._fields))
    .where(alarm_labels.c.case_id.in_(_IDS))
    .order_by(alarm_labels.c.id)
)
_READ = (
    sa.select(audit_trail.c.subject, audit_trail.c.at)
    .where(audit_trail.c.subject.in_(sa.bindparam("numbers", expanding=True)), audit_trail.c.what == "read")
    .order_by(audit_trail.c.id)
)


class StoredFigures:
    """What was counted, and the boards, of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, periods: Collection[Period]) -> None:
        """Keep what was counted of some periods, in place of what was counted of them before."""
        with self._database.writing() as connection:
            insert = insert_of(connection)(figure_periods)
            new = {name: insert.excluded[name] for name in ("counted_at", "keys", "measures", "cells", "definitions")}
            statement = insert.on_conflict_do_update(index_elements=["grain", "first_day"], set_=new)
            for period in periods:
                connection.execute(statement, period._asdict())

    def periods(self, grain: str, first: date, last: date) -> list[Period]:
        """Return what was counted of the periods that begin from one day to another, in their order."""
        table = figure_periods.c
        query = sa.select(*figure_periods.c).where(table.grain == grain, table.first_day.between(first, last))
        with self._database.reading() as connection:
            return [Period._make(row) for row in connection.execute(query.order_by(table.first_day))]

    def versions(self, grain: str, first: date, last: date) -> dict[date, datetime]:
        """Return when the periods that begin from one day to another were counted last, by their first days."""
        table = figure_periods.c
        query = sa.select(table.first_day, table.counted_at).where(
            table.grain == grain, table.first_day.between(first, last)
        )
        with self._database.reading() as connection:
            return {row.first_day: row.counted_at for row in connection.execute(query)}

    def counted_days(self) -> tuple[date, date] | None:
        """Return the first and the last day that was counted; None where none was."""
        query = sa.select(sa.func.min(figure_periods.c.first_day), sa.func.max(figure_periods.c.first_day))
        with self._database.reading() as connection:
            first, last = connection.execute(query.where(figure_periods.c.grain == "day")).one()
        return None if first is None else (first, last)

    def days_counted_otherwise(self, definitions: str, limit: int) -> list[date]:
        """Return the days that were counted by other definitions than these, the latest first.

        Args:
            definitions: the digest of each measure's definition, as `Period` has them.
            limit: how many at the most.
        """
        table = figure_periods.c
        other = sa.or_(table.definitions.is_(None), table.definitions != definitions)
        query = sa.select(table.first_day).where(table.grain == "day", other).order_by(table.first_day.desc())
        with self._database.reading() as connection:
            return list(connection.execute(query.limit(limit)).scalars())

    def forget(self) -> None:
        """Forget all that was counted."""
        with self._database.writing() as connection:
            connection.execute(figure_periods.delete())

    def reported(self, month: date) -> frozenset[str]:
        """Return the digests of the addresses that have the report of a month, by its first day."""
        query = sa.select(positions.c.place).where(positions.c.channel == _REPORTED)
        with self._database.reading() as connection:
            of, *digests = (connection.execute(query).scalar_one_or_none() or "-").split()
        return frozenset(digests) if of == month.isoformat() else frozenset()

    def keep_reported(self, month: date, digest: str) -> None:
        """Keep that an address, by its digest, has the report of a month, or cannot have it."""
        place = " ".join([month.isoformat(), *sorted(self.reported(month) | {digest})])
        with self._database.writing() as connection:
            insert = insert_of(connection)(positions).values(channel=_REPORTED, place=place)
            connection.execute(
                insert.on_conflict_do_update(index_elements=["channel"], set_={"place": insert.excluded.place})
            )

    def add_board(self, name: str, digest: str, now: datetime) -> bool:
        """Make the address of a board; return whether its name was free."""
        with self._database.writing() as connection:
            insert = insert_of(connection)(boards).values(digest=digest, name=name, made_at=now)
            new = insert.on_conflict_do_nothing().returning(boards.c.digest)
            return connection.execute(new).one_or_none() is not None

    def revoke_board(self, name: str) -> bool:
        """Let the address of a board show nothing any more; return whether there was one of that name."""
        with self._database.writing() as connection:
            return connection.execute(boards.delete().where(boards.c.name == name)).rowcount > 0

    def has_board(self, digest: str) -> bool:
        """Return whether there is a board of that digest."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(boards.c.name).where(boards.c.digest == digest)).first() is not None

    def boards(self) -> list[tuple[str, datetime]]:
        """Return the names of the boards, and when each was made."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(boards.c.name, boards.c.made_at).order_by(boards.c.name))
            return [(row.name, row.made_at) for row in rows]

    def on_board(self, now: datetime) -> list[QueueOnBoard]:
        """Return what a board shows of each queue that has open cases."""
        urgent = cases.c.priority == "P1"
        counted = (
            sa.select(cases.c.queue, sa.func.count(), sa.func.count().filter(cases.c.due < now))
            .add_columns(sa.func.count().filter(urgent), sa.func.count().filter(urgent, cases.c.owner.is_(None)))
            .add_columns(sa.func.count().filter(cases.c.party.is_not(None)))
            .where(IS_OPEN)
            .group_by(cases.c.queue)
            .order_by(cases.c.queue)
        )
        with self._database.reading() as connection:
            return [QueueOnBoard(*row) for row in connection.execute(counted)]
