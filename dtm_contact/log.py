"""What the program says of itself: structured lines on standard error or in a file, personal data masked."""

import logging
import os
import re
import sys
import threading
import traceback
from collections import Counter
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from dtm_contact.settings import LogSettings

_ADDRESS = re.compile(r"[^\s<>\"'(),;:]{1,64}@[^\s<>\"'(),;:]{1,255}")
_NUMBER = re.compile(r"(?<!\d)(?:\+\d|0|33)(?:[ ./-]?\d){8,13}(?!\d)")
# Times, versions and the engine's own identifiers are long digit strings that say nothing of a person.
_NOT_PERSONAL = frozenset({"timestamp", "version", "level", "logger", "incarnation"})
_FRAMES_SHOWN = 6
_REPEATED_LEVELS = frozenset({"warning", "error", "critical"})
_OWN = frozenset({"timestamp", "case", "arrival", "attempt"})
"""Fields that differ from line to line of one kind."""
_SECONDS_OF_SILENCE = 60.0
_MOST_KINDS = 1_000
_MOST_WORDS = 200
"""Characters that are shown of what another machine said."""

Line = MutableMapping[str, Any]


def mask(text: str) -> str:
    """Return `text` with e-mail addresses and phone numbers replaced by what they are."""
    return _NUMBER.sub("<number>", _ADDRESS.sub("<address>", text))


def shown_words(said: str, recipient: str = "") -> str:
    """Return what another machine said as one short line, without control characters and nobody's address or number.

    Args:
        said: its words; octets that are no UTF-8 may stand in them as surrogates.
        recipient: the address that it speaks of; where its local part stands alone, that is masked too; "" for none.
    """
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in said).split())
    line = mask(line)
    if local := recipient.rpartition("@")[0]:
        line = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", "<address>", line, flags=re.IGNORECASE)
    return line if len(line) <= _MOST_WORDS else f"{line[: _MOST_WORDS - 1]}…"


def _masked(_logger: Any, _method: str, line: Line) -> Line:
    for key, value in line.items():
        if isinstance(value, str) and key not in _NOT_PERSONAL:
            line[key] = mask(value)
    return line


def _where_raised(_logger: Any, _method: str, line: Line) -> Line:
    """Tell an exception by its type and the places it passed, never by its text, which may quote a person."""
    raised = line.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()[1]
    elif isinstance(raised, tuple):
        raised = raised[1]
    if isinstance(raised, BaseException):
        frames = traceback.extract_tb(raised.__traceback__)[-_FRAMES_SHOWN:]
        line["error"] = type(raised).__name__
        line["raised_at"] = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return line


class RepeatFilter:
    """Lets one warning or error of a kind through in a minute, and says in the next how many were held back.

    Lines are of one kind where all their fields are the same but those that name one thing and no cause (`_OWN`). The
    time is that of the lines themselves.
    """

    def __init__(self) -> None:
        """Begin without a line written."""
        self._written: dict[tuple[tuple[str, str], ...], float] = {}
        self._held_back: Counter[tuple[tuple[str, str], ...]] = Counter()

    def __call__(self, _logger: Any, _method: str, line: Line) -> Line:
        """Return the line, or drop it.

        Raises:
            structlog.DropEvent: one of its kind was written less than a minute ago.
        """
        if line.get("level") not in _REPEATED_LEVELS:
            return line
        kind = tuple((key, str(value)) for key, value in sorted(line.items()) if key not in _OWN)
        now = datetime.fromisoformat(line["timestamp"]).timestamp()
        if kind in self._written and now - self._written[kind] < _SECONDS_OF_SILENCE:
            self._held_back[kind] += 1
            raise structlog.DropEvent
        if len(self._written) >= _MOST_KINDS:
            self._written.clear()
            self._held_back.clear()
        self._written[kind] = now
        if held_back := self._held_back.pop(kind, 0):
            line["repeated"] = held_back
        return line


class _Output:
    """Where lines go: into a file, where there is one and it can be written, else to standard error as it is then.

    Processes that write into the same file do so line by line, and each finds out by itself that it was renamed.
    """

    def __init__(self) -> None:
        """Begin with standard error."""
        self._path: Path | None = None
        self._file: int | None = None
        self._lock = threading.Lock()

    def go_to(self, path: Path | None) -> None:
        """Write into another file from now on, or to standard error."""
        with self._lock:
            self._close()
            self._path = path

    def reopen(self) -> None:
        """Write the next line into the file of that name, whichever was written into before."""
        with self._lock:
            self._close()

    def write(self, line: str) -> None:
        """Write a line."""
        with self._lock:
            if self._path is not None and self._written(self._path, f"{line}\n".encode(errors="replace")):
                return
            # Whoever reads our log may have gone; the work goes on all the same.
            with suppress(OSError, ValueError):
                sys.stderr.write(f"{line}\n")
                sys.stderr.flush()

    def _written(self, path: Path, octets: bytes) -> bool:
        try:
            if self._file is None or not _is_at(self._file, path):
                self._close()
                self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            return os.write(self._file, octets) == len(octets)
        except OSError:
            return False

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None


def _is_at(opened: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), path.stat())
    except FileNotFoundError:
        return False


_output = _Output()
reopen = _output.reopen
"""Has the next line written into the file of the settings, whatever became of the one before (SIGHUP, logrotate)."""


class _Logger:
    """Writes lines of structlog."""

    def __init__(self, *_arguments: object) -> None:
        """Take what structlog hands to every logger; there is nothing to keep."""

    def _write(self, line: str) -> None:
        _output.write(line)

    debug = info = warning = error = exception = critical = _write


class _Handler(logging.Handler):
    """Writes lines of the standard library's loggers."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        try:
            _output.write(self.format(record))
        except Exception:  # noqa: BLE001 - what cannot be written down must not end what it tells of
            self.handleError(record)


def configure(settings: LogSettings, *, to_file: bool = False) -> None:
    """Send the log of the engine and of its libraries to standard error, or to the file of the settings.

    The daemon and its processes write into that file (`to_file`); a command tells whoever typed it. Libraries are heard
    from WARNING on only: the SMTP library writes whole messages at DEBUG.
    """
    file = settings.file if to_file else None
    _output.go_to(file)
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if settings.json_lines
        else structlog.dev.ConsoleRenderer(colors=file is None and sys.stderr.isatty(), pad_event_to=28)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _where_raised,
        _masked,
    ]
    structlog.configure(
        processors=[*shared, RepeatFilter(), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.level]),
        logger_factory=_Logger,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = _Handler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)


def get_log(name: str) -> structlog.typing.FilteringBoundLogger:
    """Return the log of one part of the engine; `name` stands in each of its lines."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger(part=name)
    return logger
