"""The worker: as many lanes as there are judge processes, started and stopped together."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from dtm_contact.alarms import Alarms
from dtm_contact.background import cancel_and_wait
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.worker.bell import Bell
from dtm_contact.worker.glances import Glances
from dtm_contact.worker.judge import JudgeProcess
from dtm_contact.worker.lane import Lane, Work
from dtm_contact.worker.mailing import Mail
from dtm_contact.worker.rules_in_force import InForce
from dtm_contact.worker.standin import Reception
from dtm_contact.worker.thread import StoreThread


def utc_now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


class Worker:
    """Judges what has arrived.

    Attributes:
        judges: the judge processes, one for each lane.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        alarms: Alarms,
        clock: Callable[[], datetime] = utc_now,
        *,
        holder: Callable[[], str] | None = None,
    ) -> None:
        """Take the store, who hears of trouble, and the clock that pauses and records count by.

        `holder` returns the incarnation that claims, while it has a lease; without, the daemon's name stands for it.
        """
        self.judges = [JudgeProcess(settings) for _ in range(settings.judge.processes)]
        self._settings = settings
        self._store = StoreThread(store)
        self._alarms = alarms
        self._clock = clock
        self._holder = holder or (lambda: settings.name)
        self._bell = Bell()
        self._working: asyncio.Task[None] | None = None
        self._reception: Reception | None = None

    async def launch(self) -> None:
        """Start the judge processes, which load their directory and rules by themselves meanwhile."""
        await asyncio.gather(*(judge.launch() for judge in self.judges))

    def start(self, reception: Reception, mail: Mail | None = None) -> None:
        """Begin; `reception` reads what cannot be judged, `mail` writes what is sent because of what can."""
        self._reception = reception
        work = Work(
            self._settings,
            self._store,
            reception,
            self._alarms,
            self._bell,
            self._clock,
            self._holder,
            Glances(self._store),
            mail,
        )
        self._working = asyncio.create_task(self._work(work), name="worker")

    def take_up(self, found: InForce) -> None:
        """Judge by other rules from the next arrival on."""
        for judge in self.judges:
            judge.take_up(found.settings)
        if self._reception is not None:
            self._reception.rules = found.rules

    async def restart(self, found: InForce) -> None:
        """Judge by other rules, where the judges may not have come up with those before."""
        self.take_up(found)
        await asyncio.gather(*(judge.kill() for judge in self.judges))
        await self.launch()

    async def _work(self, work: Work) -> None:
        await asyncio.gather(*(Lane(work, judge).run() for judge in self.judges))

    async def stop(self) -> None:
        """Stop the lanes and end the judges; what was claimed but not recorded is given back with the lease."""
        if self._working is not None:
            await cancel_and_wait(self._working)
        await asyncio.gather(*(judge.kill() for judge in self.judges))
        self._store.close()

    def arrived(self) -> None:
        """Say that there is something new to judge."""
        self._bell.ring()
