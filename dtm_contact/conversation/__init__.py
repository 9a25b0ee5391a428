"""Which case a message joins, and why not: never one of which its writer is no party."""

from dtm_contact.conversation.fingerprint import fingerprint
from dtm_contact.conversation.joining import House, join
from dtm_contact.conversation.own import answers_somebody, is_ours, join_ours
from dtm_contact.conversation.writer import writer

__all__ = ["House", "answers_somebody", "fingerprint", "is_ours", "join", "join_ours", "writer"]
