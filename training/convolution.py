"""Teach the convolutional reader (`dtm_contact.topics.convolution`): some minutes of one core, by numpy alone.

What is learned first are vectors of words, from which words and topics they stand beside (a singular value
decomposition of positive pointwise mutual information: Levy, Goldberg 2014). Then all is learned together, by Adam
(Kingma, Ba 2015) with a falling rate: of danger and of the topic at once, since what tells topics apart teaches what
words mean. Only where a filter fits best is anything learned, so that learning costs little more than
reading.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from dtm_contact.topics.convolution import (
    BUCKETS,
    IN_DANGER,
    MARKS,
    OUTPUTS,
    PADDING,
    WIDTHS,
    Convolution,
    pieces_of,
)
from dtm_contact.topics.features import word_id
from dtm_contact.topics.model import in_steps

VECTOR: Final = 48
FILTERS: Final = 128
HIDDEN: Final = 64
LEAST_SEEN: Final = 3
"""How often a word must stand in the messages to have a vector of its own."""

EPOCHS: Final = 7
BATCH: Final = 64
_RATE: Final = 0.004
_WARMING: Final = 200
"""Steps in which the rate rises."""
_LAST_RATE: Final = 0.02
"""The share of the rate at the end."""
_MOMENT, _SQUARES = 0.9, 0.999
_TINY: Final = 1e-8
_FORGOTTEN_INSIDE, _FORGOTTEN_HIDDEN = 0.4, 0.2
"""The shares of what the filters, and what is made of it, that are left out in each step (Srivastava 2014)."""
_UNHEARD, _UNKNOWN = 0.1, 0.1
"""The shares of words that are not heard at all, and of those taken for unknown ones."""
_TOPIC_SHARE: Final = 0.5
"""How much a wrong topic counts beside a wrong danger."""
_BESIDE: Final = 4
"""How many words apart, of which words stand beside each other."""
_COMPANIONS: Final = 3_000
"""So many of the commonest words and marks tell by standing beside a word what it means."""
_TOPICS_COUNT: Final = 3.0
_SPREAD: Final = 0.35
_PIECES_SPREAD: Final = 0.09
_SMOOTHED: Final = 5.0
_FLATTENED: Final = 0.75
_EMPTY, _UNHEARD_WORD = 0, 1
_FIRST: Final = 2
"""The places of nothing and of a word that is not heard, and of the first mark; behind the marks come the words."""
_log = logging.getLogger("training")

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Random: TypeAlias = np.random.Generator
Matrix: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learned of: for each message what it says and what is to be said of it.

    Attributes:
        heard: its words and marks in their order.
        danger: whether somebody is in danger.
        topics: the place of its topic.
        weights: how much it counts for danger.
    """

    heard: Sequence[Sequence[str]]
    danger: Floats
    topics: Places
    weights: Floats

    def taken(self, rows: Places) -> "Lessons":
        """Return some of the lessons."""
        heard = [self.heard[row] for row in rows]
        return Lessons(heard, self.danger[rows], self.topics[rows], self.weights[rows])


class _Words:
    """Words as places: nothing, what is not heard, marks, then words, the commoner first; with their pieces."""

    def __init__(self, heard: Sequence[Sequence[str]]) -> None:
        counted = Counter(form for each in heard for form in each if form not in MARKS)
        forms = sorted(counted, key=lambda form: (-counted[form], form))
        self.forms = [*MARKS, *forms]
        self.place = {form: place for place, form in enumerate(self.forms, start=_FIRST)}
        self.known = _FIRST + len(MARKS) + sum(counted[form] >= LEAST_SEEN for form in forms)
        rows, columns, values = [], [], []
        for form, place in self.place.items():
            pieces = pieces_of(form)
            rows += [place] * len(pieces)
            columns += pieces
            values += [1 / max(1, len(pieces))] * len(pieces)
        shape = (_FIRST + len(self.forms), BUCKETS)
        self.pieces: Matrix = sparse.csr_matrix((np.array(values, np.float32), (rows, columns)), shape)

    def places(self, heard: Sequence[str]) -> Places:
        return np.fromiter((self.place[form] for form in heard), np.intp, len(heard))


