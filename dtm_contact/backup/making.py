"""Making a backup of a store at work, and keeping the last ones."""

import errno
import fcntl
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from pydantic_core import to_jsonable_python

from dtm_contact import __version__
from dtm_contact.backup.archive import (
    AGE,
    BODIES,
    FORMAT,
    GPG,
    MODEL,
    SETTINGS,
    STORES,
    BackupNotMadeError,
    Manifest,
    ProgramError,
    ProgramMissingError,
    digest_of,
    encrypting,
    write_archive,
)
from dtm_contact.backup.databases import snapshot
from dtm_contact.backup.kept import mark_verified, rotate
from dtm_contact.backup.opening import encrypted_for
from dtm_contact.backup.verifying import Verified, look_through
from dtm_contact.rules.folder_merge import SHIPPED_BEFORE
from dtm_contact.settings import Settings, rows, secret_files, written
from dtm_contact.settings.files import is_out_of_reach, secret_file
from dtm_contact.settings.loading import laid_out
from dtm_contact.store import Store
from dtm_contact.store.database import Database

_LOCK: Final = ".dtm-contact.lock"
_PARTIAL: Final = ".dtm-contact-partial-"
_SECRET_VALUES: Final = frozenset({"DTM_ALARM_WEBHOOK", "DTM_ALARM_COMMAND", "DTM_HEARTBEAT_URL"})
"""Settings whose value may be a secret by itself: whoever knows the address may use it."""
_LARGEST_FILE: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made.

    Attributes:
        path: its file.
        octets: how large it is.
        manifest: what it holds.
        verified: what looking through it found; None where it was not looked through.
        erased: older backups that were erased.
    """

    path: Path
    octets: int
    manifest: Manifest
    verified: Verified | None
    erased: tuple[Path, ...]


def make_backup(  # noqa: PLR0913 - all of it is the operator's choice
    settings: Settings, store: Store, folder: Path, now: datetime, *, keep: int, secrets: bool, check: bool
) -> Made:
    """Make a backup of a store, which may be at work, and erase the oldest ones.

    It is written under another name, synced, and renamed: what has its name is whole.

    Args:
        settings: whose store it is, and for whom it is encrypted.
        store: opened, for reading only.
        folder: where it goes.
        now: the time, aware: what the store gets from then on is not in it, or nobody can tell.
        keep: so many are kept; the newest verified one besides.
        secrets: with the passwords and keys that files of the settings hold.
        check: verify it before it is encrypted; only then is it known to be verified.

    Raises:
        BackupNotMadeError: no room, a program that is not there, another one at work.
        StoreUnavailableError: the store cannot be read.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(folder), _work_folder(store.database) as work:
            manifest, members = _members(settings, store, work, now, secrets=secrets)
            plain = work / "plain.tar"
            verified = None
            if check:
                with plain.open("xb") as out:
                    write_archive(out, manifest, members)
                verified = look_through(plain, work, settings.backup.scratch_url)
                verified.raise_faults()
            path = _put(settings, folder, manifest, members)
            if verified is not None and verified.loaded:
                mark_verified(path)
            erased = rotate(folder, keep)
    except OSError as error:
        told = f"{error.filename or folder}: {error.strerror}"
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            remedy = "free space there and on the disk of the store"
        else:
            remedy = "let whoever makes backups write there"
        raise BackupNotMadeError(f"{told}; {remedy}: docs/backup.md") from error
    except ProgramMissingError as error:
        raise BackupNotMadeError(f"it needs a program that is not installed: {error.detail}") from None
    except ProgramError as error:
        raise BackupNotMadeError(error.detail) from None
    return Made(path, path.stat().st_size, manifest, verified, erased)


def _members(
    settings: Settings, store: Store, work: Path, now: datetime, *, secrets: bool
) -> tuple[Manifest, dict[str, "Path | bytes"]]:
    taken = snapshot(store.database, work)
    kind = store.database.engine.dialect.name
    told, files, left_out = _settings(settings, secrets=secrets)
    members: dict[str, Path | bytes] = {STORES[kind]: taken.file, BODIES: taken.bodies, SETTINGS: told}
    members |= files | _rules(settings.rules.dir)
    manifest = Manifest(
        format=FORMAT,
        program=__version__,
        schema=taken.schema,
        database=kind,
        made_at=now,
        daemon=settings.name,
        counts=taken.counts,
        members={name: digest_of(content) for name, content in members.items()},
        left_out=tuple(left_out),
        encrypted_for=encrypted_for(settings),
    )
    return manifest, members


