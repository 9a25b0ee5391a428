"""Learning from labelled messages: multinomial logistic regression over the features of `topics/features`.

There are far fewer messages than features, so it is solved for a weight a message (the dual form: Zhu and Hastie,
Kernel logistic regression, 2005), each step led by a bound of the curvature (Böhning, Multinomial logistic regression
algorithm, 1992) along its main directions and hastened as by Nesterov, and then turned into a weight a feature.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dtm_contact.model import CaseKind, Priority
from dtm_contact.rehearsal.examples import Example
from dtm_contact.rehearsal.gram import Gram
from dtm_contact.rehearsal.logistic import Floats as Weights
from dtm_contact.rehearsal.logistic import Lines, learn
from dtm_contact.topics import Learned, Lexicon, Words, knowing, words_of
from dtm_contact.topics.features import GROUPS, features_of
from dtm_contact.topics.learned import ASIDE, DANGER, SCOPES, Features, Floats, evened, excerpts, in_steps

_LEAST_SEEN = {"u": 2, "d": 2, "b": 6, "c": 12, "r": 2}
"""In how many messages a feature of each kind must stand to be learned."""

_RIDGE = 0.01
_STEPS = 40

_DIRECTIONS, _PASSES = 300, 3
"""How many main directions of the matrix are looked for, and in how many passes over it."""

_SAFELY = 1.2
"""What is measured by steps is a little too small."""

_BIAS_WEIGHS = 0.5
"""How much what all messages have in common weighs beside their words."""

_USUAL_DANGER = 0.15
_MESSAGES_TRUSTED = 50
_ODDEST = (0.05, 0.5)
"""Between these lies the share of dangers that a writer may be taken to tell of on purpose."""

_IN_FRENCH = 0.1
"""From what share of ordinary French words on a message is taken for French, however misspelt."""

_NUMBER = re.compile(r"_\d+$")

Rows = NDArray[np.intp]


def writer_of(batch: str) -> str:
    """Return who wrote a batch: its name without the number at its end ("others_a_12" → "others_a")."""
    return _NUMBER.sub("", batch)


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
    words: list[Words] = field(init=False)
    topics: tuple[str, ...] = field(init=False)
    _features: dict[str, int] = field(init=False)
    _names: Features = field(init=False)
    _rarity: Floats = field(init=False)
    _lines: Lines = field(init=False)
    _excerpts: Lines = field(init=False)
    _excerpt_of: Rows = field(init=False)
    _importance: dict[str, float] = field(init=False)
    _rare: float = field(init=False)
    _labels: Floats = field(init=False)

    def __post_init__(self) -> None:
        """Read the messages."""
        self.words = [words_of(example.contact, self.lexicon) for example in self.examples]
        self.lexicon = knowing(self.lexicon, self._common_words())
        self.words = [words_of(example.contact, self.lexicon) for example in self.examples]
        self.topics = tuple(self.lexicon.topics)
        self._weigh_words()
        self._read_features()
        self._names = Features(list(self._features))
        columns = {topic: column for column, topic in enumerate(self.topics)}
        self._labels = np.eye(len(columns), dtype=np.float32)[[columns[item.topic] for item in self.examples]]

    def taught(self, rows: Rows, provenance: str = "") -> Learned:
        """Train on some of the messages.

        Args:
            rows: the places of those messages.
            provenance: what the model says of itself.
        """
        learned = self._learned(rows)
        for column, told in ((DANGER, self._danger_learned(rows)), (ASIDE, self._aside_learned(rows))):
            learned[:, column] = told
        steps, step = in_steps(learned[:-1])
        return Learned(
            topics=self.topics,
            features=self._names,
            rarity=self._rarity,
            weights=steps,
            step=step,
            bias=learned[-1] * np.float32(math.sqrt(_BIAS_WEIGHS)),
            importance=self._importance,
            rare=self._rare,
            provenance=provenance,
        )

    def _learned(self, rows: Rows) -> Floats:
        """Return a weight for each feature and column, and one in the last row for what all messages have in common."""
        alike = Gram(self._lines.chosen(rows))
        topics = Solver(alike).solve(self._labels[rows])
        topics -= topics.mean(axis=1, keepdims=True)
        nothing = np.zeros((len(rows), 2), np.float32)  # danger and setting aside have weights of their own
        return alike.gathered(np.column_stack([topics, self._scopes_solved(rows), nothing]).astype(np.float32))

    def _danger_learned(self, rows: Rows) -> Weights:
        """Return a weight for each feature, and one for what all messages have in common, that tell danger.

        Learned of whole messages and of excerpts: of somebody in danger of the one alone where it shows most (as in
        multiple instance learning: Andrews, Tsochantaridis, Hofmann, 2003), of others of all: none of them tells any.
        """
        examples = [self.examples[row] for row in rows]
        usual = usual_danger(examples, [self._in_french(self.words[row]) for row in rows]).astype(np.float64)
        holds = np.array([item.priority is Priority.P1 for item in examples], np.bool_)
        whole = self._lines.chosen(rows)
        here = np.full(len(self.examples), -1, np.intp)
        here[rows] = np.arange(len(rows))
        mine = np.flatnonzero(here[self._excerpt_of] >= 0)
        owner = here[self._excerpt_of[mine]]
        shown = self._excerpts.chosen(mine).times(learn(whole, holds, usual))
        told = np.flatnonzero(~holds[owner] | _sharpest(owner, shown))
        owner = owner[told]
        lines = whole.followed_by(self._excerpts.chosen(mine[told]))
        return learn(lines, np.append(holds, holds[owner]), np.append(usual, usual[owner]))

    def _aside_learned(self, rows: Rows) -> Weights:
        """Return the same for what no person wrote."""
        holds = np.array([self.examples[row].kind is not CaseKind.CASE for row in rows], np.bool_)
        return learn(self._lines.chosen(rows), holds, np.zeros(len(rows)))

    def _scopes_solved(self, rows: Rows) -> Floats:
        """Return the same for the scopes, learned only of those who tell it of every message."""
        weights = np.zeros((len(rows), len(SCOPES)), np.float32)
        teaching = np.array([self._teaches_scope(self.examples[row]) for row in rows], bool)
        if teaching.any():
            taught = rows[teaching]
            labels = np.eye(len(SCOPES), dtype=np.float32)[[SCOPES.index(self.examples[row].scope) for row in taught]]
            weights[teaching] = Solver(Gram(self._lines.chosen(taught))).solve(labels)
        weights -= weights.mean(axis=1, keepdims=True)
        return weights

    @staticmethod
    def _teaches_scope(example: Example) -> bool:
        return example.scope_labelled and example.kind is CaseKind.CASE

    def _common_words(self) -> frozenset[str]:
        """Return the ordinary words of the messages, so that a slip in one of them is mended."""
        counts = Counter(form for words in self.words for form in set(words.passage.forms))
        return frozenset(form for form, count in counts.items() if count > 1 and form in self._ordinary)

    @property
    def _ordinary(self) -> frozenset[str]:
        return self.lexicon.spelling.not_misspelt

    def _in_french(self, words: Words) -> bool:
        forms = words.passage.forms
        return sum(form in self._ordinary for form in forms) >= _IN_FRENCH * len(forms)

    @staticmethod
    def _meant(words: Words) -> frozenset[str]:
        """Return the words that a message is written in, misspelt ones also as they may be meant."""
        return frozenset(key[1:] for keys in words.passage.keys for key in keys if key[0] == "=")

    def _weigh_words(self) -> None:
        """Give each word its importance: the rarer the more, as in inverse document frequency."""
        seen = Counter(word for words in self.words for word in self._meant(words) if word in self._ordinary)
        total = len(self.words)
        self._importance = {
            word: math.log(1 + total / (1 + count)) for word, count in sorted(seen.items()) if count > 1
        }
        self._rare = math.log(1 + total / 2)

    def _read_features(self) -> None:
        found = [tuple(features_of(words.passage, words.markers, words.muted)) for words in self.words]
        counts = Counter(name for names in found for name in names)
        kept = sorted(name for name, count in counts.items() if count >= _LEAST_SEEN[name[0]])
        self._features = {name: row for row, name in enumerate(kept)}
        self._rarity = np.array([math.log(1 + len(found) / counts[name]) for name in kept], np.float32)
        groups = np.array([GROUPS[name[0]] for name in kept], np.intp)
        known = self._features
        seen = [np.array([known[name] for name in names if name in known], np.intp) for names in found]
        values = [evened(self._rarity[which], groups[which]) for which in seen]
        self._lines = with_common(seen, values, len(kept))
        self._excerpt_of, self._excerpts = self._read_excerpts(groups)

    def _read_excerpts(self, groups: Rows) -> tuple[Rows, Lines]:
        """Return of each excerpt the message that it is of, and the features that stand in it."""
        owners: list[int] = []
        columns: list[Rows] = []
        for row, words in enumerate(self.words):
            features = features_of(words.passage, words.markers, words.muted)
            known = {name: self._features[name] for name in features if name in self._features}
            which = np.fromiter(known.values(), np.intp, len(known))
            for _, inside in excerpts([features[name] for name in known]):
                owners.append(row)
                columns.append(which[inside])
        values = [evened(self._rarity[which], groups[which]) for which in columns]
        return np.array(owners, np.intp), with_common(columns, values, len(self._features))


def with_common(columns: Sequence[Rows], values: Sequence[Floats], width: int) -> Lines:
    """Return rows that hold values in columns, and in one more column what all have in common."""
    common = np.array([math.sqrt(_BIAS_WEIGHS)], np.float32)
    return Lines.of([np.append(row, width) for row in columns], [np.append(row, common) for row in values], width + 1)


def _sharpest(owner: Rows, scores: Weights) -> NDArray[np.bool_]:
    """Tell of each excerpt whether it is the one of its message with the highest score."""
    order = np.lexsort((scores, owner))
    last = np.append(owner[order][1:] != owner[order][:-1], True)[: len(order)]
    found = np.zeros(len(owner), np.bool_)
    found[order[last]] = True
    return found


def usual_danger(examples: Sequence[Example], in_french: Sequence[bool]) -> Floats:
    """Return for each message how likely danger was before it was read (log odds), by who wrote it and in what manner.

    Who was asked for dangers tells of them more often than tenants do, at greater length than of a lamp, and sooner in
    another language: none of that teaches anything of the words.

    Args:
        examples: the messages.
        in_french: whether each is in French.
    """
    manners = [writer_of(item.batch) for item in examples]
    shares = _shares(manners, examples, [_USUAL_DANGER] * len(examples))
    lengths = [len(item.text.split()).bit_length() for item in examples]
    for habit in (in_french, lengths):
        manners = [f"{manner} {each}" for manner, each in zip(manners, habit, strict=True)]
        shares = _shares(manners, examples, shares)
    likely = np.clip(shares, *_ODDEST)
    return np.asarray(np.log(likely / (1 - likely)), np.float32)


def _shares(manners: Sequence[str], examples: Sequence[Example], usual: Sequence[float]) -> list[float]:
    """Return for each message the share of dangers among those of its manner, few of them drawn to what is usual."""
    counts = Counter(manners)
    dangers = Counter(manner for manner, item in zip(manners, examples, strict=True) if item.priority is Priority.P1)
    return [
        (dangers[manner] + share * _MESSAGES_TRUSTED) / (counts[manner] + _MESSAGES_TRUSTED)
        for manner, share in zip(manners, usual, strict=True)
    ]


class Solver:
    """Finds weights so that alike messages get like labels; made once for all labels of the same messages.

    Args:
        alike: how alike each two messages are.
    """

    def __init__(self, alike: Gram) -> None:
        self._alike = alike
        self._along, spread = main_directions(alike)
        self._pace = np.float32(1 / (0.5 * _rest(alike, self._along, spread) + _RIDGE))
        self._paces = np.asarray(1 / (0.5 * spread + np.float32(_RIDGE)) - self._pace, np.float32)[:, None]

    def solve(self, labels: Floats, before: Floats | float = 0.0) -> Floats:
        """Return a weight for each message and label.

        Args:
            labels: one row a message, 1 in the column of its label.
            before: what is added to the scores while learning, and not learned.
        """
        weights = ahead = np.zeros_like(labels)
        pace = 1.0
        for _ in range(_STEPS):
            scores = self._alike.times(ahead) + before
            scores -= scores.max(axis=1, keepdims=True)
            likely = np.exp(scores)
            likely /= likely.sum(axis=1, keepdims=True)
            wrong: Floats = likely - labels + np.float32(_RIDGE) * ahead
            moved = ahead - self._pace * wrong - self._along @ (self._paces * (self._along.T @ wrong))
            next_pace = (1 + math.sqrt(1 + 4 * pace * pace)) / 2
            ahead = moved + np.float32((pace - 1) / next_pace) * (moved - weights)
            weights, pace = moved, next_pace
        return weights


def main_directions(matrix: Gram) -> tuple[Floats, Floats]:
    """Return the directions in which a symmetric matrix is largest, a column each, and how large it is along them.

    By chance and two passes (Halko, Martinsson, Tropp, Finding structure with randomness, 2011); the same each time.
    """
    chance = np.random.default_rng(0)
    along = chance.standard_normal((len(matrix), min(_DIRECTIONS, len(matrix))), np.float32)
    for _ in range(_PASSES):
        along = np.linalg.qr(matrix.times(along))[0]
    spread, turned = np.linalg.eigh(along.T @ matrix.times(along))
    # The arrays are of this kind already; numpy's own types do not say so in all its versions.
    return np.asarray(along @ turned, np.float32), np.asarray(np.maximum(spread, 0), np.float32)


def _rest(matrix: Gram, along: Floats, spread: Floats) -> float:
    """Return how large a matrix is, at the most, across its main directions, by the power method."""
    vector = np.random.default_rng(1).standard_normal(len(matrix), np.float32)
    length = 1.0
    for _ in range(_STEPS):
        vector = matrix.times(vector) - along @ (spread * (along.T @ vector))
        length = float(np.linalg.norm(vector)) or 1.0
        vector /= length
    return length * _SAFELY
