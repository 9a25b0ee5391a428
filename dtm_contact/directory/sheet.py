"""One CSV file (RFC 4180) as rows under known headers, where every field knows its line and column.

Its bytes are what somebody else has put there, in UTF-8 or Windows-1252; which of them is decided by the bytes alone.
"""

import codecs
import csv
import io
import re
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from dtm_contact.directory.report import Place, Report, quoted, suggestion
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


_MAX_BYTES = 256 * 2**20


def read_bytes(path: Path, report: Report, *, optional: bool = False) -> bytes | None:
    """Return what a file holds; None, with the reason in `report`, where it cannot be read.

    An `optional` file that is missing is None without a reason. Whatever is no regular file is left alone: a pipe would
    make the reader wait, a device give no end of bytes.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            report.add(Severity.ERROR, (0, 0), "this is no file", "a folder, a pipe or a device cannot be read as CSV")
            return None
        if status.st_size > _MAX_BYTES:
            report.add(Severity.ERROR, (0, 0), f"the file is larger than {_MAX_BYTES // 2**20} MiB")
            return None
        return path.read_bytes()
    except FileNotFoundError:
        if not optional or path.is_symlink():
            report.add(Severity.ERROR, (0, 0), "the file is missing", _other_name(path))
    except OSError as error:
        report.add(Severity.ERROR, (0, 0), f"the file cannot be read: {error.strerror}")
    return None


def _other_name(path: Path) -> str:
    if path.is_symlink():
        return "it is a link to a file that is not there"
    try:
        others = sorted(other.name for other in path.parent.iterdir())
    except OSError:
        return ""
    same = [name for name in others if name.lower() == path.name]
    return f"{same[0]!r} must be called so" if same else suggestion(path.name, others)


_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

# How the letters and signs of French look in UTF-8. In Windows-1252 these bytes are "Ã", "Â", "Å" or "â€" and a sign,
# which no French text holds.
_FRENCH_IN_UTF_8 = re.compile(rb"\xc3[\x80-\xbf]|\xc2[\xa0\xab\xb0\xbb]|\xc5[\x92\x93\xb8]|\xe2\x80[\x93-\x9e\xa6\xaf]")

_ONE_ENCODING = "save the whole file as UTF-8"


def decode(raw: bytes, report: Report) -> str | None:
    """Decode a file that is in UTF-8, with or without a byte order mark, or in Windows-1252.

    Valid UTF-8 is taken as such: text of another encoding with a letter beyond ASCII hardly ever is. Everything else is
    taken as Windows-1252, except a file that begins with UTF-8's mark or holds accented letters in UTF-8: that is an
    error, since it mixes two encodings.

    Returns:
        The text without a byte order mark; None where there is none to be had, with the reason in `report`.
    """
    if raw.startswith(_UTF_16) or b"\0" in raw[:4]:
        report.add(Severity.ERROR, (0, 0), "the file is in UTF-16, or is no text", "save it as UTF-8")
        return None
    marked = raw.startswith(codecs.BOM_UTF8)
    raw = raw.removeprefix(codecs.BOM_UTF8)
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        not_utf_8 = error.start
    if marked:
        message = "this is not UTF-8, though the file begins as UTF-8"
        report.add(Severity.ERROR, _place_of_byte(raw, not_utf_8), message, _ONE_ENCODING)
        return None
    if meant := _FRENCH_IN_UTF_8.search(raw):
        _report_mixture(raw, meant.start(), not_utf_8, report)
        return None
    return _decode_windows_1252(raw, report)


def _report_mixture(raw: bytes, utf_8: int, not_utf_8: int, report: Report) -> None:
    for at, what in sorted(((utf_8, "UTF-8"), (not_utf_8, "Windows-1252"))):
        report.add(
            Severity.ERROR, _place_of_byte(raw, at), f"this is {what}, but the file mixes two encodings", _ONE_ENCODING
        )


def _decode_windows_1252(raw: bytes, report: Report) -> str | None:
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError as error:
        message = f"the byte {raw[error.start]:02X} is neither UTF-8 nor Windows-1252"
        report.add(Severity.ERROR, _place_of_byte(raw, error.start), message, _ONE_ENCODING)
        return None


def _place_of_byte(raw: bytes, offset: int) -> tuple[int, int]:
    """Return line and column of a byte; the column counts a letter of several bytes once."""
    before = raw[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    line_start = before.rfind(b"\n") + 1
    try:
        column = len(before[line_start:].decode())
    except UnicodeDecodeError:
        column = len(before) - line_start
    return before.count(b"\n") + 1, column + 1


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
    """Return the line and column of a field in its file, both from 1.

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
