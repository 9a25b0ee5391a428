"""The times of call records: local times without an offset, held against the second in each uniqueid."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from dtm_contact.model import Problem

_SECONDS = re.compile(r"[0-9]{9,11}(?:\.[0-9]+)?")
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?")
_JITTER = 5.0  # seconds: a record's channel was made before its call began, by the same clock
_QUARTER = 900  # seconds: the offsets of all time zones are multiples of a quarter of an hour
_EXACT = 2.0  # seconds
_WRONG_SHARE = 0.05
_HOUR = 3600


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
        """Take one record into account: when its first leg began, and the second in its uniqueid."""
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
