"""The procedures on one's own second factor and password: set up, asked for, replaced, removed."""

from datetime import datetime

from dtm_contact.access.login import CODE_REFUSED, PASSWORD_REFUSED, count_failure
from dtm_contact.access.rpc import ProcedureResult, enter, procedure
from dtm_contact.access.totp import new_recovery_codes, new_totp_secret, recovery_digest, step_of, take_code
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Session, Stage, Store, TrailLine


def _session(store: Store, digest: str, *stages: Stage) -> Session:
    """Return a session that is at one of these stages.

    Raises:
        NotFoundError: there is none of that digest, or it is at another.
    """
    session = store.accounts.session(digest)
    if session is None or session.stage not in stages:
        raise NotFoundError("session")
    return session


@procedure
def give_code(  # noqa: PLR0913 - it travels as JSON
    store: Store, now: datetime, *, session: str, code: str, digest: str, hours: float, device: str
) -> ProcedureResult:
    """Let somebody in whose password was right, by a code of their second factor.

    Args:
        store: where.
        now: the time, aware.
        session: the digest of the session in which the code is asked; it ends.
        code: as it was typed.
        digest: of the secret of the session that takes its place.
        hours: after which sessions end.
        device: the digest of the browser's secret, known from now on.

    Returns:
        `Stage.IN`; None where the code was wrong, was taken before, or came during a lock.
    """
    account = _session(store, session, Stage.CODE).account
    if not take_code(store, account, code, device, now):
        return ProcedureResult(None, locked=count_failure(store, account.name, device, now, CODE_REFUSED))
    enter(store, now, account, "code", digest=digest, hours=hours, device=device, replaces=session)
    return ProcedureResult(Stage.IN)


@procedure
def propose_second_factor(
    store: Store, now: datetime, *, session: str, code: str = "", device: str = ""
) -> ProcedureResult:
    """Make a secret for a telephone, which a code must confirm; whoever has one already gives a code of that.

    Returns:
        Whether it was made; not where the code was wrong.
    """
    account = _session(store, session, Stage.IN, Stage.SETUP).account
    if store.second_factors.of(account.id).secret is not None and not take_code(store, account, code, device, now):
        return ProcedureResult(answer=False, locked=count_failure(store, account.name, device, now, CODE_REFUSED))
    store.second_factors.propose(account.id, new_totp_secret())
    return ProcedureResult(answer=True)


@procedure
def confirm_second_factor(  # noqa: PLR0913 - it travels as JSON
    store: Store, now: datetime, *, session: str, code: str, digest: str, hours: float, device: str
) -> list[str] | None:
    """Put the secret that was proposed in force by a code of it, and let in whoever had to set it up.

    Args:
        store: where.
        now: the time, aware.
        session: the digest of the session in which it was proposed; it ends where the second factor was still asked.
        code: of the secret that was proposed.
        digest: of the secret of the session that takes its place then.
        hours: after which sessions end.
        device: the digest of the browser's secret.

    Returns:
        The recovery codes, to be shown this once; None where the code was wrong, or nothing was proposed.
    """
    found = _session(store, session, Stage.IN, Stage.SETUP)
    account = found.account
    pending = store.second_factors.of(account.id).pending
    step = step_of(store.second_factors.opened(account.id, pending), code, now) if pending is not None else None
    codes = new_recovery_codes()
    if (
        pending is None
        or step is None
        or not store.second_factors.confirm(account.id, pending, step, [recovery_digest(each) for each in codes], now)
    ):
        return None
    store.accounts.trail(TrailLine(now, account.name, "second factor set", account.name))
    if found.stage is Stage.SETUP:
        enter(store, now, account, "code", digest=digest, hours=hours, device=device, replaces=session)
    return codes


@procedure
def remove_second_factor(
    store: Store, now: datetime, *, session: str, code: str, device: str, compulsory: list[str]
) -> ProcedureResult:
    """Forget somebody's own second factor, by a code of it; return whether that was done. Some roles must keep it."""
    account = _session(store, session, Stage.IN).account
    if account.role in compulsory:
        return ProcedureResult(answer=False)
    if not take_code(store, account, code, device, now):
        return ProcedureResult(answer=False, locked=count_failure(store, account.name, device, now, CODE_REFUSED))
    store.second_factors.remove(account.id)
    store.accounts.trail(TrailLine(now, account.name, "second factor removed", account.name))
    return ProcedureResult(answer=True)


@procedure
def own_password_refused(store: Store, now: datetime, *, session: str, device: str) -> ProcedureResult:
    """Count a wrong password that was given to set another."""
    account = _session(store, session, Stage.IN).account
    return ProcedureResult(locked=count_failure(store, account.name, device, now, PASSWORD_REFUSED))


@procedure
def set_own_password(store: Store, now: datetime, *, session: str, password: str) -> None:
    """Set somebody's own password, by its hash; all of their other sessions end."""
    account = _session(store, session, Stage.IN).account
    store.accounts.change_own_password(account.id, password, session)
    store.accounts.trail(TrailLine(now, account.name, "password set", account.name))
