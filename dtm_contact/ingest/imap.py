"""The receivers `imap` and `imap_sent`: a folder of a mailbox (RFC 3501), nothing missed, nothing taken twice."""

import asyncio
import hashlib
import json
import shlex
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from time import time
from typing import Final

from dtm_contact import metrics
from dtm_contact.background import cancel_and_wait
from dtm_contact.errors import DtmContactError, StoreUnavailableError, WrongSettingError, described
from dtm_contact.ingest import Clock, ReadingInbox, RunningReceiver, receiver, system_clock
from dtm_contact.ingest.imap_client import (
    CredentialsRefusedError,
    Login,
    MailboxConnection,
    MailboxRefusedError,
    connected,
)
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, Envelope, KeptLines, LogLine, Position
from dtm_contact.settings import ImapSettings, Settings

_SECONDS: Final = 30.0
_HEAD_OCTETS: Final = 128 * 1024
_MOST: Final = 20
# What servers note of the addresses that a message was delivered to.
_DELIVERED: Final = ("Delivered-To", "X-Original-To", "Envelope-To")
_BATCH_MESSAGES: Final = 50
_BATCH_OCTETS: Final = 16 * 1024 * 1024
_FILING_SECONDS: Final = 1.0
_GROWTH: Final = 2.0
_LONG_AGO: Final = 0.0
_DAY: Final = 86_400.0
_MINUTE: Final = 60.0
_LOOKS: Final = 3
"""A mailbox is looked at anew after so long without news; later than so many such looks something hangs."""
_log = get_log("imap")


