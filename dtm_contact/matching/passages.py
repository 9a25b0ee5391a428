"""A contact's texts cut into words that know where they stand, no longer than matching can afford."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from dtm_contact.model import Contact, Part, Span
from dtm_contact.text import ARABIC, Folded, fold_keeping_offsets

LONGEST_HEAD, LONGEST_TAIL = 8_000, 2_000
"""Characters of one text that are looked at, at its beginning and, for the signature, at its end."""

MOST_WORDS = 4_000
"""Words of one contact that are looked at; letters are shorter, and what follows is somebody's log file."""

LONGEST_NAME = 200
"""Characters of a mailbox's name that are looked at."""

LONGEST_ADDRESS = 320
"""Characters of a mail address (RFC 3696 section 3); what is longer is none."""

_MOST_FORWARDED = 3
_WORD = re.compile(rf"[a-z]+|[0-9]+|{ARABIC.pattern}")
_LONGEST_WORD = 40
_ELIDED = frozenset("cdjlmnst")
_VOWELS = frozenset("aeiouyh")
_TURKISH = re.compile("[ışğİŞĞ]|merhaba", re.IGNORECASE)
_ANSWERED = re.compile(r"\n>|\n-{2,} ?Original|\nLe [^\n]{5,120}a écrit ?:|\nDe ?: ", re.IGNORECASE)


@dataclass(slots=True)
class Word:
    """A run of letters or of digits: folded text, its place in the folded passage, capital or not as written.

    Nobody changes one; not being frozen, it is made in a quarter of the time, and a text has thousands.
    """

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

    def elided(self, position: int) -> bool:
        """Tell whether a word is a letter that belongs to the word after it ("n'a pas", "porte d entree")."""
        word = self.words[position]
        if word.text not in _ELIDED or position + 1 == len(self.words):
            return False
        following = self.words[position + 1]
        between = self.folded.text[word.end : following.start]
        return between == "'" or (between == " " and not word.capital and following.text[0] in _VOWELS)

    @property
    def in_turkish(self) -> bool:
        """Whether it has what only Turkish is written with."""
        return _TURKISH.search(self.original) is not None

    @property
    def in_creole(self) -> bool:
        """Whether it has what only Haitian Creole says: there "se" is "c'est"."""
        return any(word.text == "mwen" for word in self.words)

    def seen(self, start: int, end: int) -> str:
        """Return a stretch of the folded text as it was written."""
        first, last = self.folded.original_span(start, end)
        return self.original[first:last]


def passage(part: Part, text: str, offset: int | None = 0, most_words: int = MOST_WORDS) -> Passage:
    """Cut a text, short enough already, into words; what is longer than a word can be is none."""
    folded = fold_keeping_offsets(text)
    origins = folded.origins
    words: list[Word] = []
    for match in islice(_WORD.finditer(folded.text), most_words):
        start, end = match.span()
        if end - start <= _LONGEST_WORD:
            first = text[start if origins is None else origins[start]]
            words.append(Word(match.group(), start, end, first.isupper()))
    return Passage(part, text, folded, tuple(words), offset)


def _stretches(contact: Contact) -> Iterator[tuple[Part, str, int]]:
    """Yield the texts in which the writer speaks, each with its offset in its part."""
    for part in (Part.SUBJECT, Part.NEW, Part.SIGNATURE):
        yield part, contact.text(part), 0
    offset = 0
    for original in contact.forwarded[:_MOST_FORWARDED]:
        yield Part.FORWARDED, original.subject, offset
        offset += len(original.subject) + 1
        answered = _ANSWERED.search(original.text[:LONGEST_HEAD])
        yield Part.FORWARDED, original.text[: answered.start()] if answered else original.text, offset
        offset += len(original.text) + 1


def texts(contact: Contact) -> list[Passage]:
    """Return the passages in which the writer speaks: the new, the signed, the passed on; never quotes."""
    found: list[Passage] = []
    left = MOST_WORDS
    for part, text, offset in _stretches(contact):
        if not text:
            continue
        pieces = [(0, text[:LONGEST_HEAD])]
        if len(text) > LONGEST_HEAD:
            tail = max(LONGEST_HEAD, len(text) - LONGEST_TAIL)
            pieces.append((tail, text[tail:]))
        for start, piece in pieces:
            found.append(passage(part, piece, offset + start, left))
            left -= len(found[-1].words)
    return [each for each in found if each.words]
