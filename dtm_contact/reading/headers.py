"""The headers of a message or a part (RFC 5322): fields, parameters, mailboxes and dates, each decoded on demand."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from typing import Final
from urllib.parse import unquote_to_bytes
from zoneinfo import ZoneInfo

from dtm_contact.model import Mailbox
from dtm_contact.reading import limits
from dtm_contact.reading.decoding import clean_line, decode, decode_header, decode_words
from dtm_contact.text import fold

_BLANK: Final = re.compile(rb"\n\r*\n")
_HEADER: Final = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")
_FIELD: Final = re.compile(rb"[^\n]*(?:\n[ \t][^\n]*)*\n?")
_ENVELOPE: Final = re.compile(rb">?From [^\n]*\n")
_KNOWN: Final = re.compile(
    rb"^(?:from|to|subject|date|message-id|mime-version|content-[a-z-]+|received|return-path|x-[a-z0-9-]+)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Headers:
    """Headers in their order; names in lower case, bodies as they came, folds included."""

    fields: tuple[tuple[str, bytes], ...] = ()
    cut: bool = False
    _first: dict[str, bytes] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the first header of each name."""
        for name, body in self.fields:
            self._first.setdefault(name, body)

    def __contains__(self, name: str) -> bool:
        return name in self._first

    def raw(self, name: str) -> bytes:
        """Return the body of the first header of that name, as it came; empty where there is none."""
        return self._first.get(name, b"")

    def all_raw(self, name: str) -> tuple[bytes, ...]:
        """Return the bodies of all headers of that name, topmost first."""
        if name not in self._first:
            return ()
        return tuple(body for known, body in self.fields if known == name)

    def text(self, name: str) -> str:
        """Return the first header of that name decoded, on one line; empty where there is none."""
        body = self._first.get(name)
        return decode_header(body) if body else ""


def with_line_feeds(raw: bytes) -> bytes:
    """Return a message whose lines end with line feeds, also where they ended as on old Macintosh systems."""
    return raw if b"\n" in raw[: limits.HEADER_BLOCK_OCTETS] else raw.replace(b"\r", b"\n")


def split_head(source: bytes, start: int, end: int) -> tuple[Headers, int]:
    """Read the headers that `source[start:end]` begins with; return them and the offset of the body.

    A line that is no header ends them, unless well-known headers follow: a broken line costs that line, never the text.
    """
    envelope = _ENVELOPE.match(source, start, end)
    while envelope:
        start = envelope.end()
        envelope = _ENVELOPE.match(source, start, end)
    body, head_end = _body_offset(source, start, end)
    block = source[start : min(head_end, start + limits.HEADER_BLOCK_OCTETS)]
    fields, stop = _fields(block)
    if stop is not None:
        body = start + stop
    cut = head_end - start > limits.HEADER_BLOCK_OCTETS or len(fields) > limits.HEADERS
    cut = cut or any(len(value) > limits.HEADER_OCTETS for _, value in fields)
    kept = tuple((name, value[: limits.HEADER_OCTETS]) for name, value in fields[: limits.HEADERS])
    return Headers(kept, cut), body


def _body_offset(source: bytes, start: int, end: int) -> tuple[int, int]:
    first = re.compile(rb"\r*\n").match(source, start, end)
    if first:
        return first.end(), start
    blank = _BLANK.search(source, start, end)
    return (blank.end(), blank.start() + 1) if blank else (end, end)


def _fields(block: bytes) -> tuple[list[tuple[str, bytes]], int | None]:
    fields: list[tuple[str, bytes]] = []
    position = 0
    while position < len(block):
        line = _FIELD.match(block, position)
        if line is None or line.end() == position:
            break
        header = _HEADER.match(line[0])
        if header:
            fields.append((header[1].decode("ascii").lower(), line[0][header.end() :]))
        elif not _KNOWN.search(block, line.end()):
            return fields, position
        position = line.end()
    return fields, None


_PARAMETER: Final = re.compile(
    r';[\s;]*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"?|[^;]*)',
    re.DOTALL,
)
_SECTION: Final = re.compile(r"\*(\d{1,3})(\*?)$")


