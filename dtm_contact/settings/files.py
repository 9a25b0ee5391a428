"""Secrets that stand in files: those that settings name, and those that systemd hands over (`credential:NAME`)."""

import os
import re
from pathlib import Path
from typing import Final, NewType

from dtm_contact.errors import WrongSettingError, shut_out

SecretFile = NewType("SecretFile", Path)
"""A file that holds a password, a token or a key: by this type of a setting backups and the doctor know it."""

_PREFIX: Final = "credential:"
_FOLDER_VARIABLE: Final = "CREDENTIALS_DIRECTORY"
_NAME: Final = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]{0,254}")


def is_out_of_reach(path: SecretFile | None) -> bool:
    """Whether a secret is a credential, and this process is none that systemd hands credentials to."""
    return path is not None and str(path).startswith(_PREFIX) and _FOLDER_VARIABLE not in os.environ


def secret_file(path: SecretFile, setting: str) -> Path:
    """Return the file of a secret: the one that the setting names, or that of a credential (systemd.exec(5)).

    Raises:
        WrongSettingError: the credential has no name that one can have, or is not handed over to this process.
    """
    written = str(path)
    if not written.startswith(_PREFIX):
        return path
    name = written.removeprefix(_PREFIX)
    if not _NAME.fullmatch(name):
        raise WrongSettingError(f"{setting}: {written!r}: write credential:NAME, with letters, digits and ._- alone")
    folder = os.environ.get(_FOLDER_VARIABLE)
    if folder is None:
        told = "systemd hands credentials to a unit alone, and this process is of none"
        raise WrongSettingError(f"{setting}: {told}; in the unit: LoadCredential={name}:FILE")
    file = Path(folder) / name
    if not file.exists():
        raise WrongSettingError(
            f"{setting}: the unit is handed no credential {name}; write into it: LoadCredential={name}:FILE"
        )
    return file


def first_line(path: SecretFile | None, setting: str) -> str | None:
    """Return the first line of a secret's file, without white space around it; None where no file is set.

    Raises:
        WrongSettingError: the file cannot be read, or nothing stands in its first line; the setting is named.
    """
    return text_lines(path, setting)[0] if path is not None else None


def text_lines(path: SecretFile, setting: str) -> tuple[str, ...]:
    """Return the lines of a secret's file that hold something, the first of which must.

    Raises:
        WrongSettingError: the file cannot be read, or nothing stands in its first line; the setting is named.
    """
    file = secret_file(path, setting)
    right = "write the secret into the first line of a file that the daemon's user may read"
    try:
        found = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    except OSError as error:
        raise WrongSettingError(f"{setting}: {shut_out(file) or error.strerror}: {file}; {right}") from error
    except UnicodeDecodeError:
        # Not as the cause, which holds the secret.
        raise WrongSettingError(f"{setting}: no text in UTF-8: {file}; {right}") from None
    if not found or not found[0]:
        raise WrongSettingError(f"{setting}: its first line is empty: {file}; {right}")
    return tuple(filter(None, found))
