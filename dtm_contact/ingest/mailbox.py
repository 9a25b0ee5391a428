"""Following a folder of a mailbox, by whatever protocol: nothing missed, nothing taken twice.

What speaks with the server is an `OpenMailbox`; all else is here, once: who follows, how far, what is stored with what,
what becomes of a message that was judged, and what the admins hear.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from time import time
from typing import Final, Protocol

from dtm_contact import metrics
from dtm_contact.background import cancel_and_wait
from dtm_contact.errors import DtmContactError, StoreUnavailableError, WrongSettingError, described
from dtm_contact.ingest import ReadingInbox
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, Envelope, KeptLines, LogLine, Position
from dtm_contact.settings import FollowedMailbox

MOST_MESSAGES: Final = 50
"""Messages that are stored at once, at most."""
MOST_OCTETS: Final = 16 * 1024 * 1024
"""Their octets, at most; one message may be larger."""
_HEAD_OCTETS: Final = 128 * 1024
_MOST: Final = 20
# What servers note of the addresses that a message was delivered to.
_DELIVERED: Final = ("Delivered-To", "X-Original-To", "Envelope-To")
_FILING_SECONDS: Final = 1.0
_GROWTH: Final = 2.0
_LONG_AGO: Final = 0.0
_DAY: Final = 86_400.0
_MINUTE: Final = 60.0
_LOOKS: Final = 3
"""A mailbox is looked at anew after so long without news; later than so many such looks something hangs."""
_log = get_log("mailbox")


class MailboxLostError(DtmContactError):
    """The connection to the mailbox ended, or its server did not answer in time."""

    retry = True

    def __init__(self, detail: str = "", after_seconds: float = 0.0) -> None:
        """Take what happened, and how long the server asks to be left alone."""
        super().__init__(detail)
        self.after_seconds = after_seconds


class MailboxBusyError(MailboxLostError):
    """The mailbox's server has too much to do."""


class ProtocolError(MailboxLostError):
    """The mailbox's server answers what its protocol does not have; the daemon asks again."""


class MailboxRefusedError(DtmContactError):
    """The mailbox's server refuses a command."""

    retry = True


class CredentialsRefusedError(DtmContactError):
    """The mailbox's server refuses our name, password or token."""


class TokenRefusedError(DtmContactError):
    """The server that gives tokens refuses us one."""


IsStored = Callable[[str], Awaitable[bool]]
"""Tells whether a message is stored already, by its external id."""


@dataclass(frozen=True, slots=True)
class MailboxMessage:
    """A message that was fetched.

    Attributes:
        key: by which `OpenMailbox.lay` finds it again.
        which: which one it is, in words for people.
        raw: its octets.
        place: how far the folder has been read with this one, and with those before it alone.
        external_id: what makes it the same when it is fetched again; empty: its octets.
        backlog: it lay there before the very first look.
    """

    key: str
    which: str
    raw: bytes
    place: str
    external_id: str = ""
    backlog: bool = False


@dataclass(frozen=True, slots=True)
class MailboxBatch:
    """What is stored at once.

    Attributes:
        messages: those fetched, oldest first.
        place: how far the folder has been read with all of them.
        left: what its server does not hand over: which message, in words for people.
    """

    messages: Sequence[MailboxMessage]
    place: str
    left: Sequence[str] = ()


class OpenMailbox(Protocol):
    """A mailbox that is connected, with its folder open.

    Each method raises MailboxLostError where the connection is of no more use, MailboxRefusedError where the server
    does not want what is asked, CredentialsRefusedError and TokenRefusedError where it does not want us.
    """

    async def begin(self, place: str | None) -> str:
        """Return the place from which to read on: the one that was stored last, where it still means something."""
        ...

    def news(self, place: str, is_stored: IsStored) -> AsyncIterator[MailboxBatch]:
        """Yield what is new since a place, oldest first, a batch at a time; each is stored before the next is asked.

        Args:
            place: of the last batch, or what `begin` returned.
            is_stored: tells what need not be fetched, where a place may lead over it again.
        """
        ...

    async def lay(self, keys: Sequence[str], target: str) -> None:
        """Lay messages where the settings say: into the folder of a queue, or flagged with it.

        What is not in the folder any more is passed over.
        """
        ...

    async def wait(self, seconds: float) -> None:
        """Return when there may be something new, or after so many seconds."""
        ...


Reach = Callable[[], AbstractAsyncContextManager[OpenMailbox]]
"""Connects to a mailbox and opens its folder, until the end of the block."""


