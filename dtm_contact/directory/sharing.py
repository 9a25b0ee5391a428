"""One object for equal values: half of an estate's memory would be the same names, dates and identifiers again."""

from collections.abc import Callable
from typing import Any


def one_of_each() -> Callable[[Any], Any]:
    """Return a function that gives, for a value (hashable), the first equal one that it was given."""
    known: dict[Any, Any] = {}
    return lambda value: known.setdefault(value, value)
