"""What the places that a contact names say for one entrance, piece by piece, with floor and door beside them."""

import math
from collections.abc import Iterable, Sequence
from math import log2

from dtm_contact.matching import weights
from dtm_contact.matching.index import MatchIndex, door_key
from dtm_contact.matching.inside_mentions import Atom, is_his_own
from dtm_contact.matching.mixture import PlaceWeights
from dtm_contact.matching.passages import Passage
from dtm_contact.matching.people import NOWHERE, Home
from dtm_contact.matching.places import Group
from dtm_contact.model import Evidence, Span

Seen = tuple[str, Span | None]
"""The words of a detail, and where they stand."""


class PlaceEvidence:
    """The places of one contact, told as evidence; what holds for many entrances alike is worked out once."""

    def __init__(
        self,
        place: PlaceWeights,
        strange: Group | None,
        own_floors: Iterable[tuple[Passage, Atom]],
        index: MatchIndex,
    ) -> None:
        """Prepare them.

        Args:
            place: the groups that may mean one of our places, and what they say together.
            strange: an address that is none of ours, where nothing else was said.
            own_floors: floors that the writer calls his, told beside no place.
            index: the directory's.
        """
        self._place = place
        self._strange = strange
        self._index = index
        self._own_floors = {atom.values[0]: _seen(passage, atom) for passage, atom in own_floors}
        self.detailed = [group for group in place.groups if self._own_floors or group.of("floor") or group.of("door")]
        self._bits_said: dict[int, list[float]] = {}  # those of an entrance that was not named are alike
        self._told: dict[int, tuple[Evidence, ...]] = {}

    def bits(self, entrance: int) -> float:
        """Return what all places together say for an entrance."""
        return self._place.of(entrance) if entrance != NOWHERE and self._place.groups else 0.0

    def said_of(self, meant: int) -> tuple[Evidence, ...]:
        """Return what was said of the place, as it weighs for whoever lives, or parks, at an entrance."""
        told = self._told.get(meant)
        if told is None:
            label = self._index.gazetteer.entrances[meant].label
            told = self._told[meant] = self._place.told(self._weights_said(meant), label)
        return told

    def _weights_said(self, meant: int) -> list[float]:
        place, learnt = self._place, self._index.learnt
        at = meant if meant in place.named else NOWHERE
        bits = self._bits_said.get(at)
        if bits is None:
            shared = _shared_out(place.of(meant), place.said(meant))
            pairs = zip(place.shown, shared, strict=True)
            bits = self._bits_said[at] = [learnt.bits(name, each) for (name, _seen, _span), each in pairs]
        return bits

    def elsewhere(self, *, account: bool) -> Iterable[Evidence]:
        """Yield what an address that is none of ours says against everybody, less against the account's owner."""
        if self._strange is not None:
            least = weights.UNKNOWN_STREET if account else -math.inf
            bits = self._index.learnt.bits("place.elsewhere", max(self._strange.elsewhere_bits, least))
            yield Evidence("place.elsewhere", bits, *self._strange.where())

    def details(self, home: Home) -> Iterable[Evidence]:
        """Compare floor and door with what stands beside the best place named."""
        agreeing = [group for group in self.detailed if home.entrance in group.agreeing]
        if not agreeing:
            return
        atoms = [(group, atom) for group in agreeing for atom in group.atoms]
        floors = self._floors([(group, atom) for group, atom in atoms if atom.kind == "floor"])
        if len(floors) == 1 and home.floor:
            yield self._detail("floor", floors.popitem(), home.floor, self._index.floors)
        doors = {atom.values[0]: _told_beside(group, atom) for group, atom in atoms if atom.kind == "door"}
        if len(doors) == 1 and home.door:
            yield self._detail("door", doors.popitem(), door_key(home.door), self._index.doors)

    def _floors(self, beside: Sequence[tuple[Group, Atom]]) -> dict[str, Seen]:
        """Return the floors told beside a place; of several, and where there is none, those that are the writer's."""
        told = {atom.values[0]: _told_beside(group, atom) for group, atom in beside}
        if not told:
            return dict(self._own_floors)
        own = [atom.values[0] for group, atom in beside if is_his_own(group.passage, atom)]
        return {floor: seen for floor, seen in told.items() if floor in own} if own and len(told) > 1 else told

    def _detail(self, kind: str, said: tuple[str, Seen], known: str, shares: dict[str, float]) -> Evidence:
        fits, differs = (
            (weights.FLOOR_FITS, weights.FLOOR_DIFFERS)
            if kind == "floor"
            else (weights.DOOR_FITS, weights.DOOR_DIFFERS)
        )
        value, seen = said
        bits = log2(fits / max(shares.get(known, 1.0), 1e-3)) if value == known else differs
        return Evidence(f"place.{kind}", self._index.learnt.bits(f"place.{kind}", bits), *seen, known)


def _seen(passage: Passage, atom: Atom) -> Seen:
    return passage.seen(atom.start, atom.end), passage.span(atom.start, atom.end)


def _told_beside(group: Group, atom: Atom) -> Seen:
    """Return the words of a detail; of a group that was joined of several they do not stand in one passage."""
    return _seen(group.passage, atom) if group.said_at is None else (atom.values[0], None)


def _shared_out(bits: float, said: Sequence[float]) -> list[float]:
    """Share what all places said weigh together among those that speak for it: one of them is where the matter is."""
    supports = [max(each if bits > 0 else -each, 0.0) for each in said]
    total = sum(supports)
    return [bits * each / total if total else bits / len(said) for each in supports]
