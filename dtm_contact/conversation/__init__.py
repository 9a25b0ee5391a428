"""Which case a message joins, and why not: never by what anybody may know, unless its writer is a party to it."""

from dtm_contact.conversation.fingerprint import fingerprint
from dtm_contact.conversation.joining import MailIdentity, join, join_by_rule, tells_of_nothing_else
from dtm_contact.conversation.own import is_ours, join_ours
from dtm_contact.conversation.writer import writer

__all__ = [
    "MailIdentity",
    "fingerprint",
    "is_ours",
    "join",
    "join_by_rule",
    "join_ours",
    "tells_of_nothing_else",
    "writer",
]
