"""Candidates against each other: of one home, and of all; and what makes it doubtful that one is concerned."""

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import log2

from dtm_contact.matching import weights
from dtm_contact.matching.cues import Statement, WriterStatements
from dtm_contact.matching.mentions import NameRole
from dtm_contact.matching.people import Home, Person
from dtm_contact.matching.weights import Learnt
from dtm_contact.model import Evidence


@dataclass(slots=True)
class Weighed:
    """A person with their home on the day, the sum of their bits, and why.

    Attributes:
        role: of the mention that fits them best; None where none does.
        fits: how well the mentions of each role fit them, in bits.
        account: whether the sender's address is known for them or their household.
        signed: how a name in the text itself fits them, where the account is their household's.
        at_place: what was said of places, as it weighs for their home, in bits.
        certainty, household_certainty: how surely they, or their household, are concerned, if it is they who fit.
        place_certainty: how surely their home is the place of the matter, likewise.
    """

    position: int
    person: Person
    home: Home | None
    score: float
    evidence: list[Evidence] = field(default_factory=list)
    role: NameRole | None = None
    fits: Mapping[NameRole, float] = field(default_factory=dict)
    account: bool = False
    signed: Evidence | None = None
    at_place: float = 0.0
    certainty: float = 1.0
    household_certainty: float = 1.0
    place_certainty: float = 1.0

    @property
    def own_name(self) -> float:
        """How well the name that the writer gives as their own, or for whom they write, fits somebody, in bits."""
        return max(self.fits.get(role, 0.0) for role in (NameRole.SELF, NameRole.SIGNED, NameRole.FOR))

    def has(self, names: Container[str]) -> bool:
        """Return whether some evidence has one of these names."""
        return any(piece.name in names for piece in self.evidence)

    def lives_with(self, other: "Weighed") -> bool:
        """Return whether two have one dwelling, whenever each of them moved in."""
        return self.home is not None and other.home is not None and self.home.dwelling_id == other.home.dwelling_id

    def believe_signature(self) -> None:
        """Let the name in the text stand for all names, well or badly as it fits."""
        if self.signed is None:
            return
        kept = [piece for piece in self.evidence if not piece.name.startswith("name.")]
        self.score += self.signed.weight - sum(piece.weight for piece in self.evidence if piece not in kept)
        self.evidence = sorted([*kept, self.signed], key=lambda piece: -abs(piece.weight))
        if self.signed.weight <= 0:
            self.role = None

    def let_another_write(self, bits: float = weights.SIGNATURE_FITS_ANOTHER) -> None:
        """Let no name speak for them, since another of their home says that it is they who write."""
        named = [piece for piece in self.evidence if piece.name.startswith("name.")]
        self.evidence = [piece for piece in self.evidence if piece not in named]
        self.score -= sum(piece.weight for piece in named)
        self.signed, self.role = None, None
        self.discount("name.fits_another", bits)

    def doubt(self, reason: str, certainty: float, *, household: bool = True) -> None:
        """Bound how surely they are concerned, and with them their household; the reason stands with the evidence."""
        self.evidence.insert(0, _doubt(reason))
        self.certainty = min(self.certainty, certainty)
        if household:
            self.household_certainty = min(self.household_certainty, certainty)

    def believe(self) -> None:
        """Take back every doubt."""
        self.evidence = [piece for piece in self.evidence if not piece.name.startswith("doubt.")]
        self.certainty = self.household_certainty = self.place_certainty = 1.0

    def forget(self, name: str, *, against: bool = False) -> None:
        """Drop what speaks for them by evidence of a kind, or what speaks against them as well."""
        dropped = [piece for piece in self.evidence if piece.name == name and (against or piece.weight > 0)]
        self.evidence = [piece for piece in self.evidence if piece not in dropped]
        self.score -= sum(piece.weight for piece in dropped)

    def discount(self, name: str, bits: float) -> None:
        """Take bits away, with the reason."""
        self.evidence.insert(0, Evidence(name, bits, ""))
        self.score += bits


@cache
def _doubt(reason: str) -> Evidence:
    return Evidence(f"doubt.{reason}", 0.0, "")


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


