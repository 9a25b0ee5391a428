"""What figures are counted from, what was counted, the cases behind a figure, and what a board on a wall shows."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import SPOKEN_CHANNELS, Channel
from dtm_contact.store.cases import CASE_COLUMNS, Case, case_of
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.schema import EVENTS_BY_DATA, IS_OPEN, alarm_labels, arrivals, cases, contacts, events
from dtm_contact.store.system_schema import audit_trail, boards, figure_periods, positions

_AT_ONCE = 400
_FEW = 20_000
"""Rows of which those that are wanted are sorted out at once."""
_FEW_SAID = 3_000
"""The same of events whose data are read for it."""
_NEAR = 100
"""So many ids more or less are no matter where ids are looked for by their time."""
_FEW_RECEIVED = 150_000
"""The same of what was received: those of a month, of which many more cases would be asked that were opened since."""
_DAY = timedelta(days=1)
_ANSWERS = ("replied", "answered", "spoken")
"""Events by which a person answers, but for closings."""
_REPORTED = "figures report"
"""Under which name the positions keep who has the report of the last month."""
_CLOCKS_DIFFER = timedelta(hours=1)
"""Ids grow with the times of what they are of, but for so much between the clocks of several daemons."""
_OPENED_LATE = timedelta(days=100)
"""No case is opened so long after what came: what was set aside is kept for less."""


_Ids = sa.Select[Any] | sa.CompoundSelect[Any]
"""A query for the ids of cases."""


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


class HomeRow(NamedTuple):
    """Of a case when it was opened, where, and on what; and what has become of it."""

    id: int
    state: str
    opened_at: datetime
    residence_id: str
    dwelling_id: str
    topic: str


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
class CasesWanted:
    """Among which cases those behind a figure are looked for: all of them are there, and others.

    Attributes:
        start, end: of the period, aware.
        basis: by what they are found, as the figures' definitions say.
        events: the words of the events that make it.
        outcomes: of the calls that make it.
        urgent: P1 alone, or all but those; None for all.
        answered: of what is open at the end, what a person has answered alone, or what nobody has; None for all.
        silent_since: of what is open at the end, what nobody has answered since then alone; None for all.
        office: that lie or lay there alone; None for all.
        residence, topic: of these alone; None for all, "" for those without.
        topics: on one of these alone; all where there is none.
        former_topic: of events, those that changed this topic alone, or none; None for all.
        is_first: of events that answer, those of cases that nobody had answered before the period alone.
        oldest_first: in which order.
        after: the case, by its id, after which to begin in that order; None at its head.
    """

    start: datetime
    end: datetime
    basis: str
    events: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    urgent: bool | None = None
    answered: bool | None = None
    silent_since: datetime | None = None
    office: str | None = None
    residence: str | None = None
    topic: str | None = None
    topics: tuple[str, ...] = ()
    former_topic: str | None = None
    is_first: bool = False
    oldest_first: bool = False
    after: int | None = None


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
        self._first_ids: dict[tuple[str, datetime], tuple[int, int]] = {}
        self._known_few: dict[CasesWanted, _Ids | Sequence[int] | None] = {}

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

    def among(self, wanted: CasesWanted, limit: int) -> list[int]:
        """Return the ids of some cases among which those behind a figure are, in the order that is asked for.

        Where few rows tell which they are, those are read and put in order; else cases are read in their order, each
        asked whether it is one, until there are enough.
        """
        found: list[int] = []
        follows = () if wanted.after is None else (self._follows(wanted.after, oldest_first=wanted.oldest_first),)
        order = [column.asc() if wanted.oldest_first else column.desc() for column in (cases.c.opened_at, cases.c.id)]
        for part in self._parts(wanted):
            query = sa.select(cases.c.id).where(*part, *follows).order_by(*order).limit(limit - len(found))
            found += self._connection.execute(query).scalars()
            if len(found) == limit:
                break
        return found

    def _parts(self, wanted: CasesWanted) -> Iterator[Sequence[sa.ColumnElement[bool]]]:
        """Yield by what the cases are known, in parts that follow each other in the order that is asked for."""
        if wanted.basis in _OF_CONTACTS:
            yield from self._parts_of_contacts(wanted)
        else:
            few = self._few(wanted)
            if few != []:
                yield tuple(self._conditions(wanted, few))

    def _parts_of_contacts(self, wanted: CasesWanted) -> Iterator[Sequence[sa.ColumnElement[bool]]]:
        """Yield by what cases are known in which contacts of the period lie: those opened after it, in it, before it.

        Of those opened in it most are, so that each is asked. Of all others few are: their contacts tell which, by
        ids of cases, since those grow with the time.
        """
        start, end, place = wanted.start, wanted.end, tuple(_place_of(wanted, self._dialect))
        # Contacts are read as they were received, and not by their cases.
        opened_at, of_case, received_at = cases.c.opened_at, contacts.c.case_id + 0, arrivals.c.received_at
        first, last = self._first_id(arrivals, received_at, start), self._last_id(arrivals, received_at, end + _DAY)
        came = _of_case(_came(wanted), contacts.c.case_id)
        begun = wanted.end if wanted.after is None else self.opened_at(wanted.after)
        if begun is not None and begun >= end:
            opened = self._first_id(cases, opened_at, end), self._last_id(cases, opened_at, end + _OPENED_LATE)
            late = self._of_received(wanted, first, last, of_case.between(opened[0] + 1, opened[1]))
            if late is None:
                # Of so many it is less work to look at all contacts of the cases that were opened since.
                is_late = contacts.c.case_id.between(opened[0] + 1, opened[1])
                received = sa.select(contacts.c.case_id).where(is_late, contacts.c.arrival_id + 0 <= last)
                late = sa.union_all(received, *(query.where(is_late) for query in _calls(wanted)))
            yield cases.c.id.in_(late), opened_at >= end, opened_at < end + _OPENED_LATE, *place, came
        yield opened_at >= start, opened_at < end, *place, came
        early = self._of_received(wanted, first, last, of_case <= self._last_id(cases, opened_at, start))
        yield *(() if early is None else (cases.c.id.in_(early),)), opened_at < start, *place, came

    def _of_received(self, wanted: CasesWanted, first: int, last: int, of_cases: sa.ColumnElement[bool]) -> _Ids | None:
        """Return the query for the ids of some cases in which something that was received lies; None for too many.

        Args:
            wanted: what is looked for.
            first: the id from which on something was received in the period.
            last: the id up to which it was.
            of_cases: which cases are asked for.
        """
        calls = [query.where(of_cases) for query in _calls(wanted)]
        if wanted.basis != "contacts":
            return sa.union_all(*calls)
        if last - first > _FEW_RECEIVED:
            return None
        # A call is no message: its log may be read, and it be received, long after it.
        received = contacts.c.arrival_id.between(first, last), contacts.c.case_id.is_not(None), of_cases
        return sa.union_all(sa.select(contacts.c.case_id).where(*received), *calls)

    def _follows(self, after: int, *, oldest_first: bool) -> sa.ColumnElement[bool]:
        opened_at = self.opened_at(after)
        if opened_at is None:
            return sa.false()
        at_once = sa.and_(cases.c.opened_at == opened_at, cases.c.id > after if oldest_first else cases.c.id < after)
        is_other = cases.c.opened_at > opened_at if oldest_first else cases.c.opened_at < opened_at
        # Said once more without the moment itself, so that the index begins there.
        begins = cases.c.opened_at >= opened_at if oldest_first else cases.c.opened_at <= opened_at
        return sa.and_(begins, sa.or_(is_other, at_once))

    def _conditions(self, wanted: CasesWanted, few: _Ids | Sequence[int] | None) -> Iterator[sa.ColumnElement[bool]]:
        start, end = wanted.start, wanted.end
        if few is not None:
            yield cases.c.id.in_(few)
        match wanted.basis:
            case "opened":
                yield cases.c.opened_at >= start
                yield cases.c.opened_at < end
            case "due":
                yield cases.c.opened_at < end
                yield _DUE.between(start, end)
            case "open":
                yield from self._open(wanted)
            case "events" if few is None:
                yield cases.c.opened_at < end + _CLOCKS_DIFFER
                yield _of_case(_happened(wanted, _WHAT))
            case said if said in _BY_DATA and few is None:
                yield cases.c.opened_at < end + _CLOCKS_DIFFER
                yield _of_case(self._said(wanted))
            case _:
                pass
        yield from _place_of(wanted, self._dialect)
        if wanted.is_first:
            # What came before the case was opened is no answer to it.
            yield sa.or_(sa.not_(_answers(start, cases.c.opened_at)), _taken_back())

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _few(self, wanted: CasesWanted) -> _Ids | Sequence[int] | None:
        """Return the ids of the cases that something of the period makes; None where that is much."""
        key = replace(wanted, after=None)
        if key not in self._known_few:
            self._known_few[key] = self._few_of(wanted)
        return self._known_few[key]

    def _few_of(self, wanted: CasesWanted) -> _Ids | Sequence[int] | None:
        start, end = wanted.start, wanted.end
        match wanted.basis:
            case "opened" | "due" | "open":
                return None
            case "labelled":
                labelled = alarm_labels.c.at >= start, alarm_labels.c.at < end
                return sa.select(alarm_labels.c.case_id).where(*labelled)
            case "events":
                found: _Ids = _happened(wanted)
            case _:
                found = self._said(wanted)
        if wanted.basis in _BY_DATA:
            # What was read for it is not read again to be counted.
            said = list(self._connection.execute(found.limit(_FEW_SAID + 1)).scalars())
            return said if len(said) <= _FEW_SAID else None
        counted = sa.select(sa.func.count()).select_from(found.limit(_FEW + 1).subquery())
        return found if self._connection.execute(counted).scalar_one() <= _FEW else None

    def _said(self, wanted: CasesWanted) -> sa.Select[Any]:
        """Return the query for the events of the period that make it by what they say, by their cases."""
        found = _by_data(_BY_DATA[wanted.basis], self._dialect)
        if wanted.office is not None and wanted.basis in _SIDES:
            found = found.where(_gave(wanted.office, _SIDES[wanted.basis]))
        return found.where(events.c.at >= wanted.start, events.c.at < wanted.end)

    def _open(self, wanted: CasesWanted) -> Iterator[sa.ColumnElement[bool]]:
        """Yield by what cases are known that were open at the end: some of them were answered after all."""
        end = wanted.end
        yield cases.c.opened_at < end
        yield sa.or_(IS_OPEN, cases.c.closed_at >= end - timedelta(microseconds=1))
        answered = _answers(wanted.end)
        if wanted.answered:
            yield answered
        if wanted.answered is False:
            # What was answered may have been opened again since, or the answer taken back.
            yield cases.c.due < end
            yield sa.or_(sa.not_(answered), _of_case(_by_data("openings", self._dialect)), _taken_back())
        if wanted.silent_since is not None:
            yield cases.c.opened_at < wanted.silent_since
            yield sa.or_(sa.not_(_answers(end, wanted.silent_since)), _taken_back())

    def homes_of(self, wanted: CasesWanted) -> list[HomeRow]:
        """Return of such cases whose residence and dwelling are known what tells which of them are one incident."""
        known = cases.c.residence_id.is_not(None), cases.c.dwelling_id.is_not(None), cases.c.topic.is_not(None)
        query = sa.select(*(cases.c[name] for name in HomeRow._fields)).where(*self._conditions(wanted, None), *known)
        return [HomeRow._make(row) for row in self._connection.execute(query)]

    def opened_at(self, case_id: int) -> datetime | None:
        """Return when a case was opened; None where there is none."""
        return self._connection.execute(sa.select(cases.c.opened_at).where(cases.c.id == case_id)).scalar_one_or_none()

    def opened_again_since(self, moment: datetime) -> frozenset[int]:
        """Return the ids of the cases that were opened again after a moment."""
        query = _by_data("openings", self._dialect).where(events.c.at > moment)
        return frozenset(self._connection.execute(query).scalars())

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
        first = self._first_id(arrivals, arrivals.c.received_at, start)
        # A switchboard's log may be read long after its calls: those are counted once the day is counted again.
        query = _LONE_CONTACTS.where(contacts.c.arrival_id >= first)
        for row in self._connection.execution_options(yield_per=1000).execute(query):
            contact = ContactRow._make(row)
            if start <= contact.came_at < end:
                yield contact

    def _first_id(self, table: sa.Table, at: sa.Column[datetime], start: datetime) -> int:
        """Return an id before which nothing of a table is of that time or later."""
        return self._ids_at(table, at, start)[0]

    def _last_id(self, table: sa.Table, at: sa.Column[datetime], end: datetime) -> int:
        """Return an id after which nothing of a table is of a time before that."""
        return self._ids_at(table, at, end + 2 * _CLOCKS_DIFFER)[1]

    def _ids_at(self, table: sa.Table, at: sa.Column[datetime], start: datetime) -> tuple[int, int]:
        """Return between which ids those of a table begin to be of a time, by halving, as near as is worth a query."""
        since = start - _CLOCKS_DIFFER
        if (found := self._first_ids.get((table.name, since))) is not None:
            return found
        low, high = 0, self._connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
        while high - low > _NEAR:
            middle = (low + high) // 2
            query = sa.select(table.c.id, at).where(table.c.id > middle).order_by(table.c.id).limit(1)
            row = self._connection.execute(query).first()
            if row is None or row[1] >= since:
                high = middle
            else:
                low = row[0]
        self._first_ids[table.name, since] = low, high
        return low, high


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


_WHAT = events.c.what.concat("")
"""The word of an event where it is looked for among those of one case: SQLite, which does not know how few those are,
would look among all events of that word."""
_DUE = sa.func.coalesce(cases.c.due, cases.c.due)
"""When a case is due, where cases are not to be read in the order of that."""
_BY_DATA = {"cried": "cries", "moved_from": "moves", "moved_to": "moves", "reopened": "openings"}
"""Which events are looked for by their data, by the basis."""

_OF_CONTACTS = frozenset({"contacts", "unserved"})
_SIDES = {"moved_from": 0, "moved_to": 1}
"""Which of the offices that an event names the case is listed at."""


def _by_data(name: str, dialect: str) -> sa.Select[Any]:
    """Return the query for the few events that are looked for by their data, by their cases."""
    said = sa.text(f"({EVENTS_BY_DATA[name][dialect]})")
    return sa.select(events.c.case_id).where(said, events.c.case_id.is_not(None))


def _gave(office: str, *sides: int) -> sa.ColumnElement[bool]:
    """Return the condition that an event gave a case from an office (side 0), or to it (1)."""
    said = [events.c.data[(name, "office_id", side)] for name in ("changed", "restored") for side in sides]
    return sa.or_(*(each.as_string() == office for each in said))


def _of_case(found: sa.Select[Any], of: sa.Column[Any] = events.c.case_id) -> sa.ColumnElement[bool]:
    """Return the condition that a row of a query is of the case."""
    return sa.exists(found.where(of == cases.c.id).correlate(cases))


def _answers(before: datetime, since: datetime | sa.Column[datetime] | None = None) -> sa.ColumnElement[bool]:
    """Return the condition that a person answered the case; of a P1, an agent's own message may be no answer."""
    found = sa.select(events.c.id).where(_WHAT.in_(_ANSWERS), events.c.at < before)
    found = found.where(sa.or_(_WHAT != "answered", cases.c.priority != "P1"))
    return _of_case(found if since is None else found.where(events.c.at >= since))


