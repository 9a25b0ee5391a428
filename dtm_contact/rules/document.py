"""YAML files that people edit, read strictly, with the line and the column of every value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dtm_contact.model import Problem, Severity
from dtm_contact.rules.compose import Location, compose
from dtm_contact.rules.source import printable, read_text
from dtm_contact.rules.validation import InvalidValueError, Model, check

__all__ = ["Document", "InvalidValueError", "Location", "read_document", "validate"]


@dataclass(frozen=True, slots=True)
class Document:
    """What a file holds, and where.

    Attributes:
        file: the file's name, relative to the folder that was read, with `/`.
        data: mappings, lists, text, numbers, truth values and None, as plain Python.
        values: where each value starts.
        keys: where each key starts.
        refused: values that were reported already; a single value stands as None in `data`.
    """

    file: str
    data: Any
    values: Mapping[Location, tuple[int, int]]
    keys: Mapping[Location, tuple[int, int]]
    refused: frozenset[Location] = frozenset()

    def position(self, loc: Iterable[str | int]) -> tuple[int, int]:
        """Return line and column, from 1, of the value at `loc`, or of the nearest value around it."""
        return self._nearest(self.values, tuple(loc))

    def key_position(self, loc: Iterable[str | int]) -> tuple[int, int]:
        """Return line and column, from 1, of the key of the entry at `loc`, or of the value where it has no key."""
        location = tuple(loc)
        return self.keys.get(location) or self._nearest(self.values, location)

    def value(self, loc: Iterable[str | int]) -> Any:
        """Return the value at `loc`, which must be there."""
        value = self.data
        for part in loc:
            value = value[part]
        return value

    def is_refused(self, loc: Iterable[str | int]) -> bool:
        """Return whether the value at `loc`, or one around it, was reported already."""
        location = tuple(loc)
        return any(location[: len(refused)] == refused for refused in self.refused)

    def problem(
        self,
        loc: Iterable[str | int],
        message: str,
        hint: str = "",
        severity: Severity = Severity.ERROR,
        *,
        at_key: bool = False,
    ) -> Problem:
        """Return a problem of the value at `loc`, or of its key."""
        line, column = self.key_position(loc) if at_key else self.position(loc)
        return Problem(self.file, line, column, message, hint, severity)

    @staticmethod
    def _nearest(places: Mapping[Location, tuple[int, int]], location: Location) -> tuple[int, int]:
        while location and location not in places:
            location = location[:-1]
        return places.get(location, (0, 0))


def read_document(path: Path, root: Path, problems: list[Problem]) -> Document | None:
    """Read a YAML file strictly.

    Args:
        path: the file.
        root: the folder that problems name the file from.
        problems: what is wrong is added here: doubled keys, tabs, references, merges, types, several documents.

    Returns:
        What the file holds, also where some of it was refused; None where nothing of it can be used.
    """
    file = printable(path.relative_to(root).as_posix())
    text = read_text(path, file, problems)
    composed = compose(text, file, problems) if text is not None else None
    if composed is None:
        return None
    return Document(file, composed.data, composed.values, composed.keys, frozenset(composed.refused))


def validate(document: Document, model: type[Model], problems: list[Problem], at: Location = ()) -> Model | None:
    """Return the document's data, or the value `at` a place in it, as the model.

    Faults are added to `problems`, each with its place, and None is returned. A validator of the model that raises
    `InvalidValueError` has its message and hint told as they are.
    """
    found = check(document.value(at), model)
    if not isinstance(found, list):
        return found
    problems.extend(
        document.problem((*at, *fault.loc), fault.message, fault.hint, at_key=fault.at_key)
        for fault in found
        if not document.is_refused((*at, *fault.loc))
    )
    return None
