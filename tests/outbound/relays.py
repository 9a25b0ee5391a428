"""Mail servers that take, delay, refuse, drop: real SMTP by aiosmtpd, told what to say to each message."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.loopback import listening

DROP = "drop"
"""In place of a reply: the connection ends."""
TAKE = "250 OK"


@dataclass
class RelayServer:
    """A mail server.

    Attributes:
        at_rcpt, at_data: what it says to the nth recipient, and to the nth whole message.
        taken: what it said 250 to.
        port: where it listens.
    """

    at_rcpt: Callable[[int], str] = lambda _: TAKE
    at_data: Callable[[int], str] = lambda _: TAKE
    taken: list[tuple[str, str, Message]] = field(default_factory=list)
    port: int = 0
    recipients: int = 0
    messages: int = 0

    async def handle_RCPT(  # noqa: N802 - the name and the arguments are aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        said = self.at_rcpt(self.recipients)
        self.recipients += 1
        if said == TAKE:
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        del session
        said = self.at_data(self.messages)
        self.messages += 1
        content: Any = envelope.content
        if said in (TAKE, DROP):
            self.taken.append((str(envelope.mail_from), envelope.rcpt_tos[0], message_from_bytes(content)))
        if said == DROP:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return said


@asynccontextmanager
async def relay_server(server: RelayServer) -> AsyncIterator[RelayServer]:
    loop = asyncio.get_running_loop()
    async with listening(lambda: SMTP(server, hostname="relay.example", loop=loop)) as server.port:
        yield server
