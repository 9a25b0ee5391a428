"""Outlook's own wrapping, `winmail.dat` ([MS-OXTNEF]): the text and the files that it hides."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from dtm_contact.reading.charsets import decode

TYPES: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})

_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_ATTRIBUTE: Final = struct.Struct("<BII")
_BODY: Final = 0x0002800C
_TITLE: Final = 0x00018010
_DATA: Final = 0x0006800F
_RENDERING: Final = 0x00069002
_MOST: Final = 5_000


@dataclass(slots=True)
class Wrapped:
    """What a winmail.dat holds: a plain text, and files as name and content."""

    text: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list)


def unwrap(data: bytes) -> Wrapped:
    """Read what can be read of a winmail.dat; a broken or foreign one holds nothing. Never fails."""
    wrapped = Wrapped()
    title = ""
    for attribute, value in _attributes(data):
        if attribute == _BODY:
            wrapped.text = decode(value.rstrip(b"\x00"))
        elif attribute == _RENDERING:
            title = ""
        elif attribute == _TITLE:
            title = decode(value.rstrip(b"\x00"))
            if wrapped.files and not wrapped.files[-1][0]:
                wrapped.files[-1] = (title, wrapped.files[-1][1])
        elif attribute == _DATA:
            wrapped.files.append((title, value))
    return wrapped


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    if not data.startswith(_SIGNATURE):
        return
    at = len(_SIGNATURE) + 2
    for _ in range(_MOST):
        if at + _ATTRIBUTE.size > len(data):
            return
        _, attribute, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size
        if at + length > len(data):
            return
        yield attribute, data[at : at + length]
        at += length + 2