def settle_homes(candidates: list[Weighed], writer: WriterStatements) -> None:
    """Tell apart those of one home whose account it is: its display name is the account's, the signature the writer's.

    Without that, the account's owner would be credited twice, by their address and by their name on it. Who writes from
    another's account signs; an account's owner need not.
    """
    if writer.is_borrowed:
        for home in by_home(each for each in candidates if not each.account):
            _forget_the_lender(home)
    for home in by_home(each for each in candidates if each.account):
        _settle_borrowed(home, writer)
        _settle_writers(home)
        best = max((each.signed.weight for each in home if each.signed), default=0.0)
        if len(home) > 1 and best > weights.SIGNS_FOR_THE_HOME:
            another = _tells_of_another(home, writer)
            for each in home:
                if another:
                    each.doubt("of_home", weights.ACCOUNT_OF_ANOTHER, household=False)
                else:
                    each.believe_signature()
            _settle_together(home)
        elif not (writer.said & _MAY_BE_ANOTHERS) and not any(each.signed for each in home):
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
    signed = max(each.fits.get(NameRole.SIGNED, 0.0) for each in home)
    for each in home if signed > weights.FITS_SURELY else ():
        if each.fits.get(NameRole.SIGNED, 0.0) < signed:
            each.forget("name.display")
            each.forget("name.address")


def _tells_of_another(home: Sequence[Weighed], writer: WriterStatements) -> bool:
    """Return whether only a name amid a sentence is another's of a home than the account's and its display's.

    "Enlevez Olivier Garcia du bail", from Noëlle Blanc's account under her name, may well be hers.
    """
    named = max(home, key=lambda each: each.signed.weight if each.signed else 0.0)
    shown = named.fits.get(NameRole.DISPLAY, 0.0) + weights.FITS_BETTER
    owners = [each for each in home if each.has(_OF_ACCOUNT) and each.fits.get(NameRole.DISPLAY, 0.0) > shown]
    merely = named.signed is not None and named.signed.name == "name.pair"
    return merely and not writer.is_borrowed and bool(owners) and named not in owners


def _settle_borrowed(home: Sequence[Weighed], writer: WriterStatements) -> None:
    """Let the owner of an account not write where it is said to be lent ("je passe par la boîte de Thomas").

    Doubt it where the writer may be married to the owner ("mon épouse", in her account): that may be another woman.
    """
    owners = [each for each in home if each.has(_OF_ACCOUNT)]
    if owners and not writer.is_borrowed and _married_to(owners, home, writer.gender):
        for each in owners:
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER, household=False)
    if not writer.is_borrowed or not owners:
        return
    for each in home:
        if each not in owners:
            each.forget("name.display", against=True)
        elif len(home) > len(owners):
            each.let_another_write(weights.LENDS_THE_ACCOUNT)
        else:
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER, household=False)


def _married_to(owners: Sequence[Weighed], home: Sequence[Weighed], gender: str) -> bool:
    """Return whether who says "mon épouse" in an account that is hers, and not signed by her, is one of her home."""
    others = bool(gender) and any(each.person.gender == gender for each in home if each not in owners)
    return others and all(each.person.gender not in {"", gender} and not each.signed for each in owners)


def _settle_writers(home: Sequence[Weighed]) -> None:
    """Believe who says or signs their own name before the others of their home, whose account it may be.

    "C'est Gaël, Danièle travaille": Danièle's account and her name on it tell whose account that is.
    """
    for role in (NameRole.SELF, NameRole.SIGNED):
        writer = max(home, key=lambda each: each.fits.get(role, 0.0))
        best, signed = writer.fits.get(role, 0.0), writer.fits.get(NameRole.SIGNED, 0.0)
        if best >= weights.GIVES_OWN_NAME:
            for each in home:
                fits = each.fits.get(role, 0.0), each.fits.get(NameRole.SIGNED, 0.0)
                if fits[0] <= best - weights.FITS_BETTER and fits[1] <= signed + weights.FITS_AS_WELL:
                    each.let_another_write()
            return


_SPOKEN_OF = frozenset({NameRole.FOR, NameRole.PAIR, NameRole.NAMED})


