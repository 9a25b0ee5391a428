"""Records and queue events -> calls: all with one linkedid, once they have been quiet by the log's own clock.

At rest a call is given out when no late record is waited for any more (`Grouper`). Live it is given out as soon as all
is quiet, and given out anew, as the next revision, where something comes later (`LiveCalls`).
"""

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256

from dtm_contact.calls.log_lines import Faults
from dtm_contact.calls.queue_log import LEFT, OUTCOME_EVENTS, TRANSFERS, QueueEvent
from dtm_contact.calls.records import Record
from dtm_contact.model import LogLine, Problem, Severity
from dtm_contact.settings import SwitchboardSettings

_DAY = 24 * 3600.0
RECORD = "record"
EVENT = "queue_log"
WANTED = OUTCOME_EVENTS | LEFT
"""The queue events that are kept of a log that is followed."""
REFUSED = -1
"""The `revision` of a line that no call is made of, since its time cannot be true."""
_HOUR = 3600.0
_IN_QUEUE = frozenset({"ENTERQUEUE", "CONNECT"})
_BEFORE_TRANSFER = 5.0  # seconds: a leg that begins so much before the transfer is told is the one transferred to


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that ended.

    Attributes:
        id: the linkedid.
        records: its records, each once, in the order of their start.
        end: when its last leg ended, in seconds since 1970.
        revision: 0 the first time; a record that came later makes the next.
    """

    id: str
    records: tuple[Record, ...]
    end: float
    revision: int


@dataclass(slots=True)
class _Open:
    records: dict[tuple[str, ...], Record] = field(default_factory=dict)
    end: float = float("-inf")
    start: float = float("inf")
    revision: int = 0


class Grouper:
    """Puts records together to calls, and gives these out in the order in which they end.

    The clock is the log's own: the latest end of the records seen. One record that is more than a day ahead of those
    before and after it does not move it; it is told as a fault and left out.
    """

    def __init__(self, quiet: float, late: float, faults: Faults) -> None:
        """Set the window.

        Args:
            quiet: seconds without a record after which a call is given out.
            late: seconds after that during which a record that comes late still finds its call and revises it.
            faults: where records that cannot be true are told.
        """
        self.clock = float("-inf")
        self._quiet = quiet
        self._late = late
        self._faults = faults
        self._open: dict[str, _Open] = {}
        self._ends: list[tuple[float, float, str]] = []
        self._given_out: OrderedDict[str, _Open] = OrderedDict()
        self._doubtful: Record | None = None

    def add(self, record: Record) -> Iterator[Ended]:
        """Take a record and yield the calls that have become quiet by it."""
        doubtful, self._doubtful = self._doubtful, None
        if doubtful is not None:
            if record.end >= doubtful.end - _DAY:
                yield from self._take(doubtful)
            else:
                self._refuse(doubtful)
        if record.end > self.clock + _DAY:
            self._doubtful = record
        else:
            yield from self._take(record)

    def close(self) -> Iterator[Ended]:
        """Yield all calls that are still open: the log has ended."""
        doubtful, self._doubtful = self._doubtful, None
        if doubtful is not None:
            yield from self._take(doubtful)
        yield from self._give_out(float("inf"))

    def __len__(self) -> int:
        """Return how many calls are held, open ones and those that late records may revise."""
        return len(self._open) + len(self._given_out)

    def _take(self, record: Record) -> Iterator[Ended]:
        if record.end < self.clock - self._quiet - self._late:
            message = "the record is older than the window for late records; was the log put together in another order?"
            self._faults.add(Problem(record.file, record.line, 0, message, "", Severity.WARNING))
        self.clock = max(self.clock, record.end)
        call = self._open.get(record.call_id) or self._reopened(record)
        if record.row not in call.records:
            call.records[record.row] = record
            call.start = min(call.start, record.start)
            call.end = max(call.end, record.end)
            self._open[record.call_id] = call
            heapq.heappush(self._ends, (call.end, call.start, record.call_id))
        yield from self._give_out(self.clock - self._quiet)

    def _reopened(self, record: Record) -> _Open:
        """Return the call that a late record belongs to, or a new one."""
        call = self._given_out.get(record.call_id)
        if call is None:
            return _Open()
        if record.row not in call.records:
            del self._given_out[record.call_id]
            call.revision += 1
        return call

    def _give_out(self, until: float) -> Iterator[Ended]:
        while self._ends and self._ends[0][0] <= until:
            end, _start, call_id = heapq.heappop(self._ends)
            call = self._open.get(call_id)
            if call is not None and call.end == end:
                del self._open[call_id]
                self._given_out[call_id] = call
                records = tuple(sorted(call.records.values(), key=lambda record: record.start))
                yield Ended(call_id, records, end, call.revision)
        self._forget(until - self._late)

    def _forget(self, before: float) -> None:
        while self._given_out:
            first = next(iter(self._given_out))
            if self._given_out[first].end > before:
                return
            del self._given_out[first]

    def _refuse(self, record: Record) -> None:
        message = "the record's time is more than a day ahead of the records around it"
        self._faults.add(Problem(record.file, record.line, 0, message, "a clock was wrong"))


@dataclass(frozen=True, slots=True)
class QuietCall:
    """A call that is quiet.

    Attributes:
        id: the linkedid.
        revision: 0 the first time; each time that more has come makes the next.
        lines: all that is known of it, in the order in which it came.
    """

    id: str
    revision: int
    lines: tuple[LogLine, ...]


@dataclass(slots=True)
class _Call:
    records: dict[str, Record] = field(default_factory=dict)
    events: dict[str, QueueEvent] = field(default_factory=dict)
    lines: dict[str, LogLine] = field(default_factory=dict)
    revision: int = 0
    waits: bool = False

    @property
    def end(self) -> float:
        return max(record.end for record in self.records.values())

    @property
    def start(self) -> float:
        return min(record.start for record in self.records.values())

    @property
    def last_sign(self) -> float:
        return max(part.at for part in self.lines.values())

    def goes_on(self) -> bool:
        """Return whether the queue log says that the caller waits, speaks, or was transferred to a leg to come."""
        if not self.events:
            return False
        # Of one second the later line counts, hence not `max` alone, which takes the first.
        last = max(reversed(self.events.values()), key=lambda event: event.at)
        if last.event in TRANSFERS:
            return all(record.start < last.at - _BEFORE_TRANSFER for record in self.records.values())
        return last.event in _IN_QUEUE


def record_line(record: Record, raw: bytes) -> LogLine:
    """Return the line of a record; the same columns again are the same line."""
    return LogLine(_key(RECORD, "\x1f".join(record.row).encode()), record.call_id, record.end, RECORD, raw)


def event_line(event: QueueEvent, raw: bytes) -> LogLine:
    """Return the line of a queue event."""
    return LogLine(_key(EVENT, raw), event.call_id, event.at, EVENT, raw)


def _key(kind: str, raw: bytes) -> str:
    return sha256(kind.encode() + b"\0" + raw).hexdigest()


class LiveCalls:
    """The calls of a log that is followed.

    Attributes:
        clock: the log's own: the latest end of the records seen, and what has passed by our clock since then; in
            seconds since 1970.
    """

    def __init__(self, switchboard: SwitchboardSettings, faults: Faults, clock: float = float("-inf")) -> None:
        """Begin where the log's clock stood; `faults` takes records that cannot be true."""
        self.clock = clock
        self._quiet = switchboard.quiet_seconds
        self._hold = switchboard.hold_seconds
        self._window = max(switchboard.late_seconds, switchboard.hold_seconds) + _HOUR
        self._faults = faults
        self._calls: dict[str, _Call] = {}
        self._waiting: dict[str, _Call] = {}
        self._call_of_channel: dict[str, str] = {}
        self._doubtful: tuple[LogLine, Record] | None = None
        self._changed: dict[str, LogLine] = {}

    def __len__(self) -> int:
        """Return how many calls are held, those given out that late lines may revise included."""
        return len(self._calls)

    def restore(self, kept: Iterable[tuple[LogLine, Record | QueueEvent]]) -> None:
        """Take back what was kept, in the order in which it was first kept; calls stand as they did."""
        for line, part in kept:
            if line.revision == REFUSED:
                continue
            if line.revision is None and isinstance(part, Record) and part.end > self.clock + _DAY:
                self._doubtful = line, part
            elif isinstance(part, Record):
                self._take(line, part)
            else:
                self._put(line, part)
        self._changed.clear()

    def add_record(self, line: LogLine, record: Record, now: float) -> None:
        """Take a record.

        One that is more than a day ahead waits for the next one, and is refused where that does not confirm it. The
        first one of a log is believed unless it is ahead of our own time, `now`, in seconds since 1970.
        """
        doubtful, self._doubtful = self._doubtful, None
        if doubtful is not None:
            self._settle(*doubtful, true=record.end >= doubtful[1].end - _DAY)
        first = self.clock == float("-inf") and record.end <= now + _HOUR
        if record.end > self.clock + _DAY and not first:
            self._doubtful = line, record
            self._changed[line.key] = line
        else:
            self._take(line, record)

    def add_event(self, line: LogLine, event: QueueEvent) -> None:
        """Take a queue event; one that says no more than that a call which was given out has ended is passed over."""
        call = self._calls.get(self._id_of(event))
        if event.event in LEFT and call is not None and not call.waits and call.records:
            return
        self._put(line, event)

    def pass_time(self, seconds: float, now: float) -> None:
        """Let the log's clock go on: so many seconds nothing was written.

        Args:
            seconds: since the last call of this, by our own clock.
            now: our own time, in seconds since 1970: a record that is doubtful by the log is true if it is not ahead.
        """
        self.clock += seconds
        if self._doubtful is not None and self._doubtful[1].end <= now + _HOUR:
            line, record = self._doubtful
            self._doubtful = None
            self._take(line, record)

    def quiet(self) -> tuple[QuietCall, ...]:
        """Give out the calls that are quiet, in the order in which they ended."""
        ready = [(call.end, call.start, call_id) for call_id, call in self._waiting.items() if self._is_quiet(call)]
        return tuple(self._give_out(call_id) for _end, _start, call_id in sorted(ready))

    def changed(self) -> tuple[LogLine, ...]:
        """Return the lines that are to be kept, or kept anew, since the last time."""
        changed, self._changed = tuple(self._changed.values()), {}
        return changed

    def forget(self) -> float:
        """Let go of what no late line can belong to any more; return the time before which nothing is needed."""
        before = self.clock - self._window
        for call_id in [call_id for call_id, call in self._calls.items() if call.last_sign < before]:
            call = self._calls.pop(call_id)
            self._waiting.pop(call_id, None)
            for channel in {record.uniqueid for record in call.records.values()}:
                self._call_of_channel.pop(channel, None)
        return before

    def _is_quiet(self, call: _Call) -> bool:
        if not call.records:
            return False
        held = self._hold if call.goes_on() else self._quiet
        return call.last_sign + held <= self.clock

    def _give_out(self, call_id: str) -> QuietCall:
        call = self._waiting.pop(call_id)
        call.waits = False
        for key, line in call.lines.items():
            if line.revision is None:
                call.lines[key] = self._changed[key] = replace(line, revision=call.revision)
        told = QuietCall(call_id, call.revision, tuple(call.lines.values()))
        call.revision += 1
        return told

    def _take(self, line: LogLine, record: Record) -> None:
        self.clock = max(self.clock, record.end)
        self._put(line, record)

    def _settle(self, line: LogLine, record: Record, *, true: bool) -> None:
        if true:
            self._take(line, record)
            return
        # Where it is kept, it goes with the lines of its neighbours.
        self._changed[line.key] = replace(line, revision=REFUSED, at=self.clock)
        message = "the record's time is more than a day ahead of the records around it"
        self._faults.add(Problem(record.file, record.line, 0, message, "a clock was wrong"))

    def _put(self, line: LogLine, part: Record | QueueEvent) -> None:
        call_id = self._id_of(part)
        call = self._calls.setdefault(call_id, _Call())
        if line.key in call.lines:
            return
        call.lines[line.key] = line
        if isinstance(part, Record):
            call.records[line.key] = part
            self._adopt(call_id, call, part.uniqueid)
        else:
            call.events[line.key] = part
        if line.revision is None:
            self._changed[line.key] = line
            call.waits = True
            self._waiting[call_id] = call
        else:
            call.revision = max(call.revision, line.revision + 1)

    def _id_of(self, part: Record | QueueEvent) -> str:
        if isinstance(part, Record):
            return part.call_id
        return self._call_of_channel.get(part.call_id, part.call_id)

    def _adopt(self, call_id: str, call: _Call, channel: str) -> None:
        """Take over the queue events of a channel that came before the record which says whose channel it is."""
        if not channel or channel == call_id:
            return
        self._call_of_channel[channel] = call_id
        other = self._calls.get(channel)
        if other is not None and not other.records:
            call.events.update(other.events)
            call.lines.update(other.lines)
            del self._calls[channel]
            self._waiting.pop(channel, None)
