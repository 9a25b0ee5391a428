"""Phrases that the admins own: what each does where it stands, how it is written, and how it is found in a message."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dtm_contact.text import (
    IDEOGRAPH,
    NEGATIONS,
    Slips,
    Tokens,
    fold,
    number_kind,
    stem,
    without_article,
    without_proclitics,
    word_set,
)
from dtm_contact.topics.features import denials

GAP_WORDS: Final = 5
"""Words that `...` in a phrase may stand for, within one sentence."""

ATTEMPTS: Final = 40
"""Places at which one phrase is looked for in a message, so that a text of nothing but one word costs little."""

SMALL_WORDS: Final = word_set(
    # French, then English, Spanish, Portuguese
    "le la les l un une des de du d mon ma mes ton ta tes notre nos votre vos son sa ses leur leurs ce cet "
    "cette ces au aux a en y tout toute tous toutes tres trop bien vraiment encore toujours deja aussi meme ne n il "
    "elle ils elles on m lui c ca s se qui que dans sur avec pour par chez completement totalement est sont "
    "the an of in on at my our is are this that el los las mi o os as um uma meu minha no na"
)
"""Words that may stand between those of a phrase."""

_ARABIC: Final = re.compile("[\u0621-\u064a]+")
_NEGATIONS: Final = NEGATIONS | {f"{before}{word}" for word in NEGATIONS if _ARABIC.fullmatch(word) for before in "وف"}
"""The same with the conjunctions that Arabic writes onto them ("ولا": and no); the model learned without these."""

_SKIPPED: Final = 4
_KEPT: Final = 16_384
"""Words whose keys are kept."""
_GAP: Final = "..."
_PIECE = re.compile(r"=?[^\W_]+(?:/=?[^\W_]+)*")
_IDEOGRAPH = re.compile(f"[{IDEOGRAPH}]")


class Effect(StrEnum):
    """What a phrase does where it stands and is not denied."""

    ALWAYS_DANGER = "always_danger"
    """Certain, and no other phrase lowers it."""
    DANGER = "danger"
    """Certain, unless a `not_danger` stands in the same sentence."""
    POSSIBLE = "possible"
    """Possible at the least, unless a `not_danger` stands in the same sentence."""
    NOT_DANGER = "not_danger"
    """What its sentence says is no danger: neither words nor model raise an alarm by it."""
    FRAIL = "frail"
    """Somebody whom an outage puts in danger: possible at the least where the matter is one."""
    REQUEST = "request"
    """Something is asked: the message is no mere word of thanks."""
    VIOLENCE_AT_HOME = "violence_at_home"
    """Possible at the least, and answered with care: whoever is violent may read along."""
    ANONYMOUS = "anonymous"
    """As the wish of that name: they do not want to be named."""
    CALL = "call"
    """As the wish of that name: when, or how, they want to be reached."""
    NO_PHONE = "no_phone"
    """As the wish of that name: they cannot or must not be called."""
    NO_POST = "no_post"
    """As the wish of that name: nothing may go to the address."""
    TOPIC = "topic"
    """The message is about this topic, whatever the model says of its topic."""


@dataclass(frozen=True, slots=True)
class PhrasePlace:
    """One place of a phrase: the keys that fit it, and how many other words may come before it."""

    keys: frozenset[str]
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as an admin wrote it.

    Words fit in any form of theirs, misspelt too, an Arabic one with what is written onto it; `=mot` only as written,
    accents and capitals aside. `a/b` fits either; `...` stands for up to five words of the same sentence, and is needed
    to reach beyond a comma. Small words (le, de, mon) may stand between and are not looked for where two other words
    are left.

    Attributes:
        text: as it is written.
        effect: what it does.
        topic: of `Effect.TOPIC`, which.
        source: where it is written, as `file:line`.
    """

    text: str
    effect: Effect
    topic: str | None
    source: str
    steps: tuple[PhrasePlace, ...]

    @classmethod
    def parse(cls, text: str, effect: Effect, topic: str | None = None, source: str = "") -> "Phrase":
        """Read a phrase.

        Raises:
            ValueError: it has no word to look for, or holds a sign that is never part of a word.
        """
        return cls(text, effect, topic, source, steps_of(text))

    @property
    def words(self) -> list[str]:
        """Its folded words, those that must stand as written apart: what a slip may be mended to."""
        return [
            word for piece in fold(self.text).replace("'", " ").split() for word in piece.split("/") if word.isalpha()
        ]

    @property
    def denies(self) -> bool:
        """Whether it holds a negation itself ("ne répond plus")."""
        return any(f"={word}" in step.keys or word in step.keys for step in self.steps for word in NEGATIONS)


