"""The way back: open cases as mail, by queue; the original messages bit for bit, and what was done in one more each."""

import csv
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from dtm_contact.errors import DtmContactError, NotFoundError
from dtm_contact.ingest.imap_client import Login, MailboxConnection, connected
from dtm_contact.ingest.mailbox import MailboxRefusedError
from dtm_contact.store import CaseFile, Store
from dtm_contact.takeover.folders import MboxFile
from dtm_contact.takeover.mail import EMPTY, head_of
from dtm_contact.takeover.summary import SummaryWriter

_PAGE: Final = 200
_MESSAGE: Final = "message/rfc822"
_ORIGINAL, _SUMMARY = "message", "résumé"
_LISTING: Final = "contenu.csv"
_COLUMNS: Final = ("file", "dossier", "quoi", "message-id", "octets", "sha256")
_FROM_LINE: Final = b"From MAILER-DAEMON "
_NO_LIMIT: Final = 2**62


class GiveBackError(DtmContactError):
    """The cases cannot be given back there."""


@dataclass(frozen=True, slots=True)
class Item:
    """One message that is given back.

    Attributes:
        case: the case's number.
        kind: an original, or the summary of the case.
        raw: its octets.
        at: when it came, or when the last thing happened in the case.
    """

    case: str
    kind: str
    raw: bytes
    at: datetime


