"""The condition on the time at which a contact came."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from dtm_contact.hours import WEEKDAYS
from dtm_contact.rules.arguments import DocumentValue, OneOf
from dtm_contact.rules.conditions import ConditionOutcome, Says, predicate_condition
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.schedule import parse_span
from dtm_contact.rules.validation import InvalidValueError, cut, hint_for
from dtm_contact.wording import Translatable, worded

_STATES = ("open", "closed", "holiday")
_KEYS = ("state", "between", "weekday")


@dataclass(frozen=True, slots=True)
class _Moment:
    """When the condition holds; what is None does not matter."""

    states: frozenset[str] | None = None
    between: tuple[time, time] | None = None
    weekdays: frozenset[str] | None = None


_FORM = worded("`open`, `closed` or `holiday`; or any of `{state: …, between: …, weekday: …}`")


@dataclass(frozen=True, slots=True)
class _Moments:
    """`open`, `closed`, `holiday`, or a mapping."""

    form: Translatable = _FORM

    def read(self, value: Any, place: DocumentValue) -> _Moment | None:
        """Return the moment, or None where faults were reported."""
        if not isinstance(value, Mapping):
            states = OneOf(_STATES).read(value, place)
            return _Moment(states) if states else None
        for key in (each for each in value if each not in _KEYS):
            place.below(key).fault(worded("unknown key {key}", key=cut(key)), hint_for(key, _KEYS), at_key=True)
        if not value:
            place.fault(worded("this must not be empty"), worded("write open, closed or holiday"))
        moment = _Moment(
            OneOf(_STATES).read(value["state"], place.below("state")) if "state" in value else None,
            _between(value["between"], place.below("between")) if "between" in value else None,
            OneOf(WEEKDAYS).read(value["weekday"], place.below("weekday")) if "weekday" in value else None,
        )
        return moment if moment != _Moment() else None


_STATE_WORDS: Final = {
    "open": "pendant les heures d'ouverture",
    "closed": "quand les bureaux étaient fermés",
    "holiday": "un jour férié",
}
_DAYS: Final = dict(
    zip(WEEKDAYS, ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"), strict=True)
)


def _when(wanted: _Moment) -> str:
    days = [f"un {_DAYS[day]}" for day in WEEKDAYS if day in (wanted.weekdays or ())]
    parts = (
        " ou ".join(_STATE_WORDS[state] for state in _STATES if state in (wanted.states or ())),
        " ou ".join(days),
        f"entre {wanted.between[0]:%H:%M} et {wanted.between[1]:%H:%M}" if wanted.between else "",
    )
    return " ".join(filter(None, parts))


@predicate_condition("hours", _Moments(), Says("le contact est arrivé {}", "le contact n'est pas arrivé {}", _when))
def hours(facts: Facts, wanted: _Moment) -> ConditionOutcome:
    """When the contact came, by the wall clock of the office of the place (of the reception where none is known).

    `closed` is every time outside its opening hours; public holidays count as closed. `between` may run over midnight;
    its end does not count.

    Example: `hours: {between: "18:00-08:00", weekday: [saturday, sunday]}`
    """
    local = facts.now.astimezone(facts.calendar.zone)
    states = {"open" if facts.calendar.is_open(facts.now) else "closed"}
    if facts.calendar.is_holiday(facts.now):
        states.add("holiday")
    weekday = WEEKDAYS[local.weekday()]
    held = (
        (wanted.states is None or not wanted.states.isdisjoint(states))
        and (wanted.between is None or _within(local, *wanted.between))
        and (wanted.weekdays is None or weekday in wanted.weekdays)
    )
    return ConditionOutcome(held, f"{weekday} {local:%H:%M}, {', '.join(sorted(states, reverse=True))}")


def _within(local: datetime, first: time, last: time) -> bool:
    clock = local.time()
    return first <= clock < last if first < last else clock >= first or clock < last


def _between(value: Any, place: DocumentValue) -> tuple[time, time] | None:
    try:
        return parse_span(value, over_midnight=True)
    except InvalidValueError as error:
        place.fault(error.message, error.hint)
    return None
