"""A week, a month or a year of figures, read from what was counted: by office, residence and topic, and over time."""

import threading
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache

from dtm_contact.directory import Directory
from dtm_contact.figures.cells import FigureCells, Key, added, merged
from dtm_contact.figures.comparing import Unusual, Value, is_worse, judged, unusual, value_of, worst_part
from dtm_contact.figures.definitions import FIGURES, Figure
from dtm_contact.store.figures import StoredFigures

_MOST_DECODED = 120
_BEFORE = 6
"""Periods that say what is usual."""
_SHOWN_BEFORE = 12
"""Periods that a figure's course shows beside the present one."""
_MOST_STANDING_OUT = 8
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

    def holds(self, key: Key) -> bool:
        """Return whether a key belongs to it."""
        office, residence, topic = key
        return self.office in (None, office) and self.residence in (None, residence) and self.topic in (None, topic)


@dataclass(frozen=True, slots=True)
class OfficeStandsOut:
    """An office that is worse than the whole beyond chance.

    Attributes:
        office, figure: which, by what.
        mine, whole: its value and the whole's.
        since: the first of the periods in a row, up to the last one known, in which that was so; None where only the
            months of a year together show it.
        is_start: whether a period went before in which that was not so; otherwise it may have begun earlier.
        topic, residence: where in it the figure is worst, of those that are worse than the rest of the same office.
    """

    office: str
    figure: Figure
    mine: Value
    whole: Value
    since: date | None
    is_start: bool
    topic: str | None
    residence: str | None


