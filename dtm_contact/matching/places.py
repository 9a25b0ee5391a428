"""Weighing what a contact says of places against every entrance of the estate.

The likelihood ratio of an entrance is what the writer would say so if they lived there, over the share of dwellings at
entrances that agree with their words at least as well: that share needs no training and makes a rare street weigh more
than a frequent one. Several places in one message are a mixture: one of them is where the matter is.
"""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import log2

import numpy as np
from numpy.typing import NDArray

from dtm_contact.directory.lookups import Numbers
from dtm_contact.matching import weights
from dtm_contact.matching.cues import LIVING
from dtm_contact.matching.gazetteer import THE_SAME_HOUSE, Compared, Gazetteer
from dtm_contact.matching.passages import Passage
from dtm_contact.matching.place_mentions import Atom
from dtm_contact.model import Evidence, Part, Span
from dtm_contact.text import place_words

Floats = NDArray[np.float64]

_NO_ENTRANCES: Numbers = np.empty(0, np.int32)
_NO_BITS: Floats = np.empty(0)

_SURE = 0.7
_AS_GOOD = 1.0
"""Bits below the best within which an entrance is meant as well."""
_TOGETHER = 70
"""Characters that may stand between two things said of one place."""
_IN_ONE_BREATH = 12
"""Characters that may stand between two of them that are shown as one."""
_NAMES = frozenset({"street", "residence"})
_TOWNS = frozenset({"commune", "postcode"})
_ENDS_A_SENTENCE = re.compile(r"[.!?;]\s|\n\s*\n")

_FLOOR_OF_DISAGREEMENT = 8.0


def _worth(agrees: float, differs: float) -> tuple[Floats, Floats]:
    """Return what is said for, and against, an entrance that differs and one that agrees."""
    return np.array((0.0, agrees)), np.array((differs, 0.0))


# How much an agreement tells entrances apart when they are ranked, and what a disagreement costs, in bits.
_COMMUNE, _POSTCODE, _RESIDENCE = _worth(3.0, 4.5), _worth(2.0, 2.5), _worth(6.0, 4.5)
_BUILDING, _STAIRCASE = _worth(2.0, 3.0), _worth(1.0, 2.0)
_STREET = _worth(6.0, 5.0)
_NUMBER = _worth(4.0, 2.0)
# Of a street with a number, first on another street, then by how far the number goes with the entrance's own.
_FOR_HOUSE = np.array((0.0, 6.0, 6.0, 9.0, 9.0, 10.0))
_AGAINST_HOUSE = np.array((5.0, 0.0, 4.0, 1.5, 0.0, 0.0))


Stretch = tuple[Passage, int, int]
"""A passage, and where something begins and ends in it, folded."""


