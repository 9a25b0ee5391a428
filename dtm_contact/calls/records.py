"""Call records of Asterisk (CSV) read line by line: strictly where a value decides, with the times as they are meant.

Their times are local ones without an offset, held against the second in each uniqueid.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dtm_contact.calls.log_lines import LONGEST_LINE, Faults, FileLine
from dtm_contact.errors import DtmContactError
from dtm_contact.model import Problem, Severity

_SECONDS = re.compile(r"[0-9]{9,11}(?:\.[0-9]+)?")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")
_JITTER = 5.0  # seconds: a record's channel was made before its call began, by the same clock
_QUARTER = 900  # seconds: the offsets of all time zones are multiples of a quarter of an hour
_EXACT = 2.0  # seconds
_WRONG_SHARE = 0.05
_HOUR = 3600
_BASE = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata",
    "start", "answer", "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_NEW = ("peeraccount", "linkedid", "sequence")
FIELDS = frozenset({*_BASE, "uniqueid", "userfield", *_NEW})
"""The fields of a record, as `CDR()` names them."""
PASSED_OVER = "-"
"""In the declared columns: a column that is not read."""
_NEEDED = ("src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "disposition", "start", "end")
_UNIQUEID = re.compile(r"(?:[^,|\s]{1,128}-)?([0-9]{9,11})\.[0-9]+")
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_DAY = 24 * 3600.0
_LONGEST_CALL = _DAY
_DURATION_DIGITS = 7
_TORN = "was the line torn?"


@lru_cache(maxsize=16_384)
def _readings(text: str, zone: ZoneInfo) -> tuple[float, float]:
    """Return both readings of a local time, in seconds since 1970; they differ where clocks are changed.

    Raises:
        ValueError: it is no time.
    """
    if _SECONDS.fullmatch(text):
        return float(text), float(text)
    if not _LOCAL.fullmatch(text):
        raise ValueError("no time of the form YYYY-MM-DD hh:mm:ss")
    local = datetime.fromisoformat(text)
    return (
        local.replace(tzinfo=zone, fold=0).timestamp(),
        local.replace(tzinfo=zone, fold=1).timestamp(),
    )


def begin(text: str, zone: ZoneInfo, second: float | None) -> float:
    """Return when a leg began, in seconds since 1970.

    Args:
        text: a local time, or seconds since 1970 as `CDR(start,u)` writes them.
        zone: whose local time it is.
        second: the second in the leg's uniqueid, when its channel was made; it decides which of two readings is
            meant in the hour that comes twice, and in the one that does not exist. None where there is none.

    Raises:
        ValueError: it is no time.
    """
    first, other = _readings(text, zone)
    if first == other or second is None:
        return first
    not_before = [reading for reading in (first, other) if reading >= second - _JITTER]
    return min(not_before) if not_before else max(first, other)


def later(text: str, zone: ZoneInfo, start: float, expected: float) -> float:
    """Return when a leg was answered or ended: of two readings the one nearest to `expected`, `start` at least.

    Raises:
        ValueError: it is no time.
    """
    first, other = _readings(text, zone)
    return min((first, other), key=lambda reading: (reading < start, abs(reading - expected)))


@dataclass(slots=True)
class ZoneCheck:
    """Whether the local times of records agree with the seconds in their uniqueids.

    A wrong time zone shows as a difference of whole quarters of an hour, to the second.
    """

    zone: ZoneInfo
    checked: int = 0
    off_by: Counter[int] = field(default_factory=Counter)

    def see(self, start: float, second: float) -> None:
        """Compare the time of one record with the second in its uniqueid, which Asterisk counts from 1970 (UTC)."""
        self.checked += 1
        difference = start - second
        quarters = round(difference / _QUARTER)
        if quarters and abs(difference - quarters * _QUARTER) <= _EXACT:
            self.off_by[quarters * _QUARTER] += 1

    @property
    def wrong(self) -> bool:
        """Whether so many records are off that the zone must be wrong."""
        return self.off_by.total() > self.checked * _WRONG_SHARE

    def problem(self, file: str) -> Problem | None:
        """Return the fault to tell, or None where the zone is right."""
        if not self.wrong:
            return None
        seconds, _count = self.off_by.most_common(1)[0]
        hours = f"{abs(seconds) / _HOUR:g} h {'late' if seconds > 0 else 'early'}"
        return Problem(
            file,
            0,
            0,
            f"the time zone is wrong: read as {self.zone.key}, the times of {self.off_by.total()} of "
            f"{self.checked} calls are off from the second in their uniqueid, mostly {hours}",
            "set DTM_SWITCHBOARD_TIMEZONE to the zone that the switchboard writes its times in",
        )


class ColumnsError(DtmContactError):
    """The setting DTM_SWITCHBOARD_COLUMNS does not name the columns of a call record."""


class _NoRecordError(Exception):
    """A line is no record; says why, and what would be right."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Record:
    """One record: a leg of a call, or an agent's phone that rang for it. Times in seconds since 1970.

    Attributes:
        file, line: where it stands.
        row: all its columns; the same row twice is one record.
        call_id: the linkedid; the uniqueid where there is none; else its channel and start.
        uniqueid: of its channel; empty where the log has none. Not a key: all agents that rang for one share it.
        source, destination, context, caller_id, channel, answering_channel, application, disposition: as written.
        answered: somebody or something answered.
        start, end: when the leg began and ended.
    """

    file: str
    line: int
    row: tuple[str, ...]
    call_id: str
    uniqueid: str
    source: str
    destination: str
    context: str
    caller_id: str
    channel: str
    answering_channel: str
    application: str
    answered: bool
    start: float
    end: float


