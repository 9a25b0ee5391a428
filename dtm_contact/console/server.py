"""The desk as the daemon sees it: a socket that takes its commands and errands, and a process that is kept alive."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dtm_contact.access import Right, may, run_errand, visibility_of
from dtm_contact.alarms import Alarms
from dtm_contact.background import cancel_and_wait
from dtm_contact.cases import Command, Done, RefusedError
from dtm_contact.cases.knowledge import InForce, Ways
from dtm_contact.cases.server import CommandServer
from dtm_contact.cases.wire import pack_error, program_fault
from dtm_contact.errors import NotFoundError, StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store

_log = get_log("desk")
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_STOP_SECONDS = 5.0
_WELL_SECONDS = 30.0
_BACKLOG = 128
_LOCKED = (
    "An account of the desk was locked after several wrong passwords. The audit trail says which, for how long, and "
    "whether they came from a browser that it knows; `dtm-contact user link` lets its owner in meanwhile."
)


class DeskServer(CommandServer):
    """Carries out commands, and runs the errands of access between them."""

    def __init__(
        self,
        store: Store,
        knowledge: Ways,
        clock: Callable[[], datetime],
        done: Callable[[Done], None],
        alarms: Alarms,
    ) -> None:
        """Take what commands need, and what tells the admins that an account was locked."""
        super().__init__(store, knowledge, clock, done)
        self._alarms = alarms

    async def _answer(self, line: bytes) -> bytes:
        if not line.startswith(b'{"errand"'):
            return await super()._answer(line)
        name = ""
        try:
            told = json.loads(line)
            name, arguments = told["errand"], told["arguments"]
            run = partial(run_errand, self._store, name, arguments, self._clock())
            answer = await asyncio.get_running_loop().run_in_executor(self._thread, run)
            if name == "failed" and answer:
                self._alarms.happened("log-in", _LOCKED)
            return _line({"answer": answer})
        except (RefusedError, StoreUnavailableError, NotFoundError) as error:
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


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told).encode() + b"\n"


@asynccontextmanager
async def open_desk(
    settings: Settings,
    store: Store,
    alarms: Alarms,
    rules: Callable[[], RuleSet],
    arrived: Callable[[], None],
) -> AsyncIterator[dict[str, str]]:
    """Serve the desk while the block runs, where the settings open it, and give its address by its name.

    Args:
        settings: where it listens.
        store: opened for writing.
        alarms: hear when its process ends.
        rules: gives the rules that judge.
        arrived: called when something is to be judged: a case by hand, a message brought back.

    Raises:
        OSError: the address is taken or not ours.
    """
    if not settings.desk.open:
        yield {}
        return
    with TemporaryDirectory(prefix="dtm-desk-") as folder, _listening(settings.desk.host, settings.desk.port) as heard:
        door = Path(folder) / "door"
        known = InForce(store, settings, rules)
        server = DeskServer(store, known, lambda: datetime.now(settings.zone), lambda _done: arrived(), alarms)
        await server.listen(door)
        keeping = asyncio.create_task(_keep(settings, door, heard, alarms), name="desk")
        host, port = heard.getsockname()[:2]
        try:
            yield {"desk": f"{host}:{port}"}
        finally:
            await cancel_and_wait(keeping)
            await server.stop()


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    heard = socket.socket(family, socket.SOCK_STREAM)
    try:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        heard.bind((host, port))
        # It listens before the process is there: whoever comes meanwhile waits.
        heard.listen(_BACKLOG)
    except BaseException:
        heard.close()
        raise
    return heard


async def _keep(settings: Settings, door: Path, heard: socket.socket, alarms: Alarms) -> None:
    """Keep a process that serves the desk; one that ends is started again, each time a little later."""
    loop, pause = asyncio.get_running_loop(), _PAUSE_SECONDS
    while True:
        began = loop.time()
        status = await _serve(settings, door, heard)
        if loop.time() - began > _WELL_SECONDS:
            pause = _PAUSE_SECONDS
        alarms.sound("desk", f"The process of the desk ended with status {status}; it is started again.")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def _serve(settings: Settings, door: Path, heard: socket.socket) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dtm_contact.console.process",
        stdin=asyncio.subprocess.PIPE,
        pass_fds=(heard.fileno(),),
        start_new_session=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    try:
        told = {"settings": settings.model_dump(mode="json"), "door": str(door), "listens": heard.fileno()}
        if process.stdin is not None:
            with suppress(ConnectionError):
                # The pipe stays open as long as we live: its end tells the process to go.
                process.stdin.write(_line(told))
                await process.stdin.drain()
        return await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
