"""Has the text of scans recognised by a process of its own, which is ended with all that it started at its bounds.

A scan is a stranger's file for three large programs in C. None of them runs in a process of ours that does anything
else; each scan gets a process, which bounds the memory and processor time of what it starts, and we its time by the
clock.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from pydantic import TypeAdapter, ValidationError

from dtm_contact.model import Attachment, FileOutcome, Recognition
from dtm_contact.settings import RecognitionSettings

PROGRAMS: Final[Mapping[str, str]] = {"tesseract": "tesseract-ocr", "pdftoppm": "poppler-utils"}
"""The programs that recognition takes, each with the Debian package that brings it."""

_ANSWER: Final = TypeAdapter(Recognition)
_MOST_ANSWER: Final = 20_000_000
_LANGUAGES_SECONDS: Final = 10.0


def missing_programs() -> tuple[str, ...]:
    """Return the Debian packages of programs that are not on this machine."""
    return tuple(package for program, package in PROGRAMS.items() if shutil.which(program) is None)


def missing_languages(settings: RecognitionSettings) -> tuple[str, ...]:
    """Return the Debian packages of languages that the settings name and Tesseract has not; all without Tesseract.

    Raises:
        OSError, subprocess.SubprocessError: Tesseract does not answer.
    """
    known: set[str] = set()
    if (program := shutil.which("tesseract")) is not None:
        told = subprocess.run(  # noqa: S603 - no word of a stranger's
            [program, "--list-langs"], capture_output=True, text=True, timeout=_LANGUAGES_SECONDS, check=True
        )
        known = set((told.stdout + told.stderr).split())
    return tuple(
        f"tesseract-ocr-{name.replace('_', '-')}" for name in settings.languages.split("+") if name not in known
    )


def is_available(settings: RecognitionSettings) -> bool:
    """Return whether scans are to be recognised, and can be on this machine."""
    if settings.mode == "off" or missing_programs():
        return False
    try:
        return not missing_languages(settings)
    except (OSError, subprocess.SubprocessError):
        return False


class Recogniser:
    """Recognises one scan after the other; threads may share it, each with a process of its own."""

    def __init__(self, settings: RecognitionSettings) -> None:
        """Take the bounds."""
        self._settings = settings
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def recognise(self, raw: bytes, sha256: str) -> Recognition:
        """Return what is recognised in a file of a message; no octets whatever make it fail.

        Args:
            raw: the message, or the file itself.
            sha256: the digest of the file's octets.
        """
        settings = self._settings
        bounds = {
            "sha256": sha256,
            "languages": settings.languages,
            "pages": settings.pages,
            "pixels": settings.pixels,
            "octets": settings.octets,
            "cpu_seconds": settings.cpu_seconds,
            "seconds": settings.seconds,
            "memory": settings.memory,
        }
        with self._lock:
            if self._closed:
                return Recognition(FileOutcome.COSTLY)
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "dtm_contact.recognition.served"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # No word of a stranger's file in our log, were it in a program's warning.
                stderr=subprocess.DEVNULL,
                # A group of its own, so that what it started ends with it.
                start_new_session=True,
                env={**os.environ, "OMP_THREAD_LIMIT": "1"},
            )
            self._running.add(process)
        try:
            answer, _ = process.communicate(json.dumps(bounds).encode() + b"\n" + raw, timeout=settings.seconds)
            return _ANSWER.validate_json(answer[:_MOST_ANSWER])
        except (subprocess.TimeoutExpired, OSError):
            return Recognition(FileOutcome.COSTLY)
        except ValidationError:
            # It was ended by the kernel, or by us.
            return Recognition(FileOutcome.COSTLY)
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)

    def close(self) -> None:
        """End what runs; nothing more is recognised."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _end(process)


class RecognisingReader:
    """A `ScanReader` that recognises at once, for commands that judge messages at rest; each file once."""

    def __init__(self, settings: RecognitionSettings) -> None:
        """Take the bounds."""
        self._recogniser = Recogniser(settings)
        self._known: dict[str, Recognition] = {}

    def __call__(self, raw: bytes, files: Sequence[Attachment]) -> Sequence[Recognition]:
        """Return what is recognised in files of a message."""
        for file in files:
            if file.sha256 not in self._known:
                self._known[file.sha256] = self._recogniser.recognise(raw, file.sha256)
        return [self._known[file.sha256] for file in files]


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
