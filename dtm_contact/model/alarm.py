"""How urgent a contact is, and whether somebody is in danger now: who said so, and what lowered it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from dtm_contact.model.coded_text import CodedText


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


class AlarmLevel(StrEnum):
    """How sure it is that somebody is in danger now (the decision's contract); compare by `rank`."""

    NONE = "none"
    POSSIBLE = "possible"
    """It may be: at least P2, first in the queue, rings nobody."""
    CERTAIN = "certain"
    """It is: always P1, and only then P1; wakes those on call."""

    @property
    def rank(self) -> int:
        """0 for none, 2 for certain."""
        return list(AlarmLevel).index(self)


class AlarmSource(StrEnum):
    """Who or what raised an alarm."""

    WORDS = "words"
    """A phrase that the admins own."""
    MODEL = "model"
    RULE = "rule"
    EQUIPMENT = "equipment"
    """A line of the directory's equipment, such as a lift's alarm."""
    FRAILTY = "frailty"
    """Somebody whom an outage puts in danger: an infant, oxygen, great age."""
    ANSWER = "answer"
    """The sender said yes to the question whether it is happening now."""
    SOURCE = "source"
    """The code of a source that the admins know, such as a lift platform's "person trapped"."""
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Alarm:
    """The alarm of one contact.

    Attributes:
        level: how sure it is.
        raised_by: what raised it; None where nothing did.
        score: the model's probability of danger, 0 to 1; None where no model judged.
        limit: the probability from which the model calls it certain; None likewise.
        why_not: what lowered an alarm that words or model gave; None where nothing did.
    """

    level: AlarmLevel = AlarmLevel.NONE
    raised_by: AlarmSource | None = None
    score: float | None = None
    limit: float | None = None
    why_not: CodedText | None = None

    @property
    def certain(self) -> bool:
        """Whether somebody is in danger now."""
        return self.level is AlarmLevel.CERTAIN

    @property
    def any(self) -> bool:
        """Whether it is possible at the least."""
        return self.level is not AlarmLevel.NONE

    def priority(self, usual: Priority) -> Priority:
        """Return the priority that goes with the alarm.

        Args:
            usual: the priority of the matter without it.

        Returns:
            P1 just where the alarm is certain; P2 at the least where it is possible.
        """
        if self.certain:
            return Priority.P1
        return Priority.P2 if self.any or usual is Priority.P1 else usual

    def raised(self, by: AlarmSource) -> "Alarm":
        """Return it as certain, raised by this source; over what is certain already only an agent's word goes."""
        if self.certain and by is not AlarmSource.AGENT:
            return self
        return replace(self, level=AlarmLevel.CERTAIN, raised_by=by, why_not=None)

    def lowered(self, level: AlarmLevel, why: CodedText) -> "Alarm":
        """Return it at this level at the most; who raised it stays, beside what lowered it.

        Args:
            level: the most that is left of it.
            why: what lowered it; said only where it was higher.
        """
        return self if self.level.rank <= level.rank else replace(self, level=level, why_not=why)


def agreed(priority: Priority, alarm: Alarm) -> tuple[Priority, Alarm]:
    """Return a priority and an alarm as they agree: P1 just where the alarm is certain, P2 at the least where possible.

    A P1 of which nobody has said anything more is a certain alarm whose source is not known: so were judgements kept
    that were made before alarms had levels. Where something was said of the alarm, that counts.
    """
    if priority is Priority.P1 and alarm == Alarm():
        alarm = Alarm(AlarmLevel.CERTAIN)
    return alarm.priority(priority), alarm
