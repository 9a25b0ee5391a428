"""Who is logged in: the cookies of sessions and devices, and why a request is not served."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.responses import Response

from dtm_contact.access import digest_of, may, new_secret
from dtm_contact.settings import DeskSettings
from dtm_contact.store import Account
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.registry import Route
from dtm_contact.web.request_context import RequestContext, go

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


def account_of(shared: AppContext, secret: str, now: datetime, *, there: bool = True) -> Account | None:
    """Return who is in by a secret; None where nobody is, or not any more.

    Args:
        shared: the state of the process.
        secret: the cookie's.
        now: the time.
        there: whether this is a sign that somebody is there, which puts the end of the session off.
    """
    digest = digest_of(secret)
    session = shared.store.accounts.session(digest)
    if session is None:
        return None
    limits = shared.settings.desk
    idle, age = now - session.seen_at, now - session.opened_at
    if idle > timedelta(minutes=limits.idle_minutes) or age > timedelta(hours=limits.session_hours):
        return None
    if there and idle > _SEEN_EVERY:
        shared.call("touch_session", digest=digest)
    return session.account


def open_session(context: RequestContext, enter: Callable[..., bool], to: str) -> Response | None:
    """Open a session, and send the browser on with its cookies; None where nobody is let in.

    Args:
        context: the request.
        enter: has the session opened; is given the digests of its secret and of the device's, and the session's hours.
        to: where the browser is sent.
    """
    settings, secret, device = context.app.settings.desk, new_secret(), new_secret()
    # Colleagues who share a computer share what it is known by.
    is_known = bool(context.app.store.accounts.accounts_of_device(context.device, context.now))
    digest = context.device if is_known else digest_of(device)
    if not enter(digest=digest_of(secret), device=digest, hours=settings.session_hours):
        return None
    response = go(to)
    how: Mapping[str, Any] = {"httponly": True, "samesite": "lax", "secure": settings.secure_cookies, "path": "/"}
    response.set_cookie(cookie_name(settings), secret, **how)
    if not is_known:
        response.set_cookie(device_cookie_name(settings), device, max_age=_DEVICE_SECONDS, **how)
    return response


def refusal(context: RequestContext, route: Route) -> Response | int | None:
    """Return why a request is not served: an answer, or a status; None where it is."""
    if route.right is not None and context.user is None and context.is_script:
        return Response(status_code=401, headers={"X-Desk-Go-To": "/connexion"})
    if route.method == "POST" and not _from_our_page(context, logged_in=route.right is not None):
        return 403 if context.user or route.right is None else go("/connexion")
    if route.right is None:
        return None
    if context.user is None:
        return go("/connexion" if route.method == "POST" else f"/connexion?vers={quote(context.url)}")
    return None if may(context.user, route.right) else 403


def _from_our_page(context: RequestContext, *, logged_in: bool) -> bool:
    """Return whether a form was sent from a page of ours: by its token, and by what the browser says of its origin."""
    origin = context.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != context.headers.get("host"):
        return False
    if context.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    return not logged_in or (bool(context.csrf) and digest_of(context.token) == digest_of(context.csrf))
