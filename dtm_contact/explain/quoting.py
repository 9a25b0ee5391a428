"""What is quoted of a message as a person reads it: the clause or the sentence around the words that counted."""

import re
from collections.abc import Iterable
from typing import Final

from dtm_contact.model import Contact, Evidence

_SENTENCE_ENDS: Final = re.compile(r"[.!?…](?=\s|$)|\n\s*\n|\n(?=\s*[-•*])")
_CLAUSE_ENDS: Final = re.compile(r"[.!?…](?=\s|$)|[,;:()\[\]\n]")
_LONGEST_SENTENCE: Final = 200
_LONGEST_CLAUSE: Final = 80
"""Letters of what is quoted; of more, the words that counted stand alone, or the sentence is cut behind them."""


def clauses(contact: Contact, evidence: Iterable[Evidence], most: int) -> str:
    """Return the clauses that words stand in, each in quotation marks and once, the heaviest first; "" of none.

    Args:
        contact: the message that the words stand in.
        evidence: the words.
        most: how many clauses are told.
    """
    told: list[str] = []
    for piece in sorted(evidence, key=lambda piece: -piece.weight):
        words = _around(contact, piece, _CLAUSE_ENDS)
        words = words if len(words) <= _LONGEST_CLAUSE else _cut(_line(piece.seen), _LONGEST_CLAUSE)
        if words and not any(words in other or other in words for other in told):
            told.append(words)
    return ", ".join(f"« {words} »" for words in told[:most])


def sentence(contact: Contact, piece: Evidence) -> str:
    """Return the sentence that some words stand in, so that no "ne" in front of them and no "but" behind is lost."""
    whole = _around(contact, piece, _SENTENCE_ENDS)
    if len(whole) <= _LONGEST_SENTENCE:
        return whole
    seen = _line(piece.seen)
    behind = _around(contact, piece, _CLAUSE_ENDS) or seen
    return _cut(behind, _LONGEST_SENTENCE)


def _around(contact: Contact, piece: Evidence, ends: re.Pattern[str]) -> str:
    """Return what stands around some words between two signs; the words alone where they stand nowhere."""
    seen, span = _line(piece.seen), piece.span
    text = contact.text(span.part) if span is not None else ""
    if span is None or _line(text[span.start : span.end]) != seen:
        return seen
    before = max((end.end() for end in ends.finditer(text, 0, span.start)), default=0)
    behind = ends.search(text, span.end)
    return _line(text[before : behind.start() if behind else len(text)])


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[:longest].rpartition(' ')[0] or words[:longest]}…"
