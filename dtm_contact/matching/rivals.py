"""Candidates against each other: whom one names, and who fits worse than another what the writer says of himself."""

import math
from collections.abc import Iterable, Sequence
from math import log2

from dtm_contact.matching import weights
from dtm_contact.matching.doubts import doubt_accounts, doubt_whom_it_concerns
from dtm_contact.matching.learned import Learnt
from dtm_contact.matching.mentions import Role
from dtm_contact.matching.statements import Statement
from dtm_contact.matching.told import Told
from dtm_contact.matching.weighed import Weighed
from dtm_contact.matching.within_home import by_home, settle_couples, settle_homes

_OF_THE_WRITER = ("email.", "phone.", "thread.", "name.")
_TOLD_OF = frozenset({Role.KIN, Role.PAIR, Role.NAMED})
_OF_HOUSEHOLD = frozenset({"email.household"})
_FITS_ANOTHER = frozenset({"name.fits_another"})
_LESS_THAN_HIS_WORD = {None, Role.DISPLAY, Role.ADDRESS, Role.PAIR}
_SIGNS_FOR_HIMSELF = frozenset({Statement.HOLDS_THE_LEASE, Statement.DIED})


def settle(weighed: Iterable[Weighed], people: int, learnt: Learnt, told: Told) -> None:
    """Weigh the candidates against each other.

    Args:
        weighed: the candidates.
        people: how many the directory holds.
        learnt: how far evidence is believed.
        told: what the text says of its writer.
    """
    candidates = list(weighed)
    doubt_accounts(candidates, told)
    _settle_places(candidates)
    if any(not _TOLD_OF.isdisjoint(each.fits) for each in candidates):
        _settle_spoken_of(by_home(candidates))
    if told.gender and not told.for_another:
        settle_couples(by_home(candidates), told.gender)
    if told.for_another and not _tells_of_his_home(by_home(candidates), told):
        doubt_whom_it_concerns(candidates, told)
        for each in candidates:
            if not _fits_as_well(each, candidates) and not _is_written_for(each, told, candidates):
                _discount_writer(each, people, learnt)
    else:
        settle_homes(candidates, told)
    for role, bits in ((Role.SELF, weights.SELF_FITS_ANOTHER), (Role.SIGNED, weights.SIGNATURE_FITS_ANOTHER)):
        best = max([each.fits.get(role, 0.0) for each in candidates], default=0.0)
        if best > weights.FITS_SURELY:
            for each in candidates:
                _discount_misfit(each, role, best, learnt.bits("name.fits_another", bits))


def _tells_of_his_home(homes: Iterable[Sequence[Weighed]], told: Told) -> bool:
    """Tell whether one of a home calls himself by his name, and another is who seemed to be written for.

    "C'est Carmen, la femme de Patrick": where both are known, she writes of what is theirs, and not for him.
    """
    found = False
    for home in homes:
        # Relatives bear the surname that is told, too.
        best = max(each.fits.get(Role.FOR, 0.0) for each in home) if told.of_his_own else 0.0
        least = max(weights.NAMES_HIMSELF, best - weights.FITS_BETTER)
        meant = [each for each in home if each.fits.get(Role.FOR, 0.0) >= least]
        if meant and any(_calls_himself(each, told) for each in home if each not in meant):
            found = True
            for each in home:
                each.forget("name.for", against=True)
    return found


def _calls_himself(weighed: Weighed, told: Told) -> bool:
    """Tell whether somebody says his own name, or signs with it where he says that he is a tenant, or of a death."""
    roles = (Role.SELF, Role.SIGNED) if told.said & _SIGNS_FOR_HIMSELF else (Role.SELF,)
    return max(weighed.fits.get(role, 0.0) for role in roles) >= weights.NAMES_HIMSELF


def _settle_places(candidates: list[Weighed]) -> None:
    """Believe a name that is given with its own address before an account whose home is elsewhere.

    Whoever writes from a known account, names somebody else, and gives that one's address and not his own, writes for
    him: no neighbour is complained of so, for neighbours share an address.
    """
    meant = [
        each for each in candidates if each.at_place >= weights.PLACE_FITS and _best_name(each) >= weights.FITS_SURELY
    ]
    for each in candidates:
        if not each.account or each.at_place >= 0 or each in meant:
            continue
        others = [other for other in meant if not other.lives_with(each)]
        if others:
            each.discount("place.fits_another", weights.PLACE_FITS_ANOTHER)
            for other in others:
                other.believe()


