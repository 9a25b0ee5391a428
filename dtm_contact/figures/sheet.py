"""One page for a meeting: what stands out and is to be decided, the gaps between offices, and the trend."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dtm_contact.directory import Directory
from dtm_contact.explain.names import Names
from dtm_contact.figures.comparing import Value, drawn, gap_of, is_worse, judged
from dtm_contact.figures.definitions import BY_ID, FIGURES, Figure
from dtm_contact.figures.overview import Overview
from dtm_contact.figures.telling import (
    Outlier,
    describe_nothing,
    describe_outliers,
    format_drawn,
    format_drawn_number,
    format_gap,
)

_MOST: Final = 5
"""More than that is decided in no meeting, and would not fit."""


@dataclass(frozen=True, slots=True)
class SheetLine:
    """One figure in words: of all offices now, before, whether it became better, and the gap between offices."""

    figure: Figure
    whole: str
    before: str
    trend: str
    gap: str


@dataclass(frozen=True, slots=True)
class MeetingSheet:
    """What stands on the page.

    Attributes:
        outliers: what stands out, offices and residences by turns, for a decision each.
        left_out: how many more stand out.
        nothing: of what nothing stands out.
        lines: the figures by which offices are compared, the weightiest first.
        dangers: what became of the alarms.
    """

    outliers: Sequence[Outlier]
    left_out: int
    nothing: Sequence[str]
    lines: Sequence[SheetLine]
    dangers: str


def meeting_sheet(overview: Overview, names: Names, directory: Directory) -> MeetingSheet:
    """Return the page of a period."""
    found = list(describe_outliers(overview, names, directory))
    offices, residences = ([each for each in found if bool(each.office) is office] for office in (True, False))
    # Offices first, but never so many that no residence is seen.
    shown = [*offices[: max(_MOST - len(residences), _MOST - 2)], *residences][:_MOST]
    before = overview.previous
    weighty = sorted((figure for figure in FIGURES if figure.weight), key=lambda figure: -figure.weight)
    return MeetingSheet(
        shown,
        len(found) - len(shown),
        list(describe_nothing(overview, found)),
        [_line(overview, before, figure, directory) for figure in weighty],
        _dangers(overview),
    )


def _line(overview: Overview, before: Overview, figure: Figure, directory: Directory) -> SheetLine:
    whole, earlier = overview.of_offices(figure), before.of_offices(figure)
    gap = gap_of(figure, {office: overview.of_office(figure, office) for office in overview.offices})
    if judged(figure, whole) is None or judged(figure, earlier) is None:
        trend = "–"
    elif is_worse(figure, whole, earlier):
        trend = "▲ moins bien"
    else:
        trend = "mieux" if is_worse(figure, earlier, whole) else "rien de sûr"
    told = format_gap(figure, gap, directory) or "trop peu de cas pour comparer"
    return SheetLine(figure, _number(figure, whole), _number(figure, earlier), trend, told)


def _number(figure: Figure, value: Value) -> str:
    """Return a figure as it is compared; of what its share is, stands with its title."""
    found = drawn(figure, value)
    return "–" if found is None else format_drawn_number(figure, found[0])


def _dangers(overview: Overview) -> str:
    """Return how many alarms there were, and what agents said of them."""
    names = ("alarms", "alarms_confirmed", "alarms_false", "alarms_unjudged")
    cried, confirmed, false, unjudged = (overview.whole[name] for name in names)
    if not cried:
        return "Aucun danger signalé."
    rest = f" ({format_drawn(BY_ID['alarms_unjudged'], overview.of_whole(BY_ID['alarms_unjudged']))})"
    return (
        f"{cried} dangers signalés : {confirmed} confirmés, {false} fausses alertes, "
        f"{unjudged} sans verdict{rest if unjudged else ''}."
    )
