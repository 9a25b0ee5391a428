"""The server of forks: `python -m tests.forking.server DESCRIPTOR` imports our programs, then forks them as asked.

It has one thread, which imports and waits: what is forked finds no lock held and no loop begun.
"""

import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from tests.forking.child import become, out_of_the_way, run
from tests.forking.client import install
from tests.forking.request import Start, answer, asked, pair

_DIGITS = 10


def serve(client: socket.socket) -> None:
    """Fork what is asked for until nobody is left who asks."""
    while request := asked(client):
        start, descriptors = request
        try:
            pid, told = _forked(start, descriptors), ""
        except OSError as error:
            pid, told = 0, str(error)
        answer(client, pid, told)
        for descriptor in descriptors:
            os.close(descriptor)


def _forked(start: Start, descriptors: Sequence[int]) -> int:
    """Return the id of a process that is nobody's child but that of who asks.

    One between us and it ends at once; what that leaves comes to who has said that it takes in such processes.
    """
    told, telling = os.pipe()
    gone, going = os.pipe()
    between = os.fork()
    if between == 0:
        os.close(going)
        pid = os.fork()
        if pid == 0:
            os.close(telling)
            # It begins as the child of who asks: not before the one between is gone.
            os.read(gone, 1)
            _run(start, descriptors)
        os.write(telling, str(pid).encode())
        os._exit(0)
    for each in (telling, gone):
        os.close(each)
    with os.fdopen(told, "rb") as number:
        pid = int(number.read(_DIGITS) or b"0")
    os.waitpid(between, 0)
    os.close(going)
    if not pid:
        raise OSError("no process could be forked")
    return pid


def _run(start: Start, descriptors: Sequence[int]) -> NoReturn:
    kept = become(descriptors)
    if start.starts_others:
        _with_a_server(kept)
    run(start, kept)


def _with_a_server(kept: Sequence[int]) -> None:
    """Give a process that starts others a server of its own, before it has done what a fork would inherit."""
    ours, theirs = pair()
    if os.fork() == 0:
        ours.close()
        for descriptor in kept:
            os.close(descriptor)
        serve(theirs)
        os._exit(0)
    theirs.close()
    line = socket.socket(fileno=out_of_the_way(ours.fileno()))
    ours.close()
    install(lambda: line)


def main() -> None:
    """Import what all our programs do, and serve."""
    # An interrupt is meant for who runs the tests; it ends us by closing its end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    client = socket.socket(fileno=int(sys.argv[1]))
    from tests.forking import warm  # noqa: F401, PLC0415 - after the line, which closes if this fails

    serve(client)
    os._exit(0)


if __name__ == "__main__":
    main()
