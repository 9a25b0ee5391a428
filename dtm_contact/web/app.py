"""The pages as one application: who comes, what they may, and what every answer bears."""

import asyncio
import gzip
import hashlib
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as StarletteRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from dtm_contact.access import digest_of
from dtm_contact.cases import RefusedError
from dtm_contact.errors import NotFoundError, ProgramFaultError, StoreUnavailableError
from dtm_contact.log import get_log
from dtm_contact.store import Stage, StoreRefusedError
from dtm_contact.web import auth
from dtm_contact.web.app_context import AppContext
from dtm_contact.web.limits import BusyError
from dtm_contact.web.registry import Receiver, Route, all_routes
from dtm_contact.web.rendering import Renderer
from dtm_contact.web.request_context import RequestContext

_log = get_log("desk")
_HERE = Path(__file__).parent
_FILES = "/fichiers/{digest}/{name}"
_FOLDER = _HERE / "static"
PAGE = "dtm_contact.page"
"""What the scope of a request has the path of its page under, without what stands for a case or a person."""
_LARGEST_FORM = 256 * 1024
_MOST_DRAINED = 64 * 1024 * 1024
_MOST_FIELDS = 400
_FORM_SECONDS = 20.0
_OK = 200
_HEADERS = {
    # Nothing from elsewhere, no script or style that stands in a page.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
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


def build(shared: AppContext) -> Starlette:
    """Return the application over what its requests share."""
    renderer = Renderer(shared, _digests())
    shared.render = renderer.page
    routes: list[BaseRoute] = [StarletteRoute(_FILES, _StaticFiles(), methods=["GET"], name=f"GET {_FILES}")]
    routes += [
        StarletteRoute(
            route.path, _endpoint(shared, renderer, route), methods=[route.method], name=f"{route.method} {route.path}"
        )
        for route in all_routes()
    ]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _unrouted(renderer)},
        middleware=[Middleware(_Hosts, shared=shared, renderer=renderer)],
    )


class _Hosts:
    """Serves only requests for a name that is ours: a page of another name must not be answered as one of its own."""

    def __init__(self, app: ASGIApp, shared: AppContext, renderer: Renderer) -> None:
        self._app = app
        self._shared = shared
        self._renderer = renderer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not self._shared.limits.serves(Headers(scope=scope).get("host", "")):
            refused = await run_in_threadpool(self._renderer.trouble, None, 421)
            await _with_headers(refused)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _unrouted(renderer: Renderer) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        return _with_headers(await renderer.http_error(request, error))

    return answer


def _endpoint(shared: AppContext, renderer: Renderer, route: Route) -> _Endpoint:
    async def answer(request: Request) -> Response:
        request.scope[PAGE] = route.path
        if route.takes is not None:
            return _with_headers(await _taken_in(shared, renderer, route, route.takes, request))
        try:
            form = await _form(request) if route.method == "POST" else FormData()
        except HTTPException as error:
            refused = _with_headers(renderer.trouble(None, error.status_code))
            # The rest of the form is not waited for.
            refused.headers["Connection"] = "close"
            return refused
        answered = await run_in_threadpool(_answer, shared, renderer, route, request, form)
        if isinstance(answered, Response):
            response = answered
        else:
            try:
                response = await answered
            except Exception as error:  # noqa: BLE001 - whoever waits must be answered, whatever it is
                response = renderer.trouble(None, *_failure(error, route.path))
        return _with_headers(_to_script(response) if request.headers.get("x-desk-script") == "1" else response)

    return answer


async def _taken_in(
    shared: AppContext, renderer: Renderer, route: Route, takes: Receiver, request: Request
) -> Response:
    """Take in a file; what is refused is answered at once, and the rest of it not waited for."""
    context = None
    try:
        context = await run_in_threadpool(_request_context, shared, request, FormData())
        refused = await run_in_threadpool(auth.refusal, context, route)
        if refused is None:
            return await takes(context, _in_time(request))
        response = refused if isinstance(refused, Response) else renderer.trouble(context, refused)
    except Exception as error:  # noqa: BLE001 - whoever waits must be answered, whatever it is
        response = renderer.trouble(context, *_failure(error, route.path))
    response.headers["Connection"] = "close"
    return response


async def _in_time(request: Request) -> AsyncIterator[bytes]:
    """Yield the body of a request as it comes.

    Raises:
        TimeoutError: nothing came for too long.
    """
    octets = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(_FORM_SECONDS):
                yield await anext(octets)
        except StopAsyncIteration:
            return


def _content_length(headers: Headers) -> str:
    """Return how long a request says that its body is; without any framing it has none (RFC 9112 section 6.3)."""
    return headers.get("content-length", "" if "transfer-encoding" in headers else "0")