def _settle_spoken_of(homes: Sequence[Sequence[Weighed]]) -> None:
    """Let nobody write whom the writer calls his relative or names from outside, where another's own name fits as well.

    "Ma femme Isabel … Jean Carvalho" is not Isabel Carvalho.
    """
    everybody = [each for home in homes for each in home]
    for home in homes:
        _discount_spoken_of(home, Role.KIN, weights.CALLED_KIN, signed=-math.inf)
        _discount_spoken_of(home, Role.PAIR, weights.NAMED_FROM_OUTSIDE, signed=weights.FITS_SURELY)
    _discount_spoken_of(everybody, Role.NAMED, weights.NAMED_FROM_OUTSIDE, signed=weights.FITS_SURELY)


def _discount_spoken_of(group: Iterable[Weighed], role: Role, told: float, *, signed: float) -> None:
    """Discount those of whom a role tells so surely, where another's own name fits so well and as well as theirs."""
    spoken_of: list[Weighed] = []
    others: list[Weighed] = []
    for each in group:
        # What is told of somebody with his name and title may be he who signs.
        himself = role is Role.NAMED and each.own_name >= weights.NAMES_HIMSELF
        (spoken_of if each.fits.get(role, 0.0) >= told and not himself else others).append(each)
    for each in spoken_of:
        # A namesake of the writer's who lives elsewhere says nothing.
        there = [other for other in others if other.at_place >= each.at_place - weights.FITS_AS_WELL]
        best = max((other.own_name for other in there), default=-math.inf)
        if best > max(signed, each.own_name - weights.FITS_AS_WELL) and not each.has(_FITS_ANOTHER):
            each.forget(f"name.{role.name.lower()}")
            each.discount("name.fits_another", weights.SIGNATURE_FITS_ANOTHER)


def _best_name(weighed: Weighed) -> float:
    return max(weighed.fits.values(), default=0.0)


def _fits_as_well(weighed: Weighed, candidates: Iterable[Weighed]) -> bool:
    """Tell whether the name written for may as well be the writer's: "M. Roy", where two of one home are called so."""
    if weighed.role is Role.FOR or weighed.home is None or weighed.at_place < 0:
        return False
    meant = [each for each in candidates if each.role is Role.FOR and each.home is not None]
    best = max((each.fits[Role.FOR] for each in meant), default=0.0)
    least = best - weights.FITS_AS_WELL
    homes = {each.home.dwelling_id for each in meant if each.home and each.fits[Role.FOR] > least}
    return weighed.home.dwelling_id in homes and weighed.fits.get(Role.FOR, 0.0) > least


def _is_written_for(weighed: Weighed, told: Told, candidates: Iterable[Weighed]) -> bool:
    """Tell whether somebody writes for this one from his own account, or from that of one with whom he lives."""
    fits = weighed.fits.get(Role.FOR, 0.0)
    if Statement.FROM_THEIR_ACCOUNT in told.said:
        return weighed.account and fits > weights.FITS_SURELY
    owners = [each for each in candidates if each.account and each.lives_with(weighed) and not each.has(_OF_HOUSEHOLD)]
    named = fits > weights.FITS_BETTER and Statement.DIED not in told.said and weighed.has(_OF_HOUSEHOLD)
    return named and all(fits > each.fits.get(Role.FOR, 0.0) + weights.FITS_BETTER for each in owners)


def _discount_writer(weighed: Weighed, people: int, learnt: Learnt) -> None:
    """Bound what tells who writes, where he writes for another: then it tells only whose account that is."""
    if weighed.role is Role.FOR:
        # Whoever signs with the very name that he writes for is a namesake of his, on his own account.
        his = {
            "email.household",
            *(["email.known"] if weighed.fits.get(Role.SIGNED, 0.0) > weights.FITS_SURELY else []),
        }
        of_account = sum(piece.weight for piece in weighed.evidence if piece.name in his)
        if of_account > weights.WRITES_FOR_HIS_HOME:
            weighed.discount("writes.from_home", round(weights.WRITES_FOR_HIS_HOME - of_account, 2))
        return
    bits = sum(piece.weight for piece in weighed.evidence if piece.name.startswith(_OF_THE_WRITER))
    if bits > 0:
        excess = min(0.0, log2(max(people, 1)) - bits)
        himself = learnt.bits("writes.for_another", weights.WRITES_FOR_HIMSELF)
        weighed.discount("writes.for_another", round(excess + himself, 2))


def _discount_misfit(weighed: Weighed, role: Role, best: float, bits: float) -> None:
    """Believe what the writer calls himself before his account and its display name, which say whose account it is."""
    if weighed.role not in _LESS_THAN_HIS_WORD or weighed.fits.get(role, 0.0) > best - weights.FITS_BETTER:
        return
    if weighed.has(_FITS_ANOTHER):
        return
    display = sum(piece.weight for piece in weighed.evidence if piece.name == "name.display" and piece.weight > 0)
    weighed.discount("name.fits_another", round(bits - (display if weighed.account else 0.0), 2))
