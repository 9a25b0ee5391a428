"""What strangers sent, made fit to be shown, in a process of its own that is ended where it takes too much.

Decoders of images and parsers of HTML run for seconds on what was made to keep them busy, and hold Python's lock
meanwhile: in the process of the desk every page and stream would stand still. The kernel bounds the processor time and
the memory of this one (setrlimit(2)), and we its time by the clock. It holds nothing: the next job starts a new one.
"""

import resource
import signal
import subprocess
import sys
import threading
from enum import StrEnum
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from time import process_time

from dtm_contact.log import get_log
from dtm_contact.web.limits import BoundedLock

CPU_SECONDS = 4
"""Of processor time for one job; the kernel counts whole seconds, from the process's start."""
MEMORY_OCTETS = 512 * 1024 * 1024
"""Of memory for one job, beside what the process holds."""
_SECONDS = 60.0
_MOST_WAITING = 12
_LONGEST_WAIT = 20.0
_STATM = Path("/proc/self/statm")
_log = get_log("desk")


class Job(StrEnum):
    """What is to be made of the octets."""

    LAYOUT = "layout"
    SMALL = "small"
    LARGE = "large"


class ConversionError(Exception):
    """It cannot be shown: it is nothing of its kind, or takes more than is allowed."""


class Converter:
    """A process that does one job after the other. Threads may share it; few wait for their turn, and not for long."""

    def __init__(self) -> None:
        """Prepare; the process starts with the first job."""
        self._turn = BoundedLock(_MOST_WAITING, _LONGEST_WAIT)
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None

    @property
    def pid(self) -> int | None:
        """The id of the process, while there is one."""
        return self._process.pid if self._process else None

    def convert(self, job: Job, octets: bytes) -> bytes:
        """Return what is made of the octets.

        Raises:
            ConversionError: it cannot be shown.
            BusyError: others wait already.
        """
        with self._turn.acquired():
            process, pipe = self._started()
            # Ends whatever waits here too: the pipe breaks with the process.
            alarm = threading.Timer(_SECONDS, process.kill)
            alarm.start()
            try:
                pipe.send_bytes(job.encode())
                pipe.send_bytes(octets)
                answer = pipe.recv_bytes(MEMORY_OCTETS)
            except (EOFError, OSError) as error:
                self._end()
                _log.warning("a conversion took too much", job=job.value, octets=len(octets))
                raise ConversionError("bounds") from error
            finally:
                alarm.cancel()
        if not answer.startswith(_MADE):
            raise ConversionError("refused")
        return answer.removeprefix(_MADE)

    def close(self) -> None:
        """End the process."""
        self._end()

    def _started(self) -> tuple[subprocess.Popen[bytes], Connection]:
        if self._process is not None and self._pipe is not None and self._process.poll() is None:
            return self._process, self._pipe
        self._end()
        ours, theirs = Pipe()
        with theirs:
            command = [sys.executable, "-m", "dtm_contact.web.converter", str(theirs.fileno())]
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL
            )
        self._pipe = ours
        return self._process, ours

    def _end(self) -> None:
        process, self._process = self._process, None
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
        if process is not None:
            process.kill()
            process.wait()


_MADE = b"+"
_REFUSED = b"-"


def serve(pipe: Connection) -> None:
    """Do what comes by the pipe, until its other end is closed; runs in the converter's own process."""
    # Imported only where strangers' octets are read.
    from dtm_contact.web import conversions  # noqa: PLC0415

    jobs = {
        Job.LAYOUT: lambda octets: conversions.safe_html(octets.decode()).encode(),
        Job.SMALL: lambda octets: conversions.reencoded(octets, conversions.SMALL),
        Job.LARGE: lambda octets: conversions.reencoded(octets, conversions.LARGE),
    }
    while True:
        try:
            job, octets = Job(pipe.recv_bytes().decode()), pipe.recv_bytes()
        except (EOFError, OSError):
            return
        _bound()
        try:
            answer = _MADE + jobs[job](octets)
        except (conversions.NoPhotoError, conversions.TooComplexError, MemoryError):
            answer = _REFUSED
        pipe.send_bytes(answer)


def _bound() -> None:
    """Bound what the next job takes: the kernel ends us beyond the processor time, and refuses memory."""
    cpu = int(process_time()) + 1 + CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    held = int(_STATM.read_text().split(maxsplit=1)[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + MEMORY_OCTETS, resource.getrlimit(resource.RLIMIT_AS)[1]))
    # Of what the kernel ends, no image of our memory is kept.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Serve the pipe that we were given. The desk ends us by closing it: an interrupt meant for it is not for us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
