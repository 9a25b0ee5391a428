"""Weighing what a contact says of places against every entrance of the estate.

The likelihood ratio of an entrance is what the writer would say so if he lived there, over the share of dwellings at
entrances that agree with his words at least as well: that share needs no training and makes a rare street weigh more
than a frequent one. Several places in one message are a mixture: one of them is where the matter is.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log2

from dtm_contact.matching import weights
from dtm_contact.matching.gazetteer import Entrance, Gazetteer
from dtm_contact.matching.passages import Passage
from dtm_contact.matching.place_mentions import Atom
from dtm_contact.matching.words import LIVING
from dtm_contact.model import Evidence, Part

_SURE = 0.7
_TOGETHER = 70
"""Characters that may stand between two things said of one place."""

# How much an agreement tells entrances apart when they are ranked, and what a disagreement costs, in bits.
_STREET, _HOUSE, _COMMUNE, _POSTCODE, _RESIDENCE, _BUILDING, _STAIRCASE = 6.0, 4.0, 3.0, 2.0, 6.0, 2.0, 1.0
_WRONG_STREET, _WRONG_HOUSE, _WRONG_COMMUNE, _WRONG_POSTCODE = 5.0, 4.0, 4.5, 2.5
_WRONG_RESIDENCE, _WRONG_BUILDING, _WRONG_STAIRCASE = 4.5, 3.0, 2.0
_FLOOR_OF_DISAGREEMENT = 8.0
_SUFFIX_MISSING = 1.5


@dataclass(slots=True)
class Group:
    """Things said of one place, and how surely that is the place of the matter."""

    passage: Passage
    atoms: list[Atom] = field(default_factory=list)
    trust: float = 0.0
    bits: dict[int, float] = field(default_factory=dict)
    elsewhere: float = 0.0
    agreeing: frozenset[int] = frozenset()
    said_at: tuple[int, int] | None = None

    def of(self, kind: str) -> list[Atom]:
        """Return the atoms of one kind."""
        return [atom for atom in self.atoms if atom.kind == kind]

    @property
    def anchored(self) -> bool:
        """Whether a street or a residence is named."""
        return any(atom.kind in {"street", "residence"} for atom in self.atoms)

    @property
    def start(self) -> int:
        """Where the first of it stands in the folded passage."""
        return self.said_at[0] if self.said_at else min(atom.start for atom in self.atoms)

    @property
    def end(self) -> int:
        """Where the last of it ends in the folded passage."""
        return self.said_at[1] if self.said_at else max(atom.end for atom in self.atoms)

    @property
    def against_nobody(self) -> float:
        """What it says against the contact's having nothing to do with the estate, in bits."""
        if not self.anchored or self.trust < _SURE:
            return 0.0
        precise = any(atom.house for atom in self.of("street")) or (self.of("residence") and self.of("commune"))
        return weights.ADDRESS_AGAINST_NOBODY if precise else weights.PLACE_AGAINST_NOBODY

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
            groups.append(Group(passage, [atom]))
        else:
            current.atoms.append(atom)
    return groups


def _begins_another(group: Group, atom: Atom, gazetteer: Gazetteer) -> bool:
    same = group.of(atom.kind)
    if same and atom.kind in {"street", "residence", "commune"} and not set(same[0].values) & set(atom.values):
        return True
    others = (
        group.of("residence" if atom.kind == "street" else "street") if atom.kind in {"street", "residence"} else []
    )
    return bool(others) and not _entrances(others[0], gazetteer) & _entrances(atom, gazetteer)


def _entrances(atom: Atom, gazetteer: Gazetteer) -> set[int]:
    """Return the entrances that a street, a residence or a commune may mean."""
    if atom.kind == "street":
        return {n for street in atom.values for n in gazetteer.by_street.get(tuple(street.split()), ())}
    if atom.kind == "residence":
        return {n for residence in atom.values for n in gazetteer.by_residence.get(residence, ())}
    return {n for name in atom.values for n in gazetteer.by_commune.get(tuple(name.split()), ())}


