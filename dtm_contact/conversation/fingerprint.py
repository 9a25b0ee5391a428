"""What two messages that say the same have in common, however they travelled."""

import hashlib

from dtm_contact.model import Contact
from dtm_contact.normalize import fold


def fingerprint(contact: Contact) -> str:
    """Return a digest of what is said and attached, in hexadecimal; empty where nothing is.

    The subject is left out ("RELANCE" before it changes nothing), and so are accents, capitals and spaces.
    """
    said = " ".join(fold(contact.new_text).split())
    passed_on = " ".join(" ".join(fold(original.text).split()) for original in contact.forwarded)
    files = sorted(attachment.sha256 for attachment in contact.attachments)
    if not (said or passed_on or files):
        return ""
    return hashlib.sha256("\n".join((said, passed_on, *files)).encode()).hexdigest()
