"""Whom a report of delivery says that a message did not reach (RFC 3464)."""

import re
from collections.abc import Iterator
from typing import Final

from dtm_contact.model import Undelivered
from dtm_contact.reading import limits
from dtm_contact.reading.headers import Headers
from dtm_contact.reading.mime import Node

_STATUS_PARTS: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECIPIENT: Final = re.compile(
    r"^(?:final|original)-recipient:[ \t]*[\w-]{1,20}[ \t]*;[ \t]*<?([^\s<>]{1,320})", re.IGNORECASE | re.MULTILINE
)
_ACTION: Final = re.compile(r"^action:[ \t]*([a-z]{1,20})", re.IGNORECASE | re.MULTILINE)
_STATUS: Final = re.compile(r"^status:[ \t]*([245]\.\d{1,3}\.\d{1,3})", re.IGNORECASE | re.MULTILINE)
_MOST: Final = 20
_FAILED: Final = "failed"


def undelivered(root: Node) -> tuple[Undelivered, ...]:
    """Return whom a message's reports name as not reached for good: delays, relays and deliveries are none.

    Args:
        root: the whole message.
    """
    found = dict.fromkeys((*_of_parts(root), *_of_heads(root.headers)))
    return tuple(found)[:_MOST]


def _of_parts(root: Node) -> Iterator[Undelivered]:
    for node in root.walk():
        if node.media_type in _STATUS_PARTS and not node.unread:
            text = node.octets()[: limits.OTHER_TEXT].decode("utf-8", "replace").replace("\r\n", "\n")
            for group in text.split("\n\n"):
                yield from _of_group(group)


def _of_group(group: str) -> Iterator[Undelivered]:
    """Yield the recipients of one group of fields (RFC 3464 section 2.3)."""
    action, status = _ACTION.search(group), _STATUS.search(group)
    if action is None or action.group(1).lower() != _FAILED:
        return
    for recipient in _RECIPIENT.findall(group):
        yield Undelivered(recipient.lower(), status.group(1) if status else "")


def _of_heads(headers: Headers) -> Iterator[Undelivered]:
    """Yield what Exim and its kin write, whose reports are plain text."""
    for word in headers.text("x-failed-recipients").replace(",", " ").split():
        if "@" in word:
            yield Undelivered(word.strip("<>").lower()[:320], "")
