"""A contact's texts cut into words that know where they stand, no longer than matching can afford."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dtm_contact.model import Contact, Part, Span
from dtm_contact.normalize import Folded, fold_keeping_offsets

LONGEST = 12_000
"""Characters of one part that are looked at; letters are shorter, and what follows is somebody's log file."""

MOST_WORDS = 2_500
"""Words of one part that are looked at."""

_WORD = re.compile(r"[a-z]+|[0-9]+")
_LONGEST_WORD = 40
_ANSWERED = re.compile(r"\n>|\n-{2,} ?Original|\nLe [^\n]{5,120}a écrit ?:|\nDe ?: ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Word:
    """A run of letters or of digits: folded text, its place in the folded passage, capital or not as written."""

    text: str
    start: int
    end: int
    capital: bool


@dataclass(frozen=True, slots=True)
class Passage:
    """One stretch of a contact, in words.

    Attributes:
        part: whose text it is.
        folded: the text as compared.
        words: in order.
        offset: where the stretch begins in the part's text; None where the part's text does not hold it.
    """

    part: Part
    original: str
    folded: Folded
    words: tuple[Word, ...]
    offset: int | None = 0

    def span(self, start: int, end: int) -> Span | None:
        """Return the span of a stretch of the folded text."""
        if self.offset is None:
            return None
        first, last = self.folded.original_span(start, end)
        return Span(self.part, self.offset + first, self.offset + last)

    def seen(self, start: int, end: int) -> str:
        """Return a stretch of the folded text as it was written."""
        first, last = self.folded.original_span(start, end)
        return self.original[first:last]


def passage(part: Part, text: str, offset: int | None = 0) -> Passage:
    """Cut a text into words."""
    original = text[:LONGEST]
    folded = fold_keeping_offsets(original)
    words: list[Word] = []
    for match in _WORD.finditer(folded.text):
        if len(words) >= MOST_WORDS:
            break
        start, end = match.span()
        if end - start <= _LONGEST_WORD:
            first = start if folded.origins is None else folded.origins[start]
            words.append(Word(match.group(), start, end, original[first].isupper()))
    return Passage(part, original, folded, tuple(words), offset)


def _forwarded(contact: Contact) -> Iterator[Passage]:
    offset = 0
    for original in contact.forwarded[:3]:
        yield passage(Part.FORWARDED, original.subject, offset)
        offset += len(original.subject) + 1
        answered = _ANSWERED.search(original.text)
        yield passage(Part.FORWARDED, original.text[: answered.start() if answered else None], offset)
        offset += len(original.text) + 1


def texts(contact: Contact) -> list[Passage]:
    """Return the passages in which the writer speaks: new text, signature, subject, what was passed on; never quotes."""
    own = [passage(part, contact.text(part)) for part in (Part.SUBJECT, Part.NEW, Part.SIGNATURE) if contact.text(part)]
    return [*own, *(each for each in _forwarded(contact) if each.words)]
