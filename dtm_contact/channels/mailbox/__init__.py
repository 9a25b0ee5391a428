"""Following a mailbox by IMAP."""

from dtm_contact.channels.mailbox.credentials import login_by
from dtm_contact.channels.mailbox.follow import Follower

__all__ = ["Follower", "login_by"]