def doubt_whom_it_concerns(candidates: Sequence[Weighed], writer: WriterStatements) -> None:
    """Doubt for whom a message is that names somebody for whom it seems to be written.

    Args:
        candidates: all who are weighed.
        writer: what the text says of its writer.
    """
    if Statement.DIED in writer.said:
        _doubt_the_dead(by_home(candidates))
    if Statement.SPOUSE_OF in writer.said:
        _doubt_the_other_of_a_couple(by_home(candidates))
    if Statement.WRITES_FOR not in writer.said:
        _doubt_either(candidates)


def _doubt_the_other_of_a_couple(homes: Iterable[Sequence[Weighed]]) -> None:
    """Doubt that a wife writes for somebody who gives no name of her own: she lives there as well."""
    for home in homes:
        for each in home:
            if each.fits.get(NameRole.FOR, 0.0) > weights.FITS_SURELY:
                each.doubt("spouse", weights.NAMELESS, household=False)


def _doubt_either(candidates: Iterable[Weighed]) -> None:
    """Doubt who is concerned where a tenant gives their own name and place, and another's for whom they seem to write.

    Only the way in which the other is brought up tells so, and that may mislead.
    """
    meant = [each for each in candidates if each.fits.get(NameRole.FOR, 0.0) > weights.FITS_SURELY]
    own = [each for each in candidates if each not in meant and _is_a_tenant(each)]
    if meant and own:
        apart = len({each.home.dwelling_id if each.home else "" for each in (*meant, *own)}) > 1
        for each in (*meant, *own):
            each.doubt("either", weights.NAMELESS, household=apart)


def _is_a_tenant(weighed: Weighed) -> bool:
    """Return whether somebody gives their own name, and their place or their account goes with it."""
    own = max(weighed.fits.get(role, 0.0) for role in (NameRole.SELF, NameRole.SIGNED))
    return own > weights.FITS_SURELY and (weighed.account or weighed.at_place >= weights.PLACE_FITS)


def _doubt_the_dead(homes: Iterable[Sequence[Weighed]]) -> None:
    """Doubt that it is for somebody that a relative writes who tells of a death, where others live with that one."""
    for home in homes:
        for each in home if len(home) > 1 else ():
            if each.fits.get(NameRole.FOR, 0.0) > weights.FITS_SURELY:
                each.doubt("died", weights.NAMELESS, household=False)


def doubt_accounts(candidates: list[Weighed], writer: WriterStatements) -> None:
    """Lower the score of the mailbox's owner where the place is not theirs and the text names somebody else.

    Args:
        candidates: all that are weighed; those of the sender's address are changed.
        writer: what the text says of who writes.
    """
    spoken_of = [each for each in candidates if not _SPOKEN_OF.isdisjoint(each.fits)]
    for each in candidates:
        if not each.account:
            continue
        gives_own = writer.is_borrowed or each.own_name >= weights.GIVES_OWN_NAME
        others = [
            other
            for other in spoken_of
            if _spoken_of_rather(other, each) and not (gives_own and other.lives_with(each))
        ]
        if gives_own and any(other.lives_with(each) and _spoken_of_rather(other, each) for other in spoken_of):
            others = []  # the name is that of somebody they live with, whoever else bears it
        elsewhere = each.at_place <= weights.PLACE_IS_NOT_THEIRS
        of_other_homes = [other for other in others if not other.lives_with(each)]
        namesakes = each.at_place < weights.PLACE_FITS and any(_surname_fits(each, other) for other in of_other_homes)
        if namesakes or (elsewhere and (others or Statement.SPEAKS_OF_KIN in writer.said)):
            each.doubt("account", weights.ACCOUNT_OF_ANOTHER)
            each.place_certainty = weights.ACCOUNT_OF_ANOTHER
        elif any(other.lives_with(each) for other in others):
            each.doubt("of_home", weights.ACCOUNT_OF_ANOTHER, household=False)


