"""Look-ups over hundreds of thousands of keys, in a dozen bytes each where a dictionary takes a hundred and more."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dtm_contact.directory.lines import column

T = TypeVar("T")

Numbers = NDArray[np.int32]

_NO_KEY = hash("")
_FEW_KEYS = 4_096
"""Up to so many lie in a dictionary as well, which is asked in a tenth of the time and takes half a megabyte."""
_FEW_NUMBERS = 40_000
"""Up to so many an array of them all is filled as fast as a few are sorted; of 300,000 it takes a millisecond more."""


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
        self._take(np.array(hashes, np.int64), np.array(numbers, np.int32))

    @classmethod
    def of_each(cls, keys: Iterable[Iterable[str]], numbers: Numbers | None = None) -> "Keys":
        """Take the keys that stand for each of some numbers (without them: for 0, 1, 2 …); an empty key is none.

        Hundreds of thousands of keys are taken in half the time that as many pairs would take.
        """
        hashes, ends = array("q"), array("i", (0,))
        for several in keys:
            hashes.extend(map(hash, several))
            ends.append(len(hashes))
        bounds = np.frombuffer(ends, np.int32)
        counts = bounds[1:] - bounds[:-1]
        behind = np.repeat(np.arange(len(counts), dtype=np.int32) if numbers is None else numbers, counts)
        hashed = np.array(hashes, np.int64)
        some = hashed != _NO_KEY
        made = cls(())
        made._take(hashed[some], behind[some])
        return made

    @classmethod
    def of_one(cls, keys: Iterable[str], numbers: Numbers | None = None) -> "Keys":
        """Take the one key that stands for each of some numbers, in a third less time than `of_each` would."""
        hashes = np.fromiter(map(hash, keys), np.int64)
        some = np.flatnonzero(hashes != _NO_KEY)
        made = cls(())
        made._take(hashes[some], some.astype(np.int32) if numbers is None else numbers[some])
        return made

    def _take(self, hashes: NDArray[np.int64], numbers: Numbers) -> None:
        """Take hashes of keys, each with the number behind it."""
        order = np.argsort(hashes, kind="stable")
        self._hashes = array("q", hashes[order].tobytes())
        self._sorted: NDArray[np.int64] = np.frombuffer(self._hashes, np.int64) if self._hashes else hashes
        self._numbers: Numbers = numbers[order]
        self._few = self._by_hash() if len(hashes) <= _FEW_KEYS else None

    def _by_hash(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for hashed, number in zip(self._hashes, self._numbers.tolist(), strict=True):
            found.setdefault(hashed, []).append(number)
        return found

    def get(self, key: str) -> list[int]:
        """Return the numbers behind a key, each once, in the order in which they came."""
        hashed = hash(key)
        if self._few is not None:
            return list(dict.fromkeys(self._few.get(hashed, ())))
        first = last = bisect_left(self._hashes, hashed)
        while last < len(self._hashes) and self._hashes[last] == hashed:
            last += 1
        return list(dict.fromkeys(self._numbers[first:last].tolist())) if last > first else []

    def first(self, key: str) -> int:
        """Return the number that came first behind a key, -1 where there is none."""
        hashed, hashes = hash(key), self._hashes
        at = bisect_left(hashes, hashed)
        return int(self._numbers[at]) if at < len(hashes) and hashes[at] == hashed else -1

    def __contains__(self, key: str) -> bool:
        hashed = hash(key)
        at = bisect_left(self._hashes, hashed)
        return at < len(self._hashes) and self._hashes[at] == hashed

    def first_of_each(self, keys: Iterable[str]) -> Numbers:
        """Return for each key the number that came first behind it, -1 where there is none."""
        hashes = np.fromiter(map(hash, keys), np.int64)
        if not len(self._sorted):
            return np.full(len(hashes), -1, np.int32)
        at = self._sorted.searchsorted(hashes)
        at[at == len(self._sorted)] = 0
        found: Numbers = np.where(self._sorted[at] == hashes, self._numbers[at], np.int32(-1))
        return found

    def of_any(self, keys: Sequence[str]) -> set[int]:
        """Return the numbers behind any of some keys."""
        hashes, numbers = self._hashes, self._numbers
        found: set[int] = set()
        if self._few is not None:
            for hashed in map(hash, keys):
                found.update(self._few.get(hashed, ()))
            return found
        sought = np.fromiter(map(hash, keys), np.int64, count=len(keys))
        firsts = self._sorted.searchsorted(sought)
        for first in firsts[self._sorted.take(firsts, mode="clip") == sought].tolist():
            at, hashed = first, hashes[first]
            while at < len(hashes) and hashes[at] == hashed:
                found.add(numbers.item(at))
                at += 1
        return found


def values_of(numbers: Numbers, table: Mapping[int, float], among: int, missing: float) -> NDArray[np.float64]:
    """Return the value of each of many numbers by a small table.

    Args:
        numbers: what is looked up: -1, or less than `among`.
        table: the numbers that have a value.
        among: how many numbers there may be.
        missing: the value of all others.
    """
    if not table:
        return np.full(len(numbers), missing)
    if among <= _FEW_NUMBERS:
        dense = np.full(among + 1, missing)  # the last is that of -1
        dense[list(table)] = list(table.values())
        return dense.take(numbers)
    keys = np.array(sorted(table), np.int32)
    values = np.array([table[key] for key in keys.tolist()])
    at = keys.searchsorted(numbers)
    return np.where(keys.take(at, mode="clip") == numbers, values.take(at, mode="clip"), missing)


class ById(Mapping[str, T], Generic[T]):
    """The lines of a large file by their identifier."""

    def __init__(self, lines: Sequence[T], identifier: str) -> None:
        """Take the lines, and which of their fields tells them apart."""
        self._lines = lines
        self._identifier = identifier
        self.rows = Keys.of_one(column(lines, identifier))

    def __getitem__(self, key: str) -> T:
        row = self.rows.first(key)
        if row < 0:
            raise KeyError(key)
        return self._lines[row]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in self.rows

    def __iter__(self) -> Iterator[str]:
        return column(self._lines, self._identifier)

    def __len__(self) -> int:
        return len(self._lines)


class Groups:
    """Positions by the small number of the group that each belongs to (a name, an entrance)."""

    def __init__(self, group_of: Numbers, groups: int) -> None:
        """Take the group of each position, -1 for none, and how many groups there are."""
        order = np.argsort(group_of, kind="stable").astype(np.int32)
        self._members: Numbers = order
        starts = np.searchsorted(group_of[order], np.arange(groups + 1)).astype(np.int32)
        # One by one, the numbers of an array of Python's are had faster than those of one of numpy's.
        self._starts = array("i", starts.tobytes())

    @classmethod
    def of_any(cls, groups_of: Sequence[Numbers], groups: int) -> "Groups":
        """Take for each position several groups; a group's members then stand in order for each of them in turn."""
        found = cls(np.concatenate(groups_of), groups)
        found._members %= max(len(groups_of[0]), 1)
        return found

    def of(self, group: int) -> Numbers:
        """Return the positions of one group, in order."""
        return self._members[self._starts[group] : self._starts[group + 1]]
