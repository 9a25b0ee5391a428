"""What became of a call, as the switchboard's log tells it, and the call-back that it opens, joins or closes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of a call (the decision's contract); the order is that in which they are tried."""

    OTHER_DID = "other_did"
    OUTBOUND_ANSWERED = "outbound_answered"
    OUTBOUND_UNANSWERED = "outbound_unanswered"
    INTERNAL = "internal"
    TRANSFER_UNANSWERED = "transfer_unanswered"
    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    TIMEOUT = "timeout"
    OUT_OF_HOURS = "out_of_hours"
    BEFORE_ANSWER = "before_answer"

    @property
    def needs_call_back(self) -> bool:
        """Whether the caller is still waiting to speak to somebody."""
        return self in _NEED_CALL_BACK

    @property
    def spoke(self) -> bool:
        """Whether the two of them spoke, so that an open call-back is done."""
        return self in {Outcome.ANSWERED, Outcome.OUTBOUND_ANSWERED}


_NEED_CALL_BACK = frozenset(
    {
        Outcome.TRANSFER_UNANSWERED,
        Outcome.VOICEMAIL,
        Outcome.ABANDONED,
        Outcome.TIMEOUT,
        Outcome.OUT_OF_HOURS,
        Outcome.BEFORE_ANSWER,
    }
)


@dataclass(frozen=True, slots=True)
class CallBack:
    """An open call-back: somebody who called, spoke to nobody, and is to be called.

    Attributes:
        opened_by: the id of the call that opened it.
        party: whose it is: `household:<dwelling>`, `number:<phone key>` or `call:<id>` for a withheld caller.
        count: the calls in it so far.
        recent: when the latest of them began, oldest first; the last `RECENT_KEPT` of them.
    """

    opened_by: str
    party: str
    count: int
    recent: tuple[datetime, ...] = ()


RECENT_KEPT = 20
"""Calls of one call-back whose times are kept."""


class CallBacks(Protocol):
    """The question about call-backs that judging a call may ask."""

    def open_call_back(self, party: str) -> CallBack | None:
        """Return the open call-back of a party, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as told from all its records.

    Attributes:
        id: the linkedid, or what stands in its place where the log has none.
        outcome: what became of it.
        started_at, ended_at: when its first leg began and its last one ended; aware.
        number: the other side's number in national form, as in the directory; None where withheld or internal.
        key: the same as the key of its subscriber; None likewise.
        withheld: the caller kept their number to themselves.
        name: what the network gave as the caller's name; anybody can send any.
    """

    id: str
    outcome: Outcome
    started_at: datetime
    ended_at: datetime
    number: str | None = None
    key: str | None = None
    withheld: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class CallBackState:
    """Where a call stands among the call-backs.

    Attributes:
        party: whose call it is; None where it concerns no call-back (internal, another number of the house).
        joins: the call that opened the call-back which this call joins.
        closes: the call that opened the call-back which this call closes.
        count: the calls in that call-back so far; this one included, unless it closes it. None where there is none.
        recent: when the latest of them began, oldest first.
        automated: it comes from a number of the ranges for automated calls, which nobody has to call.
    """

    party: str | None = None
    joins: str | None = None
    closes: str | None = None
    count: int | None = None
    recent: tuple[datetime, ...] = ()
    automated: bool = False
