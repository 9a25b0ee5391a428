"""The figures of the work: what stands out, each figure by office, residence and topic, and the cases behind it."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from dtm_contact.access import Right, digest_of
from dtm_contact.errors import NotFoundError
from dtm_contact.explain.names import without_code
from dtm_contact.figures import BY_ID, FIGURES, GROUPS, Figure
from dtm_contact.figures.cells import NOTHING, Sums, added
from dtm_contact.figures.comparing import RULES, UNUSUAL, Value, drawn, gap_of, is_worse, judged, value_of
from dtm_contact.figures.definitions import Basis, FigureKind, Unit
from dtm_contact.figures.files import (
    CASE_COLUMNS,
    TABLES,
    USUAL_COLUMNS,
    as_csv,
    as_json,
    as_rows,
    case_table_columns,
    cases_as_rows,
)
from dtm_contact.figures.findings import FindingPeriod
from dtm_contact.figures.keeping import grounds_of
from dtm_contact.figures.listing import CaseList, CountedCase, cases_behind
from dtm_contact.figures.overview import FigureSpan, Grain, Overview, Place, latest_span
from dtm_contact.figures.report import report_text
from dtm_contact.figures.scanning import SMALLEST
from dtm_contact.figures.sheet import meeting_sheet
from dtm_contact.figures.telling import (
    Outlier,
    describe_nothing,
    describe_outliers,
    format_count,
    format_drawn,
    format_drawn_number,
    format_gap,
    format_hours,
    format_number,
    format_passed,
    format_period,
    format_rate,
    format_unusual,
    format_value,
    office_name,
    rates_in_one_unit,
    step_of,
)
from dtm_contact.labels.cases import STATES
from dtm_contact.model import Channel
from dtm_contact.web.drawing import Bar, Point, bars, course, heat_map
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_SHOWN_CASES: Final = 100
_SECONDS_LOOKED: Final = 0.09
"""How long a page looks for them: where so many are not found by then, it goes on with the next page."""
_MOST_EXPORTED: Final = 50_000
_MOST_DIGITS: Final = 16
_LONGEST_NAME: Final = 100
_MINUTES_OF_A_DAY: Final = 24 * 60
_RESIDENCES_DRAWN: Final = 24
_TOPICS_DRAWN: Final = 12
_BOARD_SECONDS: Final = 10.0
_FIRST_YEAR: Final = 2000
_MOST_PLACES: Final = 60
_NO_OFFICE: Final = "Sans bureau connu"
_LEAST_DUE: Final = 5
"""Of fewer cases due, a map shows no share."""
_LATE: Final = "retard"
"""What the field of a map says that shows shares."""
_FAULTY: Final = "mauvais"
"""What the field of a list says that shows of a share those cases alone by which it is worse."""
_TIMES: Final = frozenset({Unit.MINUTES, Unit.BUSINESS_MINUTES})
_ROUND_SHARES: Final = (10.0, 20.0, 50.0, 100.0)
_ROUND_MINUTES: Final = tuple(
    60.0 * hours
    for hours in (1 / 3, 1, 2, 4, 8, 12, 16, 24, 36, 48, *(24 * days for days in (4, 8, 16, 30, 60, 120, 240)))
)
_ROUND_NUMBERS: Final = tuple(float(first * 10**digits) for digits in range(8) for first in (2, 4, 6, 10))
"""Where the scale of a course ends: at the first of these that nothing exceeds."""
_FILES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


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


@page("/chiffres", Right.FIGURES)
def figures(context: RequestContext) -> Mapping[str, Any]:
    """Show what stands out, and all figures of each office beside the whole."""
    query = FigureQuery.of(context)
    context.audit("read", "chiffres", **_audited(query))
    overview = _overview(context, query)
    outliers = list(describe_outliers(overview, context.app.names, context.app.directory))
    return {
        **_around(context, query),
        "columns": (columns := list(_columns(context, query, overview))),
        "groups": [(GROUPS[group][0], list(_rows(context, query, group, columns, overview))) for group in GROUPS],
        "balance": list(_balance(overview)) if query.place.residence is None else [],
        "balance_of": [_office(context, each) for each in overview.offices],
        "hours_a_day": _hours_a_day(context, query),
        "due_times": _due_times(context, query),
        "compared": _compared_with(context, query),
        "standing_out": [
            (title, shown) for title, found in _by_question(outliers) if (shown := list(_standing_out(found, query)))
        ],
        "nothing": list(describe_nothing(overview)),
        "rules": RULES,
    }


@dataclass(frozen=True, slots=True)
class _BalanceLine:
    """A term of the balance of open cases: its sign, its words, the figure that it is, and its number of each place."""

    sign: str
    title: str
    figure: str
    numbers: Sequence[int]


_TERMS: Final = (
    ("", "En cours au début", ""),
    *(("+", BY_ID[name].title, name) for name in ("opened", "reopened", "handed_in")),
    *(("−", BY_ID[name].title, name) for name in ("closed", "merged", "handed_away")),
    ("=", BY_ID["open"].title, "open"),
)


def _balance(overview: Overview) -> Iterator[_BalanceLine]:
    """Yield from how many cases to how many the period went, of all offices and of each."""
    before = overview.previous

    def of_places(made: Overview) -> list[Sums]:
        return [made.whole, *(made.by_office.get(office, NOTHING) for office in made.offices)]

    started, counted = ([each["open"] for each in of_places(before)], of_places(overview))
    rest = list(started)
    for sign, title, name in _TERMS:
        numbers = [each[name] for each in counted] if name else started
        if sign == "=":
            gaps = [number - expected for number, expected in zip(numbers, rest, strict=True)]
            if any(gaps):
                # Days that were counted at different times, of which one was erased or corrected since.
                yield _BalanceLine("±", "Corrigé ou effacé entre deux comptages", "", gaps)
        elif name:
            step = 1 if sign == "+" else -1
            rest = [each + step * number for each, number in zip(rest, numbers, strict=True)]
        yield _BalanceLine(sign, title, name, numbers)


@dataclass(frozen=True, slots=True)
class _TableColumn:
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


@dataclass(frozen=True, slots=True)
class _Row:
    """A figure: of each column its value, the link to its cases ("" for none), whether it is worse; and the gap.

    `rate` tells its rates, all in one unit.
    """

    figure: Figure
    cells: Sequence[tuple[Value | None, str, bool]]
    gap: str
    rate: Callable[[float | None], str]


def _columns(context: RequestContext, query: FigureQuery, overview: Overview) -> Iterator[_TableColumn]:
    """Yield all offices beside each; of one residence, that beside the others of its office, and beside all offices."""
    place = query.place
    if place.residence is not None:
        beside = overview.beside
        home = context.app.directory.residences.get(place.residence)
        mine, homes = partial(_of_residence, overview, place.residence), overview.dwellings_at(place.in_all_offices)
        yield _TableColumn(_residence(context, place.residence), homes, mine, {"b": ""}, overview.of_neighbours)
        if home is not None:
            of_office = overview.dwellings_at(Place(office=home.office_id))
            label = f"Autres résidences, {_office(context, home.office_id)}"
            yield _TableColumn(label, of_office - homes, overview.of_neighbours)
        yield _TableColumn("Ensemble", overview.dwellings_at(Place()), beside.of_whole, {"b": "", "r": ""})
        return
    yield _TableColumn("Ensemble", overview.dwellings_at(place.in_all_offices), overview.of_whole, {"b": ""})
    for office in overview.offices:
        homes = overview.dwellings_at(replace(place, office=office))
        of = partial(_of_office, overview, office)
        yield _TableColumn(_office(context, office), homes, of, {"b": office}, overview.of_offices)
    if any((rest := overview.of_no_office(figure)) and rest.count for figure in FIGURES):
        yield _TableColumn(_NO_OFFICE, 0, overview.of_no_office)


def _of_office(overview: Overview, office: str, figure: Figure) -> Value:
    return overview.of_office(figure, office)


def _of_residence(overview: Overview, residence: str, figure: Figure) -> Value:
    return overview.beside.of_residence(figure, residence)


def _rows(
    context: RequestContext, query: FigureQuery, group: str, columns: Sequence[_TableColumn], overview: Overview
) -> Iterator[_Row]:
    for figure in FIGURES:
        if figure.group != group:
            continue
        cells, values, against = [], {}, dict[Callable[[Figure], Value], Value]()
        for column in columns:
            value = column.of(figure)
            link = "" if column.place is None else query.link(c=figure.id, **column.place)
            worse = False
            if value is not None and column.against is not None:
                if column.against not in against:
                    against[column.against] = column.against(figure)
                worse = is_worse(figure, value, against[column.against])
            cells.append((value, link, worse))
            if value is not None and column.place and column.place.get("b"):
                values[column.place["b"]] = value
        gap = format_gap(figure, gap_of(figure, values), context.app.directory)
        rate = rates_in_one_unit(value.rate for value, _, _ in cells if value is not None)
        yield _Row(figure, cells, gap or _not_compared(overview, figure), rate)


def _hours_a_day(context: RequestContext, query: FigureQuery) -> str:
    """Return how long an office is open on a day that it is; the chosen one, or the reception."""
    desks = context.app.in_force().rules.desks
    week = (desks.of_office(query.place.office) if query.place.office else desks.reception).calendar.week
    # A day that is open until midnight ends at 00:00.
    spans = [sum((_minutes(end) or _MINUTES_OF_A_DAY) - _minutes(start) for start, end in day) for day in week if day]
    return format_hours(sum(spans) / len(spans))


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _due_times(context: RequestContext, query: FigureQuery) -> str:
    """Return how soon a first answer is due, by priority, at the chosen office or the reception."""
    desks = context.app.in_force().rules.desks
    queue = desks.of_office(query.place.office) if query.place.office else desks.reception
    told = []
    for priority, due in sorted(queue.due.items()):
        minutes = due.amount / timedelta(minutes=1)
        unit = " ouvrées" if due.business else ""
        told.append(f"{priority} {f'{due.months} mois' if due.months else format_hours(minutes) + unit}")
    return ", ".join(told)


def _not_compared(overview: Overview, figure: Figure) -> str:
    """Return why no offices are compared by a share that they could be compared by; "" where they could not."""
    if not figure.judged_of or overview.is_placed(figure):
        return ""
    part = f"{100 * overview.unplaced_part(figure):.0f} %"
    return f"pas comparé : {part} de ce dont c’est une part est sans bureau connu"


def _compared_with(context: RequestContext, query: FigureQuery) -> str:
    """Return in words what the page compares with what."""
    topic = f", pour {context.app.names.topics.get(query.place.topic, query.place.topic)}" if query.place.topic else ""
    if query.place.residence is not None:
        home = context.app.directory.residences.get(query.place.residence)
        office = f" ({_office(context, home.office_id)})" if home else ""
        return (
            f"{_residence(context, query.place.residence)}{topic} : comparée aux autres résidences de son "
            f"bureau{office}, et à elle-même avant."
        )
    if query.place.office is not None:
        return f"{_office(context, query.place.office)}{topic} : comparé aux autres bureaux, et à lui-même avant."
    return f"Chaque bureau{topic} : comparé aux autres bureaux ; tous ensemble : à eux-mêmes avant."


def _by_question(outliers: Sequence[Outlier]) -> Iterator[tuple[str, list[Outlier]]]:
    """Yield what stands out by the question that it answers: where service is worse than elsewhere comes first."""
    told = [each for each in outliers if each.details]
    yield "Moins bon qu’ailleurs", [each for each in told if each.is_elsewhere]
    yield "Moins bon qu’avant, ou que ce qui est dû", [each for each in told if not each.is_elsewhere]
    yield "Plus de dossiers que d’habitude, ou qu’ailleurs", [each for each in outliers if not each.details]


@dataclass(frozen=True, slots=True)
class _StandingOut:
    """What stands out in words, the page that shows it, each figure that does with its own page, and its note.

    Of several residences told at once, `alike` has each; `link` is then of all of them.
    """

    words: str
    link: str
    details: Sequence[tuple[str, str]]
    note: str = ""
    alike: "Sequence[_StandingOut]" = ()


def _standing_out(outliers: Iterable[Outlier], query: FigureQuery) -> Iterator[_StandingOut]:
    for each in outliers:
        if each.alike:
            shown = each.details[0].figure if each.details else None
            link = f"detail{query.link(c=shown.id)}" if shown else f"carte{query.link()}"
            alike = tuple(_standing_out(each.alike, query))
            yield _StandingOut(each.words, f"/chiffres/{link}", (), shown.note if shown else "", alike)
        elif each.details:
            where = {"r": each.residence} if each.residence else {"b": each.office or query.place.office or ""}
            where |= {"m": each.topic} if each.topic else {}
            (_, first), *details = [
                (detail.words, f"/chiffres/detail{query.link(c=detail.figure.id, **where)}") for detail in each.details
            ]
            yield _StandingOut(each.words, first, details, each.details[0].figure.note)
        else:
            place = {"r": each.residence, "m": each.topic}
            if each.period is not None:
                # All that the sentence counts, and not the last of its months alone.
                place |= _from_to(each.period, query)
            yield _StandingOut(each.words, f"/chiffres/dossiers{query.link(c='opened', **place)}", ())


def _from_to(period: FindingPeriod, query: FigureQuery) -> dict[str, str]:
    """Return the fields of a link to the cases of some periods in a row."""
    step = step_of(query.span)
    latest = FigureSpan.of(step, min(query.span.last, query.today))
    last = FigureSpan(step, period.last) if period.last is not None else latest
    return {"p": step.value, "le": last.first.isoformat(), "depuis": period.first.isoformat()}


@page("/chiffres/fiche", Right.FIGURES)
def figures_sheet(context: RequestContext) -> Mapping[str, Any]:
    """Show one page for a meeting, to be printed: what stands out and is to be decided, gaps, trend."""
    query = FigureQuery.of(context)
    context.audit("read", "chiffres", table="fiche", **_audited(query))
    overview = _overview(context, query)
    sheet = meeting_sheet(overview, context.app.names, context.app.directory)
    worst = _drawn_on_sheet(context, query, sheet.outliers)
    place = query.place
    chosen = _residence(context, place.residence) if place.residence else ""
    drawn_of, line = _line_of(context, query, worst) if worst else ("", "")
    return {
        **_around(context, query),
        "sheet": sheet,
        "drawn_of": drawn_of,
        "drawn_figure": worst.details[0].figure if worst else None,
        "line": line,
        "previous": format_period(query.span.before),
        "chosen": chosen or (_office(context, place.office) if place.office else ""),
        "looked_at": " ; ".join(_looked_at(context, query.place)),
    }


@page("/chiffres/rapport", Right.FIGURES)
def figures_report(context: RequestContext) -> Mapping[str, Any]:
    """Show the report of a month as it goes out by mail: of all offices, whatever else is asked for."""
    asked = FigureQuery.of(context)
    query = replace(asked, span=FigureSpan.of(Grain.MONTH, asked.span.first), place=Place(), since=None)
    context.audit("read", "chiffres", table="rapport", **_audited(query))
    app = context.app
    return {
        **_around(context, query),
        "text": report_text(_overview(context, query), app.names, app.directory),
        "receivers": len(app.settings.figures.report_to),
    }


def _drawn_on_sheet(context: RequestContext, query: FigureQuery, found: Sequence[Outlier]) -> Outlier | None:
    """Return the first that stands out of which there is enough to draw; where none has enough, the first."""
    told = [each for each in found if each.details]
    for each in told:
        shown = replace(query, place=_place_of(query, each))
        if judged(each.details[0].figure, _overview(context, shown).of_chosen(each.details[0].figure)) is not None:
            return each
    return next(iter(told), None)


def _place_of(query: FigureQuery, found: Outlier) -> Place:
    office = None if found.residence else found.office or query.place.office
    return Place(office, found.residence or query.place.residence, found.topic or query.place.topic)


def _line_of(context: RequestContext, query: FigureQuery, found: Outlier) -> tuple[str, str]:
    """Return of whom the first that stands out is drawn, and the drawing."""
    figure = found.details[0].figure
    place = _place_of(query, found)
    shown = replace(query, place=place)
    who = " ; ".join(_looked_at(context, place)) or "tous les bureaux"
    points = [
        _point(figure, first, shown, mine, whole) for first, mine, whole in _overview(context, shown).course(figure)
    ]
    return who, course(
        f"{figure.title}, dans le temps : {who}",
        f"Trait plein et points : {who} ; tirets et croix : tous les bureaux.",
        points,
        *_scaled(figure, points),
    )


@page("/chiffres/detail", Right.FIGURES)
def figure(context: RequestContext) -> Mapping[str, Any]:
    """Show one figure: by office, over time, by residence and by topic."""
    query, figure = FigureQuery.of(context), _figure(context)
    context.audit("read", "chiffres", figure=figure.id, **_audited(query))
    overview = _overview(context, query)
    whole, is_one = overview.of_whole(figure), query.place.residence is not None
    place = query.place
    chosen = _residence(context, place.residence) if place.residence else ""
    chosen = chosen or (_office(context, place.office) if place.office else "")
    compared = overview.of_neighbours(figure) if is_one else overview.of_offices(figure)
    columns = [
        (column, value, column.against is not None and is_worse(figure, value, compared))
        for column in _columns(context, query, overview)
        if (value := column.of(figure)) is not None and (column.label != _NO_OFFICE or value.count)
    ]
    steps = overview.course(figure)
    names = context.app.names
    # What was handed to an office from elsewhere is a case or two of each residence there is.
    near, far = _near(context, query, overview)
    by_residence = _places(
        overview.of_residence,
        figure,
        near,
        lambda name: _residence(context, name) if name else "Sans résidence connue",
    )
    by_topic = _places(
        overview.of_topic, figure, overview.by_topic, lambda topic: names.topics.get(topic, topic) or "Sans motif"
    )
    points = [_point(figure, first, query, mine, of_all) for first, mine, of_all in steps]
    in_time = [value for _, *values in steps for value in values]
    in_places = [value for _, _, value in (*by_residence, *by_topic)]
    told = [whole, *(value for _, value, _ in columns), *in_places, *in_time]
    rate = rates_in_one_unit(value.rate for value in told)
    return {
        **_around(context, query),
        "rate": rate,
        "figure": figure,
        "whole": overview.beside.of_whole(figure) if is_one else whole,
        "chosen": chosen,
        "mine": overview.of_chosen(figure),
        "offices": [] if is_one else [_office(context, each) for each in overview.offices],
        "course_by_office": []
        if is_one
        else [
            (format_period(FigureSpan(step_of(query.span), first)), list(values.values()))
            for first, values in overview.course_by_office(figure)
        ],
        "columns": [
            (column.label, value, "" if column.place is None else query.link(c=figure.id, **column.place), worse)
            for column, value, worse in columns
        ],
        "is_one": is_one,
        "by_residence": by_residence,
        "elsewhere": (len(far), value_of(figure, added(overview.by_residence[each] for each in far))),
        "by_topic": by_topic,
        "most_places": _MOST_PLACES,
        "course": [
            (format_period(FigureSpan(step_of(query.span), first)), mine, of_all) for first, mine, of_all in steps
        ],
        "bars": bars(
            f"{figure.title}, {'à côté des autres résidences' if is_one else 'par bureau'}",
            "Une barre par place, et le trait entre les deux bornes où elle se trouve presque sûrement ; la ligne "
            f"tiretée est {'les autres résidences du bureau' if is_one else 'l’ensemble des bureaux'}, ▲ dit : "
            "nettement moins bon.",
            [
                _bar(figure, column.label, value, rate, worse=worse)
                for column, value, worse in columns
                if column.against is not None or is_one
            ],
            line[0] if not _is_plain_number(figure) and (line := drawn(figure, compared)) else None,
        ),
        "line": course(
            f"{figure.title}, dans le temps",
            f"Trait plein et points : {chosen} ; tirets et croix : tous les bureaux."
            if chosen
            else "Tous les bureaux.",
            points,
            *_scaled(figure, points),
        ),
        "rules": RULES[:2],
    }


def _near(context: RequestContext, query: FigureQuery, overview: Overview) -> tuple[list[str], list[str]]:
    """Return the residences of the office that is asked for, with what has none, and those of other offices.

    The agency has none of its own: all that it has is of others.
    """
    homes, office = context.app.directory.residences, query.place.office
    if not any(home.office_id == office for home in homes.values()):
        return list(overview.by_residence), []
    far = [
        each
        for each in overview.by_residence
        if query.place.residence is None and each in homes and homes[each].office_id != office
    ]
    return [each for each in overview.by_residence if each not in far], far


def _places(of: Any, figure: Figure, names: Iterable[str], called: Any) -> list[tuple[str, str, Value]]:
    """Return the residences or topics of a figure, those with the most cases first; what has none comes last."""
    found = [(name, called(name), of(figure, name)) for name in names]
    return sorted((each for each in found if each[2].count), key=lambda each: (not each[0], -each[2].count, each[1]))


def _bar(figure: Figure, label: str, value: Value, rate: Callable[[float | None], str], *, worse: bool) -> Bar:
    number, low, high = _charted(figure, value) or (None, None, None)
    told = format_drawn(figure, value) if figure.judged_of else format_value(figure, value)
    if value.rate is not None and not figure.judged_of:
        told = f"{told} ({rate(value.rate)})"
    return Bar(label, number, low, high, told, worse)


def _is_plain_number(figure: Figure) -> bool:
    return figure.is_rated and not figure.judged_of


def _charted(figure: Figure, value: Value) -> tuple[float, float | None, float | None] | None:
    """Return what a chart shows: what is compared, with its interval; of a plain number, that."""
    if not _is_plain_number(figure):
        return drawn(figure, value)
    return None if value.number is None else (value.number, None, None)


def _charted_in_words(figure: Figure, number: float) -> str:
    return format_number(figure, number) if _is_plain_number(figure) else format_drawn_number(figure, number)


def _scaled(figure: Figure, points: Iterable[Point]) -> tuple[Sequence[tuple[float, str]], tuple[float, str] | None]:
    """Return the lines of a course's scale, from 0 to a round number above all; and that of what is to be reached."""
    numbers = [each for point in points for each in (point.number, point.whole) if each is not None]
    most = max([figure.standard, *numbers])
    is_share, is_time = bool(figure.judged_of) or figure.unit is Unit.PERCENT, figure.unit in _TIMES
    rounds = _ROUND_SHARES if is_share else _ROUND_MINUTES if is_time else _ROUND_NUMBERS
    top = next((each for each in rounds if each >= most), most)
    scale = [(number, _charted_in_words(figure, number)) for number in (top / 2, top)]
    standard = (figure.standard, f"dû : {_charted_in_words(figure, figure.standard)}") if figure.standard else None
    return [(0.0, "0"), *scale], standard


