"""Among which cases those behind a figure are looked for."""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.sql.selectable import NamedFromClause

from dtm_contact.model import SPOKEN_CHANNELS
from dtm_contact.store.events import ANSWERS, CANCELLED
from dtm_contact.store.schema import (
    EVENTS_BY_DATA,
    IS_CORRECTION,
    IS_OPEN,
    alarm_labels,
    arrivals,
    cases,
    contacts,
    events,
)

_FEW = 20_000
"""Rows of which those that are wanted are sorted out at once."""
_NEAR = 100
"""So many ids more or less are no matter where ids are looked for by their time."""
_FEW_RECEIVED = 150_000
"""The same of what was received: those of a month, of which many more cases would be asked that were opened since."""
_FIRST_EVENTS = 500
"""Of few events, those among which the first cases of a list are looked for; where they do not do, among ever more."""
_MORE_EVENTS = 4
"""So many times as many each time at the most."""
_FIRST_STEP = 500
"""Cases that are asked at once at first where the search is given a time; then as many as the rest of it allows."""
_LONGER = 2
"""So many times as many at once at the most as the time before."""
_SHORTEST = 1e-6
"""Seconds that anything takes at the least."""
_DAY = timedelta(days=1)
_MOMENT = timedelta(microseconds=1)
_CLOCKS_DIFFER = timedelta(hours=1)
"""Ids grow with the times of what they are of, but for so much between the clocks of several daemons."""
_OPENED_LATE = timedelta(days=100)
"""No case is opened so long after what came: what was set aside is kept for less."""


_Ids = sa.Select[Any] | sa.CompoundSelect[Any]
"""A query for the ids of cases."""


