"""Who is on duty: assignments by day, absences, those who stand in, and those who stand in for these."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.directory import (
    Absence,
    Address,
    Assignment,
    Directory,
    Records,
    on_duty,
    on_duty_in_residence,
)
from dtm_contact.model import OnDuty

DAY = date(2026, 11, 12)
BEFORE, AFTER = DAY - timedelta(1), DAY + timedelta(1)


def away(caretaker: str, replacement: str = "", start: date = DAY, end: date | None = DAY) -> Absence:
    return Absence(caretaker, start, end, replacement, "leave")


def estate(entrances: dict[str, str | tuple[Assignment, ...]], *absences: Absence) -> Directory:
    """Return a residence R with these entrances and, by spaces, who is assigned to each; capitals are caretakers."""
    assignments = [
        line
        for entrance, assigned in entrances.items()
        for line in (
            (Assignment(name, entrance, None, None) for name in assigned.split())
            if isinstance(assigned, str)
            else assigned
        )
    ]
    addresses = tuple(Address(entrance, "R", "1", "rue Haute", "93170", "Bagnolet", "", "") for entrance in entrances)
    return Directory(Records(addresses=addresses, assignments=tuple(assignments), absences=absences))


def at_door(assigned: str, *absences: Absence) -> list[tuple[str | None, str | None]]:
    return [(duty.id, duty.replaces) for duty in on_duty(estate({"a": assigned}, *absences), "a", DAY)]


def test_the_assigned_caretaker_is_on_duty() -> None:
    assert at_door("A") == [("A", None)]


def test_nobody_is_on_duty_where_nobody_is_assigned() -> None:
    assert at_door("") == []
    assert on_duty(estate({}), "nowhere", DAY) == ()


def test_an_assignment_holds_on_its_first_and_on_its_last_day() -> None:
    lines = (
        Assignment("A", "a", None, BEFORE),
        Assignment("B", "a", BEFORE, DAY),
        Assignment("C", "a", DAY, AFTER),
        Assignment("D", "a", AFTER, None),
    )

    asked = estate({"a": lines})

    assert [duty.id for duty in on_duty(asked, "a", BEFORE)] == ["A", "B"]
    assert [duty.id for duty in on_duty(asked, "a", DAY)] == ["B", "C"]
    assert [duty.id for duty in on_duty(asked, "a", AFTER)] == ["C", "D"]


def test_all_of_a_grouped_lodge_are_on_duty_in_the_order_of_the_file_each_once() -> None:
    assert at_door("B A B") == [("B", None), ("A", None)]


def test_an_absence_holds_on_its_first_and_on_its_last_day() -> None:
    asked = estate({"a": "A"}, away("A", "B", BEFORE, DAY))

    assert on_duty(asked, "a", BEFORE - timedelta(1)) == (OnDuty("A"),)
    assert on_duty(asked, "a", BEFORE) == (OnDuty("B", replaces="A"),)
    assert on_duty(asked, "a", DAY) == (OnDuty("B", replaces="A"),)
    assert on_duty(asked, "a", AFTER) == (OnDuty("A"),)


def test_an_absence_without_an_end_goes_on() -> None:
    assert at_door("A", away("A", "B", date(2020, 1, 1), None)) == [("B", "A")]


def test_absent_without_a_replacement_is_no_id() -> None:
    assert at_door("A", away("A")) == [(None, "A")]


def test_the_replacement_of_the_replacement_stands_in_for_the_assigned_one() -> None:
    assert at_door("A", away("A", "B"), away("B", "C"), away("C", "D", AFTER, AFTER)) == [("C", "A")]
    assert at_door("A", away("A", "B"), away("B")) == [(None, "A")]


def test_those_who_replace_each_other_in_a_ring_replace_nobody() -> None:
    assert at_door("A", away("A", "B"), away("B", "A")) == [(None, "A")]
    assert at_door("A", away("A", "A")) == [(None, "A")]
    assert at_door("A", away("A", "B"), away("B", "C"), away("C", "B")) == [(None, "A")]


def test_of_two_absences_the_later_one_tells_who_stands_in() -> None:
    assert at_door("A", away("A", "C", BEFORE, AFTER), away("A", "B", DAY, AFTER)) == [("B", "A")]
    assert at_door("A", away("A"), away("A", "B")) == [("B", "A")]


def test_a_colleague_of_the_lodge_who_stands_in_is_there_once_in_his_own_right() -> None:
    assert at_door("A B", away("A", "B")) == [("B", None)]
    assert at_door("B A", away("A", "B")) == [("B", None)]


def test_one_who_stands_in_for_two_is_there_once() -> None:
    assert at_door("A B", away("A", "C"), away("B", "C")) == [("C", "A")]


def test_whoever_is_there_is_on_duty_though_a_colleague_is_away_unreplaced() -> None:
    assert at_door("A B", away("A")) == [("B", None)]
    assert at_door("A B", away("A"), away("B")) == [(None, "A"), (None, "B")]


def in_residence(entrances: dict[str, str | tuple[Assignment, ...]], *absences: Absence) -> tuple[OnDuty, ...]:
    return on_duty_in_residence(estate(entrances, *absences), "R", DAY)


def test_the_same_at_all_entrances_is_on_duty_in_the_residence() -> None:
    assert in_residence({"a": "A", "b": "A"}) == (OnDuty("A"),)
    assert in_residence({"a": "A B", "b": "B A"}) == (OnDuty("A"), OnDuty("B"))
    assert in_residence({"a": "A", "b": "A"}, away("A", "B")) == (OnDuty("B", replaces="A"),)
    assert in_residence({"a": "A", "b": "A"}, away("A")) == (OnDuty(None, replaces="A"),)


def test_where_entrances_differ_all_are_told_and_so_none_is_the_one() -> None:
    assert in_residence({"a": "A", "b": "B"}) == (OnDuty("A"), OnDuty("B"))
    assert in_residence({"a": "A", "b": "A B"}) == (OnDuty("A"), OnDuty("B"))


def test_one_who_is_known_at_some_entrances_only_is_not_the_one() -> None:
    assert in_residence({"a": "A", "b": ""}) == ()
    assert in_residence({"a": "A", "b": "B"}, away("B")) == ()
    assert in_residence({"a": "A", "b": "B"}, away("A"), away("B")) == ()


def test_one_who_stands_in_at_one_entrance_and_is_assigned_at_the_other_is_at_both() -> None:
    assert in_residence({"a": "A", "b": "B"}, away("B", "A")) == (OnDuty("A"),)


def test_a_residence_without_entrances_has_nobody() -> None:
    assert in_residence({}) == ()


NAMES = "ABCDE"
DAYS = st.integers(-3, 3).map(lambda days: DAY + timedelta(days))
ABSENCES = st.lists(
    st.builds(away, st.sampled_from(NAMES), st.sampled_from(["", *NAMES]), DAYS, st.none() | DAYS), max_size=8
)
ASSIGNED = st.lists(st.sampled_from(NAMES), max_size=4).map(" ".join)


@given(ASSIGNED, ABSENCES)
def test_whoever_is_named_is_not_away_himself_and_is_named_once(assigned: str, absences: list[Absence]) -> None:
    on_leave = {line.caretaker_id for line in absences if line.start_date <= DAY <= (line.end_date or DAY)}

    found = on_duty(estate({"a": assigned}, *absences), "a", DAY)

    named = [duty.id for duty in found if duty.id is not None]
    assert not on_leave.intersection(named)
    assert len(set(named)) == len(named)
    assert set(assigned.split()) - on_leave <= set(named)
    assert all(duty.replaces in on_leave.intersection(assigned.split()) for duty in found if duty.replaces)
    assert bool(found) == bool(assigned)


@given(st.lists(ASSIGNED, min_size=1, max_size=4), ABSENCES)
def test_the_one_of_a_residence_is_at_every_entrance(assigned: list[str], absences: list[Absence]) -> None:
    asked = estate({f"e{number}": names for number, names in enumerate(assigned)}, *absences)

    found = on_duty_in_residence(asked, "R", DAY)

    if len(found) == 1:
        at_each = [on_duty(asked, f"e{number}", DAY) for number in range(len(assigned))]
        assert all([duty.id for duty in there] == [found[0].id] for there in at_each)
