"""A week, a month or a year of figures, read from what was counted: by office, residence and topic, and over time."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from operator import is_

import numpy as np

from dtm_contact.directory import Directory
from dtm_contact.figures.cells import NOTHING, Counts, Division, FigureCells, Sums, Where, added, merged
from dtm_contact.figures.comparing import Value, amount, least_of, value_of
from dtm_contact.figures.courses import CourseCounts, course_counts
from dtm_contact.figures.definitions import FIGURES, SILENT_DAYS, Figure
from dtm_contact.figures.findings import Beginning, FigureFinding, Scene, find
from dtm_contact.figures.surpluses import Unusual, find_unusual
from dtm_contact.store.figures import StoredFigures

_MOST_DECODED = 120
_MOST_YEARS = 3
_MOST_OVERVIEWS = 40
_MOST_COURSES = 6
_SHOWN_BEFORE = 12
"""Periods that a figure's course shows beside the present one."""
_DAYS_ENOUGH = 7
"""A period is opened on once so many of its days have passed."""


class Grain(StrEnum):
    """How long a period is."""

    WEEK = "semaine"
    MONTH = "mois"
    YEAR = "an"


@dataclass(frozen=True, slots=True)
class FigureSpan:
    """A period: a week from Monday, a month, a year.

    Attributes:
        grain: how long.
        first: its first day.
    """

    grain: Grain
    first: date

    @classmethod
    def of(cls, grain: Grain, day: date) -> "FigureSpan":
        """Return the one that a day lies in."""
        match grain:
            case Grain.WEEK:
                return cls(grain, day - timedelta(days=day.weekday()))
            case Grain.MONTH:
                return cls(grain, day.replace(day=1))
            case _:
                return cls(grain, day.replace(month=1, day=1))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.after.first - timedelta(days=1)

    def passed(self, today: date) -> tuple[int, int] | None:
        """Return how many of its days have passed, and how many it has; None where it is over, or to come."""
        days, passed = (self.after.first - self.first).days, (today - self.first).days + 1
        return (passed, days) if 0 < passed < days else None

    @property
    def after(self) -> "FigureSpan":
        """The one that follows."""
        days = {Grain.WEEK: 7, Grain.MONTH: 31, Grain.YEAR: 366}[self.grain]
        return FigureSpan.of(self.grain, self.first + timedelta(days=days))

    @property
    def before(self) -> "FigureSpan":
        """The one that went before."""
        return FigureSpan.of(self.grain, self.first - timedelta(days=1))


def latest_span(grain: Grain, today: date, first_counted: date | None) -> FigureSpan:
    """Return the period to open on: the present one, or the one before while few days of it have passed.

    Args:
        grain: how long it is.
        today: the day that it is.
        first_counted: the first day that was counted: before it, there is no period to open on; None: none was.
    """
    present = FigureSpan.of(grain, today)
    begun = (today - present.first).days >= _DAYS_ENOUGH
    known = first_counted is not None and first_counted < present.first
    return present.before if known and not begun else present


@dataclass(frozen=True, slots=True)
class Place:
    """Which cases are looked at: of an office, a residence, a topic; None for all."""

    office: str | None = None
    residence: str | None = None
    topic: str | None = None

    @property
    def where(self) -> Where:
        """The keys that belong to it."""
        return self.office, self.residence, self.topic

    @property
    def in_all_offices(self) -> "Place":
        """The same residence and topic, whichever the office."""
        return replace(self, office=None)


Stamp = tuple[Directory, Mapping[date, datetime]]
"""What an overview was made of: the directory, and when each of its periods was counted."""


