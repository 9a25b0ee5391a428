"""How alike each two messages are, never written down: with many of them that takes more room than a machine has."""

import numpy as np
from numpy.typing import NDArray

from dtm_contact.rehearsal.logistic import Lines

Floats = NDArray[np.float32]


class Gram:
    """The matrix of the products of each two rows, known by what comes of multiplying with it.

    Args:
        lines: the rows.
    """

    def __init__(self, lines: Lines) -> None:
        ends = lines.starts[1:]  # behind the last one np.split leaves an empty part
        self._columns, self._values = np.split(lines.column, ends)[:-1], np.split(lines.value, ends)[:-1]
        order = np.argsort(lines.column, kind="stable")
        ends = np.cumsum(np.bincount(lines.column, minlength=lines.width))
        self._rows = np.split(lines.owner[order], ends)[:-1]
        self._held = np.split(lines.value[order], ends)[:-1]

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self._columns)

    def gathered(self, weights: Floats) -> Floats:
        """Return for each column the sum of the rows of `weights`, each times what that row holds in the column."""
        return _sums(self._rows, self._held, weights)

    def times(self, weights: Floats) -> Floats:
        """Return for each row the sum of the rows of `weights`, each times how alike the two rows are."""
        return _sums(self._columns, self._values, self.gathered(weights))


def _sums(places: list[NDArray[np.int32]], values: list[Floats], weights: Floats) -> Floats:
    sums = np.zeros((len(places), *weights.shape[1:]), np.float32)
    for row, (which, held) in enumerate(zip(places, values, strict=True)):
        if len(which):
            sums[row] = held @ weights[which]
    return sums
