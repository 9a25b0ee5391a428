"""Names written in Arabic letters, held against the same names in Latin ones: by their consonants.

Arabic writes the consonants and the long vowels; in Latin letters a French registrar wrote both by ear, and
one letter in several ways ("Rachid", "Rachide"; "Djamel", "Jamal"). What both have in common are the consonants in
their order.
"""

import re

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
