"""A name that somebody mentions: its words, who it is said to be, and how they hang together."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from dtm_contact.matching.passages import Passage, Word
from dtm_contact.matching.words import FEMALE_TITLES, MALE_TITLES
from dtm_contact.model import Span

MOST_MENTIONS = 24
"""Names read in one contact; a text with more is a list of people."""

_MOST_WORDS = 7
_VOWELS = frozenset("aeiouy")


class Role(Enum):
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

    role: Role
    words: tuple[str, ...]
    units: tuple[int, ...]
    initials: tuple[str, ...]
    gender: str
    seen: str
    span: Span | None
    title: str = ""


def mention_of(text: Passage, words: Sequence[Word], role: Role, title: str = "", born: Sequence[str] = ()) -> Mention:
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
    """Tell whether a word is two capitals that nobody can say as a word ("JB", "MT")."""
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
