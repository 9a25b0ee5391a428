"""What is read from files that settings name."""

from pathlib import Path

from dtm_contact.errors import WrongSettingError


def first_line(path: Path | None, setting: str) -> str | None:
    """Return the first line of a file, without white space around it; None where no file is set.

    Raises:
        WrongSettingError: the file cannot be read, or nothing stands in its first line; the setting is named.
    """
    if path is None:
        return None
    right = "write the secret into the first line of a file that the daemon's user may read"
    try:
        found = next(iter(path.read_text(encoding="utf-8").splitlines()), "").strip()
    except OSError as error:
        raise WrongSettingError(f"{setting}: {error.strerror}: {path}; {right}") from error
    except UnicodeDecodeError:
        # Not as the cause, which holds the secret.
        raise WrongSettingError(f"{setting}: no text in UTF-8: {path}; {right}") from None
    if not found:
        raise WrongSettingError(f"{setting}: its first line is empty: {path}; {right}")
    return found
