"""A small convolutional reader beside the linear one: it hears words in their order, small ones too.

A linear model weighs "gaz" and "était" each by itself; filters over three and five words in a row hear "ça sentait le
gaz" as one thing (Kim 2014). Each filter says where in the message it fits best; what all say, and the mean of the
words, is weighed into whether somebody is in danger, and into the topic.

A word is the sum of a vector of its own, where it is known, and the mean of the vectors of its pieces, so that unknown
words and slips say something too (Bojanowski 2017). As the filters are linear, what each place of each filter says of a
word is computed once for a word and kept: a convolution is then a sum of such rows. No product of large arrays is left,
for which BLAS would take memory that a judge does not have.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from dtm_contact.text import MASKED, Tokens
from dtm_contact.topics.features import word_id

Floats = NDArray[np.float32]
Steps = NDArray[np.int8]

WIDTHS: Final = (3, 5)
"""Over how many words in a row the filters reach."""

PADDING: Final = 2
"""Empty places before a message; behind it there are as many as the widest filter has."""

WINDOW, STEP = 50, 25
"""Words and marks of a stretch that is judged for danger by itself, and between the begins of two."""

LONGEST: Final = 400
"""Words and marks that are heard."""

BUCKETS: Final = 16_384
"""So many vectors the pieces of words share."""

IN_DANGER, OUTPUTS = 0, 1
"""The place of what is said of danger, and where the topics begin."""

STOP, ASK, PART, PAUSE = "\n.", "\n?", "\n|", "\n,"
"""Marks between words: a sentence ends, as a question; the next part begins; a comma, a bracket."""
MARKS: Final = (STOP, ASK, PART, PAUSE)

_PIECE_LENGTHS: Final = (3, 4, 5)
_KEPT: Final = 8_192
"""Words whose rows are kept: some 10 MB."""


def sequence_of(tokens: Tokens, forms: Sequence[str], without: Collection[int] = (), most: int = LONGEST) -> list[str]:
    """Return the words of a message in their order with marks between them.

    Args:
        tokens: the words.
        forms: the same with slips mended.
        without: the numbers of sentences that are left out.
        most: how many words and marks at the most.
    """
    heard: list[str] = []
    before = -1
    for place, form in enumerate(forms):
        if tokens.sentences[place] in without:
            continue
        if before >= 0:
            if tokens.parts[place] != tokens.parts[before]:
                heard.append(PART)
            elif tokens.sentences[place] != tokens.sentences[before]:
                heard.append(_end(tokens, before))
            elif place in tokens.paused:
                heard.append(PAUSE)
        heard.append(form)
        before = place
        if len(heard) >= most:
            return heard[:most]
    return [*heard, _end(tokens, before)] if before >= 0 else heard


def _end(tokens: Tokens, word: int) -> str:
    return ASK if tokens.sentences[word] in tokens.asked else STOP


def pieces_of(form: str) -> list[int]:
    """Return the places of the vectors of a word's pieces, its ends marked; of a mark none."""
    if form in MARKS:
        return []
    bounded = f"<{form}>"
    if form is MASKED or form.startswith("#"):
        return [crc32(bounded.encode()) % BUCKETS]
    found = [
        crc32(bounded[start : start + length].encode()) % BUCKETS
        for length in _PIECE_LENGTHS
        for start in range(len(bounded) - length + 1)
    ]
    return found or [crc32(bounded.encode()) % BUCKETS]