def _spoken_of_rather(weighed: Weighed, owner: Weighed) -> bool:
    """Return whether a name that is merely told is this one's, and not that of the account's owner."""
    return any(
        weighed.fits.get(role, 0.0) > max(weights.FITS_SURELY, owner.fits.get(role, 0.0) + weights.FITS_BETTER)
        for role in _SPOKEN_OF
    )


def _surname_fits(owner: Weighed, other: Weighed) -> bool:
    return owner.person.surname in {other.person.surname, other.person.birth} and bool(owner.person.surname)


_OF_THE_WRITER = ("email.", "phone.", "thread.", "name.")
_ROLES_SPOKEN_OF = frozenset({NameRole.KIN, NameRole.PAIR, NameRole.NAMED})
_FITS_ANOTHER = frozenset({"name.fits_another"})
_LESS_THAN_THEIR_WORD = {None, NameRole.DISPLAY, NameRole.ADDRESS, NameRole.PAIR}
_SIGNS_FOR_THEMSELVES = frozenset({Statement.HOLDS_THE_LEASE, Statement.DIED})


def settle(weighed: Iterable[Weighed], people: int, learnt: Learnt, writer: WriterStatements) -> None:
    """Weigh the candidates against each other.

    Args:
        weighed: the candidates.
        people: how many the directory holds.
        learnt: how far evidence is believed.
        writer: what the text says of its writer.
    """
    candidates = list(weighed)
    doubt_accounts(candidates, writer)
    _settle_places(candidates)
    if any(not _ROLES_SPOKEN_OF.isdisjoint(each.fits) for each in candidates):
        _settle_spoken_of(by_home(candidates))
    if writer.gender and not writer.for_another:
        settle_couples(by_home(candidates), writer.gender)
    if writer.for_another and not _tells_of_their_home(by_home(candidates), writer):
        doubt_whom_it_concerns(candidates, writer)
        for each in candidates:
            if not _fits_as_well(each, candidates) and not _is_written_for(each, writer, candidates):
                _discount_writer(each, people, learnt)
    else:
        settle_homes(candidates, writer)
    for role, bits in ((NameRole.SELF, weights.SELF_FITS_ANOTHER), (NameRole.SIGNED, weights.SIGNATURE_FITS_ANOTHER)):
        best = max([each.fits.get(role, 0.0) for each in candidates], default=0.0)
        if best > weights.FITS_SURELY:
            for each in candidates:
                _discount_misfit(each, role, best, learnt.bits("name.fits_another", bits))


def _tells_of_their_home(homes: Iterable[Sequence[Weighed]], writer: WriterStatements) -> bool:
    """Return whether one of a home calls themselves by name, and another is who seemed to be written for.

    "C'est Carmen, la femme de Patrick": where both are known, she writes of what is theirs, and not for Patrick.
    """
    found = False
    for home in homes:
        # Relatives bear the surname that is told, too.
        best = max(each.fits.get(NameRole.FOR, 0.0) for each in home) if writer.of_their_own else 0.0
        least = max(weights.GIVES_OWN_NAME, best - weights.FITS_BETTER)
        meant = [each for each in home if each.fits.get(NameRole.FOR, 0.0) >= least]
        if meant and any(_gives_own_name(each, writer) for each in home if each not in meant):
            found = True
            for each in home:
                each.forget("name.for", against=True)
    return found


def _gives_own_name(weighed: Weighed, writer: WriterStatements) -> bool:
    """Return whether somebody says their own name, or signs with it where they are a tenant or tell of a death."""
    roles = (NameRole.SELF, NameRole.SIGNED) if writer.said & _SIGNS_FOR_THEMSELVES else (NameRole.SELF,)
    return max(weighed.fits.get(role, 0.0) for role in roles) >= weights.GIVES_OWN_NAME


