"""The conditions that rules may use; each is one decorated function whose docstring is its entry in the manual."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from dtm_contact.rules import conditions
from dtm_contact.rules.arguments import Argument
from dtm_contact.rules.facts import Facts, Values

_registered: dict[str, "Condition"] = {}


class ConditionOutcome(NamedTuple):
    """Whether a condition held, and what it saw, for the trace."""

    held: bool
    seen: str


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition by its name in the YAML.

    Attributes:
        name: the key in the YAML.
        takes: what it may be given.
        manual: its entry in the manual.
        sees: where not None, the condition holds where one of the values seen is among those wanted; such conditions
            are looked up instead of being tried one by one.
        judges: tells the outcome, for what is wanted.
        single: `sees` never returns more than one value.
        needs: it can only hold where another condition, by its name, would hold for one of these values.
        lasting: of one contact it is the same whichever rule asks.
    """

    name: str
    takes: Argument
    manual: str
    sees: Callable[[Facts], Values] | None
    judges: Callable[[Facts, Any], ConditionOutcome]
    single: bool = False
    needs: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)
    lasting: bool = True


def sees(
    name: str, takes: Argument, *, single: bool = False, **needs: str
) -> Callable[[Callable[[Facts], Values]], Callable[[Facts], Values]]:
    """Register a condition by the values that it sees; it holds where one of them is among those wanted.

    The function raises where it cannot tell; it returns an empty tuple where there is nothing to see.

    Args:
        name: its key in the YAML.
        takes: what it may be given.
        single: the function never returns more than one value.
        needs: conditions and the value of each without which it cannot hold; `__` stands for the dot of a name.
    """

    def register(function: Callable[[Facts], Values]) -> Callable[[Facts], Values]:
        def judges(facts: Facts, wanted: frozenset[str]) -> ConditionOutcome:
            values = facts.seen(name, function)
            return ConditionOutcome(not wanted.isdisjoint(values), ", ".join(values))

        manual = inspect.getdoc(function) or ""
        _add(Condition(name, takes, manual, function, judges, single, _needed(needs)))
        return function

    return register


def judges(
    name: str, takes: Argument, *, lasting: bool = True, **needs: str
) -> Callable[[Callable[[Facts, Any], ConditionOutcome]], Callable[[Facts, Any], ConditionOutcome]]:
    """Register a condition by the function that tells whether it holds for what is wanted, and what it saw.

    `needs` is as for `sees`; `lasting`: of one contact it is the same whichever rule asks.
    """

    def register(function: Callable[[Facts, Any], ConditionOutcome]) -> Callable[[Facts, Any], ConditionOutcome]:
        manual = inspect.getdoc(function) or ""
        _add(Condition(name, takes, manual, None, function, needs=_needed(needs), lasting=lasting))
        return function

    return register


@cache
def known_conditions() -> Mapping[str, Condition]:
    """Return all conditions by name, in the order of their names; every module of `conditions` is imported."""
    for module in pkgutil.iter_modules(conditions.__path__, f"{conditions.__name__}."):
        importlib.import_module(module.name)
    return MappingProxyType(dict(sorted(_registered.items())))


def _needed(needs: Mapping[str, str]) -> Mapping[str, frozenset[str]]:
    return {name.replace("__", "."): frozenset((value,)) for name, value in needs.items()}


def _add(condition: Condition) -> None:
    if condition.name in _registered:
        raise ValueError(f"two conditions are named {condition.name}")
    _registered[condition.name] = condition