class RecordReader:
    """Reads lines of one file; keeps nothing but the faults and whether the time zone is right."""

    def __init__(
        self,
        file: str,
        zone: ZoneInfo,
        faults: Faults,
        columns: tuple[str, ...] = (),
        *,
        now: float | None = None,
    ) -> None:
        """Take what lines are read by.

        Args:
            file: the file's name, for faults.
            zone: of the times.
            faults: where faults are told.
            columns: their names, where they are declared.
            now: seconds since 1970; a record of a day later is told. None: the clock is not asked.

        Raises:
            ColumnsError: the declared columns hold an unknown field, one twice, or not all that are needed.
        """
        self.file = file
        self.zone_check = ZoneCheck(zone)
        self.faults = faults
        self._declared = _layout(columns) if columns else None
        self._zone = zone
        self._line = 0
        self._latest = float("inf") if now is None else now + _DAY

    def now(self, now: float) -> None:
        """Say what time it is, in seconds since 1970, for a log that is followed."""
        self._latest = now + _DAY

    def read(self, line: FileLine) -> Record | None:
        """Return the record of a line; None where it holds none, the fault being told unless the line is empty."""
        if not line.raw.strip():
            return None
        self._line = line.number
        try:
            return self._record(line)
        except _NoRecordError as error:
            message = str(error)
            self.faults.add(Problem(self.file, line.number, 0, message, error.hint), _kind(message))
            return None

    def _record(self, line: FileLine) -> Record:
        row = _row(line)
        at = self._declared or _detected(row)
        if len(row) != at["width"]:
            raise _NoRecordError(f"{len(row)} columns in place of {at['width']}", "as DTM_SWITCHBOARD_COLUMNS has it")
        if self._declared is None and "sequence" in at and not row[at["sequence"]].isdigit():
            raise _NoRecordError(f"{len(row)} columns, and the last one is no sequence number", _TORN)
        uniqueid = row[at["uniqueid"]] if "uniqueid" in at else ""
        linkedid = row[at["linkedid"]] if "linkedid" in at else ""
        second = _second(uniqueid)
        start, end = self._times(row, at, second)
        if start > self._latest:
            self._doubt("the record's time lies in the future", "is the clock of the switchboard right, or this one's?")
        if second is not None and linkedid in {"", uniqueid}:
            self.zone_check.see(start, second)
        channel = row[at["channel"]]
        return Record(
            file=self.file,
            line=line.number,
            row=tuple(row),
            call_id=linkedid or uniqueid or f"{channel}@{row[at['start']]}",
            uniqueid=uniqueid,
            source=row[at["src"]],
            destination=row[at["dst"]],
            context=row[at["dcontext"]],
            caller_id=row[at["clid"]] if "clid" in at else "",
            channel=channel,
            answering_channel=row[at["dstchannel"]],
            application=row[at["lastapp"]],
            answered=row[at["disposition"]].upper() == "ANSWERED",
            start=start,
            end=end,
        )

    def _times(self, row: list[str], at: dict[str, int], second: float | None) -> tuple[float, float]:
        written = row[at["start"]]
        if not written and second is None:
            raise _NoRecordError("no start time", "YYYY-MM-DD hh:mm:ss")
        start = self._time("start", written, second) if written else second
        assert start is not None  # noqa: S101 - told above
        if second is not None and abs(start - second) > _LONGEST_CALL:
            days = (start - second) / _LONGEST_CALL
            raise _NoRecordError(
                f"the start is {days:+.0f} days away from the second in its uniqueid", "a clock was wrong"
            )
        return start, self._end(row, at, start)

    def _end(self, row: list[str], at: dict[str, int], start: float) -> float:
        """Return when the leg ended.

        One that cannot be true is told, and the duration taken in its place: the caller must not be lost with it.
        """
        expected = start + (_number(row[at["duration"]]) or 0.0 if "duration" in at else 0.0)
        if not row[at["end"]]:
            return expected
        try:
            end = later(row[at["end"]], self._zone, start, expected)
        except ValueError:
            fault = "the end is no time"
        else:
            if start <= end <= start + _LONGEST_CALL:
                return end
            fault = "the end lies before the start" if end < start else "the call lasts longer than a day"
        self._doubt(fault, "its duration counts instead, none where that is wrong too")
        return expected

    def _doubt(self, message: str, hint: str) -> None:
        self.faults.add(Problem(self.file, self._line, 0, message, hint, Severity.WARNING))

    def _time(self, name: str, written: str, second: float | None) -> float:
        try:
            return begin(written, self._zone, second)
        except ValueError:
            raise _NoRecordError(f"the {name} is no time", "YYYY-MM-DD hh:mm:ss") from None


