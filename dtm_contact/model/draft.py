"""What somebody is writing at the desk and has not sent yet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class DraftKind(StrEnum):
    """What a draft becomes: a case by hand, or an act of the verb of the same name on a case."""

    NEW = "new"
    REPLY = "reply"
    FORWARD = "forward"
    NOTE = "note"
    WAIT = "wait"
    DONE = "done"
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
class DraftKey:
    """Which draft: one a person, kind and case.

    Attributes:
        account_id: whose.
        kind: what it becomes.
        about: the number of the case; of a case by hand the id that the page gave it.
    """

    account_id: int
    kind: DraftKind
    about: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft as it was last saved.

    Attributes:
        id: the store's own.
        key: which.
        fields: what stands in the form, by the fields' names.
        revision: grows with each save.
        saved_at: when that was.
    """

    id: int
    key: DraftKey
    fields: Mapping[str, str]
    revision: int
    saved_at: datetime


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
