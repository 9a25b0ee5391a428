"""Every table with personal data is declared in the registry, and what the registry says can be asked of a store."""

import pytest
import sqlalchemy as sa

from dtm_contact.privacy.ages import steps
from dtm_contact.privacy.places import KEPT_WITH_CASE, PLACES, declared
from dtm_contact.privacy.subject import DataSubject, SubjectScope
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.store.columns import DataClass
from dtm_contact.store.schema import metadata
from tests.store.samples import NOW

PERSONAL = [
    table
    for table in metadata.sorted_tables
    if any((column.info or table.info)["data_class"] is not DataClass.NONE for column in table.columns)
]
EVERYTHING = SubjectScope(
    (1,),
    ("2026-000001",),
    (1,),
    (1,),
    DataSubject(frozenset({"T1"}), frozenset({"a@b.example"}), frozenset({"+33612345678"}), frozenset({"Ana Roy"})),
)


@pytest.mark.parametrize("table", PERSONAL, ids=str)
def test_every_table_with_personal_data_is_declared(table: sa.Table) -> None:
    assert table.name in declared(), "declare it in dtm_contact/privacy/places.py: how a person's rows are found"


def test_a_table_that_nobody_declared_is_seen() -> None:
    assert "visits_to_be" not in declared()


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{type(place).__name__}-{place.name}")
def test_every_place_can_be_counted_exported_erased_and_deleted(store: Store, place: "object") -> None:
    for scope in (SubjectScope(), EVERYTHING):
        with store.database.writing() as connection:
            assert place.count(connection, scope) == 0  # type: ignore[attr-defined]
            assert place.export(connection, scope) == []  # type: ignore[attr-defined]
            assert place.erase(connection, scope, place.prepare(connection, scope)) == 0  # type: ignore[attr-defined]
            assert place.delete(connection, scope) == 0  # type: ignore[attr-defined]


def test_every_step_of_the_nightly_pass_can_be_asked_and_done(store: Store) -> None:
    for step in steps(Settings.defaults(), NOW):
        with store.database.writing() as connection:
            assert connection.execute(sa.select(step.key).where(step.due)).all() == []
            assert step.act(connection, [1 if isinstance(step.key.type, sa.Integer) else "1"]) == 0, step.name


def test_whatever_refers_to_what_goes_by_age_goes_with_it() -> None:
    going = {"cases", "contacts", "arrivals", "events", "outbox", "files"}
    with_case = {place.name for place in PLACES if place.with_case}
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name in going and key.ondelete != "CASCADE":
                assert table.name in with_case | set(KEPT_WITH_CASE), f"{table.name} would keep {key.column} from going"
