"""What a rule does where it holds: `then` in `routing.yaml`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from dtm_contact.model import CaseKind, Priority
from dtm_contact.rules.arguments import DocumentValue
from dtm_contact.rules.names import Identifier
from dtm_contact.rules.on_call import check_address
from dtm_contact.rules.openings import DueTime, parse_due
from dtm_contact.rules.queues import RESERVED
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.rules.validation import InvalidValueError, cut, one_or_several, shown

OFFICE, NOWHERE = RESERVED

ON_CALL = "on_call"
"""The on-call service, as a rule names whom it tells."""

EVERYBODY = (ON_CALL, "caretaker")
"""Who can be told at once, besides addresses."""

Join = Literal["same_topic", "open_case"]
"""Which open case of the same party a contact joins."""


class Strict(BaseModel):
    """What a file of the rules holds: nothing that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=True)


class PriorityChange(Strict):
    """What becomes of the priority; exactly one is given.

    Attributes:
        at_least: it is at least this urgent.
        steps: it is so many steps more urgent; `raise` in the file.
        set: it is this one, whatever it was: but a danger stays P1.
    """

    at_least: Priority | None = None
    steps: Annotated[int, Field(ge=1, le=3)] | None = Field(default=None, alias="raise")
    set: Priority | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(value is not None for value in (self.at_least, self.steps, self.set)) != 1:
            hint = "write P2 (at least), {raise: 1} or {set: P4}"
            raise InvalidValueError("a priority is changed in exactly one way", hint)
        if self.at_least is Priority.P4:
            raise InvalidValueError("priority P4 changes nothing", "leave it out, or write {set: P4}")
        return self

    @property
    def may_make_danger(self) -> bool:
        """Whether it makes a P1 of something that is less urgent."""
        return self.applied(Priority.P2) is Priority.P1

    def applied(self, current: Priority) -> Priority:
        """Return the priority once it is changed."""
        if self.steps is not None:
            return current.raised(self.steps)
        if self.set is not None:
            return current if current is Priority.P1 else self.set
        return min(current, self.at_least or current)


def _as_change(value: Any) -> Any:
    return value if isinstance(value, Mapping) else {"at_least": value}


def _check_told(text: str) -> str:
    if text in EVERYBODY:
        return text
    if "@" in text:
        return check_address(text)
    raise InvalidValueError(f"{shown(text)} is not known here", f"{hint_for(text, EVERYBODY)} or write a mail address")


_Told = Annotated[str, AfterValidator(_check_told)]
STATED = "stated"
"""In the place of a due time: the day that the letter names."""


def _parse_then_due(value: Any) -> DueTime | str:
    if value == STATED:
        return STATED
    try:
        return parse_due(value)
    except InvalidValueError as error:
        raise InvalidValueError(str(error), f"{error.hint}; or {STATED}: the day that the letter names") from error


_Due = Annotated[DueTime | str, PlainValidator(_parse_then_due)]


class Then(Strict):
    """What a rule does where it holds.

    Attributes:
        queue: a queue's identifier; `office` for that of the office of the place; `none` where no case is opened. None
            only in a rule that does not decide.
        priority: how it changes the priority.
        alarm: the most that is left of an alarm: it is lowered to that, and the decision says by which rule.
        due: when the first answer is due, in place of what the queue says; or `STATED`.
        tags: words put to the case.
        notify: who is told at once.
        answer: the answer's name.
        join: the open case of the same party that the contact joins, where there is one.
        kind: what the contact becomes where no case is opened.
        set_aside: the same with `queue: none`, in one word.
    """

    queue: str | None = None
    priority: Annotated[PriorityChange, BeforeValidator(_as_change)] | None = None
    alarm: Literal["none", "possible"] | None = None
    due: _Due | None = None
    tags: Annotated[tuple[Identifier, ...], BeforeValidator(one_or_several), Field(max_length=20)] = ()
    notify: Annotated[tuple[_Told, ...], BeforeValidator(one_or_several), Field(max_length=20)] = ()
    answer: str | None = None
    join: Join | None = None
    kind: CaseKind | None = None
    set_aside: Literal["automatic", "spam", "none"] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.set_aside is not None and (self.queue is not None or self.kind is not None):
            raise InvalidValueError("set_aside opens no case", "leave out queue and kind")
        if not self.opens_nothing:
            if self.kind not in {None, CaseKind.CASE}:
                raise InvalidValueError(f"kind {self.kind} opens no case", "leave kind out, or write queue: none")
        elif self.becomes is None:
            raise InvalidValueError("queue none opens no case", "add kind: automatic, spam or none")
        elif self.notify or self.priority or self.alarm or self.answer or self.due or self.join:
            hint = "leave out priority, alarm, due, notify, answer and join"
            raise InvalidValueError("queue none opens no case", hint)
        if self.alarm is not None and self.priority is not None and self.priority.may_make_danger:
            raise InvalidValueError("one rule cannot lower the alarm and make it P1", "leave out alarm, or priority")
        return self

    @property
    def opens_nothing(self) -> bool:
        """Whether no case is opened."""
        return self.queue == NOWHERE or self.set_aside is not None

    @property
    def becomes(self) -> CaseKind | None:
        """What the contact becomes where no case is opened; None where the rule does not say."""
        if self.set_aside is not None:
            return CaseKind(self.set_aside)
        return None if self.kind is CaseKind.CASE else self.kind

    @property
    def adds(self) -> bool:
        """Whether it does anything that can be added to what another rule decides."""
        return bool(self.priority or self.alarm or self.due or self.tags or self.notify or self.answer)


def check_then(then: Any, place: DocumentValue, *, decides: bool) -> None:
    """Report queues and answers that do not exist, and a queue where none belongs or one is missing."""
    if not isinstance(then, Mapping):
        return
    queue, answer = then.get("queue"), then.get("answer")
    queues, answers = place.known.queues, place.known.answers
    if isinstance(queue, str) and queues is not None and queue not in (*queues, *RESERVED):
        place.below("queue").fault(f"unknown queue {cut(queue)}", hint_for(queue, (*queues, *RESERVED)))
    if isinstance(answer, str) and answers is not None and answer not in answers:
        place.below("answer").fault(f"unknown answer {cut(answer)}", hint_for(answer, answers))
    if decides and "queue" not in then and "set_aside" not in then:
        place.fault("the key queue is missing", "add queue: …")
    for key in ("queue", "set_aside", "kind", "join"):
        if not decides and key in then:
            place.below(key).fault(f"a rule with decides: false gives no {key}", "a later rule does", at_key=True)


def check_adds(then: Then, place: DocumentValue) -> None:
    """Report a rule that neither decides nor adds anything."""
    if not then.adds:
        place.fault(
            "the rule does nothing", "add priority, alarm, due, tags, notify or answer, or leave out decides: false"
        )
