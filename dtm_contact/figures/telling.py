"""Figures, rates and periods as people of the offices read them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names, without_code
from dtm_contact.figures.cells import Division
from dtm_contact.figures.comparing import PER_DWELLINGS, SMALLEST, Gap, Value, drawn
from dtm_contact.figures.definitions import BY_ID, Figure, Unit
from dtm_contact.figures.overview import (
    MOST_STANDING_OUT,
    FigureSpan,
    Grain,
    OfficeStandsOut,
    Overview,
    PartStandsOut,
    Run,
)

_HOUR: Final = 60
_DAY: Final = 24 * 60
_SHORT: Final = 10
"""Smaller numbers are told with what is behind the whole."""
_NBSP: Final = "\u00a0"
_MONTHS: Final = (
    *("janvier", "février", "mars", "avril", "mai", "juin"),
    *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
)


def format_period(span: FigureSpan) -> str:
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


def format_number(figure: Figure, number: float | None) -> str:
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


def format_rate(rate: float | None) -> str:
    """Return a number per 1,000 dwellings: "12,3 ‰"; from 1,000 on "2,9 par logement"."""
    if rate is None:
        return "–"
    told = f"{rate / PER_DWELLINGS:.1f} par logement" if rate >= PER_DWELLINGS else f"{rate:.1f}{_NBSP}‰"
    return told.replace(".", ",")


def format_drawn(figure: Figure, value: Value) -> str:
    """Return a figure as it is drawn and compared: "12 % des dossiers ouverts", "3,1 ‰", or in its own unit."""
    found = drawn(figure, value)
    if found is None:
        return "–"
    told = format_drawn_number(figure, found[0])
    return f"{told} {figure.judged_as}" if figure.judged_as else told


def format_drawn_number(figure: Figure, number: float) -> str:
    """Return the number of it alone: "12 %", "3,1 ‰", or in its own unit."""
    if figure.judged_of:
        return f"{number:.0f}{_NBSP}%"
    return format_rate(number) if figure.is_rated else format_number(figure, number)


def format_value(figure: Figure, value: Value) -> str:
    """Return a figure, with its interval in brackets where it is a share or a duration, or that it rests on too few."""
    told = format_number(figure, value.number)
    if value.number is None or figure.unit in {Unit.NUMBER, Unit.DAYS} or value.low is None:
        return told
    if value.count < SMALLEST:
        return f"{told} (sur {value.count} : trop peu pour comparer)"
    return f"{told} ({format_number(figure, value.low)} à {format_number(figure, value.high)})"


def format_gap(figure: Figure, gap: Gap | None, directory: Directory) -> str:
    """Return how far the best and the worst office are apart, and whether that may be chance; "" without a gap."""
    if gap is None:
        return ""
    sides = ((gap.best, gap.best_number), (gap.worst, gap.worst_number))
    told = (f"{office_name(directory, office)} {format_drawn_number(figure, number)}" for office, number in sides)
    return ", ".join(told) + ("" if gap.is_sure else " (peut tenir au hasard)")


@dataclass(frozen=True, slots=True)
class OutlierDetail:
    """One figure by which an office stands out, in words."""

    words: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Outlier:
    """A place where service is worse, in words, with what shows it.

    Attributes:
        words: an office with since when and for whom it is worse, or a residence with how many cases on which topic.
        office, residence, topic: the place; "" where it is none of it.
        details: of an office, or of a residence that is worse served: each figure that shows it, the weightiest first.
    """

    words: str
    office: str = ""
    residence: str = ""
    topic: str = ""
    details: tuple[OutlierDetail, ...] = ()


def step_of(span: FigureSpan) -> Grain:
    """Return how long the periods are in which a figure's course is told: of a year, months."""
    return Grain.WEEK if span.grain is Grain.WEEK else Grain.MONTH


def office_name(directory: Directory, office_id: str) -> str:
    """Return what an office is called."""
    office = directory.offices.get(office_id)
    return office.name if office else office_id


