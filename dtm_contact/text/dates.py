"""Dates as people and exports write them in France; a text that could be read two ways is read one way or refused."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from dtm_contact.text.folding import fold

# Leases run back to the 1950s and are not dated beyond the 2040s, so two digits are read between 1950 and 2049.
_FIRST_TWO_DIGIT_YEAR = 1950

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "janvier janv jan",
            "fevrier fevr fev",
            "mars mar",
            "avril avr",
            "mai",
            "juin jun",
            "juillet juil jul",
            "aout aou",
            "septembre sept sep",
            "octobre oct",
            "novembre nov",
            "decembre dec",
        ),
        start=1,
    )
    for name in names.split()
}

_WRITTEN_OUT = "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
_LONGEST = 40
_TIME = r"(?:[t ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:z|[+-][0-9]{2}:?[0-9]{2})?)?"
_YEAR_FIRST = r"(?P<year>[0-9]{4})([-/.])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})" + _TIME
_YEAR_FIRST_BASIC = r"(?P<year>(?:19|20|21)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})"
_DAY_FIRST = r"(?P<day>[0-9]{1,2})([-/.])(?P<month>[0-9]{1,2})\2(?P<year>[0-9]{4}|[0-9]{2})" + _TIME
_WEEKDAY = r"(?:(?:(?:lun|mar|mercre|jeu|vendre|same)di|dimanche) )?"
_IN_WORDS = _WEEKDAY + (
    r"(?:le )?(?P<day>[0-9]{1,2})(?:er)?[ .-]?(?P<month>[a-z]{3,9})\.?[ -]?(?P<year>[0-9]{4}|[0-9]{2})"
)
_SHAPES = tuple(map(re.compile, (_YEAR_FIRST, _YEAR_FIRST_BASIC, _DAY_FIRST, _IN_WORDS)))
_SPACES = re.compile(r"\s+")
DATE_IN_TEXT: Final = re.compile(
    rf"\b(?:[0-9]{{1,2}}[/.-][0-9]{{1,2}}[/.-][0-9]{{4}}|[0-9]{{1,2}}(?:er)? (?:{_WRITTEN_OUT}) [0-9]{{4}})\b"
)
"""A date with its year, as it stands in a folded text; `parse_date` says whether there is such a day."""
_SPACES_BESIDE_SEPARATOR = re.compile(r"(?<=[0-9]) ?([-/.]) ?(?=[0-9])")


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) == len("2023"):
        return year
    return (year - _FIRST_TWO_DIGIT_YEAR) % 100 + _FIRST_TWO_DIGIT_YEAR


def _month(written: str) -> int:
    return int(written) if written.isdigit() else _MONTHS.get(written, 0)


@lru_cache(maxsize=16_384)
def _parse(text: str) -> date:
    plain = _SPACES_BESIDE_SEPARATOR.sub(r"\1", _SPACES.sub(" ", fold(text)).strip())
    for shape in _SHAPES:
        if written := shape.fullmatch(plain):
            return date(_year(written["year"]), _month(written["month"]), int(written["day"]))
    raise ValueError


def parse_date(text: str) -> date:
    """Return the day that `text` names.

    Read are, the first shape that fits: year, month, day as in ISO 8601 (2023-02-01, 2023/2/1, 20230201); day, month,
    year (01/02/2023, 1.2.23, 01-02-2023), both with or without a time of day, which is left out; and a French month's
    name between its day and its year ("1er janvier 2023", "12 févr. 21"). A year of two digits lies between 1950 and
    2049. The day stands before the month, and never is one taken for the other to save a date: 02/13/2023 is none.

    Args:
        text: a date alone; spaces around it and within it do not matter.

    Raises:
        ValueError: `text` is no date, or does not name all of day, month and year.
    """
    if len(text) > _LONGEST:
        raise ValueError("too long for a date")
    try:
        return _parse(text)
    except ValueError:
        raise ValueError("not a date") from None


def day_to_come(text: str, after: date) -> date | None:
    """Return the next day after another one that a day and a month name ("12 mai", "1er juin", "15/12"); None if none.

    Args:
        text: a day and its month alone, without a year.
        after: the day before the first that it can be.
    """
    separator = "/" if "/" in text else " "
    for year in (after.year, after.year + 1):
        try:
            day = parse_date(f"{text}{separator}{year}")
        except ValueError:
            continue
        if day > after:
            return day
    return None
