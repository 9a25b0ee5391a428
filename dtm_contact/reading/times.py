"""When a contact was made: its Date where that can be true, else the newest Received, else its arrival."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from typing import Final
from zoneinfo import ZoneInfo

from dtm_contact.reading.charsets import decode
from dtm_contact.reading.headers import Headers

PARIS: Final = ZoneInfo("Europe/Paris")
_FIRST_YEAR: Final = 1990
_AHEAD: Final = timedelta(days=1)
_BEHIND: Final = timedelta(days=30)
_OFFSET: Final = re.compile(r"(?:[+-]\d{1,2}:?\d{2}|\b(?:GMT|UTC?|Z|[ECMP][SD]T))$", re.IGNORECASE)
_COLON: Final = re.compile(r"([+-]\d{2}):(\d{2})$")
_COMMENT: Final = re.compile(r"\([^()]*\)?")


def parse_time(text: str, zone: tzinfo = PARIS) -> datetime | None:
    """Return the time that a Date header gives (RFC 5322 section 3.3), aware; None where it cannot be one.

    A time without an offset is of `zone`.
    """
    try:
        bare = _COLON.sub(r"\1\2", _COMMENT.sub(" ", text[:200]).strip())
        parts = parsedate_tz(bare)
        if parts is None:
            return None
        *fields, offset = (*parts[:6], parts[9] if _OFFSET.search(bare) else None)
        year, month, day, hour, minute, second = (int(part or 0) for part in fields)
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_offset(offset, zone))
    except (ValueError, IndexError, TypeError, OverflowError):
        return None


def _offset(seconds: int | None, zone: tzinfo) -> tzinfo:
    if seconds is None:
        return zone
    return timezone(timedelta(seconds=seconds)) if seconds else UTC


def time_of(headers: Headers, fallback: datetime, zone: tzinfo = PARIS) -> datetime:
    """Return the time of a message with these headers; aware.

    Its Date is absurd before 1990, more than a day after its newest Received (without one: after `fallback`), and more
    than 30 days before its newest Received, which is longer than any server keeps trying.
    """
    stamped = parse_time(decode(headers.raw("date")), zone)
    received = parse_time(decode(headers.raw("received")).rpartition(";")[2], zone)
    if received is not None and not _plausible(received, fallback, None):
        received = None
    if stamped is not None and _plausible(stamped, received or fallback, received):
        return stamped
    return received or fallback


def _plausible(time: datetime, latest: datetime, received: datetime | None) -> bool:
    if time.year < _FIRST_YEAR or time - latest > _AHEAD:
        return False
    return received is None or received - time <= _BEHIND
