"""What a figure is worth: its interval, whether places may be compared by it, and what stands out beyond chance.

All intervals are of 95 %. Shares: Wilson's. Counts: Byar's for a Poisson count. Medians and 90th percentiles: the ranks
between which they lie with that certainty, by the normal approximation of the binomial distribution.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from dtm_contact.figures.cells import Counts, Spread
from dtm_contact.figures.definitions import CONTACT_CHANNELS, Better, Figure, FigureKind, Unit

_Z: Final = 1.959964
SMALLEST: Final = 30
"""Places are compared by a figure only where it rests on so many cases."""
FEWEST: Final = 5
"""A place stands out by so many cases at least."""
HOW_MANY_TIMES: Final = 2.0
"""And by so many times what is usual there."""
BY_CHANCE: Final = 0.0001
"""And where chance alone would bring as many less often than that."""
_LEAST_USUAL: Final = 0.5
PER_DWELLINGS: Final = 1000

COMPARING: Final = (
    "Les bureaux sont comparés par des parts et des durées : ce qui attend, par sa part des dossiers ouverts ; les "
    "appels sans réponse, par leur part des appels. Un nombre pour 1 000 logements dit ce qui est demandé, et n’est "
    "qu’affiché. L’ensemble est la somme des bureaux comparés. "
    "Un bureau n’est comparé aux autres par un chiffre que s’il repose sur 30 cas au moins. Entre parenthèses, "
    "l’intervalle dans lequel le chiffre se trouve avec une certitude de 95 % (parts : Wilson ; nombres : Byar ; "
    "médianes et 9 sur 10 : rangs de la loi binomiale). Quand deux intervalles se touchent, l’écart peut tenir au "
    "hasard."
)
STANDING_OUT: Final = (
    "Un bureau ressort quand son intervalle et celui de l’ensemble ne se touchent pas. « Depuis » est la première des "
    "périodes qui se suivent jusqu’à celle-ci où il en est ainsi, quand celle d’avant était nettement meilleure ; « au "
    "moins depuis » dit que celle d’avant ne l’était pas sûrement, n’est pas connue, ou repose sur trop peu de cas. "
    "« Surtout pour » nomme un motif ou une résidence du bureau dont l’intervalle est du mauvais côté de celui de tout "
    "le reste du même bureau, sans le toucher ; « depuis », derrière lui, dit la même chose de lui et de ce reste. Une "
    "résidence ressort seule quand une part y est moins bonne que dans le reste de son bureau, et que le hasard en "
    "ferait autant moins d’une fois sur 10 000 (comparaison de deux parts)."
)
UNUSUAL: Final = (
    "Une résidence ressort pour un motif quand elle a ouvert au moins 5 dossiers, au moins 2 fois ce qui y est "
    "habituel (la moyenne des six périodes précédentes, ou des mois de l’année d’avant), et que le hasard seul en "
    "amènerait autant moins d’une fois sur 10 000 (loi de Poisson)."
)
RULES: Final = (COMPARING, STANDING_OUT, UNUSUAL)
"""The rules, as they stand under what they decide."""


@dataclass(frozen=True, slots=True)
class Value:
    """A figure of a place and a period.

    Attributes:
        number: in the figure's unit; None where there is nothing that it could be made of.
        count: how many cases it rests on.
        low, high: the interval; None where there is none.
        rate, rate_low, rate_high: the same per 1,000 dwellings; None where the place has none, or it makes no sense.
        share: of what is counted as a part of something: that share, in per cent; None where there is no whole.
    """

    number: float | None
    count: int
    low: float | None = None
    high: float | None = None
    rate: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None
    share: "Value | None" = None

    @property
    def is_comparable(self) -> bool:
        """Whether it rests on enough cases."""
        return self.number is not None and self.count >= SMALLEST

    @property
    def interval(self) -> tuple[float, float, float] | None:
        """The number and its interval; None where there is none."""
        return (
            None if self.number is None or self.low is None or self.high is None else (self.number, self.low, self.high)
        )


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Return the interval of a share, each end from 0 to 1; `whole` is not 0."""
    share, square = part / whole, _Z * _Z
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole)) / (1 + square / whole)
    return max(0.0, middle - half), min(1.0, middle + half)


