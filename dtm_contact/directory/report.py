"""What is wrong with one file of the export, gathered so that all of it is reported at once, without personal data."""

import re
from collections.abc import Callable, Iterable
from itertools import takewhile

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from dtm_contact.model import Problem, Severity

# Of each severity; beyond this nobody reads on, and the first thousand already show what is wrong.
MAX_LISTED = 1_000

# A look through all identifiers of a file costs a millisecond or two.
_MAX_SUGGESTIONS = 100
_MAX_NEAREST = 3

_MAX_SHOWN = 40
_HARMLESS = re.compile(r"[A-Z]{1,3}[0-9]{1,9}|[0-9]{1,4}([-/.])[0-9]{1,2}\1[0-9]{1,4}", re.IGNORECASE)

Place = tuple[int, int]


class Report:
    """The problems of one file, in the order in which they are found."""

    def __init__(self, file: str, *, personal: bool = False) -> None:
        """Begin with none; `personal`: the file holds people, and a cell may hold what its column does not say."""
        self.file = file
        self._personal = personal
        self._listed: dict[Severity, list[Problem]] = {severity: [] for severity in Severity}
        self._unlisted = dict.fromkeys(Severity, 0)
        self._suggestions = 0

    def add(self, severity: Severity, place: Callable[[], Place] | Place, message: str, hint: str = "") -> None:
        """Note a problem; `place` is its line and column, or finds them, which is done only if it will be listed."""
        if not self.has_room(severity):
            self._unlisted[severity] += 1
            return
        line, column = place() if callable(place) else place
        self._listed[severity].append(Problem(self.file, line, column, message, hint, severity))

    def has_room(self, severity: Severity) -> bool:
        """Return whether one more problem of this severity will be listed."""
        return len(self._listed[severity]) < MAX_LISTED

    @property
    def has_errors(self) -> bool:
        """Whether any error was noted."""
        return bool(self._listed[Severity.ERROR])

    def problems(self) -> tuple[Problem, ...]:
        """Return what was noted in the order of the file, and at the end how many more there are."""
        listed = [problem for problems in self._listed.values() for problem in problems]
        listed.sort(key=lambda problem: (problem.line, problem.column))
        more = (
            Problem(self.file, 0, 0, f"{count:,} more of this file are not listed", severity=severity)
            for severity, count in self._unlisted.items()
            if count
        )
        return (*listed, *more)

    def shown(self, value: str) -> str:
        """Return ` value` as it may stand in a message; empty where it could be a person's name, number or address.

        A comma too many moves a name into the column of an identifier, so in a file of people only what has the
        shape of an identifier or of a date is shown.
        """
        return "" if self._personal and not is_harmless(value) else f" {quoted(value)}"

    def suggestion(self, value: str, allowed: Iterable[str]) -> str:
        """Return what the module's `suggestion` does, for the first hundred times that this report is asked."""
        if self._suggestions >= _MAX_SUGGESTIONS:
            return ""
        self._suggestions += 1
        return suggestion(value, allowed)


def is_harmless(value: str) -> bool:
    """Return whether a value has the shape of an identifier or of a date, and so is no name, number or address."""
    return _HARMLESS.fullmatch(value) is not None


def quoted(value: str) -> str:
    """Return a value in quotes, on one line and not longer than a message bears."""
    return repr(value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "…")


def suggestion(value: str, allowed: Iterable[str]) -> str:
    """Return which of `allowed` are nearest to `value`, at most two slips away; an empty text where none is.

    A slip is a character too many, missing, taken for another, or swapped with the next (optimal string alignment).
    """
    if len(value) > _MAX_SHOWN:
        return ""
    slips = 2 if len(value) > len("R001") else 1
    near = extract(value, tuple(allowed), scorer=OSA.distance, score_cutoff=slips, limit=_MAX_NEAREST + 1)
    nearest = [repr(found) for found, _, _ in takewhile(lambda found: found[1] == near[0][1], near)]
    if len(nearest) > 1:
        more = ", …" if len(nearest) > _MAX_NEAREST else ""
        return "the nearest are " + ", ".join(nearest[:_MAX_NEAREST]) + more
    return f"did you mean {nearest[0]}?" if nearest else ""
