"""What all the places named in a contact say together: one of them is where the matter is."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import log2

import numpy as np

from dtm_contact.directory.lookups import Numbers
from dtm_contact.matching.places import Floats, Group, mixed
from dtm_contact.model import Evidence, Span


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

    def told(self, bits: Iterable[float], label: str) -> tuple[Evidence, ...]:
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
