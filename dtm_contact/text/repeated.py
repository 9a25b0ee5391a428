"""What a machine repeats of the message that it answers.

An absence notice and the receipt of a ticket quote the subject and the text that they were sent. None of that is new:
it is blanked out as quoted text is. What such a message says besides is read like any other's, so that a danger in it
is heard.

That a message is one is told by its structure: a machine's reply (RFC 3834), or an answer in a thread that has the
words of an absence notice, or, from a program, those of a receipt. What begins a thread, a form for example, repeats
nothing: whoever fills it in may write the same words.
"""

import re
from collections.abc import Iterator
from typing import Final

from dtm_contact.model import Automation, Contact
from dtm_contact.text.folding import Folded, fold, fold_keeping_offsets
from dtm_contact.text.mailboxes import is_robot

_HEAD: Final = 3_000
"""Characters of the new text in which the words of a notice stand."""

_ABSENCE: Final = re.compile(
    r"\b(?:je (?:suis|serai) (?:actuellement |momentanement )?"
    r"(?:absente?|en (?:conges?|vacances|formation|deplacement|arret|repos))"
    r"|(?:actuellement |serai )?absente? (?:du bureau|jusqu|du \d|ce jour)"
    r"|(?:de retour|mon retour|je reviens|je reviendrai|je retrouve mon bureau)\b"
    r"|ne consulte(?:rai)? pas (?:ma|mes)|pas acces a (?:ma|mes) (?:messagerie|boite|mails?|courriels?)"
    r"|en mon absence|out of (?:the )?office|ne sera pas lu avant|n'est plus (?:relevee|consultee|utilisee)"
    r"|(?:nos bureaux sont|notre (?:service|agence|entreprise|societe)\b.{0,30}\best) ferme)"
)
_RECEIPT: Final = re.compile(
    r"\b(?:bien (?:ete )?(?:recue?|enregistree?|prise? en compte|pris en charge|transmise?)"
    r"|accus\w{1,3} (?:de |bonne )?reception|accuse d'enregistrement"
    r"|(?:ticket|demande|incident|dossier)\b.{0,40}\b(?:a ete|est) (?:cree|enregistre)e?"
    r"|(?:ticket|demande|message)\W{0,4}(?:n\W{1,2})?[\w#-]{0,16}\W{0,3}\b(?:a ete|est) recue?"
    r"|(?:we have|we've) received your|has been (?:received|registered))"
)
_YOURS: Final = r"(?:message|demande|courriel|courrier|mail|e-mail|signalement|ticket|declaration|sollicitation)"
_NAMED: Final = re.compile(rf"\b{_YOURS}\b[^\n\"]{{0,40}}\"([^\"\n]{{3,300}})\"")
_REPEATS: Final = re.compile(
    rf"^[ \t>*#-]*(?:(?:rappel|copie|contenu|texte|detail|recapitulatif) d[eu] (?:votre|vos|la|le) {_YOURS}s?"
    rf"|(?:votre|vos) {_YOURS}s?(?: (?:initiale?|d'origine|etait))?|{_YOURS} (?:initiale?|d'origine)"
    r"|description(?: initiale)?|original (?:message|request))[ \t]*:?[ \t*]*$",
    re.MULTILINE,
)
_ENTRY: Final = re.compile(
    r"^[ \t]*[-_=–—]{5,}[ \t]*\n\s*[^\n]{0,80}\b\d{1,2}[ /.]\S{2,10}[ /.]\d{4}\b[^\n]{0,40}$", re.MULTILINE
)
"""A rule with a name and a date below it: the message that a help desk registered."""
_TITLE: Final = re.compile(
    r"^[ \t>*]*(?:titre|objet|sujet|intitule|subject|rappel de votre texte|description(?: initiale)?)[ \t]*:[^\n]*$",
    re.MULTILINE,
)
_PREFIXES: Final = re.compile(
    r"(?:\s*(?:\[[^\]\n]{0,60}\]|(?:re|rep|aw|sv|tr|fwd?|lu|reponse automatique|automatic reply|absence|absente?"
    r"|accuse de reception|demande recue|votre demande|message d'absence)\s*:))+\s*"
)
_FEWEST_WORDS: Final = 3
"""Words of a subject that stand in the text by no chance."""
_ANSWERS: Final = re.compile(r"\s*(?:re|rep|aw|sv|antw)(?:\[\d+\])?\s*:")


def is_notice(contact: Contact) -> bool:
    """Return whether a message is a machine's answer: an absence notice, a receipt, or another reply by its structure.

    An absence notice need not bear any sign of the program that wrote it.
    """
    if _is_reply(contact) or is_receipt(contact):
        return True
    in_thread = bool(contact.in_reply_to or contact.references)
    text = " ".join(fold(contact.new_text[:_HEAD]).split())
    return bool((in_thread or _ANSWERS.match(fold(contact.subject))) and _ABSENCE.search(text))


def _is_reply(contact: Contact) -> bool:
    return any(sign.kind is Automation.REPLY for sign in contact.automatic_signs)


def is_receipt(contact: Contact) -> bool:
    """Return whether a program says in a thread that a message was received, and no more of who reads it."""
    by_program = contact.by_program or is_robot(contact.sender.address)
    if not by_program or not (contact.in_reply_to or contact.references):
        return False
    return bool(_RECEIPT.search(" ".join(fold(contact.new_text[:_HEAD]).split())))


def repeated(contact: Contact, text: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a notice's new text that it repeats, or that tell everybody whom to call.

    Where only its words say that it is one, a person may have written it: then nothing is left out but the subject's
    own words, and sentences that begin as such advice does.

    Args:
        contact: a message that `is_notice`.
        text: its new text.
    """
    folded = fold_keeping_offsets(text)
    sure = _is_reply(contact) or is_receipt(contact)
    for begins in (_REPEATS.search(folded.text), _ENTRY.search(folded.text)) if sure else ():
        if begins is not None:
            yield folded.original_span(begins.start(), len(folded.text))
    for found in (*_TITLE.finditer(folded.text), *_NAMED.finditer(folded.text)) if sure else ():
        yield folded.original_span(found.start(found.re.groups), found.end(found.re.groups))
    yield from _subject(contact, folded)


def _subject(contact: Contact, folded: Folded) -> Iterator[tuple[int, int]]:
    """Yield where the subject stands in the text, word for word."""
    subject = fold(contact.subject).strip()
    prefix = _PREFIXES.match(subject)
    core = subject[prefix.end() :] if prefix is not None else subject
    if len(core.split()) < _FEWEST_WORDS:
        return
    at = folded.text.find(core)
    while at >= 0:
        yield folded.original_span(at, at + len(core))
        at = folded.text.find(core, at + len(core))
