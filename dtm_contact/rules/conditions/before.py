"""Conditions on what the same party, or the same residence, brought before."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from dtm_contact.model import Dealt
from dtm_contact.rules.arguments import Entries, OneOf
from dtm_contact.rules.facts import RECALLED, Facts
from dtm_contact.rules.openings import parse_due
from dtm_contact.rules.registry import ConditionOutcome, judges
from dtm_contact.rules.validation import InvalidValueError, shown

_OPEN = ("same_topic", "any", "none")
_CHANNELS = {"messages": "email", "calls": "phone"}


@judges("open_case", OneOf(_OPEN))
def open_case(facts: Facts, wanted: frozenset[str]) -> ConditionOutcome:
    """Whether the same party has an open case already: `same_topic`, on `any` matter, or `none`.

    The party is the tenant, the household, or else who writes from the same address or calls from the same number.

    Example: `open_case: same_topic`
    """
    topic = facts.understanding.topic
    seen = {"any" if facts.dealings.open else "none"}
    if topic is not None and any(case.topic == topic for case in facts.dealings.open):
        seen.add("same_topic")
    return ConditionOutcome(not wanted.isdisjoint(seen), ", ".join(sorted(seen)))


def _parse_within(value: Any) -> timedelta:
    found = parse_due(value)
    if found.business or found.months or not found.amount <= RECALLED:
        raise InvalidValueError(f"{shown(value)} is no time to look back", f"write 60 minutes, or {RECALLED.days} days")
    return found.amount


class Count(BaseModel):
    """So many contacts of a kind, on what, in how long a time."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    of: Literal["contacts", "messages", "calls", "cases"]
    at_least: Annotated[int, Field(ge=2, le=100)]
    within: Annotated[timedelta, PlainValidator(_parse_within)]
    by: Literal["party", "residence"] = "party"
    topic: Literal["same", "any"] = "any"
    still_open: bool = False


_FORM = (
    "`{of: …, at_least: …, within: …}`: `of` is contacts, messages, calls or cases, `at_least` 2 to 100, `within` a "
    f"time of at most {RECALLED.days} days; besides `by: residence`, `topic: same`, `still_open: true`"
)


@judges("count", Entries(Count, _FORM))
def count(facts: Facts, wanted: Count) -> ConditionOutcome:
    """How much the same party, or anybody of the same residence, brought in a time, this contact included.

    `still_open` counts only what lies in cases that are not closed; `topic: same` only what is about the same.
    `cases` counts those that were opened, and this contact as one more.

    Example: `count: {of: contacts, at_least: 3, within: 30 days, topic: same, still_open: true}`
    """
    dealings = facts.neighbours if wanted.by == "residence" else facts.dealings
    still_open = {case.number for case in dealings.open}
    found = [dealt for dealt in dealings.contacts if _counts(dealt, facts, wanted, still_open)]
    number = len({dealt.case_number for dealt in found if dealt.case_number} if wanted.of == "cases" else found)
    number += wanted.of == "cases" or _is(facts.contact.channel, wanted)
    return ConditionOutcome(number >= wanted.at_least, f"{number} {wanted.of} in {wanted.within.days or wanted.within}")


def _counts(dealt: Dealt, facts: Facts, wanted: Count, still_open: set[str]) -> bool:
    return (
        dealt.at >= facts.now - wanted.within
        and (wanted.of == "cases" or _is(dealt.channel, wanted))
        and (wanted.topic == "any" or dealt.topic == facts.understanding.topic)
        and (not wanted.still_open or dealt.case_number in still_open)
    )


def _is(channel: str, wanted: Count) -> bool:
    return wanted.of not in _CHANNELS or channel == _CHANNELS[wanted.of]
