"""Every weight and prior of matching, in bits (log2 of a likelihood ratio) or as probabilities; none is tuned to texts.

Known addresses, numbers and leases: how much likelier the tenant is to bring one than somebody else; far above the
14 bits that single out one of 16,000. Weights off by a factor of two move the first place hardly at all (measured).

`weights.json`, which `dtm-contact fit-matching` makes from labelled messages, says how far each kind of evidence is to
be believed, and what a probability is. It belongs to the program as its code does.
"""

import json
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import log

EMAIL_KNOWN = 24.0
EMAIL_CONFIRMED = 26.0
EMAIL_IN_TEXT = 18.0
EMAIL_UNPROVEN = 12.0
"""A known address on a message that failed authentication: less than the 14 bits that single out one person."""
PHONE_KNOWN = 22.0
PHONE_CONFIRMED = 24.0
LEASE_NUMBER = 27.0
UNIT_REFERENCE = 25.0
THREAD = 22.0
HOUSEHOLD = -6.0
"""Another person of the household uses the account or the line ..."""

UNSIGNED = -3.0
"""... and does not sign."""

UNNAMED = 0.08
"""Prior that the contact is about nobody and no place of the directory (suppliers, applicants, mistakes)."""

OUTSIDER = 0.04
"""Prior that it is about a place of the estate, by somebody who is not in the directory (passers-by, town halls)."""

PLACE_AGAINST_NOBODY = -3.0
ADDRESS_AGAINST_NOBODY = -6.0
"""A place of the estate is named, or a full address: people who have nothing to do with it do that seldom."""

UNKNOWN_STREET, UNKNOWN_ADDRESS, LIVES_ELSEWHERE = -4.0, -7.0, -12.0
"""An address with a number that is none of ours: in a town of ours; in no known town; said to be where they live."""

APPLICANT = -7.0
NOT_A_TENANT = -12.0
"""Against every person of the directory, where the writer says so."""
APPLICANT_NAME_TRUST = 0.01
APPLICANT_PLACE_TRUST = 0.02

ORGANISATION_NAME_TRUST = 0.1
"""The name of somebody who writes for a firm, a town hall or a service."""

WRITES_FOR_ANOTHER = -4.0
"""What remains for the writer, over a chance person, where they write for another."""

WRITES_FOR_THEIR_HOME = 4.0
"""What a household's account then says for the one of it who is written for."""

SIGNS_FOR_THE_HOME = 2.0
"""Bits from which a name in the text is that of somebody of the home whose account it is."""

LENDS_THE_ACCOUNT = -12.0
"""Somebody of their home says that they write from the other's account."""

NAMES_THEIR_HOME = 5.0
"""Bits from which naming whom one lives with tells as much as the place."""
LIVES_WITH_ONE_NAMED = 6.0
"""The most that it says for somebody that the relative whom the writer names lives with them."""

OWNER_SIGNS_TOO = -2.0
"""Two of a home are named together, and the account is the other's."""

OTHER_OF_A_COUPLE = -5.0
"""The writer says of themselves what would be said by whom this one lives with ("mon mari")."""

CALLED_KIN = 1.0
"""Bits from which somebody is the relative whom the writer names ("ma femme Isabel")."""

NAMED_FROM_OUTSIDE = 4.0
"""Bits from which somebody is the one of whom the writer tells ("Mme Gay, ma voisine")."""

GIVES_OWN_NAME = 3.0
"""Bits from which one of a home says or signs their own name; the others of it are not the writer."""

FITS_AS_WELL = 2.0
"""Bits by which a name may fit one of a home less than another and still mean either."""

FITS_SURELY = 8.0
FITS_BETTER = 5.0
SELF_FITS_ANOTHER = -8.0
SIGNATURE_FITS_ANOTHER = -5.0
"""The writer calls themselves by the name of another candidate, so much better fitting."""

PLACE_SAYS_NOTHING = 1.5
"""Bits below which a place said does not make more of a name than the name alone."""

PLACE_FITS, PLACE_FITS_ANOTHER = 5.0, -20.0
"""Bits from which a place is somebody's own; what remains of an account whose home is elsewhere."""

PLACE_IS_NOT_THEIRS, ACCOUNT_OF_ANOTHER = -1.5, 0.1
"""Bits from which a place is not an account owner's; certainty that who speaks of others writes of themselves."""

NAME_ALONE = 0.9
"""Certainty of a writer of whom nothing but a first name and a surname is told: others bear them, too."""

BUILDING_DIFFERS, GREETED = -3.0, 4.0
"""Bits against who lives in another building than is said; for whom a message of ours, which is answered, greets."""

THREE_NAMES = 30.0
"""Bits that it takes a birth name beside them to reach."""

NAMELESS = 0.5
"""Certainty of a person found by the place alone where the writer's name is another."""

GONE = -4.0
"""The lease has ended; `GONE_AND_SAYS_SO` where the text speaks of leaving."""
GONE_AND_SAYS_SO = -0.5
ROLE = {"holder": 0.0, "co_holder": -0.5, "occupant": -1.5, "commercial": -1.0}

GIVEN_UP = 0.05
"""P(a name that does not fit | this person): nicknames, a maiden name that the directory lacks, a friend's account."""

INITIAL_FITS = 8.0
INITIAL_DIFFERS = 0.1
INITIALS_FIT, INITIALS_DIFFER = 32.0, 0.1
"""Two initials and no name; one pair in some hundred fits by chance, and frequent letters fit more often."""
OTHER_FIRST_NAME = 0.05
NICKNAME = 0.15
"""Another first name with the same first letter: half of all short forms keep it."""
OTHER_SURNAME = {"f": 0.12, "m": 0.03, "": 0.05}
"""A wrong surname says less of a woman than of a man: the name of use."""
PARTNERS_SURNAME = {"f": 0.06, "m": 0.015, "": 0.03}
"""P(somebody uses the surname of one they live with, which the directory does not say): half of those."""
SWAPPED = 0.3
"""The surname is written first, where the other order would make a name as well."""

WORD_LEFT_OVER = 0.3
"""A further word beside a first name and a surname that both fit."""
PART_OF_A_FIRST_NAME = 0.05
"""Who is called Marie signs Anne-Marie."""
SURNAME_ALONE = 0.9
FIRST_NAME_ALONE = 0.5
FIRST_NAME_AFTER_TITLE = 0.1
GENDER_FITS = 1.9
GENDER_DIFFERS = 0.05
WHOLLY_OTHER_NAME = -8.0
"""Somebody else signs: a partner, or a friend on this account."""

FLOOR_FITS, FLOOR_DIFFERS = 0.85, -2.5
DOOR_FITS, DOOR_DIFFERS = 0.8, -1.5
CARETAKER_FITS = 0.5
"""Trust in a caretaker's name as a sign of the residence: people name the one they had before, too."""

TRADE_NAME = 0.8
TRADE_SIGNED = 0.95
TRADE_OUTSIDE = 0.005
"""Share of those signing with a trade name of the directory who are others' shops."""
TRADE_CITED = 0.1
MOST_CANDIDATES = 20
"""10 to 20 candidates are as good as 50 (measured)."""
MOST_NEIGHBOURS = 150
"""Candidates where no name is told, but a floor or a door."""
MOST_COLLECTED = 3_000
"""People looked at before the best are weighed in full."""


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
        candidates: each tenant with their dwelling and their probability.
        doubted: whether something forbids to name them.
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
