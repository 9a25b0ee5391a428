"""Phrases of the lexicon: how they are written in the file, and how they are found among words."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dtm_contact.normalize import fold
from dtm_contact.topics.passage import Passage
from dtm_contact.topics.stems import ANY_IDEOGRAPH, stem

GAP_WORDS = 5
"""Words that `...` in a phrase may stand for, within one sentence."""

ATTEMPTS = 40
"""Places at which one phrase is looked for in a contact, so that a text of nothing but one word costs little."""

_SMALL_WORDS_SKIPPED = 4

_GAP = "..."
_PIECE = re.compile(r"=?[^\W_]+(?:/=?[^\W_]+)*")

Payload = TypeVar("Payload")


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a phrase: the keys that fit it, and how many other words may come before it."""

    keys: frozenset[str]
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase as an office manager wrote it, and the steps that find it.

    Words fit in any form of theirs, misspelt too; `=mot`, and every word of an exact list, only as written, accents and
    capitals aside. `a/b` fits either; `...` stands for up to five words of the same sentence. Small words (le, de, mon)
    may stand between and are not looked for, save in exact phrases and where at most one other word is left
    ("en feu").
    """

    text: str
    steps: tuple[Step, ...]

    @classmethod
    def parse(cls, text: str, small_words: Iterable[str], *, exact: bool = False) -> "Phrase":
        """Read a phrase.

        Raises:
            ValueError: it has no word to look for, or holds a sign that is never part of a word.
        """
        small = frozenset(small_words)
        pieces = ANY_IDEOGRAPH.sub(r" \g<0> ", fold(text).replace("'", " ").replace("-", " ")).split()
        words = [piece for piece in pieces if piece != _GAP]
        if not words or not all(map(_PIECE.fullmatch, words)):
            raise ValueError(text)
        looked_for = [_keys(piece, small, exact=exact) for piece in pieces]
        if sum(map(bool, looked_for)) < min(2, len(words)):
            looked_for = [_keys(piece, frozenset(), exact=exact) for piece in pieces]
        steps: list[Step] = []
        gap = 0
        for piece, keys in zip(pieces, looked_for, strict=True):
            if piece == _GAP:
                gap = GAP_WORDS
            elif keys:
                steps.append(Step(frozenset(keys), gap if steps else 0))
                gap = 0
        return cls(text, tuple(steps))

    def match(self, passage: Passage, start: int, small_words: frozenset[str]) -> tuple[int, ...] | None:
        """Return the places of its words in the passage where it stands at `start`; its first step is known to fit."""
        if len(self.steps) == 1:
            return (start,)
        found = [start]
        sentence = passage.sentences[start]
        place, total = start + 1, len(passage.forms)
        for step in self.steps[1:]:
            gap, small = step.gap, _SMALL_WORDS_SKIPPED * (3 if step.gap else 1)
            while place < total and passage.sentences[place] == sentence:
                if not step.keys.isdisjoint(passage.keys[place]):
                    break
                if small and passage.forms[place] in small_words:
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


def _keys(piece: str, small: frozenset[str], *, exact: bool) -> tuple[str, ...]:
    """Return the keys of one word, or of words that `/` parts; none for a small word or a gap."""
    if piece == _GAP:
        return ()
    found: dict[str, None] = {}
    for option in piece.split("/"):
        if option.startswith("="):
            found[option] = None
        elif exact or option not in small:
            found[f"={option}" if exact else stem(option)] = None
    return tuple(found)


@dataclass(frozen=True, slots=True)
class PhraseIndex(Generic[Payload]):
    """All phrases of a lexicon, found in one walk over the words."""

    entries: Sequence[tuple[Phrase, Payload]]
    small_words: frozenset[str]
    _by_key: dict[str, list[int]] = field(init=False, repr=False)
    _behind: list[tuple[frozenset[str], ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Sort the phrases by each key of their first step."""
        object.__setattr__(
            self, "_behind", [tuple(step.keys for step in phrase.steps[1:]) for phrase, _ in self.entries]
        )
        by_key: defaultdict[str, list[int]] = defaultdict(list)
        for number, (phrase, _) in enumerate(self.entries):
            for key in phrase.steps[0].keys:
                by_key[key].append(number)
        object.__setattr__(self, "_by_key", dict(by_key))

    def find(self, passage: Passage) -> Iterator[tuple[Payload, tuple[int, ...]]]:
        """Yield each phrase found, with the places of its words, in the order of the first.

        A phrase is looked for where its first word stands, at the first `ATTEMPTS` such places.
        """
        present = {key for keys in passage.keys for key in keys}
        tried: dict[int, int] = {}
        for place, keys in enumerate(passage.keys):
            for key in keys:
                for number in self._by_key.get(key, ()):
                    attempts = tried.get(number, 0)
                    if attempts >= ATTEMPTS:
                        continue
                    if not attempts and not self._may_stand(number, present):
                        tried[number] = ATTEMPTS
                        continue
                    phrase, payload = self.entries[number]
                    tried[number] = attempts + 1
                    places = phrase.match(passage, place, self.small_words)
                    if places is not None:
                        yield payload, places

    def _may_stand(self, number: int, present: set[str]) -> bool:
        """Tell whether the words of a phrase behind its first are there at all: most phrases end here."""
        for keys in self._behind[number]:  # noqa: SIM110 - a generator would take longer than all it does
            if present.isdisjoint(keys):
                return False
        return True
