"""Learning from labelled messages how far matching may believe each kind of evidence, and what its probabilities mean.

The model stays what it is, a sum of named weights. Learnt are a factor for each kind of evidence, by maximum
likelihood of the right person among the candidates and "nobody" (McFadden's conditional logit, 1974), held near 1; and
on other messages the share of right answers by the probability given, never falling (isotonic regression: Ayer et al.,
1955). Messages that are reported on must be neither of these.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
from math import log, log2

import numpy as np
from numpy.typing import NDArray

from dtm_contact.directory import Directory
from dtm_contact.matching import MatchIndex, match
from dtm_contact.matching.weights import Learnt, answer_about, log_odds
from dtm_contact.model import Arrival, Candidate, Likely, Match, NoHistory
from dtm_contact.reading import read
from dtm_contact.rehearsal.truth import Truth
from dtm_contact.settings import MatchSettings, Settings

Floats = NDArray[np.float64]

ANSWERS = ("tenant", "tenant_at_home", "tenant_doubted", "dwelling", "residence")
_EVERYTHING = MatchSettings(tenant=0.501, dwelling=0.501, residence=0.501)
_MOST_CANDIDATES = 20
_HELD_NEAR_ONE = 40.0  # messages that it takes to move a factor halfway
_STEPS, _RATE = 400, 0.02
_LEAST, _MOST = 0.25, 1.6
_SHARED = ".household"  # told by what it stands below: its owner's
_SELDOM = 15  # messages from which a kind of evidence has a factor of its own
_FROM = 0.5
_LEAST_OF_A_BAND = 60
_NEVER = 1e-12


@dataclass(frozen=True, slots=True)
class Corpus:
    """Messages over one directory, and what is right for each, by external id."""

    directory: Directory
    arrivals: Sequence[Arrival]
    truths: Mapping[str, Truth]


@dataclass(frozen=True, slots=True)
class Labelled:
    """What matching said of one message, and what is right."""

    match: Match
    truth: Truth


@dataclass(frozen=True, slots=True)
class _Examples:
    """All candidates of all messages in arrays: weights by kind, the rest of their log-mass, which are right."""

    kinds: tuple[str, ...]
    weights: Floats
    rest: Floats
    nobody: Floats
    right: NDArray[np.bool_]


def learn_belief(examples: Sequence[Labelled]) -> dict[str, float]:
    """Return the factor of each kind of evidence; kinds that seldom occur, and what a household shares, keep 1."""
    arrays = _arrays([each for each in examples if each.match.candidates])
    factors = np.ones(len(arrays.kinds))
    first, second = np.zeros_like(factors), np.zeros_like(factors)
    for step in range(1, _STEPS + 1):
        slope = _slope(arrays, factors) + _HELD_NEAR_ONE * (factors - 1.0) / len(arrays.nobody)
        # Adam (Kingma and Ba, 2015).
        first, second = 0.9 * first + 0.1 * slope, 0.999 * second + 0.001 * slope**2
        move = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
        factors = np.clip(factors - _RATE * move, _LEAST, _MOST)
    return {kind: round(float(factor), 3) for kind, factor in zip(arrays.kinds, factors, strict=True)}


def _slope(arrays: _Examples, factors: Floats) -> Floats:
    """Return the gradient of the mean negative log-likelihood, in nats."""
    logits = (arrays.weights @ factors + arrays.rest) * log(2)
    logits = np.concatenate([logits, arrays.nobody[:, None] * log(2)], axis=1)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    good = chances * arrays.right
    good /= np.maximum(good.sum(axis=1, keepdims=True), _NEVER)
    difference = (chances - good)[:, :-1]
    slope: Floats = np.einsum("mc,mck->k", difference, arrays.weights) * log(2) / len(arrays.nobody)
    return slope


def _arrays(examples: Sequence[Labelled]) -> _Examples:
    kinds = _kinds(examples)
    number = {kind: n for n, kind in enumerate(kinds)}
    shape = (len(examples), _MOST_CANDIDATES)
    weights, rest = np.zeros((*shape, len(kinds))), np.full(shape, -1e4)
    right = np.zeros((shape[0], shape[1] + 1), np.bool_)
    nobody = np.zeros(len(examples))
    for row, each in enumerate(examples):
        candidates = each.match.candidates[:_MOST_CANDIDATES]
        for column, candidate in enumerate(candidates):
            for piece in candidate.evidence:
                if piece.name in number:
                    weights[row, column, number[piece.name]] += piece.weight
            rest[row, column] = _log_mass(candidate) - weights[row, column].sum()
            right[row, column] = candidate.tenant_id in each.truth.tenants
        nobody[row] = log2(max(_NEVER, 1.0 - sum(candidate.probability for candidate in candidates)))
        right[row, -1] = not right[row].any()
    return _Examples(kinds, weights, rest, nobody, right)


def _kinds(examples: Iterable[Labelled]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for each in examples:
        pieces = [piece for candidate in each.match.candidates[:1] for piece in candidate.evidence]
        seen = {piece.name for piece in pieces if piece.weight and not piece.name.endswith(_SHARED)}
        for name in seen:
            counts[name] = counts.get(name, 0) + 1
    return tuple(sorted(name for name, count in counts.items() if count >= _SELDOM))


def _log_mass(candidate: Candidate) -> float:
    return log2(max(_NEVER, candidate.probability))


def learn_curve(answers: Iterable[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Return the share of right answers by the log-odds of the probability given: points to go straight between.

    Args:
        answers: probabilities given, and whether the answer was right.
    """
    told = sorted((log_odds(said), right) for said, right in answers if said > _FROM)
    blocks: list[list[float]] = []  # sum of log-odds, right answers, answers
    for start in range(0, len(told), _LEAST_OF_A_BAND):
        band = told[start : start + _LEAST_OF_A_BAND]
        blocks.append([sum(odds for odds, _right in band), sum(right for _odds, right in band), len(band)])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [one + other for one, other in zip(blocks[-1], last, strict=True)]
    # A small block of right answers says less than a large one of nearly all right: it may not lower what is said.
    shares = accumulate(map(_share, blocks), max)
    points = [(round(block[0] / block[2], 3), round(share, 5)) for block, share in zip(blocks, shares, strict=True)]
    return [(0.0, min(0.5, points[0][1])), *points] if points else []


