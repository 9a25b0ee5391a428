"""The bytes of a file that people edit, turned into text that YAML can read."""

import os
import re
from pathlib import Path

from dtm_contact.model import Problem, Severity

SIZE_LIMIT = 4_000_000
"""Octets of the largest file that is read; a thousand rules with their tests take a tenth of it."""

# YAML 1.2.2, section 5.1, without the three line separators that editors do not show as line breaks.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def read_text(path: Path, file: str, problems: list[Problem]) -> str | None:
    """Return the text of the file, or None where it cannot be used; what is wrong is added to `problems`.

    UTF-8 with or without a byte order mark is right. Windows-1252, as old Windows editors save, is read with a warning.
    """
    raw = _read_bytes(path, file, problems)
    if raw is None:
        return None
    text = _decode(raw, file, problems)
    if text is None:
        return None
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        line, column = place(text, forbidden.start())
        code = ord(forbidden.group())
        problems.append(
            Problem(
                file,
                line,
                column,
                f"an invisible character (U+{code:04X}) stands here",
                "delete it and type the text again",
            )
        )
        return None
    return text


def printable(name: str) -> str:
    """Return a file's name as it can be told, also where it is no text."""
    return name.encode("utf-8", "backslashreplace").decode()


def place(text: str, offset: int) -> tuple[int, int]:
    """Return the line and the column, from 1, of an offset in `text`, whatever its line ends."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def _read_bytes(path: Path, file: str, problems: list[Problem]) -> bytes | None:
    fault = None
    try:
        if path.is_symlink():
            # Whoever may write rules could have the daemon read, and mail, what only the daemon may read.
            fault = ("this is a link to another file, which is not followed", "put the file itself here")
        elif path.is_file():
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
                raw = stream.read(SIZE_LIMIT + 1)
            if len(raw) <= SIZE_LIMIT:
                return raw
            fault = (
                f"the file is larger than {SIZE_LIMIT // 1_000_000} MB",
                "split it, or look whether it is the right file",
            )
        elif path.exists():
            fault = ("this is not a file", "put a text file of this name here")
        else:
            fault = ("the file is missing", "restore it; all files of the rules are needed")
    except OSError as error:
        fault = (f"the file cannot be read: {error.strerror or type(error).__name__}", "check its rights")
    problems.append(Problem(file, 0, 0, *fault))
    return None


def _decode(raw: bytes, file: str, problems: list[Problem]) -> str | None:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.append(Problem(file, 0, 0, "the file is saved as UTF-16", "save it as UTF-8"))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = place(raw[: error.start].decode("utf-8-sig", "replace"), error.start)
    try:
        text = raw.decode("cp1252")
    except UnicodeDecodeError:
        problems.append(Problem(file, line, column, "the file holds bytes that are no text", "save it as UTF-8"))
        return None
    message = "the file is not saved as UTF-8; it is read as Windows-1252"
    problems.append(Problem(file, line, column, message, "save it as UTF-8", Severity.WARNING))
    return text
