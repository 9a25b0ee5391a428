"""Parts of a message asked for after it was read: a file by its digest, the layout it was written in."""

import hashlib

from dtm_contact.reading.attachments import describe
from dtm_contact.reading.charsets import decode
from dtm_contact.reading.mime import Node, parse_message
from dtm_contact.reading.notes import Notes


def attached(raw: bytes, sha256: str) -> tuple[bytes, str] | None:
    """Return the octets and the safe name of the part of a message whose content has this digest; None without one."""
    for node in parse_message(raw, Notes()).walk():
        if not node.children:
            octets = node.octets()
            if hashlib.sha256(octets).hexdigest() == sha256:
                return octets, describe(node).name
    return None


def html_of(raw: bytes) -> str | None:
    """Return the HTML that a message was written in; None where it has none."""
    for node in parse_message(raw, Notes()).walk():
        if node.media_type == "text/html" and node.disposition != "attachment" and not node.children:
            return _text(node)
    return None


def _text(node: Node) -> str:
    return decode(node.octets(), node.parameters.get("charset", ""))
