"""What follows from conditions that hold: that another holds too, that it cannot, that they exclude each other."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, product
from math import prod
from typing import TypeGuard

from dtm_contact.rules.expression import All, Either, Expression, Not, Test, conjuncts

_BRANCHES = 64
"""Branches that conditions with `any` are split into, at the most; with more they stay whole."""

Parts = tuple[Expression, ...]


def is_list(part: Expression) -> TypeGuard[Test]:
    """Whether a part is a condition that holds where one of the values seen is among those wanted."""
    return isinstance(part, Test) and part.condition.sees is not None


def implies(part: Expression, wider: Expression) -> bool:
    """Whether `wider` holds wherever `part` does, as far as can be told from their form."""
    if is_list(part) and is_list(wider) and part.condition.name == wider.condition.name:
        return bool(part.wanted <= wider.wanted)
    return part == wider


def contradiction(when: Expression) -> str | None:
    """Return why conditions can never hold together, or None where nothing speaks against it.

    They want something and, with `not`, the same or something wider away; or of what a contact has one, two; or a
    condition and the absence of what it rests on; or of each branch of an `any` one of these.
    """
    return excluded(tuple(conjuncts(when)))


def excluded(parts: Parts) -> str | None:
    """Return why parts can never hold together, as `contradiction` does."""
    if any(isinstance(no, Not) and any(implies(part, no.part) for part in parts) for no in parts):
        return "it wants a condition, and the same or a wider one with not"
    tests = [part for part in parts if isinstance(part, Test)]
    for first, second in combinations(tests, 2):
        why = _apart(first, second) or _apart(second, first)
        if why:
            return why
    for number, part in enumerate(parts):
        others = (*parts[:number], *parts[number + 1 :])
        if isinstance(part, Either) and all(excluded((*others, *conjuncts(each))) for each in part.parts):
            return "each part of any contradicts what is wanted besides"
    return None


def outcome(expression: Expression, parts: Parts) -> bool | None:
    """Return whether an expression holds where all `parts` do; None where it may or may not."""
    match expression:
        case All():
            found = [outcome(part, parts) for part in expression.parts]
            return False if False in found else None if None in found else True
        case Either():
            found = [outcome(part, parts) for part in expression.parts]
            return True if True in found else None if None in found else False
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
    found = _branches(expression)
    return [tuple(conjuncts(expression))] if found is None else found


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
    found: list[Parts] = []
    for part in parts:
        inner = _branches(part)
        if inner is None or len(found) + len(inner) > _BRANCHES:
            return None
        found += inner
    return found


def _together(parts: Iterable[Expression]) -> list[Parts] | None:
    found = [_branches(part) for part in parts]
    known = [inner for inner in found if inner is not None]
    if len(known) < len(found) or prod(map(len, known)) > _BRANCHES:
        return None
    return [tuple(part for inner in chosen for part in inner) for chosen in product(*known)]


def lasting(parts: Iterable[Expression]) -> Iterator[Expression]:
    """Yield the parts that are the same whichever rule asks; what tags a contact has changes from rule to rule."""
    return (part for part in parts if all(test.condition.lasting for test in _tests(part)))


def _tests(expression: Expression) -> Iterator[Test]:
    match expression:
        case Test():
            yield expression
        case Not():
            yield from _tests(expression.part)
        case All() | Either():
            for part in expression.parts:
                yield from _tests(part)


def _apart(first: Test, second: Test) -> str | None:
    """Return why two conditions cannot hold together, or None."""
    one, other = first.condition, second.condition
    if one.single and one.name == other.name and first.wanted.isdisjoint(second.wanted):
        return f"a contact has one {one.name} only, and two are wanted; put them in one list"
    if one.name in other.needs and first.wanted.isdisjoint(other.needs[one.name]):
        needed = ", ".join(sorted(other.needs[one.name]))
        return f"{other.name} only holds where {one.name} is {needed}"
    return None