def _settings(settings: Settings, *, secrets: bool) -> tuple[bytes, dict[str, "Path | bytes"], list[str]]:
    """Return the settings as a file of the environment, the files that they name, and what is secret and left out.

    A setting that is as the default has it is among them where the site says it, or the file that a new machine is
    laid out with says another: what is left out holds there as that file says.
    """
    said = {*written(settings), *laid_out()}
    lines: list[str] = []
    files: dict[str, Path | bytes] = {}
    left_out: list[str] = []
    for setting, path in secret_files(settings):
        name = f"DTM_{setting.upper().replace('.', '_')}"
        if secrets and not is_out_of_reach(path):
            files[f"secrets/{name}"] = secret_file(path, name).read_bytes()
        else:
            left_out.append(name)
    for name, default, value, _what in rows(settings):
        if name == "DTM_MODEL" and isinstance(value, Path):
            files[MODEL] = value.read_bytes()
        if value == default and (value is None or name not in said):
            continue
        if _is_secret(name, value) and not secrets:
            left_out.append(name)
            lines.append(f"# {name}: it holds a secret, and was left out")
        else:
            lines.append(f"{name}={written_value(value)}")
    head = (
        f"# The settings of dtm-contact {__version__} that the site had set, or that a new machine may set otherwise.\n"
    )
    return (head + "".join(f"{line}\n" for line in lines)).encode(), files, left_out


def _is_secret(name: str, value: object) -> bool:
    if name in _SECRET_VALUES:
        return True
    if not name.endswith("_URL") or not isinstance(value, str) or not value:
        return False
    url = urlsplit(value)
    return url.password is not None or "password" in url.query


def written_value(value: object) -> str:
    """Return a setting's value as systemd and the shell read it."""
    if isinstance(value, tuple | list | Mapping):
        told = json.dumps(to_jsonable_python(value), ensure_ascii=False)
        return "'" + told.replace("'", "'\\''") + "'"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if re.fullmatch(r"[\w./:@+-]*", text) else "'" + text.replace("'", "'\\''") + "'"


def _rules(folder: Path) -> dict[str, "Path | bytes"]:
    """Return the files of a folder of rules, read at once: an admin may change them meanwhile.

    With them goes what they were merged from last, by which `rules merge` knows what the site has changed.
    """
    found: dict[str, Path | bytes] = {}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts if part != SHIPPED_BEFORE)
        if path.is_file() and not path.is_symlink() and not hidden and path.stat().st_size <= _LARGEST_FILE:
            found[f"rules/{path.relative_to(folder).as_posix()}"] = path.read_bytes()
    return found


def _put(settings: Settings, folder: Path, manifest: Manifest, members: Mapping[str, "Path | bytes"]) -> Path:
    """Write the archive, encrypted where the settings say so, and give it its name once it is on the disk."""
    command, suffix = _encryption(settings)
    for left in folder.glob(f"{_PARTIAL}*"):
        # Of one that was killed: nobody else is at work here.
        left.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=_PARTIAL, dir=folder)
    partial = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            if command:
                with encrypting(command, out) as pipe:
                    write_archive(pipe, manifest, members)
            else:
                write_archive(out, manifest, members)
            out.flush()
            os.fsync(out.fileno())
        path = _named(partial, folder, f"dtm-contact-{manifest.made_at:%Y%m%dT%H%M%SZ}", f".tar{suffix}")
    finally:
        partial.unlink(missing_ok=True)
    _sync(folder)
    return path


def _named(partial: Path, folder: Path, stem: str, suffix: str) -> Path:
    for number in count(1):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        with suppress(FileExistsError):
            path.hardlink_to(partial)
            return path
    raise AssertionError


def _encryption(settings: Settings) -> tuple[list[str], str]:
    if settings.backup.age_recipient:
        return ["age", "--encrypt", "--recipient", settings.backup.age_recipient], AGE
    if settings.backup.gpg_key:
        key = settings.backup.gpg_key
        return ["gpg", "--batch", "--quiet", "--trust-model", "always", "--encrypt", "--recipient", key], GPG
    return [], ""


@contextmanager
def _alone(folder: Path) -> Iterator[BinaryIO]:
    """Keep other backups from the folder until the block ends.

    Raises:
        BackupNotMadeError: one is being made.
    """
    with (folder / _LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupNotMadeError(f"another one is being made in {folder}; try again once it is there") from None
        yield lock


@contextmanager
def _work_folder(database: Database) -> Iterator[Path]:
    """Give a folder for what is not encrypted yet: where the store itself is, not where backups go."""
    beside = database.sqlite_path
    where = beside.absolute().parent if beside is not None and os.access(beside.absolute().parent, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="dtm-contact-backup-", dir=where) as folder:
        yield Path(folder)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
