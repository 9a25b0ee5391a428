"""The process that reads PDFs: `python -m dtm_contact.pdf.served FD PAGES CPU_SECONDS MEMORY`, started by `reader`.

By the pipe come, for each message, how many files it has, and then their octets, one by one; the answer to each file is
its outcome and its words, as JSON. Its processor time and memory are bounded from within, so that the
pages read until then are kept, and by the kernel, where a library cannot be interrupted.
"""

import json
import logging
import resource
import signal
import sys
from io import BytesIO
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time
from typing import Final

from pypdf import PasswordType, PdfReader, overwrite_configuration
from pypdf.errors import DependencyError

from dtm_contact.model.contact import FileOutcome

CHARACTERS: Final = 20_000
"""Of one file's words: more than is kept of all together, since blanks go."""

_DECODED: Final = 10_000_000
"""Octets that one stream may unfold to, whatever its filter."""

_RECOVERED: Final = 1_000
"""Objects looked through for the root of a file without a sound table of them."""

_AGAIN_SECONDS: Final = 0.05
_GRACE_SECONDS: Final = 2
_STATM: Final = Path("/proc/self/statm")


class _SpentError(BaseException):
    """The processor time is spent. No `Exception`: the library copes with those as faults of the file."""


class Budget:
    """What reading the files of one message may cost; it owns the signal SIGPROF."""

    def __init__(self, cpu_seconds: float, memory: int) -> None:
        """Take the bounds, and set that on memory for good: it counts from what the process holds now."""
        self._cpu_seconds = cpu_seconds
        self._armed = False
        self._until = 0.0
        signal.signal(signal.SIGPROF, self._spent)
        held = int(_STATM.read_text().split(maxsplit=1)[0]) * resource.getpagesize()
        _limit(resource.RLIMIT_AS, held + memory)
        # Of what the kernel ends, no image of the memory is kept: it would hold what people wrote.
        _limit(resource.RLIMIT_CORE, 0)

    def renew(self) -> None:
        """Begin another message."""
        self._until = process_time() + self._cpu_seconds
        _limit(resource.RLIMIT_CPU, ceil(self._until) + _GRACE_SECONDS)

    def __enter__(self) -> None:
        """Let the time run.

        Raises:
            _SpentError: none is left.
        """
        left = self._until - process_time()
        if left <= 0:
            raise _SpentError
        self._armed = True
        signal.setitimer(signal.ITIMER_PROF, left, _AGAIN_SECONDS)

    def __exit__(self, *_error: object) -> None:
        """Stop it."""
        # First of all: from here on the time is up for nobody.
        self._armed = False
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _spent(self, _signal: int, _frame: object) -> None:
        if self._armed:
            raise _SpentError


def _limit(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def read_file(octets: bytes, pages: int, budget: Budget) -> tuple[FileOutcome, str]:
    """Return what became of reading one file, and its words, each page below the one before.

    Args:
        octets: the file, whatever it is.
        pages: how many of its pages are read.
        budget: what reading it may cost.
    """
    read: list[str] = []
    try:
        with budget:
            ended = _read_pages(octets, pages, read)
    except (_SpentError, MemoryError, RecursionError):
        ended = FileOutcome.COSTLY
    except DependencyError:
        ended = FileOutcome.LOCKED
    except Exception:  # noqa: BLE001 - a library meets octets that nobody foresaw
        ended = FileOutcome.BROKEN
    text = "\n\n".join(read)
    if not text.strip():
        return (FileOutcome.EMPTY if ended in {FileOutcome.READ, FileOutcome.CUT} else ended), ""
    if ended is FileOutcome.READ and len(text) <= CHARACTERS:
        return FileOutcome.READ, text
    return FileOutcome.CUT, text[:CHARACTERS]


def _read_pages(octets: bytes, pages: int, read: list[str]) -> FileOutcome:
    """Put the words of one page after the other into `read`, so that they are kept whatever comes behind."""
    reader = PdfReader(BytesIO(octets), root_object_recovery_limit=_RECOVERED, xref_stream_maximum_entries=200_000)
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        return FileOutcome.LOCKED
    count = len(reader.pages)
    for place in range(min(pages, count)):
        read.append(reader.pages[place].extract_text()[:CHARACTERS])
        if sum(map(len, read)) > CHARACTERS:
            return FileOutcome.CUT
    return FileOutcome.READ if count <= pages else FileOutcome.CUT


def serve(pipe: Connection, pages: int, budget: Budget) -> None:
    """Read what comes by the pipe, until its other end is closed."""
    while True:
        try:
            files = int(pipe.recv_bytes())
            budget.renew()
            for _ in range(files):
                pipe.send_bytes(json.dumps(read_file(pipe.recv_bytes(), pages, budget)).encode())
        except (EOFError, OSError):
            return


def main() -> None:
    """Serve the pipe that we were given. It ends us by being closed: an interrupt meant for the judge is not for us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()
    descriptor, pages, cpu_seconds, memory = sys.argv[1:]
    overwrite_configuration(
        maximum_declared_stream_length=_DECODED,
        array_based_stream_maximum_output_length=_DECODED,
        zlib_maximum_output_length=_DECODED,
        lzw_maximum_output_length=_DECODED,
        run_length_maximum_output_length=_DECODED,
        zlib_maximum_recovery_input_length=1_000_000,
        stream_decoding_work_maximum_length=4 * _DECODED,
        # It is asked for pictures only, which we never do; nothing of a stranger's is given to another program.
        jbig2dec_binary=None,
        disable_legacy_handling=True,
    )
    serve(Connection(int(descriptor)), int(pages), Budget(float(cpu_seconds), int(memory)))


if __name__ == "__main__":
    main()
