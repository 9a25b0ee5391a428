"""Content transfer encodings undone (RFC 2045 section 6), read also where a mailer on the way broke them."""

import binascii
import io
import re
from dataclasses import dataclass
from typing import Final

from dtm_contact.reading import limits
from dtm_contact.reading.charsets import decode
from dtm_contact.reading.words import decode_base64

_BASE64: Final = "base64"
_UNENCODED: Final = frozenset({"", "7bit", "8bit", "binary"})
_BASE64_LETTERS: Final = re.compile(rb"[A-Za-z0-9+/=]+")
_BASE64_LINES: Final = re.compile(rb"(?:[A-Za-z0-9+/]*+={0,2}+[ \t\r]*+(?:\n|\Z))*+")
"""Lines of nothing but base64; the first one with any other character ends them. Possessive: no line is tried twice."""

_PADDING: Final = re.compile(rb"=[ \t]*+=?[ \t\r]*+(?:\n|\Z)")
_UUENCODED: Final = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)
_UNFIT: Final = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_PROBED: Final = 20_000
_UNFIT_SHARE: Final = 25
"""One control or replacement character in so many is more than any mailer puts into a text."""

_LETTERS_ALONE: Final = 60
"""Letters of base64 from which a text without a transfer encoding is taken to have lost the word for it."""

_LETTERS_BEFORE: Final = 24
"""The same for lines of base64 without padding before other text: no word is as long."""


@dataclass(frozen=True, slots=True)
class DecodedBody:
    """The body of a text part.

    Attributes:
        octets: those that the transfer encoding stands for.
        tail: what follows the encoded text in plain octets, as mailing lists and virus scanners append it.
        sound: they read as text; else nobody can say what they are.
    """

    octets: bytes
    tail: bytes = b""
    sound: bool = True


def undo_transfer(body: bytes, encoding: str) -> bytes:
    """Return the octets behind base64, quoted-printable or uuencode; an unknown encoding is taken for none."""
    if encoding == _BASE64:
        return body if _is_plain(body) else decode_base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    if encoding in {"x-uuencode", "uuencode", "x-uue", "uue"}:
        return _uudecoded(body)
    return body


def read_body(body: bytes, encoding: str, charset: str) -> DecodedBody:
    """Return what the body of a text part holds.

    Base64 ends at its padding, or where a line holds anything else (RFC 2045 section 6.8): what is appended behind is
    text. A text that is base64 though no header says so is read as such.

    Args:
        body: as it stands in the message.
        encoding: the content transfer encoding, in lower case; empty where there is none.
        charset: as the header names it; empty where it does not.
    """
    if len(body) <= limits.ENCODED_TEXT_OCTETS and (encoding == _BASE64 or encoding in _UNENCODED):
        found = _base64_then_text(body, charset, declared=encoding == _BASE64)
        if found is not None:
            return found
    octets = undo_transfer(body, encoding)
    return DecodedBody(octets, sound=_reads_as_text(octets, charset))


def _base64_then_text(body: bytes, charset: str, *, declared: bool) -> DecodedBody | None:
    """Return the text behind leading lines of base64, and what stands behind them; None where there are none."""
    lines = _BASE64_LINES.match(body)
    end = lines.end() if lines else 0
    padding = _PADDING.search(body, 0, end)
    ends = dict.fromkeys((padding.end(), end) if padding else (end,))
    for stop in ends:
        letters = body[:stop].translate(None, b" \t\r\n")
        rest = body[stop:]
        if declared and not rest.strip():
            return None  # nothing but base64: broken padding and all, it is read as leniently as a file
        least = _LETTERS_BEFORE if declared else _LETTERS_ALONE
        whole = len(letters) % 4 == 0 and (len(letters) >= least or (declared and letters.endswith(b"=")))
        if not whole or not (_is_plain(rest) or not rest.strip()):
            continue
        octets = decode_base64(letters)
        if _reads_as_text(octets, charset if declared else "utf-8"):
            return DecodedBody(octets, rest.strip(b"\r\n"))
    return None


def _reads_as_text(octets: bytes, charset: str) -> bool:
    """Return whether octets are text: hardly a control character, and none that the charset cannot show."""
    text = decode(octets[:_PROBED], charset)
    return len(_UNFIT.findall(text)) * _UNFIT_SHARE <= len(text)


def _is_plain(body: bytes) -> bool:
    """Return whether a body that claims to be base64 is none: words with spaces and punctuation between them."""
    head = body[:4096].translate(None, b"\r\n\t")
    foreign = _BASE64_LETTERS.sub(b"", head)
    spaces = foreign.count(b" ")
    return spaces * 8 > len(head) or (len(foreign) - spaces) * 30 > len(head)


def _uudecoded(body: bytes) -> bytes:
    begin = _UUENCODED.search(body)
    octets = bytearray()
    faults = 0
    for line in io.BytesIO(body[begin.end() if begin else 0 :]):
        if line.strip() in {b"end", b"`", b""} or faults > limits.FALSE_MARKS or len(octets) > len(body):
            break
        try:
            octets += binascii.a2b_uu(line)
        except binascii.Error:
            faults += 1
            octets += _uu_line(line)
    return bytes(octets)


def _uu_line(line: bytes) -> bytes:
    """Decode a line to which white space was added or lost: its first octet tells the length."""
    length = (((line[0] - 32) & 63) * 4 + 5) // 3
    try:
        return binascii.a2b_uu(line[:length])
    except binascii.Error:
        return b""
