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
    sa.Column("exported_at", UtcTime),
    sa.Column("digest", sa.Text),
    sa.Column("counts", sa.JSON(none_as_null=True)),
    sa.Column("forced", sa.JSON(none_as_null=True)),
    sa.Column("restored_from", Id),
    info=_NOTHING,
)
"""Every import; the highest number is the directory in force.

`exported_at`: when its files were last seen written; `digest`: of those files; `counts`: lines of each file; `forced`:
what looked wrong and was imported all the same; `restored_from`: the earlier version that this one brought back.
"""

directory_contents = sa.Table(
    "directory_contents",
    metadata,
    sa.Column(
        "number", Id, sa.ForeignKey("directory_versions.number"), primary_key=True, autoincrement=False, info=_NOTHING
    ),
    sa.Column("content", sa.LargeBinary, nullable=False),
    info=classed(DataClass.IDENTITY, keep="P1Y", since="imported; sooner, once enough later ones are kept"),
)
"""The last versions whole, packed, so that each can be restored."""

directory_refusals = sa.Table(
    "directory_refusals",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("refused_at", UtcTime, nullable=False),
    sa.Column("told_at", UtcTime),
    info=_NOTHING,
)
"""Exports that a scheduled import refused since the last import, and when the admins were told."""


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
