"""Folding of text: what two spellings have in common once case, accents and typography are set aside."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_TYPOGRAPHY = {
    "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "‛": "'",
    "“": '"', "”": '"', "«": '"', "»": '"',
    "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u200b": "", "\u00ad": "", "\ufeff": "",
    "œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "…": "...",
    "ı": "i", "ł": "l", "Ł": "l", "ø": "o", "Ø": "o", "đ": "d", "Đ": "d", "ð": "d", "þ": "th",
}  # fmt: skip


@lru_cache(maxsize=4096)
def _fold_character(character: str) -> str:
    replaced = _TYPOGRAPHY.get(character)
    if replaced is not None:
        return replaced
    decomposed = unicodedata.normalize("NFKD", character)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark)).casefold()


_LATIN = (*range(0x250), *map(ord, _TYPOGRAPHY))
_ONE_FOR_ONE = {code: folded for code in _LATIN if len(folded := _fold_character(chr(code))) == 1}
"""The letters and marks of western texts that are folded into one character each."""
_WESTERN = re.compile(f"[{re.escape(''.join(map(chr, _ONE_FOR_ONE)))}]*")


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text that remembers where each of its characters stood.

    Attributes:
        text: lower case, without accents, with plain apostrophes, dashes and spaces.
        origins: for each character of `text`, its offset in the original; one more at the end. None: the same offsets.
    """

    text: str
    origins: tuple[int, ...] | None

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the original text that stands which was folded into `text[start:end]`: start and end."""
        if self.origins is None:
            return start, end
        if start >= end:
            return self.origins[start], self.origins[start]
        return self.origins[start], self.origins[end - 1] + 1


def fold(text: str) -> str:
    """Return `text` in lower case, without accents, with plain punctuation ("Œuvre d’É" → "oeuvre d'e")."""
    if text.isascii():
        return text.lower()
    if _WESTERN.fullmatch(text):
        return text.translate(_ONE_FOR_ONE)
    return "".join(map(_fold_character, text))


def fold_keeping_offsets(text: str) -> Folded:
    """Fold `text` as `fold` does and keep the way back to the original's offsets."""
    if text.isascii():
        return Folded(text.lower(), None)
    if _WESTERN.fullmatch(text):
        return Folded(text.translate(_ONE_FOR_ONE), None)
    pieces = list(map(_fold_character, text))
    folded = "".join(pieces)
    if len(folded) == len(text) and all(pieces):  # one character each
        return Folded(folded, None)
    origins = [offset for offset, piece in enumerate(pieces) for _ in piece]
    return Folded(folded, (*origins, len(text)))
