"""The intake journal: what came in and what was sent, appended to files of their own, synced, on another disk.

A file a day, and one more for each start. Its name holds the time and the key by which its records are checked, so that
nothing within a message can pass for a record. A record is `MAGIC`, the lengths of its two parts, a check of both, a
JSON object, and octets. Only the last record of a file can be torn; one that was damaged later is passed over.
"""

import errno
import json
import mmap
import os
import re
import secrets
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Final

from dtm_contact.errors import DtmContactError
from dtm_contact.model import Arrival, Envelope

MAGIC: Final = b"\xd7DTM"
_LENGTHS: Final = struct.Struct(">II")
_CHECK: Final = 16
_HEAD: Final = len(MAGIC) + _LENGTHS.size + _CHECK
_NAME: Final = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{6})Z-([0-9a-f]{32})\.journal")
_KEY_OCTETS: Final = 16
_LONGEST_OBJECT: Final = 16 * 1024 * 1024
_ZEROS: Final = bytes(4 * 1024 * 1024)
"""So far ahead a file is filled: a sync of what overwrites costs a fifth of one that makes a file longer."""


class JournalError(DtmContactError):
    """The intake journal cannot be read."""


@dataclass(frozen=True, slots=True)
class SentRecord:
    """Something that was sent, as the journal has it.

    Attributes:
        message_id: its Message-ID.
        to_digest: SHA-256 of the address that it went to, in hexadecimal digits.
        kind, reason: as in `Outgoing`.
        case_number: the case that it was sent for.
        at: when.
        arrivals: channel and external id of each arrival in that case.
    """

    message_id: str
    to_digest: str
    kind: str
    reason: str
    case_number: str
    at: datetime
    arrivals: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Contents:
    """What a journal's files hold besides their arrivals.

    Attributes:
        files: how many were read.
        sent: what was sent, each once, in the order of the files.
        numbers: the last case number that was given in each year.
        arrived: channel and external id of each arrival, with when it was received.
        gaps: times from which on the journal could not be written for a while.
        torn: records that were not finished when the daemon, or its machine, ended.
        damaged: places where octets are no records.
    """

    files: int = 0
    sent: list[SentRecord] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    arrived: dict[tuple[str, str], datetime] = field(default_factory=dict)
    gaps: list[datetime] = field(default_factory=list)
    torn: int = 0
    damaged: int = 0

    def add_number(self, year: int, last: int) -> None:
        """Take a case number into account that was given in a year."""
        self.numbers[year] = max(last, self.numbers.get(year, 0))


