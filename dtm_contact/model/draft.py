"""What somebody is writing at the desk and has not sent yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Self


class DraftKind(StrEnum):
    """What a draft becomes: a case by hand, or an act of the verb of the same name on a case."""

    NEW = "new"
    REPLY = "reply"
    FORWARD = "forward"
    NOTE = "note"
    WAIT = "wait"
    DONE = "done"
    CALL_BACK = "call_back"
    MOVE = "move"
    REOPEN = "reopen"
    DANGER = "danger"
    NO_DANGER = "no_danger"
    PRIORITY = "priority"

    @property
    def is_letter(self) -> bool:
        """Whether it goes out to somebody, so that colleagues are told that it is being written."""
        return self in {DraftKind.REPLY, DraftKind.FORWARD}


@dataclass(frozen=True, slots=True)
class WritingPage:
    """From which page something is written, so that of two pages neither overwrites what stands in the other.

    Attributes:
        id: the page's own, new each time that it is shown; "" where none is known.
        begun: the page from which came what this one showed when it was opened; "" where it showed no draft.
        revision: of what it showed.
    """

    id: str = ""
    begun: str = ""
    revision: int = 0

    @classmethod
    def read(cls, mark: str) -> Self:
        """Return the page that a form's mark names; one that is not known where it is no mark."""
        own, begun, revision = (*mark.split("."), "", "")[:3]
        fit = len(mark) <= _LONGEST_MARK and revision.isdecimal()
        return cls(own, begun, int(revision)) if fit else cls()

    @property
    def mark(self) -> str:
        """What a form bears of it."""
        return f"{self.id}.{self.begun}.{self.revision}"

    @property
    def ids(self) -> tuple[str, ...]:
        """The page itself, and the one that it goes on from."""
        return tuple(filter(None, (self.id, self.begun)))


_LONGEST_MARK: Final = 100
UNKNOWN_PAGE: Final = WritingPage()


@dataclass(frozen=True, slots=True)
class DraftKey:
    """Which draft: those of one person, kind and case, of which each page that writes has its own.

    Attributes:
        account_id: whose.
        kind: what it becomes.
        about: the number of the case; of a case by hand the id that the page gave it.
        page: from which page it is written.
    """

    account_id: int
    kind: DraftKind
    about: str
    page: WritingPage = UNKNOWN_PAGE


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was last saved.

    Attributes:
        id: the store's own.
        key: which.
        fields: what stands in the form, by the fields' names.
        revision: grows with each save.
        saved_at: when that was.
        writing: the page that it was saved from.
    """

    id: int
    key: DraftKey
    fields: Mapping[str, str]
    revision: int
    saved_at: datetime
    writing: str = ""


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes to the tenant at this moment.

    Attributes:
        number, queue: the case.
        account_id, shown_as: who, and what colleagues read.
    """

    number: str
    queue: str
    account_id: int
    shown_as: str
