"""Make the model of labelled messages; some minutes of one core.

Topics, scope, who asks and wishes are one-against-rest linear support vector machines; danger, urgency and "no person
wrote it" are logistic regressions, solved in their dual form (liblinear: Fan et al. 2008), since there are fewer
messages than features. Danger learns of whole messages, of wrapped copies and of stretches: of somebody in danger of
the sharpest stretch alone, of others of all (multiple instances: Andrews, Tsochantaridis, Hofmann 2003).
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from dtm_contact.model import Asker, CaseKind, Priority, Scope, Wish
from dtm_contact.text import MASKED, Tokens
from dtm_contact.topics import Topic
from dtm_contact.topics.convolution import IN_DANGER, sequence_of
from dtm_contact.topics.features import features_of, windows
from dtm_contact.topics.model import BY_OUTAGE, DANGER, NOBODY, SCAN, STEP, URGENT, WINDOW, Calibration, Model, in_steps
from training.convolution import Learner, Lessons
from training.corpus import Message
from training.evaluate import LIMITS
from training.wrapping import wrapped

LEAST_SEEN: Final = np.array([2, 6, 12])
"""In how many messages a word, a pair, a piece must stand to be learned."""

SEEN_OFTEN, SAYS_LITTLE = 0.01, 0.25
"""A word is common that stands in more than this share of messages, and says less than so many bits of the topic."""

SPELT: Final = 4
"""In how many messages a word must stand for a slip to be mended to it."""

TURNS: Final = 3
"""One hand of so many is left out to learn how much a score is worth."""

CONTRAST: Final = 3.0
"""How much one of a pair counts for the convolutional reader, of which one tells of danger and the other does not."""

ORDINARY: Final = "learned_plain"
"""The hand that wrote what comes in on ordinary days: it is left out where limits are measured."""

_BY_HAND: Final = "learned_wishes"
_OTHERS: Final = 3_000
"""So many messages of which the earlier reader said nothing are learned of beside those that say something."""
_TOLERANCE: Final = 0.02
_SURE: Final = 5.0
"""The score of what is always so, or never."""
_SEED: Final = 20261130
_log = logging.getLogger("training")

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Matrix: TypeAlias = Any
"""A sparse matrix of scipy, which has no types."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What is learned of: the features, each with its group and rarity, the words that slips are mended to."""

    ids: NDArray[np.uint64]
    groups: NDArray[np.int8]
    rarity: NDArray[np.float32]
    common: frozenset[str]
    words: list[str]

    @classmethod
    def of(cls, messages: Sequence[Message], tokens: Sequence[Tokens]) -> "Vocabulary":
        """Count the words, then the features, of some messages."""
        topics = Counter(message.topic for message in messages)
        counted: Counter[str] = Counter()
        with_topic: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for message, own in zip(messages, tokens, strict=True):
            for form in set(own.forms):
                counted[form] += 1
                with_topic[form][message.topic] += 1
        common = frozenset(
            form
            for form, count in counted.items()
            if count >= SEEN_OFTEN * len(messages) and form != MASKED and not form.startswith("#")
            if _bits(with_topic[form], count, topics, len(messages)) < SAYS_LITTLE
        )
        words = [form for form, count in counted.most_common() if count >= SPELT and form.isalpha()]
        found = [features_of(own, common) for own in tokens]
        ids, places, counts = np.unique(
            np.concatenate([each.ids for each in found]), return_inverse=True, return_counts=True
        )
        groups = np.zeros(len(ids), np.int8)
        groups[places] = np.concatenate([each.groups for each in found])
        kept = counts >= LEAST_SEEN[groups]
        rarity = np.log(len(messages) / counts[kept]).astype(np.float32)
        return cls(ids[kept], groups[kept], rarity, common, words)

    @property
    def blank(self) -> Model:
        """A model that reads and has learned nothing."""
        nothing = np.zeros((len(self.ids), 0), np.int8)
        none = np.zeros(0, np.float32)
        return Model((), 0, self.ids, self.groups, self.rarity, nothing, none, none, self.common, self.words, {})


