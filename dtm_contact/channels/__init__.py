"""The ways in. A channel hands over arrivals and hears when they are durable; it never learns where.

Each module beside this one is a channel, under its own name; what several of them share is in a package. A channel
offers `start(settings, inbox)`.
"""

import pkgutil
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Protocol, cast

from dtm_contact.errors import DtmContactError, opening
from dtm_contact.model import Arrival, KeptLines, LogLine, Position
from dtm_contact.settings import Settings

NOTHING_KEPT = KeptLines()


class UnknownChannelError(DtmContactError):
    """The settings name a channel that there is not."""


class Inbox(Protocol):
    """Where a channel puts what it received."""

    def accept(self, arrivals: Sequence[Arrival]) -> Awaitable[None]:
        """Store the arrivals, all or none; what is returned ends once they would survive a power cut.

        An arrival that is already there, by channel and external id, is not stored again: that is success.

        Raises:
            StoreUnavailableError: nothing is certain to be stored; the sender must try again later.
            CommitUnknownError: it may or may not be stored; the sender must be told nothing.
        """
        ...


class ReadingInbox(Inbox, Protocol):
    """The same for a channel that reads by itself: it also keeps how far it has come."""

    def accept(
        self, arrivals: Sequence[Arrival], position: Position | None = None, kept: KeptLines = NOTHING_KEPT
    ) -> Awaitable[None]:
        """Store the arrivals as `Inbox.accept` does, and in the same transaction how far the channel has come.

        Args:
            arrivals: what was read; none where only the position moves.
            position: how far the channel has come with them.
            kept: lines that it keeps with that position until all that belongs to them has come.

        Raises:
            StoreUnavailableError: nothing is certain to be stored.
            CommitUnknownError: it may or may not be stored.
        """
        ...

    async def position(self, channel: str) -> Position | None:
        """Return the position that was stored last for a channel, or None.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        ...

    async def lines(self, channel: str) -> Sequence[LogLine]:
        """Return the lines that are kept for a channel, in the order in which they were first kept.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        ...

    async def decided(self, channel: str, external_ids: Sequence[str]) -> Mapping[str, str]:
        """Return where those of a channel's arrivals went that are judged: a queue, `automatic` or `spam`.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        ...

    async def follow(self, channel: str) -> bool:
        """Take what a channel follows, or keep it; return whether it is ours.

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

    def trouble(self, cause: str, told: str | None) -> None:
        """Alarm the admins of something that lasts, once, or (with None) say that it is over.

        Args:
            cause: a word for it, the same each time.
            told: what is wrong and what to do, in a sentence without a person's data.
        """
        ...


class RunningChannel(Protocol):
    """A channel that is open."""

    @property
    def name(self) -> str:
        """The channel's name."""
        ...

    @property
    def address(self) -> str:
        """Where it takes things in, for people to read: `host:port`, the path of a socket, …."""
        ...

    async def stop(self) -> None:
        """Take nothing more in; return once what was being stored has been answered."""
        ...


class Channel(Protocol):
    """What a channel's module offers."""

    async def start(self, settings: Settings, inbox: ReadingInbox) -> RunningChannel:
        """Open the channel.

        Raises:
            OSError: the address is taken, or a file that the settings name cannot be read.
        """
        ...


def names() -> tuple[str, ...]:
    """Return the names of all channels there are."""
    return tuple(module.name for module in pkgutil.iter_modules(__path__) if not module.ispkg)


def channel(name: str) -> Channel:
    """Return the channel of that name.

    Raises:
        UnknownChannelError: there is none.
    """
    if name not in names():
        raise UnknownChannelError(f"{name!r}; there are {', '.join(names())}")
    return cast("Channel", import_module(f"{__name__}.{name}"))


async def start_channels(settings: Settings, inbox: ReadingInbox) -> tuple[RunningChannel, ...]:
    """Open the channels that the settings name; all or, if one cannot be opened, none.

    Raises:
        UnknownChannelError: one of them there is not.
        CannotOpenError: an address is taken, or a file that the settings name cannot be read.
    """
    chosen = {name: channel(name) for name in settings.channels}
    async with AsyncExitStack() as stack:
        running = []
        for name, each in chosen.items():
            with opening(f"the channel {name}", f"the settings DTM_{name.upper()}_…"):
                running.append(await each.start(settings, inbox))
            stack.push_async_callback(running[-1].stop)
        stack.pop_all()
    return tuple(running)
