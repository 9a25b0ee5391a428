"""What somebody answers, by their first word, to our question whether a danger is happening now."""

import re
from datetime import datetime, timedelta
from typing import Final

from dtm_contact.model import Asked, Authentication, Contact, DangerReply
from dtm_contact.normalize import fold

ANSWERED_WITHIN: Final = timedelta(hours=24)
"""A yes that comes later speaks of another moment: it is an ordinary reply."""
_CLOCKS_DIFFER: Final = timedelta(minutes=1)
_HEAD: Final = 200
"""Characters of the text that are looked at: the answer stands at its head."""

# Spaces, quotes, dashes, stars, and marks of writing direction may stand before the first word.
_BEFORE: Final = r"[\s\"'*_>.,:;!¡(\[\-\u200e\u200f\u061c]*"
_YES: Final = re.compile(rf"{_BEFORE}(?:oui+|ouais|yes|sim|evet|نعم)(?!\w)")
_NO: Final = re.compile(rf"{_BEFORE}(?:non+|no|nao|hayir|لا)(?!\w)")
# Written without its accent it begins many a sentence in French: "si vous pouviez passer demain".
_SI: Final = re.compile(rf"{_BEFORE}(?:s[íì](?!\w)|si(?=\s*(?:[.,!;:\n]|$)))", re.IGNORECASE)


def danger_reply(contact: Contact, asked: Asked, received_at: datetime) -> DangerReply | None:
    """Return what a message that bears our signature answers to the question of its case.

    Only what comes from exactly the address that was asked, and within a day, is an answer; and nothing is that a check
    of the sender failed for, or a program wrote. What the message quotes does not count.

    Args:
        contact: what was read.
        asked: the question.
        received_at: when the message was received, aware.
    """
    if contact.sender.address.strip().lower() != asked.address:
        return None
    if contact.authentication is Authentication.FAILED or contact.by_program:
        return None
    if not -_CLOCKS_DIFFER <= received_at - asked.at <= ANSWERED_WITHIN:
        return None
    head = contact.new_text[:_HEAD]
    folded = fold(head)
    if _YES.match(folded) or _SI.match(head):
        return DangerReply.YES
    return DangerReply.NO if _NO.match(folded) else None