@dataclass(slots=True)
class Sheet:
    """Labelled messages as numbers: a line each, and a line for each stretch of a long one; and as words in order."""

    messages: Sequence[Message]
    lines: Matrix
    stretches: Matrix
    owners: Rows
    heard: Sequence[Sequence[str]]

    @classmethod
    def of(cls, messages: Sequence[Message], tokens: Sequence[Tokens], reader: Model) -> "Sheet":
        """Read messages by a vocabulary."""
        lines, stretches, owners, heard = _Lines(), _Lines(), [], []
        for place, own in enumerate(tokens):
            reading = reader.read(own)
            lines.add(reading.rows, reader.values(reading.rows))
            heard.append(sequence_of(own, reader.mended(own)))
            if len(own) > WINDOW:
                for begin, end in windows(len(own), WINDOW, STEP):
                    inside = reading.rows[(reading.features.first >= begin) & (reading.features.last < end)]
                    stretches.add(inside, reader.values(inside))
                    owners.append(place)
        width = len(reader.ids)
        return cls(messages, lines.matrix(width), stretches.matrix(width), np.array(owners, np.intp), heard)

    def sharpest(self, weights: Floats) -> Matrix:
        """Return the line of each message's stretch that weights score highest; of a short one that of the whole."""
        order = np.lexsort((self.stretches @ weights[:-1], self.owners))
        lasts = np.flatnonzero(np.append(np.diff(self.owners[order]), 1)) if len(order) else order
        best = order[lasts]
        chosen = np.arange(len(self.messages))
        chosen[self.owners[best]] = len(self.messages) + best
        return sparse.vstack([self.lines, self.stretches], format="csr")[chosen]


@dataclass(slots=True)
class _Lines:
    columns: list[Rows] = field(default_factory=list)
    values: list[NDArray[np.float32]] = field(default_factory=list)
    ends: list[int] = field(default_factory=lambda: [0])

    def add(self, columns: Rows, values: NDArray[np.float32]) -> None:
        self.columns.append(columns.astype(np.int32))
        self.values.append(values)
        self.ends.append(self.ends[-1] + len(columns))

    def matrix(self, width: int) -> Matrix:
        if not self.columns:
            return sparse.csr_matrix((0, width), dtype=np.float32)
        parts = (np.concatenate(self.values), np.concatenate(self.columns), np.array(self.ends))
        return sparse.csr_matrix(parts, (len(self.columns), width))


def danger_weights(sheet: Sheet, rows: Rows) -> Floats:
    """Return a weight for each feature, and a last one for all messages, that tell danger, learned of some messages."""
    holds = np.array([message.danger for message in sheet.messages], np.bool_)
    chosen = np.zeros(len(holds), np.bool_)
    chosen[rows] = True
    weights = _regression(sheet.lines[rows], holds[rows])
    scores = sheet.stretches @ weights[:-1]
    best = np.full(len(holds), -np.inf)
    np.maximum.at(best, sheet.owners, scores)
    told = chosen[sheet.owners] & (~holds[sheet.owners] | (scores >= best[sheet.owners]))
    lines = sparse.vstack([sheet.lines[rows], sheet.stretches[told]], format="csr")
    return _regression(lines, np.concatenate([holds[rows], holds[sheet.owners[told]]]))


def topic_weights(sheet: Sheet, rows: Rows, topics: Sequence[str]) -> Floats:
    """Return a column of weights for each topic, the last line for all messages."""
    codes = np.array([topics.index(message.topic) for message in sheet.messages])[rows]
    return _machines(sheet.lines[rows], codes, len(topics))


def danger_scores(sheet: Sheet, danger: Floats, topics: Floats, dangerous: NDArray[np.bool_] | None) -> Floats:
    """Return the score of danger of each message, as `dtm_contact.topics.danger` does for one.

    Args:
        sheet: the messages.
        danger: the weights of danger, by itself or by an outage.
        topics: those of the topics.
        dangerous: which topics are dangers; None: their odds are not counted.
    """
    scores = np.zeros(len(sheet.messages))
    for lines in (sheet.lines, sheet.sharpest(danger)):
        scores += (lines @ danger[:-1] + danger[-1]) / 2
        if dangerous is not None:
            margins = lines @ topics[:-1] + topics[-1]
            scores += (margins[:, dangerous].max(axis=1) - margins[:, ~dangerous].max(axis=1)) / 4
    return scores


def lessons(sheet: Sheet, topics: Sequence[str]) -> Lessons:
    """Return what the convolutional reader learns of: of danger nothing where it is arguable, much of a pair."""
    messages = sheet.messages
    weights = [0.0 if message.arguable else CONTRAST if message.contrast else 1.0 for message in messages]
    return Lessons(
        sheet.heard,
        np.array([message.danger for message in messages], np.float32),
        np.array([topics.index(message.topic) for message in messages]),
        np.array(weights, np.float32),
    )


def calibration(scores: Sequence[Floats], holds: NDArray[np.bool_]) -> Calibration:
    """Return what turns scores of messages that were left out into probabilities (Platt 1999)."""
    if holds.all() or not holds.any():
        return Calibration((1.0,) * len(scores), 0.0)
    fitted = LogisticRegression(C=1e6).fit(np.column_stack(scores), holds)
    return Calibration(tuple(map(float, fitted.coef_[0])), float(fitted.intercept_[0]))


