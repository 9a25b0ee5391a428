"""Those of one home against each other: whose account it is, and who of them writes."""

from collections.abc import Iterable, Sequence

from dtm_contact.matching import weights
from dtm_contact.matching.mentions import Role
from dtm_contact.matching.statements import Statement
from dtm_contact.matching.told import Told
from dtm_contact.matching.weighed import Weighed

_NUMBERS_KNOWN = frozenset({"phone.known", "phone.confirmed"})
_OF_HOUSEHOLD = frozenset({"email.household"})
_OF_ACCOUNT = frozenset({"email.known", "email.confirmed"})
_MAY_BE_ANOTHERS = frozenset({Statement.MAY_BE_SIGNED, Statement.BORROWED})


def by_home(candidates: Iterable[Weighed]) -> list[list[Weighed]]:
    """Return the candidates of each dwelling; those without a home are left out."""
    homes: dict[str, list[Weighed]] = {}
    for each in candidates:
        if each.home is not None:
            homes.setdefault(each.home.dwelling_id, []).append(each)
    return list(homes.values())


def settle_couples(homes: Iterable[Sequence[Weighed]], gender: str) -> None:
    """Believe of a couple the one whom "mon mari" or "ma femme" tells."""
    for home in homes:
        if any(each.person.gender == gender for each in home):
            for each in home:
                if each.person.gender and each.person.gender != gender:
                    each.discount("home.other", weights.OTHER_OF_A_COUPLE)


def settle_homes(candidates: list[Weighed], told: Told) -> None:
    """Tell apart those of one home whose account it is: its display name is the account's, the signature the writer's.

    Without that, the account's owner would be credited twice, by his address and by his name on it. Who writes from
    another's account signs; an account's owner need not.
    """
    if told.is_borrowed:
        for home in by_home(each for each in candidates if not each.account):
            _forget_the_lender(home)
    for home in by_home(each for each in candidates if each.account):
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
            _settle_together(home)
        elif not (told.said & _MAY_BE_ANOTHERS) and not any(each.signed for each in home):
            for each in home:
                if each.has(_OF_HOUSEHOLD):
                    each.discount("account.unsigned", weights.UNSIGNED)


def _settle_together(home: Sequence[Weighed]) -> None:
    """Believe of two who are named together the one whose account it is: "J. Roy    O. Petit"."""
    named = [each for each in home if each.signed and each.signed.weight > weights.FITS_SURELY]
    owners = [each.signed.seen for each in named if each.signed and each.has(_OF_ACCOUNT)]
    for each in named:
        said = each.signed.seen if each.signed else ""
        if each.has(_OF_HOUSEHOLD) and any(said not in own and own not in said for own in owners):
            each.discount("account.signed", weights.OWNER_SIGNS_TOO)


def _forget_the_lender(home: Sequence[Weighed]) -> None:
    """Let the name on an account that nobody knows, and that is lent, say nothing of a home one of which signs."""
    signed = max(each.fits.get(Role.SIGNED, 0.0) for each in home)
    for each in home if signed > weights.FITS_SURELY else ():
        if each.fits.get(Role.SIGNED, 0.0) < signed:
            each.forget("name.display")
            each.forget("name.address")


def _tells_of_another(home: Sequence[Weighed], told: Told) -> bool:
    """Tell whether only a name in the midst of a sentence is another's of a home than the account's and its display's.

    "Enlevez Olivier Garcia du bail", from Noëlle Blanc's account under her name, may well be hers.
    """
    named = max(home, key=lambda each: each.signed.weight if each.signed else 0.0)
    shown = named.fits.get(Role.DISPLAY, 0.0) + weights.FITS_BETTER
    owners = [each for each in home if each.has(_OF_ACCOUNT) and each.fits.get(Role.DISPLAY, 0.0) > shown]
    merely = named.signed is not None and named.signed.name == "name.pair"
    return merely and not told.is_borrowed and bool(owners) and named not in owners


def _settle_borrowed(home: Sequence[Weighed], told: Told) -> None:
    """Let the owner of an account not write where it is said to be lent ("je passe par la boîte de Thomas").

    Doubt it where the writer may be married to the owner ("mon épouse", in her account): that may be another woman.
    """
    owners = [each for each in home if each.has(_OF_ACCOUNT)]
    if owners and not told.is_borrowed and _married_to(owners, home, told.gender):
        for each in owners:
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER, household=False)
    if not told.is_borrowed or not owners:
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
    if any(each.has(_NUMBERS_KNOWN) for each in home):
        for each in home:
            if not each.has(_NUMBERS_KNOWN):
                each.forget("name.display")