def _point(figure: Figure, first: date, query: FigureQuery, mine: Value, of_all: Value) -> Point:
    def number(value: Value) -> float | None:
        return found[0] if (found := _charted(figure, value)) else None

    label = f"{first:%d/%m}" if step_of(query.span) is Grain.WEEK else f"{first:%m/%y}"
    # How many there are of all would dwarf those of one place, and says nothing of it.
    is_beside = bool(query.place.office or query.place.residence) and not _is_plain_number(figure)
    return Point(label, number(mine), number(of_all) if is_beside else None)


@page("/chiffres/carte", Right.FIGURES)
def figure_map(context: RequestContext) -> Mapping[str, Any]:
    """Show how many cases each residence opened on each topic, or which share of them had no answer in time."""
    query, by_share = FigureQuery.of(context), context.text("v") == _LATE
    context.audit("read", "chiffres", table="carte", **_audited(query))
    overview = _overview(context, query)
    counted = overview.by_residence_and_topic()
    due, met = (overview.by_residence_and_topic(measure) for measure in ("due", "due_met"))
    late = {place: (number - met.get(place, 0), number) for place, number in due.items() if number >= _LEAST_DUE}
    unusual = {(each.residence, each.topic): each for each in overview.unusual}
    residences = (
        _latest(late)
        if by_share
        else _most(counted, 0, {each.residence for each in overview.unusual}, _RESIDENCES_DRAWN)
    )
    topics = _most(counted, 1, {each.topic for each in overview.unusual}, _TOPICS_DRAWN)
    cells = {
        (row, column): count
        for row, residence in enumerate(residences)
        for column, topic in enumerate(topics)
        if (count := _in_cell(by_share, counted, late, (residence, topic)))
    }
    names = context.app.names
    rows = [
        f"{'▲ ' if not by_share and (residence, '') in unusual else ''}{_residence(context, residence)}"
        for residence in residences
    ]
    columns = [names.topics.get(topic, topic) for topic in topics]
    return {
        **_around(context, query),
        "by_share": by_share,
        "late_word": _LATE,
        "late": late,
        "least_due": _LEAST_DUE,
        "drawing": heat_map(
            "Réponses hors délai sur cent, par résidence et motif"
            if by_share
            else "Nouveaux dossiers, par résidence et motif",
            "Une ligne par résidence, une colonne par motif ; le nombre est dans la case, plus foncée s’il est grand."
            + ("" if by_share else " ▲ et un cadre : inhabituel ; ▲ devant une résidence : tous motifs ensemble."),
            rows,
            columns,
            cells,
            {(row, column) for row, column in cells if not by_share and (residences[row], topics[column]) in unusual},
        ),
        "unusual": unusual,
        "unusual_words": partial(format_unusual, span=query.span),
        "has_usual": overview.has_usual,
        "rule": UNUSUAL,
        "rows": list(zip(residences, rows, strict=True)),
        "columns": list(zip(topics, columns, strict=True)),
        "counted": counted,
        "left_out": len({place[0] for place in counted}) - len(residences),
    }


