"""Messages by which a telephone system says that somebody left a voice message; Asterisk's, and those of operators.

Who sends them is a setting, since anybody can write any sender; and a notice looks like one: a recording is attached,
its words speak of a voice message, and a caller's number stands in it or is said to be withheld.
"""

import re
from collections.abc import Collection
from typing import Final

from dtm_contact.model import Authentication, Contact, VoiceNotice
from dtm_contact.text import find_phones, fold

_SOUNDS: Final = (".wav", ".mp3", ".ogg", ".oga", ".gsm", ".m4a", ".amr", ".opus")
_WORDS: Final = re.compile(
    r"message(?:rie)? vocal|voice ?mail|voice ?message|boite vocale|sur (?:votre|le) repondeur"
    r"|left a \d\S* long message|message \d* ?in mailbox"
)
_HIDDEN: Final = re.compile(
    r"(?:numero|appelant|appel|caller|number) (?:inconnu|masque|anonyme|prive|unknown|withheld|anonymous)"
    r"|anonymous|unknown caller|private number"
)
_TRANSCRIPT: Final = re.compile(r"transcri(?:ption|pt)\b[^:\n]{0,40}:\s*(?P<said>[^\n]+)")
_NONE_MADE: Final = re.compile(
    r"\b(?:indisponible|unavailable|not available|non disponible|pas disponible|impossible|failed|echec|echoue)\b"
    r"|\b(?:n'a pas|aucune?|no) "
)
_FEWEST_WORDS: Final = 2
_LONGEST: Final = 4_000
"""Characters of the text that are looked at: a notice is short."""


def voice_notice(contact: Contact, senders: Collection[str], own_numbers: Collection[str]) -> VoiceNotice | None:
    """Return whose voice message a contact tells of; None where it is no such notice.

    Args:
        contact: a message that was read.
        senders: addresses, and domains that begin with @, that such notices come from.
        own_numbers: keys of the numbers that are ours: they are no caller's.
    """
    if not (_is_sender(contact, senders) and _has_recording(contact)):
        return None
    text = f"{contact.subject}\n{contact.new_text}\n{contact.signature}"[:_LONGEST]
    folded = fold(text)
    if not _WORDS.search(folded):
        return None
    keys = [key for key, _start, _end in find_phones(text) if key not in own_numbers]
    if not keys and not _HIDDEN.search(folded):
        return None
    return VoiceNotice(keys[0] if keys else None, transcribed=_is_transcribed(folded))


def _is_transcribed(folded: str) -> bool:
    """Return whether a notice says what was spoken, and not only that this could not be told."""
    found = _TRANSCRIPT.search(folded)
    if found is None or _NONE_MADE.search(found.group()):
        return False
    return len(re.findall(r"[^\W\d]{2,}", found["said"])) >= _FEWEST_WORDS


def _is_sender(contact: Contact, senders: Collection[str]) -> bool:
    address = contact.sender.address.lower()
    known = {sender.lower() for sender in senders}
    if address not in known and f"@{address.rpartition('@')[2]}" not in known:
        return False
    return contact.authentication is not Authentication.FAILED


def _has_recording(contact: Contact) -> bool:
    return any(
        attached.media_type.startswith("audio/") or attached.name.lower().endswith(_SOUNDS)
        for attached in contact.attachments
    )
