"""Calls that lie in log files: read whole, told apart, in the order in which they end."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from dtm_contact.calls import (
    CallInterpreter,
    Ended,
    Faults,
    Grouper,
    QueueEvent,
    QueueLog,
    Record,
    RecordReader,
    parse_event,
    split_lines,
)
from dtm_contact.model import Call, Problem, Severity
from dtm_contact.rehearsal.at_rest import UnreadablePathError
from dtm_contact.settings import Settings

_CHUNK = 262_144


class CallsAtRest:
    """The calls of call records and, where there is one, of their queue log.

    Memory holds the calls that are open and those within the window for late records, not the files.

    Attributes:
        faults: what is wrong in the files, filled while they are read.
    """

    def __init__(
        self, paths: Iterable[Path], queue_log: Path | None, settings: Settings, now: datetime | None = None
    ) -> None:
        """Take the files, the oldest first, and the settings of the switchboard.

        Args:
            paths: the call records.
            queue_log: the queue log, where there is one.
            settings: what the switchboard's contexts and applications are called, and the numbers that are ours.
            now: records of a day later are told; None: the clock is not asked.

        Raises:
            ColumnsError: the declared columns are not those of call records.
        """
        self.faults = Faults()
        self._switchboard = settings.switchboard
        self._telling = CallInterpreter(settings.switchboard, settings.numbers)
        self._queue_log = queue_log
        self._wait = max(settings.switchboard.quiet_seconds, settings.switchboard.late_seconds)
        self._untold = 0
        self._revised = 0
        self._readers = {
            path: RecordReader(
                path.name,
                self._switchboard.zone,
                self.faults,
                self._switchboard.columns,
                now=now.timestamp() if now else None,
            )
            for path in paths
        }

    def __iter__(self) -> Iterator[Call]:
        """Yield the calls, each once, in the order in which they end.

        Raises:
            UnreadablePathError: a file does not exist, is a folder, or may not be read.
        """
        with ExitStack() as files:
            records = self._records(files)
            queue_log = self._read_queue_log(files)
            # At rest nothing presses: a call is given out once no late record is waited for any more.
            grouper = Grouper(self._wait, self._wait, self.faults)
            for record in records:
                for ended in grouper.add(record):
                    queue_log.read_to(grouper.clock)
                    yield from self._told(ended, queue_log)
            queue_log.read_to(grouper.clock)
            for ended in grouper.close():
                yield from self._told(ended, queue_log)

    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong, once all was read: the time zone first, then the faults of lines."""
        zones = (reader.zone_check.problem(reader.file) for reader in self._readers.values())
        return (*filter(None, zones), *self.faults.problems(), *self._notes())

    def _notes(self) -> Iterator[Problem]:
        name = self._queue_log.name if self._queue_log else ""
        if self._untold:
            message = f"{self._untold} calls waited in a queue and have no line here; the call records alone told"
            yield Problem(
                name, 0, 0, message, "was the log cut, or are DTM_SWITCHBOARD_QUEUES others?", Severity.WARNING
            )
        if self._revised:
            message = f"{self._revised} records came after their call had been judged, and were left out"
            files = ", ".join(path.name for path in self._readers)
            yield Problem(files, 0, 0, message, "raise DTM_SWITCHBOARD_LATE_SECONDS", Severity.WARNING)

    def _records(self, files: ExitStack) -> Iterator[Record]:
        opened = [(reader, _opened(path, files)) for path, reader in self._readers.items()]
        return (
            record for reader, file in opened for line in split_lines(_chunks(file)) if (record := reader.read(line))
        )

    def _read_queue_log(self, files: ExitStack) -> QueueLog:
        if self._queue_log is None:
            return QueueLog((), self._wait)
        events = self._events(_opened(self._queue_log, files), self._queue_log.name)
        return QueueLog(events, self._wait, self._switchboard.queues)

    def _events(self, file: BinaryIO, name: str) -> Iterator[QueueEvent]:
        for line in split_lines(_chunks(file)):
            event = parse_event(line, name, self.faults)
            if event is not None:
                yield event

    def _told(self, ended: Ended, queue_log: QueueLog) -> Iterator[Call]:
        if ended.revision:
            self._revised += 1
            return
        events = queue_log.take(dict.fromkeys((ended.id, *(record.uniqueid for record in ended.records))))
        if self._queue_log is not None and not events and self._telling.waited(ended):
            self._untold += 1
        yield self._telling.tell(ended, events)


def _opened(path: Path, files: ExitStack) -> BinaryIO:
    try:
        return files.enter_context(path.open("rb"))
    except OSError as error:
        raise UnreadablePathError(f"{path}: {error.strerror}") from error


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")
