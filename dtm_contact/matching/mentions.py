"""Names that a contact mentions: their words and roles, those of a mailbox, and which of all found count."""

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from dtm_contact.matching.cues import CALLED_NOTHING, FEMALE_TITLES, MALE_TITLES, TITLES
from dtm_contact.matching.passages import LONGEST_NAME, Passage, Word, passage
from dtm_contact.matching.people import People, gender_of
from dtm_contact.model import Part, Span
from dtm_contact.text import fold, name_words

MOST_MENTIONS = 24
"""Names read in one contact; a text with more is a list of people."""

_MOST_WORDS = 7
_VOWELS = frozenset("aeiouy")


class NameRole(Enum):
    """Who a name is, with how surely it is the tenant concerned, and how much it may speak against others."""

    FOR = (0.93, 1.0)
    SELF = (0.95, 1.0)
    SIGNED = (0.92, 1.0)
    DISPLAY = (0.9, 0.7)
    ADDRESS = (0.6, 0.0)
    PAIR = (0.5, 0.0)
    NAMED = (0.15, 0.0)
    KIN = (0.01, 0.0)
    CARETAKER = (0.0, 0.0)

    def __init__(self, trust: float, against: float) -> None:
        self.trust = trust
        self.against = against

    __hash__ = object.__hash__
    """Roles are keys of many small tables; an `Enum`'s own hash is a call of Python's that takes five times as long."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text.

    Attributes:
        words: full words of the name, folded.
        units: for each word, which of the name's parts it belongs to; a hyphen joins ("Marie-Claude" is one part).
        initials: single letters of it.
        gender: by its title, "" without one.
        seen, span: as written, and where.
        title: the one before it, folded; "" without one.
    """

    role: NameRole
    words: tuple[str, ...]
    units: tuple[int, ...]
    initials: tuple[str, ...]
    gender: str
    seen: str
    span: Span | None
    title: str = ""


def mention_of(
    text: Passage, words: Sequence[Word], role: NameRole, title: str = "", born: Sequence[str] = ()
) -> Mention:
    """Build the mention that consecutive words of a passage are; apostrophes join letters, hyphens join words.

    Args:
        text: the passage that holds the words.
        words: at least one.
        role: who the name is.
        title: the title before it, folded; may be empty.
        born: the words of a birth name that follows.
    """
    full, units, initials = _joined(text, words[:_MOST_WORDS])
    units.extend(units[-1] + 1 + n if units else n for n in range(len(born)))
    start, end = words[0].start, words[-1].end
    return Mention(
        role,
        (*full, *born),
        tuple(units),
        tuple(initials),
        "f" if title in FEMALE_TITLES else "m" if title in MALE_TITLES else "",
        text.seen(start, end),
        text.span(start, end),
        title,
    )


def _are_initials(text: Passage, word: Word) -> bool:
    """Return whether a word is two capitals that nobody can say as a word ("JB", "MT")."""
    return len(word.text) == len("jb") and _VOWELS.isdisjoint(word.text) and text.seen(word.start, word.end).isupper()


def _joined(text: Passage, words: Sequence[Word]) -> tuple[list[str], list[int], list[str]]:
    """Return the full words of a name, the part of it that each belongs to, and its initials."""
    pieces: list[tuple[str, int]] = []
    end = -1
    for word in words:
        between = text.folded.text[end : word.start] if end >= 0 else " "
        if between == "'" and pieces:
            pieces[-1] = (pieces[-1][0] + word.text, pieces[-1][1])
        else:
            pieces.append((word.text, pieces[-1][1] if between == "-" and pieces else len(pieces)))
        end = word.end
    full = [(piece, unit) for piece, unit in pieces if len(piece) > 1 and not piece.isdigit()]
    initials = [piece for piece, _unit in pieces if len(piece) == 1 and not piece.isdigit()]
    if len(full) > 1 and _are_initials(text, words[0]):
        # "JB Diakité", as "J.-B. Diakité".
        initials, full = [*full[0][0], *initials], full[1:]
    return [piece for piece, _unit in full], [unit for _piece, unit in full], initials