class Journal:
    """Appends to a journal; its methods may be called from several threads, and return once all is on the disk.

    Attributes:
        on_vanished: called when the file that was appended to is not at its path any more, with what it held.
    """

    def __init__(self, folder: Path, days: int, clock: Callable[[], datetime]) -> None:
        """Take the folder, the days after which files are erased, and the clock, aware."""
        self._folder = folder
        self._days = days
        self._clock = clock
        self.on_vanished: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self._file: int | None = None
        self._path: Path | None = None
        self._was_mounted = False
        self._key = b""
        self._day = ""
        self._end = 0
        self._filled = 0
        self._gap = False

    def append_arrivals(self, arrivals: Iterable[Arrival]) -> None:
        """Append what came in.

        Raises:
            OSError: it cannot be written; the next call begins another file.
        """
        self._append([(_of_arrival(arrival), arrival.raw) for arrival in arrivals])

    def append_sent(self, sent: SentRecord) -> None:
        """Append that something was sent.

        Raises:
            OSError: it cannot be written.
        """
        told = asdict(sent) | {"record": "sent", "at": sent.at.astimezone(UTC).isoformat()}
        self._append([(told, b"")])

    def append_numbers(self, numbers: Mapping[int, int]) -> None:
        """Append the last case number given in each year.

        Raises:
            OSError: it cannot be written.
        """
        at = self._clock().astimezone(UTC).isoformat()
        given = {str(year): last for year, last in numbers.items()}
        self._append([({"record": "numbers", "at": at, "numbers": given}, b"")])

    def look(self) -> None:
        """Look whether what is appended lands where the folder is, and begin another file where it does not.

        Where nothing was written yet there is nothing to look at.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock:
            if self._path is not None or self._gap:
                self._guarded(self._of_today)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._drop()

    def erase_old(self) -> int:
        """Erase the files of days that are older than they may get; return how many."""
        oldest = f"{self._clock().astimezone(UTC) - timedelta(days=self._days):%Y-%m-%d}"
        old = [path for path in files_of(self._folder) if path.name[: len(oldest)] < oldest]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def _append(self, records: Sequence[tuple[dict[str, Any], bytes]]) -> None:
        if not records:
            return
        with self._lock:
            self._guarded(partial(self._write, records))

    def _guarded(self, do: Callable[[], object]) -> None:
        try:
            do()
        except OSError:
            # What is torn now must be the last of its file.
            self._drop()
            self._gap = True
            raise

    def _write(self, records: Sequence[tuple[dict[str, Any], bytes]]) -> None:
        file = self._of_today()
        octets = b"".join(part for told, raw in records for part in _written(told, raw, self._key))
        self._fill(file, len(octets))
        _write_all(file, octets, self._end)
        os.fdatasync(file)
        self._end += len(octets)

    def _of_today(self) -> int:
        now = self._clock().astimezone(UTC)
        if self._file is not None and not self._is_in_place(self._file):
            # A file that was removed, or whose disk went away, takes what is written, and nobody finds it again.
            self._drop()
            self._gap = True
            self.on_vanished()
        if self._file is not None and f"{now:%Y-%m-%d}" == self._day:
            return self._file
        self._drop()
        self._find_folder()
        self._key = secrets.token_bytes(_KEY_OCTETS)
        path = self._folder / f"{now:%Y-%m-%dT%H%M%SZ}-{self._key.hex()}.journal"
        self._file, self._path = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), path
        self._end = self._filled = 0
        self._day = f"{now:%Y-%m-%d}"
        begun = {"record": "begun", "at": now.isoformat(), "gap": self._gap}
        octets = b"".join(_written(begun, b"", self._key))
        _write_all(self._file, octets, 0)
        self._end = self._filled = len(octets)
        os.fsync(self._file)
        _sync_folder(self._folder)
        self._gap = False
        return self._file

    def _is_in_place(self, file: int) -> bool:
        """Tell whether the open file is still the one that lies at its path."""
        try:
            return self._path is not None and os.path.samestat(os.fstat(file), self._path.stat())
        except OSError:
            return False

    def _find_folder(self) -> None:
        """Make sure that the folder is there; it is made once, at the start.

        Raises:
            OSError: it is not there any more, or what was mounted there is not.
        """
        if self._path is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._was_mounted = self._folder.is_mount()
        # Made anew, it would lie on the disk below: that of the store, as a rule, against which the journal is kept.
        elif not self._folder.is_dir():
            raise OSError(errno.ENOENT, "the folder is not there any more", str(self._folder))
        elif self._was_mounted and not self._folder.is_mount():
            raise OSError(errno.ENODEV, "its disk is not mounted any more", str(self._folder))

    def _fill(self, file: int, octets: int) -> None:
        """Fill the file with zeros ahead of what is to be written, unless that is large itself."""
        self._filled = max(self._filled, self._end)
        if self._end + octets > self._filled and octets <= len(_ZEROS):
            _write_all(file, _ZEROS, self._filled)
            self._filled += len(_ZEROS)

    def _drop(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                try:
                    os.ftruncate(file, self._end)
                finally:
                    os.close(file)


def files_of(folder: Path) -> list[Path]:
    """Return a journal's files, the oldest first.

    Raises:
        OSError: the folder cannot be read.
    """
    if not folder.exists():
        return []
    return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def newest_begun(folder: Path) -> datetime | None:
    """Return when the newest file of a journal was begun, as its name says; None where there is none.

    Raises:
        OSError: the folder cannot be read.
    """
    files = files_of(folder)
    return begun_of(files[-1]) if files else None


def begun_of(path: Path) -> datetime:
    """Return when a file of a journal was begun, as its name says, to the second."""
    return datetime.strptime(path.name[:18], "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC)


def first_arrivals(path: Path, most: int) -> list[tuple[str, str]]:
    """Return channel and external id of the first arrivals that a file of a journal holds.

    Raises:
        JournalError: it cannot be read.
    """
    arrivals = (told for told, _raw in _records_of(path, Contents()) if told["record"] == "arrival")
    return [(told["channel"], told["external_id"]) for told in islice(arrivals, most)]


def contents_of(folder: Path) -> Contents:
    """Read what a journal holds, all but the octets of its arrivals.

    Raises:
        JournalError: there is no journal, or a file of it cannot be read.
    """
    found = Contents()
    for told, _raw in _records(folder, found):
        _take(told, found)
    return found


def keys_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield channel and external id of each arrival that a journal holds, one at a time: a journal may be large.

    Raises:
        JournalError: there is no journal, or a file of it cannot be read.
    """
    for told, _raw in _records(folder, Contents()):
        if told["record"] == "arrival":
            yield told["channel"], told["external_id"]