def _in_cell(
    by_share: bool,  # noqa: FBT001 - which of two maps is drawn
    counted: Mapping[tuple[str, str], int],
    late: Mapping[tuple[str, str], tuple[int, int]],
    place: tuple[str, str],
) -> int:
    """Return what stands in a cell of the map; 0 leaves it empty."""
    if not by_share:
        return counted.get(place, 0)
    part, whole = late.get(place, (0, 0))
    return round(100 * part / whole) if whole else 0


def _latest(late: Mapping[tuple[str, str], tuple[int, int]]) -> list[str]:
    """Return the residences of which most answers came late, the worst first; of those with enough cases due."""
    sums: dict[str, tuple[int, int]] = {}
    for (residence, _), (part, whole) in late.items():
        parts, wholes = sums.get(residence, (0, 0))
        sums[residence] = parts + part, wholes + whole
    shares = {name: part / whole for name, (part, whole) in sums.items() if whole >= SMALLEST}
    return sorted(shares, key=lambda name: (-shares[name], name))[:_RESIDENCES_DRAWN]


def _most(counted: Mapping[tuple[str, str], int], side: int, unusual: Collection[str], most: int) -> list[str]:
    """Return the residences or topics that are drawn: what is unusual, then the most cases; those with most first."""
    sums: dict[str, int] = {}
    for place, count in counted.items():
        sums[place[side]] = sums.get(place[side], 0) + count
    drawn = sorted(sums, key=lambda name: (name not in unusual, -sums[name], name))[:most]
    return sorted(drawn, key=lambda name: (-sums[name], name))


