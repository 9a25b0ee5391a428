"""Logistic regression with a weight a feature: Newton's steps, each found by conjugate gradients.

Lin, Weng, Keerthi, Trust region Newton method for large-scale logistic regression, 2008; without a trust region, since
steps from nothing under a ridge did not need one. It costs what the features of all rows cost, not their square.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_RIDGE = 0.005
"""Half of what it is where two columns share a weight, as in `learning`."""

_NEWTON_STEPS = 12
_GRADIENTS = 25
_ROUGHLY = 1e-4
"""By how much (squared) a step's rest must have shrunk; the next step mends what is left."""

_FLAT = 1e-4
"""The squared slope a row at which the weights are taken for found."""

_SUREST = 30.0


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows that hold something in few of many columns, all in one list.

    Attributes:
        width: how many columns there are.
        starts: where each row begins in the list, and where the last one ends.
        owner: of each thing held its row.
        column, value: in which column it stands, and what it is.
    """

    width: int
    starts: Rows
    owner: NDArray[np.int32]
    column: NDArray[np.int32]
    value: NDArray[np.float32]

    @classmethod
    def of(cls, columns: Sequence[NDArray[np.intp]], values: Sequence[NDArray[np.float32]], width: int) -> "Lines":
        """Return the rows that hold values in some columns."""
        empty_column, empty_value = np.zeros(0, np.int32), np.zeros(0, np.float32)
        return cls._cut(
            width,
            np.array([len(row) for row in columns], np.intp),
            np.concatenate([empty_column, *columns]).astype(np.int32),
            np.concatenate([empty_value, *values]),
        )

    @classmethod
    def _cut(cls, width: int, lengths: Rows, column: NDArray[np.int32], value: NDArray[np.float32]) -> "Lines":
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.intp)
        return cls(width, starts, np.repeat(np.arange(len(lengths), dtype=np.int32), lengths), column, value)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1

    def chosen(self, rows: Rows) -> "Lines":
        """Return some of the rows, in that order."""
        lengths = np.diff(self.starts)[rows]
        before = np.concatenate(([0], np.cumsum(lengths)[:-1])) if len(rows) else np.zeros(0, np.intp)
        places = np.repeat(self.starts[rows] - before, lengths) + np.arange(lengths.sum())
        return self._cut(self.width, lengths, self.column[places], self.value[places])

    def followed_by(self, others: "Lines") -> "Lines":
        """Return these rows, and others behind them."""
        lengths = np.concatenate((np.diff(self.starts), np.diff(others.starts)))
        column = np.concatenate((self.column, others.column))
        return self._cut(self.width, lengths, column, np.concatenate((self.value, others.value)))

    def times(self, weights: Floats) -> Floats:
        """Return for each row the sum of what it holds, each times the weight of its column."""
        held = self.value * weights.astype(np.float32)[self.column]
        return np.asarray(np.bincount(self.owner, held, self.rows), np.float64)

    def gathered(self, weights: Floats) -> Floats:
        """Return for each column the sum of what it holds, each times the weight of its row."""
        held = self.value * weights.astype(np.float32)[self.owner]
        return np.asarray(np.bincount(self.column, held, self.width), np.float64)


def learn(lines: Lines, holds: NDArray[np.bool_], before: Floats) -> Floats:
    """Return a weight for each column, so that a row's sum is the log odds that something holds of it.

    Args:
        lines: the rows.
        holds: whether it holds of each.
        before: the log odds of each before it was read; these are added while learning, and not learned.
    """
    weights = np.zeros(lines.width)
    for _ in range(_NEWTON_STEPS):
        score = np.clip(lines.times(weights) + before, -_SUREST, _SUREST)
        likely = 1 / (1 + np.exp(-score))
        downhill = lines.gathered(holds - likely) - _RIDGE * weights
        if downhill @ downhill <= _FLAT * lines.rows:
            break
        weights += _step(lines, likely * (1 - likely), downhill)
    return weights


def _step(lines: Lines, bend: Floats, downhill: Floats) -> Floats:
    """Return roughly where the slope would be nothing if it went on bending as it does here."""
    step, left = np.zeros_like(downhill), downhill.copy()
    along, size = downhill.copy(), float(downhill @ downhill)
    enough = _ROUGHLY * size
    for _ in range(_GRADIENTS):
        bent = lines.gathered(bend * lines.times(along)) + _RIDGE * along
        far = size / float(along @ bent)
        step += far * along
        left -= far * bent
        size, last = float(left @ left), size
        if size < enough:
            break
        along = left + size / last * along
    return step
