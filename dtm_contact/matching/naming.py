"""How well a mentioned name fits a person, in bits, for all people at once and for one in full."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import log2
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from dtm_contact.directory.lookups import Numbers, values_of
from dtm_contact.matching import weights
from dtm_contact.matching.clues import Clues
from dtm_contact.matching.cues import PARTICLES, Statement
from dtm_contact.matching.gazetteer import Vocabulary
from dtm_contact.matching.mentions import Mention, NameRole
from dtm_contact.matching.people import People, Person
from dtm_contact.matching.weights import Learnt
from dtm_contact.model import Evidence

_MOST_GLUED = 3
_SHORTEST_ENDING = 4
_MONSIEUR = ("m",)  # an initial, or a title: it tells nothing
_UNSAID = (0.0, 0)


Reading = dict[str, tuple[float, int]]
"""Each name that some words may mean, with its likelihood ratio and the parts of the words used, as a bit mask."""


def _readings(words: Sequence[str], units: Sequence[int], vocabulary: Vocabulary, part: float = 1.0) -> Reading:
    """Return each name that some of the words may mean.

    `part` is what a word of several that a hyphen joins counts ("Anne-Marie" is seldom Marie).
    """
    found: Reading = {}
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
                known = found.get(name)
                if known is None or likely > known[0]:
                    found[name] = likely, mask
    return found


class Wording:
    """How a name is worded, held against people, whoever it is said to be: a mailbox is called what its owner signs."""

    def __init__(self, mention: Mention, most: float, people: People) -> None:
        """Look the words of a mention up; `most` bounds how well first name and surname together may fit."""
        words, units = mention.words, mention.units
        self.surnames = _readings(words, units, people.surnames)
        self.firsts = _readings(words, units, people.firsts, weights.PART_OF_A_FIRST_NAME)
        self.count = len(set(units))
        self.known_words = sum([word in people.surnames or word in people.firsts for word in words])
        self._most = most
        self._words = words
        self._twice = {word for word in words if words.count(word) > 1}
        self._initials = mention.initials
        self._title = mention.title
        self._gender = mention.gender
        self._tells_gender = bool(mention.gender) or mention.initials == _MONSIEUR

    def ratio(self, person: Person, partners: Iterable[str] = ()) -> float:
        """Return P(the name mentioned | this person) over P(that name).

        Args:
            person: against whom it is held.
            partners: surnames of those who live with them, which they may call themselves by.
        """
        names = self._names(person) if self._words else self._initials_alone(person)
        for surname in partners:
            if surname in self.surnames:
                called = self._names(replace(person, surname=surname, birth=""))
                names = max(names, called * weights.PARTNERS_SURNAME[person.gender])
        return names * (self._genders(person) if self._tells_gender else 1.0)

    def _initials_alone(self, person: Person) -> float:
        """Return the ratio of two initials that are all that is signed: "K. D."."""
        theirs = {(person.first[:1], surname[:1]) for surname in (person.surname, person.birth) if surname}
        said = self._initials
        return weights.INITIALS_FIT if said in theirs or said[::-1] in theirs else weights.INITIALS_DIFFER

    def gives_first_name_only(self, person: Person) -> bool:
        """Return whether the person's first name is mentioned with another surname."""
        return person.first in self.firsts and self.count > 1 and person.surname not in self.surnames

    def _names(self, person: Person) -> float:
        surname, s_mask = self._surname(person)
        first, f_mask = self.firsts.get(person.first, _UNSAID)
        if not s_mask and not f_mask:
            return weights.GIVEN_UP
        twice = s_mask == f_mask and person.surname == person.first and person.first in self._twice
        if surname and first and (twice or not s_mask & f_mask):
            left_over = self.count - (s_mask | f_mask).bit_count() - twice
            both = self._read_both_ways(person, surname * first, swapped=s_mask < f_mask)
            return min(self._most, both * weights.WORD_LEFT_OVER**left_over)
        by_surname = surname * self._rest(person.first, s_mask, weights.OTHER_FIRST_NAME, weights.SURNAME_ALONE)
        other = weights.OTHER_SURNAME[person.gender]
        alone = weights.FIRST_NAME_AFTER_TITLE if self._title else weights.FIRST_NAME_ALONE
        by_first = first * self._rest(person.surname, f_mask, other, alone)
        return max(by_surname, by_first, weights.GIVEN_UP)

    def _read_both_ways(self, person: Person, ratio: float, *, swapped: bool) -> float:
        """Return how well two names fit of which each is a surname as well: "Marie Bernard", for Bernard Marie.

        What is written is as frequent as its more frequent reading, whoever is meant.
        """
        other = self.surnames.get(person.first, _UNSAID)[0] * self.firsts.get(person.surname, _UNSAID)[0]
        if not other or person.surname == person.first:
            return ratio
        return min(ratio, other) * (weights.SWAPPED if swapped else 1.0)

    def _surname(self, person: Person) -> tuple[float, int]:
        now = self.surnames.get(person.surname, _UNSAID)
        before = self.surnames.get(person.birth)
        if before is None:
            return now
        if now[0] and before[0] and not now[1] & before[1]:
            return now[0] * before[0], now[1] | before[1]
        return max(now, (before[0] * 0.7, before[1]))

    def _rest(self, other_name: str, mask: int, differs: float, alone: float) -> float:
        """Return what the rest of the mention says of the person's other name."""
        if not mask:
            return 0.0
        if self._initials and other_name and self._initials != _MONSIEUR:
            return weights.INITIAL_FITS if other_name[0] in self._initials else weights.INITIAL_DIFFERS
        if mask.bit_count() == self.count:
            return alone
        return weights.NICKNAME if differs == weights.OTHER_FIRST_NAME and self._begins_like(other_name) else differs

    def _begins_like(self, first: str) -> bool:
        """Return whether a word that is no surname may be short for a first name ("Momo" for Mohamed, "Nando")."""
        said = [word for word in self._words if word not in self.surnames]
        return any(word[0] == first[:1] or (len(word) >= _SHORTEST_ENDING and first.endswith(word)) for word in said)

    def _genders(self, person: Person) -> float:
        if self._initials == _MONSIEUR and person.gender == "f" and not person.first.startswith("m"):
            return weights.GENDER_DIFFERS
        if not self._gender or not person.gender:
            return 1.0
        if self._gender == person.gender:
            return weights.GENDER_FITS
        # "M. Andre" may be Martine.
        return 1.0 if self._title == "m" and person.first.startswith("m") else weights.GENDER_DIFFERS


