"""Looking again and again, by one daemon at a time; each batch of a log is stored with its position before the next."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from dtm_contact.errors import DtmContactError, StoreUnavailableError
from dtm_contact.ingest import ReadingInbox
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, KeptLines, LogLine, Position

_log = get_log("log channel")


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read at once.

    Attributes:
        arrivals: what came of it.
        place: how far the source has come with it.
        kept: lines to be kept with that, or kept anew.
        more: there is more to be read now.
        troubles: what lasts by its cause, told in a sentence; None where it is over.
    """

    arrivals: Sequence[Arrival]
    place: str
    kept: KeptLines = field(default_factory=KeptLines)
    more: bool = False
    troubles: tuple[tuple[str, str | None], ...] = ()


class LogSource(Protocol):
    """What is read. Its methods may block; they run in a thread, one at a time."""

    def restore(self, place: str | None, kept: Sequence[LogLine]) -> None:
        """Go on where reading stood: at a place that a batch gave, with the lines kept since; None: the beginning."""
        ...

    def read(self) -> Batch | None:
        """Read on; None where nothing is new.

        Raises:
            DtmContactError: it cannot be read at the moment.
        """
        ...


class PollingReceiver(ABC):
    """An open receiver that looks again and again, until `stop`."""

    def __init__(self, name: str, address: str, inbox: ReadingInbox, poll_seconds: float) -> None:
        """Begin to look.

        Args:
            name: the channel's.
            address: what it looks at, for people.
            inbox: where what it finds goes.
            poll_seconds: pause before looking again where there is nothing more.
        """
        self.name = name
        self.address = address
        self._inbox = inbox
        self._poll_seconds = poll_seconds
        self._stopped = asyncio.Event()
        self._task = asyncio.create_task(self._run(), name=name)

    def health(self) -> str | None:
        """Return None: what keeps it from reading is an alarm already."""
        return None

    async def stop(self) -> None:
        """Read no more; return once what was read is stored."""
        self._stopped.set()
        await self._task
        await self._leave()

    @abstractmethod
    async def _step(self) -> bool:
        """Look and store once; return whether there is more."""

    def _forget(self) -> None:  # noqa: B027 - there may be nothing to forget
        """Take nothing for known of what was read before: it may not be stored, or others may have read on."""

    async def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                more = await self._step()
            except StoreUnavailableError:
                # What was read and is not stored is read again.
                more = False
                self._forget()
            except DtmContactError as error:
                more = False
                await self._leave()
                self._inbox.trouble(self.name, f"{error}. What comes in waits until it can be read.")
            except Exception:  # noqa: BLE001 - a channel that ended would be missed by nobody
                _log.exception("following failed", channel=self.name)
                more = False
                await self._leave()
                self._inbox.trouble(self.name, f"Following {self.address} fails; the log says why.")
            else:
                self._inbox.trouble(self.name, None)
            if not more:
                await self._pause()

    async def _leave(self) -> None:
        """Let another daemon look: it may be able to read it."""
        self._forget()
        with suppress(StoreUnavailableError):
            await self._inbox.leave(self.name)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._stopped.wait()


class Follower(PollingReceiver):
    """An open receiver that follows a log, until `stop`."""

    def __init__(self, name: str, address: str, source: LogSource, inbox: ReadingInbox, poll_seconds: float) -> None:
        """Begin to follow `source`; see `PollingReceiver` for the rest."""
        self._source = source
        self._restored = False
        super().__init__(name, address, inbox, poll_seconds)

    def _forget(self) -> None:
        self._restored = False

    async def _step(self) -> bool:
        if not await self._inbox.follow(self.name):
            self._restored = False
            return False
        if not self._restored:
            position = await self._inbox.position(self.name)
            kept = await self._inbox.lines(self.name)
            await asyncio.to_thread(self._source.restore, position.place if position else None, kept)
            self._restored = True
        batch = await asyncio.to_thread(self._source.read)
        if batch is None:
            return False
        await self._inbox.accept(batch.arrivals, Position(self.name, batch.place), batch.kept)
        for cause, told in batch.troubles:
            self._inbox.trouble(cause, told)
        return batch.more
