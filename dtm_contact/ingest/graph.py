"""The receivers `graph` and `graph_sent`: a folder of a mailbox at Microsoft, by Microsoft Graph."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time
from typing import Final

from dtm_contact.ingest import Clock, ReadingInbox, RunningReceiver, receiver, system_clock
from dtm_contact.ingest.graph_client import FolderChanges, GraphClient, ListedMessage
from dtm_contact.ingest.mailbox import (
    MOST_MESSAGES,
    MOST_OCTETS,
    IsStored,
    MailboxBatch,
    MailboxBusyError,
    MailboxFollower,
    MailboxLostError,
    MailboxMessage,
    MailboxRefusedError,
)
from dtm_contact.ingest.oauth import TokenSource, token_source
from dtm_contact.ingest.web_client import web_client
from dtm_contact.log import get_log
from dtm_contact.settings import GraphSettings, Settings

_TRIES: Final = 5
"""So often a message is asked for that the service does not hand over, while it hands over others."""
_log = get_log("graph")


@dataclass(frozen=True, slots=True)
class GraphPlace:
    """How far a folder has been read.

    Attributes:
        folder: its id; the place means nothing in any other.
        first: when it was first looked at, ISO 8601; what was received before lay there.
        since: what was received before is not taken where the whole folder is listed.
        link: what tells the changes since; empty: the whole folder is to be listed.
    """

    folder: str
    first: str
    since: str
    link: str = ""

    @classmethod
    def read(cls, place: str) -> "GraphPlace":
        """Return the place that is stored so."""
        return cls(**json.loads(place))

    def written(self) -> str:
        """Return it as it is stored."""
        return json.dumps(asdict(self))


class GraphMailbox:
    """A folder that is open (see `OpenMailbox`).

    What makes a message the same is its id, which stays the same wherever it is moved within its mailbox: the service
    composes the octets anew whenever they are asked for.

    The place moves once all that a round of changes lists is stored. Until then a round that was broken off is listed
    again, and what is stored of it is not fetched again.
    """

    def __init__(
        self, client: GraphClient, settings: GraphSettings, folder: str, clock: Clock, failures: Counter[str]
    ) -> None:
        """Take how the mailbox is read.

        Args:
            client: what speaks with the service.
            settings: which messages, and what becomes of them.
            folder: its id.
            clock: the time, aware.
            failures: how often each message could not be fetched, over all connections.
        """
        self._client = client
        self._settings = settings
        self._folder = folder
        self._clock = clock
        self._failures = failures

    async def begin(self, place: str | None) -> str:
        """Return the place from which to read; see `OpenMailbox`.

        Another folder, or another mailbox, is read as one that is new to us.
        """
        if place is not None and GraphPlace.read(place).folder == self._folder:
            return place
        now, day = self._clock(), self._settings.since
        since = now if day is None else datetime.combine(day, time(), now.tzinfo)
        return GraphPlace(self._folder, now.isoformat(), since.isoformat()).written()

    async def news(self, place: str, is_stored: IsStored) -> AsyncIterator[MailboxBatch]:
        """Yield what came in, by the time at which it was received; see `OpenMailbox`."""
        stored = GraphPlace.read(place)
        changes = await self._changes(stored)
        messages: list[MailboxMessage] = []
        left: list[str] = []
        octets = 0
        for listed in changes.messages:
            if await is_stored(listed.id):
                continue
            which = f"received {listed.received_at:%Y-%m-%d %H:%M:%S}"
            try:
                raw = await self._client.octets(listed.id, self._settings.size_limit)
            except (MailboxLostError, MailboxRefusedError) as error:
                if messages:
                    # Those before it are not fetched again for its sake.
                    yield MailboxBatch(messages, place)
                    messages, octets = [], 0
                if not self._is_left(listed.id, error):
                    raise
                left.append(which)
                continue
            if raw is not None:
                backlog = listed.received_at < datetime.fromisoformat(stored.first)
                messages.append(MailboxMessage(listed.id, which, raw, place, listed.id, backlog))
                octets += len(raw)
            if len(messages) == MOST_MESSAGES or octets >= MOST_OCTETS:
                yield MailboxBatch(messages, place)
                messages, octets = [], 0
        self._failures.clear()
        yield MailboxBatch(messages, replace(stored, link=changes.link).written(), left)

    def _is_left(self, message: str, error: MailboxLostError | MailboxRefusedError) -> bool:
        """Return whether a message is left where it is: it was asked for often enough, and keeps those behind it."""
        if not isinstance(error, MailboxBusyError):
            self._failures[message] += 1
        return self._failures[message] >= _TRIES

    async def _changes(self, stored: GraphPlace) -> FolderChanges:
        if stored.link:
            try:
                return await self._client.changes(self._folder, stored.link)
            except MailboxRefusedError as error:
                # As after many days away: all is listed, and what is stored is known by its id.
                _log.warning("the changes of a mailbox are lost; all of it is listed", told=str(error))
        changes = await self._client.changes(self._folder, "")
        since = datetime.fromisoformat(stored.since)
        taken: list[ListedMessage] = [each for each in changes.messages if each.received_at >= since]
        return FolderChanges(tuple(taken), changes.link)

    async def lay(self, keys: Sequence[str], target: str) -> None:
        """Move messages, or give them a category, as long as nobody has moved them; see `OpenMailbox`."""
        for key in keys:
            standing = await self._client.standing(key)
            if standing is None or standing.folder != self._folder:
                continue
            if self._settings.after == "move":
                await self._client.move(key, self._settings.folder_of(target))
            elif (category := f"dtm-{target}") not in standing.categories:
                await self._client.categorize(key, (*standing.categories, category))

    async def wait(self, seconds: float) -> None:
        """Return after so many seconds: the service tells of nothing by itself."""
        await asyncio.sleep(seconds)


def graph_follower(
    name: str, settings: GraphSettings, inbox: ReadingInbox, tokens: TokenSource, clock: Clock = system_clock
) -> MailboxFollower:
    """Return what follows the folder of the settings."""
    failures: Counter[str] = Counter()

    @asynccontextmanager
    async def reach() -> AsyncIterator[GraphMailbox]:
        async with web_client(settings.authority, settings.seconds) as web:
            client = GraphClient(settings, web, tokens)
            yield GraphMailbox(client, settings, await client.folder(settings.folder), clock, failures)

    return MailboxFollower(name, f"{settings.url} {settings.user}/{settings.folder}", settings, inbox, reach, clock)


@receiver("graph")
async def start_graph(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Follow the folder of `settings.graph`; beside an old process, which reads it too, every message stays there."""
    graph = settings.graph.model_copy(update={"after": "leave"}) if settings.rules.observe else settings.graph
    follower = graph_follower("graph", graph, inbox, token_source(settings, graph.scope), clock)
    follower.start()
    return follower


@receiver("graph_sent", group="graph")
async def start_graph_sent(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Follow the folder of sent messages of the mailbox of `settings.graph`; what lies there stays there."""
    sent = settings.graph.model_copy(update={"folder": settings.graph.sent_folder, "after": "leave"})
    follower = graph_follower("graph_sent", sent, inbox, token_source(settings, sent.scope), clock)
    follower.start()
    return follower
