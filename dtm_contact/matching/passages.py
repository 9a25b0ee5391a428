"""A contact's texts cut into words that know where they stand, and what stands around a name among them."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from dtm_contact.matching.cues import (
    BEFORE_IT_IS,
    BUILDING_WORDS,
    DOOR_WORDS,
    DWELLS,
    GREETINGS,
    KIN,
    ORDINALS,
    RELATIVES_WRITTEN_FOR,
    RESIDENCE_CUES,
    SAME_PLACE,
    STAIRCASE_WORDS,
    TELLING,
    TENANCY,
    UNDER_GUARD,
)
from dtm_contact.model import Contact, Part, Span
from dtm_contact.text import ARABIC, STREET_TYPES, Folded, fold_keeping_offsets

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
        """Return whether a word is a letter that belongs to the word after it ("n'a pas", "porte d entree")."""
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


_ENDS = frozenset("!?;\n")
_GREETED, _LAST_WORDS = 3, 10
_CLAUSE, _GUARDED = 14, 7  # words
_BRACKETS = 100  # characters
_WE, _ARE = frozenset({"on", "nous", "je"}), frozenset({"est", "sommes", "suis"})
_THEIR_OWN = frozenset({"moi", "mien", "mienne"})
_AT = frozenset({"du", "au"})
_ARTICLES = frozenset({"la", "le", "les"})
_HELLO = GREETINGS | BEFORE_IT_IS | {"et", "a", "tous"}
_OF_AN_ADDRESS = (
    RESIDENCE_CUES | BUILDING_WORDS | STAIRCASE_WORDS | DOOR_WORDS | ORDINALS.keys() | TENANCY | {"ex", "rdc", "appart"}
)
_LEVELS = ORDINALS.keys() | {"rez", "rdc"}
_ADDRESS_WORDS = 5  # "12 bis av. du", "rue des 4 Ruelles"
_STREET_NAMES = frozenset(STREET_TYPES.values())
_FAMILY_WORDS = KIN | RELATIVES_WRITTEN_FOR | {"et", "sa", "son", "ses", "la", "leur", "leurs", "famille"}


class Surroundings:
    """One passage, asked what stands before and after a name in it."""

    def __init__(self, text: Passage) -> None:
        """Take a passage's words and its folded text."""
        self.words = text.words
        self.folded = text.folded.text

    def up_to(self, position: int) -> str:
        """Return the text before a word, folded, without the spaces at its end."""
        return self.folded[: self.words[position].start].rstrip(" ")

    def behind(self, end: int) -> str:
        """Return the text behind a name that ends at `end`, folded."""
        return self.folded[self.words[end - 1].end :]

    def before(self, position: int, count: int) -> list[str]:
        """Return the words before a position, the nearest first, back to the beginning of its sentence."""
        found: list[str] = []
        for back in range(position - 1, max(-1, position - 1 - count), -1):
            between = self.folded[self.words[back].end : self.words[back + 1].start]
            stop = ". " in between and ".." not in between  # dots lead to what a form is filled with
            if not _ENDS.isdisjoint(between) or (stop and len(self.words[back].text) > len("mme")):
                break
            found.append(self.words[back].text)
        return found

    def after(self, end: int, count: int) -> list[str]:
        """Return the words after a name that ends at `end`."""
        return [word.text for word in self.words[end : end + count]]

    def is_apposed(self, position: int) -> bool:
        """Return whether a comma and a space stand before a word: "l'assistante sociale, Mme Roy"."""
        return self.folded[: self.words[position].start].endswith(", ")

    def gives_address(self, end: int) -> bool:
        """Return whether an address follows a name ("Roy Claude - 12 rue Hoche"), and no tale of who bears the name."""
        return self.address_follows(end) and not self.goes_on_about(end)

    def address_follows(self, end: int) -> bool:
        """Return whether an address follows a name on its line, whatever the sentence says of them."""
        after = self.behind(end)[:4]
        mark = after.strip(" .")[:1]
        street = {*self.after(end, 1)} & _STREET_NAMES
        if "\n" in after or not (street or (mark and mark in ",-(/:0123456789")):
            return False
        ahead = self._on_this_line(end, _ADDRESS_WORDS)
        told = set(ahead) & _STREET_NAMES or (set(ahead) & STREET_TYPES.keys() and any(map(str.isdigit, ahead)))
        numbered = bool(told) and ahead[0] not in {"du", "au", "de"}
        return numbered or bool(ahead and ahead[0] in SAME_PLACE)

    def _on_this_line(self, end: int, count: int) -> list[str]:
        """Return the words after a name, to the end of its line or sentence."""
        found: list[str] = []
        for word, before in zip(self.words[end : end + count], self.words[end - 1 :], strict=False):
            between = self.folded[before.end : word.start]
            if found and (
                "\n" in between or (between.startswith((". ", "! ", "? ")) and len(before.text) > len("bis"))
            ):
                break
            found.append(word.text)
        return found

    def goes_on_about(self, end: int) -> bool:
        """Return whether the sentence goes on about whoever bears the name that ends there."""
        for word, following in zip(self.words[end:], [*self.words[end + 1 :], None], strict=False):
            after = self.folded[word.end : following.start if following else None]
            if word.text in TELLING and not after.startswith(("°", "'")):
                return True
            if "\n" in after or after.startswith((". ", "!", "?")):
                return False
        return False

    def is_located(self, end: int) -> bool:
        """Return whether a place follows a name at once: "du 12", "3e", ", place Hoche", "ex locataire"."""
        following = self.after(end, 2)
        if not following:
            return False
        first, second = following[0], following[1:]
        if first in _AT:
            return bool(second) and (second[0].isdigit() or second[0] in _LEVELS or self.words[end + 1].capital)
        return first.isdigit() or first in _OF_AN_ADDRESS or first in STREET_TYPES

    def places_itself(self, end: int) -> bool:
        """Return whether an address or a phone follows a name: a comma, a figure, or the word for one."""
        after = self.behind(end)[:3].lstrip(" .")[:1]
        return after in set(",-(/0123456789\n")

    def addressed(self, end: int) -> bool:
        """Return whether a comma ends the line of a name, and no address follows: so letters begin ("Madame Roy,")."""
        after = self.behind(end).lstrip(" ")
        following = {*self.after(end, 1)}
        return after.startswith(",") and not (following & STREET_TYPES.keys() or any(map(str.isdigit, following)))

    def signs_on(self, end: int, stop: int) -> bool:
        """Return whether what follows a name on its line belongs to a signature: an address, a phone, "et sa fille"."""
        rest = [word.text for word in self.words[end:stop]]
        with_family = rest[:1] == ["et"] and bool(rest[1:]) and _FAMILY_WORDS.issuperset(rest[1:])
        return with_family or self.places_itself(end) or self.is_located(end)

    def presents_the_writer(self, position: int, end: int) -> bool:
        """Return whether a letter opens or ends with a name and a place: "Bonsoir, Odette Roy du 12 rue Hoche."."""
        opens = position <= _GREETED and _HELLO.issuperset(word.text for word in self.words[:position])
        rest = self.behind(end).strip()
        begins = self.up_to(position)[-1:] in {"", "\n", ".", "!", "?"}
        closes = begins and "\n" not in rest and len(self.words) - end <= _LAST_WORDS
        return (opens or closes) and self.is_located(end) and not self.goes_on_about(end)

    def signs_together(self, position: int, end: int) -> bool:
        """Return whether a line holds nothing but names, joined by "et": "Odette Roy et Jean Petit"."""
        text = self.folded
        start = text.rfind("\n", 0, self.words[position].start) + 1
        ends = text.find("\n", self.words[end - 1].end)
        stop = len(text) if ends < 0 else ends
        if " et " not in text[start:stop]:
            return False
        first, last = (bisect_left(self.words, at, key=lambda word: word.start) for at in (start, stop))
        line = self.words[first:last]
        return len(line) <= _LAST_WORDS and all(word.capital or word.text == "et" for word in line)

    def ends_where_they_are(self, position: int, end: int) -> bool:
        """Return whether a name ends the sentence that says where writers are: "on est au 12 rue Hoche, M. Roy."."""
        clause = set(self.before(position, _CLAUSE))
        ends = self.is_apposed(position) and self.behind(end)[:2] in {"", ".", ". ", ".\n"}
        return ends and bool(_WE & clause) and bool((DWELLS | _ARE) & clause)

    def bracketed_with_address(self, position: int, end: int) -> bool:
        """Return whether a name ends brackets that hold an address: "mon oncle (il est au 10 rue Hoche, M. Roy)"."""
        opened = self.up_to(position)[-_BRACKETS:].rpartition("(")[2]
        within = opened.split() if ")" not in opened else []
        return self.behind(end)[:1] == ")" and bool(STREET_TYPES.keys() & set(within))

    def under_guard(self, end: int) -> bool:
        """Return whether a guardian is appointed for who bears a name: "M. Roy Yves, né en 1951, sous curatelle"."""
        return any(one == "sous" and other in UNDER_GUARD for one, other in pairwise(self.after(end, _GUARDED)))

    def and_their_own(self, end: int) -> bool:
        """Return whether the writer names themselves behind somebody: "au nom de ma mère Jeanne et au mien"."""
        following = self.after(end, 3)
        return following[:1] == ["et"] and bool(_THEIR_OWN & set(following[1:]))
