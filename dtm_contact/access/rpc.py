"""The procedures that the desk, which only reads the store, calls in the daemon beside the verbs on cases.

Each is one decorated function; its arguments and what it returns travel as JSON.
"""

import inspect
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dtm_contact.access.login import count_failure
from dtm_contact.errors import DtmContactError, NotFoundError
from dtm_contact.store import Store, TrailLine

Procedure = Callable[..., Any]
_procedures: dict[str, Procedure] = {}


class WrongCallError(DtmContactError):
    """The call cannot be understood."""


def procedure(function: Procedure) -> Procedure:
    """Register a procedure by its name; it is given the store, the time, and its arguments by keyword."""
    _procedures[function.__name__] = function
    return function


def procedure_names() -> list[str]:
    """Return the names of all procedures."""
    return sorted(_procedures)


def call_procedure(store: Store, name: str, arguments: Mapping[str, Any], now: datetime) -> Any:
    """Call a procedure, and return what it returns.

    Raises:
        WrongCallError: there is none of that name, or it does not take these arguments.
        StoreUnavailableError: nothing was written.
    """
    function = _procedures.get(name)
    if function is None:
        raise WrongCallError("there is none of that name")
    try:
        # Before it is called: a TypeError from within is a fault of the procedure, and no wrong argument.
        inspect.signature(function).bind(store, now, **arguments)
    except TypeError as error:
        raise WrongCallError("it does not take these arguments") from error
    return function(store, now, **arguments)


@procedure
def audit(store: Store, now: datetime, *, who: str, what: str, subject: str, data: dict[str, Any]) -> None:
    """Add a line on what was read or done to the audit trail."""
    store.accounts.trail(TrailLine(now, who, what, subject, data))


@procedure
def log_in(  # noqa: PLR0913 - it travels as JSON
    store: Store, now: datetime, *, account_id: int, who: str, digest: str, hours: float, device: str
) -> None:
    """Open a session by password, and know the device from now on."""
    store.accounts.open_session(account_id, digest, now, now - timedelta(hours=hours), device)
    store.accounts.trail(TrailLine(now, who, "entered", who, {"how": "password"}))


@procedure
def log_in_by_link(store: Store, now: datetime, *, link: str, digest: str, hours: float, device: str) -> str | None:
    """Open a session by a link, once; return the account's name, None where the link lets nobody in any more."""
    account = store.accounts.use_link(link, now)
    if account is None:
        return None
    store.accounts.open_session(account.id, digest, now, now - timedelta(hours=hours), device)
    store.accounts.trail(TrailLine(now, account.name, "entered", account.name, {"how": "link"}))
    return account.name


@procedure
def log_in_failed(store: Store, now: datetime, *, login: str, device: str) -> bool:
    """Count a wrong password; return whether the account is locked by it."""
    return count_failure(store, login, device, now)


@procedure
def touch_session(store: Store, now: datetime, *, digest: str) -> None:
    """Note that a session is still used."""
    store.accounts.seen(digest, now)


@procedure
def log_out(store: Store, now: datetime, *, digest: str, who: str) -> None:
    """End a session."""
    store.accounts.end_session(digest)
    store.accounts.trail(TrailLine(now, who, "left", who))


@procedure
def save_canned_answer(store: Store, now: datetime, *, who: str, answer: str, source: str | None, after: int) -> bool:
    """Keep a version of a canned answer, None for the file of the rules; return whether nobody was faster."""
    saved = store.canned.save(answer, source, who, now, after)
    if saved:
        store.accounts.trail(TrailLine(now, who, "answer written" if source else "answer taken back", answer))
    return saved


@procedure
def count_canned_use(store: Store, now: datetime, *, answer: str) -> None:
    """Count that a canned answer was put into a reply, of nobody."""
    store.canned.count_use(answer, now.date())


class Released(StrEnum):
    """What came of bringing back what was set aside."""

    DONE = "done"
    ALREADY = "already"
    UNKNOWN = "unknown"


@procedure
def release_arrival(store: Store, now: datetime, *, arrival_id: int, who: str) -> Released:
    """Make a case of what was set aside; return where it was none, or somebody was faster."""
    try:
        store.arrivals.release(arrival_id, who, now)
    except NotFoundError:
        return Released.ALREADY if store.arrivals.was_set_aside(arrival_id) else Released.UNKNOWN
    store.accounts.trail(TrailLine(now, who, "released", f"arrival {arrival_id}"))
    return Released.DONE
