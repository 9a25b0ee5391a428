"""What was counted, by day, place and topic: whole numbers that can be added up, packed as the store keeps them.

A duration is counted in the bin of a histogram. Bins grow by 5 %, so that a median or a 90th percentile read off them
is at most 2.5 % from the true one, however many days and places are added up, and nothing of a case is kept.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

import numpy as np

from dtm_contact.figures.definitions import PEAKS, STOCKS

Key = tuple[str, str, str]
"""Office, residence and topic; "" for what is not known."""
Counts = Mapping[str, int]
"""How much of each measure."""

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
        days: days that follow each other, with what was counted of them.
        first, last: the first and the last of them.
    """

    days: dict[date, dict[Key, Counter[str]]]
    first: date
    last: date

    def add(self, day: date, key: Key, measure: str, count: int = 1) -> None:
        """Count something once more, or so many times; of a peak, the greatest counts."""
        of_day = self.days.get(day)
        if of_day is None:
            return
        counts = of_day[key]
        counts[measure] = max(counts[measure], count) if measure in PEAKS else counts[measure] + count

    @classmethod
    def of(cls, first: date, last: date) -> "Tally":
        """Return one for the days from one to another, both included: what falls on others is not counted."""
        days = (first + timedelta(days=at) for at in range((last - first).days + 1))
        return cls({day: defaultdict(Counter) for day in days}, first, last)


@dataclass(frozen=True, slots=True)
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

    def by(self, group: Iterable[str | None]) -> dict[str, Counter[str]]:
        """Return what was counted, added up in groups of keys.

        Args:
            group: of each key, in their order, the group that it belongs to; None for none.
        """
        named = list(group)
        names = sorted({name for name in named if name is not None})
        place = {name: at for at, name in enumerate(names)}
        of_key = np.array([-1 if name is None else place[name] for name in named], np.int64)
        if not names or not len(self.cells):
            return {}
        rows, columns, counts = self.cells[:, 0], self.cells[:, 1].astype(np.int64), self.cells[:, 2]
        groups = of_key[rows]
        kept = groups >= 0
        width = len(self.measures)
        # Counts are whole numbers far below 2**53, which the weights' floats hold exactly.
        flat = np.bincount(groups[kept] * width + columns[kept], counts[kept], len(names) * width)
        sums = flat.astype(np.int64).reshape(len(names), width)
        for name in PEAKS & set(self.measures):
            at = self.measures.index(name)
            mine = kept & (columns == at)
            peaks = np.zeros(len(names), np.int64)
            np.maximum.at(peaks, groups[mine], counts[mine])
            sums[:, at] = peaks
        return {
            name: Counter({self.measures[column]: int(sums[row, column]) for column in np.flatnonzero(sums[row])})
            for name, row in place.items()
        }


def merged(parts: Iterable[FigureCells]) -> FigureCells:
    """Return several periods that follow each other as one: of what stands at a moment, the last one's holds."""
    given = list(parts)
    keys = sorted({key for part in given for key in part.keys})
    measures = sorted({measure for part in given for measure in part.measures})
    key_at, measure_at = {key: at for at, key in enumerate(keys)}, {name: at for at, name in enumerate(measures)}
    codes, counts = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for part in given:
        rows = np.array([key_at[key] for key in part.keys], np.int64)
        columns = np.array([measure_at[name] for name in part.measures], np.int64)
        stands = np.array([name in STOCKS and part is not given[-1] for name in part.measures], bool)
        if len(part.cells):
            kept = part.cells[~stands[part.cells[:, 1]]]
            codes.append(rows[kept[:, 0]] * len(measures) + columns[kept[:, 1]])
            counts.append(kept[:, 2].astype(np.int64))
    found, where = np.unique(np.concatenate(codes), return_inverse=True)
    sums = np.bincount(where, np.concatenate(counts), len(found)).astype(np.int64)
    row, column = np.divmod(found, max(1, len(measures)))
    # Only what is still there: a stock may have left a key, or a measure, without any number.
    key_left, row = np.unique(row, return_inverse=True)
    measure_left, column = np.unique(column, return_inverse=True)
    return FigureCells(
        tuple(keys[at] for at in key_left),
        tuple(measures[at] for at in measure_left),
        np.column_stack((row, column, sums)).astype(_CELL).reshape(-1, _IN_A_CELL),
    )


def added(several: Iterable[Counts]) -> Counter[str]:
    """Return what was counted in several places as one: of a peak, the greatest holds."""
    found: Counter[str] = Counter()
    for counts in several:
        peaks = {name: max(found[name], counts[name]) for name in PEAKS & counts.keys()}
        found.update(counts)
        found.update({name: peak - found[name] for name, peak in peaks.items()})
    return found


@dataclass(frozen=True, slots=True)
class Spread:
    """A histogram of durations."""

    bins: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, counts: Counts, measure: str) -> "Spread":
        """Return the durations of a measure."""
        prefix = f"{measure}:"
        found = [(int(name[len(prefix) :]), count) for name, count in counts.items() if name.startswith(prefix)]
        return cls(tuple(sorted(found)))

    @property
    def count(self) -> int:
        """How many durations it holds."""
        return sum(count for _, count in self.bins)

    def at(self, rank: float) -> float:
        """Return the duration of a rank, from 1 to their count, in minutes."""
        passed = 0
        for place, count in self.bins:
            passed += count
            if passed >= rank:
                return minutes_of(place)
        return minutes_of(self.bins[-1][0])

    def quantile(self, part: float) -> float | None:
        """Return the duration in minutes below which such a part of them lies; None where there is none."""
        return self.at(max(1, math.ceil(part * self.count))) if self.bins else None


def weeks_and_months(days: Iterable[date]) -> Iterator[tuple[str, date, tuple[date, ...]]]:
    """Yield the weeks and months that days lie in: the grain, its first day, and all of its days."""
    days = list(days)
    for monday in sorted({day - timedelta(days=day.weekday()) for day in days}):
        yield "week", monday, tuple(monday + timedelta(days=at) for at in range(7))
    for first in sorted({day.replace(day=1) for day in days}):
        after = (first + timedelta(days=31)).replace(day=1)
        yield "month", first, tuple(first + timedelta(days=at) for at in range((after - first).days))
