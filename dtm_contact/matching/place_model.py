"""The learned model of places: at which of the places that a text names the matter is, and at which the tenant lives.

A choice among the places named, and none of them, by what the words around each say (`place_features`): a conditional
logit (McFadden 1974). `python -m training places` makes its file; numpy alone reads it.
"""

import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dtm_contact.errors import UnusableModelError
from dtm_contact.model_archive import archived, opened_archive, text_array

FORMAT: Final = 1
"""The version of the model file that this program reads."""

FILE: Final = "data/places.npz"
"""The model that comes with the program, within its package."""

QUESTIONS: Final = ("matter", "home")
"""What is asked of the places: where the matter is, and where the tenant concerned lives."""

_LEAST: Final = 1e-9

Values = NDArray[np.float32]
Sums = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How likely the matter is at a place named, and how likely the tenant lives there."""

    matter: float
    home: float


@dataclass(frozen=True)
class PlaceModel:
    """What labelled letters have taught of places.

    Attributes:
        rows: the row of each feature.
        weights: steps of one byte, a column a question.
        step: how large the step of each column is.
        about: what the model says of itself: the corpus's digest, and figures.
    """

    rows: Mapping[str, int]
    weights: NDArray[np.int8]
    step: Values
    about: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    def said(self, features: Iterable[str]) -> Sums:
        """Return what some features of a place say of each question, in steps; what else it shows is added to it."""
        known = list({row for each in features if (row := self.rows.get(each)) is not None})
        # Without `@`: BLAS takes memory for its threads, more than a judge's bound leaves.
        sums: Sums = self.weights[known].sum(axis=0, dtype=np.int64)
        return sums

    def meanings(self, said: Sequence[Sums]) -> list[Meaning]:
        """Return what each place is likely to be, by what is said of each of all that one message names."""
        if not said:
            return []
        told = np.stack(said) * self.step
        most = np.maximum(told.max(axis=0), 0.0)
        odds = np.exp(told - most)
        chances = odds / (odds.sum(axis=0) + np.exp(-most))
        return [Meaning(matter, home) for matter, home in chances.tolist()]

    def packed(self) -> bytes:
        """Return the model as the bytes of a file."""
        header = {"format": FORMAT, "questions": QUESTIONS, "about": dict(self.about)}
        features = text_array("\n".join(self.rows))
        return archived(header, {"features": features, "weights": self.weights, "step": self.step})

    @classmethod
    def unpacked(cls, content: bytes) -> "PlaceModel":
        """Return the model that the bytes of a file hold.

        Raises:
            UnusableModelError: they are damaged, or of another format.
        """
        with opened_archive(content, FORMAT) as archive:
            features, arrays = archive.lines("features"), archive.arrays
            if arrays["weights"].shape != (len(features), len(QUESTIONS)):
                raise UnusableModelError("its weights are not one row a feature")
            rows = {feature: row for row, feature in enumerate(features)}
            return cls(rows, arrays["weights"], arrays["step"], archive.header["about"], archive.digest)

    @classmethod
    def of(cls, features: Sequence[str], weights: Values, about: Mapping[str, Any]) -> "PlaceModel":
        """Return a model with its weights in steps of one byte; features that weigh nothing are left out.

        Args:
            features: in the order of the rows of `weights`.
            weights: a row a feature, a column a question.
            about: what the model shall say of itself.
        """
        step = np.maximum(np.abs(weights).max(axis=0, initial=0.0), _LEAST) / 127
        steps = np.round(weights / step).astype(np.int8)
        kept = np.flatnonzero(steps.any(axis=1))
        rows = {features[row]: place for place, row in enumerate(kept.tolist())}
        return cls(rows, steps[kept], step.astype(np.float32), about)


@cache
def shipped() -> PlaceModel:
    """Return the model that comes with the program, read once."""
    return PlaceModel.unpacked(pkgutil.get_data("dtm_contact", FILE) or b"")
