"""The figures of the work: what stands out, all of them by office, the sheet for a meeting, the report, the board."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from typing import Any, Final

from dtm_contact.access import Right, digest_of
from dtm_contact.errors import NotFoundError
from dtm_contact.figures import BY_ID, FIGURES, GROUPS, Figure
from dtm_contact.figures.cells import NOTHING, Sums
from dtm_contact.figures.comparing import RULES, Value, gap_of, is_worse, judged
from dtm_contact.figures.findings import FindingPeriod
from dtm_contact.figures.overview import FigureSpan, Grain, Overview, Place
from dtm_contact.figures.report import report_text
from dtm_contact.figures.sheet import meeting_sheet
from dtm_contact.figures.telling import (
    Outlier,
    describe_nothing,
    describe_outliers,
    format_gap,
    format_hours,
    format_period,
    rates_in_one_unit,
    step_of,
)
from dtm_contact.web.drawing import course
from dtm_contact.web.figure_view import (
    FigureQuery,
    TableColumn,
    audited,
    columns_of,
    office_label,
    overview_of,
    page_frame,
    place_of,
    place_words,
    point_of,
    residence_label,
    scale_of,
)
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_MINUTES_OF_A_DAY: Final = 24 * 60
_BOARD_SECONDS: Final = 10.0
_TERMS: Final = (
    ("", "En cours au début", ""),
    *(("+", BY_ID[name].title, name) for name in ("opened", "reopened", "handed_in")),
    *(("−", BY_ID[name].title, name) for name in ("closed", "merged", "handed_away")),
    ("=", BY_ID["open"].title, "open"),
)


@page("/chiffres", Right.FIGURES)
def figures(context: RequestContext) -> Mapping[str, Any]:
    """Show what stands out, and all figures of each office beside the whole."""
    query = FigureQuery.of(context)
    context.audit("read", "chiffres", **audited(query))
    overview = overview_of(context, query)
    outliers = list(describe_outliers(overview, context.app.names, context.app.directory))
    return {
        **page_frame(context, query),
        "columns": (columns := list(columns_of(context, query, overview))),
        "groups": [(GROUPS[group][0], list(_rows(context, query, group, columns, overview))) for group in GROUPS],
        "balance": list(_balance(overview)) if query.place.residence is None else [],
        "balance_of": [office_label(context, each) for each in overview.offices],
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
class _Row:
    """A figure: of each column its value, the link to its cases ("" for none), whether it is worse; and the gap.

    `rate` tells its rates, all in one unit.
    """

    figure: Figure
    cells: Sequence[tuple[Value | None, str, bool]]
    gap: str
    rate: Callable[[float | None], str]


def _rows(
    context: RequestContext, query: FigureQuery, group: str, columns: Sequence[TableColumn], overview: Overview
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
        office = f" ({office_label(context, home.office_id)})" if home else ""
        return (
            f"{residence_label(context, query.place.residence)}{topic} : comparée aux autres résidences de son "
            f"bureau{office}, et à elle-même avant."
        )
    if query.place.office is not None:
        return f"{office_label(context, query.place.office)}{topic} : comparé aux autres bureaux, et à lui-même avant."
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
    context.audit("read", "chiffres", table="fiche", **audited(query))
    overview = overview_of(context, query)
    sheet = meeting_sheet(overview, context.app.names, context.app.directory)
    worst = _drawn_on_sheet(context, query, sheet.outliers)
    place = query.place
    chosen = residence_label(context, place.residence) if place.residence else ""
    drawn_of, line = _line_of(context, query, worst) if worst else ("", "")
    return {
        **page_frame(context, query),
        "sheet": sheet,
        "drawn_of": drawn_of,
        "drawn_figure": worst.details[0].figure if worst else None,
        "line": line,
        "previous": format_period(query.span.before),
        "chosen": chosen or (office_label(context, place.office) if place.office else ""),
        "looked_at": " ; ".join(place_words(context, query.place)),
    }


@page("/chiffres/rapport", Right.FIGURES)
def figures_report(context: RequestContext) -> Mapping[str, Any]:
    """Show the report of a month as it goes out by mail: of all offices, whatever else is asked for."""
    asked = FigureQuery.of(context)
    query = replace(asked, span=FigureSpan.of(Grain.MONTH, asked.span.first), place=Place(), since=None)
    context.audit("read", "chiffres", table="rapport", **audited(query))
    app = context.app
    return {
        **page_frame(context, query),
        "text": report_text(overview_of(context, query), app.names, app.directory),
        "receivers": len(app.settings.figures.report_to),
    }


def _drawn_on_sheet(context: RequestContext, query: FigureQuery, found: Sequence[Outlier]) -> Outlier | None:
    """Return the first that stands out of which there is enough to draw; where none has enough, the first."""
    told = [each for each in found if each.details]
    for each in told:
        shown = replace(query, place=place_of(query, each))
        if judged(each.details[0].figure, overview_of(context, shown).of_chosen(each.details[0].figure)) is not None:
            return each
    return next(iter(told), None)


def _line_of(context: RequestContext, query: FigureQuery, found: Outlier) -> tuple[str, str]:
    """Return of whom the first that stands out is drawn, and the drawing."""
    figure = found.details[0].figure
    place = place_of(query, found)
    shown = replace(query, place=place)
    who = " ; ".join(place_words(context, place)) or "tous les bureaux"
    points = [
        point_of(figure, first, shown, mine, whole) for first, mine, whole in overview_of(context, shown).course(figure)
    ]
    return who, course(
        f"{figure.title}, dans le temps : {who}",
        f"Trait plein et points : {who} ; tirets et croix : tous les bureaux.",
        points,
        *scale_of(figure, points),
    )


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
