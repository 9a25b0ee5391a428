"""Times as mail programs write them for people, above what they quote ("lundi 16 novembre 2026 10:12")."""

import re
from datetime import datetime
from typing import Final

from dtm_contact.normalize import fold
from dtm_contact.reading.times import PARIS, parse_time

_MONTHS: Final = {
    "jan": 1, "fev": 2, "feb": 2, "mar": 3, "avr": 4, "apr": 4, "mai": 5, "may": 5, "juin": 6, "jun": 6, "juil": 7,
    "jul": 7, "aou": 8, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_WORDED: Final = re.compile(r"\b(\d{1,2})(?:er)? ([a-z]{3,9})\.? (\d{4})\b")
_NUMBERED: Final = re.compile(r"\b(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})\b")
_CLOCK: Final = re.compile(r"\b(\d{1,2})\s?[:h]\s?(\d{2})\b")


def parse_spoken(text: str) -> datetime | None:
    """Return the time meant, in Paris time where no offset is given; None where it cannot be told."""
    folded = fold(text[:120])
    day = _day(folded)
    if day is None:
        return parse_time(text)
    clock = _CLOCK.search(folded)
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
    try:
        return datetime(*day, hour, minute, tzinfo=PARIS)
    except ValueError:
        return None


def _day(folded: str) -> tuple[int, int, int] | None:
    worded = _WORDED.search(folded)
    if worded:
        month = _MONTHS.get(worded[2][:4]) or _MONTHS.get(worded[2][:3])
        return (int(worded[3]), month, int(worded[1])) if month else None
    numbered = _NUMBERED.search(folded)
    if numbered:
        year = int(numbered[3])
        return (year + 2000 if year < 100 else year, int(numbered[2]), int(numbered[1]))  # noqa: PLR2004
    return None
