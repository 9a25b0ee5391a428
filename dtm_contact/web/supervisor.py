"""The desk as the daemon sees it: the socket of its calls, and a process that is kept alive."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from dtm_contact import metrics
from dtm_contact.alarms import Alarms
from dtm_contact.background import beside, cancel_and_wait, repeat
from dtm_contact.cases.knowledge import ConfigurationProvider
from dtm_contact.log import get_log
from dtm_contact.rules import RuleSet
from dtm_contact.settings import Settings
from dtm_contact.store import Store
from dtm_contact.web.account_mail import AccountMailer
from dtm_contact.web.rpc import RpcServer

_log = get_log("desk")
_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_STOP_SECONDS = 5.0
_WELL_SECONDS = 30.0
_BACKLOG = 128
_ERASE_SECONDS = 3600.0


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
        rpc_socket = Path(folder) / "rpc.sock"
        in_force = ConfigurationProvider(store, settings, rules)
        mailer = AccountMailer(settings.outbound, alarms)
        clock = partial(datetime.now, settings.zone)
        server = RpcServer(store, in_force, clock, lambda _done: arrived(), alarms, mailer.send)
        await server.listen(rpc_socket)
        keeping = asyncio.create_task(_keep(settings, rpc_socket, heard, alarms), name="desk")
        host, port = heard.getsockname()[:2]
        try:
            async with beside(repeat(partial(_erase, store), _ERASE_SECONDS, _not_erased), "old drafts"):
                yield {"desk": f"{host}:{port}"}
        finally:
            await cancel_and_wait(keeping)
            await server.stop()
            await mailer.close()


async def _erase(store: Store) -> None:
    """Erase the drafts that have reached their age; several daemons may do so, each finds what is left."""
    erased = await asyncio.to_thread(store.drafts.erase_old, datetime.now(UTC))
    if erased:
        _log.info("old drafts erased", count=erased)


def _not_erased(error: Exception) -> None:
    _log.warning("old drafts are not erased yet", error=type(error).__name__)


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


async def _keep(settings: Settings, rpc_socket: Path, heard: socket.socket, alarms: Alarms) -> None:
    """Keep a process that serves the desk; one that ends is started again, each time a little later."""
    loop, pause = asyncio.get_running_loop(), _PAUSE_SECONDS
    while True:
        began = loop.time()
        status = await _serve(settings, rpc_socket, heard)
        if loop.time() - began > _WELL_SECONDS:
            pause = _PAUSE_SECONDS
        alarms.sound("desk", f"The process of the desk ended with status {status}; it is started again.")
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def _serve(settings: Settings, rpc_socket: Path, heard: socket.socket) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "dtm_contact.web.process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        pass_fds=(heard.fileno(),),
        start_new_session=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )
    try:
        arguments = {
            "settings": settings.model_dump(mode="json"),
            "rpc_socket": str(rpc_socket),
            "listens": heard.fileno(),
        }
        if process.stdin is not None:
            with suppress(ConnectionError):
                # The pipe stays open as long as we live: its end tells the process to go.
                process.stdin.write(json.dumps(arguments).encode() + b"\n")
                await process.stdin.drain()
        if process.stdout is not None:
            await _count_requests(process.stdout)
        return await process.wait()
    except asyncio.CancelledError:
        await _end(process)
        raise


async def _count_requests(reports: asyncio.StreamReader) -> None:
    """Count what the process reports of its requests until it ends; see `process.ReportingApp`."""
    while line := await reports.readline():
        with suppress(ValueError):
            page, status, seconds = line.decode().split()
            metrics.DESK_SECONDS.observe(float(seconds))
            metrics.DESK_REQUESTS.labels(page, status).inc()


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
