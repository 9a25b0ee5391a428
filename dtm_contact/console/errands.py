"""Errands over the daemon's socket: the desk's end."""

import json
import socket
from pathlib import Path
from typing import Any

from dtm_contact.cases.wire import raise_if_error
from dtm_contact.errors import StoreUnavailableError

_SECONDS = 30.0


def pack_errand(name: str, arguments: dict[str, Any]) -> bytes:
    """Return an errand as a line."""
    return json.dumps({"errand": name, "arguments": arguments}).encode() + b"\n"


def run(path: Path, name: str, **arguments: Any) -> Any:
    """Have the daemon that listens at `path` run an errand, and return what it returned.

    Raises:
        StoreUnavailableError: it was not done, or whether it was cannot be told.
        ProgramFaultError: the errand raised what it should not, or is not known there; nothing was done.
        NotFoundError: what it is about is not there.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(path))
            connection.sendall(pack_errand(name, arguments))
            with connection.makefile("rb") as answers:
                told = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise StoreUnavailableError(type(error).__name__) from error
    raise_if_error(told)
    return told["answer"]
