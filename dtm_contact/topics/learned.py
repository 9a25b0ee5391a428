"""What labelled messages have taught: a small linear model beside the words, and which words moved it."""

import math
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from dtm_contact.directory.lookups import Keys
from dtm_contact.model import Evidence, Scope
from dtm_contact.topics.features import GROUPS, NUMBER, PAIRS_BEGIN, SHARES, STEMS_BEGIN, features_of
from dtm_contact.topics.marks import mark
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.stems import ANY_IDEOGRAPH

Floats = NDArray[np.float32]
Steps = NDArray[np.int8]
Rows = NDArray[np.intp]
Places = NDArray[np.float64]
"""A number for each word of a passage."""

SCOPES: tuple[Scope | None, ...] = (None, *Scope)
"""How far a matter may reach, in the order of their columns; None where the text does not say."""

DANGER, ASIDE = -2, -1
MORE_COLUMNS = len(SCOPES) + 2
"""Columns behind those of the topics: the scopes, danger, setting aside."""

_UNLIKELY = 4.0
"""A topic of a probability under e⁻⁴, 2 %, gets no points."""

_SUREST = 6.0

_EXCERPT = 40
_STEP = _EXCERPT // 2
"""So many words in a row are also judged by themselves, every so many words: in a long letter of other things, a danger
that is told in half a sentence is outweighed. What opens a letter is no excerpt: it says who writes, and for whom."""

_CAN_READ, _CAN_READ_PAIRS = 0.45, 0.1
"""The shares of a message's words, and of its pairs of words, that the model must know to say what is meant: of letters
in a language of which it has learned few, it may know half of the words, little ones, and hardly any pair."""

_IS_FLUENT = 0.35
"""The share of pairs that it must know to take an alarm back: of letters in French, however spelt, it knows 0.43 and
more, in English, Spanish and Portuguese mostly more than this, in other languages mostly less."""

_WORDS_TOLD = 4
_SHORTEST_TOLD = 3
_HARDLY_ANY = 2
_TELLING = 0.12
"""The least share that a word must have in what speaks for a topic to be told."""

LEARNED = "mots appris"


@dataclass(frozen=True, slots=True)
class Trust:
    """How much the learned model may say beside the words; the offices set it.

    Attributes:
        share: points for each step of probability (natural logarithm).
        most: the most points that it gives a topic; 0 turns it off.
        danger_from: the score from which it raises an alarm that no word raises.
        doubt_under: the score under which an alarm that words raise is not believed.
        aside_from: the score from which it holds a message for automatic or an advertisement.
    """

    share: float = 3.0
    most: float = 10.0
    danger_from: float = 1.0
    doubt_under: float = -2.5
    aside_from: float = 3.0


def evened(rarity: Floats, groups: NDArray[np.intp]) -> Floats:
    """Return what the features of one message weigh: rare ones more, and each group together its share.

    Args:
        rarity: how rare each feature is (inverse document frequency).
        groups: the group of each.
    """
    sums = np.bincount(groups, rarity * rarity, len(SHARES))
    scale = np.sqrt(np.array(SHARES)) / np.sqrt(np.maximum(sums, 1e-9))
    return np.asarray(rarity * scale[groups], np.float32)


def excerpts(places: Sequence[tuple[int, ...]]) -> Iterator[tuple[range, Rows]]:
    """Yield the words of each excerpt of a passage, and which of its features stand in it; none of a short one.

    Args:
        places: of each feature the places of its words, in the order of the last of them; those without any behind.
    """
    first = np.array([own[0] for own in places if own], np.intp)
    last = np.array([own[-1] for own in places if own], np.intp)
    words = int(last[-1]) + 1 if len(last) else 0
    for begin in range(_STEP, words - _STEP if words > _EXCERPT else 0, _STEP):
        start, end = np.searchsorted(last, (begin, begin + _EXCERPT)).tolist()
        yield range(begin, begin + _EXCERPT), start + np.flatnonzero(first[start:end] >= begin)


def in_steps(weights: Floats) -> tuple[Steps, Floats]:
    """Return weights in steps of one byte, and how large the step of each column is."""
    step = np.maximum(np.abs(weights).max(axis=0, initial=0.0), 1e-9) / 127
    return np.round(weights / step).astype(np.int8), step.astype(np.float32)


class Features:
    """The features that the model has learned, each with its row; 23 bytes each, where a dictionary takes 120.

    Attributes:
        text: their names in the order of their rows, a line each.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Take the names in the order of their rows."""
        self.text = "\n".join(names).encode("utf-8")
        self._rows = Keys.of_one(names)
        self._count = len(names)

    def __len__(self) -> int:
        return self._count

    def rows(self, names: Collection[str]) -> list[int]:
        """Return the row of each of some names, -1 where it was not learned."""
        found: list[int] = self._rows.first_of_each(names).tolist()
        return found


