"""The cookie that says who comes, and how long it does."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import Response

from dtm_contact.access import digest_of, new_secret
from dtm_contact.console.desk import Desk
from dtm_contact.console.visit import Visit, go
from dtm_contact.settings import Desk as DeskSettings
from dtm_contact.store import Account

_SEEN_EVERY = timedelta(minutes=1)
_DEVICE_SECONDS = 365 * 24 * 3600


def cookie_name(settings: DeskSettings) -> str:
    """Return the name of the session's cookie."""
    return _named(settings, "bureau")


def device_cookie_name(settings: DeskSettings) -> str:
    """Return the name of the cookie by which a browser is known that somebody has logged in from before."""
    return _named(settings, "bureau-appareil")


def _named(settings: DeskSettings, name: str) -> str:
    """Return a cookie's name: with the prefix that makes browsers insist on TLS, where there is TLS."""
    return f"__Host-{name}" if settings.secure_cookies else name


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


def let_in(visit: Visit, enter: Callable[..., bool], to: str) -> Response | None:
    """Open a session, and send the browser on with its cookies; None where nobody is let in.

    Args:
        visit: the request.
        enter: has the session opened; is given the digests of its secret and of the device's, and the session's hours.
        to: where the browser is sent.
    """
    settings, secret, device = visit.desk.settings.desk, new_secret(), new_secret()
    # Colleagues who share a computer share what it is known by.
    is_known = bool(visit.desk.store.accounts.accounts_of_device(visit.device, visit.now))
    digest = visit.device if is_known else digest_of(device)
    if not enter(digest=digest_of(secret), device=digest, hours=settings.session_hours):
        return None
    response = go(to)
    how: Mapping[str, Any] = {"httponly": True, "samesite": "lax", "secure": settings.secure_cookies, "path": "/"}
    response.set_cookie(cookie_name(settings), secret, **how)
    if not is_known:
        response.set_cookie(device_cookie_name(settings), device, max_age=_DEVICE_SECONDS, **how)
    return response
