"""The directory's tables: one for each file of the landlord's export, replaced as a whole by every import.

They carry no keys of their own: an import has checked every reference before, and only whole files are ever read.
"""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, get_type_hints

import sqlalchemy as sa

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
from dtm_contact.store.columns import DataClass, Id, SafeText, UtcTime, classed
from dtm_contact.store.schema import metadata

_NOTHING = classed(DataClass.NONE)
_TENANTS = classed(DataClass.IDENTITY, keep="P5Y", since="lease ended, as long as the landlord exports it")
_STAFF = classed(DataClass.STAFF, keep="P1Y", since="left, as long as the landlord exports it")

directory_versions = sa.Table(
    "directory_versions",
    metadata,
    sa.Column("number", Id, primary_key=True),
    sa.Column("imported_at", UtcTime, nullable=False),
    sa.Column("imported_by", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P3Y", since="imported")),
    info=_NOTHING,
)
"""Every import; the highest number is the directory in force."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the directory: its field in `Records`, the type of its lines, and its table."""

    name: str
    record: type[Any]
    table: sa.Table


def _column(name: str, kind: Any) -> sa.Column[Any]:
    if kind == tuple[str, ...]:
        return sa.Column(name, sa.JSON, nullable=False)
    if kind in (date, date | None):
        return sa.Column(name, sa.Date, nullable=kind is not date)
    return sa.Column(name, sa.Text, nullable=False)


def _part(name: str, record: type[Any], info: dict[str, Any], table_name: str = "") -> Part:
    hints = get_type_hints(record)
    columns = (_column(field.name, hints[field.name]) for field in fields(record))
    line = sa.Column("line", sa.Integer, primary_key=True, autoincrement=False)
    return Part(name, record, sa.Table(table_name or name, metadata, line, *columns, info=info))


PARTS = (
    _part("offices", Office, _NOTHING),
    _part("residences", Residence, _NOTHING),
    _part("addresses", Address, _NOTHING),
    _part("dwellings", Dwelling, _NOTHING),
    _part("leases", Lease, _TENANTS),
    _part("caretakers", Caretaker, _STAFF),
    _part("assignments", Assignment, _STAFF, "caretaker_assignments"),
    _part("absences", Absence, _STAFF, "caretaker_absences"),
    _part("equipment", Equipment, _NOTHING),
)
"""All parts of a directory, in the order of `Records`."""
