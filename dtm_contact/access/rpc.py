"""The procedures that the desk, which only reads the store, calls in the daemon beside the verbs on cases.

Each is one decorated function; its arguments and what it returns travel as JSON.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dtm_contact.access.login import CODE_REFUSED, count_failure
from dtm_contact.access.totp import take_code
from dtm_contact.errors import DtmContactError, NotFoundError
from dtm_contact.store import Account, Stage, Store, TrailLine

Procedure = Callable[..., Any]
_procedures: dict[str, Procedure] = {}


class WrongCallError(DtmContactError):
    """The call cannot be understood."""


@dataclass(frozen=True, slots=True)
class AccountMail:
    """A mail to the owner of an account. It holds a link that lets in, so it is sent and never kept."""

    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class ProcedureResult:
    """What came of a procedure.

    Attributes:
        answer: what its caller is told; it travels as JSON.
        mails: what is to be sent because of it.
        locked: an account was locked by it, which the admins are told.
    """

    answer: Any = None
    mails: tuple[AccountMail, ...] = ()
    locked: bool = False


def procedure(function: Procedure) -> Procedure:
    """Register a procedure by its name; it is given the store, the time, and its arguments by keyword."""
    _procedures[function.__name__] = function
    return function


def procedure_names() -> list[str]:
    """Return the names of all procedures."""
    return sorted(_procedures)


def call_procedure(store: Store, name: str, arguments: Mapping[str, Any], now: datetime) -> ProcedureResult:
    """Call a procedure, and return what came of it.

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
    result = function(store, now, **arguments)
    return result if isinstance(result, ProcedureResult) else ProcedureResult(result)


@procedure
def audit(store: Store, now: datetime, *, who: str, what: str, subject: str, data: dict[str, Any]) -> None:
    """Add a line on what was read or done to the audit trail."""
    store.accounts.trail(TrailLine(now, who, what, subject, data))


@procedure
def log_in(  # noqa: PLR0913 - it travels as JSON
    store: Store,
    now: datetime,
    *,
    who: str,
    digest: str,
    hours: float,
    device: str,
    compulsory: list[str],
    code: str = "",
) -> ProcedureResult:
    """Open a session by password.

    Args:
        store: where.
        now: the time, aware.
        who: the account whose password was right, by its name.
        digest: of the session's secret.
        hours: after which sessions end.
        device: the digest of the browser's secret, known from now on once nothing more is asked.
        compulsory: the roles that must have a second factor.
        code: of the second factor, where it was given together with the password.

    Returns:
        What is still asked (`Stage`); None where the code was wrong, or came during a lock.
    """
    account = store.accounts.named(who)
    stage = stage_of(store, account, compulsory)
    if stage is Stage.CODE and code:
        if not take_code(store, account, code, device, now):
            return ProcedureResult(None, locked=count_failure(store, who, device, now, CODE_REFUSED))
        stage = Stage.IN
    enter(store, now, account, "password", digest=digest, hours=hours, device=device, stage=stage)
    return ProcedureResult(stage)


@procedure
def log_in_by_link(  # noqa: PLR0913 - it travels as JSON
    store: Store, now: datetime, *, link: str, digest: str, hours: float, device: str, compulsory: list[str]
) -> Stage | None:
    """Open a session by a link, once; return what is still asked, None where the link lets nobody in any more."""
    account = store.accounts.use_link(link, now)
    if account is None:
        return None
    stage = stage_of(store, account, compulsory)
    enter(store, now, account, "link", digest=digest, hours=hours, device=device, stage=stage)
    return stage


def stage_of(store: Store, account: Account, compulsory: list[str]) -> Stage:
    """Return what is asked of somebody whose password was right."""
    if store.second_factors.of(account.id).secret is not None:
        return Stage.CODE
    return Stage.SETUP if account.role in compulsory else Stage.IN


def enter(  # noqa: PLR0913 - all that a session is
    store: Store,
    now: datetime,
    account: Account,
    how: str,
    *,
    digest: str,
    hours: float,
    device: str,
    stage: Stage = Stage.IN,
    id_token: str | None = None,
    replaces: str = "",
) -> None:
    """Open a session, and note in the trail that somebody is in, once nothing more is asked of them."""
    store.accounts.open_session(
        account.id,
        digest,
        now,
        now - timedelta(hours=hours),
        device,
        stage=stage,
        id_token=id_token,
        replaces=replaces,
    )
    if stage is Stage.IN:
        store.accounts.trail(TrailLine(now, account.name, "entered", account.name, {"how": how}))


@procedure
def log_in_failed(store: Store, now: datetime, *, login: str, device: str) -> ProcedureResult:
    """Count a wrong password."""
    return ProcedureResult(locked=count_failure(store, login, device, now))


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
