"""What is wrong in a log: each fault told with its place, the first of a kind in full, all of them counted."""

from collections import Counter
from dataclasses import dataclass, field

from dtm_contact.model import Problem, Severity

SHOWN_OF_A_KIND = 10
"""Faults of one kind that are told one by one; a log may hold a million of them."""


@dataclass(slots=True)
class Faults:
    """The faults found in log files.

    Attributes:
        counts: how many of each kind.
    """

    counts: Counter[str] = field(default_factory=Counter)
    _taken: Counter[str] = field(default_factory=Counter)
    _told: list[Problem] = field(default_factory=list)
    _files: dict[str, str] = field(default_factory=dict)

    def add(self, problem: Problem, kind: str = "") -> None:
        """Count a fault, and keep it where few of its kind were told; `kind` is its message unless given."""
        kind = kind or problem.message
        self.counts[kind] += 1
        self._files.setdefault(kind, problem.file)
        if self.counts[kind] <= SHOWN_OF_A_KIND:
            self._told.append(problem)

    def problems(self) -> tuple[Problem, ...]:
        """Return the faults kept, in the order found, then how many more there are of each kind."""
        more = (
            Problem(self._files[kind], 0, 0, f"{count - SHOWN_OF_A_KIND} more of: {kind}", severity=Severity.WARNING)
            for kind, count in self.counts.items()
            if count > SHOWN_OF_A_KIND
        )
        return (*self._told, *more)

    def take(self, *, anew: bool = False) -> tuple[tuple[Problem, ...], Counter[str]]:
        """Return the faults kept since the last time, and how many of each kind were found since: for endless logs.

        Args:
            anew: return too how many more there were of each kind, and tell the next ones of it in full again.
        """
        problems = self.problems() if anew else tuple(self._told)
        since = self.counts - self._taken
        self._told.clear()
        self._taken = Counter() if anew else Counter(self.counts)
        if anew:
            self.counts.clear()
        return problems, since

    @property
    def total(self) -> int:
        """How many faults there were."""
        return self.counts.total()