def arrivals_of(folder: Path, wanted: Callable[[str, str, datetime], bool]) -> Iterator[Arrival]:
    """Yield a journal's arrivals in the order in which they were taken in, one at a time.

    Args:
        folder: the journal's.
        wanted: asked with channel, external id and the time of each before its octets are copied.

    Raises:
        JournalError: there is no journal, or a file of it cannot be read.
    """
    for told, raw in _records(folder, Contents()):
        if told["record"] != "arrival":
            continue
        received_at = datetime.fromisoformat(told["received_at"])
        if wanted(told["channel"], told["external_id"], received_at):
            envelope = told["envelope"]
            if envelope is not None:
                envelope = Envelope(**{**envelope, "recipients": tuple(envelope["recipients"])})
            yield Arrival(
                told["channel"],
                told["external_id"],
                received_at,
                told["media_type"],
                envelope,
                bytes(raw),
                told["in_turn"],
            )


def _of_arrival(arrival: Arrival) -> dict[str, Any]:
    return {
        "record": "arrival",
        "channel": arrival.channel,
        "external_id": arrival.external_id,
        "received_at": arrival.received_at.astimezone(UTC).isoformat(),
        "media_type": arrival.media_type,
        "envelope": None if arrival.envelope is None else asdict(arrival.envelope),
        "in_turn": arrival.in_turn,
    }


def _written(told: dict[str, Any], raw: bytes, key: bytes) -> tuple[bytes, bytes, bytes]:
    # In ASCII: a hostile envelope may hold half a character, which no UTF-8 could.
    object_ = json.dumps(told, separators=(",", ":")).encode("ascii")
    lengths = _LENGTHS.pack(len(object_), len(raw))
    return MAGIC + lengths + _check(key, lengths, object_, raw), object_, raw


def _check(key: bytes, *parts: "bytes | memoryview") -> bytes:
    hashed = blake2b(key=key, digest_size=_CHECK)
    for part in parts:
        hashed.update(part)
    return hashed.digest()


def _write_all(file: int, octets: bytes, at: int) -> None:
    rest = memoryview(octets)
    while rest:
        written = os.pwrite(file, rest, at)
        rest, at = rest[written:], at + written


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _records(folder: Path, found: Contents) -> Iterator[tuple[dict[str, Any], memoryview]]:
    """Yield the whole records of all files, and count in `found` what is none."""
    try:
        files = files_of(folder)
    except OSError as error:
        raise JournalError(f"{folder}: {error.strerror}") from error
    if not files:
        raise JournalError(f"{folder}: it holds no file of a journal (DATE-TIME-KEY.journal)")
    for path in files:
        yield from _records_of(path, found)


def _records_of(path: Path, found: Contents) -> Iterator[tuple[dict[str, Any], memoryview]]:
    key = _key_of(path)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            found.files += 1
            if not size:
                return
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as octets:
                yield from _records_in(mapped, octets, key, found)
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error


def _records_in(
    mapped: mmap.mmap, octets: memoryview, key: bytes, found: Contents
) -> Iterator[tuple[dict[str, Any], memoryview]]:
    at, in_order, end = 0, True, _end_of(octets)
    while at < end:
        record = _record_at(octets, at, key)
        if record is not None:
            told, start, after = record
            if not in_order:
                found.damaged += 1
            in_order = True
            with octets[start:after] as raw:
                yield told, raw
            at = after
        else:
            in_order = False
            next_ = mapped.find(MAGIC, at + 1)
            at = end if next_ < 0 else next_
    if not in_order:
        found.torn += 1


def _end_of(octets: memoryview) -> int:
    """Return where the zeros begin that a file was filled with ahead, or with which its last record ends."""
    end = len(octets)
    while end:
        start = max(0, end - len(_ZEROS))
        with octets[start:end] as piece:
            stripped = bytes(piece).rstrip(b"\0")
        if stripped:
            return start + len(stripped)
        end = start
    return 0


