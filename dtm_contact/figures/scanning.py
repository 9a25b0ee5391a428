"""In which periods in a row a place was worse than what it is compared with: the run that shows it best.

A share of bad cases of a place is held against that of others, over every run of periods that may be told. Of those in
which it is worse beyond chance and by enough to matter, the one of the strongest evidence says since when. This is the
scan statistic of Kulldorff (Communications in Statistics 26, 1997) for two shares, by their normal approximation; the
limit is divided by the number of runs that are tried (Bonferroni), so that looking at many cries no wolf.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

BY_CHANCE: Final = 0.0001
"""What chance alone would bring as often as that, or oftener, is not told."""
SMALLEST: Final = 30
"""Places are compared only where they rest on so many cases."""


def standard_errors(chance: float) -> float:
    """Return how many standard errors chance alone exceeds so rarely."""
    return -NormalDist().inv_cdf(chance)


EVIDENCE: Final = standard_errors(BY_CHANCE)
"""How many standard errors that is for one comparison."""


@dataclass(frozen=True)
class Runs:
    """Runs of periods, by the places of their first and last one among all."""

    first: np.ndarray
    last: np.ndarray

    @classmethod
    def ending(cls, ends: Iterable[int]) -> "Runs":
        """Return all that end at one of some periods."""
        pairs = np.array([(first, last) for last in ends for first in range(last + 1)], np.int64).reshape(-1, 2)
        return cls(pairs[:, 0], pairs[:, 1])

    def __len__(self) -> int:
        return len(self.first)

    @property
    def least_evidence(self) -> float:
        """How many standard errors the best of them must show."""
        return standard_errors(BY_CHANCE / max(1, len(self)))

    def sums(self, counts: np.ndarray) -> np.ndarray:
        """Return the sums of the last axis, the periods, over each run."""
        below = _below(counts)
        return np.asarray(below[..., self.last + 1] - below[..., self.first])

    def before(self, counts: np.ndarray) -> np.ndarray:
        """Return the sums of all periods before each run."""
        return np.asarray(_below(counts)[..., self.first])


def _below(counts: np.ndarray) -> np.ndarray:
    return np.concatenate((np.zeros((*counts.shape[:-1], 1)), np.cumsum(counts, axis=-1)), axis=-1)


@dataclass(frozen=True)
class ComparedCounts:
    """Bad cases of some places and of what each is compared with, by period: the last axis.

    Attributes:
        bad, whole: of the places.
        other_bad, other_whole: of what they are compared with; None: with themselves before the run.
        is_stock: they stand at the end of each period, so that of several periods the mean counts, not the sum.
        settled: the first period that counts as before.
    """

    bad: np.ndarray
    whole: np.ndarray
    other_bad: np.ndarray | None = None
    other_whole: np.ndarray | None = None
    is_stock: bool = False
    settled: int = 0

    def worst(self, runs: Runs, least: float) -> list[tuple[int, float] | None]:
        """Return of each place the run that shows best that it is worse, with its evidence; None where none does.

        Args:
            runs: which may be told.
            least: the least difference of two shares, from 0 to 1, that is one.
        """
        found: list[tuple[int, float] | None] = [None] * len(self.bad)
        large = np.flatnonzero(self.whole.sum(axis=-1) >= SMALLEST)
        if not len(runs) or not len(large):
            return found
        for at, each in zip(large.tolist(), self._of(large).scan(runs, least), strict=True):
            found[at] = each
        return found

    def _of(self, places: np.ndarray) -> "ComparedCounts":
        """Return some of the places."""
        if self.other_bad is None or self.other_whole is None:
            return ComparedCounts(self.bad[places], self.whole[places], is_stock=self.is_stock, settled=self.settled)
        other = self.other_bad[places], self.other_whole[places]
        return ComparedCounts(self.bad[places], self.whole[places], *other, is_stock=self.is_stock)

    def scan(self, runs: Runs, least: float) -> list[tuple[int, float] | None]:
        """Return the same of places that are all large enough."""
        bad, whole = runs.sums(self.bad), runs.sums(self.whole)
        if self.other_bad is None or self.other_whole is None:
            other_bad, other_whole = runs.before(self.bad), runs.before(self.whole)
            other_length = np.maximum(1, runs.first - self.settled)
        else:
            other_bad, other_whole = runs.sums(self.other_bad), runs.sums(self.other_whole)
            other_length = runs.last - runs.first + 1
        if self.is_stock:
            length = runs.last - runs.first + 1
            bad, whole, other_bad, other_whole = (
                bad / length, whole / length, other_bad / other_length, other_whole / other_length
            )  # fmt: skip
        shown = evidence(bad, whole, other_bad, other_whole, least)
        # A run begins and ends with a period that is worse itself, or too small to tell.
        limit = _divided(other_bad, other_whole) + least / 2
        share = np.where(self.whole < SMALLEST, np.inf, _divided(self.bad, self.whole))
        shown[(share[:, runs.first] < limit) | (share[:, runs.last] < limit)] = -np.inf
        limit_of_all = runs.least_evidence
        return [
            self._first_unbroken(place, runs, shown[place], limit[place], limit_of_all) for place in range(len(shown))
        ]

    def _first_unbroken(
        self, place: int, runs: Runs, shown: np.ndarray, limit: np.ndarray, least: float
    ) -> tuple[int, float] | None:
        """Return of a place the run of the strongest evidence that holds without a break; None where none does."""
        strong = np.flatnonzero(shown >= least)
        for run in strong[np.argsort(-shown[strong], kind="stable")].tolist():
            between = slice(int(runs.first[run]), int(runs.last[run]) + 1)
            if holds(self.bad[place, between], self.whole[place, between], limit[run]):
                return run, float(shown[run])
        return None


def holds(bad: np.ndarray, whole: np.ndarray, limit: float) -> bool:
    """Return whether the share of bad cases reaches a limit in periods in a row without a break.

    It does in each that is large enough to tell, and, of smaller ones, in the first of them together, however many, and
    in the last: a run neither begins nor ends with months that were good.
    """
    if bool(((whole >= SMALLEST) & (bad < limit * whole)).any()):
        return False
    return all(
        bool((np.cumsum(part) >= limit * np.cumsum(of) - _ROUNDING).all())
        for part, of in ((bad, whole), (bad[::-1], whole[::-1]))
    )


def evidence(
    bad: np.ndarray, whole: np.ndarray, other_bad: np.ndarray, other_whole: np.ndarray, least: float = 0.0
) -> np.ndarray:
    """Return by how many standard errors a share is greater than another; -inf where that is no difference.

    None is where one of the two rests on too few, or where they differ by less than `least`.
    """
    here, there = _divided(bad, whole), _divided(other_bad, other_whole)
    both = _divided(bad + other_bad, whole + other_whole)
    spread = np.sqrt(both * (1 - both) * (_divided(1.0, whole) + _divided(1.0, other_whole)))
    shown = _divided(here - there, spread)
    return np.where((whole >= SMALLEST) & (other_whole >= SMALLEST) & (here - there >= least), shown, -np.inf)


def _divided(part: np.ndarray | float, whole: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0))


_ROUNDING: Final = 1e-9
_LEAST_BEFORE: Final = 1.5
"""Of fewer periods nothing is usual yet."""


def surplus(
    counts: np.ndarray, weights: np.ndarray, runs: Runs, usual_of: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how many cases there were in each run, and how many before it.

    Args:
        counts: of some places, by period.
        weights: how much of each period has passed, from 0 to 1.
        runs: the runs.
        usual_of: the mean of so many periods before a run is what is usual; fewer where no more are known.

    Returns:
        of each place and run how many there were, and how many in the periods before; and which part of both times
        the run is, NaN where fewer than two periods went before.
    """
    below, passed = _below(counts), _below(weights[None, :])
    since = np.maximum(0, runs.first - usual_of)
    before = below[:, runs.first] - below[:, since]
    time_before, time = passed[:, runs.first] - passed[:, since], passed[:, runs.last + 1] - passed[:, runs.first]
    part = np.where(time_before >= _LEAST_BEFORE, time / (time + time_before), np.nan)
    return below[:, runs.last + 1] - below[:, runs.first], before, part


def divergence(counts: np.ndarray, before: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Return how far two Poisson counts are from one rate: the logarithm of their likelihood ratio."""
    both = counts + before
    told = _entropy(counts, both * part) + _entropy(before, both * (1 - part))
    return np.asarray(np.where(np.isnan(part), -1.0, told))


def _entropy(count: np.ndarray, expected: np.ndarray) -> np.ndarray:
    return np.asarray(count * np.log(np.maximum(count, 1e-9) / np.maximum(expected, 1e-9)))


def at_least(count: int, before: int, part: float) -> float:
    """Return how likely so many of all cases, or more, fall into a part where one rate holds: binomial."""
    whole, found = count + before, 0.0
    for each in range(count, whole + 1):
        log = math.lgamma(whole + 1) - math.lgamma(each + 1) - math.lgamma(whole - each + 1)
        likely = math.exp(log + each * math.log(part) + (whole - each) * math.log1p(-part))
        found += likely
        if each > part * (whole + 1) and likely <= _ROUNDING * found:
            # Beyond the likeliest number each is less likely than the one before, and by ever more.
            break
    return min(1.0, found)
