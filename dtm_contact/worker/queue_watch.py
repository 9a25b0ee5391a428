"""Looks that every open case lies in a queue of today: moves those of a renamed one, raises an alarm for the rest."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, repeat
from dtm_contact.cases.rerouting import Placement, Stranded
from dtm_contact.log import get_log
from dtm_contact.rules import RuleSet
from dtm_contact.store import Store, StoreThread

ALARM = "queues"

_SECONDS = 60.0
_log = get_log("queues")


class QueueWatch:
    """Looks now and then; a case that no queue of today has is an alarm, until somebody has mended that."""

    def __init__(
        self,
        store: Store,
        alarms: Alarms,
        *,
        rules: Callable[[], RuleSet],
        clock: Callable[[], datetime],
        seconds: float = _SECONDS,
    ) -> None:
        """Take what gives the rules in force and the time, and how many seconds lie between two looks."""
        self._store = StoreThread(store)
        self._alarms = alarms
        self._rules = rules
        self._clock = clock
        self._seconds = seconds

    async def run(self) -> None:
        """Look on until cancelled; no trouble ends it."""
        await repeat(self.look, self._seconds, self._trouble)

    @staticmethod
    def _trouble(error: Exception) -> None:
        _log.warning("the queues cannot be looked at", error=type(error).__name__)

    async def look(self) -> None:
        """Look once.

        Raises:
            StoreUnavailableError: the store cannot be used.
        """
        found = await self._store.run(self._follow)
        if found.moved:
            _log.info("cases went along with their queue", cases=found.moved)
        if not found.left:
            self._alarms.over(ALARM)
            return
        listed = ", ".join(f"{queue} ({count})" for queue, count in found.left.items())
        text = (
            f"Open cases lie in queues that are no more, where nobody looks: {listed}. Write that name under formerly:"
            " in the queue of queues.yaml that has its cases now, or move them: dtm-contact case move."
        )
        self._alarms.sound(ALARM, text)

    def _follow(self, store: Store) -> Stranded:
        return Placement(store, self._rules(), store.directory.in_force(), self._clock()).follow_queues()

    def close(self) -> None:
        """Return once what was begun in the store is done."""
        self._store.close()


@asynccontextmanager
async def queue_watch_lifespan(watch: QueueWatch) -> AsyncIterator[QueueWatch]:
    """Look at the queues until the block ends."""
    try:
        async with beside(watch.run(), "queues"):
            yield watch
    finally:
        watch.close()