def _record_at(octets: memoryview, at: int, key: bytes) -> tuple[dict[str, Any], int, int] | None:
    """Return the object of the record there, and where its octets begin and end; None where there is no whole one."""
    head = bytes(octets[at : at + _HEAD])
    if len(head) < _HEAD or not head.startswith(MAGIC):
        return None
    lengths = head[len(MAGIC) : len(MAGIC) + _LENGTHS.size]
    object_length, raw_length = _LENGTHS.unpack(lengths)
    start = at + _HEAD + object_length
    end = start + raw_length
    if object_length > _LONGEST_OBJECT or end > len(octets):
        return None
    with octets[at + _HEAD : start] as object_, octets[start:end] as raw:
        if _check(key, lengths, object_, raw) != head[-_CHECK:]:
            return None
        told: dict[str, Any] = json.loads(bytes(object_))
    return told, start, end


def _take(told: dict[str, Any], found: Contents) -> None:
    match told["record"]:
        case "arrival":
            key = (told["channel"], told["external_id"])
            found.arrived.setdefault(key, datetime.fromisoformat(told["received_at"]))
        case "sent":
            sent = _sent_of(told)
            found.sent.append(sent)
            year, _, number = sent.case_number.partition("-")
            if year.isdecimal() and number.isdecimal():
                found.add_number(int(year), int(number))
        case "numbers":
            for year, last in told["numbers"].items():
                found.add_number(int(year), last)
        case "begun" if told["gap"]:
            found.gaps.append(datetime.fromisoformat(told["at"]))
        case _:
            # A record of a later version, or the beginning of a file.
            pass


def _sent_of(told: dict[str, Any]) -> SentRecord:
    return SentRecord(
        told["message_id"],
        told["to_digest"],
        told["kind"],
        told["reason"],
        told["case_number"],
        datetime.fromisoformat(told["at"]),
        tuple((channel, external_id) for channel, external_id in told["arrivals"]),
    )


def records_to_erase(folder: Path, arrival: Callable[[str, str], bool], sent: Callable[[str, str], bool]) -> int:
    """Return how many records of a journal `erase_records` would erase."""
    return sum(len(_to_erase(path, arrival, sent)) for path in files_of(folder))


def erase_records(folder: Path, arrival: Callable[[str, str], bool], sent: Callable[[str, str], bool]) -> int:
    """Erase records of a journal where they stand, beside a daemon that appends to it; return how many.

    A record keeps its length, and says from then on only that it was erased. Its object is written first, so that an
    erasure that broke off is found and ended by the next one.

    Args:
        folder: the journal's.
        arrival: whether an arrival is to go, by channel and external id.
        sent: whether something sent is, by the digest of its address and the number of its case.

    Raises:
        JournalError: a file of it cannot be read or written.
    """
    erased = 0
    for path in files_of(folder):
        key = _key_of(path)
        try:
            found = _to_erase(path, arrival, sent)
            file = os.open(path, os.O_WRONLY) if found else -1
            for at, object_length, raw_length in found:
                lengths, zeros = _LENGTHS.pack(object_length, raw_length), bytes(raw_length)
                object_ = _ERASED.ljust(object_length)
                _write_all(file, MAGIC + lengths + _check(key, lengths, object_, zeros) + object_, at)
                _write_all(file, zeros, at + _HEAD + object_length)
            if found:
                os.fdatasync(file)
                os.close(file)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from error
        erased += len(found)
    return erased


_ERASED: Final = b'{"record":"erased"}'
"""The object of a record that was erased; any other is longer."""


def _to_erase(
    path: Path, arrival: Callable[[str, str], bool], sent: Callable[[str, str], bool]
) -> list[tuple[int, int, int]]:
    """Return place and lengths of the records of a file to erase, and of those whose erasure broke off."""
    found: list[tuple[int, int, int]] = []
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return found
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as octets:
            at = mapped.find(MAGIC)
            while at >= 0:
                record = _record_at(octets, at, _key_of(path))
                if record is None:
                    if mapped[at + _HEAD : at + _HEAD + len(_ERASED)] == _ERASED:
                        found.append((at, *_LENGTHS.unpack_from(mapped, at + len(MAGIC))))
                    at = mapped.find(MAGIC, at + 1)
                    continue
                told, start, after = record
                if told["record"] == "arrival":
                    wanted = arrival(told["channel"], told["external_id"])
                else:
                    wanted = told["record"] == "sent" and sent(told["to_digest"], told["case_number"])
                if wanted:
                    found.append((at, start - at - _HEAD, after - start))
                at = mapped.find(MAGIC, after)
    return found


def _key_of(path: Path) -> bytes:
    return bytes.fromhex(path.name.rpartition("-")[2].partition(".")[0])
