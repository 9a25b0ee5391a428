"""What judging one arrival may cost a judge process: processor time and memory.

Both are bounded from within, so that the process can say what happened and where. What cannot be interrupted so, one
long call into a library, is ended by the daemon (`judge.seconds`).
"""

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dtm_contact.settings import JudgeSettings

_STATM = Path("/proc/self/statm")
_AGAIN_SECONDS = 0.25


class CpuSpentError(BaseException):
    """Judging the arrival took more processor time than allowed.

    No `Exception`: code that copes with whatever a message brings must not take this for one more of its faults.
    """


class Bounds:
    """The bounds on each arrival; one for the process, in its main thread, since it owns the signal SIGPROF."""

    def __init__(self, settings: JudgeSettings) -> None:
        """Take the bounds from the settings and prepare to hear of spent time."""
        self._settings = settings
        self._armed = False
        signal.signal(signal.SIGPROF, self._spent)

    @contextmanager
    def on(self, octets: int) -> Iterator[None]:
        """Bound what the block costs, for an arrival of so many octets.

        Memory counts from what the process holds when the block begins, its address space being the measure.

        Raises:
            CpuSpentError: the processor time is spent.
            MemoryError: the memory is. After either, a library may be left in any state: end the process.
        """
        before = resource.getrlimit(resource.RLIMIT_AS)
        try:
            self._armed = True
            signal.setitimer(signal.ITIMER_PROF, self._settings.cpu_seconds, _AGAIN_SECONDS)
            resource.setrlimit(resource.RLIMIT_AS, (self._address_space(octets, before[1]), before[1]))
            yield
        finally:
            # First of all: from here on the time is up for nobody.
            self._armed = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            resource.setrlimit(resource.RLIMIT_AS, before)

    def _address_space(self, octets: int, most: int) -> int:
        allowed = int(self._settings.memory_factor * octets) + self._settings.memory_margin
        held = int(_STATM.read_text().split(maxsplit=1)[0]) * resource.getpagesize()
        return held + allowed if most == resource.RLIM_INFINITY else min(held + allowed, most)

    def _spent(self, _signal: int, _frame: object) -> None:
        if self._armed:
            raise CpuSpentError
