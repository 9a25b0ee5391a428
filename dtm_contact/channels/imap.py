"""The channel `imap`: a mailbox that the address already has (RFC 3501)."""

from dtm_contact.channels import ReadingInbox, RunningChannel
from dtm_contact.channels.mail import Clock, system_clock
from dtm_contact.channels.mailbox import MailboxFollower, login_by
from dtm_contact.settings import Settings


async def start(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningChannel:
    """Follow the folder of `settings.imap`; beside an old process, which reads it too, every message stays there.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    imap = settings.imap.model_copy(update={"after": "leave"}) if settings.rules.observe else settings.imap
    follower = MailboxFollower("imap", imap, inbox, login_by(imap), clock)
    follower.start()
    return follower
