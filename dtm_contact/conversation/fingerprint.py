"""What two messages have in common that say the same, however they travelled, or that a source numbers alike."""

import hashlib

from dtm_contact.model import Contact
from dtm_contact.text import fold

_COMPARED = 20_000
"""Characters of each text that are compared: normalization can make eighteen of one (U+FDFA)."""


def fingerprint(contact: Contact) -> str:
    """Return a digest of what is said and attached, in hexadecimal; empty where nothing is.

    The subject is left out ("RELANCE" before it changes nothing), and so are accents, capitals and spaces. Of what a
    source numbers itself, the number tells, whatever is said: no text has the same digest, since none has a null in it.
    """
    if contact.sourced is not None and contact.sourced.key:
        return hashlib.sha256(f"\0{contact.sourced.source}\0{contact.sourced.key}".encode()).hexdigest()
    said = _compared(contact.new_text)
    passed_on = _compared("\n".join(original.text[:_COMPARED] for original in contact.forwarded))
    files = sorted(attachment.sha256 for attachment in contact.attachments)
    if not (said or passed_on or files):
        return ""
    return hashlib.sha256("\n".join((said, passed_on, *files)).encode()).hexdigest()


def _compared(text: str) -> str:
    return " ".join(fold(text[:_COMPARED]).split())
