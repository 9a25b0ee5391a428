"""What the tests of reading share: arrivals made of bytes, and a contact as plain values."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from dtm_contact.model import Arrival, Authentication, Contact, Envelope
from dtm_contact.reading import read

_NOTHING: tuple[Any, ...] = ("", [], {}, None, Authentication.NONE)
RECEIVED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def arrival(raw: bytes, envelope: Envelope | None = None) -> Arrival:
    return Arrival("file", "sample", RECEIVED_AT, "message/rfc822", envelope, raw)


def contact(raw: bytes, envelope: Envelope | None = None) -> Contact:
    return read(arrival(raw, envelope))


def mail(text: str, headers: str = "", content_type: str = "text/plain; charset=utf-8") -> bytes:
    """Make a message of a text and of further headers, a line each."""
    return f"From: a@mel.example\n{headers}Content-Type: {content_type}\n\n{text}".encode()


def html(text: str) -> bytes:
    return mail(text, content_type="text/html; charset=utf-8")


def plain_values(read_contact: Contact) -> dict[str, Any]:
    """Return a contact as JSON has it, without what is empty."""
    values: dict[str, Any] = _without_empty(asdict(read_contact))
    return values


def _without_empty(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        kept = {key: _without_empty(inner) for key, inner in value.items()}
        return {key: inner for key, inner in kept.items() if inner not in _NOTHING and inner is not False}
    if isinstance(value, list | tuple):
        return [_without_empty(inner) for inner in value]
    return value
