"""Counts of several periods in a row as arrays, by office and topic and by residence and topic: what is scanned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from dtm_contact.figures.cells import Division, FigureCells
from dtm_contact.figures.definitions import FIGURES, FigureKind


def _measures() -> tuple[str, ...]:
    """Return the measures of the shares by which places are compared, and those that tell what waits."""
    found = ["open", "opened", "closed", "reopened"]
    for figure in FIGURES:
        if figure.weight and figure.kind is not FigureKind.QUANTILE:
            found += [figure.measure, figure.whole, *figure.judged_of]
    return tuple(dict.fromkeys(filter(None, found)))


MEASURES: Final = _measures()
AT: Final = {name: at for at, name in enumerate(MEASURES)}


@dataclass(frozen=True)
class CourseCounts:
    """What was counted in several periods in a row.

    Attributes:
        periods: their first days.
        offices, residences, topics: what the axes stand for; a topic may be "".
        by_office: by office, topic, period and measure.
        by_residence: the same by residence, whichever office works its cases.
    """

    periods: tuple[date, ...]
    offices: tuple[str, ...]
    residences: tuple[str, ...]
    topics: tuple[str, ...]
    by_office: np.ndarray
    by_residence: np.ndarray


def course_counts(
    counted: Mapping[date, FigureCells], offices: Sequence[str], residences: Sequence[str]
) -> CourseCounts:
    """Return the counts of periods, of these offices and residences alone."""
    topics = sorted({topic for cells in counted.values() for topic in cells.names(Division.TOPIC)})
    size = len(topics), len(counted), len(MEASURES)
    found = [np.zeros((len(names), *size), np.int64) for names in (offices, residences)]
    for period, cells in enumerate(counted.values()):
        which, measures, numbers = cells.of_measures(MEASURES)
        topic = cells.placed(Division.TOPIC, topics)[which]
        for array, division, names in zip(
            found, (Division.OFFICE, Division.RESIDENCE), (offices, residences), strict=True
        ):
            place = cells.placed(division, names)[which]
            known = place >= 0
            code = (place[known] * size[0] + topic[known]) * size[2] + measures[known]
            sums = np.bincount(code, numbers[known], len(names) * size[0] * size[2])
            array[:, :, period, :] = sums.reshape(len(names), size[0], size[2])
    return CourseCounts(tuple(counted), tuple(offices), tuple(residences), tuple(topics), *found)