def _taken_back() -> sa.ColumnElement[bool]:
    """Return the condition that something of the case was taken back."""
    return _of_case(sa.select(events.c.id).where(_WHAT == "undone"))


def _happened(wanted: CasesWanted, what: sa.ColumnElement[str] = events.c.what) -> sa.Select[Any]:
    """Return the query for the events of the period that make it, by their cases."""
    of_period = events.c.at >= wanted.start, events.c.at < wanted.end, events.c.case_id.is_not(None)
    found = sa.select(events.c.case_id).where(what.in_(wanted.events), *of_period)
    if wanted.former_topic is None:
        return found
    changed, former = (events.c.data[path].as_string() for path in (("changed", "topic"), ("changed", "topic", 0)))
    was = former == wanted.former_topic if wanted.former_topic else former.is_(None)
    return found.where(sa.or_(changed.is_(None), was))


def _calls(wanted: CasesWanted) -> Iterator[sa.Select[Any]]:
    """Yield the queries for the calls of the period that make it, by their cases; and for those of no known time."""
    query = sa.select(contacts.c.case_id).where(contacts.c.outcome.is_not(None), contacts.c.case_id.is_not(None))
    if wanted.outcomes:
        query = query.where(contacts.c.outcome.in_(wanted.outcomes))
    for when in (contacts.c.at.between(wanted.start, wanted.end), contacts.c.at.is_(None)):
        yield query.where(when)


def _came(wanted: CasesWanted) -> sa.Select[Any]:
    """Return the query for the contacts of the period that make it, by their cases."""
    came = sa.type_coerce(_CAME_AT, contacts.c.at.type)
    query = sa.select(contacts.c.case_id).join(arrivals, arrivals.c.id == contacts.c.arrival_id)
    query = query.where(came >= wanted.start, came < wanted.end)
    return query.where(contacts.c.outcome.in_(wanted.outcomes)) if wanted.outcomes else query


def _place_of(wanted: CasesWanted, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.urgent is not None:
        yield cases.c.priority == "P1" if wanted.urgent else cases.c.priority != "P1"
    if wanted.office is not None and wanted.basis not in _SIDES:
        moved = _by_data("moves", dialect).where(_gave(wanted.office, 0, 1))
        yield sa.or_(cases.c.office_id == wanted.office, _of_case(moved))
    for column, value in ((cases.c.residence_id, wanted.residence), (cases.c.topic, wanted.topic)):
        if value is not None:
            yield column == value if value else column.is_(None)
    if wanted.topics:
        yield cases.c.topic.in_(wanted.topics)
