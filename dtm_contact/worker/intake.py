"""What the channels are given: the store's inbox, and a word to the worker once something is in it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dtm_contact.model import Arrival
from dtm_contact.store import GroupCommitInbox


@dataclass(frozen=True, slots=True)
class WakingInbox:
    """An inbox for channels (`channels.Inbox`) that says when there is something to judge."""

    inbox: GroupCommitInbox
    stored: Callable[[], None]

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Store the arrivals, all or none, and wake the worker; see `GroupCommitInbox.accept`."""
        await self.inbox.accept(arrivals)
        self.stored()
