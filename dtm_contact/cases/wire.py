"""Commands and what came of them as lines of JSON, between a process that may not write the store and the daemon."""

import json
import secrets
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

from dtm_contact.cases.command import Command, Done
from dtm_contact.cases.refusals import (
    ChangedMeanwhileError,
    NeverUsedError,
    RefusedError,
    UnprovenAddressError,
    WrongArgumentError,
    WrongStateError,
)
from dtm_contact.errors import (
    CommitUnknownError,
    DtmContactError,
    NotFoundError,
    ProgramFaultError,
    StoreUnavailableError,
)
from dtm_contact.log import get_log
from dtm_contact.store import Event

LONGEST_LINE = 1024 * 1024
"""Octets of one command, or of one answer."""

_ERRORS: dict[str, type[DtmContactError]] = {
    kind.__name__: kind
    for kind in (
        RefusedError,
        ChangedMeanwhileError,
        UnprovenAddressError,
        NeverUsedError,
        WrongArgumentError,
        WrongStateError,
        NotFoundError,
        StoreUnavailableError,
        CommitUnknownError,
        ProgramFaultError,
    )
}
_REFERENCE_OCTETS = 4
_log = get_log("desk")
_SECONDS = 30.0


def pack_command(command: Command) -> bytes:
    """Return a command as a line.

    Raises:
        WrongArgumentError: it is too long.
    """
    line = _line(command.as_json())
    if len(line) > LONGEST_LINE:
        raise WrongArgumentError("c'est trop long")
    return line


def unpack_command(line: bytes) -> Command:
    """Return the command of a line.

    Raises:
        WrongArgumentError: it holds none.
    """
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        raise WrongArgumentError("la ligne n'est pas du JSON") from None
    return Command.from_json(told)


def pack_done(done: Done) -> bytes:
    """Return what came of a command as a line."""
    events = [
        {"id": event.id, "at": event.at.isoformat(), "who": event.who, "what": event.what, "data": event.data}
        for event in done.events
    ]
    told = {"number": done.number, "version": done.version, "events": events, "opened": done.opened}
    return _line({"done": {**told, "arrival": done.arrival, "again": done.again, "hints": done.hints}})


def pack_error(error: DtmContactError) -> bytes:
    """Return why a command was not carried out as a line."""
    kind = type(error).__name__
    return _line({"error": kind if kind in _ERRORS else "RefusedError", "message": str(error)})


def program_fault(doing: str) -> ProgramFaultError:
    """Log the exception at hand, and return what is told in its place: the reference under which the log has it.

    Args:
        doing: the name of the verb or procedure that raised it.
    """
    reference = secrets.token_hex(_REFERENCE_OCTETS)
    _log.exception("the program has a fault", doing=doing, reference=reference)
    return ProgramFaultError(f"référence {reference} du journal")


def unpack_answer(line: bytes) -> Done:
    """Return what came of a command.

    Raises:
        DtmContactError: what `apply` raised at the other end.
        StoreUnavailableError: the answer cannot be understood: whether it was done cannot be told.
    """
    try:
        told = json.loads(line)
        raise_if_error(told)
        return _done(told["done"])
    except (ValueError, KeyError, TypeError):
        raise CommitUnknownError("the daemon's answer cannot be understood") from None


def raise_if_error(answer: dict[str, Any]) -> None:
    """Raise the error that an answer holds, if it holds one.

    Raises:
        DtmContactError: what was raised at the other end.
    """
    if "error" in answer:
        error = _ERRORS.get(answer["error"], RefusedError)()
        # The message is whole already: its class's own words stand in it.
        error.args = (answer["message"],)
        raise error


def _done(answer: dict[str, Any]) -> Done:
    events = tuple(
        Event(each["id"], datetime.fromisoformat(each["at"]), each["who"], each["what"], each["data"])
        for each in answer["events"]
    )
    told = (answer["number"], answer["version"], events, answer["opened"], answer["arrival"])
    hints = tuple(answer.get("hints", ()))
    return Done(*told, again=answer.get("again") is True, hints=hints)


def _line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


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
