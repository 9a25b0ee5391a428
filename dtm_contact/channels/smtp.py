"""The channel `smtp`: mail from a mail server (RFC 5321)."""

from dtm_contact.channels import Inbox, RunningChannel
from dtm_contact.channels.mail import Clock, MailListener, MailSession, system_clock
from dtm_contact.settings import Settings


async def start(settings: Settings, inbox: Inbox, clock: Clock = system_clock) -> RunningChannel:
    """Listen by `settings.smtp`.

    Raises:
        OSError: the address is taken, or the certificate cannot be read.
    """
    listener = MailListener("smtp", settings.smtp, inbox, MailSession, clock)
    await listener.listen(settings.smtp.host, settings.smtp.port)
    return listener
