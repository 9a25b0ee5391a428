"""Whether something is asked or reported; in doubt it is a case.

Set aside is a machine's reply, which answers a message of ours, and mass mail: what was sent to many and reads like an
advertisement or a newsletter more than like any matter of ours. That a program wrote a message says neither: a form, a
lift's alarm and a contractor's report come from programs too (RFC 3834 section 5, `auto-generated`).
"""

import re
from typing import Final

from dtm_contact.model import Alarm, Attachment, Automation, CaseKind, Contact, Evidence
from dtm_contact.text import is_receipt
from dtm_contact.topics.model import NOBODY
from dtm_contact.topics.reader import Heard, Reader

_SPAM_VERDICT: Final = re.compile(r"x-spam-(?:flag|status)\s*:\s*yes", re.IGNORECASE)
_LETTERS: Final = frozenset({"application/pdf", "image/tiff"})
_LETTER_ENDINGS: Final = (".pdf", ".tif", ".tiff")
_HINTED: Final = 2.5
"""How much surer a sign of mass mail, or our mail server's verdict, makes it that no person wrote a message."""
_MASS_SIGNS: Final = 2
"""Signs of mass mail that count."""
_NO_PERSONS: Final = 0.0
"""The score from which a program's receipt of a message asks for nothing besides."""
_A_PERSONS: Final = -3.0
"""The score of "no person wrote it" under which what a machine's words make a reply is a person's all the same. A
header says it for good: absence notices speak of a daughter, and many a bounce is in a language that nobody taught."""


def kind_of(contact: Contact, heard: Heard, alarm: Alarm, reader: Reader) -> tuple[CaseKind, tuple[Evidence, ...]]:
    """Return whether a message is a case, automatic or spam, and the reasons where it is set aside.

    What alarms, what could not be read, and what may hold a letter that nobody has read is a case, whatever else speaks
    against it.

    Args:
        contact: the message with the signs of its structure.
        heard: what was read.
        alarm: whether somebody may be in danger.
        reader: the limits.
    """
    if alarm.any or contact.undecoded:
        return CaseKind.CASE, ()
    score = float(heard.scores[reader.model.column[NOBODY]]) if len(heard.reading.rows) else 0.0
    kinds = [sign.kind for sign in contact.automatic_signs]
    structure = tuple(Evidence("kind.structure", _HINTED, sign.seen) for sign in contact.automatic_signs)
    if Automation.REPLY in kinds:
        # A machine's answer says what it answers (RFC 3834 section 3.1.5); many a form bears a header of answers too.
        answers = bool(contact.in_reply_to or contact.references)
        # The words of an answer do as well as its header where another header says that no person wrote them.
        by_structure = answers and any(
            sign.kind in {Automation.REPLY, Automation.GENERATED} and not sign.by_words
            for sign in contact.automatic_signs
        )
        return (CaseKind.AUTOMATIC, structure) if by_structure or score >= _A_PERSONS else (CaseKind.CASE, ())
    if any(map(may_be_letter, contact.attachments)):
        return CaseKind.CASE, ()
    if is_receipt(contact) and score >= _NO_PERSONS:
        return CaseKind.AUTOMATIC, structure
    verdicts = [verdict for verdict in contact.trusted_verdicts if _SPAM_VERDICT.search(verdict)]
    hints = min(kinds.count(Automation.MASS), _MASS_SIGNS) + bool(verdicts)
    if score + _HINTED * hints < reader.limits.nobody:
        return CaseKind.CASE, ()
    automatic, spam = (float(heard.scores[reader.model.column[kind]]) for kind in ("automatic", "spam"))
    mass = structure if Automation.MASS in kinds else ()
    told = (*mass, *(Evidence("kind.verdict", _HINTED, verdict) for verdict in verdicts))
    if hints:
        # Services that hand on a person's request send it as they send their newsletters: the text tells them apart.
        asked = max((float(heard.scores[reader.model.column[code]]) for code in reader.asked), default=spam)
        kind = CaseKind.CASE if asked >= spam else CaseKind.SPAM
    elif spam > automatic:
        kind = CaseKind.SPAM
    else:
        # A program's report of something that happened is a case: only a reply and an advertisement are set aside.
        kind = CaseKind.CASE if Automation.GENERATED in kinds else CaseKind.AUTOMATIC
    return kind, () if kind is CaseKind.CASE else told


def may_be_letter(attachment: Attachment) -> bool:
    """Return whether a file may be a letter, which words around it do not set aside: nobody has read it."""
    return attachment.media_type in _LETTERS or attachment.name.lower().endswith(_LETTER_ENDINGS)
