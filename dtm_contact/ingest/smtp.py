"""The receivers `smtp` and `lmtp`: mail that a mail server hands over (RFC 5321, RFC 2033)."""

import asyncio
import errno
import logging
import os
import socket
import ssl
from pathlib import Path
from typing import ClassVar

from dtm_contact.ingest import Clock, Inbox, RunningReceiver, receiver, system_clock
from dtm_contact.ingest import smtp_replies as replies
from dtm_contact.ingest.smtp_reception import Reception
from dtm_contact.ingest.smtp_session import MailSession
from dtm_contact.model import Envelope
from dtm_contact.settings import MailServerSettings, Settings

_BACKLOG = 512
_SOCKET_UMASK = 0o117

# Below WARNING, aiosmtpd's log quotes senders and, at DEBUG, whole messages.
logging.getLogger("mail.log").setLevel(logging.WARNING)


class LmtpSession(MailSession):
    """A session of LMTP."""

    protocol_name: ClassVar[str] = "LMTP"
    greeting: ClassVar[str] = "LHLO"

    async def smtp_LHLO(self, hostname: str | None) -> None:  # noqa: N802 - aiosmtpd finds commands by these names
        """Begin anew, as EHLO does in SMTP."""
        await super().smtp_EHLO(hostname)

    async def smtp_EHLO(self, _hostname: str | None) -> None:  # noqa: N802
        """Refuse the greeting of SMTP: who says it expects a single reply to a message."""
        await self.push(replies.NO_SUCH_COMMAND)

    smtp_HELO = smtp_EHLO  # noqa: N815

    def reply_to_message(self, envelope: Envelope, reply: str) -> None:
        """Reply once for each accepted recipient, whatever the reply (RFC 2033 section 4.2)."""
        super().reply_to_message(envelope, "\r\n".join(reply for _ in envelope.recipients))


class MailListener:
    """One way in for mail, open from `listen` to `stop`."""

    def __init__(
        self,
        name: str,
        settings: MailServerSettings,
        inbox: Inbox,
        session: type[MailSession],
        clock: Clock = system_clock,
    ) -> None:
        """Prepare; `session` is the protocol that is spoken.

        Raises:
            OSError: the certificate or its key cannot be read (`ssl.SSLError`, a kind of it, if it is none).
        """
        self.name = name
        self.address = ""
        self._session = session
        self._reception = Reception(name, settings, inbox, clock)
        self._tls = _tls_context(settings)
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    async def listen(self, host: str, port: int) -> None:
        """Open on a TCP port; 0 takes a free one.

        Raises:
            OSError: the address is taken or not ours.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._new_session, host, port, backlog=_BACKLOG)
        address, port = self._server.sockets[0].getsockname()[:2]
        self.address = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"

    async def listen_at(self, path: Path) -> None:
        """Open on a unix socket, for its owner and group.

        Raises:
            OSError: something else is at `path`, or somebody listens there.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(self._new_session, sock=_bound_socket(path), backlog=_BACKLOG)
        self._path = path
        self.address = str(path)

    def health(self) -> str | None:
        """Return that it does not listen any more; None where it does."""
        return None if self._server is not None and self._server.is_serving() else f"{self.address} does not listen"

    async def stop(self) -> None:
        """Close: idle sessions at once, those whose message is being stored once it is answered."""
        if self._server is None:
            return
        self._server.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
        await self._reception.close()
        await self._server.wait_closed()
        self._server = None

    def _new_session(self) -> MailSession:
        return self._session(self._reception, self._tls, asyncio.get_running_loop())


def _tls_context(settings: MailServerSettings) -> ssl.SSLContext | None:
    if settings.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate, settings.key_path())
    return context


def _bound_socket(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    if path.is_socket():
        if listening.connect_ex(str(path)) == 0:
            listening.close()
            raise OSError(errno.EADDRINUSE, "Somebody listens there already", str(path))
        path.unlink()
    umask = os.umask(_SOCKET_UMASK)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(umask)
    return listening


@receiver("smtp", listens=lambda settings: (settings.smtp.host, settings.smtp.port))
async def start_smtp(settings: Settings, inbox: Inbox, clock: Clock = system_clock) -> RunningReceiver:
    """Listen by `settings.smtp`.

    Raises:
        OSError: the address is taken, or the certificate cannot be read.
    """
    listener = MailListener("smtp", settings.smtp, inbox, MailSession, clock)
    await listener.listen(settings.smtp.host, settings.smtp.port)
    return listener


@receiver(
    "lmtp", listens=lambda settings: (settings.lmtp.host, settings.lmtp.port) if settings.lmtp.socket is None else None
)
async def start_lmtp(settings: Settings, inbox: Inbox, clock: Clock = system_clock) -> RunningReceiver:
    """Listen by `settings.lmtp`.

    Raises:
        OSError: the address or the socket is taken, or the certificate cannot be read.
    """
    listener = MailListener("lmtp", settings.mail_servers["lmtp"], inbox, LmtpSession, clock)
    if settings.lmtp.socket is not None:
        await listener.listen_at(settings.lmtp.socket)
    else:
        await listener.listen(settings.lmtp.host, settings.lmtp.port)
    return listener
