"""What an import would change, and when it must be refused because it loses too much."""

from dataclasses import fields, replace
from datetime import date

import pytest

from dtm_contact.directory import Difference, Directory, Records, compare
from dtm_contact.directory.layouts import LAYOUTS
from dtm_contact.errors import DirectoryShrinksError


def changes(difference: Difference) -> dict[str, tuple[object, object, object]]:
    return {file.file: (file.added, file.changed, file.gone) for file in difference.files if file}


def test_the_same_directory_is_no_difference(full_size: Records) -> None:
    difference = compare(full_size, full_size)

    assert not any(difference.files)
    assert len(difference.files) == 9
    assert (difference.tenants, difference.residences) == (16_278, 56)
    difference.refuse_shrinking()


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


def test_a_person_whose_lease_is_renumbered_is_not_gone(small: Directory) -> None:
    old = small.records

    difference = compare(old, replace(old, leases=tuple(replace(line, lease_id="N") for line in old.leases)))

    assert difference.tenants_gone == 0


def test_five_in_a_hundred_may_go_and_no_more(full_size: Records) -> None:
    people = list(dict.fromkeys(line.tenant_id for line in full_size.leases))
    most = int(0.05 * len(people))
    for gone, too_much in ((most, False), (most + 1, True)):
        lost = set(people[:gone])
        left = tuple(line for line in full_size.leases if line.tenant_id not in lost)
        difference = compare(full_size, replace(full_size, leases=left))
        assert difference.tenants_gone == gone
        assert difference.loses_too_much is too_much


def test_residences_that_go_are_counted_too_and_the_refusal_says_how_many(full_size: Records) -> None:
    compare(full_size, replace(full_size, residences=full_size.residences[2:])).refuse_shrinking()

    difference = compare(full_size, replace(full_size, residences=full_size.residences[3:]))

    with pytest.raises(DirectoryShrinksError) as refused:
        difference.refuse_shrinking()
    assert "0 of 16,278 tenants (0.0%) and 3 of 56 residences (5.4%) would be gone" in str(refused.value)
    assert difference.files[1].gone == (("R001",), ("R002",), ("R003",))


def test_residences_may_not_go_where_there_are_no_tenants_yet(small: Directory) -> None:
    with pytest.raises(DirectoryShrinksError, match=r"0 of 0 tenants \(0.0%\) and 2 of 2 residences \(100.0%\)"):
        compare(replace(small.records, leases=()), Records()).refuse_shrinking()


def test_the_first_import_loses_nothing(small: Directory) -> None:
    compare(Records(), small.records).refuse_shrinking()
    compare(Records(), Records()).refuse_shrinking()


def test_a_directory_emptied_is_refused(small: Directory) -> None:
    assert compare(small.records, Records()).loses_too_much


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.file)
def test_the_columns_of_a_file_are_the_fields_of_its_record_in_their_order(layout: object) -> None:
    # Records are built by position, which a column out of place would shift without an error.
    assert layout.headers == tuple(field.name for field in fields(layout.record))  # type: ignore[attr-defined]
