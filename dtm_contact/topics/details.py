"""What single sentences say beside the matter: wishes, the kind of a danger, that it is over, advice to everybody.

A wish stands in one sentence of a message that is about something else, and a danger has a kind only where there is
one: so both are learned apart from topics and danger, of sentences and of stretches, by a small linear model. It looks
at the features that the large one has found already, and costs next to nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dtm_contact.errors import UnusableModelError
from dtm_contact.model import Evidence, Peril, Wish
from dtm_contact.model_archive import archived, opened_archive
from dtm_contact.text import Tokens
from dtm_contact.topics.danger import DangerFinding, Settled
from dtm_contact.topics.features import GROUPS
from dtm_contact.topics.model import BY_OUTAGE, SHARES, Calibration, Model, Reading, Values

DETAILS_FORMAT: Final = 4
"""The version of the file that this program reads."""

WISH, PERIL = "wish:", "peril:"
"""How the names of the columns begin."""

SETTLED, RAISED, SPOKEN = "settled", "raised", "spoken"
"""The columns that say of a sentence of a program's mail that nothing is the matter (it is over, a test, planned, a
general warning), of the whole mail that it reports what puts somebody in danger ("perte de verticalité"), and of a
sentence that a person speaks there, as in a form's field."""

ADVICE = "advice"
"""The column that says of a sentence that it tells everybody what to do if something happened, and reports nothing."""

_LEAST: Final = 1e-9
_BY_TOPIC: Final = {
    "gas": Peril.GAS,
    "fire": Peril.FIRE,
    "elevator_trapped": Peril.TRAPPED,
    "water_leak": Peril.WATER,
    "heating": Peril.OUTAGE,
    "elevator": Peril.OUTAGE,
    "water_cut": Peril.OUTAGE,
}
_LIKELIER: Final = 0.5
"""What a topic adds to the kind of danger that goes with it."""
_UNSURE: Final = -0.75
"""The score under which no kind of danger is named."""
PERSONAL: Final = frozenset({Peril.VIOLENCE, Peril.SUICIDE})
"""Dangers that are what a message is about, whatever it asks besides: nobody must take them for a debt or for noise."""
_UNSURE_OF_PERSONAL: Final = -0.17
"""The same of violence and suicide where the message is about something else: they take the place of its topic."""
_AS_LIKELY: Final = 0.25
"""By how much another kind of danger may be likelier in a few words that still speak for the one that is named."""
_WORDS_NEEDED: Final = 3
"""Words of a sentence that may say a wish: "Un appel." says none."""
_WORDS_SETTLING: Final = 2
"""The same of one that may say that it is over: a label whose value is left open ("Clôture : --") says nothing."""
_SPOKEN: Final = 0.0
"""The score from which a person speaks in a sentence."""
_WORDS_TOLD: Final = 12
"""Words of a sentence that are told of a wish."""


@dataclass(frozen=True)
class DetailModel:
    """A linear model of sentences.

    Attributes:
        columns: `wish:…` for each wish, `peril:…` for each kind of danger, `settled`, `raised`, `spoken`, `advice`.
        ids: the numbers of the features, growing.
        weights: steps of one byte, a row a feature.
        step: how large the step of each column is.
        bias: what each column says of every sentence.
        programs: what the log-odds of danger, the highest score of `settled` and that of `raised` are worth in a
            program's mail.
        highest: the score of `settled` up to which that was learned; from nought on a sentence says it.
        about: what it was made of.
        digest: of its file.
    """

    columns: tuple[str, ...]
    ids: NDArray[np.uint64]
    weights: NDArray[np.int8]
    step: Values
    bias: Values
    programs: Calibration
    highest: float
    about: Mapping[str, Any] = field(default_factory=dict)
    digest: str = ""

    def scores(
        self, reading: Reading, model: Model, owners: NDArray[np.intp], count: int, wanted: NDArray[np.intp]
    ) -> Values:
        """Return what some columns say of each stretch of a message, a row a stretch.

        Args:
            reading: the message.
            model: the one that read it: it knows how rare each feature is.
            owners: the stretch that each feature of the reading belongs to.
            count: how many stretches there are.
            wanted: the places of the columns.
        """
        values = weighed_apart(model.rarity[reading.rows], reading.features.groups, owners, count)
        at = np.searchsorted(self.ids, reading.features.ids)
        at[at == len(self.ids)] = 0
        known = np.flatnonzero(self.ids[at] == reading.features.ids)
        told = values[known, np.newaxis] * self.weights.take(at[known], axis=0)[:, wanted]
        sums = np.column_stack([np.bincount(owners[known], told[:, place], count) for place in range(len(wanted))])
        return (sums * self.step[wanted] + self.bias[wanted]).astype(np.float32)

    @cached_property
    def wishes(self) -> NDArray[np.intp]:
        """The places of the columns of the wishes, in their order."""
        return np.array([self.columns.index(f"{WISH}{wish}") for wish in Wish])

    @cached_property
    def perils(self) -> NDArray[np.intp]:
        """The places of the columns of the kinds of danger, in their order."""
        return np.array([self.columns.index(f"{PERIL}{peril}") for peril in Peril])

    @cached_property
    def settled(self) -> NDArray[np.intp]:
        """The place of the column that says that it is over."""
        return np.array([self.columns.index(SETTLED)])

    @cached_property
    def spoken(self) -> NDArray[np.intp]:
        """The place of the column that says that a person speaks."""
        return np.array([self.columns.index(SPOKEN)])

    @cached_property
    def raised(self) -> NDArray[np.intp]:
        """The place of the column that says that something is the matter."""
        return np.array([self.columns.index(RAISED)])

    @cached_property
    def advice(self) -> NDArray[np.intp]:
        """The place of the column that says that a sentence is advice to everybody."""
        return np.array([self.columns.index(ADVICE)])

    def packed(self) -> bytes:
        """Return the model as the bytes of a file."""
        header = {
            "format": DETAILS_FORMAT,
            "columns": self.columns,
            "programs": [*self.programs.slopes, self.programs.offset],
            "highest": self.highest,
            "about": dict(self.about),
        }
        return archived(header, {"ids": self.ids, "weights": self.weights, "step": self.step, "bias": self.bias})

    @classmethod
    def unpacked(cls, content: bytes) -> "DetailModel":
        """Return the model that the bytes of a file hold.

        Raises:
            UnusableModelError: they are damaged, or of another format.
        """
        with opened_archive(content, DETAILS_FORMAT) as archive:
            header, arrays = archive.header, archive.arrays
            said = {f"{WISH}{wish}" for wish in Wish} | {f"{PERIL}{peril}" for peril in Peril}
            known = said | {SETTLED, RAISED, SPOKEN, ADVICE}
            if set(header["columns"]) != known:
                raise UnusableModelError("its columns are not the wishes and dangers that this program knows")
            *slopes, offset = header["programs"]
            return cls(
                tuple(header["columns"]),
                arrays["ids"],
                arrays["weights"],
                arrays["step"],
                arrays["bias"],
                Calibration(tuple(slopes), offset),
                header["highest"],
                about=header["about"],
                digest=archive.digest,
            )


