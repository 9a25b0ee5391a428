"""What an import would change."""

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import date

import pytest

from dtm_contact.directory import Directory, FileDifference, Records, compare
from dtm_contact.directory.layouts import LAYOUTS


def changes(difference: Iterable[FileDifference]) -> dict[str, tuple[object, object, object]]:
    return {file.file: (file.added, file.changed, file.gone) for file in difference if file}


def test_the_same_directory_is_no_difference(full_size: Records) -> None:
    difference = compare(full_size, full_size)

    assert not any(difference)
    assert len(difference) == 9


def test_lines_added_changed_and_gone_are_told_by_their_keys(small: Directory) -> None:
    old = small.records
    moved = replace(old.leases[3], email="autre@courriel.example")
    new = replace(
        old,
        leases=(*old.leases[:3], moved, *old.leases[4:-1], replace(old.leases[-1], lease_id="C9")),
        assignments=(*old.assignments[1:], replace(old.assignments[0], end_date=date(2026, 1, 1))),
    )

    assert changes(compare(old, new)) == {
        "tenants.csv": ((("T000005", "C9"),), (("T000003", "2893596/11"),), (("T000005", "C633408"),)),
        "caretaker_assignments.csv": (
            (("G001", "A00001", "2023-01-09", "2026-01-01"),),
            (),
            (("G001", "A00001", "2023-01-09", ""),),
        ),
    }


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.file)
def test_the_columns_of_a_file_are_the_fields_of_its_record_in_their_order(layout: object) -> None:
    # Records are built by position, which a column out of place would shift without an error.
    assert layout.headers == tuple(field.name for field in fields(layout.record))  # type: ignore[attr-defined]
