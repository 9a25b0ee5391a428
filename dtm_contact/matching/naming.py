"""How well a mentioned name fits a person, in bits, for all people at once and for one in full."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log2

import numpy as np
from numpy.typing import NDArray

from dtm_contact.directory.lookups import Numbers
from dtm_contact.matching import weights
from dtm_contact.matching.clues import Clues
from dtm_contact.matching.learned import Learnt
from dtm_contact.matching.mentions import Mention, Role
from dtm_contact.matching.people import People, Person
from dtm_contact.matching.vocabulary import Vocabulary
from dtm_contact.matching.words import PARTICLES
from dtm_contact.model import Evidence

_MOST_GLUED = 3
_MONSIEUR = ("m",)  # an initial, or a title: it tells nothing


def _readings(mention: Mention, vocabulary: Vocabulary, part: float = 1.0) -> dict[str, tuple[float, int]]:
    """Return each name that some of the words may mean, with its likelihood ratio and the parts used as a bit mask.

    `part` is what a word of several that a hyphen joins counts ("Anne-Marie" is seldom Marie).
    """
    words, units = mention.words, mention.units
    found: dict[str, tuple[float, int]] = {}
    for length in range(1, min(_MOST_GLUED, len(words)) + 1):
        for first in range(len(words) - length + 1):
            mask = 0
            for unit in units[first : first + length]:
                mask |= 1 << unit
            begins_within = units[first - 1 : first] == units[first : first + 1]
            cut = begins_within or units[first + length - 1] in units[first + length :]
            written = "".join(words[first : first + length])
            if length == 1 and written in PARTICLES and written not in vocabulary.number:
                continue  # of a name that begins so: "ben" is no Ben Ali
            for name, ratio in vocabulary.ratios(written).items():
                likely = ratio * part if cut else ratio
                if likely > found.get(name, (0.0, 0))[0]:
                    found[name] = likely, mask
    return found


class NameFit:
    """One mention, held against people."""

    def __init__(self, mention: Mention, people: People, trust: float, learnt: Learnt) -> None:
        """Look its words up once; `trust` is how surely the one mentioned is the tenant concerned."""
        self.mention = mention
        self._learnt = learnt
        self.trust = trust
        self.surnames = _readings(mention, people.surnames)
        self.firsts = _readings(mention, people.firsts, weights.PART_OF_A_FIRST_NAME)
        self._count = len(set(mention.units))
        known = sum(word in people.surnames or word in people.firsts for word in mention.words)
        self.may_oppose = mention.role.against > 0 and trust >= mention.role.trust
        # Those merely spoken of are tenants often enough, however rare their name.
        self._most = float(len(people)) if trust < Role.ADDRESS.trust else math.inf
        self._full_name = known > 1 or (self._count > 1 and (known > 0 or mention.role is Role.SELF))

    def ratio(self, person: Person) -> float:
        """Return P(the name mentioned | this person) over P(that name)."""
        surname, s_mask = self._surname(person)
        first, f_mask = self.firsts.get(person.first, (0.0, 0))
        if surname and first and not s_mask & f_mask:
            left_over = self._count - (s_mask | f_mask).bit_count()
            both = surname * first * weights.WORD_LEFT_OVER**left_over
            return min(self._most, both) * self._gender(person)
        by_surname = surname * self._rest(person.first, s_mask, weights.OTHER_FIRST_NAME, weights.SURNAME_ALONE)
        other = weights.OTHER_SURNAME[person.gender]
        alone = weights.FIRST_NAME_AFTER_TITLE if self.mention.title else weights.FIRST_NAME_ALONE
        by_first = first * self._rest(person.surname, f_mask, other, alone)
        return max(by_surname, by_first, weights.GIVEN_UP) * self._gender(person)

    def _surname(self, person: Person) -> tuple[float, int]:
        now, before = self.surnames.get(person.surname, (0.0, 0)), self.surnames.get(person.birth, (0.0, 0))
        if now[0] and before[0] and not now[1] & before[1]:
            return now[0] * before[0], now[1] | before[1]
        return max(now, (before[0] * 0.7, before[1]))

    def _rest(self, other_name: str, mask: int, differs: float, alone: float) -> float:
        """Return what the rest of the mention says of the person's other name."""
        if not mask:
            return 0.0
        if self.mention.initials and other_name and self.mention.initials != _MONSIEUR:
            return weights.INITIAL_FITS if other_name[0] in self.mention.initials else weights.INITIAL_DIFFERS
        if mask.bit_count() == self._count:
            return alone
        return weights.NICKNAME if differs == weights.OTHER_FIRST_NAME and self._begins_like(other_name) else differs

    def _begins_like(self, first: str) -> bool:
        """Tell whether a word that is no surname begins with the letter of a first name ("Momo" for Mohamed)."""
        return any(word[0] == first[:1] and word not in self.surnames for word in self.mention.words)

    def _gender(self, person: Person) -> float:
        if self.mention.initials == _MONSIEUR and person.gender == "f" and not person.first.startswith("m"):
            return weights.GENDER_DIFFERS
        if not self.mention.gender or not person.gender:
            return 1.0
        if self.mention.gender == person.gender:
            return weights.GENDER_FITS
        # "M. Andre" may be Martine.
        return 1.0 if self.mention.title == "m" and person.first.startswith("m") else weights.GENDER_DIFFERS

    def bits(self, person: Person) -> float:
        """Return the mention's weight for a person; what speaks against counts as far as the role may."""
        ratio = self.ratio(person)
        against = self.mention.role.against if self.may_oppose else 0.0
        if ratio <= weights.GIVEN_UP * weights.GENDER_FITS and self._full_name and against:
            return weights.WHOLLY_OTHER_NAME * against
        bits = log2(self.trust * ratio + 1.0 - self.trust)
        return bits if bits > 0 else bits * against

    def evidence(self, person: Person) -> Evidence:
        """Return the mention as evidence for or against a person."""
        mention = self.mention
        kind = f"name.{mention.role.name.lower()}"
        return Evidence(kind, self._learnt.bits(kind, self.bits(person)), mention.seen, mention.span, person.label)