@dataclass(slots=True)
class Group:
    """Things said of one place, and how surely that is the place of the matter.

    `named` are the entrances that may be meant, in order, and `weighed` what it says of each, in bits.
    `said_at` and `shown_at` are of the first of several that were joined: where it stands, and what is shown of it;
    `others` are where the rest of them stand.
    """

    passage: Passage
    atoms: list[Atom]
    trust: float = 0.0
    named: Numbers = field(default_factory=lambda: _NO_ENTRANCES)
    weighed: Floats = field(default_factory=lambda: _NO_BITS)
    elsewhere: float = 0.0
    agreeing: frozenset[int] = frozenset()
    said_at: tuple[int, int] | None = None
    shown_at: tuple[int, int] | None = None
    others: tuple[Stretch, ...] = ()

    def of(self, kind: str) -> list[Atom]:
        """Return the atoms of one kind."""
        return [atom for atom in self.atoms if atom.kind == kind]

    @property
    def anchored(self) -> bool:
        """Whether a street or a residence is named."""
        return any(atom.kind in _NAMES for atom in self.atoms)

    @property
    def start(self) -> int:
        """Where the first of it stands in the folded passage."""
        return self.said_at[0] if self.said_at else min(atom.start for atom in self.atoms)

    @property
    def end(self) -> int:
        """Where the last of it ends in the folded passage."""
        return self.said_at[1] if self.said_at else max(atom.end for atom in self.atoms)

    @property
    def stretches(self) -> tuple[Stretch, ...]:
        """Where it is said, each time."""
        return ((self.passage, self.start, self.end), *self.others)

    @property
    def meant(self) -> Numbers:
        """The entrances that go best with what is said."""
        best: Numbers = self.named[self.weighed >= self.weighed.max(initial=-np.inf) - _AS_GOOD]
        return best

    @property
    def foreign(self) -> bool:
        """Whether a postcode that is none of ours stands before a town's name."""
        return any(not atom.quality and self._town_follows(atom) for atom in self.of("postcode"))

    def _town_follows(self, postcode: Atom) -> bool:
        at = bisect_left(self.passage.words, postcode.end, key=lambda word: word.start)
        following = self.passage.words[at : at + 1]
        near = bool(following) and following[0].start - postcode.end <= 1
        return near and following[0].capital and len(following[0].text) > len("et") and not self.of("commune")

    @property
    def elsewhere_bits(self) -> float:
        """What an address that is none of ours says against everybody of the directory, in bits."""
        if self.anchored or not (self.of("unknown_street") or self.foreign):
            return 0.0
        if self.foreign or (_self_stated(self) and not self.of("commune")):
            return weights.LIVES_ELSEWHERE
        return weights.UNKNOWN_STREET if self.of("commune") or self.of("postcode") else weights.UNKNOWN_ADDRESS

    @property
    def against_nobody(self) -> float:
        """What it says against the contact's having nothing to do with the estate, in bits."""
        if not self.anchored or self.trust < _SURE:
            return 0.0
        precise = any(atom.house for atom in self.of("street")) or (self.of("residence") and self.of("commune"))
        return weights.ADDRESS_AGAINST_NOBODY if precise else weights.PLACE_AGAINST_NOBODY

    def where(self) -> tuple[str, Span | None]:
        """Return the words themselves, and where they stand."""
        if self.shown_at is None:
            self.shown_at = self.shown
        start, end = self.shown_at
        inside = self.passage.part is not Part.SENDER_NAME
        return self.passage.seen(start, end), self.passage.span(start, end) if inside else None

    @property
    def shown(self) -> tuple[int, int]:
        """Where the street or the residence stands in the folded passage, with what is said right beside it."""
        kind = next((each for each in ("street", "residence") if self.of(each)), self.atoms[0].kind)
        anchor = self.of(kind)[0]
        start, end = anchor.start, anchor.end
        for atom in sorted(self.atoms, key=lambda each: max(each.start - anchor.end, anchor.start - each.end)):
            between = self.passage.folded.text[min(end, atom.end) : max(start, atom.start)]
            if len(between) <= _IN_ONE_BREATH and not _ENDS_A_SENTENCE.search(between):
                start, end = min(start, atom.start), max(end, atom.end)
        said, following = self.passage.folded.text[start:end], self.passage.folded.text[end : end + 1]
        return start, end + (following == ")" and said.count("(") > said.count(")"))

    def first(self, kind: str) -> str | None:
        """Return the value of the only atom of a kind, or None where there is none or where they differ."""
        values = {atom.values[0] for atom in self.of(kind)}
        return values.pop() if len(values) == 1 else None


def grouped(passage: Passage, atoms: Iterable[Atom], gazetteer: Gazetteer) -> list[Group]:
    """Put atoms that stand together into groups; a street or a residence that does not go with the rest begins one."""
    groups: list[Group] = []
    for atom in atoms:
        current = groups[-1] if groups else None
        if current is None or atom.start - current.end > _TOGETHER or _begins_another(current, atom, gazetteer):
            groups.append(Group(passage, [*_behind_the_last_town(groups, atom, gazetteer), atom]))
        else:
            current.atoms.append(atom)
    return groups


