"""How far a probability may be believed: of what was said with it, the share that was right."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

EDGES = (0.0, 0.2, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
"""Where the bands of a reliability table begin; the last ends at 1."""


@dataclass(frozen=True, slots=True)
class Band:
    """Answers given with about the same probability.

    Attributes:
        low, high: from this probability up to, not including, that; 1 belongs to the last.
        count: how many answers.
        said: their mean probability.
        right: the share of them that was right.
    """

    low: float
    high: float
    count: int
    said: float
    right: float

    @property
    def off(self) -> float:
        """By how much the probability said too much (above 0) or too little."""
        return self.said - self.right

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true share of right answers lies, 95 times of 100: few answers say little."""
        return wilson(round(self.right * self.count), self.count)


def reliability(answers: Iterable[tuple[float, bool]]) -> tuple[Band, ...]:
    """Return the reliability table of answers, each a probability from 0 to 1 and whether it was right.

    Bands without an answer are left out (DeGroot and Fienberg, The comparison and evaluation of forecasters, 1983).
    """
    listed = list(answers)
    found = []
    for low, high in pairwise(EDGES):
        inside = [each for each in listed if low <= each[0] < high or (high == each[0] == EDGES[-1])]
        if inside:
            said = sum(probability for probability, _right in inside) / len(inside)
            right = sum(right for _probability, right in inside) / len(inside)
            found.append(Band(low, high, len(inside), said, right))
    return tuple(found)


def wilson(right: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval in which the true share lies, 95 times of 100 by default (Wilson 1927).

    Args:
        right: how many were right.
        of: of how many; 0 gives 0 to 1.
        z: the standard normal quantile of the interval.
    """
    if not of:
        return 0.0, 1.0
    share, square = right / of, z * z
    middle = share + square / (2 * of)
    half = z * math.sqrt(share * (1 - share) / of + square / (4 * of * of))
    scale = 1 + square / of
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)
