"""The parts of a letter, told by where its lines stand: who writes, to whom, when, about what, and what it says.

A French letter has its sender in the upper left (NF Z 11-001), or the upper right, the addressee on the right below,
place and date, the subject, a salutation, the text, and the name below. What stands in the addressee's block is ours
and says nothing of who writes.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from dtm_contact.model import Channel, Contact, FileOutcome, Mailbox, Recognised, Recognition, ScannedLine, domain_of
from dtm_contact.reading import limits, notes
from dtm_contact.reading.decoding import clean, clean_line
from dtm_contact.text import DATE_IN_TEXT, fold, fold_keeping_offsets, name_words, parse_date, phones_in

WITHOUT_NUMBER: Final = "sans numéro lisible"

_SUBJECT: Final = re.compile(r"^\W{0,3}(?:objet|concerne|sujet)\s*[:;.\-–—]\s*", re.IGNORECASE)
_SALUTATION: Final = re.compile(
    r"^\W{0,2}(?:madame|monsieur|mesdames|messieurs|bonjour|cher|chere|maitre)\b(?:(?:,| et| ou|\W)*"
    r"(?:madame|monsieur|mesdames|messieurs|la|le|les|directeur|directrice|responsable|president|presidente|gardien"
    r"|gardienne|charge|chargee|de|clientele|gestionnaire|tous|toutes))*\W{0,3}$"
)
_REGISTERED: Final = re.compile(r"\b(?:lettre |courrier |pli |envoi )?recommandee?s?\b|\b(?:lrar|l\.?r\.?a\.?r)\b")
_NUMBER: Final = re.compile(r"\b[0-9][A-Za-z](?:[ .]?[0-9]){9,14}\b|\b[0-9](?:[ .]?[0-9]){9,14}\b")
_DATED: Final = re.compile(r"^\W{0,2}(?:fait a )?(?:a )?[a-z' -]{0,40}?,? ?(?:le|ce) [0-9]{1,2}(?:er)?[ /.-]")
_DATE_WORDS: Final = 9
_ADDRESSEE: Final = frozenset([
    "bailleur", "bailleurs", "office", "habitat", "hlm", "oph", "opac", "service", "services", "agence", "agences",
    "direction", "directeur", "directrice", "attention", "responsable", "gestionnaire", "sa", "societe", "loge",
    "gardien", "gardienne", "bureau", "siege", "immobiliere", "regie", "locative", "locatif", "clientele",
    "contentieux", "juridique", "parishabitat",
])  # fmt: skip
"""Words that stand in the block of a letter to a landlord."""

_MENTION: Final = re.compile(
    r"^\W{0,2}(?:p\.?j|pieces? jointes?|ref|references?|n/ref|v/ref|vos ref|nos ref|n° de dossier"
    r"|courrier (?:arrive|recu|entrant)|arrivee? le|recue? le|urgent)\b"
)
"""What stands on a line of the head that is nobody's block: a reference, the mail room's stamp."""

_POSTCODE: Final = re.compile(r"\b[0-9]{2} ?[0-9]{3}\b")
_NAME_WORDS: Final = 7
_LEFT: Final = 480
"""Thousandths of the width before which a block of the head begins on the left."""
_TALLEST_HEAD: Final = 600
"""Thousandths of the first page's height below which no block of the head is looked for."""
_BLOCK_GAP: Final = 1.6
"""Heights of a line that the space above a line is wider than where another block begins."""
_LEAST_HEIGHT, _SAME_EDGE = 8, 60
_PARAGRAPH_GAP: Final = 1.3
_GOOD, _FAIR = 88.0, 75.0


@dataclass(frozen=True, slots=True)
class LetterParts:
    """The parts of a letter.

    Attributes:
        sender: the lines of the block that says who writes.
        addressee: those of the block that says to whom; it is ours.
        subject: what it says to be about.
        body: the text, with the salutation and the name below.
        dated: the day that it bears.
        registered: its number as a registered letter, or `WITHOUT_NUMBER`; empty for any other.
    """

    sender: tuple[str, ...] = ()
    addressee: tuple[str, ...] = ()
    subject: str = ""
    body: str = ""
    dated: date | None = None
    registered: str = ""

    @property
    def name(self) -> str:
        """The sender's name as it stands on the first line of their block; empty where that is none."""
        first = self.sender[0] if self.sender else ""
        words = name_words(first)
        return first if 0 < len(words) <= _NAME_WORDS and not any(map(str.isdigit, first)) else ""


def parts_of(pages: Sequence[Sequence[ScannedLine]]) -> LetterParts:
    """Return the parts of a letter by the lines of its pages."""
    first = [line for line in pages[0] if line.text.strip()] if pages else []
    end = _end_of_head(first)
    head, rest = first[:end], first[end:]
    # A line of the head that the program read late, since its block stands beside the others.
    if rest:
        late = [line for line in rest if line.bottom <= rest[0].top and line.top < _TALLEST_HEAD]
        head += late
        rest = [line for line in rest if line not in late]
    registered = _registered(head)
    subject, subject_lines = _subject([*head, *rest])
    # Where a letter bears no date of its own above, its last lines do ("Fait à …, le …").
    dated = _dated(head) or _dated(rest[-8:])
    blocks = _blocks([line for line in head if line not in subject_lines and not _is_mention(line)])
    sender, addressee = _who(blocks)
    body = [line for line in rest if line not in subject_lines]
    below = [line for page in pages[1:] for line in page if line.text.strip()]
    return LetterParts(
        sender, addressee, subject, "\n".join(filter(None, (_text(body), _text(below)))), dated, registered
    )


