"""Reading the landlord's export: all files, all checks, and every problem at once."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path

from dtm_contact.directory.columns import Cells, Keys
from dtm_contact.directory.layouts import LAYOUTS, Layout
from dtm_contact.directory.records import Records
from dtm_contact.directory.report import Report
from dtm_contact.directory.sheet import Sheet, read_sheet
from dtm_contact.errors import InvalidFilesError
from dtm_contact.model import Problem, Severity


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
    reports = {layout.file: Report(layout.file, personal=layout.personal) for layout in LAYOUTS}
    sheets = {layout.file: _read(folder, layout, reports[layout.file]) for layout in LAYOUTS}
    keys = {layout.file: _identifiers(layout, sheets[layout.file]) for layout in LAYOUTS}
    columns = {
        layout.name: _values(layout, sheet, reports[layout.file], keys)
        for layout in LAYOUTS
        if (sheet := sheets[layout.file]) is not None
    }
    problems = tuple(problem for report in reports.values() for problem in report.problems())
    if any(report.has_errors for report in reports.values()):
        raise InvalidFilesError(problems)
    return _records(columns), problems


def _read(folder: Path, layout: Layout, report: Report) -> Sheet | None:
    path = folder / layout.file
    if layout.optional and not path.is_symlink() and not path.exists():
        return None
    sheet = read_sheet(path, layout.headers, report)
    if sheet is not None and not sheet.rows and not layout.may_be_empty:
        report.add(Severity.WARNING, (0, 0), "holds no line below its header", "is the file cut short?")
    return sheet


def _identifiers(layout: Layout, sheet: Sheet | None) -> set[str] | None:
    """Return what other files may refer to; of a file that is no CSV in part, the part that is."""
    if sheet is None:
        return None
    return {key for (key,) in sheet.keys(layout.key[:1])} - {""} if layout.key else set()


def _values(layout: Layout, sheet: Sheet, report: Report, keys: Keys) -> dict[str, Iterable[object]]:
    values = {
        column.name: column.kind.read(sheet.cells(column.name), Cells(sheet, report, column.name, keys))
        for column in layout.columns
    }
    _check_key(layout, sheet, report)
    for check in layout.checks:
        check(values, sheet, report)
    return dict(values)


def _check_key(layout: Layout, sheet: Sheet, report: Report) -> None:
    if not layout.key:
        return
    keys = list(zip(*(sheet.cells(column) for column in layout.key), strict=True))
    if len(set(keys)) == len(keys):
        return
    lines: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(keys):
        line = lines.setdefault(key, sheet.starts[row])
        if line != sheet.starts[row] and all(key):
            message = f"{' and '.join(layout.key)} stand already on line {line}"
            report.add(Severity.ERROR, partial(sheet.place, row, layout.key[0]), message, "each line has its own")


def _records(columns: dict[str, dict[str, Iterable[object]]]) -> Records:
    by_name = {layout.name: layout for layout in LAYOUTS}
    lines = {name: tuple(map(by_name[name].record, *values.values())) for name, values in columns.items()}
    return Records(**lines)  # type: ignore[arg-type]
