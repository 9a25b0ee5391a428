from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.hours import (
    END_OF_DAY,
    PARIS,
    Calendar,
    Closure,
    Span,
    Week,
    add_clock_time,
    is_public_holiday,
    public_holidays,
)

NINE_TO_FIVE: Span = (time(9), time(17))
OFFICE_WEEK: Week = ((NINE_TO_FIVE,),) * 5 + ((), ())
OFFICE = Calendar(OFFICE_WEEK)
ALWAYS = Calendar(((((time(0), END_OF_DAY)),),) * 7, open_on_holidays=True)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("year", "moving"),
    [
        (2024, ["04-01", "05-09", "05-20"]),
        (2025, ["04-21", "05-29", "06-09"]),
        (2026, ["04-06", "05-14", "05-25"]),
        (2027, ["03-29", "05-06", "05-17"]),
        (2038, ["04-26", "06-03", "06-14"]),
    ],
)
def test_the_eleven_holidays_of_the_law(year: int, moving: list[str]) -> None:
    fixed = ["01-01", "05-01", "05-08", "07-14", "08-15", "11-01", "11-11", "12-25"]
    assert public_holidays(year) == {date.fromisoformat(f"{year}-{day}") for day in fixed + moving}


def test_two_holidays_on_one_day_are_one() -> None:
    assert len(public_holidays(2008)) == 10  # Ascension Day fell on 1 May


def test_good_friday_and_the_alsatian_days_are_none() -> None:
    assert not is_public_holiday(date(2026, 4, 3))
    assert not is_public_holiday(date(2026, 12, 26))


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-24T08:59:59", False),
        ("2026-11-24T09:00", True),
        ("2026-11-24T16:59:59", True),
        ("2026-11-24T17:00", False),
        ("2026-11-28T10:00", False),  # Saturday
        ("2026-11-11T10:00", False),  # Armistice, a Wednesday
        ("2026-04-06T10:00", False),  # Easter Monday
        ("2026-04-07T10:00", True),
    ],
)
def test_open_by_the_clock_on_the_wall(at: str, is_open: bool) -> None:  # noqa: FBT001 - a table's column
    assert OFFICE.is_open(paris(at)) is is_open
    assert OFFICE.is_open(paris(at).astimezone(UTC)) is is_open
    assert OFFICE.is_open(paris(at).astimezone(ZoneInfo("America/Cayenne"))) is is_open


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-24T10:00", 4, "2026-11-24T14:00+01:00"),
        ("2026-11-24T16:30", 4, "2026-11-25T12:30+01:00"),
        ("2026-11-24T13:00", 4, "2026-11-24T17:00+01:00"),  # ends at closing, not at the next opening
        ("2026-11-24T06:00", 4, "2026-11-24T13:00+01:00"),
        ("2026-11-24T17:00", 4, "2026-11-25T13:00+01:00"),
        ("2026-11-27T16:00", 16, "2026-12-01T16:00+01:00"),  # over a week-end
        ("2026-11-28T12:00", 4, "2026-11-30T13:00+01:00"),
        ("2026-11-10T16:00", 4, "2026-11-12T12:00+01:00"),  # over 11 November
        ("2026-12-24T15:00", 16, "2026-12-29T15:00+01:00"),  # over Christmas, a Friday
        ("2026-04-30T16:00", 40, "2026-05-11T16:00+02:00"),  # over 1 and 8 May, both Fridays
        ("2026-03-27T16:00", 4, "2026-03-30T12:00+02:00"),  # clocks go forward on the Sunday
        ("2026-10-23T16:00", 4, "2026-10-26T12:00+01:00"),  # and back
        ("2026-12-31T16:30", 1, "2027-01-04T09:30+01:00"),  # over New Year's Day
    ],
)
def test_business_hours_count_while_the_office_is_open(start: str, hours: int, due: str) -> None:
    found = OFFICE.add_business_time(paris(start), timedelta(hours=hours))
    assert found.isoformat(timespec="minutes") == due


