"""A week, a month or a year of figures, read from what was counted: by office, residence and topic, and over time."""

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from operator import is_

from dtm_contact.directory import Directory
from dtm_contact.figures.cells import NOTHING, Division, FigureCells, Sums, Where, added, merged
from dtm_contact.figures.comparing import (
    BY_CHANCE,
    Unusual,
    Value,
    chance_of,
    is_worse,
    judged,
    unusual,
    value_of,
    worst_part,
)
from dtm_contact.figures.definitions import FIGURES, Figure, FigureKind
from dtm_contact.store.figures import StoredFigures

_MOST_DECODED = 120
_MOST_YEARS = 3
_MOST_OVERVIEWS = 40
_BEFORE = 6
"""Periods that say what is usual."""
_SHOWN_BEFORE = 12
"""Periods that a figure's course shows beside the present one."""
MOST_STANDING_OUT = 8
"""Of offices and of residences, what stands out most is told."""
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


@dataclass(frozen=True, slots=True)
class Run:
    """The periods in a row, up to the last one known, in which a place was worse beyond chance.

    Attributes:
        since: the first of them.
        is_start: whether the one before was better beyond chance; otherwise it may have begun earlier.
    """

    since: date
    is_start: bool


@dataclass(frozen=True, slots=True)
class PartStandsOut:
    """A topic or a residence of an office that is worse than the rest of it; `run` is None where only all is."""

    part: Division
    name: str
    run: Run | None


@dataclass(frozen=True, slots=True)
class OfficeStandsOut:
    """An office that is worse than the whole beyond chance.

    Attributes:
        office, figure: which, by what.
        mine, whole: its value and the whole's.
        run: since when; None where only the months of a year together show it.
        parts: where in it the figure is worst, of those that are worse than the rest of the same office.
    """

    office: str
    figure: Figure
    mine: Value
    whole: Value
    run: Run | None
    parts: tuple[PartStandsOut, ...]


@dataclass(frozen=True, slots=True)
class ResidenceStandsOut:
    """A residence where a share is worse than in the rest of its office: its value, the rest's, since when."""

    office: str
    residence: str
    figure: Figure
    mine: Value
    rest: Value
    run: Run | None


