"""The learned model: one matrix of weights, a column for each topic, for danger, urgency, scope and who asks.

A message's features are weighed by how rare they are, each group of them to its share, and multiplied with the matrix
(a linear model over text, as Joachims 1998). Beside it a convolutional reader hears the words in their order.
`training/` makes the file; numpy alone reads it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dtm_contact.errors import UnusableModelError
from dtm_contact.model_archive import ModelArchive, archived, opened_archive, text_array
from dtm_contact.text import MASKED, Slips, Tokens
from dtm_contact.topics.convolution import IN_DANGER, LONGEST, OUTPUTS, Convolution, sequence_of
from dtm_contact.topics.features import GROUPS, PAIRS, WORDS, Features, features_of, windows

FORMAT: Final = 2
"""The version of the model file that this program reads."""

SHARES: Final = np.sqrt(np.array([1.0, 1.4, 0.7]))
"""How much words, pairs and pieces say together."""

DANGER, BY_OUTAGE, URGENT, NOBODY, SCAN = "in_danger", "by_outage", "urgent", "nobody", "scan"
"""Columns beside the topics: somebody is in danger; of what is out (heating, lift, power), somebody is in danger by it;
one step more urgent than its topic; no person wrote it; it is what a copier or a mail room writes around a letter."""

NEEDED: Final = frozenset([DANGER, BY_OUTAGE, URGENT, NOBODY, SCAN, "other", "thanks", "automatic", "spam"])
"""The columns without which a message cannot be understood."""

TOPIC_SHARE: Final = 0.07
"""How much the convolutional reader says of the topic, beside the columns."""

WINDOW, STEP = 40, 20
"""Words of a stretch that is judged for danger by itself, and between the begins of two."""

_CALIBRATED: Final = {DANGER: 3, BY_OUTAGE: 4}
"""How many numbers calibrate what: a slope for each score, and the offset."""

_LEAST = 1e-9
_IN_ORDER = "in_order_"

Values = NDArray[np.float32]
Rows = NDArray[np.intp]

_NOTHING: Final[Values] = np.empty(0, np.float32)


@dataclass(frozen=True, slots=True)
class Reading:
    """A message as the model sees it.

    Attributes:
        features: those that the model knows.
        rows: their rows in the matrix.
        words: how many words the message has.
        known_words, known_pairs: the share of its words, and of its pairs of words, that the model knows.
        in_order: what the convolutional reader says of the whole of it.
    """

    features: Features
    rows: Rows
    words: int
    known_words: float
    known_pairs: float
    in_order: Values

    def taken(self, chosen: NDArray[np.bool_]) -> "Reading":
        """Return the message with some of its features alone."""
        return replace(self, features=self.features.taken(chosen), rows=self.rows[chosen])

    def between(self, begin: int, end: int) -> "Reading":
        """Return a stretch of the message: the features whose words all stand between two places."""
        return self.taken((self.features.first >= begin) & (self.features.last < end))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Turns scores into a probability: 1 / (1 + e^-(slopes · scores + offset)) (Platt 1999)."""

    slopes: tuple[float, ...] = (1.0,)
    offset: float = 0.0

    def parts(self, scores: Sequence[float]) -> list[float]:
        """Return what each score adds to the odds."""
        return [slope * score for slope, score in zip(self.slopes, scores, strict=True)]

    def probability(self, scores: Sequence[float]) -> float:
        """Return the probability that goes with some scores."""
        return float(1 / (1 + np.exp(-np.clip(sum(self.parts(scores)) + self.offset, -30, 30))))


