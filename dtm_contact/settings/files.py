"""What is read from files that settings name."""

from pathlib import Path


def first_line(path: Path | None) -> str | None:
    """Return the first line of a file, without white space around it; None where no file is set.

    Raises:
        OSError: the file cannot be read.
    """
    if path is None:
        return None
    return next(iter(path.read_text(encoding="utf-8").splitlines()), "").strip()
