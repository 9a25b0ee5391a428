"""The heartbeat: it keeps this daemon's lease alive, and takes over what daemons held that are gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Final, TypeVar

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, repeat
from dtm_contact.errors import DaemonRunsError, LeaseLostError, StoreUnavailableError, described
from dtm_contact.log import get_log
from dtm_contact.settings import Settings
from dtm_contact.store import Daemon, Held, Store, name_lock

_SECONDS_TO_DIE: Final = 3.0
"""How long a start waits for a killed daemon of the same name to be quite gone."""
_LOOK_SECONDS: Final = 0.1
_ALARM: Final = "lease"
_log = get_log("leases")
Result = TypeVar("Result")


def _elapsed() -> float:
    """Return seconds of a clock that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class LeaseHeartbeat:
    """The lease of this daemon.

    It is renewed every `lease.heartbeat_seconds`. Where it was over and somebody has taken over, a new incarnation
    registers, with nothing in its hands.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        alarms: Alarms,
        *,
        taken_over: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = _elapsed,
    ) -> None:
        """Take the store, who hears of trouble, and what to call when something can be claimed again.

        Args:
            settings: the daemon's name, how long its lease lasts, how often it is renewed.
            store: where the leases are kept.
            alarms: who hears that there is no lease.
            taken_over: called on the event loop when something was given back.
            clock: seconds that have passed, those of a machine that slept included.
        """
        self._settings = settings
        self._store = store
        self._alarms = alarms
        self.taken_over = taken_over
        self._clock = clock
        self._daemon = Daemon.here(settings.name)
        self._lock = name_lock(store.database, self._daemon)
        self._good_until = float("-inf")
        # One of its own: a lease must not run out behind others' work.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="heartbeat")

    def holder(self) -> str:
        """Return the incarnation under which this daemon may claim things now.

        Raises:
            LeaseLostError: it has no lease.
        """
        if self.seconds_left() <= 0:
            raise LeaseLostError(self._settings.name)
        return self._daemon.incarnation

    def seconds_left(self) -> float:
        """Return for how long the lease lasts unless it is renewed, as far as is known here; 0 or less without one."""
        return self._good_until - self._clock()

    async def begin(self) -> None:
        """Get the lease; where the store cannot be written it is gotten later, and until then nothing is claimed.

        Raises:
            DaemonRunsError: another daemon of this name, or on this SQLite file, runs.
        """
        try:
            deadline = self._clock() + _SECONDS_TO_DIE
            while not await self._run(self._lock.acquire):
                if self._clock() > deadline:
                    await self._evict()
                    break
                await asyncio.sleep(_LOOK_SECONDS)
            await self._run(self._register)
        except DaemonRunsError:
            raise
        except StoreUnavailableError as error:
            self._ill(error)

    async def _evict(self) -> None:
        """Take the name from one that stands still or whose machine is gone.

        Raises:
            DaemonRunsError: it lives.
        """
        await self._run(self._lock.evict)
        deadline = self._clock() + _SECONDS_TO_DIE
        while not await self._run(self._lock.acquire):
            if self._clock() > deadline:
                raise DaemonRunsError(self._in_use(await self._run(self._lock.owner)))
            await asyncio.sleep(_LOOK_SECONDS)

    def _in_use(self, owner: str) -> str:
        if self._store.database.sqlite_path is not None:
            return (
                f"it works on the same SQLite file: {owner}. Stop it first; several daemons need PostgreSQL"
                " (docs/several-daemons.md)"
            )
        return (
            f"{owner}. Give this one another name (DTM_NAME), or stop that one; if its machine is gone, its lease is"
            " soon over, and a start after that succeeds (docs/several-daemons.md)"
        )

    async def run(self) -> None:
        """Renew the lease and take over until cancelled; no trouble ends it."""
        await repeat(self.beat, self._settings.lease.heartbeat_seconds, self._ill, at_once=False)

    async def beat(self) -> None:
        """Renew the lease, or get a new one, then take over what is held beyond its lease."""
        try:
            await self._run(self._renew)
            held = await self._run(self._store.leases.take_over)
        except Exception as error:  # noqa: BLE001 - whatever it is, the alarm of it is the same
            self._ill(error)
            return
        self._alarms.over(_ALARM)
        if held:
            self._tell(held)

    async def end(self) -> None:
        """End the lease, and give back what is held: what was begun and not recorded is for others at once."""
        try:
            await self._run(lambda: self._store.leases.end(self._daemon.incarnation))
        except StoreUnavailableError as error:
            _log.warning("the lease could not be ended; it runs out", error=type(error).__name__)
        self._good_until = float("-inf")
        await self._run(self._lock.release)
        self._thread.shutdown(wait=True)

    def _renew(self) -> None:
        if not self._lock.acquire():
            self._lock.evict()
        if not self._lock.acquire():
            raise LeaseLostError(f"another daemon has the name: {self._lock.owner()}")
        began = self._clock()
        seconds = self._settings.lease.seconds
        if self._good_until > float("-inf") and self._store.leases.renew(self._daemon.incarnation, seconds):
            self._good_until = began + seconds
            return
        if self._good_until > float("-inf"):
            # This daemon stood still, or could not reach the store, for longer than its lease.
            metrics.LEASES_LOST.inc()
            _log.error("the lease was over and others have taken over", incarnation=self._daemon.incarnation)
            self._good_until = float("-inf")
            self._daemon = Daemon.here(self._settings.name)
        self._register()

    def _register(self) -> None:
        began = self._clock()
        alone = self._store.database.sqlite_path is not None
        self._store.leases.register(self._daemon, self._settings.lease.seconds, alone=alone)
        self._good_until = began + self._settings.lease.seconds
        _log.info("lease", incarnation=self._daemon.incarnation, seconds=self._settings.lease.seconds)

    def _tell(self, held: Held) -> None:
        for kind, count in asdict(held).items():
            metrics.TAKEN_OVER.labels(kind).inc(count)
        _log.warning("given back what was held beyond its lease", held=str(held))
        self.taken_over()

    def _ill(self, error: Exception) -> None:
        if isinstance(error, LeaseLostError):
            text = f"This daemon has no lease and judges and sends nothing ({error})."
        else:
            text = f"The lease cannot be renewed ({described(error)}): another daemon takes over, if there is one."
        self._alarms.sound(_ALARM, text)
        _log.warning("heartbeat", error=type(error).__name__)

    async def _run(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


@asynccontextmanager
async def heartbeat_lifespan(heartbeat: LeaseHeartbeat) -> AsyncIterator[LeaseHeartbeat]:
    """Keep the lease until the block ends.

    Raises:
        DaemonRunsError: another daemon of this name, or on this SQLite file, runs.
    """
    try:
        await heartbeat.begin()
        async with beside(heartbeat.run(), "heartbeat"):
            yield heartbeat
    finally:
        await heartbeat.end()
