"""The receiver `folder`: files dropped by SFTP or over a share, by programs and copiers, taken once they are whole."""

import asyncio
import fcntl
import hashlib
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from stat import S_ISREG
from typing import Final

from dtm_contact import metrics
from dtm_contact.errors import DtmContactError, described
from dtm_contact.ingest import Clock, ReadingInbox, RunningReceiver, receiver, system_clock
from dtm_contact.ingest.log_follower import PollingReceiver
from dtm_contact.ingest.request_message import (
    HEAD_OCTETS,
    REQUESTS,
    FieldLimits,
    IntakeRequest,
    RequestRefusedError,
    arrival_of,
    check_content,
    check_fields,
    fields_of_json,
    file_named,
    is_same_content,
    number_in,
)
from dtm_contact.log import get_log
from dtm_contact.model import CHANNEL_HEADER, DIGEST_HEADER, REQUEST_HEADER, SOURCE_HEADER, Arrival, Channel
from dtm_contact.model.attachable import MEDIA_TYPES, begins_as, extension_of
from dtm_contact.settings import DropFolder, FolderSettings, Settings

NAME: Final = "folder"
DONE: Final = "done"
REFUSED: Final = "refused"
REASON: Final = ".reason.txt"
_CLOCK: Final = ".dtm-contact-clock"
_UNFINISHED: Final = (".part", ".partial", ".filepart", ".tmp", ".crdownload")
"""Ends of names that programs give to files until they are whole."""
_SCANS: Final = frozenset({"pdf", "tif", "tiff", "jpg", "jpeg"})
_MOST_FILES: Final = 50
_MOST_OCTETS: Final = 64 * 1024 * 1024
_LONGEST_NAME: Final = 200
_SECOND: Final = 1_000_000_000
_DAY_SECONDS: Final = 86_400
_LOOKED_AFTER: Final = 600.0
"""Seconds between two looks for files in `done` that are old."""
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

FolderClock = Callable[[Path], int]
"""Tells the time of the machine that holds a folder, in nanoseconds: its clock may be another than ours."""

_log = get_log("drop folder")


class FolderUnreadableError(DtmContactError):
    """A drop folder cannot be read or written."""


