"""Which passages of a message raised an alarm: those without which the model would hear clearly less danger.

The model hears a message as a whole, pairs of words and their order included, so that no single word tells what it
heard. A sentence is left out instead, and the message heard once more; of the sentences that say most, passages that a
person can read at a glance, clauses of some words, are left out in the same way. Sentences go first: two clauses of one
that say the same hide each other.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Final

from dtm_contact.text import MASKED, NEGATIONS, Tokens

LONGEST: Final = 8
"""Words of a passage; of a longer clause pieces are tried that overlap by half."""
_LEAST_WORDS: Final = 2
"""Words of a passage that say something."""
_MOST_TRIED: Final = 20
"""Sentences, and passages, that are left out in turn: each costs half a millisecond."""
_LEAST: Final = 0.5
"""By how much the odds (natural logarithm) must fall without a passage for it to be told."""
_SHARE: Final = 0.5
"""What a further sentence or passage must come to beside the first."""
_NEARLY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class DangerPassage:
    """Some words of one clause, by the places of the first and the last.

    `fall` is by how much the odds change without the sentence that they stand in: fall, of what calms rise.
    """

    first: int
    last: int
    fall: float = 0.0


def danger_passages(
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
    whole = _odds(probability(list(forms)))

    def fall(places: Collection[int]) -> float:
        return whole - _odds(probability(_without(forms, places)))

    def likeliest(passages: Iterable[DangerPassage]) -> list[DangerPassage]:
        return sorted(passages, key=lambda passage: -sum(promise[passage.first : passage.last + 1]))

    tried = likeliest(_passages(tokens, forms, common, unquoted))
    sentences = list(dict.fromkeys(tokens.sentences[passage.first] for passage in tried))[:_MOST_TRIED]
    falls = {
        sentence: fall({place for place, number in enumerate(tokens.sentences) if number == sentence} - {*unquoted})
        for sentence in sentences
    }
    least = max(_LEAST, _SHARE * max(falls.values(), default=0.0))
    by_fall = sorted(falls, key=lambda number: -falls[number])
    sharp = [sentence for sentence in by_fall if falls[sentence] >= least]
    # Where no sentence stands out, a clause of one may: its other words can speak against a danger.
    within = [passage for passage in tried if tokens.sentences[passage.first] in (sharp or by_fall)][:_MOST_TRIED]
    measured = sorted(((fall(range(each.first, each.last + 1)), each) for each in within), key=lambda told: -told[0])
    told: list[DangerPassage] = []
    for sentence in sharp or by_fall:
        most = None
        for lost, passage in measured:
            if tokens.sentences[passage.first] != sentence or any(_overlap(passage, other) for other in told):
                continue
            most = lost if most is None else most
            # One passage of a sentence that stands out is told also where another of it says the same again.
            if lost >= max(_LEAST, _SHARE * most) or (sharp and lost == most):
                told.append(replace(passage, fall=max(lost, falls[sentence])))
    return told


def calming_passage(
    tokens: Tokens, forms: Sequence[str], probability: Callable[[list[str]], float], unquoted: Collection[int] = ()
) -> DangerPassage | None:
    """Return the sentence without which clearly most more danger would be heard; None where there is none.

    Args:
        tokens: the words.
        forms: the same with slips mended.
        probability: what is heard in the message with these forms, as of `danger_passages`.
        unquoted: the places of words that are not told, such as names.
    """
    whole = _odds(probability(list(forms)))
    best = None
    for sentence in list(dict.fromkeys(tokens.sentences))[:_MOST_TRIED]:
        places = [place for place, number in enumerate(tokens.sentences) if number == sentence]
        told = [place for place in places if place not in unquoted and forms[place] is not MASKED]
        if len(told) < _LEAST_WORDS:
            continue
        rise = _odds(probability(_without(forms, told))) - whole
        if rise >= max(_LEAST, best.fall if best is not None else 0.0):
            best = DangerPassage(told[0], told[-1], rise)
    return best


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


def _without(forms: Sequence[str], places: Collection[int]) -> list[str]:
    return [MASKED if place in places else form for place, form in enumerate(forms)]


def _overlap(one: DangerPassage, other: DangerPassage) -> bool:
    return one.first <= other.last and other.first <= one.last


def _odds(probability: float) -> float:
    sure = min(max(probability, _NEARLY), 1 - _NEARLY)
    return log(sure / (1 - sure))
