"""What was probably meant by a word that is not known here."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from rapidfuzz import process
from rapidfuzz.distance import OSA

_MAX_LISTED = 12


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed word that `word` most likely is a misspelling of, or None where none is near."""
    words = {known.lower(): known for known in allowed}
    found = process.extractOne(word.lower(), list(words), scorer=OSA.distance, score_cutoff=len(word) // 3)
    return words[found[0]] if found else None


def hint_for(word: str, allowed: Iterable[str]) -> str:
    """Return "did you mean …?", and else what is allowed, as far as a line holds it."""
    words = sorted(allowed) if isinstance(allowed, AbstractSet) else list(dict.fromkeys(allowed))
    near = nearest(word, words)
    if near is not None:
        return f"did you mean {near}?"
    return one_of(words)


def one_of(words: Iterable[str]) -> str:
    """Return "one of: …" for a hint, cut where the list is long."""
    listed = list(words)
    if not listed:
        return "none is defined"
    rest = len(listed) - _MAX_LISTED
    return "one of: " + ", ".join(listed[:_MAX_LISTED]) + (f" and {rest} more" if rest > 0 else "")
