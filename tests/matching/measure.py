"""Holding matches against the truth of made messages."""

from collections import Counter
from collections.abc import Iterable

from dtm_contact.matching import MatchIndex, match
from dtm_contact.model import Match, NoHistory
from tests.matching.letters import ON, Letter


class Score:
    """Counts of what was named right and wrong, by kind of message."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str]] = Counter()
        self.faults: list[tuple[str, Letter, Match]] = []

    def add(self, letter: Letter, found: Match) -> None:
        self.counts[letter.kind, "all"] += 1
        for what in ("tenant", "dwelling", "residence"):
            truth, said = getattr(letter, what), getattr(found, what)
            outcome = "none" if said is None else "right" if said.id == truth else "wrong"
            self.counts[letter.kind, f"{what}:{outcome}"] += 1
            if truth is not None:
                self.counts[letter.kind, f"{what}:truth"] += 1
            if outcome == "wrong":
                self.faults.append((what, letter, found))

    def total(self, key: str) -> int:
        return sum(count for (_kind, name), count in self.counts.items() if name == key)

    def precision(self, what: str) -> float:
        right, wrong = self.total(f"{what}:right"), self.total(f"{what}:wrong")
        return right / (right + wrong) if right + wrong else 1.0

    def recall(self, what: str) -> float:
        return self.total(f"{what}:right") / (self.total(f"{what}:truth") or 1)

    def table(self) -> str:
        kinds = sorted({kind for kind, _name in self.counts})
        lines = []
        for kind in kinds:
            cells = [f"{kind:10} {self.counts[kind, 'all']:5}"]
            cells.extend(
                " ".join(f"{self.counts[kind, f'{what}:{outcome}']:5}" for outcome in ("right", "wrong", "none"))
                for what in ("tenant", "dwelling", "residence")
            )
            lines.append(" | ".join(cells))
        return "\n".join(lines)


def measure(letters: Iterable[Letter], index: MatchIndex) -> Score:
    """Match every message and count."""
    score = Score()
    for letter in letters:
        score.add(letter, match(letter.contact, ON, index, NoHistory()))
    return score
