"""One alarm from its beginning until its end has been told: what of it is to be told when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime


class NoticeState(StrEnum):
    """What a telling says of an alarm."""

    SOUNDS = "sounds"
    """It is new to the admins."""
    LASTS = "lasts"
    """It was told before, and lasts."""
    OVER = "over"
    HAPPENED = "happened"
    """No state, but something that happened."""


@dataclass(slots=True)
class Episode:
    """One alarm.

    Attributes:
        cause: its word.
        told: what is wrong, in a sentence; the latest where it changed.
        since: when it began.
        lasts: it is a state; else something that happened.
        ended: when it ended last; None while it lasts.
        returns: how often it came back before its end was told.
        told_at: when the admins heard of it last; None: never.
        tellings: how often they did.
    """

    cause: str
    told: str
    since: AwareDatetime
    lasts: bool = True
    ended: AwareDatetime | None = None
    returns: int = 0
    told_at: AwareDatetime | None = None
    tellings: int = 0

    def wanted(self, now: datetime, settle: timedelta, repeat: timedelta) -> NoticeState | None:
        """Return what is to be told of it now; None where nothing is.

        Args:
            now: the time, aware.
            settle: for how long it must be gone to be over.
            repeat: after how long it is told again while it lasts; zero: never.
        """
        if not self.lasts:
            return NoticeState.HAPPENED
        if self.ended is not None and not timedelta() <= now - self.ended < settle:
            return NoticeState.OVER
        if self.told_at is None:
            return NoticeState.SOUNDS
        # A clock that was set back must not keep it silent for longer.
        if self.ended is None and repeat and not timedelta() <= now - self.told_at < repeat:
            return NoticeState.LASTS
        return None

    def is_new(self) -> bool:
        """Return whether nobody has heard of it."""
        return self.told_at is None

    def again(self, told: str) -> None:
        """Note that it sounds, with a sentence: it may have been gone for a moment, or have changed."""
        self.told = told
        if self.ended is not None:
            self.ended = None
            self.returns += 1

    def heard(self, at: datetime) -> None:
        """Note that the admins have heard of it."""
        self.told_at = at
        self.tellings += 1
