"""How well readers understand sets of labelled messages: figures by set, side by side."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from dtm_contact.model import AlarmLevel, CaseKind, Channel, Contact, Understanding
from training.corpus import Message

AT: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""When the messages are taken to be written: a Tuesday in November, when it is cold."""

LIMITS: Final = (0.03, 0.06, 0.1, 0.13, 0.16, 0.2, 0.3, 0.5, 0.7, 0.8)

Understand = Callable[[Contact], Understanding]


@dataclass(slots=True)
class Figures:
    """What came of one set.

    Attributes:
        cases: messages that a person wrote.
        topics, priorities: how many of these were given a right one.
        kept: how many were not set aside.
        dangers: those in danger, arguable ones left out; `woken`, `shown`, `missed` of them.
        harmless: those that are not, arguable ones left out; `false_woken`, `false_shown` of them.
        machines, told: messages that nobody wrote, and how many of these were set aside.
        wrong: ids or beginnings of what went wrong, by what.
    """

    cases: int = 0
    topics: int = 0
    priorities: int = 0
    kept: int = 0
    dangers: int = 0
    woken: int = 0
    shown: int = 0
    harmless: int = 0
    false_woken: int = 0
    false_shown: int = 0
    machines: int = 0
    told: int = 0
    wrong: dict[str, list[int]] = field(default_factory=dict)

    @property
    def missed(self) -> int:
        """Dangers that nobody is told of."""
        return self.dangers - self.woken - self.shown

    def add(self, number: int, message: Message, found: Understanding) -> None:
        """Count one message."""
        if message.kind is CaseKind.CASE:
            self.cases += 1
            self.topics += self._right(number, "topic", found.topic in message.topics)
            self.priorities += self._right(number, "priority", found.priority in message.priorities)
            self.kept += self._right(number, "kept", found.kind is CaseKind.CASE)
        else:
            self.machines += 1
            self.told += self._right(number, "machine", found.kind is not CaseKind.CASE)
        level = found.alarm.level
        if message.arguable:
            return
        if message.danger:
            self.dangers += 1
            self.woken += level is AlarmLevel.CERTAIN
            self.shown += level is AlarmLevel.POSSIBLE
            self._right(number, "woken", level is AlarmLevel.CERTAIN)
            self._right(number, "seen", level is not AlarmLevel.NONE)
        else:
            self.harmless += 1
            self.false_woken += not self._right(number, "false", level is not AlarmLevel.CERTAIN)
            self.false_shown += level is AlarmLevel.POSSIBLE

    def _right(self, number: int, what: str, right: bool) -> bool:  # noqa: FBT001 - what is counted
        if not right:
            self.wrong.setdefault(what, []).append(number)
        return right

    def __str__(self) -> str:
        """Return the figures in one line."""
        return (
            f"topic {_share(self.topics, self.cases)}  priority {_share(self.priorities, self.cases)}  "
            f"aside {self.cases - self.kept}  danger {self.dangers}: woken {self.woken} shown {self.shown} missed "
            f"{self.missed}  harmless {self.harmless}: woken {self.false_woken} shown {self.false_shown}  "
            f"machines {self.told}/{self.machines}"
        )


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} {100 * part / whole:5.1f} %" if whole else "–"


def curve(
    messages: Sequence[Message], found: Sequence[Understanding], limits: Sequence[float] = LIMITS
) -> Iterator[tuple[float, int, int, int, int]]:
    """Yield limits of the probability, each with the dangers that reach it, of how many, and the others, of how many.

    Arguable messages are left out.
    """
    sure = [
        (each.alarm.score or 0.0, message.danger)
        for message, each in zip(messages, found, strict=True)
        if not message.arguable
    ]
    dangers = [score for score, danger in sure if danger]
    others = [score for score, danger in sure if not danger]
    for limit in limits:
        seen, false = (sum(score >= limit for score in scores) for scores in (dangers, others))
        yield limit, seen, len(dangers), false, len(others)


def evaluate(messages: Sequence[Message], understand: Understand) -> tuple[Figures, list[Understanding]]:
    """Return the figures of a set, and what was understood of each message."""
    figures, found = Figures(), []
    for number, message in enumerate(messages):
        understanding = understand(contact_of(message))
        figures.add(number, message, understanding)
        found.append(understanding)
    return figures, found


def contact_of(message: Message) -> Contact:
    """Return a message as a mail that was read."""
    return Contact(Channel.EMAIL, AT, subject=message.subject, new_text=message.text)


def by_set(messages: Iterable[Message]) -> dict[str, list[Message]]:
    """Return messages by their set, in the order of the first of each."""
    sets: dict[str, list[Message]] = {}
    for message in messages:
        sets.setdefault(message.set, []).append(message)
    return sets
