"""A log file that grows, across its rotations: nothing twice, nothing missed.

Where reading stands is a mark: the file's inode, the offset, and the hash of what was read last. The hash tells a file
that was truncated and has grown again, and finds the file under another name, as a copy or compressed.
"""

import gzip
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, cast

from dtm_contact.calls.log_lines import FileLine, FilePosition, split_lines
from dtm_contact.errors import DtmContactError

_CHUNK = 65_536
_TAIL = 1_024
_DRAIN_SECONDS = 300.0
_MISSING_SECONDS = 60.0


class NotReadableError(DtmContactError):
    """A log cannot be read."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a file has been read.

    Attributes:
        inode: of the file; 0 where it is told by its tail alone.
        offset: of the first octet that was not read.
        line: the number of the line that begins there, from 1.
        tail: the hash of the last octets before it, the last line's among them.
        modified: what was written later than that, in nanoseconds since 1970, is not read yet: when this file was last
            written when it was read; while nothing was read of it, when the newest one beside it was.
    """

    inode: int
    offset: int = 0
    line: int = 1
    tail: str = ""
    modified: int = 0


class FollowedFile:
    """One log, by the name that it is written under.

    Attributes:
        path: that name.
        marks: of the files that are read, oldest first; the last one bears that name, or did until now.
        at_end: nothing was left to read the last time.
        lost: how often a file that was not read to its end could not be found again.
    """

    def __init__(
        self,
        path: Path,
        marks: tuple[Mark, ...] = (),
        *,
        from_end: bool = False,
        may_be_missing: bool = True,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Go on at the marks; without any, begin at the first line, or (`from_end`) behind the last.

        Args:
            path: the log's name.
            marks: as they were when reading ended.
            from_end: pass over what stands in the file the first time.
            may_be_missing: whether there may be no file for long after a rotation, until something is written.
            clock: seconds; how long a file that was rotated away is still looked at.
        """
        self.path = path
        self._may_be_missing = may_be_missing
        self._missing_since: float | None = None
        self.marks = marks
        self.at_end = False
        self.lost = 0
        self._from_end = from_end
        self._clock = clock
        self._grown: dict[int, float] = {}

    def look(self) -> None:
        """See whether the log was rotated since, and find again what was not read to its end.

        Raises:
            NotReadableError: there is no such file, or it is none that may be read.
        """
        found = _stat(self.path)
        if found is None:
            self._bear_missing()
            return
        self._missing_since = None
        if not stat.S_ISREG(found.st_mode):
            raise NotReadableError(f"{self.path}: it is no file")
        siblings = _siblings(self.path)
        newest = max(map(_modified, siblings), default=0)
        if not self.marks:
            self.marks = (replace(self._first(found.st_ino), modified=newest),)
            return
        *older, current = self.marks
        if found.st_ino != current.inode or not _holds(self.path, current):
            self.marks = (*older, *self._rotated(current, siblings), Mark(found.st_ino, modified=newest))
        elif current.offset == 0 and (unread := self._since(current, siblings)):
            # Nothing was read of it that would tell whether it was truncated; its copies do.
            self.marks = (*older, *unread, replace(current, modified=newest))

    def pull(self, octets: int, enough: Callable[[FileLine], bool] = lambda _line: False) -> list[FileLine]:
        """Read on, the oldest file first; a last line without its end waits.

        Args:
            octets: read no further line once so many were read.
            enough: tells of each line whether it is the last to be read now.

        Raises:
            NotReadableError: a file may not be read.
        """
        lines: list[FileLine] = []
        done: list[Mark] = []
        self.at_end = True
        for mark in self.marks:
            drained = mark != self.marks[-1] and self._is_drained(mark)
            read, self.at_end, moved = self._read(mark, octets, enough, drained=drained)
            lines += read
            octets -= sum(line.size for line in read)
            if drained and self.at_end:
                done.append(moved)
            if not self.at_end:
                break
        self.marks = tuple(mark for mark in self.marks if mark not in done)
        return lines

    def place(self) -> list[dict[str, Any]]:
        """Return the marks as JSON."""
        return [asdict(mark) for mark in self.marks]

    def _bear_missing(self) -> None:
        """Wait for the file that is to follow one that was rotated away.

        Raises:
            NotReadableError: there never was one, or it does not come though it should.
        """
        now = self._clock()
        if self._missing_since is None:
            self._missing_since = now
        late = not self._may_be_missing and now - self._missing_since >= _MISSING_SECONDS
        if late or not self.marks:
            raise NotReadableError(f"{self.path}: there is no such file")

    def _first(self, inode: int) -> Mark:
        if not self._from_end:
            return Mark(inode)
        with _opened(self.path) as file:
            before, number = 0, 1
            for line in split_lines(_chunks(file)):
                if line.ended:
                    before, number = line.next.offset, line.next.line
            return Mark(inode, before, number, _hash(_before(file, before)), _modified(self.path))

    def _rotated(self, current: Mark, siblings: list[Path]) -> tuple[Mark, ...]:
        """Return the mark of the file that was read, under its new name, and of those that came and went since."""
        old = _find(current, siblings)
        if old is not None:
            return replace(current, inode=_inode(old)), *self._since(
                current, [path for path in siblings if path != old]
            )
        # One that was truncated may have been read to its end; one that is gone has taken along what came last.
        self.lost += _inode(self.path) != current.inode
        return self._since(current, siblings)

    def _since(self, mark: Mark, siblings: list[Path]) -> tuple[Mark, ...]:
        """Return the marks of files that were written since, and are not read yet."""
        known = {each.inode for each in self.marks if each != mark}
        return tuple(
            Mark(inode) for path in siblings if _modified(path) > mark.modified and (inode := _inode(path)) not in known
        )

    def _read(
        self, mark: Mark, octets: int, enough: Callable[[FileLine], bool], *, drained: bool
    ) -> tuple[list[FileLine], bool, Mark]:
        """Return the lines behind a mark, whether the file's end was reached, and the mark as it stands after them."""
        path = self._where(mark)
        if path is None:
            return [], True, mark
        with _opened(path) as file:
            before = _before(file, mark.offset)
            if mark.offset and _hash(before) != mark.tail:
                # Rotated or truncated since it was looked for: the next look finds it.
                return [], True, mark
            recorder = _TailRecorder(mark.offset, before)
            rest = split_lines(recorder.record(_chunks(file)), FilePosition(mark.line, mark.offset))
            lines, ended = _complete(rest, octets, enough, drained=drained)
            if not lines:
                return [], ended, mark
            after = lines[-1].next
            moved = replace(mark, offset=after.offset, line=after.line, tail=_hash(recorder.before(after.offset)))
        moved = replace(moved, modified=_modified(path))
        self._grown.pop(mark.inode, None)
        self.marks = tuple(moved if each == mark else each for each in self.marks)
        return lines, ended, moved

    def _where(self, mark: Mark) -> Path | None:
        """Return where the file of a mark lies now."""
        if _inode(self.path) == mark.inode and _holds(self.path, mark):
            return self.path
        return _find(mark, _siblings(self.path))

    def _is_drained(self, mark: Mark) -> bool:
        """Return whether a file that was rotated away has not grown for long enough that nobody writes to it."""
        since = self._grown.setdefault(mark.inode, self._clock())
        return self._clock() - since >= _DRAIN_SECONDS


class _TailRecorder:
    """Records what stood before the last line end, and before the end of all that was read, as it is read.

    The file may be truncated meanwhile: asked afterwards, it holds these octets no more.
    """

    def __init__(self, offset: int, before: bytes) -> None:
        """Begin at an offset, before which these octets stand."""
        self._end, self._last = offset, before
        self._block_end, self._block = offset, before

    def record(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the chunks as they come, and record them; at most two are held."""
        for chunk in chunks:
            octets = self._last + chunk
            self._end += len(chunk)
            if b"\n" in chunk:
                self._block_end, self._block = self._end, octets
            self._last = octets[-_TAIL:]
            yield chunk

    def before(self, offset: int) -> bytes:
        """Return the last octets, at most `_TAIL`, before the end of the last line or of all that was read."""
        block, end = (self._last, self._end) if offset == self._end else (self._block, self._block_end)
        return block[: len(block) - (end - offset)][-_TAIL:]


def _complete(
    lines: Iterator[FileLine],
    octets: int,
    enough: Callable[[FileLine], bool],
    drained: bool,  # noqa: FBT001 - one of four facts
) -> tuple[list[FileLine], bool]:
    taken: list[FileLine] = []
    for line in lines:
        if not line.ended and not drained:
            return taken, True
        taken.append(line)
        octets -= line.size
        if octets <= 0 or enough(line):
            return taken, False
    return taken, True


def _find(mark: Mark, siblings: list[Path]) -> Path | None:
    """Return the file of a mark under another name: the same one, or a copy of what was read."""
    same = [path for path in siblings if _inode(path) == mark.inode and _holds(path, mark)]
    if not same and mark.offset:
        same = [path for path in siblings if _holds(path, mark)]
    return same[-1] if same else None


def _siblings(path: Path) -> list[Path]:
    """Return the names that rotating gives a log (`Master.csv.1`, `Master.csv-20261124.gz`), the oldest file first."""
    found = [each for each in path.parent.glob(f"{_escaped(path.name)}[.-]*") if each.is_file()]
    return sorted(found, key=_modified)


def _escaped(name: str) -> str:
    return "".join(f"[{character}]" if character in "*?[" else character for character in name)


def _holds(path: Path, mark: Mark) -> bool:
    """Return whether a file holds what was read before the mark."""
    if mark.offset == 0:
        return True
    try:
        with _opened(path) as file:
            return _hash(_before(file, mark.offset)) == mark.tail
    except (NotReadableError, OSError, EOFError):
        return False


def _before(file: BinaryIO, offset: int) -> bytes:
    """Return the last octets before an offset, fewer where the file ends before it; the file then stands there."""
    start = max(0, offset - _TAIL)
    file.seek(start)
    return file.read(offset - start)


def _hash(octets: bytes) -> str:
    return sha256(octets).hexdigest()


def _opened(path: Path) -> BinaryIO:
    try:
        return cast("BinaryIO", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")
    except OSError as error:
        raise NotReadableError(f"{path}: {error.strerror}") from error


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")


def _stat(path: Path) -> Any:
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotReadableError(f"{path}: {error.strerror}") from error


def _inode(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_ino
    return 0


def _modified(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0
