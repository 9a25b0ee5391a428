"""What happens to cases and who writes in them, sent to the pages that are open: one poll for all of them.

A page that hears nothing for longer than a beat knows that it is cut off; a beat says, too, whether the daemon answers.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from typing import Final

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.model import AlarmLevel, Writer
from dtm_contact.store import Store
from dtm_contact.store.drafts import names_of
from dtm_contact.store.listening import WRITING, ChangeListener

_log = get_log("desk")
_POLL_SECONDS = 0.2
BEAT_SECONDS: Final = 2.0
"""So often each page hears that it is not cut off."""
_PULSE_SECONDS = 1.0
ENDED: Final = "event: ended\ndata: 1\n\n"
"""What a page is sent last whose session has ended."""
_MOST_SENT = 200
_MOST_WAITING = 100


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to a case."""

    event_id: int
    what: str
    who: str
    number: str
    queue: str
    priority: str
    alarm: AlarmLevel = AlarmLevel.NONE

    @property
    def is_dangerous(self) -> bool:
        """Whether somebody is in danger, or may be."""
        return self.priority == "P1" or self.alarm is not AlarmLevel.NONE


@dataclass(frozen=True, slots=True)
class WritersChanged:
    """Who writes in one case by now; nobody where `who` is empty."""

    number: str
    who: tuple[str, ...]


class EventStream:
    """One open page; belongs to the event loop of the process."""

    def __init__(
        self,
        queues: Collection[str],
        since: int,
        account_id: int = 0,
        is_well: Callable[[], bool] = lambda: True,
        called: Callable[[str], str] = str,
        account: str = "",
    ) -> None:
        """Take what it may hear of.

        Args:
            queues: the queues that it may hear of.
            since: the latest event that the page shows already.
            account_id: whose page it is: that they write is not told to themselves.
            called: the name that colleagues read for who did something; "" for the program itself.
            account: the name of the account whose page it is: what they did is not told to them as news.
            is_well: tells whether the daemon answers and the store can be read.
        """
        self._account = account
        self._called = called
        self.queues = frozenset(queues)
        self.since = since
        self.account_id = account_id
        self._is_well = is_well
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[tuple[CaseEvent, ...] | WritersChanged] = asyncio.Queue(maxsize=_MOST_WAITING)
        self._is_behind = False

    def send(self, events: tuple[CaseEvent, ...]) -> None:
        """Send events from another thread; the stream of a page that does not keep up ends."""
        mine = tuple(event for event in events if event.event_id > self.since and event.queue in self.queues)
        if mine:
            self._loop.call_soon_threadsafe(self._put, mine)

    def send_writers(self, number: str, queue: str, writing: Collection[Writer]) -> None:
        """Send from another thread who writes in a case by now."""
        if queue in self.queues:
            who = tuple(names_of(writing, number, self.account_id))
            self._loop.call_soon_threadsafe(self._put, WritersChanged(number, who))

    def _put(self, mine: tuple[CaseEvent, ...] | WritersChanged) -> None:
        if self._waiting.full():
            self._is_behind = True
        else:
            self._waiting.put_nowait(mine)

    async def lines(self) -> AsyncIterator[str]:
        """Yield server-sent events: what happened in the queues, who writes, and a beat where nothing is to be told.

        They end where the page did not keep up: it connects again, and asks for what it lacks.
        """
        yield f"retry: 2000\nevent: beat\ndata: {int(self._is_well())}\n\n"
        while not self._is_behind:
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    mine = await self._waiting.get()
            except TimeoutError:
                yield f"event: beat\ndata: {int(self._is_well())}\n\n"
                continue
            if isinstance(mine, WritersChanged):
                yield f"event: writing\ndata: {json.dumps({'n': mine.number, 'who': mine.who})}\n\n"
                continue
            # Of very many the latest, but each danger: the page asks for its banner where one is sent.
            dangers = (event for event in mine[:-_MOST_SENT] if event.is_dangerous)
            shown = (*dangers, *mine[-_MOST_SENT:])
            yield f"id: {mine[-1].event_id}\ndata: {json.dumps([self._as_message(event) for event in shown])}\n\n"

    def _as_message(self, event: CaseEvent) -> dict[str, str | bool]:
        """Return an event as the page hears of it: the case, who, whether it is a danger, whether it is no news."""
        # That what somebody wrote has left follows from that they wrote it.
        is_no_news = event.who == self._account or event.what == "sent"
        told: dict[str, str | bool] = {"n": event.number, "by": self._called(event.who), "d": event.is_dangerous}
        return told | {"q": True} if is_no_news else told