def test_nothing_to_count_is_due_at_once_or_at_the_next_opening() -> None:
    assert OFFICE.add_business_time(paris("2026-11-24T10:00"), timedelta()) == paris("2026-11-24T10:00")
    assert OFFICE.add_business_time(paris("2026-11-24T17:00"), timedelta()) == paris("2026-11-25T09:00")
    assert OFFICE.add_business_time(paris("2026-11-28T10:00"), timedelta()) == paris("2026-11-30T09:00")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-03-28T23:00", "2026-03-29T06:00+02:00"),  # the night has an hour less
        ("2026-10-24T23:00", "2026-10-25T04:00+01:00"),  # the night has an hour more
    ],
)
def test_the_nights_in_which_clocks_change_count_as_long_as_they_last(start: str, due: str) -> None:
    six_hours = timedelta(hours=6)
    assert ALWAYS.add_business_time(paris(start), six_hours).isoformat(timespec="minutes") == due
    assert add_clock_time(paris(start), six_hours).isoformat(timespec="minutes") == due


def test_clock_time_is_told_by_the_office_s_clock() -> None:
    at = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # 02:50 for the first time that night
    assert add_clock_time(at, timedelta(minutes=15)).isoformat() == "2026-10-25T02:05:00+01:00"


def test_two_spans_a_day_and_closures() -> None:
    spans: tuple[Span, ...] = ((time(8, 30), time(12, 30)), (time(13, 30), time(17, 30)))
    calendar = Calendar((spans,) * 5 + ((), ()), (Closure(date(2026, 11, 25), date(2026, 11, 26)),))
    assert not calendar.is_open(paris("2026-11-24T13:00"))
    assert not calendar.is_open(paris("2026-11-26T10:00"))
    due = calendar.add_business_time(paris("2026-11-24T12:00"), timedelta(hours=5))
    assert due == paris("2026-11-27T09:00")


def test_a_span_may_end_with_the_day() -> None:
    mondays = Calendar((((time(20), END_OF_DAY),), *((),) * 6))
    assert mondays.is_open(paris("2026-11-30T23:59:59"))
    assert not mondays.is_open(paris("2026-12-01T00:00"))
    assert mondays.add_business_time(paris("2026-11-30T22:00"), timedelta(hours=2)) == paris("2026-12-01T00:00")
    assert mondays.add_business_time(paris("2026-11-30T22:00"), timedelta(hours=3)) == paris("2026-12-07T21:00")


def test_a_desk_may_open_on_holidays() -> None:
    assert ALWAYS.is_open(paris("2026-12-25T00:00"))
    assert ALWAYS.is_open(paris("2026-12-25T23:59:59"))
    assert ALWAYS.is_holiday(paris("2026-12-25T12:00"))


@pytest.mark.parametrize(
    "week",
    [
        ((),) * 7,
        ((NINE_TO_FIVE,),) * 6,
        (((time(17), time(9)),),) * 7,
        (((time(9), time(12)), (time(11), time(13))),) * 7,
        (((time(9), time(9)),),) * 7,
    ],
    ids=["never open", "six days", "backwards", "overlapping", "no length"],
)
def test_a_week_that_cannot_be_is_refused(week: Week) -> None:
    with pytest.raises(ValueError, match=r"office opens|spans of a day"):
        Calendar(week)


INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them naive
AMOUNTS = st.integers(0, 60 * 60).map(lambda minutes: timedelta(minutes=minutes))


@given(INSTANTS, AMOUNTS, AMOUNTS)
def test_counting_in_two_steps_is_counting_in_one(start: datetime, first: timedelta, second: timedelta) -> None:
    there = OFFICE.add_business_time(OFFICE.add_business_time(start, first), second)
    assert there == OFFICE.add_business_time(start, first + second) or not second


