"""What is odd about the lines of one file taken together; a check is a function that its layout names."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from dtm_contact.directory.report import Report
from dtm_contact.directory.sheet import Sheet
from dtm_contact.model import Severity
from dtm_contact.text import fold

Values = Mapping[str, Sequence[Any]]
"""The values of each column of a file, as its kind has read them."""

Check = Callable[[Values, Sheet, Report], None]


def _warn(sheet: Sheet, report: Report, row: int, column: str, message: str) -> None:
    report.add(Severity.WARNING, partial(sheet.place, row, column), message)


def ends_after_start(start: str, end: str) -> Check:
    """Return the check that no line ends before it begins."""

    def check(values: Values, sheet: Sheet, report: Report) -> None:
        for row, (first, last) in enumerate(zip(values[start], values[end], strict=True)):
            if first is not None and last is not None and last < first:
                _warn(sheet, report, row, end, f"{end} lies before {start}")

    return check


def stands_once(*columns: str) -> Check:
    """Return the check that no two lines say the same in these columns, whatever their case and accents."""

    def check(values: Values, sheet: Sheet, report: Report) -> None:
        lines: dict[tuple[str, ...], int] = {}
        for row, cells in enumerate(zip(*(values[column] for column in columns), strict=True)):
            line = lines.setdefault(tuple(fold(str(cell)) for cell in cells), sheet.starts[row])
            if line != sheet.starts[row]:
                _warn(sheet, report, row, columns[0], f"stands already on line {line}")

    return check


def one_agency(values: Values, sheet: Sheet, report: Report) -> None:
    """Check that there is an agency, where everything goes that no proximity office can be told for."""
    agencies = [row for row, kind in enumerate(values["kind"]) if kind == "agency"]
    if not agencies and not sheet.broken:
        report.add(Severity.ERROR, (0, 0), "no office is of kind 'agency'", "one must be: unplaced cases go there")
    for row in agencies[1:]:
        _warn(sheet, report, row, "kind", f"a second agency; the one on line {sheet.starts[agencies[0]]} is taken")


def one_person(values: Values, sheet: Sheet, report: Report) -> None:
    """Check that a tenant who stands on several lines bears one name on all of them."""
    first: dict[str, tuple[str, str, int]] = {}
    columns = (values["tenant_id"], values["last_name"], values["first_name"], sheet.starts)
    for row, (tenant_id, last_name, first_name, line) in enumerate(zip(*columns, strict=True)):
        known = first.setdefault(tenant_id, (last_name, first_name, line))
        if known[2] != line and _folded(*known[:2]) != _folded(last_name, first_name):
            _warn(sheet, report, row, "last_name", f"the same tenant_id bears another name on line {known[2]}")


def _folded(last_name: str, first_name: str) -> tuple[str, str]:
    return fold(last_name), fold(first_name)


def one_unit_a_lease(values: Values, sheet: Sheet, report: Report) -> None:
    """Check that all who share a lease share what is let by it."""
    first: dict[str, tuple[str, int]] = {}
    columns = (values["lease_id"], values["dwelling_id"], sheet.starts)
    for row, (lease_id, dwelling_id, line) in enumerate(zip(*columns, strict=True)):
        unit, first_line = first.setdefault(lease_id, (dwelling_id, line))
        if unit != dwelling_id:
            _warn(sheet, report, row, "dwelling_id", f"the same lease_id is for another unit on line {first_line}")


def replaced_by_another(values: Values, sheet: Sheet, report: Report) -> None:
    """Check that nobody stands in for themselves."""
    for row, (absent, replacement) in enumerate(zip(values["caretaker_id"], values["replacement_id"], strict=True)):
        if absent == replacement:
            _warn(sheet, report, row, "replacement_id", "the absent caretaker stands in for themselves")
