"""What systemd is told of the daemon (sd_notify(3)): that it has started, reloads, stops; and that it is not stuck."""

import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from dtm_contact.background import beside, repeat
from dtm_contact.errors import described
from dtm_contact.log import get_log

_SEND_SECONDS: Final = 1.0
_FEEDS: Final = 3
"""How often the watchdog is fed within the time after which systemd takes the daemon for dead."""
_STATUS_SECONDS: Final = 10.0
_MICROSECOND: Final = 1_000_000

_log = get_log("service manager")


class ServiceManager:
    """Tells whoever started the daemon how it stands, where they asked for it; nothing about that ever fails.

    Attributes:
        watchdog_seconds: after so long without a sign systemd ends the daemon and starts it again; None: it does not.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Take the socket to tell on and the watchdog's time from variables of the environment, as systemd sets them.

        Args:
            environ: NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; None: the process's environment.
        """
        environ = os.environ if environ is None else environ
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog_seconds = _watchdog_seconds(environ) if self._address else None

    def tell(self, *assignments: str) -> bool:
        """Send assignments such as `READY=1`; return whether they were taken, False where nobody asked for them."""
        if not self._address:
            return False
        message = "\n".join(each.replace("\n", " ") for each in assignments)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                # Only a service manager that stands still lets this wait, and then briefly: it holds the event loop.
                sender.settimeout(_SEND_SECONDS)
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            _log.warning("the service manager cannot be told", error=described(error), what=assignments[0])
            return False
        return True

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Tell that the daemon reloads while the block runs, and that it is ready again once it ends."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")
        try:
            yield
        finally:
            self.tell("READY=1")


def _address(given: str) -> str:
    """Return the address of a socket as the system takes it; empty where there is none."""
    if given.startswith("@"):
        # An abstract socket, which has no file.
        return "\0" + given[1:]
    if given and not given.startswith("/"):
        _log.warning("NOTIFY_SOCKET is neither a path nor an abstract socket (@NAME), so nobody is told")
        return ""
    return given


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    asked, process = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not asked or (process and process != str(os.getpid())):
        return None
    if not asked.isascii() or not asked.isdigit() or not int(asked):
        _log.warning("WATCHDOG_USEC is no number of microseconds, so the watchdog is not fed", found=asked[:20])
        return None
    return int(asked) / _MICROSECOND


class Watchdog:
    """Feeds systemd's watchdog from the event loop while nothing is stuck, so that either one that hangs is restarted.

    It tells the status beside it: a few words that `systemctl status` shows.
    """

    def __init__(self, manager: ServiceManager, stuck: Callable[[], str | None], status: Callable[[], str]) -> None:
        """Take what says why the daemon is stuck (None: it is not), and how it stands; neither has a person's data."""
        self._manager = manager
        self._stuck = stuck
        self._status = status
        self._told = ""
        self.seconds = (manager.watchdog_seconds or _FEEDS * _STATUS_SECONDS) / _FEEDS

    async def feed(self) -> None:
        """Feed it once, unless something is stuck; tell the status where it changed."""
        stuck = self._stuck()
        status = f"stuck: {stuck}" if stuck else self._status()
        changed = (f"STATUS={status}",) if status != self._told else ()
        if stuck and changed:
            _log.error("the watchdog is not fed, so that systemd starts the daemon again", stuck=stuck)
        fed = ("WATCHDOG=1",) if self._manager.watchdog_seconds and not stuck else ()
        if fed or changed:
            self._manager.tell(*fed, *changed)
        self._told = status


@asynccontextmanager
async def fed(watchdog: Watchdog) -> AsyncIterator[None]:
    """Feed the watchdog until the block ends."""

    def trouble(error: Exception) -> None:
        _log.error("the watchdog cannot be fed", error=described(error))

    async with beside(repeat(watchdog.feed, watchdog.seconds, trouble), "watchdog"):
        yield
