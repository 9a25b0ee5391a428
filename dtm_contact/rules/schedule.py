"""Times as admins write them in `queues.yaml`: due times, opening hours, closures, on-call shifts, escalation steps."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from dtm_contact.hours import END_OF_DAY, WEEKDAYS, Calendar, Closure, Span, Week, add_clock_time
from dtm_contact.model import Priority
from dtm_contact.rules.validation import Address, InvalidValueError, StrictModel, cut, hint_for, one_or_several, shown
from dtm_contact.wording import worded

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
    match = _DUE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        hint = worded("write 15 minutes, 4 business hours, 45 days or 1 month")
        raise InvalidValueError(worded("expected a duration, got {value}", value=shown(value)), hint)
    number, business, short, long = match.groups()
    if long == "month":
        if int(number) > _MOST_MONTHS:
            raise InvalidValueError(
                worded("{value} is too long", value=value),
                worded("{limit} months at the most", limit=_MOST_MONTHS),
            )
        return DueTime(timedelta(), business=False, months=int(number))
    return DueTime(timedelta(**{f"{short or long}s": int(number)}), business is not None)


def parse_span(value: Any, *, over_midnight: bool = False) -> Span:
    """Read "09:00-17:00"; 24:00 is the midnight that ends the day.

    Raises:
        InvalidValueError: it is no span of a day, or ends before it begins where it may not run over midnight.
    """
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InvalidValueError(
            worded("expected a span of hours, got {value}", value=shown(value)), worded('write "09:00-17:00"')
        )
    hour, minute, last_hour, last_minute = map(int, match.groups())
    first, last = _clock(hour, minute, value), _clock(last_hour, last_minute, value)
    if first == last or (first > last and not over_midnight):
        raise InvalidValueError(
            worded("{value} ends before it begins", value=value), worded("write the earlier hour first")
        )
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
            worded("the spans of a day overlap or are out of order"),
            worded("write them in order, with a pause between"),
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
                raise InvalidValueError(worded("unknown day {word}", word=cut(word)), hint_for(word, WEEKDAYS))
        begin, end = WEEKDAYS.index(first or "monday"), WEEKDAYS.index(last or first)
        if begin > end:
            raise InvalidValueError(
                worded("{key} runs over the end of the week", key=key), worded("begin the week with monday")
            )
        for number in range(begin, end + 1):
            if week[number] is not None:
                raise InvalidValueError(
                    worded("{day} is given twice", day=WEEKDAYS[number]), worded("write each day once")
                )
            week[number] = spans
    if not any(week):
        raise InvalidValueError(worded("no day is given"), worded('write monday-friday: "09:00-17:00"'))
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
            worded("expected a day, got {value}", value=shown(value)),
            worded("write 2026-12-24, or 2026-12-24..2026-12-31"),
        ) from None
    if not timedelta() <= closure.last - closure.first <= timedelta(days=_CLOSURE_DAYS):
        raise InvalidValueError(
            worded("{value} ends before it begins or lasts more than a year", value=value),
            worded("write the first day, then the last"),
        )
    return closure


def _clock(hour: int, minute: int, value: str) -> time:
    if hour == 24:  # noqa: PLR2004 - the hour that a day ends with
        if minute:
            raise InvalidValueError(
                worded("{value} goes beyond midnight", value=value), worded('write "09:00-24:00" at the most')
            )
        return END_OF_DAY
    return time(hour, minute)


Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True, slots=True)
class Shift:
    """Whom to call while it lasts.

    Attributes:
        call: addresses, the first to be called first; the next where nobody acknowledges.
        weekdays, between, dates: when it lasts; what is None does not matter. A night that runs over midnight belongs
            to the day on which it begins.
    """

    call: tuple[str, ...]
    weekdays: frozenset[str] | None = None
    between: Span | None = None
    dates: Closure | None = None

    def lasts(self, local: datetime) -> bool:
        """Return whether it lasts at a time of the office's wall clock."""
        clock, day = local.time(), local.date()
        if self.between is not None:
            first, last = self.between
            over_midnight = first > last
            if not (first <= clock < last or (over_midnight and (clock >= first or clock < last))):
                return False
            if over_midnight and clock < last:
                day = day.fromordinal(day.toordinal() - 1)
        in_dates = self.dates is None or self.dates.first <= day <= self.dates.last
        return in_dates and (self.weekdays is None or WEEKDAYS[day.weekday()] in self.weekdays)


@dataclass(frozen=True, slots=True)
class OnCall:
    """The shifts in order; the first that lasts counts, and the last always does."""

    shifts: tuple[Shift, ...]

    def at(self, moment: datetime, zone: ZoneInfo) -> tuple[str, ...]:
        """Return whom to call at an aware time, in this order."""
        local = moment.astimezone(zone)
        return next(shift.call for shift in self.shifts if shift.lasts(local))


