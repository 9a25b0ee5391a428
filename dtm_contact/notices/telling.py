"""What is told of an alarm: as a mail's subject and text, and as JSON."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from dtm_contact.alarms import cause_of
from dtm_contact.notices.episodes import Episode, NoticeState

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
    """One word to the admins.

    Attributes:
        state: what it says.
        episode: the alarm.
        host, daemon: where.
        at: when it is told, on the offices' wall clock.
    """

    state: NoticeState
    episode: Episode
    host: str
    daemon: str
    at: datetime

    @property
    def subject(self) -> str:
        """The subject: state, cause, where, and the beginning of the sentence."""
        told = " ".join(self.episode.told.split())
        line = f"[dtm-contact] {_WORDS[self.state]} {self.episode.cause} ({self.daemon} on {self.host}): {told}"
        return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1]}…"

    @property
    def text(self) -> str:
        """The whole of it, in lines."""
        episode, cause = self.episode, cause_of(self.episode.cause)
        rows = [("Cause", episode.cause), ("Daemon", f"{self.daemon}, on the host {self.host}"), *self._times()]
        if self.state is NoticeState.OVER:
            said = f"It is over: {episode.cause}. It was: {episode.told}"
            after = ""
        else:
            said = episode.told
            after = f"\nWhat it means: {cause.meaning}\n\nWhat to do: {cause.remedy}\n"
        told = "".join(f"{name + ':':<9}{value}\n" for name, value in rows)
        return f"{said}\n\n{told}{after}\nAll causes: docs/alarms.md. This mail was written by a program.\n"

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
        if episode.told_at is None and self.at - episode.since > timedelta(minutes=1):
            rows.append(("Late", "nobody could be told before"))
        elif episode.told_at is not None:
            rows.append(("Told", f"{episode.tellings} times before, last at {_clock(episode.told_at, zone)}"))
        return rows

    @property
    def json(self) -> bytes:
        """The same for programs: one object, UTF-8, ASCII only."""
        episode, cause = self.episode, cause_of(self.episode.cause)
        told = {
            "state": self.state.value,
            "cause": episode.cause,
            "told": episode.told,
            "meaning": cause.meaning,
            "remedy": cause.remedy,
            "ill": cause.ill,
            "host": self.host,
            "daemon": self.daemon,
            "at": self.at.isoformat(timespec="seconds"),
            "since": episode.since.isoformat(timespec="seconds"),
            "ended": episode.ended.isoformat(timespec="seconds") if episode.ended else None,
            "returns": episode.returns,
            "tellings": episode.tellings,
            "subject": self.subject,
        }
        return json.dumps(told).encode("ascii")


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