def _row(line: FileLine) -> list[str]:
    if line.too_long:
        raise _NoRecordError(f"the line has {line.size} octets", f"a record has {LONGEST_LINE} at the most")
    if _NOT_TEXT.search(line.raw):
        raise _NoRecordError("the line is not text", "one record of comma-separated values a line")
    try:
        text = line.raw.decode("utf-8")
    except UnicodeDecodeError:
        text = line.raw.decode("cp1252", "replace")
    try:
        return next(csv.reader((text,), strict=True))
    except csv.Error:
        hint = 'a quotation mark inside a value is written twice: ""'
        raise _NoRecordError("a quotation mark is not closed, or stands inside a value", hint) from None


def _detected(row: list[str]) -> dict[str, int]:
    """Return where the fields stand in a row of `cdr_csv`, whose options add columns at its end."""
    width = len(row)
    layout = _LAYOUTS.get(width)
    if layout is None:
        raise _NoRecordError(f"{width} columns", f"a record has 16 to 21; {_TORN}")
    if width in {17, 20} and not _UNIQUEID.fullmatch(row[16]):
        return _WITHOUT_UNIQUEID[width]
    return layout


def _layout(columns: tuple[str, ...]) -> dict[str, int]:
    named = [column.lower() for column in columns if column != PASSED_OVER]
    unknown = sorted(set(named) - FIELDS)
    missing = [field for field in _NEEDED if field not in named]
    if unknown or missing or len(set(named)) != len(named):
        raise ColumnsError(
            f"unknown: {', '.join(unknown) or 'none'}; missing: {', '.join(missing) or 'none'}; "
            f"each once; known are {', '.join(sorted(FIELDS))}, and {PASSED_OVER} for a column not read"
        )
    return {column.lower(): index for index, column in enumerate(columns)} | {"width": len(columns)}


_LAYOUTS = {
    16: _layout(_BASE),
    17: _layout((*_BASE, "uniqueid")),
    18: _layout((*_BASE, "uniqueid", "userfield")),
    19: _layout((*_BASE, *_NEW)),
    20: _layout((*_BASE, "uniqueid", *_NEW)),
    21: _layout((*_BASE, "uniqueid", "userfield", *_NEW)),
}
_WITHOUT_UNIQUEID = {17: _layout((*_BASE, "userfield")), 20: _layout((*_BASE, "userfield", *_NEW))}


def _second(uniqueid: str) -> float | None:
    found = _UNIQUEID.fullmatch(uniqueid)
    return float(found[1]) if found else None


def _number(text: str) -> float | None:
    """Return a duration in seconds, None where it is none or longer than a day."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DURATION_DIGITS):
        return None
    return float(text) if float(text) <= _LONGEST_CALL else None


def _kind(message: str) -> str:
    """Return a message without its figures, to count those alike together."""
    return re.sub(r"[+-]?[0-9]+", "…", message)
