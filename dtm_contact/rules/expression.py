"""What a rule wants, as a tree of conditions with `all`, `any` and `not` around them.

An expression is true, false, or undecided because a condition raised. Beside its evaluation stand what follows from its
form (`implies`, `contradiction`, `outcome`), and the index by which the rules that may hold are looked up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from math import prod
from typing import Any, Protocol, TypeGuard

from dtm_contact.model import ConditionTrace
from dtm_contact.rules.arguments import DocumentValue
from dtm_contact.rules.conditions import Condition, all_conditions
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.validation import cut, hint_for, shown
from dtm_contact.wording import Translatable, worded

_SHOWN_WANTED = 120


class Expression(Protocol):
    """A condition, or several with a word around them."""

    def holds(self, facts: Facts, trace: list[ConditionTrace] | None = None, around: str = "") -> bool | None:
        """Return whether it holds; None where that hangs on a condition that raised (noted in `facts.failed`).

        Args:
            facts: the contact.
            trace: every condition of it is added here with what it saw, also those that decide nothing any more; None:
                only the conditions that decide are asked.
            around: the words around it, as the trace names them.
        """
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

    def holds(self, facts: Facts, trace: list[ConditionTrace] | None = None, around: str = "") -> bool | None:
        """Ask the condition; one that raises is noted, and is neither true nor false."""
        held: bool | None = None
        try:
            held, seen = self.condition.predicate(facts, self.wanted)
        except Exception as error:  # noqa: BLE001 - whatever a condition raises, the contact must reach a queue
            facts.failed.append(f"{self.condition.name}: {type(error).__name__}")
            seen = f"failed: {type(error).__name__}"
        if trace is not None:
            trace.append(ConditionTrace(f"{around}{self.condition.name}", self.text, seen, held))
        return held


@dataclass(frozen=True, slots=True)
class All:
    """Holds where all parts hold."""

    parts: tuple[Expression, ...]

    def holds(self, facts: Facts, trace: list[ConditionTrace] | None = None, around: str = "") -> bool | None:
        """Return false at the first part that is; None where none is false and one raised."""
        return _combined(self.parts, facts, trace, around, decisive=False)


@dataclass(frozen=True, slots=True)
class Either:
    """Holds where one part holds; `any` in the YAML."""

    parts: tuple[Expression, ...]

    def holds(self, facts: Facts, trace: list[ConditionTrace] | None = None, around: str = "") -> bool | None:
        """Return true at the first part that is; None where none is true and one raised."""
        return _combined(self.parts, facts, trace, f"{around}any ", decisive=True)


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where its part does not."""

    part: Expression

    def holds(self, facts: Facts, trace: list[ConditionTrace] | None = None, around: str = "") -> bool | None:
        """Return the opposite; in the trace a condition named "not …" holds where the condition itself does not."""
        inner: list[ConditionTrace] | None = None if trace is None else []
        held = self.part.holds(facts, inner, f"{around}not ")
        if trace is not None and inner is not None:
            trace += (each if each.held is None else replace(each, held=not each.held) for each in inner)
        return None if held is None else not held


def _combined(
    parts: tuple[Expression, ...], facts: Facts, trace: list[ConditionTrace] | None, around: str, *, decisive: bool
) -> bool | None:
    """Return what several parts come to: `decisive` where one of them is that, None where else one raised."""
    result: bool | None = not decisive
    for part in parts:
        if result is not decisive:
            held = part.holds(facts, trace, around)
            result = held if held is decisive or held is None else result
        elif trace is None:
            break
        else:
            # It is asked for the trace only: what it raises hinders nothing.
            failures = len(facts.failed)
            part.holds(facts, trace, around)
            del facts.failed[failures:]
    return result


