"""Look-ups over hundreds of thousands of keys, in a dozen bytes each where a dictionary takes a hundred and more."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int32]


class Keys:
    """Texts and the numbers that stand behind each: sorted 64-bit hashes beside positions.

    Python's hash of a text is keyed anew in each process (SipHash), so nobody can make two that collide; by chance two
    of a million keys do once in 40 million directories.
    """

    def __init__(self, pairs: Iterable[tuple[str, int]]) -> None:
        """Take keys, each with the number behind it; a key may come several times."""
        hashes, numbers = array("q"), array("i")
        for key, number in pairs:
            hashes.append(hash(key))
            numbers.append(number)
        unsorted = np.array(hashes, np.int64)
        order = np.argsort(unsorted, kind="stable")
        self._hashes = array("q", unsorted[order].tobytes())
        self._sorted: NDArray[np.int64] = np.frombuffer(self._hashes, np.int64) if self._hashes else unsorted
        self._numbers: Numbers = np.array(numbers, np.int32)[order]

    def get(self, key: str) -> list[int]:
        """Return the numbers behind a key, each once, in the order in which they came."""
        hashed = hash(key)
        first = last = bisect_left(self._hashes, hashed)
        while last < len(self._hashes) and self._hashes[last] == hashed:
            last += 1
        return list(dict.fromkeys(self._numbers[first:last].tolist())) if last > first else []

    def __contains__(self, key: str) -> bool:
        hashed = hash(key)
        at = bisect_left(self._hashes, hashed)
        return at < len(self._hashes) and self._hashes[at] == hashed

    def of_any(self, keys: Sequence[str]) -> set[int]:
        """Return the numbers behind any of some keys."""
        hashes = np.fromiter(map(hash, keys), np.int64, count=len(keys))
        firsts = self._sorted.searchsorted(hashes)
        lasts = self._sorted.searchsorted(hashes, side="right")
        numbers = self._numbers
        return {
            number
            for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)
            if last > first
            for number in numbers[first:last].tolist()
        }


class Groups:
    """Positions by the small number of the group that each belongs to (a name, an entrance)."""

    def __init__(self, group_of: Numbers, groups: int) -> None:
        """Take the group of each position, -1 for none, and how many groups there are."""
        order = np.argsort(group_of, kind="stable").astype(np.int32)
        self._members: Numbers = order
        self._starts = np.searchsorted(group_of[order], np.arange(groups + 1)).tolist()

    def of(self, group: int) -> Numbers:
        """Return the positions of one group, in order."""
        return self._members[self._starts[group] : self._starts[group + 1]]
