"""Dates: what people write in France is read one way, and what is no date is refused, never completed or turned."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtm_contact.text.dates import parse_date

_MONTHS = ["janvier", "février", "mars", "avril", "mai", "juin"]
_MONTHS += ["juillet", "août", "septembre", "octobre", "novembre", "décembre"]
_SHORT = ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."]


@pytest.mark.parametrize(
    "written",
    [
        "2023-02-01", "2023-2-1", "2023/02/01", "2023.02.01", "20230201", "2023-02-01T00:00:00", "2023-02-01 00:00:00",
        "2023-02-01T23:59:59.999Z", "2023-02-01T00:00:00+01:00", "01/02/2023", "1/2/2023", "1/2/23", "01.02.2023",
        "01-02-2023", "01 / 02 / 2023", "01/02/2023 00:00", "  01/02/2023\u00a0", "1er février 2023", "1 février 2023",
        "1ER FEVRIER 2023", "le 1er février 2023", "mercredi 1er février 2023", "1 févr. 2023", "1 fév 2023",
        "01-févr-23", "1.févr.2023", "1  février\u202f2023", "1 fe\u0301vrier 2023", "１/２/２０２３",
    ],
)  # fmt: skip
def test_every_spelling_of_one_day_is_that_day(written: str) -> None:
    assert parse_date(written) == date(2023, 2, 1)


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "bientôt", "0000-00-00", "00/00/0000", "2023-02-30", "29/02/2023", "31/04/2023", "32/01/2023",
        "février 2023", "1er février", "02/2023", "2023", "2023-02", "1 2 3", "12", "44927", "0612345678",
        "1/2-2023", "1/2/023", "1/2/20233", "12 monday 2021", "mardi 2021", "12 m 2021", "12 fevvrier 2021",
        "32 janvier 12", "10 h 2021", "2023-02-01 (reporté)", "du 01/02/2023 au 01/03/2023", "-2023-02-01",
        "9" * 5_000, "1/" * 5_000, "1 " + "mai" * 5_000,
    ],
)  # fmt: skip
def test_what_is_no_date_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="date"):
        parse_date(written)


def test_a_text_longer_than_any_date_is_not_looked_at() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_date("1er janvier 2023" + " " * 25)


@pytest.mark.parametrize("written", ["02/13/2023", "12/31/2023", "2023-13-02", "2023-31-12"])
def test_day_and_month_are_never_exchanged_to_save_a_date(written: str) -> None:
    with pytest.raises(ValueError, match="date"):
        parse_date(written)


@pytest.mark.parametrize(
    ("written", "year"), [("1/6/00", 2000), ("1/6/26", 2026), ("1/6/49", 2049), ("1/6/50", 1950), ("1 juin 99", 1999)]
)
def test_two_digits_of_a_year_lie_between_1950_and_2049(written: str, year: int) -> None:
    assert parse_date(written) == date(year, 6, 1)


@given(st.dates())
def test_iso_is_read_as_iso_for_every_day_there_is(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@given(st.dates(), st.sampled_from("/.-"), st.booleans())
def test_day_month_year_is_read_in_that_order(day: date, separator: str, padded: bool) -> None:  # noqa: FBT001
    parts = (f"{day.day:02}", f"{day.month:02}") if padded else (str(day.day), str(day.month))
    assert parse_date(separator.join((*parts, f"{day.year:04}"))) == day


@given(st.dates(), st.sampled_from((_MONTHS, _SHORT)))
def test_the_name_of_every_month_is_known(day: date, names: list[str]) -> None:
    assert parse_date(f"{day.day} {names[day.month - 1]} {day.year:04}") == day


@given(st.text(alphabet="0123456789/-. rétaminvjouslpcb:TZ+", max_size=45))
def test_any_text_is_a_date_or_a_value_error(text: str) -> None:
    try:
        assert isinstance(parse_date(text), date)
    except ValueError as error:
        # The message goes into reports and logs: it must not repeat what stood in the field.
        assert str(error) in {"not a date", "too long for a date"}  # noqa: PT017
