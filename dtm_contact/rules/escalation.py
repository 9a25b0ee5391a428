"""What happens to a case that waits too long, step by step, as `queues.yaml` says it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, model_validator

from dtm_contact.hours import Calendar
from dtm_contact.model import Priority
from dtm_contact.rules.openings import DueTime, parse_due
from dtm_contact.rules.validation import InvalidValueError

ANY = "any"
"""In the place of a priority: for cases of all priorities, besides the steps of their own."""


class Action(StrEnum):
    """What a step does."""

    REMIND = "remind"
    RAISE = "raise"
    HAND_OVER = "hand_over"
    CALL_NEXT = "call_next"


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


class StepEntry(BaseModel):
    """A step as the file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    do: Action
    after: _Wait | None = None
    past_due: _Wait | None = None
    until: Until = Until.ANSWERED
    to: str | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.after is None) == (self.past_due is None):
            hint = "after: counts from when the case got its priority, past_due: from its due time"
            raise InvalidValueError("a step has one of after and past_due", hint)
        if (self.do is Action.HAND_OVER) != (self.to is not None):
            raise InvalidValueError("to goes with do: hand_over", "write {after: …, do: hand_over, to: a queue}")
        return self

    def built(self) -> EscalationStep:
        """Return the step."""
        wait = self.after or self.past_due
        if wait is None:
            raise InvalidValueError("a step has one of after and past_due")
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