def _end_of_head(lines: Sequence[ScannedLine]) -> int:
    """Return how many lines stand above the text: what the salutation begins, else what comes below the subject."""
    for place, line in enumerate(lines):
        if _SALUTATION.match(fold(line.text)) and place and not _begins_block(lines, place):
            return place
    for place, line in enumerate(lines):
        if _SUBJECT.match(line.text):
            return place
    return next((place for place, line in enumerate(lines) if _is_long(line)), 0)


def _begins_block(lines: Sequence[ScannedLine], place: int) -> bool:
    """Return whether a line such as "Monsieur le Directeur" is the first of an addressee's block, not a salutation."""
    line = lines[place]
    below = lines[place + 1] if place + 1 < len(lines) else None
    if line.left < _LEFT or below is None:
        return False
    return abs(below.left - line.left) < _SAME_EDGE and not _is_long(below)


def _is_long(line: ScannedLine) -> bool:
    return line.right - line.left > 600  # noqa: PLR2004 - thousandths: longer than any line of an address


def _registered(head: Iterable[ScannedLine]) -> str:
    lines = list(head)
    for place, line in enumerate(lines):
        if _REGISTERED.search(fold(line.text)):
            for near in (line, *lines[place + 1 : place + 3]):
                if found := _NUMBER.search(near.text):
                    return clean_line(found.group())
            return WITHOUT_NUMBER
    return ""


def _subject(lines: Sequence[ScannedLine]) -> tuple[str, list[ScannedLine]]:
    """Return the subject, and the lines that it stands on: its own, and one that goes on below without a gap."""
    for place, line in enumerate(lines):
        found = _SUBJECT.match(line.text)
        if found is None:
            continue
        taken = [line]
        if place + 1 < len(lines):
            below, high = lines[place + 1], max(_LEAST_HEIGHT, line.bottom - line.top)
            near = 0 <= below.top - line.bottom < _BLOCK_GAP / 2 * high and line.right > _TALLEST_HEAD
            if near and not _SALUTATION.match(fold(below.text)) and below.top > line.top:
                taken.append(below)
        text = " ".join([line.text[found.end() :], *(each.text for each in taken[1:])])
        return clean_line(text)[: limits.DISPLAY], taken
    return "", []


def _dated(lines: Iterable[ScannedLine]) -> date | None:
    for line in lines:
        folded = fold(line.text)
        found = DATE_IN_TEXT.search(folded)
        if found is None or len(folded.split()) > _DATE_WORDS or _SUBJECT.match(line.text):
            continue
        try:
            return parse_date(found.group())
        except ValueError:
            continue
    return None


def _is_mention(line: ScannedLine) -> bool:
    """Return whether a line of the head is neither the sender's nor the addressee's."""
    folded = fold(line.text)
    is_date = _DATED.match(folded) is not None or DATE_IN_TEXT.fullmatch(folded.strip(" ,.")) is not None
    return is_date or _REGISTERED.search(folded) is not None or _MENTION.match(folded) is not None


