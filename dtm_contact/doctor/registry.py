"""What a check is, what it finds, and the installation that it looks at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from dtm_contact.errors import DtmContactError
from dtm_contact.ingest import open_receivers
from dtm_contact.settings import Settings
from dtm_contact.settings.loading import Loaded
from dtm_contact.store import Store, open_store

_PATIENCE: Final = 5.0
SECONDS: Final = 10.0
"""The longest that a check waits for another machine, where the settings do not wait for less."""


class CheckState(StrEnum):
    """How it stands with what a check looked at, the worse the later."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check has to say, in a line.

    Attributes:
        check: the name of the check.
        state: how it stands. A fault: the daemon cannot do its work. A warning: it does, and somebody should look.
        message: what stands so, with its cause and where; no person's data, no secrets.
        remedy: what to do; empty where there is nothing to do.
    """

    check: str
    state: CheckState
    message: str
    remedy: str = ""


class SkipError(DtmContactError):
    """A check cannot look, or there is nothing to look at."""

    def __init__(self, reason: str) -> None:
        """Take the reason, as a sentence."""
        super().__init__()
        self.reason = reason


def ok(message: str) -> CheckResult:
    """Return a finding that all is well."""
    return CheckResult("", CheckState.OK, message)


def warning(message: str, remedy: str) -> CheckResult:
    """Return a finding that somebody should look at."""
    return CheckResult("", CheckState.WARNING, message, remedy)


def fault(message: str, remedy: str) -> CheckResult:
    """Return a finding that keeps the daemon from its work."""
    return CheckResult("", CheckState.FAULT, message, remedy)


class Site:
    """The installation that is looked at."""

    def __init__(self, loaded: Loaded, *, offline: bool) -> None:
        """Take its settings; `offline`: nothing is to be connected to."""
        self.settings: Settings = loaded.settings
        self.loaded = loaded
        self.offline = offline
        self.now = datetime.now(UTC)

    @cached_property
    def _opened(self) -> Store | None:
        try:
            return open_store(self.settings.store.url, read_only=True, patience=_PATIENCE)
        except (DtmContactError, ImportError):
            return None

    @property
    def store(self) -> Store:
        """The store, for reading.

        Raises:
            SkipError: it cannot be opened, which the check `database` tells.
        """
        if self._opened is None:
            raise SkipError("the store cannot be opened: see the check database")
        return self._opened

    def close(self) -> None:
        """Give back what was opened."""
        if "_opened" in vars(self) and self._opened is not None:
            self._opened.close()


Look = Callable[[Site], Iterator[CheckResult]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        name: its name.
        looks_at: what it looks at and what it finds, as docs/doctor.md tells it.
        look: yields the findings: all that is wrong, or that all is well. It may raise `SkipError`.
        offline: it can be made without a connection and without the store: `settings check` makes it.
    """

    name: str
    looks_at: str
    look: Look
    offline: bool


def check(name: str, looks_at: str, *, offline: bool = False) -> Callable[[Look], Check]:
    """Make a check of the decorated function; see `Check`. `examining` finds it in its module."""
    return lambda look: Check(name, looks_at, look, offline)


def addresses_of(settings: Settings) -> Iterator[tuple[str, str, int]]:
    """Yield what the daemon listens on by TCP: the receiver, or the group of its settings, the host, the port."""
    for name, each in open_receivers(settings).items():
        address = each.listens(settings) if each.listens is not None else None
        if address is not None:
            yield name, *address
    if settings.desk.open:
        yield "desk", settings.desk.host, settings.desk.port
    yield "monitor", settings.monitor.host, settings.monitor.port


def days(span: float) -> str:
    """Return seconds as days, in words."""
    return f"{span / 86_400:.0f} days"
