"""One page for a meeting: what stands out and is to be decided, what changed, and the gaps between offices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names
from dtm_contact.figures.comparing import Value, drawn, gap_of, is_worse, judged, value_of
from dtm_contact.figures.definitions import BY_ID, FIGURES, Figure
from dtm_contact.figures.overview import Overview
from dtm_contact.figures.telling import (
    Outlier,
    describe_nothing,
    describe_outliers,
    format_drawn_number,
    format_gap,
    format_interval,
    format_period,
)

_MOST: Final = 5
"""More than that is decided in no meeting, and would not fit."""
_KINDS: Final = 3
"""What is so at offices, everywhere, in residences."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One figure in words: of what is asked for now, before, whether it became better; of all offices, and their gap.

    Attributes:
        is_worse: whether what is asked for is worse than all offices.
    """

    figure: Figure
    mine: str
    before: str
    trend: str
    whole: str
    is_worse: bool
    gap: str


@dataclass(frozen=True, slots=True)
class MeetingSheet:
    """What stands on the page.

    Attributes:
        outliers: what stands out, by turns of offices, of all and of residences, for a decision each.
        left_out: how many more stand out.
        nothing: of what nothing stands out.
        lines: the figures that changed, or by which offices differ, the weightiest first.
        alike: the titles of the others: they say nothing.
        changes: that nothing changed, or that there is nothing to compare with, in words; "" where something did.
        dangers: what became of the alarms.
    """

    outliers: Sequence[Outlier]
    left_out: int
    nothing: Sequence[str]
    lines: Sequence[SheetLine]
    alike: Sequence[str]
    changes: str
    dangers: str


def meeting_sheet(overview: Overview, names: Names, directory: Directory) -> MeetingSheet:
    """Return the page of a period."""
    found = list(describe_outliers(overview, names, directory))
    shown = by_turns(found)
    before = overview.previous
    lines, alike = list[SheetLine](), list[str]()
    for figure in sorted((figure for figure in FIGURES if figure.weight), key=lambda figure: -figure.weight):
        line = _line(overview, before, figure, directory)
        if line is None:
            alike.append(figure.title)
        else:
            lines.append(line)
    return MeetingSheet(
        shown,
        len(found) - len(shown),
        list(describe_nothing(overview)),
        lines,
        alike,
        _no_change(before, lines),
        _dangers(overview),
    )


def _no_change(before: Overview, lines: Sequence[SheetLine]) -> str:
    """Return that nothing changed, or that nothing says so; "" where something did."""
    if any(line.trend for line in lines):
        return ""
    was = format_period(before.span)
    if not any(judged(figure, before.of_chosen(figure)) is not None for figure in FIGURES if figure.weight):
        return f"Trop peu est compté de la période d’avant ({was}) pour dire ce qui a changé."
    return f"Rien n’a nettement changé depuis la période d’avant ({was})."


def by_turns(outliers: Sequence[Outlier]) -> list[Outlier]:
    """Return the first of each kind, then the second of each, as many as there is room for; in their order."""
    kinds: list[list[int]] = [[] for _ in range(_KINDS)]
    for at, each in enumerate(outliers):
        kinds[2 if each.residence else 0 if each.office else 1].append(at)
    turns = sorted((turn, kind, at) for kind, several in enumerate(kinds) for turn, at in enumerate(several))
    return [outliers[at] for at in sorted(at for _, _, at in turns[:_MOST])]


def _line(overview: Overview, before: Overview, figure: Figure, directory: Directory) -> SheetLine | None:
    """Return a figure that became better or worse, or by which offices differ; None of any other."""
    mine, earlier, whole = overview.of_chosen(figure), before.of_chosen(figure), overview.beside.of_offices(figure)
    gap = gap_of(figure, {office: overview.of_office(figure, office) for office in overview.offices})
    trend = ""
    if judged(figure, mine) is not None and judged(figure, earlier) is not None:
        trend = "▲ moins bien" if is_worse(figure, mine, earlier) else ""
        trend = trend or ("mieux" if is_worse(figure, earlier, mine) else "")
    is_one = overview.place.office is not None or overview.place.residence is not None
    worse = is_one and is_worse(figure, mine, whole)
    told = format_gap(figure, gap, directory) if gap is not None and gap.is_sure else ""
    if not trend and not told and not worse:
        return None
    now, then = _number(figure, mine), _number(figure, earlier)
    return SheetLine(figure, now, then, trend, _number(figure, whole), worse, told)


def _number(figure: Figure, value: Value) -> str:
    """Return a figure as it is compared; of what its share is, stands with its title."""
    found = drawn(figure, value)
    return "–" if found is None else format_drawn_number(figure, found[0])


def _dangers(overview: Overview) -> str:
    """Return how many alarms there were in what is asked for, and what agents said of them."""
    names = ("alarms", "alarms_confirmed", "alarms_false", "alarms_unjudged")
    cried, confirmed, false, unjudged = (overview.chosen[name] for name in names)
    if not cried:
        return "Aucun danger signalé."
    figure = BY_ID["alarms_unjudged"]
    share = value_of(figure, overview.chosen).share or Value(None, 0)
    part = format_drawn_number(figure, share.number or 0.0)
    rest = f" ({part} {figure.judged_as}, {format_interval(share)})"
    return (
        f"{cried} dangers signalés : {confirmed} confirmés, {false} fausses alertes, "
        f"{unjudged} sans verdict{rest if unjudged else ''}."
    )
