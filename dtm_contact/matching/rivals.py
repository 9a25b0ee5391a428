"""Candidates against each other: whom one names, and who fits worse than another what the writer says of himself."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log2

from dtm_contact.matching import weights
from dtm_contact.matching.learned import Learnt
from dtm_contact.matching.mentions import Role
from dtm_contact.matching.weighed import Weighed

_OF_THE_WRITER = ("email.", "phone.", "thread.", "name.")
_SPOKEN_OF = frozenset({Role.FOR, Role.PAIR, Role.NAMED})
_TOLD_OF = frozenset({Role.KIN, Role.PAIR, Role.NAMED})
_NUMBERS_KNOWN = frozenset({"phone.known", "phone.confirmed"})
_OF_HOUSEHOLD = frozenset({"email.household"})
_OF_ACCOUNT = frozenset({"email.known", "email.confirmed"})
_FITS_ANOTHER = frozenset({"name.fits_another"})
_LESS_THAN_HIS_WORD = {None, Role.DISPLAY, Role.ADDRESS, Role.PAIR}


@dataclass(frozen=True, slots=True)
class Told:
    """What a text says of its writer.

    Attributes:
        for_another: whether it names somebody for whom it is written, known or not.
        speaks_of_kin: whether he speaks of a relative.
        may_be_signed: whether it ends with what may be a name that could not be read.
        borrowed: whether he writes from the account of whom he lives with.
        gender: which of a couple he is, "f" or "m", where he says so.
        died: whether he tells of a death.
        spouse_of: whether he tells whose husband or wife somebody is.
        holds_lease: whether he says that he is a tenant himself.
        writes_for: whether he says in words that he writes for somebody else.
    """

    for_another: bool
    speaks_of_kin: bool
    may_be_signed: bool
    borrowed: bool = False
    gender: str = ""
    died: bool = False
    spouse_of: bool = False
    holds_lease: bool = False
    writes_for: bool = True

    @property
    def for_himself(self) -> bool:
        """Whether the writer's own case is told with that of a relative whom he names."""
        return self.spouse_of or self.holds_lease or self.died


def settle(weighed: Iterable[Weighed], people: int, learnt: Learnt, told: Told) -> None:
    """Weigh the candidates against each other.

    Args:
        weighed: the candidates.
        people: how many the directory holds.
        learnt: how far evidence is believed.
        told: what the text says of its writer.
    """
    candidates = list(weighed)
    _doubt_accounts(candidates, told)
    _settle_places(candidates)
    if any(not _TOLD_OF.isdisjoint(each.fits) for each in candidates):
        _settle_spoken_of(_by_home(candidates))
    if told.gender and not told.for_another:
        _settle_couples(_by_home(candidates), told.gender)
    if told.for_another and not _tells_of_his_home(_by_home(candidates), told):
        _doubt_whom_it_concerns(candidates, told)
        for each in candidates:
            if not _fits_as_well(each, candidates):
                _discount_writer(each, people, learnt)
    else:
        _settle_homes(candidates, told)
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
        best = max(each.fits.get(Role.FOR, 0.0) for each in home) if told.for_himself else 0.0
        least = max(weights.NAMES_HIMSELF, best - weights.FITS_BETTER)
        meant = [each for each in home if each.fits.get(Role.FOR, 0.0) >= least]
        if meant and any(_calls_himself(each, told) for each in home if each not in meant):
            found = True
            for each in home:
                each.forget("name.for", against=True)
    return found


def _calls_himself(weighed: Weighed, told: Told) -> bool:
    """Tell whether somebody says his own name, or signs with it where he says that he is a tenant, or of a death."""
    roles = (Role.SELF, Role.SIGNED) if told.holds_lease or told.died else (Role.SELF,)
    return max(weighed.fits.get(role, 0.0) for role in roles) >= weights.NAMES_HIMSELF


def _doubt_whom_it_concerns(candidates: Sequence[Weighed], told: Told) -> None:
    if told.died:
        _doubt_the_dead(_by_home(candidates))
    if not told.writes_for:
        _doubt_either(candidates)


def _doubt_either(candidates: Iterable[Weighed]) -> None:
    """Doubt who is concerned where a tenant who gives his own name and place names another for whom he seems to write.

    Only the way in which the other is brought up tells so, and that may mislead.
    """
    meant = [each for each in candidates if each.fits.get(Role.FOR, 0.0) > weights.FITS_SURELY]
    himself = [each for each in candidates if each not in meant and _is_a_tenant(each)]
    if meant and himself:
        apart = len({each.home.dwelling_id if each.home else "" for each in (*meant, *himself)}) > 1
        for each in (*meant, *himself):
            each.doubt("either", weights.NAMELESS, household=apart)


