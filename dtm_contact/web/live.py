"""What happens to cases, sent to the pages that are open: one poll for all of them, by the events' ids."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.model import AlarmLevel
from dtm_contact.store import Store

_log = get_log("desk")
_POLL_SECONDS = 0.2
_HEARTBEAT_SECONDS = 10.0
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


class EventStream:
    """One open page; belongs to the event loop of the process."""

    def __init__(self, queues: Collection[str], since: int, called: Callable[[str], str] = str) -> None:
        """Take the queues that it may hear of, the latest event that the page shows already, and how people are called.

        Args:
            queues: of their cases it hears.
            since: the id of the latest event that the page shows.
            called: the name that colleagues read for who did something; "" for the program itself.
        """
        self._called = called
        self.queues = frozenset(queues)
        self.since = since
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[tuple[CaseEvent, ...]] = asyncio.Queue(maxsize=_MOST_WAITING)
        self._is_behind = False

    def send(self, events: tuple[CaseEvent, ...]) -> None:
        """Send events from another thread; the stream of a page that does not keep up ends."""
        mine = tuple(event for event in events if event.event_id > self.since and event.queue in self.queues)
        if mine:
            self._loop.call_soon_threadsafe(self._put, mine)

    def _put(self, mine: tuple[CaseEvent, ...]) -> None:
        if self._waiting.full():
            self._is_behind = True
        else:
            self._waiting.put_nowait(mine)

    async def lines(self) -> AsyncIterator[str]:
        """Yield server-sent events: what happened in the queues, and a comment where nothing does.

        They end where the page did not keep up: it connects again, and asks for what it lacks.
        """
        yield "retry: 2000\n\n"
        while not self._is_behind:
            try:
                async with asyncio.timeout(_HEARTBEAT_SECONDS):
                    mine = await self._waiting.get()
            except TimeoutError:
                yield ": all is quiet\n\n"
                continue
            # Of very many the latest, but each danger: the page asks for its banner where one is sent.
            dangers = (event for event in mine[:-_MOST_SENT] if event.is_dangerous)
            shown = (*dangers, *mine[-_MOST_SENT:])
            sent = [{"n": event.number, "by": self._called(event.who), "d": event.is_dangerous} for event in shown]
            yield f"id: {mine[-1].event_id}\ndata: {json.dumps(sent)}\n\n"


class EventFollower:
    """Polls the store for events, and sends them to the pages that are open; a thread of its own.

    Attributes:
        latest: the id of the latest event that was sent to the pages that are open.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.latest = 0
        self._streams: frozenset[EventStream] = frozenset()
        # Held while `latest` and who listens are looked at or changed together, never while the store is asked.
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        """Begin at what is the latest now."""
        self.latest = self._store.desk.latest_event()
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is sent any more."""
        self._stopped.set()
        self._thread.join()

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
        while not self._stopped.wait(_POLL_SECONDS):
            try:
                self._look()
            except StoreUnavailableError as error:
                _log.warning("the store cannot be followed", error=type(error).__name__)

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