@dataclass(frozen=True, slots=True)
class Learned:
    """The model: a weight for each feature in each column.

    Attributes:
        topics: the topics that it knows, in the order of the columns; then come scopes, danger and what is to be set
            aside.
        features: their names and rows.
        rarity: how rare each feature is.
        weights: a row a feature, in steps: a byte each is as good, and the model is in every process.
        step: how large the step of each column is.
        bias: what each column starts from.
        importance: the words of the labelled messages, rare ones more; a slip in one of them is mended.
        rare: the importance of a word that is not among them.
        provenance: what it was trained on, for people.
        trust: how much it may say.
        version: a digest of the file that it was read from.
    """

    topics: tuple[str, ...]
    features: Features
    rarity: Floats
    weights: Steps
    step: Floats
    bias: Floats
    importance: Mapping[str, float]
    rare: float
    provenance: str = ""
    trust: Trust = field(default_factory=Trust)
    version: str = ""

    def opinion(self, passage: Passage, markers: Iterable[str], muted: Container[int] = ()) -> "Opinion":
        """Return what the model makes of a passage; `markers` and `muted` are those of `features_of`."""
        features = features_of(passage, markers, muted)
        known = self.features.rows(features)
        seen = [(row, *feature) for row, feature in zip(known, features.items(), strict=True) if row >= 0]
        which = np.array([row for row, _, _ in seen], np.intp)
        groups = np.array([GROUPS[name[0]] for _, name, _ in seen], np.intp)
        places = tuple(places for _, _, places in seen)
        rows = self.weights[which].astype(np.float32)
        rows *= self.step
        excerpts = tuple(self._excerpts(places, which, groups, rows))
        rows *= evened(self.rarity[which], groups)[:, None]
        return Opinion(self, places, rows, len(passage.forms), *_shares_known(features, known), excerpts)

    def _excerpts(
        self, places: Sequence[tuple[int, ...]], which: Rows, groups: NDArray[np.intp], rows: Floats
    ) -> "Iterator[Impression]":
        for words, inside in excerpts(places):
            total = evened(self.rarity[which[inside]], groups[inside]) @ rows[inside] + self.bias
            yield Impression.of(total, self.topics, words)


