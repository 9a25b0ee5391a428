"""The headers of a message or a part (RFC 5322 section 2.2): found, bounded, each one decoded by itself on demand."""

import re
from dataclasses import dataclass, field
from typing import Final

from dtm_contact.reading import limits
from dtm_contact.reading.words import decode_header

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