_BRACKETED = re.compile(r"[(\[].*", re.DOTALL)
_LETTERS = re.compile(r"[a-z]+")
_NO_NAMES = TITLES | {"dr", "pr"}
_LONGEST_LOCAL = 64  # RFC 5321 section 4.5.3.1.1
_ENOUGH_INITIALS = 2
_SHORTEST_WORD = 4
_MOST_IN_A_MAILBOX = 8  # of one person's name; more are a list


def display_name(name: str, *, span: bool) -> Passage:
    """Return a mailbox's name in words; `span` tells whether it has a place."""
    return passage(Part.SENDER_NAME, name[:LONGEST_NAME], 0 if span else None)


def display_mention(text: Passage, role: NameRole = NameRole.DISPLAY) -> Mention | None:
    """Return a mailbox's name as a mention in that role; brackets ("(CD93)") are dropped."""
    if bracketed := _BRACKETED.search(text.original):
        text = passage(text.part, text.original[: bracketed.start()], text.offset)
    titles = [word.text for word in text.words if word.text in TITLES]
    words = [word for word in text.words if word.text not in _NO_NAMES]
    if not words or len(words) > _MOST_IN_A_MAILBOX or CALLED_NOTHING.issuperset([word.text for word in words]):
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
    return Mention(NameRole.ADDRESS, tuple(words), tuple(range(len(words))), tuple(initials), "", local, place)


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


_OF_MAILBOX = frozenset({NameRole.DISPLAY, NameRole.ADDRESS})
_A_FULL_NAME = 2
_AN_INITIAL = 2
"""Up to so many letters are initials, whoever bears them as a name: "Wilner JB"."""
_GIVES_OWN_NAME = frozenset({NameRole.SELF, NameRole.SIGNED})
_SOMEBODY_ELSE = frozenset({NameRole.CARETAKER, NameRole.KIN, NameRole.FOR, NameRole.NAMED})


def written_for_in_full(mentions: list[Mention]) -> list[Mention]:
    """Take whoever is named in full for the one written for, where a part of that name stands there."""
    shorter = [each for each in mentions if each.role is NameRole.FOR]
    return [
        replace(each, role=NameRole.FOR)
        if each.role is NameRole.NAMED and any(_names_in_full(each, other) for other in shorter)
        else each
        for each in mentions
    ]


def called_as_the_mailbox(mentions: list[Mention], firsts: Container[str]) -> list[Mention]:
    """Take for the writer's the one full name of a text that begins as their mailbox is called.

    "Inès", and "4eme ines hadjadj" in the midst of the text.

    Args:
        mentions: those of one contact.
        firsts: the first names of the directory.
    """
    shown = [
        word for each in mentions if each.role is NameRole.DISPLAY for word in each.words if len(word) > _AN_INITIAL
    ]
    own = {each.words for each in mentions if each.role in _GIVES_OWN_NAME and len(each.words) >= _A_FULL_NAME}
    others = [{*each.words} for each in mentions if each.role in _SOMEBODY_ELSE]
    pairs = {
        each.words
        for each in mentions
        if each.role is NameRole.PAIR and not any(words.issuperset(each.words) for words in others)
    }
    full = {words for words in pairs if shown and shown[0] in words}
    if len(shown) != 1 or shown[0] not in firsts or own or len(full) != 1:
        return mentions
    return [replace(each, role=NameRole.SIGNED) if each.words in full else each for each in mentions]


def joined_in_mailbox(mentions: list[Mention], firsts: Container[str]) -> list[Mention]:
    """Give the surname inside an address the first name that the mailbox shows: "Marie D <m.roy@…>" is Marie Roy.

    Args:
        mentions: those of one contact.
        firsts: the first names of the directory.
    """
    shown = {
        word for each in mentions if each.role is NameRole.DISPLAY for word in each.words if len(word) > _AN_INITIAL
    }
    first = next(iter(shown)) if len(shown) == 1 else ""
    if first not in firsts:
        return mentions
    return [
        replace(each, words=(first, *each.words), units=(0, *(unit + 1 for unit in each.units)), initials=())
        if each.role is NameRole.ADDRESS and each.initials == (first[0],) and len(each.words) == 1
        else each
        for each in mentions
    ]


