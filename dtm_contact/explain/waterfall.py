"""Who a contact is about, step by step in French: what spoke for and against, and why not the second.

Weights are given in points (bits): each point doubles, or halves, how likely a person is. A waterfall starts from one
person among all, adds what was seen, and ends at a probability among all candidates and "nobody of the directory".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log2

from dtm_contact.explain.names import Names
from dtm_contact.labels.judging import DOUBTS, EVIDENCE_GROUPS, match_evidence
from dtm_contact.model import Candidate, Evidence, Match

STANDING = "situation au bail (cotitulaire, occupant, commerce ou bail terminé)"
_HELD_AGAINST = frozenset(
    {"place.street", "place.residence", "place.commune", "place.number", "place.building", "place.floor", "place.door"}
)
_STRENGTHS = ((15.0, "décisif"), (8.0, "fort"), (3.0, "moyen"), (1.0, "faible"))
_LEAST_SHOWN = 0.5
_LEAST_DIFFERENCE = 1.0
_MOST_REASONS = 3
_NEVER = 1e-12
_SHORT = 48
_SURE = 0.9995
_STANDS_OUT = 0.05


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One thing that was seen: what kind, the words, what they were held against, and its points."""

    label: str
    seen: str
    against: str
    points: float

    @property
    def strength(self) -> str:
        """How much that is, in a word."""
        size = abs(self.points)
        word = next((word for least, word in _STRENGTHS if size >= least), "négligeable")
        return f"{word} {'pour' if self.points >= 0 else 'contre'}"


@dataclass(frozen=True, slots=True)
class Waterfall:
    """One candidate's sum.

    Attributes:
        who, where: the candidate and their home.
        verdict: whether they are named, and how probable they are.
        people: among how many the sum starts.
        steps: what was seen, heaviest first.
        groups: what all steps about one thing (the name, the place) come to, heaviest first.
        total: the start and all steps together, in points.
        not_the_second: why it is not the next one, or what speaks for nobody at all.
    """

    who: str
    where: str
    verdict: str
    people: int
    steps: tuple[WaterfallStep, ...]
    groups: tuple[tuple[str, float], ...]
    total: float
    not_the_second: tuple[str, ...]

    @property
    def start(self) -> float:
        """The points of one person among all, before anything is seen."""
        return -log2(max(self.people, 1))


def waterfall(match: Match, names: Names) -> Waterfall | None:
    """Return the sum of the likeliest candidate; None where nobody of the directory stands out."""
    if not match.candidates or match.candidates[0].probability < _STANDS_OUT:
        return None
    best = match.candidates[0]
    people = names.people
    steps = tuple(_steps(best, names))
    start = -log2(max(people, 1))
    where = names.dwelling(best.dwelling_id) if best.dwelling_id else "sans logement connu"
    return Waterfall(
        names.person(best.tenant_id),
        where,
        _verdict(match, best),
        people,
        steps,
        tuple(grouped(best.evidence)),
        start + sum(step.points for step in steps),
        tuple(_not_the_second(match, names)),
    )


def grouped(evidence: Iterable[Evidence]) -> list[tuple[str, float]]:
    """Return what evidence about one thing comes to ("nom", +18.1), in points, the heaviest first.

    Args:
        evidence: a candidate's; what weighs nothing, such as a doubt, is of no group.
    """
    sums: dict[str, float] = {}
    for piece in evidence:
        family = EVIDENCE_GROUPS.get(piece.name.partition(".")[0])
        if family is not None and piece.weight:
            sums[family] = sums.get(family, 0.0) + piece.weight
    return sorted(sums.items(), key=lambda each: -abs(each[1]))


def percent(probability: float) -> str:
    """Return "97,4 %", and "plus de 99,9 %" or "moins de 0,1 %" where it is all but sure."""
    if probability >= _SURE:
        return "plus de 99,9 %"
    if probability < 1.0 - _SURE:
        return "moins de 0,1 %"
    return f"{probability * 100:.1f} %".replace(".", ",")


def points(value: float) -> str:
    """Return "+24,0" or "−4,2"."""
    return f"{value:+.1f}".replace("-", "\N{MINUS SIGN}").replace(".", ",")


