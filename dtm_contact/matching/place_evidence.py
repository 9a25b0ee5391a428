"""What the places that a contact names say for one entrance, piece by piece, with floor and door beside them."""

import math
from collections.abc import Iterable, Sequence
from math import log2

from dtm_contact.matching import weights
from dtm_contact.matching.index import MatchIndex, door_key
from dtm_contact.matching.inside_mentions import Atom
from dtm_contact.matching.mixture import PlaceWeights
from dtm_contact.matching.people import NOWHERE, Home
from dtm_contact.matching.places import Group
from dtm_contact.model import Evidence


class PlaceEvidence:
    """The places of one contact, told as evidence; what holds for many entrances alike is worked out once."""

    def __init__(self, place: PlaceWeights, strange: Group | None, index: MatchIndex) -> None:
        """Prepare them.

        Args:
            place: the groups that may mean one of our places, and what they say together.
            strange: an address that is none of ours, where nothing else was said.
            index: the directory's.
        """
        self._place = place
        self._strange = strange
        self._index = index
        self.detailed = [group for group in place.groups if group.of("floor") or group.of("door")]
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
        floors = {atom.values[0]: (group, atom) for group, atom in atoms if atom.kind == "floor"}
        if len(floors) == 1 and home.floor:
            yield self._detail("floor", floors.popitem()[1], home.floor, self._index.floors)
        doors = {atom.values[0]: (group, atom) for group, atom in atoms if atom.kind == "door"}
        if len(doors) == 1 and home.door:
            yield self._detail("door", doors.popitem()[1], door_key(home.door), self._index.doors)

    def _detail(self, kind: str, said: tuple[Group, Atom], known: str, shares: dict[str, float]) -> Evidence:
        group, atom = said
        fits, differs = (
            (weights.FLOOR_FITS, weights.FLOOR_DIFFERS)
            if kind == "floor"
            else (weights.DOOR_FITS, weights.DOOR_DIFFERS)
        )
        same = atom.values[0] == known
        bits = log2(fits / max(shares.get(known, 1.0), 1e-3)) if same else differs
        seen = group.passage.seen(atom.start, atom.end) if group.said_at is None else atom.values[0]
        span = group.passage.span(atom.start, atom.end) if group.said_at is None else None
        return Evidence(f"place.{kind}", self._index.learnt.bits(f"place.{kind}", bits), seen, span, known)


def _shared_out(bits: float, said: Sequence[float]) -> list[float]:
    """Share what all places said weigh together among those that speak for it: one of them is where the matter is."""
    supports = [max(each if bits > 0 else -each, 0.0) for each in said]
    total = sum(supports)
    return [bits * each / total if total else bits / len(said) for each in supports]
