"""Opening hours, French public holidays, and time counted while an office is open; all by the office's wall clock."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.easter import easter

PARIS = ZoneInfo("Europe/Paris")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

END_OF_DAY = time.max
"""As the end of a span: the midnight that ends the day."""

Span = tuple[time, time]
"""Open from the first to the second of one day; the second may be `END_OF_DAY`."""

Week = tuple[tuple[Span, ...], ...]
"""The spans of each weekday, Monday first."""

_MONDAY, _FRIDAY = 0, 4
_DAY = timedelta(days=1)
_LONGEST_SEARCH_DAYS = 800
_MOST_KNOWN_DAYS = 1000
"""Days whose spans a calendar remembers: it is asked for the same ones again and again."""


@lru_cache(maxsize=64)
def public_holidays(year: int) -> frozenset[date]:
    """Return the eleven public holidays of a year (Code du travail, article L3133-1), as `holidays` knows them."""
    # Takes longer to import than all the rest of this module, and only the first date asked for needs it.
    from holidays import country_holidays  # noqa: PLC0415

    return frozenset(country_holidays("FR", years=year, expand=False))


def is_public_holiday(day: date) -> bool:
    """Return whether a day is a public holiday."""
    return day in public_holidays(day.year)


def is_whit_monday(day: date) -> bool:
    """Return whether a day is the Monday after Pentecost, on which many work (Code du travail, article L3133-7)."""
    return day.weekday() == _MONDAY and day == easter(day.year) + timedelta(days=50)


def is_bridge_day(day: date) -> bool:
    """Return whether a day is a working day that stands between a public holiday and a week-end."""
    between = {_MONDAY: _DAY, _FRIDAY: -_DAY}.get(day.weekday())
    return between is not None and not is_public_holiday(day) and is_public_holiday(day + between)


@dataclass(frozen=True, slots=True)
class Closure:
    """Days on which an office does not open, both ends included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """When an office is open.

    Attributes:
        week: seven tuples of spans, Monday first; the spans of a day in order and apart.
        closures: days it does not open besides public holidays.
        open_on_holidays: whether it opens on public holidays as on other days (a desk that never closes).
        works_whit_monday: Whit Monday is a day like others here.
        closed_on_bridge_days: it does not open on a working day between a public holiday and a week-end.
        zone: whose wall clock the spans are read on.

    Raises:
        ValueError: no day has a span, or spans of a day overlap or end before they begin.
    """

    week: Week
    closures: tuple[Closure, ...] = ()
    open_on_holidays: bool = False
    zone: ZoneInfo = PARIS
    works_whit_monday: bool = False
    closed_on_bridge_days: bool = False
    _known: dict[date, tuple[tuple[datetime, datetime], ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Refuse a week that cannot be."""
        if len(self.week) != len(WEEKDAYS) or not any(self.week):
            raise ValueError("an office opens on one day of the week at least")
        for spans in self.week:
            marks = [mark for span in spans for mark in span]
            if marks != sorted(set(marks)):
                raise ValueError("the spans of a day must follow each other and not overlap")

    def is_holiday(self, at: datetime) -> bool:
        """Return whether an aware time falls on a public holiday here."""
        return self._is_holiday(at.astimezone(self.zone).date())

    def is_closed_for_days(self, at: datetime) -> bool:
        """Return whether an aware time falls on a closure: days with a stand-in, not a night or a holiday."""
        day = at.astimezone(self.zone).date()
        return any(closure.first <= day <= closure.last for closure in self.closures)

    def is_open(self, at: datetime) -> bool:
        """Return whether the office is open at an aware time; at the closing minute it is not."""
        instant = at.astimezone(UTC)
        return any(start <= instant < end for start, end in self._spans_of(at.astimezone(self.zone).date()))

    def add_business_time(self, start: datetime, amount: timedelta) -> datetime:
        """Return when `amount` of open time has passed since `start`.

        Args:
            start: an aware time; before or after hours, counting begins at the next opening.
            amount: real time, so the night in which clocks change counts as long as it lasts; not negative.

        Returns:
            A time of `zone`; time that runs out at the closing minute ends there, not at the next opening.
        """
        instant = start.astimezone(UTC)
        left = amount
        for opens, closes in self._spans_from(start.astimezone(self.zone).date()):
            begin = max(opens, instant)
            if begin < closes and left <= closes - begin:
                return (begin + left).astimezone(self.zone)
            left -= max(closes - begin, timedelta())
        raise ValueError("the office never opens again")

    def business_time(self, start: datetime, end: datetime) -> timedelta:
        """Return for how long the office is open between two aware times; nothing where the end is not the later."""
        first, last = start.astimezone(UTC), end.astimezone(UTC)
        if first >= last:
            return timedelta()
        open_for, final_day = timedelta(), end.astimezone(self.zone).date()
        day = start.astimezone(self.zone).date()
        while day <= final_day:
            for opens, closes in self._spans_of(day):
                open_for += max(min(closes, last) - max(opens, first), timedelta())
            day += _DAY
        return open_for

    def end_of_next_open_day(self, at: datetime) -> datetime | None:
        """Return when the office closes on the first day that it opens after the day of `at`, an aware time.

        None where it does not open for years.
        """
        day = at.astimezone(self.zone).date()
        for ahead in range(1, _LONGEST_SEARCH_DAYS):
            if spans := self._spans_of(day + ahead * _DAY):
                return spans[-1][1].astimezone(self.zone)
        return None

    def next_open_day_over(self, at: datetime) -> datetime:
        """Return before when a time is whose `end_of_next_open_day` has come by `at`, an aware time; later, it has not.

        It is the midnight with which the last day began on which the office has closed by then.
        """
        instant, day = at.astimezone(UTC), at.astimezone(self.zone).date()
        for back in range(_LONGEST_SEARCH_DAYS):
            spans = self._spans_of(day - back * _DAY)
            if spans and spans[-1][1] <= instant:
                return self._instant(day - back * _DAY, time.min)
        # What was before that has its end by now, or none.
        return self._instant(day - _LONGEST_SEARCH_DAYS * _DAY, time.min)

    def next_morning(self, at: datetime) -> datetime | None:
        """Return when the office opens on the first day that it opens after the day of `at`, an aware time.

        None where it does not open for years.
        """
        day = at.astimezone(self.zone).date()
        for ahead in range(1, _LONGEST_SEARCH_DAYS):
            if spans := self._spans_of(day + ahead * _DAY):
                return spans[0][0].astimezone(self.zone)
        return None

    def last_open_on_or_before(self, day: date) -> datetime:
        """Return when the office closes for the last time on a day or the nearest one before, in `zone`.

        Raises:
            ValueError: it has not been open for years.
        """
        for back in range(_LONGEST_SEARCH_DAYS):
            spans = self._spans_of(day - back * _DAY)
            if spans:
                return spans[-1][1].astimezone(self.zone)
        raise ValueError("the office was never open")

    def _spans_from(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        while day < date.max:
            yield from self._spans_of(day)
            day += timedelta(days=1)

    def _spans_of(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        found = self._known.get(day)
        if found is None:
            spans = self.week[day.weekday()]
            is_open = spans and self._opens_on(day)
            found = tuple((self._instant(day, start), self._instant(day, end)) for start, end in spans if is_open)
            if len(self._known) >= _MOST_KNOWN_DAYS:
                self._known.clear()
            self._known[day] = found
        return found

    def _opens_on(self, day: date) -> bool:
        if not self.open_on_holidays and self._is_holiday(day):
            return False
        if self.closed_on_bridge_days and is_bridge_day(day):
            return False
        return not any(closure.first <= day <= closure.last for closure in self.closures)

    def _is_holiday(self, day: date) -> bool:
        return is_public_holiday(day) and not (self.works_whit_monday and is_whit_monday(day))

    def _instant(self, day: date, mark: time) -> datetime:
        if mark == END_OF_DAY:
            day, mark = day + timedelta(days=1), time.min
        return datetime.combine(day, mark, self.zone).astimezone(UTC)


def add_clock_time(start: datetime, amount: timedelta, zone: ZoneInfo = PARIS) -> datetime:
    """Return the time of `zone` when `amount` of real time has passed since `start`, an aware time."""
    return (start.astimezone(UTC) + amount).astimezone(zone)
