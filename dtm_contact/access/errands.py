"""What the desk, which only reads the store, has the daemon write beside changes to cases.

An errand is one decorated function; its arguments and what it returns travel as JSON.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dtm_contact.access.entry import count_failure
from dtm_contact.errors import DtmContactError, NotFoundError
from dtm_contact.store import Store, TrailLine

Errand = Callable[..., Any]
_known: dict[str, Errand] = {}


class WrongErrandError(DtmContactError):
    """The errand cannot be understood."""


def errand(function: Errand) -> Errand:
    """Register an errand by its name; it is given the store, the time, and its arguments by keyword."""
    _known[function.__name__] = function
    return function


def errand_names() -> list[str]:
    """Return the names of all errands."""
    return sorted(_known)


def run_errand(store: Store, name: str, arguments: Mapping[str, Any], now: datetime) -> Any:
    """Run an errand.

    Raises:
        WrongErrandError: there is none of that name, or its arguments are others.
        StoreUnavailableError: nothing was written.
    """
    known = _known.get(name)
    if known is None:
        raise WrongErrandError("there is none of that name")
    try:
        # Before it is called: a TypeError from within is a fault of the errand, and no wrong argument.
        inspect.signature(known).bind(store, now, **arguments)
    except TypeError as error:
        raise WrongErrandError("its arguments are others") from error
    return known(store, now, **arguments)


@errand
def trail(store: Store, now: datetime, *, who: str, what: str, subject: str, data: dict[str, Any]) -> None:
    """Note what was read or done."""
    store.accounts.trail(TrailLine(now, who, what, subject, data))


@errand
def enter(  # noqa: PLR0913 - it travels as JSON
    store: Store, now: datetime, *, account_id: int, who: str, digest: str, hours: float, device: str
) -> None:
    """Let somebody in by password, and know their device from now on."""
    store.accounts.open_session(account_id, digest, now, now - timedelta(hours=hours), device)
    store.accounts.trail(TrailLine(now, who, "entered", who, {"how": "password"}))


@errand
def enter_by_link(store: Store, now: datetime, *, link: str, digest: str, hours: float, device: str) -> str | None:
    """Let in whom a link lets in, once; return the name, None where it lets nobody in any more."""
    account = store.accounts.use_link(link, now)
    if account is None:
        return None
    store.accounts.open_session(account.id, digest, now, now - timedelta(hours=hours), device)
    store.accounts.trail(TrailLine(now, account.name, "entered", account.name, {"how": "link"}))
    return account.name


@errand
def failed(store: Store, now: datetime, *, login: str, device: str) -> bool:
    """Count a wrong password; tell whether the account is locked by it."""
    return count_failure(store, login, device, now)


@errand
def seen(store: Store, now: datetime, *, digest: str) -> None:
    """Note that somebody is still there."""
    store.accounts.seen(digest, now)


@errand
def leave(store: Store, now: datetime, *, digest: str, who: str) -> None:
    """Let somebody out."""
    store.accounts.end_session(digest)
    store.accounts.trail(TrailLine(now, who, "left", who))


class Released(StrEnum):
    """What came of bringing back what was set aside."""

    DONE = "done"
    ALREADY = "already"
    UNKNOWN = "unknown"


@errand
def release(store: Store, now: datetime, *, arrival_id: int, who: str) -> Released:
    """Make a case of what was set aside; tell where it is none, or somebody was faster."""
    try:
        store.arrivals.release(arrival_id, who, now)
    except NotFoundError:
        return Released.ALREADY if store.arrivals.was_set_aside(arrival_id) else Released.UNKNOWN
    store.accounts.trail(TrailLine(now, who, "released", f"arrival {arrival_id}"))
    return Released.DONE