@dataclass(slots=True)
class _Learned:
    """Some weights, and what Adam remembers of their steps."""

    values: Floats
    moments: Floats = field(init=False)
    squares: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.moments, self.squares = np.zeros_like(self.values), np.zeros_like(self.values)

    def step(self, slope: Floats, rate: float, rows: Places | slice = slice(None)) -> None:
        """Take a step down a slope, in some rows or all."""
        moments = self.moments[rows] * _MOMENT + (1 - _MOMENT) * slope
        squares = self.squares[rows] * _SQUARES + (1 - _SQUARES) * slope * slope
        self.moments[rows], self.squares[rows] = moments, squares
        self.values[rows] -= rate * moments / (np.sqrt(squares) + _TINY)


class Learner:
    """Learns of lessons, step by step."""

    def __init__(self, lessons: Lessons, topics: int, seed: int = 0) -> None:
        """Take the lessons, how many topics there are, and what chance begins from.

        One core does it, as `learn` does.
        """
        self._random = np.random.default_rng(seed)
        self._lessons = lessons
        self._words = _Words(lessons.heard)
        self._messages = [self._words.places(each) for each in lessons.heard]
        with threadpool_limits(1):
            self._own = _Learned(self._first_vectors(topics, seed))
        self._pieces = _Learned(self._drawn(BUCKETS, VECTOR, spread=_PIECES_SPREAD))
        self._filters = [_Learned(self._drawn(width * VECTOR, FILTERS, spread=2 / np.sqrt(width * VECTOR)))
                         for width in WIDTHS]  # fmt: skip
        inside = FILTERS * len(WIDTHS)
        self._bias = _Learned(np.zeros(inside, np.float32))
        self._inner = _Learned(self._drawn(inside + VECTOR, HIDDEN, spread=np.sqrt(2 / (inside + VECTOR))))
        self._inner_bias = _Learned(np.zeros(HIDDEN, np.float32))
        self._outer = _Learned(self._drawn(HIDDEN, OUTPUTS + topics, spread=np.sqrt(1 / HIDDEN)))
        self._outer_bias = _Learned(np.zeros(OUTPUTS + topics, np.float32))

    def learn(self, epochs: int = EPOCHS) -> Convolution:
        """Go through the lessons so many times; return what was learned.

        One core does it: sums in another order would lead elsewhere.
        """
        with threadpool_limits(1):
            return self._learned(epochs)

    def _learned(self, epochs: int) -> Convolution:
        lengths = np.array([len(each) for each in self._messages])
        steps = epochs * -(-len(lengths) // BATCH)
        step = 0
        for epoch in range(epochs):
            # Messages of nearly one length together, so that little is padded; which ones, chance says.
            order = np.argsort(lengths * np.exp(self._random.normal(0, 0.15, len(lengths))), kind="stable")
            batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
            self._random.shuffle(batches)
            loss = 0.0
            for batch in batches:
                step += 1
                rate = min(1.0, step / _WARMING) * max(_LAST_RATE, 1 - step / steps)
                corrected = np.sqrt(1 - _SQUARES**step) / (1 - _MOMENT**step)
                loss += self._learn(batch, _RATE * rate * float(corrected))
            _log.info("epoch %d of %d: loss %.4f", epoch + 1, epochs, loss / max(1, len(batches)))
        return self._convolution()

    def _learn(self, batch: Places, rate: float) -> float:
        """Learn of some messages at once; return how wrong what was said of danger was (log loss)."""
        random, lessons = self._random, self._lessons
        places = self._padded([self._messages[place] for place in batch])
        unheard = (random.random(places.shape) < _UNHEARD) & (places >= _FIRST)
        places = np.where(unheard, _UNHEARD_WORD, places)
        forms, inverse = np.unique(places, return_inverse=True)
        inverse = inverse.reshape(places.shape)
        has_own = (forms < self._words.known) & (forms != _EMPTY) & (random.random(len(forms)) >= _UNKNOWN)
        vectors = (self._words.pieces[forms] @ self._pieces.values).astype(np.float32)
        vectors[has_own] += self._own.values[forms[has_own]]
        heard = np.ascontiguousarray(vectors[inverse])

        filtered, at = self._filtered(heard)
        roots = np.sqrt(np.maximum((places != _EMPTY).sum(axis=1, keepdims=True), 1)).astype(np.float32)
        inside = np.concatenate([np.maximum(filtered, 0), heard.sum(axis=1) / roots], axis=1)
        keep_inside = _kept(random, inside.shape, _FORGOTTEN_INSIDE)
        inside *= keep_inside
        made = inside @ self._inner.values + self._inner_bias.values
        keep_hidden = _kept(random, made.shape, _FORGOTTEN_HIDDEN)
        hidden = np.maximum(made, 0) * keep_hidden
        said = hidden @ self._outer.values + self._outer_bias.values
        slope, loss = _slope(said, lessons, batch)

        inner_slope = (slope @ self._outer.values.T) * keep_hidden * (made > 0)
        inside_slope = (inner_slope @ self._inner.values.T) * keep_inside
        filtered_slope = inside_slope[:, : filtered.shape[1]] * (filtered > 0)
        mean_slope = inside_slope[:, filtered.shape[1] :] / roots
        heard_slope = np.repeat(mean_slope, places.shape[1], axis=0).astype(np.float32)
        self._outer.step(hidden.T @ slope, rate)
        self._outer_bias.step(slope.sum(axis=0), rate)
        self._inner.step(inside.T @ inner_slope, rate)
        self._inner_bias.step(inner_slope.sum(axis=0), rate)
        self._bias.step(filtered_slope.sum(axis=0), rate)
        self._learn_filters(heard, at, filtered_slope.astype(np.float32), heard_slope, rate)
        self._learn_vectors(forms, inverse, has_own, heard_slope, rate)
        return loss

    def _filtered(self, heard: Floats) -> tuple[Floats, list[Places]]:
        """Return what each filter says of each message where it fits best, and where that is."""
        messages, words, size = heard.shape
        best, at = [], []
        for width, filters in zip(WIDTHS, self._filters, strict=True):
            places = words - width + 1
            shape, strides = (messages, places, width * size), (*heard.strides[:2], heard.strides[2])
            rows = np.lib.stride_tricks.as_strided(heard, shape, strides).reshape(messages * places, -1)
            said = (rows @ filters.values).reshape(messages, places, -1)
            where = said.argmax(axis=1)
            best.append(np.take_along_axis(said, where[:, np.newaxis], axis=1)[:, 0])
            at.append(where)
        return np.concatenate(best, axis=1) + self._bias.values, at

    def _learn_filters(
        self, heard: Floats, at: Sequence[Places], slope: Floats, heard_slope: Floats, rate: float
    ) -> None:
        """Learn filters of where they fit best; add what that says of the words to `heard_slope`."""
        messages, words, size = heard.shape
        flat = heard.reshape(messages * words, size)
        each = np.tile(np.arange(FILTERS), messages)
        for number, (width, filters) in enumerate(zip(WIDTHS, self._filters, strict=True)):
            own = slope[:, number * FILTERS : (number + 1) * FILTERS]
            begins = np.arange(messages)[:, np.newaxis] * words + at[number]
            told = np.empty_like(filters.values)
            for place in range(width):
                part = slice(place * size, (place + 1) * size)
                told[part] = np.einsum("mfs,mf->sf", flat[begins + place], own)
                shape = (messages * words, FILTERS)
                spread = sparse.csr_matrix((own.ravel(), ((begins + place).ravel(), each)), shape)
                heard_slope += spread @ filters.values[part].T
            filters.step(told, rate)

    def _learn_vectors(
        self, forms: Places, inverse: Places, has_own: NDArray[np.bool_], heard_slope: Floats, rate: float
    ) -> None:
        """Learn the vectors of words and pieces of how what is said would change with them."""
        count = inverse.size
        gathered = sparse.csr_matrix(
            (np.ones(count, np.float32), (inverse.ravel(), np.arange(count))), (len(forms), count)
        )
        slope = gathered @ heard_slope
        slope[forms == _EMPTY] = 0
        pieces = self._words.pieces[forms].tocsc()
        touched = np.flatnonzero(np.diff(pieces.indptr))
        self._pieces.step((pieces[:, touched].T @ slope).astype(np.float32), rate, touched)
        self._own.step(slope[has_own], rate, forms[has_own])

    def _padded(self, messages: Sequence[Places]) -> Places:
        longest = max(map(len, messages), default=0)
        places = np.zeros((len(messages), PADDING + longest + max(WIDTHS)), np.intp)
        for row, message in enumerate(messages):
            places[row, PADDING : PADDING + len(message)] = message
        return places

    def _drawn(self, *shape: int, spread: float) -> Floats:
        return (self._random.standard_normal(shape) * spread).astype(np.float32)

    def _first_vectors(self, topics: int, seed: int) -> Floats:
        """Return a vector for each known word: which words and topics it stands beside more than others do."""
        known = self._words.known
        gaps = np.zeros(_BESIDE, np.intp)
        row = np.concatenate([part for each in self._messages for part in (each, gaps)])
        companions = min(_COMPANIONS, known)
        beside = sparse.csr_matrix((known, companions), dtype=np.float32)
        for apart in range(1, _BESIDE + 1):
            for one, other in ((row[:-apart], row[apart:]), (row[apart:], row[:-apart])):
                counts = (one != _EMPTY) & (one < known) & (other != _EMPTY) & (other < companions)
                values = np.full(int(counts.sum()), 1 / apart, np.float32)
                beside += sparse.csr_matrix((values, (one[counts], other[counts])), beside.shape)
        words = np.concatenate(self._messages)
        about = np.repeat(self._lessons.topics, [len(each) for each in self._messages])
        counts = words < known
        values = np.ones(int(counts.sum()), np.float32)
        by_topic = sparse.csr_matrix((values, (words[counts], about[counts])), (known, topics))
        by_topic.sum_duplicates()
        both = sparse.hstack([_information(beside, _FLATTENED), _TOPICS_COUNT * _information(by_topic, 1.0)]).tocsr()
        size = min(VECTOR, min(both.shape) - 1)
        left, values, _ = randomized_svd(both, size, n_iter=3, random_state=seed)
        vectors = np.zeros((known, VECTOR))
        vectors[:, :size] = left * np.sqrt(values)
        first: Floats = (vectors * _SPREAD / (np.abs(vectors).std() + _TINY)).astype(np.float32)
        return first

    def _convolution(self) -> Convolution:
        """Return what was learned, in steps of one byte where there is much of it."""
        known = [*MARKS, *self._words.forms[len(MARKS) : self._words.known - _FIRST]]
        numbers = np.array([word_id(form) for form in known], np.uint64)
        order = np.argsort(numbers)
        own, own_step = in_steps(self._own.values[_FIRST:].reshape(-1, 1))
        pieces, piece_step = in_steps(self._pieces.values.reshape(-1, 1))
        columns, steps = [], []
        vectors = self._own.values + self._words.pieces[: self._words.known] @ self._pieces.values
        for filters in self._filters:
            places = [filters.values[start : start + VECTOR] for start in range(0, len(filters.values), VECTOR)]
            _, step = in_steps(np.concatenate([vectors[_FIRST:] @ place for place in places]))
            columns += places
            steps.append(step)
        return Convolution(
            ids=numbers[order],
            own=own.reshape(-1, VECTOR)[order],
            pieces=pieces.reshape(-1, VECTOR),
            own_step=float(own_step[0]),
            piece_step=float(piece_step[0]),
            filters=np.concatenate(columns, axis=1).astype(np.float16).astype(np.float32),
            row_step=np.concatenate(steps),
            bias=self._bias.values,
            inner=self._inner.values.astype(np.float16).astype(np.float32),
            inner_bias=self._inner_bias.values,
            outer=self._outer.values.astype(np.float16).astype(np.float32),
            outer_bias=self._outer_bias.values,
        )


def _slope(said: Floats, lessons: Lessons, batch: Places) -> tuple[Floats, float]:
    """Return how what is said should change, and how wrong what is said of danger is."""
    slope = np.empty_like(said)
    danger, weights = lessons.danger[batch], lessons.weights[batch]
    probability = _probability(said[:, IN_DANGER])
    slope[:, IN_DANGER] = weights * (probability - danger)
    topics = said[:, OUTPUTS:]
    shares: Floats = np.exp(topics - topics.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    shares[np.arange(len(batch)), lessons.topics[batch]] -= 1
    slope[:, OUTPUTS:] = _TOPIC_SHARE * shares
    slope /= np.float32(len(batch))
    wrong = np.abs(probability - danger)
    return slope, float(-(weights * np.log(1 - wrong + _TINY)).mean())


def _probability(odds: Floats) -> Floats:
    return (1 / (1 + np.exp(-np.clip(odds, -30, 30)))).astype(np.float32)


def _kept(random: Random, shape: tuple[int, ...], forgotten: float) -> Floats:
    return (random.random(shape) >= forgotten).astype(np.float32) / np.float32(1 - forgotten)


def _information(counts: Matrix, flattened: float) -> Matrix:
    """Return the positive pointwise mutual information of rows and columns; frequent columns count less."""
    found = counts.tocoo()
    rows = np.asarray(found.sum(axis=1)).ravel() + _SMOOTHED
    columns = np.asarray(found.sum(axis=0)).ravel() ** flattened
    columns = np.maximum(columns / max(columns.sum(), _TINY), _TINY)
    values = np.log(found.data / (rows[found.row] * columns[found.col]))
    return sparse.csr_matrix((np.maximum(values, 0).astype(np.float32), (found.row, found.col)), found.shape)