@dataclass(frozen=True, slots=True)
class Named:
    """What the mentions say of one person.

    Attributes:
        evidence: what counts.
        role: of the mention that fits best; None where none does.
        fits: the best bits of each role.
        signed: how the name that fits best of those in the text itself fits, be it badly; None where there is none.
    """

    evidence: tuple[Evidence, ...] = ()
    role: Role | None = None
    fits: dict[Role, float] = field(default_factory=dict)
    signed: Evidence | None = None


class Naming:
    """All mentions of a contact, held against people."""

    def __init__(self, mentions: Iterable[Mention], people: People, clues: Clues, learnt: Learnt) -> None:
        """Look all mentions up."""
        self.fits = [NameFit(each, people, _trust(each.role, clues), learnt) for each in mentions]
        self.surname_bits = _best((fit, name, each) for fit in self.fits for name, (each, _) in fit.surnames.items())
        self.first_bits = _best((fit, name, each) for fit in self.fits for name, (each, _) in fit.firsts.items())
        self.missing = -3.0 if any(fit.may_oppose for fit in self.fits) else 0.0

    def quick(self, positions: Numbers, people: People) -> NDArray[np.float64]:
        """Return roughly what `weigh` would for each of many people, by look-ups: enough to choose whom to weigh."""
        surname = _dense(self.surname_bits, people.surnames, self.missing)
        first = _dense(self.first_bits, people.firsts, self.missing)
        of_surname = np.maximum(surname[people.surname[positions]], surname[people.birth[positions]])
        return np.asarray(of_surname + first[people.first[positions]])

    def weigh(self, person: Person, *, account: bool) -> Named:
        """Return what counts: the mention that fits best, and one of more authority that speaks against.

        Args:
            person: against whom the mentions are held.
            account: whether the address is the person's own; its display name then adds nothing against a signature.
        """
        # A shop signs with its own name; whoever runs it is not in the directory.
        scored = [(fit.bits(person), fit) for fit in self.fits] if person.surname else []
        if not scored:
            return Named()
        best, chosen = max(scored, key=lambda each: each[0])
        counted = [(best, chosen)] if best > 0 else []
        standing = _AUTHORITY[chosen.mention.role] if best > 0 else 0
        worst = min(scored, key=lambda each: each[0])
        if worst[0] < 0 and _AUTHORITY[worst[1].mention.role] > standing:
            described = account and chosen.mention.role in {Role.DISPLAY, Role.ADDRESS}
            counted = [worst] if described else [*counted, worst]
        fits: dict[Role, float] = {}
        for bits, fit in scored:
            fits[fit.mention.role] = max(bits, fits.get(fit.mention.role, bits))
        evidence = tuple(fit.evidence(person) for _bits, fit in counted)
        in_text = [each for each in scored if account and each[1].mention.role in _IN_TEXT]
        signed = max(in_text, key=lambda each: each[0])[1].evidence(person) if in_text else None
        return Named(evidence, chosen.mention.role if best > 0 else None, fits, signed)


_IN_TEXT = frozenset({Role.SELF, Role.SIGNED, Role.PAIR})


_AUTHORITY = {
    Role.FOR: 5, Role.SELF: 4, Role.SIGNED: 3, Role.DISPLAY: 2, Role.PAIR: 2, Role.ADDRESS: 1, Role.NAMED: 1,
    Role.KIN: 0, Role.CARETAKER: 0,
}  # fmt: skip


def _trust(role: Role, clues: Clues) -> float:
    """Return how surely a name of that role is the tenant's, by what the contact says of its writer."""
    if clues.applicant and role in {Role.FOR, Role.KIN, Role.NAMED, Role.PAIR}:
        return weights.APPLICANT_NAME_TRUST
    if clues.organisation and role in {Role.DISPLAY, Role.SIGNED, Role.ADDRESS}:
        return weights.ORGANISATION_NAME_TRUST
    return role.trust


def _dense(bits: dict[str, float], names: Vocabulary, missing: float) -> NDArray[np.float64]:
    """Return the bits of each name by its number; the last is for those who have none."""
    dense = np.full(len(names.names) + 1, missing)
    for name, each in bits.items():
        dense[names.number[name]] = each
    return dense


def _best(scored: Iterable[tuple[NameFit, str, float]]) -> dict[str, float]:
    best: dict[str, float] = {}
    for fit, name, ratio in scored:
        bits = log2(fit.trust * ratio + 1.0 - fit.trust)
        if bits > best.get(name, -99.0):
            best[name] = bits
    return best
