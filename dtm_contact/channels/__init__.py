"""The ways in. A channel hands over arrivals and hears when they are durable; it never learns where."""

from collections.abc import Sequence
from typing import Protocol

from dtm_contact.model import Arrival


class Inbox(Protocol):
    """Where a channel puts what it received."""

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        """Store the arrivals, all or none; return once they would survive a power cut.

        An arrival that is already there, by channel and external id, is not stored again: that is success.

        Raises:
            StoreUnavailableError: nothing is certain to be stored; the sender must try again later.
        """
        ...
