"""Taking over a mailbox: its messages into the store, in their order, at the pace at which a daemon judges them."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from dtm_contact.errors import DtmContactError
from dtm_contact.ingest.mailbox import envelope
from dtm_contact.model import IMPORTED, Arrival
from dtm_contact.store import Store
from dtm_contact.store.imports import Import, ImportedMail
from dtm_contact.takeover.mail import GONE, MailHead, MailSource, UnreadMail, same_mail

_AT_ONCE: Final = 40
"""So many messages wait to be judged at a time at the most: live mail never waits behind more of them."""
_OCTETS_AT_ONCE: Final = 32 * 1024 * 1024
_POLL_SECONDS: Final = 0.1
_WITHOUT_DAEMON_SECONDS: Final = 60.0
"""For so long none may be alive: a restart takes some seconds."""


class NoDaemonError(DtmContactError):
    """No daemon runs on this store, so that nothing is judged. What was taken over is kept: start one, import again."""


@dataclass(slots=True)
class Progress:
    """How far taking over is.

    Attributes:
        listed: messages in the mailbox, from the time on that was asked for.
        seen: of those, how many were looked at.
        taken: stored by this run.
        before: taken over before.
        elsewhere: in the store already, by another channel.
        twice: copies of a message that lies in the mailbox more than once.
        unread: those that could not be read.
    """

    listed: int = 0
    seen: int = 0
    taken: int = 0
    before: int = 0
    elsewhere: int = 0
    twice: int = 0
    unread: list[UnreadMail] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What taking over did: the import, and how it went."""

    begun: Import
    progress: Progress


async def take_over(
    source: MailSource,
    store: Store,
    since: datetime | None,
    who: str,
    report: Callable[[Progress], None] = lambda _: None,
) -> TakenOver:
    """Take a mailbox over, and return once all of it is judged or parked.

    It may be ended at any moment and begun again: a message that is in the store, by whatever channel, is not stored
    again. Nothing in the mailbox changes.

    Args:
        source: the mailbox.
        store: opened for writing, beside a running daemon, which judges.
        since: messages that came from then on, aware; None: all.
        who: who takes it over.
        report: called now and then with how far it is.

    Raises:
        NoDaemonError: none runs.
        SourceError: the mailbox cannot be read.
        StoreUnavailableError: the store cannot be written.
    """
    watch = _DaemonWatch(store)
    await watch.check()
    try:
        return await _taken_over(source, store, since, who, report, watch)
    finally:
        await source.close()


async def _taken_over(
    source: MailSource,
    store: Store,
    since: datetime | None,
    who: str,
    report: Callable[[Progress], None],
    watch: "_DaemonWatch",
) -> TakenOver:
    contents = await source.contents(since)
    begun = await asyncio.to_thread(store.imports.begin, source.name, who, datetime.now(UTC))
    progress = Progress(listed=len(contents.heads) + len(contents.unread), seen=len(contents.unread))
    progress.unread += contents.unread
    window = Window(sorted(contents.heads, key=lambda head: head.reached_at))
    seen: set[str] = set()
    while window:
        window.settled(await asyncio.to_thread(store.imports.unsettled, window.waiting))
        batch = window.next_ones()
        if batch:
            mails = await _read(source, batch, progress)
            await asyncio.to_thread(_store, store, begun, mails, seen, progress)
            window.wait_for([(head, mail.arrival.external_id) for head, mail in mails])
            progress.seen += len(batch)
            report(progress)
        else:
            await watch.check()
            await asyncio.sleep(_POLL_SECONDS)
    await _all_judged(store, begun, watch)
    return TakenOver(begun, progress)


