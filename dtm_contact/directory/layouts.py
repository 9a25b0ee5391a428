"""The nine files of the export: the columns of each, and what is checked. One more file is one more layout here.

A check looks at the lines of one file taken together; it is a function that its layout names.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dtm_contact.directory.columns import (
    PHONES,
    Choice,
    Column,
    Day,
    Identifier,
    LineReference,
    MailAddress,
    Many,
    Phone,
    Shape,
    Text,
)
from dtm_contact.directory.records import (
    Absence,
    Address,
    Assignment,
    Caretaker,
    Dwelling,
    Equipment,
    Lease,
    Office,
    Residence,
)
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


_TEXT = Text()
_WANTED = Text(wanted=True)
_POSTCODE = Column("postcode", Shape(re.compile(r"[0-9]{5}"), "five digits"))


@dataclass(frozen=True, slots=True)
class Layout:
    """What one file of the export looks like.

    Attributes:
        name: of the lines in `Records`.
        record: the type of its lines.
        columns: its columns, in the order of the record's fields.
        key: the columns that no two lines have alike; empty where lines may repeat.
        checks: what is looked at beyond the single field.
        optional: whether the file may be missing.
        personal: whether it holds people, so that its cells are not shown in messages.
        may_be_empty: whether it is usual that it holds no line.
    """

    file: str
    name: str
    record: type[Any]
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    optional: bool = False
    personal: bool = False
    may_be_empty: bool = False

    @property
    def headers(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)


OFFICES = Layout(
    "offices.csv",
    "offices",
    Office,
    (
        Column("office_id", Identifier()),
        Column("name", _WANTED),
        Column("kind", Choice(("agency", "proximity_office"))),
        Column("address", _TEXT),
        _POSTCODE,
        Column("commune", _TEXT),
        Column("email", MailAddress()),
        Column("phone", Phone()),
    ),
    key=("office_id",),
    checks=(one_agency,),
)

RESIDENCES = Layout(
    "residences.csv",
    "residences",
    Residence,
    (
        Column("residence_id", Identifier()),
        Column("name", _WANTED),
        Column("aliases", Many()),
        Column("commune", _WANTED),
        _POSTCODE,
        Column("insee_code", Shape(re.compile(r"[0-9][0-9AB][0-9]{3}"), "five characters, such as 94017 or 2A004")),
        Column("department", Shape(re.compile(r"[0-9]{2}|2[AB]|97[1-6]"), "such as 94, 2A or 971")),
        Column("office_id", LineReference("offices.csv")),
    ),
    key=("residence_id",),
)

ADDRESSES = Layout(
    "addresses.csv",
    "addresses",
    Address,
    (
        Column("address_id", Identifier()),
        Column("residence_id", LineReference("residences.csv")),
        Column("house_number", _TEXT),
        Column("street", _WANTED),
        _POSTCODE,
        Column("commune", _WANTED),
        Column("building", _TEXT),
        Column("staircase", _TEXT),
    ),
    key=("address_id",),
    checks=(stands_once("house_number", "street", "postcode", "commune", "building", "staircase"),),
)

DWELLINGS = Layout(
    "dwellings.csv",
    "dwellings",
    Dwelling,
    (
        Column("dwelling_id", Identifier()),
        Column("address_id", LineReference("addresses.csv")),
        Column("kind", Choice(("dwelling", "parking", "commercial"))),
        Column("building", _TEXT),
        Column("staircase", _TEXT),
        Column("floor", _TEXT),
        Column("door", _TEXT),
        Column("unit_reference", _TEXT),
    ),
    key=("dwelling_id",),
)

TENANTS = Layout(
    "tenants.csv",
    "leases",
    Lease,
    (
        Column("tenant_id", Identifier()),
        Column("lease_id", Identifier()),
        Column("dwelling_id", LineReference("dwellings.csv")),
        Column("role", Choice(("holder", "co_holder", "occupant", "commercial"))),
        Column("title", _TEXT),
        Column("last_name", _WANTED),
        Column("birth_name", _TEXT),
        Column("first_name", _TEXT),
        Column("email", MailAddress()),
        Column("phones", PHONES),
        Column("lease_start", Day()),
        Column("lease_end", Day()),
    ),
    key=("tenant_id", "lease_id"),
    checks=(ends_after_start("lease_start", "lease_end"), one_person, one_unit_a_lease),
    personal=True,
)

CARETAKERS = Layout(
    "caretakers.csv",
    "caretakers",
    Caretaker,
    (
        Column("caretaker_id", Identifier()),
        Column("title", _TEXT),
        Column("last_name", _WANTED),
        Column("first_name", _TEXT),
        Column("email", MailAddress()),
        Column("phone", Phone()),
        Column("lodge", _TEXT),
        Column("office_id", LineReference("offices.csv")),
    ),
    key=("caretaker_id",),
    personal=True,
)

ASSIGNMENTS = Layout(
    "caretaker_assignments.csv",
    "assignments",
    Assignment,
    (
        Column("caretaker_id", LineReference("caretakers.csv")),
        Column("address_id", LineReference("addresses.csv")),
        Column("start_date", Day()),
        Column("end_date", Day()),
    ),
    checks=(
        ends_after_start("start_date", "end_date"),
        stands_once("caretaker_id", "address_id", "start_date", "end_date"),
    ),
)

ABSENCES = Layout(
    "caretaker_absences.csv",
    "absences",
    Absence,
    (
        Column("caretaker_id", LineReference("caretakers.csv")),
        Column("start_date", Day(optional=False)),
        Column("end_date", Day()),
        Column("replacement_id", LineReference("caretakers.csv", optional=True)),
        Column("reason", _TEXT),
    ),
    checks=(
        ends_after_start("start_date", "end_date"),
        stands_once("caretaker_id", "start_date", "end_date", "replacement_id"),
        replaced_by_another,
    ),
    may_be_empty=True,
)

EQUIPMENT = Layout(
    "equipment.csv",
    "equipment",
    Equipment,
    (
        Column("number", Phone(identifies=True)),
        Column("kind", _WANTED),
        Column("address_id", LineReference("addresses.csv")),
    ),
    key=("number",),
    optional=True,
    may_be_empty=True,
)

LAYOUTS = (
    OFFICES,
    RESIDENCES,
    ADDRESSES,
    DWELLINGS,
    TENANTS,
    CARETAKERS,
    ASSIGNMENTS,
    ABSENCES,
    EQUIPMENT,
)
"""In an order in which a file stands after those that it refers to."""
