"""The channel `lmtp`: mail from a mail server on the same host, with a reply for each recipient (RFC 2033)."""

from typing import ClassVar

from dtm_contact.channels import Inbox, RunningChannel
from dtm_contact.channels.mail import Clock, MailListener, MailSession, replies, system_clock
from dtm_contact.model import Envelope
from dtm_contact.settings import Settings


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


async def start(settings: Settings, inbox: Inbox, clock: Clock = system_clock) -> RunningChannel:
    """Listen by `settings.lmtp`.

    Raises:
        OSError: the address or the socket is taken, or the certificate cannot be read.
    """
    listener = MailListener("lmtp", settings.lmtp, inbox, LmtpSession, clock)
    if settings.lmtp.socket is not None:
        await listener.listen_at(settings.lmtp.socket)
    else:
        await listener.listen(settings.lmtp.host, settings.lmtp.port)
    return listener