class EventFollower:
    """Polls the store for events and writers, and sends them to the pages that are open; a thread of its own.

    Of who writes it hears at once where the database passes it on (`store.listening`).

    Attributes:
        latest: the id of the latest event that was sent to the pages that are open.
        writing: who writes at this moment.
    """

    def __init__(self, store: Store, answers: Callable[[], bool] = lambda: True) -> None:
        """Take the store, and what asks whether the daemon answers: it is asked by a thread of its own."""
        self._store = store
        self.latest = 0
        self.writing: tuple[Writer, ...] = ()
        self._answers = answers
        self._is_read = self._is_answered = True
        self._listener = ChangeListener(store.database, WRITING)
        self._streams: frozenset[EventStream] = frozenset()
        # Held while `latest` and who listens are looked at or changed together, never while the store is asked.
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._pulse = threading.Thread(target=self._ask, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin at what is the latest now."""
        self.latest = self._store.desk.latest_event()
        self._thread.start()
        self._pulse.start()

    def stop(self) -> None:
        """End; nothing is sent any more."""
        self._stopped.set()
        for thread in (self._thread, self._pulse):
            thread.join()

    def is_well(self) -> bool:
        """Return whether the store could be read and the daemon answered when they were last asked."""
        return self._is_read and self._is_answered

    def add(self, stream: EventStream) -> None:
        """Send events to a page from now on, and first those since it was made; some may be sent twice.

        Raises:
            StoreUnavailableError: what happened since cannot be read.
        """
        with self._lock:
            self._streams |= {stream}
            latest = self.latest
        if stream.since < latest:
            stream.send(self._after(stream.since))

    def remove(self, stream: EventStream) -> None:
        """Send no more to a page."""
        with self._lock:
            self._streams -= {stream}

    def _follow(self) -> None:
        while not self._listener.wait(_POLL_SECONDS, self._stopped):
            try:
                self._look()
                self._look_for_writers()
                self._is_read = True
            except StoreUnavailableError as error:
                self._is_read = False
                _log.warning("the store cannot be followed", error=type(error).__name__)
        self._listener.close()

    def _ask(self) -> None:
        while not self._stopped.wait(_PULSE_SECONDS):
            self._is_answered = self._answers()

    def _look_for_writers(self) -> None:
        """Tell the pages of each case in which somebody has begun to write, or ended."""
        before, now = self.writing, tuple(self._store.drafts.writers())
        if now == before:
            return
        self.writing = now
        with self._lock:
            streams = self._streams
        for number, queue in dict.fromkeys((each.number, each.queue) for each in set(before) ^ set(now)):
            for stream in streams:
                stream.send_writers(number, queue, now)

    def _look(self) -> None:
        """Send what happened since the last poll to all pages that listen by the time it has been read.

        A page that comes later finds `latest` moved on, and asks for what its page lacks by itself.
        """
        latest = self._store.desk.latest_event()
        if latest == self.latest:
            return
        with self._lock:
            if not self._streams:
                self.latest = latest
                return
        happened = self._after(self.latest)
        with self._lock:
            self.latest = max((latest, *(event.event_id for event in happened)))
            streams = self._streams
        for stream in streams:
            stream.send(happened)

    def _after(self, event_id: int) -> tuple[CaseEvent, ...]:
        return tuple(CaseEvent(*row) for row in self._store.desk.happened(event_id))
