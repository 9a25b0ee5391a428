"""Who is on call at which time, as `queues.yaml` says it."""

from dataclasses import dataclass
from datetime import datetime, time
from email.errors import MessageError
from email.headerregistry import Address as MailAddress
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from dtm_contact.hours import WEEKDAYS, Closure, Span
from dtm_contact.rules.openings import parse_closure, parse_span
from dtm_contact.rules.validation import InvalidValueError, one_or_several, shown

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


@dataclass(frozen=True, slots=True)
class Shift:
    """Whom to call while it lasts.

    Attributes:
        call: addresses, the first to be told first; the next where nobody acknowledges.
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
        """Return whom to call at an aware time, the first to be told first."""
        local = moment.astimezone(zone)
        return next(shift.call for shift in self.shifts if shift.lasts(local))


def check_address(text: str) -> str:
    """Return a mail address as it is.

    Raises:
        InvalidValueError: it is none.
    """
    try:
        # What is told to nobody is found out when somebody is in danger.
        address = MailAddress(addr_spec=text)
    except (ValueError, IndexError, MessageError):
        address = MailAddress()
    if not address.domain or address.addr_spec != text:
        raise InvalidValueError(f"{shown(text)} is no mail address", "write name@domain")
    return text


def _parse_between(value: Any) -> tuple[time, time]:
    return parse_span(value, over_midnight=True)


Address = Annotated[str, Field(min_length=3, max_length=254), AfterValidator(check_address)]
_Addresses = Annotated[tuple[Address, ...], BeforeValidator(one_or_several), Field(min_length=1, max_length=10)]
_Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(one_or_several), Field(min_length=1)]


class ShiftEntry(BaseModel):
    """A shift as the file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    call: _Addresses
    weekday: _Weekdays | None = None
    between: Annotated[Span, PlainValidator(_parse_between)] | None = None
    dates: Annotated[Closure, PlainValidator(parse_closure)] | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if len(set(self.call)) < len(self.call):
            raise InvalidValueError("an address stands twice in call", "write each once, in the order of calling")
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
        hint = "end the list with - {call: …}, who is reached whenever nobody else is"
        raise InvalidValueError("nobody is on call at the other times", hint)
    if any(shift.always for shift in shifts[:-1]):
        raise InvalidValueError("shifts follow one that always lasts", "put the one without times last")
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
    return OnCall(tuple(each.built() for each in entry))