def hands_left_out(messages: Sequence[Message], turns: int = TURNS) -> list[Rows]:
    """Return the rows of the hands that are left out in each turn: every hand once, as a whole."""
    hands = sorted({message.by for message in messages})
    order = np.random.default_rng(_SEED).permutation(len(hands))
    turn_of = {hands[hand]: place % turns for place, hand in enumerate(order)}
    turn = np.array([turn_of[message.by] for message in messages])
    return [np.flatnonzero(turn == number) for number in range(turns)]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model, and how it does on hands that were left out.

    Attributes:
        model: what was learned of all.
        curve: by limits of the probability, the shares of dangers, of other messages, and of those of ordinary days
            that reach it, of hands by what was learned of others; copies and arguable messages left out.
    """

    model: Model
    curve: dict[str, tuple[float, ...]]


def train(messages: Sequence[Message], known: Sequence[Topic], about: dict[str, Any]) -> Trained:
    """Return the model that labelled messages teach.

    Args:
        messages: what is learned of, without copies.
        known: the topics.
        about: what the model shall say of itself.
    """
    usual = {topic.code: topic.priority for topic in known}
    outages = {topic.code for topic in known if topic.outage}
    tokens = [message.tokens for message in messages]
    vocabulary = Vocabulary.of(messages, tokens)
    reader = vocabulary.blank
    _log.info("%d messages, %d features, %d common words", len(messages), len(vocabulary.ids), len(vocabulary.common))
    copies = wrapped(messages)
    everything = [*messages, *copies]
    sheet = Sheet.of(everything, [*tokens, *(copy.tokens for copy in copies)], reader)
    _log.info("%d wrapped copies, %d stretches", len(copies), len(sheet.owners))
    topics = tuple(usual)
    dangerous = np.array([usual[topic] is Priority.P1 for topic in topics])
    rows = np.arange(len(everything))

    groups = _Groups.of(everything, outages)
    taught = lessons(sheet, topics)
    calibrations, curve = _left_out(sheet, groups, topics, dangerous, taught, known=len(messages))

    columns: dict[str, Floats] = {}
    margins = topic_weights(sheet, rows, topics)
    columns |= {topic: margins[:, place] for place, topic in enumerate(topics)}
    columns[DANGER] = danger_weights(sheet, rows[groups.by_itself])
    columns[BY_OUTAGE] = danger_weights(sheet, rows[groups.about_outage])
    cases = np.array([message.kind is CaseKind.CASE and not message.danger for message in everything])
    urgent = np.array([message.priority < usual[message.topic] for message in everything])
    columns[URGENT] = _regression(sheet.lines[cases], urgent[cases])
    columns[NOBODY] = _regression(sheet.lines, np.array([message.kind is not CaseKind.CASE for message in everything]))
    columns[SCAN] = _regression(sheet.lines, np.array([message.scan for message in everything]))
    scoped = np.flatnonzero([message.scope_labelled for message in everything])
    columns |= _exclusive(sheet, scoped, "scope", [None, *Scope])
    told = _told_or_some(everything, [message.asker is not None for message in everything])
    columns |= _exclusive(sheet, told, "asker", [None, *Asker])
    told = _told_or_some(everything, [bool(message.wishes) for message in everything])
    for wish in Wish:
        holds = np.array([wish in everything[row].wishes for row in told])
        columns[f"wish:{wish}"] = _regression(sheet.lines[told], holds, balanced=True)
    whole = np.column_stack(list(columns.values())).astype(np.float32)
    steps, step = in_steps(whole[:-1])
    model = replace(
        reader,
        columns=tuple(columns),
        topics=len(topics),
        weights=steps,
        step=step,
        bias=whole[-1],
        calibrations=calibrations,
        convolution=Learner(taught, len(topics)).learn(),
        about={**about, "left_out": curve},
    )
    return Trained(model, curve)


@dataclass(frozen=True, slots=True)
class _Groups:
    """Which messages tell of danger, which of these by themselves, and which are about an outage."""

    holds: NDArray[np.bool_]
    by_itself: NDArray[np.bool_]
    about_outage: NDArray[np.bool_]
    outages: frozenset[str]

    @classmethod
    def of(cls, messages: Sequence[Message], outages: Collection[str]) -> "_Groups":
        holds = np.array([message.danger for message in messages])
        out = np.array([message.topic in outages for message in messages])
        about = np.array([not message.topics.isdisjoint(outages) for message in messages])
        return cls(holds, ~(holds & out), about, frozenset(outages))


def _left_out(
    sheet: Sheet,
    groups: _Groups,
    topics: Sequence[str],
    dangerous: NDArray[np.bool_],
    taught: Lessons,
    *,
    known: int,
) -> tuple[dict[str, Calibration], dict[str, tuple[float, ...]]]:
    """Return what scores are worth, and the curve of seen against false, by hands that were left out.

    One third of the hands is enough to tell that, and each turn takes minutes.
    """
    rows = np.arange(len(sheet.messages))
    ordinary = np.array([message.by == ORDINARY for message in sheet.messages])
    turns = hands_left_out(sheet.messages)
    out = next((turn for turn in turns if ordinary[turn].any()), turns[0])
    others = np.setdiff1d(rows, out)
    margins = topic_weights(sheet, others, topics)
    weights = danger_weights(sheet, others[groups.by_itself[others]])
    itself = danger_scores(sheet, weights, margins, dangerous)
    weights = danger_weights(sheet, others[groups.about_outage[others]])
    by_outage = danger_scores(sheet, weights, margins, None)
    likeliest = (sheet.lines @ margins[:-1] + margins[-1]).argmax(axis=1)
    taken_for_outage = np.array([topics[place] in groups.outages for place in likeliest])
    convolution = Learner(taught.taken(others), len(topics)).learn()
    in_order = np.zeros(len(rows))
    in_order[out] = [convolution.outputs(sheet.heard[row])[IN_DANGER] for row in out]
    _log.info("%d messages of hands left out are scored", len(out))
    sure = np.array([not message.arguable for message in sheet.messages]) & (rows < known) & np.isin(rows, out)
    calibrations, probabilities = {}, np.zeros(len(rows))
    for column, chosen, scores in (
        (DANGER, sure & ~taken_for_outage, (itself, in_order)),
        (BY_OUTAGE, sure & taken_for_outage, (itself, by_outage, in_order)),
    ):
        calibrations[column] = calibration([score[chosen] for score in scores], groups.holds[chosen])
        for row in np.flatnonzero(chosen):
            probabilities[row] = calibrations[column].probability([score[row] for score in scores])
    shown = [sure & groups.holds, sure & ~groups.holds, sure & ~groups.holds & ordinary]
    curve = {
        f"{limit:g}": tuple(
            round(float(np.mean(probabilities[chosen] >= limit)), 4) for chosen in shown if chosen.any()
        )
        for limit in LIMITS
    }
    return calibrations, curve


def _told_or_some(messages: Sequence[Message], told: Sequence[bool]) -> Rows:
    """Return the rows where a label says something, those that a hand labelled, and some of the others.

    Of the others only the earlier reader said that the text says nothing, which is often wrong.
    """
    by_hand = [message.asker_labelled and message.set == _BY_HAND for message in messages]
    kept = np.flatnonzero(np.array(told) | np.array(by_hand))
    others = np.setdiff1d(np.flatnonzero([message.asker_labelled for message in messages]), kept)
    some = np.random.default_rng(_SEED).permutation(others)[:_OTHERS]
    return np.sort(np.concatenate([kept, some]))


def _exclusive(sheet: Sheet, rows: Rows, group: str, kinds: Sequence[str | None]) -> dict[str, Floats]:
    """Return a column for each of some kinds of which one holds, None for that the text does not say."""
    values = [getattr(sheet.messages[row], group) for row in rows]
    weights = _machines(sheet.lines[rows], np.array([kinds.index(value) for value in values]), len(kinds))
    return {f"{group}:{kind or 'none'}": weights[:, place] for place, kind in enumerate(kinds)}


def _regression(lines: Matrix, holds: NDArray[np.bool_], *, balanced: bool = False) -> Floats:
    if holds.all() or not holds.any():
        return np.append(np.zeros(lines.shape[1]), _SURE if holds.any() else -_SURE)
    learner = LogisticRegression(
        C=30,
        solver="liblinear",
        dual=True,
        max_iter=400,
        random_state=0,
        class_weight="balanced" if balanced else None,
    )
    fitted = learner.fit(lines, holds)
    return np.append(fitted.coef_[0], fitted.intercept_[0])


def _machines(lines: Matrix, codes: NDArray[np.intp], kinds: int) -> Floats:
    fitted = LinearSVC(C=0.5, tol=_TOLERANCE, random_state=0).fit(lines, codes)
    told = np.full((lines.shape[1] + 1, kinds), 0.0)
    told[-1] = -_SURE  # a kind of which nothing was learned is never the likeliest
    told[:, fitted.classes_] = np.vstack([fitted.coef_.T, fitted.intercept_])
    return told


def _bits(topics: Counter[str], count: int, usual: Counter[str], messages: int) -> float:
    """Return how much a word says of the topic: the divergence of its messages' topics from everybody's, in bits."""
    bits = (share / count * np.log2((share / count) / (usual[topic] / messages)) for topic, share in topics.items())
    return float(sum(bits))