def _behind_the_last_town(groups: list[Group], town: Atom, gazetteer: Gazetteer) -> list[Atom]:
    """Take from the last group what stands behind its town and lies in a town that follows, and not in its own.

    "Chez moi à Montreuil, mais au 19 rue Louise-Michel à Créteil": the street is Créteil's.
    """
    current = groups[-1] if groups and town.kind == "commune" else None
    first = current.atoms[0] if current is not None else town
    if current is None or first.kind != "commune" or town.start - current.end > _TOGETHER:
        return []
    here, there = _entrances(first, gazetteer), _entrances(town, gazetteer)
    named = [_entrances(each, gazetteer) for each in current.atoms[1:] if each.kind in _NAMES]
    if not named or any(each & here or not each & there for each in named):
        return []
    behind, current.atoms = current.atoms[1:], current.atoms[:1]
    return behind


def as_its_town_has_it(group: Group, gazetteer: Gazetteer) -> Group:
    """Take a residence's name for a street's, or a street's for a residence's, where only that lies in the town named.

    "Gabriel Péri, Les Lilas" may be the street, "38 Frida Kahlo, Montreuil" the residence.
    """
    towns = set().union(*[_entrances(atom, gazetteer) for atom in group.of("commune")])
    return _as_it_lies(group, towns, gazetteer)


def as_their_home_has_it(group: Group, homes: Collection[int], gazetteer: Gazetteer) -> Group:
    """Take a residence's name for a street's, or the other way round, where only that is a known writer's home.

    "Les Sorbiers" is the villa des Sorbiers to who lives there, though another town has a residence of that name.

    Args:
        group: things said of one place.
        homes: the entrances of those whose account or number it is.
        gazetteer: the places of the directory.
    """
    return group if group.of("commune") else _as_it_lies(group, set(homes), gazetteer)


def _as_it_lies(group: Group, there: set[int], gazetteer: Gazetteer) -> Group:
    """Take a name for that of the other kind of place where only that lies at some entrances."""
    named = [each for each in group.atoms if each.kind in _NAMES]
    if not there or len(named) != 1 or there & _entrances(named[0], gazetteer):
        return group
    words = place_words(group.passage.folded.text[named[0].start : named[0].end])
    other = _of_the_other_kind(named[0], words, gazetteer)
    if other is not None and there & _entrances(other, gazetteer):
        group.atoms[group.atoms.index(named[0])] = other
    return group


def _of_the_other_kind(atom: Atom, words: tuple[str, ...], gazetteer: Gazetteer) -> Atom | None:
    """Return the street that bears a residence's name, or the residence that bears a street's; None without one."""
    if atom.kind == "residence":
        return replace(atom, kind="street", values=(" ".join(words),)) if words in gazetteer.by_street else None
    names = [tuple(street.split()) for street in atom.values]
    same = [each for name in names for each in gazetteer.names.get(name[0], ()) if each.words == name]
    residences = tuple(one for each in same if each.kind == "residence" for one in each.refers)
    return replace(atom, kind="residence", values=residences) if residences else None


def _begins_another(group: Group, atom: Atom, gazetteer: Gazetteer) -> bool:
    same = group.of(atom.kind)
    if same and atom.kind in _NAMES:
        return True  # each mention has the town that stands by it; those of one place are joined later
    if same and atom.kind in _TOWNS and not set(same[0].values) & set(atom.values):
        return True
    if atom.kind == "unknown_street":
        return bool(same or group.of("street"))
    others = [each for each in group.atoms if each.kind in _NAMES] if atom.kind in _NAMES else []
    if not others:
        return False
    theirs = _entrances(atom, gazetteer)
    together = _together(group, gazetteer)
    return not theirs & (together or _entrances(others[0], gazetteer))


def _together(group: Group, gazetteer: Gazetteer) -> set[int]:
    """Return the entrances that all names of a group may mean: streets, residences, and the town."""
    named = [_entrances(each, gazetteer) for each in group.atoms if each.kind in {*_NAMES, "commune"}]
    return set.intersection(*named) if named else set()


