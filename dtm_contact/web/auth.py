"""Who is in or coming in: the cookies of sessions and devices, and why a request is not served."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.responses import Response

from dtm_contact.access import Right, digest_of, may, new_secret
from dtm_contact.settings import DeskSettings
from dtm_contact.store import Account, Session, Stage
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.registry import Route
from dtm_contact.web.request_context import RequestContext, go

_SEEN_EVERY = timedelta(minutes=1)
_DEVICE_SECONDS = 365 * 24 * 3600
_ENTERING = timedelta(minutes=15)
"""How long somebody may take to give a code, or to set up a second factor."""
SECOND_FACTOR = "/second-facteur"


def cookie_name(settings: DeskSettings) -> str:
    """Return the name of the session's cookie."""
    return cookie_named(settings, "bureau")


def device_cookie_name(settings: DeskSettings) -> str:
    """Return the name of the cookie by which a browser is known that somebody has logged in from before."""
    return cookie_named(settings, "bureau-appareil")


def cookie_named(settings: DeskSettings, name: str) -> str:
    """Return a cookie's name: with the prefix that makes browsers insist on TLS, where there is TLS."""
    return f"__Host-{name}" if settings.secure_cookies else name


def account_of(shared: AppContext, secret: str, now: datetime, *, there: bool = True) -> Account | None:
    """Return who is in by a secret, as `session_of` does; None where nobody is, or something is still asked."""
    session = session_of(shared, secret, now, there=there)
    return session.account if session is not None and session.stage is Stage.IN else None


def session_of(shared: AppContext, secret: str, now: datetime, *, there: bool = True) -> Session | None:
    """Return whose session a secret opens; None where there is none, or not any more.

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
    if session.stage is not Stage.IN:
        return session if age <= _ENTERING else None
    if idle > timedelta(minutes=limits.idle_minutes) or age > timedelta(hours=limits.session_hours):
        return None
    if there and idle > _SEEN_EVERY:
        shared.call("touch_session", digest=digest)
    return session


def open_session(context: RequestContext, enter: Callable[..., str | None], to: str) -> Response | None:
    """Open a session, and send the browser on with its cookies; None where nobody is let in.

    Args:
        context: the request.
        enter: has the session opened, and returns what is still asked (`Stage`), None where nobody is let in; is given
            the digests of its secret and of the device's, and the session's hours.
        to: where the browser is sent once nothing more is asked.
    """
    cookies = EntryCookies(context)
    stage = enter(**cookies.arguments)
    if stage is None:
        return None
    response = go(to if stage == Stage.IN else f"{SECOND_FACTOR}?vers={quote(to)}")
    cookies.set(response)
    return response


class EntryCookies:
    """The secrets of a session that is opened, and of the browser that it is opened in."""

    def __init__(self, context: RequestContext) -> None:
        """Make them for whoever asks."""
        self._settings = context.app.settings.desk
        self._secret, self._device = new_secret(), new_secret()
        # Colleagues who share a computer share what it is known by.
        self._is_known = bool(context.app.store.accounts.accounts_of_device(context.device, context.now))
        self._digest = context.device if self._is_known else digest_of(self._device)

    @property
    def arguments(self) -> dict[str, Any]:
        """What a procedure that opens a session is told of them."""
        hours = self._settings.session_hours
        return {"digest": digest_of(self._secret), "device": self._digest, "hours": hours}

    def set(self, response: Response) -> None:
        """Have the browser keep them."""
        how: Mapping[str, Any] = {
            "httponly": True, "samesite": "lax", "secure": self._settings.secure_cookies, "path": "/"
        }  # fmt: skip
        response.set_cookie(cookie_name(self._settings), self._secret, **how)
        if not self._is_known:
            response.set_cookie(device_cookie_name(self._settings), self._device, max_age=_DEVICE_SECONDS, **how)


def refusal(context: RequestContext, route: Route) -> Response | int | None:
    """Return why a request is not served: an answer, or a status; None where it is."""
    entering = context.entering.account if context.entering and route.right is Right.OWN else None
    who = context.user or entering
    if route.right is not None and who is None and context.is_script:
        return Response(status_code=401, headers={"X-Desk-Go-To": "/connexion"})
    if route.method == "POST" and not _from_our_page(context, logged_in=route.right is not None):
        return 403 if who or route.right is None else go("/connexion")
    if route.right is None:
        return None
    if who is None:
        if context.entering is not None and route.method == "GET":
            return go(f"{SECOND_FACTOR}?vers={quote(context.url)}")
        return go("/connexion" if route.method == "POST" else f"/connexion?vers={quote(context.url)}")
    return None if may(who, route.right) else 403


def _from_our_page(context: RequestContext, *, logged_in: bool) -> bool:
    """Return whether a form was sent from a page of ours: by its token, and by what the browser says of its origin."""
    origin = context.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != context.headers.get("host"):
        return False
    if context.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    return not logged_in or (bool(context.csrf) and digest_of(context.token) == digest_of(context.csrf))
