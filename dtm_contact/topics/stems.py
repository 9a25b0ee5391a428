"""From a word as people write it to the keys that it is looked up by: its stem, its sound, its near misspellings."""

import re
from functools import lru_cache

from Stemmer import Stemmer

_STEMMER = Stemmer("french", maxCacheSize=0)  # `stem` remembers
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


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return what the forms of a folded French word have in common ("bloquées", "bloquer" → "bloqu").

    The Snowball stemmer expects accents, which messages lack half of the time: plural and feminine endings that it
    knows by their accent are taken off first, and a stem too short to tell words apart ("loyer" → "loi") is not used.
    """
    if len(word) < _SHORTEST_STEM or len(word) > _LONGEST_WORD:
        return word
    singular = word[:-1] if word[-1] in "sx" else word
    if singular.endswith("ee"):
        singular = singular[:-1]
    found = str(_STEMMER.stemWord(singular))
    return found if len(found) >= _SHORTEST_STEM else singular


@lru_cache(maxsize=16_384)
def sound(word: str) -> str:
    """Return a rough key of how a folded word is said in French ("chofage", "chauffage" → "chofaj")."""
    for pattern, replacement in _SOUNDS:
        word = pattern.sub(replacement, word)
    return word