class CallsOver(NamedTuple):
    """Which calls to a queue are looked for: those since a time, before another one; "" for all queues not named."""

    queue: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class CasesWanted:
    """Among which cases those behind a figure are looked for: all of them are there, and others.

    Attributes:
        start, end: of the period, aware; of calls that were to be called back in it, when those came.
        basis: by what they are found, as the figures' definitions say.
        events: the words of the events that make it.
        outcomes: of the calls that make it.
        urgent: P1 alone, or all but those; None for all.
        answered: of what is open at the end, what a person has answered alone, or what nobody has; None for all.
        silent_since: of what is open at the end, what nobody has answered since then alone; None for all.
        office: that lie or lay there alone; None for all.
        counted_at: up to when was counted: where a case was given to since is not looked at; None for the end.
        residence, topic: of these alone; None for all, "" for those without.
        topics: on one of these alone; all where there is none.
        former_topic: of these that have, or had, this topic alone; None for all, "" for those without.
        called: of calls that were to be called back in the period, when those to each queue came.
        is_late: of those that were due, those alone that nobody had answered by then.
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
    counted_at: datetime | None = None
    residence: str | None = None
    topic: str | None = None
    topics: tuple[str, ...] = ()
    former_topic: str | None = None
    called: tuple[CallsOver, ...] = ()
    is_late: bool = False
    is_first: bool = False
    oldest_first: bool = False
    after: int | None = None


class HomeRow(NamedTuple):
    """Of a case when it was opened, where, and on what; and what has become of it."""

    id: int
    state: str
    opened_at: datetime
    residence_id: str
    dwelling_id: str
    topic: str


class Among(NamedTuple):
    """Some cases, by their ids; and after which case to look for others: None where there are none."""

    ids: Sequence[int]
    after: int | None


class _Part(NamedTuple):
    """By what some of the cases are known.

    Attributes:
        conditions: what they fulfil.
        walked: where each case of a time is asked, that time; None where few rows tell which they are.
        since: the parts up to this one have all that were opened since then, the latest first; None for all.
    """

    conditions: Sequence[sa.ColumnElement[bool]]
    walked: tuple[datetime | None, datetime] | None = None
    since: datetime | None = None


class CaseSearch:
    """Looks for cases, in one read transaction.

    Attributes:
        seconds: how long it may look, from its first question on: then it says how far it came; None: to the end.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.seconds: float | None = None
        self._began: float | None = None
        self._ids_by_time: dict[tuple[str, datetime], tuple[int, int]] = {}
        self._known_few: dict[CasesWanted, _Ids | None] = {}
        self._opened_again: dict[datetime, frozenset[int]] = {}

    def among(self, wanted: CasesWanted, limit: int) -> Among:
        """Return some cases among which those behind a figure are, in the order that is asked for.

        Where few rows tell which they are, those are read and put in order; else cases are read in their order, each
        asked whether it is one, until there are enough, or until the time is over.
        """
        self.begin()
        found: list[int] = []
        follows = () if wanted.after is None else (self._follows(wanted.after, oldest_first=wanted.oldest_first),)
        order = [column.asc() if wanted.oldest_first else column.desc() for column in (cases.c.opened_at, cases.c.id)]
        for part in self._parts(wanted):
            for step, edge in self._steps(part, wanted):
                # SQLite, of several bounds to one column, goes by the first: the nearest has to be it.
                query = sa.select(cases.c.id).where(*(step or follows), *part.conditions).order_by(*order)
                found += self._connection.execute(query.limit(limit - len(found))).scalars()
                if len(found) == limit:
                    return Among(found, found[-1])
                if edge is not None and self.is_over:
                    return Among(found, edge)
            if part.since is not None and self.is_over:
                edge = self.earliest(part.since)
                # Where the part had no case but the one that it began after, the next one is looked at too.
                if edge != wanted.after:
                    return Among(found, edge)
        return Among(found, None)

    def begin(self) -> None:
        """Let the time begin in which it may look, where it has not yet."""
        if self._began is None:
            self._began = time.monotonic()
            self._look_in_indexes()

    def _look_in_indexes(self) -> None:
        """Have PostgreSQL find rows in indexes: it takes the few events that some of them hold for nearly all.

        For the same reason it takes a search to be so dear that compiling it would pay: that takes longer than it does.
        """
        if self._dialect == "postgresql":
            for setting in ("enable_seqscan", "jit"):
                self._connection.exec_driver_sql(f"SET LOCAL {setting} = off")

    def earliest(self, since: datetime) -> int | None:
        """Return the first case that was opened since a time; None where none was."""
        order = cases.c.opened_at.asc(), cases.c.id.asc()
        query = sa.select(cases.c.id).where(cases.c.opened_at >= since).order_by(*order).limit(1)
        return self._connection.execute(query).scalar()

    @property
    def is_over(self) -> bool:
        """Whether it has looked for as long as it may."""
        return self.seconds is not None and self._began is not None and self._left <= 0

    @property
    def _left(self) -> float:
        return (self.seconds or 0.0) - (time.monotonic() - (self._began or 0.0))

    def _steps(self, part: _Part, wanted: CasesWanted) -> Iterator[tuple[Sequence[sa.ColumnElement[bool]], int | None]]:
        """Yield which cases of a part are asked at once, and the last of them; none where all that are left are.

        However few of them are wanted, each step takes but a share of the time.
        """
        if part.walked is None or self.seconds is None:
            yield (), None
            return
        since, until = part.walked
        bounds = [cases.c.opened_at < until, *(() if since is None else (cases.c.opened_at >= since,))]
        order = [column.asc() if wanted.oldest_first else column.desc() for column in (cases.c.opened_at, cases.c.id)]
        after, count = wanted.after, _FIRST_STEP
        while True:
            began = time.monotonic()
            left = [] if after is None else [self._follows(after, oldest_first=wanted.oldest_first)]
            query = sa.select(cases.c.id).where(*left, *bounds).order_by(*order).offset(count - 1).limit(1)
            edge = self._connection.execute(query).scalar()
            # Neither order has two cases at one place: up to the edge is all that does not follow it.
            up_to = [] if edge is None else [self._reaches(edge, oldest_first=wanted.oldest_first)]
            yield [*left, *up_to, *bounds], edge
            if edge is None:
                return
            after, count = edge, self._next(count, _FIRST_STEP, _LONGER, began)

    def _next(self, count: int, least: int, more: int, began: float) -> int:
        """Return how many to look at next: that many times as many, or as many as the rest of the time allows.

        Args:
            count: how many were looked at.
            least: how many at the least.
            more: how many times as many at the most.
            began: since when.
        """
        return max(least, min(more * count, self.fitting(count, began)))

    def fitting(self, count: int, began: float) -> int:
        """Return how many fit into the rest of the time, if so many were looked at since a time of `time.monotonic`."""
        took = max(time.monotonic() - began, _SHORTEST)
        return sys.maxsize if self.seconds is None else int(count * self._left / took)

    def _parts(self, wanted: CasesWanted) -> Iterator[_Part]:
        """Yield by what the cases are known, in parts that follow each other in the order that is asked for."""
        if wanted.basis in _OF_CONTACTS:
            yield from self._parts_of_contacts(wanted)
        elif (wanted.basis == "corrected" or wanted.basis in _BY_DATA) and not wanted.residence:
            # Of one residence it is less work to look at the events of each case.
            yield from self._parts_of_few(wanted)
        else:
            few = self._few(wanted)
            if few is None:
                since = wanted.start if wanted.basis in {"opened", "corrected"} else None
                yield _Part(tuple(self._conditions(wanted, None)), (since, wanted.end + _CLOCKS_DIFFER))
            else:
                yield _Part(tuple(self._conditions(wanted, few)))

    def _parts_of_contacts(self, wanted: CasesWanted) -> Iterator[_Part]:
        """Yield by what cases are known in which contacts of the period lie: those opened after it, in it, before it.

        Of those opened in it most are, so that each is asked. Of all others few are: their contacts tell which, by
        ids of cases, since those grow with the time.
        """
        start, end, place = wanted.start, wanted.end, tuple(_place_of(wanted, self._dialect))
        # Contacts are read as they were received, and not by their cases.
        opened_at, of_case, received_at = cases.c.opened_at, contacts.c.case_id + 0, arrivals.c.received_at
        first, last = self.first_id(arrivals, received_at, start), self._last_id(arrivals, received_at, end + _DAY)
        came = self._came_there(wanted)
        begun = wanted.end if wanted.after is None else self.opened_at(wanted.after)
        if begun is not None and begun >= end:
            opened = self.first_id(cases, opened_at, end), self._last_id(cases, opened_at, end + _OPENED_LATE)
            late = self._of_received(wanted, first, last, of_case.between(opened[0] + 1, opened[1]))
            if late is None:
                # Of so many it is less work to look at all contacts of the cases that were opened since.
                is_late = contacts.c.case_id.between(opened[0] + 1, opened[1])
                received = sa.select(contacts.c.case_id).where(is_late, contacts.c.arrival_id + 0 <= last)
                late = sa.union_all(received, *(query.where(is_late) for query in _calls(wanted)))
            yield _Part((cases.c.id.in_(late), opened_at >= end, opened_at < end + _OPENED_LATE, *place, came))
        yield _Part((opened_at >= start, opened_at < end, *place, came), (start, end))
        early = self._of_received(wanted, first, last, of_case <= self._last_id(cases, opened_at, start))
        known = () if early is None else (cases.c.id.in_(early),)
        yield _Part((*known, opened_at < start, *place, came), (None, start) if early is None else None)

    def _parts_of_few(self, wanted: CasesWanted) -> Iterator[_Part]:
        """Yield by what the cases are known that few events make: the latest ones, then ever more of those before.

        Ids of cases grow with the time, and an index has the events in the order of those ids: where the first part
        fills a page, those of a year are not read for it.
        """
        begun = wanted.end if wanted.after is None else self.opened_at(wanted.after)
        if begun is None:
            return
        # Corrections are those of the cases that were opened in the period, all others happened in it.
        lower = wanted.start if wanted.basis == "corrected" else datetime.min.replace(tzinfo=UTC)
        end, count = min(wanted.end + _CLOCKS_DIFFER, begun + _MOMENT), _FIRST_EVENTS
        (happened, which), of_case = self._said(wanted), events.c.case_id
        last = self._last_id(cases, cases.c.opened_at, end)
        while end > lower:
            began, left = time.monotonic(), happened.where(of_case <= last)
            edge = self._connection.execute(left.order_by(of_case.desc()).offset(count).limit(1)).scalar()
            # So much later that every case since then has a greater id.
            since = lower if edge is None else max(lower, self._surely_after(edge))
            if since >= end:
                count *= _MORE_EVENTS
                continue
            lowest = edge
            if since == lower:
                lowest = self.first_id(cases, cases.c.opened_at, lower) if wanted.basis == "corrected" else 0
            known = left.where(of_case >= lowest, *which)
            bounds = cases.c.opened_at >= since, cases.c.opened_at < end
            yield _Part((*bounds, *self._conditions(wanted, known)), since=since if since > lower else None)
            if edge is not None:
                last = self._last_id(cases, cases.c.opened_at, since, (edge, last))
            end, count = since, self._next(count, _FIRST_EVENTS, _MORE_EVENTS, began)

    def _surely_after(self, case_id: int) -> datetime:
        """Return a time since which no case was opened whose id is less than that of one that is there."""
        opened_at = self.opened_at(case_id)
        return datetime.min.replace(tzinfo=UTC) if opened_at is None else opened_at + 2 * _CLOCKS_DIFFER

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
        return self._beyond(after, is_later=oldest_first, itself=False)

    def _reaches(self, edge: int, *, oldest_first: bool) -> sa.ColumnElement[bool]:
        return self._beyond(edge, is_later=not oldest_first, itself=True)

    def _beyond(self, case_id: int, *, is_later: bool, itself: bool) -> sa.ColumnElement[bool]:
        """Return the condition that a case was opened later than another, or earlier; `itself`: or is that one."""
        opened_at = self.opened_at(case_id)
        if opened_at is None:
            return sa.false()
        is_other = cases.c.opened_at > opened_at if is_later else cases.c.opened_at < opened_at
        at_once = cases.c.id > case_id if is_later else cases.c.id < case_id
        if itself:
            at_once = sa.or_(at_once, cases.c.id == case_id)
        # Said once more without the moment itself, so that the index begins there.
        begins = cases.c.opened_at >= opened_at if is_later else cases.c.opened_at <= opened_at
        return sa.and_(begins, sa.or_(is_other, sa.and_(cases.c.opened_at == opened_at, at_once)))

    def _conditions(self, wanted: CasesWanted, few: _Ids | None) -> Iterator[sa.ColumnElement[bool]]:
        start, end = wanted.start, wanted.end
        if few is not None:
            yield self._is_of(few)
        # Before what is looked for in the events of each case: most lie elsewhere.
        yield from _place_of(wanted, self._dialect)
        match wanted.basis:
            case "opened" | "corrected":
                yield cases.c.opened_at >= start
                yield cases.c.opened_at < end
                yield from self._lay_there(wanted, cases.c.opened_at)
            case "due":
                yield from self._was_due(wanted)
            case "open":
                yield from self._open(wanted)
                yield from self._lay_there(wanted, sa.literal(end - _MOMENT))
            case "events":
                if few is None:
                    yield cases.c.opened_at < end + _CLOCKS_DIFFER
                yield from self._happened_there(wanted, is_known=few is not None)
            case said if said in _BY_DATA and few is None:
                yield cases.c.opened_at < end + _CLOCKS_DIFFER
                happened, which = self._said(wanted)
                yield _of_case(happened.where(*which))
            case _:
                pass
        if wanted.basis == "corrected" and few is None:
            yield _of_case(_corrections(wanted))
        if wanted.is_first:
            # What came before the case was opened is no answer to it.
            yield sa.or_(sa.not_(_answers(start, cases.c.opened_at)), _taken_back())

    def _was_due(self, wanted: CasesWanted) -> Iterator[sa.ColumnElement[bool]]:
        """Yield by what cases are known that were due in the period."""
        yield cases.c.opened_at < wanted.end
        yield _DUE.between(wanted.start, wanted.end)
        yield from self._lay_there(wanted, cases.c.due)
        if wanted.is_late:
            # What was answered may have been opened again before it was due, or the answer taken back.
            answered, again = _answers(_DUE, cases.c.opened_at), _of_case(_by_data("openings", self._dialect))
            yield sa.or_(sa.not_(answered), again, _taken_back())

    def _is_of(self, ids: _Ids) -> sa.ColumnElement[bool]:
        """Return the condition that a case is one of some, by the query for their ids."""
        if self._dialect == "postgresql":
            # Otherwise it may read all cases in their order, and ask of each whether it is one of these.
            return cases.c.id == sa.any_(sa.func.array(ids.scalar_subquery()))
        return cases.c.id.in_(ids)

    def _happened_there(self, wanted: CasesWanted, *, is_known: bool) -> Iterator[sa.ColumnElement[bool]]:
        """Yield that something of the period happened to the cases, at the office that is asked for.

        Args:
            wanted: what is looked for.
            is_known: whether the cases are known by it already, wherever it happened.
        """
        happened = _happened(wanted, _WHAT)
        if wanted.office is not None and not wanted.is_first:
            there = happened.where(self._office_at(events.c.at, wanted) == wanted.office)
            yield sa.or_(_of_case(there), sa.and_(_moved_back(self._dialect), _of_case(happened)))
        elif not is_known:
            yield _of_case(happened)

    def _came_there(self, wanted: CasesWanted) -> sa.ColumnElement[bool]:
        """Return that a contact of the period came to the cases, at the office that is asked for."""
        came = _came(wanted)
        if wanted.office is None or wanted.called:
            # Where a case lies once a call is to have been called back, it may not lie yet when that comes.
            return _of_case(came, contacts.c.case_id)
        at = self._office_at(sa.type_coerce(CAME_AT, contacts.c.at.type), wanted)
        there = _of_case(came.where(at == wanted.office), contacts.c.case_id)
        return sa.or_(there, sa.and_(_moved_back(self._dialect), _of_case(came, contacts.c.case_id)))

    def _lay_there(self, wanted: CasesWanted, at: sa.ColumnElement[datetime]) -> Iterator[sa.ColumnElement[bool]]:
        """Yield that the cases lay at the office that is asked for at a moment, or that a move was taken back."""
        if wanted.office is not None:
            yield sa.or_(self._office_at(at, wanted) == wanted.office, _moved_back(self._dialect))

    def _office_at(self, at: sa.ColumnElement[datetime], wanted: CasesWanted) -> sa.ColumnElement[str]:
        """Return the office that a case lay at just before a moment: what was taken back may say otherwise."""
        move = events.alias("move")
        was = [move.c.data[(name, "office_id", 0)].as_string() for name in ("changed", "restored")]
        moved = _by_data("moves", self._dialect, move).where(move.c.case_id == cases.c.id, move.c.at >= at)
        moved = moved.where(move.c.at <= (wanted.counted_at or wanted.end)).order_by(move.c.id).limit(1)
        first = (
            moved.with_only_columns(sa.func.coalesce(*was, ""))
            .correlate(cases, events, contacts, arrivals)
            .scalar_subquery()
        )
        return sa.func.coalesce(first, cases.c.office_id)

    @property
    def _dialect(self) -> str:
        return self._connection.dialect.name

    def _few(self, wanted: CasesWanted) -> _Ids | None:
        """Return the ids of the cases that something of the period makes; None where that is much."""
        key = replace(wanted, after=None)
        if key not in self._known_few:
            self._known_few[key] = self._few_of(wanted)
        return self._known_few[key]

    def _few_of(self, wanted: CasesWanted) -> _Ids | None:
        start, end = wanted.start, wanted.end
        match wanted.basis:
            case "opened" | "corrected" | "due" | "open":
                return None
            case "labelled":
                labelled = alarm_labels.c.danger, alarm_labels.c.at >= start, alarm_labels.c.at < end
                return sa.select(alarm_labels.c.case_id).where(*labelled)
            case "events":
                found = _happened(wanted)
            case _:
                return None
        counted = sa.select(sa.func.count()).select_from(found.limit(_FEW + 1).subquery())
        return found if self._connection.execute(counted).scalar_one() <= _FEW else None

    def _said(self, wanted: CasesWanted) -> tuple[sa.Select[Any], Sequence[sa.ColumnElement[bool]]]:
        """Return the query for the few events that make it, by their cases; and which of them, as no index tells."""
        if wanted.basis == "corrected":
            return _corrections(wanted), ()
        found = _by_data(_BY_DATA[wanted.basis], self._dialect)
        found = found.where(events.c.at >= wanted.start, events.c.at < wanted.end)
        if wanted.office is None or wanted.basis not in _SIDES:
            return found, ()
        return found, (_gave(wanted.office, _SIDES[wanted.basis]),)

    def _open(self, wanted: CasesWanted) -> Iterator[sa.ColumnElement[bool]]:
        """Yield by what cases are known that were open at the end: some of them were answered after all."""
        end = wanted.end
        yield cases.c.opened_at < end
        yield sa.or_(IS_OPEN, cases.c.closed_at >= end - _MOMENT)
        answered = _answers(wanted.end)
        if wanted.answered:
            # An agent's own message answers a P1 where it lies among those that were sent: that is not asked here.
            yield _of_case(sa.select(events.c.id).where(_WHAT.in_(ANSWERS), events.c.at < end))
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

    def lying_at(self, ids: Sequence[int], wanted: CasesWanted) -> frozenset[int]:
        """Return which of some cases lay at the office that is asked for when they were opened; or may have."""
        query = sa.select(cases.c.id).where(cases.c.id.in_(ids), *self._lay_there(wanted, cases.c.opened_at))
        return frozenset(self._connection.execute(query).scalars())

    def opened_at(self, case_id: int) -> datetime | None:
        """Return when a case was opened; None where there is none."""
        return self._connection.execute(sa.select(cases.c.opened_at).where(cases.c.id == case_id)).scalar_one_or_none()

    def opened_again_since(self, moment: datetime) -> frozenset[int]:
        """Return the ids of the cases that were opened again after a moment."""
        if moment not in self._opened_again:
            query = _by_data("openings", self._dialect).where(events.c.at > moment)
            self._opened_again[moment] = frozenset(self._connection.execute(query).scalars())
        return self._opened_again[moment]

    def first_id(self, table: sa.Table, at: sa.Column[datetime], start: datetime) -> int:
        """Return an id before which nothing of a table is of that time or later."""
        return self._ids_at(table, at, start)[0]

    def _last_id(
        self, table: sa.Table, at: sa.Column[datetime], end: datetime, known: tuple[int, int] | None = None
    ) -> int:
        """Return an id after which nothing of a table is of a time before that; `known`: between which it is."""
        return self._ids_at(table, at, end + 2 * _CLOCKS_DIFFER, known)[1]

    def _ids_at(
        self, table: sa.Table, at: sa.Column[datetime], start: datetime, known: tuple[int, int] | None = None
    ) -> tuple[int, int]:
        """Return between which ids those of a table begin to be of a time, by halving, as near as is worth a query."""
        since = start - _CLOCKS_DIFFER
        if (found := self._ids_by_time.get((table.name, since))) is not None:
            return found
        if known is None:
            known = 0, self._connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0
        low, high = known
        while high - low > _NEAR:
            middle = (low + high) // 2
            query = sa.select(table.c.id, at).where(table.c.id > middle).order_by(table.c.id).limit(1)
            row = self._connection.execute(query).first()
            if row is None or row[1] >= since:
                high = middle
            else:
                low = row[0]
        self._ids_by_time[table.name, since] = low, high
        return low, high


