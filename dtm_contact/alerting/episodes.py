"""One alarm from its beginning until the admins know its end: which notice of it is due when, and in which words."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AwareDatetime, Field

from dtm_contact.alarms import cause_of


class NoticeState(StrEnum):
    """What a notice says of an alarm."""

    SOUNDS = "sounds"
    """It is new to the admins."""
    LASTS = "lasts"
    """They know of it, and it lasts."""
    OVER = "over"
    HAPPENED = "happened"
    """No state, but something that happened."""


@dataclass(slots=True)
class Episode:
    """One alarm, and the shape in which it is kept on disk, under the names that earlier versions gave.

    Attributes:
        cause: its word.
        sentence: what is wrong; the latest where it changed.
        since: when it began.
        lasts: it is a state; else something that happened.
        ended: when it ended last; None while it lasts.
        returns: how often it came back before they knew its end.
        notified_at: when the admins were notified last; None: never.
        notifications: how often they were.
    """

    cause: str
    sentence: Annotated[str, Field(alias="told")]
    since: AwareDatetime
    lasts: bool = True
    ended: AwareDatetime | None = None
    returns: int = 0
    notified_at: Annotated[AwareDatetime | None, Field(alias="told_at")] = None
    notifications: Annotated[int, Field(alias="tellings")] = 0

    def wanted(self, now: datetime, settle: timedelta, repeat: timedelta) -> NoticeState | None:
        """Return which notice of it is due now; None where none is.

        Args:
            now: the time, aware.
            settle: for how long it must be gone to be over.
            repeat: after how long they are notified again while it lasts; zero: never.
        """
        if not self.lasts:
            return NoticeState.HAPPENED
        if self.ended is not None and not timedelta() <= now - self.ended < settle:
            return NoticeState.OVER
        if self.notified_at is None:
            return NoticeState.SOUNDS
        # A clock that was set back must not keep it silent for longer.
        if self.ended is None and repeat and not timedelta() <= now - self.notified_at < repeat:
            return NoticeState.LASTS
        return None

    def is_new(self) -> bool:
        """Return whether nobody has heard of it."""
        return self.notified_at is None

    def sound_again(self, sentence: str) -> None:
        """Note that it sounds, with a sentence: it may have been gone for a moment, or have changed."""
        self.sentence = sentence
        if self.ended is not None:
            self.ended = None
            self.returns += 1

    def heard(self, at: datetime) -> None:
        """Note that the admins have heard of it."""
        self.notified_at = at
        self.notifications += 1


_LONGEST_SUBJECT: Final = 150
_WORDS: Final = {
    NoticeState.SOUNDS: "ALARM",
    NoticeState.LASTS: "STILL",
    NoticeState.OVER: "OVER",
    NoticeState.HAPPENED: "ALARM",
}
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


@dataclass(frozen=True, slots=True)
class AlarmNotice:
    """One message to the admins about an alarm.

    Attributes:
        state: whether the alarm began, still lasts, is over, or was a single event.
        episode: the alarm.
        host, daemon: the machine and the daemon that raised it.
        at: when it is sent, on the offices' wall clock.
    """

    state: NoticeState
    episode: Episode
    host: str
    daemon: str
    at: datetime

    @property
    def subject(self) -> str:
        """The subject: state, cause, where, and the beginning of the sentence."""
        sentence = " ".join(self.episode.sentence.split())
        line = f"[dtm-contact] {_WORDS[self.state]} {self.episode.cause} ({self.daemon} on {self.host}): {sentence}"
        return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1]}…"

    @property
    def text(self) -> str:
        """The whole of it, in lines."""
        episode, cause = self.episode, cause_of(self.episode.cause)
        rows = [("Cause", episode.cause), ("Daemon", f"{self.daemon}, on the host {self.host}"), *self._times()]
        if self.state is NoticeState.OVER:
            said = f"It is over: {episode.cause}. It was: {episode.sentence}"
            after = ""
        else:
            said = episode.sentence
            after = f"\nWhat it means: {cause.meaning}\n\nWhat to do: {cause.remedy}\n"
        table = "".join(f"{name + ':':<9}{value}\n" for name, value in rows)
        return f"{said}\n\n{table}{after}\nAll causes: docs/alarms.md. This mail was written by a program.\n"

    def _times(self) -> list[tuple[str, str]]:
        episode, zone = self.episode, self.at.tzinfo
        if self.state is NoticeState.HAPPENED:
            return [("At", _clock(episode.since, zone))]
        until = episode.ended or self.at
        rows = [("Since", f"{_clock(episode.since, zone)} ({_span(until - episode.since)})")]
        if episode.ended is not None:
            rows.append(("Ended", _clock(episode.ended, zone)))
        if episode.returns:
            rows.append(("Came back", f" {episode.returns} times within a short time of its end"))
        if episode.notified_at is None and self.at - episode.since > timedelta(minutes=1):
            rows.append(("Late", "nobody could be told before"))
        elif episode.notified_at is not None:
            rows.append(("Told", f"{episode.notifications} times before, last at {_clock(episode.notified_at, zone)}"))
        return rows

    @property
    def json(self) -> bytes:
        """The same for programs: one object, UTF-8, ASCII only."""
        episode, cause = self.episode, cause_of(self.episode.cause)
        content = {
            "state": self.state.value,
            "cause": episode.cause,
            "told": episode.sentence,
            "meaning": cause.meaning,
            "remedy": cause.remedy,
            "ill": cause.ill,
            "host": self.host,
            "daemon": self.daemon,
            "at": self.at.isoformat(timespec="seconds"),
            "since": episode.since.isoformat(timespec="seconds"),
            "ended": episode.ended.isoformat(timespec="seconds") if episode.ended else None,
            "returns": episode.returns,
            "tellings": episode.notifications,
            "subject": self.subject,
        }
        return json.dumps(content).encode("ascii")


def _clock(at: datetime, zone: tzinfo | None) -> str:
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02d} min"
    return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h"
