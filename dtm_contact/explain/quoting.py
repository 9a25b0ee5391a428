"""What is quoted of a message as a person reads it: the clause or the sentence around the words that counted."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from dtm_contact.model import Contact, Evidence, Part, Span

_TITLES: Final = ("M", "MM", "[Mm]r", "[Mm]me", "[Mm]lle", "[Dd]r", "[Ss]t")
_PLACES: Final = ("[Bb]d", "[Aa]v", "[Bb][âa]t", "[Ee]sc", "[Tt][ée]l")
"""Behind these a full stop ends no sentence: titles before a name, parts of an address."""
_STOP: Final = "".join(rf"(?<!\b{word})" for word in (*_TITLES, *_PLACES)) + r"\.(?=\s|$)"
_ENDS: Final = rf"[!?؟…](?=\s|$)|{_STOP}"
_SENTENCE_ENDS: Final = re.compile(_ENDS + r"|\n\s*\n|\n(?=\s*[-•*])|\n(?=[^\n:]{1,40}:\s)")
"""A line that begins with a label and a colon is a sentence of a form."""
_CLAUSE_ENDS: Final = re.compile(_ENDS + r"|[,;:()\[\]\n]")
_BREAK: Final = re.compile(r"\s+")
_ASKS: Final = re.compile(r"[?؟](?=\s|$)")
_KEPT: Final = "!?؟…"
"""Signs at the end of what is quoted that say how it is meant."""
_LONGEST_SENTENCE: Final = 240
_LONGEST_CLAUSE: Final = 100
"""Letters of what is quoted; of more, what stands next to the words that counted."""


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
    return whole if len(whole) <= _LONGEST_SENTENCE else _shortened(contact, piece)


def clause(contact: Contact, piece: Evidence) -> str:
    """Return the clause that some words stand in, "en face du" before an address included; the words of a long one."""
    whole = _line(_around(contact, piece, _CLAUSE_ENDS).seen)
    return whole if len(whole) <= _LONGEST_CLAUSE else _cut(_line(piece.seen), _LONGEST_CLAUSE)


def questions(contact: Contact, asking: Iterable[Evidence], most: int) -> list[str]:
    """Return the sentences of a writer's own words that ask something, in their order.

    Args:
        contact: the message.
        asking: words that ask without a question mark.
        most: how many are returned.
    """
    text = contact.new_text
    marks = [
        Evidence("asks", 1.0, sign.group(), span=Span(Part.NEW, sign.start(), sign.end()))
        for sign in _ASKS.finditer(text)
    ]
    places = [piece for piece in (*marks, *asking) if piece.span is not None and piece.span.part is Part.NEW]
    places.sort(key=lambda piece: piece.span.start if piece.span is not None else 0)
    told = (_asking(contact, piece) for piece in places)
    return list(dict.fromkeys(filter(None, told)))[:most]


def _asking(contact: Contact, piece: Evidence) -> str:
    """Return the sentence that some words ask by; of a question mark the one that it ends."""
    if piece.name != "asks" or piece.span is None:
        return sentence(contact, piece)
    before = contact.new_text[: piece.span.start]
    start = max((end.end() for end in _SENTENCE_ENDS.finditer(before)), default=0)
    asked = contact.new_text[start : piece.span.end]
    whole = _line(asked)
    if not before[start:].strip():
        return ""
    return whole if len(whole) <= _LONGEST_SENTENCE else f"…{whole[-_LONGEST_SENTENCE:].partition(' ')[2]}"


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
    if behind and behind.group() in _KEPT:
        end = behind.end()
    before += len(text[before:end]) - len(text[before:end].lstrip())
    end = before + len(text[before:end].rstrip())
    return replace(piece, seen=text[before:end], span=replace(span, start=before, end=end))


def _line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _shortened(contact: Contact, piece: Evidence) -> str:
    """Return the clause that some words stand in; of a long one as many whole words around them as go in."""
    clause_of = _around(contact, piece, _CLAUSE_ENDS)
    span, within = piece.span, clause_of.span
    if span is None or within is None or len(_line(clause_of.seen)) <= _LONGEST_SENTENCE:
        return _cut(_line(clause_of.seen), _LONGEST_SENTENCE)
    text = contact.text(span.part)
    beside = max(0, _LONGEST_SENTENCE - (span.end - span.start)) // 2
    start, end = max(within.start, span.start - beside), min(within.end, span.end + beside)
    # Words are quoted whole.
    begins, ends = _BREAK.search(text, start, span.start), [*_BREAK.finditer(text, span.end, end)]
    start = within.start if start == within.start else begins.end() if begins else span.start
    end = within.end if end == within.end else ends[-1].start() if ends else span.end
    quoted = _cut(_line(text[start:end]), 2 * _LONGEST_SENTENCE)
    return f"{'…' if start > within.start else ''}{quoted}{'…' if end < within.end else ''}"


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[:longest].rpartition(' ')[0] or words[:longest]}…"