def parse_parameters(body: bytes) -> tuple[str, dict[str, str]]:
    """Return the value in lower case and the parameters by lower-case name, each decoded whatever way it is encoded."""
    text = decode(body)
    value = re.split(r"[;\s]", text.strip(), maxsplit=1)[0].lower()
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in _PARAMETER.finditer(text):
        name, content = found[1].lower(), _unquoted_parameter(found[2])
        section = _SECTION.search(name)
        if section:
            sections.setdefault(name[: section.start()], {}).setdefault(int(section[1]), (content, bool(section[2])))
        elif name.endswith("*"):
            sections.setdefault(name[:-1], {}).setdefault(0, (content, True))
        else:
            plain.setdefault(name, content)
    decoded = {name: clean_line(decode_words(content)) for name, content in plain.items()}
    decoded.update({name: clean_line(_joined_sections(parts)) for name, parts in sections.items()})
    return value, decoded


def _unquoted_parameter(content: str) -> str:
    content = content.strip()
    if not content.startswith('"'):
        return content
    inner = content[1:-1] if content.endswith('"') and len(content) > 1 else content[1:]
    # Internet Explorer and its heirs write whole paths: a backslash before a letter is no escape.
    return re.sub(r'\\(["\\])', r"\1", inner)


def _joined_sections(parts: dict[int, tuple[str, bool]]) -> str:
    charset, octets = "", b""
    for number in sorted(parts):
        content, encoded = parts[number]
        if encoded and number == min(parts) and content.count("'") >= 2:  # noqa: PLR2004
            charset, _, content = content.split("'", 2)
        raw = content.encode("utf-8", "replace")
        octets += unquote_to_bytes(raw) if encoded else raw
    text = decode(octets, charset)
    return decode_words(text)


_MAILBOX_TOKEN: Final = re.compile(
    r'"(?P<quoted>(?:[^"\\]|\\.)*)(?:"|$)|\((?P<comment>[^()]*)\)|<(?P<angle>[^<>]*)(?:>|$)|(?P<mark>[,;:])'
    r'|(?P<text>[^"(<,;:]+|.)',
    re.DOTALL,
)
_ADDRESS: Final = re.compile(r"[^\s\"(),:;<>@\[\]]{1,256}@[^\s\"(),:;<>@]{1,255}")


@dataclass(slots=True)
class _MailboxPieces:
    """What stands between two commas."""

    words: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)

    def mailbox(self) -> Mailbox:
        """Return the mailbox that the pieces make; the address in angle brackets is the one that counts."""
        name = " ".join(self.words)
        address = next((found for found in map(_address_in, reversed(self.angles)) if found), "")
        if not address and not self.angles:
            found = _ADDRESS.search(name)
            if found:
                address, name = found[0], f"{name[: found.start()].rstrip(' <')} {name[found.end() :].lstrip(' >')}"
        name = _display_name(name) or _display_name(" ".join(self.comments))
        return Mailbox(name=name, address=clean_line(address).strip(".'"))


def parse_mailboxes(body: bytes) -> tuple[Mailbox, ...]:
    """Return the mailboxes of one header's body, in order; group names are dropped, their members kept. Never fails.

    A comma without quotes inside a name ("Dupont, Jean <a@b>") does not split it.
    """
    found: list[Mailbox] = []
    text = decode(body)
    pieces = _MailboxPieces()
    for token in _MAILBOX_TOKEN.finditer(text):
        if token["mark"] is None:
            _add_token(pieces, token)
        elif token["mark"] == ":":
            pieces = _after_colon(pieces)
        elif pieces.angles or any("@" in word for word in pieces.words):
            found.append(pieces.mailbox())
            pieces = _MailboxPieces()
        elif pieces.words and token["mark"] == ",":
            pieces.words.append(",")
        if len(found) >= limits.MAILBOXES:
            return tuple(found)
    found.append(pieces.mailbox())
    return tuple(mailbox for mailbox in found if mailbox != Mailbox())


