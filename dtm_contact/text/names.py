"""People's names: the words in them, glued forms, how they sound in French, and their consonants in Arabic letters.

Arabic writes the consonants and the long vowels; in Latin letters a French registrar wrote both by ear, and one letter
in several ways ("Rachid", "Rachide"; "Djamel", "Jamal"). What both have in common are the consonants in their order.
"""

import re
from functools import lru_cache

from dtm_contact.text.folding import fold

_LETTERS = re.compile(r"[a-z]+")
_REMEMBERED = 16_384

# Applied in this order, each to the whole word; a digit or a capital stands for one sound. First come letters of which
# a word must have one for the pattern to be in it: most words lack them, and that is told faster than by a search.
_SOUNDS = tuple(
    (frozenset(letters), re.compile(pattern), sound)
    for letters, pattern, sound in (
        ("h", r"ch(?=r)", "k"),
        ("hz", r"sch|sh|ch|tch|cz", "S"),
        ("p", r"ph", "f"),
        ("g", r"gn", "N"),
        ("d", r"dj|dg(?=[eiy])", "j"),
        ("kq", r"kh|ck|cqu|cq|qu|q", "k"),
        ("g", r"gh|gu(?=[eiy])", "g"),
        ("g", r"g(?=[eiy])", "j"),
        ("c", r"c(?=[eiy])", "s"),
        ("c", r"c", "k"),
        ("h", r"h", ""),
        ("u", r"eau|au", "o"),
        ("ou", r"oeu|oe|eu", "e"),
        ("o", r"ou|oo", "W"),
        ("w", r"w", "W"),
        ("iy", r"(?:[ae]i|[ae]y)(?![aeiouy])", "e"),
        ("y", r"y", "i"),
        ("nm", r"[ae][nm](?![aeiouyWnm])", "A"),
        ("i", r"[aeo]?i[nm](?![aeiouyWnm])", "I"),
        ("o", r"o[nm](?![aeiouyWnm])", "O"),
        ("z", r"z", "s"),
        ("x", r"x", "ks"),
        ("", r"(.)\1+", r"\1"),
    )
)
# Then these, of which a word must end with one of the letters.
_SILENT_ENDINGS = tuple(
    (letters, re.compile(pattern))
    for letters, pattern in (("es", r"(?<=..)e?s?$"), ("tdp", r"(?<=..)[tdp]$"), ("e", r"(?<=..)e$"))
)


def name_words(text: str) -> tuple[str, ...]:
    """Return the words of a name, folded; apostrophes join ("N'Diaye" → "ndiaye"), hyphens and spaces part."""
    return tuple(_LETTERS.findall(fold(text).replace("'", "")))


def glued(text: str) -> str:
    """Return a name as one word, folded: "Da Silva", "Da-Silva" and "DaSilva" are one."""
    return "".join(name_words(text))


def sound_once(word: str) -> str:
    """Return what `sound` does and remember nothing: for tens of thousands of words that are asked for once."""
    present = set(word)
    for letters, pattern, replacement in _SOUNDS:
        if letters and letters.isdisjoint(present):
            continue
        before, word = word, pattern.sub(replacement, word)
        if word != before:
            present = set(word)
    for endings, pattern in _SILENT_ENDINGS:
        if word[-1:] in endings:
            word = pattern.sub("", word)
    return word


@lru_cache(maxsize=_REMEMBERED)
def sound(word: str) -> str:
    """Return a key that words sounding alike in French share ("koné" and "conet"); `word` is folded and glued.

    Made for names that are heard and written down: k/c/q, y/i, ph/f, ou/w, dj/j, kh/k, au/o, nasals, doubled letters
    and silent endings are one.
    """
    return sound_once(word)


ARABIC = re.compile("[\u0621-\u064a]+")
"""A word in Arabic letters, vowel points apart."""

ARABIC_ARTICLE = "ال"

_OF_ARABIC = {
    "ب": "b", "ت": "t", "ث": "t", "ج": "j", "ح": "h", "خ": "x", "د": "d", "ذ": "d", "ر": "r", "ز": "z", "س": "s",
    "ش": "c", "ص": "s", "ض": "d", "ط": "t", "ظ": "d", "غ": "g", "ف": "f", "ق": "k", "ك": "k", "ل": "l", "م": "m",
    "ن": "n", "ه": "h",
}  # fmt: skip
_OF_LATIN = tuple(
    (re.compile(pattern), written)
    for pattern, written in (
        (r"kh", "x"), (r"[cs]h", "c!"), (r"gh", "g"), (r"[td]h", lambda found: found[0][0]), (r"dj", "j"), (r"ph", "f"),
        (r"c(?=[eiy])", "s"), (r"c(?!!)|q", "k"), (r"!", ""), (r"[aeiouyw]", " "), (r"([^ ])\1", r"\1"), (r" ", ""),
    )
)  # fmt: skip


def consonants(name: str) -> str:
    """Return the consonants of a folded name, the same for Arabic and for Latin letters.

    Args:
        name: one name, without spaces ("rachida", "رشيدة").
    """
    if not name.isascii():
        return "".join(_OF_ARABIC.get(letter, "") for letter in name)
    for pattern, written in _OF_LATIN:
        name = pattern.sub(written, name)
    return name
