"""What was counted, by day, place and topic: whole numbers that can be added up, packed as the store keeps them.

A duration is counted in the bin of a histogram. Bins grow by 5 %, so that a median or a 90th percentile read off them
is at most 2.5 % from the true one, however many days and places are added up, and nothing of a case is kept.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import IntEnum
from functools import cached_property, partial
from typing import Final

import numpy as np

from dtm_contact.figures.definitions import PEAKS, STOCKS

Key = tuple[str, str, str]
"""Office, residence and topic; "" for what is not known."""
Counts = Mapping[str, int]
"""How much of each measure."""
Where = tuple[str | None, str | None, str | None]
"""Which keys are looked at: of an office, a residence, a topic; None for any."""
ANYWHERE: Final[Where] = (None, None, None)

BIN_GROWTH: Final = 1.05
"""Each bin of a histogram is that many times as wide as the one before."""
LARGEST_ERROR: Final = math.sqrt(BIN_GROWTH) - 1
"""How far a quantile read off a histogram may be from the true one, as a part of it; below a minute, up to a minute."""
_LOG_GROWTH: Final = math.log(BIN_GROWTH)
_CELL: Final = np.dtype("<u4")
_IN_A_CELL: Final = 3


def bin_of(minutes: float) -> int:
    """Return the bin of a duration in minutes; bin 0 is less than a minute."""
    return 0 if minutes < 1 else 1 + math.floor(math.log(minutes) / _LOG_GROWTH + 1e-9)


def minutes_of(place: int) -> float:
    """Return the duration in minutes that stands for a bin: the geometric middle of its bounds."""
    return 0.5 if place == 0 else BIN_GROWTH ** (place - 0.5)


def timed(measure: str, span: timedelta) -> str:
    """Return the measure that counts one duration."""
    return f"{measure}:{bin_of(max(span, timedelta()) / timedelta(minutes=1))}"


@dataclass(slots=True)
class Tally:
    """What is being counted: of each day, of each key, of each measure how much.

    Attributes:
        days: those of which something was counted, with that; of a tally of whole days, each from first to last.
        first, last: the days from one to another, both included: what falls on others is not counted.
    """

    days: dict[date, dict[Key, Counter[str]]]
    first: date
    last: date

    def add(self, day: date, key: Key, measure: str, count: int = 1) -> None:
        """Count something once more, or so many times; of a peak, the greatest counts."""
        if not self.first <= day <= self.last:
            return
        counts = self.days[day][key]
        counts[measure] = max(counts[measure], count) if measure in PEAKS else counts[measure] + count

    @classmethod
    def of(cls, first: date, last: date) -> "Tally":
        """Return one of whole days: it holds each of them, be there anything to count or not."""
        days = (first + timedelta(days=at) for at in range((last - first).days + 1))
        return cls({day: defaultdict(Counter) for day in days}, first, last)

    @classmethod
    def of_one(cls, first: date, last: date) -> "Tally":
        """Return one for what few things add to many days."""
        return cls(defaultdict(partial(defaultdict, Counter)), first, last)


class Division(IntEnum):
    """What a key says of a place, by where it says it."""

    OFFICE = 0
    RESIDENCE = 1
    TOPIC = 2


class Columns:
    """What the numbers of some counts are of; all counts of a period share one.

    Attributes:
        names: the measures.
        at: where each stands among them.
        bins: of each measure of durations, its bins and where each stands.
        peaks: where those stand of which the greatest of several places holds.
    """

    __slots__ = ("at", "bins", "names", "peaks")

    def __init__(self, names: tuple[str, ...]) -> None:
        """Take the measures."""
        self.names = names
        self.at = {name: at for at, name in enumerate(names)}
        self.peaks = [at for at, name in enumerate(names) if name in PEAKS]
        found: dict[str, list[tuple[int, int]]] = defaultdict(list)
        for at, name in enumerate(names):
            measure, colon, place = name.partition(":")
            if colon:
                found[measure].append((int(place), at))
        self.bins = {measure: np.array(sorted(bins), np.int64).T for measure, bins in found.items()}


class Sums(Mapping[str, int]):
    """How much was counted of each measure in a place: one row of numbers, so that hundreds are added up at once."""

    __slots__ = ("columns", "numbers")

    def __init__(self, columns: Columns, numbers: np.ndarray) -> None:
        """Take what the numbers are of, and the numbers."""
        self.columns = columns
        self.numbers = numbers

    @classmethod
    def of(cls, counts: Counts) -> "Sums":
        """Return counts as such a row."""
        return (
            counts if isinstance(counts, cls) else cls(Columns(tuple(counts)), np.array([*counts.values()], np.int64))
        )

    def __getitem__(self, name: str) -> int:
        at = self.columns.at.get(name)
        return 0 if at is None else int(self.numbers[at])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self[name] != 0

    def __iter__(self) -> Iterator[str]:
        return (self.columns.names[at] for at in np.flatnonzero(self.numbers))

    def __len__(self) -> int:
        return int(np.count_nonzero(self.numbers))

    def without(self, part: "Sums") -> "Sums":
        """Return what is left of it without a part of the same period."""
        return Sums(self.columns, self.numbers - part.numbers)


NOTHING: Final = Sums(Columns(()), np.zeros(0, np.int64))


@dataclass(frozen=True)
class FigureCells:
    """What was counted of one period.

    Attributes:
        keys: the places.
        measures: what was counted.
        cells: a row for each number that is not 0: the place of its key, that of its measure, the number.
    """

    keys: tuple[Key, ...] = ()
    measures: tuple[str, ...] = ()
    cells: np.ndarray = field(default_factory=lambda: np.zeros((0, _IN_A_CELL), _CELL))

    @classmethod
    def pack(cls, counted: Mapping[Key, Counts]) -> "FigureCells":
        """Pack what was counted; keys and measures in their order, so that the same counts are the same octets."""
        keys = sorted(key for key, counts in counted.items() if any(counts.values()))
        measures = sorted({name for key in keys for name, count in counted[key].items() if count})
        place = {name: at for at, name in enumerate(measures)}
        rows = [
            (at, place[name], count)
            for at, key in enumerate(keys)
            for name, count in sorted(counted[key].items())
            if count
        ]
        return cls(tuple(keys), tuple(measures), np.array(rows, _CELL).reshape(-1, _IN_A_CELL))

    @classmethod
    def unpack(cls, keys: Iterable[Iterable[str]], measures: Iterable[str], octets: bytes) -> "FigureCells":
        """Return what was packed.

        Raises:
            ValueError: the octets are no cells of these keys and measures.
        """
        found = cls(
            tuple((key[0], key[1], key[2]) for key in map(tuple, keys)),
            tuple(measures),
            np.frombuffer(octets, _CELL).reshape(-1, _IN_A_CELL),
        )
        if len(found.cells) and not (
            found.cells[:, 0].max() < len(found.keys) and found.cells[:, 1].max() < len(found.measures)
        ):
            raise ValueError("cells of other keys or measures")
        return found

    @property
    def octets(self) -> bytes:
        """The cells as the store keeps them."""
        return self.cells.astype(_CELL).tobytes()

    def counted(self) -> dict[Key, Counter[str]]:
        """Return what was counted, of each key."""
        found: dict[Key, Counter[str]] = defaultdict(Counter)
        for key, measure, count in self.cells.tolist():
            found[self.keys[key]][self.measures[measure]] = count
        return found

    @cached_property
    def _columns(self) -> Columns:
        return Columns(self.measures)

    @cached_property
    def _parts(self) -> tuple[tuple[list[str], np.ndarray], ...]:
        """Of office, residence and topic: the names that there are, and which of them each key has."""
        found = []
        for part in Division:
            names = sorted({key[part] for key in self.keys})
            place = {name: at for at, name in enumerate(names)}
            found.append((names, np.array([place[key[part]] for key in self.keys], np.int64)))
        return tuple(found)

    def names(self, part: Division) -> list[str]:
        """Return which offices, residences or topics there are."""
        return self._parts[part][0]

    def placed(self, part: Division, names: Sequence[str]) -> np.ndarray:
        """Return of each key where its office, residence or topic stands among some names; -1: nowhere."""
        place = {name: at for at, name in enumerate(names)}
        mine, codes = self._parts[part]
        return np.array([place.get(name, -1) for name in mine], np.int64)[codes] if mine else codes

    def of_measures(self, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the cells of some measures: the place of each one's key, of its measure among them, the number."""
        place = {name: at for at, name in enumerate(names)}
        columns = np.array([place.get(name, -1) for name in self.measures], np.int64)
        if not len(self.cells):
            nothing = np.zeros(0, np.int64)
            return nothing, nothing, nothing
        measures = columns[self.cells[:, 1]]
        held = measures >= 0
        return self.cells[held, 0], measures[held], self.cells[held, 2]

    def _of(self, where: Where) -> np.ndarray:
        """Return the cells of some keys."""
        held = np.ones(len(self.keys), bool)
        for part, (names, codes) in zip(Division, self._parts, strict=True):
            if (wanted := where[part]) is not None:
                held &= codes == (names.index(wanted) if wanted in names else -1)
        return self.cells if held.all() else self.cells[held[self.cells[:, 0]]]

    def by(self, part: Division, where: Where = ANYWHERE) -> dict[str, Sums]:
        """Return what was counted in each office, residence or topic, within the keys that are looked at."""
        names, codes = self._parts[part]
        return self._summed(names, codes, self._of(where))

    def whole(self, where: Where = ANYWHERE) -> Sums:
        """Return what was counted in all of the keys that are looked at."""
        return self._summed([""], np.zeros(len(self.keys), np.int64), self._of(where)).get("", NOTHING)

    def _summed(self, names: list[str], codes: np.ndarray, cells: np.ndarray) -> dict[str, Sums]:
        columns, width = self._columns, len(self.measures)
        if not len(cells):
            return {}
        groups, at = codes[cells[:, 0]], cells[:, 1].astype(np.int64)
        # Counts are whole numbers far below 2**53, which the weights' floats hold exactly.
        flat = np.bincount(groups * width + at, cells[:, 2], len(names) * width)
        sums = flat.astype(np.int64).reshape(len(names), width)
        for column in columns.peaks:
            mine, peaks = at == column, np.zeros(len(names), np.int64)
            np.maximum.at(peaks, groups[mine], cells[mine, 2])
            sums[:, column] = peaks
        return {name: Sums(columns, row) for name, row in zip(names, sums, strict=True) if row.any()}

    def by_residence_and_topic(self, measure: str, where: Where = ANYWHERE) -> dict[tuple[str, str], int]:
        """Return how much of a measure was counted of each residence and topic that are known."""
        cells = self._of(where)
        cells = cells[cells[:, 1] == self._columns.at.get(measure, len(self.measures))]
        (residences, of_residence), (topics, of_topic) = self._parts[Division.RESIDENCE], self._parts[Division.TOPIC]
        code = of_residence[cells[:, 0]] * len(topics) + of_topic[cells[:, 0]]
        sums = np.bincount(code, cells[:, 2], len(residences) * len(topics)).astype(np.int64)
        places = ((divmod(int(at), len(topics)), int(sums[at])) for at in np.flatnonzero(sums))
        found = {(residences[row], topics[column]): count for (row, column), count in places}
        return {place: count for place, count in found.items() if all(place)}


