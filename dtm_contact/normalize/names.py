"""People's names: the words in them, glued forms, and how they sound in French."""

import re
from functools import lru_cache

from dtm_contact.normalize.text import fold

_LETTERS = re.compile(r"[a-z]+")

# Applied in this order, each to the whole word; a digit or a capital stands for one sound.
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"sch|sh|ch|tch|cz", "S"),
        (r"ph", "f"),
        (r"gn", "N"),
        (r"dj|dg(?=[eiy])", "j"),
        (r"kh|ck|cqu|cq|qu|q", "k"),
        (r"gh|gu(?=[eiy])", "g"),
        (r"g(?=[eiy])", "j"),
        (r"c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"h", ""),
        (r"eau|au", "o"),
        (r"oeu|oe|eu", "e"),
        (r"ou|oo", "W"),
        (r"w", "W"),
        (r"(?:[ae]i|[ae]y)(?![aeiouy])", "e"),
        (r"y", "i"),
        (r"[ae][nm](?![aeiouyWnm])", "A"),
        (r"[aeo]?i[nm](?![aeiouyWnm])", "I"),
        (r"o[nm](?![aeiouyWnm])", "O"),
        (r"z", "s"),
        (r"x", "ks"),
        (r"(.)\1+", r"\1"),
        (r"(?<=..)e?s?$", ""),
        (r"(?<=..)[tdp]$", ""),
        (r"(?<=..)e$", ""),
    )
)


def name_words(text: str) -> tuple[str, ...]:
    """Return the words of a name, folded; apostrophes join ("N'Diaye" → "ndiaye"), hyphens and spaces part."""
    return tuple(_LETTERS.findall(fold(text).replace("'", "")))


def glued(text: str) -> str:
    """Return a name as one word, folded: "Da Silva", "Da-Silva" and "DaSilva" are one."""
    return "".join(name_words(text))


@lru_cache(maxsize=65_536)
def sound(word: str) -> str:
    """Return a key that words sounding alike in French share ("koné" and "conet"); `word` is folded and glued.

    Made for names that are heard and written down: k/c/q, y/i, ph/f, ou/w, dj/j, kh/k, au/o, nasals, doubled letters
    and silent endings are one.
    """
    for pattern, replacement in _SOUNDS:
        word = pattern.sub(replacement, word)
    return word
