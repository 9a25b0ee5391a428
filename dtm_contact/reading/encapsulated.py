"""What is wrapped in a format of its own: S/MIME, OpenPGP's armour, Outlook's `winmail.dat`.

What is only signed is read, without verifying the signature; what is encrypted gets a note.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from dtm_contact.reading import notes
from dtm_contact.reading.decoding import decode
from dtm_contact.reading.notes import Notes

PKCS7: Final = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
"""The media types of S/MIME (RFC 8551 section 3.2)."""

_SIGNED: Final = re.compile(
    r"-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z-]{1,40}:[^\n]*\n)*\n?(?P<text>.*?)"
    r"(?:-----BEGIN PGP SIGNATURE-----.*?(?:-----END PGP SIGNATURE-----|\Z)|\Z)",
    re.DOTALL,
)
_ARMOUR: Final = re.compile(
    r"-----BEGIN PGP (?P<kind>MESSAGE|PUBLIC KEY BLOCK|SIGNATURE)-----.*?(?:-----END PGP (?P=kind)-----|\Z)", re.DOTALL
)
_ESCAPED: Final = re.compile(r"^- ", re.MULTILINE)

_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_BER_SEQUENCE, _BER_OCTETS, _BER_CONTEXT = 0x30, 0x04, 0xA0
_BER_CONSTRUCTED: Final = 0x20
_PIECES: Final = 100_000


def without_armour(text: str, noted: Notes) -> str:
    """Return a text freed of OpenPGP's armour (RFC 9580 section 6 and 7): signed words stay, encrypted blocks go."""
    if "-----BEGIN PGP " not in text:
        return text
    if "-----BEGIN PGP SIGNED MESSAGE-----" in text:
        noted.add(notes.SIGNED)
        text = _SIGNED.sub(lambda signed: _ESCAPED.sub("", signed["text"]), text)
    if "-----BEGIN PGP MESSAGE-----" in text:
        noted.add(notes.ENCRYPTED)
    return _ARMOUR.sub("", text)


def signed_content(data: bytes) -> bytes | None:
    """Return what an S/MIME signed message holds (RFC 5652 section 5); None where it is encrypted, empty or broken.

    The signature is not verified: that is said in a note.
    """
    outer = list(_elements(data, 0, len(data), limit=1))
    if not outer or outer[0][0] != _BER_SEQUENCE:
        return None
    parts = list(_elements(data, outer[0][1], outer[0][2], limit=2))
    if len(parts) < 2 or data[parts[0][1] : parts[0][2]] != _SIGNED_DATA:  # noqa: PLR2004
        return None
    content = _descend(data, parts[1][1], parts[1][2])
    return b"".join(_octet_strings(data, *content)) if content is not None else None


def _descend(data: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Go from a SignedData to its content: version, digests, then the second element of the third."""
    signed = next(_elements(data, start, end, limit=1), None)
    if signed is None:
        return None
    fields = list(_elements(data, signed[1], signed[2], limit=3))
    if len(fields) < 3:  # noqa: PLR2004
        return None
    held = list(_elements(data, fields[2][1], fields[2][2], limit=2))
    return (held[1][1], held[1][2]) if len(held) == 2 and held[1][0] == _BER_CONTEXT else None  # noqa: PLR2004


def _octet_strings(data: bytes, start: int, end: int) -> Iterator[bytes]:
    for tag, inner, stop in _elements(data, start, end, limit=1):
        if tag == _BER_OCTETS:
            yield data[inner:stop]
        elif tag == _BER_OCTETS | _BER_CONSTRUCTED:
            for piece, first, last in _elements(data, inner, stop, limit=_PIECES):
                if piece == _BER_OCTETS:
                    yield data[first:last]


def _elements(data: bytes, at: int, end: int, limit: int) -> Iterator[tuple[int, int, int]]:
    """Yield the first elements of a BER encoding (X.690 section 8.1) as tag, start and end of their contents.

    One of indefinite length reaches to the end of its parent; its end mark reads as an element of tag 0 and ends it.
    """
    while at + 2 <= end and limit:
        tag, length = data[at], data[at + 1]
        at += 2
        if length == 0x80:  # noqa: PLR2004
            yield tag, at, end
            return
        if length > 0x80:  # noqa: PLR2004
            octets = length - 0x80
            length = int.from_bytes(data[at : at + min(octets, 8)], "big")
            at += octets
        stop = min(end, at + length)
        if tag == 0 or at > end:
            return
        yield tag, at, stop
        at, limit = stop, limit - 1


TNEF_TYPES: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_TNEF_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_TNEF_ATTRIBUTE: Final = struct.Struct("<BII")
_TNEF_BODY: Final = 0x0002800C
_TNEF_TITLE: Final = 0x00018010
_TNEF_DATA: Final = 0x0006800F
_TNEF_RENDERING: Final = 0x00069002
_MOST_TNEF_ATTRIBUTES: Final = 5_000


@dataclass(slots=True)
class TnefContent:
    """What a winmail.dat holds: a plain text, and files as name and content."""

    text: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)


def unwrap_tnef(data: bytes) -> TnefContent:
    """Read what can be read of a winmail.dat; a broken or foreign one holds nothing. Never fails."""
    wrapped = TnefContent()
    title = ""
    for attribute, value in _attributes(data):
        if attribute == _TNEF_BODY:
            wrapped.text = decode(value.rstrip(b"\x00"))
        elif attribute == _TNEF_RENDERING:
            title = ""
        elif attribute == _TNEF_TITLE:
            title = decode(value.rstrip(b"\x00"))
            if wrapped.files and not wrapped.files[-1][0]:
                wrapped.files[-1] = (title, wrapped.files[-1][1])
        elif attribute == _TNEF_DATA:
            wrapped.files.append((title, value))
    return wrapped


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    if not data.startswith(_TNEF_SIGNATURE):
        return
    at = len(_TNEF_SIGNATURE) + 2
    for _ in range(_MOST_TNEF_ATTRIBUTES):
        if at + _TNEF_ATTRIBUTE.size > len(data):
            return
        _, attribute, length = _TNEF_ATTRIBUTE.unpack_from(data, at)
        at += _TNEF_ATTRIBUTE.size
        if at + length > len(data):
            return
        yield attribute, data[at : at + length]
        at += length + 2
