"""Learning from labelled messages: multinomial logistic regression over the features of `topics/features`.

There are far fewer messages than features, so it is solved for a weight a message (the dual form: Zhu and Hastie,
Kernel logistic regression, 2005) by Nesterov's accelerated gradient, and then turned into a weight a feature.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dtm_contact.model import Priority
from dtm_contact.rehearsal.examples import Example
from dtm_contact.topics import Learned, Lexicon, Opinion, Senses, Trust, Words, knowing, words_of
from dtm_contact.topics.features import GROUPS, features_of
from dtm_contact.topics.learned import Floats

_LEAST_SEEN = {"u": 2, "d": 2, "b": 2, "c": 4, "r": 2}
"""In how many messages a feature of each group must stand to be learned."""

_RIDGE = 0.05
_STEPS = 120
_SENSES_WEIGH = 0.7
"""How much the senses of words weigh beside the words themselves."""

Rows = NDArray[np.intp]


@dataclass(slots=True)
class Sheet:
    """Labelled messages as numbers, made once for all trainings.

    Attributes:
        examples: the messages.
        lexicon: the words that they are read by.
        words: what the words alone say of each.
        topics: the topics, in the order of the columns.
    """

    examples: Sequence[Example]
    lexicon: Lexicon
    senses: Senses
    words: list[Words] = field(init=False)
    topics: tuple[str, ...] = field(init=False)
    _features: dict[str, int] = field(init=False)
    _matrix: Floats = field(init=False)
    _meant: Floats = field(init=False)
    _importance: dict[str, float] = field(init=False)
    _rare: float = field(init=False)
    _alike: Floats = field(init=False)
    _labels: Floats = field(init=False)
    _danger: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Read the messages and measure how alike each two are."""
        self.lexicon = knowing(self.lexicon, self._common_words())
        self.words = [words_of(example.contact, self.lexicon) for example in self.examples]
        self.topics = tuple(self.lexicon.topics)
        self._weigh_words()
        self._matrix = self._features_matrix()
        self._meant = self._senses_matrix()
        self._alike = self._matrix @ self._matrix.T + self._meant @ self._meant.T
        columns = {topic: column for column, topic in enumerate(self.topics)}
        self._labels = np.eye(len(columns), dtype=np.float32)[[columns[item.topic] for item in self.examples]]
        in_danger = [int(item.priority is Priority.P1) for item in self.examples]
        self._danger = np.eye(2, dtype=np.float32)[in_danger]

    def totals(self, rows: Rows, asked: Rows) -> Floats:
        """Train on some messages and return what the model makes of others: a column a topic, the last for danger."""
        alike = self._alike[np.ix_(asked, rows)]
        topics = alike @ self._solved(rows, self._labels)
        danger = alike @ self._solved(rows, self._danger)
        return np.column_stack([topics, danger[:, 1] - danger[:, 0]]).astype(np.float32)

    def model(self, provenance: str) -> Learned:
        """Train on all messages."""
        rows = np.arange(len(self.examples))
        topics, danger = self._solved(rows, self._labels), self._solved(rows, self._danger)
        topics -= topics.mean(axis=1, keepdims=True)
        solved = np.column_stack([topics, danger[:, 1] - danger[:, 0]]).astype(np.float32)
        return Learned(
            topics=self.topics,
            features=self._features,
            weights=self._matrix.T @ solved,
            senses=self.senses,
            importance=self._importance,
            rare=self._rare,
            sense_weights=(self._meant.T @ solved) * self._sense_scale(),
            provenance=provenance,
        )

    def _solved(self, rows: Rows, labels: Floats) -> Floats:
        return solve(self._alike[np.ix_(rows, rows)], labels[rows])

    def _common_words(self) -> frozenset[str]:
        """Return the ordinary words of the messages, so that a slip in one of them is mended."""
        passages = (words_of(example.contact, self.lexicon).passage for example in self.examples)
        counts = Counter(form for passage in passages for form in set(passage.forms))
        return frozenset(form for form, count in counts.items() if count > 1 and form in self.senses.rows)

    def _weigh_words(self) -> None:
        """Give each word its importance: the rarer the more, as in inverse document frequency."""
        seen = Counter(word for words in self.words for word in {word for _, word in self.senses.known(words.passage)})
        total = len(self.words)
        self._importance = {
            word: math.log(1 + total / (1 + count)) for word, count in sorted(seen.items()) if count > 1
        }
        self._rare = math.log(1 + total / 2)

    def _features_matrix(self) -> Floats:
        found = [tuple(features_of(words.passage, words.markers, words.muted)) for words in self.words]
        counts = Counter(name for names in found for name in names)
        kept = sorted(name for name, count in counts.items() if count >= _LEAST_SEEN[name[0]])
        self._features = {name: row for row, name in enumerate(kept)}
        matrix = np.zeros((len(found), len(kept)), np.float32)
        for row, names in enumerate(found):
            for name in names:
                if name in self._features:
                    matrix[row, self._features[name]] = GROUPS[name[0]]
        matrix /= np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
        return matrix

    def _senses_matrix(self) -> Floats:
        matrix = np.zeros((len(self.words), self.senses.vectors.shape[1]), np.float32)
        for row, words in enumerate(self.words):
            known = [word for _, word in self.senses.known(words.passage, words.muted)]
            weights = np.array([self._importance.get(word, self._rare) for word in known], np.float32)
            if known:
                found = [self.senses.rows[word] for word in known]
                matrix[row] = weights @ self.senses.vectors[found] / weights.sum()
        self._usual = float(np.linalg.norm(matrix, axis=1).mean())
        return matrix * np.float32(self._sense_scale())

    _usual: float = field(init=False, default=1.0)

    def _sense_scale(self) -> float:
        return math.sqrt(_SENSES_WEIGH) / max(self._usual, 1e-9)


def solve(alike: Floats, labels: Floats) -> Floats:
    """Return a weight for each message and label, so that alike messages get like labels.

    Args:
        alike: how alike each two messages are (a Gram matrix).
        labels: one row a message, 1 in the column of its label.
    """
    step = 1 / (_RIDGE + 0.5 * _largest_eigenvalue(alike))
    weights = ahead = np.zeros_like(labels)
    pace = 1.0
    for _ in range(_STEPS):
        scores = alike @ ahead
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        likely /= likely.sum(axis=1, keepdims=True)
        moved = ahead - np.float32(step) * (likely - labels + np.float32(_RIDGE) * ahead)
        next_pace = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
        ahead = moved + np.float32((pace - 1) / next_pace) * (moved - weights)
        weights, pace = moved, next_pace
    return weights


def _largest_eigenvalue(matrix: Floats) -> float:
    """Return the largest eigenvalue of a symmetric matrix without negative ones, by the power method."""
    vector = np.ones(len(matrix), np.float32)
    length = 1.0
    for _ in range(20):
        vector = matrix @ vector
        length = float(np.linalg.norm(vector)) or 1.0
        vector /= length
    return length


def opinion_of(totals: Floats, topics: tuple[str, ...], senses: Senses, trust: Trust) -> Opinion:
    """Return the opinion that has these totals, without the words that moved it."""
    nothing = np.zeros((0, len(totals)), np.float32)
    stub = Learned(topics, {}, nothing, senses, {}, 1.0, nothing, trust=trust)
    return Opinion(stub, ((),), totals[None, :], (), nothing)
