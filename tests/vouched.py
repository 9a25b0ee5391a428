"""Messages as the mail server in front hands them over, with what it found of the sender (RFC 8601)."""

from email.parser import BytesHeaderParser
from email.utils import parseaddr

from dtm_contact.model import domain_of
from dtm_contact.settings import Settings


def found(results: str, raw: bytes) -> bytes:
    """Return a message with these results of our own mail server above the line by which it received it."""
    [server, *_] = Settings.defaults().servers
    at = BytesHeaderParser().parsebytes(raw).get("Date", "Tue, 24 Nov 2026 10:30:00 +0100")
    return f"Authentication-Results: {server}; {results}\r\nReceived: from a by {server}; {at}\r\n".encode() + raw


def vouched(raw: bytes) -> bytes:
    """Return a message whose sender our mail server vouches for."""
    domain = domain_of(parseaddr(str(BytesHeaderParser().parsebytes(raw)["From"]))[1])
    return found(f"dmarc=pass header.from={domain}", raw)