def weigh(group: Group, gazetteer: Gazetteer) -> None:
    """Fill in the group's bits for each entrance that agrees in something, and for all others."""
    named = [*group.of("street"), *group.of("residence")] or group.of("commune")
    candidates = {n for atom in named for n in _entrances(atom, gazetteer)}
    compared = [(*compare(group, gazetteer.entrances[n]), n) for n in candidates]
    compared.sort(key=lambda each: each[1] - each[0])
    _to_bits(group, compared, gazetteer)


def _to_bits(group: Group, compared: list[tuple[float, float, int]], gazetteer: Gazetteer) -> None:
    """Turn agreements and disagreements, best first, into likelihood ratios."""
    group.trust = _trust(group)
    share, first = 0.0, 0
    while first < len(compared):
        level = compared[first][0] - compared[first][1]
        last = first
        while last < len(compared) and compared[last][0] - compared[last][1] > level - 0.01:
            share += gazetteer.entrances[compared[last][2]].share
            last += 1
        for _agreement, against, n in compared[first:last]:
            group.bits[n] = _mixed(group.trust, -log2(max(share, 1e-5)) - min(against, _FLOOR_OF_DISAGREEMENT))
        first = last
    group.elsewhere = _mixed(group.trust, -_FLOOR_OF_DISAGREEMENT)
    group.agreeing = frozenset(n for _agreement, against, n in compared if against < 1.0)


def _mixed(trust: float, bits: float) -> float:
    return log2(trust * 2.0**bits + 1.0 - trust)


def _trust(group: Group) -> float:
    """Return how surely the words mean a place of ours and the place of the matter; "j'habite" takes doubts away."""
    trust = _plain_trust(group)
    return 1.0 - (1.0 - trust) * (_SELF_STATED if _self_stated(group) else 1.0)


_SELF_STATED = 0.1


def _self_stated(group: Group) -> bool:
    words = group.passage.words
    first = bisect_left(words, group.start, key=lambda word: word.start)
    return bool(LIVING & {word.text for word in words[max(0, first - 4) : first]})


def _plain_trust(group: Group) -> float:
    streets, residences = group.of("street"), group.of("residence")
    if streets:
        best = max(atom.quality for atom in streets)
        supported = any(atom.house for atom in streets) or group.of("commune") or residences
        return (0.95 if supported else 0.75) * best
    if residences:
        best = max(atom.quality for atom in residences)
        supported = group.of("commune") or group.of("building") or group.of("floor")
        return 1.0 - (1.0 - best) * (0.1 if supported else 1.0)
    return 0.5


def compare(group: Group, entrance: Entrance) -> tuple[float, float]:
    """Return how far what is said agrees with an entrance, and how far it disagrees."""
    agreement = against = 0.0
    for plus, minus in (
        _street(group, entrance),
        _residence(group, entrance),
        _commune(group, entrance),
        _letter(group.first("building"), entrance.building, _BUILDING, _WRONG_BUILDING),
        _letter(group.first("staircase"), entrance.staircase, _STAIRCASE, _WRONG_STAIRCASE),
    ):
        agreement, against = agreement + plus, against + minus
    return agreement, against


def _street(group: Group, entrance: Entrance) -> tuple[float, float]:
    streets = group.of("street")
    if not streets:
        return 0.0, 0.0
    name = " ".join(entrance.street)
    agreeing = [atom for atom in streets if name in atom.values]
    if not agreeing:
        return 0.0, _WRONG_STREET
    return max((_house(atom, entrance) for atom in agreeing), key=lambda each: each[0] - each[1])


