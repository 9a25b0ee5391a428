"""Where the fields of a CSV row begin, which the csv module does not tell, and what is wrong with one it refuses."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from dtm_contact.directory.report import Place

MAX_FIELD = csv.field_size_limit()
"""The most characters that a field may have; the csv module refuses a longer one."""

_RIGHT_QUOTES = "a quoted field ends with a quote, and a quote within it is written twice"


@dataclass(frozen=True, slots=True)
class _Field:
    """Where a field begins, how many characters it has, and what is wrong with it."""

    place: Place
    length: int
    fault: str = ""


def place_of_field(lines: Sequence[str], line: int, delimiter: str, index: int) -> Place:
    """Return line and column, from 1, of a field.

    Args:
        lines: the lines of the file, with their line ends.
        line: where the row begins, from 1.
        delimiter: what stands between two fields.
        index: the field's, from 0; where the row has no such field, the answer is where the row begins.
    """
    found = next(islice(_fields(lines, line, delimiter), index, None), None)
    return (line, 1) if found is None else found.place


def fault_in_row(lines: Sequence[str], line: int, delimiter: str) -> tuple[Place, str, str]:
    """Return where a row that is no CSV goes wrong first, what is wrong, and what would be right."""
    for found in _fields(lines, line, delimiter):
        if found.fault:
            return found.place, found.fault, _RIGHT_QUOTES
        if found.length > MAX_FIELD:
            return found.place, f"the field is longer than {MAX_FIELD:,} characters", ""
    return (line, 1), "the line is no CSV", _RIGHT_QUOTES


def _fields(lines: Sequence[str], line: int, delimiter: str) -> Iterator[_Field]:
    """Walk along the row that begins on `line` as the csv module does, up to its end or to a quote never closed."""
    position = 0
    while position >= 0:
        place = line, position + 1
        length, fault = 0, ""
        if lines[line - 1].startswith('"', position):
            line, position, length = _end_of_quotes(lines, line, position + 1)
            if position < 0:
                yield _Field(place, length, "a quote is opened here and never closed")
                return
            if lines[line - 1][position : position + 1] not in (delimiter, "\r", "\n", ""):
                fault = "text follows the closing quote of this field"
        end = lines[line - 1].find(delimiter, position)
        length += (end if end >= 0 else len(lines[line - 1].rstrip("\r\n"))) - position
        yield _Field(place, length, fault)
        position = end + 1 if end >= 0 else -1


def _end_of_quotes(lines: Sequence[str], line: int, position: int) -> tuple[int, int, int]:
    """Return line and offset behind the closing quote of a field, and its length; the offset is -1 if there is none.

    A field that is too long anyway is not followed to the end of the file.
    """
    length = 0
    while True:
        text = lines[line - 1]
        end = _closing_quote(text, position)
        if end >= 0:
            return line, end + 1, length + end - position
        length += len(text) - position
        if line == len(lines) or length > MAX_FIELD:
            return line, -1, length
        line, position = line + 1, 0


def _closing_quote(text: str, position: int) -> int:
    while (found := text.find('"', position)) >= 0 and text.startswith('"', found + 1):
        position = found + 2
    return found
