"""HTTP connections that cannot be held by half a request: a time for the headers, and a bound on each client."""

import asyncio
from collections import Counter
from functools import partial
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from dtm_contact.console.gate import Gate

HEADER_SECONDS = 10.0
"""From a connection, or the first octet of a further request on it, to the end of the request's headers."""
MOST_UNFINISHED = 20
"""Connections of one client whose request has not come in full; those of a proxy that we believe are not counted."""


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol for HTTP/1.1 with bounds on requests that have not come in full.

    uvicorn bounds how long a connection may be idle between two requests, but not how long a request may take to come.
    """

    def __init__(self, gate: Gate, unfinished: "Counter[str]", *given: Any, **named: Any) -> None:
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


def protocol(gate: Gate) -> type[asyncio.Protocol]:
    """Return what makes the protocol of each connection of one server, as `uvicorn.Config` takes it."""
    made: Any = partial(BoundedProtocol, gate, Counter[str]())
    return made  # type: ignore[no-any-return]
