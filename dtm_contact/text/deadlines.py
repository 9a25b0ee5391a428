"""The day by which a text wants something done: a day that it names, or a time that it grants, in figures or words."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta

from dtm_contact.text.dates import DATE_IN_TEXT, day_to_come, parse_date
from dtm_contact.text.spoken import number_in_words

# A day without its year is one only where it is said to be the last: "depuis le 12 mai" and "né le 12 mai" are none.
_BY_DAY: Final = re.compile(
    r"\b(?:avant|pour|(?:d'ici|au plus tard|jusqu')(?: ?au?)?)(?: (?:le|ce))?"
    r"(?: (?:(?:lun|mar|mercre|jeu|vendre|same)di|dimanche))?"
    r" (?P<day>[0-9]{1,2}(?:er)? [a-z]{3,9}|[0-9]{1,2}/[0-9]{1,2})"
    r"(?! ?[0-9/.-]|[a-z])"
)
# What stands before a time that is granted, not one that has passed: "sous huit jours", "dans un délai de deux mois".
_DELAY: Final = re.compile(
    r"\b(?:sous|dans(?: un| le)? delai(?: maximum| maximal| imperatif)?(?: de| d')?|delai de|dans les|d'ici)"
    r" ?(?:(?P<number>[0-9]{1,3}|[a-z]+(?:[ -][a-z]+){0,3}?)(?: \([0-9]+\))?"
    r" (?P<unit>heures?|jours?|semaines?|mois)|(?:une |la )?(?P<days>huitaine|quinzaine))\b"
)
_DAYS: Final = {"huitaine": 8, "quinzaine": 15}
_FARTHEST: Final = timedelta(days=366)


def deadline(text: str, since: date) -> date | None:
    """Return the first day after `since`, within a year, that a folded text names or grants until; None without one.

    A letter names more days than one: its own, that of an inspection, that by which it wants an answer. The first that
    is still to come is the one that must not be missed.

    Args:
        text: folded, with single spaces.
        since: the day that it was received: what it grants counts from there.
    """
    days = [day for day in (*_named(text), *_by_day(text, since), *_granted(text, since)) if day > since]
    return min((day for day in days if day <= since + _FARTHEST), default=None)


def _named(text: str) -> Iterator[date]:
    for match in DATE_IN_TEXT.finditer(text):
        try:
            yield parse_date(match.group())
        except ValueError:
            continue


def _by_day(text: str, since: date) -> Iterator[date]:
    for match in _BY_DAY.finditer(text):
        day = day_to_come(match["day"], since)
        if day is not None:
            yield day


def _granted(text: str, since: date) -> Iterator[date]:
    for delay in _DELAY.finditer(text):
        number = _DAYS.get(delay["days"] or "") or _number(delay["number"])
        match (delay["unit"] or "jours").rstrip("s"):
            case _ if number is None:
                continue
            case "heure":
                yield since + timedelta(days=-(-number // 24))
            case "jour":
                yield since + timedelta(days=number)
            case "semaine":
                yield since + timedelta(weeks=number)
            case "moi":
                yield since + relativedelta(months=number)


def _number(written: str | None) -> int | None:
    """Return a number in figures or in words; None of other words, as of "sous ces jours"."""
    if written is None or written.isdecimal():
        return int(written) if written else None
    words = written.replace("-", " ").split()
    number, taken = number_in_words(words)
    return number if taken == len(words) else None
