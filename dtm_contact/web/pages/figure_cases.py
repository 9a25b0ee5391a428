"""The cases behind a figure, and the files of figures and of cases."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import Right
from dtm_contact.errors import NotFoundError
from dtm_contact.figures import Figure
from dtm_contact.figures.comparing import value_of
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
from dtm_contact.figures.keeping import grounds_of
from dtm_contact.figures.listing import CaseList, CountedCase, cases_behind
from dtm_contact.figures.telling import (
    format_number,
    format_period,
)
from dtm_contact.labels.cases import STATES
from dtm_contact.model import Channel
from dtm_contact.web.figure_view import (
    FAULTY,
    FigureQuery,
    audited,
    figure_asked,
    office_label,
    overview_of,
    page_frame,
    residence_label,
)
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_SHOWN_CASES: Final = 100
_SECONDS_LOOKED: Final = 0.09
"""How long a page looks for them: where so many are not found by then, it goes on with the next page."""
_MOST_EXPORTED: Final = 50_000
_MOST_DIGITS: Final = 16
_LONGEST_NAME: Final = 100
_FILES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@page("/chiffres/dossiers", Right.FIGURES)
def figure_cases(context: RequestContext) -> Mapping[str, Any]:
    """Show the cases behind a figure: those that were counted, as they are now."""
    query, figure = FigureQuery.of(context), figure_asked(context)
    after = int(text) if (text := context.text("apres")).isdecimal() and len(text) < _MOST_DIGITS else None
    choice, of_all = _choice(context, figure), _count_behind(context, query, figure)
    number, kept = choice.count(of_all), {"seuls": FAULTY} if choice.only_faulty else {}
    listed = _cases(context, query, choice, number, limit=_SHOWN_CASES, after=after, seconds=_SECONDS_LOOKED)
    context.audit("read", "chiffres", figure=figure.id, cases=len(listed.cases), **kept, **audited(query))
    numbers = [each.case.number for each in listed.cases]
    return {
        **page_frame(context, query),
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
    return _Choice(figure, context.text("seuls") == FAULTY and bool(figure.faulty_words))


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
    context.audit("exported", f"chiffres {which}", **audited(query))
    rows = list(as_rows(overview_of(context, query), which, partial(_label, context)))
    return _file(rows, form, f"chiffres-{which}-{_in_name(query)}")


@page("/chiffres/dossiers/export", Right.FIGURES)
def figure_cases_export(context: RequestContext) -> Response:
    """Give the cases behind a figure as a file, with the columns that were chosen."""
    query, figure, form = FigureQuery.of(context), figure_asked(context), _form(context)
    chosen = [name for name in CASE_COLUMNS if name in context.query.getlist("colonne")] or list(USUAL_COLUMNS)
    choice = _choice(context, figure)
    number = choice.count(_count_behind(context, query, figure))
    cases = _cases(context, query, choice, number, limit=_MOST_EXPORTED).cases
    told = audited(query) | ({"seuls": FAULTY} if choice.only_faulty else {})
    context.audit("exported", f"dossiers {figure.id}", cases=len(cases), columns=", ".join(chosen), **told)
    rows = list(
        cases_as_rows(
            cases, chosen, context.app.settings.zone, partial(_label, context), _kept, partial(_counted_as, figure)
        )
    )
    of_them = f"{figure.id}-{FAULTY}" if choice.only_faulty else figure.id
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
            return office_label(context, code)
        case "file":
            return context.app.queue_label(code)
        case "motif":
            return context.app.names.topics.get(code, code)
        case "résidence":
            return residence_label(context, code)
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
