"""What the probability of danger is worth at one site: learned of what its agents said of alarms (`fit --calibrate`).

The log-odds that the model gives are stretched and shifted (Platt 1999), no more: which message is likelier a danger
than which stays as it was learned. Few labels move little: stretch and shift are held near "as it was" by a prior, the
targets are Platt's, drawn in by how few there are, and a label counts for all cases of its band of probability that
nobody labelled, so that the site's own base rate counts and not what agents happened to click on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dtm_contact.store import AlarmLabel
from dtm_contact.topics import Calibration, DangerLimits, Model
from dtm_contact.topics.model import BY_OUTAGE, DANGER

LEAST_LABELS, LEAST_OF_A_KIND = 60, 12
"""Labels, and of these dangers as well as others, without which nothing is learned; a third of them is kept aside."""

_ASIDE: Final = 3
_STRETCH_NEAR_ONE, _SHIFT_NEAR_ZERO = 0.25, 1.5
"""How far stretch and shift are expected to lie from 1 and 0: the deviations of their priors."""
_LEAST_STRETCH: Final = 0.2
_MOST_COUNTED_FOR: Final = 5.0
"""The most unlabelled cases that one label counts for."""
_LEAST: Final = 0.0005
"""Probabilities are kept to three places."""
_STEPS: Final = 60

Floats = NDArray[np.float64]


class TooLittleSaidError(ValueError):
    """The labels do not say how to calibrate; the message says why, and what is wanted."""


@dataclass(frozen=True, slots=True)
class Said:
    """The last word on one case: the probability that the model had given, and whether somebody was in danger."""

    case_number: str
    probability: float
    danger: bool


@dataclass(frozen=True, slots=True)
class Recalibration:
    """New log-odds of danger: `stretch` times those of the model in force, plus `shift`."""

    stretch: float
    shift: float

    def probability(self, probabilities: Sequence[float]) -> Floats:
        """Return what probabilities of the model in force become."""
        return _sigmoid(self.stretch * _log_odds(probabilities) + self.shift)

    def of(self, model: Model, labels: int) -> Model:
        """Return a model with its calibrations changed; it says of itself by how much, and of how many labels."""
        changed = {
            name: Calibration(
                tuple(slope * self.stretch for slope in kept.slopes), kept.offset * self.stretch + self.shift
            )
            if name in {DANGER, BY_OUTAGE}
            else kept
            for name, kept in model.calibrations.items()
        }
        told = {"stretch": round(self.stretch, 4), "shift": round(self.shift, 4), "labels": labels}
        return replace(model, calibrations=changed, about={**model.about, "calibrated": told})


@dataclass(frozen=True, slots=True)
class Worth:
    """How well probabilities did on labels that nothing was learned of.

    Attributes:
        dangers, woken, shown: those in danger, how many would be rung for, and shown.
        others, false_woken, false_shown: the same of the others.
        loss: the mean logarithmic loss.
    """

    dangers: int
    woken: int
    shown: int
    others: int
    false_woken: int
    false_shown: int
    loss: float

    @property
    def missed(self) -> int:
        """Dangers that would be neither rung for nor shown."""
        return self.dangers - self.woken - self.shown

    def is_worse_than(self, other: "Worth") -> bool:
        """Tell whether more dangers are missed, more wakings in vain, or the probabilities truer before."""
        return self.missed > other.missed or self.false_woken > other.false_woken or self.loss > other.loss

    def __str__(self) -> str:
        """Return the figures in one line."""
        return (
            f"danger {self.dangers}: woken {self.woken} shown {self.shown} missed {self.missed}  others {self.others}: "
            f"woken {self.false_woken} shown {self.false_shown}  loss {self.loss:.3f}"
        )


def last_words(labels: Sequence[AlarmLabel]) -> list[Said]:
    """Return the last word on each case whose message the model had judged, in the order of the cases' numbers.

    The probability is that of the first label: an agent's own act changes nothing of it.

    Args:
        labels: what agents said, oldest first.
    """
    found: dict[str, Said] = {}
    for label in labels:
        first = found.get(label.case_number)
        score = first.probability if first is not None else label.before.score
        if score is not None:
            found[label.case_number] = Said(label.case_number, score, label.danger)
    return [found[number] for number in sorted(found)]


def kept_aside(said: Sequence[Said]) -> tuple[list[Said], list[Said]]:
    """Return the words to learn of, and every third case, by its number's digest, kept aside."""
    aside = {each.case_number for each in said if sha256(each.case_number.encode()).digest()[0] % _ASIDE == 0}
    learned = [each for each in said if each.case_number not in aside]
    return learned, [each for each in said if each.case_number in aside]


