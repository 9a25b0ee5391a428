"""Taking in mail: what SMTP and LMTP have in common."""

from dtm_contact.channels.mail.listener import Clock, MailListener, system_clock
from dtm_contact.channels.mail.session import MailSession

__all__ = ["Clock", "MailListener", "MailSession", "system_clock"]
