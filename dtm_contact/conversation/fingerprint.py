"""What two messages have in common that say the same, however they travelled, or that a source numbers alike."""

import hashlib

from dtm_contact.model import Contact, Sourced, SourceField, request_key
from dtm_contact.text import fold

_COMPARED = 20_000
"""Characters of each text that are compared: normalization can make eighteen of one (U+FDFA)."""


def fingerprint(contact: Contact) -> str:
    """Return a digest of what is said and attached, in hexadecimal; empty where nothing is.

    The subject is left out ("RELANCE" before it changes nothing), and so are accents, capitals and spaces. Of what a
    source numbers itself, the number tells, whatever is said: no text has the same digest, since none has a null in it.
    """
    if contact.sourced is not None and contact.sourced.key:
        return _of_number(contact.sourced.source, contact.sourced.key)
    said = _compared(contact.new_text)
    passed_on = _compared("\n".join(original.text[:_COMPARED] for original in contact.forwarded))
    files = sorted(attachment.sha256 for attachment in contact.attachments)
    if not (said or passed_on or files):
        return ""
    return hashlib.sha256("\n".join((said, passed_on, *files)).encode()).hexdigest()


def fingerprints_quoted(sourced: Sourced) -> tuple[str, ...]:
    """Return the digests of the requests of other sources that a source may quote the number of."""
    number = sourced.value(SourceField.OUR_NUMBER)
    key = request_key(number) if number else ""
    return tuple(_of_number(each, key) for each in sourced.numbered_by) if key else ()


def _of_number(source: str, key: str) -> str:
    return hashlib.sha256(f"\0{source}\0{key}".encode()).hexdigest()


def _compared(text: str) -> str:
    return " ".join(fold(text[:_COMPARED]).split())