CAME_AT = sa.case(
    (
        contacts.c.channel.in_(SPOKEN_CHANNELS),
        sa.func.coalesce(contacts.c.at, arrivals.c.received_at, type_=contacts.c.at.type),
    ),
    else_=arrivals.c.received_at,
)

_WHAT = events.c.what.concat("")
"""The word of an event where it is looked for among those of one case: SQLite, which does not know how few those are,
would look among all events of that word."""
_DUE = sa.func.coalesce(cases.c.due, cases.c.due)
"""When a case is due, where cases are not to be read in the order of that."""
_BY_DATA = {"cried": "cries", "moved_from": "moves", "moved_to": "moves", "reopened": "openings"}
"""Which events are looked for by their data, by the basis."""

_DATA = re.compile(r"\bdata\b")

_OF_CONTACTS = frozenset({"call_backs", "contacts", "unserved"})
_SIDES = {"moved_from": 0, "moved_to": 1}
"""Which of the offices that an event names the case is listed at."""


def _by_data(name: str, dialect: str, of: NamedFromClause = events) -> sa.Select[Any]:
    """Return the query for the few events that are looked for by their data, by their cases."""
    said = EVENTS_BY_DATA[name][dialect]
    if of is not events:
        said = _DATA.sub(f"{of.name}.data", said)
    return sa.select(of.c.case_id).where(sa.text(f"({said})"), of.c.case_id.is_not(None))


