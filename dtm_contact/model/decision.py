"""Where a contact goes, and which rule said so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CaseKind(StrEnum):
    """What a contact becomes (the decision's contract)."""

    CASE = "case"
    AUTOMATIC = "automatic"
    SPAM = "spam"
    NONE = "none"


class Priority(StrEnum):
    """P1 danger to people, now; P2 urgent, same day; P3 normal; P4 low. Compares by urgency: P1 is the smallest."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"

    def raised(self, steps: int = 1) -> "Priority":
        """Return the priority `steps` more urgent, P1 at the most."""
        order = list(Priority)
        return order[max(0, order.index(self) - steps)]


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
        priority: as understood, or as the rule raised it.
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
