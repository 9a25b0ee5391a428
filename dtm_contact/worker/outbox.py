"""The worker's two ends of the outbox: what is written into it with each record, and the sender that empties it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from dtm_contact.alarms import Alarms
from dtm_contact.backup import StoreJournal
from dtm_contact.model import ClaimedOutgoing, Judgement, Limits, Outgoing, OutgoingFile, UnwrittenNotice
from dtm_contact.outbound import Answering, Relay, Sender
from dtm_contact.outbound.letters import AttachedFile, with_files
from dtm_contact.reading.attachments import attached_file
from dtm_contact.settings import Settings
from dtm_contact.store import Claimed, OutgoingBatch, Store, StoreThread
from dtm_contact.timers import Storms
from dtm_contact.tokens import CaseTokens
from dtm_contact.worker.fallback import FallbackQueue

_LEAST_OF_A_LEASE: Final = 3
"""An e-mail is handed over only while so great a part of the lease is left: less means a heartbeat in trouble."""


def tokens_of(settings: Settings, store: Store) -> CaseTokens:
    """Return what signs and reads our case numbers: by the settings' secret, else by the store's.

    Raises:
        WrongSettingError: the file of the secret cannot be read, or the secret is too short.
    """
    return CaseTokens.of(settings.outbound, store.outbox.signing_key)


def _none_before(channel: str, external_id: str) -> tuple[str, ...]:
    del channel, external_id
    return ()


@dataclass(frozen=True, slots=True)
class OutboxWriter:
    """Writes what is to be sent because of what the worker records; without a server that sends there is none.

    Attributes:
        answering: writes the letters.
        wake: says that something waits to be sent.
        storms: while one lasts, no notice goes out for each of its cases.
        numbers_before: says which numbers an arrival's case had before a restore, by channel and external id.
    """

    answering: Answering
    wake: Callable[[], None]
    storms: Storms = field(default_factory=Storms)
    numbers_before: Callable[[str, str], tuple[str, ...]] = _none_before

    def outgoing_for(
        self, claimed: Claimed, judgement: Judgement, fallback: FallbackQueue, now: datetime
    ) -> OutgoingBatch:
        """Return what the record of a judgement writes, once the number of its case is there; off the event loop."""
        outbound = self.answering.settings.outbound
        directory = fallback.directory()
        ruled = fallback.rules, directory
        arrival = claimed.arrival
        told = bool(judgement.decision.notify)
        formerly = self.numbers_before(arrival.channel, arrival.external_id) if told else ()

        def write(number: str) -> tuple[Outgoing | UnwrittenNotice, ...]:
            letters = self.answering.written(arrival, judgement, number, ruled, now, formerly=formerly)
            return self.storms.without_notices(judgement, directory, letters)

        return OutgoingBatch(write, Limits(outbound.answers_per_address, outbound.answers_per_hour))


@dataclass(frozen=True, slots=True)
class AsyncOutbox:
    """The outbox (`outbound.Outbox`) of a store, off the event loop, worked by one daemon while it has a lease.

    Attributes:
        store: the store's calls, in their thread.
        holder: the incarnation under which this daemon claims.
        journal: keeps what was sent besides; None where no journal is kept.
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

    async def settle(self, claimed: ClaimedOutgoing, fate: str, reason: str, now: datetime, reply: str = "") -> None:
        """Say that one is done with; see `StoredOutbox.settle`."""

        def settle(store: Store) -> None:
            if fate == "sent" and self.journal is not None:
                self.journal.sent(claimed, now)
            store.outbox.settle(claimed, fate, reason, now, reply)

        await self.store.run(settle)

    async def retry(self, claimed: ClaimedOutgoing, reply: str, until: datetime, left_to: Sequence[str] = ()) -> None:
        """Say that one is tried again; see `StoredOutbox.retry`."""
        await self.store.run(lambda store: store.outbox.retry(claimed, reply, until, left_to))

    async def refused_for(self, claimed: ClaimedOutgoing, refused: Mapping[str, str], now: datetime) -> None:
        """Note to whom of several it does not come; see `StoredOutbox.refused_for`."""
        await self.store.run(lambda store: store.outbox.refused_for(claimed, refused, now))

    def body(self, claimed: ClaimedOutgoing) -> AsyncIterator[bytes] | None:
        """Return the whole of it in pieces, with the files that join it; None where none does."""
        return self._pieces(claimed) if claimed.outgoing.files else None

    async def _pieces(self, claimed: ClaimedOutgoing) -> AsyncIterator[bytes]:
        outgoing = claimed.outgoing
        pieces = await self.store.run(
            lambda store: with_files(outgoing.raw, (_attached(store, each) for each in outgoing.files))
        )
        while (piece := await self.store.run(lambda _store: next(pieces, None))) is not None:
            yield piece


def _attached(store: Store, file: OutgoingFile) -> AttachedFile:
    """Return a file that joins a letter; one that came in is found again in its message."""
    if file.file_id is not None:
        return AttachedFile(file.name, file.media_type, store.files.pieces(file.file_id))
    raw = store.arrivals.get(file.arrival_id or 0).raw
    found = attached_file(raw, file.sha256 or "")
    return AttachedFile(file.name, file.media_type, iter([found[0]] if found else []))


@asynccontextmanager
async def sender_lifespan(
    settings: Settings,
    store: Store,
    alarms: Alarms,
    clock: Callable[[], datetime],
    holder: Callable[[], str],
    journal: StoreJournal | None = None,
) -> AsyncIterator[Sender]:
    """Send what waits in the outbox until the block ends; what is being handed over then is brought to its end."""
    thread = StoreThread(store)
    outbox = AsyncOutbox(thread, holder, journal)
    least = settings.lease.seconds / _LEAST_OF_A_LEASE
    sender = Sender(settings.outbound, outbox, Relay(settings.outbound), alarms, clock, least_lease=least)
    task = asyncio.create_task(sender.run(), name="sender")
    try:
        yield sender
    finally:
        await sender.stop(task)
        thread.close()
