"""The store's outbox as the sender works it: off the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from dtm_contact.alarms import Alarms
from dtm_contact.model import ClaimedOutgoing
from dtm_contact.outbound import Relay, Sender
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.worker.thread import StoreThread


@dataclass(frozen=True, slots=True)
class PostedOutbox:
    """The outbox (`outbound.Outbox`) of a store, worked under one daemon's name."""

    store: StoreThread
    name: str

    async def release_claims(self) -> None:
        """Give back what a crash left claimed; see `StoredOutbox.release_claims`."""
        await self.store.run(lambda store: store.outbox.release_claims(self.name))

    async def claim(self, now: datetime) -> ClaimedOutgoing | None:
        """Take the oldest that may be tried now; see `StoredOutbox.claim`."""
        return await self.store.run(lambda store: store.outbox.claim(self.name, now))

    async def settle(self, claimed: ClaimedOutgoing, fate: str, reason: str, now: datetime) -> None:
        """Say that one is done with; see `StoredOutbox.settle`."""
        await self.store.run(lambda store: store.outbox.settle(claimed, fate, reason, now))

    async def retry(self, claimed: ClaimedOutgoing, reason: str, until: datetime) -> None:
        """Say that one is tried again; see `StoredOutbox.retry`."""
        await self.store.run(lambda store: store.outbox.retry(claimed, reason, until))


@asynccontextmanager
async def posting(
    settings: Settings, store: Store, alarms: Alarms, clock: Callable[[], datetime]
) -> AsyncIterator[Sender]:
    """Send what waits in the outbox until the block ends; what is being handed over then is brought to its end."""
    thread = StoreThread(store)
    outbox = PostedOutbox(thread, settings.name)
    sender = Sender(settings.outbound, outbox, Relay(settings.outbound), alarms, clock)
    task = asyncio.create_task(sender.run(outbox.release_claims), name="sender")
    try:
        yield sender
    finally:
        await sender.stop(task)
        thread.close()
