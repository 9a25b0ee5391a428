"""Calls from the desk's process to the daemon over a unix socket: commands on cases, and the procedures of `access`.

A line of JSON asks, the line that comes back answers. An error of the daemon comes back as what it is: only a socket
that does not answer is a store that is away.
"""

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from dtm_contact.access import AccountMail, Right, call_procedure, may, visibility_of
from dtm_contact.alarms import Alarms
from dtm_contact.cases import Command, Done, RefusedError
from dtm_contact.cases.knowledge import KnowledgeSource
from dtm_contact.cases.server import CommandServer
from dtm_contact.cases.wire import pack_error, program_fault, raise_if_error
from dtm_contact.errors import NotFoundError, ProgramFaultError, StoreUnavailableError
from dtm_contact.privacy import procedures as _privacy_procedures  # noqa: F401 - they register themselves
from dtm_contact.store import Store, StoreRefusedError
from dtm_contact.store.secret_keys import UnopenedSecretError

_SECONDS: Final = 30.0
_PULSE_SECONDS: Final = 2.0
_PULSE: Final = "pulse"
_CALL: Final = b'{"call"'
_UNOPENED: Final = (
    "Somebody could not come in: the secret of their second factor is sealed by a key that is not in "
    "DTM_ACCESS_KEY_FILE."
)
_LOCKED: Final = (
    "An account of the desk was locked after several wrong passwords or codes. The audit trail says which, for how "
    "long, and whether they came from a browser that it knows; `dtm-contact user link` lets its owner in meanwhile."
)


def pack_call(name: str, arguments: dict[str, Any]) -> bytes:
    """Return a call of a procedure as a line."""
    return json.dumps({"call": name, "arguments": arguments}).encode() + b"\n"


def answers(path: Path) -> bool:
    """Return whether the daemon that listens at `path` answers; whatever it is working on."""
    try:
        call(path, _PULSE, seconds=_PULSE_SECONDS)
    except (StoreUnavailableError, ProgramFaultError):
        return False
    return True


def call(path: Path, name: str, *, seconds: float = _SECONDS, **arguments: Any) -> Any:
    """Have the daemon that listens at `path` call a procedure, and return what it returned; in so many seconds.

    Raises:
        StoreUnavailableError: it was not done, or whether it was cannot be known.
        ProgramFaultError: the procedure raised what it should not, or there is none of that name; nothing was done.
        NotFoundError: what it is about is not there.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            connection.connect(str(path))
            connection.sendall(pack_call(name, arguments))
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline())
    except (OSError, ValueError) as error:
        raise StoreUnavailableError(type(error).__name__) from error
    raise_if_error(answer)
    return answer["answer"]


def _send_none(_mails: Sequence[AccountMail]) -> None:
    """Send nothing."""


class RpcServer(CommandServer):
    """The daemon's end: carries out commands on cases, and calls procedures between them."""

    def __init__(
        self,
        store: Store,
        knowledge: KnowledgeSource,
        clock: Callable[[], datetime],
        done: Callable[[Done], None],
        alarms: Alarms,
        send_mails: Callable[[Sequence[AccountMail]], None] = _send_none,
    ) -> None:
        """Take what commands need, what tells the admins that an account was locked, and what sends mails to owners."""
        super().__init__(store, knowledge, clock, done)
        self._alarms = alarms
        self._send_mails = send_mails

    async def _answer(self, line: bytes) -> bytes:
        if not line.startswith(_CALL):
            return await super()._answer(line)
        name = ""
        try:
            asked = json.loads(line)
            name, arguments = asked["call"], asked["arguments"]
            if name == _PULSE:
                return json.dumps({"answer": True}).encode() + b"\n"
            run = partial(call_procedure, self._store, name, arguments, self._clock())
            result = await asyncio.get_running_loop().run_in_executor(self._thread, run)
            self._send_mails(result.mails)
            if result.locked:
                self._alarms.happened("log-in", _LOCKED)
            return json.dumps({"answer": result.answer}).encode() + b"\n"
        except StoreRefusedError:
            return pack_error(program_fault(name))
        except (RefusedError, StoreUnavailableError, NotFoundError, UnopenedSecretError) as error:
            if isinstance(error, UnopenedSecretError):
                self._alarms.happened("second-factor-key", _UNOPENED)
            return pack_error(error)
        except Exception:  # noqa: BLE001 - whatever it is, the other end must hear of it
            return pack_error(program_fault(name))

    def _apply(self, command: Command) -> Done:
        return super()._apply(authorized(self._store, command))


def authorized(store: Store, command: Command) -> Command:
    """Return a command with the visibility that the store gives the account that it names, whatever it claims itself.

    Raises:
        RefusedError: no account of that name may work on cases.
    """
    try:
        account = store.accounts.named(command.actor)
    except NotFoundError:
        account = None
    if account is None or account.disabled_at is not None or not may(account, Right.WORK):
        raise RefusedError("ce compte ne travaille pas les dossiers")
    return replace(command, visibility=visibility_of(account))
