"""What follows DATA: found, freed of the dots added on the way, and counted, a chunk at a time."""

import re
from io import BytesIO
from typing import Protocol

_END = b"\r\n.\r\n"
_LINE_END = b"\r\n"
_BLANK_LINE = re.compile(rb"\n\r?\n")
_HEADER_LOOKED_AT = 1_000_000


class Digest(Protocol):
    """A hash that is fed piece by piece."""

    def update(self, data: bytes, /) -> None:
        """Take in the next piece."""

    def hexdigest(self) -> str:
        """Return the hash of what was taken in."""


class IncomingBody:
    """One message on its way in (RFC 5321 sections 4.1.1.4 and 4.5.2).

    Only CR LF, dot, CR LF ends it. A CR or LF by itself is an octet like any other, and is kept.

    The work for a chunk is in proportion to the chunk: nothing is joined at the end, so a message of any size holds up
    nobody else. The octets lie in one buffer that grows by an eighth and is handed out without a copy.

    Attributes:
        size: octets so far, without the dots added on the way.
        complete: whether the end was seen.
    """

    __slots__ = ("_digest", "_kept", "_tail", "complete", "size")

    def __init__(self, digest: Digest) -> None:
        """Begin; `digest` takes in each octet that is kept."""
        self._digest = digest
        self._kept: BytesIO | None = BytesIO()
        # The end mark's first line end may be that of the DATA command itself (an empty message).
        self._tail = _LINE_END
        self.size = -len(_LINE_END)
        self.complete = False

    def feed(self, chunk: bytes) -> bytes:
        """Take in the next octets; return those behind the end of the message, which are commands again."""
        data = self._tail + chunk
        end = data.find(_END)
        if end < 0:
            cut = len(data) - _begun(data)
            self._keep(data[:cut])
            self._tail = data[cut:]
            return b""
        self._keep(data[: end + len(_LINE_END)])
        self.complete = True
        return data[end + len(_END) :]

    def drop(self) -> None:
        """Let go of the octets: the message will be refused, and only its end matters."""
        self._kept = None

    def content(self) -> bytes:
        """Return the message, octet for octet as it was sent; nothing if it was dropped."""
        return self._kept.getvalue() if self._kept is not None else b""

    def _keep(self, data: bytes) -> None:
        data = data.replace(b"\r\n.", _LINE_END)
        if self.size < 0 and data:
            data = data[len(_LINE_END) :]
            self.size = 0
        self.size += len(data)
        if self._kept is not None:
            self._kept.write(data)
            self._digest.update(data)


def _begun(data: bytes) -> int:
    """Return how many octets at the end of `data` may be the beginning of the end mark."""
    for length in range(len(_END) - 1, 0, -1):
        if data.endswith(_END[:length]):
            return length
    return 0


def hops(content: bytes) -> int:
    """Return how many Received lines the message carries: one for each server it passed (RFC 5321 section 6.3)."""
    header = b"\n" + content[:_HEADER_LOOKED_AT]
    blank = _BLANK_LINE.search(header)
    return header[: blank.start() if blank else None].lower().count(b"\nreceived:")
