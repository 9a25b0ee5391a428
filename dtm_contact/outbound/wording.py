"""Times as French letters write them."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from dtm_contact.hours import END_OF_DAY, Calendar, Span
from dtm_contact.labels.formats import LONG_DAYS, MONTHS


def moment(at: datetime, zone: ZoneInfo) -> str:
    """Return "mercredi 25 novembre à 13 h 30"."""
    local = at.astimezone(zone)
    return f"{day_in_words(at, zone)} à {_hour(local.hour, local.minute)}"


def day_in_words(at: datetime, zone: ZoneInfo) -> str:
    """Return "mercredi 25 novembre"."""
    local = at.astimezone(zone)
    day = "1er" if local.day == 1 else str(local.day)
    return f"{LONG_DAYS[local.weekday()]} {day} {MONTHS[local.month - 1]}"


def opening_hours(calendar: Calendar) -> str:
    """Return "du lundi au vendredi de 9 h à 17 h": runs of days that open alike, one after the other."""
    runs: list[tuple[int, int, tuple[Span, ...]]] = []
    for day, spans in enumerate(calendar.week):
        if runs and runs[-1][1] == day - 1 and runs[-1][2] == spans:
            runs[-1] = (runs[-1][0], day, spans)
        else:
            runs.append((day, day, spans))
    return " ; ".join(f"{_days(first, last)} {_spans(spans)}" for first, last, spans in runs if spans)


def _days(first: int, last: int) -> str:
    return f"le {LONG_DAYS[first]}" if first == last else f"du {LONG_DAYS[first]} au {LONG_DAYS[last]}"


def _spans(spans: tuple[Span, ...]) -> str:
    return " et ".join(f"de {_hour(start.hour, start.minute)} à {_end(end)}" for start, end in spans)


def _end(end: time) -> str:
    return "minuit" if end == END_OF_DAY else _hour(end.hour, end.minute)


def _hour(hour: int, minute: int) -> str:
    return f"{hour} h {minute:02}" if minute else f"{hour} h"
