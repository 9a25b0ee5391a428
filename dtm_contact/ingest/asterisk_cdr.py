"""The receiver `asterisk_cdr`: calls, from the call records and the queue log that an Asterisk switchboard writes."""

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

from dtm_contact import metrics
from dtm_contact.calls.grouping import WANTED, LiveCalls, QuietCall, event_line, record_line
from dtm_contact.calls.log_lines import Faults, FileLine
from dtm_contact.calls.outcomes import MEDIA_TYPE, PartReader, external_id, pack
from dtm_contact.calls.queue_log import QueueEvent, parse_event
from dtm_contact.calls.records import RecordReader
from dtm_contact.ingest import ReadingInbox, RunningReceiver, receiver
from dtm_contact.ingest.followed_file import FollowedFile, Mark
from dtm_contact.ingest.log_follower import Batch, Follower
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, KeptLines, LogLine, Severity
from dtm_contact.settings import Settings

NAME = "asterisk_cdr"

_OCTETS = 262_144
_AHEAD = 15 * 3600.0
"""Seconds that the queue log is read in advance of the records: a wrong time zone is off by no more."""
_TELL_ANEW = timedelta(hours=1)
_NEVER = float("-inf")

_log = get_log("calls")


class AsteriskLogs:
    """Both logs of one switchboard, as a source that is followed."""

    def __init__(
        self,
        settings: Settings,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        """Take where the logs lie and how they are written.

        Args:
            settings: those of the switchboard.
            now: our own time, aware.
            seconds: a clock that goes on while nothing is written.

        Raises:
            ColumnsError: the declared columns are not those of call records.
        """
        self._switchboard = settings.switchboard
        self._now = now
        self._seconds = seconds
        self._faults = Faults()
        self._reported_at = now()
        name = self._switchboard.records.name
        self._reader = RecordReader(name, self._switchboard.zone, self._faults, self._switchboard.columns)
        self.restore(None, ())

    def restore(self, place: str | None, kept: Sequence[LogLine]) -> None:
        """Go on where reading stood."""
        found = json.loads(place) if place else {}
        clock = found.get("clock")
        self._live = LiveCalls(self._switchboard, self._faults, _NEVER if clock is None else clock)
        self._live.restore(PartReader(self._switchboard).read(kept))
        from_end = place is None and self._switchboard.start == "end"
        self._records = FollowedFile(self._switchboard.records, _marks(found, "records"), from_end=from_end)
        path = self._switchboard.queue_log
        marks = _marks(found, "queue_log")
        self._queue_log: FollowedFile | None = None
        if path is not None:
            self._queue_log = FollowedFile(path, marks, from_end=from_end, may_be_missing=False)
        self._queue_log_at = found.get("queue_log_at", 0.0)
        self._idle_since: float | None = None
        self._stored = self._where()

    def read(self) -> Batch | None:
        """Read on in both logs, and give out the calls that have become quiet.

        Raises:
            NotReadableError: one of the logs cannot be read: without the queue log the calls would be told otherwise.
        """
        now = self._now()
        self._reader.now(now.timestamp())
        for file in self._files():
            file.look()
        grown = self._read_records(now) + self._read_queue_log()
        self._let_time_pass(grown, now)
        told = self._live.quiet() if self._queue_log_is_abreast() else ()
        where = self._where()
        troubles = (*self._lost(), ("switchboard-timezone", self._wrong_zone()))
        self._tell_faults(now)
        if not told and where == self._stored:
            return None
        self._stored = where
        clock = None if self._live.clock == _NEVER else self._live.clock
        place = json.dumps({**where, "clock": clock})
        arrivals = [self._arrival(each, now) for each in told]
        kept = KeptLines(self._live.changed(), self._live.forget())
        return Batch(arrivals, place, kept, more=not self._at_end, troubles=troubles)

    def _read_records(self, now: datetime) -> int:
        lines = self._records.pull(_OCTETS)
        for line in lines:
            record = self._reader.read(line)
            if record is not None:
                self._live.add_record(record_line(record, line.raw), record, now.timestamp())
        metrics.LOG_LINES.labels(NAME, "records").inc(len(lines))
        return len(lines)

    def _read_queue_log(self) -> int:
        if self._queue_log is None:
            return 0
        until = self._live.clock + _AHEAD
        lines = self._queue_log.pull(_OCTETS, lambda line: _second(line) > until)
        for line in lines:
            self._queue_log_at = max(self._queue_log_at, _second(line))
            event = parse_event(line, self._queue_log.path.name, self._faults, WANTED)
            if event is not None and self._counts(event):
                self._live.add_event(event_line(event, line.raw), event)
        metrics.LOG_LINES.labels(NAME, "queue_log").inc(len(lines))
        return len(lines)

    def _counts(self, event: QueueEvent) -> bool:
        return not self._switchboard.queues or event.queue in self._switchboard.queues

    @property
    def _at_end(self) -> bool:
        return all(file.at_end for file in self._files())

    def _queue_log_is_abreast(self) -> bool:
        """Return whether the queue log was read as far as the records: else calls would be told without it."""
        return self._queue_log is None or self._queue_log.at_end or self._queue_log_at > self._live.clock

    def _let_time_pass(self, grown: int, now: datetime) -> None:
        """Move the log's clock by ours while both logs stand still: the last call of the day ends too."""
        seconds = self._seconds()
        if grown or not self._at_end:
            self._idle_since = seconds
        elif self._idle_since is not None:
            self._live.pass_time(seconds - self._idle_since, now.timestamp())
            self._idle_since = seconds
        else:
            self._idle_since = seconds

    def _arrival(self, told: QuietCall, now: datetime) -> Arrival:
        return Arrival(NAME, external_id(told), now, MEDIA_TYPE, None, pack(told), in_turn=True)

    def _where(self) -> dict[str, Any]:
        """Return how far both logs were read, as JSON: where it stays the same, nothing need be stored."""
        return {
            "records": self._records.place(),
            "queue_log": self._queue_log.place() if self._queue_log else [],
            "queue_log_at": self._queue_log_at,
        }

    def _files(self) -> tuple[FollowedFile, ...]:
        return tuple(filter(None, (self._records, self._queue_log)))

    def _wrong_zone(self) -> str | None:
        problem = self._reader.zone_check.problem(self._reader.file)
        return None if problem is None else str(problem)

    def _lost(self) -> Iterator[tuple[str, str | None]]:
        for file in self._files():
            if file.lost:
                told = f"{file.path}: a rotated file was not found again; what was written to it last was not read."
                yield f"{NAME}-rotation", told

    def _tell_faults(self, now: datetime) -> None:
        """Tell the first faults of a kind in full, and once an hour how many more there were."""
        anew = now - self._reported_at >= _TELL_ANEW
        self._reported_at = now if anew else self._reported_at
        problems, counts = self._faults.take(anew=anew)
        for kind, count in counts.items():
            metrics.LOG_FAULTS.labels(NAME, kind).inc(count)
        for problem in problems:
            tell = _log.warning if problem.severity is Severity.WARNING else _log.error
            tell(problem.message, file=problem.file, line=problem.line, hint=problem.hint)


def _marks(place: dict[str, Any], name: str) -> tuple[Mark, ...]:
    return tuple(Mark(**mark) for mark in place.get(name, ()))


def _second(line: FileLine) -> float:
    """Return the time that a line of the queue log begins with; 0 where it has none."""
    second = line.raw.partition(b"|")[0].partition(b".")[0]
    return float(second) if second.isdigit() and len(second) <= len("9999999999") + 1 else 0.0


@receiver("asterisk_cdr", group="switchboard")
async def start_asterisk_cdr(settings: Settings, inbox: ReadingInbox) -> RunningReceiver:
    """Follow the logs that `settings.switchboard` names.

    Raises:
        ColumnsError: the declared columns are not those of call records.
    """
    switchboard = settings.switchboard
    return Follower(NAME, str(switchboard.records), AsteriskLogs(settings), inbox, switchboard.poll_seconds)