@dataclass(frozen=True, slots=True)
class Impression:
    """What the model makes of a passage, or of some words of it in a row by themselves.

    Attributes:
        words: their places.
        logarithms: the natural logarithm of each topic's probability.
        danger: the score for somebody's being in danger; 0 is even.
    """

    words: range
    logarithms: Mapping[str, float]
    danger: float

    @classmethod
    def of(cls, total: Floats, topics: Sequence[str], words: range) -> "Impression":
        """Return the impression that has these totals, in the columns of `Learned`."""
        logarithms = dict(zip(topics, _logarithms(total[: len(topics)]), strict=True))
        return cls(words, logarithms, float(total[DANGER]))

    def odds(self, topics: Iterable[str]) -> float:
        """Return the log odds that one of some topics is meant, between -6 and 6."""
        likely = sum(math.exp(self.logarithms.get(topic, -math.inf)) for topic in topics)
        likely = min(max(likely, 1e-9), 1 - 1e-9)
        return min(max(math.log(likely / (1 - likely)), -_SUREST), _SUREST)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the model makes of one passage, and the words that moved it.

    Attributes:
        model: the model.
        seen, rows: for each feature seen its places, and what it adds to each column.
        length: how many words the passage has.
        known_words: the share of the passage's words that the model has learned; of a foreign script none.
        known_pairs: the share of its pairs of words near each other that it has.
        excerpts: the impressions of its excerpts, where it is long.
        spread: each place of each feature, the feature that stands there, and its share where it has several.
        whole: the impression of all of it.
        scopes: the natural logarithm of each scope's probability.
        aside: the score for its being automatic or an advertisement; 0 is even.
    """

    model: Learned
    seen: tuple[tuple[int, ...], ...]
    rows: Floats
    length: int
    known_words: float = 1.0
    known_pairs: float = 1.0
    excerpts: tuple[Impression, ...] = ()
    spread: tuple[Rows, Rows, Places] = field(init=False)
    whole: Impression = field(init=False)
    scopes: Mapping[Scope | None, float] = field(init=False)
    aside: float = field(init=False)

    def __post_init__(self) -> None:
        """Sum up."""
        total = self.rows.sum(axis=0) + self.model.bias
        scopes = _logarithms(total[len(self.model.topics) : DANGER])
        spread = _spread(self.seen)
        words = range(int(spread[0].max(initial=-1)) + 1)
        object.__setattr__(self, "spread", spread)
        object.__setattr__(self, "whole", Impression.of(total, self.model.topics, words))
        object.__setattr__(self, "scopes", dict(zip(SCOPES, scopes, strict=True)))
        object.__setattr__(self, "aside", float(total[ASIDE]))

    @property
    def impressions(self) -> tuple[Impression, ...]:
        """Of the whole, and of each excerpt."""
        return (self.whole, *self.excerpts)

    def halfway_to_sharpest(self, score: Callable[[Impression], float]) -> float:
        """Return the mean of a score of the whole and of the highest that the whole or an excerpt has.

        The whole says what it is about, an excerpt what it tells in passing; half and half does better than either.

        Args:
            score: of an impression.
        """
        return (score(self.whole) + max(map(score, self.impressions))) / 2

    @property
    def logarithms(self) -> Mapping[str, float]:
        """The natural logarithm of each topic's probability."""
        return self.whole.logarithms

    @property
    def can_read(self) -> bool:
        """The model knows enough of the words to say what is meant."""
        return self.known_words >= _CAN_READ and self.known_pairs >= _CAN_READ_PAIRS

    @property
    def is_fluent(self) -> bool:
        """The model knows the language well enough to say that an alarm is none."""
        return self.known_pairs >= _IS_FLUENT

    def points(self, topic: str) -> float:
        """Return the points that the model gives a topic."""
        trust = self.model.trust
        likely = self.logarithms.get(topic, -_UNLIKELY) + _UNLIKELY
        return min(trust.most, trust.share * max(0.0, likely))

    def for_topic(self, topic: str, passage: Passage) -> tuple[Evidence, ...]:
        """Return the words that spoke most for a topic; their weights add up to its points."""
        if topic not in self.model.topics:
            return ()
        return self._told("topic.learned", self.model.topics.index(topic), self.points(topic), passage)

    def for_scope(self, scope: Scope, passage: Passage) -> tuple[Evidence, ...]:
        """Return the words that spoke most for a scope; their weights add up to its probability."""
        column = len(self.model.topics) + SCOPES.index(scope)
        return self._told("scope.learned", column, math.exp(self.scopes[scope]), passage)

    def for_danger(self, passage: Passage) -> tuple[Evidence, ...]:
        """Return the words that spoke most for danger where it shows most; their weights add up to its score."""
        sharpest = max(self.impressions, key=lambda each: each.danger)
        return self._told("priority.learned", DANGER, sharpest.danger, passage, sharpest.words)

    def for_setting_aside(self, passage: Passage) -> tuple[Evidence, ...]:
        """Return the words that spoke most for setting the message aside; their weights add up to the score."""
        return self._told("kind.learned", ASIDE, self.aside, passage)

    def _told(
        self, name: str, column: int, points: float, passage: Passage, words: range | None = None
    ) -> tuple[Evidence, ...]:
        places, _, _ = self.spread
        if not len(places):
            return ()
        moved = self._by_place(column, len(passage.forms))
        if words is not None:
            moved[: words.start] = moved[words.stop :] = 0.0
        telling = np.flatnonzero(moved > _TELLING * moved[moved > 0].sum()).tolist()
        long = [place for place in telling if _says_something(passage.forms[place])]
        chosen = sorted(long, key=lambda place: (-moved[place], place))[:_WORDS_TOLD] or [int(moved.argmax())]
        total = float(moved[chosen].sum()) or 1.0
        return tuple(
            mark(name, round(points * float(moved[place]) / total, 2), (place,), passage, LEARNED)
            for place in sorted(chosen)
        )

    def _by_place(self, column: int, words: int) -> Places:
        """Return what each word adds to a column, what pairs add shared between their words."""
        places, owners, shares = self.spread
        moved = np.bincount(places, self.rows[owners, column] * shares, words)
        return np.asarray(moved, np.float64)


def _says_something(form: str) -> bool:
    """Tell whether a word says something to whoever reads it alone: a little one does not, one of Chinese does."""
    return len(form) >= _SHORTEST_TOLD or bool(ANY_IDEOGRAPH.match(form))


def _shares_known(features: Iterable[str], rows: Sequence[int]) -> tuple[float, float]:
    """Return which shares of the words (numbers apart) and of the pairs among features have a row."""
    both = list(zip(features, rows, strict=True))
    words = [row >= 0 for name, row in both if name[0] in STEMS_BEGIN and name[2] != NUMBER]
    pairs = [row >= 0 for name, row in both if name[0] == PAIRS_BEGIN]
    return _share(words), _share(pairs)


def _share(known: Sequence[bool]) -> float:
    """Return which share is known; all where there are hardly any."""
    return sum(known) / len(known) if len(known) > _HARDLY_ANY else 1.0


def _spread(seen: Sequence[tuple[int, ...]]) -> tuple[Rows, Rows, Places]:
    lengths = np.fromiter(map(len, seen), np.intp, len(seen))
    places = np.fromiter(chain.from_iterable(seen), np.intp, int(lengths.sum()))
    return places, np.repeat(np.arange(len(seen)), lengths), np.repeat(1.0 / np.maximum(lengths, 1), lengths)


def _logarithms(scores: Floats) -> list[float]:
    """Return the natural logarithms of the probabilities that scores stand for."""
    scores = scores - scores.max()
    return [float(score) for score in scores - np.log(np.exp(scores).sum())]
