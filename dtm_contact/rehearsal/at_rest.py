"""Messages and calls that lie in files, judged in order of time: each sees those of the same run before it."""

import mailbox
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from dtm_contact.calls.call_backs import CallGrounds, OpenCallBacks, judge_call
from dtm_contact.calls.grouping import Ended, Grouper
from dtm_contact.calls.log_lines import Faults, split_lines
from dtm_contact.calls.outcomes import CallInterpreter
from dtm_contact.calls.queue_log import QueueEvent, QueueLog, parse_event
from dtm_contact.calls.records import Record, RecordReader
from dtm_contact.errors import DtmContactError
from dtm_contact.model import Arrival, Call, History, Judgement, NoHistory, Problem, Severity
from dtm_contact.pipeline import Grounds, judge
from dtm_contact.reading import message_time
from dtm_contact.rehearsal.memory_history import MemoryHistory
from dtm_contact.settings import Settings

STANDARD_INPUT = "-"


class UnreadablePathError(DtmContactError):
    """This path cannot be read as messages."""


@dataclass(frozen=True, slots=True)
class MessageAtRest:
    """A message where it lies: what it is called, and how its bytes are read."""

    name: str
    read: Callable[[], bytes]

    def arrival(self, now: datetime) -> Arrival:
        """Return it as an arrival, received at its own time; `now` where it bears none.

        Raises:
            UnreadablePathError: its bytes cannot be read.
        """
        try:
            raw = self.read()
        except OSError as error:
            raise UnreadablePathError(f"{error.filename or self.name}: {error.strerror}") from error
        return Arrival(
            channel="file",
            external_id=self.name,
            received_at=message_time(raw, now),
            media_type="message/rfc822",
            envelope=None,
            raw=raw,
        )


def messages_at_rest(paths: Iterable[str], now: datetime) -> Iterator[Arrival]:
    """Yield an arrival for each message, in the order given; a folder's `.eml` files in the order of their names.

    Args:
        paths: `.eml` files, folders of them, mbox files (RFC 4155), or `-` for standard input.
        now: the time of a message that bears none.

    Raises:
        UnreadablePathError: a path does not exist, cannot be read, or holds no message.
    """
    with ExitStack() as boxes:
        for message in find_messages(paths, boxes):
            yield message.arrival(now)


def require_at_rest(paths: Iterable[str]) -> None:
    """Tell at once of a path that is not there, before anything is made ready for what lies in it.

    Raises:
        UnreadablePathError: of the first one.
    """
    for path in paths:
        if path != STANDARD_INPUT:
            try:
                Path(path).stat()
            except OSError as error:
                raise UnreadablePathError(f"{path}: {error.strerror}") from error


def find_messages(paths: Iterable[str], boxes: ExitStack) -> Iterator[MessageAtRest]:
    """Yield each message, in the order given, without reading it; see `messages_at_rest`.

    Args:
        paths: where they lie.
        boxes: closes the mbox files when nothing is read of them any more.

    Raises:
        UnreadablePathError: a path does not exist, cannot be read, or holds no message.
    """
    for path in paths:
        if path == STANDARD_INPUT:
            yield MessageAtRest(STANDARD_INPUT, partial(bytes, sys.stdin.buffer.read()))
        else:
            yield from _messages_in(Path(path), boxes)


def _messages_in(path: Path, boxes: ExitStack) -> Iterator[MessageAtRest]:
    try:
        if path.is_dir():
            yield from _messages_in_folder(path)
        elif _is_mbox(path):
            yield from _messages_in_mbox(path, boxes)
        else:
            yield MessageAtRest(path.name, path.read_bytes)
    except OSError as error:
        raise UnreadablePathError(f"{path}: {error.strerror}") from error


def _messages_in_folder(folder: Path) -> Iterator[MessageAtRest]:
    files = sorted(folder.glob("*.eml"))
    if not files:
        raise UnreadablePathError(f"{folder}: the folder holds no .eml file")
    for file in files:
        yield MessageAtRest(file.name, file.read_bytes)


