"""One CSV file (RFC 4180) as rows under known headers, where every field knows its line and column."""

import csv
import io
import re
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from dtm_contact.directory.encoding import decode
from dtm_contact.directory.report import Place, Report, suggestion
from dtm_contact.model import Severity

_MAX_BYTES = 256 * 1024 * 1024
_MAX_FIELD = csv.field_size_limit()
_MAX_BROKEN_ROWS = 100
_DELIMITERS = ",;"

# Controls have no place in a name or a street; those above U+007F are Windows-1252 that was taken for Latin-1, and the
# last is what stands where a letter was lost.
_ODD_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")


@dataclass(slots=True)
class Sheet:
    """The rows of one file.

    Attributes:
        columns: where each known column stands in a row.
        starts: the line on which each row begins.
        rows: the cells of each row, one for each header.
        broken: rows that do not fit the header; they count for nothing but the keys that they may hold.
    """

    lines: list[str]
    delimiter: str
    columns: dict[str, int]
    starts: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    broken: list[list[str]] = field(default_factory=list)

    def cells(self, column: str) -> list[str]:
        """Return a column from top to bottom, without the spaces around each cell."""
        index = self.columns[column]
        return [row[index].strip() for row in self.rows]

    def keys(self, columns: Collection[str]) -> set[tuple[str, ...]]:
        """Return what stands in these columns, of broken rows too as far as they go."""
        indexes = [self.columns[column] for column in columns]
        return {
            tuple(row[index].strip() for index in indexes)
            for rows in (self.rows, self.broken)
            for row in rows
            if len(row) > max(indexes)
        }

    def place(self, row: int, column: str) -> Place:
        """Return the line and the column, from 1, at which a field begins, its opening quote included."""
        return _place(self.lines, self.starts[row], self.delimiter, self.columns[column])


def _place(lines: list[str], line: int, delimiter: str, index: int) -> Place:
    fields = _fields(lines, line, delimiter)
    found = next(islice(fields, index, None))
    return found.line, found.column


@dataclass(frozen=True, slots=True)
class _Field:
    """Where a field of a row begins, how many characters it has, and what is wrong with it."""

    line: int
    column: int
    length: int
    fault: str = ""


def _fields(lines: list[str], line: int, delimiter: str) -> Iterator[_Field]:
    """Walk along the row that begins on `line`, as the csv module does, up to its end or to its first fault."""
    text, position = lines[line - 1], 0
    while True:
        begin_line, begin, length, fault = line, position, 0, ""
        if text.startswith('"', position):
            position += 1
            while (end := _closing_quote(text, position)) < 0:
                length += len(text) - position
                if line == len(lines) or length > _MAX_FIELD:
                    yield _Field(begin_line, begin + 1, length, "a quote is opened here and never closed")
                    return
                line, position = line + 1, 0
                text = lines[line - 1]
            length += end - position
            position = end + 1
            if text[position : position + 1] not in (delimiter, "\r", "\n", ""):
                fault = "text follows a closing quote"
        end = text.find(delimiter, position)
        length += (len(text.rstrip("\r\n")) if end < 0 else end) - position
        yield _Field(begin_line, begin + 1, length, fault)
        if end < 0:
            return
        position = end + 1


def _closing_quote(text: str, position: int) -> int:
    while (found := text.find('"', position)) >= 0 and text.startswith('"', found + 1):
        position = found + 2
    return found


def _report_fault(lines: list[str], line: int, delimiter: str, report: Report) -> None:
    for found in _fields(lines, line, delimiter):
        place = found.line, found.column
        if found.fault:
            report.add(Severity.ERROR, place, found.fault, "a quote within a quoted field is written twice")
            return
        if found.length > _MAX_FIELD:
            report.add(Severity.ERROR, place, f"the field is longer than {_MAX_FIELD:,} characters")
            return
    report.add(Severity.ERROR, (line, 1), "the line is no CSV")