def _corrections(wanted: CasesWanted) -> sa.Select[Any]:
    """Return the query for the events by which agents corrected cases, by those."""
    query = sa.select(events.c.case_id).where(IS_CORRECTION, events.c.case_id.is_not(None))
    return query.where(events.c.what.in_(wanted.events))


def _gave(office: str, *sides: int) -> sa.ColumnElement[bool]:
    """Return the condition that an event gave a case from an office (side 0), or to it (1)."""
    said = [events.c.data[(name, "office_id", side)] for name in ("changed", "restored") for side in sides]
    return sa.or_(*(each.as_string() == office for each in said))


def _of_case(found: sa.Select[Any], of: sa.Column[Any] = events.c.case_id) -> sa.ColumnElement[bool]:
    """Return the condition that a row of a query is of the case.

    PostgreSQL would join all such rows to all cases, or hash them all first, though a page wants a few cases of an
    order; from an EXISTS with an OFFSET it makes neither, and asks case by case as SQLite does.
    """
    return sa.exists(found.where(of == cases.c.id).correlate(cases).offset(sa.literal_column("0")))


def _answers(
    before: datetime | sa.ColumnElement[datetime], since: datetime | sa.Column[datetime] | None = None
) -> sa.ColumnElement[bool]:
    """Return the condition that a person answered the case; of a P1, an agent's own message may be no answer."""
    found = sa.select(events.c.id).where(_WHAT.in_(ANSWERS), events.c.at < before)
    found = found.where(sa.or_(_WHAT != "answered", cases.c.priority != "P1"))
    return _of_case(found if since is None else found.where(events.c.at >= since))


