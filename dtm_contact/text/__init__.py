"""Texts as every reader sees them: words with spans, sentences, slips of the finger, what programs wrap around."""

from dtm_contact.text.slips import Slips
from dtm_contact.text.stems import stem
from dtm_contact.text.tokens import (
    CHARACTERS_READ,
    IDEOGRAPH,
    MASKED,
    WORDS_READ,
    Tokens,
    number_kind,
    tokenize,
    word_set,
)
from dtm_contact.text.wrapping import Wrapping, has_scan_alone, unwrapped

__all__ = [
    "CHARACTERS_READ",
    "IDEOGRAPH",
    "MASKED",
    "WORDS_READ",
    "Slips",
    "Tokens",
    "Wrapping",
    "has_scan_alone",
    "number_kind",
    "stem",
    "tokenize",
    "unwrapped",
    "word_set",
]