class FigureReader:
    """Reads periods that were counted, and keeps the last ones unpacked; threads may share it."""

    def __init__(self, figures: StoredFigures) -> None:
        self._figures = figures
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, date], tuple[datetime, FigureCells]] = OrderedDict()
        self._overviews: OrderedDict[tuple[FigureSpan, Place, date], tuple[Stamp, Overview]] = OrderedDict()
        self._years: OrderedDict[date, tuple[tuple[FigureCells, ...], FigureCells]] = OrderedDict()
        self._courses: OrderedDict[tuple[date, ...], tuple[tuple[object, ...], CourseCounts]] = OrderedDict()

    def cells(self, grain: str, first: date, last: date) -> dict[date, FigureCells]:
        """Return what was counted of the days, weeks or months that begin from one day to another.

        Raises:
            StoreUnavailableError: it cannot be read.
        """
        versions = self.versions(grain, first, last)
        with self._lock:
            known = {
                day: kept[1]
                for day, at in versions.items()
                if (kept := self._kept.get((grain, day))) is not None and kept[0] == at
            }
        stale = sorted(versions.keys() - known.keys())
        for period in self._figures.periods(grain, stale[0], stale[-1]) if stale else ():
            if period.first_day in known:
                continue
            known[period.first_day] = cells = FigureCells.unpack(period.keys, period.measures, period.cells)
            with self._lock:
                self._kept[grain, period.first_day] = period.counted_at, cells
                self._kept.move_to_end((grain, period.first_day))
                while len(self._kept) > _MOST_DECODED:
                    self._kept.popitem(last=False)
        return dict(sorted(known.items()))

    def versions(self, grain: str, first: date, last: date) -> Mapping[date, datetime]:
        """Return when the days, weeks or months that begin from one day to another were counted."""
        return self._figures.versions(grain, first, last)

    def overview(self, directory: Directory, span: FigureSpan, place: Place, today: date) -> "Overview":
        """Return the figures of a period and place; those made before, while nothing of them was counted again."""
        grain, first = _steps(span, _SHOWN_BEFORE)
        stamp = directory, self.versions(grain, first, span.last)
        with self._lock:
            known = self._overviews.get((span, place, today))
        if known is not None and known[0][0] is directory and known[0][1] == stamp[1]:
            return known[1]
        made = Overview(self, directory, span, place, today)
        with self._lock:
            self._overviews[span, place, today] = stamp, made
            self._overviews.move_to_end((span, place, today))
            while len(self._overviews) > _MOST_OVERVIEWS:
                self._overviews.popitem(last=False)
        return made

    def of(self, span: FigureSpan) -> FigureCells:
        """Return the counts of a period, as they are stored."""
        if span.grain is Grain.YEAR:
            return self._year(span)
        grain = "week" if span.grain is Grain.WEEK else "month"
        return self.cells(grain, span.first, span.first).get(span.first, FigureCells())

    def between(self, first: FigureSpan, last: FigureSpan) -> FigureCells:
        """Return the counts of weeks or months that follow each other, or of a year, as one."""
        if last.grain is Grain.YEAR or first == last:
            return self.of(last)
        return merged(self.cells("week" if last.grain is Grain.WEEK else "month", first.first, last.first).values())

    def _year(self, span: FigureSpan) -> FigureCells:
        """Return the months of a year as one, made anew where one of them was counted again."""
        months = tuple(self.cells("month", span.first, span.last).values())
        with self._lock:
            known = self._years.get(span.first)
        if known is not None and len(known[0]) == len(months) and all(map(is_, known[0], months)):
            return known[1]
        year = merged(months)
        with self._lock:
            self._years[span.first] = months, year
            self._years.move_to_end(span.first)
            while len(self._years) > _MOST_YEARS:
                self._years.popitem(last=False)
        return year

    def before(self, span: FigureSpan, count: int) -> dict[date, FigureCells]:
        """Return the periods of the same length before one, by their first days, the earliest first; of a year months.

        Of a year they are its own months, and those of the year before.
        """
        grain, first = _steps(span, count)
        last = span.last if span.grain is Grain.YEAR else span.first - timedelta(days=1)
        return self.cells(grain, first, last)

    def course(self, counted: Mapping[date, FigureCells], directory: Directory, offices: Sequence[str]) -> CourseCounts:
        """Return periods as arrays; those made before, while none of them was counted again."""
        periods, made_of = tuple(counted), (directory, *counted.values())
        with self._lock:
            known = self._courses.get(periods)
        if known is not None and all(map(is_, known[0], made_of)):
            return known[1]
        residences = sorted(each.residence_id for each in directory.records.residences)
        course = course_counts(counted, offices, residences)
        with self._lock:
            self._courses[periods] = made_of, course
            self._courses.move_to_end(periods)
            while len(self._courses) > _MOST_COURSES:
                self._courses.popitem(last=False)
        return course

    def first_counted(self) -> date | None:
        """Return the first day that was counted; None where none was."""
        days = self._figures.counted_days()
        return None if days is None else days[0]

    def counted_at(self) -> datetime | None:
        """Return when the latest day was counted; None where none was."""
        days = self._figures.counted_days()
        return None if days is None else self.versions("day", days[1], days[1]).get(days[1])


def _step(span: FigureSpan) -> Grain:
    """Return how long the periods of a course are: of a year, months."""
    return Grain.WEEK if span.grain is Grain.WEEK else Grain.MONTH


