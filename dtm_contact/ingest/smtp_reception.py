"""A message handed over by SMTP or LMTP, from its envelope to the reply: within which limits, and where it goes."""

import asyncio
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol

from dtm_contact.errors import CommitUnknownError
from dtm_contact.ingest import Inbox
from dtm_contact.ingest import smtp_replies as replies
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, Envelope
from dtm_contact.settings import MailServerSettings

_CLIENTS_REMEMBERED = 1024
_END = b"\r\n.\r\n"
_LINE_END = b"\r\n"
_BLANK_LINE = re.compile(rb"\n\r?\n")
_HEADER_LOOKED_AT = 1_000_000
_ESCAPED = re.compile(r"\\(.)")

_log = get_log("mail")


class Recipients:
    """The addresses that are ours."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Keep the addresses; upper and lower case are the same, in the name and in the domain."""
        self._as_written = frozenset(addresses)
        self._ours = frozenset(_folded(address) for address in self._as_written)

    def __contains__(self, address: str) -> bool:
        """Return whether mail to `address` is for us; what follows a plus sign in the name does not matter."""
        if address in self._as_written:
            return True
        local, domain = _folded(address)
        return (local, domain) in self._ours or (local.partition("+")[0], domain) in self._ours


def _folded(address: str) -> tuple[str, str]:
    local, _, domain = address.rpartition("@")
    if local.startswith('"') and local.endswith('"'):
        local = _ESCAPED.sub(r"\1", local[1:-1])
    return local.casefold(), domain.removesuffix(".").casefold()


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
        """Discard the content and go on reading to its end: the message will be refused."""
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


def digest_of(envelope: Envelope) -> Digest:
    """Return a hash that has taken in the envelope and awaits the content.

    A sender whose connection broke before it read our 250 sends the same octets to the same recipients again: the hash
    of both makes that the same arrival. A message sent twice on purpose differs, at least in its Received lines.
    """
    digest = hashlib.sha256()
    for part in (envelope.mail_from, *sorted(envelope.recipients)):
        digest.update(part.encode() + b"\0")
    digest.update(b"\0")
    return digest


class Connected(Protocol):
    """One who is connected, as far as all have to be kept count of and ended.

    Attributes:
        client: its address; empty on a unix socket.
    """

    client: str

    def retire(self) -> "asyncio.Future[None] | None":
        """End as soon as may be; return what ends when a message that is being stored is, None without such."""

    def abort(self) -> None:
        """End at once."""


class Reception:
    """The state that the sessions of one way in share."""

    def __init__(self, name: str, settings: MailServerSettings, inbox: Inbox, clock: Callable[[], datetime]) -> None:
        """Begin with nobody connected; `clock` tells the time at which a message was there, aware."""
        self.name = name
        self.settings = settings
        self.recipients = Recipients(settings.recipients)
        self.sessions: set[Connected] = set()
        self.octets = 0
        self._inbox = inbox
        self._clock = clock
        self._clients: Counter[str] = Counter()
        self._known = _ask_once(settings.networks)
        self._closed = False

    def admit(self, session: Connected) -> str | None:
        """Count a new session in; return the reply that turns it away, if it must go."""
        self.sessions.add(session)
        self._clients[session.client] += 1
        if self._closed:
            return replies.STOPPING
        if session.client and not self._known(session.client):
            return replies.UNKNOWN_CLIENT
        if len(self.sessions) > self.settings.connections:
            return replies.TOO_MANY_CONNECTIONS
        if session.client and self._clients[session.client] > self.settings.connections_per_client:
            return replies.TOO_MANY_CONNECTIONS
        return None

    def dismiss(self, session: Connected) -> None:
        """Count an ended session out."""
        if session in self.sessions:
            self.sessions.remove(session)
            self._clients[session.client] -= 1
            if not self._clients[session.client]:
                del self._clients[session.client]

    def store(self, envelope: Envelope, digest: Digest, content: bytes) -> "asyncio.Future[None]":
        """Hand a message over; what is returned ends when it is durable, or as `ingest.Inbox.accept` fails."""
        arrival = Arrival(
            channel=self.name,
            external_id=digest.hexdigest(),
            received_at=self._clock(),
            media_type="message/rfc822",
            envelope=envelope,
            raw=content,
        )
        return asyncio.ensure_future(self._inbox.accept((arrival,)))

    def reply_to(self, outcome: "asyncio.Future[None]") -> str | None:
        """Return the reply to a message by what became of it; None if nobody knows, and nothing may be said."""
        error = CommitUnknownError() if outcome.cancelled() else outcome.exception()
        if error is None:
            return replies.STORED
        if isinstance(error, CommitUnknownError):
            _log.debug("session broken off", channel=self.name, error=type(error).__name__)
            return None
        _log.warning("message not stored, its sender will try again", channel=self.name, exc_info=error)
        return replies.OUR_TROUBLE

    async def close(self) -> None:
        """End all sessions; wait a limited time for the messages that are being stored, and for their replies."""
        self._closed = True
        outcomes = [outcome for session in tuple(self.sessions) if (outcome := session.retire()) is not None]
        if outcomes:
            await asyncio.wait(outcomes, timeout=self.settings.stop_seconds)
        for session in tuple(self.sessions):
            session.abort()


def _ask_once(networks: Collection[IPv4Network | IPv6Network]) -> Callable[[str], bool]:
    @lru_cache(_CLIENTS_REMEMBERED)
    def is_inside(client: str) -> bool:
        address = ip_address(client.partition("%")[0])
        return any(address in network for network in networks)

    return is_inside


class Incoming:
    """A message on its way in, within the limits of its reception.

    What exceeds a limit is refused at its end only, which is where a client listens (RFC 5321 section 4.2.5).

    Attributes:
        envelope: from whom and to whom.
        deadline: the loop's time at which it must be there.
        complete: its end is there; what comes behind it is not part of it.
    """

    __slots__ = ("_body", "_digest", "_held", "_reception", "_refusal", "complete", "deadline", "envelope")

    def __init__(self, envelope: Envelope, reception: Reception) -> None:
        """Begin with nothing."""
        self.deadline = asyncio.get_running_loop().time() + reception.settings.data_seconds
        self.complete = False
        self.envelope = envelope
        self._reception = reception
        self._digest = digest_of(envelope)
        self._body = IncomingBody(self._digest)
        self._refusal: str | None = None
        self._held = 0

    def feed(self, data: bytes) -> bytes:
        """Take in the next octets; return those behind the end of the message."""
        rest = self._body.feed(data)
        self._hold(self._body.size)
        self._refuse_excess()
        self.complete = self._body.complete
        return rest

    def let_go(self) -> None:
        """Count its octets no longer as held in memory."""
        self._hold(0)

    def store(self) -> "str | asyncio.Future[None]":
        """Hand the message over to be made durable; return the reply to it if something speaks against that.

        Returns:
            The reply, or what ends as `ingest.Inbox.accept` does.
        """
        if self._refusal is not None:
            return self._refusal
        content = self._body.content()
        if hops(content) > self._reception.settings.hop_limit:
            return replies.LOOP
        return self._reception.store(self.envelope, self._digest, content)

    def _hold(self, octets: int) -> None:
        self._reception.octets += octets - self._held
        self._held = octets

    def _refuse_excess(self) -> None:
        if self._body.size > self._reception.settings.size_limit:
            self._refusal = replies.TOO_LARGE
        elif self._reception.octets > self._reception.settings.memory_limit:
            self._refusal = self._refusal or replies.TOO_MUCH_AT_ONCE
        if self._refusal is not None:
            self._body.drop()
            self._hold(0)
