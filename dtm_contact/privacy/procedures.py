"""The procedures that the desk calls in the daemon to keep a case from being erased, and to let it go again."""

from datetime import datetime

from dtm_contact.access import Right, may, sees_case
from dtm_contact.access.rpc import procedure
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Store, TrailLine


@procedure
def hold_case(store: Store, now: datetime, *, who: str, number: str, why: str) -> None:
    """Keep a case from being erased.

    Raises:
        NotFoundError: there is no such case, they may not do that, or no reason is given.
    """
    _check(store, who, number)
    if not why.strip():
        raise NotFoundError("reason")
    store.holds.hold(number, who, why, now)
    store.accounts.trail(TrailLine(now, who, "held", number))


@procedure
def release_case(store: Store, now: datetime, *, who: str, number: str) -> None:
    """Let a case be erased again.

    Raises:
        NotFoundError: there is no such case, it is not held, or they may not do that.
    """
    _check(store, who, number)
    store.holds.release(number)
    store.accounts.trail(TrailLine(now, who, "hold released", number))


def _check(store: Store, who: str, number: str) -> None:
    account, case = store.accounts.named(who), store.desk.case(number)
    allowed = account.disabled_at is None and may(account, Right.HOLD)
    if case is None or not allowed or not sees_case(account, case):
        raise NotFoundError("case")
