"""What the pages of figures share: what is asked, the columns of their tables, what stands around them, drawings."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, Final
from urllib.parse import urlencode

from dtm_contact.errors import NotFoundError
from dtm_contact.explain.names import without_code
from dtm_contact.figures import BY_ID, FIGURES, Figure
from dtm_contact.figures.comparing import Value, drawn
from dtm_contact.figures.definitions import Basis, FigureKind, Unit
from dtm_contact.figures.files import (
    TABLES,
)
from dtm_contact.figures.overview import FigureSpan, Grain, Overview, Place, latest_span
from dtm_contact.figures.telling import (
    Outlier,
    format_count,
    format_drawn,
    format_drawn_number,
    format_number,
    format_passed,
    format_period,
    format_rate,
    format_value,
    office_name,
    step_of,
)
from dtm_contact.web.drawing import Bar, Point
from dtm_contact.web.request_context import RequestContext

_FIRST_YEAR: Final = 2000
NO_OFFICE: Final = "Sans bureau connu"
FAULTY: Final = "mauvais"
"""What the field of a list says that shows of a share those cases alone by which it is worse."""
_TIMES: Final = frozenset({Unit.MINUTES, Unit.BUSINESS_MINUTES})
_ROUND_SHARES: Final = (10.0, 20.0, 50.0, 100.0)
_ROUND_MINUTES: Final = tuple(
    60.0 * hours
    for hours in (1 / 3, 1, 2, 4, 8, 12, 16, 24, 36, 48, *(24 * days for days in (4, 8, 16, 30, 60, 120, 240)))
)
_ROUND_NUMBERS: Final = tuple(float(first * 10**digits) for digits in range(8) for first in (2, 4, 6, 10))
"""Where the scale of a course ends: at the first of these that nothing exceeds."""


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """What a page of figures is query for: period and place.

    Attributes:
        span, place: the period, and which cases.
        today: the day that it is.
        since: the first day of a list of cases of several periods up to this one; None: of this one alone.
    """

    span: FigureSpan
    place: Place
    today: date
    since: date | None = None

    @classmethod
    def of(cls, context: RequestContext) -> "FigureQuery":
        """Return what a request asks; what it does not say, or says wrongly, is the latest month of all offices."""
        today = context.now.date()
        asked = context.text("p")
        grain = Grain(asked) if asked in set(Grain) else Grain.MONTH
        day = _day(context.text("le"), today)
        span = (
            latest_span(grain, today, context.app.figures.first_counted()) if day is None else FigureSpan.of(grain, day)
        )
        place = Place(*(context.text(name) or None for name in ("b", "r", "m")))
        since = _day(context.text("depuis"), today)
        return cls(span, place, today, since if since is not None and since < span.first else None)

    @property
    def steps_since(self) -> FigureSpan:
        """The first of the periods that are listed."""
        return FigureSpan.of(step_of(self.span), self.since or self.span.first)

    def link(self, **other: str) -> str:
        """Return the query of a page for the same, but for some fields; an empty one is left out."""
        place = self.place
        fields = {"p": self.span.grain.value, "le": self.span.first.isoformat()}
        fields |= {"b": place.office or "", "r": place.residence or "", "m": place.topic or ""}
        fields |= {"depuis": self.since.isoformat() if self.since else "", **other}
        return f"?{urlencode({name: value for name, value in fields.items() if value})}"


def _day(written: str, today: date) -> date | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= today.year + 1 else None


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the page: a place, its dwellings, its value of a figure, what leads to its cases, what it is held to.

    Attributes:
        label, homes: what it is called, and its dwellings; 0 where it has none.
        of: gives its value of a figure; None where it has none.
        place: the fields of a link to its cases; None where they cannot be listed.
        against: gives what ▲ compares it with; None where it is compared with nothing.
    """

    label: str
    homes: int
    of: Callable[[Figure], Value | None]
    place: Mapping[str, str] | None = None
    against: Callable[[Figure], Value] | None = None


def columns_of(context: RequestContext, query: FigureQuery, overview: Overview) -> Iterator[TableColumn]:
    """Yield all offices beside each; of one residence, that beside the others of its office, and beside all offices."""
    place = query.place
    if place.residence is not None:
        beside = overview.beside
        home = context.app.directory.residences.get(place.residence)
        mine, homes = partial(_of_residence, overview, place.residence), overview.dwellings_at(place.in_all_offices)
        yield TableColumn(residence_label(context, place.residence), homes, mine, {"b": ""}, overview.of_neighbours)
        if home is not None:
            of_office = overview.dwellings_at(Place(office=home.office_id))
            label = f"Autres résidences, {office_label(context, home.office_id)}"
            yield TableColumn(label, of_office - homes, overview.of_neighbours)
        yield TableColumn("Ensemble", overview.dwellings_at(Place()), beside.of_whole, {"b": "", "r": ""})
        return
    yield TableColumn("Ensemble", overview.dwellings_at(place.in_all_offices), overview.of_whole, {"b": ""})
    for office in overview.offices:
        homes = overview.dwellings_at(replace(place, office=office))
        of = partial(_of_office, overview, office)
        yield TableColumn(office_label(context, office), homes, of, {"b": office}, overview.of_offices)
    if any((rest := overview.of_no_office(figure)) and rest.count for figure in FIGURES):
        yield TableColumn(NO_OFFICE, 0, overview.of_no_office)


def _of_office(overview: Overview, office: str, figure: Figure) -> Value:
    return overview.of_office(figure, office)


def _of_residence(overview: Overview, residence: str, figure: Figure) -> Value:
    return overview.beside.of_residence(figure, residence)


