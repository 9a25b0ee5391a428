"""Glancing at what waits: where much does, what may tell of danger is judged before the rest.

In a backlog arrivals are judged by their age, and one that tells of danger may stand behind thousands. A glance costs a
tenth of a judgement and says how likely danger is; the likeliest is claimed first. It never decides anything but the
order; what it misses is judged in its turn.
"""

import asyncio
from collections.abc import Callable
from time import monotonic
from typing import Final

from dtm_contact import metrics
from dtm_contact.errors import DtmContactError
from dtm_contact.log import get_log
from dtm_contact.store import Glance, StoreThread
from dtm_contact.worker.ipc import Look
from dtm_contact.worker.judge_process import JudgeProcess

_AT_ONCE: Final = 100
_OCTETS: Final = 32 * 1024
"""Of each arrival: room for heads, and for as many words as are read for a topic."""
_FEW: Final = 20
"""Where fewer wait, judging them takes no longer than a glance at them could save."""
_LOOK_SECONDS: Final = 1.0

_log = get_log("worker")


class Glances:
    """What the consumers of a worker have glanced at; one batch of arrivals is one consumer's."""

    def __init__(self, store: StoreThread, clock: Callable[[], float] = monotonic) -> None:
        """Take the store, and the clock, in seconds, that paces the looks whether much waits."""
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
            found = await judge.look(Look(tuple(batch)))
        except DtmContactError as error:
            # Whatever it was among them, they are not to be looked at for ever: they are judged in their turn.
            _log.warning("glance", error=type(error).__name__, arrivals=len(batch))
            found = {}
        scores = {glance.id: found.get(glance.id, 0) for glance in batch}
        await self._store.run(lambda store: store.arrivals.looked_at(scores))
        dangers = sum(score > 0 for score in scores.values())
        metrics.GLANCED_AT.labels("yes").inc(dangers)
        metrics.GLANCED_AT.labels("no").inc(len(scores) - dangers)

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
            if after or len(batch) >= _FEW:
                return batch
            # A single newcomer may stand behind thousands that were glanced at before it.
            return batch if batch and await self._store.run(lambda store: store.arrivals.waiting()) >= _FEW else []
