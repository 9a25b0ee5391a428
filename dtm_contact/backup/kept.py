"""The backups that lie in a folder: which there are, which were verified and are as they were, which are erased."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from dtm_contact.backup.archive import digest_of

_NAME: Final = re.compile(r"dtm-contact-\d{8}T\d{6}Z(-\d+)?\.tar(\.age|\.gpg)?")
_VERIFIED: Final = ".verified"


class BackupState(StrEnum):
    """What is known of a backup, by the note beside it; the note's digest is compared by `sound_in` alone."""

    VERIFIED = "verified"
    CHANGED = "changed since it was verified"
    UNVERIFIED = "never verified"


@dataclass(frozen=True, slots=True)
class KeptBackup:
    """A backup that lies in a folder.

    Attributes:
        path: its file.
        made_at: when it was made, as its name says.
        octets: how large it is.
        state: what is known of it.
        verified_at: when it was verified; None where nobody noted that.
    """

    path: Path
    made_at: datetime
    octets: int
    state: BackupState
    verified_at: datetime | None


def kept_in(folder: Path) -> list[KeptBackup]:
    """Return the backups of a folder, the newest first; files beside them, such as notes, count for nothing.

    Raises:
        OSError: the folder or a backup cannot be read.
    """
    return [_kept(path) for path in reversed(backups_in(folder))]


def _kept(path: Path) -> KeptBackup:
    verified_at, state = _verified_at(path), BackupState.UNVERIFIED
    if verified_at is not None:
        state = BackupState.VERIFIED if is_verified(path) else BackupState.CHANGED
    return KeptBackup(path, _made_at(path), path.stat().st_size, state, verified_at)


def _verified_at(path: Path) -> datetime | None:
    """Return when a backup was verified, as the note beside it says; None where none says so."""
    try:
        return datetime.fromisoformat(json.loads(_note_of(path).read_text(encoding="ascii"))["verified_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made_at(path: Path) -> datetime:
    return datetime.strptime(path.name[12:28], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def sound_in(folder: Path, other_than: str = "") -> Path | None:
    """Return the newest backup of a folder that was verified and is the same octet for octet; None: there is none.

    Raises:
        OSError: the folder or a backup cannot be read.
    """
    others = (each for each in reversed(backups_in(folder)) if each.name != other_than)
    return next((each for each in others if is_verified(each) and _noted_digest(each) == digest_of(each)), None)


def backups_in(folder: Path) -> list[Path]:
    """Return the backups in a folder, the oldest first."""
    found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    return sorted(found, key=lambda path: (path.name.partition("Z")[0], len(path.name), path.name))


def newest_backup(folder: Path) -> datetime | None:
    """Return when the newest backup of a folder was made, as its name says; None where there is none.

    Raises:
        OSError: the folder cannot be read.
    """
    found = backups_in(folder)
    return _made_at(found[-1]) if found else None


def rotate(folder: Path, keep: int) -> tuple[Path, ...]:
    """Erase all but the newest backups; the newest that was verified stays, however old it is.

    Returns:
        Those that were erased.
    """
    found = backups_in(folder)
    proved = [path for path in found if is_verified(path)]
    kept = {*found[-keep:], *proved[-1:]}
    erased = tuple(path for path in found if path not in kept)
    for path in erased:
        path.unlink()
        _note_of(path).unlink(missing_ok=True)
    return erased


def mark_verified(path: Path) -> None:
    """Note beside a backup that it was verified as it is now.

    Raises:
        OSError: the note cannot be written.
    """
    told = {"sha256": digest_of(path), "octets": path.stat().st_size, "verified_at": datetime.now(UTC).isoformat()}
    _note_of(path).write_text(json.dumps(told), encoding="ascii")
    # As the backup, whether the timer or a person has it made.
    _note_of(path).chmod(0o600)


def is_verified(path: Path) -> bool:
    """Tell whether a backup was verified, and has the size that it had then."""
    try:
        told = json.loads(_note_of(path).read_text(encoding="ascii"))
        return bool(told["octets"] == path.stat().st_size)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _noted_digest(path: Path) -> str:
    return str(json.loads(_note_of(path).read_text(encoding="ascii")).get("sha256", ""))


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + _VERIFIED)
