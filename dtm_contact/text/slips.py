"""Slips of the finger: which known word an unknown one stands for (SymSpell's deletions, Garbe 2012)."""

from collections.abc import Iterator, Sequence
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SHORTEST: Final = 6
"""Letters from which an unknown word may be a slip; shorter ones are too alike."""
_LONGEST: Final = 30
_CACHED: Final = 50_000


class Slips:
    """Knows words, the commoner first, and mends others that are one letter away: more, less, other, or two swapped.

    Both words lose at most one letter and are then the same; of several known words the commonest is meant.
    """

    def __init__(self, words: Sequence[str]) -> None:
        """Take the known words, folded, the commonest first."""
        self._words = words
        keys: list[int] = []
        owners: list[int] = []
        for place, word in enumerate(words):
            if SHORTEST - 1 <= len(word) <= _LONGEST and word.isalpha():
                for left in _deletions(word):
                    keys.append(crc32(left.encode()))
                    owners.append(place)
        order = np.lexsort((np.array(owners, np.uint32), np.array(keys, np.uint32)))
        self._keys: NDArray[np.uint32] = np.array(keys, np.uint32)[order]
        self._owners: NDArray[np.uint32] = np.array(owners, np.uint32)[order]
        self._known = frozenset(words)
        self._mended: dict[str, str] = {}

    def mend(self, form: str) -> str:
        """Return the known word that a folded word stands for; itself where it is known, short, or like none."""
        if form in self._known or not SHORTEST <= len(form) <= _LONGEST or not form.isalpha():
            return form
        mended = self._mended.get(form)
        if mended is None:
            mended = self._find(form)
            if len(self._mended) < _CACHED:
                self._mended[form] = mended
        return mended

    def _find(self, form: str) -> str:
        wanted = np.array([crc32(left.encode()) for left in _deletions(form)], np.uint32)
        starts = np.searchsorted(self._keys, wanted, "left")
        stops = np.searchsorted(self._keys, wanted, "right")
        near = {int(owner) for start, stop in zip(starts, stops, strict=True) for owner in self._owners[start:stop]}
        return next((word for place in sorted(near) if is_slip(form, word := self._words[place])), form)


def is_slip(form: str, word: str) -> bool:
    """Return whether two words differ by one letter more, less or other, or by two neighbours swapped."""
    if abs(len(form) - len(word)) > 1:
        return False
    begin = 0
    while begin < min(len(form), len(word)) and form[begin] == word[begin]:
        begin += 1
    rest, other = form[begin:], word[begin:]
    if len(rest) == len(other):
        swapped = rest[:2] == other[:2][::-1] and rest[2:] == other[2:]
        return swapped or rest[1:] == other[1:]
    return rest[1:] == other or rest == other[1:]


def _deletions(word: str) -> Iterator[str]:
    """Yield a word, and what is left of it without each of its letters."""
    yield word
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]
