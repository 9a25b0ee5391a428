"""An inbox for tests: it remembers, and it fails or waits when told to."""

import asyncio
from collections.abc import Sequence

from dtm_contact.model import Arrival


class FakeInbox:
    """Keeps what it accepts, once by channel and external id."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.fault: BaseException | None = None
        self.offered = asyncio.Event()
        self.kept = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def accept(self, arrivals: Sequence[Arrival]) -> None:
        self.offered.set()
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        known = {(arrival.channel, arrival.external_id) for arrival in self.arrivals}
        self.arrivals += [arrival for arrival in arrivals if (arrival.channel, arrival.external_id) not in known]
        self.kept.set()
