"""The pages as one application: who comes, what they may, and what every answer bears."""

import asyncio
import hashlib
import mimetypes
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as At
from starlette.types import ASGIApp, Receive, Scope, Send

from dtm_contact.access import digest_of, may
from dtm_contact.cases import RefusedError
from dtm_contact.console import pages, rendering, sessions
from dtm_contact.console.desk import Desk
from dtm_contact.console.gate import BusyError
from dtm_contact.console.registry import Route, known_routes
from dtm_contact.console.visit import Visit, go
from dtm_contact.errors import NotFoundError, ProgramFaultError, StoreUnavailableError
from dtm_contact.log import get_log

_log = get_log("desk")
_HERE = Path(__file__).parent
_FILES = "/fichiers/{digest}/{name}"
_LARGEST_FORM = 256 * 1024
_MOST_FIELDS = 400
_FORM_SECONDS = 20.0
_HEADERS = {
    # Nothing from elsewhere, no script or style that stands in a page.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_BUSY = "Trop de photos ou de mises en page sont demandées à la fois. Réessayez dans un instant."
_Endpoint = Callable[[Request], Awaitable[Response]]


def build(desk: Desk) -> Starlette:
    """Return the application over a desk."""
    shown = rendering.Rendering(desk, {name: digest for name, (digest, _, _) in _files().items()})
    routes: list[BaseRoute] = [At(_FILES, _file, methods=["GET"], name=f"GET {_FILES}")]
    routes += [
        At(route.path, _endpoint(desk, shown, route), methods=[route.method], name=f"{route.method} {route.path}")
        for route in known_routes(pages)
    ]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _unrouted(shown)},
        middleware=[Middleware(_Hosts, desk=desk, shown=shown)],
    )


class _Hosts:
    """Serves only requests for a name that is ours: a page of another name must not be answered as one of its own."""

    def __init__(self, app: ASGIApp, desk: Desk, shown: "rendering.Rendering") -> None:
        self._app = app
        self._desk = desk
        self._shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._desk.gate.serves(Headers(scope=scope).get("host", "")):
            refused = await run_in_threadpool(self._shown.trouble, None, 421)
            await _with_headers(refused)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _unrouted(shown: "rendering.Rendering") -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return _with_headers(await shown.http_error(request, error))

    return answer


def _endpoint(desk: Desk, shown: "rendering.Rendering", route: Route) -> _Endpoint:
    async def answer(request: Request) -> Response:
        try:
            form = await _form(request) if route.method == "POST" else FormData()
        except HTTPException as error:
            refused = _with_headers(shown.trouble(None, error.status_code))
            # The rest of the form is not waited for.
            refused.headers["Connection"] = "close"
            return refused
        found = await run_in_threadpool(_answer, desk, shown, route, request, form)
        return _with_headers(_to_script(found) if request.headers.get("hx-request") == "true" else found)

    return answer


async def _form(request: Request) -> FormData:
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _LARGEST_FORM:
        raise HTTPException(413)
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            return await request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_LARGEST_FORM)
    except TimeoutError:
        raise HTTPException(408) from None


def _answer(desk: Desk, shown: "rendering.Rendering", route: Route, request: Request, form: FormData) -> Response:
    visit = None
    try:
        visit = _visit(desk, request, form)
        refused = _refusal(visit, route)
        if refused is not None:
            return refused if isinstance(refused, Response) else shown.trouble(visit, refused)
        found = route.handler(visit)
        return found if isinstance(found, Response) else shown.page(visit, found.get("template", route.template), found)
    except NotFoundError:
        return shown.trouble(visit, 404)
    except (RefusedError, ProgramFaultError) as error:
        return shown.trouble(visit, 409 if isinstance(error, RefusedError) else 500, str(error))
    except (BusyError, StoreUnavailableError) as error:
        _log.warning("the desk could not be served", error=type(error).__name__)
        return shown.trouble(visit, 503, _BUSY if isinstance(error, BusyError) else "")
    except Exception:  # noqa: BLE001 - whoever waits must be told something, whatever it is
        _log.exception("a page failed", page=route.path)
        return shown.trouble(visit, 500)


def _to_script(found: Response) -> Response:
    """Return an answer for a script: one that followed a redirect would load the page, and the browser once more."""
    if not isinstance(found, RedirectResponse):
        return found
    return Response(status_code=204, headers={"HX-Redirect": found.headers["location"]})


def _visit(desk: Desk, request: Request, form: FormData) -> Visit:
    secret = request.cookies.get(sessions.cookie_name(desk.settings.desk), "")
    device = request.cookies.get(sessions.device_cookie_name(desk.settings.desk), "")
    now = desk.now()
    # What a page asks for by itself is no sign that somebody is there.
    by_itself = request.url.path in {"/evenements", "/alertes"} or "morceau" in request.query_params
    account = sessions.whose(desk, secret, now, there=not by_itself) if secret else None
    return Visit(
        desk=desk,
        known=account,
        secret=secret if account else "",
        now=now,
        path=request.path_params,
        asked=request.query_params,
        given=form,
        client=desk.gate.client(
            request.client.host if request.client else "", request.headers.getlist("x-forwarded-for")
        ),
        device=digest_of(device) if device else "",
        url=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        since=desk.store.desk.latest_event() if account else 0,
        headers=request.headers,
    )


def _refusal(visit: Visit, route: Route) -> Response | int | None:
    """Return why a request is not served: an answer, or a status; None where it is."""
    if route.right is not None and visit.known is None and visit.in_place:
        return Response(status_code=401, headers={"HX-Redirect": "/connexion"})
    if route.method == "POST" and not _from_our_page(visit, logged_in=route.right is not None):
        return 403 if visit.known or route.right is None else go("/connexion")
    if route.right is None:
        return None
    if visit.known is None:
        return go("/connexion" if route.method == "POST" else f"/connexion?vers={quote(visit.url)}")
    return None if may(visit.known, route.right) else 403


def _from_our_page(visit: Visit, *, logged_in: bool) -> bool:
    """Tell whether a form was sent from a page of ours: by its token, and by what the browser says of its origin."""
    origin = visit.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != visit.headers.get("host"):
        return False
    if visit.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    return not logged_in or (bool(visit.csrf) and digest_of(visit.token) == digest_of(visit.csrf))


def _with_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _files() -> dict[str, tuple[str, str, bytes]]:
    """Return what stands beside the pages, by name: its digest, media type and octets."""
    found = {}
    for path in sorted([*(_HERE / "static").iterdir(), *(_HERE / "vendor").glob("*.js")]):
        octets = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        found[path.name] = (hashlib.sha256(octets).hexdigest()[:16], kind, octets)
    return found


async def _file(request: Request) -> Response:
    found = _files().get(request.path_params["name"])
    if found is None:
        return Response(status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return _with_headers(Response(found[2], media_type=found[1], headers=headers))
