"""Figures, rates and periods as people of the offices read them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names, without_code
from dtm_contact.figures.comparing import SMALLEST, Value
from dtm_contact.figures.definitions import BY_ID, Figure, Unit
from dtm_contact.figures.overview import FigureSpan, Grain, Overview

_HOUR: Final = 60
_DAY: Final = 24 * 60
_SHORT: Final = 10
"""Smaller numbers are told with what is behind the whole."""
_NBSP: Final = "\u00a0"
_MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def period_told(span: FigureSpan) -> str:
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


@dataclass(frozen=True, slots=True)
class Outlier:
    """Something that stands out, in words, with what shows it: a figure of an office, or the cases of a residence."""

    words: str
    figure: Figure
    office: str = ""
    residence: str = ""
    topic: str = ""


def step_of(span: FigureSpan) -> Grain:
    """Return how long the periods are in which a figure's course is told: of a year, months."""
    return Grain.WEEK if span.grain is Grain.WEEK else Grain.MONTH


def office_told(directory: Directory, office_id: str) -> str:
    """Return what an office is called."""
    office = directory.offices.get(office_id)
    return office.name if office else office_id


def findings_told(overview: Overview, names: Names, directory: Directory) -> Iterator[Outlier]:
    """Yield what stands out in a period: where service is worse, since when, and where it is worst."""
    for each in overview.offices_standing_out():
        where = [names.topics.get(each.topic, each.topic)] if each.topic else []
        where += [without_code(names.residence(each.residence))] if each.residence else []
        words = (
            f"{office_told(directory, each.office)} : {each.figure.title.lower()} "
            f"{value_told(each.figure, each.mine)}, ensemble {value_told(each.figure, each.whole)} ; depuis "
            f"{period_told(FigureSpan(step_of(overview.span), each.since))}"
        )
        yield Outlier(words + (f" ; le plus : {', '.join(where)}" if where else ""), each.figure, office=each.office)
    for found in overview.unusual():
        residence = directory.residences.get(found.residence)
        words = (
            f"{office_told(directory, residence.office_id) if residence else '?'} : "
            f"{names.topics.get(found.topic, found.topic)}, {without_code(names.residence(found.residence))}, "
            f"{found.count} dossiers, ×{found.times:.0f} (d’habitude {number_told(BY_ID['opened'], found.usual)})"
        )
        yield Outlier(words, BY_ID["opened"], residence=found.residence, topic=found.topic)