@dataclass(frozen=True)
class Model:
    """What labelled messages have taught.

    Attributes:
        columns: the names of the columns: topics first, then `DANGER`, `URGENT`, `NOBODY`, `scope:…`, `asker:…`.
        topics: how many of them are topics.
        ids: the numbers of the features, growing.
        groups: the group of each.
        rarity: how rare each is (inverse document frequency).
        weights: steps of one byte, a row a feature.
        step: how large the step of each column is.
        bias: what each column says of every message.
        common: words that make no pairs.
        words: the words that slips are mended to, the commonest first.
        calibrations: from scores to probability: of `DANGER` where nothing is out, from its column and the convolution;
            of `BY_OUTAGE` where something is, from `DANGER`, `BY_OUTAGE` and the convolution.
        convolution: what hears the words in their order; None where nothing was learned yet.
        about: what the model says of itself: corpus digest, figures, when and from what it was made.
    """

    columns: tuple[str, ...]
    topics: int
    ids: NDArray[np.uint64]
    groups: NDArray[np.int8]
    rarity: Values
    weights: NDArray[np.int8]
    step: Values
    bias: Values
    common: frozenset[str]
    words: Sequence[str]
    calibrations: Mapping[str, Calibration]
    convolution: Convolution | None = None
    about: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    @cached_property
    def slips(self) -> Slips:
        """What mends slips of the finger."""
        return Slips(self.words)

    @cached_property
    def column(self) -> Mapping[str, int]:
        """The place of each column by its name."""
        return {name: place for place, name in enumerate(self.columns)}

    def mended(self, tokens: Tokens) -> list[str]:
        """Return the words of a message with slips mended, one for each token."""
        return [form if form is MASKED else self.slips.mend(form) for form in tokens.forms]

    def read(
        self, tokens: Tokens, without: Collection[int] = (), forms: list[str] | None = None, *, in_order: bool = True
    ) -> Reading:
        """Return a message as the model sees it.

        Args:
            tokens: the words.
            without: the numbers of sentences that are left out.
            forms: the words with slips mended, where they were mended before.
            in_order: the convolutional reader hears it too.
        """
        forms = self.mended(tokens) if forms is None else forms
        features = features_of(tokens, self.common, forms)
        if without:
            out = np.fromiter((number in without for number in tokens.sentences), np.bool_, len(tokens))
            features = features.taken(~(out[features.first] | out[features.last]))
        at = np.searchsorted(self.ids, features.ids)
        at[at == len(self.ids)] = 0
        known = self.ids[at] == features.ids if len(self.ids) else np.zeros(len(at), np.bool_)
        words, pairs = (_share(known[features.groups == group]) for group in (WORDS, PAIRS))
        heard = _NOTHING
        if in_order and self.convolution is not None:
            heard = self.convolution.outputs(sequence_of(tokens, forms, without))
        return Reading(features.taken(known), at[known], len(tokens), words, pairs, heard)

    def scores(self, reading: Reading) -> Values:
        """Return what each column says of a message, bias included."""
        # Without `@`: BLAS takes memory for its threads, more than a judge's bound leaves, and ends the process.
        told = self.values(reading.rows)[:, np.newaxis] * self.weights[reading.rows]
        scores: Values = told.sum(axis=0, dtype=np.float32) * self.step + self.bias
        return scores

    def danger_in_order(self, tokens: Tokens, forms: Sequence[str], without: Collection[int] = ()) -> float:
        """Return the probability of danger by the convolutional reader alone; 0 without one.

        What is longer than it hears at once is read piece by piece, and the most dangerous piece counts.

        Args:
            tokens: the words.
            forms: the same with slips mended.
            without: the numbers of sentences that are left out.
        """
        heard = sequence_of(tokens, forms, without, most=2 * len(forms))
        if self.convolution is None or not heard:
            return 0.0
        pieces = (heard[begin : begin + LONGEST] for begin in range(0, len(heard), LONGEST))
        return Calibration().probability([max(float(self.convolution.outputs(each)[IN_DANGER]) for each in pieces)])

    def all_scores(self, reading: Reading) -> Values:
        """Return what each column says of a message, of the topics together with the convolutional reader."""
        scores = self.scores(reading)
        if len(reading.in_order):
            topics = reading.in_order[OUTPUTS:]
            scores[: self.topics] += TOPIC_SHARE * (topics - topics.mean())
        return scores

    def values(self, rows: Rows) -> Values:
        """Return what each feature of a message, or of a stretch of one, weighs before any column is asked."""
        return weighed(self.rarity[rows], self.groups[rows])

    def window_scores(self, reading: Reading, column: str) -> list[tuple[tuple[int, int], float]]:
        """Return the places of each stretch of a message, and what a column says of it by itself."""
        place = self.column[column]
        told = self.weights[reading.rows, place] * self.step[place]
        found = []
        for begin, end in windows(reading.words, WINDOW, STEP):
            inside = (reading.features.first >= begin) & (reading.features.last < end)
            values = self.values(reading.rows[inside])
            found.append(((begin, end), float((values * told[inside]).sum() + self.bias[place])))
        return found

    def by_word(self, reading: Reading, column: str) -> NDArray[np.float64]:
        """Return what each word of a message adds to a column; a pair counts half for each of its two words."""
        place = self.column[column]
        parts = self.values(reading.rows) * self.weights[reading.rows, place] * self.step[place] / 2
        halves = [
            np.bincount(places, parts, reading.words) for places in (reading.features.first, reading.features.last)
        ]
        return np.add(*halves, dtype=np.float64)

    def packed(self) -> bytes:
        """Return the model as the bytes of a file."""
        header = {
            "format": FORMAT,
            "columns": self.columns,
            "topics": self.topics,
            "common": sorted(self.common),
            "calibrations": {name: [*kept.slopes, kept.offset] for name, kept in self.calibrations.items()},
            "about": dict(self.about),
        }
        in_order = self.convolution.arrays() if self.convolution else {}
        arrays: dict[str, NDArray[Any]] = {
            "words": text_array("\n".join(self.words)),
            "ids": self.ids,
            "groups": self.groups,
            "rarity": self.rarity.astype(np.float16),
            "weights": self.weights,
            "step": self.step,
            "bias": self.bias,
        }
        return archived(header, arrays | {f"{_IN_ORDER}{name}": array for name, array in in_order.items()})

    @classmethod
    def unpacked(cls, content: bytes) -> "Model":
        """Return the model that the bytes of a file hold.

        Raises:
            UnusableModelError: they are damaged, or of another format.
        """
        with opened_archive(content, FORMAT) as archive:
            missing = NEEDED - set(archive.header["columns"])
            numbers = {name: len(kept) for name, kept in archive.header["calibrations"].items()}
            if missing or numbers != _CALIBRATED:
                raise UnusableModelError(f"it lacks {', '.join(sorted(missing)) or 'a calibration'}")
            return cls._of(archive)

    @classmethod
    def _of(cls, archive: ModelArchive) -> "Model":
        header, arrays = archive.header, archive.arrays
        return cls(
            columns=tuple(header["columns"]),
            topics=header["topics"],
            ids=arrays["ids"],
            groups=arrays["groups"],
            rarity=arrays["rarity"].astype(np.float32),
            weights=arrays["weights"],
            step=arrays["step"],
            bias=arrays["bias"],
            common=frozenset(header["common"]),
            words=archive.lines("words"),
            calibrations={
                name: Calibration(tuple(kept[:-1]), kept[-1]) for name, kept in header["calibrations"].items()
            },
            convolution=Convolution.of(
                {name.removeprefix(_IN_ORDER): array for name, array in arrays.items() if name.startswith(_IN_ORDER)}
            ),
            about=header["about"],
            digest=archive.digest,
        )


def weighed(rarity: Values, groups: NDArray[np.int8]) -> Values:
    """Return what the features of one message weigh: rare ones more, and each group together its share.

    Args:
        rarity: how rare each feature is.
        groups: the group of each.
    """
    squares = np.bincount(groups, rarity * rarity, GROUPS)
    scale = SHARES / np.sqrt(np.maximum(squares, _LEAST))
    weights: Values = (rarity * scale[groups]).astype(np.float32)
    return weights


def in_steps(weights: Values) -> tuple[NDArray[np.int8], Values]:
    """Return weights in steps of one byte, and how large the step of each column is."""
    step = np.maximum(np.abs(weights).max(axis=0, initial=0.0), _LEAST) / 127
    return np.round(weights / step).astype(np.int8), step.astype(np.float32)


def _share(known: NDArray[np.bool_]) -> float:
    return float(known.mean()) if len(known) else 0.0
