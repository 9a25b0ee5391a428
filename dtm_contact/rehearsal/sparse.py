"""Many messages with few of many features each: how alike they are, and sums by feature."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]

_OFTEN = 150
"""A feature of more messages is multiplied out as a whole column."""

_AT_ONCE = 2_048
"""Rows, and columns, of one multiplication; OpenBLAS breaks down over 38,000 rows at once."""


@dataclass(frozen=True, slots=True)
class Sparse:
    """A matrix, a row a message, kept by its columns.

    Attributes:
        rows: how many rows there are.
        places: for each column the rows that hold something, in order.
        values: what they hold.
    """

    rows: int
    places: Sequence[Rows]
    values: Sequence[Floats]

    @classmethod
    def of(cls, columns: Sequence[Rows], values: Sequence[Floats], width: int) -> "Sparse":
        """Return the matrix of which each row holds values in some columns."""
        owner = np.repeat(np.arange(len(columns)), [len(found) for found in columns])
        column, value = np.concatenate(columns), np.concatenate(values)
        order = np.argsort(column, kind="stable")
        ends = np.cumsum(np.bincount(column, minlength=width))[:-1]
        return cls(len(columns), np.split(owner[order], ends), np.split(value[order], ends))

    def alike(self) -> Floats:
        """Return the product of each two rows."""
        product = np.zeros((self.rows, self.rows), np.float32)
        often = [column for column, places in enumerate(self.places) if len(places) > _OFTEN]
        for begin in range(0, len(often), _AT_ONCE):
            self._add_products(product, often[begin : begin + _AT_ONCE])
        for start in range(0, self.rows, _AT_ONCE):
            end = start + _AT_ONCE
            product[end:, start:end] = product[start:end, end:].T
        for places, values in zip(self.places, self.values, strict=True):
            if len(places) <= _OFTEN:
                product[np.ix_(places, places)] += np.outer(values, values)
        return product

    def _add_products(self, product: Floats, columns: Sequence[int]) -> None:
        """Add what some columns say of each two rows, in the upper half alone."""
        dense = np.zeros((self.rows, len(columns)), np.float32)
        for place, column in enumerate(columns):
            dense[self.places[column], place] = self.values[column]
        for start in range(0, self.rows, _AT_ONCE):
            end = start + _AT_ONCE
            product[start:end, start:] += dense[start:end] @ dense[start:].T

    def gathered(self, weights: Floats) -> Floats:
        """Return for each column the sum of the rows of `weights`, each times what the row holds in the column."""
        return np.array(
            [values @ weights[places] for places, values in zip(self.places, self.values, strict=True)], np.float32
        )
