"""Encoded words in headers (RFC 2047), read also where mailers broke them."""

import base64
import re
from typing import Final

from dtm_contact.reading.charsets import clean_line, decode

_WORD: Final = re.compile(
    r"=\?([\w!#$%&'+.^`{}~:-]{1,64})(?:\*[\w-]{0,40})?\?([bBqQ])\?"
    r"([^?]*(?:\?(?!=)[^?]+){0,4}?)(?:\?=|\?(?=\s|$)|$)",
    re.ASCII,
)
_ESCAPE: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_CHUNKS: Final = 1_000


def decode_header(value: bytes) -> str:
    """Return one header's text on one line; `value` is its body, folds included. Never fails."""
    return clean_line(decode_words(decode(value)))


def decode_words(text: str) -> str:
    """Return `text` with its encoded words decoded.

    Neighbours of one charset are joined before they are decoded: mailers split characters across words.
    """
    if "=?" not in text:
        return text
    pieces: list[str] = []
    pending, charset, end = b"", "", 0
    for word in _WORD.finditer(text):
        between = text[end : word.start()]
        adjacent = bool(end) and (not between or between.isspace())
        if not adjacent or word[1].lower() != charset:
            pieces.append(decode(pending, charset))
            pieces.append("" if adjacent else between)
            pending, charset = b"", word[1].lower()
        pending += _octets(word[2], word[3])
        end = word.end()
    return "".join((*pieces, decode(pending, charset), text[end:]))


def _octets(encoding: str, payload: str) -> bytes:
    data = payload.encode("utf-8", "replace")
    if encoding in "bB":
        return decode_base64(data)
    return _ESCAPE.sub(lambda escape: bytes([int(escape[1], 16)]), data.replace(b"_", b" "))


def decode_base64(data: bytes) -> bytes:
    """Return the octets of base64 text, whatever stands between its letters and wherever its padding is."""
    chunks = data.translate(None, _NOT_BASE64).rstrip(b"=").split(b"=", _CHUNKS)
    return b"".join(map(_decode_chunk, chunks))


def _decode_chunk(letters: bytes) -> bytes:
    letters = letters.replace(b"=", b"")
    if len(letters) % 4 == 1:
        letters = letters[:-1]
    return base64.b64decode(letters + b"=" * (-len(letters) % 4))
