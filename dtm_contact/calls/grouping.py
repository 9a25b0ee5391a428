"""Records -> calls: all records with one linkedid, once all its legs have been quiet by the log's own clock."""

import heapq
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field

from dtm_contact.calls.faults import Faults
from dtm_contact.calls.records import Record
from dtm_contact.model import Problem, Severity

_DAY = 24 * 3600.0


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
