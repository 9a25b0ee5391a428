"""What somebody answers, by their first word, to our question whether a danger is happening now."""

import re
from datetime import datetime, timedelta
from typing import Final

from dtm_contact.model import Asked, Authentication, Contact, DangerReply
from dtm_contact.text import fold

ANSWERED_WITHIN: Final = timedelta(hours=24)
"""A yes that comes later speaks of another moment: it is an ordinary reply."""
_CLOCKS_DIFFER: Final = timedelta(minutes=1)
_HEAD: Final = 200
"""Characters of the text that are looked at: the answer stands at its head."""

# Spaces, quotes, dashes, stars, and marks of writing direction may stand before the first word.
_BEFORE: Final = r"[\s\"'*_>.,:;!¡(\[\-\u200e\u200f\u061c]*"
_YES: Final = re.compile(rf"{_BEFORE}(?:oui+|ouais|yes|sim|evet|نعم)(?!\w)")
# "Oui mais non", "oui, enfin non": French alone, where "non" is no word of every other sentence.
_TAKEN_BACK: Final = re.compile(rf"{_BEFORE}(?:oui+|ouais)(?!\w)[^.!?\n]*?(?<!\w)non+(?!\w)")
_NO: Final = re.compile(rf"{_BEFORE}(?:non+|no|nao|hayir|لا)(?!\w)")
# Written without its accent it begins many a sentence in French: "si vous pouviez passer demain".
_SI: Final = re.compile(rf"{_BEFORE}(?:s[íì](?!\w)|si(?=\s*(?:[.,!;:\n]|$)))", re.IGNORECASE)


def answers_question(contact: Contact, asked: Asked, received_at: datetime) -> bool:
    """Return whether a message that bears our signature answers the question of its case, whatever it says.

    Only what comes from exactly the address that was asked, and within a day, does; and nothing that a check of the
    sender failed for, or that a program wrote.

    Args:
        contact: what was read.
        asked: the question.
        received_at: when the message was received, aware.
    """
    if contact.sender.address.strip().lower() != asked.address:
        return False
    if contact.authentication is Authentication.FAILED or contact.by_program:
        return False
    return -_CLOCKS_DIFFER <= received_at - asked.at <= ANSWERED_WITHIN


def danger_reply(contact: Contact, asked: Asked, received_at: datetime) -> DangerReply | None:
    """Return what a message that answers the question of its case says by its first word; None: neither yes nor no.

    What the message quotes does not count, nor does a yes that its own sentence takes back ("oui mais non").

    Args:
        contact: what was read.
        asked: the question.
        received_at: when the message was received, aware.
    """
    if not answers_question(contact, asked, received_at):
        return None
    head = contact.new_text[:_HEAD]
    folded = fold(head)
    if _TAKEN_BACK.match(folded):
        return None
    if _YES.match(folded) or _SI.match(head):
        return DangerReply.YES
    return DangerReply.NO if _NO.match(folded) else None