def weighed_apart(
    rarity: Values, groups: NDArray[np.int8], owners: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    """Return what features weigh, each group together its share within each stretch.

    Args:
        rarity: how rare each feature is.
        groups: the group of each.
        owners: the stretch of each.
        count: how many stretches there are.
    """
    keys = owners * GROUPS + groups
    squares = np.bincount(keys, rarity * rarity, count * GROUPS)
    scale = SHARES[np.arange(count * GROUPS) % GROUPS] / np.sqrt(np.maximum(squares, _LEAST))
    values: NDArray[np.float64] = rarity * scale[keys]
    return values


def in_sentences(reading: Reading, sentences: NDArray[np.intp]) -> tuple[Reading, NDArray[np.intp]]:
    """Return the features that stand within one sentence each, and the number of the sentence of each."""
    first, last = sentences[reading.features.first], sentences[reading.features.last]
    within = first == last
    return reading.taken(within), first[within]


def wishes_of(
    tokens: Tokens, reading: Reading, details: DetailModel, model: Model, limit: float
) -> dict[Wish, Evidence]:
    """Return the wishes that a sentence speaks for, each with the words of the sentence that speaks most for it.

    Args:
        tokens: the words.
        reading: the same as the model sees them.
        details: what sentences say.
        model: the one that read the message.
        limit: the score from which a wish is heard.
    """
    if not len(reading.rows):
        return {}
    sentences = np.array(tokens.sentences, np.intp)
    within, owners = in_sentences(reading, sentences)
    words = np.bincount(sentences)
    scores = details.scores(within, model, owners, len(words), details.wishes)
    found = {}
    scores[words < _WORDS_NEEDED] = -np.inf
    for wish, told in zip(Wish, scores.T, strict=True):
        best = int(told.argmax())
        if told[best] >= limit:
            places = np.flatnonzero(sentences == best)[:_WORDS_TOLD]
            first, last = int(places[0]), int(places[-1])
            score = round(float(told[best]), 2)
            found[wish] = Evidence("wish.sentence", score, tokens.written(first, last), tokens.span(first, last))
    return found


def settled_of(tokens: Tokens, details: DetailModel, model: Model, *, by_program: bool) -> Settled | None:
    """Return what a mail laid out by a program says of whether anything is the matter.

    A sentence of it may deny that, and the whole may report it. A denial counts only where a program alone speaks: what
    a person writes into a form ("le robinet est réparé, mais …") is a person's.

    Args:
        tokens: its words, those of labels too: "Mode : essai".
        details: what sentences say.
        model: what reads it.
        by_program: a program sent it, by its headers or its address.

    Returns:
        With scores of nought where no sentence denies it, or the whole reports none; None where no word of it is known.
    """
    reading = model.read(tokens, in_order=False)
    score, sentence = settled_score(tokens, reading, details, model)
    if not len(sentence):
        return None
    raised = details.scores(reading, model, np.zeros(len(reading.rows), np.intp), 1, details.raised)[0, 0]
    own = by_program and not _is_spoken(tokens, reading, details, model)
    said = tokens.written(int(sentence[0]), int(sentence[-1]))
    # Forms bring people's words too, which are like no product's: that says nothing.
    return Settled(score if own else 0.0, said, max(float(raised), 0.0), details.programs, own=own)


def _is_spoken(tokens: Tokens, reading: Reading, details: DetailModel, model: Model) -> bool:
    """Return whether a person speaks in a sentence of a program's mail."""
    sentences = np.array(tokens.sentences, np.intp)
    within, owners = in_sentences(reading, sentences)
    words = np.bincount(sentences)
    scores = details.scores(within, model, owners, len(words), details.spoken)[:, 0]
    return bool((scores[words >= _WORDS_NEEDED] >= _SPOKEN).any())


def settled_score(
    tokens: Tokens, reading: Reading, details: DetailModel, model: Model
) -> tuple[float, NDArray[np.intp]]:
    """Return how clearly a sentence says that nothing is the matter, from nought on, and the places of its words.

    Args:
        tokens: the words.
        reading: the same as the model sees them.
        details: what sentences say.
        model: what read them.
    """
    sentences = np.array(tokens.sentences, np.intp)
    within, owners = in_sentences(reading, sentences) if len(reading.rows) else (reading, sentences)
    if not len(within.rows):
        return 0.0, np.empty(0, np.intp)
    read, owners = np.unique(owners, return_inverse=True)
    scores = details.scores(within, model, owners, len(read), details.settled)[:, 0]
    scores[np.bincount(sentences)[read] < _WORDS_SETTLING] = -np.inf
    best = int(scores.argmax())
    score = min(max(float(scores[best]), 0.0), details.highest)
    return score, np.flatnonzero(sentences == read[best])[:_WORDS_TOLD]


def advice_score(tokens: Tokens, details: DetailModel, model: Model) -> float:
    """Return how clearly some words, as one sentence, tell everybody what to do if something happened.

    Args:
        tokens: the words.
        details: what sentences say.
        model: what reads them.
    """
    reading = model.read(tokens, in_order=False)
    if not len(reading.rows) or len(tokens) < _WORDS_NEEDED:
        return -np.inf
    return float(details.scores(reading, model, np.zeros(len(reading.rows), np.intp), 1, details.advice)[0, 0])


def peril_of(
    danger: DangerFinding, tokens: Tokens, reading: Reading, details: DetailModel, model: Model, topic: str
) -> Peril | None:
    """Return what kind of danger an alarm is about, by the sentences of the phrases that raised it, else its stretch.

    Args:
        danger: the alarm and what raised it.
        tokens: the words.
        reading: the same as the model sees them.
        details: what sentences say.
        model: the one that read the message.
        topic: what the message is about: gas is the likelier danger where it is about gas.

    Returns:
        None where there is no alarm, or nothing says clearly which danger it is.
    """
    if not danger.alarm.any:
        return None
    told = reading.between(*danger.stretch)
    if danger.hits:
        sentences = np.array(tokens.sentences, np.intp)
        within, owners = in_sentences(reading, sentences)
        told = within.taken(np.isin(owners, [sentences[place] for hit in danger.hits for place in hit.places]))
    if not len(told.rows):
        return None
    scores = details.scores(told, model, np.zeros(len(told.rows), np.intp), 1, details.perils)[0]
    perils = dict(zip(Peril, map(float, scores), strict=True))
    expected = expected_peril(danger, topic)
    if expected is not None:
        perils[expected] += _LIKELIER
    likeliest = max(perils, key=lambda peril: perils[peril])
    limit = _UNSURE_OF_PERSONAL if likeliest in PERSONAL and topic != "danger" else _UNSURE
    return likeliest if perils[likeliest] >= limit else None


def expected_peril(danger: DangerFinding, topic: str) -> Peril | None:
    """Return the kind of danger that goes with a matter; None where none does."""
    return Peril.OUTAGE if danger.column == BY_OUTAGE else _BY_TOPIC.get(topic)


def perils_said(
    words: tuple[int, int], expected: Peril | None, reading: Reading, details: DetailModel, model: Model
) -> list[Peril]:
    """Return the kinds of danger that some words of a message speak for by themselves, the likeliest first.

    Args:
        words: the place of the first word, and the place behind the last.
        expected: the kind that goes with what the message is about, which a few words need not say again.
        reading: the message as the model sees it.
        details: what sentences say.
        model: the one that read the message.
    """
    told = reading.between(*words)
    if not len(told.rows):
        return []
    scores = details.scores(told, model, np.zeros(len(told.rows), np.intp), 1, details.perils)[0]
    perils = dict(zip(Peril, map(float, scores), strict=True))
    if expected is not None:
        perils[expected] += _LIKELIER
    least = max(_UNSURE, max(perils.values()) - _AS_LIKELY)
    return sorted((peril for peril in perils if perils[peril] >= least), key=lambda peril: -perils[peril])