class NameFit:
    """One mention: how its wording counts for whoever it is said to be."""

    def __init__(self, mention: Mention, wording: Wording, trust: float, learnt: Learnt) -> None:
        """Take a mention; `trust` is how surely the one mentioned is the tenant concerned."""
        self.role = role = mention.role
        self.mention = mention
        self.wording = wording
        self.trust = trust
        self.may_oppose = role.against > 0 and trust >= role.trust
        self._against = role.against if self.may_oppose else 0.0
        known, count = wording.known_words, wording.count
        self._full_name = known > 1 or (count > 1 and (known > 0 or role is NameRole.SELF))
        self._kind = f"name.{role.name.lower()}"
        self._learnt = learnt

    def bits(self, ratio: float) -> float:
        """Return the mention's weight where its wording fits so well; against counts as far as the role may."""
        if ratio <= _HARDLY and self._full_name and self._against:
            return weights.WHOLLY_OTHER_NAME * self._against
        bits = log2(self.trust * ratio + 1.0 - self.trust)
        return bits if bits > 0 else bits * self._against

    def weight(self, bits: float) -> float:
        """Return what the mention weighs in the end, where its wording says so many bits."""
        return self._learnt.bits(self._kind, bits)

    def evidence(self, person: Person, weight: float) -> Evidence:
        """Return the mention as evidence for or against a person, for whom it weighs so much."""
        return Evidence(self._kind, weight, self.mention.seen, self.mention.span, person.label)


_HARDLY = weights.GIVEN_UP * weights.GENDER_FITS


@dataclass(frozen=True, slots=True)
class Fits:
    """How well the mentions fit, for everybody whom each of them fits alike.

    Attributes:
        counts: the mentions that count, each with its weight.
        role: of the mention that fits best; None where none does.
        by_role: the best bits of each role.
        best, least: the highest and the lowest of those; 0 where there are none.
    """

    counts: tuple[tuple[NameFit, float], ...] = ()
    role: NameRole | None = None
    by_role: Mapping[NameRole, float] = field(default_factory=dict)
    best: float = 0.0
    least: float = 0.0


@dataclass(slots=True)
class Named:
    """What the mentions say of one person.

    Attributes:
        fits: how well they fit.
        evidence: what counts.
        signed: how the name that fits best of those in the text itself fits, be it badly; None where there is none.
    """

    fits: Fits
    evidence: Sequence[Evidence] = ()
    signed: Evidence | None = None


_NO_NAME = Named(Fits())


