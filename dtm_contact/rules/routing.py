"""`routing.yaml`: the rules in order and what each does; the first that holds decides, and the last is the default."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from dtm_contact.model import ON_CALL, CaseKind, Priority, Problem, Severity
from dtm_contact.rules.arguments import AllowedNames, DocumentValue
from dtm_contact.rules.document import Document, read_document, validate
from dtm_contact.rules.expression import Expression, read_when
from dtm_contact.rules.queues import RESERVED
from dtm_contact.rules.schedule import DueTime, parse_due
from dtm_contact.rules.trial import RuleTest
from dtm_contact.rules.validation import (
    Identifier,
    InvalidValueError,
    StrictModel,
    check_address,
    cut,
    hint_for,
    one_or_several,
    shown,
)
from dtm_contact.wording import worded

ROUTING_FILE = "routing.yaml"

RULES_LIMIT = 20_000
"""Rules of the longest file."""


OFFICE, NOWHERE = RESERVED

EVERYBODY = (ON_CALL, "caretaker")
"""Who can be notified at once, besides addresses."""

STATED = "stated"
"""In the place of a due time: the day that the letter names."""

Join = Literal["same_topic", "open_case"]
"""Which open case of the same party a contact joins."""


class PriorityChange(StrictModel):
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
            hint = worded("write P2 (at least), {raise: 1} or {set: P4}")
            raise InvalidValueError(worded("a priority is changed in exactly one way"), hint)
        if self.at_least is Priority.P4:
            raise InvalidValueError(worded("priority P4 changes nothing"), worded("leave it out, or write {set: P4}"))
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


def _check_notified(text: str) -> str:
    if text in EVERYBODY:
        return text
    if "@" in text:
        return check_address(text)
    raise InvalidValueError(
        worded("{text} is not known here", text=shown(text)),
        worded("{hint} or write a mail address", hint=hint_for(text, EVERYBODY)),
    )


_Notified = Annotated[str, AfterValidator(_check_notified)]


def _parse_then_due(value: Any) -> DueTime | str:
    if value == STATED:
        return STATED
    try:
        return parse_due(value)
    except InvalidValueError as error:
        raise InvalidValueError(
            error.message, worded("{hint}; or {stated}: the day that the letter names", hint=error.hint, stated=STATED)
        ) from error


_Due = Annotated[DueTime | str, PlainValidator(_parse_then_due)]


class Then(StrictModel):
    """What a rule does where it holds.

    Attributes:
        queue: a queue's identifier; `office` for that of the office of the place; `none` where no case is opened. None
            only in a rule that does not decide.
        priority: how it changes the priority.
        alarm: the most that is left of an alarm: it is lowered to that, and the decision says by which rule.
        due: when the first answer is due, in place of what the queue says; or `STATED`.
        tags: words put to the case.
        notify: who is notified at once.
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
    notify: Annotated[tuple[_Notified, ...], BeforeValidator(one_or_several), Field(max_length=20)] = ()
    answer: str | None = None
    join: Join | None = None
    kind: CaseKind | None = None
    set_aside: Literal["automatic", "spam", "none"] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.set_aside is not None and (self.queue is not None or self.kind is not None):
            raise InvalidValueError(worded("set_aside opens no case"), worded("leave out queue and kind"))
        if not self.opens_nothing:
            if self.kind not in {None, CaseKind.CASE}:
                raise InvalidValueError(
                    worded("kind {kind} opens no case", kind=self.kind), worded("leave kind out, or write queue: none")
                )
        elif self.becomes is None:
            raise InvalidValueError(worded("queue none opens no case"), worded("add kind: automatic, spam or none"))
        elif self.notify or self.priority or self.alarm or self.answer or self.due or self.join:
            hint = worded("leave out priority, alarm, due, notify, answer and join")
            raise InvalidValueError(worded("queue none opens no case"), hint)
        if self.alarm is not None and self.priority is not None and self.priority.may_make_danger:
            raise InvalidValueError(
                worded("one rule cannot lower the alarm and make it P1"), worded("leave out alarm, or priority")
            )
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


Waiver = Annotated[str, Field(min_length=3, max_length=500)]


_Sentence = Annotated[str, Field(min_length=3, max_length=160)]