def merged(parts: Iterable[FigureCells]) -> FigureCells:
    """Return several periods that follow each other as one: of what stands at a moment, the last one's holds."""
    given = list(parts)
    keys = sorted({key for part in given for key in part.keys})
    measures = sorted({measure for part in given for measure in part.measures})
    key_at, measure_at = {key: at for at, key in enumerate(keys)}, {name: at for at, name in enumerate(measures)}
    sums = np.zeros(len(keys) * len(measures), np.int64)
    for part in given:
        rows = np.array([key_at[key] for key in part.keys], np.int64)
        columns = np.array([measure_at[name] for name in part.measures], np.int64)
        stands = np.array([name in STOCKS and part is not given[-1] for name in part.measures], bool)
        if len(part.cells):
            kept = part.cells[~stands[part.cells[:, 1]]]
            # A period has one number of a key and a measure, so that none is added to twice here.
            sums[rows[kept[:, 0]] * len(measures) + columns[kept[:, 1]]] += kept[:, 2]
    found = np.flatnonzero(sums)
    row, column = np.divmod(found, max(1, len(measures)))
    # Only what is still there: a stock may have left a key, or a measure, without any number.
    keys_left, row = _left(row, len(keys))
    measures_left, column = _left(column, len(measures))
    return FigureCells(
        tuple(keys[at] for at in keys_left),
        tuple(measures[at] for at in measures_left),
        np.column_stack((row, column, sums[found])).astype(_CELL).reshape(-1, _IN_A_CELL),
    )


