"""Opening hours, closures and times to answer as admins write them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from dtm_contact.hours import END_OF_DAY, WEEKDAYS, Calendar, Closure, Span, Week, add_clock_time
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.rules.validation import InvalidValueError, cut, shown

_SPAN = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9]) ?- ?([01]?[0-9]|2[0-4]):([0-5][0-9])")
_DUE = re.compile(r"([1-9][0-9]{0,3}) (?:(business )?(minute|hour)|(day|month))s?")
_MOST_MONTHS = 120
_CLOSURE_DAYS = 366


@dataclass(frozen=True, slots=True)
class DueTime:
    """How long something may take, by the clock or counted while the office is open.

    Attributes:
        amount: how long, where no months are given.
        business: only what the office is open counts.
        months: months of the calendar, in place of `amount`: the same day and hour of a later month, or its last day
            (Regulation 1182/71 article 3 lets a period of months run to the end of that day).
    """

    amount: timedelta
    business: bool
    months: int = 0

    def after(self, start: datetime, calendar: Calendar) -> datetime:
        """Return when it is due, in the calendar's zone."""
        if self.months:
            return start.astimezone(calendar.zone) + relativedelta(months=self.months)
        if self.business:
            return calendar.add_business_time(start, self.amount)
        return add_clock_time(start, self.amount, calendar.zone)


def parse_due(value: Any) -> DueTime:
    """Read "15 minutes", "4 business hours", "45 days" or "1 month".

    Raises:
        InvalidValueError: it is none of them.
    """
    found = _DUE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        hint = "write 15 minutes, 4 business hours, 45 days or 1 month"
        raise InvalidValueError(f"expected a duration, got {shown(value)}", hint)
    number, business, short, long = found.groups()
    if long == "month":
        if int(number) > _MOST_MONTHS:
            raise InvalidValueError(f"{value} is too long", f"{_MOST_MONTHS} months at the most")
        return DueTime(timedelta(), business=False, months=int(number))
    return DueTime(timedelta(**{f"{short or long}s": int(number)}), business is not None)


def parse_span(value: Any, *, over_midnight: bool = False) -> Span:
    """Read "09:00-17:00"; 24:00 is the midnight that ends the day.

    Raises:
        InvalidValueError: it is no span of a day, or ends before it begins where it may not run over midnight.
    """
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InvalidValueError(f"expected a span of hours, got {shown(value)}", 'write "09:00-17:00"')
    hour, minute, last_hour, last_minute = map(int, found.groups())
    first, last = _clock(hour, minute, value), _clock(last_hour, last_minute, value)
    if first == last or (first > last and not over_midnight):
        raise InvalidValueError(f"{value} ends before it begins", "write the earlier hour first")
    return first, last


def parse_spans(value: Any) -> tuple[Span, ...]:
    """Read the spans of one day: "09:00-17:00", or a list of several in order.

    Raises:
        InvalidValueError: one is no span, or they overlap or touch.
    """
    spans = tuple(parse_span(item) for item in (value if isinstance(value, list) else [value]))
    marks = [mark for span in spans for mark in span]
    if not marks or marks != sorted(set(marks)):
        raise InvalidValueError(
            "the spans of a day overlap or are out of order", "write them in order, with a pause between"
        )
    return spans


def parse_week(days: Mapping[str, tuple[Span, ...]]) -> Week:
    """Read spans by day, the key being a weekday or several from one to another ("monday-friday").

    Raises:
        InvalidValueError: a day is unknown or given twice, or no day is given.
    """
    week: list[tuple[Span, ...] | None] = [None] * len(WEEKDAYS)
    for key, spans in days.items():
        first, _, last = key.partition("-")
        for word in filter(None, (first, last)):
            if word not in WEEKDAYS:
                raise InvalidValueError(f"unknown day {cut(word)}", hint_for(word, WEEKDAYS))
        begin, end = WEEKDAYS.index(first or "monday"), WEEKDAYS.index(last or first)
        if begin > end:
            raise InvalidValueError(f"{key} runs over the end of the week", "begin the week with monday")
        for number in range(begin, end + 1):
            if week[number] is not None:
                raise InvalidValueError(f"{WEEKDAYS[number]} is given twice", "write each day once")
            week[number] = spans
    if not any(week):
        raise InvalidValueError("no day is given", 'write monday-friday: "09:00-17:00"')
    return tuple(spans or () for spans in week)


def parse_closure(value: Any) -> Closure:
    """Read "2026-12-24", or "2026-12-24..2026-12-31".

    Raises:
        InvalidValueError: it is no day or no span of days, or longer than a year.
    """
    try:
        first, _, last = value.partition("..")
        closure = Closure(date.fromisoformat(first), date.fromisoformat(last or first))
    except (AttributeError, ValueError):
        raise InvalidValueError(
            f"expected a day, got {shown(value)}", "write 2026-12-24, or 2026-12-24..2026-12-31"
        ) from None
    if not timedelta() <= closure.last - closure.first <= timedelta(days=_CLOSURE_DAYS):
        raise InvalidValueError(
            f"{value} ends before it begins or lasts more than a year", "write the first day, then the last"
        )
    return closure


def _clock(hour: int, minute: int, value: str) -> time:
    if hour == 24:  # noqa: PLR2004 - the hour that a day ends with
        if minute:
            raise InvalidValueError(f"{value} goes beyond midnight", 'write "09:00-24:00" at the most')
        return END_OF_DAY
    return time(hour, minute)
