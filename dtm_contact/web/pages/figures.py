"""The figures of the work: what stands out, each figure by office, residence and topic, and the cases behind it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from dtm_contact.access import Right, digest_of
from dtm_contact.errors import NotFoundError
from dtm_contact.explain.names import without_code
from dtm_contact.figures import BY_ID, FIGURES, GROUPS, Figure
from dtm_contact.figures.comparing import RULES, UNUSUAL, Value, drawn, gap_of, is_worse
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
from dtm_contact.figures.listing import cases_wanted
from dtm_contact.figures.overview import FigureSpan, Grain, Overview, Place, latest_span
from dtm_contact.figures.sheet import meeting_sheet
from dtm_contact.figures.telling import (
    Outlier,
    describe_nothing,
    describe_outliers,
    format_drawn,
    format_drawn_number,
    format_gap,
    format_number,
    format_period,
    format_rate,
    format_value,
    office_name,
    step_of,
)
from dtm_contact.labels.cases import STATES
from dtm_contact.model import Channel
from dtm_contact.web.drawing import Bar, Point, bars, course, heat_map
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_SHOWN_CASES: Final = 100
_MOST_EXPORTED: Final = 50_000
_RESIDENCES_DRAWN: Final = 24
_TOPICS_DRAWN: Final = 12
_BOARD_SECONDS: Final = 10.0
_FIRST_YEAR: Final = 2000
_FILES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """What a page of figures is query for: period and place.

    Attributes:
        span, place: the period, and which cases.
        today: the day that it is.
    """

    span: FigureSpan
    place: Place
    today: date

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
        return cls(span, place, today)

    def link(self, **other: str) -> str:
        """Return the query of a page for the same, but for some fields; an empty one is left out."""
        place = self.place
        fields = {"p": self.span.grain.value, "le": self.span.first.isoformat()}
        fields |= {"b": place.office or "", "r": place.residence or "", "m": place.topic or "", **other}
        return f"?{urlencode({name: value for name, value in fields.items() if value})}"


def _day(written: str, today: date) -> date | None:
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day if _FIRST_YEAR <= day.year <= today.year + 1 else None


def _passed(query: FigureQuery) -> str:
    """Return how much of a period has passed where it is not over: "1 jour sur 31"; otherwise ""."""
    days, passed = (query.span.after.first - query.span.first).days, (query.today - query.span.first).days + 1
    return f"{passed} jour{'s' if passed > 1 else ''} sur {days}" if 0 < passed < days else ""


@page("/chiffres", Right.FIGURES)
def figures(context: RequestContext) -> Mapping[str, Any]:
    """Show what stands out, and all figures of each office beside the whole."""
    query = FigureQuery.of(context)
    context.audit("read", "chiffres", **_audited(query))
    overview = _overview(context, query)
    outliers = list(describe_outliers(overview, context.app.names, context.app.directory))
    return {
        **_around(context, query),
        "groups": [(GROUPS[group][0], list(_rows(context, overview, group))) for group in GROUPS],
        "offices": [(office, _office(context, office)) for office in overview.offices],
        "homes": {office: overview.dwellings_at(replace(query.place, office=office)) for office in overview.offices},
        "standing_out": list(_standing_out(outliers, query)),
        "nothing": list(describe_nothing(overview, outliers)),
        "rules": RULES,
    }


@dataclass(frozen=True, slots=True)
class _Row:
    figure: Figure
    whole: Value
    by_office: Sequence[tuple[str, Value, bool]]
    gap: str


def _rows(context: RequestContext, overview: Overview, group: str) -> Iterator[_Row]:
    for figure in FIGURES:
        if figure.group == group:
            whole, compared = overview.of_whole(figure), overview.of_offices(figure)
            values = {office: overview.of_office(figure, office) for office in overview.offices}
            by_office = [(office, value, is_worse(figure, value, compared)) for office, value in values.items()]
            yield _Row(figure, whole, by_office, format_gap(figure, gap_of(figure, values), context.app.directory))


@dataclass(frozen=True, slots=True)
class _StandingOut:
    """What stands out in words, the page that shows it, and each figure that does with its own page."""

    words: str
    link: str
    details: Sequence[tuple[str, str]]


def _standing_out(outliers: Iterable[Outlier], query: FigureQuery) -> Iterator[_StandingOut]:
    for each in outliers:
        if each.details:
            where = {"b": each.office} if each.office else {"r": each.residence}
            details = [
                (detail.words, f"/chiffres/detail{query.link(c=detail.figure.id, **where)}") for detail in each.details
            ]
            # The figure that weighs most is what the headline tells.
            yield _StandingOut(each.words, details[0][1], details)
        else:
            place = {"r": each.residence, "m": each.topic}
            yield _StandingOut(each.words, f"/chiffres/dossiers{query.link(c='opened', **place)}", ())


@page("/chiffres/fiche", Right.FIGURES)
def figures_sheet(context: RequestContext) -> Mapping[str, Any]:
    """Show one page for a meeting, to be printed: what stands out and is to be decided, gaps, trend."""
    query = FigureQuery.of(context)
    context.audit("read", "chiffres", table="fiche", **_audited(query))
    overview = _overview(context, query)
    sheet = meeting_sheet(overview, context.app.names, context.app.directory)
    worst = next((each for each in sheet.outliers if each.office), None)
    figure = worst.details[0].figure if worst else next(line.figure for line in sheet.lines)
    shown = replace(query, place=replace(query.place, office=worst.office)) if worst else query
    steps = _overview(context, shown).course(figure)
    who = _office(context, worst.office) if worst else "tous les bureaux"
    return {
        **_around(context, query),
        "sheet": sheet,
        "drawn_figure": figure,
        "drawn_of": who,
        "line": course(
            f"{figure.title}, dans le temps : {who}",
            "Trait plein et points : ce bureau ; tirets et croix : tous les bureaux.",
            [_point(figure, first, query, mine, of_all) for first, mine, of_all in steps],
            partial(format_drawn_number, figure),
        ),
        "previous": format_period(query.span.before),
        "looked_at": " ; ".join(_looked_at(context, query.place)),
    }


@page("/chiffres/detail", Right.FIGURES)
def figure(context: RequestContext) -> Mapping[str, Any]:
    """Show one figure: by office, over time, by residence and by topic."""
    query, figure = FigureQuery.of(context), _figure(context)
    context.audit("read", "chiffres", figure=figure.id, **_audited(query))
    overview = _overview(context, query)
    whole, compared = overview.of_whole(figure), overview.of_offices(figure)
    offices = [(office, overview.of_office(figure, office)) for office in overview.offices]
    steps = overview.course(figure)
    names = context.app.names
    return {
        **_around(context, query),
        "figure": figure,
        "whole": whole,
        "by_office": [
            (office, _office(context, office), value, is_worse(figure, value, compared)) for office, value in offices
        ],
        "by_residence": _places(overview.of_residence, figure, overview.by_residence, partial(_residence, context)),
        "by_topic": _places(overview.of_topic, figure, overview.by_topic, lambda topic: names.topics.get(topic, topic)),
        "course": [
            (format_period(FigureSpan(step_of(query.span), first)), mine, of_all) for first, mine, of_all in steps
        ],
        "bars": bars(
            f"{figure.title}, par bureau",
            "Une barre par bureau, avec son intervalle ; la ligne tiretée est l’ensemble, ▲ dit : moins bon que lui.",
            [_bar(figure, _office(context, office), value, compared) for office, value in offices],
            line[0] if (line := drawn(figure, compared)) else None,
        ),
        "line": course(
            f"{figure.title}, dans le temps",
            "Trait plein et points : ce qui est choisi ; tirets et croix : tous les bureaux.",
            [_point(figure, first, query, mine, of_all) for first, mine, of_all in steps],
            partial(format_drawn_number, figure),
        ),
        "rules": RULES[:2],
    }


def _places(of: Any, figure: Figure, names: Mapping[str, object], called: Any) -> list[tuple[str, str, Value]]:
    """Return the residences or topics of a figure, those with the most cases first."""
    found = [(name, called(name), of(figure, name)) for name in names if name]
    return sorted((each for each in found if each[2].count), key=lambda each: (-each[2].count, each[1]))


def _bar(figure: Figure, label: str, value: Value, whole: Value) -> Bar:
    number, low, high = drawn(figure, value) or (None, None, None)
    told = format_drawn(figure, value) if figure.is_rated else format_value(figure, value)
    return Bar(label, number, low, high, told, is_worse(figure, value, whole))


def _point(figure: Figure, first: date, query: FigureQuery, mine: Value, of_all: Value) -> Point:
    def number(value: Value) -> float | None:
        return found[0] if (found := drawn(figure, value)) else None

    label = f"{first:%d/%m}" if step_of(query.span) is Grain.WEEK else f"{first:%m/%y}"
    return Point(label, number(mine), number(of_all))


@page("/chiffres/carte", Right.FIGURES)
def figure_map(context: RequestContext) -> Mapping[str, Any]:
    """Show how many cases each residence opened on each topic."""
    query = FigureQuery.of(context)
    context.audit("read", "chiffres", table="carte", **_audited(query))
    overview = _overview(context, query)
    counted = overview.by_residence_and_topic()
    unusual = {(each.residence, each.topic): each for each in overview.unusual}
    residences = _most(counted, 0, {each.residence for each in overview.unusual}, _RESIDENCES_DRAWN)
    topics = _most(counted, 1, {each.topic for each in overview.unusual}, _TOPICS_DRAWN)
    cells = {
        (row, column): count
        for row, residence in enumerate(residences)
        for column, topic in enumerate(topics)
        if (count := counted.get((residence, topic), 0))
    }
    names = context.app.names
    rows = [_residence(context, residence) for residence in residences]
    columns = [names.topics.get(topic, topic) for topic in topics]
    return {
        **_around(context, query),
        "drawing": heat_map(
            "Dossiers ouverts, par résidence et motif",
            "Une ligne par résidence, une colonne par motif ; le nombre est dans la case, plus foncée s’il est grand. "
            "▲ et un cadre : inhabituel.",
            rows,
            columns,
            cells,
            {(row, column) for row, column in cells if (residences[row], topics[column]) in unusual},
        ),
        "unusual": unusual,
        "usual": lambda each: format_number(BY_ID["opened"], each.usual),
        "has_usual": overview.has_usual,
        "rule": UNUSUAL,
        "rows": list(zip(residences, rows, strict=True)),
        "columns": list(zip(topics, columns, strict=True)),
        "counted": counted,
        "left_out": len({place[0] for place in counted}) - len(residences),
    }


def _most(counted: Mapping[tuple[str, str], int], side: int, unusual: Collection[str], most: int) -> list[str]:
    """Return the residences or topics that are drawn: what is unusual, then the most cases; those with most first."""
    sums: dict[str, int] = {}
    for place, count in counted.items():
        sums[place[side]] = sums.get(place[side], 0) + count
    drawn = sorted(sums, key=lambda name: (name not in unusual, -sums[name], name))[:most]
    return sorted(drawn, key=lambda name: (-sums[name], name))


@page("/chiffres/dossiers", Right.FIGURES)
def figure_cases(context: RequestContext) -> Mapping[str, Any]:
    """Show the cases behind a figure, as they are now."""
    query, figure = FigureQuery.of(context), _figure(context)
    cases = _cases(context, query, figure, _SHOWN_CASES + 1)
    context.audit("read", "chiffres", figure=figure.id, cases=len(cases), **_audited(query))
    listed = cases[:_SHOWN_CASES]
    return {
        **_around(context, query),
        "figure": figure,
        "cases": listed,
        "more": len(cases) > len(listed),
        "beside": context.app.store.desk.case_hints([case.number for case in listed]),
        "case_columns": CASE_COLUMNS,
        "usual_columns": USUAL_COLUMNS,
    }


@page("/chiffres/export", Right.FIGURES)
def figure_export(context: RequestContext) -> Response:
    """Give a table as a file."""
    query, which, form = FigureQuery.of(context), context.text("t"), _form(context)
    if which not in TABLES:
        raise NotFoundError("table")
    context.audit("exported", f"chiffres {which}", **_audited(query))
    rows = list(as_rows(_overview(context, query), which, partial(_label, context)))
    return _file(rows, form, f"chiffres-{which}-{query.span.first}")


@page("/chiffres/dossiers/export", Right.FIGURES)
def figure_cases_export(context: RequestContext) -> Response:
    """Give the cases behind a figure as a file, with the columns that were chosen."""
    query, figure, form = FigureQuery.of(context), _figure(context), _form(context)
    chosen = [name for name in CASE_COLUMNS if name in context.query.getlist("colonne")] or list(USUAL_COLUMNS)
    cases = _cases(context, query, figure, _MOST_EXPORTED)
    context.audit("exported", f"dossiers {figure.id}", cases=len(cases), columns=", ".join(chosen), **_audited(query))
    rows = list(cases_as_rows(cases, chosen, context.app.settings.zone, partial(_label, context)))
    return _file(rows, form, f"dossiers-{figure.id}-{query.span.first}", case_table_columns(chosen))


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


def _cases(context: RequestContext, query: FigureQuery, figure: Figure, limit: int) -> list[Any]:
    if figure.basis is Basis.COUNTED_ONLY:
        raise NotFoundError("cases")
    wanted = cases_wanted(figure, query.place, query.span, context.now, context.app.figures.counted_at())
    return context.app.store.figures.cases(wanted, limit)


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
        "passed": _passed(query),
        "before": query.link(le=query.span.before.first.isoformat()),
        "after": query.link(le=query.span.after.first.isoformat()) if query.span.after.first <= query.today else "",
        "all_offices": sorted((each.office_id, each.name) for each in records.offices),
        "all_residences": sorted(((it, _residence(context, it)) for it in residences), key=itemgetter(1)),
        "all_topics": sorted((code, topic.label) for code, topic in in_force.rules.reader.topics.items()),
        "counted_at": (counted_at := context.app.figures.counted_at()),
        "next_count": counted_at and counted_at + timedelta(minutes=context.app.settings.figures.minutes),
        "tables": TABLES,
        "formatted": format_value,
        "rate": format_rate,
        "drawn": format_drawn,
        "has_cases": lambda figure: figure.basis is not Basis.COUNTED_ONLY,
        "FigureKind": FigureKind,
        "Unit": Unit,
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
