"""Who it is: candidates, each with named and weighed evidence, and what is sure enough to be said."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from dtm_contact.model.contact import Span

_ADDRESS: Final = "place.street"
_LEAST: Final = 1.0
"""What words of a place must count at the least to be repeated as the place."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason, named and weighed.

    Attributes:
        name: what kind of reason (`email.known`, `name.last`, `topic.word`, …).
        weight: how much it counts: bits (log2 of the likelihood ratio) in matching, points in topics; negative against.
        seen: the words or the value seen, as written.
        span: where they stand; None where they stand in no part (an envelope, a table).
        detail: what it was held against, or why it counts so much, for a person.
    """

    name: str
    weight: float
    seen: str
    span: Span | None = None
    detail: str = ""


def address_as_written(place: Iterable[Evidence]) -> str:
    """Return the words of a message that give the address of its matter, on one line; "" where none do.

    Args:
        place: what speaks for the place.
    """
    given = [piece for piece in place if piece.name == _ADDRESS and piece.weight >= _LEAST and piece.seen]
    return " ".join(max(given, key=lambda piece: piece.weight).seen.split()) if given else ""


@dataclass(frozen=True, slots=True)
class Likely:
    """An identifier of the directory and how probable it is, calibrated, from 0 to 1."""

    id: str
    probability: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person of the directory who may be concerned, with the reasons for and against.

    Attributes:
        tenant_id: the person.
        dwelling_id, residence_id: where that person lives; None where the directory does not tell.
        probability: that it is this person, over all candidates and "nobody in the directory".
        score: the sum of the evidence's weights, in bits.
        evidence: the reasons, heaviest first.
    """

    tenant_id: str
    dwelling_id: str | None
    residence_id: str | None
    probability: float
    score: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class WriterHome:
    """Where the writer lives, of a message whose matter is elsewhere.

    Attributes:
        dwelling_id: their dwelling; None where only the residence is sure.
        residence_id: its residence; None where the directory gives it none.
    """

    dwelling_id: str | None
    residence_id: str | None


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A caretaker on duty for an entrance at a time.

    Attributes:
        id: who is there; None where the absent one has no replacement.
        replaces: the assigned caretaker who is absent, else None.
    """

    id: str | None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """An address or a number that the directory does not know, brought by somebody who was named otherwise.

    It is no fact until an agent confirms it, and no evidence.

    Attributes:
        kind: `address` or `number`.
        value: its key, as `history` is asked for it (lower case; E.164).
        tenant_id: whose it would be.
        seen: as written.
    """

    kind: str
    value: str
    tenant_id: str
    seen: str


@dataclass(frozen=True, slots=True)
class Match:
    """What matching says: household, residence and person are each answers in their own right.

    Attributes:
        candidates: the people considered, best first.
        tenant, dwelling, residence: named only where sure (the thresholds are settings); else None. Dwelling and
            residence are those of the matter: they decide office and caretaker.
        home: where the writer lives, where that is another place than the matter's; else None.
        office_id: the office of the residence, or the one that all likely places have in common; else None.
        place_evidence: what spoke for the residence or the entrance itself.
        caretakers: all on duty there; exactly one is "the" caretaker, several are a list.
        proposals: addresses and numbers that an agent may confirm for the tenant named.
        equipment: the kind of the machine that called by itself (`elevator_alarm`, …); None where it was none.
        on_behalf: who writes does so for somebody else, or for an organisation: their address is not the tenant's.
        proven: the people whose address, known or confirmed, the sender's is, where our server vouches for it.
            Everybody else is at best named, by what the text says.
        proven_homes: the dwellings where these people have a lease in force.
    """

    candidates: tuple[Candidate, ...] = ()
    tenant: Likely | None = None
    dwelling: Likely | None = None
    residence: Likely | None = None
    home: WriterHome | None = None
    office_id: str | None = None
    place_evidence: tuple[Evidence, ...] = ()
    caretakers: tuple[OnDuty, ...] = ()
    equipment: str | None = None
    proposals: tuple[Proposal, ...] = ()
    on_behalf: bool = False
    proven: tuple[str, ...] = ()
    proven_homes: tuple[str, ...] = ()

    @property
    def named_spans(self) -> tuple[Span, ...]:
        """Where the text names the tenant and the place that are sure: these words say nothing of what is asked."""
        tenant = next((each for each in self.candidates if self.tenant and each.tenant_id == self.tenant.id), None)
        used = (*(tenant.evidence if tenant else ()), *(self.place_evidence if self.residence else ()))
        return tuple(piece.span for piece in used if piece.span is not None and piece.weight > 0)

    @property
    def cited_spans(self) -> tuple[Span, ...]:
        """Where the text gives a person or a place of ours, whether or not it is sure which."""
        used = (*(self.candidates[0].evidence if self.candidates else ()), *self.place_evidence)
        return tuple(piece.span for piece in used if piece.span is not None and piece.weight > 0)
