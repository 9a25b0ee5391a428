"""Has `subprocess` fork our own programs from a server that has imported them, in place of starting Python anew.

What is started is a child of who starts it, like any other: it has its own id, is waited for, signalled and killed,
and has the streams, descriptors, folder and environment that it was given. What forking cannot show (that a program
starts at all, what the interpreter makes of its own variables, what memory it takes from nothing) is shown by tests
that start it anew.
"""

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

from tests.forking.request import Start, ask, environment_of, pair

_PR_SET_CHILD_SUBREAPER: Final = 36
_ROOT: Final = Path(__file__).parents[2]
_SERVER: Final = "tests.forking.server"
_OURS: Final = ("dtm_contact", "tests.")
_ANEW: Final = {
    # Read what strangers send within bounds of memory: they begin with as little as they do elsewhere.
    "dtm_contact.pdf.served",
    "dtm_contact.recognition.served",
    "dtm_contact.web.converter",
}
"""Programs of ours that are never forked."""
_OF_THE_START: Final = (b"PYTHON", b"LD_", b"GLIBC_")
"""Variables that the interpreter and its loader read before any program does: a fork would not obey them."""
_OBEYED: Final = {b"PYTHONDONTWRITEBYTECODE", b"PYTHONUNBUFFERED"}
"""But these, which what is forked obeys by itself."""


class Forks:
    """Stands in for `_posixsubprocess.fork_exec`; programs that are not ours it leaves to that."""

    def __init__(self, server: Callable[[], socket.socket]) -> None:
        """Take what gives the line to the server of forks, which is our child; it is asked for when there is need."""
        self._server = server
        self._asking = Lock()
        self.fork_exec: Callable[..., int] = subprocess._fork_exec  # type: ignore[attr-defined]
        self._beginning = _of_the_start(environment_of(None))

    def __call__(self, *given: Any) -> int:
        """Start a program as `fork_exec` does, of Python 3.11 and later."""
        start = self._forkable(given)
        if start is None:
            return self.fork_exec(*given)
        streams = (given[6], given[9], given[11])
        sent = [standard if stream == -1 else stream for standard, stream in enumerate(streams)]
        with self._asking:
            # The server forks through a process that ends at once; who is left comes to the nearest that takes it in.
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            return ask(self._server(), start, [*sent, *_kept(given)])

    def _forkable(self, given: Sequence[Any]) -> Start | None:
        command, environment = [os.fsdecode(each) for each in given[0]], environment_of(given[5])
        is_silent = command[1:3] == ["-W", "ignore"]
        how, what, *arguments = command[3:] if is_silent else command[1:] if len(command) > 2 else ("", "")
        is_ours = (how == "-m" and what.startswith(_OURS) and what not in _ANEW) or (
            how == "-c" and "dtm_contact" in what
        )
        is_plain = given[2] and given[17:21] == (None, None, None, -1) and given[21] is None and given[16] == -1
        if command[0] != sys.executable or not is_ours or not is_plain:
            return None
        folder = Path(os.fsdecode(given[4] or Path.cwd()))
        if _of_the_start(environment) != self._beginning or _has_its_own(folder):
            return None
        return Start(
            module=what if how == "-m" else "",
            code=what if how == "-c" else "",
            arguments=arguments,
            is_silent=is_silent,
            folder=str(folder),
            environment=environment,
            descriptors=[0, 1, 2, *_kept(given)],
            leads_session=bool(given[15]),
        )


def _of_the_start(environment: dict[bytes, bytes]) -> dict[bytes, bytes]:
    # Set to nothing, each is as if it were not set.
    read = {name: value for name, value in environment.items() if name.startswith(_OF_THE_START)}
    return {name: value for name, value in read.items() if value and name not in _OBEYED}


def _has_its_own(folder: Path) -> bool:
    """Return whether `python -m` would find another program than ours, in the folder where it is started."""
    return folder != _ROOT and (folder / "dtm_contact").is_dir()


def _kept(given: Sequence[Any]) -> list[int]:
    """Return the descriptors inherited beside the streams, but that by which an `exec` tells its failure."""
    return [number for number in given[3] if number != given[13]]


def is_server(pid: int) -> bool:
    """Return whether a process is a server of forks, which a forked daemon has beside what it started by itself."""
    try:
        return _SERVER.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False


def install(server: Callable[[], socket.socket]) -> None:
    """Fork our programs from a server from now on."""
    subprocess._fork_exec = Forks(server)  # type: ignore[attr-defined]


@contextmanager
def forking() -> Iterator[None]:
    """Fork our programs from a server, started for the first of them; it ends with the block."""
    with ExitStack() as stack:

        @cache
        def server() -> socket.socket:
            return stack.enter_context(_server())

        with fresh_interpreters():
            install(server)
            yield


@contextmanager
def _server() -> Iterator[socket.socket]:
    ours, theirs = pair()
    # The last argument is room for what is forked to write its own arguments to.
    command = [sys.executable, "-m", _SERVER, str(theirs.fileno()), " " * 1000]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": ""}
    with ours:
        with theirs, fresh_interpreters():
            server = subprocess.Popen(command, cwd=_ROOT, pass_fds=(theirs.fileno(),), env=environment)
        with server:
            yield ours
            ours.shutdown(socket.SHUT_RDWR)


@contextmanager
def fresh_interpreters() -> Iterator[None]:
    """Start each program in an interpreter of its own, as whoever runs it does."""
    before = subprocess._fork_exec  # type: ignore[attr-defined]
    subprocess._fork_exec = before.fork_exec if isinstance(before, Forks) else before  # type: ignore[attr-defined]
    try:
        yield
    finally:
        subprocess._fork_exec = before  # type: ignore[attr-defined]
