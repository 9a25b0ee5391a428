"""Mailboxes that can be taken over: a folder on an IMAP server, an mbox file, a Maildir. Each is only ever read."""

import mmap
import re
import stat
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from dtm_contact.errors import DtmContactError, described
from dtm_contact.ingest.imap_client import Login, MailboxConnection, connected
from dtm_contact.ingest.mailbox import MailboxLostError
from dtm_contact.reading.headers import parse_time
from dtm_contact.takeover.mail import (
    EMPTY,
    HEAD_OCTETS,
    TOO_LARGE,
    MailContents,
    MailHead,
    SourceError,
    UnreadMail,
    head_of,
)

_SLACK: Final = timedelta(days=2)
"""A server counts days by its own clock; what came before the time asked for is left out afterwards."""
_HEADS_AT_ONCE: Final = 20
_SEPARATOR: Final = re.compile(rb"^From \S+ +[^\r\n]*\d{1,2}:\d\d[^\r\n]*\d{4}[^\r\n]*\r?\n", re.MULTILINE)
_QUOTED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_EMPTY_LINES: Final = (b"\n\n", b"\n\r\n")
_ANSWERED: Final = re.compile(rb"^X-Status:[^\n]*A", re.MULTILINE | re.IGNORECASE)
_MAILDIR_FLAGS: Final = re.compile(r":2,([A-Za-z]*)$")
_MAILDIR_TIME: Final = re.compile(r"(\d{9,11})\.")


class ImapFolder:
    """A folder of a mailbox on an IMAP server, opened by EXAMINE: nothing is marked as read.

    Attributes:
        name: server and folder.
    """

    def __init__(
        self,
        login: Callable[[], Awaitable[Login]],
        where: str,
        folder: str,
        limit: int,
        zone: ZoneInfo,
        *,
        unanswered: bool = False,
    ) -> None:
        """Take how it is reached.

        Args:
            login: reads the credentials, for each connection.
            where: the server, for people.
            folder: its name, `/` between levels.
            limit: octets of a message; what is larger stays where it is.
            zone: of times without an offset.
            unanswered: only what nobody has marked as answered.
        """
        self.name = f"imap {where}/{folder}"
        self._login = login
        self._folder = folder
        self._limit = limit
        self._zone = zone
        self._unanswered = unanswered
        self._validity: int | None = None
        self._held = AsyncExitStack()
        self._mailbox: MailboxConnection | None = None

    async def contents(self, since: datetime | None) -> MailContents:
        """Return the heads of what came from a time on; see `MailSource.contents`."""
        heads: list[MailHead] = []
        unread: list[UnreadMail] = []
        now = datetime.now(UTC)
        mailbox = await self._connected()
        day = (since - _SLACK).date() if since is not None else None
        uids = await mailbox.uids_since(day, unanswered=self._unanswered)
        sizes, dates = await mailbox.sizes(uids), await mailbox.dates(uids)
        for start in range(0, len(uids), _HEADS_AT_ONCE):
            some = [uid for uid in uids[start : start + _HEADS_AT_ONCE] if uid in sizes]
            found = await mailbox.heads(some, HEAD_OCTETS)
            for uid in some:
                kept_at = parse_time(dates.get(uid, ""), self._zone)
                head = head_of(f"UID {uid}", found.get(uid, b""), sizes[uid], kept_at, now, self._zone)
                if since is not None and head.reached_at < since:
                    continue
                if reason := _why_unread(uid in found, sizes[uid], self._limit):
                    unread.append(UnreadMail(head.place, reason))
                else:
                    heads.append(head)
        return MailContents(tuple(heads), tuple(unread))

    async def read(self, heads: Sequence[MailHead]) -> Mapping[str, bytes]:
        """Return the octets of messages by their places; see `MailSource.read`."""
        uids = {int(head.place.removeprefix("UID ")): head.place for head in heads}
        try:
            found = await self._fetched(list(uids))
        except MailboxLostError:
            # A server that was started again, or parted from who said nothing for long.
            await self.close()
            found = await self._fetched(list(uids))
        return {uids[uid]: raw for uid, raw in found.items() if raw}

    async def _fetched(self, uids: Sequence[int]) -> dict[int, bytes]:
        mailbox = await self._connected()
        found: dict[int, bytes] = {}
        for uid in uids:
            # By themselves: of several large ones a server would be cut off as one that sends too much.
            found |= await mailbox.messages([uid], self._limit)
        return found

    async def _connected(self) -> MailboxConnection:
        """Return the connection, with the folder open."""
        if self._mailbox is None:
            self._mailbox = await self._held.enter_async_context(connected(await self._login()))
            validity = (await self._mailbox.select(self._folder, read_only=True)).validity
            if self._validity not in (None, validity):
                raise SourceError(f"the messages of {self.name} have been numbered anew meanwhile; begin again")
            self._validity = validity
        return self._mailbox

    async def close(self) -> None:
        """Let go of the mailbox."""
        self._mailbox = None
        await self._held.aclose()


