"""Rules that can never decide, because an earlier rule holds wherever they would."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product

from dtm_contact.rules.expression import Expression, Test, conjuncts
from dtm_contact.rules.implication import implies, is_list, lasting
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
    What `any` and `not` hold is compared as a whole. What rests on tags stands before none: a rule in between may have
    put them.
    """
    earlier = _Earlier()
    for rule in rules:
        if rule.when is not None:
            before = earlier.before(rule.when)
            if before is not None:
                yield rule, before
            elif rule.ends:
                earlier.add(rule, rule.when)


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
            self._by_key[names, values, others].append((rule, tuple(filter(is_list, parts))))

    def before(self, when: Expression) -> Rule | None:
        """Return the rule that holds wherever `when` does, or the last of several that do together, or None."""
        parts = tuple(lasting(conjuncts(when)))
        return self._wider(parts) or self._several(parts)

    def _several(self, parts: tuple[Expression, ...]) -> Rule | None:
        for number, part in enumerate(parts):
            if is_list(part) and 1 < len(part.wanted) <= _SPLIT:
                narrowed = (replace(part, wanted=frozenset((value,))) for value in sorted(part.wanted))
                found = [self._wider((*parts[:number], one, *parts[number + 1 :])) for one in narrowed]
                together = [rule for rule in found if rule is not None]
                if len(together) == len(found):
                    return max(together, key=lambda rule: rule.place)
        return None

    def _wider(self, parts: tuple[Expression, ...]) -> Rule | None:
        """Return the first rule that holds wherever all `parts` do, or None."""
        value = {part.condition.name: min(part.wanted) for part in reversed(parts) if is_list(part)}
        others = list(_subsets(self._others(parts)))
        found = [
            rule
            for names in self._names
            if value.keys() >= set(names)
            for other in others
            for rule, lists in self._by_key.get((names, tuple(value[name] for name in names), other), ())
            if all(any(implies(part, wider) for part in parts) for wider in lists)
        ]
        return min(found, key=lambda rule: rule.place, default=None)

    def _others(self, parts: Iterable[Expression]) -> list[int]:
        """Return the numbers of the parts that are no lists; equal parts have the same one."""
        return [self._numbers.setdefault(part, len(self._numbers)) for part in parts if not is_list(part)]


def _subsets(numbers: Sequence[int]) -> Iterator[frozenset[int]]:
    """Yield every choice among the first few, and all of them."""
    for size in range(min(len(numbers), _CHOSEN_FROM) + 1):
        yield from map(frozenset, combinations(numbers[:_CHOSEN_FROM], size))
    if len(numbers) > _CHOSEN_FROM:
        yield frozenset(numbers)
