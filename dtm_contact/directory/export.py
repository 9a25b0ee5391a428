"""The landlord's export: all files read, all checks made, every problem at once; and what importing it would change."""

import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from hashlib import sha256
from operator import attrgetter
from pathlib import Path

from dtm_contact.directory.columns import Cells, Keys
from dtm_contact.directory.layouts import LAYOUTS, Layout, Values
from dtm_contact.directory.lines import Lines
from dtm_contact.directory.records import Records
from dtm_contact.directory.report import Report
from dtm_contact.directory.sheet import Sheet, read_bytes, read_sheet
from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem, Severity


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """A folder of directory files from outside.

    Attributes:
        digest: of the names and bytes of all directory files, as hexadecimal digits; empty where there is none.
        written: when the youngest of them was written last, by its time stamp, which copying may keep; Unix seconds.
        touched: when anything in the folder changed last, by the clock of its file system; Unix seconds.
    """

    digest: str
    written: float
    touched: float


def look_at(folder: Path) -> ExportFiles:
    """Look at a folder of directory files without reading them as such.

    Raises:
        InvalidFilesError: the folder cannot be read.
    """
    _require_folder(folder)
    whole, stamps = sha256(), []
    for layout in LAYOUTS:
        # A file that is there and cannot be read is told by `read_export`; here it counts as empty.
        octets = read_bytes(folder / layout.file, Report(layout.file), optional=True)
        if octets is None:
            continue
        stamps.append(_stamps(folder / layout.file)[0])
        whole.update(b"%s %d\n" % (layout.file.encode(), len(octets)) + octets)
    try:
        touched = max((_stamps(path)[1] for path in folder.iterdir()), default=0.0)
    except OSError as error:
        fault = f"the folder cannot be read: {error.strerror}"
        raise InvalidFilesError([Problem(str(folder), 0, 0, fault)]) from error
    return ExportFiles(whole.hexdigest() if stamps else "", max(stamps, default=0.0), touched)


def _stamps(path: Path) -> tuple[float, float]:
    """Return when a file was written and when it, its name or its rights changed; 0 for one that is gone again."""
    try:
        status = path.stat()
    except OSError:
        return 0.0, 0.0
    return status.st_mtime, status.st_ctime


def read_export(folder: Path) -> tuple[Records, tuple[Problem, ...]]:
    """Read a folder of directory files.

    Args:
        folder: holds `offices.csv`, `residences.csv` and the others; `equipment.csv` may be missing.

    Returns:
        The directory's lines, and the warnings in the order of the files.

    Raises:
        InvalidFilesError: at least one file holds an error; it bears all errors and warnings. No message holds a
            tenant's or a caretaker's name, number or address.
    """
    _require_folder(folder)
    reports = {layout.file: Report(layout.file, personal=layout.personal) for layout in LAYOUTS}
    sheets = {layout.file: _read(folder, layout, reports[layout.file]) for layout in LAYOUTS}
    keys = {layout.file: _identifiers(layout, sheets[layout.file]) for layout in LAYOUTS}
    values = {
        layout.name: _values(layout, sheet, reports[layout.file], keys)
        for layout in LAYOUTS
        if (sheet := sheets[layout.file]) is not None
    }
    problems = tuple(problem for report in reports.values() for problem in report.problems())
    if any(report.has_errors for report in reports.values()):
        raise InvalidFilesError(problems)
    return _records(values), problems


def _require_folder(folder: Path) -> None:
    try:
        fault = "" if stat.S_ISDIR(folder.stat().st_mode) else "this is no folder"
    except OSError as error:
        fault = f"the folder cannot be read: {error.strerror}"
    if fault:
        raise InvalidFilesError([Problem(str(folder), 0, 0, fault, "name the folder that holds the CSV files")])


def _read(folder: Path, layout: Layout, report: Report) -> Sheet | None:
    sheet = read_sheet(folder / layout.file, layout.headers, report, optional=layout.optional)
    if sheet is not None and not (sheet.rows or sheet.broken or layout.may_be_empty):
        report.add(Severity.WARNING, (0, 0), "the file holds no line below its header", "is the file cut short?")
    return sheet


def _identifiers(layout: Layout, sheet: Sheet | None) -> Collection[str] | None:
    """Return what other files may refer to; None where that cannot be told, so that no reference is called dangling."""
    return sheet.identifiers(layout.key[0]) if sheet is not None and layout.key else None


def _values(layout: Layout, sheet: Sheet, report: Report, keys: Keys) -> Values:
    values = {
        column.name: column.kind.read(sheet.cells(column.name), Cells(sheet, report, column.name, keys))
        for column in layout.columns
        if column.name in sheet.columns
    }
    if len(values) == len(layout.columns):
        _check_key(layout, values, sheet, report)
        for check in layout.checks:
            check(values, sheet, report)
    return values


def _check_key(layout: Layout, values: Values, sheet: Sheet, report: Report) -> None:
    keys = list(zip(*(values[column] for column in layout.key), strict=True))
    if len(set(keys)) == len(keys):
        return
    lines: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(keys):
        line = lines.setdefault(key, sheet.starts[row])
        if line != sheet.starts[row] and all(key):
            message = f"the same {' and '.join(layout.key)} as on line {line}"
            report.add(Severity.ERROR, partial(sheet.place, row, layout.key[0]), message, "each line has its own")


def _records(values: Mapping[str, Values]) -> Records:
    return Records(
        **{
            layout.name: Lines(layout.record, zip(*values[layout.name].values(), strict=True))
            for layout in LAYOUTS
            if layout.name in values
        }
    )


Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileDifference:
    """What would change in one file: the keys of the lines.

    Where a file has no key of its own, a line is its own key, and there is no change, only a line gone and one added.
    """

    file: str
    added: tuple[Key, ...]
    changed: tuple[Key, ...]
    gone: tuple[Key, ...]

    def __bool__(self) -> bool:
        """Return whether anything would change."""
        return bool(self.added or self.changed or self.gone)


def compare(old: Records, new: Records) -> tuple[FileDifference, ...]:
    """Return what replacing `old` by `new` would change, for every file, those without a change too."""
    return tuple(_compare(layout, getattr(old, layout.name), getattr(new, layout.name)) for layout in LAYOUTS)


def _compare(layout: Layout, old: Iterable[object], new: Iterable[object]) -> FileDifference:
    before, after = _by_key(layout, old), _by_key(layout, new)
    return FileDifference(
        layout.file,
        added=tuple(key for key in after if key not in before),
        changed=tuple(key for key, line in after.items() if key in before and before[key] != line),
        gone=tuple(key for key in before if key not in after),
    )


def _by_key(layout: Layout, lines: Iterable[object]) -> dict[Key, object]:
    columns = layout.key or layout.headers
    if len(columns) == 1:
        return {(getattr(line, columns[0]),): line for line in lines}
    read = attrgetter(*columns)
    return {tuple(map(_shown, read(line))): line for line in lines}


def _shown(value: date | str | None) -> str:
    return "" if value is None else str(value)
