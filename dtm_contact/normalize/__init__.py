"""One spelling for what people write in many: text, phones, streets, dates."""

from dtm_contact.normalize.names import glued, name_words, sound
from dtm_contact.normalize.phones import find_phones, phone_key
from dtm_contact.normalize.text import Folded, fold, fold_keeping_offsets

__all__ = [
    "Folded",
    "find_phones",
    "fold",
    "fold_keeping_offsets",
    "glued",
    "name_words",
    "phone_key",
    "sound",
]
