"""What programs put around what is said: closing words, a form's labels, a copier's words around a scan."""

import re
from dataclasses import replace
from typing import Final

from dtm_contact.model import Attachment, Contact, Part
from dtm_contact.normalize import fold
from dtm_contact.topics.hits import Hits, find_hits
from dtm_contact.topics.lexicon import Lexicon, Role
from dtm_contact.topics.passage import CHARACTERS_READ, Passage

_SCANS: Final = frozenset({"application/pdf", "image/tiff", "image/jpeg", "image/png"})
_SCAN_ENDINGS: Final = (".pdf", ".tif", ".tiff", ".jpg", ".jpeg", ".png")
_LETTERS: Final = frozenset({"application/pdf", "image/tiff"})
_LETTER_ENDINGS: Final = (".pdf", ".tif", ".tiff")
_LONGEST: Final = 3_000
"""Characters beyond which a message is no copier's."""

_ADDRESS: Final = re.compile(r"[\w.+-]{1,64}@[\w.-]{1,200}|https?://\S{1,2000}|www\.\S{1,2000}")
_WORD: Final = re.compile(r"[^\W_]+")
_LABEL: Final = re.compile(r"^[ \t*•>-]*[^\W\d_][^:\n.!?]{0,40}:", re.MULTILINE)
_LABELS: Final = 3
"""Lines that begin with a label, from which a program's message is a form."""

_SHEET_LABELS, _SHEET_SHARE, _VALUE_WORDS = 4, 1.5, 12
"""Labels that a cover sheet has at the least, lines for one of them at the most, and words of a value at the most: a
form in which a person asks for something has a longer one."""

_STRANGE_SHARE, _KNOWN_SHARE = 5, 10
"""One word in so many may be none of a copier's, as a name that somebody gave the device; and one in so many may be one
that people use when they ask for something."""


def unwrapped(passage: Passage, lexicon: Lexicon) -> tuple[Passage, Hits]:
    """Return a passage without the closing words of programs, and what is found in it.

    Args:
        passage: the words.
        lexicon: the phrases; those of `Role.GENERATED` go, and the small words that are left alone in their sentence.
    """
    hits = find_hits(passage, lexicon)
    closing = {place for hit in hits.by_role.get(Role.GENERATED, ()) for place in hit.places}
    if not closing:
        return passage, hits
    speaking = {
        passage.sentences[place]
        for place, form in enumerate(passage.forms)
        if place not in closing and form not in lexicon.small_words
    }
    touched = {passage.sentences[place] for place in closing} - speaking
    silent = {place for place, sentence in enumerate(passage.sentences) if sentence in touched}
    bare = passage.without(closing | silent)
    return bare, find_hits(bare, lexicon)


def is_scan(contact: Contact, lexicon: Lexicon) -> bool:
    """Tell whether a message is a scanned letter: a file in words of the copier alone, so that nobody has said a word.

    Args:
        contact: what was read; a scan that a colleague passes on without a word of their own is one too.
        lexicon: the copiers' words.
    """
    if contact.channel != "email" or not contact.attachments or not all(map(_may_be_scan, contact.attachments)):
        return False
    said = [contact.subject, *(contact.text(part) for part in (Part.NEW, Part.SIGNATURE, Part.FORWARDED))]
    if contact.undecoded or contact.quoted_text or sum(map(len, said)) > _LONGEST:
        return False
    if _is_cover_sheet(contact, lexicon):
        return True
    found = _WORD.findall(_ADDRESS.sub(" ", fold("\n".join(said))))
    words = [word for word in found if len(word) > 1 and word.isalpha()]
    strange = {word for word in words if word not in lexicon.copier and word not in lexicon.small_words}
    known = sum(word in lexicon.spelling.words for word in strange)
    marked = not any(said[1:]) or any(word in lexicon.copier_marks for word in words)
    return marked and len(strange) * _STRANGE_SHARE <= len(words) and known * _KNOWN_SHARE <= len(words)


def _is_cover_sheet(contact: Contact, lexicon: Lexicon) -> bool:
    """Tell whether a mail room's program says in labels and short values how a letter was scanned, and nobody more."""
    lines = [line for line in contact.new_text.splitlines() if line.strip()]
    labels = [found for line in lines if (found := _LABEL.match(line))]
    if len(labels) < _SHEET_LABELS or len(labels) * _SHEET_SHARE < len(lines):
        return False
    if max(len(label.string[label.end() :].split()) for label in labels) > _VALUE_WORDS:
        return False
    words = _WORD.findall(fold(f"{contact.subject} {' '.join(label[0] for label in labels)}"))
    return any(word in lexicon.copier_marks for word in words)


def may_be_letter(attachment: Attachment) -> bool:
    """Tell whether a file may be a letter, which words around it do not set aside: nobody has read it."""
    return attachment.media_type in _LETTERS or attachment.name.lower().endswith(_LETTER_ENDINGS)


def _may_be_scan(attachment: Attachment) -> bool:
    return attachment.media_type in _SCANS or attachment.name.lower().endswith(_SCAN_ENDINGS)


def entered_in_form(contact: Contact) -> tuple[Contact, Contact] | None:
    """Return a form's message without its labels, and with its longest field alone; None where it is no form.

    The labels are the form's own words, and so are headings and chosen values around the field in which a person may
    write freely. What is left keeps its place, so that spans count as in the whole.

    Args:
        contact: what a program sent.
    """
    text = contact.new_text[:CHARACTERS_READ]
    labels = [found for found in _LABEL.finditer(text) if not text.startswith("//", found.end())]
    if len(labels) < _LABELS:
        return None
    ends = [*(found.start() for found in labels[1:]), len(text)]
    start, end = max(
        ((found.end(), end) for found, end in zip(labels, ends, strict=True)),
        key=lambda field: len(text[field[0] : field[1]].split()),
    )
    values = _LABEL.sub(lambda label: " " * len(label[0]), text)
    return replace(contact, new_text=values), replace(contact, subject="", new_text=" " * start + text[start:end])
