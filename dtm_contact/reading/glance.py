"""A glance at a message: the words that stand in its first octets, at a small part of what reading it costs.

Nothing is separated here (a quoted reply, a signature, a script): it serves to choose what is read first, not to read.
"""

import binascii
import re
from email.errors import HeaderParseError
from email.header import decode_header
from html import unescape

_SUBJECT = re.compile(rb"^subject:[ \t]*((?:.*\n)(?:[ \t].*\n)*)", re.IGNORECASE | re.MULTILINE)
_FROM = re.compile(_SUBJECT.pattern.replace(b"subject", b"from"), _SUBJECT.flags)
_MESSAGE_ID = re.compile(rb"^message-id:\s*<?([^<>\s]+)", re.IGNORECASE | re.MULTILINE)
_FIELD = re.compile(
    rb"^content-type:[ \t]*(?P<type>[a-z]+)/|^content-transfer-encoding:[ \t]*\"?(?P<coding>base64|quoted-printable)",
    re.IGNORECASE | re.MULTILINE,
)
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\r\n]+")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_LINE_OCTETS = 1_000
_MOST_PARTS = 20
_ENOUGH = 200
"""Characters of a text from which the other parts are taken for the same once more (HTML) or for files."""


def texts_at_a_glance(head: bytes) -> list[str]:
    """Return a message's subject and its texts, as far as they stand in its first octets."""
    return [_subject(head), *_bodies(head)]


def sender_at_a_glance(head: bytes) -> str:
    """Return whom a message says it is from, name and address as they stand there, else nothing."""
    return " ".join(_line(_FROM, head).split())


def message_id_at_a_glance(head: bytes) -> str:
    """Return a message's own id, without angle brackets; empty where it has none, or not in its first octets."""
    end = _END_OF_HEAD.search(head)
    # That of a message which it holds is another's.
    found = _MESSAGE_ID.search(head, 0, end.start() if end is not None else len(head))
    return _decoded(found[1][:_LINE_OCTETS]) if found is not None else ""


def _subject(head: bytes) -> str:
    return _line(_SUBJECT, head)


def _line(field: re.Pattern[bytes], head: bytes) -> str:
    """Return what stands in the first header field of a kind, decoded."""
    found = field.search(head)
    if found is None:
        return ""
    line = _decoded(found[1][:_LINE_OCTETS])
    try:
        parts = decode_header(line) if "=?" in line else [(line, None)]
    except (HeaderParseError, ValueError):
        return line
    return "".join(part if isinstance(part, str) else _decoded(part, charset) for part, charset in parts)


def _bodies(head: bytes) -> list[str]:
    """Return the texts of the parts that are text, decoded as their heads say, until there is enough."""
    texts: list[str] = []
    place = 0
    for _ in range(_MOST_PARTS):
        end_of_head = _END_OF_HEAD.search(head, place)
        if end_of_head is None or sum(map(len, texts)) >= _ENOUGH:
            break
        kind, coding = b"text", b""
        for field in _FIELD.finditer(head, place, end_of_head.start()):
            kind, coding = field["type"] or kind, field["coding"] or coding
        place = end_of_head.end()
        if kind.lower() not in _HOLDING_PARTS:
            # A delimiter begins a line with two hyphens (RFC 2046 section 5.1.1); so may a signature.
            end = head.find(b"\n--", place)
            end = end if end >= 0 else len(head)
            if kind.lower() == b"text":
                texts.append(_text(head[place:end], coding.lower()))
            place = end
    return texts


_HOLDING_PARTS = (b"multipart", b"message")


def _text(body: bytes, coding: bytes) -> str:
    if coding == b"base64":
        found = _BASE64.match(body)
        digits = b"".join(found[0].split()) if found else b""
        try:
            body = binascii.a2b_base64(digits[: len(digits) // 4 * 4])
        except binascii.Error:
            return ""
    elif coding == b"quoted-printable":
        body = binascii.a2b_qp(body)
    text = _decoded(body)
    if "<" in text:
        text = _TAG.sub(" ", text)
    return unescape(text) if "&" in text else text


def _decoded(octets: bytes, charset: str | None = None) -> str:
    """Return text by its charset, else as UTF-8, else as what western mail programs mean by anything else."""
    try:
        return octets.decode(charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return octets.decode("cp1252", "replace")
