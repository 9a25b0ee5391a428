"""What a contact asks for and how urgent it is: words led back to a lexicon, weighed by what stands around them."""

from dtm_contact.topics.lexicon import Entry, Frailty, Lexicon, Limits, Role, Topic
from dtm_contact.topics.phrase import Phrase
from dtm_contact.topics.spelling import Spelling
from dtm_contact.topics.understand import understand

__all__ = [
    "Entry",
    "Frailty",
    "Lexicon",
    "Limits",
    "Phrase",
    "Role",
    "Spelling",
    "Topic",
    "understand",
]