class MboxFile:
    """An mbox file (RFC 4155; of what is quoted in it, one quotation mark is taken off: mboxrd).

    Attributes:
        name: its path.
    """

    def __init__(self, path: Path, limit: int, zone: ZoneInfo, *, unanswered: bool = False) -> None:
        """Take the path, the octets of the largest message, the zone, and whether what is answered is left out."""
        self.name = f"mbox {path.resolve()}"
        self._path = path
        self._limit = limit
        self._zone = zone
        self._unanswered = unanswered

    async def contents(self, since: datetime | None) -> MailContents:
        """Return the heads of what came from a time on; see `MailSource.contents`."""
        heads: list[MailHead] = []
        unread: list[UnreadMail] = []
        now = datetime.now(UTC)
        with _mapped(self._path) as file:
            for line, start, end in _messages_in(file, self._path):
                place, head = f"{start}-{end}", file[start : min(end, start + HEAD_OCTETS)]
                told = head_of(place, head, end - start, _separated_at(line), now, self._zone)
                if since is not None and told.reached_at < since:
                    continue
                if self._unanswered and _ANSWERED.search(head.partition(b"\n\n")[0]):
                    continue
                if reason := _why_unread(bool(head.strip()), told.size, self._limit):
                    unread.append(UnreadMail(place, reason))
                else:
                    heads.append(told)
        return MailContents(tuple(heads), tuple(unread))

    async def read(self, heads: Sequence[MailHead]) -> Mapping[str, bytes]:
        """Return the octets of messages by their places; see `MailSource.read`."""
        with _mapped(self._path) as file:
            return {head.place: unquoted(file[_octets_at(head.place)]) for head in heads}

    async def close(self) -> None:
        """Return: nothing is held open."""


class MaildirFolder:
    """A Maildir: the folder that holds `cur` and `new`.

    Attributes:
        name: its path.
    """

    def __init__(self, path: Path, limit: int, zone: ZoneInfo, *, unanswered: bool = False) -> None:
        """Take the path, the octets of the largest message, the zone, and whether what is answered is left out."""
        self.name = f"maildir {path.resolve()}"
        self._path = path
        self._limit = limit
        self._zone = zone
        self._unanswered = unanswered

    async def contents(self, since: datetime | None) -> MailContents:
        """Return the heads of what came from a time on; see `MailSource.contents`."""
        if not any((self._path / each).is_dir() for each in ("cur", "new")):
            raise SourceError(f"{self._path} holds neither cur nor new: it is no Maildir")
        heads: list[MailHead] = []
        unread: list[UnreadMail] = []
        now = datetime.now(UTC)
        for place in self._places():
            flags = _MAILDIR_FLAGS.search(place)
            if self._unanswered and flags is not None and "R" in flags.group(1):
                continue
            try:
                head, size, kept_at = self._looked_at(place)
            except (OSError, SourceError) as error:
                unread.append(UnreadMail(place, described(error)))
                continue
            told = head_of(place, head, size, kept_at, now, self._zone)
            if since is not None and told.reached_at < since:
                continue
            if reason := _why_unread(bool(head.strip()), size, self._limit):
                unread.append(UnreadMail(place, reason))
            else:
                heads.append(told)
        return MailContents(tuple(heads), tuple(unread))

    def _places(self) -> list[str]:
        return [f"{each}/{name}" for each in ("cur", "new") for name in self._names(each)]

    def _names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self._path / folder).iterdir()) if (self._path / folder).is_dir() else []

    def _looked_at(self, place: str) -> tuple[bytes, int, datetime]:
        path = self._path / place
        told = path.lstat()
        if not stat.S_ISREG(told.st_mode):
            raise SourceError("it is no plain file")
        with path.open("rb") as file:
            head = file.read(HEAD_OCTETS)
        named = _MAILDIR_TIME.match(path.name)
        return head, told.st_size, datetime.fromtimestamp(int(named.group(1)) if named else told.st_mtime, UTC)

    async def read(self, heads: Sequence[MailHead]) -> Mapping[str, bytes]:
        """Return the octets of messages by their places; see `MailSource.read`."""
        found: dict[str, bytes] = {}
        for head in heads:
            try:
                found[head.place] = (self._path / head.place).read_bytes()
            except OSError:
                # Its flags have changed, and its name with them, or it was moved: the next import finds it.
                continue
        return found

    async def close(self) -> None:
        """Return: nothing is held open."""


def _octets_at(place: str) -> slice:
    start, _, end = place.partition("-")
    return slice(int(start), int(end))


def unquoted(raw: bytes) -> bytes:
    """Return a message as it was before an mbox file quoted its lines that begin with `From `."""
    return _QUOTED.sub(rb"\1", raw)


def _why_unread(there: bool, size: int, limit: int) -> str:  # noqa: FBT001 - one of three things that are known of it
    if not there:
        return EMPTY
    return TOO_LARGE if size > limit else ""


@contextmanager
def _mapped(path: Path) -> Iterator[mmap.mmap]:
    """Give the octets of a file.

    Raises:
        SourceError: it cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            yield mapped
    except DtmContactError:
        raise
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: {described(error) if isinstance(error, OSError) else 'it is empty'}") from error


def _messages_in(file: mmap.mmap, path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Yield of each message the line that separates it from the one before, where it begins, and where it ends."""
    found = [each.span() for each in _SEPARATOR.finditer(file) if _begins_one(file, each.start())]
    if not found or found[0][0] != 0:
        raise SourceError(f"{path} does not begin with a line `From …`: it is no mbox file")
    ends = [_without_empty_line(file, start) for start, _ in found[1:]] + [_without_empty_line(file, len(file))]
    for (line, start), end in zip(found, ends, strict=True):
        yield file[line:start], start, max(start, end)


def _begins_one(file: mmap.mmap, at: int) -> bool:
    return at == 0 or file[at - 2 : at] == _EMPTY_LINES[0] or file[at - 3 : at] == _EMPTY_LINES[1]


def _without_empty_line(file: mmap.mmap, end: int) -> int:
    """Return where a message ends: the empty line behind it belongs to the file."""
    for empty in _EMPTY_LINES:
        if file[end - len(empty) : end] == empty:
            return end - len(empty) + 1
    return end


def _separated_at(line: bytes) -> datetime | None:
    """Return the time of the line before a message, which is UTC."""
    _, _, told = line.decode("ascii", "replace").strip().removeprefix("From ").partition(" ")
    try:
        return datetime.strptime(told.strip(), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None
