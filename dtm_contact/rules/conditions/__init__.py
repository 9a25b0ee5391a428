"""The conditions that rules may use; each is one decorated function whose docstring is its entry in the manual.

Beside it stands what it says in French, for the agents who read why a message lies where it does.

A module that is put into this package is found by itself.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from textwrap import fill, indent
from typing import Any, Final, NamedTuple

from dtm_contact.registry import Registry
from dtm_contact.rules.arguments import Argument
from dtm_contact.rules.facts import Facts, Values
from dtm_contact.wording import Translatable, translated, worded


def percent(share: float) -> str:
    """Return a share in hundredths, as conditions say it."""
    return f"{share:.0%}".replace("%", " %")


class ConditionOutcome(NamedTuple):
    """Whether a condition held, and what it saw, for the trace."""

    held: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Says:
    """What a condition says to agents, in French: two clauses that stand behind "parce que".

    Attributes:
        holds: where it holds; `{}` stands for its values ("le sujet est {}").
        fails: where it does not ("le sujet n'est pas {}").
        values: what its values are called where their codes say nothing to agents; a function puts what was written in
            the rule into words, where that is no list of codes.
        of_none: where it fails and there is no value at all ("l'auteur ne dit pas qui il est").
        unsaid: values that go without saying while there is anything else to say.
    """

    holds: str
    fails: str
    values: Mapping[Any, str] | Callable[[Any], str] = field(default_factory=dict)
    of_none: str = ""
    unsaid: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition by its name in the YAML.

    Attributes:
        name: the key in the YAML.
        argument: what it may be given.
        manual: its entry in the manual.
        says: what it says to agents.
        values: where not None, the condition holds where one of the values that this returns is among those wanted;
            such conditions are looked up instead of being asked one by one.
        predicate: returns the outcome for what is wanted.
        is_single: `values` never returns more than one value.
        requires: it can only hold where another condition, by its name, would hold for one of these values.
        is_lasting: of one contact it is the same whichever rule asks.
    """

    name: str
    argument: Argument
    manual: str
    says: Says = field(compare=False)
    values: Callable[[Facts], Values] | None
    predicate: Callable[[Facts, Any], ConditionOutcome]
    is_single: bool = False
    requires: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)
    is_lasting: bool = True


_REGISTRY: Final = Registry[Condition]("condition", __name__)


def value_condition(
    name: str, argument: Argument, says: Says, *, is_single: bool = False, **requires: str
) -> Callable[[Callable[[Facts], Values]], Callable[[Facts], Values]]:
    """Register a condition by the values that a contact shows; it holds where one of them is among those wanted.

    The function raises where the values cannot be worked out; it returns an empty tuple where there are none.

    Args:
        name: its key in the YAML.
        argument: what it may be given.
        says: what it says to agents.
        is_single: the function never returns more than one value.
        requires: conditions and the value of each without which it cannot hold; `__` stands for the dot of a name.
    """

    def register(function: Callable[[Facts], Values]) -> Callable[[Facts], Values]:
        def predicate(facts: Facts, wanted: frozenset[str]) -> ConditionOutcome:
            values = facts.values_of(name, function)
            return ConditionOutcome(not wanted.isdisjoint(values), ", ".join(values))

        manual = inspect.getdoc(function) or ""
        condition = Condition(name, argument, manual, says, function, predicate, is_single, _dotted(requires))
        _REGISTRY.add(name, condition)
        return function

    return register


def predicate_condition(
    name: str, argument: Argument, says: Says, *, is_lasting: bool = True, **requires: str
) -> Callable[[Callable[[Facts, Any], ConditionOutcome]], Callable[[Facts, Any], ConditionOutcome]]:
    """Register a condition by the function that returns whether it holds for what is wanted, and what it saw.

    Args:
        name: its key in the YAML.
        argument: what it may be given.
        says: what it says to agents.
        is_lasting: of one contact it is the same whichever rule asks.
        requires: as for `value_condition`.
    """

    def register(function: Callable[[Facts, Any], ConditionOutcome]) -> Callable[[Facts, Any], ConditionOutcome]:
        manual = inspect.getdoc(function) or ""
        needed = _dotted(requires)
        condition = Condition(name, argument, manual, says, None, function, requires=needed, is_lasting=is_lasting)
        _REGISTRY.add(name, condition)
        return function

    return register


def all_conditions() -> Mapping[str, Condition]:
    """Return all conditions by name, in the order of their names."""
    return _REGISTRY.entries()


def _dotted(requires: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return {name.replace("__", "."): frozenset((value,)) for name, value in requires.items()}


_MANUAL_HEAD: Final = """# Conditions

What `when` may ask in `rules/routing.yaml`. Several lines under `when` must all hold; `all` and `any` take a list,
`not` takes one. Where a condition takes several values, one of them is enough. Text is compared without regard to
case and accents.

This page is generated: `dtm-contact rules conditions --markdown > docs/conditions.md`.
"""


def conditions_manual(*, markdown: bool = False) -> str:
    """Return the manual of all conditions: the page `docs/conditions.md`, or plain text for a terminal."""
    entries = [_manual_entry(condition, markdown=markdown) for condition in all_conditions().values()]
    return "\n".join([_MANUAL_HEAD, *entries] if markdown else entries)


def _manual_entry(condition: Condition, *, markdown: bool) -> str:
    if markdown:
        return "\n".join((f"## `{condition.name}`\n", f"Takes {condition.argument.form}.\n", condition.manual)) + "\n"
    takes = translated(worded("takes {form}", form=condition.argument.form))
    told = "\n\n".join(map(_for_terminal, manual_paragraphs(condition)))
    return "\n".join((condition.name, indent(f"{takes}\n{told}", "    "))) + "\n"


_EXAMPLE: Final = "Example: "


def manual_paragraphs(condition: Condition) -> list[str]:
    """Return the paragraphs of a condition's entry in the manual, each in a line: texts of the catalogue."""
    return [" ".join(paragraph.split()) for paragraph in condition.manual.split("\n\n")]


def _for_terminal(paragraph: str) -> str:
    """Return a paragraph for a terminal, in the language of who typed the command."""
    if paragraph.startswith(_EXAMPLE):
        told = translated(worded("Example: {example}", example=paragraph.removeprefix(_EXAMPLE)))
    else:
        told = translated(Translatable(paragraph))
    plain = re.sub(r"`([^`]*)`", r"\1", told)
    return fill(plain, _WIDTH, break_long_words=False, break_on_hyphens=False)


_WIDTH: Final = 110