def _entrances(atom: Atom, gazetteer: Gazetteer) -> set[int]:
    """Return the entrances that a street, a residence or a commune may mean."""
    if atom.kind == "number":
        return set() if atom.house is None else gazetteer.numbered(atom.house)
    if atom.kind == "residence":
        return set().union(*[gazetteer.by_residence.get(residence, ()) for residence in atom.values])
    by_words = gazetteer.by_street if atom.kind == "street" else gazetteer.by_commune
    return set().union(*[by_words.get(tuple(name.split()), ()) for name in atom.values])


def weigh(group: Group, gazetteer: Gazetteer) -> None:
    """Fill in the group's bits for each entrance that agrees in something, and for all others."""
    group.trust = _trust(group)
    group.elsewhere = mixed(group.trust, -_FLOOR_OF_DISAGREEMENT)
    named = [*group.of("street"), *group.of("residence")] or group.of("commune") or group.of("number")
    candidates = sorted(set().union(*[_entrances(atom, gazetteer) for atom in named]))
    if not candidates:
        group.named, group.weighed, group.agreeing = _NO_ENTRANCES, _NO_BITS, frozenset()
        return
    entrances = np.array(candidates, np.int32)
    agreement, against = compare(group, entrances, gazetteer)
    share = _as_well(agreement - against, gazetteer.share.take(entrances))
    bits = -np.log2(np.maximum(share, 1e-5)) - np.minimum(against, _FLOOR_OF_DISAGREEMENT)
    group.named, group.weighed = entrances, np.log2(group.trust * np.exp2(bits) + 1.0 - group.trust)
    group.agreeing = frozenset(entrances[against < 1.0].tolist())


def _as_well(level: Floats, share: Floats) -> Floats:
    """Return for each the share of dwellings at entrances that agree as well with the words, or better."""
    falling = -level
    order = falling.argsort(kind="stable")
    falling = falling.take(order)
    last_alike = falling.searchsorted(falling + 0.01, side="right") - 1
    found = np.empty(len(level))
    found[order] = share.take(order).cumsum().take(last_alike)
    return found


def mixed(trust: float, bits: float) -> float:
    """Return what bits weigh that are believed no more than so."""
    return log2(trust * 2.0**bits + 1.0 - trust)


def _trust(group: Group) -> float:
    """Return how surely the words mean a place of ours and the place of the matter; "j'habite" takes doubts away."""
    trust = _plain_trust(group)
    return 1.0 - (1.0 - trust) * (_SELF_STATED if _self_stated(group) else 1.0)


_SELF_STATED = 0.1
_WHOLE_ADDRESS, _A_STREET, _A_STREET_ALONE = 0.98, 0.95, 0.75
"""How surely a street is the place of the matter: with its number and its town, with one of them, and alone."""


def _self_stated(group: Group) -> bool:
    words = group.passage.words
    first = bisect_left(words, group.start, key=lambda word: word.start)
    return bool(LIVING & {word.text for word in words[max(0, first - 4) : first]})


def _plain_trust(group: Group) -> float:
    streets, residences = group.of("street"), group.of("residence")
    if streets:
        best = max(atom.quality for atom in streets)
        supported = any(atom.house for atom in streets) or group.of("commune") or residences
        whole = any(atom.house for atom in streets) and (group.of("commune") or group.of("postcode") or residences)
        return (_WHOLE_ADDRESS if whole else _A_STREET if supported else _A_STREET_ALONE) * best
    if residences:
        best = max(atom.quality for atom in residences)
        supported = group.of("commune") or group.of("building") or group.of("floor")
        return 1.0 - (1.0 - best) * (0.1 if supported else 1.0)
    return 0.5