def byar(count: int) -> tuple[float, float]:
    """Return the interval of a count."""
    low = count * (1 - 1 / (9 * count) - _Z / (3 * math.sqrt(count))) ** 3 if count else 0.0
    over = count + 1
    return max(0.0, low), over * (1 - 1 / (9 * over) + _Z / (3 * math.sqrt(over))) ** 3


def ranks(part: float, count: int) -> tuple[int, int]:
    """Return between which of `count` ranks a quantile lies."""
    half = _Z * math.sqrt(count * part * (1 - part))
    return max(1, math.floor(count * part - half)), min(count, math.ceil(count * part + half) + 1)


def at_least(count: int, expected: float) -> float:
    """Return how likely a Poisson count of that mean is `count` or more."""
    term, below = math.exp(-expected), 0.0
    for number in range(count):
        below += term
        term *= expected / (number + 1)
    if below < 1 - 1e-9:
        return 1 - below
    # Too close to 1 to subtract from: the terms from `count` on are added up instead.
    tail = 0.0
    for number in range(count, count + 200):
        tail += term
        term *= expected / (number + 1)
    return tail


def amount(figure: Figure, counts: Counts) -> int:
    """Return how much of a counted figure there is: of arrivals, by all ways."""
    if figure.measure == "arrivals":
        return sum(counts.get(f"arrivals.{way}", 0) for way in CONTACT_CHANNELS)
    return counts.get(figure.measure, 0)


def value_of(figure: Figure, counts: Counts, dwellings: int = 0) -> Value:
    """Return a figure made of what was counted in a place.

    Args:
        figure: which.
        counts: its measures, added up.
        dwellings: of the place; 0 where that is not known.
    """
    match figure.kind:
        case FigureKind.SHARE:
            return _share(counts.get(figure.measure, 0), counts.get(figure.whole, 0))
        case FigureKind.QUANTILE:
            spread = Spread.of(counts, figure.measure)
            if not spread.count:
                return Value(None, 0)
            first, last = ranks(figure.quantile, spread.count)
            return Value(spread.quantile(figure.quantile), spread.count, spread.at(first), spread.at(last))
        case _:
            found = _counted(figure, amount(figure, counts), dwellings)
            whole = sum(counts.get(name, 0) for name in figure.judged_of)
            return replace(found, share=_share(found.count, whole)) if figure.judged_of else found


def judged(figure: Figure, value: Value) -> Value | None:
    """Return by what of a value places are compared; None where they are not, or where it rests on too few cases."""
    found = value.share if figure.judged_of else value
    return found if figure.is_judged and found is not None and found.is_comparable else None


def drawn(figure: Figure, value: Value) -> tuple[float, float | None, float | None] | None:
    """Return what is drawn of a value, with its interval: the share or rate where a figure has one; None: nothing."""
    if figure.is_rated and not figure.judged_of:
        return None if value.rate is None else (value.rate, value.rate_low, value.rate_high)
    found = value.share if figure.judged_of else value
    return None if found is None or found.number is None else (found.number, found.low, found.high)


def _share(part: int, whole: int) -> Value:
    if not whole:
        return Value(None, 0)
    low, high = wilson(part, whole)
    return Value(100 * part / whole, whole, 100 * low, 100 * high)


