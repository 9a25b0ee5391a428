"""The way into the store for channels: concurrent deliveries share one transaction, and one wait for the disk."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from dtm_contact.errors import LeaseLostError, StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, KeptLines, LogLine, Position
from dtm_contact.store.database import StoreRefusedError
from dtm_contact.store.store import Store

_log = get_log("inbox")
_MOST_ARRIVALS = 500
_MOST_OCTETS = 64 * 1024 * 1024
# For messages whose last octets came meanwhile. With fewer, groups are smaller; with more, ten senders all wait for one
# commit, and nobody works beside it (`benchmarks/bench_accept.py`).
_TURNS = 2


_NOTHING_KEPT = KeptLines()


@dataclass(slots=True)
class _Delivery:
    """What one caller hands over, and where that caller waits for the outcome."""

    arrivals: tuple[Arrival, ...]
    outcome: asyncio.Future[None]
    position: Position | None = None
    kept: KeptLines = _NOTHING_KEPT

    @property
    def octets(self) -> int:
        return sum(len(arrival.raw) for arrival in self.arrivals)


class GroupCommitInbox:
    """An inbox for channels (`ingest.Inbox`).

    One thread writes. While it commits, further deliveries gather, and go together into the next transaction, with
    those that the event loop has all but read; it is woken once for all of them, and wakes the event loop once.

    Nothing is accepted until a probe has shown that the store can be written: at the start, since what a killed daemon
    had committed can be read though it may not be on the disk, and a sender that tries again is thanked for it; and
    after any trouble, since a disk that failed once may claim success the next time for what it has dropped.

    Belongs to one event loop.
    """

    def __init__(
        self,
        store: Store,
        *,
        holder: Callable[[], str] = lambda: "daemon",
        reserve: int = 0,
        on_change: Callable[[StoreUnavailableError | None], None] = lambda _: None,
        on_trouble: Callable[[str, str | None], None] = lambda *_: None,
    ) -> None:
        """Take deliveries for `store`.

        Args:
            store: where arrivals are kept.
            holder: returns the incarnation under which this daemon follows channels, while it has a lease.
            reserve: octets of the store's disk that are kept free for judging what was accepted: with less, senders
                are asked to come again.
            on_change: called on the event loop with the error when the store fails, once until it is well again, and
                with None when it is.
            on_trouble: called with what a channel reports to the admins; see `ingest.Inbox.trouble`.
        """
        self._store = store
        self._holder = holder
        self._following: dict[str, str] = {}
        self._reserve = reserve
        self.trouble = on_trouble
        self._on_change = on_change
        self._gathered: deque[_Delivery] = deque()
        self._groups: SimpleQueue[list[_Delivery] | None] = SimpleQueue()
        self._writer: Thread | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._proven = False
        self._trouble: StoreUnavailableError | None = None
        self._closed = False

    def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = _NOTHING_KEPT
    ) -> asyncio.Future[None]:
        """Store the arrivals, all or none, with the position of who read them.

        They are handed over with the call. A caller that is cancelled while it waits ends nobody's commit, its own
        included.

        Returns:
            What ends once they survive a power cut, or with an error:
            StoreUnavailableError: nothing is certain to be stored; the sender must try again later.
            CommitUnknownError: the same, and the sender should get no answer at all.
        """
        outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._closed:
            outcome.set_exception(StoreUnavailableError("stopping"))
            return outcome
        self._gathered.append(_Delivery(tuple(arrivals), outcome, position, kept))
        if self._idle.is_set():
            self._idle.clear()
            self._write_after(_TURNS)
        return outcome

    async def prove(self) -> None:
        """Prove now that the store can be written, instead of with the first delivery; `on_change` hears if not."""
        with suppress(StoreUnavailableError):
            await self.accept(())

    async def position(self, channel: str) -> Position | None:
        """Return the position that was stored last for a channel, or None; see `ingest.Inbox`."""
        return await asyncio.to_thread(self._store.checkpoints.of, channel)

    async def lines(self, channel: str) -> Sequence[LogLine]:
        """Return the lines that are kept for a channel; see `ingest.Inbox`."""
        return await asyncio.to_thread(self._store.checkpoints.lines, channel)

    async def head(self, channel: str, external_id: str, octets: int) -> bytes | None:
        """Return the first octets of an arrival that is stored; see `ingest.Inbox`."""
        return await asyncio.to_thread(self._store.arrivals.head, channel, external_id, octets)

    async def decided(self, channel: str, external_ids: Sequence[str]) -> Mapping[str, str]:
        """Return where those of a channel's arrivals went that are judged; see `ingest.Inbox`."""
        return await asyncio.to_thread(self._store.arrivals.decided, channel, external_ids)

    async def follow(self, channel: str) -> bool:
        """Claim the log or mailbox that a receiver follows, or renew the claim; return whether this daemon has it.

        While it has, `accept` stores what the receiver read; once another daemon has it, `accept` refuses that. See
        `ingest.Inbox`.
        """
        holder = self._holder()
        ours = await asyncio.to_thread(self._store.checkpoints.follow, channel, holder)
        if ours:
            self._following[channel] = holder
        return ours

    async def leave(self, channel: str) -> None:
        """Let another daemon follow what a channel followed; see `ingest.Inbox`."""
        if channel in self._following:
            await asyncio.to_thread(self._store.checkpoints.leave, channel, self._following[channel])

    async def close(self) -> None:
        """Take no more, and return when what was handed over is stored or refused."""
        self._closed = True
        await self._idle.wait()
        if self._writer is not None:
            self._groups.put(None)
            self._writer.join()

    def _write_after(self, turns: int) -> None:
        """Write once the event loop has gone round so often: what it has read already is handed over meanwhile."""
        if turns:
            asyncio.get_running_loop().call_soon(self._write_after, turns - 1)
        else:
            self._write_next()

    def _write_next(self) -> None:
        if self._writer is None:
            loop = asyncio.get_running_loop()
            self._writer = Thread(target=self._write, args=(loop,), name="inbox", daemon=True)
            self._writer.start()
        self._groups.put(self._next_group())

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        while (group := self._groups.get()) is not None:
            loop.call_soon_threadsafe(self._settle, group, self._store_group(group))

    def _settle(self, group: list[_Delivery], outcomes: Sequence[StoreUnavailableError | None]) -> None:
        self._note(outcomes)
        for delivery, error in zip(group, outcomes, strict=True):
            _tell(delivery, error)
        if self._gathered:
            self._write_after(_TURNS)
        else:
            self._idle.set()

    def _next_group(self) -> list[_Delivery]:
        group = [self._gathered.popleft()]
        arrivals, octets = len(group[0].arrivals), group[0].octets
        while self._gathered:
            arrivals += len(self._gathered[0].arrivals)
            octets += self._gathered[0].octets
            if arrivals > _MOST_ARRIVALS or octets > _MOST_OCTETS:
                break
            group.append(self._gathered.popleft())
        return group

    def _store_group(self, group: list[_Delivery]) -> list[StoreUnavailableError | None]:
        try:
            self._store.database.require_room(self._reserve + sum(delivery.octets for delivery in group))
            if not self._proven:
                self._store.database.probe()
            self._store.arrivals.accept(
                [arrival for delivery in group for arrival in delivery.arrivals],
                [(delivery.position, delivery.kept) for delivery in group if delivery.position is not None],
                self._following,
            )
        except (StoreRefusedError, LeaseLostError) as error:
            # One delivery that the store cannot hold, or that came late, must not cost the others their acceptance.
            return [error] if len(group) == 1 else [self._store_group([delivery])[0] for delivery in group]
        except StoreUnavailableError as error:
            return [error] * len(group)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers must hear of it and the next go on
            unforeseen = StoreUnavailableError(type(error).__name__)
            unforeseen.__cause__ = error
            return [unforeseen] * len(group)
        return [None] * len(group)

    def _note(self, outcomes: Sequence[StoreUnavailableError | None]) -> None:
        refused = [error for error in outcomes if isinstance(error, StoreRefusedError)]
        for error in refused:
            _log.error("the store refuses an arrival", reason=str(error))
        late = [error for error in outcomes if isinstance(error, LeaseLostError)]
        trouble = next((error for error in outcomes if error and error not in refused and error not in late), None)
        changed = (trouble is None) != (self._trouble is None)
        self._trouble = trouble
        self._proven = trouble is None
        if changed:
            # By the loop, so that a call-back that raises does not stop the intake.
            asyncio.get_running_loop().call_soon(self._on_change, trouble)


def _tell(delivery: _Delivery, error: StoreUnavailableError | None) -> None:
    if delivery.outcome.done():
        return
    if error is None:
        delivery.outcome.set_result(None)
    else:
        delivery.outcome.set_exception(error)