def _left(used: np.ndarray, count: int) -> tuple[list[int], np.ndarray]:
    """Return which of so many are used, and of each use where that stands among those."""
    is_used = np.zeros(count, bool)
    is_used[used] = True
    return np.flatnonzero(is_used).tolist(), (np.cumsum(is_used) - 1)[used]


def added(several: Iterable[Sums]) -> Sums:
    """Return what was counted in several places of one period as one: of a peak, the greatest holds."""
    given = [each for each in several if len(each.numbers)]
    if not given:
        return NOTHING
    numbers, columns = np.array([each.numbers for each in given]), given[0].columns
    whole = numbers.sum(axis=0)
    whole[columns.peaks] = numbers[:, columns.peaks].max(axis=0)
    return Sums(columns, whole)


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram of durations: its bins, and how many durations lie in each of them or below."""

    bins: np.ndarray
    below: np.ndarray

    @classmethod
    def of(cls, counts: Counts, measure: str) -> "Spread":
        """Return the durations of a measure."""
        sums = Sums.of(counts)
        bins, at = sums.columns.bins.get(measure, np.zeros((2, 0), np.int64))
        return cls(bins, np.cumsum(sums.numbers[at]))

    @property
    def count(self) -> int:
        """How many durations it holds."""
        return int(self.below[-1]) if len(self.below) else 0

    def at(self, rank: float) -> float:
        """Return the duration of a rank, from 1 to their count, in minutes."""
        return minutes_of(int(self.bins[np.searchsorted(self.below, min(rank, self.count))]))

    def quantile(self, part: float) -> float | None:
        """Return the duration in minutes below which such a part of them lies; None where there is none."""
        return self.at(max(1, math.ceil(part * self.count))) if self.count else None


def weeks_and_months(days: Iterable[date]) -> Iterator[tuple[str, date, tuple[date, ...]]]:
    """Yield the weeks and months that days lie in: the grain, its first day, and all of its days."""
    days = list(days)
    for monday in sorted({day - timedelta(days=day.weekday()) for day in days}):
        yield "week", monday, tuple(monday + timedelta(days=at) for at in range(7))
    for first in sorted({day.replace(day=1) for day in days}):
        after = (first + timedelta(days=31)).replace(day=1)
        yield "month", first, tuple(first + timedelta(days=at) for at in range((after - first).days))
