"""A person held against a contact: the sum of his bits, the evidence that makes it, and what is doubted of it."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cache

from dtm_contact.matching import weights
from dtm_contact.matching.mentions import Role
from dtm_contact.matching.people import Home, Person
from dtm_contact.model import Evidence


@dataclass(slots=True)
class Weighed:
    """A person with his home on the day, the sum of his bits, and why.

    Attributes:
        role: of the mention that fits him best; None where none does.
        fits: how well the mentions of each role fit him, in bits.
        account: whether the sender's address is known for him or his household.
        signed: how a name in the text itself fits him, where the account is his household's.
        at_place: what was said of places, as it weighs for his home, in bits.
        certainty, household_certainty: how surely he, or his household, is the one concerned, if it is he who fits.
        place_certainty: how surely his home is the place of the matter, likewise.
    """

    position: int
    person: Person
    home: Home | None
    score: float
    evidence: list[Evidence] = field(default_factory=list)
    role: Role | None = None
    fits: Mapping[Role, float] = field(default_factory=dict)
    account: bool = False
    signed: Evidence | None = None
    at_place: float = 0.0
    certainty: float = 1.0
    household_certainty: float = 1.0
    place_certainty: float = 1.0

    @property
    def own_name(self) -> float:
        """How well the name that the writer gives as his own, or for whom he writes, fits him, in bits."""
        return max(self.fits.get(role, 0.0) for role in (Role.SELF, Role.SIGNED, Role.FOR))

    def has(self, names: Container[str]) -> bool:
        """Tell whether some evidence has one of these names."""
        return any(piece.name in names for piece in self.evidence)

    def lives_with(self, other: "Weighed") -> bool:
        """Tell whether two have one dwelling, whenever each of them moved in."""
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
        """Let no name speak for him, since another of his home says that he writes."""
        named = [piece for piece in self.evidence if piece.name.startswith("name.")]
        self.evidence = [piece for piece in self.evidence if piece not in named]
        self.score -= sum(piece.weight for piece in named)
        self.signed, self.role = None, None
        self.discount("name.fits_another", bits)

    def doubt(self, reason: str, certainty: float, *, household: bool = True) -> None:
        """Bound how surely he is the one concerned, and with him his household; the reason stands with the evidence."""
        self.evidence.insert(0, _doubt(reason))
        self.certainty = min(self.certainty, certainty)
        if household:
            self.household_certainty = min(self.household_certainty, certainty)

    def believe(self) -> None:
        """Take back every doubt."""
        self.evidence = [piece for piece in self.evidence if not piece.name.startswith("doubt.")]
        self.certainty = self.household_certainty = self.place_certainty = 1.0

    def forget(self, name: str, *, against: bool = False) -> None:
        """Drop what speaks for him by evidence of a kind, or what speaks against him as well."""
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
