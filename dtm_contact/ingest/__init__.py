"""Receivers: each takes arrivals in from one source, and hears when they are durable; it never learns where.

A receiver is one function decorated by `receiver` in a module of this package; the settings name those that are open.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar

from dtm_contact.errors import DtmContactError, translate_open_errors
from dtm_contact.model import Arrival, KeptLines, LogLine, Position
from dtm_contact.registry import Registry
from dtm_contact.settings import Settings

NOTHING_KEPT: Final = KeptLines()
Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the time of day, aware."""
    return datetime.now(UTC)


class UnknownReceiverError(DtmContactError):
    """The settings name a receiver that there is not."""


class Inbox(Protocol):
    """Where a receiver puts what it received."""

    def accept(self, arrivals: Sequence[Arrival]) -> Awaitable[None]:
        """Store the arrivals, all or none; what is returned ends once they would survive a power cut.

        An arrival that is already there, by receiver and external id, is not stored again: that is success.

        Raises:
            StoreUnavailableError: nothing is certain to be stored; the sender must try again later.
            CommitUnknownError: it may or may not be stored; the sender must be told nothing.
        """
        ...


class ReadingInbox(Inbox, Protocol):
    """The same for a receiver that reads by itself: it also keeps how far it has come."""

    def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> Awaitable[None]:
        """Store the arrivals as `Inbox.accept` does, and in the same transaction how far the receiver has come.

        Args:
            arrivals: what was read; none where only the position moves.
            position: how far the receiver has come with them.
            kept: lines that it keeps with that position until all that belongs to them has come.

        Raises:
            StoreUnavailableError: nothing is certain to be stored.
            CommitUnknownError: it may or may not be stored.
        """
        ...

    async def position(self, channel: str) -> Position | None:
        """Return the position that was stored last for a receiver, or None.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        ...

    async def lines(self, channel: str) -> Sequence[LogLine]:
        """Return the lines that are kept for a receiver, in the order in which they were first kept.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        ...

    async def head(self, channel: str, external_id: str, octets: int) -> bytes | None:
        """Return the first octets of what is stored of an arrival; None where nothing is, or no more.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        ...

    async def decided(self, channel: str, external_ids: Sequence[str]) -> Mapping[str, str]:
        """Return where those of a receiver's arrivals went that are judged: a queue, `automatic` or `spam`.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        ...

    async def follow(self, channel: str) -> bool:
        """Take what a receiver follows, or keep it; return whether it is ours.

        Of several daemons on one store one at a time follows a log or a mailbox, while it has a lease; what another
        stores of it after that is refused as if the store were not there.

        Raises:
            StoreUnavailableError: the store cannot be written.
        """
        ...

    async def leave(self, channel: str) -> None:
        """Let another daemon follow what this one followed.

        Raises:
            StoreUnavailableError: the store cannot be written.
        """
        ...

    def trouble(self, cause: str, message: str | None) -> None:
        """Raise an alarm of a lasting fault, or with None clear it; raised twice, it is one.

        Args:
            cause: a word for it, the same each time.
            message: what is wrong and what to do, in a sentence without a person's data.
        """
        ...


class RunningReceiver(Protocol):
    """A receiver that is open."""

    @property
    def name(self) -> str:
        """The receiver's name."""
        ...

    @property
    def address(self) -> str:
        """Where it takes things in, for people to read: `host:port`, the path of a socket, …."""
        ...

    def health(self) -> str | None:
        """Return what is wrong with it, in a few words; None where all is well, or an alarm says it already.

        It is called from another thread than the event loop's.
        """
        ...

    async def stop(self) -> None:
        """Take nothing more in; return once what was being stored has been answered."""
        ...


StartReceiver = Callable[[Settings, ReadingInbox], Awaitable[RunningReceiver]]
"""Opens a receiver by the settings; raises OSError where an address is taken, or a file they name is unreadable."""
Start = TypeVar("Start", bound=StartReceiver)
Listens = Callable[[Settings], tuple[str, int] | None]
"""Returns the host and port on which a receiver listens by TCP; None where it has a socket of this machine."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """One receiver, as what starts it and what looks at its settings know it.

    Attributes:
        start: opens it.
        group: the group of the settings that it reads, as `DTM_<GROUP>_…`.
        listens: where it waits for others to connect; None: it looks for what there is by itself.
    """

    start: StartReceiver
    group: str
    listens: Listens | None = None


_receivers: Registry[Receiver] = Registry("receiver", __name__)


def receiver(name: str, *, group: str = "", listens: Listens | None = None) -> Callable[[Start], Start]:
    """Register what opens the receiver of that name, by which `DTM_CHANNELS` and its arrivals call it.

    Args:
        name: its name.
        group: the group of the settings that it reads, where that is not called as it is.
        listens: as in `Receiver`: the daemon's files, `doctor` and `settings check` reckon with it.
    """

    def register(start: Start) -> Start:
        _receivers.add(name, Receiver(start, group or name, listens))
        return start

    return register


def known_receivers() -> Mapping[str, Receiver]:
    """Return each receiver there is, by its name."""
    return _receivers.entries()


def open_receivers(settings: Settings) -> Mapping[str, Receiver]:
    """Return the receivers that the settings name, in their order; names that no receiver has are left out."""
    known = known_receivers()
    return {name: known[name] for name in settings.channels if name in known}


async def start_receivers(settings: Settings, inbox: ReadingInbox) -> tuple[RunningReceiver, ...]:
    """Open the receivers that the settings name; all or, if one cannot be opened, none.

    Raises:
        UnknownReceiverError: one of them there is not.
        CannotOpenError: an address is taken, or a file that the settings name cannot be read.
    """
    known, chosen = known_receivers(), tuple(dict.fromkeys(settings.channels))
    for name in chosen:
        if name not in known:
            raise UnknownReceiverError(f"{name!r}; there are {', '.join(known)}")
    async with AsyncExitStack() as stack:
        running = []
        for name in chosen:
            with translate_open_errors(f"the channel {name}", f"the settings DTM_{known[name].group.upper()}_…"):
                running.append(await known[name].start(settings, inbox))
            stack.push_async_callback(running[-1].stop)
        stack.pop_all()
    return tuple(running)