def _taken_back() -> sa.ColumnElement[bool]:
    """Return the condition that something of the case was taken back."""
    return _of_case(sa.select(events.c.id).where(_WHAT.in_(("undone", CANCELLED))))


def _moved_back(dialect: str) -> sa.ColumnElement[bool]:
    """Return the condition that the case was given to another office, and that this was taken back."""
    return _moved(dialect, _WHAT == "undone")


def _moved(dialect: str, which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition that a case was given to another office by such an event.

    Most never were, which an index alone tells. Asked at once for what that index does not hold, PostgreSQL, which does
    not know how few its events are, reads all events of each case.
    """
    moves = _by_data("moves", dialect)
    return sa.and_(_of_case(moves), _of_case(moves.where(which)))


def _happened(wanted: CasesWanted, what: sa.ColumnElement[str] = events.c.what) -> sa.Select[Any]:
    """Return the query for the events of the period that make it, by their cases."""
    of_period = events.c.at >= wanted.start, events.c.at < wanted.end, events.c.case_id.is_not(None)
    return sa.select(events.c.case_id).where(what.in_(wanted.events), *of_period)


def _calls(wanted: CasesWanted) -> Iterator[sa.Select[Any]]:
    """Yield the queries for the calls of the period that make it, by their cases; and for those of no known time."""
    query = sa.select(contacts.c.case_id).where(contacts.c.outcome.is_not(None), contacts.c.case_id.is_not(None))
    if wanted.outcomes:
        query = query.where(contacts.c.outcome.in_(wanted.outcomes))
    for when in (contacts.c.at.between(wanted.start, wanted.end), contacts.c.at.is_(None)):
        yield query.where(when)


def _came(wanted: CasesWanted) -> sa.Select[Any]:
    """Return the query for the contacts of the period that make it, by their cases."""
    came = sa.type_coerce(CAME_AT, contacts.c.at.type)
    query = sa.select(contacts.c.case_id).join(arrivals, arrivals.c.id == contacts.c.arrival_id)
    query = query.where(came >= wanted.start, came < wanted.end, *_to_queues(wanted.called, came))
    return query.where(contacts.c.outcome.in_(wanted.outcomes)) if wanted.outcomes else query


def _to_queues(called: Sequence[CallsOver], came: sa.ColumnElement[datetime]) -> Iterator[sa.ColumnElement[bool]]:
    """Yield that a call came when it had to, as its case's queue opens."""
    others = next((each for each in called if not each.queue), None)
    own = [each for each in called if others is not None and each[1:] != others[1:]]
    if others is None or not own:
        # All queues open on the same days, and nothing is left to ask.
        return

    def at(moment: str) -> sa.ColumnElement[datetime]:
        of = ((cases.c.queue == each.queue, sa.literal(getattr(each, moment), came.type)) for each in own)
        return sa.case(*of, else_=sa.literal(getattr(others, moment), came.type))

    yield came >= at("since")
    yield came < at("until")


def calls_over(called: Sequence[CallsOver], outcomes: Sequence[str]) -> sa.CompoundSelect[Any]:
    """Return the query for the ids of the cases in which calls lie that came when they are looked for.

    Args:
        called: when those to each queue came; one is of all queues not named.
        outcomes: of the calls.
    """
    bounds = min(each.since for each in called), max(each.until for each in called)
    wanted = CasesWanted(*bounds, "call_backs", outcomes=tuple(outcomes))
    of_queue = tuple(_to_queues(called, sa.type_coerce(CAME_AT, contacts.c.at.type)))
    asked = _calls(wanted)
    if of_queue:
        asked = (
            query.join(arrivals, arrivals.c.id == contacts.c.arrival_id)
            .join(cases, cases.c.id == contacts.c.case_id)
            .where(*of_queue)
            for query in asked
        )
    return sa.union_all(*asked)


def _place_of(wanted: CasesWanted, dialect: str) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.former_topic is not None:
        changed = sa.select(events.c.case_id).where(IS_CORRECTION, events.c.what == "topic")
        was = events.c.data[("changed", "topic", 0)].as_string()
        had = changed.where(sa.func.coalesce(was, "") == wanted.former_topic)
        yield sa.or_(sa.func.coalesce(cases.c.topic, "") == wanted.former_topic, _of_case(had))
    if wanted.urgent is not None:
        yield cases.c.priority == "P1" if wanted.urgent else cases.c.priority != "P1"
    if wanted.office is not None and wanted.basis not in _SIDES:
        yield sa.or_(cases.c.office_id == wanted.office, _moved(dialect, _gave(wanted.office, 0, 1)))
    for column, value in ((cases.c.residence_id, wanted.residence), (cases.c.topic, wanted.topic)):
        if value is not None:
            yield column == value if value else column.is_(None)
    if wanted.topics:
        yield cases.c.topic.in_(wanted.topics)
