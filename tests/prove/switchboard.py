"""A switchboard played from a recording: it writes its two logs faster than they were written, and rotates them."""

import asyncio
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from zoneinfo import ZoneInfo

from dtm_contact.calls.log_lines import Faults, split_lines
from dtm_contact.calls.records import RecordReader

_TICK = 0.02


@dataclass(frozen=True, slots=True)
class Written:
    """A line of one of the logs, and when it was written, in seconds since 1970."""

    at: float
    log: str
    line: bytes


def recording(folder: Path, until: float = float("inf")) -> list[Written]:
    """Return the lines of both logs of a folder in the order in which they were written."""
    records = _timed("Master.csv", (folder / "Master.csv").read_bytes(), _ends())
    events = _timed("queue_log", (folder / "queue_log").read_bytes(), lambda line: float(line.split(b"|", 1)[0]))
    # Of one second the queue log's lines come first: a record is written when all is over.
    lines = sorted((*events, *records), key=lambda written: written.at)
    return [written for written in lines if written.at <= until]


class Switchboard:
    """Writes a recording into a folder, so many times faster than it was.

    At a third of the time `Master.csv` is renamed and `queue_log` copied and truncated, at two thirds the other way.
    """

    def __init__(self, folder: Path, lines: list[Written], speed: float) -> None:
        """Take where to write, what, and how fast."""
        self.records = folder / "Master.csv"
        self.queue_log = folder / "queue_log"
        self._lines = lines
        self.speed = speed
        self.rotations = 0
        for path in (self.records, self.queue_log):
            path.touch()

    @property
    def seconds(self) -> float:
        """How long playing takes."""
        return (self._lines[-1].at - self._lines[0].at) / self.speed

    async def play(self) -> None:
        """Write all lines, each when its time has come."""
        begin, first = monotonic(), self._lines[0].at
        rotations = self._rotations()
        waiting = iter(self._lines)
        line: Written | None = next(waiting)
        turn = self.seconds / 3
        while line is not None:
            played = monotonic() - begin
            while line is not None and (line.at - first) / self.speed <= played:
                with (self.records.parent / line.log).open("ab") as file:
                    file.write(line.line)
                line = next(waiting, None)
            if played >= turn * (self.rotations + 1) and self.rotations < 2:
                next(rotations)
                self.rotations += 1
            await asyncio.sleep(_TICK)

    def _rotations(self) -> Iterator[None]:
        _rename(self.records, "1")
        _copy_and_truncate(self.queue_log, "1")
        yield
        _copy_and_truncate(self.records, "2")
        _rename(self.queue_log, "2")
        yield


def _rename(path: Path, suffix: str) -> None:
    path.rename(path.with_name(f"{path.name}.{suffix}"))
    path.touch()


def _copy_and_truncate(path: Path, suffix: str) -> None:
    shutil.copy(path, path.with_name(f"{path.name}.{suffix}"))
    with path.open("r+b") as file:
        file.truncate()


def _timed(log: str, octets: bytes, time_of: Callable[[bytes], float]) -> Iterable[Written]:
    latest = float("-inf")
    for line in octets.splitlines(keepends=True):
        # A record that stands behind later ones was written after them.
        latest = max(latest, time_of(line))
        yield Written(latest, log, line)


def _ends() -> Callable[[bytes], float]:
    reader = RecordReader("Master.csv", ZoneInfo("Europe/Paris"), Faults())

    def end(line: bytes) -> float:
        record = reader.read(next(split_lines([line])))
        assert record is not None
        return record.end

    return end