def _counted(figure: Figure, count: int, dwellings: int) -> Value:
    if figure.unit is Unit.DAYS:
        return Value(count, 0)
    low, high = byar(count)
    if not figure.is_rated or not dwellings:
        return Value(count, count, low, high)
    per = PER_DWELLINGS / dwellings
    return Value(count, count, low, high, count * per, low * per, high * per)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the best and the worst of some places are apart.

    Attributes:
        best, worst: which they are.
        best_number, worst_number: by what they were compared.
        is_sure: whether their intervals do not touch.
    """

    best: str
    worst: str
    best_number: float
    worst_number: float
    is_sure: bool


def gap_of(figure: Figure, values: Mapping[str, Value]) -> Gap | None:
    """Return the gap between the best and the worst place; None where fewer than two can be compared."""
    places = {name: found.interval for name, value in values.items() if (found := judged(figure, value)) is not None}
    ordered = sorted((found[0], name, found) for name, found in places.items() if found is not None)
    if len(ordered) < 2:  # noqa: PLR2004 - a gap has two sides
        return None
    best, worst = (ordered[0], ordered[-1]) if figure.better is Better.LESS else (ordered[-1], ordered[0])
    low, high = sorted((best[2], worst[2]))
    return Gap(best[1], worst[1], best[0], worst[0], high[1] > low[2])


def is_worse(figure: Figure, mine: Value, whole: Value) -> bool:
    """Return whether a place is worse than the whole beyond chance: their intervals do not touch."""
    mine_judged, whole_judged = judged(figure, mine), judged(figure, whole)
    ours = None if mine_judged is None else mine_judged.interval
    all_of_it = None if whole_judged is None else whole_judged.interval
    if ours is None or all_of_it is None:
        return False
    if figure.better is Better.LESS:
        return ours[1] > all_of_it[2]
    return figure.better is Better.MORE and ours[2] < all_of_it[1]


def chance_of(figure: Figure, mine: Value, rest: Value) -> float:
    """Return how likely chance alone makes a share of a place that much worse than that of the rest; 1 for no share.

    By the normal approximation of the difference of two shares, one side.
    """
    if figure.kind is not FigureKind.SHARE or judged(figure, mine) is None or judged(figure, rest) is None:
        return 1.0
    here, there = (mine.number or 0.0) / 100, (rest.number or 0.0) / 100
    both = (here * mine.count + there * rest.count) / (mine.count + rest.count)
    spread = math.sqrt(both * (1 - both) * (1 / mine.count + 1 / rest.count))
    worse = there - here if figure.better is Better.MORE else here - there
    return 0.5 * math.erfc(worse / spread / math.sqrt(2)) if spread else 1.0


@dataclass(frozen=True, slots=True)
class Unusual:
    """Many more cases of a topic in a residence than is usual there: the number, what is usual, by what chance."""

    residence: str
    topic: str
    count: int
    usual: float
    chance: float

    @property
    def times(self) -> float:
        """How many times what is usual."""
        return self.count / max(self.usual, _LEAST_USUAL)


def unusual(now: Mapping[tuple[str, str], int], usual: Mapping[tuple[str, str], float]) -> list[Unusual]:
    """Return where many more cases came than is usual, the least likely first.

    Args:
        now: the cases of each residence and topic.
        usual: how many there usually are in as long a time.
    """
    found = []
    for place, count in now.items():
        expected = max(usual.get(place, 0.0), _LEAST_USUAL)
        if count >= FEWEST and count >= HOW_MANY_TIMES * expected and (chance := at_least(count, expected)) < BY_CHANCE:
            found.append(Unusual(*place, count, usual.get(place, 0.0), chance))
    return sorted(found, key=lambda each: (each.chance, each.residence, each.topic))


def worst_part(figure: Figure, parts: Iterable[tuple[str, Value, Value]]) -> str | None:
    """Return the part of a place that is the worst, of those that are worse than the rest of it beyond chance.

    Args:
        figure: by what.
        parts: the name of each, its value, and that of all of the place but for it.

    Returns:
        its name; None where no part is worse than the rest.
    """
    worse = [
        (found.number or 0.0, name)
        for name, mine, rest in parts
        if is_worse(figure, mine, rest) and (found := judged(figure, mine)) is not None
    ]
    if not worse:
        return None
    return (max if figure.better is Better.LESS else min)(worse)[1]