def check(said: Sequence[Said]) -> None:
    """Refuse labels that are too few, or all of one kind.

    Raises:
        TooLittleSaidError: what is missing.
    """
    dangers = sum(each.danger for each in said)
    others = len(said) - dangers
    if len(said) < LEAST_LABELS:
        raise TooLittleSaidError(
            f"agents said of {len(said)} alarms whether there was danger; {LEAST_LABELS} are needed: wait for more"
        )
    for kind, count in (("dangers", dangers), ("others than dangers", others)):
        if count < LEAST_OF_A_KIND:
            raise TooLittleSaidError(
                f"of {len(said)} labels {count} are {kind}; {LEAST_OF_A_KIND} of each kind are needed"
            )


def recalibrate(said: Sequence[Said], shown: Sequence[float], limits: DangerLimits) -> Recalibration:
    """Return the stretch and the shift that labels speak for.

    Args:
        said: the labels to learn of.
        shown: the probabilities of all cases of the same time, labelled or not.
        limits: the bands of probability.

    Raises:
        TooLittleSaidError: the labels contradict the model, or each other.
    """
    odds = _log_odds([each.probability for each in said])
    holds = np.array([each.danger for each in said])
    weights = _counted_for(said, shown, limits)
    dangers, others = int(holds.sum()), int((~holds).sum())
    targets = np.where(holds, (dangers + 1) / (dangers + 2), 1 / (others + 2))
    stretch, shift = _fitted(odds, targets, weights)
    if stretch < _LEAST_STRETCH:
        raise TooLittleSaidError(
            "the labels contradict the model: where it thinks danger likelier there was hardly more often danger; "
            "look at what agents said (the desk's page of alarms) before anything is learned of it"
        )
    return Recalibration(stretch, shift)


def worth(said: Sequence[Said], probabilities: Floats, limits: DangerLimits) -> Worth:
    """Return how well probabilities do on labels."""
    holds = np.array([each.danger for each in said], np.bool_)
    certain, possible = probabilities >= limits.certain, probabilities >= limits.possible
    kept = np.clip(probabilities, _LEAST, 1 - _LEAST)
    loss = -np.where(holds, np.log(kept), np.log(1 - kept)).mean() if len(said) else 0.0
    return Worth(
        int(holds.sum()),
        int((holds & certain).sum()),
        int((holds & possible & ~certain).sum()),
        int((~holds).sum()),
        int((~holds & certain).sum()),
        int((~holds & possible & ~certain).sum()),
        float(loss),
    )


def _counted_for(said: Sequence[Said], shown: Sequence[float], limits: DangerLimits) -> Floats:
    """Return for how many cases each label counts: those of its band, shared by the labels of the band."""
    bounds = (limits.possible, limits.certain)
    bands = np.digitize([each.probability for each in said], bounds)
    there = np.bincount(np.digitize(list(shown), bounds), minlength=3)
    labelled = np.bincount(bands, minlength=3)
    weights = np.clip(there / np.maximum(labelled, 1), 1.0, _MOST_COUNTED_FOR)
    # Below the first limit nobody is shown anything: what agents find there is rare, and none of it stands for others.
    weights[0] = 1.0
    counted: Floats = weights[bands]
    return counted


def _fitted(odds: Floats, targets: Floats, weights: Floats) -> tuple[float, float]:
    """Return stretch and shift of the greatest posterior likelihood, by Newton's method."""
    lines = np.column_stack([odds, np.ones_like(odds)])
    prior = np.array([_STRETCH_NEAR_ONE, _SHIFT_NEAR_ZERO]) ** -2.0
    middle = np.array([1.0, 0.0])
    found = middle.copy()
    for _ in range(_STEPS):
        told = _sigmoid(lines @ found)
        slope = lines.T @ (weights * (told - targets)) + prior * (found - middle)
        bend = (lines * (weights * told * (1 - told))[:, np.newaxis]).T @ lines + np.diag(prior)
        step = np.linalg.solve(bend, slope)
        # Far from the answer a whole step may overshoot.
        found -= step / max(1.0, float(np.abs(step).max()))
    return float(found[0]), float(found[1])


def _log_odds(probabilities: Sequence[float]) -> Floats:
    kept = np.clip(np.array(probabilities, np.float64), _LEAST, 1 - _LEAST)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def _sigmoid(odds: Floats) -> Floats:
    told: Floats = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
    return told