async def _form(request: Request) -> FormData:
    """Return the form that came with a request; one without a body is an empty form.

    Raises:
        HTTPException: 411 for a body of a length that is not said beforehand, 413 for one that is too long, 408 for one
            that does not come in time.
    """
    length = _content_length(request.headers)
    if not length.isdecimal():
        raise HTTPException(411)
    if int(length) > _LARGEST_FORM:
        if int(length) <= _MOST_DRAINED:
            await _drain(request)
        raise HTTPException(413)
    try:
        async with asyncio.timeout(_FORM_SECONDS):
            return await request.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=_LARGEST_FORM)
    except TimeoutError:
        raise HTTPException(408) from None


async def _drain(request: Request) -> None:
    """Read a body to nowhere, while that does not take too long.

    One that is left unread is reset by the system: browsers, and proxies that pass a request on while it comes, then
    tell of a broken connection in place of our answer.
    """
    with suppress(TimeoutError, ClientDisconnect):
        async with asyncio.timeout(_FORM_SECONDS):
            async for _octets in request.stream():
                pass


def _answer(
    shared: AppContext, renderer: Renderer, route: Route, request: Request, form: FormData
) -> Response | Awaitable[Response]:
    context = None
    try:
        context = _request_context(shared, request, form)
        refused = auth.refusal(context, route)
        if refused is not None:
            return refused if isinstance(refused, Response) else renderer.trouble(context, refused)
        result = route.handler(context)
        return (
            renderer.page(context, result.get("template", route.template), result)
            if isinstance(result, Mapping)
            else result
        )
    except Exception as error:  # noqa: BLE001 - whoever waits must be answered, whatever it is
        return renderer.trouble(context, *_failure(error, route.path))


def _failure(error: Exception, path: str) -> tuple[int, str]:
    """Return the status and the message for what a page or an action raised; log what is no answer to the person."""
    match error:
        case NotFoundError():
            return 404, ""
        case RefusedError():
            return 409, str(error)
        case TimeoutError() | ClientDisconnect():
            return 408, ""
        case ProgramFaultError():
            return 500, str(error)
        case BusyError() | StoreUnavailableError() if not isinstance(error, StoreRefusedError):
            _log.warning("the desk could not be served", error=type(error).__name__)
            return 503, _BUSY if isinstance(error, BusyError) else ""
        case _:
            _log.exception("a page failed", page=path)
            return 500, ""


def _to_script(response: Response) -> Response:
    """Return an answer for a script: one that followed a redirect would load the page, and the browser once more."""
    if not isinstance(response, RedirectResponse):
        return response
    return Response(status_code=204, headers={"X-Desk-Go-To": response.headers["location"]})


def _request_context(shared: AppContext, request: Request, form: FormData) -> RequestContext:
    secret = request.cookies.get(auth.cookie_name(shared.settings.desk), "")
    device = request.cookies.get(auth.device_cookie_name(shared.settings.desk), "")
    now = shared.now()
    # What a page asks for by itself is no sign that somebody is there.
    by_itself = (
        request.url.path in {"/evenements", "/alertes", "/brouillon/present"} or "morceau" in request.query_params
    )
    session = auth.session_of(shared, secret, now, there=not by_itself) if secret else None
    account = session.account if session is not None and session.stage is Stage.IN else None
    return RequestContext(
        app=shared,
        user=account,
        secret=secret if session else "",
        now=now,
        path=request.path_params,
        query=request.query_params,
        form=form,
        client=shared.limits.client(
            request.client.host if request.client else "", request.headers.getlist("x-forwarded-for")
        ),
        device=digest_of(device) if device else "",
        url=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        since=shared.store.desk.latest_event() if account else 0,
        headers=request.headers,
        entering=session if account is None else None,
    )


def _with_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _digests() -> dict[str, str]:
    """Return the digest of each file that pages name, by its name."""
    paths = list(_FOLDER.iterdir())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in paths}


@cache
def _packed(path: Path) -> bytes:
    """Return a file of ours compressed, made once."""
    return gzip.compress(path.read_bytes(), mtime=0)


class _StaticFiles(StaticFiles):
    """The files that pages name, under paths that change with their content: browsers keep them."""

    def __init__(self) -> None:
        super().__init__(directory=_FOLDER)

    def get_path(self, scope: Scope) -> str:
        name: str = scope["path_params"]["name"]
        return name

    def file_response(self, full_path: Any, *arguments: Any, **more: Any) -> Response:
        response: Response = super().file_response(full_path, *arguments, **more)
        scope = arguments[1] if len(arguments) > 1 else more["scope"]
        # Pages are not compressed: each holds a token, and words that a stranger may have chosen (BREACH).
        if response.status_code == _OK and "gzip" in Headers(scope=scope).get("accept-encoding", ""):
            media_type, _encoding = mimetypes.guess_type(full_path)
            packed = {"Content-Encoding": "gzip", "ETag": response.headers["etag"]}
            response = Response(_packed(Path(full_path)), media_type=media_type, headers=packed)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return _with_headers(response)