class Window:
    """Messages in their order, a few at a time: of one conversation or one writer never two at once.

    Those that wait are judged beside each other; so a message always finds the one that it answers to.
    """

    def __init__(self, heads: Sequence[MailHead]) -> None:
        """Take the messages, the first one first."""
        self._left = deque(heads)
        self._root = _conversations(heads)
        self._waiting: dict[str, tuple[frozenset[tuple[str, str]], int]] = {}

    def __bool__(self) -> bool:
        """Tell whether some are left, or wait."""
        return bool(self._left or self._waiting)

    @property
    def waiting(self) -> list[str]:
        """The external ids of those that wait to be judged."""
        return list(self._waiting)

    def settled(self, unsettled: Collection[str]) -> None:
        """Let those go that wait no more."""
        self._waiting = {key: kept for key, kept in self._waiting.items() if key in unsettled}

    def next_ones(self) -> list[MailHead]:
        """Return those that come next, as far as they have nothing to do with those that wait, or with each other."""
        taken = {key for keys, _size in self._waiting.values() for key in keys}
        octets = sum(size for _keys, size in self._waiting.values())
        batch: list[MailHead] = []
        while self._left and len(self._waiting) + len(batch) < _AT_ONCE:
            head = self._left[0]
            keys = self._keys(head)
            busy = not taken.isdisjoint(keys) or octets + head.size > _OCTETS_AT_ONCE
            if busy and (batch or self._waiting):
                break
            batch.append(self._left.popleft())
            taken |= keys
            octets += head.size
        return batch

    def wait_for(self, stored: Iterable[tuple[MailHead, str]]) -> None:
        """Have messages wait that are in the store, by their external ids."""
        for head, key in stored:
            self._waiting[key] = (self._keys(head), head.size)

    def _keys(self, head: MailHead) -> frozenset[tuple[str, str]]:
        keys = {("thread", self._root[each]) for each in (head.message_id, *head.thread) if each}
        return frozenset(keys | ({("writer", head.writer)} if head.writer else set()))


def _conversations(heads: Iterable[MailHead]) -> dict[str, str]:
    """Return for each message id one that stands for all of its conversation."""
    above: dict[str, str] = {}

    def top(message_id: str) -> str:
        at = above.setdefault(message_id, message_id)
        while above[at] != at:
            above[at] = at = above[above[at]]
        return at

    for head in heads:
        ids = [each for each in (head.message_id, *head.thread) if each]
        for each in ids:
            above[top(each)] = top(ids[0])
    return {message_id: top(message_id) for message_id in list(above)}


async def _read(
    source: MailSource, batch: Sequence[MailHead], progress: Progress
) -> list[tuple[MailHead, ImportedMail]]:
    found = await source.read(batch)
    now = datetime.now(UTC)
    mails = []
    for head in batch:
        raw = found.get(head.place)
        if raw is None:
            progress.unread.append(UnreadMail(head.place, GONE))
            continue
        arrival = Arrival(IMPORTED, same_mail(raw), now, "message/rfc822", envelope(raw), raw)
        mails.append((head, ImportedMail(arrival, head.reached_at)))
    return mails


def _store(
    store: Store, begun: Import, mails: Sequence[tuple[MailHead, ImportedMail]], seen: set[str], progress: Progress
) -> None:
    """Store what is not in the store yet."""
    known = store.imports.already_taken([mail.arrival.external_id for _head, mail in mails])
    new = []
    for head, mail in mails:
        key = mail.arrival.external_id
        if key in seen:
            progress.twice += 1
        elif key in known:
            progress.before += 1
        elif _came_by_another_channel(store, head, mail.arrival):
            progress.elsewhere += 1
        else:
            new.append(mail)
        seen.add(key)
    if new:
        store.imports.accept(begun.id, new)
    progress.taken += len(new)


def _came_by_another_channel(store: Store, head: MailHead, arrival: Arrival) -> bool:
    others = store.imports.elsewhere(head.message_id, hashlib.sha256(arrival.raw).hexdigest())
    return any(same_mail(raw) == arrival.external_id for raw in others)


async def _all_judged(store: Store, begun: Import, watch: "_DaemonWatch") -> None:
    """Return once nothing of an import waits, what was put off included."""
    while (await asyncio.to_thread(store.imports.counts, begun.id)).waiting:
        await watch.check()
        await asyncio.sleep(_POLL_SECONDS)


class _DaemonWatch:
    """Sees that a daemon lives which judges."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._missed_since: float | None = None
        self._seen_once = False

    async def check(self) -> None:
        """Make sure that one lives, or did a moment ago.

        Raises:
            NoDaemonError: none does.
        """
        now = asyncio.get_running_loop().time()
        if any(line.alive for line in await asyncio.to_thread(self._store.leases.listing)):
            self._missed_since, self._seen_once = None, True
            return
        self._missed_since = self._missed_since if self._missed_since is not None else now
        if not self._seen_once or now - self._missed_since > _WITHOUT_DAEMON_SECONDS:
            raise NoDaemonError
