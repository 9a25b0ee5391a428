"""Who comes, and how often: the client behind the proxies, and bounds on what anybody may try before being known."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from dtm_contact.errors import DtmContactError
from dtm_contact.settings import DeskSettings

_MINUTE = 60.0
_MOST_KEYS = 10_000
_MOST_WAITING = 8
_LONGEST_WAIT = 10.0
_SITE_BITS = 64
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - nothing is bound here

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class BusyError(DtmContactError):
    """Too many wait already, or the wait took too long."""

    retry = True


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


class BoundedLock:
    """Something that one does at a time, while few others wait for it, and not for long."""

    def __init__(self, most_waiting: int = _MOST_WAITING, longest_wait: float = _LONGEST_WAIT) -> None:
        """Take how many may wait, and for how many seconds."""
        self._most_waiting = most_waiting
        self._longest_wait = longest_wait
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0

    @contextmanager
    def acquired(self) -> Iterator[None]:
        """Do it when it is our turn.

        Raises:
            BusyError: too many wait already, or our turn did not come in time.
        """
        with self._counting:
            if self._waiting >= self._most_waiting:
                raise BusyError
            self._waiting += 1
        try:
            got = self._turn.acquire(timeout=self._longest_wait)
        finally:
            with self._counting:
                self._waiting -= 1
        if not got:
            raise BusyError
        try:
            yield
        finally:
            self._turn.release()


class AccessLimits:
    """The bounds on coming in, of one process.

    Hashing a password takes a processor and 64 MiB. Two are hashed at a time: one for browsers that somebody has logged
    in from before, one for all others, so that a flood of strangers keeps nobody out who uses the desk every day.

    Attributes:
        passwords: attempts by password, by client or by known device.
        links: attempts by a link that does not exist, by client.
        boards: requests for the board of a wall, by client.
    """

    def __init__(self, settings: DeskSettings) -> None:
        """Take the bounds from the settings."""
        self.passwords = RateLimit(settings.entries_per_minute)
        self.links = RateLimit(settings.entries_per_minute)
        self.boards = RateLimit(settings.entries_per_minute)
        self._known, self._unknown = BoundedLock(), BoundedLock()
        self._proxies = tuple(ip_network(proxy) for proxy in settings.proxies)
        self._hosts = {*LOOPBACK, *settings.hosts, *({settings.host.lower()} - _ANY_ADDRESS)}

    def hashing(self, *, known_device: bool) -> "BoundedLock":
        """Return the turn in which a password is hashed."""
        return self._known if known_device else self._unknown

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

    def serves(self, host: str) -> bool:
        """Return whether a Host header names us, with or without a port."""
        name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
        return (port.isdecimal() or not port) and name.strip("[]").lower().rstrip(".") in self._hosts


def _address(written: str) -> Address | None:
    """Return an address; None for what is none, a name or an address with a port included."""
    try:
        address = ip_address(written)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
