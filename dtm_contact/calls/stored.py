"""A call as an arrival keeps it: its lines as they came, to be told again whenever it is judged."""

import json
from collections.abc import Iterable, Iterator
from typing import TypeGuard

from dtm_contact.calls.faults import Faults
from dtm_contact.calls.grouping import Ended
from dtm_contact.calls.lines import FileLine
from dtm_contact.calls.live import EVENT, RECORD, WANTED, QuietCall
from dtm_contact.calls.queue_log import TOLD, QueueEvent, parse_event
from dtm_contact.calls.records import Record, RecordReader
from dtm_contact.calls.telling import CallInterpreter
from dtm_contact.errors import UnreadableArrivalError
from dtm_contact.model import Call, LogLine
from dtm_contact.settings import Settings, SwitchboardSettings

MEDIA_TYPE = "application/x-asterisk-call"

_MARKS = {RECORD: b"R", EVENT: b"Q"}


def pack(told: QuietCall) -> bytes:
    """Return a call's lines as the bytes of an arrival: a line of JSON, then each line after a letter for its log."""
    head = json.dumps({"id": told.id, "revision": told.revision}).encode()
    return b"\n".join((head, *(_MARKS[line.kind] + line.raw for line in told.lines)))


def external_id(told: QuietCall) -> str:
    """Return what makes the arrival the same when it is handed over twice: the linkedid, and which revision it is."""
    return told.id if told.revision == 0 else f"{told.id}#{told.revision}"


def call_id_of(external: str) -> str:
    """Return the linkedid of an arrival's external id."""
    return external.rpartition("#")[0] or external


def line_of(raw: bytes) -> FileLine:
    """Return a line that was kept, as reading it takes it; its place in the file is known no more."""
    return FileLine(0, 0, raw, len(raw), ended=True)


class PartReader:
    """Reads kept lines again; what is wrong in them was told when they came."""

    def __init__(self, switchboard: SwitchboardSettings) -> None:
        """Take how the switchboard writes.

        Raises:
            ColumnsError: the declared columns are not those of call records.
        """
        self._faults = Faults()
        self._records = RecordReader("", switchboard.zone, self._faults, switchboard.columns)

    def read(self, lines: Iterable[LogLine]) -> Iterator[tuple[LogLine, Record | QueueEvent]]:
        """Yield each line with what it says; lines that say nothing any more, the settings being others, are left."""
        for line in lines:
            part = self.part(line.kind, line.raw)
            if part is not None:
                yield line, part

    def part(self, kind: str, raw: bytes) -> Record | QueueEvent | None:
        """Return the record or the queue event of a line, or None."""
        if kind == RECORD:
            return self._records.read(line_of(raw))
        return parse_event(line_of(raw), "", self._faults, WANTED)


class StoredCalls:
    """Tells calls of the bytes of arrivals."""

    def __init__(self, settings: Settings) -> None:
        """Take what the switchboard's contexts and applications are called, and the numbers that are ours."""
        self._queues = frozenset(settings.switchboard.queues)
        self._switchboard = settings.switchboard
        self._telling = CallInterpreter(settings.switchboard, settings.numbers)

    def call(self, raw: bytes) -> Call:
        """Return the call.

        Raises:
            UnreadableArrivalError: the bytes hold no record.
        """
        head, *lines = raw.split(b"\n")
        try:
            call_id = str(json.loads(head)["id"])
        except (ValueError, KeyError, TypeError):
            raise UnreadableArrivalError("no call") from None
        records, events = self._parts(lines)
        if not records:
            raise UnreadableArrivalError("a call without a record")
        end = max(record.end for record in records)
        return self._telling.tell(Ended(call_id, tuple(records), end, 0), tuple(events))

    def _parts(self, lines: Iterable[bytes]) -> tuple[list[Record], list[QueueEvent]]:
        reader = PartReader(self._switchboard)
        kinds = {mark: kind for kind, mark in _MARKS.items()}
        parts = [reader.part(kinds.get(line[:1], EVENT), line[1:]) for line in lines]
        records = sorted((part for part in parts if isinstance(part, Record)), key=lambda record: record.start)
        events = sorted((part for part in parts if self._counts(part)), key=lambda event: event.at)
        return records, events

    def _counts(self, part: Record | QueueEvent | None) -> TypeGuard[QueueEvent]:
        return isinstance(part, QueueEvent) and part.event in TOLD and (not self._queues or part.queue in self._queues)
