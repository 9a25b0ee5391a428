"""What is wrong with a file that people edit, told so that they can mend it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from dtm_contact.wording import Translatable, worded


class Severity(StrEnum):
    """An error keeps a file from taking effect; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in one place.

    Attributes:
        file: the file's name, relative to the folder that was read.
        line, column: from 1; 0 where the fault is of the whole file.
        message: what is wrong, without a person's data.
        hint: what would be right; may be empty.
        severity: error or warning.
    """

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR

    @property
    def wording(self) -> Translatable:
        """`file:line:column: severity: message (hint)`, the form that editors and CI understand."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        said = worded("{message} ({hint})", message=self.message, hint=self.hint) if self.hint else self.message
        if self.severity is Severity.ERROR:
            return worded("{place}: error: {message}", place=place, message=said)
        return worded("{place}: warning: {message}", place=place, message=said)

    def __str__(self) -> str:
        """Return it in English."""
        return str.__str__(self.wording)


def errors_first(problems: Iterable[Problem]) -> list[Problem]:
    """Return the errors, then the warnings, each in the order given: what must be mended is read first."""
    return sorted(problems, key=lambda problem: problem.severity is not Severity.ERROR)
