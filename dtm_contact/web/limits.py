"""Who comes, and how often: the client behind the proxies, and bounds on what anybody may try before being known."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from dtm_contact.errors import DtmContactError
from dtm_contact.serving import ClientAddresses, RateLimit
from dtm_contact.settings import DeskSettings

_MOST_WAITING = 8
_LONGEST_WAIT = 10.0
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})  # noqa: S104 - nothing is bound here


class BusyError(DtmContactError):
    """Too many wait already, or the wait took too long."""

    retry = True


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


class AccessLimits(ClientAddresses):
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
        super().__init__(settings.proxies)
        self.passwords = RateLimit(settings.entries_per_minute)
        self.links = RateLimit(settings.entries_per_minute)
        self.boards = RateLimit(settings.entries_per_minute)
        self._known, self._unknown = BoundedLock(), BoundedLock()
        named = {urlsplit(settings.url).hostname} if settings.url else set()
        self._hosts = {*LOOPBACK, *settings.hosts, *named, *({settings.host.lower()} - _ANY_ADDRESS)}

    def hashing(self, *, known_device: bool) -> "BoundedLock":
        """Return the turn in which a password is hashed."""
        return self._known if known_device else self._unknown

    def serves(self, host: str) -> bool:
        """Return whether a Host header names us, with or without a port."""
        name, _, port = host.rpartition(":") if not host.endswith("]") and ":" in host else (host, "", "")
        return (port.isdecimal() or not port) and name.strip("[]").lower().rstrip(".") in self._hosts
