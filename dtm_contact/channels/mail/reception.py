"""What all sessions of one way in share: its limits, who is connected, and where messages go."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol

from dtm_contact.channels import Inbox
from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.address import Recipients
from dtm_contact.channels.mail.body import Digest
from dtm_contact.errors import CommitUnknownError
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, Envelope
from dtm_contact.settings import MailServerSettings

_CLIENTS_REMEMBERED = 1024

_log = get_log("mail")


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
        """Hand a message over; what is returned ends when it is durable, or as `channels.Inbox.accept` fails."""
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
    def known(client: str) -> bool:
        address = ip_address(client.partition("%")[0])
        return any(address in network for network in networks)

    return known
