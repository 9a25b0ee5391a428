"""Where a contact goes, and which rule said so."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from dtm_contact.model.alarm import Alarm, Priority, agreed

ON_CALL: Final = "on_call"
"""The on-call service, as rules, decisions and notices name whom they notify: the first in its row."""


class CaseKind(StrEnum):
    """What a contact becomes (the decision's contract)."""

    CASE = "case"
    AUTOMATIC = "automatic"
    SPAM = "spam"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """One condition of a rule: its name, what the rule wants, what was seen, whether it held.

    `held` is None where it could not be told, because the condition raised.
    """

    name: str
    wanted: str
    seen: str
    held: bool | None


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule looked at: whether it held, and each condition of it."""

    rule: str
    held: bool | None
    conditions: tuple[ConditionTrace, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules decided.

    Attributes:
        kind: what the contact becomes.
        priority: as understood, or as the rule raised it; it agrees with `alarm`.
        office_id: the office that works the case; None where no case is opened.
        queue: the queue it lies in; None where no case is opened.
        due: when the first answer is due, aware; None where no case is opened.
        rule: the rule that decided, as `file:id`.
        rules_version: a digest of the rules in force.
        notify: who is told at once: `on_call`, `caretaker`, or a mail address.
        answer: the answer's name, or None.
        trace: every rule with what it saw; filled on demand only.
        failures: conditions that raised, so that nobody can tell whether their rule held, as
            `file:id: name: error type`; the default decided, and an alarm is due.
        tags: what rules put to it.
        added: rules that held and only added to what `rule` decided.
        observed: rules that held and are only observed: they had no effect.
        join: the open case of the same party that the rule lets it join, where there is one.
        model_version: a digest of the learned model that was heard beside the words; "" where none was, and of what was
            judged when the rules' own version told it.
        alarm: whether somebody is in danger, as understood or as a rule raised or lowered it; none where no case is
            opened.
    """

    kind: CaseKind
    priority: Priority
    office_id: str | None
    queue: str | None
    due: datetime | None
    rule: str
    rules_version: str
    notify: tuple[str, ...] = ()
    answer: str | None = None
    trace: tuple[RuleTrace, ...] = ()
    failures: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    observed: tuple[str, ...] = ()
    join: str | None = None
    model_version: str = ""
    alarm: Alarm = field(default_factory=Alarm)

    def __post_init__(self) -> None:
        """Have priority and alarm agree, whoever makes it."""
        priority, alarm = agreed(self.priority, self.alarm)
        object.__setattr__(self, "priority", priority)
        object.__setattr__(self, "alarm", alarm)
