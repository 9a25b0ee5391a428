"""What a figure is worth: its interval, whether places may be compared by it, and what stands out beyond chance.

All intervals are of 95 %. Shares: Wilson's. Counts: Byar's for a Poisson count. Medians and 90th percentiles: the ranks
between which they lie with that certainty, by the normal approximation of the binomial distribution.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from dtm_contact.figures.cells import Counts, Spread
from dtm_contact.figures.definitions import Better, Figure, FigureKind, Unit
from dtm_contact.figures.scanning import SMALLEST

_Z: Final = 1.959964
LEAST_POINTS: Final = 5.0
"""Two shares that are nearer to each other than so many points are told as alike: nobody acts on less."""
LEAST_MINUTES: Final = 15.0
"""Two durations, too, that are nearer than so many minutes."""
LEAST_PART: Final = 0.1
"""And durations that differ by less than such a part: each is read off a histogram whose bins grow by 5 %."""
PER_DWELLINGS: Final = 1000

COMPARING: Final = (
    "Les bureaux sont comparés par des parts (sur cent) et par des durées : ce qui attend, par sa part des dossiers "
    "ouverts ; les appels sans réponse, par leur part des appels. Un nombre pour 1 000 logements dit ce qui est "
    "demandé à un bureau, non comment il sert : il est montré, jamais jugé. ▲ marque un bureau nettement moins bon que "
    "l’ensemble des bureaux : l’écart est trop grand pour venir du hasard, et il est d’au moins 5 points, ou d’un "
    "quart d’heure et d’un dixième. En dessous de 30 cas, rien n’est comparé. Les deux nombres en petit sous un "
    "chiffre disent entre quoi il se trouve presque sûrement."
)
STANDING_OUT: Final = (
    "Sont regardés tous les mois qui se suivent jusqu’à la période choisie (les semaines, pour une semaine ; d’une "
    "année, chacun de ses mois). Un bureau, ou un motif d’un bureau, ressort quand il y est moins bon que les autres "
    "bureaux au même moment ; une résidence, quand elle l’est que les autres résidences de son bureau ; tous les "
    "bureaux, quand c’est moins bon qu’avant. L’écart doit être d’au moins 5 points, ou d’un quart d’heure et d’un "
    "dixième (5 minutes pour le premier regard sur un danger), sur 30 cas au moins, et si grand que le hasard seul en "
    "ferait autant moins d’une fois sur 10 000. « Depuis » est le début de la suite de mois qui le montre le mieux ; "
    "« depuis au moins » dit que rien n’est compté avant, « ou avant » que les mois d’avant n’ont pas été regardés. "
    "« 3 mois ensemble » : le nombre est celui de ces mois additionnés, et le tableau n’en montre qu’un, que la phrase "
    "donne ensuite s’il repose sur 30 cas au moins. « Surtout pour » nomme les motifs et les résidences moins "
    "bons que le reste du même bureau dans ces mois. Des dossiers s’accumulent quand il y en a un dixième de plus en "
    "attente, et au moins 30 ; « depuis » remonte alors de mois en mois, tant que chacun a fini avec plus que celui "
    "d’avant. Neuf P1 sur dix doivent avoir leur réponse dans le délai, partout."
)
UNUSUAL: Final = (
    "Une résidence ressort pour un motif quand elle a ouvert, des mois qui se suivent (des semaines, pour une "
    "semaine), au moins 5 dossiers, au moins 2 fois ce qui y est habituel (la moyenne des six mois d’avant), ou au "
    "moins 2 fois ce que toutes les autres résidences ont ouvert alors pour autant de logements, et que le hasard seul "
    "en amènerait autant moins d’une fois sur 10 000."
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


def amount(figure: Figure, counts: Counts) -> int:
    """Return how much of a counted figure there is."""
    return sum(counts.get(name, 0) for name in figure.sum_of or (figure.measure,))


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
        is_sure: whether their intervals do not touch, and they differ by enough to matter.
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
    is_sure = high[1] > low[2] and is_relevant(figure, best[0], worst[0])
    return Gap(best[1], worst[1], best[0], worst[0], is_sure)


def is_worse(figure: Figure, mine: Value, whole: Value) -> bool:
    """Return whether a place is worse than the whole: their intervals do not touch, and it is worse by enough."""
    mine_judged, whole_judged = judged(figure, mine), judged(figure, whole)
    ours = None if mine_judged is None else mine_judged.interval
    all_of_it = None if whole_judged is None else whole_judged.interval
    if ours is None or all_of_it is None or not is_relevant(figure, ours[0], all_of_it[0]):
        return False
    if figure.better is Better.LESS:
        return ours[1] > all_of_it[2]
    return figure.better is Better.MORE and ours[2] < all_of_it[1]


def least_of(figure: Figure) -> float:
    """Return the least difference that is one: points of a share, or minutes."""
    return figure.least or (LEAST_MINUTES if figure.kind is FigureKind.QUANTILE else LEAST_POINTS)


def is_relevant(figure: Figure, one: float, two: float) -> bool:
    """Return whether two numbers of a figure differ by enough to matter to anybody."""
    part = LEAST_PART * min(one, two) if figure.kind is FigureKind.QUANTILE else 0.0
    return abs(one - two) >= max(least_of(figure), part)