def _settle_places(candidates: list[Weighed]) -> None:
    """Believe a name that is given with its own address before an account whose home is elsewhere.

    Whoever writes from a known account, names somebody else, and gives that one's address and not their own, writes for
    that one: no neighbour is complained of so, for neighbours share an address.
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
    """Let nobody write whom the writer calls a relative or names from outside, where another's own name fits as well.

    "Ma femme Isabel … Jean Carvalho" is not Isabel Carvalho.
    """
    everybody = [each for home in homes for each in home]
    for home in homes:
        _discount_spoken_of(home, NameRole.KIN, weights.CALLED_KIN, signed=-math.inf)
        _discount_spoken_of(home, NameRole.PAIR, weights.NAMED_FROM_OUTSIDE, signed=weights.FITS_SURELY)
    _discount_spoken_of(everybody, NameRole.NAMED, weights.NAMED_FROM_OUTSIDE, signed=weights.FITS_SURELY)


def _discount_spoken_of(group: Iterable[Weighed], role: NameRole, told: float, *, signed: float) -> None:
    """Discount those of whom a role tells so surely, where another's own name fits so well and as well as theirs."""
    spoken_of: list[Weighed] = []
    others: list[Weighed] = []
    for each in group:
        # What is told of somebody with their name and title may be of the one who signs.
        gives_own = role is NameRole.NAMED and each.own_name >= weights.GIVES_OWN_NAME
        (spoken_of if each.fits.get(role, 0.0) >= told and not gives_own else others).append(each)
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
    """Return whether the name written for may be the writer's, too: "M. Roy", where two of one home are called so."""
    if weighed.role is NameRole.FOR or weighed.home is None or weighed.at_place < 0:
        return False
    meant = [each for each in candidates if each.role is NameRole.FOR and each.home is not None]
    best = max((each.fits[NameRole.FOR] for each in meant), default=0.0)
    least = best - weights.FITS_AS_WELL
    homes = {each.home.dwelling_id for each in meant if each.home and each.fits[NameRole.FOR] > least}
    return weighed.home.dwelling_id in homes and weighed.fits.get(NameRole.FOR, 0.0) > least


def _is_written_for(weighed: Weighed, writer: WriterStatements, candidates: Iterable[Weighed]) -> bool:
    """Return whether somebody writes for this one from this one's account, or from that of one with whom they live."""
    fits = weighed.fits.get(NameRole.FOR, 0.0)
    if Statement.FROM_THEIR_ACCOUNT in writer.said:
        return weighed.account and fits > weights.FITS_SURELY
    owners = [each for each in candidates if each.account and each.lives_with(weighed) and not each.has(_OF_HOUSEHOLD)]
    named = fits > weights.FITS_BETTER and Statement.DIED not in writer.said and weighed.has(_OF_HOUSEHOLD)
    return named and all(fits > each.fits.get(NameRole.FOR, 0.0) + weights.FITS_BETTER for each in owners)


def _discount_writer(weighed: Weighed, people: int, learnt: Learnt) -> None:
    """Bound what tells who writes, where they write for another: then it tells only whose account that is."""
    if weighed.role is NameRole.FOR:
        # Whoever signs with the very name that they write for is that one's namesake, on an account of their own.
        theirs = {
            "email.household",
            *(["email.known"] if weighed.fits.get(NameRole.SIGNED, 0.0) > weights.FITS_SURELY else []),
        }
        of_account = sum(piece.weight for piece in weighed.evidence if piece.name in theirs)
        if of_account > weights.WRITES_FOR_THEIR_HOME:
            weighed.discount("writes.from_home", round(weights.WRITES_FOR_THEIR_HOME - of_account, 2))
        return
    bits = sum(piece.weight for piece in weighed.evidence if piece.name.startswith(_OF_THE_WRITER))
    if bits > 0:
        excess = min(0.0, log2(max(people, 1)) - bits)
        writer = learnt.bits("writes.for_another", weights.WRITES_FOR_ANOTHER)
        weighed.discount("writes.for_another", round(excess + writer, 2))


def _discount_misfit(weighed: Weighed, role: NameRole, best: float, bits: float) -> None:
    """Believe what the writer calls themselves before account and display name, which say whose account it is."""
    if weighed.role not in _LESS_THAN_THEIR_WORD or weighed.fits.get(role, 0.0) > best - weights.FITS_BETTER:
        return
    if weighed.has(_FITS_ANOTHER):
        return
    display = sum(piece.weight for piece in weighed.evidence if piece.name == "name.display" and piece.weight > 0)
    weighed.discount("name.fits_another", round(bits - (display if weighed.account else 0.0), 2))
