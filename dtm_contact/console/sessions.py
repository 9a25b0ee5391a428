"""The cookie that says who comes, and how long it does."""

from datetime import datetime, timedelta

from starlette.responses import Response

from dtm_contact.access import digest_of, new_secret
from dtm_contact.console.desk import Desk
from dtm_contact.console.visit import Visit, go
from dtm_contact.settings import Desk as DeskSettings
from dtm_contact.store import Account

_SEEN_EVERY = timedelta(minutes=1)


def cookie_name(settings: DeskSettings) -> str:
    """Return the cookie's name: with the prefix that makes browsers insist on TLS, where there is TLS."""
    return "__Host-bureau" if settings.secure_cookies else "bureau"


def whose(desk: Desk, secret: str, now: datetime, *, there: bool = True) -> Account | None:
    """Return who is in by a secret; None where nobody is, or not any more.

    Args:
        desk: the desk.
        secret: the cookie's.
        now: the time.
        there: whether this is a sign that somebody is there, which puts the end of the session off.
    """
    digest = digest_of(secret)
    session = desk.store.accounts.session(digest)
    if session is None:
        return None
    limits = desk.settings.desk
    idle, age = now - session.seen_at, now - session.opened_at
    if idle > timedelta(minutes=limits.idle_minutes) or age > timedelta(hours=limits.session_hours):
        return None
    if there and idle > _SEEN_EVERY:
        desk.errand("seen", digest=digest)
    return session.account


def let_in(visit: Visit, account: Account, to: str) -> Response:
    """Open a session, and send the browser on with its cookie."""
    secret = new_secret()
    hours = visit.desk.settings.desk.session_hours
    visit.desk.errand("enter", account_id=account.id, who=account.name, digest=digest_of(secret), hours=hours)
    return with_cookie(visit.desk.settings.desk, go(to), secret)


def with_cookie(settings: DeskSettings, response: Response, secret: str) -> Response:
    """Return an answer that bears the session's secret."""
    response.set_cookie(
        cookie_name(settings), secret, httponly=True, samesite="lax", secure=settings.secure_cookies, path="/"
    )
    return response
