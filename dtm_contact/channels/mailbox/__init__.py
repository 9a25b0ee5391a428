"""Following a mailbox by IMAP."""

from dtm_contact.channels.mailbox.credentials import login_by
from dtm_contact.channels.mailbox.follow import MailboxFollower

__all__ = ["MailboxFollower", "login_by"]