def _run_of(figure: Figure, in_time: Iterable[tuple[date, Value, Value]]) -> Run | None:
    """Return since when a place is worse; None where it is not in the last period.

    Args:
        figure: by what.
        in_time: the periods, the earliest first: the first day, the place's value, what it is compared with.
    """
    run: Run | None = None
    begun = Value(None, 0)
    for first, mine, whole in reversed(list(in_time)):
        if is_worse(figure, mine, whole):
            run, begun = Run(first, is_start=False), mine
        elif run is not None:
            # What is not surely worse may be so all the same: it began then only where that was surely better.
            return replace(run, is_start=is_worse(figure, begun, mine))
        elif judged(figure, mine) is not None:
            return None
    return run


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

    def cells(self, grain: str, first: date, last: date) -> dict[date, FigureCells]:
        """Return what was counted of the days, weeks or months that begin from one day to another.

        Raises:
            StoreUnavailableError: it cannot be read.
        """
        versions = self._figures.versions(grain, first, last)
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

    def overview(self, directory: Directory, span: FigureSpan, place: Place, today: date) -> "Overview":
        """Return the figures of a period and place; those made before, while nothing of them was counted again."""
        grain, first = _steps(span, _SHOWN_BEFORE)
        stamp = directory, self._figures.versions(grain, first, span.last)
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

    def first_counted(self) -> date | None:
        """Return the first day that was counted; None where none was."""
        days = self._figures.counted_days()
        return None if days is None else days[0]

    def counted_at(self) -> datetime | None:
        """Return when the latest day was counted; None where none was."""
        days = self._figures.counted_days()
        return None if days is None else self._figures.versions("day", days[1], days[1]).get(days[1])


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
        self._today = today
        self._offices: dict[str, Overview] = {}
        self._dwellings_at: dict[Place, int] = {}

    @cached_property
    def _cells(self) -> FigureCells:
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
        return self._by_office(self._cells)

    def _by_office(self, cells: FigureCells) -> dict[str, Sums]:
        return cells.by(Division.OFFICE, self.place.in_all_offices.where)

    @cached_property
    def by_residence(self) -> Mapping[str, Sums]:
        """What was counted of each residence; "" for what has none."""
        return self._cells.by(Division.RESIDENCE, self.place.where)

    @cached_property
    def by_topic(self) -> Mapping[str, Sums]:
        """What was counted of each topic; "" for what has none."""
        return self._cells.by(Division.TOPIC, self.place.where)

    def of_whole(self, figure: Figure) -> Value:
        """Return a figure of all offices."""
        return value_of(figure, self.whole, self.dwellings_at(self.place.in_all_offices))

    def of_offices(self, figure: Figure) -> Value:
        """Return a figure of the offices that there are, as one: what each of them is compared with."""
        homes = {office: self.dwellings_at(replace(self.place, office=office)) for office in self.offices}
        compared = {office: self.by_office.get(office, NOTHING) for office in self.offices}
        if figure.is_rated and not figure.judged_of:
            # An office without dwellings has no rate, and what it counts belongs in no rate of others.
            compared = {office: counts for office, counts in compared.items() if homes[office]}
        return value_of(figure, added(compared.values()), sum(homes.values()))

    def of_office(self, figure: Figure, office: str) -> Value:
        """Return a figure of an office."""
        counts = self.by_office.get(office, NOTHING)
        return value_of(figure, counts, self.dwellings_at(replace(self.place, office=office)))

    def of_residence(self, figure: Figure, residence: str) -> Value:
        """Return a figure of a residence."""
        return value_of(figure, self.by_residence.get(residence, NOTHING), self.dwellings.get(residence, 0))

    def of_topic(self, figure: Figure, topic: str) -> Value:
        """Return a figure of a topic."""
        return value_of(figure, self.by_topic.get(topic, NOTHING), self.dwellings_at(self.place))

    @property
    def previous(self) -> "Overview":
        """The same of the period before."""
        return Overview(self._reader, self._directory, self.span.before, self.place, self._today)

    def course(self, figure: Figure) -> list[tuple[date, Value, Value]]:
        """Return a figure in the periods up to this one: their first days, the place's value, and all offices'."""
        wide = self.place.in_all_offices
        homes, all_homes = self.dwellings_at(self.place), self.dwellings_at(wide)
        found = []
        for first, offices in self._by_office_in_time.items():
            whole = self._whole_in_time[first]
            mine = whole if self.place.office is None else offices.get(self.place.office, NOTHING)
            found.append((first, value_of(figure, mine, homes), value_of(figure, whole, all_homes)))
        return found

    @cached_property
    def _by_office_in_time(self) -> dict[date, dict[str, Sums]]:
        """What was counted of each office in the periods up to this one, by their first days."""
        return {first: self._by_office(cells) for first, cells in self._cells_in_time.items()}

    @cached_property
    def _cells_in_time(self) -> dict[date, FigureCells]:
        """What was counted of the periods up to this one; of a year, of its months and those of the year before."""
        found = self._reader.before(self.span, _SHOWN_BEFORE)
        if self.span.grain is not Grain.YEAR and len(self._cells.keys):
            found[self.span.first] = self._cells
        return found

    @cached_property
    def _whole_in_time(self) -> dict[date, Sums]:
        """What was counted in all offices in the same periods."""
        return {first: added(offices.values()) for first, offices in self._by_office_in_time.items()}

    @cached_property
    def _compared_in_time(self) -> dict[date, Sums]:
        """What was counted in the offices that there are, in the same periods."""
        there = self._directory.offices
        return {
            first: added(counts for office, counts in offices.items() if office in there)
            for first, offices in self._by_office_in_time.items()
        }

    def by_residence_and_topic(self) -> dict[tuple[str, str], int]:
        """Return the cases opened of each residence and topic that are known."""
        return self._cells.by_residence_and_topic("opened", self.place.where)

    @cached_property
    def unusual(self) -> list[Unusual]:
        """Where many more cases came than usual, the least likely first; none without earlier periods."""
        return [] if self._usual is None else unusual(self.by_residence_and_topic(), self._usual)

    @property
    def has_usual(self) -> bool:
        """Whether periods went before, which say what is usual."""
        return self._usual is not None

    @cached_property
    def _usual(self) -> dict[tuple[str, str], float] | None:
        """Return what is usual of each residence and topic in as much of a period as has passed."""
        if self.span.grain is Grain.YEAR:
            earlier = {day: cells for day, cells in self._reader.before(self.span, 0).items() if day < self.span.first}
            whole = 12 / len(earlier) if earlier else 0.0
        else:
            earlier = self._reader.before(self.span, _BEFORE)
            whole = 1 / len(earlier) if earlier else 0.0
        if not earlier:
            return None
        days = (self.span.last - self.span.first).days + 1
        passed = min(days, max(1, (self._today - self.span.first).days + 1))
        usual: dict[tuple[str, str], float] = defaultdict(float)
        for cells in earlier.values():
            for place, count in cells.by_residence_and_topic("opened", self.place.where).items():
                usual[place] += count * whole * passed / days
        return usual

    @cached_property
    def offices_standing_out(self) -> list[OfficeStandsOut]:
        """Return the offices that are worse than the whole beyond chance, the weightiest figures first."""
        found = []
        weighty = (figure for figure in FIGURES if figure.weight)
        for figure in sorted(weighty, key=lambda figure: -figure.weight):
            whole = self.of_offices(figure)
            worse = ((office, self.of_office(figure, office)) for office in self.offices)
            found += [(figure, office, mine, whole) for office, mine in worse if is_worse(figure, mine, whole)]
        return [self._standing_out(*each) for each in found[:MOST_STANDING_OUT]]

    def _standing_out(self, figure: Figure, office: str, mine: Value, whole: Value) -> OfficeStandsOut:
        homes, all_homes = (
            self.dwellings_at(place) for place in (replace(self.place, office=office), self.place.in_all_offices)
        )
        in_time = (
            (
                first,
                value_of(figure, offices.get(office, NOTHING), homes),
                value_of(figure, self._compared_in_time[first], all_homes),
            )
            for first, offices in self._by_office_in_time.items()
        )
        within = self._within(office)
        mine_too = {each.residence_id for each in self._directory.records.residences if each.office_id == office}
        residences = {name: counts for name, counts in within.by_residence.items() if name in mine_too}
        topics = {name: counts for name, counts in within.by_topic.items() if name}
        parts = [
            PartStandsOut(part, name, _run_of(figure, within.part_in_time(figure, part, name)))
            for part, counted in ((Division.RESIDENCE, residences), (Division.TOPIC, topics))
            if (name := within.worst_part(figure, counted)) is not None
        ]
        return OfficeStandsOut(office, figure, mine, whole, _run_of(figure, in_time), tuple(parts))

    @cached_property
    def residences_standing_out(self) -> list[ResidenceStandsOut]:
        """Return the residences that are worse served than the rest of their office, the least likely first."""
        if self.place.residence is not None:
            return []
        found: dict[str, tuple[float, ResidenceStandsOut]] = {}
        shares = [figure for figure in FIGURES if figure.weight and figure.kind is FigureKind.SHARE]
        for office in self.offices if self.place.office is None else [self.place.office]:
            within = self._within(office)
            whole = added(within.by_topic.values())
            for each in self._directory.records.residences:
                counts = within.by_residence.get(each.residence_id)
                if each.office_id != office or counts is None:
                    continue
                for figure in shares:
                    mine, rest = value_of(figure, counts), value_of(figure, whole.without(counts))
                    chance = chance_of(figure, mine, rest)
                    if chance < min(BY_CHANCE, found.get(each.residence_id, (1.0,))[0]):
                        run = _run_of(figure, within.part_in_time(figure, Division.RESIDENCE, each.residence_id))
                        standing = ResidenceStandsOut(office, each.residence_id, figure, mine, rest, run)
                        found[each.residence_id] = chance, standing
        return [standing for _, standing in sorted(found.values(), key=lambda each: each[0])]

    def part_in_time(self, figure: Figure, part: Division, name: str) -> Iterator[tuple[date, Value, Value]]:
        """Yield what a topic or a residence of the place was in the periods up to this one, and all else of it."""
        for first, cells in self._cells_in_time.items():
            mine = cells.by(part, self.place.where).get(name, NOTHING)
            if mine is not NOTHING:
                all_of_it = cells.whole(self.place.where)
                yield first, value_of(figure, mine), value_of(figure, all_of_it.without(mine))

    def worst_part(self, figure: Figure, parts: Mapping[str, Sums]) -> str | None:
        """Return which of the topics or residences of the place is worse than the rest of it; None where none is."""
        all_of_it = added(self.by_topic.values())
        values = (
            (name, value_of(figure, counts), value_of(figure, all_of_it.without(counts)))
            for name, counts in parts.items()
        )
        return worst_part(figure, values)

    def _within(self, office: str) -> "Overview":
        if office not in self._offices:
            place = replace(self.place, office=office)
            self._offices[office] = within = Overview(self._reader, self._directory, self.span, place, self._today)
            within._cells, within._cells_in_time = self._cells, self._cells_in_time
        return self._offices[office]


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
