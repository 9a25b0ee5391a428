"""Which parts of a message are its text, which are files that came along, and which are other messages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dtm_contact.model import Attachment
from dtm_contact.reading import limits, notes
from dtm_contact.reading.attachments import PDF, describe_octets
from dtm_contact.reading.decoding import DecodedBody, clean, clean_line, decode
from dtm_contact.reading.encapsulated import PKCS7, TNEF_TYPES, unwrap_tnef, without_armour
from dtm_contact.reading.lines import Line, html_lines, lines_of
from dtm_contact.reading.mime import Node
from dtm_contact.reading.notes import Notes

_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})
_REPORTS: Final = frozenset({
    "message/delivery-status", "message/global-delivery-status", "message/disposition-notification",
    "message/global-disposition-notification", "message/feedback-report", "text/rfc822-headers",
    "message/global-headers", "message/rfc822", "message/global",
})  # fmt: skip
_SIGNATURES: Final = frozenset({
    "application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
})  # fmt: skip
_INVITATIONS: Final = frozenset({"text/calendar", "application/ics"})
_SPLIT_OFF: Final = re.compile(r"ATT\d{5}\.(?:txt|html?)", re.IGNORECASE)
"""The name that Exchange gives to text behind a picture, which the writer wrote in one."""

_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_UNREAD_ALTERNATIVES: Final = frozenset({"text/x-amp-html", "text/watch-html", "text/enriched", "text/richtext"})


@dataclass(slots=True)
class Content:
    """What a message holds, sorted.

    Attributes:
        lines: its text.
        spare: words found elsewhere (an invitation, a named text, a winmail.dat), its text where it has no other.
        files: what came along.
        letters: the octets of those that may be letters in PDF, by their digest.
        messages: other messages within it.
        undecoded: some of its text could not be decoded, and is left out.
    """

    lines: list[Line] = field(default_factory=list)
    spare: list[Line] = field(default_factory=list)
    files: list[Attachment] = field(default_factory=list)
    letters: dict[str, bytes] = field(default_factory=dict)
    messages: list[Node] = field(default_factory=list)
    undecoded: bool = False

    def add(self, other: "Content") -> None:
        """Take in what another part holds."""
        if self.lines and other.lines:
            self.lines.append(Line(""))
        self.lines.extend(other.lines)
        self.undecoded |= other.undecoded
        self.add_companions(other)

    def add_companions(self, other: "Content") -> None:
        """Take in all of another part but its text."""
        self.add_files(other)
        self.messages.extend(other.messages)
        self.spare.extend(other.spare)

    def add_files(self, other: "Content") -> None:
        """Take in the files of another part."""
        self.files.extend(other.files)
        self.letters.update(other.letters)

    def has_text(self) -> bool:
        """Return whether there is a word in the text."""
        return any(character.isalnum() for line in self.lines for character in line.text)


@dataclass(frozen=True, slots=True)
class ContentReader:
    """Sorts what one message holds.

    Attributes:
        root: the message.
        noted: takes notes.
        zone: of an invitation's times.
        letter_octets: how large a PDF may be whose octets are kept to be read; 0: none is.
    """

    root: Node
    noted: Notes
    zone: tzinfo
    letter_octets: int = 0

    def read(self) -> Content:
        """Return what the message holds."""
        content = self._part(self.root)
        if content.undecoded:
            self.noted.add(notes.UNDECODED)
        if not content.has_text():
            content.lines = content.spare
        return content

    def _part(self, node: Node) -> Content:
        """Read one part; the nesting is bounded where the parts were cut, so this may recurse."""
        kind = node.media_type
        if kind in _MESSAGES and node is not self.root:
            return Content(messages=[node])
        if not node.children:
            return self._leaf(node)
        if kind == "multipart/alternative":
            return self._alternative(node)
        if kind == "multipart/signed" or kind in PKCS7:
            self.noted.add(notes.SIGNED)
            return self._part(node.children[0])
        if kind == "multipart/encrypted":
            self.noted.add(notes.ENCRYPTED)
        content = Content()
        for child in node.children:
            if kind != "multipart/report" or child.media_type not in _REPORTS:
                content.add(self._part(child))
        return content

    def _alternative(self, node: Node) -> Content:
        """Prefer the plain text where it says something, else the richest text that does."""
        content = Content()
        choices: list[tuple[str, Content]] = []
        for child in node.children:
            if child.media_type not in _UNREAD_ALTERNATIVES:
                choice = self._part(child)
                content.add_companions(choice)
                choices.append((child.media_type, choice))
        chosen = [choice for kind, choice in choices if kind == "text/plain" and _says_something(choice)]
        chosen += [choice for _, choice in reversed(choices) if choice.has_text()]
        content.lines = chosen[0].lines if chosen else []
        content.undecoded = not chosen and any(choice.undecoded for _, choice in choices)
        return content

    def _leaf(self, node: Node) -> Content:
        kind = node.media_type
        if node.unread or kind in _SIGNATURES or kind == "application/pgp-encrypted":
            return Content()
        if kind in _INVITATIONS:
            return self._invitation(node)
        if kind in TNEF_TYPES or (node.filename.lower() == "winmail.dat" and kind == "application/octet-stream"):
            return self._wrapped(node)
        if kind in PKCS7:
            self.noted.add(_sealed_note(node))
        if kind == "message/partial":
            self.noted.add(notes.PARTIAL)
        if not _is_text(kind) or node.disposition == "attachment":
            return self._files([(node.filename, node.octets(), kind)])
        body = node.body()
        lines = _text(node, body, self.noted) if body.sound else []
        if node.filename and node is not self.root and not _SPLIT_OFF.fullmatch(node.filename):
            held = self._files([(node.filename, node.octets(), kind)])
            held.spare = lines
            return held
        return Content(lines=lines, undecoded=not body.sound)

    def _invitation(self, node: Node) -> Content:
        note, words = read_invitation(node, self.zone)
        self.noted.add(note)
        return Content(spare=lines_of(clean(words)))

    def _wrapped(self, node: Node) -> Content:
        wrapped = unwrap_tnef(node.octets())
        files = [(name, octets, "application/octet-stream") for name, octets in wrapped.files]
        self.noted.add(notes.TNEF if files or wrapped.text else notes.TNEF_UNREADABLE)
        held = self._files(files or [(node.filename, node.octets(), node.media_type)])
        held.spare = lines_of(clean(wrapped.text))
        return held

    def _files(self, files: Iterable[tuple[str, bytes, str]]) -> Content:
        """Return the attachments of files by name, octets and declared type; a PDF keeps its octets to be read."""
        held = Content()
        for name, octets, declared in files:
            attachment = describe_octets(name, octets, declared)
            held.files.append(attachment)
            if self.letter_octets and attachment.media_type == PDF and len(octets) <= self.letter_octets:
                held.letters[attachment.sha256] = octets
        return held


def _is_text(kind: str) -> bool:
    """Return whether a part without children is text; a multipart that never shows its boundary is."""
    return kind in {"text/plain", "message/partial"} or kind in _HTML or kind.startswith("multipart/")


def _sealed_note(node: Node) -> str:
    return notes.SIGNED_UNREADABLE if node.parameters.get("smime-type", "") == "signed-data" else notes.ENCRYPTED


def _says_something(choice: Content) -> bool:
    words = " ".join(line.text for line in choice.lines[:20]).strip()[:300].lower()
    placeholder = "html" in words and len(words) < 250  # noqa: PLR2004
    return choice.has_text() and not placeholder


def _text(node: Node, body: DecodedBody, noted: Notes) -> list[Line]:
    lines = _encoded_text(node, body.octets, noted)
    if body.tail:
        lines = [*lines, Line(""), *lines_of(clean(decode(body.tail[: limits.PLAIN_OCTETS])))]
    return lines


def _encoded_text(node: Node, data: bytes, noted: Notes) -> list[Line]:
    charset = node.parameters.get("charset", "")
    if node.media_type in _HTML or data[:200].lstrip()[:14].lower().startswith((b"<html", b"<!doctype html")):
        return html_lines(data, charset, noted)
    if len(data) > limits.PLAIN_OCTETS:
        data = data[: limits.PLAIN_OCTETS]
        noted.add(notes.TEXT_CUT)
    text = without_armour(clean(decode(data, charset)), noted)
    if node.parameters.get("format", "").lower() == "flowed":
        text = _unfolded(text, delsp=node.parameters.get("delsp", "").lower() == "yes")
    return lines_of(text)


def _unfolded(text: str, *, delsp: bool) -> str:
    """Join the soft breaks of format=flowed (RFC 3676 section 4), within one depth of quotation."""
    paragraphs: list[list[str]] = []
    open_depth = -1
    for row in text.split("\n"):
        depth = len(row) - len(row.lstrip(">"))
        words = row[depth:].removeprefix(" ")
        soft = words.endswith(" ") and words != "-- "
        piece = words[:-1] if soft and delsp else words
        if depth == open_depth:
            paragraphs[-1].append(piece)
        else:
            paragraphs.append([">" * depth + " " * bool(depth) + piece])
        open_depth = depth if soft else -1
    return "\n".join("".join(pieces) for pieces in paragraphs)


_CALENDAR_OCTETS: Final = 200_000
_LONGEST_CALENDAR_NOTE: Final = 300
_CALENDAR_FOLD: Final = re.compile(r"\r?\n[ \t]")
_EVENT: Final = re.compile(
    r"^BEGIN:VEVENT\s*$(?P<lines>.*?)(?:^END:VEVENT|\Z)", re.DOTALL | re.MULTILINE | re.IGNORECASE
)
_CALENDAR_METHOD: Final = re.compile(r"^METHOD:([A-Z]{1,20})", re.MULTILINE | re.IGNORECASE)
_CALENDAR_PROPERTY: Final = re.compile(
    r"^(?P<name>SUMMARY|DESCRIPTION|LOCATION|DTSTART)(?P<parameters>;[^:\n]{0,300})?:(?P<value>[^\n]*)$",
    re.MULTILINE | re.IGNORECASE,
)
_CALENDAR_ACCEPTS: Final = re.compile(r"^ATTENDEE[^:\n]{0,600};PARTSTAT=\"?ACCEPTED\b", re.MULTILINE | re.IGNORECASE)
_CALENDAR_COMMENT: Final = re.compile(r"^COMMENT[;:]", re.MULTILINE | re.IGNORECASE)
_CALENDAR_ESCAPE: Final = re.compile(r"\\([nN;,\\])")
_CALENDAR_STAMP: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?")
_CALENDAR_ZONE: Final = re.compile(r"TZID=\"?([\w/+-]{1,60})", re.IGNORECASE)
_CALENDAR_KINDS: Final = {
    "CANCEL": "Annulation d'un rendez-vous d'agenda",
    "REPLY": "Réponse à une invitation d'agenda",
    "COUNTER": "Contre-proposition à une invitation d'agenda",
}


def read_invitation(node: Node, zone: tzinfo) -> tuple[str, str]:
    """Return the note that describes an invitation, and its words (summary and description)."""
    text = _CALENDAR_FOLD.sub("", decode(node.octets()[:_CALENDAR_OCTETS], node.parameters.get("charset", "")))
    event = _EVENT.search(text)
    found = {
        match["name"].upper(): match
        for match in reversed(list(_CALENDAR_PROPERTY.finditer(event["lines"] if event else "")))
    }
    values = {name: _unescaped(match["value"]) for name, match in found.items()}
    method = _CALENDAR_METHOD.search(text)
    kind = _CALENDAR_KINDS.get(method[1].upper() if method else "", notes.INVITATION)
    when = _when(found["DTSTART"], zone) if "DTSTART" in found else ""
    details = [
        detail
        for detail in (clean_line(values.get("SUMMARY", "")), when, clean_line(values.get("LOCATION", "")))
        if detail
    ]
    words = "\n".join(filter(None, (values.get("SUMMARY", ""), values.get("DESCRIPTION", ""))))
    return (f"{kind} : {', '.join(details)}" if details else kind)[:_LONGEST_CALENDAR_NOTE], words


def is_acceptance(node: Node) -> bool:
    """Return whether a calendar's part only says that an invitation is accepted (RFC 5546 section 3.2.3).

    Who declines, proposes another time or adds a comment wants something to be read.
    """
    text = _CALENDAR_FOLD.sub("", decode(node.octets()[:_CALENDAR_OCTETS], node.parameters.get("charset", "")))
    method = _CALENDAR_METHOD.search(text)
    replies = method is not None and method[1].upper() == "REPLY"
    return replies and bool(_CALENDAR_ACCEPTS.search(text)) and not _CALENDAR_COMMENT.search(text)


def _unescaped(value: str) -> str:
    return _CALENDAR_ESCAPE.sub(lambda escape: "\n" if escape[1] in "nN" else escape[1], value.rstrip("\r"))


def _when(start: re.Match[str], zone: tzinfo) -> str:
    stamp = _CALENDAR_STAMP.match(start["value"])
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
    named = _CALENDAR_ZONE.search(start["parameters"] or "")
    if named is None or ".." in named[1] or named[1].startswith("/"):
        return zone
    try:
        return ZoneInfo(named[1])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return zone
