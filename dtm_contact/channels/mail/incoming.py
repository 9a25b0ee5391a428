"""A message between its 354 and its 250."""

import asyncio

from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.body import IncomingBody, hops
from dtm_contact.channels.mail.reception import Reception, digest_of
from dtm_contact.model import Envelope


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
            The reply, or what ends as `channels.Inbox.accept` does.
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
