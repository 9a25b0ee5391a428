"""Pages (GET) and actions (POST) by their paths; each is one decorated function in a module of `pages`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import Right
from dtm_contact.registry import Registry
from dtm_contact.web.request_context import RequestContext

Handler = Callable[[RequestContext], Mapping[str, Any] | Response | Awaitable[Response]]
"""Runs in a thread; what it still waits for without one, it returns."""
Receiver = Callable[[RequestContext, AsyncIterator[bytes]], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """A page (GET) or an action (POST).

    Attributes:
        path: where, as Starlette writes it.
        method: `GET` or `POST`.
        right: the right it needs; None: it is there for everybody, logged in or not.
        handler: does it; a page's returns what its template needs, or a response of its own.
        template: the page's template, named as the function.
        takes: for what is uploaded, in place of `handler`: is given the octets as they come, and no form is read.
    """

    path: str
    method: str
    right: Right | None
    handler: Handler
    template: str
    takes: Receiver | None = None


_REGISTRY: Final = Registry[Route]("route", "dtm_contact.web.pages")


def page(path: str, right: Right | None = Right.READ) -> Callable[[Handler], Handler]:
    """Return a decorator that serves a function at GET `path`.

    The function returns a response, or the values for its template `templates/<name of the function>.html`.

    Args:
        path: the path, with parameters in braces: "/dossier/{number}".
        right: what an account needs to see it; None lets in everybody, without logging in.
    """
    return _register(path, "GET", right, "")


def post(path: str, right: Right | None = Right.WORK, template: str = "") -> Callable[[Handler], Handler]:
    """Return a decorator that serves a function at POST `path`: the action of a form.

    Args:
        path: as for `page`.
        right: as for `page`.
        template: shows the values that the function returns, where it returns no response.
    """
    return _register(path, "POST", right, template)


def upload(path: str, right: Right = Right.WORK) -> Callable[[Receiver], Receiver]:
    """Return a decorator that serves a function at POST `path`, to which the request's body, a file, comes in pieces.

    The token against forged requests comes in a header, since there is no form.

    Args:
        path: as for `page`.
        right: as for `page`.
    """

    def register(receiver: Receiver) -> Receiver:
        _REGISTRY.add(f"POST {path}", Route(path, "POST", right, _is_taken, "", receiver))
        return receiver

    return register


def _is_taken(_context: RequestContext) -> Response:
    raise NotImplementedError("a file is taken in as it comes")


def _register(path: str, method: str, right: Right | None, template: str) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        route = Route(path, method, right, handler, template or f"{handler.__name__}.html")
        _REGISTRY.add(f"{method} {path}", route)
        return handler

    return register


def all_routes() -> tuple[Route, ...]:
    """Return all pages and actions, the literal paths first: `/demande/nouvelle` is no case's number."""
    routes = _REGISTRY.entries().values()
    return tuple(sorted(routes, key=lambda route: (route.path.count("{"), route.path, route.method)))