def _is_a_tenant(weighed: Weighed) -> bool:
    """Tell whether somebody gives his own name, and his place or his account goes with it."""
    own = max(weighed.fits.get(role, 0.0) for role in (Role.SELF, Role.SIGNED))
    return own > weights.FITS_SURELY and (weighed.account or weighed.at_place >= weights.PLACE_FITS)


def _doubt_the_dead(homes: Iterable[Sequence[Weighed]]) -> None:
    """Doubt that it is for somebody that a relative writes who tells of a death, where others live with that one."""
    for home in homes:
        for each in home if len(home) > 1 else ():
            if each.fits.get(Role.FOR, 0.0) > weights.FITS_SURELY:
                each.doubt("died", weights.NAMELESS, household=False)


def _doubt_accounts(candidates: list[Weighed], told: Told) -> None:
    """Doubt that an account's owner is concerned where the place is not his and the text speaks of somebody else.

    However somebody says that he writes for another, that is what his message has in common with all such.
    """
    spoken_of = [each for each in candidates if not _SPOKEN_OF.isdisjoint(each.fits)]
    for each in candidates:
        if not each.account:
            continue
        himself = told.borrowed or _own_name(each) >= weights.NAMES_HIMSELF
        others = [
            other for other in spoken_of if _spoken_of_rather(other, each) and not (himself and _one_home(other, each))
        ]
        if himself and any(_one_home(other, each) and _spoken_of_rather(other, each) for other in spoken_of):
            others = []  # the name is that of somebody he lives with, whoever else bears it
        elsewhere = each.at_place <= weights.PLACE_IS_NOT_HIS
        of_other_homes = [other for other in others if not _one_home(other, each)]
        namesakes = each.at_place < weights.PLACE_FITS and any(_surname_fits(each, other) for other in of_other_homes)
        if namesakes or (elsewhere and (others or told.speaks_of_kin)):
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER)
            each.place_certainty = weights.ACCOUNT_OF_ANOTHER
        elif any(_one_home(other, each) for other in others):
            each.doubt("of_home", weights.ACCOUNT_OF_ANOTHER, household=False)


def _one_home(one: Weighed, other: Weighed) -> bool:
    """Tell whether two have one dwelling, whenever each of them moved in."""
    return one.home is not None and other.home is not None and one.home.dwelling_id == other.home.dwelling_id


def _spoken_of_rather(weighed: Weighed, owner: Weighed) -> bool:
    """Tell whether a name that is merely told is this one's, and not that of the account's owner."""
    return any(
        weighed.fits.get(role, 0.0) > max(weights.FITS_SURELY, owner.fits.get(role, 0.0) + weights.FITS_BETTER)
        for role in _SPOKEN_OF
    )


def _surname_fits(owner: Weighed, other: Weighed) -> bool:
    return owner.person.surname in {other.person.surname, other.person.birth} and bool(owner.person.surname)


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
        others = [other for other in meant if not _one_home(other, each)]
        if others:
            each.discount("place.fits_another", weights.PLACE_FITS_ANOTHER)
            for other in others:
                other.believe()


def _by_home(candidates: Iterable[Weighed]) -> list[list[Weighed]]:
    homes: dict[str, list[Weighed]] = {}
    for each in candidates:
        if each.home is not None:
            homes.setdefault(each.home.dwelling_id, []).append(each)
    return list(homes.values())


def _settle_couples(homes: Iterable[Sequence[Weighed]], gender: str) -> None:
    """Believe of a couple the one whom "mon mari" or "ma femme" tells."""
    for home in homes:
        if any(each.person.gender == gender for each in home):
            for each in home:
                if each.person.gender and each.person.gender != gender:
                    each.discount("home.other", weights.OTHER_OF_A_COUPLE)


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
        himself = role is Role.NAMED and _own_name(each) >= weights.NAMES_HIMSELF
        (spoken_of if each.fits.get(role, 0.0) >= told and not himself else others).append(each)
    for each in spoken_of:
        # A namesake of the writer's who lives elsewhere says nothing.
        there = [other for other in others if other.at_place >= each.at_place - weights.FITS_AS_WELL]
        best = max(map(_own_name, there), default=-math.inf)
        if best > max(signed, _own_name(each) - weights.FITS_AS_WELL) and not _has(each, _FITS_ANOTHER):
            each.forget(f"name.{role.name.lower()}")
            each.discount("name.fits_another", weights.SIGNATURE_FITS_ANOTHER)


def _own_name(weighed: Weighed) -> float:
    return max(weighed.fits.get(role, 0.0) for role in (Role.SELF, Role.SIGNED, Role.FOR))


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


