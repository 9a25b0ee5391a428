"""What is asked and how urgent it is."""

from dataclasses import dataclass
from enum import StrEnum

from dtm_contact.model.decision import CaseKind, Priority
from dtm_contact.model.match import Evidence


class Scope(StrEnum):
    """How far a matter reaches, as far as the text says."""

    DWELLING = "dwelling"
    STAIRCASE = "staircase"
    BUILDING = "building"
    RESIDENCE = "residence"


@dataclass(frozen=True, slots=True)
class Finding:
    """A topic found, with the points and the words that made it; `defused` holds what was seen but does not count."""

    topic: str
    points: float
    evidence: tuple[Evidence, ...]
    defused: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Understanding:
    """What a contact asks for.

    Attributes:
        kind: whether a person needs something (`case`), or it is `automatic`, `spam`, or `none`.
        topics: codes found, the deciding one first; empty for a call.
        findings: the same with their evidence, in the same order, then what was found but defused.
        priority: the deciding topic's, raised where the text gives the reason.
        raised_by: the words that raised it.
        kind_evidence: what made it automatic or spam.
        scope: how far the matter reaches; None where the text does not say.
        scope_evidence: the words that say so.
    """

    kind: CaseKind
    topics: tuple[str, ...]
    priority: Priority
    findings: tuple[Finding, ...] = ()
    raised_by: tuple[Evidence, ...] = ()
    kind_evidence: tuple[Evidence, ...] = ()
    scope: Scope | None = None
    scope_evidence: tuple[Evidence, ...] = ()

    @property
    def topic(self) -> str | None:
        """The deciding topic, or None for a call."""
        return self.topics[0] if self.topics else None
