"""Glancing at what waits: where much does, what may tell of danger is judged before the rest.

In a backlog arrivals are judged by their age, and one that tells of danger may stand behind thousands. A glance costs a
quarter of a judgement. It never decides anything but the order; what it misses is judged in its turn.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

from dtm_contact import metrics
from dtm_contact.errors import DtmContactError
from dtm_contact.log import get_log
from dtm_contact.store import Glance
from dtm_contact.worker.judge import JudgeProcess
from dtm_contact.worker.messages import Look
from dtm_contact.worker.thread import StoreThread

_AT_ONCE: Final = 100
_OCTETS: Final = 32 * 1024
"""Of each arrival: room for heads, and for as many words as are read for a topic."""
_FEW: Final = 20
"""So many are judged in less time than a glance at them would save."""
_LOOK_SECONDS: Final = 1.0

_log = get_log("worker")


class Glances:
    """What the lanes of a worker have glanced at; one batch of arrivals is one lane's."""

    def __init__(self, store: StoreThread, clock: Callable[[], float] = monotonic) -> None:
        """Take the store, and the seconds by which it is looked anew whether much waits."""
        self._store = store
        self._clock = clock
        self._asking = asyncio.Lock()
        self._after = 0
        self._next_at = float("-inf")

    async def glance(self, judge: JudgeProcess) -> None:
        """Have a judge glance at the next arrivals, where so many wait that it is worth it.

        Raises:
            StoreUnavailableError: the store cannot be used.
        """
        batch = await self._batch()
        if not batch:
            return
        try:
            urgent = await judge.look(Look(tuple(batch)))
        except DtmContactError as error:
            # Whatever it was among them, they are not to be looked at for ever: they are judged in their turn.
            _log.warning("glance", error=type(error).__name__, arrivals=len(batch))
            urgent = frozenset()
        others = [glance.id for glance in batch if glance.id not in urgent]
        await self._store.run(lambda store: store.arrivals.looked_at(sorted(urgent), others))
        metrics.GLANCED_AT.labels("yes").inc(len(urgent))
        metrics.GLANCED_AT.labels("no").inc(len(others))

    async def _batch(self) -> list[Glance]:
        if self._asking.locked() or self._clock() < self._next_at:
            return []
        async with self._asking:
            after = self._after
            batch = await self._store.run(lambda store: store.arrivals.not_looked_at(after, _AT_ONCE, _OCTETS))
            if len(batch) == _AT_ONCE:
                self._after = batch[-1].id
            else:
                self._after, self._next_at = 0, self._clock() + _LOOK_SECONDS
            return batch if after or len(batch) >= _FEW else []
