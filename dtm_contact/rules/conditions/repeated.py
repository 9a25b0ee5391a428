"""The condition on callers who call again and again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from dtm_contact.rules.arguments import DocumentValue
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.registry import ConditionOutcome, judges
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.rules.validation import cut, shown

_KEYS = ("count", "minutes")
_MOST_CALLS = 20
_MOST_MINUTES = 7 * 24 * 60
_HINT = "write {count: 3, minutes: 60} for three calls in an hour"


@dataclass(frozen=True, slots=True)
class Frequency:
    """So many calls in so many minutes."""

    count: int
    minutes: int


@dataclass(frozen=True, slots=True)
class _FrequencyArgument:
    form: str = "`{count: …, minutes: …}`: 2 to 20 calls, in at most a week"

    def read(self, value: Any, place: DocumentValue) -> Frequency | None:
        """Return the frequency, or None where faults were reported."""
        if not isinstance(value, Mapping):
            place.fault(f"expected count and minutes, got {shown(value)}", _HINT)
            return None
        unknown = [key for key in value if key not in _KEYS]
        for key in unknown:
            place.below(key).fault(f"unknown word {cut(key)}", hint_for(key, _KEYS), at_key=True)
        if unknown:
            return None
        count = _whole(value, "count", (2, _MOST_CALLS), place)
        minutes = _whole(value, "minutes", (1, _MOST_MINUTES), place)
        return None if count is None or minutes is None else Frequency(count, minutes)


def _whole(value: Mapping[Any, Any], key: str, bounds: tuple[int, int], place: DocumentValue) -> int | None:
    if key not in value:
        place.fault(f"{key} is missing", _HINT)
        return None
    number = value[key]
    if isinstance(number, int) and not isinstance(number, bool) and bounds[0] <= number <= bounds[1]:
        return number
    place.below(key).fault(f"expected a whole number from {bounds[0]} to {bounds[1]}, got {shown(number)}", _HINT)
    return None


@judges("calls", _FrequencyArgument(), channel="phone")
def calls(facts: Facts, wanted: Frequency) -> ConditionOutcome:
    """The same party called so many times within so many minutes and still waits to be called back.

    This call counts; what an answered call closed does not. It never holds for a message.

    Example: `calls: {count: 3, minutes: 60}`
    """
    standing, call = facts.contact.standing, facts.contact.call
    if standing is None or call is None or standing.closes is not None:
        return ConditionOutcome(held=False, seen="")
    since = call.started_at - timedelta(minutes=wanted.minutes)
    recent = sum(1 for at in standing.recent if at >= since)
    return ConditionOutcome(recent >= wanted.count, f"{recent} in {wanted.minutes} minutes")
