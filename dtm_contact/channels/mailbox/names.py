"""Names of mail folders as IMAP writes them (RFC 3501 section 5.1.3, modified UTF-7)."""

import base64
import re
from typing import Final

_OTHER: Final = re.compile(r"[^\x20-\x7e]+")


def encoded(name: str) -> str:
    """Return a folder's name in modified UTF-7.

    Raises:
        ValueError: it holds a control character.
    """
    if any(ord(sign) < ord(" ") for sign in name):
        raise ValueError("a folder's name holds a control character")
    return _OTHER.sub(_shifted, name.replace("&", "&-"))


def _shifted(found: re.Match[str]) -> str:
    octets = base64.b64encode(found.group().encode("utf-16-be")).decode().rstrip("=")
    return f"&{octets.replace('/', ',')}-"


def quoted(text: str) -> str:
    """Return a quoted string (RFC 3501 section 4.3).

    Raises:
        ValueError: it holds a line end or NUL, which no quoted string can.
    """
    if any(sign in text for sign in "\r\n\0"):
        raise ValueError("a quoted string holds no line end")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def folder(name: str, delimiter: str) -> str:
    """Return a folder as an argument: "Bureaux/Bagnolet" with the server's own mark between levels, encoded, quoted."""
    return quoted(encoded(name.replace("/", delimiter)))
