"""The loop that empties the outbox."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.log import get_log
from dtm_contact.model import ClaimedOutgoing
from dtm_contact.outbound.relay import Fate, Relay, Sent
from dtm_contact.settings import Outbound

_GROWTH: Final = 3
_log = get_log("outbound")


class Outbox(Protocol):
    """Where what is to be sent waits; every method returns once the change would survive a power cut."""

    async def claim(self, now: datetime) -> ClaimedOutgoing | None:
        """Take the one that has waited longest and may be tried now; None where there is none."""
        ...

    async def settle(self, claimed: ClaimedOutgoing, fate: str, reason: str, now: datetime) -> None:
        """Say that one is done with: `sent`, `refused`, `no_such_address` or `given_up`."""
        ...

    async def retry(self, claimed: ClaimedOutgoing, reason: str, until: datetime) -> None:
        """Say that one is tried again, not before `until`."""
        ...


class Sender:
    """Sends what waits, oldest first; no trouble ends it, and none loses a message."""

    def __init__(
        self, settings: Outbound, outbox: Outbox, relay: Relay, alarms: Alarms, clock: Callable[[], datetime]
    ) -> None:
        """Take the outbox, the server that sends for us, who hears of trouble, and the clock that pauses count by."""
        self._settings = settings
        self._outbox = outbox
        self._relay = relay
        self._alarms = alarms
        self._clock = clock
        self._something = asyncio.Event()
        self._trying: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """Say that something new waits."""
        self._something.set()

    async def run(self, give_back: Callable[[], Awaitable[None]]) -> None:
        """Work until cancelled.

        Args:
            give_back: makes what a crash left half done be done again, before anything else.
        """
        while not await self._worked(give_back()):
            await self._wait()
        while True:
            self._something.clear()
            if not await self.send_one():
                await self._wait()

    async def stop(self, task: asyncio.Task[None]) -> None:
        """End the task that runs this, once what is being handed over has its answer."""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        if self._trying is not None and not self._trying.done():
            await asyncio.wait({self._trying}, timeout=self._settings.stop_seconds)
            self._trying.cancel()

    async def send_one(self) -> bool:
        """Try the next one; return whether there was one."""
        return await self._worked(self._claim_and_try())

    async def _worked(self, step: Awaitable[bool | None]) -> bool:
        """Return whether a step did something; trouble with the outbox is an alarm until it is over."""
        try:
            done = await step
        except Exception as error:  # noqa: BLE001 - a loop that ended would be missed by nobody
            self._alarms.sound("outbox", f"The outbox cannot be worked ({type(error).__name__}): answers wait.")
            _log.warning("outbox", error=type(error).__name__)
            return False
        self._alarms.over("outbox")
        return done is not False

    async def _claim_and_try(self) -> bool:
        claimed = await self._outbox.claim(self._clock())
        if claimed is None:
            return False
        # A stop waits for the answer of a server that has the whole message: not knowing it would send it twice.
        self._trying = asyncio.ensure_future(self._try(claimed))
        await asyncio.shield(self._trying)
        return True

    async def _try(self, claimed: ClaimedOutgoing) -> None:
        sent = await self._relay.send(claimed.outgoing)
        now = self._clock()
        metrics.SENT.labels(claimed.outgoing.kind.value, sent.fate.value).inc()
        if sent.fate is Fate.DOWN:
            self._alarms.sound("relay", f"The mail server does not take our mail ({sent.reason}): it waits here.")
        else:
            self._alarms.over("relay")
        # Kept at until the store takes it: what it does not know to be sent would be sent again after a restart.
        while not await self._worked(self._noted(claimed, sent, now)):  # noqa: ASYNC110 - nothing rings when a store is well
            await asyncio.sleep(self._settings.pause)
        _log.info("sending", outgoing=claimed.id, attempt=claimed.attempt, fate=sent.fate.value, reason=sent.reason)

    async def _noted(self, claimed: ClaimedOutgoing, sent: Sent, now: datetime) -> None:
        if sent.fate in (Fate.LATER, Fate.DOWN):
            await self._later(claimed, sent, now)
        else:
            await self._outbox.settle(claimed, sent.fate.value, sent.reason, now)

    async def _later(self, claimed: ClaimedOutgoing, sent: Sent, now: datetime) -> None:
        if now - claimed.created_at > timedelta(days=self._settings.days):
            await self._outbox.settle(claimed, "given_up", sent.reason, now)
            return
        pause = min(self._settings.pause * _GROWTH ** (claimed.attempt - 1), self._settings.longest_pause)
        await self._outbox.retry(claimed, sent.reason, now + timedelta(seconds=pause))

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._settings.pause):
                await self._something.wait()
        except TimeoutError:
            return
