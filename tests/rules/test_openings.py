"""Hours, closures and durations as admins write them."""

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest

from dtm_contact.hours import END_OF_DAY, Closure
from dtm_contact.rules.schedule import DueTime, parse_closure, parse_due, parse_span, parse_spans, parse_week
from dtm_contact.rules.validation import InvalidValueError

MORNING = (time(9), time(12))


@pytest.mark.parametrize(
    ("written", "amount", "business"),
    [
        ("15 minutes", timedelta(minutes=15), False),
        ("1 minute", timedelta(minutes=1), False),
        ("2 hours", timedelta(hours=2), False),
        ("1 business hour", timedelta(hours=1), True),
        ("90 business minutes", timedelta(minutes=90), True),
        ("9999 hours", timedelta(hours=9999), False),
    ],
)
def test_durations(written: str, amount: timedelta, business: bool) -> None:  # noqa: FBT001 - a table's column
    assert parse_due(written) == DueTime(amount, business)


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("09:00-17:00", time(9), time(17)),
        ("9:30 - 12:05", time(9, 30), time(12, 5)),
        ("00:00-24:00", time(0), END_OF_DAY),
    ],
)
def test_spans(written: str, first: time, last: time) -> None:
    assert parse_span(written) == (first, last)


def test_a_span_over_midnight_only_where_it_may() -> None:
    assert parse_span("22:00-06:00", over_midnight=True) == (time(22), time(6))
    with pytest.raises(InvalidValueError, match="ends before it begins"):
        parse_span("22:00-06:00")


def test_the_spans_of_a_day() -> None:
    assert parse_spans("09:00-12:00") == (MORNING,)
    assert parse_spans(["09:00-12:00", "13:00-17:00"]) == (MORNING, (time(13), time(17)))


def test_a_week_by_days_and_from_one_day_to_another() -> None:
    afternoon = ((time(14), time(17)),)
    week = parse_week({"monday-wednesday": (MORNING,), "sunday": afternoon})
    assert week == ((MORNING,), (MORNING,), (MORNING,), (), (), (), afternoon)


def test_closures() -> None:
    assert parse_closure("2026-12-24") == Closure(date(2026, 12, 24), date(2026, 12, 24))
    assert parse_closure("2026-12-24..2026-12-31") == Closure(date(2026, 12, 24), date(2026, 12, 31))
    assert parse_closure("2026-01-01..2027-01-02").last == date(2027, 1, 2)


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        *(
            (parse_due, value)
            for value in ("0 hours", "15", "4 hours business", "12345 hours", "1,5 hours", "", 15, None)
        ),
        *(
            (parse_span, value)
            for value in ("9-17", "09:00", "25:00-26:00", "09:60-10:00", "24:00-24:30", "09:00-09:00", 9, None)
        ),
        *((parse_spans, value) for value in ([], ["09:00-12:00", "12:00-17:00"], ["13:00-17:00", "09:00-12:00"], [9])),
        *(
            (parse_closure, value)
            for value in ("24/12/2026", "2026-02-30", "2026-12-31..2026-12-24", "2026-01-01..2027-01-03", 1)
        ),
        *(
            (parse_week, value)
            for value in (
                {},
                {"noel": (MORNING,)},
                {"monday-noel": (MORNING,)},
                {"friday-monday": (MORNING,)},
                {"monday-friday": (MORNING,), "tuesday": (MORNING,)},
            )
        ),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be_right(parse: Callable[[object], object], value: object) -> None:
    with pytest.raises(InvalidValueError) as refused:
        parse(value)
    assert refused.value.hint
