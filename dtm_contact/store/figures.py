"""What figures are counted from, what was counted, the cases behind a figure, and what a board on a wall shows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import SPOKEN_CHANNELS, Channel
from dtm_contact.store.cases import CASE_COLUMNS, Case, case_of
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.schema import IS_OPEN, alarm_labels, arrivals, cases, contacts, events
from dtm_contact.store.system_schema import audit_trail, boards, figure_periods, positions

_AT_ONCE = 400
_REPORTED = "figures report"
"""Under which name the positions keep who has the report of the last month."""
_CLOCKS_DIFFER = timedelta(hours=1)
"""Ids grow with the times of what they are of, but for so much between the clocks of several daemons."""


class CaseRow(NamedTuple):
    """What figures look at of a case."""

    id: int
    number: str
    state: str
    office_id: str
    queue: str
    priority: str
    due: datetime
    opened_at: datetime
    closed_at: datetime | None
    topic: str | None
    residence_id: str | None
    dwelling_id: str | None


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


class DangerVerdict(StrEnum):
    """What agents said of an alarm, their last word."""

    DANGER = "danger"
    NO_DANGER = "no danger"
    NONE = "none"


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
class CasesWanted:
    """Which cases are behind a figure.

    Attributes:
        start, end: of the period, aware.
        basis: `opened`, `due`, `cried`, `events` or `open_now`, as the figures' definitions say.
        events: the words of the events that make it.
        office, residence, topic: of these alone; None for all, "" for those without.
        danger: those that are or were an alarm alone.
        priority: P1 alone (True), or all others (False).
        late_at: whose due time was before.
        silent_since: whose last event of an answer was before.
        calls: those that a call opened alone.
        topics: on one of these alone; all where there is none.
        reopening: of the events, those alone that opened a case again.
        verdict: those alone of which an agent's last word on the alarm is that.
    """

    start: datetime
    end: datetime
    basis: str
    events: tuple[str, ...] = ()
    office: str | None = None
    residence: str | None = None
    topic: str | None = None
    danger: bool = False
    priority: bool | None = None
    late_at: datetime | None = None
    silent_since: datetime | None = None
    calls: bool = False
    topics: tuple[str, ...] = ()
    reopening: bool = False
    verdict: DangerVerdict | None = None


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
    """Reads what figures are counted from, in one read transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first_day(self) -> datetime | None:
        """Return when the first case or contact came; None in an empty store."""
        found = [
            self._connection.execute(sa.select(column).order_by(column).limit(1)).scalar()
            for column in (cases.c.opened_at, arrivals.c.received_at)
        ]
        return min((at for at in found if at is not None), default=None)

    def cases_of(self, start: datetime, end: datetime) -> list[int]:
        """Return the ids of the cases that may add something to the days from `start` to `end`, in their order."""
        first = self._first_id(events, events.c.at, start)
        which = (
            sa.select(cases.c.id).where(cases.c.opened_at >= start, cases.c.opened_at < end),
            sa.select(cases.c.id).where(cases.c.due >= start, cases.c.due < end),
            sa.select(cases.c.id).where(IS_OPEN, cases.c.opened_at < end),
            sa.select(events.c.case_id).where(events.c.id >= first, events.c.case_id.is_not(None)),
        )
        found = {number for query in which for number in self._connection.execute(query).scalars()}
        return sorted(found)

    def all_cases(self) -> list[int]:
        """Return the ids of all cases, in their order."""
        return list(self._connection.execute(sa.select(cases.c.id).order_by(cases.c.id)).scalars())

    def chunks(
        self, ids: Sequence[int]
    ) -> Iterator[
        tuple[list[CaseRow], dict[int, list[EventRow]], dict[int, list[ContactRow]], dict[int, list[AlarmLabelRow]]]
    ]:
        """Yield cases with their events, contacts and labels by the cases' ids, some hundred cases at a time."""
        for at in range(0, len(ids), _AT_ONCE):
            some = list(ids[at : at + _AT_ONCE])
            found = [CaseRow._make(row) for row in self._connection.execute(_CASES, {"ids": some})]
            yield (
                found,
                _by_case(EventRow._make(row) for row in self._connection.execute(_EVENTS, {"ids": some})),
                _by_case(ContactRow._make(row) for row in self._connection.execute(_CONTACTS, {"ids": some})),
                _by_case(AlarmLabelRow._make(row) for row in self._connection.execute(_LABELS, {"ids": some})),
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
        first = self._first_id(arrivals, arrivals.c.received_at, start)
        # A switchboard's log may be read long after its calls: those are counted once the day is counted again.
        query = _LONE_CONTACTS.where(contacts.c.arrival_id >= first)
        for row in self._connection.execution_options(yield_per=1000).execute(query):
            contact = ContactRow._make(row)
            if start <= contact.came_at < end:
                yield contact

    def _first_id(self, table: sa.Table, at: sa.Column[datetime], start: datetime) -> int:
        """Return an id before which nothing of a table is of that time or later, by halving."""
        since = start - _CLOCKS_DIFFER
        low, high = 0, self._connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
        while low < high:
            middle = (low + high) // 2
            query = sa.select(table.c.id, at).where(table.c.id > middle).order_by(table.c.id).limit(1)
            row = self._connection.execute(query).first()
            if row is None or row[1] >= since:
                high = middle
            else:
                low = row[0]
        return low


def _by_case(rows: Iterator[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.case_id, []).append(row)
    return found


_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_CASES = sa.select(*(cases.c[name] for name in CaseRow._fields)).where(cases.c.id.in_(_IDS)).order_by(cases.c.id)
_EVENTS = sa.select(*(events.c[name] for name in EventRow._fields)).where(events.c.case_id.in_(_IDS))
_EVENTS = _EVENTS.order_by(events.c.id)
_CAME_AT = sa.case(
    (
        contacts.c.channel.in_(SPOKEN_CHANNELS),
        sa.func.coalesce(contacts.c.at, arrivals.c.received_at, type_=contacts.c.at.type),
    ),
    else_=arrivals.c.received_at,
)
_CONTACT = sa.select(
    *(contacts.c[name] for name in ContactRow._fields if name != "came_at"),
    sa.type_coerce(_CAME_AT, contacts.c.at.type).label("came_at"),
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

    def cases(self, wanted: CasesWanted, limit: int) -> list[Case]:
        """Return the cases behind a figure as they are now, the latest first."""
        query = sa.select(*CASE_COLUMNS).where(*_conditions(wanted)).order_by(cases.c.id.desc()).limit(limit)
        with self._database.reading() as connection:
            return [case_of(row) for row in connection.execute(query)]

    def answered_in_time(self, numbers: Collection[str]) -> frozenset[str]:
        """Return which of some cases had an answer by a person before they were due, by their numbers."""
        found: set[str] = set()
        given = sorted(numbers)
        with self._database.reading() as connection:
            for at in range(0, len(given), _AT_ONCE):
                query = sa.select(cases.c.number).where(
                    cases.c.number.in_(given[at : at + _AT_ONCE]), _ANSWERED_IN_TIME
                )
                found.update(connection.execute(query).scalars())
        return frozenset(found)

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


def _not_undone(event: Any) -> sa.ColumnElement[bool]:
    """Return whether nobody took an event back."""
    undo = events.alias()
    undoes = undo.c.data["undoes"].as_integer() == event.c.id
    taken_back = sa.exists().where(undo.c.case_id == event.c.case_id, undo.c.what == "undone", undoes)
    return sa.not_(taken_back.correlate(event))


def _opens(event: Any) -> sa.ColumnElement[bool]:
    return sa.or_(event.c.what == "reopened", event.c.data["state"].as_string() == "open")


def _happened(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return whether an event of a case, that nobody took back, is so."""
    return sa.exists().where(events.c.case_id == cases.c.id, *which, _not_undone(events)).correlate(cases)


_IS_CRY = sa.and_(
    events.c.what.not_in(("danger", "priority")),
    sa.or_(
        events.c.data["alarm"].as_string() == "certain",
        events.c.data[("changed", "alarm_level", 1)].as_string() == "certain",
    ),
)
_IS_ANSWER = sa.or_(
    events.c.what.in_(("replied", "spoken", "done")),
    sa.and_(events.c.what != "merged", events.c.data[("changed", "state", 1)].as_string() == "closed"),
    sa.and_(
        events.c.what == "answered",
        sa.or_(cases.c.priority != "P1", events.c.data["in_sent_folder"].as_boolean()),
    ),
)
_again = events.alias()
_BEGUN = sa.func.coalesce(
    sa.select(sa.func.max(_again.c.at))
    .where(_again.c.case_id == cases.c.id, _opens(_again), _again.c.at <= cases.c.due, _not_undone(_again))
    .correlate(cases)
    .scalar_subquery(),
    cases.c.opened_at,
    type_=cases.c.opened_at.type,
)
_ANSWERED_IN_TIME = _happened(_IS_ANSWER, events.c.at <= cases.c.due, events.c.at >= _BEGUN)
_LAST_VERDICT = (
    sa.select(alarm_labels.c.danger)
    .where(alarm_labels.c.case_id == cases.c.id)
    .order_by(alarm_labels.c.id.desc())
    .limit(1)
    .correlate(cases)
    .scalar_subquery()
)
_VERDICTS = {
    None: sa.true(),
    DangerVerdict.DANGER: _LAST_VERDICT.is_(True),
    DangerVerdict.NO_DANGER: _LAST_VERDICT.is_(False),
    DangerVerdict.NONE: _LAST_VERDICT.is_(None),
}


def _conditions(wanted: CasesWanted) -> Iterator[sa.ColumnElement[bool]]:
    match wanted.basis:
        case "opened":
            yield cases.c.opened_at >= wanted.start
            yield cases.c.opened_at < wanted.end
        case "due":
            yield cases.c.due >= wanted.start
            yield cases.c.due < wanted.end
            # What was merged into another before it was due counts only where it had been answered.
            yield sa.or_(sa.not_(_happened(events.c.what == "merged", events.c.at <= cases.c.due)), _ANSWERED_IN_TIME)
        case "cried":
            yield _happened(_IS_CRY, events.c.at >= wanted.start, events.c.at < wanted.end)
            yield sa.not_(_happened(_IS_CRY, events.c.at < wanted.start))
            yield _VERDICTS[wanted.verdict]
        case "open_now":
            yield IS_OPEN
        case _:
            happened = sa.select(events.c.case_id).where(
                events.c.what.in_(wanted.events), events.c.at >= wanted.start, events.c.at < wanted.end
            )
            if wanted.reopening:
                happened = happened.where(_opens(events))
            yield cases.c.id.in_(happened)
    yield from _narrowing(wanted)


def _narrowing(wanted: CasesWanted) -> Iterator[sa.ColumnElement[bool]]:
    for column, value in (
        (cases.c.office_id, wanted.office),
        (cases.c.residence_id, wanted.residence),
        (cases.c.topic, wanted.topic),
    ):
        if value is not None:
            yield column == value if value else column.is_(None)
    if wanted.calls:
        yield cases.c.channel.in_(SPOKEN_CHANNELS)
    if wanted.topics:
        yield cases.c.topic.in_(wanted.topics)
    if wanted.danger:
        labelled = sa.select(alarm_labels.c.case_id)
        yield sa.or_(sa.type_coerce(cases.c.alarm_level, sa.SmallInteger) == 0, cases.c.id.in_(labelled))
    if wanted.priority is not None:
        yield (cases.c.priority == "P1") if wanted.priority else (cases.c.priority != "P1")
    if wanted.late_at is not None:
        yield cases.c.due < wanted.late_at
    if wanted.silent_since is not None:
        yield cases.c.opened_at < wanted.silent_since
        heard = sa.exists().where(
            events.c.case_id == cases.c.id,
            events.c.what.in_(("replied", "answered", "spoken")),
            events.c.at >= wanted.silent_since,
        )
        yield sa.not_(heard)
