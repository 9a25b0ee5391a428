"""What is made of text before anybody reads a meaning into it.

One spelling for what people write in many: words, names, telephones, streets, dates; and what every reader sees: words
with spans, sentences, slips of the finger, what programs wrap around.
"""

from dtm_contact.text.dates import DATE_IN_TEXT, parse_date
from dtm_contact.text.deadlines import deadline
from dtm_contact.text.folding import Folded, fold, fold_keeping_offsets
from dtm_contact.text.mailboxes import canonical_mailbox, is_robot, takes_no_answers
from dtm_contact.text.names import ARABIC, ARABIC_ARTICLE, consonants, glued, name_words, sound, sound_once
from dtm_contact.text.phones import find_phones, phone_key, phones_in
from dtm_contact.text.repeated import is_notice, is_receipt
from dtm_contact.text.slips import Slips
from dtm_contact.text.spoken import number_in_words
from dtm_contact.text.streets import (
    LITTLE_WORDS,
    STREET_TYPES,
    HouseNumber,
    parse_house_number,
    place_words,
    same_word,
    street_words,
    written_out,
)
from dtm_contact.text.tokens import (
    CHARACTERS_READ,
    IDEOGRAPH,
    MASKED,
    NEGATIONS,
    WORDS_READ,
    Tokens,
    number_kind,
    stem,
    tokenize,
    without_article,
    without_proclitics,
    word_set,
)
from dtm_contact.text.wrapping import FieldDanger, Wrapping, has_scan_alone, unwrapped, without_advice

__all__ = [
    "ARABIC",
    "ARABIC_ARTICLE",
    "CHARACTERS_READ",
    "DATE_IN_TEXT",
    "IDEOGRAPH",
    "LITTLE_WORDS",
    "MASKED",
    "NEGATIONS",
    "STREET_TYPES",
    "WORDS_READ",
    "FieldDanger",
    "Folded",
    "HouseNumber",
    "Slips",
    "Tokens",
    "Wrapping",
    "canonical_mailbox",
    "consonants",
    "deadline",
    "find_phones",
    "fold",
    "fold_keeping_offsets",
    "glued",
    "has_scan_alone",
    "is_notice",
    "is_receipt",
    "is_robot",
    "name_words",
    "number_in_words",
    "number_kind",
    "parse_date",
    "parse_house_number",
    "phone_key",
    "phones_in",
    "place_words",
    "same_word",
    "sound",
    "sound_once",
    "stem",
    "street_words",
    "takes_no_answers",
    "tokenize",
    "unwrapped",
    "without_advice",
    "without_article",
    "without_proclitics",
    "word_set",
    "written_out",
]
