"""The process that serves the desk; the daemon starts it as a module."""

import gc
import json
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dtm_contact import log
from dtm_contact.background import give_way
from dtm_contact.serving import protocol
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.store.secret_keys import SecretKeys
from dtm_contact.web.app import PAGE, build
from dtm_contact.web.app_context import AppContext


class ReportingApp:
    """The desk, with a line to the daemon for each request that it answers: page, status, seconds; no person's data.

    The line is for the daemon's metrics (`dtm_desk_requests`): one that cannot be written at once is dropped.
    """

    def __init__(self, app: ASGIApp, lines: int) -> None:
        """Take the desk, and the file descriptor of the pipe to the daemon, which must not block."""
        self._app = app
        self._lines = lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and report when its answer begins: a stream of events does not end."""
        began = time.monotonic()

        async def reporting(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._report(scope.get(PAGE, _ELSE), message["status"], time.monotonic() - began)
            await send(message)

        await self._app(scope, receive, reporting)

    def _report(self, page: str, status: int, seconds: float) -> None:
        with suppress(OSError):
            os.write(self._lines, f"{page} {status} {seconds:.6f}\n".encode())


_ELSE = "other"
_STOP_SECONDS = 2
_CONNECTIONS = 500
_NICENESS = 5


def _leave_with_the_daemon() -> None:
    """Go when the daemon goes, however it goes: the pipe from it ends then."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def settle_heap() -> None:
    """Let what is there stay: else all of it, directory and rules, is looked through for garbage amid some page."""
    gc.collect()
    gc.freeze()


def main() -> None:
    """Serve until told to stop."""
    give_way(_NICENESS)
    lines = os.dup(sys.stdout.fileno())
    os.set_blocking(lines, False)
    # A stray print would be taken for a report.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    arguments = json.loads(sys.stdin.buffer.readline())
    settings = Settings(**arguments["settings"])
    log.configure(settings.log, to_file=True)
    threading.Thread(target=_leave_with_the_daemon, name="daemon", daemon=True).start()
    # Where they cannot be read, the daemon has said so.
    keys, _wrong = settings.access.usable_keys()
    with (
        open_store(settings.store.url, read_only=True, keys=SecretKeys(keys)) as store,
        AppContext(settings, store, Path(arguments["rpc_socket"])) as shared,
    ):
        settle_heap()
        config = uvicorn.Config(
            ReportingApp(build(shared), lines),
            http=protocol(shared.limits),
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[socket.socket(fileno=arguments["listens"])])


if __name__ == "__main__":
    main()