def _rows(lines: list[str], first: int, delimiter: str, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Give the rows from line `first` on, each with its line; a row that is no CSV is reported, the next line tried."""
    begin = first
    for _ in range(_MAX_BROKEN_ROWS):
        offset = begin - 1
        reader = csv.reader(islice(lines, offset, None), delimiter=delimiter, strict=True)
        try:
            for row in reader:
                yield begin, row
                begin = offset + reader.line_num + 1
        except csv.Error:
            _report_fault(lines, begin, delimiter, report)
            begin += 1
        else:
            return
    report.add(Severity.ERROR, (begin, 1), "too many lines are no CSV; the rest of the file was not read")


def read_bytes(path: Path, report: Report) -> bytes | None:
    """Return what the file holds; None, with the reason in `report`, where it cannot be read."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            report.add(Severity.ERROR, (0, 0), "is no file", "it must be a regular file of CSV")
            return None
        if status.st_size > _MAX_BYTES:
            report.add(Severity.ERROR, (0, 0), f"is larger than {_MAX_BYTES // 2**20} MiB")
            return None
        return path.read_bytes()
    except FileNotFoundError:
        report.add(Severity.ERROR, (0, 0), "is missing", _other_case(path))
    except OSError as error:
        report.add(Severity.ERROR, (0, 0), f"cannot be read: {error.strerror}")
    return None


def _other_case(path: Path) -> str:
    try:
        others = [other.name for other in path.parent.iterdir()]
    except OSError:
        return ""
    same = [name for name in others if name.lower() == path.name]
    return f"rename {same[0]!r}" if same else suggestion(path.name, others)


def read_sheet(path: Path, columns: tuple[str, ...], report: Report) -> Sheet | None:
    """Read one CSV file, all that is wrong with its form in `report`.

    Args:
        path: the file.
        columns: the columns that it must have, in any order.
        report: takes the problems.

    Returns:
        Its rows; None where not even the header can be read.
    """
    raw = read_bytes(path, report)
    text = None if raw is None else decode(raw, report)
    if text is None:
        return None
    lines = list(io.StringIO(text, newline=""))
    header_line = next((number for number, line in enumerate(lines, start=1) if line.strip()), 0)
    if not header_line:
        report.add(Severity.ERROR, (0, 0), "is empty", "its first line names the columns: " + ",".join(columns))
        return None
    _report_odd_characters(text, lines, report)
    delimiter = max(_DELIMITERS, key=lambda mark: len(set(columns) & set(_header(lines, header_line, mark))))
    return _fill(Sheet(lines, delimiter, {}), header_line, columns, report)


def _header(lines: list[str], line: int, delimiter: str) -> list[str]:
    names = next(csv.reader(lines[line - 1 : line], delimiter=delimiter), [])
    return [name.strip().lower() for name in names]


def _fill(sheet: Sheet, header_line: int, columns: tuple[str, ...], report: Report) -> Sheet | None:
    header = _header(sheet.lines, header_line, sheet.delimiter)
    for index, name in enumerate(header):
        place = _place(sheet.lines, header_line, sheet.delimiter, index)
        if name in sheet.columns:
            report.add(Severity.ERROR, place, f"the column {name!r} stands twice", "remove one of them")
        elif name in columns:
            sheet.columns[name] = index
        elif name:
            hint = suggestion(name, [column for column in columns if column not in header])
            report.add(Severity.WARNING, place, f"unknown column{report.shown(name)} is left out", hint)
    missing = [column for column in columns if column not in sheet.columns]
    for column in missing:
        report.add(Severity.ERROR, (header_line, 0), f"the column {column!r} is missing", suggestion(column, header))
    if missing:
        return None
    for line, row in _rows(sheet.lines, header_line + 1, sheet.delimiter, report):
        _add_row(sheet, line, row, len(header), report)
    return sheet


def _add_row(sheet: Sheet, line: int, row: list[str], width: int, report: Report) -> None:
    if len(row) == width or (len(row) > width and not any(row[width:])):
        if any(row):
            sheet.starts.append(line)
            sheet.rows.append(row)
        return
    if not any(row):
        return
    sheet.broken.append(row)
    hint = "a field that holds the delimiter must stand in quotes" if len(row) > width else "is the file cut short?"
    report.add(Severity.ERROR, (line, 1), f"{len(row)} fields, but the header has {width}", hint)


def _report_odd_characters(text: str, lines: list[str], report: Report) -> None:
    if not _ODD_CHARACTER.search(text):
        return
    for number, line in enumerate(lines, start=1):
        for odd in _ODD_CHARACTER.finditer(line):
            severity = Severity.ERROR if odd[0] == "\0" else Severity.WARNING
            report.add(severity, (number, odd.start() + 1), f"the character U+{ord(odd[0]):04X} has no place in a text")