def _settle_homes(candidates: list[Weighed], told: Told) -> None:
    """Tell apart those of one home whose account it is: its display name is the account's, the signature the writer's.

    Without that, the account's owner would be credited twice, by his address and by his name on it. Who writes from
    another's account signs; an account's owner need not.
    """
    homes: dict[str, list[Weighed]] = {}
    for each in candidates:
        if each.home is not None and each.account:
            homes.setdefault(each.home.dwelling_id, []).append(each)
    for home in homes.values():
        _settle_numbers(home)
        _settle_borrowed(home, told)
        _settle_writers(home)
        best = max((each.signed.weight for each in home if each.signed), default=0.0)
        if len(home) > 1 and best > weights.SIGNS_FOR_THE_HOME:
            another = _tells_of_another(home, told)
            for each in home:
                if another:
                    each.doubt("of_home", weights.ACCOUNT_OF_ANOTHER, household=False)
                else:
                    each.believe_signature()
        elif not (told.may_be_signed or told.borrowed) and not any(each.signed for each in home):
            for each in home:
                if _has(each, _OF_HOUSEHOLD):
                    each.discount("account.unsigned", weights.UNSIGNED)


def _tells_of_another(home: Sequence[Weighed], told: Told) -> bool:
    """Tell whether only a name in the midst of a sentence is another's of a home than the account's and its display's.

    "Enlevez Olivier Garcia du bail", from Noëlle Blanc's account under her name, may well be hers.
    """
    named = max(home, key=lambda each: each.signed.weight if each.signed else 0.0)
    owners = [
        each for each in home if _has(each, _OF_ACCOUNT) and each.fits.get(Role.DISPLAY, 0.0) > weights.FITS_SURELY
    ]
    merely = named.signed is not None and named.signed.name == "name.pair"
    return merely and not told.borrowed and bool(owners) and named not in owners


def _settle_borrowed(home: Sequence[Weighed], told: Told) -> None:
    """Let the owner of an account not write where it is said to be lent ("je passe par la boîte de Thomas").

    Doubt it where the writer may be married to the owner ("mon épouse", in her account): that may be another woman.
    """
    owners = [each for each in home if _has(each, _OF_ACCOUNT)]
    if owners and not told.borrowed and _married_to(owners, home, told.gender):
        for each in owners:
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER, household=False)
    if not told.borrowed or not owners:
        return
    for each in home:
        if each not in owners:
            each.forget("name.display", against=True)
        elif len(home) > len(owners):
            each.let_another_write(weights.LENDS_HIS_ACCOUNT)
        else:
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER, household=False)


def _married_to(owners: Sequence[Weighed], home: Sequence[Weighed], gender: str) -> bool:
    """Tell whether who says "mon épouse" in an account that is hers, and not signed by her, is one of her home."""
    others = bool(gender) and any(each.person.gender == gender for each in home if each not in owners)
    return others and all(each.person.gender not in {"", gender} and not each.signed for each in owners)


def _settle_writers(home: Sequence[Weighed]) -> None:
    """Believe who says or signs his own name before the others of his home, whose account it may be.

    "C'est Gaël, Danièle travaille": Danièle's account and her name on it tell whose account that is.
    """
    for role in (Role.SELF, Role.SIGNED):
        writer = max(home, key=lambda each: each.fits.get(role, 0.0))
        best, signed = writer.fits.get(role, 0.0), writer.fits.get(Role.SIGNED, 0.0)
        if best >= weights.NAMES_HIMSELF:
            for each in home:
                fits = each.fits.get(role, 0.0), each.fits.get(Role.SIGNED, 0.0)
                if fits[0] <= best - weights.FITS_BETTER and fits[1] <= signed + weights.FITS_AS_WELL:
                    each.let_another_write()
            return


def _settle_numbers(home: list[Weighed]) -> None:
    """Let a number that is another's of the home tell more than whose name the account shows.

    The name shown is the owner's, whoever of them writes: it says again what the address said.
    """
    if any(_has(each, _NUMBERS_KNOWN) for each in home):
        for each in home:
            if not _has(each, _NUMBERS_KNOWN):
                each.forget("name.display")


def _has(weighed: Weighed, names: frozenset[str]) -> bool:
    return any(piece.name in names for piece in weighed.evidence)


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
    if _has(weighed, _FITS_ANOTHER):
        return
    display = sum(piece.weight for piece in weighed.evidence if piece.name == "name.display" and piece.weight > 0)
    weighed.discount("name.fits_another", round(bits - (display if weighed.account else 0.0), 2))
