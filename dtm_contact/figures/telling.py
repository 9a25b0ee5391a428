"""Figures, rates and periods as people of the offices read them."""

from typing import Final

from dtm_contact.figures.comparing import SMALLEST, Value
from dtm_contact.figures.definitions import Figure, Unit
from dtm_contact.figures.overview import Grain, Span

_HOUR: Final = 60
_DAY: Final = 24 * 60
_SHORT: Final = 10
"""Smaller numbers are told with what is behind the whole."""
_NBSP: Final = "\u00a0"
_MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def period_told(span: Span) -> str:
    """Return "semaine du 23 novembre 2026", "novembre 2026", "2026"."""
    first = span.first
    match span.grain:
        case Grain.WEEK:
            day = "1er" if first.day == 1 else str(first.day)
            return f"semaine du {day} {_MONTHS[first.month - 1]} {first.year}"
        case Grain.MONTH:
            return f"{_MONTHS[first.month - 1]} {first.year}"
        case _:
            return str(first.year)


def number_told(figure: Figure, number: float | None) -> str:
    """Return a figure in its unit: "1 234", "87 %", "3 h 10", "12 j"; "–" where there is none."""
    if number is None:
        return "–"
    match figure.unit:
        case Unit.PERCENT:
            return f"{number:.0f}{_NBSP}%"
        case Unit.BUSINESS_MINUTES:
            return _hours(number)
        case Unit.MINUTES:
            return f"{number / _DAY:.1f}{_NBSP}j".replace(".", ",") if number >= 2 * _DAY else _hours(number)
        case Unit.DAYS:
            return f"{number:.0f}{_NBSP}j"
        case _:
            return _decimal(number)


def _decimal(number: float) -> str:
    whole = number >= _SHORT or number == int(number)
    return (f"{number:,.0f}".replace(",", _NBSP)) if whole else f"{number:.1f}".replace(".", ",")


def _hours(minutes: float) -> str:
    """Return minutes as hours and minutes; an office's day has eight hours, so that days would mislead."""
    if minutes < 1:
        return f"moins d’1{_NBSP}min"
    whole = round(minutes)
    if whole < _HOUR:
        return f"{whole}{_NBSP}min"
    hours, rest = divmod(whole, _HOUR)
    return f"{hours}{_NBSP}h{_NBSP}{rest:02d}" if hours < _SHORT and rest else f"{round(minutes / _HOUR)}{_NBSP}h"


def rate_told(rate: float | None) -> str:
    """Return "12,3 ‰", per thousand dwellings."""
    return "–" if rate is None else f"{rate:.1f}{_NBSP}‰".replace(".", ",")


def value_told(figure: Figure, value: Value) -> str:
    """Return a figure, with its interval in brackets where it is a share or a duration, or that it rests on too few."""
    told = number_told(figure, value.number)
    if value.number is None or figure.unit in {Unit.NUMBER, Unit.DAYS} or value.low is None:
        return told
    if value.count < SMALLEST:
        return f"{told} (sur {value.count} : trop peu pour comparer)"
    return f"{told} ({number_told(figure, value.low)} à {number_told(figure, value.high)})"
