"""Every table and column says which class of data it holds, and how long that is kept."""

import re

import pytest
import sqlalchemy as sa

from dtm_contact.store import system_schema
from dtm_contact.store.columns import DataClass
from dtm_contact.store.schema import metadata

AGE = re.compile(r"P(?=\d)(\d+Y)?(\d+M)?(\d+D)?")
COLUMNS = [column for table in metadata.sorted_tables for column in table.columns]
assert system_schema.DIRECTORY_TABLES


def class_of(column: "sa.Column[object]") -> dict[str, str]:
    return column.info or column.table.info


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_table_is_classed(table: sa.Table) -> None:
    assert table.info.get("data_class") in set(DataClass)


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_whatever_tells_of_a_person_has_an_age(column: "sa.Column[object]") -> None:
    told = class_of(column)
    assert told.keys() == {"data_class", "keep", "since"}
    if told["data_class"] is DataClass.NONE:
        assert (told["keep"], told["since"]) == ("", "")
    else:
        assert AGE.fullmatch(told["keep"])
        assert told["since"]


@pytest.mark.parametrize(
    "name",
    [
        "arrivals.envelope",
        "arrival_bodies.raw",
        "cases.subject",
        "cases.who",
        "cases.tenant_id",
        "contacts.sender_address",
        "contacts.thread",
        "judgements.judgement",
        "events.data",
        "events.who",
        "confirmed_contacts.value",
        "register_entries.value",
        "register_entries.words",
        "register_entries.reference",
        "leases.last_name",
        "caretakers.phone",
        "caretaker_absences.reason",
    ],
)
def test_what_is_plainly_personal_is_classed_so(name: str) -> None:
    table, column = name.split(".")
    assert class_of(metadata.tables[table].c[column])["data_class"] is not DataClass.NONE
