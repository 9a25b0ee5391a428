"""Notifies the admins of what the alarms say: each new one at once, one that lasts now and then, and its end once."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from dtm_contact import metrics
from dtm_contact.alerting.episodes import AlarmNotice, Episode, NoticeState
from dtm_contact.alerting.kept import Kept, kept_in
from dtm_contact.alerting.notifiers import NoticeFailedError, Notifier, notifiers_of
from dtm_contact.background import beside
from dtm_contact.log import get_log
from dtm_contact.settings import Settings

_FIRST_PAUSE: Final = timedelta(seconds=10)
_GROWTH: Final = 2
_LOOK_SECONDS: Final = 10.0
_STOP_SECONDS: Final = 5.0
_MOST_KEPT: Final = 200
_UNHEARD: Final = timedelta(minutes=10)
_log = get_log("alarm")


class Announcer:
    """Hears of alarms (`alarms.Listener`) and sends them by the first way that works; no trouble ends it.

    What cannot be sent is kept, on disk as well, and sent later, after pauses that grow. An alarm that is new is tried
    at once all the same. One that ends and comes back within the time to settle is the same alarm.
    """

    def __init__(self, settings: Settings, ways: Sequence[Notifier], kept: Kept, clock: Callable[[], datetime]) -> None:
        """Begin with what was kept: an alarm of before the restart is over, unless it sounds again while it settles.

        Args:
            settings: this daemon's name, how long alarms settle, how often they repeat.
            ways: by which the admins are notified, in the order in which they are tried.
            kept: where alarms outlast a restart.
            clock: the time, aware.
        """
        self._settings = settings
        self._ways = ways
        self._kept = kept
        self._clock = clock
        self._host = socket.gethostname()
        self._lock = threading.Lock()
        now = clock()
        self._episodes = kept.load() if ways else []
        for episode in self._episodes:
            if episode.lasts and episode.ended is None:
                episode.ended = now
        self._saved = True
        self._pause = _FIRST_PAUSE
        self._not_before: datetime | None = None
        self._new = True
        self._wake: Callable[[], None] = lambda: None
        if not ways:
            _log.warning("nobody is told of alarms: DTM_ALARM_RECIPIENTS, _WEBHOOK and _COMMAND name nobody")

    def sounds(self, cause: str, sentence: str) -> None:
        """Begin an episode of a cause of alarm, or add to the one that lasts; see `Alarms`."""
        with self._lock:
            lasting = self._lasting(cause)
            if lasting is None:
                self._add(Episode(cause, sentence, self._clock()))
            else:
                lasting.sound_again(sentence)
            self._saved = False
        self._wake()

    def ends(self, cause: str) -> None:
        """Hear that what lasted is over."""
        with self._lock:
            lasting = self._lasting(cause)
            if lasting is not None and lasting.ended is None:
                lasting.ended = self._clock()
                # What was wrong may be what kept it from being sent: a mail server that is back.
                self._new = self._new or lasting.is_new()
                self._saved = False
        self._wake()

    def happened(self, cause: str, sentence: str) -> None:
        """Hear that something happened."""
        with self._lock:
            self._add(Episode(cause, sentence, self._clock(), lasts=False))
            self._saved = False
        self._wake()

    def unheard(self) -> str | None:
        """Return how many alarms could be sent by no way for some minutes; None where there is none."""
        now = self._clock()
        with self._lock:
            late = [each for each in self._episodes if each.is_new() and now - each.since > _UNHEARD]
        return f"{len(late)} alarms could be told to nobody, the first {late[0].cause}" if late and self._ways else None

    async def run(self) -> None:
        """Send notices until cancelled."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: _from_any_thread(loop, woken)
        while True:
            woken.clear()
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001 - an announcer that ended would be missed by nobody
                _log.warning("telling of alarms fails", error=type(error).__name__)
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await woken.wait()
            except TimeoutError:
                continue

    async def stop(self) -> None:
        """Send what is new, as far as that is quickly done, and keep the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await self.tick()
        await self._save()

    async def tick(self) -> None:
        """Send the alarms that are due, and save their state."""
        if not self._ways:
            with self._lock:
                self._episodes.clear()
            return
        now = self._clock()
        if self._new or self._not_before is None or now >= self._not_before:
            self._new = False
            await self._save()
            await self._send_due(now)
        await self._save()
        with self._lock:
            metrics.ALARMS_UNSENT.set(sum(each.is_new() for each in self._episodes))

    async def _send_due(self, now: datetime) -> None:
        alarm = self._settings.alarm
        settle, repeat = timedelta(seconds=alarm.settle_seconds), timedelta(hours=alarm.repeat_hours)
        with self._lock:
            wanted = [(each, state) for each in self._episodes if (state := each.wanted(now, settle, repeat))]
        working = list(self._ways)
        for episode, state in wanted:
            if not await self._send(self._notice(state, episode, now), working):
                self._not_before = now + self._pause
                self._pause = min(self._pause * _GROWTH, timedelta(seconds=alarm.longest_pause))
                return
            self._heard(episode, state, now)
        if wanted:
            self._not_before, self._pause = None, _FIRST_PAUSE

    async def announce(self, episode: Episode) -> bool:
        """Notify of something that happened by the first way that works, and keep nothing; return whether one did."""
        return await self._send(self._notice(NoticeState.HAPPENED, episode, self._clock()), list(self._ways))

    def _notice(self, state: NoticeState, episode: Episode, now: datetime) -> AlarmNotice:
        # A copy: while it is sent the alarm may end.
        return AlarmNotice(
            state, replace(episode), self._host, self._settings.name, now.astimezone(self._settings.zone)
        )

    async def _send(self, notice: AlarmNotice, working: list[Notifier]) -> bool:
        """Send by the first way that works; one that does not is not tried again in this round."""
        while working:
            way = working[0]
            try:
                await way.send(notice)
            except NoticeFailedError as error:
                metrics.ALARM_TELLINGS.labels(way.name, "failed").inc()
                _log.warning("the admins could not be told", way=way.name, cause=notice.episode.cause, why=str(error))
                working.pop(0)
            else:
                metrics.ALARM_TELLINGS.labels(way.name, "told").inc()
                _log.info("told", way=way.name, cause=notice.episode.cause, state=notice.state.value)
                return True
        return False

    def _heard(self, episode: Episode, state: NoticeState, now: datetime) -> None:
        with self._lock:
            self._saved = False
            episode.heard(now)
            if not episode.lasts or (state is NoticeState.OVER and episode.ended is not None):
                self._episodes.remove(episode)
            elif state is NoticeState.OVER:
                # It came back while its end was sent: to the admins it is new.
                episode.notified_at, self._new = None, True

    async def _save(self) -> None:
        with self._lock:
            if self._saved:
                return
            self._saved = True
            copy = list(self._episodes)
        if not await asyncio.to_thread(self._kept.save, copy):
            self._saved = False

    def _lasting(self, cause: str) -> Episode | None:
        return next((each for each in self._episodes if each.cause == cause and each.lasts), None)

    def _add(self, episode: Episode) -> None:
        self._new = True
        self._episodes.append(episode)
        if len(self._episodes) > _MOST_KEPT:
            # What happened can be read in the log; states are sent in any case.
            oldest = next((each for each in self._episodes if not each.lasts), None)
            if oldest is not None:
                self._episodes.remove(oldest)


def _from_any_thread(loop: asyncio.AbstractEventLoop, woken: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(woken.set)


@asynccontextmanager
async def announcing(announcer: Announcer) -> AsyncIterator[Announcer]:
    """Send notices until the block ends; what is new then is tried once more, and kept if that fails."""
    try:
        async with beside(announcer.run(), "announcer"):
            yield announcer
    finally:
        await announcer.stop()


async def announce_lasting(settings: Settings, cause: str, sentence: str, now: datetime) -> None:
    """Notify of what lasts from a process that ends now; once however often it is started again.

    Where nothing can be kept over a restart nobody is notified: it would be once for each.

    Args:
        settings: who is notified, and where that is kept.
        cause: a word for it, one of `alarms.CAUSES`.
        sentence: what is wrong, without a person's data.
        now: the time, aware.
    """
    kept, ways = kept_in(settings), notifiers_of(settings.alarm)
    if ways and kept.keeps() and kept.save(kept.load()):
        announcer = Announcer(settings, ways, kept, lambda: now)
        announcer.sounds(cause, sentence)
        await announcer.stop()


async def announce_once(settings: Settings, ways: Sequence[Notifier], cause: str, sentence: str, now: datetime) -> bool:
    """Notify of something that happened, now, by the first way that works; return whether one did.

    Args:
        settings: where it happened.
        ways: by which the admins are notified, in the order in which they are tried.
        cause: a word for it, one of `alarms.CAUSES`.
        sentence: what happened, without a person's data.
        now: when, aware.
    """
    return await Announcer(settings, ways, Kept(None), lambda: now).announce(Episode(cause, sentence, now, lasts=False))
