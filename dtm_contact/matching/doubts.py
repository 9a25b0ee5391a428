"""What makes it doubtful that a candidate is the one concerned, however well he fits."""

from collections.abc import Iterable, Sequence

from dtm_contact.matching import weights
from dtm_contact.matching.mentions import Role
from dtm_contact.matching.statements import Statement
from dtm_contact.matching.told import Told
from dtm_contact.matching.weighed import Weighed
from dtm_contact.matching.within_home import by_home

_SPOKEN_OF = frozenset({Role.FOR, Role.PAIR, Role.NAMED})


def doubt_whom_it_concerns(candidates: Sequence[Weighed], told: Told) -> None:
    """Doubt for whom a message is that names somebody for whom it seems to be written.

    Args:
        candidates: all who are weighed.
        told: what the text says of its writer.
    """
    if Statement.DIED in told.said:
        _doubt_the_dead(by_home(candidates))
    if Statement.SPOUSE_OF in told.said:
        _doubt_the_other_of_a_couple(by_home(candidates))
    if Statement.WRITES_FOR not in told.said:
        _doubt_either(candidates)


def _doubt_the_other_of_a_couple(homes: Iterable[Sequence[Weighed]]) -> None:
    """Doubt that it is for somebody that his wife writes who gives no name of her own: she lives there as well."""
    for home in homes:
        for each in home:
            if each.fits.get(Role.FOR, 0.0) > weights.FITS_SURELY:
                each.doubt("spouse", weights.NAMELESS, household=False)


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


def doubt_accounts(candidates: list[Weighed], told: Told) -> None:
    """Doubt that an account's owner is concerned where the place is not his and the text speaks of somebody else.

    However somebody says that he writes for another, that is what his message has in common with all such.
    """
    spoken_of = [each for each in candidates if not _SPOKEN_OF.isdisjoint(each.fits)]
    for each in candidates:
        if not each.account:
            continue
        himself = told.is_borrowed or each.own_name >= weights.NAMES_HIMSELF
        others = [
            other for other in spoken_of if _spoken_of_rather(other, each) and not (himself and other.lives_with(each))
        ]
        if himself and any(other.lives_with(each) and _spoken_of_rather(other, each) for other in spoken_of):
            others = []  # the name is that of somebody he lives with, whoever else bears it
        elsewhere = each.at_place <= weights.PLACE_IS_NOT_HIS
        of_other_homes = [other for other in others if not other.lives_with(each)]
        namesakes = each.at_place < weights.PLACE_FITS and any(_surname_fits(each, other) for other in of_other_homes)
        if namesakes or (elsewhere and (others or Statement.SPEAKS_OF_KIN in told.said)):
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER)
            each.place_certainty = weights.ACCOUNT_OF_ANOTHER
        elif any(other.lives_with(each) for other in others):
            each.doubt("of_home", weights.ACCOUNT_OF_ANOTHER, household=False)


def _spoken_of_rather(weighed: Weighed, owner: Weighed) -> bool:
    """Tell whether a name that is merely told is this one's, and not that of the account's owner."""
    return any(
        weighed.fits.get(role, 0.0) > max(weights.FITS_SURELY, owner.fits.get(role, 0.0) + weights.FITS_BETTER)
        for role in _SPOKEN_OF
    )


def _surname_fits(owner: Weighed, other: Weighed) -> bool:
    return owner.person.surname in {other.person.surname, other.person.birth} and bool(owner.person.surname)
