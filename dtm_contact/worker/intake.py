"""What the channels are given: the store's inbox, and a word to the worker once something is in it."""

from collections.abc import Callable, Sequence

from dtm_contact import metrics
from dtm_contact.channels import NOTHING_KEPT
from dtm_contact.errors import StoreUnavailableError
from dtm_contact.model import Arrival, KeptLines, Position
from dtm_contact.store import GroupCommitInbox


class WakingInbox:
    """An inbox for channels (`channels.Inbox`) that says when there is something to judge."""

    def __init__(self, inbox: GroupCommitInbox, stored: Callable[[], None]) -> None:
        """Take the store's inbox, and what is to be called when something is in it."""
        self.inbox = inbox
        self.stored = stored
        self.position = inbox.position
        self.lines = inbox.lines
        self.decided = inbox.decided
        self.follow = inbox.follow
        self.leave = inbox.leave
        self.trouble = inbox.trouble

    async def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> None:
        """Store the arrivals, all or none, and wake the worker; see `GroupCommitInbox.accept`."""
        try:
            await self.inbox.accept(arrivals, position, kept)
        except StoreUnavailableError:
            for arrival in arrivals:
                metrics.PUT_OFF.labels(arrival.channel).inc()
            raise
        for arrival in arrivals:
            metrics.ACCEPTED.labels(arrival.channel).inc()
        if arrivals:
            self.stored()
