"""The day by which a letter wants something done, as its text says it."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from dtm_contact.text import parse_date

_MONTHS = "janvier|fevrier|mars|avril|mai|juin|juillet|aout|septembre|octobre|novembre|decembre"
_DATE = re.compile(
    rf"\b(?:[0-9]{{1,2}}[/.-][0-9]{{1,2}}[/.-][0-9]{{4}}|[0-9]{{1,2}}(?:er)? (?:{_MONTHS}) [0-9]{{4}})\b"
)
# What stands before a time that is granted, not one that has passed: "sous huit jours", "dans un délai de deux mois".
_DELAY = re.compile(
    r"\b(?:sous|dans(?: un| le)? delai(?: maximum| maximal| imperatif)?(?: de| d')?|delai de|dans les)"
    r" ?(?P<number>[0-9]{1,3}|un|une|deux|trois|quatre|six|huit|dix|quinze|trente)(?: \([0-9]+\))?"
    r" (?P<unit>heures?|jours?|semaines?|mois)\b"
)
_NUMBERS = {
    "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "six": 6, "huit": 8, "dix": 10, "quinze": 15, "trente": 30,
}  # fmt: skip
_FARTHEST = timedelta(days=366)


def stated_day(text: str, today: date) -> date | None:
    """Return the first day after today, within a year, that a folded text names or grants until; None without one.

    A letter names more days than one: its own, that of an inspection, that by which it wants an answer. The first that
    is still to come is the one that must not be missed.
    """
    days = [day for day in (*_named(text), *_granted(text, today)) if today < day <= today + _FARTHEST]
    return min(days, default=None)


def _named(text: str) -> Iterator[date]:
    for found in _DATE.finditer(text):
        try:
            yield parse_date(found.group())
        except ValueError:
            continue


def _granted(text: str, today: date) -> Iterator[date]:
    for found in _DELAY.finditer(text):
        written, unit = found["number"], found["unit"]
        number = _NUMBERS.get(written) or int(written)
        match unit.rstrip("s"):
            case "heure":
                yield today + timedelta(days=-(-number // 24))
            case "jour":
                yield today + timedelta(days=number)
            case "semaine":
                yield today + timedelta(weeks=number)
            case "moi":
                yield today + relativedelta(months=number)