def compare(group: Group, entrances: Numbers, gazetteer: Gazetteer) -> tuple[Floats, Floats]:
    """Return how far what is said agrees with each of some entrances, and how far it disagrees, in bits."""
    known = gazetteer.compared
    of_residence, of_building, of_staircase = (gazetteer.residence, known.building, known.staircase)
    pairs = [
        *_street(group, entrances, known),
        *_number(group, entrances, known),
        *_said(group.of("residence"), entrances, of_residence, gazetteer.residence_ids, _RESIDENCE),
        *_said(group.of("commune"), entrances, known.commune, known.communes, _COMMUNE),
        *_said(group.of("postcode"), entrances, known.postcode, known.postcodes, _POSTCODE),
        *_letter(group.first("building"), entrances, of_building, known.buildings, _BUILDING),
        *_letter(group.first("staircase"), entrances, of_staircase, known.staircases, _STAIRCASE),
    ]
    agreement, against = pairs[0]
    for plus, minus in pairs[1:]:
        agreement += plus
        against += minus
    return agreement, against


def _street(group: Group, entrances: Numbers, known: Compared) -> Iterator[tuple[Floats, Floats]]:
    """Yield, for the street atom that goes best with each entrance, what it says for and against it."""
    streets = group.of("street")
    if not streets:
        return
    plus, minus = _one_street(streets[0], entrances, known)
    for atom in streets[1:]:
        for_it, against_it = _one_street(atom, entrances, known)
        better = for_it - against_it > plus - minus
        plus[better], minus[better] = for_it[better], against_it[better]
    yield plus, minus


def _one_street(atom: Atom, entrances: Numbers, known: Compared) -> tuple[Floats, Floats]:
    named = _among(known.street.take(entrances), {known.streets.get(value, -1) for value in atom.values})
    if atom.house is None:
        plus, minus = _STREET
        return plus.take(named), minus.take(named)
    levels = known.going_with(atom.house).take(known.house.take(entrances))
    told = (1 + levels) * named
    return _FOR_HOUSE.take(told), _AGAINST_HOUSE.take(told)


def _number(group: Group, entrances: Numbers, known: Compared) -> Iterator[tuple[Floats, Floats]]:
    """Yield what a number without a street says, of the first of them."""
    for atom in group.of("number")[:1]:
        if atom.house is not None:
            same = known.going_with(atom.house).take(known.house.take(entrances)) >= THE_SAME_HOUSE
            yield _NUMBER[0].take(same), _NUMBER[1].take(same)


def _among(numbers: Numbers, wanted: Collection[int]) -> NDArray[np.bool_]:
    first, *others = wanted
    found: NDArray[np.bool_] = numbers == first
    for number in others:
        found |= numbers == number
    return found


def _said(
    atoms: Iterable[Atom], entrances: Numbers, of: Numbers, known: Mapping[str, int], worth: tuple[Floats, Floats]
) -> Iterator[tuple[Floats, Floats]]:
    """Yield what the names of one kind say for and against; where several are said, one that fits is enough."""
    said = {known.get(value, -1) for atom in atoms for value in atom.values}
    if said:
        same = _among(of.take(entrances), said)
        yield worth[0].take(same), worth[1].take(same)


def _letter(
    said: str | None, entrances: Numbers, of: Numbers, known: Mapping[str, int], worth: tuple[Floats, Floats]
) -> Iterator[tuple[Floats, Floats]]:
    """Yield what a building or a staircase says; entrances without one say nothing of it."""
    if said is not None:
        numbers = of.take(entrances)
        same = numbers == known.get(said, -1)
        unknown = numbers == known.get("", -1)
        yield worth[0].take(same), worth[1].take(same | unknown)


def merged(groups: list[Group], gazetteer: Gazetteer) -> list[Group]:
    """Weigh the groups; join those that can be one place, and drop bare communes that contradict a named place."""
    kept: list[Group] = []
    for group in sorted(groups, key=lambda each: not each.anchored):
        weigh(group, gazetteer)
        if not (len(group.named) or group.elsewhere_bits):
            continue
        partner = next((other for other in kept if _can_be_one(other, group)), None)
        if partner is not None:
            _join(partner, group, gazetteer)
        elif group.anchored or not any(other.anchored for other in kept):
            kept.append(group)
    return kept


