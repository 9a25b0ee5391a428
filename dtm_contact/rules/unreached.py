"""Rules that can never decide: they exclude themselves, or an earlier rule holds wherever they would."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product
from typing import TypeGuard

from dtm_contact.rules.expression import Either, Expression, Not, Test, conjuncts
from dtm_contact.rules.index import looked_up_by
from dtm_contact.rules.routing import Rule

_SPLIT = 64
"""Values of the longest list that is split to be compared with several rules."""

_CHOSEN_FROM = 6
"""Parts of which every choice is looked for; rules seldom have more than two that are no lists."""


def unreached(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that is never reached, with the earlier rule that stands before it.

    An earlier rule stands before a later one where each of its conditions is one of the later rule's, or wider than
    one: the same condition with at least the same values. Several stand before it together where each value of one of
    its lists has one before it: the last of them is told. One that only adds, or is only observed, stands before none.
    What `any` and `not` hold is compared as a whole.
    """
    earlier = _Earlier()
    for rule in rules:
        if rule.when is not None:
            before = earlier.before(rule.when)
            if before is not None:
                yield rule, before
            elif rule.ends:
                earlier.add(rule, rule.when)


def contradiction(when: Expression) -> str | None:
    """Return why conditions can never hold together, or None where nothing speaks against it.

    They want something and, with `not`, the same or something wider away; or of what a contact has one, two; or a
    condition and the absence of what it rests on; or of each branch of an `any` one of these.
    """
    return _contradiction(tuple(conjuncts(when)))


def _contradiction(parts: tuple[Expression, ...]) -> str | None:
    if any(isinstance(no, Not) and any(_implies(part, no.part) for part in parts) for no in parts):
        return "it wants a condition, and the same or a wider one with not"
    tests = [part for part in parts if isinstance(part, Test)]
    for first, second in combinations(tests, 2):
        why = _apart(first, second) or _apart(second, first)
        if why:
            return why
    for number, part in enumerate(parts):
        others = (*parts[:number], *parts[number + 1 :])
        if isinstance(part, Either) and all(_contradiction((*others, *conjuncts(each))) for each in part.parts):
            return "each part of any contradicts what is wanted besides"
    return None


def _apart(first: Test, second: Test) -> str | None:
    """Return why two conditions cannot hold together, or None."""
    one, other = first.condition, second.condition
    if one.single and one.name == other.name and first.wanted.isdisjoint(second.wanted):
        return f"a contact has one {one.name} only, and two are wanted; put them in one list"
    if one.name in other.needs and first.wanted.isdisjoint(other.needs[one.name]):
        needed = ", ".join(sorted(other.needs[one.name]))
        return f"{other.name} only holds where {one.name} is {needed}"
    return None


class _Earlier:
    """The rules read so far, to be found by what they ask for, so that not every pair is compared."""

    def __init__(self) -> None:
        self._numbers: dict[Expression, int] = {}
        self._names: set[tuple[str, ...]] = set()
        self._by_key: defaultdict[Hashable, list[tuple[Rule, tuple[Test, ...]]]] = defaultdict(list)

    def add(self, rule: Rule, when: Expression) -> None:
        """Put a rule under each value of its lists, with the parts that are no lists."""
        parts = tuple(conjuncts(when))
        tests = looked_up_by(when)
        names = tuple(test.condition.name for test in tests)
        others = frozenset(self._others(parts))
        self._names.add(names)
        for values in product(*(test.wanted for test in tests)):
            self._by_key[names, values, others].append((rule, tuple(filter(_is_list, parts))))

    def before(self, when: Expression) -> Rule | None:
        """Return the rule that holds wherever `when` does, or the last of several that do together, or None."""
        parts = tuple(conjuncts(when))
        return self._wider(parts) or self._several(parts)

    def _several(self, parts: tuple[Expression, ...]) -> Rule | None:
        for number, part in enumerate(parts):
            if _is_list(part) and 1 < len(part.wanted) <= _SPLIT:
                narrowed = (replace(part, wanted=frozenset((value,))) for value in sorted(part.wanted))
                found = [self._wider((*parts[:number], one, *parts[number + 1 :])) for one in narrowed]
                together = [rule for rule in found if rule is not None]
                if len(together) == len(found):
                    return max(together, key=lambda rule: rule.place)
        return None

    def _wider(self, parts: tuple[Expression, ...]) -> Rule | None:
        """Return the first rule that holds wherever all `parts` do, or None."""
        value = {part.condition.name: min(part.wanted) for part in reversed(parts) if _is_list(part)}
        others = list(_subsets(self._others(parts)))
        found = [
            rule
            for names in self._names
            if value.keys() >= set(names)
            for other in others
            for rule, lists in self._by_key.get((names, tuple(value[name] for name in names), other), ())
            if all(any(_implies(part, wider) for part in parts) for wider in lists)
        ]
        return min(found, key=lambda rule: rule.place, default=None)

    def _others(self, parts: Iterable[Expression]) -> list[int]:
        """Return the numbers of the parts that are no lists; equal parts have the same one."""
        return [self._numbers.setdefault(part, len(self._numbers)) for part in parts if not _is_list(part)]


def _subsets(numbers: Sequence[int]) -> Iterator[frozenset[int]]:
    """Yield every choice among the first few, and all of them."""
    for size in range(min(len(numbers), _CHOSEN_FROM) + 1):
        yield from map(frozenset, combinations(numbers[:_CHOSEN_FROM], size))
    if len(numbers) > _CHOSEN_FROM:
        yield frozenset(numbers)


def _is_list(part: Expression) -> TypeGuard[Test]:
    return isinstance(part, Test) and part.condition.sees is not None


def _implies(part: Expression, wider: Expression) -> bool:
    if _is_list(part) and _is_list(wider) and part.condition.name == wider.condition.name:
        return bool(part.wanted <= wider.wanted)
    return part == wider
