"""Opening hours as French letters write them."""

from datetime import time

from dtm_contact.hours import END_OF_DAY, Calendar, Span
from dtm_contact.labels.formats import LONG_DAYS, hour_in_words


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
    return " et ".join(f"de {hour_in_words(start.hour, start.minute)} à {_end(end)}" for start, end in spans)


def _end(end: time) -> str:
    return "minuit" if end == END_OF_DAY else hour_in_words(end.hour, end.minute)
