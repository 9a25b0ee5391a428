"""How much of a person's own words a notice to staff repeats, whether or not its text is given to them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

OWN_WORDS: Final = "reprend_vos_mots"
"""Under what the row of a notice says how much of the person's words it repeats."""
_HIDDEN: Final = "[…]"
"""What stands in a notice for a word of a message that is not told there."""
_FEWEST: Final = 4
"""Fewer words of a longer message may stand in a notice by chance."""


class OwnWords(StrEnum):
    """How much of a person's words something repeats; the values stand in the file of data."""

    ALL = "en entier"
    FIRST = "au début"
    NONE = "non"


def own_words(notice: str, messages: Iterable[str]) -> OwnWords:
    """Return how much a notice repeats of messages: the most of any of them.

    Args:
        notice: its words.
        messages: what the person wrote or said in its case.
    """
    told = notice.replace("«", " ").replace("»", " ").split()
    found = OwnWords.NONE
    for message in messages:
        words = message.split()
        repeated = max((_alike(told[start:], words) for start in range(len(told))), default=0)
        if words and repeated == len(words):
            return OwnWords.ALL
        if repeated >= _FEWEST:
            found = OwnWords.FIRST
    return found


def _alike(told: list[str], words: list[str]) -> int:
    """Return with how many of some words a text begins, those that are hidden in it counted."""
    count = 0
    for one, other in zip(told, words, strict=False):
        if one not in (other, _HIDDEN):
            break
        count += 1
    return count