def _steps(span: FigureSpan, count: int) -> tuple[str, date]:
    """Return in which periods a course is told, and the first day of so many before one; of a year, its months."""
    if span.grain is Grain.YEAR:
        return "month", span.before.first
    first = span
    for _ in range(count):
        first = first.before
    return ("week" if span.grain is Grain.WEEK else "month"), first.first


class Overview:
    """The figures of one period and place, by office, residence and topic."""

    def __init__(self, reader: FigureReader, directory: Directory, span: FigureSpan, place: Place, today: date) -> None:
        """Take where periods are read from, what offices and residences there are, and what is asked."""
        self._reader = reader
        self._directory = directory
        self.span = span
        self.place = place
        self.today = today
        self._dwellings_at: dict[Place, int] = {}
        self._is_placed: dict[str, bool] = {}

    @cached_property
    def cells(self) -> FigureCells:
        """What was counted in the period."""
        return self._reader.of(self.span)

    @property
    def dwellings(self) -> Mapping[str, int]:
        """The dwellings of each residence."""
        return dwellings_of(self._directory)

    @cached_property
    def offices(self) -> list[str]:
        """The offices: those that see to residences, then the agency."""
        with_homes = sorted({each.office_id for each in self._directory.records.residences})
        return [*with_homes, *(each for each in sorted(self._directory.offices) if each not in with_homes)]

    def dwellings_at(self, place: Place) -> int:
        """Return how many dwellings a place has; 0 where it is no place."""
        if place not in self._dwellings_at:
            self._dwellings_at[place] = sum(
                self.dwellings.get(each.residence_id, 0)
                for each in self._directory.records.residences
                if place.office in (None, each.office_id) and place.residence in (None, each.residence_id)
            )
        return self._dwellings_at[place]

    @cached_property
    def whole(self) -> Sums:
        """What was counted in all offices; within the residence and topic that are asked for."""
        return added(self.by_office.values())

    @cached_property
    def by_office(self) -> Mapping[str, Sums]:
        """What was counted of each office; within the residence and topic that are asked for."""
        return self._by_office(self.cells) if self._wide is self else self._wide.by_office

    def _by_office(self, cells: FigureCells) -> dict[str, Sums]:
        return cells.by(Division.OFFICE, self.place.in_all_offices.where)

    @cached_property
    def by_residence(self) -> Mapping[str, Sums]:
        """What was counted of each residence; "" for what has none."""
        return self.cells.by(Division.RESIDENCE, self.place.where)

    @cached_property
    def by_topic(self) -> Mapping[str, Sums]:
        """What was counted of each topic; "" for what has none."""
        return self.cells.by(Division.TOPIC, self.place.where)

    def of_whole(self, figure: Figure) -> Value:
        """Return a figure of all offices."""
        is_all = self.place.residence is None and self.place.topic is None
        homes = self.dwellings_at(self.place.in_all_offices)
        return value_of(figure, self.whole, homes) if is_all else self._of_place(figure, self.whole, homes)

    def of_offices(self, figure: Figure) -> Value:
        """Return a figure of the offices that there are, as one: what each of them is compared with."""
        homes = {office: self.dwellings_at(replace(self.place, office=office)) for office in self.offices}
        compared = {office: self.by_office.get(office, NOTHING) for office in self.offices}
        if figure.is_rated and not figure.judged_of:
            # An office without dwellings has no rate, and what it counts belongs in no rate of others.
            compared = {office: counts for office, counts in compared.items() if homes[office]}
        return self._of_place(figure, added(compared.values()), sum(homes.values()))

    def _of_place(self, figure: Figure, counts: Counts, homes: int) -> Value:
        """Return a figure of a place: without its share, where that would be a share of what is known of places."""
        value = value_of(figure, counts, homes)
        return value if value.share is None or self.is_placed(figure) else replace(value, share=None)

    def of_office(self, figure: Figure, office: str) -> Value:
        """Return a figure of an office."""
        counts = self.by_office.get(office, NOTHING)
        return self._of_place(figure, counts, self.dwellings_at(replace(self.place, office=office)))

    def of_chosen(self, figure: Figure) -> Value:
        """Return a figure of the residence or the office that is asked for; of the offices as one where none is."""
        if self.place.residence is not None:
            return self.beside.of_residence(figure, self.place.residence)
        return self.of_offices(figure) if self.place.office is None else self.of_office(figure, self.place.office)

    @cached_property
    def chosen(self) -> Sums:
        """What was counted of what is asked for."""
        return self.cells.whole(self.place.where)

    def of_residence(self, figure: Figure, residence: str) -> Value:
        """Return a figure of a residence."""
        return self._of_place(figure, self.by_residence.get(residence, NOTHING), self.dwellings.get(residence, 0))

    def of_topic(self, figure: Figure, topic: str) -> Value:
        """Return a figure of a topic."""
        return self._of_place(figure, self.by_topic.get(topic, NOTHING), self.dwellings_at(self.place))

    def of_no_office(self, figure: Figure) -> Value | None:
        """Return how much was counted of no office that there is; None of what is no number of cases."""
        if not figure.is_rated:
            return None
        there = set(self.offices)
        count = sum(amount(figure, counts) for office, counts in self.by_office.items() if office not in there)
        return Value(count, count)

    @cached_property
    def _wide(self) -> "Overview":
        """The same of all offices: what is counted by office is the same in both."""
        return self._of(self.place.in_all_offices)

    @cached_property
    def beside(self) -> "Overview":
        """The same without the office and residence that are asked for: what a residence is compared with."""
        return self._of(Place(topic=self.place.topic))

    @cached_property
    def beside_all(self) -> "Overview":
        """The same of all offices, residences and topics."""
        return self._of(Place())

    def of_neighbours(self, figure: Figure) -> Value:
        """Return a figure of the other residences of the office of the residence that is asked for, as one."""
        return self._of_place(figure, *self._neighbours)

    @cached_property
    def _neighbours(self) -> tuple[Sums, int]:
        """What was counted of the other residences of the office, and their dwellings."""
        mine = self._directory.residences.get(self.place.residence or "")
        others = [
            each.residence_id
            for each in self._directory.records.residences
            if mine is not None and each.office_id == mine.office_id and each.residence_id != mine.residence_id
        ]
        counts = self.beside.by_residence
        homes = sum(self.dwellings.get(each, 0) for each in others)
        return added(counts[each] for each in others if each in counts), homes

    def _of(self, place: Place) -> "Overview":
        """Return the same of another place: one that other pages have made already, where it is of the same counts."""
        if place == self.place:
            return self
        found = self._reader.overview(self._directory, self.span, place, self.today)
        if found.cells is not self.cells:
            found = Overview(self._reader, self._directory, self.span, place, self.today)
            found.cells = self.cells
        return found

    @property
    def previous(self) -> "Overview":
        """The same of the period before."""
        return Overview(self._reader, self._directory, self.span.before, self.place, self.today)

    def course(self, figure: Figure) -> list[tuple[date, Value, Value]]:
        """Return a figure in the periods up to this one: their first days, the place's value, and all offices'."""
        # A residence is held against all offices: against all that is asked for, it would stand against itself.
        wide = Place(topic=self.place.topic)
        homes, all_homes = self.dwellings_at(self.place), self.dwellings_at(wide)
        found = []
        for first, offices in self.by_office_in_time.items():
            whole = self._whole_in_time[first]
            mine = added(offices.values())
            if self.place.office is not None:
                mine = offices.get(self.place.office, NOTHING)
            of_place = self._of_place if any(self.place.where) else value_of
            found.append((first, of_place(figure, mine, homes), value_of(figure, whole, all_homes)))
        return found

    @cached_property
    def by_office_in_time(self) -> dict[date, dict[str, Sums]]:
        """What was counted of each office in the periods up to this one, by their first days."""
        if self._wide is not self:
            return self._wide.by_office_in_time
        return {first: self._by_office(cells) for first, cells in self._cells_in_time.items()}

    @cached_property
    def _cells_in_time(self) -> dict[date, FigureCells]:
        """What was counted of the periods up to this one; of a year, of its months and those of the year before."""
        found = self._reader.before(self.span, _SHOWN_BEFORE)
        if self.span.grain is not Grain.YEAR and len(self.cells.keys):
            found[self.span.first] = self.cells
        return found

    @cached_property
    def _whole_in_time(self) -> dict[date, Sums]:
        """What was counted in all offices and residences in the same periods."""
        if self.place.residence is not None:
            return {first: cells.whole((None, None, self.place.topic)) for first, cells in self._cells_in_time.items()}
        return {first: added(offices.values()) for first, offices in self.by_office_in_time.items()}

    def course_by_office(self, figure: Figure) -> list[tuple[date, dict[str, Value]]]:
        """Return a figure of each office in the periods up to this one, by their first days."""
        homes = {office: self.dwellings_at(replace(self.place, office=office)) for office in self.offices}
        return [
            (first, {each: self._of_place(figure, counts.get(each, NOTHING), homes[each]) for each in self.offices})
            for first, counts in self.by_office_in_time.items()
        ]

    def by_residence_and_topic(self, measure: str = "opened") -> dict[tuple[str, str], int]:
        """Return how much of a measure was counted of each residence and topic that are known."""
        return self.cells.by_residence_and_topic(measure, self.place.where)

    @cached_property
    def findings(self) -> list[FigureFinding]:
        """What stands out: of all offices, of offices, of residences."""
        return find(self._scene)

    @cached_property
    def unusual(self) -> list[Unusual]:
        """Where many more cases came than usual, or than elsewhere, the least likely first."""
        return sorted(
            find_unusual(self._scene), key=lambda each: (each.chance, -each.times, each.residence, each.topic)
        )

    @property
    def has_usual(self) -> bool:
        """Whether periods went before, which say what is usual."""
        return next(iter(self._cells_in_time), self.span.first) < self.span.first

    @cached_property
    def _scene(self) -> Scene:
        counted = self._cells_in_time
        ends = [at for at, first in enumerate(counted) if first >= self.span.first]
        return Scene(
            self._reader.course(counted, self._directory, self.offices),
            list(self.by_office_in_time.values()),
            lambda period, part, where: list(counted.values())[period].by(part, where),
            range(ends[0], ends[-1] + 1) if ends else range(0),
            [self._passed(first) for first in counted],
            {each.residence_id: each.office_id for each in self._directory.records.residences},
            self.dwellings,
            self.place.where,
            sum(first < self._settled_on for first in counted),
            self._beginning,
            frozenset(figure.id for figure in FIGURES if not self.is_placed(figure)),
        )

    @property
    def _beginning(self) -> Beginning:
        """What is known of the time before the periods that are looked at."""
        first = FigureSpan.of(_step(self.span), next(iter(self._cells_in_time), self.span.first)).before.first
        grain = "week" if self.span.grain is Grain.WEEK else "month"
        is_counted = bool(self._reader.versions(grain, first, first))
        return Beginning.FIRST_LOOKED_AT if is_counted else Beginning.FIRST_COUNTED

    @cached_property
    def _settled_on(self) -> date:
        """From when on periods are compared with: a store that fills up has nothing old yet."""
        first = self._reader.first_counted()
        return date.min if first is None else first + timedelta(days=max(SILENT_DAYS))

    def is_placed(self, figure: Figure) -> bool:
        """Return whether the offices' cases are all cases, as to a share: else theirs is not what it seems.

        Where much of what a share is a part of is of no office, as calls answered of numbers that nobody knows, the
        offices together have another share than all; where the two differ by enough to matter, none is compared by it.
        """
        if self.beside_all is not self:
            return self.beside_all.is_placed(figure)
        if figure.id not in self._is_placed:
            self._is_placed[figure.id] = self._looks_placed(figure)
        return self._is_placed[figure.id]

    def _looks_placed(self, figure: Figure) -> bool:
        of = (figure.whole,) if figure.whole else figure.judged_of
        if not of:
            return True
        counts = np.zeros((2, 2))
        for offices in (*self.by_office_in_time.values(), self.by_office):
            for name, sums in offices.items():
                row = [sums[figure.measure], sum(sums[each] for each in of)]
                counts[0] += row
                if name in self.offices:
                    counts[1] += row
        every, placed = (100 * part / max(1.0, whole) for part, whole in counts.tolist())
        return abs(every - placed) < least_of(figure)

    def unplaced_part(self, figure: Figure) -> float:
        """Return which part of what a share is a part of lies in no office, from 0 to 1."""
        of = (figure.whole,) if figure.whole else figure.judged_of
        every = sum(sums[each] for sums in self.by_office.values() for each in of)
        placed = sum(sums[each] for name, sums in self.by_office.items() if name in self.offices for each in of)
        return 1 - placed / every if every else 0.0

    def _passed(self, first: date) -> float:
        """Return how much of a period of the course has passed."""
        step = FigureSpan(_step(self.span), first)
        days = (step.after.first - first).days
        return min(days, max(1, (self.today - first).days + 1)) / days


@lru_cache(maxsize=2)
def dwellings_of(directory: Directory) -> dict[str, int]:
    """Return how many dwellings each residence has; parking spaces and shops are none."""
    found: Counter[str] = Counter()
    for dwelling in directory.records.dwellings:
        if dwelling.kind == "dwelling":
            address = directory.addresses.get(dwelling.address_id)
            if address is not None:
                found[address.residence_id] += 1
    return dict(found)
