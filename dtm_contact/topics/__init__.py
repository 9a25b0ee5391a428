"""What a contact asks for and how urgent it is: words led back to a lexicon, weighed by what stands around them."""

from dtm_contact.topics.contenders import decisive_score, with_opinion
from dtm_contact.topics.glance import DangerGlance
from dtm_contact.topics.learned import Learned, Opinion, Trust
from dtm_contact.topics.lexicon import Entry, Frailty, Lexicon, Limits, Role, Topic, knowing
from dtm_contact.topics.phrase import Phrase
from dtm_contact.topics.spelling import Spelling
from dtm_contact.topics.understand import Words, understand, words_of

__all__ = [
    "DangerGlance",
    "Entry",
    "Frailty",
    "Learned",
    "Lexicon",
    "Limits",
    "Opinion",
    "Phrase",
    "Role",
    "Spelling",
    "Topic",
    "Trust",
    "Words",
    "decisive_score",
    "knowing",
    "understand",
    "with_opinion",
    "words_of",
]