def place_of(query: FigureQuery, outlier: Outlier) -> Place:
    """Return which cases something that stands out is told of."""
    office = None if outlier.residence else outlier.office or query.place.office
    return Place(office, outlier.residence or query.place.residence, outlier.topic or query.place.topic)


def bar_of(figure: Figure, label: str, value: Value, rate: Callable[[float | None], str], *, worse: bool) -> Bar:
    """Return the bar of a value; `rate` says it in words, and `worse` that it is clearly worse than the whole."""
    number, low, high = _charted(figure, value) or (None, None, None)
    told = format_drawn(figure, value) if figure.judged_of else format_value(figure, value)
    if value.rate is not None and not figure.judged_of:
        told = f"{told} ({rate(value.rate)})"
    return Bar(label, number, low, high, told, worse)


def is_plain_number(figure: Figure) -> bool:
    """Return whether a chart of a figure shows its number, though offices are compared by 1,000 dwellings."""
    return figure.is_rated and not figure.judged_of


def _charted(figure: Figure, value: Value) -> tuple[float, float | None, float | None] | None:
    """Return what a chart shows: what is compared, with its interval; of a plain number, that."""
    if not is_plain_number(figure):
        return drawn(figure, value)
    return None if value.number is None else (value.number, None, None)


def _charted_in_words(figure: Figure, number: float) -> str:
    return format_number(figure, number) if is_plain_number(figure) else format_drawn_number(figure, number)


def scale_of(figure: Figure, points: Iterable[Point]) -> tuple[Sequence[tuple[float, str]], tuple[float, str] | None]:
    """Return the lines of a course's scale, from 0 to a round number above all; and that of what is to be reached."""
    numbers = [each for point in points for each in (point.number, point.whole) if each is not None]
    most = max([figure.standard, *numbers])
    is_share, is_time = bool(figure.judged_of) or figure.unit is Unit.PERCENT, figure.unit in _TIMES
    rounds = _ROUND_SHARES if is_share else _ROUND_MINUTES if is_time else _ROUND_NUMBERS
    top = next((each for each in rounds if each >= most), most)
    scale = [(number, _charted_in_words(figure, number)) for number in (top / 2, top)]
    standard = (figure.standard, f"dû : {_charted_in_words(figure, figure.standard)}") if figure.standard else None
    return [(0.0, "0"), *scale], standard


def point_of(figure: Figure, first: date, query: FigureQuery, mine: Value, of_all: Value) -> Point:
    """Return the point of a course: the value of a period that begins on a day, beside that of all offices."""

    def number(value: Value) -> float | None:
        return found[0] if (found := _charted(figure, value)) else None

    label = f"{first:%d/%m}" if step_of(query.span) is Grain.WEEK else f"{first:%m/%y}"
    # How many there are of all would dwarf those of one place, and says nothing of it.
    is_beside = bool(query.place.office or query.place.residence) and not is_plain_number(figure)
    return Point(label, number(mine), number(of_all) if is_beside else None)


def figure_asked(context: RequestContext) -> Figure:
    """Return the figure that a request names.

    Raises:
        NotFoundError: there is none of that id.
    """
    found = BY_ID.get(context.text("c"))
    if found is None:
        raise NotFoundError("figure")
    return found


def overview_of(context: RequestContext, query: FigureQuery) -> Overview:
    """Return all figures of the period and place that a page is about."""
    return context.app.figures.overview(context.app.directory, query.span, query.place, query.today)


def place_words(context: RequestContext, place: Place) -> Iterator[str]:
    """Yield what a place is called: office, residence, topic, as far as it says them."""
    if place.office:
        yield office_label(context, place.office)
    if place.residence:
        yield residence_label(context, place.residence)
    if place.topic:
        yield context.app.names.topics.get(place.topic, place.topic)


def audited(query: FigureQuery) -> dict[str, str]:
    """Return what the trail is told of a look at figures."""
    place = query.place
    told = {"period": f"{query.span.grain.value} {query.span.first}", "office": place.office}
    told |= {"residence": place.residence, "topic": place.topic}
    return {name: value for name, value in told.items() if value}


def office_label(context: RequestContext, office_id: str) -> str:
    """Return what an office is called."""
    return office_name(context.app.directory, office_id)


def residence_label(context: RequestContext, residence_id: str) -> str:
    """Return what a residence is called, without its code."""
    return without_code(context.app.names.residence(residence_id))


def page_frame(context: RequestContext, query: FigureQuery) -> Mapping[str, Any]:
    """Return what every page of figures shows around what it is about."""
    in_force = context.app.in_force()
    records, residences = in_force.directory.records, in_force.directory.residences
    return {
        "query": query,
        "grains": {Grain.WEEK: "Semaine", Grain.MONTH: "Mois", Grain.YEAR: "Année"},
        "period": format_period(query.span),
        "passed": format_passed(query.span, query.today),
        "before": query.link(le=query.span.before.first.isoformat()),
        "after": query.link(le=query.span.after.first.isoformat()) if query.span.after.first <= query.today else "",
        "all_offices": sorted((each.office_id, each.name) for each in records.offices),
        "all_residences": sorted(((it, residence_label(context, it)) for it in residences), key=itemgetter(1)),
        "all_topics": sorted(
            ((code, topic.label) for code, topic in in_force.rules.reader.topics.items()), key=itemgetter(1)
        ),
        "counted_at": (counted_at := context.app.figures.counted_at()),
        "next_count": counted_at and counted_at + timedelta(minutes=context.app.settings.figures.minutes),
        "tables": TABLES,
        "formatted": format_value,
        "count": format_count,
        "rate": format_rate,
        "drawn": format_drawn,
        "has_cases": lambda figure: figure.basis is not Basis.COUNTED_ONLY,
        "FigureKind": FigureKind,
        "Unit": Unit,
        "only_faulty": False,
        "faulty_field": FAULTY,
    }
