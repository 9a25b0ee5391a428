"""Sends commands to the daemon, from a process that does not write the store itself."""

import socket
from pathlib import Path

from dtm_contact.cases.command import Command, Done
from dtm_contact.cases.wire import pack_command, unpack_answer
from dtm_contact.errors import CommitUnknownError, StoreUnavailableError

_SECONDS = 30.0


def send(path: Path, command: Command, *, seconds: float = _SECONDS) -> Done:
    """Have a command carried out by the daemon that listens at `path`.

    Raises:
        DtmContactError: what `apply` raises.
        StoreUnavailableError: no daemon listens there; nothing was done.
        CommitUnknownError: the daemon went away, or was too slow, before it answered.
    """
    line = pack_command(command)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(str(path))
        except OSError as error:
            raise StoreUnavailableError(f"no daemon listens at {path}") from error
        try:
            connection.sendall(line)
            with connection.makefile("rb") as answers:
                answer = answers.readline()
        except OSError as error:
            raise CommitUnknownError(type(error).__name__) from error
    if not answer.endswith(b"\n"):
        raise CommitUnknownError("the daemon went away")
    return unpack_answer(answer)
