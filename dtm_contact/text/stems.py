"""From a word as people write it to the keys that it is looked up by: its stem, its sound, its near misspellings."""

import re
from functools import lru_cache

from Stemmer import Stemmer

_FRENCH = Stemmer("french", maxCacheSize=0)  # `stem` remembers
_BY_SCRIPT = (
    (range(0x0400, 0x0530), Stemmer("russian", maxCacheSize=0)),
    (range(0x0600, 0x0700), Stemmer("arabic", maxCacheSize=0)),
)
"""Stemmers of the letters that only one family of languages is written in; Latin ones are taken for French."""
_SHORTEST_STEM = 4
_LONGEST_WORD = 40

_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"), (r"qu|ck|q", "k"), (r"gu(?=[eiy])", "g"), (r"g(?=[eiy])", "j"), (r"(?<![cs])h", ""),
        (r"sch|sh", "ch"), (r"(?:ss|t|c)ion", "sion"), (r"sc(?=[eiy])", "s"), (r"c(?=[eiy])", "s"), (r"c(?!h)", "k"),
        (r"eau|au", "o"), (r"oeu|eu", "e"), (r"ein|ain|aim|yn|ym|im(?=[bp])", "in"), (r"a[mn](?=[^aeiouymn]|$)", "an"),
        (r"e[mn](?=[^aeiouymn]|$)", "an"), (r"om(?=[bp])", "on"), (r"ai|ei|ay|ey", "e"), (r"y", "i"), (r"z", "s"),
        (r"(.)\1+", r"\1"), (r"(?<=.{3})e[rz]$", "e"), (r"(?<=.{2})[estdxp]+$", ""),
    )
)  # fmt: skip


IDEOGRAPH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Each a word by itself, since nothing parts the words of Chinese and Japanese; for a pattern's brackets."""

ANY_IDEOGRAPH = re.compile(f"[{IDEOGRAPH}]")


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return what the forms of a folded word have in common ("bloquées", "bloquer" → "bloqu").

    The Snowball stemmer expects accents, which messages lack half of the time: plural and feminine endings that it
    knows by their accent are taken off first, and a stem too short to tell words apart ("loyer" → "loi") is not used.
    """
    if len(word) < _SHORTEST_STEM or len(word) > _LONGEST_WORD:
        return word
    for letters, stemmer in _BY_SCRIPT:
        if ord(word[0]) in letters:
            return str(stemmer.stemWord(word))
    singular = word[:-1] if word[-1] in "sx" else word
    if singular.endswith("ee"):
        singular = singular[:-1]
    found = str(_FRENCH.stemWord(singular))
    return found if len(found) >= _SHORTEST_STEM else singular


@lru_cache(maxsize=16_384)
def sound(word: str) -> str:
    """Return a rough key of how a folded word is said in French ("chofage", "chauffage" → "chofaj")."""
    for pattern, replacement in _SOUNDS:
        word = pattern.sub(replacement, word)
    return word
