"""What is quoted of a message as a person reads it: the clause or the sentence around the words that counted."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from dtm_contact.model import Contact, Evidence, Part, Span

_SENTENCE_ENDS: Final = re.compile(r"[.!?…](?=\s|$)|\n\s*\n|\n(?=\s*[-•*])|\n(?=[^\n:]{1,40}:\s)")
"""A line that begins with a label and a colon is a sentence of a form."""
_CLAUSE_ENDS: Final = re.compile(r"[.!?…](?=\s|$)|[,;:()\[\]\n]")
_LONGEST_SENTENCE: Final = 240
_LONGEST_CLAUSE: Final = 100
"""Letters of what is quoted; of more, the words that counted stand alone, or the sentence is cut behind them."""


def sentences(contact: Contact, evidence: Iterable[Evidence], most: int) -> str:
    """Return the sentences that words stand in, each in quotation marks and once, the heaviest first; "" of none.

    Args:
        contact: the message that the words stand in.
        evidence: the words.
        most: how many sentences are told.
    """
    told: list[str] = []
    for piece in sorted(evidence, key=lambda piece: -piece.weight):
        words = sentence(contact, piece)
        if words and not any(words in other or other in words for other in told):
            told.append(words)
    return ", puis ".join(f"« {words} »" for words in told[:most])


def heaviest_sentence(contact: Contact, evidence: Iterable[Evidence]) -> str:
    """Return the sentence in which the words weigh most together, in quotation marks; "" where there are no words.

    A word counts in every sentence of the text that has it; of two as heavy the longer says more than a subject does.
    """
    weights: dict[str, dict[str, float]] = {}
    for piece in evidence:
        for place in _wherever(contact, piece):
            weights.setdefault(sentence(contact, place), {})[piece.seen.casefold()] = piece.weight
    words = max(weights, key=lambda words: (round(sum(weights[words].values()), 6), len(words)), default="")
    return f"« {words} »" if words else ""


def _wherever(contact: Contact, piece: Evidence) -> Iterator[Evidence]:
    """Yield words where they were found and wherever else the new text has them."""
    yield piece
    if piece.span is None:
        return
    for found in re.finditer(rf"\b{re.escape(piece.seen)}\b", contact.new_text, re.IGNORECASE):
        yield replace(piece, seen=found.group(), span=Span(Part.NEW, found.start(), found.end()))


def sentence(contact: Contact, piece: Evidence) -> str:
    """Return the sentence that some words stand in, so that no "ne" in front of them and no "but" behind is lost."""
    whole = _line(_around(contact, piece, _SENTENCE_ENDS).seen)
    if len(whole) <= _LONGEST_SENTENCE:
        return whole
    return _cut(_line(_around(contact, piece, _CLAUSE_ENDS).seen), _LONGEST_SENTENCE)


def clause(contact: Contact, piece: Evidence) -> str:
    """Return the clause that some words stand in, "en face du" before an address included; the words of a long one."""
    whole = _line(_around(contact, piece, _CLAUSE_ENDS).seen)
    return whole if len(whole) <= _LONGEST_CLAUSE else _cut(_line(piece.seen), _LONGEST_CLAUSE)


def as_quoted(contact: Contact, piece: Evidence) -> Evidence:
    """Return some words widened to the sentence that is quoted of them, for marking them in the text."""
    whole = _around(contact, piece, _SENTENCE_ENDS)
    return whole if len(_line(whole.seen)) <= _LONGEST_SENTENCE else _around(contact, piece, _CLAUSE_ENDS)


def _around(contact: Contact, piece: Evidence, ends: re.Pattern[str]) -> Evidence:
    """Return what stands around some words between two signs; the words alone where they stand nowhere."""
    span = piece.span
    text = contact.text(span.part) if span is not None else ""
    if span is None or _line(text[span.start : span.end]) != _line(piece.seen):
        return piece
    before = max((end.end() for end in ends.finditer(text) if end.end() <= span.start), default=0)
    behind = ends.search(text, span.end)
    end = behind.start() if behind else len(text)
    before += len(text[before:end]) - len(text[before:end].lstrip())
    end = before + len(text[before:end].rstrip())
    return replace(piece, seen=text[before:end], span=replace(span, start=before, end=end))


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[:longest].rpartition(' ')[0] or words[:longest]}…"