@dataclass(frozen=True)
class Convolution:
    """What the convolutional reader has learned.

    Attributes:
        ids: the numbers of the words and marks that have a vector of their own, growing.
        own: these vectors, in steps of one byte.
        pieces: the vectors of pieces, in steps of one byte.
        own_step, piece_step: how large such a step is.
        filters: what each filter says of each number of a vector: a column for each place of each filter, those of one
            width together and of these those of one place together.
        row_step: how large a step of one byte is in a word's row, for each filter.
        bias: what each filter says of every message.
        inner, inner_bias: weights from what the filters and the mean of the words say to what is made of it.
        outer, outer_bias: weights from there to what is said in the end.
    """

    ids: NDArray[np.uint64]
    own: Steps
    pieces: Steps
    own_step: float
    piece_step: float
    filters: Floats
    row_step: Floats
    bias: Floats
    inner: Floats
    inner_bias: Floats
    outer: Floats
    outer_bias: Floats
    _rows: dict[str, tuple[Steps, Floats]] = field(init=False, default_factory=dict, repr=False, compare=False)

    def outputs(self, heard: Sequence[str]) -> Floats:
        """Return what is said of a message: the log-odds of danger, then a value for each topic.

        Danger counts half by the whole message, half by its sharpest stretch, so that nothing around it hides it.

        Args:
            heard: words and marks in their order (`sequence_of`).
        """
        if not heard:
            return self.outer_bias
        rows = [self._row(form) for form in heard]
        told = np.zeros((PADDING + len(rows) + max(WIDTHS), self.filters.shape[1]), np.int16)
        told[PADDING : PADDING + len(rows)] = [steps for steps, _ in rows]
        vectors = np.array([vector for _, vector in rows])
        begins = range(0, len(rows) - STEP, STEP) if len(rows) > WINDOW else ()
        best = np.concatenate([_best(values, len(begins)) for values in self._filtered(told)], axis=1)
        stretches = [vectors, *(vectors[begin : begin + WINDOW] for begin in begins)]
        mean = np.array([np.sum(each, axis=0) / np.sqrt(len(each), dtype=np.float32) for each in stretches])
        said = self._said(best, mean)
        whole: Floats = said[0]
        if len(begins):
            whole[IN_DANGER] = (whole[IN_DANGER] + said[1:, IN_DANGER].max()) / 2
        return whole

    def _filtered(self, told: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
        """Yield what the filters of each width say at each place, in steps.

        The places of one filter share a step, so that their bytes are summed before they are weighed.
        """
        count = len(self.bias) // len(WIDTHS)
        column = 0
        for width in WIDTHS:
            places = len(told) - width + 1
            summed = told[:places, column : column + count].copy()
            for at in range(1, width):
                summed += told[at : at + places, column + at * count : column + (at + 1) * count]
            yield summed
            column += width * count

    def _said(self, best: NDArray[np.int16], mean: Floats) -> Floats:
        """Return what is said of each stretch by the filters where each fits best, and by the mean of the words."""
        inside = np.concatenate([np.maximum(best * self.row_step + self.bias, 0), mean], axis=1)
        hidden = np.maximum(np.einsum("ki,ij->kj", inside, self.inner) + self.inner_bias, 0)
        said: Floats = np.einsum("ki,ij->kj", hidden, self.outer) + self.outer_bias
        return said

    def _row(self, form: str) -> tuple[Steps, Floats]:
        """Return what each place of each filter says of a word, in steps, and the word's vector."""
        kept = self._rows.get(form)
        if kept is None:
            vector = self._vector(form)
            said = np.einsum("i,ij->j", vector, self.filters) / self._column_step
            kept = np.clip(np.rint(said), -127, 127).astype(np.int8), vector
            if len(self._rows) < _KEPT:
                self._rows[form] = kept
        return kept

    @cached_property
    def _column_step(self) -> Floats:
        """How large a step is in each column of a row."""
        return np.concatenate([np.tile(part, width) for part, width in
                               zip(np.split(self.row_step, len(WIDTHS)), WIDTHS, strict=True)])  # fmt: skip

    def _vector(self, form: str) -> Floats:
        vector = np.zeros(self.own.shape[1], np.float32)
        pieces = pieces_of(form)
        if pieces:
            vector += self.pieces[pieces].mean(axis=0, dtype=np.float32) * np.float32(self.piece_step)
        number = np.uint64(word_id(form))
        at = int(np.searchsorted(self.ids, number))
        if at < len(self.ids) and self.ids[at] == number:
            vector += self.own[at] * np.float32(self.own_step)
        return vector

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a file keeps of it, by name."""
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, NDArray[Any]]]:
        for name in _KEPT_WHOLE:
            yield name, getattr(self, name)
        for name in _KEPT_HALF:
            yield name, getattr(self, name).astype(np.float16)
        yield "steps", np.array([self.own_step, self.piece_step], np.float32)

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]]) -> "Convolution":
        """Return what a file has kept.

        Raises:
            KeyError: something is missing.
        """
        own_step, piece_step = map(float, arrays["steps"])
        named: dict[str, Any] = {name: arrays[name] for name in _KEPT_WHOLE}
        named |= {name: arrays[name].astype(np.float32) for name in _KEPT_HALF}
        return cls(own_step=own_step, piece_step=piece_step, **named)


def _best(values: NDArray[np.int16], stretches: int) -> NDArray[np.int16]:
    """Return the most that each filter says: a row for the whole message, then one for each of its stretches.

    Two stretches share half of their places, so the most of each half is looked for once.
    """
    whole: NDArray[np.int16] = values.max(axis=0, keepdims=True)
    if not stretches:
        return whole
    halves = np.array([values[half * STEP : (half + 1) * STEP].max(axis=0) for half in range(stretches + 1)])
    return np.concatenate([whole, np.maximum(halves[:-1], halves[1:])])


_KEPT_WHOLE: Final = ("ids", "own", "pieces", "row_step", "bias", "inner_bias", "outer_bias")
_KEPT_HALF: Final = ("filters", "inner", "outer")