def _parse_between(value: Any) -> tuple[time, time]:
    return parse_span(value, over_midnight=True)


_Addresses = Annotated[tuple[Address, ...], BeforeValidator(one_or_several), Field(min_length=1, max_length=10)]
_Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(one_or_several), Field(min_length=1)]


class ShiftEntry(StrictModel):
    """A shift as the file has it."""

    call: _Addresses
    weekday: _Weekdays | None = None
    between: Annotated[Span, PlainValidator(_parse_between)] | None = None
    dates: Annotated[Closure, PlainValidator(parse_closure)] | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if len(set(self.call)) < len(self.call):
            raise InvalidValueError(
                worded("an address stands twice in call"), worded("write each once, in the order of calling")
            )
        return self

    @property
    def always(self) -> bool:
        """Whether it lasts at any time."""
        return self.weekday is None and self.between is None and self.dates is None

    def built(self) -> Shift:
        """Return the shift."""
        weekdays = None if self.weekday is None else frozenset(self.weekday)
        return Shift(self.call, weekdays, self.between, self.dates)


def _check_shifts(shifts: list[ShiftEntry]) -> list[ShiftEntry]:
    if not shifts[-1].always:
        hint = worded("end the list with - {call: …}, who is reached whenever nobody else is")
        raise InvalidValueError(worded("nobody is on call at the other times"), hint)
    if any(shift.always for shift in shifts[:-1]):
        raise InvalidValueError(worded("shifts follow one that always lasts"), worded("put the one without times last"))
    return shifts


def _as_shifts(value: Any) -> Any:
    """Return an address by itself as a shift that always lasts."""
    return [{"call": value}] if isinstance(value, str) else value


OnCallEntry = Annotated[
    list[ShiftEntry], BeforeValidator(_as_shifts), Field(min_length=1, max_length=100), AfterValidator(_check_shifts)
]
"""An address, or shifts."""


def on_call_of(entry: OnCallEntry) -> OnCall:
    """Return what an entry of the file means."""
    return OnCall(tuple(shift.built() for shift in entry))


ANY = "any"
"""In the place of a priority: for cases of all priorities, besides the steps of their own."""


class Action(StrEnum):
    """What a step does."""

    REMIND = "remind"
    RAISE = "raise"
    HAND_OVER = "hand_over"
    CALL_NEXT = "call_next"
    """Notify the next of those on call."""


class Until(StrEnum):
    """What makes a step needless."""

    TAKEN = "taken"
    ANSWERED = "answered"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """One step.

    Attributes:
        does: what it does.
        wait: how long it waits, from when the case got its priority, or from its due time where `past_due`.
        past_due: count from the due time.
        until: what makes it needless meanwhile.
        to: the queue that takes over; only where the case is handed over.
        of_any: a step for all priorities: it waits from the opening of the case, and a new priority changes nothing.
    """

    does: Action
    wait: DueTime
    past_due: bool
    until: Until
    to: str | None = None
    of_any: bool = False

    def at(self, begun: datetime, due: datetime, calendar: Calendar) -> datetime:
        """Return when the step is due for a case whose time runs since `begun`."""
        return self.wait.after(due if self.past_due else begun, calendar)


Escalation = Mapping[Priority, tuple[EscalationStep, ...]]
"""The steps for each priority, in the order of the file."""

_Wait = Annotated[DueTime, PlainValidator(parse_due)]


class StepEntry(StrictModel):
    """A step as the file has it."""

    do: Action
    after: _Wait | None = None
    past_due: _Wait | None = None
    until: Until = Until.ANSWERED
    to: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.after is None) == (self.past_due is None):
            hint = worded("after: counts from when the case got its priority, past_due: from its due time")
            raise InvalidValueError(worded("a step has one of after and past_due"), hint)
        if (self.do is Action.HAND_OVER) != (self.to is not None):
            raise InvalidValueError(
                worded("to goes with do: hand_over"), worded("write {after: …, do: hand_over, to: a queue}")
            )
        return self

    def built(self) -> EscalationStep:
        """Return the step."""
        wait = self.after or self.past_due
        if wait is None:
            raise InvalidValueError(worded("a step has one of after and past_due"))
        return EscalationStep(self.do, wait, self.past_due is not None, self.until, self.to)


EscalationEntry = dict[
    Literal["P1", "P2", "P3", "P4", "any"], Annotated[list[StepEntry], Field(min_length=1, max_length=20)]
]
"""Steps by priority, or for `any`."""


def escalation_of(entry: EscalationEntry) -> Escalation:
    """Return what an entry of the file means: the steps of each priority, those for any last."""
    return {
        priority: tuple(
            replace(step.built(), of_any=name == ANY)
            for name, steps in entry.items()
            if name in {priority, ANY}
            for step in steps
        )
        for priority in Priority
    }
