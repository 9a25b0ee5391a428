"""Times as mail programs write them for people, above what they quote ("lundi 16 novembre 2026 10:12")."""

import re
from datetime import datetime
from typing import Final

from dtm_contact.reading.times import PARIS, parse_time
from dtm_contact.text import fold

_MONTHS: Final = {
    "jan": 1, "fev": 2, "feb": 2, "mar": 3, "avr": 4, "apr": 4, "mai": 5, "may": 5, "juin": 6, "jun": 6, "juil": 7,
    "jul": 7, "aou": 8, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_OFFSET: Final = re.compile(r"[+-]\d{4}\b|\bGMT$")
_WORDED: Final = re.compile(
    r"\b(?P<day>\d{1,2})(?:er)?\.? (?:de )?(?P<month>[a-z]{3,9})\.?,? (?:de )?(?P<year>\d{4})\b"
)
_MONTH_FIRST: Final = re.compile(r"\b(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2}), (?P<year>\d{4})\b")
_NUMBERED: Final = re.compile(r"\b(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[/.](?P<year>\d{4}|\d{2})\b")
_ISO: Final = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")
_CLOCK: Final = re.compile(r"\b(\d{1,2})\s?[:h]\s?(\d{2})(?::\d{2})?(?:\s?([ap])\.?m)?")


def parse_spoken(text: str) -> datetime | None:
    """Return the time meant, in Paris time where no offset is given; None where it cannot be told."""
    stamped = parse_time(text) if _OFFSET.search(text[:120]) else None
    if stamped is not None:
        return stamped
    folded = fold(text[:120])
    for known in (_WORDED, _MONTH_FIRST, _ISO, _NUMBERED):
        day = known.search(folded)
        if day:
            return _at(day, _CLOCK.search(folded, day.end()) or _CLOCK.search(folded))
    return parse_time(text)


def _at(day: re.Match[str], clock: re.Match[str] | None) -> datetime | None:
    month = day["month"]
    number = int(month) if month.isdigit() else _MONTHS.get(month[:4]) or _MONTHS.get(month[:3]) or 0
    year = int(day["year"]) + (2000 if len(day["year"]) == 2 else 0)  # noqa: PLR2004
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
    if clock and clock[3]:
        hour = hour % 12 + (12 if clock[3] == "p" else 0)
    try:
        return datetime(year, number, int(day["day"]), hour, minute, tzinfo=PARIS)
    except ValueError:
        return None
