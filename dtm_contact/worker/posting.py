"""The store's outbox as the sender works it: off the event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dtm_contact.alarms import Alarms
from dtm_contact.backup import StoreJournal
from dtm_contact.model import ClaimedOutgoing
from dtm_contact.outbound import Relay, Sender
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.worker.thread import StoreThread

_LEAST_OF_A_LEASE: Final = 3
"""An e-mail is handed over only while so great a part of the lease is left: less tells of a heartbeat in trouble."""


@dataclass(frozen=True, slots=True)
class PostedOutbox:
    """The outbox (`outbound.Outbox`) of a store, worked by one daemon while it has a lease.

    `journal`: keeps what was sent besides; None where no journal is kept.
    """

    store: StoreThread
    holder: Callable[[], str]
    journal: StoreJournal | None = None

    async def claim(self, now: datetime) -> ClaimedOutgoing | None:
        """Take the most urgent that may be tried now; see `StoredOutbox.claim`."""
        return await self.store.run(lambda store: store.outbox.claim(self.holder(), now))

    async def lease_left(self, claimed: ClaimedOutgoing) -> float:
        """Return for how many seconds nobody else may take it; see `StoredOutbox.lease_left`."""
        return await self.store.run(lambda store: store.outbox.lease_left(claimed, self.holder()))

    async def due_now(self) -> int:
        """Have everything that waits tried now; see `StoredOutbox.due_now`."""
        return await self.store.run(lambda store: store.outbox.due_now())

    async def settle(self, claimed: ClaimedOutgoing, fate: str, reason: str, now: datetime) -> None:
        """Say that one is done with; see `StoredOutbox.settle`."""

        def settle(store: Store) -> None:
            if fate == "sent" and self.journal is not None:
                self.journal.sent(claimed, now)
            store.outbox.settle(claimed, fate, reason, now)

        await self.store.run(settle)

    async def retry(self, claimed: ClaimedOutgoing, reason: str, until: datetime) -> None:
        """Say that one is tried again; see `StoredOutbox.retry`."""
        await self.store.run(lambda store: store.outbox.retry(claimed, reason, until))


@asynccontextmanager
async def posting(
    settings: Settings,
    store: Store,
    alarms: Alarms,
    clock: Callable[[], datetime],
    holder: Callable[[], str],
    journal: StoreJournal | None = None,
) -> AsyncIterator[Sender]:
    """Send what waits in the outbox until the block ends; what is being handed over then is brought to its end."""
    thread = StoreThread(store)
    outbox = PostedOutbox(thread, holder, journal)
    least = settings.lease.seconds / _LEAST_OF_A_LEASE
    sender = Sender(settings.outbound, outbox, Relay(settings.outbound), alarms, clock, least_lease=least)
    task = asyncio.create_task(sender.run(), name="sender")
    try:
        yield sender
    finally:
        await sender.stop(task)
        thread.close()
