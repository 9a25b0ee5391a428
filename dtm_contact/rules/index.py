"""Rules looked up by what a contact shows, instead of tried one by one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from dtm_contact.rules.expression import Expression, Test, conjuncts
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.rules.registry import Condition

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
        seen = [facts.seen(condition.name, condition.sees) for condition in self.conditions if condition.sees]
        for key in product(*seen):
            yield from self.table.get(key, ())


class Index:
    """Which rules may hold for a contact: all that do, and few others."""

    def __init__(self, expressions: Sequence[Expression | None]) -> None:
        """Sort the rules by the conditions that they can be looked up by; None always holds."""
        self._all = range(len(expressions))
        tables: defaultdict[tuple[Condition, ...], _Table] = defaultdict(lambda: defaultdict(list))
        for number, expression in enumerate(expressions):
            tests = looked_up_by(expression)
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


def looked_up_by(expression: Expression | None) -> tuple[Test, ...]:
    """Return the tests that a rule is looked up by, in the order of their names, each name once."""
    by_name: dict[str, Test] = {}
    for part in conjuncts(expression) if expression else ():
        if isinstance(part, Test) and part.condition.sees:
            by_name.setdefault(part.condition.name, part)
    fewest = sorted(by_name.values(), key=lambda test: (len(test.wanted), test.condition.name))[:_NAMES]
    while prod(len(test.wanted) for test in fewest) > _ENTRIES and len(fewest) > 1:
        fewest.pop()
    return tuple(sorted(fewest, key=lambda test: test.condition.name))