class FigureReader:
    """Reads periods that were counted, and keeps the last ones unpacked; threads may share it."""

    def __init__(self, figures: StoredFigures) -> None:
        self._figures = figures
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, date], tuple[datetime, FigureCells]] = OrderedDict()

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

    def of(self, span: FigureSpan) -> FigureCells:
        """Return the counts of a period, as they are stored."""
        if span.grain is Grain.YEAR:
            return merged(self.cells("month", span.first, span.last).values())
        grain = "week" if span.grain is Grain.WEEK else "month"
        return self.cells(grain, span.first, span.first).get(span.first, FigureCells())

    def before(self, span: FigureSpan, count: int) -> dict[date, FigureCells]:
        """Return the periods of the same length before one, by their first days, the earliest first; of a year months.

        Of a year they are its own months, and those of the year before.
        """
        if span.grain is Grain.YEAR:
            return self.cells("month", span.before.first, span.last)
        first = span
        for _ in range(count):
            first = first.before
        grain = "week" if span.grain is Grain.WEEK else "month"
        return self.cells(grain, first.first, span.first - timedelta(days=1))

    def first_counted(self) -> date | None:
        """Return the first day that was counted; None where none was."""
        days = self._figures.counted_days()
        return None if days is None else days[0]

    def counted_at(self) -> datetime | None:
        """Return when the latest day was counted; None where none was."""
        days = self._figures.counted_days()
        return None if days is None else self._figures.versions("day", days[1], days[1]).get(days[1])


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

    @property
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

    def _by(self, group: Callable[[Key], str | None]) -> dict[str, Counter[str]]:
        cells = self._cells
        return cells.by(group(key) if self.place.holds(key) else None for key in cells.keys)

    @cached_property
    def whole(self) -> Counter[str]:
        """What was counted in all offices; within the residence and topic that are asked for."""
        return added(self.by_office.values())

    @cached_property
    def by_office(self) -> Mapping[str, Counter[str]]:
        """What was counted of each office; within the residence and topic that are asked for."""
        return self._by_office(self._cells)

    def _by_office(self, cells: FigureCells) -> dict[str, Counter[str]]:
        wide = replace(self.place, office=None)
        return cells.by(key[0] if wide.holds(key) else None for key in cells.keys)

    @cached_property
    def by_residence(self) -> Mapping[str, Counter[str]]:
        """What was counted of each residence; "" for what has none."""
        return self._by(lambda key: key[1])

    @cached_property
    def by_topic(self) -> Mapping[str, Counter[str]]:
        """What was counted of each topic; "" for what has none."""
        return self._by(lambda key: key[2])

    def of_whole(self, figure: Figure) -> Value:
        """Return a figure of all offices."""
        return value_of(figure, self.whole, self.dwellings_at(replace(self.place, office=None)))

    def of_offices(self, figure: Figure) -> Value:
        """Return a figure of the offices that there are, as one: what each of them is compared with."""
        homes = {office: self.dwellings_at(replace(self.place, office=office)) for office in self.offices}
        compared = {office: self.by_office.get(office, Counter()) for office in self.offices}
        if figure.is_rated and not figure.judged_of:
            # An office without dwellings has no rate, and what it counts belongs in no rate of others.
            compared = {office: counts for office, counts in compared.items() if homes[office]}
        return value_of(figure, added(compared.values()), sum(homes.values()))

    def _together(self, by_office: Mapping[str, Counter[str]]) -> Counter[str]:
        return added(counts for office, counts in by_office.items() if office in self._directory.offices)

    def of_office(self, figure: Figure, office: str) -> Value:
        """Return a figure of an office."""
        counts = self.by_office.get(office, Counter())
        return value_of(figure, counts, self.dwellings_at(replace(self.place, office=office)))

    def of_residence(self, figure: Figure, residence: str) -> Value:
        """Return a figure of a residence."""
        return value_of(figure, self.by_residence.get(residence, Counter()), self.dwellings.get(residence, 0))

    def of_topic(self, figure: Figure, topic: str) -> Value:
        """Return a figure of a topic."""
        return value_of(figure, self.by_topic.get(topic, Counter()), self.dwellings_at(self.place))

    def course(self, figure: Figure) -> list[tuple[date, Value, Value]]:
        """Return a figure in the periods up to this one: their first days, the place's value, and all offices'."""
        wide = replace(self.place, office=None)
        homes, all_homes = self.dwellings_at(self.place), self.dwellings_at(wide)
        found = []
        for first, offices in self._by_office_in_time.items():
            whole = self._whole_in_time[first]
            mine = whole if self.place.office is None else offices.get(self.place.office, Counter())
            found.append((first, value_of(figure, mine, homes), value_of(figure, whole, all_homes)))
        return found

    @cached_property
    def _by_office_in_time(self) -> dict[date, dict[str, Counter[str]]]:
        """What was counted of each office in the periods up to this one, by their first days."""
        found = self._reader.before(self.span, _SHOWN_BEFORE)
        if self.span.grain is not Grain.YEAR and len(self._cells.keys):
            found[self.span.first] = self._cells
        return {first: self._by_office(cells) for first, cells in found.items()}

    @cached_property
    def _whole_in_time(self) -> dict[date, Counter[str]]:
        """What was counted in all offices in the same periods."""
        return {first: added(offices.values()) for first, offices in self._by_office_in_time.items()}

    def by_residence_and_topic(self) -> dict[tuple[str, str], int]:
        """Return the cases opened of each residence and topic that are known."""
        return _opened(self._cells, self.place)

    def unusual(self) -> list[Unusual]:
        """Return where many more cases came than usual, the least likely first; none without earlier periods."""
        before = self._usual()
        return [] if before is None else unusual(self.by_residence_and_topic(), before)[:_MOST_STANDING_OUT]

    @property
    def has_usual(self) -> bool:
        """Whether periods went before, which say what is usual."""
        return self._usual() is not None

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
            for place, count in _opened(cells, self.place).items():
                usual[place] += count * whole * passed / days
        return usual

    def offices_standing_out(self) -> list[OfficeStandsOut]:
        """Return the offices that are worse than the whole beyond chance, the weightiest figures first."""
        found = []
        weighty = (figure for figure in FIGURES if figure.weight)
        for figure in sorted(weighty, key=lambda figure: -figure.weight):
            whole = self.of_offices(figure)
            worse = ((office, self.of_office(figure, office)) for office in self.offices)
            found += [(figure, office, mine, whole) for office, mine in worse if is_worse(figure, mine, whole)]
        return [self._standing_out(*each) for each in found[:_MOST_STANDING_OUT]]

    def _standing_out(self, figure: Figure, office: str, mine: Value, whole: Value) -> OfficeStandsOut:
        place, wide = replace(self.place, office=office), replace(self.place, office=None)
        homes, all_homes = self.dwellings_at(place), self.dwellings_at(wide)
        since, is_start = None, False
        for first, offices in reversed(self._by_office_in_time.items()):
            then = value_of(figure, offices.get(office, Counter()), homes)
            if is_worse(figure, then, value_of(figure, self._together(offices), all_homes)):
                since = first
            elif judged(figure, then) is not None:
                is_start = since is not None
                break
            elif since is not None:
                break
        within = self._within(office)
        mine_too = {each.residence_id for each in self._directory.records.residences if each.office_id == office}
        residences = {name: counts for name, counts in within.by_residence.items() if name in mine_too}
        topics = {name: counts for name, counts in within.by_topic.items() if name}
        where = within.worst_part(figure, topics), within.worst_part(figure, residences)
        return OfficeStandsOut(office, figure, mine, whole, since, is_start, *where)

    def worst_part(self, figure: Figure, parts: Mapping[str, Counter[str]]) -> str | None:
        """Return which of the topics or residences of the place is worse than the rest of it; None where none is."""
        all_of_it = added(self.by_topic.values())
        values = (
            (name, value_of(figure, counts), value_of(figure, all_of_it - counts)) for name, counts in parts.items()
        )
        return worst_part(figure, values)

    def _within(self, office: str) -> "Overview":
        if office not in self._offices:
            place = replace(self.place, office=office)
            self._offices[office] = Overview(self._reader, self._directory, self.span, place, self._today)
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


def _opened(cells: FigureCells, place: Place) -> dict[tuple[str, str], int]:
    places = [(key[1], key[2]) if place.holds(key) and key[1] and key[2] else None for key in cells.keys]
    if "opened" not in cells.measures:
        return {}
    at, found = cells.measures.index("opened"), Counter[tuple[str, str]]()
    for row, measure, count in cells.cells[cells.cells[:, 1] == at].tolist():
        del measure
        if (where := places[row]) is not None:
            found[where] += count
    return dict(found)