def called_so_in_full(mentions: list[Mention]) -> list[Mention]:
    """Take for the writer's the one full name that holds the surname by which they call themselves.

    "C'est madame Roy … voilà Odette Roy merci", as it is dictated.
    """
    titled = [{*each.words} for each in mentions if each.role is NameRole.SELF and each.title]
    full = {
        each.words for each in mentions if each.role is NameRole.PAIR and any({*each.words} > words for words in titled)
    }
    if len(full) != 1:
        return mentions
    return [replace(each, role=NameRole.SIGNED) if each.words in full else each for each in mentions]


def _names_in_full(mention: Mention, other: Mention) -> bool:
    return {*mention.words} > {*other.words} and bool(other.words) and other.gender in {"", mention.gender}


def distinct(mentions: list[Mention]) -> list[Mention]:
    """Drop what is said twice, pairs that a signature holds, and those merely named who are called the caretaker."""
    by_role: dict[NameRole, list[set[str]]] = {}
    for mention in mentions:
        by_role.setdefault(mention.role, []).append(set(mention.words))
    caretakers = by_role.get(NameRole.CARETAKER, [])
    surer = {
        NameRole.NAMED: caretakers,
        NameRole.PAIR: [
            words for role in (NameRole.FOR, NameRole.SELF, NameRole.SIGNED) for words in by_role.get(role, [])
        ]
        + caretakers,
    }
    kept: dict[tuple[NameRole, tuple[str, ...], str], Mention] = {}
    theirs = [
        set(mention.words)
        for mention in mentions
        if mention.role is NameRole.SELF and len(mention.words) > _A_FULL_NAME
    ]
    for mention in mentions:
        if mention.role is NameRole.FOR and not mention.title and any(words > {*mention.words} for words in theirs):
            continue  # their own, married or born
        if mention.role in _OF_MAILBOX and any(_says_no_more(mention, other) for other in mentions):
            continue
        if not any(words.issuperset(mention.words) for words in surer.get(mention.role, ())):
            kept.setdefault((mention.role, mention.words, mention.gender), mention)
    return list(kept.values())


def _says_no_more(mention: Mention, other: Mention) -> bool:
    """Return whether what a mailbox is called is part of the writer's name in full: it leaves out what contradicts."""
    if mention.role is NameRole.ADDRESS and (other.role in _GIVES_OWN_NAME or other.role is NameRole.DISPLAY):
        written = "".join(other.words)
        return all(word in written for word in mention.words)
    return mention.role is NameRole.DISPLAY and other.role in _GIVES_OWN_NAME and {*mention.words} < {*other.words}


_MOST_QUOTED = 2_000  # characters
_ADDRESS_QUOTED = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9.-]{1,100}")
_GREETED = re.compile(
    r"^[> ]*(?:(?:bonjour|bonsoir|chere?)\W{1,3})?(?P<title>mr?|mme|mlle|madame|monsieur)\W{1,3}"
    r"(?P<name>[a-z][a-z' -]{1,60}?) ?[,.!]?$",
    re.MULTILINE,
)


def greeted_by_us(quoted: str, is_ours: Callable[[str], bool]) -> dict[str, str]:
    """Return by which names a message of ours greets whoever answers it, with the gender of the title.

    Args:
        quoted: what the contact answers to.
        is_ours: whether a mail address is the landlord's.

    Returns:
        Each ending of the name as one word ("Marie Da Silva" is "mariedasilva", "dasilva", "silva").
    """
    quoted = fold(quoted[:_MOST_QUOTED])
    if not any(is_ours(each) for each in _ADDRESS_QUOTED.findall(quoted)):
        return {}
    found: dict[str, str] = {}
    for greeting in _GREETED.finditer(quoted):
        words = name_words(greeting["name"])
        endings = ("".join(words[first:]) for first in range(len(words)))
        found.update(dict.fromkeys(endings, gender_of(greeting["title"])))
    return found
