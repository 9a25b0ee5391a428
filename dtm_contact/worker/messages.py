"""What the daemon and a judge process say to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dtm_contact.model import Arrival, Judgement
from dtm_contact.store import Glance


@dataclass(frozen=True, slots=True)
class Ready:
    """The process has its directory and rules and waits for arrivals."""


@dataclass(frozen=True, slots=True)
class Task:
    """Judge this arrival as of `now`; `as_case` where a person said that it is one."""

    arrival: Arrival
    now: datetime
    as_case: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Say how likely each of these arrivals is to tell of danger; answered by `Looked`."""

    glances: tuple[Glance, ...]

    @property
    def octets(self) -> int:
        """How many octets there are to look at."""
        return sum(len(glance.head) for glance in self.glances)


@dataclass(frozen=True, slots=True)
class Looked:
    """The score of danger of each arrival, from 0 to 1,000, by its number."""

    scores: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class TakeUp:
    """Judge by the rules of this folder from now on; answered by `Ready`, or by `Refused`: then the old ones stay."""

    folder: Path


@dataclass(frozen=True, slots=True)
class Judged:
    """What was judged."""

    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Refused:
    """The arrival could not be judged.

    Attributes:
        reason: the error's class and where it was raised, without a person's data.
        retry: whether another attempt may do better.
        worn: a bound was hit on the way, so that the process is not to be trusted with another arrival.
    """

    reason: str
    retry: bool
    worn: bool = False

    @property
    def name(self) -> str:
        """The error's class alone."""
        return self.reason.split(" ", 1)[0]


Answer = Ready | Judged | Looked | Refused