def _verdict(match: Match, best: Candidate) -> str:
    chance = percent(best.probability)
    if match.tenant is not None:
        return f"retenu : {chance}"
    if match.dwelling is not None:
        return f"le logement est retenu, la personne non : {chance}"
    if match.residence is not None:
        return f"la résidence est retenue, la personne non : {chance}"
    return f"personne n'est retenu ; le plus probable : {chance}"


def _steps(candidate: Candidate, names: Names) -> Iterator[WaterfallStep]:
    shown = 0.0
    for piece in sorted(candidate.evidence, key=lambda piece: -abs(piece.weight)):
        shown += piece.weight
        if abs(piece.weight) >= _LEAST_SHOWN:
            yield WaterfallStep(match_evidence(piece.name), short(piece.seen), _against(piece, names), piece.weight)
    rest = candidate.score - shown
    if abs(rest) >= _LEAST_SHOWN:
        yield WaterfallStep(STANDING, "", "", rest)


def _against(piece: Evidence, names: Names) -> str:
    """Return what the words were held against, where that is not what they say already."""
    if piece.name == "place.caretaker" or not piece.detail or piece.detail == piece.seen:
        return ""
    if piece.name in _HELD_AGAINST:
        return f"habite : {short(piece.detail)}" if piece.weight < 0 else ""
    return f"connue pour {short(names.called(piece.detail))}" if piece.name.endswith(".household") else ""


def _not_the_second(match: Match, names: Names) -> Iterator[str]:
    best, *others = match.candidates
    yield from (f"Réserve : {DOUBTS[piece.name]}." for piece in best.evidence if piece.name in DOUBTS)
    nobody = max(0.0, 1.0 - sum(candidate.probability for candidate in match.candidates))
    if others and others[0].probability >= nobody and others[0].probability > _NEVER:
        second = others[0]
        yield f"Pourquoi pas {names.person(second.tenant_id)}, {percent(second.probability)} :"
        yield from _differences(best, second)
        return
    yield f"Que ce soit quelqu'un d'autre, ou personne du fichier : {percent(1.0 - best.probability)}."
    if others:
        yield f"Le suivant serait {names.person(others[0].tenant_id)}, {percent(others[0].probability)} :"
        yield from _differences(best, others[0])


def _differences(best: Candidate, second: Candidate) -> Iterator[str]:
    """Yield what makes the most of the difference, each kind of thing once."""
    ours, theirs = _by_kind(best.evidence), _by_kind(second.evidence)
    differences = {kind: _weight(ours.get(kind)) - _weight(theirs.get(kind)) for kind in (*ours, *theirs)}
    kinds = sorted(differences, key=lambda kind: -abs(differences[kind]))
    reasons = [kind for kind in kinds if abs(differences[kind]) >= _LEAST_DIFFERENCE][:_MOST_REASONS]
    for kind in reasons:
        yield f"\N{EN DASH} {_compared(ours.get(kind), theirs.get(kind))}"
    if not reasons:
        yield "rien ne les sépare dans ce message"


def _compared(one: Evidence | None, other: Evidence | None) -> str:
    """Return what one thing says of both: "signature « N. Roy » : +8,5 pour le premier, +2,2 pour l'autre"."""
    if one is not None and other is not None and (one.name, one.seen) == (other.name, other.seen):
        return f"{_worded(one)} pour le premier, {points(other.weight)} pour l'autre"
    return f"{_worded(one)} pour le premier ; {_worded(other)} pour l'autre"


def _worded(piece: Evidence | None) -> str:
    if piece is None:
        return "rien de tel"
    seen = f" « {short(piece.seen)} »" if piece.seen else ""
    return f"{match_evidence(piece.name)}{seen} : {points(piece.weight)}"


def _by_kind(pieces: Iterable[Evidence]) -> dict[str, Evidence]:
    """Return the heaviest piece of each kind: an address is one kind, be it their own or their household's."""
    found: dict[str, Evidence] = {}
    for piece in sorted(pieces, key=lambda piece: -piece.weight):
        family, _dot, detail = piece.name.partition(".")
        found.setdefault(f"place.{detail}" if family == "place" else family, piece)
    return found


def _weight(piece: Evidence | None) -> float:
    return piece.weight if piece is not None else 0.0


def short(text: str, longest: int = _SHORT) -> str:
    """Return a text as one line, printable, cut where it is long."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"{line[: longest - 1]}…" if len(line) > longest else line
