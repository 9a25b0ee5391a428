"""One spelling for what people write in many: text, phones, streets, dates."""

from dtm_contact.normalize.arabic import ARABIC, ARABIC_ARTICLE, consonants
from dtm_contact.normalize.dates import parse_date
from dtm_contact.normalize.mailboxes import canonical_mailbox, is_robot, takes_no_answers
from dtm_contact.normalize.names import glued, name_words, sound, sound_once
from dtm_contact.normalize.phones import find_phones, phone_key, phones_in
from dtm_contact.normalize.spoken import number_in_words
from dtm_contact.normalize.streets import (
    LITTLE_WORDS,
    STREET_TYPES,
    HouseNumber,
    parse_house_number,
    place_words,
    same_word,
    street_words,
    written_out,
)
from dtm_contact.normalize.text import Folded, fold, fold_keeping_offsets

__all__ = [
    "ARABIC",
    "ARABIC_ARTICLE",
    "LITTLE_WORDS",
    "STREET_TYPES",
    "Folded",
    "HouseNumber",
    "canonical_mailbox",
    "consonants",
    "find_phones",
    "fold",
    "fold_keeping_offsets",
    "glued",
    "is_robot",
    "name_words",
    "number_in_words",
    "parse_date",
    "parse_house_number",
    "phone_key",
    "phones_in",
    "place_words",
    "same_word",
    "sound",
    "sound_once",
    "street_words",
    "takes_no_answers",
    "written_out",
]