def _house(atom: Atom, entrance: Entrance) -> tuple[float, float]:
    if atom.house is None or entrance.house is None:
        return _STREET, 0.0
    if atom.house == entrance.house:
        return _STREET + _HOUSE, 0.0
    if atom.house.low < atom.house.high and atom.house.covers(entrance.house):
        return _STREET + _HOUSE - 1.0, 0.0
    if atom.house.covers(entrance.house) or entrance.house.covers(atom.house):
        return _STREET + _HOUSE - 1.0, _SUFFIX_MISSING
    return _STREET, _WRONG_HOUSE


def _residence(group: Group, entrance: Entrance) -> tuple[float, float]:
    named = {value for atom in group.of("residence") for value in atom.values}
    if not named:
        return 0.0, 0.0
    return (_RESIDENCE, 0.0) if entrance.residence_id in named else (0.0, _WRONG_RESIDENCE)


def _commune(group: Group, entrance: Entrance) -> tuple[float, float]:
    communes = {value for atom in group.of("commune") for value in atom.values}
    postcodes = {value for atom in group.of("postcode") for value in atom.values}
    agreement = against = 0.0
    if communes:
        same = " ".join(entrance.commune) in communes
        agreement, against = (_COMMUNE, 0.0) if same else (0.0, _WRONG_COMMUNE)
    if postcodes:
        same = entrance.postcode in postcodes
        agreement, against = (agreement + _POSTCODE, against) if same else (agreement, against + _WRONG_POSTCODE)
    return agreement, against


def _letter(said: str | None, known: str, plus: float, minus: float) -> tuple[float, float]:
    if said is None or not known:
        return 0.0, 0.0
    return (plus, 0.0) if said == known else (0.0, minus)


def merged(groups: list[Group], gazetteer: Gazetteer) -> list[Group]:
    """Weigh the groups; join those that can be one place, and drop bare communes that contradict a named place."""
    kept: list[Group] = []
    for group in sorted(groups, key=lambda each: not each.anchored):
        weigh(group, gazetteer)
        if not (group.bits or any(atom.kind == "unknown_street" for atom in group.atoms)):
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
    one.said_at = (one.start, one.end)
    one.atoms = [*one.atoms, *other.atoms]
    one.bits.clear()
    weigh(one, gazetteer)


@dataclass(slots=True)
class PlaceWeights:
    """What all groups together say: bits for each entrance named, and for the others."""

    groups: list[Group]
    bits: dict[int, float]
    elsewhere: float

    def of(self, entrance: int | None) -> float:
        """Return the bits of an entrance; of none, those of an entrance that was not named."""
        return self.elsewhere if entrance is None else self.bits.get(entrance, self.elsewhere)

    def evidence(self, entrance: int, gazetteer: Gazetteer) -> tuple[Evidence, ...]:
        """Return what was said of the place, one piece of evidence a group, as it weighs for an entrance."""
        found = []
        for group in self.groups:
            place = gazetteer.entrances[entrance]
            inside = group.passage.part is not Part.SENDER_NAME
            found.append(
                Evidence(
                    _evidence_name(group),
                    round(group.bits.get(entrance, group.elsewhere), 2),
                    group.passage.seen(group.start, group.end),
                    group.passage.span(group.start, group.end) if inside else None,
                    place.label,
                )
            )
        return tuple(found)


def _evidence_name(group: Group) -> str:
    if group.of("street"):
        return "place.street"
    return "place.residence" if group.of("residence") else "place.commune"


def mixture(groups: list[Group], weights_of: list[float]) -> PlaceWeights:
    """Let each group be the place of the matter with its weight, and none with what is missing to 1."""
    if not groups:
        return PlaceWeights([], {}, 0.0)
    none = max(0.0, 1.0 - sum(weights_of))
    named = {n for group in groups for n in group.bits}
    bits = {
        n: log2(
            none
            + sum(w * 2.0 ** group.bits.get(n, group.elsewhere) for w, group in zip(weights_of, groups, strict=True))
        )
        for n in named
    }
    elsewhere = log2(none + sum(w * 2.0**group.elsewhere for w, group in zip(weights_of, groups, strict=True)))
    return PlaceWeights(groups, bits, elsewhere)
