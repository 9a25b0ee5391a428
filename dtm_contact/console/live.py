"""What happens to cases, told to the pages that are open: one look a moment for all of them, by the events' ids."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.store import Store

_log = get_log("desk")
_LOOK_SECONDS = 0.2
_HEARTBEAT_SECONDS = 10.0
_MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that happened to a case."""

    event_id: int
    what: str
    who: str
    number: str
    queue: str
    priority: str


class Listener:
    """One open page; belongs to the event loop of the process."""

    def __init__(self, queues: Collection[str], since: int) -> None:
        """Take the queues that it may hear of, and the latest event that the page shows already."""
        self.queues = frozenset(queues)
        self.since = since
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[tuple[Happened, ...]] = asyncio.Queue(maxsize=100)

    def tell(self, happened: tuple[Happened, ...]) -> None:
        """Tell it from another thread; a page that does not keep up is told less."""
        mine = tuple(each for each in happened if each.event_id > self.since and each.queue in self.queues)
        if mine:
            self._loop.call_soon_threadsafe(self._put, mine)

    def _put(self, mine: tuple[Happened, ...]) -> None:
        if not self._waiting.full():
            self._waiting.put_nowait(mine)

    async def lines(self) -> AsyncIterator[str]:
        """Yield server-sent events: what happened in the queues, and a comment where nothing does."""
        yield "retry: 2000\n\n"
        while True:
            try:
                async with asyncio.timeout(_HEARTBEAT_SECONDS):
                    mine = await self._waiting.get()
            except TimeoutError:
                yield ": all is quiet\n\n"
                continue
            told = [{"n": each.number, "by": each.who, "p": each.priority} for each in mine[-_MOST_TOLD:]]
            yield f"id: {mine[-1].event_id}\ndata: {json.dumps(told)}\n\n"


class Follower:
    """Looks whether there are events, and tells the pages that are open; a thread of its own.

    Attributes:
        latest: the id of the latest event that it has seen.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.latest = 0
        self._listeners: set[Listener] = set()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def start(self) -> None:
        """Begin at what is the latest now."""
        self.latest = self._store.desk.latest_event()
        self._thread.start()

    def stop(self) -> None:
        """End; nothing is told any more."""
        self._stopped.set()
        self._thread.join()

    def add(self, listener: Listener) -> None:
        """Tell a page from now on, and first what happened since it was made."""
        self._listeners = self._listeners | {listener}
        if listener.since < self.latest:
            listener.tell(tuple(Happened(*row) for row in self._store.desk.happened(listener.since)))

    def remove(self, listener: Listener) -> None:
        """Tell a page no more."""
        self._listeners = self._listeners - {listener}

    def _follow(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            try:
                found = self._store.desk.latest_event()
                if found > self.latest:
                    self._tell(self.latest)
            except StoreUnavailableError as error:
                _log.warning("the store cannot be followed", error=type(error).__name__)
            else:
                self.latest = found

    def _tell(self, since: int) -> None:
        listeners = self._listeners
        if listeners:
            happened = tuple(Happened(*row) for row in self._store.desk.happened(since))
            for listener in listeners:
                listener.tell(happened)
