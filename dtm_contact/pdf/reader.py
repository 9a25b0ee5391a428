"""Has the words of a message's PDFs read by a process of its own, which is ended where it takes too much.

What a stranger sends may be made to keep a parser busy, or to fill the memory. In the judge it would cost the message
its judgement; so it costs this process, and the message is judged without. The process bounds its own processor time
and memory (`served`), and we its time by the clock. It holds nothing: the next message starts a new one.
"""

import json
import subprocess
import sys
import weakref
from collections.abc import Sequence
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from time import monotonic
from typing import Final

from dtm_contact.model import FileOutcome, FileText
from dtm_contact.settings import PdfSettings

_ANSWER_OCTETS: Final = 4_000_000


class PdfReader:
    """Reads the PDFs of one message after the other; a `FileReader`. Not to be shared by threads."""

    def __init__(self, settings: PdfSettings) -> None:
        """Take the bounds; the process starts with the first file."""
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._end: weakref.finalize[[subprocess.Popen[bytes], Connection], PdfReader] | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process, while there is one."""
        return self._process.pid if self._process else None

    def __call__(self, files: Sequence[bytes]) -> Sequence[FileText]:
        """Return the words of a message's files, in their order; no octets whatever make it fail.

        Args:
            files: their octets. The bounds of time hold for all of them together.
        """
        until = monotonic() + self._settings.seconds
        told: list[FileText] = []
        try:
            pipe = self._started()
            pipe.send_bytes(b"%d" % len(files))
            # One by one: what was told before a fault is kept.
            told.extend(self._read(pipe, octets, until) for octets in files)
        except (EOFError, OSError):
            self.close()
        except BaseException:
            # Our own time is up: its answer would be taken for one of the next message.
            self.close()
            raise
        if any(each.outcome is FileOutcome.COSTLY for each in told):
            # What ran into a bound may be left in any state.
            self.close()
        return [*told, *[FileText(FileOutcome.COSTLY)] * (len(files) - len(told))]

    def _read(self, pipe: Connection, octets: bytes, until: float) -> FileText:
        pipe.send_bytes(octets)
        if not pipe.poll(max(0.0, until - monotonic())):
            raise TimeoutError
        outcome, text = json.loads(pipe.recv_bytes(_ANSWER_OCTETS))
        return FileText(FileOutcome(outcome), text)

    def close(self) -> None:
        """End the process; the next message starts a new one. It ends by itself when we do."""
        if self._end is not None:
            self._end()
        self._process = self._pipe = self._end = None

    def _started(self) -> Connection:
        if self._pipe is not None and self._process is not None and self._process.poll() is None:
            return self._pipe
        self.close()
        ours, theirs = Pipe()
        bounds = (self._settings.pages, self._settings.cpu_seconds, self._settings.memory)
        # No word of a stranger's file in our log, were it in a library's warning.
        command = [sys.executable, "-W", "ignore", "-m", "dtm_contact.pdf.served", str(theirs.fileno())]
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, *map(str, bounds)],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        self._process, self._pipe = process, ours
        self._end = weakref.finalize(self, _ended, process, ours)
        return ours


def _ended(process: subprocess.Popen[bytes], pipe: Connection) -> None:
    pipe.close()
    process.kill()
    process.wait()
