"""What agents do now, by topic: acts in their order, in parts that hold of a contact or not, and what they name.

They stand in `topics.yaml`; nothing is understood or decided by them.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Self

from pydantic import Field, model_validator

from dtm_contact.rules.arguments import DocumentValue
from dtm_contact.rules.expression import Expression, contradiction, read_when
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.validation import InvalidValueError, StrictModel, cut, hint_for, shown
from dtm_contact.wording import worded

_LONGEST_TEXT: Final = 700
_LONGEST_STEP: Final = 240
_MOST_PARTS: Final = 16
_MOST_STEPS: Final = 8
_MOST_BUTTONS: Final = 12
_CARETAKER: Final = "caretaker"
_NUMBER: Final = re.compile(r"[0-9](?: ?[0-9]){1,13}")

_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Label = Annotated[str, Field(min_length=1, max_length=80)]
_Step = Annotated[str, Field(min_length=1, max_length=_LONGEST_STEP)]
InstructionText = Annotated[str, Field(max_length=_LONGEST_TEXT)]
"""The short form: acts, a line each, that hold always."""


@dataclass(frozen=True, slots=True)
class InstructionPart:
    """Some acts that belong together.

    Attributes:
        label: when they are done ("Si quelqu'un est blessé"), or what for; "" of the acts of a short form.
        steps: the acts, in their order.
        when: of which contacts it holds; None: of all.
    """

    label: str
    steps: tuple[str, ...]
    when: Expression | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class InstructionButton:
    """Something that the instruction of a topic names, at hand beside it: one of the four, the rest is empty.

    Attributes:
        call: whom to call: a number as people read it.
        caretaker: the caretaker on duty is called.
        answer: a canned answer to begin a reply with.
        queue: where the case is handed over to.
        label: what the button says; "" for what it does.
        when: of which contacts it is shown; None: of all.
    """

    call: str = ""
    caretaker: bool = False
    answer: str = ""
    queue: str = ""
    label: str = ""
    when: Expression | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Instruction:
    """What agents do now of one topic."""

    parts: tuple[InstructionPart, ...] = ()
    buttons: tuple[InstructionButton, ...] = ()

    def of(self, facts: Facts) -> "Instruction":
        """Return what of it holds of a contact; what cannot be told, because a condition raised, is shown."""
        return Instruction(
            tuple(part for part in self.parts if _holds(part.when, facts)),
            tuple(button for button in self.buttons if _holds(button.when, facts)),
        )


class ButtonEntry(StrictModel):
    """One thing that an instruction names: a number, the caretaker on duty, a canned answer, or a queue."""

    call: _Name | None = None
    answer: _Name | None = None
    queue: _Name | None = None
    label: Annotated[str, Field(min_length=1, max_length=60)] = ""
    when: Any = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        given = [each for each in (self.call, self.answer, self.queue) if each is not None]
        if len(given) != 1:
            hint = worded("call: caretaker, call: a number, answer: a canned answer, or queue: a queue")
            raise InvalidValueError(
                worded("a button does one thing, this one {count}", count=len(given) or worded("nothing")), hint
            )
        if self.call not in {None, _CARETAKER} and not _NUMBER.fullmatch(self.call or ""):
            hint = worded('write call: caretaker, or a number in quotes: "0 800 47 33 33"')
            raise InvalidValueError(worded("{call} cannot be called", call=shown(self.call)), hint)
        return self

    def button(self, when: Expression | None) -> InstructionButton:
        """Return the button as the desk takes it."""
        by_number = self.call if self.call not in {None, _CARETAKER} else None
        caretaker = self.call == _CARETAKER
        return InstructionButton(by_number or "", caretaker, self.answer or "", self.queue or "", self.label, when)


class PartEntry(StrictModel):
    """Acts that belong together; `when` is read by its own grammar."""

    label: _Label
    when: Any = None
    steps: Annotated[tuple[_Step, ...], Field(min_length=1, max_length=_MOST_STEPS)]


class PartsEntry(StrictModel):
    """An instruction in parts."""

    parts: Annotated[tuple[PartEntry, ...], Field(min_length=1, max_length=_MOST_PARTS)]


ButtonEntries = Annotated[tuple[ButtonEntry, ...], Field(max_length=_MOST_BUTTONS)]


def instruction_of(written: str | PartsEntry, buttons: Iterable[ButtonEntry], topic: DocumentValue) -> Instruction:
    """Return what agents do of a topic; what holds a fault is reported and left out.

    Args:
        written: its acts.
        buttons: what they name.
        topic: the topic's place in its file, and what it may name; in `answers` the canned answers.
    """
    return Instruction(
        tuple(_parts(written, topic.below("instruction"))), tuple(_buttons(buttons, topic.below("buttons")))
    )


def _holds(when: Expression | None, facts: Facts) -> bool:
    return when is None or when.holds(facts) is not False


def _parts(written: str | PartsEntry, place: DocumentValue) -> Iterator[InstructionPart]:
    if isinstance(written, str):
        steps = tuple(line.strip() for line in written.splitlines() if line.strip())
        if steps:
            yield InstructionPart("", steps)
        return
    seen: set[str] = set()
    for number, part in enumerate(written.parts):
        at = place.below("parts").below(number)
        if part.label in seen:
            at.below("label").fault(
                worded("{text} is written twice", text=shown(part.label)), worded("give each part a label of its own")
            )
        seen.add(part.label)
        sound, when = _when(part.when, at.below("when"))
        if sound:
            yield InstructionPart(part.label, part.steps, when)


def _buttons(entries: Iterable[ButtonEntry], place: DocumentValue) -> Iterator[InstructionButton]:
    for number, entry in enumerate(entries):
        at = place.below(number)
        sound, when = _when(entry.when, at.below("when"))
        answers, queues = place.allowed.answers, place.allowed.queues
        if entry.answer is not None and answers is not None and entry.answer not in answers:
            message = worded("unknown canned answer {name}", name=cut(entry.answer))
            at.below("answer").fault(message, hint_for(entry.answer, answers))
        elif entry.queue is not None and queues is not None and entry.queue not in queues:
            message = worded("unknown queue {name}", name=cut(entry.queue))
            at.below("queue").fault(message, hint_for(entry.queue, queues))
        elif sound:
            yield entry.button(when)


def _when(written: Any, place: DocumentValue) -> tuple[bool, Expression | None]:
    """Return whether conditions are sound, and what they want; None where there are none."""
    if written is None:
        return True, None
    when = read_when(written, place)
    never = contradiction(when) if when is not None else None
    if never:
        place.fault(worded("these conditions can never hold"), never)
    return when is not None and not never, when
