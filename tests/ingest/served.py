"""A server to be killed: `python -m tests.ingest.served URL [early]` says its port and serves until it dies.

With `early` it thanks before it stores, which is what must never be done.
"""

import asyncio
import sys
from collections.abc import Sequence

from dtm_contact.ingest import Inbox, smtp
from dtm_contact.model import Arrival
from dtm_contact.settings import Settings, SmtpSettings
from dtm_contact.store import GroupCommitInbox, open_store

_GATHERED = 1_000_000


class EarlyInbox:
    """Thanks at once, and stores when enough has gathered."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._gathered: list[Arrival] = []

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        self._gathered += arrivals
        if len(self._gathered) >= _GATHERED:
            await self._inbox.accept(self._gathered)


async def serve(url: str, *, early: bool) -> None:
    with open_store(url) as store:
        inbox: Inbox = GroupCommitInbox(store)
        running = await smtp.start_smtp(Settings(smtp=SmtpSettings(port=0)), EarlyInbox(inbox) if early else inbox)
        print(running.address, flush=True)  # noqa: T201 - whoever started it reads the port
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], early="early" in sys.argv))
