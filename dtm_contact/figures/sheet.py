"""One page for a meeting: what stands out and is to be decided, what changed, and the gaps between offices."""

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
_KINDS: Final = 3
"""What is so everywhere, at offices, in residences."""


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
        outliers: what stands out, by turns of everywhere, offices and residences, for a decision each.
        left_out: how many more stand out.
        nothing: of what nothing stands out.
        lines: the figures that changed, or by which offices differ, the weightiest first.
        alike: the titles of the others: they say nothing.
        dangers: what became of the alarms.
    """

    outliers: Sequence[Outlier]
    left_out: int
    nothing: Sequence[str]
    lines: Sequence[SheetLine]
    alike: Sequence[str]
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
        list(describe_nothing(overview, found)),
        lines,
        alike,
        _dangers(overview),
    )


def by_turns(outliers: Sequence[Outlier]) -> list[Outlier]:
    """Return the first of each kind, then the second of each, as many as there is room for; in their order."""
    kinds: list[list[int]] = [[] for _ in range(_KINDS)]
    for at, each in enumerate(outliers):
        kinds[2 if each.residence else 1 if each.office else 0].append(at)
    turns = sorted((turn, kind, at) for kind, several in enumerate(kinds) for turn, at in enumerate(several))
    return [outliers[at] for at in sorted(at for _, _, at in turns[:_MOST])]


def _line(overview: Overview, before: Overview, figure: Figure, directory: Directory) -> SheetLine | None:
    """Return a figure that became better or worse, or by which offices differ; None of any other."""
    whole, earlier = overview.of_offices(figure), before.of_offices(figure)
    gap = gap_of(figure, {office: overview.of_office(figure, office) for office in overview.offices})
    trend = ""
    if judged(figure, whole) is not None and judged(figure, earlier) is not None:
        trend = "▲ moins bien" if is_worse(figure, whole, earlier) else ""
        trend = trend or ("mieux" if is_worse(figure, earlier, whole) else "")
    told = format_gap(figure, gap, directory) if gap is not None and gap.is_sure else ""
    if not trend and not told:
        return None
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
