"""One CSV file (RFC 4180) as rows under known headers, where every field knows its line and column."""

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from dtm_contact.directory.encoding import decode
from dtm_contact.directory.fields import fault_in_row, place_of_field
from dtm_contact.directory.report import Place, Report, quoted, suggestion
from dtm_contact.directory.source import read_bytes
from dtm_contact.model import Severity

_MAX_BROKEN_ROWS = 100
_DELIMITERS = ",;"

# Controls have no place in a name or a street, nor have marks that turn the direction of writing. Those from U+0080 to
# U+009F are Windows-1252 that was once taken for Latin-1; U+FFFD stands where a letter was lost.
_ODD_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffd]")


@dataclass(slots=True)
class Sheet:
    """The rows of one file.

    Attributes:
        lines: the lines of the file.
        delimiter: what stands between two fields.
        columns: where each known column stands in a row.
        starts: the line on which each row begins.
        rows: the cells of each row, at least one for each header.
        broken: rows that are no CSV or do not fit the header; they count for nothing but the keys that they may hold.
        complete: whether the file was read to its end.
    """

    lines: list[str]
    delimiter: str
    columns: dict[str, int] = field(default_factory=dict)
    starts: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    broken: list[list[str]] = field(default_factory=list)
    complete: bool = True

    def cells(self, column: str) -> list[str]:
        """Return a column from top to bottom; spaces and line breaks are one space within a cell and none around it."""
        index = self.columns[column]
        return [" ".join(row[index].split()) for row in self.rows]

    def identifiers(self, column: str) -> Collection[str] | None:
        """Return what stands in a column, in the order of the file, of broken rows too.

        None where that is not all: the column is missing, a broken row does not reach it, the file was not read whole.
        """
        index = self.columns.get(column)
        if index is None or not self.complete or any(len(row) <= index for row in self.broken):
            return None
        broken = (" ".join(row[index].split()) for row in self.broken)
        return dict.fromkeys(cell for cells in (self.cells(column), broken) for cell in cells if cell)

    def place(self, row: int, column: str) -> Place:
        """Return the line and the column, from 1, at which a field begins, its opening quote included."""
        return place_of_field(self.lines, self.starts[row], self.delimiter, self.columns[column])


def read_sheet(path: Path, columns: Collection[str], report: Report, *, optional: bool = False) -> Sheet | None:
    """Read one CSV file, all that is wrong with its form in `report`.

    Args:
        path: the file.
        columns: the columns that it must have, in any order, in lower case.
        report: takes the problems.
        optional: whether the file may be missing.

    Returns:
        Its rows under those of the columns that it has; None where it has none of them.
    """
    raw = read_bytes(path, report, optional=optional)
    text = None if raw is None else decode(raw, report)
    if text is None:
        return None
    lines = list(io.StringIO(text, newline=""))
    first = next((number for number, line in enumerate(lines, start=1) if line.strip()), 0)
    if not first:
        report.add(Severity.ERROR, (0, 0), "the file is empty", _right_header(columns))
        return None
    if _ODD_CHARACTER.search(text):
        lines = [_without_odd_characters(number, line, report) for number, line in enumerate(lines, start=1)]
    delimiter = max(_DELIMITERS, key=lambda mark: len(set(columns).intersection(_names(lines[first - 1].split(mark)))))
    return _fill(Sheet(lines, delimiter), first, columns, report)


def _right_header(columns: Collection[str]) -> str:
    return "the first line of the file names the columns: " + ",".join(columns)


def _names(cells: list[str]) -> list[str]:
    return [cell.strip().strip('"').strip().lower() for cell in cells]


def _without_odd_characters(number: int, line: str, report: Report) -> str:
    found = _ODD_CHARACTER.search(line)
    if found is None:
        return line
    severity = Severity.ERROR if "\0" in line else Severity.WARNING
    at = line.index("\0") if "\0" in line else found.start()
    message = f"the character U+{ord(line[at]):04X} has no place in a text"
    report.add(severity, (number, at + 1), message, "was the file converted from another encoding?")
    return _ODD_CHARACTER.sub(_plain, line)


def _plain(odd: re.Match[str]) -> str:
    """Return what stands in for an odd character: as many characters, so that what follows keeps its column."""
    if odd[0] == "\ufffd":
        return odd[0]
    if "\x80" <= odd[0] <= "\x9f":
        return odd[0].encode("latin-1").decode("cp1252", errors="replace")
    return " "


def _fill(sheet: Sheet, first: int, columns: Collection[str], report: Report) -> Sheet | None:
    rows = _rows(sheet, first, report)
    line, header = next(rows, (0, []))
    if line != first:
        return None
    _read_header(sheet, first, _names(header), columns, report)
    if not sheet.columns:
        report.add(Severity.ERROR, (first, 1), "the line names none of the columns", _right_header(columns))
        return None
    for line, row in rows:
        _add_row(sheet, line, row, len(header), report)
    return sheet


def _read_header(sheet: Sheet, line: int, header: list[str], columns: Collection[str], report: Report) -> None:
    missing = [column for column in columns if column not in header]
    if len(missing) == len(columns):
        return
    for index, name in enumerate(header):
        place = partial(place_of_field, sheet.lines, line, sheet.delimiter, index)
        if name in sheet.columns:
            report.add(Severity.ERROR, place, f"the column {name!r} stands twice", "remove one of them")
        elif name in columns:
            sheet.columns[name] = index
        elif name:
            message = f"unknown column {quoted(name)} is left out"
            report.add(Severity.WARNING, place, message, report.suggestion(name, missing))
    for column in missing:
        report.add(Severity.ERROR, (line, 0), f"the column {column!r} is missing", suggestion(column, header))


def _rows(sheet: Sheet, first: int, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Give the rows from line `first` on, each with its line; a row that is no CSV is reported, the next line tried."""
    begin = first
    for _ in range(_MAX_BROKEN_ROWS):
        offset = begin - 1
        reader = csv.reader(islice(sheet.lines, offset, None), delimiter=sheet.delimiter, strict=True)
        try:
            for row in reader:
                yield begin, row
                begin = offset + reader.line_num + 1
        except csv.Error:
            place, message, hint = fault_in_row(sheet.lines, begin, sheet.delimiter)
            report.add(Severity.ERROR, place, message, hint)
            sheet.broken.append(sheet.lines[begin - 1].split(sheet.delimiter))
            begin += 1
        else:
            return
    sheet.complete = False
    report.add(Severity.ERROR, (begin, 1), "too many lines are no CSV; the file was read no further")


def _add_row(sheet: Sheet, line: int, row: list[str], width: int, report: Report) -> None:
    surplus = any(row[width:])
    if len(row) >= width and not surplus:
        if any(row):
            sheet.starts.append(line)
            sheet.rows.append(row)
        return
    if not any(row):
        return
    sheet.broken.append(row)
    message = f"fields on this line: {len(row)}, in the header: {width}"
    if surplus:
        place = partial(place_of_field, sheet.lines, line, sheet.delimiter, width)
        report.add(Severity.ERROR, place, message, "a field with a delimiter needs quotes")
    elif len(row) == 1 and any(mark in row[0] for mark in _DELIMITERS):
        report.add(Severity.ERROR, (line, 1), message, f"the header has {sheet.delimiter!r} between its fields")
    else:
        report.add(Severity.ERROR, (line, 1), message, "is the file cut short?")