def first_mailbox(bodies: tuple[bytes, ...]) -> Mailbox:
    """Return the first mailbox with an address among headers of one name, else the first with a name."""
    mailboxes = [mailbox for body in bodies[:20] for mailbox in parse_mailboxes(body)]
    addressed = (mailbox for mailbox in mailboxes if mailbox.address)
    return next(addressed, mailboxes[0] if mailboxes else Mailbox())


def _add_token(pieces: _MailboxPieces, token: re.Match[str]) -> None:
    if token["quoted"] is not None:
        pieces.words.append(re.sub(r"\\(.)", r"\1", token["quoted"]))
    elif token["comment"] is not None:
        pieces.comments.append(token["comment"])
    elif token["angle"] is not None:
        pieces.angles.append(token["angle"])
    elif token["text"].strip():
        pieces.words.append(token["text"].strip())


def _after_colon(pieces: _MailboxPieces) -> _MailboxPieces:
    """Drop a group's name; keep what cannot be one."""
    if pieces.angles or any("@" in word for word in pieces.words):
        pieces.words.append(":")
        return pieces
    return _MailboxPieces()


def _address_in(angle: str) -> str:
    found = _ADDRESS.search(angle.rsplit(":", 1)[-1])
    return found[0] if found else ""


def _display_name(name: str) -> str:
    name = clean_line(decode_words(name)).replace(" ,", ",").strip(" ,;\"'")
    return name[: limits.DISPLAY]


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
        return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone_of_offset(offset, zone))
    except (ValueError, IndexError, TypeError, OverflowError):
        return None


def _zone_of_offset(seconds: int | None, zone: tzinfo) -> tzinfo:
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


_MONTHS: Final = {
    "jan": 1, "fev": 2, "feb": 2, "mar": 3, "avr": 4, "apr": 4, "mai": 5, "may": 5, "juin": 6, "jun": 6, "juil": 7,
    "jul": 7, "aou": 8, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
_SPOKEN_OFFSET: Final = re.compile(r"[+-]\d{4}\b|\bGMT$")
_WORDED_DAY: Final = re.compile(
    r"\b(?P<day>\d{1,2})(?:er)?\.? (?:de )?(?P<month>[a-z]{3,9})\.?,? (?:de )?(?P<year>\d{4})\b"
)
_MONTH_FIRST_DAY: Final = re.compile(r"\b(?P<month>[a-z]{3,9})\.? (?P<day>\d{1,2}), (?P<year>\d{4})\b")
_NUMBERED_DAY: Final = re.compile(r"\b(?P<day>\d{1,2})[/.](?P<month>\d{1,2})[/.](?P<year>\d{4}|\d{2})\b")
_ISO_DAY: Final = re.compile(r"\b(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b")
_CLOCK: Final = re.compile(r"\b(\d{1,2})\s?[:h]\s?(\d{2})(?::\d{2})?(?:\s?([ap])\.?m)?")


def parse_spoken_time(text: str) -> datetime | None:
    """Return an aware time as mail programs write it for people ("lundi 16 novembre 2026 10:12"); None for no time.

    A time without an offset is of Paris.
    """
    stamped = parse_time(text) if _SPOKEN_OFFSET.search(text[:120]) else None
    if stamped is not None:
        return stamped
    folded = fold(text[:120])
    for known in (_WORDED_DAY, _MONTH_FIRST_DAY, _ISO_DAY, _NUMBERED_DAY):
        day = known.search(folded)
        if day:
            return _spoken_time(day, _CLOCK.search(folded, day.end()) or _CLOCK.search(folded))
    return parse_time(text)


def _spoken_time(day: re.Match[str], clock: re.Match[str] | None) -> datetime | None:
    month = day["month"]
    number = int(month) if month.isdigit() else _MONTHS.get(month[:4]) or _MONTHS.get(month[:3]) or 0
    year = int(day["year"]) + (2000 if len(day["year"]) == 2 else 0)  # noqa: PLR2004
    hour, minute = (int(clock[1]), int(clock[2])) if clock else (0, 0)
    if clock and clock[3]:
        hour = hour % 12 + (12 if clock[3] == "p" else 0)
    try:
        return datetime(year, number, int(day["day"]), hour, minute, tzinfo=PARIS)
    except ValueError:
        return None