class Target(Protocol):
    """Where cases are given back to."""

    async def put(self, queue: str, items: Iterator[Item]) -> list[tuple[str, str]]:
        """Lay the messages of a queue there; return of each that should be there its case and its digest.

        Raises:
            DtmContactError: they cannot be laid there; done again, what is there already is not laid there twice.
        """
        ...

    async def digests_of(self, queue: str) -> Counter[str]:
        """Read a queue's destination again, and return the digests of the messages in it."""
        ...

    def digest(self, raw: bytes) -> str:
        """Return what tells a message from all others there."""
        ...

    async def finish(self) -> None:
        """Make what was verified valid."""
        ...


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What was given back of one queue.

    Attributes:
        queue: its short name.
        cases: open cases.
        originals: messages of theirs, as they came.
        erased: messages whose bytes were erased by their age; their summary says so.
        missing: cases of which a message is not there as it was laid there.
    """

    queue: str
    cases: int
    originals: int
    erased: int
    missing: tuple[str, ...]


async def give_back(
    store: Store, target: Target, writer: SummaryWriter, report: Callable[[GivenBack], None] = lambda _: None
) -> list[GivenBack]:
    """Give all open cases back, and count what is there afterwards. Nothing changes in the store.

    Args:
        store: opened for reading.
        target: where they go.
        writer: writes the summaries.
        report: called with each queue that is done.

    Raises:
        DtmContactError: they cannot be laid there.
    """
    done = []
    for queue in store.cases.open_queues():
        counts: Counter[str] = Counter()
        wanted = await target.put(queue, _items(store, queue, writer, counts))
        there = await target.digests_of(queue)
        missing = []
        for case, digest in wanted:
            if there[digest]:
                there[digest] -= 1
            else:
                missing.append(case)
        given = GivenBack(queue, counts["cases"], counts["originals"], counts["erased"], tuple(dict.fromkeys(missing)))
        report(given)
        done.append(given)
    if not any(each.missing for each in done):
        await target.finish()
    return done


def _items(store: Store, queue: str, writer: SummaryWriter, counts: Counter[str]) -> Iterator[Item]:
    last = None
    while page := store.cases.queue(queue, after=last, limit=_PAGE):
        for case in page:
            file = store.cases.get(case.number)
            counts["cases"] += 1
            yield from _of_case(store, file, writer, counts)
        last = page[-1]


def _of_case(store: Store, file: CaseFile, writer: SummaryWriter, counts: Counter[str]) -> Iterator[Item]:
    number = file.case.number
    originals: list[Item] = []
    erased = 0
    for contact in file.contacts:
        try:
            arrival = store.arrivals.get(contact.arrival_id)
        except NotFoundError:
            erased += 1
            continue
        if arrival.media_type == _MESSAGE:
            originals.append(Item(number, _ORIGINAL, arrival.raw, contact.at or arrival.received_at))
    counts["originals"] += len(originals)
    counts["erased"] += erased
    yield from originals
    at = max((event.at for event in file.events), default=file.case.opened_at)
    yield Item(number, _SUMMARY, writer.write(file, [item.raw for item in originals], erased, at), at)


class MboxTarget:
    """A folder with an mbox file for each queue, and a listing of what is in them.

    It is written beside itself, and there under its own name once all of it was read again.
    """

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        """Take the folder, which must not be there yet.

        Raises:
            GiveBackError: it is there.
        """
        if folder.exists():
            raise GiveBackError(f"{folder} is there already: name one that is not")
        self._folder = folder
        self._work = folder.with_name(f".{folder.name}.partial")
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True, mode=0o700)
        self._zone = zone
        self._listed: list[tuple[str, ...]] = []

    async def put(self, queue: str, items: Iterator[Item]) -> list[tuple[str, str]]:
        """Write the file of a queue; see `Target.put`."""
        wanted = []
        with _private(self._work / _file_name(queue)).open("wb") as file:
            for item in items:
                at = item.at.astimezone(UTC).strftime("%a %b %d %H:%M:%S %Y").encode()
                file.write(_FROM_LINE + at + b"\n" + _quoted(item.raw))
                file.write(b"\n" if item.raw.endswith(b"\n") else b"\n\n")
                wanted.append((item.case, self.digest(item.raw)))
                head = head_of("", item.raw, len(item.raw), None, datetime.now(UTC), self._zone)
                told = (item.case, item.kind, head.message_id, str(len(item.raw)), sha256(item.raw).hexdigest())
                self._listed.append((_file_name(queue), *told))
        return wanted

    async def digests_of(self, queue: str) -> Counter[str]:
        """Return the digests of the messages in the file of a queue; see `Target.digests_of`."""
        path = self._work / _file_name(queue)
        if not path.stat().st_size:
            return Counter()
        source = MboxFile(path, _NO_LIMIT, self._zone)
        contents = await source.contents(None)
        # What is empty lies there, too.
        there = Counter(self.digest(b"") for each in contents.unread if each.reason == EMPTY)
        for head in contents.heads:
            there.update(self.digest(raw) for raw in (await source.read([head])).values())
        return there

    def digest(self, raw: bytes) -> str:
        """Return the digest of a message; a file ends the last line of each, whether the message did or not."""
        return sha256(raw if raw.endswith(b"\n") else raw + b"\n").hexdigest()

    async def finish(self) -> None:
        """Write the listing, and give the folder its name."""
        with _private(self._work / _LISTING).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([_COLUMNS, *self._listed])
        self._work.rename(self._folder)


class ImapTarget:
    """A folder for each queue on an IMAP server, by APPEND."""

    def __init__(self, login: Callable[[], Awaitable[Login]], folder_of: Callable[[str], str], limit: int) -> None:
        """Take how the server is reached, what the folder of a queue is called, and the octets of a message."""
        self._login = login
        self._folder_of = folder_of
        self._limit = limit

    async def put(self, queue: str, items: Iterator[Item]) -> list[tuple[str, str]]:
        """Lay the messages of a queue into its folder, but for those that lie there; see `Target.put`."""
        there = await self.digests_of(queue)
        wanted = []
        async with connected(await self._login()) as mailbox:
            for item in items:
                digest = self.digest(item.raw)
                wanted.append((item.case, digest))
                if there[digest]:
                    there[digest] -= 1
                    continue
                with suppress(MailboxRefusedError):
                    # What a server refuses, a NUL for example, is missed when all is counted.
                    await mailbox.append(self._folder_of(queue), _with_crlf(item.raw))
        return wanted

    async def digests_of(self, queue: str) -> Counter[str]:
        """Return the digests of the messages in the folder of a queue; see `Target.digests_of`."""
        there: Counter[str] = Counter()
        async with connected(await self._login()) as mailbox:
            with suppress(MailboxRefusedError):
                await mailbox.select(self._folder_of(queue), read_only=True)
                await self._count(mailbox, there)
        return there

    async def _count(self, mailbox: MailboxConnection, there: Counter[str]) -> None:
        for uid in await mailbox.uids_since(None):
            there.update(self.digest(raw) for raw in (await mailbox.messages([uid], self._limit)).values())

    def digest(self, raw: bytes) -> str:
        """Return the digest of a message with the line ends that IMAP has."""
        return sha256(_with_crlf(raw)).hexdigest()

    async def finish(self) -> None:
        """Return: all lies there."""


def _private(path: Path) -> Path:
    """Make an empty file that its owner alone may read, wherever the folder is moved to; return its path."""
    path.touch(mode=0o600)
    return path


def _with_crlf(raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _quoted(raw: bytes) -> bytes:
    """Return a message as mbox files hold it (mboxrd): no line of it passes for the beginning of another."""
    lines = raw.split(b"\n")
    return b"\n".join(b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines)


def _file_name(queue: str) -> str:
    return f"{queue}.mbox"
