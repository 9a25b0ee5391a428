"""What a rule wants, as a tree: conditions, and `all`, `any`, `not` around them; true, false, or not to be told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from dtm_contact.model import ConditionTrace
from dtm_contact.rules.arguments import DocumentValue
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.registry import Condition, known_conditions
from dtm_contact.rules.suggestions import hint_for
from dtm_contact.rules.validation import cut, shown

_SHOWN_WANTED = 120


class Expression(Protocol):
    """A condition, or several with a word around them."""

    def holds(self, facts: Facts) -> bool | None:
        """Return whether it holds; None where it hangs on a condition that raised (noted in `facts.failed`)."""
        ...

    def trace(self, facts: Facts, around: str = "") -> Iterator[ConditionTrace]:
        """Yield every condition of it with what it saw; `around` names the words around it."""
        ...


@dataclass(frozen=True, slots=True)
class Test:
    """One condition with what is wanted of it.

    Attributes:
        condition: the condition.
        wanted: what it was given, as its argument read it.
        text: the same as written, for people.
    """

    condition: Condition
    wanted: Any
    text: str = field(compare=False)

    def holds(self, facts: Facts) -> bool | None:
        """Ask the condition; one that raises is noted, and is neither true nor false."""
        try:
            return self.condition.judges(facts, self.wanted).held
        except Exception as error:  # noqa: BLE001 - whatever a condition raises, the contact must reach a queue
            facts.failed.append(f"{self.condition.name}: {type(error).__name__}")
            return None

    def trace(self, facts: Facts, around: str = "") -> Iterator[ConditionTrace]:
        """Ask the condition and tell what it saw."""
        held: bool | None = None
        try:
            held, seen = self.condition.judges(facts, self.wanted)
        except Exception as error:  # noqa: BLE001 - as in `holds`
            seen = f"failed: {type(error).__name__}"
        yield ConditionTrace(f"{around}{self.condition.name}", self.text, seen, held)


@dataclass(frozen=True, slots=True)
class All:
    """Holds where all parts hold."""

    parts: tuple[Expression, ...]

    def holds(self, facts: Facts) -> bool | None:
        """Return false at the first part that is; None where none is false and one cannot be told."""
        result: bool | None = True
        for part in self.parts:
            held = part.holds(facts)
            if held is False:
                return False
            if held is None:
                result = None
        return result

    def trace(self, facts: Facts, around: str = "") -> Iterator[ConditionTrace]:
        """Trace all parts."""
        for part in self.parts:
            yield from part.trace(facts, around)


@dataclass(frozen=True, slots=True)
class Either:
    """Holds where one part holds; `any` in the YAML."""

    parts: tuple[Expression, ...]

    def holds(self, facts: Facts) -> bool | None:
        """Return true at the first part that is; None where none is true and one cannot be told."""
        result: bool | None = False
        for part in self.parts:
            held = part.holds(facts)
            if held:
                return True
            if held is None:
                result = None
        return result

    def trace(self, facts: Facts, around: str = "") -> Iterator[ConditionTrace]:
        """Trace all parts."""
        for part in self.parts:
            yield from part.trace(facts, f"{around}any ")


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where its part does not."""

    part: Expression

    def holds(self, facts: Facts) -> bool | None:
        """Return the opposite; what cannot be told stays so."""
        held = self.part.holds(facts)
        return None if held is None else not held

    def trace(self, facts: Facts, around: str = "") -> Iterator[ConditionTrace]:
        """Trace the part; a condition told as "not …" is told to hold where it does not."""
        for trace in self.part.trace(facts, f"{around}not "):
            yield trace if trace.held is None else replace(trace, held=not trace.held)


def read_when(value: Any, place: DocumentValue) -> Expression | None:
    """Read the conditions of a rule; faults are reported at their places, and None is returned.

    A mapping of several keys wants all of them; `all` and `any` take a list of such mappings, `not` takes one.
    """
    if not isinstance(value, Mapping):
        place.fault(f"expected conditions, got {shown(value)}", "write {topic: gas}, for example")
        return None
    if not value:
        place.fault("the conditions are empty", "write one at least")
        return None
    parts = [_part(name, argument, place.below(name)) for name, argument in value.items()]
    sound = tuple(part for part in parts if part is not None)
    if len(sound) < len(parts):
        return None
    return sound[0] if len(sound) == 1 else All(sound)


def conjuncts(expression: Expression) -> Iterator[Expression]:
    """Yield the parts that must all hold, however deep `all` is nested."""
    if isinstance(expression, All):
        for part in expression.parts:
            yield from conjuncts(part)
    else:
        yield expression


def _part(name: str, argument: Any, place: DocumentValue) -> Expression | None:
    match name:
        case "all":
            parts = _several(argument, place)
            return All(parts) if parts else None
        case "any":
            parts = _several(argument, place)
            return Either(parts) if parts else None
        case "not":
            part = read_when(argument, place)
            return Not(part) if part else None
    condition = known_conditions().get(name)
    if condition is None:
        place.fault(
            f"unknown condition {cut(name)}", hint_for(name, (*known_conditions(), "all", "any", "not")), at_key=True
        )
        return None
    wanted = condition.takes.read(argument, place)
    return None if wanted is None else Test(condition, wanted, _written(argument))


def _several(value: Any, place: DocumentValue) -> tuple[Expression, ...] | None:
    if not isinstance(value, list) or not value:
        place.fault(
            f"expected a list of conditions, got {shown(value or None)}", "write each with its - on a line of its own"
        )
        return None
    parts = [read_when(item, place.below(index)) for index, item in enumerate(value)]
    sound = tuple(part for part in parts if part is not None)
    return sound if len(sound) == len(parts) else None


def _written(value: Any) -> str:
    match value:
        case list():
            text = ", ".join(map(_written, value))
        case dict():
            text = ", ".join(f"{key}: {_written(inner)}" for key, inner in value.items())
        case bool():
            text = shown(value)
        case _:
            text = str(value)
    return text if len(text) <= _SHOWN_WANTED else text[: _SHOWN_WANTED - 1] + "…"
