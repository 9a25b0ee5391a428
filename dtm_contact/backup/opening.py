"""When a backup was last opened with its secret key, and whether that key lies on this machine.

Nobody can tell from here that a key is kept elsewhere. What can be told is that somebody had it on a day, opened a
backup with it, and took it away again.
"""

import json
import subprocess
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dtm_contact.backup.archive import AGE, GPG, Manifest
from dtm_contact.settings import Settings

OPENED: Final = "opened-with-the-key.json"
"""The note beside backups that says when one was opened."""
_GPG_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Opening:
    """A backup that was opened with its secret key.

    Attributes:
        opened_at: when.
        backup: the name of its file.
        encrypted_for: whose key it was encrypted for; empty where the backup does not say so yet.
        identity: where the file of the secret key lay; empty where gpg had it in its keyring.
    """

    opened_at: datetime
    backup: str
    encrypted_for: str
    identity: str


def encrypted_for(settings: Settings) -> str:
    """Return the key that backups are encrypted for; "" where they are not."""
    return settings.backup.age_recipient or settings.backup.gpg_key


def note_opening(settings: Settings, path: Path, manifest: Manifest, now: datetime) -> Path | None:
    """Note beside a backup that it was opened; return the note, None where no key was needed.

    Raises:
        OSError: it cannot be written.
    """
    if path.suffix not in (AGE, GPG):
        return None
    identity = settings.backup.age_identity if path.suffix == AGE else None
    opening = Opening(now, path.name, manifest.encrypted_for, str(identity.absolute()) if identity else "")
    note = path.parent / OPENED
    note.write_text(json.dumps({**asdict(opening), "opened_at": now.isoformat()}), encoding="utf-8")
    note.chmod(0o600)
    return note


def last_opening(folder: Path) -> Opening | None:
    """Return when a backup of a folder was last opened with its key; None where nobody has noted that."""
    try:
        told: dict[str, Any] = json.loads((folder / OPENED).read_text(encoding="utf-8"))
        return Opening(**{**told, "opened_at": datetime.fromisoformat(told["opened_at"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keys_here(settings: Settings, opening: Opening | None) -> list[str]:
    """Return where on this machine a secret key lies that opens the backups."""
    files = [settings.backup.age_identity, Path(opening.identity) if opening and opening.identity else None]
    found = [str(each.absolute()) for each in files if each is not None and each.exists()]
    if settings.backup.gpg_key and _in_keyring(settings.backup.gpg_key):
        found.append("the keyring of gpg")
    return list(dict.fromkeys(found))


def _in_keyring(key: str) -> bool:
    command = ["gpg", "--batch", "--list-secret-keys", "--", key]
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and the key stands behind the end of the options
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_GPG_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