def describe_outliers(overview: Overview, names: Names, directory: Directory) -> Iterator[Outlier]:
    """Yield what stands out in a period: offices, then residences, where service is worse; then unusual residences."""
    by_office: dict[str, list[OfficeStandsOut]] = {}
    for each in overview.offices_standing_out:
        by_office.setdefault(each.office, []).append(each)
    for office, found in by_office.items():
        # The weightiest figure says since when and for whom; another one says so itself only where it differs.
        since, affected = _since(found[0].run, overview.span), _affected(found[0], names, overview)
        said = [f"{office_name(directory, office)} : moins bon service que l’ensemble, {since}", affected]
        details = []
        for each in found:
            also = _since(each.run, overview.span), _affected(each, names, overview)
            apart = [mine for mine, whole in zip(also, (since, affected), strict=True) if mine != whole]
            details.append(_detail(each, apart))
        yield Outlier(" ; ".join(filter(None, said)), office=office, details=tuple(details))
    named = {part.name for found in by_office.values() for each in found for part in each.parts}
    alone = [each for each in overview.residences_standing_out if each.residence not in named]
    for served in alone[:MOST_STANDING_OUT]:
        detail = f"{served.figure.title} : {format_drawn(served.figure, served.mine)}"
        detail = f"{detail}, reste du bureau {format_drawn(served.figure, served.rest)}"
        words = f"{office_name(directory, served.office)} : {without_code(names.residence(served.residence))}, "
        words = f"{words}moins bon service que le reste du bureau, {_since(served.run, overview.span)}"
        yield Outlier(words, residence=served.residence, details=(OutlierDetail(detail, served.figure),))
    for unusual in overview.unusual[:MOST_STANDING_OUT]:
        residence = directory.residences.get(unusual.residence)
        words = (
            f"{office_name(directory, residence.office_id) if residence else '?'} : "
            f"{names.topics.get(unusual.topic, unusual.topic)}, {without_code(names.residence(unusual.residence))}, "
            f"{unusual.count} dossiers, ×{unusual.times:.0f} "
            f"(d’habitude {format_number(BY_ID['opened'], unusual.usual)})"
        )
        yield Outlier(words, residence=unusual.residence, topic=unusual.topic)


def _since(run: Run | None, span: FigureSpan) -> str:
    """Return since when a place is worse; "au moins depuis" where it may be for longer."""
    if run is None:
        return f"sur {format_period(span)} dans son ensemble (le dernier mois seul ne le montre pas)"
    told = format_period(FigureSpan(step_of(span), run.since))
    told = f"la {told}" if span.grain is Grain.WEEK else told
    return f"depuis {told}" if run.is_start else f"au moins depuis {told} (avant, rien de sûr)"


def describe_nothing(overview: Overview, outliers: Sequence[Outlier]) -> Iterator[str]:
    """Yield in words of what nothing stands out: of the offices, of the residences."""
    if not any(each.office for each in outliers):
        yield "Aucun bureau n’est moins bon que l’ensemble au-delà du hasard."
    if not any(each.residence for each in outliers):
        yield (
            "Rien d’inhabituel dans les résidences."
            if overview.has_usual
            else "Pas de période précédente : rien ne dit encore ce qui est habituel dans les résidences."
        )


def _affected(office: OfficeStandsOut, names: Names, overview: Overview) -> str:
    """Return for whom a figure is worse within an office, and since when: "surtout pour …", or all that is asked."""
    if office.parts:
        return f"surtout pour {' ; '.join(_part(each, office, names, overview.span) for each in office.parts)}"
    topics = "tous les motifs" if overview.place.topic is None else ""
    residences = "toutes les résidences" if overview.place.residence is None else ""
    everyone = " et ".join(filter(None, (topics, residences)))
    return f"pour {everyone}" if everyone else ""


def _part(part: PartStandsOut, office: OfficeStandsOut, names: Names, span: FigureSpan) -> str:
    """Return what a part is called, and since when it is worse than the rest where the office is not since then."""
    is_topic = part.part is Division.TOPIC
    told = names.topics.get(part.name, part.name).lower() if is_topic else without_code(names.residence(part.name))
    return f"{told}, {_since(part.run, span)}" if part.run is not None and part.run != office.run else told


def _detail(office: OfficeStandsOut, apart: Sequence[str]) -> OutlierDetail:
    """Return by which figure an office stands out; its interval stands on the figure's own page."""
    mine, whole = (format_drawn(office.figure, value) for value in (office.mine, office.whole))
    told = [f"{office.figure.title} : {mine}, ensemble {whole}", *apart]
    return OutlierDetail(" ; ".join(filter(None, told)), office.figure)
