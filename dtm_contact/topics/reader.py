"""The reader: the model, the admins' phrases, the topics and the limits that messages are understood by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from dtm_contact.model import CaseKind, Part, Priority, Span
from dtm_contact.text import Tokens, tokenize
from dtm_contact.topics.danger import OF_DANGER, DangerLimits, DangerScale
from dtm_contact.topics.details import DetailModel
from dtm_contact.topics.model import Model, Reading, Values
from dtm_contact.topics.phrases import Effect, Hit, Phrase, PhraseBook

SET_ASIDE: Final = frozenset({CaseKind.AUTOMATIC.value, CaseKind.SPAM.value})
"""Topics that no person asks about."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of the contract.

    Attributes:
        code, label: its code and its French label.
        priority: before any raising.
        outage: something is out on which frail people depend (heating, lift, power, water).
        momentary: it lasts for hours at the most: some days later it is over.
        caretaker_apart: what is written of it may be about a caretaker, who gets no copy unless that is meant.
    """

    code: str
    label: str
    priority: Priority
    outage: bool = False
    momentary: bool = False
    caretaker_apart: bool = False


@dataclass(frozen=True, slots=True)
class ReaderLimits:
    """From which score something is said.

    Attributes:
        danger: of danger.
        urgent: one step more urgent than its topic.
        nobody: no person wrote it, though nothing in its structure says so.
        further: another topic is named beside the deciding one.
        wish: a wish is heard.
        scan: a copier wrote all of it.
        advice: a sentence tells everybody what to do if something happened.
    """

    danger: DangerLimits = field(default_factory=DangerLimits)
    urgent: float = 0.0
    nobody: float = 3.0
    further: float = 0.0
    wish: float = -0.5
    scan: float = 0.0
    advice: float = 0.5


@dataclass(frozen=True)
class Reader:
    """What messages are read by: two models, the admins' phrases, the topics and the limits."""

    model: Model
    details: DetailModel
    phrases: PhraseBook
    topics: Mapping[str, Topic]
    limits: ReaderLimits = ReaderLimits()

    @cached_property
    def scale(self) -> DangerScale:
        """The model's probability of danger, by the topics that are dangers here."""
        places = [(self.model.column[code], topic) for code, topic in self.topics.items() if code in self.model.column]
        return DangerScale(
            self.model,
            [place for place, topic in places if topic.priority is Priority.P1],
            [place for place, topic in places if topic.priority is not Priority.P1],
        )

    @cached_property
    def danger_phrases(self) -> PhraseBook:
        """The phrases alone that raise an alarm, or keep one down."""
        return PhraseBook([each for each in self.phrases.phrases if each.effect in {*OF_DANGER, Effect.NOT_DANGER}])

    @cached_property
    def requests(self) -> PhraseBook:
        """The phrases alone by which somebody asks for something."""
        return PhraseBook([each for each in self.phrases.phrases if each.effect is Effect.REQUEST])

    @cached_property
    def asked(self) -> Sequence[str]:
        """The topics that a person may ask about, in the order of their columns."""
        return [
            code for code in self.model.columns[: self.model.topics] if code in self.topics and code not in SET_ASIDE
        ]


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as the model and the phrases hear it, before anything is decided.

    Attributes:
        tokens: the words.
        reading: the same as the model sees them.
        scores: what each column says of them.
        hits: the phrases that stand in them.
        unquoted: the places of the words that are never told as a reason.
    """

    tokens: Tokens
    reading: Reading
    scores: Values
    hits: Sequence[Hit]
    unquoted: frozenset[int] = frozenset()

    @classmethod
    def of(cls, tokens: Tokens, reader: Reader, unquoted: Collection[Span] = ()) -> "Heard":
        """Read words by the model and the phrases.

        Args:
            tokens: the words.
            reader: what reads them.
            unquoted: spans whose words are never told as a reason.
        """
        reading = reader.model.read(tokens)
        hits = reader.phrases.find(tokens, reader.model.mended(tokens), reader.model.common)
        names = frozenset(
            place for place in range(len(tokens)) if unquoted and _touches(tokens.span(place, place), unquoted)
        )
        return cls(tokens, reading, reader.model.all_scores(reading), hits, names)

    def has(self, effect: Effect) -> bool:
        """Return whether a phrase of an effect stands there and is not denied."""
        return any(hit.phrase.effect is effect and not hit.denied for hit in self.hits)


def _touches(word: Span, spans: Collection[Span]) -> bool:
    return any(span.part is word.part and span.start < word.end and word.start < span.end for span in spans)


def stands_in(phrase: Phrase, text: str, model: Model) -> bool:
    """Return whether a phrase stands in a text and is not denied there."""
    tokens = tokenize([(Part.NEW, text)])
    hits = PhraseBook([phrase]).find(tokens, model.mended(tokens), model.common)
    return any(not hit.denied for hit in hits)
