"""What the server of forks is asked for, and how it is sent: one datagram, its file descriptors beside it."""

import os
import pickle
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MOST_OCTETS: Final = 1 << 17
_MOST_DESCRIPTORS: Final = 64


@dataclass(frozen=True)
class Start:
    """A process to be forked.

    Attributes:
        module: what it runs as `python -m` does; where it is empty, it runs `code` as `python -c` does.
        arguments: what stands behind the module or the code.
        is_silent: it ignores warnings, as by `-W ignore`.
        folder: where it runs.
        environment: all of its environment.
        descriptors: the numbers that the descriptors sent along have in it.
        leads_session: it begins a session of its own.
    """

    module: str
    code: str
    arguments: Sequence[str]
    is_silent: bool
    folder: str
    environment: Mapping[bytes, bytes]
    descriptors: Sequence[int]
    leads_session: bool

    @property
    def starts_others(self) -> bool:
        """Whether it is a program that starts others of ours: the daemon."""
        return bool({"run", "demo"} & set(self.arguments)) or bool(self.code)


def ask(server: socket.socket, start: Start, descriptors: Sequence[int]) -> int:
    """Return the id of the process that the server has forked, a child of who asks.

    Raises:
        OSError: it could not be forked.
    """
    socket.send_fds(server, [pickle.dumps(start)], descriptors)
    answer = server.recv(MOST_OCTETS)
    pid, told = pickle.loads(answer) if answer else (0, "the server of forks has ended")  # noqa: S301 - our own
    if not pid:
        raise OSError(told)
    return int(pid)


def asked(client: socket.socket) -> tuple[Start, list[int]] | None:
    """Return the next request with its descriptors, None where none will come."""
    octets, descriptors, _flags, _address = socket.recv_fds(client, MOST_OCTETS, _MOST_DESCRIPTORS)
    return (pickle.loads(octets), descriptors) if octets else None  # noqa: S301 - our own


def answer(client: socket.socket, pid: int, told: str = "") -> None:
    """Tell who has asked which process was forked, or why none."""
    client.send(pickle.dumps((pid, told)))


def pair() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a line to a server."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def environment_of(given: Sequence[bytes] | None) -> dict[bytes, bytes]:
    """Return an environment as a program gets it; ours where none is given."""
    if given is None:
        return dict(os.environb)
    return {name: value for name, _, value in (entry.partition(b"=") for entry in given)}
