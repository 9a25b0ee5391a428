"""Rules that can never decide: they exclude themselves, or an earlier rule holds wherever they would."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from itertools import combinations, product
from typing import TypeGuard

from dtm_contact.rules.expression import Expression, Not, Test, conjuncts
from dtm_contact.rules.index import looked_up_by
from dtm_contact.rules.routing import Rule

_CHOSEN_FROM = 6
"""Parts of which every choice is looked for; rules seldom have more than two that are no lists."""


def unreached(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Yield each rule that is never reached, with the earlier rule that stands before it.

    An earlier rule stands before a later one where each of its conditions is one of the later rule's, or wider than
    one: the same condition with at least the same values. What `any` and `not` hold is compared as a whole.
    """
    earlier = _Earlier()
    for rule in rules:
        if rule.when is not None:
            before = earlier.wider(rule.when)
            if before is not None:
                yield rule, before
            else:
                earlier.add(rule, rule.when)


def excludes_itself(when: Expression) -> bool:
    """Tell whether conditions want something and, with `not`, the same or something wider away."""
    parts = tuple(conjuncts(when))
    return any(isinstance(no, Not) and any(_implies(part, no.part) for part in parts) for no in parts)


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

    def wider(self, when: Expression) -> Rule | None:
        """Return the first rule that holds wherever `when` does, or None."""
        parts = tuple(conjuncts(when))
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
