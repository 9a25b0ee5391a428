"""`routing.yaml`: the rules in order; the first that holds decides, and the last is the default."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from dtm_contact.model import Problem
from dtm_contact.rules.actions import NOWHERE, ON_CALL, Strict, Then, check_adds, check_then
from dtm_contact.rules.arguments import DocumentValue, KnownIdentifiers
from dtm_contact.rules.document import Document, read_document, validate
from dtm_contact.rules.expression import Expression, read_when
from dtm_contact.rules.names import Identifier
from dtm_contact.rules.trial import RuleTest
from dtm_contact.rules.validation import cut, shown

FILE = "routing.yaml"

RULES_LIMIT = 20_000
"""Rules of the longest file."""


class _Frame(Strict):
    """A rule as the file has it; `when` is read by its own grammar."""

    id: Identifier
    mode: Literal["act", "observe"] = "act"
    decides: bool = True
    when: Any = None
    then: Then
    untold: Annotated[str, Field(min_length=3, max_length=500)] | None = None
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
        tests: the messages it is tried on.
        test_places: line and column of each.
        decides: it says where a contact goes; else it only adds to what a later rule decides.
        observes: it is judged and recorded, without effect.
        untold: why it may decide for a danger without anybody on call being told, or set one aside; None where it may
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
    untold: str | None = None

    @property
    def tells_on_call(self) -> bool:
        """Whether the on-call service is told at once."""
        return ON_CALL in self.then.notify

    @property
    def ends(self) -> bool:
        """Whether no later rule is looked at where it holds."""
        return self.decides and not self.observes


def load_routing(folder: Path, known: KnownIdentifiers, problems: list[Problem]) -> tuple[Rule, ...] | None:
    """Read `routing.yaml`.

    Args:
        folder: the folder of the rules.
        known: what rules may name.
        problems: what is wrong is added here.

    Returns:
        The rules in order, the default last, without those that hold faults; None where none can be read.
    """
    document = read_document(folder / FILE, folder, problems)
    if document is None:
        return None
    if not isinstance(document.data, list):
        hint = "write each rule with its - at the beginning: - id: …"
        problems.append(document.problem((), f"expected a list of rules, got {shown(document.data)}", hint))
        return None
    if len(document.data) > RULES_LIMIT:
        problems.append(document.problem((), f"more than {RULES_LIMIT} rules", "merge rules by lists"))
        return None
    problems.extend(_order(document))
    problems.extend(_doubled(document))
    rules = [_rule(document, index, known, problems) for index in range(len(document.data))]
    return tuple(rule for rule in rules if rule is not None)


def _rule(document: Document, index: int, known: KnownIdentifiers, problems: list[Problem]) -> Rule | None:
    data = document.data[index]
    frame = validate(document, _Frame, problems, (index,))
    when = None
    if isinstance(data, Mapping):
        place = DocumentValue(document, known, problems, (index,))
        check_then(data.get("then"), place.below("then"), decides=data.get("decides") is not False)
        if "when" in data:
            when = read_when(data["when"], place.below("when"))
    if frame is None or (when is None and "when" in data):
        return None
    if not frame.decides:
        check_adds(frame.then, DocumentValue(document, known, problems, (index, "then")))
    return Rule(
        id=frame.id,
        key=f"{FILE}:{frame.id}",
        place=document.position((index,)),
        when=when,
        then=frame.then,
        tests=frame.tests,
        test_places=tuple(document.position((index, "tests", number)) for number in range(len(frame.tests))),
        decides=frame.decides,
        observes=frame.mode == "observe",
        untold=frame.untold,
    )


def _order(document: Document) -> Iterator[Problem]:
    """Yield a problem for each rule without `when` that is not the last, and where the last is no default."""
    rules: list[Any] = document.data
    last = len(rules) - 1
    without = [index for index, rule in enumerate(rules) if isinstance(rule, Mapping) and "when" not in rule]
    if not rules or (isinstance(rules[last], Mapping) and "when" in rules[last]):
        message = "the default is missing" if not without else "rules follow the default"
        hint = "end the file with a rule without when, which takes what no other rule takes"
        if without:
            hint = f"the rule without when in line {document.position((without[-1],))[0]} must stand last"
        yield document.problem((last,) if rules else (), message, hint)
        without = without[:-1]
    elif last in without and _opens_nothing(rules[last]):
        yield document.problem((last, "then"), "the default opens no case", "name a queue, so that no message is lost")
    elif last in without and (rules[last].get("decides") is False or rules[last].get("mode") == "observe"):
        yield document.problem(
            (last,), "the default must decide", "leave out decides and mode, so that no message is lost"
        )
    for index in without:
        if index != last:
            yield document.problem((index,), "when is missing", "only the last rule, the default, has none")


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
            hint = f"the rule in line {document.position((seen[name],))[0]} has it too"
            yield document.problem((index, "id"), f"the id {cut(name)} is given twice", hint)
        seen.setdefault(name, index)
