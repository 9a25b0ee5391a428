"""Which passages of a message raised an alarm: those without which the model would hear clearly less danger.

The model hears a message as a whole, pairs of words and their order included, so that no single word tells what it
heard. A passage that a person can read, a clause of some words, is left out instead, and the message heard once more.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from math import log
from typing import Final

from dtm_contact.text import MASKED, Tokens
from dtm_contact.topics.features import NEGATIONS

LONGEST: Final = 8
"""Words of a passage; of a longer clause pieces are tried that overlap by half."""
_LEAST_WORDS: Final = 2
"""Words of a passage that say something."""
_MOST_TRIED: Final = 20
"""Passages that are left out in turn: each costs half a millisecond."""
_LEAST: Final = 0.5
"""By how much the odds (natural logarithm) must fall without a passage for it to be told."""
_SHARE: Final = 0.5
"""What a further passage must come to beside the first."""
_NEARLY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class DangerPassage:
    """Some words of one clause, by the places of the first and the last, and by how much the odds fall without them."""

    first: int
    last: int
    fall: float = 0.0


def telling_passages(
    tokens: Tokens,
    forms: Sequence[str],
    probability: Callable[[list[str]], float],
    promise: Sequence[float],
    common: Collection[str],
    unquoted: Collection[int] = (),
) -> list[DangerPassage]:
    """Return the passages that say most of what is heard in a message, the most telling first; [] where none does.

    Args:
        tokens: the words.
        forms: the same with slips mended.
        probability: what is heard in the message with these forms; `MASKED` in the place of a word takes it out.
        promise: how much each word seems to add, by which the passages that are tried are chosen where there are many.
        common: words that no passage begins or ends with.
        unquoted: the places of words that are not told, such as names.
    """
    tried = list(_passages(tokens, forms, common, unquoted))
    tried.sort(key=lambda passage: -sum(promise[passage.first : passage.last + 1]))
    whole = _odds(probability(list(forms)))
    found = [
        DangerPassage(passage.first, passage.last, whole - _odds(probability(_without(forms, passage))))
        for passage in tried[:_MOST_TRIED]
    ]
    told: list[DangerPassage] = []
    for passage in sorted(found, key=lambda passage: -passage.fall):
        least = max(_LEAST, _SHARE * told[0].fall) if told else _LEAST
        if passage.fall >= least and not any(_overlap(passage, other) for other in told):
            told.append(passage)
    return told


def _passages(
    tokens: Tokens, forms: Sequence[str], common: Collection[str], unquoted: Collection[int]
) -> Iterator[DangerPassage]:
    for clause in _clauses(tokens, forms, unquoted):
        starts = range(0, max(len(clause) - LONGEST // 2, 1), LONGEST // 2) if len(clause) > LONGEST else (0,)
        for start in starts:
            places = clause[start : start + LONGEST]
            while places and _is_small(forms[places[0]], common):
                places = places[1:]
            while places and _is_small(forms[places[-1]], common):
                places = places[:-1]
            if sum(forms[place] not in common for place in places) >= _LEAST_WORDS:
                yield DangerPassage(places[0], places[-1])


def _clauses(tokens: Tokens, forms: Sequence[str], unquoted: Collection[int]) -> Iterator[list[int]]:
    """Yield the places of the words between two signs of punctuation or names."""
    clause: list[int] = []
    for place, form in enumerate(forms):
        left_out = form is MASKED or place in unquoted
        if clause and (left_out or place in tokens.paused or tokens.sentences[place] != tokens.sentences[clause[-1]]):
            yield clause
            clause = []
        if not left_out:
            clause.append(place)
    if clause:
        yield clause


def _is_small(form: str, common: Collection[str]) -> bool:
    return form in common and form not in NEGATIONS


def _without(forms: Sequence[str], passage: DangerPassage) -> list[str]:
    left = list(forms)
    left[passage.first : passage.last + 1] = [MASKED] * (passage.last + 1 - passage.first)
    return left


def _overlap(one: DangerPassage, other: DangerPassage) -> bool:
    return one.first <= other.last and other.first <= one.last


def _odds(probability: float) -> float:
    sure = min(max(probability, _NEARLY), 1 - _NEARLY)
    return log(sure / (1 - sure))
