"""What the model sees of a message: words, denied words, pairs of words, pieces of words, each as a 64-bit number.

A feature is known by a hash of what it is made of, so that the model keeps no names. Two features of a model of 200,000
share a number by chance once in some hundred million models.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dtm_contact.model import Part
from dtm_contact.text import MASKED, NEGATIONS, Tokens

Ids = NDArray[np.uint64]
Places = NDArray[np.int32]
Groups = NDArray[np.int8]

WORDS, PAIRS, PIECES = range(3)
"""The groups of features: each is weighed by itself, so that many pieces never outweigh few words."""
GROUPS: Final = 3

_DENIED: Final = 3
"""How many content words of its sentence a negation marks."""
_NEAR: Final = 3
"""How many content words apart, in one sentence, two words make a pair."""
_PIECE_LENGTHS: Final = (4, 5)

_WORD, _DENIED_WORD, _SUBJECT, _PAIR, _NEIGHBOURS, _PIECE = (
    np.uint64(salt)
    for salt in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0xD6E8FEB86659FD93,
        0xA0761D6478BD642F,
        0xE7037ED1A0B428DB,
    )
)
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_SHIFT: Final = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a message, each once, by growing number; arrays of equal length.

    Attributes:
        ids: what each is.
        groups: `WORDS`, `PAIRS` or `PIECES`.
        first, last: the places of its first and last word, where it stands first.
    """

    ids: Ids
    groups: Groups
    first: Places
    last: Places

    def taken(self, chosen: NDArray[np.intp] | NDArray[np.bool_]) -> "Features":
        """Return some of the features."""
        return Features(self.ids[chosen], self.groups[chosen], self.first[chosen], self.last[chosen])


def features_of(tokens: Tokens, common: Collection[str], forms: list[str] | None = None) -> Features:
    """Return what the model sees of a message.

    Args:
        tokens: the words.
        common: words so frequent that they make no pair (articles, pronouns).
        forms: the words with slips mended, one for each token; without them as they were written.
    """
    forms = forms if forms is not None else tokens.forms
    seen = [place for place, form in enumerate(forms) if form is not MASKED]
    if not seen:
        return _NOTHING
    places = np.array(seen, np.int32)
    denied = denials(tokens, forms, common)
    words = np.fromiter((word_id(forms[place]) for place in seen), np.uint64, len(seen))
    sentences = np.fromiter((tokens.sentences[place] for place in seen), np.int32, len(seen))
    said = np.fromiter((place in denied for place in seen), np.bool_, len(seen))
    marked = words ^ np.where(said, _DENIED_WORD, np.uint64(0))
    subject = np.fromiter((tokens.part_of(place) is Part.SUBJECT for place in seen), np.bool_, len(seen))
    content = np.fromiter((forms[place] not in common for place in seen), np.bool_, len(seen))

    found: list[tuple[Ids, int, Places, Places]] = [
        (_mixed(marked, _WORD), WORDS, places, places),
        (_mixed(marked[subject], _SUBJECT), WORDS, places[subject], places[subject]),
        (*_pairs(marked[content], sentences[content], places[content]),),
    ]
    near = sentences[1:] == sentences[:-1]
    neighbours = _mixed(words[:-1] * _MIX + words[1:], _NEIGHBOURS)[near]
    found.append((neighbours, PAIRS, places[:-1][near], places[1:][near]))
    pieces = [_pieces(forms[place]) for place in seen]
    counts = np.fromiter(map(len, pieces), np.intp, len(pieces))
    at = np.repeat(places, counts)
    found.append((np.concatenate(pieces), PIECES, at, at))
    return _joined(found)


def word_id(form: str) -> int:
    """Return the number of a folded word."""
    return _word_id(form)


@lru_cache(maxsize=65_536)
def _word_id(form: str) -> int:
    return int.from_bytes(blake2b(form.encode(), digest_size=8).digest(), "little")


@lru_cache(maxsize=32_768)
def _pieces(form: str) -> Ids:
    """Return the pieces of a word of four letters and more, its ends marked; none of a number."""
    if len(form) < min(_PIECE_LENGTHS) or "#" in form:
        return np.empty(0, np.uint64)
    bounded = f"<{form}>"
    numbers = [
        _word_id(f"{length}{bounded[start : start + length]}")
        for length in _PIECE_LENGTHS
        for start in range(len(bounded) - length + 1)
    ]
    return _mixed(np.array(numbers, np.uint64), _PIECE)


def denials(
    tokens: Tokens, forms: list[str], common: Collection[str], negations: Collection[str] = NEGATIONS
) -> dict[int, int]:
    """Return the places of the content words that are denied, each with the place of the negation that denies it.

    A negation denies the next content words of its sentence; so does "personne" before "ne".
    """
    denied: dict[int, int] = {}
    left, sentence, by = 0, -1, -1
    for place, form in enumerate(forms):
        if tokens.sentences[place] != sentence:
            left, sentence = 0, tokens.sentences[place]
        if form in negations or (form == "personne" and forms[place + 1 : place + 2] in (["ne"], ["n"])):
            left, by = _DENIED, place
        elif left and form is not MASKED and form not in common:
            denied[place] = by
            left -= 1
    return denied


def _pairs(words: Ids, sentences: Places, places: Places) -> tuple[Ids, int, Places, Places]:
    """Return the unordered pairs of content words that stand near each other in one sentence."""
    ids, first, last = [], [], []
    for apart in range(1, min(_NEAR, len(words) - 1) + 1):
        near = sentences[apart:] == sentences[:-apart]
        one, other = words[:-apart][near], words[apart:][near]
        ids.append(_mixed(np.minimum(one, other) * _MIX + np.maximum(one, other), _PAIR))
        first.append(places[:-apart][near])
        last.append(places[apart:][near])
    if not ids:
        return np.empty(0, np.uint64), PAIRS, np.empty(0, np.int32), np.empty(0, np.int32)
    return np.concatenate(ids), PAIRS, np.concatenate(first), np.concatenate(last)


def _mixed(ids: Ids, salt: np.uint64) -> Ids:
    """Return numbers spread over 64 bits, those of one kind of feature apart from those of another."""
    spread = (ids ^ salt) * _MIX
    mixed: Ids = (spread ^ (spread >> _SHIFT)) * _MIX
    return mixed


def _joined(found: list[tuple[Ids, int, Places, Places]]) -> Features:
    ids = np.concatenate([part[0] for part in found])
    groups = np.repeat(np.array([part[1] for part in found], np.int8), [len(part[0]) for part in found])
    first = np.concatenate([part[2] for part in found])
    last = np.concatenate([part[3] for part in found])
    unique, at = np.unique(ids, return_index=True)
    return Features(unique, groups[at], first[at], last[at])


_NOTHING: Final = Features(np.empty(0, np.uint64), np.empty(0, np.int8), np.empty(0, np.int32), np.empty(0, np.int32))


def windows(words: int, size: int, step: int) -> Iterator[tuple[int, int]]:
    """Yield the first place and the place behind the last of each stretch of a message that is judged by itself."""
    begin = 0
    while True:
        yield begin, begin + size
        begin += step
        if begin + size - step >= words:
            return