def _can_be_one(one: Group, other: Group) -> bool:
    if not one.agreeing & other.agreeing:
        return False
    houses = {atom.house for group in (one, other) for atom in group.of("street") if atom.house}
    return len(houses) <= 1 or bool(one.of("street")) != bool(other.of("street"))


def _join(one: Group, other: Group, gazetteer: Gazetteer) -> None:
    """Weigh two groups as one; spans stay those of the first where they stand in different passages."""
    one.said_at, one.shown_at = (one.start, one.end), one.shown_at or one.shown
    one.others = (*one.others, *other.stretches)
    one.atoms = [*one.atoms, *other.atoms]
    weigh(one, gazetteer)


@dataclass
class PlaceWeights:
    """What all groups together say: bits for each entrance named (in order), and for the others.

    `everywhere` has them for each entrance of the estate, and last those of a place that was not named.
    """

    groups: list[Group]
    entrances: Numbers
    bits: Floats
    elsewhere: float
    everywhere: Floats

    def doubted(self, trust: float) -> None:
        """Believe it all no more than so."""
        self.bits = np.log2(trust * np.exp2(self.bits) + 1.0 - trust)
        self.elsewhere = mixed(trust, self.elsewhere)
        self.everywhere.fill(self.elsewhere)
        self.everywhere[self.entrances] = self.bits

    def of(self, entrance: int) -> float:
        """Return the bits of an entrance."""
        return self.everywhere.item(entrance)

    @cached_property
    def named(self) -> frozenset[int]:
        """The entrances that what was said may mean."""
        return frozenset(self.entrances.tolist())

    def said(self, entrance: int) -> list[float]:
        """Return the bits of each group for an entrance."""
        pairs = zip(self.groups, self._weighed, strict=True)
        return [round(weighed.get(entrance, group.elsewhere), 2) for group, weighed in pairs]

    @cached_property
    def _weighed(self) -> list[dict[int, float]]:
        """The bits of each group for each entrance that it may mean."""
        return [dict(zip(each.named.tolist(), each.weighed.tolist(), strict=True)) for each in self.groups]

    def evidence(self, bits: Iterable[float], label: str) -> tuple[Evidence, ...]:
        """Return what was said of the place, one piece of evidence a group, with what each weighs for an entrance."""
        shown = zip(self.shown, bits, strict=True)
        return tuple([Evidence(name, each, seen, span, label) for (name, seen, span), each in shown])

    @cached_property
    def shown(self) -> list[tuple[str, str, Span | None]]:
        """What kind of evidence each group is, its words, and where they stand."""
        return [(_evidence_name(group), *group.where()) for group in self.groups]


def _evidence_name(group: Group) -> str:
    kinds = ("street", "residence", "commune", "number")
    return f"place.{next(kind for kind in kinds if group.of(kind))}"


def mixture(groups: list[Group], weights_of: list[float], entrances: int) -> PlaceWeights:
    """Let each group be the place of the matter with its weight, and none with what is missing to 1.

    Args:
        groups: what was said of each place.
        weights_of: how likely each is it; at most 1 in all.
        entrances: how many the estate has.
    """
    named = (
        groups[0].named
        if len(groups) == 1
        else np.unique(np.concatenate([np.empty(0, np.int32), *[g.named for g in groups]]))
    )
    none = max(0.0, 1.0 - sum(weights_of))
    likely, elsewhere = np.full(len(named), none), none
    for group, weight in zip(groups, weights_of, strict=True):
        said = group.weighed
        if group.named is not named:
            said = np.full(len(named), group.elsewhere)
            said[named.searchsorted(group.named)] = group.weighed
        likely += weight * np.exp2(said)
        elsewhere += weight * 2.0**group.elsewhere
    bits, beyond = np.log2(likely), log2(elsewhere) if groups else 0.0
    everywhere = np.full(entrances + 1, beyond)
    everywhere[named] = bits
    return PlaceWeights(groups, named, bits, beyond, everywhere)
