"""What the channels are given: the store's inbox, and a word to the worker once something is in it."""

from asyncio import Future
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from dtm_contact import metrics
from dtm_contact.channels import NOTHING_KEPT
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

    def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> Awaitable[None]:
        """Store the arrivals, all or none, and wake the worker; see `GroupCommitInbox.accept`."""
        outcome = self.inbox.accept(arrivals, position, kept)
        outcome.add_done_callback(partial(self._settled, arrivals))
        return outcome

    def _settled(self, arrivals: Sequence[Arrival], outcome: Future[None]) -> None:
        if outcome.cancelled():
            return
        count = metrics.ACCEPTED if outcome.exception() is None else metrics.PUT_OFF
        for arrival in arrivals:
            count.labels(arrival.channel).inc()
        if arrivals and count is metrics.ACCEPTED:
            self.stored()
