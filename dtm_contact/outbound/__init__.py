"""What is sent: answers that go out by themselves, agents' replies, words to our own people; durably, and safely."""

from dtm_contact.outbound.answers import Answering, chosen_answer
from dtm_contact.outbound.autoreply_policy import why_not_answered
from dtm_contact.outbound.letters import Letter, NoAddressError, write
from dtm_contact.outbound.relay import Relay, SendResult
from dtm_contact.outbound.sender import Outbox, Sender

__all__ = [
    "Answering",
    "Letter",
    "NoAddressError",
    "Outbox",
    "Relay",
    "SendResult",
    "Sender",
    "chosen_answer",
    "why_not_answered",
    "write",
]
