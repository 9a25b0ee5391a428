"""The process that serves the desk, with bounds on its connections; the daemon starts it as a module."""

import asyncio
import json
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from dtm_contact import log
from dtm_contact.settings import Settings
from dtm_contact.store import open_store
from dtm_contact.web.app import PAGE, build
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.limits import AccessLimits

HEADER_SECONDS = 10.0
"""From a connection, or the first octet of a further request on it, to the end of the request's headers."""
MOST_UNFINISHED = 20
"""Connections of one client whose request has not come in full; those of a proxy that we believe are not counted."""


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol for HTTP/1.1 with bounds on requests that have not come in full.

    uvicorn bounds how long a connection may be idle between two requests, but not how long a request may take to come.
    """

    def __init__(self, gate: AccessLimits, unfinished: "Counter[str]", *given: Any, **named: Any) -> None:
        """Take the gate, which knows the proxies, how many of each client are unfinished, and what uvicorn gives."""
        super().__init__(*given, **named)
        self._gate = gate
        self._unfinished = unfinished
        self._waits_for: str | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, unless too many of this client are waited for already."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Hand on what came, and stop waiting once it held the headers of a request."""
        if self._timer is None and self._is_between():
            self._wait()
        super().data_received(data)
        if not self._is_between():
            self._wait_no_more()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._wait_no_more()
        super().connection_lost(exc)

    def _is_between(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def _wait(self) -> None:
        peer = self.client[0] if self.client else ""
        client = "" if self._gate.is_proxy(peer) else self._gate.client(peer, ())
        if client and self._unfinished[client] >= MOST_UNFINISHED:
            self.transport.abort()
            return
        self._waits_for = client
        self._unfinished[client] += 1
        self._timer = self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _wait_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waits_for is not None:
            self._unfinished[self._waits_for] -= 1
            if not self._unfinished[self._waits_for]:
                del self._unfinished[self._waits_for]
            self._waits_for = None


def protocol(gate: AccessLimits) -> type[asyncio.Protocol]:
    """Return what makes the protocol of each connection of one server, as `uvicorn.Config` takes it."""
    made: Any = partial(BoundedProtocol, gate, Counter[str]())
    return made  # type: ignore[no-any-return]


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
_GROUP_NICENESS = Path("/proc/self/autogroup")


def _leave_with_the_daemon() -> None:
    """Go when the daemon goes, however it goes: the pipe from it ends then."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _give_way() -> None:
    """Let the intake and the judges go first where the processor is short.

    Where Linux shares it out by sessions (sched(7), autogroups), ours would get as much as the daemon's whatever we say
    of this process: there it has to be said of the session too.
    """
    os.nice(_NICENESS)
    with suppress(OSError):
        _GROUP_NICENESS.write_text(str(_NICENESS))


def main() -> None:
    """Serve until told to stop."""
    _give_way()
    lines = os.dup(sys.stdout.fileno())
    os.set_blocking(lines, False)
    # A stray print would be taken for a report.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    arguments = json.loads(sys.stdin.buffer.readline())
    settings = Settings(**arguments["settings"])
    log.configure(settings.log, to_file=True)
    threading.Thread(target=_leave_with_the_daemon, name="daemon", daemon=True).start()
    with (
        open_store(settings.store.url, read_only=True) as store,
        AppContext(settings, store, Path(arguments["rpc_socket"])) as shared,
    ):
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