def read_when(value: Any, place: DocumentValue) -> Expression | None:
    """Read the conditions of a rule; faults are reported at their places, and None is returned.

    A mapping of several keys wants all of them; `all` and `any` take a list of such mappings, `not` takes one.
    """
    if not isinstance(value, Mapping):
        place.fault(
            worded("expected conditions, got {value}", value=shown(value)), worded("write {topic: gas}, for example")
        )
        return None
    if not value:
        place.fault(worded("the conditions are empty"), worded("write one at least"))
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
    condition = all_conditions().get(name)
    if condition is None:
        place.fault(
            worded("unknown condition {name}", name=cut(name)),
            # All of them: what no misspelling leads to can only be found by reading the list.
            hint_for(name, (*all_conditions(), "all", "any", "not"), most=None),
            at_key=True,
        )
        return None
    wanted = condition.argument.read(argument, place)
    return None if wanted is None else Test(condition, wanted, _written(argument))


def _several(value: Any, place: DocumentValue) -> tuple[Expression, ...] | None:
    if not isinstance(value, list) or not value:
        place.fault(
            worded("expected a list of conditions, got {value}", value=shown(value or None)),
            worded("write each with its - on a line of its own"),
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


_BRANCHES = 64
"""Branches that conditions with `any` are split into, at the most; with more they stay whole."""

Parts = tuple[Expression, ...]


def is_value_test(part: Expression) -> TypeGuard[Test]:
    """Whether a part is a condition that holds where one of the values seen is among those wanted."""
    return isinstance(part, Test) and part.condition.values is not None


def implies(part: Expression, wider: Expression) -> bool:
    """Whether `wider` holds wherever `part` does, as far as can be told from their form."""
    if is_value_test(part) and is_value_test(wider) and part.condition.name == wider.condition.name:
        return bool(part.wanted <= wider.wanted)
    return part == wider


def contradiction(when: Expression) -> Translatable | None:
    """Return why conditions can never hold together, or None where nothing speaks against it.

    They want something and, with `not`, the same or something wider away; or of what a contact has one, two; or a
    condition and the absence of what it rests on; or of each branch of an `any` one of these.
    """
    return excluded(tuple(conjuncts(when)))


def excluded(parts: Parts) -> Translatable | None:
    """Return why parts can never hold together, as `contradiction` does."""
    if any(isinstance(no, Not) and any(implies(part, no.part) for part in parts) for no in parts):
        return worded("it wants a condition, and the same or a wider one with not")
    tests = [part for part in parts if isinstance(part, Test)]
    for first, second in combinations(tests, 2):
        why = _apart(first, second) or _apart(second, first)
        if why:
            return why
    for number, part in enumerate(parts):
        others = (*parts[:number], *parts[number + 1 :])
        if isinstance(part, Either) and all(excluded((*others, *conjuncts(each))) for each in part.parts):
            return worded("each part of any contradicts what is wanted besides")
    return None


def outcome(expression: Expression, parts: Parts) -> bool | None:
    """Return whether an expression holds where all `parts` do; None where it may or may not."""
    match expression:
        case All():
            outcomes = [outcome(part, parts) for part in expression.parts]
            return False if False in outcomes else None if None in outcomes else True
        case Either():
            outcomes = [outcome(part, parts) for part in expression.parts]
            return True if True in outcomes else None if None in outcomes else False
        case Not():
            held = outcome(expression.part, parts)
            return None if held is None else not held
    if any(implies(part, expression) for part in parts):
        return True
    return False if any(_denies(part, expression) for part in parts) else None


def _denies(part: Expression, expression: Expression) -> bool:
    """Whether an expression cannot hold where a part does."""
    if isinstance(part, Not):
        return implies(expression, part.part)
    if isinstance(part, Test) and isinstance(expression, Test):
        return bool(_apart(part, expression) or _apart(expression, part))
    return False


def branches(expression: Expression) -> Sequence[Parts]:
    """Return alternatives, each of parts that all hold, of which one holds wherever the expression does.

    They hold no `any`, and `not` only around a single condition, unless there would be too many of them.
    """
    split = _branches(expression)
    return [tuple(conjuncts(expression))] if split is None else split


def _branches(expression: Expression) -> list[Parts] | None:
    match expression:
        case All():
            return _together(expression.parts)
        case Either():
            return _one_of(expression.parts)
        case Not(part=All() as inner):
            return _one_of([Not(part) for part in inner.parts])
        case Not(part=Either() as inner):
            return _together([Not(part) for part in inner.parts])
        case Not(part=Not() as inner):
            return _branches(inner.part)
    return [(expression,)]


def _one_of(parts: Iterable[Expression]) -> list[Parts] | None:
    alternatives: list[Parts] = []
    for part in parts:
        inner = _branches(part)
        if inner is None or len(alternatives) + len(inner) > _BRANCHES:
            return None
        alternatives += inner
    return alternatives


def _together(parts: Iterable[Expression]) -> list[Parts] | None:
    split = [_branches(part) for part in parts]
    factors = [inner for inner in split if inner is not None]
    if len(factors) < len(split) or prod(map(len, factors)) > _BRANCHES:
        return None
    return [tuple(part for inner in chosen for part in inner) for chosen in product(*factors)]


def lasting(parts: Iterable[Expression]) -> Iterator[Expression]:
    """Yield the parts that are the same whichever rule asks; what tags a contact has changes from rule to rule."""
    return (part for part in parts if all(test.condition.is_lasting for test in _tests(part)))


def _tests(expression: Expression) -> Iterator[Test]:
    match expression:
        case Test():
            yield expression
        case Not():
            yield from _tests(expression.part)
        case All() | Either():
            for part in expression.parts:
                yield from _tests(part)


def _apart(first: Test, second: Test) -> Translatable | None:
    """Return why two conditions cannot hold together, or None."""
    one, other = first.condition, second.condition
    if one.is_single and one.name == other.name and first.wanted.isdisjoint(second.wanted):
        return worded("a contact has one {one} only, and two are wanted; put them in one list", one=one.name)
    if one.name in other.requires and first.wanted.isdisjoint(other.requires[one.name]):
        needed = ", ".join(sorted(other.requires[one.name]))
        return worded("{other} only holds where {one} is {needed}", other=other.name, one=one.name, needed=needed)
    return None


_NAMES = 3
"""Conditions that a rule is looked up by, at the most: more multiply the look-ups and hardly part rules further."""

_ENTRIES = 64
"""Entries of one rule, at the most; a rule with longer lists is looked up by fewer of its conditions."""

_Table = dict[Values, list[int]]


@dataclass(frozen=True, slots=True)
class _Look:
    """Rules that are looked up by the same conditions: their numbers by the values wanted."""

    conditions: tuple[Condition, ...]
    table: _Table

    def numbers(self, facts: Facts) -> Iterator[int]:
        values = [
            facts.values_of(condition.name, condition.values) for condition in self.conditions if condition.values
        ]
        for key in product(*values):
            yield from self.table.get(key, ())


class Index:
    """Which rules may hold for a contact: all that do, and few others."""

    def __init__(self, expressions: Sequence[Expression | None]) -> None:
        """Sort the rules by the conditions that they can be looked up by; None always holds."""
        self._all = range(len(expressions))
        tables: defaultdict[tuple[Condition, ...], _Table] = defaultdict(lambda: defaultdict(list))
        for number, expression in enumerate(expressions):
            tests = lookup_tests(expression)
            table = tables[tuple(test.condition for test in tests)]
            for key in product(*(sorted(test.wanted) for test in tests)):
                table[key].append(number)
        self._looks = [_Look(conditions, dict(table)) for conditions, table in tables.items()]

    def candidates(self, facts: Facts) -> Iterable[int]:
        """Return the numbers of the rules that may hold, in order; all of them where a value cannot be told."""
        try:
            return sorted({number for look in self._looks for number in look.numbers(facts)})
        except Exception:  # noqa: BLE001 - the rules are tried one by one, and the one that asks for the value reports it
            return self._all


def lookup_tests(expression: Expression | None) -> tuple[Test, ...]:
    """Return the tests that a rule is looked up by, in the order of their names, each name once."""
    by_name: dict[str, Test] = {}
    for part in conjuncts(expression) if expression else ():
        if isinstance(part, Test) and part.condition.values:
            by_name.setdefault(part.condition.name, part)
    fewest = sorted(by_name.values(), key=lambda test: (len(test.wanted), test.condition.name))[:_NAMES]
    while prod(len(test.wanted) for test in fewest) > _ENTRIES and len(fewest) > 1:
        fewest.pop()
    return tuple(sorted(fewest, key=lambda test: test.condition.name))
