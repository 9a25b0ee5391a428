"""YAML text turned into plain values with the place of each, by libyaml; what people would misread is refused.

Only true, false, whole numbers and decimal numbers are taken for something else than text: `non`, `on`, `12:30`,
`01000`, `1_000`, `~` and dates stay as they are written, where YAML 1.1 makes truth values, seconds and octal numbers
of them.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from dtm_contact.model import Problem
from dtm_contact.rules.syntax import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

Location = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes of lists, from the top."""

DEPTH_LIMIT = 24
"""Levels that values may nest; the shipped files use six."""

VALUES_LIMIT = 300_000
"""Values of the largest file; a thousand rules with their tests have fifteen thousand."""

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,14})\.[0-9]{1,15}")


@dataclass(slots=True)
class Composed:
    """Plain values and where they stand.

    Attributes:
        data: mappings, lists, text, numbers, truth values and None, as plain Python.
        values: where each value starts, line and column from 1.
        keys: where the key of each entry of a mapping starts.
        refused: values that were reported and stand as None in `data`.
    """

    data: Any = None
    values: dict[Location, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Location, tuple[int, int]] = field(default_factory=dict)
    refused: set[Location] = field(default_factory=set)


class _UnusableError(Exception):
    """The rest of the file cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def compose(text: str, file: str, problems: list[Problem]) -> Composed | None:
    """Return the values of `text`, or None where it is no YAML or holds nothing; faults are added to `problems`."""
    try:
        return _Composer(text, file, problems).document()
    except yaml.YAMLError as error:
        problems.append(explain(error, text, file))
    except _UnusableError as error:
        problems.append(error.problem)
    return None


class _Composer:
    """Reads the events of one text; a value that is refused is reported and stands as None."""

    def __init__(self, text: str, file: str, problems: list[Problem]) -> None:
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=yaml.CSafeLoader))
        self._file = file
        self._problems = problems
        self._composed = Composed()
        self._count = 0

    def document(self) -> Composed | None:
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _UnusableError(
                Problem(self._file, 0, 0, "the file holds nothing", "see the manual for what belongs here")
            )
        self._composed.data = self._value(next(self._events), ())
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise _UnusableError(self._problem(event, "a second document starts here", "delete the line ---"))
        return self._composed

    def _value(self, event: Any, location: Location) -> Any:
        self._composed.values[location] = _place(event)
        self._count += 1
        if self._count > VALUES_LIMIT:
            message = f"the file holds more than {VALUES_LIMIT} values"
            raise _UnusableError(self._problem(event, message, "split lists, or look whether it is the right file"))
        if len(location) > DEPTH_LIMIT:
            raise _UnusableError(self._problem(event, f"values nest deeper than {DEPTH_LIMIT} levels", "nest less"))
        self._refuse_reuse(event, location)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(location)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(location)
        return _scalar(event) if location not in self._composed.refused else None

    def _mapping(self, location: Location) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in entries:
                first = self._composed.keys[*location, key][0]
                hint = f"it stands first in line {first}; keep one of them"
                self._problems.append(self._problem(event, f"the key {key} is written twice", hint))
                self._value(next(self._events), (*location, key, "#again"))
                continue
            self._composed.keys[*location, key] = _place(event)
            entries[key] = self._value(next(self._events), (*location, key))
        return entries

    def _list(self, location: Location) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*location, len(items))))
        return items

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _UnusableError(
                self._problem(event, "a key must be a single word", "write key: value; put text in quotes")
            )
        if event.anchor or event.tag:
            raise _UnusableError(self._problem(event, "a key must be a plain word", "leave out & and !"))
        key: str = event.value
        if key == "<<" and event.implicit[0]:
            raise _UnusableError(self._problem(event, "merging with << is not allowed", "write the entries out"))
        return key

    def _refuse_reuse(self, event: Any, location: Location) -> None:
        if isinstance(event, yaml.AliasEvent):
            fault = ("references with * are not allowed", "write the value out; put text that starts with * in quotes")
        elif event.anchor:
            fault = ("names with & are not allowed", "write the value out; put text that starts with & in quotes")
        elif event.tag:
            fault = ("types with ! are not allowed", "leave it out; put text that starts with ! in quotes")
        else:
            return
        self._composed.refused.add(location)
        self._problems.append(self._problem(event, *fault))

    def _problem(self, event: Any, message: str, hint: str) -> Problem:
        return Problem(self._file, *_place(event), message, hint)


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _scalar(event: Any) -> str | int | float | bool | None:
    text: str = event.value
    if not event.implicit[0]:  # written in quotes or as a block of text
        return text
    if text in {"true", "false"}:
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    return text or None