def clock_of(folder: Path) -> int:
    """Return the time by the clock of whoever holds the folder: that at which it says a file of ours was touched.

    Raises:
        OSError: the folder cannot be written.
    """
    path = folder / _CLOCK
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.utime(descriptor)
        return os.fstat(descriptor).st_ctime_ns
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that is whole: where it lies, and what came of reading it.

    Attributes:
        path: in its drop folder.
        arrival: what is to be stored; None where it is refused.
        request: what it was checked as; None for mail, and where it is refused.
        refusal: why it is refused; empty where it is not.
        octets: how many were read.
    """

    path: Path
    arrival: Arrival | None = None
    request: IntakeRequest | None = None
    refusal: str = ""
    octets: int = 0


class WatchedFolder:
    """One drop folder of one source; its methods block, and run in a thread."""

    def __init__(
        self, source: str, folder: DropFolder, settings: Settings, clock: Clock, folder_clock: FolderClock = clock_of
    ) -> None:
        """Take what the settings say; `clock` is ours, `folder_clock` that of who holds the folder."""
        self.source = source
        self.path = folder.path.absolute()
        self._folder = folder
        self._settings = settings.folder
        self._limits = FieldLimits(settings.http.depth_limit, settings.http.fields_limit, settings.http.text_limit)
        self._clock = clock
        self._folder_clock = folder_clock

    def take(self) -> list[FoundFile]:
        """Return files that are whole, read; the oldest first, and not more than are well kept in memory.

        Raises:
            OSError: the folder cannot be read or written.
        """
        for name in (DONE, REFUSED):
            (self.path / name).mkdir(exist_ok=True)
        found: list[FoundFile] = []
        octets = 0
        for path in self._whole():
            if len(found) >= _MOST_FILES or octets >= _MOST_OCTETS:
                break
            with suppress(FileNotFoundError):
                if (read := self._read(path)) is not None:
                    found.append(read)
                    octets += read.octets
        return found

    def put_away(self, dropped: FoundFile) -> None:
        """Move a file to those that are done, or to those refused with the reason beside it.

        Raises:
            OSError: it cannot be moved.
        """
        with suppress(FileNotFoundError):
            target = self._target(dropped)
            if dropped.refusal:
                # The reason first: a refused file without one would say nothing to anybody.
                target.with_name(target.name + REASON).write_text(f"{dropped.refusal}\n", encoding="utf-8")
            dropped.path.rename(target)
        metrics.INTAKE_FILES.labels(self.source, "refused" if dropped.refusal else "taken").inc()

    def erase_old(self) -> int:
        """Erase what has lain in `done` for longer than the settings say; return how many files that were.

        Raises:
            OSError: the folder cannot be read or written.
        """
        erased, now = 0, self._folder_clock(self.path)
        for path in (self.path / DONE).iterdir():
            with suppress(FileNotFoundError, IsADirectoryError):
                # A rename changes the status: that is when it was done.
                if (now - path.lstat().st_ctime_ns) / _SECOND >= self._settings.done_days * _DAY_SECONDS:
                    path.unlink()
                    erased += 1
        return erased

    def _whole(self) -> Iterator[Path]:
        """Yield the files that nobody writes any more.

        A file is whole once its status (ctime: any write changes it, as does the rename to its last name; no client can
        set it) is older than the settings say, by the clock of who holds the folder, and nobody on this machine has it
        open for writing.
        """
        waiting: list[tuple[int, Path]] = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    if S_ISREG(status.st_mode) and not _is_unfinished(entry.name):
                        waiting.append((status.st_ctime_ns, Path(entry.path)))
        if not waiting:
            return
        now = self._folder_clock(self.path)
        for changed, path in sorted(waiting):
            if (now - changed) / _SECOND >= self._settings.quiet_seconds:
                yield path

    def _read(self, path: Path) -> FoundFile | None:
        """Read one file; return None where somebody writes it after all."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except PermissionError:
            return FoundFile(path, refusal="the daemon's user may not read the file")
        with os.fdopen(descriptor, "rb") as opened:
            before = os.fstat(descriptor).st_ctime_ns
            octets = b"" if _is_written(descriptor) else opened.read(self._settings.size_limit + 1)
            if _is_written(descriptor) or os.fstat(descriptor).st_ctime_ns != before:
                return None
        try:
            return self._made(path, octets)
        except RequestRefusedError as error:
            place = f" (field {error.pointer or 'the whole'})" if error.pointer is not None else ""
            return FoundFile(path, refusal=f"{error.detail}{place}", octets=len(octets))

    def _made(self, path: Path, octets: bytes) -> FoundFile:
        """Return what a file's octets make.

        Raises:
            RequestRefusedError: nothing that could be taken.
        """
        if not octets:
            raise RequestRefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "the file is empty")
        if len(octets) > self._settings.size_limit:
            told = f"the file holds more than {self._settings.size_limit:,} octets"
            raise RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told)
        extension = extension_of(path.name)
        if extension == "eml":
            return FoundFile(path, self._mail(path.name, octets), octets=len(octets))
        if extension == "json":
            request = self._request(octets)
        elif extension in _SCANS:
            request = self._letter(path.name, octets)
        else:
            told = "the file is of no kind that is taken here: .eml, .json, .pdf, .tif, .tiff, .jpg or .jpeg"
            raise RequestRefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, told)
        return FoundFile(path, arrival_of(request, self._clock()), request, octets=len(octets))

    def _request(self, octets: bytes) -> IntakeRequest:
        fields = fields_of_json(octets, self._limits)
        check_fields(fields, self._limits)
        number = number_in(fields, self._folder.number)
        check_content(fields, self._folder.number, ())
        return IntakeRequest(self.source, number, self._folder.channel, fields)

    def _letter(self, name: str, octets: bytes) -> IntakeRequest:
        media_type = MEDIA_TYPES[extension_of(name)]
        if not begins_as(media_type, octets[:16]):
            told = f"the file does not begin as {media_type} does; was it cut short, or renamed?"
            raise RequestRefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, told)
        # The name counts: a copier may number from 1 again, and two equal sheets may be two letters.
        number = f"file-{_key(name, octets)[:32]}"
        return IntakeRequest(self.source, number, Channel.LETTER, {}, (file_named(name, media_type, octets),))

    def _mail(self, name: str, octets: bytes) -> Arrival:
        """Return a mail under headers of ours; the first of a name counts, so that none of its own can pass for one."""
        key = _key(name, octets)
        ours = {
            SOURCE_HEADER: self.source,
            REQUEST_HEADER: f"file-{key[:32]}",
            CHANNEL_HEADER: Channel.EMAIL.value,
            DIGEST_HEADER: key,
        }
        head = "".join(f"{header}: {value}\r\n" for header, value in ours.items()).encode()
        mail = octets.removeprefix(_BYTE_ORDER_MARK).lstrip(b"\r\n")
        if mail.startswith(b"From "):
            # As a file of mailboxes (mbox) begins; it is no header.
            mail = mail.partition(b"\n")[2]
        return Arrival(NAME, f"{self.source}:{key}", self._clock(), "message/rfc822", None, head + mail)

    def _target(self, found: FoundFile) -> Path:
        """Return where a file goes: under its own name, or where that is taken or too long, with a mark in it."""
        folder, name = self.path / (REFUSED if found.refusal else DONE), found.path.name
        if len(os.fsencode(name)) <= _LONGEST_NAME and not (folder / name).exists():
            return folder / name
        status = found.path.lstat()
        mark = hashlib.sha256(f"{status.st_ino} {status.st_ctime_ns} {status.st_size}".encode()).hexdigest()[:16]
        stem = os.fsdecode(os.fsencode(found.path.stem)[: _LONGEST_NAME // 2])
        return folder / f"{stem}-{mark}{found.path.suffix[: _LONGEST_NAME // 4]}"


class FolderReceiver(PollingReceiver):
    """The drop folders of all sources, watched by one daemon at a time."""

    def __init__(self, folders: Sequence[WatchedFolder], settings: FolderSettings, inbox: ReadingInbox) -> None:
        """Begin to watch."""
        self._folders = folders
        self._erase_next = 0.0
        super().__init__(NAME, ", ".join(str(each.path) for each in folders), inbox, settings.poll_seconds)

    async def _step(self) -> bool:
        if not await self._inbox.follow(NAME):
            return False
        found, faults = 0, []
        is_erased = asyncio.get_running_loop().time() >= self._erase_next
        for folder in self._folders:
            # One share that is away keeps no other from being read.
            try:
                found += await self._take_in(folder)
                if is_erased:
                    erased = await asyncio.to_thread(folder.erase_old)
                    _log.debug("old files erased", source=folder.source, files=erased)
            except OSError as error:
                faults.append(f"{folder.path}: {described(error)}")
        if faults:
            raise FolderUnreadableError("; ".join(faults))
        if is_erased:
            self._erase_next = asyncio.get_running_loop().time() + _LOOKED_AFTER
        return found > 0

    async def _take_in(self, folder: WatchedFolder) -> int:
        """Store what is whole in a folder and put it away; return how many files that were.

        Raises:
            OSError: the folder cannot be read or written.
            StoreUnavailableError: something could not be stored; it is still there.
        """
        found = await asyncio.to_thread(folder.take)
        outcomes = await asyncio.gather(*(self._stored(each) for each in found), return_exceptions=True)
        troubles = [each for each in outcomes if isinstance(each, BaseException)]
        refused = 0
        for each in outcomes:
            if not isinstance(each, BaseException):
                try:
                    await asyncio.to_thread(folder.put_away, each)
                    refused += bool(each.refusal)
                except OSError as error:
                    # It keeps no other from being put away.
                    troubles.append(error)
        if refused:
            told = f"{refused} files in {folder.path} could not be taken; the reason stands beside each in {REFUSED}"
            self._inbox.trouble("folder-refused", told)
        if troubles:
            raise troubles[0]
        return len(found)

    async def _stored(self, found: FoundFile) -> FoundFile:
        """Store what came of a file; return it, refused where its number is another request's."""
        if found.arrival is None:
            return found
        await self._inbox.accept((found.arrival,))
        if found.request is None:
            return found
        head = await self._inbox.head(REQUESTS, found.request.external_id, HEAD_OCTETS)
        if is_same_content(head, found.request):
            return found
        told = "its request number came with other content before, which was taken; a new request needs a new number"
        return FoundFile(found.path, refusal=told)


def _is_unfinished(name: str) -> bool:
    return name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED)


def _is_written(descriptor: int) -> bool:
    """Return whether somebody on this machine has a file open for writing, as far as can be told.

    A lease for reading is refused while anybody has (fcntl(2)); it is given back at once. Of another user's files it is
    refused without that right: then only the time since the last change tells.
    """
    try:
        # Whoever opens the file in that moment waits, and we are told: by a signal that does nothing.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _key(name: str, octets: bytes) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape") + b"\0" + octets).hexdigest()


@receiver(NAME)
async def start_folder(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Watch the folders of `settings.folder`; one that is not there is an alarm, since shares come and go."""
    folders = [WatchedFolder(name, each, settings, clock) for name, each in settings.folder.sources.items()]
    return FolderReceiver(folders, settings.folder, inbox)
