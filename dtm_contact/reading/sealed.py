"""Signed and encrypted text: what is only signed is read, what is encrypted is said to be."""

import re
from collections.abc import Iterator
from typing import Final

from dtm_contact.reading import notes
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
_SEQUENCE, _OCTETS, _CONTEXT, _OBJECT = 0x30, 0x04, 0xA0, 0x06
_CONSTRUCTED: Final = 0x20
_PIECES: Final = 100_000


def without_armour(text: str, found: Notes) -> str:
    """Return a text freed of OpenPGP's armour (RFC 9580 section 6 and 7): signed words stay, encrypted blocks go."""
    if "-----BEGIN PGP " not in text:
        return text
    if "-----BEGIN PGP SIGNED MESSAGE-----" in text:
        found.add(notes.SIGNED)
        text = _SIGNED.sub(lambda signed: _ESCAPED.sub("", signed["text"]), text)
    if "-----BEGIN PGP MESSAGE-----" in text:
        found.add(notes.ENCRYPTED)
    return _ARMOUR.sub("", text)


def signed_content(data: bytes) -> bytes | None:
    """Return what an S/MIME signed message holds (RFC 5652 section 5); None where it is encrypted, empty or broken.

    The signature is not verified: that is said in a note.
    """
    outer = list(_elements(data, 0, len(data), limit=1))
    if not outer or outer[0][0] != _SEQUENCE:
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
    return (held[1][1], held[1][2]) if len(held) == 2 and held[1][0] == _CONTEXT else None  # noqa: PLR2004


def _octet_strings(data: bytes, start: int, end: int) -> Iterator[bytes]:
    for tag, inner, stop in _elements(data, start, end, limit=1):
        if tag == _OCTETS:
            yield data[inner:stop]
        elif tag == _OCTETS | _CONSTRUCTED:
            for piece, first, last in _elements(data, inner, stop, limit=_PIECES):
                if piece == _OCTETS:
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
