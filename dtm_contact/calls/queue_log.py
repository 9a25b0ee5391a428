"""`queue_log`: what callers who waited for an agent met with; the call records alone do not tell."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from dtm_contact.calls.log_lines import LONGEST_LINE, Faults, FileLine
from dtm_contact.model import Problem

_FIELDS = 5  # time|call id|queue|agent|event|data…
_SECONDS_DIGITS = range(9, 12)
_NO_CALL = "NONE"
_LONGEST_CALL = 24 * 3600.0

TRANSFERS = frozenset({"BLINDTRANSFER", "ATTENDEDTRANSFER", "TRANSFER"})
OUTCOME_EVENTS = frozenset({"ENTERQUEUE", "CONNECT", "ABANDON", "EXITWITHTIMEOUT", "EXITEMPTY", *TRANSFERS})
"""The events that tell what became of a call; all others are passed over."""

LEFT = frozenset({"COMPLETEAGENT", "COMPLETECALLER", "EXITWITHKEY"})
"""The events besides by which a caller is no longer in the queue, or no longer speaks to its agent."""


@dataclass(frozen=True, slots=True)
class QueueEvent:
    """One line: when (seconds since 1970), for which channel (its uniqueid), in which queue, and what happened."""

    at: float
    call_id: str
    queue: str
    event: str


def parse_event(
    line: FileLine, file: str, faults: Faults, wanted: Collection[str] = OUTCOME_EVENTS
) -> QueueEvent | None:
    """Return the event of a line; None where it has none of those wanted, faults being told."""
    if not line.raw.strip():
        return None
    message = _fault(line)
    if message:
        faults.add(Problem(file, line.number, 0, message, "time|call id|queue|agent|event|data…"))
        return None
    at, call_id, queue, _agent, event, *_data = line.raw.decode("utf-8", "replace").split("|")
    event = event.strip().upper()
    if call_id == _NO_CALL or event not in wanted:
        return None
    return QueueEvent(float(at), call_id, queue, event)


def _fault(line: FileLine) -> str:
    if line.too_long:
        return f"the line is longer than {LONGEST_LINE} octets"
    if b"\x00" in line.raw:
        return "the line is not text"
    fields = line.raw.split(b"|")
    if len(fields) < _FIELDS:
        return "the line has not the five fields that every line has; was it torn?"
    second = fields[0].partition(b".")[0]
    if not (second.isdigit() and len(second) in _SECONDS_DIGITS):
        return "the line does not begin with the seconds since 1970"
    return ""


class QueueLog:
    """The events of a queue log, read no further than the call records have come, and let go once they are used."""

    AHEAD = 15 * 3600.0
    """Seconds read in advance of the records: a wrong time zone is off by no more."""

    def __init__(self, events: Iterable[QueueEvent], late: float, queues: Collection[str] = ()) -> None:
        """Take what is to be read.

        Args:
            events: in the order of the log.
            late: seconds by which the last record of a call may come late.
            queues: those that count; none: all count.
        """
        self._events: Iterator[QueueEvent] = iter(events)
        self._queues = frozenset(queues)
        self._behind = late + _LONGEST_CALL + self.AHEAD
        self._read_to = float("-inf")
        self._by_call: OrderedDict[str, list[QueueEvent]] = OrderedDict()

    def read_to(self, at: float) -> None:
        """Read on until the log is well past a time, in seconds since 1970."""
        while self._read_to <= at + self.AHEAD:
            event = next(self._events, None)
            if event is None:
                self._read_to = float("inf")
                break
            self._read_to = max(self._read_to, event.at)
            if not self._queues or event.queue in self._queues:
                self._by_call.setdefault(event.call_id, []).append(event)
        self._let_go(at - self._behind)

    def take(self, channels: Iterable[str]) -> tuple[QueueEvent, ...]:
        """Return the events of a call, in their order, by the uniqueids of its channels, and let them go."""
        found = [event for channel in channels for event in self._by_call.pop(channel, ())]
        # Sorting is stable: events of one second keep the order of the log.
        return tuple(sorted(found, key=lambda event: event.at))

    def __len__(self) -> int:
        """Return of how many channels events are held."""
        return len(self._by_call)

    def _let_go(self, before: float) -> None:
        while self._by_call:
            first = next(iter(self._by_call))
            if self._by_call[first][-1].at >= before:
                return
            del self._by_call[first]
