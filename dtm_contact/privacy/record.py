"""The record of erasures: who was erased, by keyed digests alone, outside of the store, so that a restore erases again.

A backup holds whoever was erased after it. The record is a file of a JSON object a line, synced; the key of its digests
lies beside it, and neither belongs into a backup of the store.
"""

import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from dtm_contact.errors import DtmContactError
from dtm_contact.privacy.subject import DataSubject
from dtm_contact.settings import Settings
from dtm_contact.wording import worded

_RECORD: Final = "erasures.jsonl"
_KEY: Final = "erasures.key"
_KEY_OCTETS: Final = 32
_DIGEST: Final = 40
"""Hexadecimal digits of a digest: 160 bits."""


class ErasureRecordError(DtmContactError):
    """The record of erasures cannot be read or written."""


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    """One erasure, as the record has it; nothing of it tells who it was.

    Attributes:
        id: its id, by chance.
        at: when it was begun.
        who: who did it.
        tenants, addresses, numbers: digests of the person's ids, addresses and keys of numbers.
        cases: digests of the numbers of the cases that were erased.
        arrivals: digests of channel and external id of the arrivals that were erased.
        with_directory: their leases were taken out of the directory, too.
        asked: the desk asked for it, and the daemon carries it out.
        done: all of it is carried out.
    """

    id: str
    at: datetime
    who: str
    tenants: tuple[str, ...]
    addresses: tuple[str, ...]
    numbers: tuple[str, ...]
    cases: tuple[str, ...] = ()
    arrivals: tuple[str, ...] = ()
    with_directory: bool = False
    asked: bool = False
    done: bool = False


def folder_of(settings: Settings) -> Path:
    """Return the folder of the record.

    Raises:
        ErasureRecordError: none is set, and the store is no file beside which it could lie.
    """
    if settings.privacy.dir is not None:
        return settings.privacy.dir
    _, file, path = settings.store.url.partition("sqlite:///")
    if not file:
        raise ErasureRecordError(
            worded("set DTM_PRIVACY_DIR: without a record of erasures a restored backup would bring everybody back")
        )
    return Path(path).absolute().parent / "privacy"


