"""Conditions on calls, and on what the same party or the same residence brought before."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import Field, PlainValidator

from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.model import SPOKEN_CHANNELS, Channel, Outcome, PriorContact
from dtm_contact.rules.arguments import DocumentValue, Entries, OneOf, YesNo
from dtm_contact.rules.conditions import ConditionOutcome, Says, predicate_condition, value_condition
from dtm_contact.rules.facts import RECALLED, Facts, Values
from dtm_contact.rules.schedule import parse_due
from dtm_contact.rules.validation import InvalidValueError, StrictModel, cut, hint_for, shown
from dtm_contact.wording import Translatable, worded

_OUTCOMES: Final = {outcome: f"{words[0].lower()}{words[1:]}" for outcome, words in OUTCOMES.items()}


@value_condition(
    "outcome",
    OneOf(tuple(Outcome)),
    Says("il s'agit d'un {}", "il ne s'agit pas d'un {}", _OUTCOMES, of_none="ce n'est pas un appel"),
    is_single=True,
    channel=Channel.PHONE,
)
def outcome(facts: Facts) -> Values:
    """What became of a call. It never holds for a message.

    Example: `outcome: [voicemail, abandoned]`
    """
    return (facts.contact.call.outcome.value,) if facts.contact.call else ()


@value_condition(
    "withheld",
    YesNo(),
    Says("l'appelant masque son numéro", "l'appelant montre son numéro", of_none="ce n'est pas un appel"),
    is_single=True,
    channel=Channel.PHONE,
)
def withheld(facts: Facts) -> Values:
    """Whether the caller kept their number to themselves. It never holds for a message.

    Example: `withheld: true`
    """
    if facts.contact.call is None:
        return ()
    return ("true" if facts.contact.call.withheld else "false",)


@value_condition(
    "equipment",
    YesNo(),
    Says("une machine de l'annuaire appelle", "ce n'est pas une machine de l'annuaire qui appelle"),
    is_single=True,
)
def equipment(facts: Facts) -> Values:
    """Whether a machine called by itself: a line of `equipment.csv`, such as the alarm of a lift.

    Example: `equipment: true`
    """
    return ("true" if facts.match.equipment else "false",)


_FREQUENCY_KEYS = ("count", "minutes")
_MOST_CALLS = 20
_MOST_MINUTES = 7 * 24 * 60
_FREQUENCY_HINT = worded("write {count: 3, minutes: 60} for three calls in an hour")


@dataclass(frozen=True, slots=True)
class Frequency:
    """So many calls in so many minutes."""

    count: int
    minutes: int


_FREQUENCY_FORM = worded("`{count: …, minutes: …}`: 2 to 20 calls, in at most a week")


@dataclass(frozen=True, slots=True)
class _FrequencyArgument:
    form: Translatable = _FREQUENCY_FORM

    def read(self, value: Any, place: DocumentValue) -> Frequency | None:
        """Return the frequency, or None where faults were reported."""
        if not isinstance(value, Mapping):
            place.fault(worded("expected count and minutes, got {value}", value=shown(value)), _FREQUENCY_HINT)
            return None
        unknown = [key for key in value if key not in _FREQUENCY_KEYS]
        for key in unknown:
            place.below(key).fault(
                worded("unknown word {key}", key=cut(key)), hint_for(key, _FREQUENCY_KEYS), at_key=True
            )
        if unknown:
            return None
        count = _whole(value, "count", (2, _MOST_CALLS), place)
        minutes = _whole(value, "minutes", (1, _MOST_MINUTES), place)
        return None if count is None or minutes is None else Frequency(count, minutes)


def _whole(value: Mapping[Any, Any], key: str, bounds: tuple[int, int], place: DocumentValue) -> int | None:
    if key not in value:
        place.fault(worded("the key {key} is missing", key=key), _FREQUENCY_HINT)
        return None
    number = value[key]
    if isinstance(number, int) and not isinstance(number, bool) and bounds[0] <= number <= bounds[1]:
        return number
    place.below(key).fault(
        worded(
            "expected a whole number from {least} to {most}, got {number}",
            least=bounds[0],
            most=bounds[1],
            number=shown(number),
        ),
        _FREQUENCY_HINT,
    )
    return None


def _so_often(wanted: Frequency) -> str:
    return f"{wanted.count} fois en {wanted.minutes} minutes"


@predicate_condition(
    "calls",
    _FrequencyArgument(),
    Says("la même personne a appelé {}", "la même personne n'a pas appelé {}", _so_often),
    channel=Channel.PHONE,
)
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


_OPEN = ("same_topic", "any", "none")
_OPEN_CASES: Final = {
    "same_topic": "un dossier du même sujet est déjà ouvert",
    "any": "un dossier est déjà ouvert",
    "none": "aucun dossier n'est ouvert",
}
_CHANNELS: Mapping[str, Collection[Channel]] = {
    "messages": frozenset(channel for channel in Channel if channel.is_written),
    "calls": frozenset(SPOKEN_CHANNELS),
}


@predicate_condition(
    "open_case", OneOf(_OPEN), Says("{}", "les dossiers déjà ouverts ne sont pas ceux que la règle attend", _OPEN_CASES)
)
def open_case(facts: Facts, wanted: frozenset[str]) -> ConditionOutcome:
    """Whether the same party has an open case already: `same_topic`, on `any` matter, or `none`.

    The party is the tenant, the household, or else who writes from the same address or calls from the same number.

    Example: `open_case: same_topic`
    """
    topic = facts.understanding.topic
    seen = {"any" if facts.party_history.open else "none"}
    if topic is not None and any(case.topic == topic for case in facts.party_history.open):
        seen.add("same_topic")
    return ConditionOutcome(not wanted.isdisjoint(seen), ", ".join(sorted(seen)))


def _parse_within(value: Any) -> timedelta:
    span = parse_due(value)
    if span.business or span.months or not span.amount <= RECALLED:
        raise InvalidValueError(
            worded("{value} is no time to look back", value=shown(value)),
            worded("write 60 minutes, or {days} days", days=RECALLED.days),
        )
    return span.amount


class Count(StrictModel):
    """So many contacts of a kind, on what, in how long a time."""

    of: Literal["contacts", "messages", "calls", "cases"]
    at_least: Annotated[int, Field(ge=2, le=100)]
    within: Annotated[timedelta, PlainValidator(_parse_within)]
    by: Literal["party", "residence"] = "party"
    topic: Literal["same", "any"] = "any"
    still_open: bool = False


_COUNT_FORM = worded(
    "`{{of: …, at_least: …, within: …}}`: `of` is contacts, messages, calls or cases, `at_least` 2 to 100, `within` a "
    "time of at most {days} days; besides `by: residence`, `topic: same`, `still_open: true`",
    days=RECALLED.days,
)


_COUNTED: Final = {"contacts": "contacts", "messages": "messages", "calls": "appels", "cases": "dossiers"}


def _so_many(wanted: Count) -> str:
    span = f"{wanted.within.days} jours" if wanted.within.days else f"{wanted.within.seconds // 60} minutes"
    parts = (
        f"{wanted.at_least} {_COUNTED[wanted.of]} ou plus en {span}",
        "dans la même résidence" if wanted.by == "residence" else "de la même personne",
        "sur le même sujet" if wanted.topic == "same" else "",
        "dans un dossier encore ouvert" if wanted.still_open else "",
    )
    return " ".join(filter(None, parts))


@predicate_condition("count", Entries(Count, _COUNT_FORM), Says("il y a eu {}", "il n'y a pas eu {}", _so_many))
def count(facts: Facts, wanted: Count) -> ConditionOutcome:
    """How much the same party, or anybody of the same residence, brought in a time, this contact included.

    `still_open` counts only what lies in cases that are not closed; `topic: same` only what is about the same.
    `cases` counts those that were opened, and this contact as one more.

    Example: `count: {of: contacts, at_least: 3, within: 30 days, topic: same, still_open: true}`
    """
    party_history = facts.neighbours if wanted.by == "residence" else facts.party_history
    still_open = {case.number for case in party_history.open}
    counted = [prior for prior in party_history.contacts if _counts(prior, facts, wanted, still_open)]
    number = len({prior.case_number for prior in counted if prior.case_number} if wanted.of == "cases" else counted)
    number += wanted.of == "cases" or _is(facts.contact.channel, wanted)
    return ConditionOutcome(number >= wanted.at_least, f"{number} {wanted.of} in {wanted.within.days or wanted.within}")


def _counts(prior: PriorContact, facts: Facts, wanted: Count, still_open: set[str]) -> bool:
    return (
        prior.at >= facts.now - wanted.within
        and (wanted.of == "cases" or _is(prior.channel, wanted))
        and (wanted.topic == "any" or prior.topic == facts.understanding.topic)
        and (not wanted.still_open or prior.case_number in still_open)
    )


def _is(channel: Channel, wanted: Count) -> bool:
    return wanted.of not in _CHANNELS or channel in _CHANNELS[wanted.of]
