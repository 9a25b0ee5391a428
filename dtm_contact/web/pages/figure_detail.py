"""One figure by office, residence and topic with its course; and all residences by topic on a map."""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any, Final

from dtm_contact.access import Right
from dtm_contact.figures import Figure
from dtm_contact.figures.cells import added
from dtm_contact.figures.comparing import RULES, UNUSUAL, Value, drawn, is_worse, value_of
from dtm_contact.figures.overview import FigureSpan, Overview
from dtm_contact.figures.scanning import SMALLEST
from dtm_contact.figures.telling import (
    format_period,
    format_unusual,
    rates_in_one_unit,
    step_of,
)
from dtm_contact.web.drawing import bars, course, heat_map
from dtm_contact.web.figure_view import (
    NO_OFFICE,
    FigureQuery,
    audited,
    bar_of,
    columns_of,
    figure_asked,
    is_plain_number,
    office_label,
    overview_of,
    page_frame,
    point_of,
    residence_label,
    scale_of,
)
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_RESIDENCES_DRAWN: Final = 24
_TOPICS_DRAWN: Final = 12
_MOST_PLACES: Final = 60
_LEAST_DUE: Final = 5
"""Of fewer cases due, a map shows no share."""
_LATE: Final = "retard"
"""What the field of a map says that shows shares."""


@page("/chiffres/detail", Right.FIGURES)
def figure(context: RequestContext) -> Mapping[str, Any]:
    """Show one figure: by office, over time, by residence and by topic."""
    query, figure = FigureQuery.of(context), figure_asked(context)
    context.audit("read", "chiffres", figure=figure.id, **audited(query))
    overview = overview_of(context, query)
    whole, is_one = overview.of_whole(figure), query.place.residence is not None
    place = query.place
    chosen = residence_label(context, place.residence) if place.residence else ""
    chosen = chosen or (office_label(context, place.office) if place.office else "")
    compared = overview.of_neighbours(figure) if is_one else overview.of_offices(figure)
    columns = [
        (column, value, column.against is not None and is_worse(figure, value, compared))
        for column in columns_of(context, query, overview)
        if (value := column.of(figure)) is not None and (column.label != NO_OFFICE or value.count)
    ]
    steps = overview.course(figure)
    names = context.app.names
    # What was handed to an office from elsewhere is a case or two of each residence there is.
    near, far = _near(context, query, overview)
    by_residence = _places(
        overview.of_residence,
        figure,
        near,
        lambda name: residence_label(context, name) if name else "Sans résidence connue",
    )
    by_topic = _places(
        overview.of_topic, figure, overview.by_topic, lambda topic: names.topics.get(topic, topic) or "Sans motif"
    )
    points = [point_of(figure, first, query, mine, of_all) for first, mine, of_all in steps]
    in_time = [value for _, *values in steps for value in values]
    in_places = [value for _, _, value in (*by_residence, *by_topic)]
    told = [whole, *(value for _, value, _ in columns), *in_places, *in_time]
    rate = rates_in_one_unit(value.rate for value in told)
    return {
        **page_frame(context, query),
        "rate": rate,
        "figure": figure,
        "whole": overview.beside.of_whole(figure) if is_one else whole,
        "chosen": chosen,
        "mine": overview.of_chosen(figure),
        "offices": [] if is_one else [office_label(context, each) for each in overview.offices],
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
                bar_of(figure, column.label, value, rate, worse=worse)
                for column, value, worse in columns
                if column.against is not None or is_one
            ],
            line[0] if not is_plain_number(figure) and (line := drawn(figure, compared)) else None,
        ),
        "line": course(
            f"{figure.title}, dans le temps",
            f"Trait plein et points : {chosen} ; tirets et croix : tous les bureaux."
            if chosen
            else "Tous les bureaux.",
            points,
            *scale_of(figure, points),
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


@page("/chiffres/carte", Right.FIGURES)
def figure_map(context: RequestContext) -> Mapping[str, Any]:
    """Show how many cases each residence opened on each topic, or which share of them had no answer in time."""
    query, by_share = FigureQuery.of(context), context.text("v") == _LATE
    context.audit("read", "chiffres", table="carte", **audited(query))
    overview = overview_of(context, query)
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
        f"{'▲ ' if not by_share and (residence, '') in unusual else ''}{residence_label(context, residence)}"
        for residence in residences
    ]
    columns = [names.topics.get(topic, topic) for topic in topics]
    return {
        **page_frame(context, query),
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