class Naming:
    """All mentions of a contact, held against people."""

    def __init__(self, mentions: Iterable[Mention], people: People, clues: Clues, learnt: Learnt) -> None:
        """Look all mentions up, the same words once."""
        self._wordings: list[Wording] = []
        self._fits: list[tuple[int, NameFit]] = []
        self._alike: dict[tuple[tuple[float, ...], bool], Fits] = {}
        numbers: dict[tuple[object, ...], int] = {}
        for each in mentions:
            trust = _trust(each.role, clues)
            # Those merely spoken of are tenants often enough, however rare their name.
            most = float(len(people)) if trust < NameRole.ADDRESS.trust else math.inf
            worded = each.words, each.units, each.initials, each.gender, each.title, most
            number = numbers.setdefault(worded, len(numbers))
            if number == len(self._wordings):
                self._wordings.append(Wording(each, most, people))
            self._fits.append((number, NameFit(each, self._wordings[number], trust, learnt)))
        fits = [fit for _number, fit in self._fits]
        self.of_kin = [fit for fit in fits if fit.role is NameRole.KIN]
        self.surname_bits = _best((fit.trust, fit.wording.surnames) for fit in fits)
        self.first_bits = _best((fit.trust, fit.wording.firsts) for fit in fits)
        self.missing = -3.0 if any(fit.may_oppose for fit in fits) else 0.0

    def quick(self, positions: Numbers, people: People) -> NDArray[np.float64]:
        """Return roughly what `weigh` would for each of many people, by look-ups: enough to choose whom to weigh."""
        surnames = np.concatenate((people.surname.take(positions), people.birth.take(positions)))
        now, before = self._of_names(surnames, self.surname_bits, people.surnames).reshape(2, -1)
        return np.maximum(now, before) + self._of_names(people.first.take(positions), self.first_bits, people.firsts)

    def _of_names(self, numbers: Numbers, bits: dict[str, float], names: Vocabulary) -> NDArray[np.float64]:
        """Return the bits of names by their numbers."""
        table = {names.number[name]: each for name, each in bits.items()}
        return values_of(numbers, table, len(names.names), self.missing)

    def asks_for_partners(self, person: Person) -> bool:
        """Return whether somebody's first name is mentioned with another surname, which may be a partner's."""
        return any(wording.gives_first_name_only(person) for wording in self._wordings)

    def weigh(self, person: Person, *, account: bool, partners: Sequence[str] = ()) -> Named:
        """Return what counts: the mention that fits best, and one of more authority that speaks against.

        Args:
            person: against whom the mentions are held.
            account: whether the address is the person's own; its display name then adds nothing against a signature.
            partners: surnames of those who live with the person.
        """
        # A shop signs with its own name; whoever runs it is not in the directory.
        if not person.surname or not self._fits:
            return _NO_NAME
        ratios = tuple([wording.ratio(person, partners) for wording in self._wordings])
        fits = self._alike.get((ratios, account))
        if fits is None:
            fits = self._alike[ratios, account] = self._held_against(ratios, account=account)
        evidence = [fit.evidence(person, weight) for fit, weight in fits.counts]
        return Named(fits, evidence, self._signed(ratios, person) if account else None)

    def _held_against(self, ratios: Sequence[float], *, account: bool) -> Fits:
        """Return what counts for everybody whom the wordings fit so well."""
        best, worst = -math.inf, math.inf
        chosen = opposed = self._fits[0][1]
        by_role: dict[NameRole, float] = {}
        for number, fit in self._fits:
            bits = fit.bits(ratios[number])
            if bits > best:
                best, chosen = bits, fit
            if bits < worst:
                worst, opposed = bits, fit
            if bits > by_role.get(fit.role, -math.inf):
                by_role[fit.role] = bits
        role = chosen.role if best > 0 else None
        counts = []
        opposes = worst < 0 and _AUTHORITY[opposed.role] > (_AUTHORITY[role] if role else 0)
        if role and not (opposes and account and role in _OF_MAILBOX):
            counts.append((chosen, chosen.weight(best)))
        if opposes:
            counts.append((opposed, opposed.weight(worst)))
        return Fits(tuple(counts), role, by_role, best, min(by_role.values()))

    def _signed(self, ratios: Sequence[float], person: Person) -> Evidence | None:
        """Return how the name in the text itself fits that fits best."""
        in_text = [(fit.bits(ratios[number]), fit) for number, fit in self._fits if fit.role in _IN_TEXT]
        if not in_text:
            return None
        bits, fit = max(in_text, key=itemgetter(0))
        return fit.evidence(person, fit.weight(bits))


_OF_MAILBOX = frozenset({NameRole.DISPLAY, NameRole.ADDRESS})
_IN_TEXT = frozenset({NameRole.SELF, NameRole.SIGNED, NameRole.PAIR})


_AUTHORITY = {
    NameRole.FOR: 5, NameRole.SELF: 4, NameRole.SIGNED: 3, NameRole.DISPLAY: 2, NameRole.PAIR: 2,
    NameRole.ADDRESS: 1, NameRole.NAMED: 1,
    NameRole.KIN: 0, NameRole.CARETAKER: 0,
}  # fmt: skip


def _trust(role: NameRole, clues: Clues) -> float:
    """Return how surely a name of that role is the tenant's, by what the contact says of its writer."""
    if Statement.APPLICANT in clues.said and role in {NameRole.FOR, NameRole.KIN, NameRole.NAMED, NameRole.PAIR}:
        return weights.APPLICANT_NAME_TRUST
    if clues.organisation and role in {NameRole.DISPLAY, NameRole.SIGNED, NameRole.ADDRESS}:
        return weights.ORGANISATION_NAME_TRUST
    return role.trust


def _best(read: Iterable[tuple[float, Reading]]) -> dict[str, float]:
    """Return the bits of each name in the mention that speaks for it most; each mention with its trust."""
    best: dict[str, float] = {}
    for trust, reading in read:
        for name, (ratio, _mask) in reading.items():
            likely = trust * ratio + 1.0 - trust
            known = best.get(name)
            if known is None or likely > known:
                best[name] = likely
    return {name: log2(likely) for name, likely in best.items()}
