"""The lines of a directory file in columns: a quarter of the memory that an object for each would take.

A column whose values come again and again (a surname, a day, a floor) holds each value once and a number a line, of
as few octets as it takes; one whose values are nearly all different (an identifier, an address) holds them in one
string of octets. Where there are many, a line is made when somebody looks at it.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import islice, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, overload

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

_ENCODING = ("utf-8", "surrogatepass")
_BATCH = 4_096
FEW = 50_000
"""Up to so many lines are made once and kept: they take little beside the time that making them anew would."""


class PackedTexts(Sequence[str]):
    """Texts in one string of octets."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        """Take the first texts."""
        self._octets: bytes | bytearray = bytearray()
        self._ends = array("I", (0,))
        self.extend(texts)

    def extend(self, texts: Iterable[str]) -> None:
        """Take more texts."""
        octets = bytearray(self._octets) if isinstance(self._octets, bytes) else self._octets
        for text in texts:
            octets += text.encode(*_ENCODING)
            self._ends.append(len(octets))
        self._octets = octets

    def packed(self) -> "PackedTexts":
        """Return the same, without the room that was kept for more."""
        self._octets, self._ends = bytes(self._octets), self._ends[:]
        return self

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...
    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        if isinstance(at, slice):
            return tuple(self[each] for each in range(*at.indices(len(self))))
        return self.at(range(len(self))[at])

    def at(self, row: int) -> str:
        """Return one text, by its place from the beginning."""
        ends = self._ends
        return self._octets[ends[row] : ends[row + 1]].decode(*_ENCODING)

    def __iter__(self) -> Iterator[str]:
        octets = self._octets
        if octets.isascii():  # decoded at once, cut as one text: twice as fast
            whole = octets.decode("ascii")
            return (whole[start:end] for start, end in pairwise(self._ends))
        return (octets[start:end].decode(*_ENCODING) for start, end in pairwise(self._ends))


class _Column(Protocol):
    """One field of all lines."""

    def extend(self, values: Iterable[Any]) -> None: ...
    def packed(self) -> "_Column": ...
    def at(self, row: int) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


class _Shared:
    """Each value once, and its number for each line."""

    def __init__(self) -> None:
        self._number_of: dict[Any, int] = {}
        self._values: list[Any] = []
        self._numbers = array("I")

    def extend(self, values: Iterable[Any]) -> None:
        number_of, known = self._number_of, len(self._values)
        self._numbers.extend([number_of.setdefault(value, len(number_of)) for value in values])
        self._values.extend(islice(number_of, known, None))

    def packed(self) -> "_Column":
        """Return the same, to which nothing can be added: the numbers in the fewest octets that hold them."""
        self._number_of = {}
        self._numbers = array(_narrowest(len(self._values)), self._numbers)
        return self

    def spares_nothing(self) -> bool:
        """Return whether most values have come only once by now."""
        return len(self._values) > max(len(self._numbers), _BATCH) // 2

    def at(self, row: int) -> Any:
        return self._values[self._numbers[row]]

    def __iter__(self) -> Iterator[Any]:
        return map(self._values.__getitem__, self._numbers)


class _Several:
    """Some texts for each line."""

    def __init__(self) -> None:
        self._texts = PackedTexts()
        self._ends = array("I", (0,))

    def extend(self, values: Iterable[tuple[str, ...]]) -> None:
        for texts in values:
            self._texts.extend(texts)
            self._ends.append(len(self._texts))

    def packed(self) -> "_Column":
        self._texts.packed()
        self._ends = self._ends[:]
        return self

    def at(self, row: int) -> tuple[str, ...]:
        return tuple(map(self._texts.at, range(self._ends[row], self._ends[row + 1])))

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        texts = iter(self._texts)
        return (tuple(islice(texts, end - start)) for start, end in pairwise(self._ends))


def _narrowest(count: int) -> str:
    """Return the type code of the smallest numbers that tell so many values apart."""
    return next(code for code in "BHI" if count <= 1 << 8 * array(code).itemsize)


def _grown(column: _Column, kind: object, values: Iterable[Any]) -> _Column:
    column.extend(values)
    return PackedTexts(column) if kind is str and isinstance(column, _Shared) and column.spares_nothing() else column


class Lines(Sequence[T], Generic[T]):
    """Lines of one type, a frozen dataclass whose fields are all given by position; they do not change."""

    def __init__(self, record: type[T], rows: Iterable[Sequence[Any]]) -> None:
        """Take the lines as rows of their fields' values, in the order of the fields; values can be hashed."""
        self._record = record
        self._length = 0
        kinds = {field.name: field.type for field in fields(self._record)}
        self._columns: dict[str, _Column] = {
            name: _Several() if kind == tuple[str, ...] else _Shared() for name, kind in kinds.items()
        }
        rows = iter(rows)
        while batch := list(islice(rows, _BATCH)):
            self._length += len(batch)
            for (name, kind), values in zip(kinds.items(), zip(*batch, strict=True), strict=True):
                self._columns[name] = _grown(self._columns[name], kind, values)
        self._columns = {name: each.packed() for name, each in self._columns.items()}
        self._at = tuple(each.at for each in self._columns.values())
        self._made = tuple(self) if self._length <= FEW else ()

    def column(self, name: str) -> Iterator[Any]:
        """Give one field of each line, in order."""
        return iter(self._columns[name])

    def cells(self, *names: str) -> Callable[[int], tuple[Any, ...]]:
        """Return what gives some fields of the line at a place."""
        at = [self._columns[name].at for name in names]
        return lambda row: tuple([each(row) for each in at])

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[T, ...]: ...
    def __getitem__(self, at: int | slice) -> T | tuple[T, ...]:
        if isinstance(at, slice):
            return tuple(self[each] for each in range(*at.indices(self._length)))
        row = range(self._length)[at]
        if self._made:
            return self._made[row]
        line: T = self._record(*[at(row) for at in self._at])
        return line

    def __iter__(self) -> Iterator[T]:
        return map(self._record, *self._columns.values())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


def column(lines: Sequence[Any], name: str) -> Iterator[Any]:
    """Give one field of each line, without making the lines where they lie in columns."""
    return lines.column(name) if isinstance(lines, Lines) else map(attrgetter(name), lines)


def cells(lines: Sequence[Any], *names: str) -> Callable[[int], tuple[Any, ...]]:
    """Return what gives some fields (two or more) of the line at a place, without making lines that lie in columns."""
    if isinstance(lines, Lines):
        return lines.cells(*names)
    of_line = attrgetter(*names)
    return lambda row: of_line(lines[row])


def columns(lines: Sequence[Any], *names: str) -> Iterator[tuple[Any, ...]]:
    """Give some fields of each line."""
    return zip(*(column(lines, name) for name in names), strict=True)
