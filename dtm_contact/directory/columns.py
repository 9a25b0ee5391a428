"""The kinds of column that the files have, and what each finds odd or wrong in its cells."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Protocol

from dtm_contact.directory.report import Report
from dtm_contact.directory.sheet import Sheet
from dtm_contact.model import Severity
from dtm_contact.text import parse_date, phone_key

Keys = Mapping[str, Collection[str] | None]
"""The identifiers that each file holds, by the file's name; None for a file that could not be read."""

_DAY_IS_DUBIOUS_BEFORE = 1900
_PLAIN_NUMBER = re.compile(r"0[1-9][0-9]{8}")


@dataclass(frozen=True, slots=True)
class Cells:
    """One column of one file, and where to report what is wrong with it."""

    sheet: Sheet
    report: Report
    column: str
    keys: Keys

    def error(self, row: int, message: str, hint: str = "") -> None:
        """Report an error in the cell of this row."""
        self._add(Severity.ERROR, row, message, hint)

    def warning(self, row: int, message: str, hint: str = "") -> None:
        """Report a warning on the cell of this row."""
        self._add(Severity.WARNING, row, message, hint)

    def _add(self, severity: Severity, row: int, message: str, hint: str) -> None:
        self.report.add(severity, partial(self.sheet.place, row, self.column), message, hint)


class Kind(Protocol):
    """A kind of column."""

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the values of the cells, as many as there are cells; what is wrong is reported at `at`."""
        ...


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its header and its kind."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Text:
    """Any text; `wanted`: it is odd that it is empty."""

    wanted: bool = False

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the cells as they are."""
        if self.wanted and not all(cells):
            for row, cell in enumerate(cells):
                if not cell:
                    at.warning(row, f"no {at.column}")
        return cells


@dataclass(frozen=True, slots=True)
class Shape:
    """A column whose texts have one shape, or are empty; a text of another shape gives a warning."""

    pattern: re.Pattern[str]
    right: str

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the cells as they are."""
        odd = {cell for cell in set(cells) if cell and not self.pattern.fullmatch(cell)}
        if odd:
            for row, cell in enumerate(cells):
                if cell in odd:
                    at.warning(row, f"odd {at.column}{at.report.shown(cell)}", self.right)
        return cells


@dataclass(frozen=True, slots=True)
class Identifier:
    """The file's own identifier; it may not be empty."""

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the cells as they are."""
        if not all(cells):
            for row, cell in enumerate(cells):
                if not cell:
                    at.error(row, f"no {at.column}")
        return cells


@dataclass(frozen=True, slots=True)
class LineReference:
    """The identifier of a line in another file; `optional`: it may be empty."""

    file: str
    optional: bool = False

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the cells as they are."""
        allowed = at.keys[self.file]
        if allowed is None:
            return cells
        dangling = set(cells).difference(allowed)
        if self.optional:
            dangling.discard("")
        if dangling:
            for row, cell in enumerate(cells):
                if cell in dangling:
                    self._report(row, cell, allowed, at)
        return cells

    def _report(self, row: int, cell: str, allowed: Collection[str], at: Cells) -> None:
        if not cell:
            at.error(row, f"no {at.column}")
            return
        hint = at.report.suggestion(cell, allowed) if at.report.has_room(Severity.ERROR) else ""
        at.error(row, f"{at.column}{at.report.shown(cell)} is not in {self.file}", hint)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words, in capitals or not."""

    words: tuple[str, ...]

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the cells in lower case."""
        lower = [cell.lower() for cell in cells]
        if not set(lower).issubset(self.words):
            right = "one of " + ", ".join(self.words)
            for row, cell in enumerate(lower):
                if not cell:
                    at.error(row, f"no {at.column}", right)
                elif cell not in self.words:
                    at.error(row, f"unknown {at.column}{at.report.shown(cells[row])}", right)
        return lower


@dataclass(frozen=True, slots=True)
class Day:
    """A date, as `parse_date` reads it; `optional`: it may be empty, which is None."""

    optional: bool = True

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the dates; None for an empty cell, and for one that is no date."""
        days: dict[str, date | None] = {cell: _day(cell) for cell in set(cells)}
        if any(day is None or day.year < _DAY_IS_DUBIOUS_BEFORE for day in days.values()):
            for row, cell in enumerate(cells):
                self._check(row, cell, days[cell], at)
        return [days[cell] for cell in cells]

    def _check(self, row: int, cell: str, day: date | None, at: Cells) -> None:
        if not cell:
            if not self.optional:
                at.error(row, f"no {at.column}", _RIGHT_DAY)
        elif day is None:
            at.error(row, f"{at.column}{at.report.shown(cell)} is no date", _RIGHT_DAY)
        elif day.year < _DAY_IS_DUBIOUS_BEFORE:
            at.warning(row, f"{at.column} lies before {_DAY_IS_DUBIOUS_BEFORE}", _RIGHT_DAY)


_RIGHT_DAY = "write it as 2024-12-31 or 31/12/2024"


def _day(cell: str) -> date | None:
    try:
        return parse_date(cell)
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class MailAddress:
    """An e-mail address, which may be empty."""

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the cells as they are."""
        for row, cell in enumerate(cells):
            if cell and not can_be_address(cell):
                at.warning(row, f"{at.column} cannot be an e-mail address", "name@host, and nothing else in the field")
        return cells


def can_be_address(text: str) -> bool:
    """Return whether a text has the shape of one e-mail address."""
    name, _, host = text.rpartition("@")
    return bool(name and host) and not any(mark in text for mark in " ;,\t\n") and "@" not in name


def can_be_phone(text: str) -> bool:
    """Return whether a text is one phone number, in any spelling."""
    return bool(_PLAIN_NUMBER.fullmatch(text)) or phone_key(text) is not None


_RIGHT_PHONE = "10 digits from 0, or + and the country's code"


@dataclass(frozen=True, slots=True)
class Phone:
    """One phone number, in any spelling; it may be empty, unless it is the line's own identifier."""

    identifies: bool = False

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return the cells as they are."""
        for row, cell in enumerate(cells):
            if cell and not can_be_phone(cell):
                at.warning(row, f"{at.column} cannot be a phone number", _RIGHT_PHONE)
        return Identifier().read(cells, at) if self.identifies else cells


@dataclass(frozen=True, slots=True)
class Many:
    """Several texts with `|` between them; `check` says whether one can be what the column says."""

    check: Callable[[str], bool] | None = None
    complaint: str = ""
    right: str = ""

    def read(self, cells: Sequence[str], at: Cells) -> Sequence[object]:
        """Return a tuple for each cell, in its order, without what is empty."""
        values = [tuple(part for part in map(str.strip, cell.split("|")) if part) if cell else () for cell in cells]
        if self.check is not None:
            for row, parts in enumerate(values):
                for part in parts:
                    if not self.check(part):
                        at.warning(row, self.complaint, self.right)
        return values


PHONES = Many(can_be_phone, "one of the phones cannot be a phone number", _RIGHT_PHONE + "; | between two")