class Erasures:
    """The record in a folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder, which is made with the first erasure."""
        self._folder = folder
        self._key_kept: bytes | None = None

    def exists(self) -> bool:
        """Return whether anything was ever erased."""
        return (self._folder / _RECORD).exists()

    def written_at(self) -> datetime | None:
        """Return when something was erased last; None where nothing ever was.

        Raises:
            OSError: the folder cannot be read.
        """
        path = self._folder / _RECORD
        return datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else None

    def digest(self, kind: str, *parts: str) -> str:
        """Return the keyed digest of something, by what it is: the same value of two kinds has two digests."""
        told = "\x00".join((kind, *parts)).encode("utf-8", "surrogatepass")
        return hmac.new(self._key(), told, sha256).hexdigest()[:_DIGEST]

    def arrival(self, channel: str, external_id: str) -> str:
        """Return the digest of an arrival."""
        return self.digest("arrival", channel, external_id)

    def begin(
        self,
        person: DataSubject,
        who: str,
        now: datetime,
        *,
        cases: Iterable[str],
        arrivals: Iterable[str],
        asked: bool = False,
    ) -> ErasureRecord:
        """Write the record of an erasure that begins, and return it.

        Args:
            person: whose.
            who: who does it.
            now: when.
            cases: the numbers of the cases that are erased.
            arrivals: the digests of the arrivals that are.
            asked: another process carries it out.

        Raises:
            ErasureRecordError: it cannot be written: nothing may be erased then.
        """

        def digests(kind: str, values: Iterable[str]) -> tuple[str, ...]:
            return tuple(sorted(self.digest(kind, each) for each in values))

        record = ErasureRecord(
            secrets.token_hex(8),
            now,
            who,
            digests("tenants", person.tenants),
            digests("addresses", person.addresses),
            digests("numbers", person.numbers),
            digests("case", cases),
            tuple(sorted(arrivals)),
            with_directory=bool(person.tenants) and not person.lease_runs,
            asked=asked,
        )
        self.append(record)
        return record

    def signature(self, certificate: Mapping[str, Any]) -> str:
        """Return what proves that a certificate is ours and was not changed."""
        return self.digest("certificate", json.dumps(certificate, sort_keys=True, ensure_ascii=True))

    def append(self, record: ErasureRecord) -> None:
        """Write a record, or that it is done; returns once it is on the disk.

        Raises:
            ErasureRecordError: it cannot be written: nothing may be erased then.
        """
        line = json.dumps({**asdict(record), "at": record.at.isoformat()}, ensure_ascii=True) + "\n"
        try:
            self._key()
            with open(self._folder / _RECORD, "a", encoding="ascii", opener=_private) as file:
                # A line that a power cut tore ends before this one.
                file.write(f"\n{line}")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ErasureRecordError(
                worded("{path}: the record cannot be written: {why}", path=f"{self._folder}", why=error.strerror)
            ) from None

    def keep_certificate(self, erasure_id: str, certificate: Mapping[str, Any]) -> Path:
        """Write a certificate beside the record; return its file.

        Raises:
            ErasureRecordError: it cannot be written.
        """
        path = self._folder / f"certificate-{erasure_id}.json"
        try:
            with open(path, "w", encoding="ascii", opener=_private) as file:
                json.dump(certificate, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ErasureRecordError(f"{path}: {error.strerror}") from None
        return path

    def read(self) -> list[ErasureRecord]:
        """Return all erasures, the oldest first, each as it was written last; torn lines are passed over.

        Raises:
            ErasureRecordError: the record is there and cannot be read.
        """
        path = self._folder / _RECORD
        if not path.exists():
            return []
        try:
            lines = path.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError as error:
            raise ErasureRecordError(f"{path}: {error.strerror}") from None
        return list({record.id: record for record in _records(lines)}.values())

    def erased_arrivals(self) -> Callable[[str, str], bool]:
        """Return what tells, by channel and external id, whether an arrival was erased: nothing brings it back."""
        digests = {each for record in self.read() for each in record.arrivals}
        if not digests:
            return lambda _channel, _external_id: False
        return lambda channel, external_id: self.arrival(channel, external_id) in digests

    def _key(self) -> bytes:
        """Return the key, made with its folder where there is none yet.

        Raises:
            ErasureRecordError: it cannot be read or made, or it is gone while there is a record by it.
        """
        if self._key_kept is not None:
            return self._key_kept
        path = self._folder / _KEY
        try:
            if not path.exists():
                if self.exists():
                    raise ErasureRecordError(
                        worded("{path} is gone: put it back, the record means nothing without it", path=f"{path}")
                    )
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                with open(path, "xb", opener=_private) as file:
                    file.write(secrets.token_bytes(_KEY_OCTETS))
                    file.flush()
                    os.fsync(file.fileno())
            self._key_kept = path.read_bytes()
        except OSError as error:
            raise ErasureRecordError(f"{path}: {error.strerror}") from None
        if len(self._key_kept) != _KEY_OCTETS:
            raise ErasureRecordError(
                worded(
                    "{path} holds {found} octets, a key has {octets}",
                    path=f"{path}",
                    found=len(self._key_kept),
                    octets=_KEY_OCTETS,
                )
            )
        return self._key_kept


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _records(lines: Iterable[str]) -> Iterator[ErasureRecord]:
    for line in lines:
        try:
            told = json.loads(line)
            values: dict[str, Any] = {
                name: tuple(each) if isinstance(each, list) else each for name, each in told.items()
            }
            values["at"] = datetime.fromisoformat(told["at"])
            yield ErasureRecord(**values)
        except (ValueError, TypeError, KeyError):
            continue
