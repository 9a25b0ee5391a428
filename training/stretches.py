"""Stretches of messages that a small linear model learns of: whole messages, or single sentences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from dtm_contact.text import Tokens
from dtm_contact.topics import Model
from dtm_contact.topics.details import in_sentences, weighed_apart

_C: Final = 3.0

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Matrix: TypeAlias = Any
"""A sparse matrix of scipy, which has no types."""


@dataclass(slots=True)
class Stretches:
    """Stretches of messages as numbers, a line each, with their labels.

    Attributes:
        model: what reads them.
        labels: what each says: wishes, one kind of danger, or that it is over.
        doubtful: nobody labelled it by hand.
    """

    model: Model
    labels: list[frozenset[str]] = field(default_factory=list)
    doubtful: list[bool] = field(default_factory=list)
    _rows: list[Rows] = field(default_factory=list)
    _values: list[Floats] = field(default_factory=list)

    def add_whole(self, tokens: Tokens, labels: Iterable[str]) -> None:
        """Add a message as one stretch."""
        reading = self.model.read(tokens)
        self._add(reading.rows, reading.features.groups, np.zeros(len(reading.rows), np.intp), [frozenset(labels)])

    def add_sentences(self, tokens: Tokens, labels: dict[int, set[str]], *, doubtful: bool = False) -> None:
        """Add each sentence of a message.

        Args:
            tokens: the message.
            labels: what sentences say, by their numbers.
            doubtful: nobody labelled it by hand.
        """
        if not len(tokens):
            return
        sentences = np.array(tokens.sentences, np.intp)
        reading, owners = in_sentences(self.model.read(tokens), sentences)
        said = [frozenset(labels.get(number, ())) for number in range(int(sentences[-1]) + 1)]
        self._add(reading.rows, reading.features.groups, owners, said, doubtful=doubtful)

    def _add(
        self,
        rows: Rows,
        groups: NDArray[np.int8],
        owners: Rows,
        labels: Sequence[frozenset[str]],
        *,
        doubtful: bool = False,
    ) -> None:
        values = weighed_apart(self.model.rarity[rows], groups, owners, len(labels))
        for number, said in enumerate(labels):
            chosen = owners == number
            if chosen.any():
                self._rows.append(rows[chosen])
                self._values.append(values[chosen])
                self.labels.append(said)
                self.doubtful.append(doubtful)

    @property
    def matrix(self) -> Matrix:
        """All of them, a line each."""
        ends = np.cumsum([0, *map(len, self._rows)])
        parts = (np.concatenate(self._values), np.concatenate(self._rows), ends)
        return sparse.csr_matrix(parts, (len(self._rows), len(self.model.ids)))


def regression(lines: Matrix, holds: NDArray[np.bool_], inverse_penalty: float = _C) -> Floats:
    """Return a weight for each feature, and a last one for all stretches, that tell what holds of some."""
    learner = LogisticRegression(
        C=inverse_penalty, solver="liblinear", dual=True, max_iter=400, random_state=0, class_weight="balanced"
    )
    fitted = learner.fit(lines, holds)
    return np.append(fitted.coef_[0], fitted.intercept_[0])
