"""A log cut into lines, each with its position, so that reading can go on where it stopped; and their faults."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from dtm_contact.model import Problem, Severity

LONGEST_LINE = 65_536
"""Octets of the longest line; Asterisk's own limit for a record is far below."""

_BOM = b"\xef\xbb\xbf"
SHOWN_OF_A_KIND = 10
"""Faults of one kind that are told one by one; a log may hold a million of them."""


@dataclass(frozen=True, slots=True)
class FilePosition:
    """Where in a file reading stands: the next line's number, from 1, and its first octet, from 0."""

    line: int = 1
    offset: int = 0


@dataclass(frozen=True, slots=True)
class FileLine:
    """One line.

    Attributes:
        number: from 1.
        offset: of its first octet in the file.
        raw: its octets without the line end; only the first `LONGEST_LINE` of a longer one.
        size: its octets with the line end.
        ended: whether its line end was there; what has none may still be written on.
    """

    number: int
    offset: int
    raw: bytes
    size: int
    ended: bool

    @property
    def too_long(self) -> bool:
        """Whether its end was cut off."""
        return self.size > LONGEST_LINE

    @property
    def next(self) -> FilePosition:
        """Where reading goes on after it."""
        return FilePosition(self.number + 1, self.offset + self.size)


def split_lines(chunks: Iterable[bytes], start: FilePosition = FilePosition()) -> Iterator[FileLine]:
    """Yield the lines of a file that comes in chunks from `start` on, in bounded memory however long a line is."""
    number, offset, size = start.line, start.offset, 0
    kept = bytearray()
    for chunk in chunks:
        pieces = chunk.split(b"\n")
        for piece in pieces[:-1]:
            _keep(kept, piece)
            size += len(piece) + 1
            yield FileLine(number, offset, _clean(kept, offset), size, ended=True)
            number, offset, size = number + 1, offset + size, 0
            kept.clear()
        _keep(kept, pieces[-1])
        size += len(pieces[-1])
    if size:
        yield FileLine(number, offset, _clean(kept, offset), size, ended=False)


def _keep(kept: bytearray, piece: bytes) -> None:
    kept += piece[: LONGEST_LINE - len(kept)]


def _clean(kept: bytearray, offset: int) -> bytes:
    line = bytes(kept)
    if offset == 0:
        line = line.removeprefix(_BOM)
    return line.removesuffix(b"\r")


@dataclass(slots=True)
class Faults:
    """The faults found in log files.

    Attributes:
        counts: how many of each kind.
    """

    counts: Counter[str] = field(default_factory=Counter)
    _taken: Counter[str] = field(default_factory=Counter)
    _told: list[Problem] = field(default_factory=list)
    _files: dict[str, str] = field(default_factory=dict)

    def add(self, problem: Problem, kind: str = "") -> None:
        """Count a fault, and keep it where few of its kind were told; `kind` is its message unless given."""
        kind = kind or problem.message
        self.counts[kind] += 1
        self._files.setdefault(kind, problem.file)
        if self.counts[kind] <= SHOWN_OF_A_KIND:
            self._told.append(problem)

    def problems(self) -> tuple[Problem, ...]:
        """Return the faults kept, in the order found, then how many more there are of each kind."""
        more = (
            Problem(self._files[kind], 0, 0, f"{count - SHOWN_OF_A_KIND} more of: {kind}", severity=Severity.WARNING)
            for kind, count in self.counts.items()
            if count > SHOWN_OF_A_KIND
        )
        return (*self._told, *more)

    def take(self, *, anew: bool = False) -> tuple[tuple[Problem, ...], Counter[str]]:
        """Return the faults kept since the last time, and how many of each kind were found since: for endless logs.

        Args:
            anew: return too how many more there were of each kind, and tell the next ones of it in full again.
        """
        problems = self.problems() if anew else tuple(self._told)
        since = self.counts - self._taken
        self._told.clear()
        self._taken = Counter() if anew else Counter(self.counts)
        if anew:
            self.counts.clear()
        return problems, since

    @property
    def total(self) -> int:
        """How many faults there were."""
        return self.counts.total()
