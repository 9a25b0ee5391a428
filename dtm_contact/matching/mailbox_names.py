"""The names that a mailbox bears: its display name, and what an address nobody is known by is made of."""

import re

from dtm_contact.matching.mentions import Mention, Role, mention_of
from dtm_contact.matching.passages import LONGEST_NAME, Passage, passage
from dtm_contact.matching.people import People
from dtm_contact.matching.words import CALLED_NOTHING, TITLES
from dtm_contact.model import Part, Span

_BRACKETED = re.compile(r"[(\[].*", re.DOTALL)
_LETTERS = re.compile(r"[a-z]+")
_NO_NAMES = TITLES | {"dr", "pr"}
_LONGEST_LOCAL = 64  # RFC 5321 section 4.5.3.1.1
_ENOUGH_INITIALS = 2
_SHORTEST_WORD = 4
_MOST_WORDS = 8  # of one person's name; more are a list


def display_name(name: str, *, span: bool) -> Passage:
    """Return a mailbox's name in words; `span` tells whether it has a place."""
    return passage(Part.SENDER_NAME, name[:LONGEST_NAME], 0 if span else None)


def display_mention(text: Passage, role: Role = Role.DISPLAY) -> Mention | None:
    """Return a mailbox's name as a mention in that role; brackets ("(CD93)") are dropped."""
    if bracketed := _BRACKETED.search(text.original):
        text = passage(text.part, text.original[: bracketed.start()], text.offset)
    titles = [word.text for word in text.words if word.text in TITLES]
    words = [word for word in text.words if word.text not in _NO_NAMES]
    if not words or len(words) > _MOST_WORDS or CALLED_NOTHING.issuperset([word.text for word in words]):
        return None
    mention = mention_of(text, words, role, titles[0] if titles else "")
    return mention if mention.words or len(mention.initials) >= _ENOUGH_INITIALS else None


def address_mention(address: str, people: People, *, span: bool) -> Mention | None:
    """Return the name inside an e-mail address that nobody is known by ("f.blanc94@…", "messaoudis1973@…")."""
    local = address.partition("@")[0]
    words: list[str] = []
    initials: list[str] = []
    for letters in _LETTERS.findall(local.lower()[:_LONGEST_LOCAL]):
        found, initial = _names_in(letters, people)
        words.extend(found)
        initials.extend(initial)
    if not words:
        return None
    place = Span(Part.SENDER_ADDRESS, 0, len(local)) if span else None
    return Mention(Role.ADDRESS, tuple(words), tuple(range(len(words))), tuple(initials), "", local, place)


def _names_in(letters: str, people: People) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that a run of letters is made of, and the initial that it begins or ends with."""
    if len(letters) == 1:
        return (), (letters,)
    if letters in people.surnames or letters in people.firsts:
        return (letters,), ()
    if len(letters) < _SHORTEST_WORD:
        return (), ()
    if parts := _first_and_surname(letters, people):
        return parts, ()
    if letters[1:] in people.surnames:
        return (letters[1:],), (letters[0],)
    return ((letters[:-1],), (letters[-1],)) if letters[:-1] in people.surnames else ((), ())


def _first_and_surname(letters: str, people: People) -> tuple[str, str] | None:
    """Return the two names that were written as one word ("boubacarndiaye"), in whichever order."""
    for at in range(2, len(letters) - 1):
        one, other = letters[:at], letters[at:]
        if (one in people.firsts and other in people.surnames) or (one in people.surnames and other in people.firsts):
            return one, other
    return None
