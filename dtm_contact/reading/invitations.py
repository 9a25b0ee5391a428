"""Calendar invitations (RFC 5545): what, when and where, told in a note."""

import re
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dtm_contact.reading import notes
from dtm_contact.reading.charsets import clean_line, decode
from dtm_contact.reading.mime import Node

_READ: Final = 200_000
_SHOWN: Final = 300
_FOLD: Final = re.compile(r"\r?\n[ \t]")
_EVENT: Final = re.compile(
    r"^BEGIN:VEVENT\s*$(?P<lines>.*?)(?:^END:VEVENT|\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_METHOD: Final = re.compile(r"^METHOD:([A-Z]{1,20})", re.MULTILINE | re.IGNORECASE)
_PROPERTY: Final = re.compile(
    r"^(?P<name>SUMMARY|DESCRIPTION|LOCATION|DTSTART)(?P<parameters>;[^:\n]{0,300})?:(?P<value>[^\n]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_ACCEPTS: Final = re.compile(r"^ATTENDEE[^:\n]{0,600};PARTSTAT=\"?ACCEPTED\b", re.MULTILINE | re.IGNORECASE)
_COMMENT: Final = re.compile(r"^COMMENT[;:]", re.MULTILINE | re.IGNORECASE)
_ESCAPE: Final = re.compile(r"\\([nN;,\\])")
_STAMP: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")
_ZONE: Final = re.compile(r"TZID=\"?([\w/+-]{1,60})", re.IGNORECASE)
_KINDS: Final = {
    "CANCEL": "Annulation d'un rendez-vous d'agenda",
    "REPLY": "Réponse à une invitation d'agenda",
    "COUNTER": "Contre-proposition à une invitation d'agenda",
}


def read_invitation(node: Node, zone: tzinfo) -> tuple[str, str]:
    """Return the note that tells of an invitation, and its words (summary and description)."""
    text = _FOLD.sub("", decode(node.octets()[:_READ], node.parameters.get("charset", "")))
    event = _EVENT.search(text)
    found = {
        match["name"].upper(): match for match in reversed(list(_PROPERTY.finditer(event["lines"] if event else "")))
    }
    values = {name: _unescaped(match["value"]) for name, match in found.items()}
    method = _METHOD.search(text)
    kind = _KINDS.get(method[1].upper() if method else "", notes.INVITATION)
    when = _when(found["DTSTART"], zone) if "DTSTART" in found else ""
    details = [
        detail
        for detail in (clean_line(values.get("SUMMARY", "")), when, clean_line(values.get("LOCATION", "")))
        if detail
    ]
    words = "\n".join(filter(None, (values.get("SUMMARY", ""), values.get("DESCRIPTION", ""))))
    return (f"{kind} : {', '.join(details)}" if details else kind)[:_SHOWN], words


def is_acceptance(node: Node) -> bool:
    """Return whether a calendar's part only says that an invitation is accepted (RFC 5546 section 3.2.3).

    Who declines, proposes another time or adds a comment wants something to be read.
    """
    text = _FOLD.sub("", decode(node.octets()[:_READ], node.parameters.get("charset", "")))
    method = _METHOD.search(text)
    replies = method is not None and method[1].upper() == "REPLY"
    return replies and bool(_ACCEPTS.search(text)) and not _COMMENT.search(text)


def _unescaped(value: str) -> str:
    return _ESCAPE.sub(lambda escape: "\n" if escape[1] in "nN" else escape[1], value.rstrip("\r"))


def _when(start: re.Match[str], zone: tzinfo) -> str:
    stamp = _STAMP.match(start["value"])
    if stamp is None:
        return ""
    year, month, day, hour, minute = (int(part or 0) for part in stamp.groups()[:5])
    try:
        moment = datetime(year, month, day, hour, minute, tzinfo=_zone_of(start, stamp, zone)).astimezone(zone)
    except (ValueError, OverflowError):
        return ""
    return moment.strftime("le %d/%m/%Y" if stamp[4] is None else "le %d/%m/%Y à %H:%M")


def _zone_of(start: re.Match[str], stamp: re.Match[str], zone: tzinfo) -> tzinfo:
    if stamp[7]:
        return ZoneInfo("UTC")
    named = _ZONE.search(start["parameters"] or "")
    if named is None or ".." in named[1] or named[1].startswith("/"):
        return zone
    try:
        return ZoneInfo(named[1])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return zone