def steps_of(text: str) -> tuple[PhrasePlace, ...]:
    """Return the places of the words of a phrase as an admin wrote it.

    Raises:
        ValueError: it has no word to look for, or holds a sign that is never part of a word.
    """
    pieces = _IDEOGRAPH.sub(r" \g<0> ", fold(text).replace("'", " ").replace("-", " ")).split()
    words = [piece for piece in pieces if piece != _GAP]
    if not words or not all(map(_PIECE.fullmatch, words)):
        raise ValueError(text)
    looked_for = [piece for piece in words if not set(piece.split("/")) <= SMALL_WORDS]
    if len(looked_for) < min(2, len(words)):
        looked_for = words
    steps: list[PhrasePlace] = []
    gap = 0
    for piece in pieces:
        if piece == _GAP:
            gap = GAP_WORDS if steps else 0
        elif piece in looked_for:
            steps.append(PhrasePlace(frozenset(map(_key, piece.split("/"))), gap))
            gap = 0
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase that stands in a message, with the places of its words, and whether it is denied there."""

    phrase: Phrase
    places: tuple[int, ...]
    denied: bool


class PhraseBook:
    """All phrases in force, found in one walk over the words of a message."""

    def __init__(self, phrases: Sequence[Phrase] = ()) -> None:
        """Sort the phrases by the keys of their first words."""
        self.phrases = tuple(phrases)
        by_key: defaultdict[str, list[Phrase]] = defaultdict(list)
        for phrase in self.phrases:
            for key in phrase.steps[0].keys:
                by_key[key].append(phrase)
        self._by_key = dict(by_key)
        self._slips = Slips(sorted({word for phrase in self.phrases for word in phrase.words}))
        self._keys: dict[str, tuple[str, ...]] = {}

    def find(self, tokens: Tokens, forms: list[str], common: Collection[str]) -> list[Hit]:
        """Return the phrases that stand in a message, in the order of their first words.

        Args:
            tokens: the words.
            forms: the same with slips mended.
            common: words that a negation does not count.
        """
        keys = [self._keys.get(form) or self._keys_of(form) for form in forms]
        present = {key for pair in keys for key in pair}
        found = list(self._found(tokens, forms, keys, present))
        if not found:
            return []
        denied = denials(tokens, forms, common, _NEGATIONS)
        return [Hit(phrase, places, _is_denied(phrase, places, denied)) for phrase, places in found]

    def _keys_of(self, form: str) -> tuple[str, ...]:
        """Return the keys by which a word may fit a phrase: as written, its stem, and that of the word it may mean.

        An Arabic word fits without the conjunction, preposition and article that are written onto it, too.
        """
        stems = (stem(word) for bare in (form, *without_proclitics(form)) for word in (bare, self._slips.mend(bare)))
        keys = tuple(dict.fromkeys((f"={form}", *stems)))
        if len(self._keys) < _KEPT:
            self._keys[form] = keys
        return keys

    def _found(
        self, tokens: Tokens, forms: list[str], keys: Sequence[tuple[str, ...]], present: Collection[str]
    ) -> Iterator[tuple[Phrase, tuple[int, ...]]]:
        tried: defaultdict[int, int] = defaultdict(int)
        for place, pair in enumerate(keys):
            for key in pair:
                for phrase in self._by_key.get(key, ()):
                    if tried[id(phrase)] >= ATTEMPTS:
                        continue
                    tried[id(phrase)] += 1
                    if any(step.keys.isdisjoint(present) for step in phrase.steps[1:]):
                        tried[id(phrase)] = ATTEMPTS
                        continue
                    places = places_of(phrase.steps, tokens, forms, keys, place)
                    if places is not None:
                        yield phrase, places


def places_of(
    steps: Sequence[PhrasePlace], tokens: Tokens, forms: list[str], keys: Sequence[tuple[str, ...]], start: int
) -> tuple[int, ...] | None:
    """Return where the words of a phrase stand in a message, by their places; None where it does not stand there.

    Args:
        steps: the words of the phrase.
        tokens: the words of the message.
        forms: the same with slips mended.
        keys: for each of them, by which keys it may fit a phrase.
        start: the place of a word that is known to fit the first step.
    """
    found = [start]
    place = start + 1
    for step in steps[1:]:
        gap, small = step.gap, _SKIPPED
        while place < len(forms) and tokens.sentences[place] == tokens.sentences[start]:
            if not step.gap and place in tokens.paused:
                return None
            if not step.keys.isdisjoint(keys[place]):
                break
            if small and forms[place] in SMALL_WORDS:
                small -= 1
            elif gap:
                gap -= 1
            else:
                return None
            place += 1
        else:
            return None
        found.append(place)
        place += 1
    return tuple(found)


def _is_denied(phrase: Phrase, places: tuple[int, ...], denied: dict[int, int]) -> bool:
    """Return whether a negation that is no part of the phrase denies one of its words."""
    if phrase.denies:
        return False
    return any(place in denied and denied[place] not in places for place in places)


def _key(option: str) -> str:
    """Return the key of one word; a number stands for its kind, as in a message ("90 ans": from 90 to 99)."""
    if option.isdecimal():
        return f"={number_kind(option)}"
    return option if option.startswith("=") else stem(without_article(option))


def unique_texts(hits: Iterable[Hit]) -> list[Hit]:
    """Return the hits without those of a phrase that was found before."""
    return list({hit.phrase.text: hit for hit in reversed(list(hits))}.values())[::-1]
