"""The channel `imap_sent`: what agents send from their own mail program, so that it stands in its case."""

from dtm_contact.channels import ReadingInbox, RunningChannel
from dtm_contact.channels.mail import Clock, system_clock
from dtm_contact.channels.mailbox import MailboxFollower, login_by
from dtm_contact.settings import Settings


async def start(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningChannel:
    """Follow the folder of sent messages of the mailbox of `settings.imap`; what lies there stays there.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    sent = settings.imap.model_copy(update={"folder": settings.imap.sent_folder, "after": "leave"})
    follower = MailboxFollower("imap_sent", sent, inbox, login_by(settings.imap), clock)
    follower.start()
    return follower
