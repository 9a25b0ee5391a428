"""Streets, house numbers and place names: abbreviations written out, little words dropped."""

import re
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from dtm_contact.text.folding import fold

_WORDS = re.compile(r"[a-z]+|[0-9]+")

# The abbreviations of the French postal standard (NF Z10-011) and those that people make up.
_TYPES = {
    "allee": ("all", "allees", "ale"), "avenue": ("av", "ave", "aven", "avn"),
    "boulevard": ("bd", "bld", "bvd", "blvd", "boul"),
    "chemin": ("che", "chem", "ch"), "cite": (), "cours": ("crs",), "esplanade": ("esp",), "faubourg": ("fg", "fbg"),
    "impasse": ("imp",), "mail": (), "passage": ("pass",), "place": ("pl", "plc"), "promenade": ("prom",),
    "quai": (), "residence": ("res", "resid"), "route": ("rte",), "rue": ("r", "ru", "rua", "calle"),
    "ruelle": ("rle",), "sente": ("snt",), "sentier": ("sen", "sent"), "square": ("sq", "sqr"), "villa": ("vla",),
    "voie": ("voi",),
}  # fmt: skip
STREET_TYPES: dict[str, str] = {
    form: kind for kind, forms in _TYPES.items() for form in (kind, *forms) if kind != "residence"
}
"""Each way of writing a kind of street, and the kind."""

_WRITTEN_OUT = {
    "st": "saint", "ste": "sainte", "sts": "saints", "dr": "docteur", "doct": "docteur", "gal": "general",
    "gen": "general", "mal": "marechal", "cdt": "commandant", "cmdt": "commandant", "cap": "capitaine",
    "capt": "capitaine", "cne": "capitaine",
    "pr": "professeur", "prof": "professeur", "pdt": "president", "col": "colonel", "lt": "lieutenant", "abb": "abbe",
    "nov": "novembre",
    "gd": "grand", "gds": "grands", "gde": "grande", "res": "residence", "resid": "residence", "fg": "faubourg",
    "un": "1", "deux": "2", "trois": "3", "quatre": "4", "cinq": "5", "six": "6", "sept": "7", "huit": "8", "neuf": "9",
    "dix": "10", "onze": "11", "douze": "12", "treize": "13", "quatorze": "14", "quinze": "15", "seize": "16",
}  # fmt: skip
LITTLE_WORDS = frozenset({"de", "du", "des", "la", "le", "les", "l", "d", "a", "au", "aux", "en", "et"})
"""Words of a street's or a residence's name that people leave out or swap."""

_LONG = 5
"""Letters from which a word stays itself with one slip."""

_SUFFIXES = {"bis": "bis", "b": "bis", "ter": "ter", "t": "ter", "quater": "quater", "q": "quater"}
_HOUSE = re.compile(r"(?P<low>[0-9]{1,4})(?:[ ]?(?:/|-|a|et)[ ]?(?P<high>[0-9]{1,4}))?[ ]?(?P<suffix>[a-z]{0,6})")


def written_out(word: str) -> str:
    """Return a folded word of a place's name with its abbreviation resolved ("st" → "saint", "onze" → "11")."""
    return _WRITTEN_OUT.get(word, word)


def same_word(said: str, name_word: str) -> bool:
    """Return whether a word of a text is a known word of a place's name, one slip in a long one allowed."""
    if said == name_word:
        return True
    return len(name_word) >= _LONG and not name_word.isdigit() and OSA.distance(said, name_word, score_cutoff=1) <= 1


def place_words(text: str) -> tuple[str, ...]:
    """Return the words of a place's name that tell it apart: folded, written out, without the little words."""
    words = (written_out(word) for word in _WORDS.findall(fold(text)))
    return tuple(word for word in words if word not in LITTLE_WORDS)


def street_words(street: str) -> tuple[str, ...]:
    """Return `place_words` of a street without its kind ("av. du Dr Roux" → docteur, roux)."""
    words = place_words(street)
    return words[1:] if len(words) > 1 and words[0] in STREET_TYPES else words


@dataclass(frozen=True, slots=True)
class HouseNumber:
    """A house number; `high` is the end of a range ("10/12"), else as `low`; `suffix` "", "bis", "ter" or a letter."""

    low: int
    high: int
    suffix: str = ""

    def covers(self, other: "HouseNumber") -> bool:
        """Return whether another number is this one, or lies in its range; suffixes are not compared."""
        return self.low <= other.low and other.high <= self.high


def parse_house_number(text: str) -> HouseNumber | None:
    """Return the number that `text` is ("12", "12 bis", "12B", "10/12", "10-12 ter"), or None; a range goes up."""
    match = _HOUSE.fullmatch(fold(text).strip())
    if match is None:
        return None
    low = int(match["low"])
    high = int(match["high"] or low)
    if high < low:  # "box 329 - 12 rue Hoche"
        return None
    return HouseNumber(low, high, _SUFFIXES.get(match["suffix"], match["suffix"]))