def envelope(raw: bytes) -> Envelope:
    """Return the envelope that the head of a message tells.

    The return path is that of RFC 5321 section 4.4. Where the server wrote none, the sender (RFC 5322 section 3.6.2)
    stands for it: a message without any would count as a report that nobody answers.
    """
    head, _, _ = raw[:_HEAD_OCTETS].replace(b"\r\n", b"\n").partition(b"\n\n")
    message = message_from_bytes(head + b"\n\n")
    paths = message.get_all("Return-Path", [])
    mail_from = _address(str(paths[0])) if paths else _address(_first(message, "From"))
    delivered = [_address(str(value)) for name in _DELIVERED for value in message.get_all(name, [])]
    return Envelope(mail_from, tuple(dict.fromkeys(filter(None, delivered)))[:_MOST])


def _first(message: Message, name: str) -> str:
    return str(next(iter(message.get_all(name, [])), ""))


def _address(value: str) -> str:
    """Return what stands in angle brackets, else the whole; without white space and control characters."""
    start = value.rfind("<")
    address = value[start + 1 :].partition(">")[0] if start >= 0 else value
    return "".join(sign for sign in address if sign.isprintable() and not sign.isspace())[:320]


class MailboxFollower:
    """Follows one folder until it is stopped; no trouble ends it.

    Attributes:
        name: the channel's name.
        address: where it looks.
    """

    def __init__(
        self,
        name: str,
        address: str,
        settings: FollowedMailbox,
        inbox: ReadingInbox,
        reach: Reach,
        clock: Callable[[], datetime],
    ) -> None:
        """Take the channel's settings, where it puts what it reads, how it is reached, and the time.

        Args:
            name: the channel's name.
            address: where it looks, for people.
            settings: what becomes of messages, and how often is looked.
            inbox: where arrivals go.
            reach: connects.
            clock: the time at which a message is taken in, aware.
        """
        self.name = name
        self.address = address
        self._settings = settings
        self._inbox = inbox
        self._reach = reach
        self._clock = clock
        self._task: asyncio.Task[None] | None = None
        self._looked_at: float | None = None

    def start(self) -> None:
        """Begin; connections are made, and made again, in the background."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    def health(self) -> str | None:
        """Return that the folder was not looked at for longer than three looks take; None where it was."""
        silent = time() - self._looked_at if self._looked_at else 0.0
        if silent <= _LOOKS * self._settings.poll_seconds:
            return None
        return f"{self.name} was not looked at for {silent / _MINUTE:.0f} min"

    async def stop(self) -> None:
        """Take nothing more in; what is being stored is stored or not, and is not forgotten in either case."""
        if self._task is not None:
            await cancel_and_wait(self._task)

    async def _run(self) -> None:
        pause = self._settings.pause
        while True:
            began = asyncio.get_running_loop().time()
            asked_for = 0.0
            try:
                if await self._inbox.follow(self.name):
                    async with self._reach() as mailbox:
                        await self._follow(mailbox)
                if not await self._inbox.follow(self.name):
                    pause = await self._stand_by()
                    continue
            except CredentialsRefusedError as error:
                told = f"The mailbox {self.address} refuses our credentials: nothing is read until they are right."
                self._trouble(f"{told} {described(error)}.", "credentials")
            except (WrongSettingError, TokenRefusedError) as error:
                # No server that is started again: a person must see to it, and until then other ways in stay open.
                self._trouble(f"The mailbox {self.address} is not read: {error}", "credentials")
            except (DtmContactError, OSError, ValueError) as error:
                # Before it is an alarm it may be a server that is started again.
                if pause > self._settings.pause:
                    self._trouble(f"The mailbox {self.address} cannot be read. {described(error)}.", "lost")
                _log.warning("mailbox", channel=self.name, error=type(error).__name__)
                asked_for = error.after_seconds if isinstance(error, MailboxLostError) else 0.0
            await self._leave()
            if asyncio.get_running_loop().time() - began > self._settings.longest_pause:
                pause = self._settings.pause
            await asyncio.sleep(max(pause, asked_for))
            pause = min(pause * _GROWTH, self._settings.longest_pause)

    async def _stand_by(self) -> float:
        """Wait while another daemon follows the folder; return the pause to begin with once it does not."""
        self._inbox.trouble(self.name, None)
        # What was looked at here, and when, says nothing about the mailbox any more.
        self._looked_at = None
        with suppress(KeyError):
            metrics.CHANNEL_LOOKED.remove(self.name)
        await asyncio.sleep(self._settings.pause)
        return self._settings.pause

    async def _leave(self) -> None:
        """Let another daemon follow the folder: it may be able to reach it."""
        with suppress(StoreUnavailableError):
            await self._inbox.leave(self.name)

    def _trouble(self, told: str, reason: str) -> None:
        metrics.CHANNEL_TROUBLES.labels(self.name, reason).inc()
        self._inbox.trouble(self.name, told)

    async def _follow(self, mailbox: OpenMailbox) -> None:
        position = await self._inbox.position(self.name)
        stored = position.place if position is not None else None
        place = await mailbox.begin(stored)
        if place != stored:
            # At once: what comes while we are away after a first start without any mail comes after this place.
            await self._inbox.accept((), Position(self.name, place))
        while await self._inbox.follow(self.name):
            async for batch in mailbox.news(place, self._is_stored):
                for which in batch.left:
                    self._left(which, "its server does not hand it over")
                await self._store(batch, place)
                place = batch.place
                self._looked()
            self._looked()
            # Not before: a folder that is not there would end the alarm at each attempt, and sound it anew.
            self._inbox.trouble(self.name, None)
            filing = await self._file(mailbox, place)
            await mailbox.wait(_FILING_SECONDS if filing else self._settings.poll_seconds)

    def _looked(self) -> None:
        self._looked_at = time()
        metrics.CHANNEL_LOOKED.labels(self.name).set(self._looked_at)

    async def _is_stored(self, external_id: str) -> bool:
        return await self._inbox.head(self.name, external_id, 1) is not None

    def _left(self, which: str, why: str) -> None:
        """Say that one message stays where it is: it must not keep those behind it."""
        told = f"The mailbox {self.name} holds a message that was not taken in ({which}): {why}. Read it there."
        metrics.CHANNEL_TROUBLES.labels(self.name, "left").inc()
        self._inbox.trouble(f"{self.name}-left", told)

    async def _store(self, batch: MailboxBatch, before: str) -> None:
        """Store a batch; one message that the store cannot hold costs the others nothing."""
        if not batch.messages and batch.place == before:
            return
        try:
            await self._accept(batch)
        except StoreUnavailableError as error:
            if error.retry:
                raise
            if len(batch.messages) > 1:
                for message in batch.messages:
                    await self._store(MailboxBatch((message,), message.place), before)
            else:
                self._left(", ".join(message.which for message in batch.messages), "the store refuses it")
            await self._inbox.accept((), Position(self.name, batch.place))

    async def _accept(self, batch: MailboxBatch) -> None:
        now = self._clock()
        arrivals = [self._arrival(message, now) for message in batch.messages]
        lines = tuple(
            LogLine(message.key, arrival.external_id, now.timestamp(), self.name, b"")
            for message, arrival in zip(batch.messages, arrivals, strict=True)
        )
        kept = KeptLines(lines if self._settings.after != "leave" else (), forget_before=self._forgotten_before())
        await self._inbox.accept(tuple(arrivals), Position(self.name, batch.place), kept)

    def _forgotten_before(self) -> float:
        return self._clock().timestamp() - self._settings.remembered_days * _DAY

    def _arrival(self, message: MailboxMessage, now: datetime) -> Arrival:
        external_id = message.external_id or hashlib.sha256(message.raw).hexdigest()
        of_head = replace(envelope(message.raw), backlog=message.backlog)
        return Arrival(self.name, external_id, now, "message/rfc822", of_head, message.raw)

    async def _file(self, mailbox: OpenMailbox, place: str) -> bool:
        """Lay what was judged where its case lies; return whether something is still to be judged."""
        if self._settings.after == "leave":
            return False
        waiting = await self._inbox.lines(self.name)
        decided = await self._inbox.decided(self.name, list({line.group for line in waiting}))
        by_target: dict[str, list[LogLine]] = {}
        for line in waiting:
            if line.group in decided:
                by_target.setdefault(decided[line.group], []).append(line)
        for target, lines in by_target.items():
            await self._lay(mailbox, place, target, lines)
        return len(waiting) > sum(map(len, by_target.values()))

    async def _lay(self, mailbox: OpenMailbox, place: str, target: str, lines: Sequence[LogLine]) -> None:
        with suppress(MailboxRefusedError):
            # A folder that cannot be made keeps nobody from being read; the message stays where it is.
            await mailbox.lay([line.key for line in lines], target)
        done = tuple(LogLine(line.key, line.group, _LONG_AGO, line.kind, line.raw) for line in lines)
        kept = KeptLines(done, forget_before=self._forgotten_before())
        await self._inbox.accept((), Position(self.name, place), kept)
