"""The receivers `imap` and `imap_sent`: a folder of a mailbox by IMAP (RFC 3501)."""

import asyncio
import json
import shlex
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

from dtm_contact.ingest import Clock, ReadingInbox, RunningReceiver, receiver, system_clock
from dtm_contact.ingest.imap_client import Login, MailboxConnection, Selected, connected
from dtm_contact.ingest.mailbox import (
    MOST_MESSAGES,
    MOST_OCTETS,
    CredentialsRefusedError,
    IsStored,
    MailboxBatch,
    MailboxFollower,
    MailboxMessage,
)
from dtm_contact.ingest.oauth import TokenSource, token_source
from dtm_contact.settings import ImapSettings, Settings

_SECONDS: Final = 30.0


def login_by(settings: ImapSettings, tokens: TokenSource | None = None) -> Callable[[], Awaitable[Login]]:
    """Return what reads the credentials.

    Args:
        settings: where the mailbox is.
        tokens: who gives tokens, where they are asked for.

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
            token=await tokens.token() if tokens is not None else await _token(settings),
            context=context,
            seconds=settings.seconds,
        )

    return login


def imap_tokens(settings: Settings) -> TokenSource | None:
    """Return who gives tokens for the mailbox; None where none is asked for."""
    return token_source(settings, settings.imap.scope) if settings.imap.oauth else None


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
    def read(cls, place: str | None) -> "MailboxPlace | None":
        """Return the place that is stored so; None where there is none."""
        if place is None:
            return None
        told = json.loads(place)
        return cls(int(told["validity"]), int(told["uid"]), int(told.get("first", 0)))

    def written(self) -> str:
        """Return it as it is stored."""
        return json.dumps({"validity": self.validity, "uid": self.uid, "first": self.first})


class ImapMailbox:
    """A folder that is open (see `OpenMailbox`).

    What makes a message the same is its octets, not where it lies: UIDs can be given anew.
    """

    def __init__(self, connection: MailboxConnection, settings: ImapSettings, selected: Selected) -> None:
        """Take the connection, and what was told when the folder was opened."""
        self._connection = connection
        self._settings = settings
        self._selected = selected

    async def begin(self, place: str | None) -> str:
        """Return the place from which to read; see `OpenMailbox`.

        Where UIDs mean something else now everything is read again: what was taken in before is known by its octets.
        """
        stored, validity = MailboxPlace.read(place), self._selected.validity
        if stored is not None:
            return (stored if stored.validity == validity else MailboxPlace(validity, 0)).written()
        since, next_uid = self._settings.since, self._selected.next_uid
        uids = await self._connection.uids_since(since) if since is not None else []
        return MailboxPlace(validity, uids[0] - 1 if uids else next_uid - 1, next_uid).written()

    async def news(self, place: str, is_stored: IsStored) -> AsyncIterator[MailboxBatch]:
        """Yield what is new, lowest UID first; see `OpenMailbox`."""
        del is_stored
        stored = MailboxPlace.read(place)
        assert stored is not None  # noqa: S101 - `begin` gave it
        uids = await self._connection.uids_above(stored.uid)
        sizes = await self._connection.sizes(uids)
        for some in self._batches(uids, sizes):
            bodies, left = await self.fetched(some)
            messages = [
                MailboxMessage(
                    f"{stored.validity}.{uid}",
                    f"UID {uid}",
                    raw,
                    replace(stored, uid=uid).written(),
                    backlog=uid < stored.first,
                )
                for uid, raw in bodies.items()
            ]
            yield MailboxBatch(messages, replace(stored, uid=some[-1]).written(), [f"UID {uid}" for uid in left])

    async def fetched(self, uids: Sequence[int]) -> tuple[dict[int, bytes], list[int]]:
        """Return the octets of some messages, and the UIDs of those there but not handed over.

        What is missing and still there is asked for once more, by itself.
        """
        bodies = await self._connection.messages(uids, self._settings.size_limit)
        left = []
        for uid in await self._connection.sizes([uid for uid in uids if uid not in bodies]):
            bodies |= await self._connection.messages([uid], self._settings.size_limit)
            if uid not in bodies:
                left.append(uid)
        return dict(sorted(bodies.items())), left

    def _batches(self, uids: Sequence[int], sizes: dict[int, int]) -> list[list[int]]:
        batches: list[list[int]] = []
        octets = 0
        for uid in uids:
            size = min(sizes.get(uid, 0), self._settings.size_limit)
            if not batches or len(batches[-1]) == MOST_MESSAGES or octets + size > MOST_OCTETS:
                batches.append([])
                octets = 0
            batches[-1].append(uid)
            octets += size
        return batches

    async def lay(self, keys: Sequence[str], target: str) -> None:
        """Move or flag messages whose UIDs still mean the same; see `OpenMailbox`."""
        validity = f"{self._selected.validity}."
        uids = [int(key.removeprefix(validity)) for key in keys if key.startswith(validity)]
        if self._settings.after == "move":
            await self._connection.move(uids, self._settings.folder_of(target))
        else:
            await self._connection.flag(uids, f"dtm-{target}")

    async def wait(self, seconds: float) -> None:
        """Return when the server tells of something new, or after so many seconds."""
        await self._connection.wait(seconds)


@asynccontextmanager
async def logged_in(
    login: Callable[[], Awaitable[Login]], tokens: TokenSource | None
) -> AsyncIterator[MailboxConnection]:
    """Connect and log in until the end of the block; where a token that was used before is refused, with a new one.

    Raises:
        CredentialsRefusedError: the server does not want us.
        TokenRefusedError: nobody gives us a token.
        MailboxLostError: there is no server, or it does not speak.
        WrongSettingError: a secret cannot be read.
    """
    async with AsyncExitStack() as stack:
        try:
            connection = await stack.enter_async_context(connected(await login()))
        except CredentialsRefusedError:
            if tokens is None or not tokens.forget():
                raise
            connection = await stack.enter_async_context(connected(await login()))
        yield connection


def imap_follower(
    name: str,
    settings: ImapSettings,
    inbox: ReadingInbox,
    clock: Clock = system_clock,
    tokens: TokenSource | None = None,
) -> MailboxFollower:
    """Return what follows the folder of the settings.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    login = login_by(settings, tokens)

    @asynccontextmanager
    async def reach() -> AsyncIterator[ImapMailbox]:
        async with logged_in(login, tokens) as connection:
            yield ImapMailbox(connection, settings, await connection.select(settings.folder))

    return MailboxFollower(name, f"{settings.host}:{settings.port}/{settings.folder}", settings, inbox, reach, clock)


@receiver("imap")
async def start_imap(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Follow the folder of `settings.imap`; beside an old process, which reads it too, every message stays there.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    imap = settings.imap.model_copy(update={"after": "leave"}) if settings.rules.observe else settings.imap
    follower = imap_follower("imap", imap, inbox, clock, imap_tokens(settings))
    follower.start()
    return follower


@receiver("imap_sent", group="imap")
async def start_imap_sent(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Follow the folder of sent messages of the mailbox of `settings.imap`; what lies there stays there.

    Raises:
        OSError: the file of the authorities cannot be read.
    """
    sent = settings.imap.model_copy(update={"folder": settings.imap.sent_folder, "after": "leave"})
    follower = imap_follower("imap_sent", sent, inbox, clock, imap_tokens(settings))
    follower.start()
    return follower
