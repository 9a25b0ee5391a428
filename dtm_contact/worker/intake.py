"""What the channels are given: the store's inbox, and a word to the worker once something is in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dtm_contact import metrics
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.model import Arrival
from dtm_contact.store import GroupCommitInbox


@dataclass(frozen=True, slots=True)
class WakingInbox:
    """An inbox for channels (`channels.Inbox`) that says when there is something to judge."""

    inbox: GroupCommitInbox
    stored: Callable[[], None]

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Store the arrivals, all or none, and wake the worker; see `GroupCommitInbox.accept`."""
        try:
            await self.inbox.accept(arrivals)
        except StoreUnavailableError:
            for arrival in arrivals:
                metrics.PUT_OFF.labels(arrival.channel).inc()
            raise
        for arrival in arrivals:
            metrics.ACCEPTED.labels(arrival.channel).inc()
        self.stored()
