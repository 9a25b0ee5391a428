"""A log cut into lines, each with its position, so that reading can go on where it stopped."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST_LINE = 65_536
"""Octets of the longest line; Asterisk's own limit for a record is far below."""

_BOM = b"\xef\xbb\xbf"


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
