"""Taking over a mailbox in use before: its open mail into cases, a trial beside it, and the way back to it."""

from dtm_contact.takeover.folders import ImapFolder, MaildirFolder, MboxFile
from dtm_contact.takeover.give_back import GivenBack, ImapTarget, MboxTarget, give_back
from dtm_contact.takeover.importing import NoDaemonError, Progress, TakenOver, take_over
from dtm_contact.takeover.mail import MailSource, UnreadMail
from dtm_contact.takeover.trial import TrialLine, as_csv, as_html, try_out

__all__ = [
    "GivenBack",
    "ImapFolder",
    "ImapTarget",
    "MailSource",
    "MaildirFolder",
    "MboxFile",
    "MboxTarget",
    "NoDaemonError",
    "Progress",
    "TakenOver",
    "TrialLine",
    "UnreadMail",
    "as_csv",
    "as_html",
    "give_back",
    "take_over",
    "try_out",
]