def _share(block: Sequence[float]) -> float:
    """Return the share of right answers, never all of them (Jeffreys' prior)."""
    _odds, right, count = block
    return (right + 0.5) / (count + 1.0)


def answers(examples: Iterable[Labelled], what: str) -> list[tuple[float, bool]]:
    """Return the probability of each answer of one of the `ANSWERS`, and whether it is right."""
    found = []
    for each in examples:
        likely = _likeliest(each.match, what) if what.startswith("tenant") else getattr(each.match, what)
        if likely is not None:
            found.append((likely.probability, likely.id in right_ids(each.truth, what)))
    return found


def _likeliest(match: Match, what: str) -> Likely | None:
    """Return the likeliest tenant, named or not, where the question who they are is of this kind."""
    if not match.candidates:
        return None
    best = max(match.candidates, key=lambda each: each.probability)
    doubted = any(piece.name.startswith("doubt.") for piece in best.evidence)
    chances = ((each.tenant_id, each.dwelling_id, each.probability) for each in match.candidates)
    asked = answer_about(best.tenant_id, chances, doubted=doubted)
    return Likely(best.tenant_id, best.probability) if asked == what else None


def right_ids(truth: Truth, what: str) -> frozenset[str]:
    """Return what counts as right for one of the `ANSWERS`."""
    if what.startswith("tenant"):
        return truth.tenants
    return frozenset(filter(None, [truth.dwelling_id if what == "dwelling" else truth.residence_id]))


def fit(training: Sequence[Corpus], calibration: Sequence[Corpus], settings: Settings) -> Learnt:
    """Learn from some corpora what evidence is worth, and from others what probabilities mean."""
    told = settings.model_copy(update={"match": _EVERYTHING})
    belief = learn_belief(list(chain.from_iterable(_labelled(each, told, Learnt()) for each in training)))
    held = list(chain.from_iterable(_labelled(each, told, Learnt(belief)) for each in calibration))
    return Learnt(belief, {what: tuple(learn_curve(answers(held, what))) for what in ANSWERS})


def _labelled(corpus: Corpus, settings: Settings, learnt: Learnt) -> Iterator[Labelled]:
    """Yield each message of a corpus as matched by what has been learnt so far; without any history."""
    index = MatchIndex.build(corpus.directory, settings, learnt)
    for arrival in corpus.arrivals:
        contact = read(arrival, authserv_ids=settings.servers, zone=settings.zone, own_received=settings.own_received)
        if arrival.external_id in corpus.truths:
            found = match(contact, contact.at.astimezone(settings.zone).date(), index, NoHistory())
            yield Labelled(found, corpus.truths[arrival.external_id])
