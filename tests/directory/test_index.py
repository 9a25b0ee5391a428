"""Who lives where: the look-ups of the directory."""

import pickle
from dataclasses import replace
from datetime import date

import pytest

from dtm_contact.directory import Directory, Dwelling, Lease, Records, in_force

NOW = date(2026, 11, 12)


def lease(dwelling_id: str, start: date | None = None, end: date | None = None, tenant_id: str = "T1") -> Lease:
    role = "commercial" if dwelling_id.startswith("shop") else "holder"
    return Lease(tenant_id, f"B-{dwelling_id}", dwelling_id, role, "", "Roche", "", "", "", (), start, end)


def directory(*leases: Lease) -> Directory:
    units = dict.fromkeys(line.dwelling_id for line in leases if not line.dwelling_id.startswith("lost"))
    kinds = {"flat": "dwelling", "park": "parking", "shop": "commercial"}
    dwellings = tuple(Dwelling(unit, "A1", kinds[unit[:4]], "", "", "", "", "") for unit in units)
    return Directory(Records(dwellings=dwellings, leases=leases))


@pytest.mark.parametrize(
    ("start", "end", "held"),
    [
        (None, None, True),
        (NOW, NOW, True),
        (NOW, None, True),
        (None, NOW, True),
        (date(2026, 11, 13), None, False),
        (None, date(2026, 11, 11), False),
    ],
)
def test_a_lease_is_in_force_on_its_first_and_on_its_last_day(
    start: date | None, end: date | None, *, held: bool
) -> None:
    assert in_force(lease("flat1", start, end), NOW) is held


PAST = date(2020, 1, 1), date(2024, 1, 1)
LONG_PAST = date(2000, 1, 1), date(2019, 12, 31)
CURRENT = date(2015, 1, 1), None
NEWER = date(2025, 1, 1), None
FUTURE = date(2027, 1, 1), None


@pytest.mark.parametrize(
    ("leases", "home"),
    [
        ([lease("flat1", *CURRENT)], "flat1"),
        ([lease("park1", *NEWER), lease("flat1", *CURRENT)], "flat1"),
        ([lease("flat1", *CURRENT), lease("flat2", *NEWER)], "flat2"),
        ([lease("flat2", *NEWER), lease("flat1", *CURRENT)], "flat2"),
        ([lease("flat1", *LONG_PAST), lease("flat2", *PAST)], "flat2"),
        ([lease("flat1", *PAST), lease("flat2", *CURRENT)], "flat2"),
        ([lease("flat1", *CURRENT), lease("flat2", *FUTURE)], "flat1"),
        ([lease("flat1", *PAST), lease("park1", *CURRENT)], "flat1"),
        ([lease("flat1", *PAST), lease("shop1", *CURRENT)], "shop1"),
        ([lease("shop1", *CURRENT), lease("flat1", *CURRENT)], "flat1"),
        ([lease("shop1", *NEWER), lease("flat1", *CURRENT)], "flat1"),
        ([lease("shop1", *CURRENT), lease("park1", *NEWER)], "shop1"),
        ([lease("flat1", *LONG_PAST), lease("shop1", *PAST)], "flat1"),
        ([lease("shop1", *LONG_PAST), lease("park1", *PAST)], "shop1"),
        ([lease("shop1", *LONG_PAST), lease("park1", *NEWER)], "shop1"),
        ([lease("flat1", *CURRENT), lease("flat2", *CURRENT)], "flat1"),
        ([lease("park1", *CURRENT)], "park1"),
        ([lease("lost1", *CURRENT), lease("flat1", *PAST)], "flat1"),
        ([lease("lost1", *CURRENT)], None),
        ([], None),
    ],
)
def test_home_is_the_dwelling_in_force_else_what_was_let_last(leases: list[Lease], home: str | None) -> None:
    found = directory(*leases).home("T1", NOW)

    assert (found.dwelling_id if found else None) == home


def test_a_household_is_the_people_whose_leases_are_in_force() -> None:
    asked = directory(
        lease("flat1", *PAST, tenant_id="T1"),
        lease("flat1", *CURRENT, tenant_id="T2"),
        lease("flat1", *CURRENT, tenant_id="T3"),
        lease("flat1", *NEWER, tenant_id="T2"),
        lease("flat1", *FUTURE, tenant_id="T4"),
    )

    assert asked.household("flat1", NOW) == ("T2", "T3")
    assert asked.household("flat1", date(2023, 1, 1)) == ("T1", "T2", "T3")


def test_a_parking_space_has_no_household_and_a_shop_has() -> None:
    asked = directory(lease("park1", *CURRENT), lease("shop1", *CURRENT))

    assert asked.household("park1", NOW) == ()
    assert asked.household("shop1", NOW) == ("T1",)


def test_the_unknown_is_answered_with_nothing() -> None:
    asked = Directory(Records())

    assert (asked.leases_of("T1"), asked.leases_in("L1"), asked.entrances("R1")) == ((), (), ())
    assert asked.household("L1", NOW) == ()
    assert [asked.home("T1", NOW), asked.residence_of("L1"), asked.address_of("L1")] == [None, None, None]
    with pytest.raises(LookupError, match="agency"):
        _ = asked.agency


def test_the_agency_is_the_office_of_that_kind_wherever_it_stands(small: Directory) -> None:
    turned = Directory(replace(small.records, offices=small.records.offices[::-1]))

    assert turned.agency.office_id == "agence"


def test_places_are_found_from_the_dwelling_up(small: Directory) -> None:
    address, residence = small.address_of("L000003"), small.residence_of("L000003")

    assert address is not None
    assert address.street == "place de l'Église, côté cour"
    assert residence is not None
    assert residence.residence_id == "R002"
    assert small.offices[residence.office_id] == small.agency
    assert [entrance.address_id for entrance in small.entrances("R001")] == ["A00001", "A00002"]
    assert [line.dwelling_id for line in small.leases_of("T000001")] == ["L000001", "L000004"]
    assert [line.tenant_id for line in small.leases_in("L000001")] == ["T000001", "T000002"]


def test_a_line_break_within_a_field_is_a_space(small: Directory) -> None:
    assert small.leases_of("T000004")[0].last_name == "Ménard dit Petit"


def test_the_full_size_directory_has_the_size_it_says(full_size: Records) -> None:
    asked = Directory(full_size)

    assert (len(asked.residences), len(asked.caretakers), len(asked.offices)) == (56, 94, 6)
    assert sum(unit.kind == "dwelling" for unit in full_size.dwellings) == 11_000
    assert asked.agency.office_id == "agence"
    assert all(asked.residence_of(unit) for unit in asked.dwellings)
    assert all(asked.home(line.tenant_id, NOW) for line in full_size.leases)


def test_a_directory_can_be_handed_to_another_process(small: Directory) -> None:
    copy = pickle.loads(pickle.dumps(small))  # noqa: S301 - made on the line itself

    assert copy.records == small.records
    assert copy.household("L000001", NOW) == small.household("L000001", NOW)
