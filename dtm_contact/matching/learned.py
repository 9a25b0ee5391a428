"""What was learnt from labelled messages: how far each kind of evidence is to be believed, and what a probability is.

`weights.json` is made by `dtm-contact fit-matching` and says from what. It belongs to the program as its code does.
"""

import json
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

_SUREST = 1 - 1e-9
_MOST_OF_IT = 0.5
Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Learnt:
    """Factors of kinds of evidence, and calibration curves.

    Attributes:
        belief: by evidence name, how much of the model's bits counts; 1 where a kind is not named.
        calibration: by answer (`tenant`, `tenant_at_home`, `tenant_doubted`, `dwelling`, `residence`), the share
            that is right by the log-odds of the model's probability: points to go straight between, rising.
    """

    belief: Mapping[str, float] = field(default_factory=dict)
    calibration: Mapping[str, Curve] = field(default_factory=dict)

    def bits(self, name: str, bits: float) -> float:
        """Return what evidence of a kind weighs in the end, where the model alone says `bits`."""
        return round(bits * self.belief.get(name, 1.0), 2)

    def probability(self, answer: str, said: float) -> float:
        """Return which share of such answers is right, where the model says so; below one half it stays as it is."""
        curve = self.calibration.get(answer, ())
        odds = log_odds(said)
        if not curve or odds <= curve[0][0]:
            return said
        for (low, share_low), (high, share_high) in pairwise(curve):
            if odds <= high:
                return share_low + (share_high - share_low) * (odds - low) / (high - low)
        return curve[-1][1]


def answer_about(best: str, candidates: Iterable[tuple[str, str | None, float]], *, doubted: bool) -> str:
    """Return which curve a tenant's probability goes by: who of a home writes is another question than which home.

    Args:
        best: the likeliest tenant.
        candidates: each tenant with his dwelling and his probability.
        doubted: whether something forbids to name him.
    """
    if doubted:
        return "tenant_doubted"
    chances = {tenant: (dwelling, chance) for tenant, dwelling, chance in candidates}
    home, said = chances.get(best, (None, 1.0))
    others = sum(chance for tenant, (where, chance) in chances.items() if tenant != best and home and where == home)
    return "tenant_at_home" if others > _MOST_OF_IT * (1.0 - said) else "tenant"


def log_odds(probability: float) -> float:
    """Return the natural logarithm of the odds, bounded at one in a thousand million either way."""
    bounded = min(max(probability, 1 - _SUREST), _SUREST)
    return log(bounded / (1 - bounded))


def _shipped() -> Learnt:
    learnt = json.loads(pkgutil.get_data(__package__, "weights.json") or b"{}")
    curves = {what: tuple(map(tuple, points)) for what, points in learnt.get("calibration", {}).items()}
    return Learnt(learnt.get("belief", {}), curves)


SHIPPED = _shipped()
"""What this version of the program was taught."""
