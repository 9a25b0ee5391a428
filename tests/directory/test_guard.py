"""Which exports look wrong although every line of them can be read, and which do not."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dtm_contact.directory import Directory, Records, Suspicion, read_export, suspicions
from dtm_contact.directory.guard import Sign
from tests.directory import wrong_exports
from tests.directory.samples import FULL_SIZE
from tests.directory.wrong_exports import WRONG, a_month_later, changed, cut_at, emptied, filled_down, shifted


def told(old: Records, new: Records) -> list[tuple[str, str, Sign]]:
    return [(each.file, each.column, each.sign) for each in suspicions(old, new)]


@pytest.fixture(scope="module")
def without_people(full_size: Records) -> Records:
    """The directory of the full size but for its leases, which none of these changes touches."""
    return replace(full_size, leases=())


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_export_is_told_by_its_file_its_column_and_what_became_of_it(
    wrong: str, estate: Path, right: Records, tmp_path: Path
) -> None:
    change, file, column, sign = WRONG[wrong]
    records, _warnings = read_export(changed(estate, change, tmp_path))

    found = suspicions(right, records)

    assert (file, column, sign) in [(each.file, each.column, each.sign.value) for each in found]
    for each in found:
        assert each.hint
        assert len(each.keys) <= 3
        assert "@" not in str(each)


def test_the_message_says_where_how_many_what_and_why(estate: Path, right: Records, tmp_path: Path) -> None:
    records, _warnings = read_export(changed(estate, cut_at("tenants.csv", 0.96), tmp_path))

    (cut,) = suspicions(right, records)
    assert str(cut) == (
        "tenants.csv: the last 159 of the 3,965 lines in force are all missing: T010900, T013566, T011999, … "
        "(the file was cut short: export it again)"
    )


@pytest.mark.parametrize("seed", range(8))
def test_an_ordinary_month_passes_without_a_word(seed: int, estate: Path, right: Records, tmp_path: Path) -> None:
    records, _warnings = read_export(changed(estate, a_month_later(seed), tmp_path))

    assert suspicions(right, records) == ()
    assert suspicions(right, replace(records, leases=tuple(reversed(records.leases)))) == ()


@pytest.mark.parametrize(
    ("wrong", "sign"), [(shifted("tenants.csv", "phones"), "slipped"), (cut_at("tenants.csv", 0.995), "cut")]
)
def test_a_wrong_export_is_told_among_the_changes_of_a_month(
    wrong: wrong_exports.Change, sign: str, estate: Path, right: Records, tmp_path: Path
) -> None:
    def change(export: wrong_exports.Export) -> None:
        known = len(export["tenants.csv"])
        a_month_later(1)(export)
        del export["tenants.csv"][int(0.99 * known) :]
        wrong(export)

    records, _warnings = read_export(changed(estate, change, tmp_path))

    assert sign in [each.sign.value for each in suspicions(right, records)]


def test_another_spelling_is_no_change(right: Records) -> None:
    leases = [
        replace(
            line,
            last_name=line.last_name.upper(),
            email=line.email.upper(),
            phones=tuple(f"+33 {phone[1:]}" for phone in line.phones),
        )
        for line in right.leases
    ]
    assert suspicions(right, replace(right, leases=tuple(leases))) == ()


def test_the_same_directory_and_a_first_one_are_not_suspicious(right: Records, small: Directory) -> None:
    for records in (right, small.records, Records()):
        assert suspicions(records, records) == ()
        assert suspicions(Records(), records) == ()


@pytest.mark.parametrize(
    ("wrong", "column", "sign"),
    [
        (emptied("tenants.csv", "email"), "email", Sign.BLANK),
        (wrong_exports.phones_as_floats, "phones", Sign.NUMERIC),
    ],
)
def test_a_first_export_can_look_wrong_by_itself(
    wrong: wrong_exports.Change, column: str, sign: Sign, estate: Path, tmp_path: Path
) -> None:
    records, _warnings = read_export(changed(estate, wrong, tmp_path))

    assert told(Records(), records) == [("tenants.csv", column, sign)]


def test_what_an_estate_never_had_is_not_missed(right: Records) -> None:
    none = replace(right, leases=tuple(replace(line, email="") for line in right.leases))

    assert suspicions(none, none) == ()


def test_values_that_were_always_poor_are_not_told_at_every_import(right: Records) -> None:
    poor = replace(right, leases=tuple(replace(line, phones=("voir le fils",)) for line in right.leases))

    assert suspicions(poor, poor) == ()
    assert ("tenants.csv", "phones", Sign.IMPLAUSIBLE) in told(right, poor)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (shifted("dwellings.csv", "unit_reference"), ("dwellings.csv", "unit_reference", Sign.SLIPPED)),
        (filled_down("equipment.csv", "address_id"), ("equipment.csv", "address_id", Sign.SAME)),
        (wrong_exports.header_only("equipment.csv"), ("equipment.csv", "", Sign.LOST)),
        (emptied("caretakers.csv", "email"), ("caretakers.csv", "email", Sign.EMPTIED)),
    ],
)
def test_more_that_goes_wrong(
    wrong: wrong_exports.Change, expected: Any, estate: Path, right: Records, tmp_path: Path
) -> None:
    records, _warnings = read_export(changed(estate, wrong, tmp_path))

    assert expected in told(right, records)


def test_that_nobody_is_away_any_more_is_told(without_people: Records) -> None:
    old = without_people
    assert told(old, replace(old, absences=())) == [("caretaker_absences.csv", "", Sign.LOST)]
    assert suspicions(old, replace(old, absences=old.absences[:1])) == ()


def test_every_lease_ended_at_once_is_told(right: Records) -> None:
    day = next(line.lease_end for line in right.leases if line.lease_end)
    ended = replace(right, leases=tuple(replace(line, lease_end=line.lease_end or day) for line in right.leases))

    assert ("tenants.csv", "lease_end", Sign.FILLED) in told(right, ended)


def test_one_or_two_lines_of_a_small_estate_change_without_a_word(small: Directory) -> None:
    old = small.records
    moved = [replace(line, email="", phones=()) for line in old.leases[:2]]

    assert suspicions(old, replace(old, leases=(*moved, *old.leases[2:]))) == ()


def test_five_in_a_hundred_tenants_may_go_and_no_more(right: Records) -> None:
    leases = Counter(line.tenant_id for line in right.leases)
    # Of those with one lease: else more than five in a hundred lines would go with five in a hundred people.
    people = [tenant for tenant, count in leases.items() if count == 1]
    most = int(0.05 * len(leases))
    for gone, signs in ((most, []), (most + 1, [("tenants.csv", "", Sign.LOST)])):
        lost = set(people[:gone])
        left = tuple(line for line in right.leases if line.tenant_id not in lost)
        assert told(right, replace(right, leases=left)) == signs


def test_residences_that_go_are_told_however_few_there_are(without_people: Records, small: Directory) -> None:
    old = without_people
    assert suspicions(old, replace(old, residences=old.residences[2:])) == ()
    assert suspicions(old, replace(old, residences=old.residences[3:])) == (
        Suspicion("residences.csv", "", Sign.LOST, 3, 56, ("R001", "R002", "R003")),
    )
    assert ("residences.csv", "", Sign.LOST) in told(small.records, Records())


def test_a_month_of_the_whole_sample_passes_without_a_word(full_size: Records, tmp_path: Path) -> None:
    records, _warnings = read_export(changed(FULL_SIZE, a_month_later(0), tmp_path))

    assert suspicions(full_size, records) == ()


def test_leases_that_are_all_numbered_anew_are_told_though_nobody_is_gone(right: Records) -> None:
    leases = tuple(replace(line, lease_id=f"N{line.lease_id}") for line in right.leases)

    assert told(right, replace(right, leases=leases)) == [("tenants.csv", "", Sign.LOST)]


def test_a_name_in_the_column_of_identifiers_is_not_shown(right: Records) -> None:
    named = tuple(replace(line, tenant_id=line.last_name) for line in right.leases)
    old = replace(right, leases=named)

    (lost,) = suspicions(old, replace(old, leases=named[1_000:]))

    assert (lost.sign, lost.keys) == (Sign.LOST, ())