class _RuleEntry(StrictModel):
    """A rule as the file has it; `when` is read by its own grammar."""

    id: Identifier
    says: _Sentence | None = None
    mode: Literal["act", "observe"] = "act"
    decides: bool = True
    when: Any = None
    then: Then
    waiver: Waiver | None = None
    untold: Waiver | None = None
    """What `waiver` was called before; read with a warning."""
    tests: tuple[RuleTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: its identifier in the file.
        key: `file:id`, as decisions name it.
        place: line and column where it starts in the file.
        when: its conditions; None for the default, which always holds.
        then: what it does.
        says: what it is for, in a sentence that agents read; "" where it does not say.
        tests: the messages it is tried on.
        test_places: line and column of each.
        decides: it says where a contact goes; else it only adds to what a later rule decides.
        observes: it is judged and recorded, without effect.
        waiver: why it may decide for a danger without notifying anybody on call, or set one aside; None where it may
            not.
    """

    id: str
    key: str
    place: tuple[int, int]
    when: Expression | None
    then: Then
    tests: tuple[RuleTest, ...] = ()
    test_places: tuple[tuple[int, int], ...] = ()
    decides: bool = True
    observes: bool = False
    waiver: str | None = None
    says: str = ""

    @property
    def notifies_on_call(self) -> bool:
        """Whether the on-call service is notified at once."""
        return ON_CALL in self.then.notify

    @property
    def ends(self) -> bool:
        """Whether no later rule is looked at where it holds."""
        return self.decides and not self.observes


def load_routing(folder: Path, allowed: AllowedNames, problems: list[Problem]) -> tuple[Rule, ...] | None:
    """Read `routing.yaml`.

    Args:
        folder: the folder of the rules.
        allowed: what rules may name.
        problems: what is wrong is added here.

    Returns:
        The rules in order, the default last, without those that hold faults; None where none can be read.
    """
    document = read_document(folder / ROUTING_FILE, folder, problems)
    if document is None:
        return None
    if not isinstance(document.data, list):
        hint = worded("write each rule with its - at the beginning: - id: …")
        problems.append(
            document.problem((), worded("expected a list of rules, got {data}", data=shown(document.data)), hint)
        )
        return None
    if len(document.data) > RULES_LIMIT:
        problems.append(
            document.problem((), worded("more than {limit} rules", limit=RULES_LIMIT), worded("merge rules by lists"))
        )
        return None
    problems.extend(_order(document))
    problems.extend(_doubled(document))
    rules = [_rule(document, index, allowed, problems) for index in range(len(document.data))]
    return tuple(rule for rule in rules if rule is not None)


def _rule(document: Document, index: int, allowed: AllowedNames, problems: list[Problem]) -> Rule | None:
    data = document.data[index]
    entry = validate(document, _RuleEntry, problems, (index,))
    when = None
    if isinstance(data, Mapping):
        place = DocumentValue(document, allowed, problems, (index,))
        _check_then(data.get("then"), place.below("then"), decides=data.get("decides") is not False)
        if "when" in data:
            when = read_when(data["when"], place.below("when"))
    if entry is None or (when is None and "when" in data):
        return None
    if entry.untold is not None:
        hint = worded("write waiver: in its place")
        told = worded("untold is called waiver now")
        problems.append(document.problem((index, "untold"), told, hint, Severity.WARNING, at_key=True))
    if not entry.decides:
        _check_adds(entry.then, DocumentValue(document, allowed, problems, (index, "then")))
    return Rule(
        id=entry.id,
        key=f"{ROUTING_FILE}:{entry.id}",
        place=document.position((index,)),
        when=when,
        then=entry.then,
        tests=entry.tests,
        test_places=tuple(document.position((index, "tests", number)) for number in range(len(entry.tests))),
        decides=entry.decides,
        observes=entry.mode == "observe",
        waiver=entry.waiver or entry.untold,
        says=entry.says or "",
    )


def _check_then(then: Any, place: DocumentValue, *, decides: bool) -> None:
    """Report queues and answers that do not exist, and a queue where none belongs or one is missing."""
    if not isinstance(then, Mapping):
        return
    queue, answer = then.get("queue"), then.get("answer")
    queues, answers = place.allowed.queues, place.allowed.answers
    if isinstance(queue, str) and queues is not None and queue not in (*queues, *RESERVED):
        place.below("queue").fault(
            worded("unknown queue {queue}", queue=cut(queue)), hint_for(queue, (*queues, *RESERVED))
        )
    if isinstance(answer, str) and answers is not None and answer not in answers:
        place.below("answer").fault(worded("unknown answer {answer}", answer=cut(answer)), hint_for(answer, answers))
    if decides and "queue" not in then and "set_aside" not in then:
        place.fault(worded("the key queue is missing"), worded("add queue: …"))
    for key in ("queue", "set_aside", "kind", "join"):
        if not decides and key in then:
            place.below(key).fault(
                worded("a rule with decides: false gives no {key}", key=key), worded("a later rule does"), at_key=True
            )


def _check_adds(then: Then, place: DocumentValue) -> None:
    """Report a rule that neither decides nor adds anything."""
    if not then.adds:
        place.fault(
            worded("the rule does nothing"),
            worded("add priority, alarm, due, tags, notify or answer, or leave out decides: false"),
        )


def _order(document: Document) -> Iterator[Problem]:
    """Yield a problem for each rule without `when` that is not the last, and where the last is no default."""
    rules: list[Any] = document.data
    last = len(rules) - 1
    without = [index for index, rule in enumerate(rules) if isinstance(rule, Mapping) and "when" not in rule]
    if not rules or (isinstance(rules[last], Mapping) and "when" in rules[last]):
        message = worded("the default is missing") if not without else worded("rules follow the default")
        hint = worded("end the file with a rule without when, which takes what no other rule takes")
        if without:
            hint = worded(
                "the rule without when in line {line} must stand last", line=document.position((without[-1],))[0]
            )
        yield document.problem((last,) if rules else (), message, hint)
        without = without[:-1]
    elif last in without and _opens_nothing(rules[last]):
        yield document.problem(
            (last, "then"), worded("the default opens no case"), worded("name a queue, so that no message is lost")
        )
    elif last in without and (rules[last].get("decides") is False or rules[last].get("mode") == "observe"):
        yield document.problem(
            (last,), worded("the default must decide"), worded("leave out decides and mode, so that no message is lost")
        )
    for index in without:
        if index != last:
            yield document.problem(
                (index,), worded("when is missing"), worded("only the last rule, the default, has none")
            )


def _opens_nothing(rule: Mapping[str, Any]) -> bool:
    then = rule.get("then")
    return isinstance(then, Mapping) and (then.get("queue") == NOWHERE or "set_aside" in then)


def _doubled(document: Document) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, rule in enumerate(document.data):
        name = rule.get("id") if isinstance(rule, Mapping) else None
        if not isinstance(name, str):
            continue
        if name in seen:
            hint = worded("the rule in line {line} has it too", line=document.position((seen[name],))[0])
            yield document.problem((index, "id"), worded("the id {name} is given twice", name=cut(name)), hint)
        seen.setdefault(name, index)