def login_by(settings: ImapSettings) -> Callable[[], Awaitable[Login]]:
    """Return what reads the credentials.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    context = None
    if settings.tls:
        context = ssl.create_default_context(cafile=str(settings.authority) if settings.authority else None)

    async def login() -> Login:
        return Login(
            settings.host,
            settings.port,
            settings.user,
            password=settings.read_password() or "",
            token=await _token(settings),
            context=context,
            seconds=settings.seconds,
        )

    return login


async def _token(settings: ImapSettings) -> str:
    """Return the token of XOAUTH2; empty where a password is used."""
    if not settings.token_command:
        return settings.read_token() or ""
    process = await asyncio.create_subprocess_exec(
        *shlex.split(settings.token_command), stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(_SECONDS):
            told, _ = await process.communicate()
    except TimeoutError as error:
        process.kill()
        raise CredentialsRefusedError("the token's command takes too long") from error
    if process.returncode != 0:
        raise CredentialsRefusedError("the token's command fails")
    return told.decode("ascii", "replace").strip()


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


@dataclass(frozen=True, slots=True)
class MailboxPlace:
    """How far a folder has been read: all UIDs up to `uid`, as long as they mean the same.

    Attributes:
        validity: the folder's UIDVALIDITY.
        uid: the last one that was read.
        first: what lay there at the very first look has a lower UID than this.
    """

    validity: int
    uid: int
    first: int = 0

    @classmethod
    def read(cls, position: Position | None) -> "MailboxPlace | None":
        """Return the place that a stored position tells; None where there is none."""
        if position is None:
            return None
        told = json.loads(position.place)
        return cls(int(told["validity"]), int(told["uid"]), int(told.get("first", 0)))

    def as_position(self, channel: str) -> Position:
        """Return the position that tells this place."""
        return Position(channel, json.dumps({"validity": self.validity, "uid": self.uid, "first": self.first}))


class MailboxFollower:
    """Follows one folder until it is stopped; no trouble ends it.

    Attributes:
        name: the channel's name.
        address: where it looks.
    """

    def __init__(
        self,
        name: str,
        settings: ImapSettings,
        inbox: ReadingInbox,
        login: Callable[[], Awaitable[Login]],
        clock: Callable[[], datetime],
    ) -> None:
        """Take the channel's settings, where it puts what it reads, how it logs in, and the time.

        Args:
            name: the channel's name.
            settings: which folder, from when on, what becomes of its messages.
            inbox: where arrivals go.
            login: reads the credentials anew for each connection: tokens run out.
            clock: the time at which a message is taken in, aware.
        """
        self.name = name
        self.address = f"{settings.host}:{settings.port}/{settings.folder}"
        self._settings = settings
        self._inbox = inbox
        self._login = login
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
            try:
                if await self._inbox.follow(self.name):
                    async with connected(await self._login()) as mailbox:
                        await self._follow(mailbox)
                if not await self._inbox.follow(self.name):
                    pause = await self._stand_by()
                    continue
            except CredentialsRefusedError:
                told = f"The mailbox {self.address} refuses our credentials: nothing is read until they are right."
                self._trouble(told, "credentials")
            except WrongSettingError as error:
                # No server that is started again: a person must see to it, and until then other ways in stay open.
                self._trouble(f"The mailbox {self.address} is not read: {error}", "credentials")
            except (DtmContactError, OSError, ValueError) as error:
                # Before it is an alarm it may be a server that is started again.
                if pause > self._settings.pause:
                    self._trouble(f"The mailbox {self.address} cannot be read. {described(error)}.", "lost")
                _log.warning("mailbox", channel=self.name, error=type(error).__name__)
            await self._leave()
            if asyncio.get_running_loop().time() - began > self._settings.longest_pause:
                pause = self._settings.pause
            await asyncio.sleep(pause)
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

    async def _follow(self, mailbox: MailboxConnection) -> None:
        selected = await mailbox.select(self._settings.folder)
        place = MailboxPlace.read(await self._inbox.position(self.name))
        if place is None or place.validity != selected.validity:
            place = await self._begin(mailbox, selected.validity, selected.next_uid, known=place is not None)
            # At once: what comes while we are away after a first start without any mail comes after this place.
            await self._inbox.accept((), place.as_position(self.name))
        while await self._inbox.follow(self.name):
            place = await self._take(mailbox, place)
            self._looked_at = time()
            metrics.CHANNEL_LOOKED.labels(self.name).set(self._looked_at)
            # Not before: a folder that is not there would end the alarm at each attempt, and sound it anew.
            self._inbox.trouble(self.name, None)
            filing = await self._file(mailbox, place)
            await mailbox.wait(_FILING_SECONDS if filing else self._settings.poll_seconds)

    async def _begin(self, mailbox: MailboxConnection, validity: int, next_uid: int, *, known: bool) -> MailboxPlace:
        """Return the place from which to read a folder that is new to us, or whose UIDs mean something else now.

        In the second case everything is read again: what was taken in before is known by its octets.
        """
        if known:
            return MailboxPlace(validity, 0)
        since = self._settings.since
        if since is None:
            return MailboxPlace(validity, next_uid - 1, next_uid)
        uids = await mailbox.uids_since(since)
        return MailboxPlace(validity, uids[0] - 1 if uids else next_uid - 1, next_uid)

    async def _take(self, mailbox: MailboxConnection, place: MailboxPlace) -> MailboxPlace:
        """Take in what is new, oldest first, a batch at a time, each with its place in one transaction."""
        uids = await mailbox.uids_above(place.uid)
        sizes = await mailbox.sizes(uids)
        for batch in self._batches(uids, sizes):
            bodies = await self._bodies(mailbox, batch)
            place = replace(place, uid=batch[-1])
            await self._store(place, bodies)
        return place

    async def _bodies(self, mailbox: MailboxConnection, batch: Sequence[int]) -> dict[int, bytes]:
        """Return the octets of a batch; what is missing and still there is asked for once more, by itself."""
        bodies = await mailbox.messages(batch, self._settings.size_limit)
        missing = [uid for uid in batch if uid not in bodies]
        for uid in await mailbox.sizes(missing):
            bodies |= await mailbox.messages([uid], self._settings.size_limit)
            if uid not in bodies:
                self._left(uid, "its server does not hand it over")
        return dict(sorted(bodies.items()))

    def _left(self, uid: int, why: str) -> None:
        """Say that one message stays where it is: it must not keep those behind it."""
        told = f"The mailbox {self.name} holds a message that was not taken in (UID {uid}): {why}. Read it there."
        metrics.CHANNEL_TROUBLES.labels(self.name, "left").inc()
        self._inbox.trouble(f"{self.name}-left", told)

    def _batches(self, uids: Sequence[int], sizes: dict[int, int]) -> list[list[int]]:
        batches: list[list[int]] = []
        octets = 0
        for uid in uids:
            size = min(sizes.get(uid, 0), self._settings.size_limit)
            if not batches or len(batches[-1]) == _BATCH_MESSAGES or octets + size > _BATCH_OCTETS:
                batches.append([])
                octets = 0
            batches[-1].append(uid)
            octets += size
        return batches

    async def _store(self, place: MailboxPlace, bodies: dict[int, bytes]) -> None:
        """Store a batch; one message that the store cannot hold costs the others nothing."""
        try:
            await self._accept(place, bodies)
        except StoreUnavailableError as error:
            if error.retry:
                raise
            if len(bodies) > 1:
                for uid, raw in bodies.items():
                    await self._store(replace(place, uid=uid), {uid: raw})
                return
            self._left(place.uid, "the store refuses it")
            await self._inbox.accept((), place.as_position(self.name))

    async def _accept(self, place: MailboxPlace, bodies: dict[int, bytes]) -> None:
        now = self._clock()
        arrivals = {uid: self._arrival(raw, now, backlog=uid < place.first) for uid, raw in bodies.items()}
        lines = tuple(
            LogLine(f"{place.validity}.{uid}", arrival.external_id, now.timestamp(), self.name, b"")
            for uid, arrival in arrivals.items()
        )
        kept = KeptLines(lines if self._settings.after != "leave" else (), forget_before=self._forgotten_before())
        await self._inbox.accept(tuple(arrivals.values()), place.as_position(self.name), kept)

    def _forgotten_before(self) -> float:
        return self._clock().timestamp() - self._settings.remembered_days * _DAY

    def _arrival(self, raw: bytes, now: datetime, *, backlog: bool) -> Arrival:
        # By what it is, not where it lies: UIDs can be given anew.
        external_id = hashlib.sha256(raw).hexdigest()
        return Arrival(self.name, external_id, now, "message/rfc822", replace(envelope(raw), backlog=backlog), raw)

    async def _file(self, mailbox: MailboxConnection, place: MailboxPlace) -> bool:
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

    async def _lay(
        self, mailbox: MailboxConnection, place: MailboxPlace, target: str, lines: Sequence[LogLine]
    ) -> None:
        validity = f"{place.validity}."
        uids = [int(line.key.removeprefix(validity)) for line in lines if line.key.startswith(validity)]
        with suppress(MailboxRefusedError):
            # A folder that cannot be made keeps nobody from being read; the message stays where it is.
            if self._settings.after == "move":
                await mailbox.move(uids, self._settings.folder_of(target))
            else:
                await mailbox.flag(uids, f"dtm-{target}")
        done = tuple(LogLine(line.key, line.group, _LONG_AGO, line.kind, line.raw) for line in lines)
        await self._inbox.accept(
            (), place.as_position(self.name), KeptLines(done, forget_before=self._forgotten_before())
        )


@receiver("imap")
async def start_imap(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Follow the folder of `settings.imap`; beside an old process, which reads it too, every message stays there.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    imap = settings.imap.model_copy(update={"after": "leave"}) if settings.rules.observe else settings.imap
    follower = MailboxFollower("imap", imap, inbox, login_by(imap), clock)
    follower.start()
    return follower


@receiver("imap_sent")
async def start_imap_sent(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Follow the folder of sent messages of the mailbox of `settings.imap`; what lies there stays there.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    sent = settings.imap.model_copy(update={"folder": settings.imap.sent_folder, "after": "leave"})
    follower = MailboxFollower("imap_sent", sent, inbox, login_by(settings.imap), clock)
    follower.start()
    return follower