def _blocks(lines: Sequence[ScannedLine]) -> list[list[ScannedLine]]:
    """Return the blocks that lines make: below each other, with the same left edge or under one another, no gap."""
    blocks: list[list[ScannedLine]] = []
    for line in sorted(lines, key=lambda line: (line.top, line.left)):
        for block in reversed(blocks):
            last = block[-1]
            high = max(_LEAST_HEIGHT, last.bottom - last.top, line.bottom - line.top)
            near = line.top - last.bottom < _BLOCK_GAP * high
            aligned = abs(line.left - last.left) < _SAME_EDGE
            under = min(line.right, last.right) - max(line.left, last.left) > 0
            if near and line.top >= last.top and (aligned or (under and line.top >= last.bottom - high // 2)):
                block.append(line)
                break
        else:
            blocks.append([line])
    return blocks


def _who(blocks: Sequence[Sequence[ScannedLine]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines of who writes, and of to whom.

    The addressee stands on the right; of two on the right, below. A block that names a service of a landlord is the
    addressee's wherever it stands, unless it is the only one on the left above another on the right.
    """
    if not blocks:
        return (), ()
    ours = [block for block in blocks if _ADDRESSEE & set(_words(block))]
    others = [block for block in blocks if block not in ours]
    right = [block for block in others if block[0].left >= _LEFT]
    left = [block for block in others if block[0].left < _LEFT]
    if not ours and right and left:
        ours, others = right, left
    elif not ours and len(right) > 1:
        ours, others = right[1:], right[:1]
    sender = [block for block in others if block[0].left < _LEFT] or others
    # A block with a town, else one of several lines: a stamp or a scribble is neither.
    with_town = [block for block in sender if any(_POSTCODE.search(line.text) for line in block)]
    return _clean_lines(with_town[:1] or [block for block in sender if len(block) > 1] or sender), _clean_lines(ours)


def _words(block: Iterable[ScannedLine]) -> Iterator[str]:
    for line in block:
        yield from name_words(line.text)


def _clean_lines(blocks: Iterable[Sequence[ScannedLine]]) -> tuple[str, ...]:
    return tuple(text for block in blocks for line in block if (text := clean_line(line.text)))


def _text(lines: Sequence[ScannedLine]) -> str:
    """Return lines as a text: a blank line where a paragraph ends, words joined that were parted at a line's end."""
    told: list[str] = []
    before: ScannedLine | None = None
    for line in lines:
        text = clean(line.text).strip()
        if before is not None and line.top - before.bottom > _PARAGRAPH_GAP * max(
            _LEAST_HEIGHT, before.bottom - before.top
        ):
            told.append("")
        if told and told[-1].endswith("-") and told[-1][-2:-1].isalpha() and text[:1].islower():
            told[-1] = told[-1][:-1] + text
        else:
            told.append(text)
        before = line
    return "\n".join(told)


def with_letter(
    contact: Contact,
    recognitions: Sequence[Recognition],
    *,
    domains: Collection[str],
    confidence: float,
    words: int,
) -> Contact:
    """Return a contact that brings a scanned letter and no words, as the letter that it brings.

    What a copier or a mail room of ours sent, or a drop folder took, is a letter by post: nothing of the mail around it
    says who writes. Somebody who sends their own letter as a picture stays its sender. What an agent wrote down of a
    letter stays, and stands before what it says.

    Args:
        contact: what was read.
        recognitions: what was recognised in its files.
        domains: our own mail domains, lower case.
        confidence: the mean of the words, below which nothing is concluded from them.
        words: how many, below which the same holds.
    """
    pages = [page for each in recognitions for page in each.pages]
    whole = Recognition(FileOutcome.READ, tuple(pages))
    parts = parts_of(pages)
    sure = whole.words >= words and whole.confidence >= confidence
    told = Recognised(round(whole.confidence, 1), whole.words, sure, parts.dated, parts.registered)
    stated = contact.stated is not None
    by_post = not stated and (contact.channel is Channel.LETTER or domain_of(contact.sender.address) in domains)
    noted = [note for note in contact.notes if note not in _SAID_OF_FILES]
    noted += _noted(told, recognitions)
    sender, subject, kept = contact.sender, parts.subject or contact.subject, ("", "")
    if by_post:
        sender, subject = Mailbox(parts.name), parts.subject
    elif stated:
        sender = replace(sender, name=sender.name or parts.name)
        subject, kept = contact.subject or parts.subject, (contact.new_text, contact.signature)
    text = "\n\n".join(filter(None, (kept[0], parts.body)))[: limits.NEW_TEXT]
    signature = "\n".join(filter(None, (kept[1], *_block(parts.sender))))[: limits.OTHER_TEXT]
    return replace(
        contact,
        channel=Channel.LETTER if by_post else contact.channel,
        sender=sender,
        reply_to=Mailbox() if by_post else contact.reply_to,
        recipients=() if by_post else contact.recipients,
        subject=subject,
        new_text=text,
        signature=signature,
        disclaimer="",
        forwarded=(),
        automatic_signs=() if by_post else contact.automatic_signs,
        notes=tuple(dict.fromkeys(noted)),
        recognised=told,
    )


_SAID_OF_FILES: Final = frozenset({notes.FILE_WITHOUT_WORDS, notes.ONLY_FILES, notes.NO_TEXT, notes.FILE_COSTLY})


def _block(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines of who writes as people write them under a letter: matching looks for them there."""
    place = [line for line in lines[1:] if "@" not in line and ":" not in line and not _holds_number(line)]
    yield from lines[:1]
    if place:
        yield f"Adresse : {', '.join(place)}"
    yield from (line for line in lines[1:] if line not in place)


def _holds_number(line: str) -> bool:
    return next(iter(phones_in(fold_keeping_offsets(line), limit=1)), None) is not None


def _noted(told: Recognised, found: Sequence[Recognition]) -> Iterator[str]:
    if not told.words:
        yield notes.NOT_RECOGNISED
        return
    quality = "bonne" if told.confidence >= _GOOD else "assez bonne" if told.confidence >= _FAIR else "incertaine"
    yield notes.RECOGNISED.format(quality=quality)
    if not told.sure:
        yield notes.RECOGNISED_BADLY
    if any(each.outcome is not FileOutcome.READ for each in found):
        yield notes.SCAN_CUT
    if told.registered:
        number = told.registered if told.registered == WITHOUT_NUMBER else f"n° {told.registered}"
        yield notes.REGISTERED.format(number=number)
    if told.dated is not None:
        yield notes.DATED.format(day=told.dated.strftime("%d/%m/%Y"))