@given(INSTANTS, AMOUNTS)
def test_a_due_time_is_later_and_in_opening_hours_or_at_closing(start: datetime, amount: timedelta) -> None:
    due = OFFICE.add_business_time(start, amount)
    assert due >= start + amount or not amount
    assert OFFICE.is_open(due) or OFFICE.is_open(due - timedelta(microseconds=1))
    assert due.tzinfo is PARIS


CLOSED_FOR_GOOD = Calendar(OFFICE_WEEK, (Closure(date(2026, 1, 1), date(2099, 1, 1)),))
CLOSED_IN_SUMMER = Calendar(OFFICE_WEEK, (Closure(date(2026, 7, 20), date(2026, 8, 21)),))


@given(
    st.sampled_from([OFFICE, ALWAYS, CLOSED_FOR_GOOD, CLOSED_IN_SUMMER]),
    st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.datetimes(datetime(2025, 12, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_what_was_before_a_time_is_over_and_what_was_later_is_not(
    calendar: Calendar, before: datetime, at: datetime
) -> None:
    ends = calendar.end_of_next_open_day(before)
    if ends is not None:
        assert (ends <= at) == (before < calendar.next_open_day_over(at))
        assert before < calendar.next_open_day_over(ends)
        assert before >= calendar.next_open_day_over(ends - timedelta(microseconds=1))


def test_an_office_that_never_opens_again_has_no_next_day() -> None:
    assert CLOSED_FOR_GOOD.end_of_next_open_day(paris("2026-01-05T10:00")) is None
    assert CLOSED_IN_SUMMER.end_of_next_open_day(paris("2026-07-17T10:00")) == paris("2026-08-24T17:00")


WHIT_MONDAY_WORKED = Calendar(OFFICE_WEEK, works_whit_monday=True)
BRIDGES = Calendar(OFFICE_WEEK, closed_on_bridge_days=True)
CLOSED_A_WEEK = Calendar(OFFICE_WEEK, (Closure(date(2026, 8, 10), date(2026, 8, 16)),))


@pytest.mark.parametrize(
    ("calendar", "start", "hours", "due"),
    [
        (OFFICE, "2026-05-22T16:00", 4, "2026-05-26T12:00+02:00"),  # over Whit Monday
        (WHIT_MONDAY_WORKED, "2026-05-22T16:00", 4, "2026-05-25T12:00+02:00"),  # which is worked
        (OFFICE, "2026-05-13T16:00", 4, "2026-05-15T12:00+02:00"),  # over Ascension Day, a Thursday
        (BRIDGES, "2026-05-13T16:00", 4, "2026-05-18T12:00+02:00"),  # and the Friday after it
        (BRIDGES, "2026-07-10T16:00", 4, "2026-07-15T12:00+02:00"),  # the Monday before 14 July, a Tuesday
        (OFFICE, "2026-04-30T16:00", 4, "2026-05-04T12:00+02:00"),  # over 1 May, a Friday
        (BRIDGES, "2026-04-30T16:00", 4, "2026-05-04T12:00+02:00"),
        (CLOSED_A_WEEK, "2026-08-07T16:00", 4, "2026-08-17T12:00+02:00"),  # an office closed for a week
    ],
)
def test_whit_monday_bridge_days_and_closures(calendar: Calendar, start: str, hours: int, due: str) -> None:
    found = calendar.add_business_time(paris(start), timedelta(hours=hours))
    assert found.isoformat(timespec="minutes") == due


def test_a_worked_whit_monday_is_no_holiday() -> None:
    at = paris("2026-05-25T10:00")
    assert OFFICE.is_holiday(at)
    assert not WHIT_MONDAY_WORKED.is_holiday(at)
    assert WHIT_MONDAY_WORKED.is_open(at)


def test_only_closures_are_days_that_somebody_stands_in_for() -> None:
    assert CLOSED_A_WEEK.is_closed_for_days(paris("2026-08-12T22:00"))
    assert not CLOSED_A_WEEK.is_closed_for_days(paris("2026-08-17T08:00"))
    assert not CLOSED_A_WEEK.is_closed_for_days(paris("2026-05-01T10:00"))