@page("/chiffres/dossiers", Right.FIGURES)
def figure_cases(context: RequestContext) -> Mapping[str, Any]:
    """Show the cases behind a figure: those that were counted, as they are now."""
    query, figure = FigureQuery.of(context), _figure(context)
    after = int(text) if (text := context.text("apres")).isdecimal() and len(text) < _MOST_DIGITS else None
    choice, of_all = _choice(context, figure), _count_behind(context, query, figure)
    number, kept = choice.count(of_all), {"seuls": _FAULTY} if choice.only_faulty else {}
    listed = _cases(context, query, choice, number, limit=_SHOWN_CASES, after=after, seconds=_SECONDS_LOOKED)
    context.audit("read", "chiffres", figure=figure.id, cases=len(listed.cases), **kept, **_audited(query))
    numbers = [each.case.number for each in listed.cases]
    return {
        **_around(context, query),
        "figure": figure,
        "only_faulty": choice.only_faulty,
        "of_all": of_all[0],
        "faulty": figure.faulty(*of_all),
        "cases": listed.cases,
        "number": number,
        "since": f"depuis {format_period(query.steps_since)}" if query.since else "",
        "period_is_over": query.span.last < query.today,
        "is_cut": listed.is_cut,
        "is_whole": after is None and listed.after is None,
        "more": query.link(c=figure.id, **kept, apres=str(listed.after)) if listed.after is not None else "",
        "head": query.link(c=figure.id, **kept) if after is not None else "",
        "beside": context.app.store.desk.case_hints(numbers),
        "marks": {each.case.number: _mark(figure, each) for each in listed.cases},
        "case_columns": CASE_COLUMNS,
        "usual_columns": USUAL_COLUMNS,
    }


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which cases behind a figure are shown: all, or of a share those alone by which it is worse."""

    figure: Figure
    only_faulty: bool

    def count(self, of_all: tuple[int, int]) -> int:
        """Return how many are counted, by how many are in all and in the part of a share."""
        return self.figure.faulty(*of_all) if self.only_faulty else of_all[0]


def _choice(context: RequestContext, figure: Figure) -> _Choice:
    return _Choice(figure, context.text("seuls") == _FAULTY and bool(figure.faulty_words))


def _count_behind(context: RequestContext, query: FigureQuery, figure: Figure) -> tuple[int, int]:
    """Return how much the figure tells of the period and place, or of how many it is a share or a median; and its part.

    The part is of a share: how many of those are in it.
    """
    counts = context.app.figures.between(query.steps_since, query.span).whole(query.place.where)
    number = counts["open"] if figure.unit is Unit.DAYS else value_of(figure, counts).count
    return number, counts[figure.measure] if figure.kind is FigureKind.SHARE else 0


def _mark(figure: Figure, each: CountedCase) -> str:
    """Return in words what a case is in a figure: how long it waited, whether in time, how often it is counted."""
    # What it is by now stands beside it, and may be otherwise: it may have been opened again since.
    said, times = _counted_as(figure, each), f" {each.times} fois" if each.times > 1 else ""
    return f"compté{times} : {said}" if said else f"compté{times}" if times else f"compté : {_kept(each)}"


def _counted_as(figure: Figure, each: CountedCase) -> str:
    """Return in words what a case is in a share, or how long it waited; "" in all other figures."""
    if figure.kind is FigureKind.QUANTILE and each.waited is not None and figure.group == "answers":
        return f"attente de {format_number(figure, each.waited / timedelta(minutes=1))}"
    if figure.kind is not FigureKind.SHARE:
        return ""
    if 0 < each.parts < each.times:
        return f"{figure.part_words[0]} {each.parts} fois, {figure.part_words[1]} {each.times - each.parts} fois"
    return figure.part_words[0 if each.parts else 1]


def _kept(each: CountedCase) -> str:
    """Return whether an answer of a person came in time."""
    if each.met_due is None:
        return "délai en cours" if each.case.state == "open" else "clos ou réuni avant l’échéance"
    return "dans le délai" if each.met_due else "hors délai"


@page("/chiffres/export", Right.FIGURES)
def figure_export(context: RequestContext) -> Response:
    """Give a table as a file."""
    query, which, form = FigureQuery.of(context), context.text("t"), _form(context)
    if which not in TABLES:
        raise NotFoundError("table")
    context.audit("exported", f"chiffres {which}", **_audited(query))
    rows = list(as_rows(_overview(context, query), which, partial(_label, context)))
    return _file(rows, form, f"chiffres-{which}-{_in_name(query)}")


@page("/chiffres/dossiers/export", Right.FIGURES)
def figure_cases_export(context: RequestContext) -> Response:
    """Give the cases behind a figure as a file, with the columns that were chosen."""
    query, figure, form = FigureQuery.of(context), _figure(context), _form(context)
    chosen = [name for name in CASE_COLUMNS if name in context.query.getlist("colonne")] or list(USUAL_COLUMNS)
    choice = _choice(context, figure)
    number = choice.count(_count_behind(context, query, figure))
    cases = _cases(context, query, choice, number, limit=_MOST_EXPORTED).cases
    told = _audited(query) | ({"seuls": _FAULTY} if choice.only_faulty else {})
    context.audit("exported", f"dossiers {figure.id}", cases=len(cases), columns=", ".join(chosen), **told)
    rows = list(
        cases_as_rows(
            cases, chosen, context.app.settings.zone, partial(_label, context), _kept, partial(_counted_as, figure)
        )
    )
    of_them = f"{figure.id}-{_FAULTY}" if choice.only_faulty else figure.id
    return _file(rows, form, f"dossiers-{of_them}-{_in_name(query)}", case_table_columns(chosen))


def _in_name(query: FigureQuery) -> str:
    """Return period and place as they stand in the name of a file."""
    known = (query.place.office, query.place.residence, query.place.topic)
    parts = [query.span.grain.value, query.span.first.isoformat(), *(part for part in known if part)]
    return re.sub(r"[^a-z0-9-]+", "_", "-".join(parts), flags=re.IGNORECASE)[:_LONGEST_NAME]


def _label(context: RequestContext, column: str, code: str) -> str:
    """Return the words for a code, by the column of a file that holds it."""
    match column:
        case "état":
            return STATES[code]
        case "bureau":
            return _office(context, code)
        case "file":
            return context.app.queue_label(code)
        case "motif":
            return context.app.names.topics.get(code, code)
        case "résidence":
            return _residence(context, code)
        case _:
            return Channel(code).label


def _form(context: RequestContext) -> str:
    form = context.text("f") or "csv"
    if form not in _FILES:
        raise NotFoundError("form of file")
    return form


def _file(rows: Sequence[Mapping[str, Any]], form: str, name: str, columns: Sequence[str] = ()) -> Response:
    content = as_csv(rows, columns) if form == "csv" else as_json(rows)
    saved = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(content, media_type=_FILES[form], headers=saved)


def _figure(context: RequestContext) -> Figure:
    found = BY_ID.get(context.text("c"))
    if found is None:
        raise NotFoundError("figure")
    return found


def _cases(  # noqa: PLR0913 - which list, and which part of it
    context: RequestContext,
    query: FigureQuery,
    choice: _Choice,
    number: int,
    *,
    limit: int,
    after: int | None = None,
    seconds: float | None = None,
) -> CaseList:
    if choice.figure.basis is Basis.COUNTED_ONLY:
        raise NotFoundError("cases")
    if not number:
        # Where nothing was counted no case is behind it, and none is looked for among those of a year.
        return CaseList((), None)
    app, in_force = context.app, context.app.in_force()
    # What came after the last count is in no number yet.
    counted_at = app.figures.counted_at() or context.now
    grounds = grounds_of(app.settings, in_force.rules, in_force.directory, counted_at)
    days = query.since or query.span.first, query.span.last
    return cases_behind(
        app.store,
        choice.figure,
        query.place,
        days,
        grounds,
        after=after,
        limit=limit,
        seconds=seconds,
        only_faulty=choice.only_faulty,
    )


def _overview(context: RequestContext, query: FigureQuery) -> Overview:
    return context.app.figures.overview(context.app.directory, query.span, query.place, query.today)


def _looked_at(context: RequestContext, place: Place) -> Iterator[str]:
    if place.office:
        yield _office(context, place.office)
    if place.residence:
        yield _residence(context, place.residence)
    if place.topic:
        yield context.app.names.topics.get(place.topic, place.topic)


def _audited(query: FigureQuery) -> dict[str, str]:
    place = query.place
    told = {"period": f"{query.span.grain.value} {query.span.first}", "office": place.office}
    told |= {"residence": place.residence, "topic": place.topic}
    return {name: value for name, value in told.items() if value}


def _office(context: RequestContext, office_id: str) -> str:
    return office_name(context.app.directory, office_id)


def _residence(context: RequestContext, residence_id: str) -> str:
    return without_code(context.app.names.residence(residence_id))


def _around(context: RequestContext, query: FigureQuery) -> Mapping[str, Any]:
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
        "all_residences": sorted(((it, _residence(context, it)) for it in residences), key=itemgetter(1)),
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
        "faulty_field": _FAULTY,
    }


@page("/tableau/{token}", None)
def board(context: RequestContext) -> Mapping[str, Any]:
    """Show a wall how many cases wait in each queue; nothing of a person, and nothing that can be done."""
    app = context.app
    if not app.store.figures.has_board(digest_of(context.path["token"])):
        if not app.limits.boards.allows(context.client):
            return {"template": "trouble.html", "status": 429, "message": "Trop d’essais. Attendez.", "number": 429}
        raise NotFoundError("board")
    queues = app.cached("board", lambda: app.store.figures.on_board(context.now), _BOARD_SECONDS)
    return {"queues": [(app.queue_label(each.queue), each) for each in queues], "all": _summed(queues)}


def _summed(queues: Sequence[Any]) -> Mapping[str, int]:
    return {
        name: sum(getattr(each, name) for each in queues) for name in ("open", "late", "danger", "danger_free", "calls")
    }
