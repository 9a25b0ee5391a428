"""What every HTTP server of ours bounds: requests that do not come in full, and attempts by who makes them."""

import asyncio
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Sequence
from functools import partial
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

_MINUTE = 60.0
_MOST_KEYS = 10_000
_SITE_BITS = 64
HEADER_SECONDS = 10.0
"""From a connection, or the first octet of a further request on it, to the end of the request's headers."""
MOST_UNFINISHED = 20
"""Connections of one client whose request has not come in full; those of a proxy that we believe are not counted."""

Address = IPv4Address | IPv6Address


class RateLimit:
    """How many attempts each key has left within a sliding minute. Threads may share it.

    Of many keys those that were used longest ago are forgotten: a flood from many addresses costs bounded memory, and a
    bound on each of them.
    """

    def __init__(self, most: int) -> None:
        """Take how many attempts a key has within a minute."""
        self._most = most
        self._lock = threading.Lock()
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Count an attempt; return whether it is within the bound."""
        now = time.monotonic()
        with self._lock:
            mine = self._attempts.setdefault(key, deque(maxlen=self._most + 1))
            self._attempts.move_to_end(key)
            while len(self._attempts) > _MOST_KEYS:
                self._attempts.popitem(last=False)
            while mine and now - mine[0] > _MINUTE:
                mine.popleft()
            mine.append(now)
            return len(mine) <= self._most


class ClientAddresses:
    """Which address a request comes from, behind the proxies that we believe."""

    def __init__(self, proxies: Sequence[str]) -> None:
        """Take the addresses and networks of the proxies."""
        self._proxies = tuple(ip_network(proxy) for proxy in proxies)

    def client(self, peer: str, forwarded: Sequence[str]) -> str:
        """Return the address that a request comes from, of IPv6 its network of 64 bits, which is one site's.

        Args:
            peer: the address at the other end of the connection.
            forwarded: the values of the headers X-Forwarded-For, in their order.
        """
        address = _address(peer)
        chain = [part for value in forwarded for part in value.split(",")]
        while address is not None and chain and self.is_proxy(address):
            before = _address(chain.pop().strip())
            if before is None:
                break
            address = before
        if isinstance(address, IPv6Address):
            return str(IPv6Network((address, _SITE_BITS), strict=False))
        return peer if address is None else str(address)

    def is_proxy(self, address: "Address | str") -> bool:
        """Return whether an address is one of the proxies that we believe."""
        parsed = _address(address) if isinstance(address, str) else address
        return parsed is not None and any(
            parsed.version == network.version and parsed in network for network in self._proxies
        )


class BoundedProtocol(H11Protocol):
    """uvicorn's protocol for HTTP/1.1 with bounds on requests that have not come in full.

    uvicorn bounds how long a connection may be idle between two requests, but not how long a request may take to come.
    """

    def __init__(self, gate: ClientAddresses, unfinished: "Counter[str]", *given: Any, **named: Any) -> None:
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
        """Give uvicorn the octets that came, and mind the time that a request may take to come.

        The first octets after an answer begin a request, and the bound of `HEADER_SECONDS`; once its headers are there,
        the bound ends.

        Args:
            data: the octets, as the transport received them.
        """
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


def protocol(gate: ClientAddresses) -> type[asyncio.Protocol]:
    """Return what makes the protocol of each connection of one server, as `uvicorn.Config` takes it."""
    made: Any = partial(BoundedProtocol, gate, Counter[str]())
    return made  # type: ignore[no-any-return]


def _address(written: str) -> Address | None:
    """Return an address; None for what is none, a name or an address with a port included."""
    try:
        address = ip_address(written)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
