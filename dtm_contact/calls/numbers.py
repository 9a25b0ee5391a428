"""Whose number a record gives: one key a subscriber, and what networks write where there is none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dtm_contact.text import find_phones, fold, phone_key

_LONGEST = 512  # characters of a field that are looked at
_NAME_AND_NUMBER = re.compile(r'\s*"?([^"<]*)"?\s*<([^<>]*)>')
_BETWEEN_NUMBERS = re.compile(r"[,;&|/]|\s{2,}|\s+(?=[+0])")
_WORDS = re.compile(r"[^a-z0-9]+")
_HIDDEN = frozenset(
    """
    anonymous anonyme anonymized restricted restreint private prive masque masked withheld blocked hidden
    confidentiel
    """.split()  # noqa: SIM905 - a list of words reads better than one of quotations
)
"""Words by which a caller, or their network at their wish, keeps the number back."""
_UNAVAILABLE = frozenset(
    "unknown unavailable inconnu indisponible none null na nobody asterisk device s p o u".split()  # noqa: SIM905
)
"""Words that stand where no number came along."""
_AROUND = frozenset(
    """
    numero number no num appel appelant call caller callerid cid id identity identite de du le user utilisateur
    invalid not available non communique transmis out of area address adresse sip sips tel anonymous
    """.split()  # noqa: SIM905
)
"""Words that may stand beside those."""
_DIGITS = re.compile(r"[0-9]{2,20}")
_OVERSEAS = {"+262", "+590", "+594", "+596"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls or is called.

    Attributes:
        number: in national form, as in the directory; None where there is none.
        key: of the subscriber; digits that no numbering plan knows are a key of their own. None where there is none.
        withheld: the caller keeps it back, or no number came along.
        name: the name that came along, empty where that is none.
    """

    number: str | None
    key: str | None
    withheld: bool
    name: str = ""


def national(key: str) -> str:
    """Return a subscriber's key as the directory writes it: 0612345678, 0690123456; a foreign one as it is."""
    if key.startswith("+33"):
        return f"0{key[3:]}"
    if key[:4] in _OVERSEAS:
        return f"0{key[4:]}"
    return f"0508{key[4:]}" if key.startswith("+508") else key


def dialled(field: str) -> Caller:
    """Return the number that a field holds: alone, as a SIP address, with a name, or with a second number."""
    key = _key(field)
    return Caller(national(key) if key else None, key, withheld=False)


@lru_cache(maxsize=8_192)
def caller_of(source: str, caller_id: str) -> Caller:
    """Return who calls, by a record's `src` and `clid` (`"Name" <number>`).

    A number stands there even where its presentation is restricted; then the name, or the other field, says so.
    """
    name, number = _split(caller_id)
    own_name, source = _split(source)
    if any(_says(text, _HIDDEN) for text in (name, own_name, number, source)):
        return Caller(None, None, withheld=True)
    key = _key(source) or _key(number)
    shown = "" if _says(name, _UNAVAILABLE) or _key(name) else name
    if key is None:
        return Caller(None, None, withheld=True, name=shown)
    return Caller(national(key), key, withheld=False, name=shown)


def _split(field: str) -> tuple[str, str]:
    """Return the name and the number of a field; a field without <…> is a number."""
    found = _NAME_AND_NUMBER.match(field[:_LONGEST])
    return (found[1].strip(), found[2].strip()) if found else ("", field[:_LONGEST].strip())


def _says(text: str, words: frozenset[str]) -> bool:
    """Return whether a text is one of these words, alone or among those that stand beside them."""
    found = [word for word in _WORDS.split(fold(text).partition("@")[0]) if word]
    return any(word in words for word in found) and all(word in words or word in _AROUND for word in found)


@lru_cache(maxsize=16_384)
def _key(field: str) -> str | None:
    field = _split(field)[1]
    for candidate in _candidates(field):
        key = phone_key(candidate)
        if key is not None:
            return key
    found = find_phones(field)
    if found:
        return found[0][0]
    digits = re.sub(r"[ ().+-]", "", field.partition("@")[0].removeprefix("sip:"))
    return digits if _DIGITS.fullmatch(digits) and digits.strip("0") else None


def _candidates(field: str) -> Iterator[str]:
    yield field
    yield from (piece for piece in _BETWEEN_NUMBERS.split(field) if piece.strip())
