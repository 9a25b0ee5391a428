"""An inbox for tests: it remembers, and it fails or waits when told to."""

import asyncio
from collections.abc import Mapping, Sequence

from dtm_contact.ingest import NOTHING_KEPT
from dtm_contact.model import Arrival, KeptLines, LogLine, Position


class FakeInbox:
    """Keeps what it accepts, once by channel and external id."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.positions: dict[str, Position] = {}
        self.kept_lines: dict[str, LogLine] = {}
        self.troubles: dict[str, str] = {}
        self.went: dict[str, str] = {}
        self.ours = True
        self.fault: BaseException | None = None
        self.offered = asyncio.Event()
        self.kept = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> None:
        self.offered.set()
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        known = {(arrival.channel, arrival.external_id) for arrival in self.arrivals}
        self.arrivals += [arrival for arrival in arrivals if (arrival.channel, arrival.external_id) not in known]
        if position is not None:
            self.positions[position.channel] = position
        self.kept_lines |= {line.key: line for line in kept.lines}
        old = [key for key, line in self.kept_lines.items() if line.at < kept.forget_before]
        for key in old:
            del self.kept_lines[key]
        self.kept.set()

    async def position(self, channel: str) -> Position | None:
        return self.positions.get(channel)

    async def lines(self, channel: str) -> Sequence[LogLine]:
        del channel
        return tuple(self.kept_lines.values())

    async def head(self, channel: str, external_id: str, octets: int) -> bytes | None:
        raw = (each.raw for each in self.arrivals if (each.channel, each.external_id) == (channel, external_id))
        return next((whole[:octets] for whole in raw), None)

    async def decided(self, channel: str, external_ids: Sequence[str]) -> Mapping[str, str]:
        del channel
        return {each: self.went[each] for each in external_ids if each in self.went}

    async def follow(self, channel: str) -> bool:
        del channel
        return self.ours

    async def leave(self, channel: str) -> None:
        del channel

    def trouble(self, cause: str, told: str | None) -> None:
        if told is None:
            self.troubles.pop(cause, None)
        else:
            self.troubles[cause] = told