def _messages_in_mbox(path: Path, boxes: ExitStack) -> Iterator[MessageAtRest]:
    box = mailbox.mbox(path, create=False)
    boxes.callback(box.close)
    for number, key in enumerate(box.iterkeys(), start=1):
        yield MessageAtRest(f"{path.name}#{number}", partial(box.get_bytes, key))


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def judge_messages(
    paths: Iterable[str], now: datetime, grounds: Grounds, *, at: datetime | None = None, trace: bool = False
) -> Iterator[Judgement]:
    """Yield the judgement of each message, in the order given; they are judged in the order of their own times.

    Each is read twice, the first time for its time alone, so that a large mailbox need not fit into memory.

    Args:
        paths: as `messages_at_rest` takes them.
        now: the time of a message that bears none, aware.
        grounds: directory and rules.
        at: judge all as of this time, not each as of its own.
        trace: also evaluate every rule and keep what each saw.

    Raises:
        UnreadablePathError: a path does not exist, cannot be read, or holds no message.
        UnreadableArrivalError: a message exceeds what reading can bear.
    """
    with ExitStack() as boxes:
        messages = list(find_messages(paths, boxes))
        times = [message.arrival(now).received_at for message in messages]
        order = sorted(range(len(messages)), key=times.__getitem__)
        judged = _judged([messages[place] for place in order], now, grounds, at, trace=trace)
        yield from _as_given(zip(order, judged, strict=True))


def _judged(
    messages: Iterable[MessageAtRest], now: datetime, grounds: Grounds, at: datetime | None, *, trace: bool
) -> Iterator[Judgement]:
    history = MemoryHistory()
    for message in messages:
        arrival = message.arrival(now)
        judged_at = at or arrival.received_at
        judgement = judge(arrival, judged_at, grounds, history, trace=trace)
        history.record(judgement, judged_at)
        yield judgement


def _as_given(judged: Iterable[tuple[int, Judgement]]) -> Iterator[Judgement]:
    """Yield each as soon as all that stand before it were; the places are 0, 1, 2 … in any order."""
    waiting: dict[int, Judgement] = {}
    following = 0
    for place, judgement in judged:
        waiting[place] = judgement
        while following in waiting:
            yield waiting.pop(following)
            following += 1


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
        self._interpreter = CallInterpreter(settings.switchboard, settings.numbers)
        self._queue_log = queue_log
        self._wait = max(settings.switchboard.quiet_seconds, settings.switchboard.late_seconds)
        self._without_queue_line = 0
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
                    yield from self._interpret(ended, queue_log)
            queue_log.read_to(grouper.clock)
            for ended in grouper.close():
                yield from self._interpret(ended, queue_log)

    def problems(self) -> tuple[Problem, ...]:
        """Return what is wrong, once all was read: the time zone first, then the faults of lines."""
        zones = (reader.zone_check.problem(reader.file) for reader in self._readers.values())
        return (*filter(None, zones), *self.faults.problems(), *self._notes())

    def _notes(self) -> Iterator[Problem]:
        name = self._queue_log.name if self._queue_log else ""
        if self._without_queue_line:
            message = (
                f"{self._without_queue_line} calls waited in a queue and have no line here; the call records alone told"
            )
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

    def _interpret(self, ended: Ended, queue_log: QueueLog) -> Iterator[Call]:
        if ended.revision:
            self._revised += 1
            return
        events = queue_log.take(dict.fromkeys((ended.id, *(record.uniqueid for record in ended.records))))
        if self._queue_log is not None and not events and self._interpreter.waited(ended):
            self._without_queue_line += 1
        yield self._interpreter.interpret(ended, events)


def _opened(path: Path, files: ExitStack) -> BinaryIO:
    try:
        return files.enter_context(path.open("rb"))
    except OSError as error:
        raise UnreadablePathError(f"{path}: {error.strerror}") from error


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")


class JudgedCalls:
    """Judges calls in their order.

    Attributes:
        open: the call-backs that are open after the calls judged so far.
    """

    def __init__(self, grounds: Grounds, history: History | None = None) -> None:
        """Make the grounds ready; without a history nothing is confirmed."""
        self.open = OpenCallBacks()
        self._grounds = CallGrounds.build(grounds)
        self._history = history or NoHistory()

    def judge(self, calls: Iterable[Call], *, trace: bool = False) -> Iterator[Judgement]:
        """Yield the judgement of each call, in the order in which they ended."""
        for call in calls:
            judgement = judge_call(call, self._grounds, self._history, self.open, trace=trace)
            if judgement.contact.standing is not None:
                self.open.record(call, judgement.contact.standing)
            yield judgement
