"""The receiver `http`: requests of other programs as JSON or as a form with files, and of people by the form page."""

import asyncio
import contextlib
import hmac
import logging
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dtm_contact import metrics
from dtm_contact.background import cancel_and_wait
from dtm_contact.errors import StoreUnavailableError, WrongSettingError
from dtm_contact.ingest import Clock, ReadingInbox, RunningReceiver, form_page, receiver, system_clock
from dtm_contact.ingest.form_page import FormPage
from dtm_contact.ingest.http_openapi import openapi_document
from dtm_contact.ingest.request_message import (
    HEAD_OCTETS,
    REQUESTS,
    FieldLimits,
    IntakeRequest,
    RequestRefusedError,
    Submission,
    arrival_of,
    check_content,
    check_fields,
    fields_of_json,
    file_named,
    is_same_content,
    number_in,
    path_to,
    pointer_of,
)
from dtm_contact.log import get_log
from dtm_contact.model import Channel
from dtm_contact.serving import ClientAddresses, RateLimit, protocol
from dtm_contact.settings import HttpSettings, HttpSource, Settings

NAME: Final = REQUESTS
_BACKLOG: Final = 512
_PROBLEM: Final = "application/problem+json"
_RETRY_SECONDS: Final = 30
_MINUTE: Final = 60
_PIECE: Final = 256 * 1024
_MOST_DROPPED: Final = 64 * 1024 * 1024
_START_SECONDS: Final = 30.0
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_log = get_log("http intake")
# These tell of a client's slips and of each start; what fails in a request is told by us, without its content.
logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
logging.getLogger("python_multipart").setLevel(logging.ERROR)


class NumberTakenError(RequestRefusedError):
    """The request number was used for another content."""

    def __init__(self, path: Sequence[str]) -> None:
        """Take the keys that lead to the number, from outside in."""
        told = "this request number came with other content before, which was taken; a new request needs a new number"
        super().__init__(HTTPStatus.CONFLICT, told, "".join(map(pointer_of, path)))


class PutOffError(RequestRefusedError):
    """The request cannot be taken now; the same one may come again later."""

    def __init__(self, detail: str, *, status: int = HTTPStatus.SERVICE_UNAVAILABLE, seconds: int) -> None:
        """Take why, and after how many seconds it may come again."""
        super().__init__(status, detail)
        self.seconds = seconds


class HttpIntake:
    """The way in for requests by HTTP, open from `listen` to `stop`."""

    name: str = NAME

    def __init__(
        self, settings: HttpSettings, inbox: ReadingInbox, clock: Clock = system_clock, *, landlord: str = ""
    ) -> None:
        """Prepare; `landlord` is the name on the form page.

        Raises:
            WrongSettingError: the tokens of a source cannot be read.
        """
        self.address = ""
        self.settings = settings
        self.limits = FieldLimits(settings.depth_limit, settings.fields_limit, settings.text_limit)
        self.clients = ClientAddresses(settings.proxies)
        self._inbox = inbox
        self._clock = clock
        self._octets = 0
        self._by_source = RateLimit(settings.per_minute)
        self._landlord = landlord
        self._server: _IntakeServer | None = None
        self._serving: asyncio.Task[None] | None = None
        for name, source in settings.sources.items():
            _tokens(name, source)

    async def listen(self) -> None:
        """Open on the address of the settings; port 0 takes a free one.

        Raises:
            OSError: the address is taken or not ours.
        """
        listening = _bound_socket(self.settings.host, self.settings.port)
        host, port = listening.getsockname()[:2]
        self.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        config = uvicorn.Config(
            self.application(),
            http=protocol(self.clients),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=self.settings.connections,
            timeout_graceful_shutdown=self.settings.stop_seconds,
        )
        self._server = _IntakeServer(config)
        self._serving = asyncio.create_task(self._server.serve(sockets=[listening]), name=NAME)
        async with asyncio.timeout(_START_SECONDS):
            # uvicorn sets no event.
            while not self._server.started and not self._serving.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        if self._serving.done():
            await self._serving

    def application(self) -> Starlette:
        """Return what answers the requests."""
        routes = [
            Route("/intake/{source}", self._answering(self._post), methods=["POST"]),
            Route("/openapi.json", self._answering(self._describe), methods=["GET"]),
        ]
        if self.settings.form_source:
            page = FormPage(self, self._landlord)
            routes += [
                Route(form_page.PATH, self._answering(page.show), methods=["GET"]),
                Route(form_page.PATH, self._answering(page.take), methods=["POST"]),
                Route(form_page.STYLE, self._answering(page.style), methods=["GET"]),
                Route(form_page.SENT, self._answering(page.sent), methods=["GET"]),
            ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _unrouted})

    def health(self) -> str | None:
        """Return that it does not listen any more; None where it does."""
        running = self._serving is not None and not self._serving.done()
        return None if running else f"{self.address} does not listen"

    async def stop(self) -> None:
        """Close: requests that are being stored are answered first."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        try:
            async with asyncio.timeout(self.settings.stop_seconds + _START_SECONDS):
                await self._serving
        except TimeoutError:
            await cancel_and_wait(self._serving)
        self._server = None

    async def take(
        self, source: str, submission: Submission, *, number_key: str = "number", channel: Channel = Channel.FORM
    ) -> str:
        """Check what a source handed over and store it; return its request number once it is durable.

        Args:
            source: the source's name.
            submission: what it handed over.
            number_key: the path to the request number (`path_to`).
            channel: by which people made contact.

        Raises:
            RequestRefusedError: it cannot be taken, or not now.
        """
        if not self._by_source.allows(source):
            told = f"more than {self.settings.per_minute} requests came within a minute"
            raise PutOffError(told, status=HTTPStatus.TOO_MANY_REQUESTS, seconds=_MINUTE)
        check_fields(submission.fields, self.limits)
        number = number_in(submission.fields, number_key)
        check_content(submission.fields, number_key, submission.files)
        request = IntakeRequest(source, number, channel, submission.fields, submission.files)
        arrival = await asyncio.to_thread(arrival_of, request, self._clock())
        try:
            await self._inbox.accept((arrival,))
            # After the commit: of two that come at once with one number, the store has the first.
            head = await self._inbox.head(NAME, request.external_id, HEAD_OCTETS)
        except StoreUnavailableError as error:
            # Whether it is stored may be unknown: the same number again is no second request.
            _log.warning("request not stored, its source will try again", source=source, exc_info=error)
            raise PutOffError("the request cannot be stored now", seconds=_RETRY_SECONDS) from None
        if not is_same_content(head, request):
            raise NumberTakenError(path_to(submission.fields, number_key))
        return number

    async def submitted(self, request: Request, body: bytes) -> Submission:
        """Return what the body of a request holds.

        Raises:
            RequestRefusedError: it is neither JSON nor a form with files, or exceeds a limit.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            return Submission(await asyncio.to_thread(fields_of_json, body, self.limits))
        if kind == "multipart/form-data":
            return await _of_form(request, body, self.settings)
        told = "the Content-Type must be application/json or multipart/form-data"
        raise RequestRefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, told)

    @contextlib.asynccontextmanager
    async def body_of(self, request: Request) -> AsyncGenerator[bytes, None]:
        """Give the body of a request; its octets count as held until the block ends.

        Raises:
            RequestRefusedError: it is too large, takes too long, or too much comes at once.
            ClientDisconnect: who sends it is gone.
        """
        if _announced(request) > self.settings.size_limit:
            raise _too_large(self.settings)
        pieces: list[bytes] = []
        held = 0
        try:
            try:
                async with asyncio.timeout(self.settings.body_seconds):
                    async for piece in request.stream():
                        held += len(piece)
                        self._octets += len(piece)
                        self._check_room(held)
                        pieces.append(piece)
            except TimeoutError:
                told = f"the request did not come in full within {self.settings.body_seconds:g} seconds"
                raise RequestRefusedError(HTTPStatus.REQUEST_TIMEOUT, told) from None
            yield b"".join(pieces)
        finally:
            self._octets -= held

    def _check_room(self, held: int) -> None:
        if held > self.settings.size_limit:
            raise _too_large(self.settings)
        if self._octets > self.settings.memory_limit:
            raise PutOffError("too much comes in at once", seconds=_RETRY_SECONDS)

    async def _post(self, request: Request) -> Response:
        source = request.path_params["source"]
        known = self.authorize(source, request)
        async with self.body_of(request) as body:
            self.verify(source, request, body)
            submission = await self.submitted(request, body)
            number = await self.take(source, submission, number_key=known.number, channel=known.channel)
        return JSONResponse({"source": source, "number": number}, HTTPStatus.ACCEPTED)

    def authorize(self, source: str, request: Request) -> HttpSource:
        """Return the settings of a source whose token came with the request, before its body is read.

        A receiver whose sources prove otherwise who they are overrides this, or `verify`.

        Raises:
            RequestRefusedError: it is another's or none, or there is no such source, which nobody is told.
        """
        known = self.settings.sources.get(source)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        valid = () if known is None else _tokens(source, known)
        given = token.strip().encode("utf-8", "surrogateescape") if scheme.lower() == "bearer" else b""
        # All are compared, so that the time tells nothing.
        fits = [hmac.compare_digest(given, each.encode()) for each in valid]
        if known is None or not given or not any(fits):
            told = "the header Authorization must be: Bearer, a space, and a token of this source"
            raise RequestRefusedError(HTTPStatus.UNAUTHORIZED, told)
        return known

    def verify(self, source: str, request: Request, body: bytes) -> None:
        """Check what only the whole request proves, a signature of its body; here there is nothing to check.

        Args:
            source: the source, which `authorize` has let in.
            request: its headers.
            body: all octets of its body.

        Raises:
            RequestRefusedError: it is not theirs, or was changed on its way.
        """

    async def _describe(self, _request: Request) -> Response:
        return JSONResponse(openapi_document())

    def _answering(
        self, endpoint: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Return an endpoint that answers whatever happens, counts it, and says nothing of what it held."""

        async def answer(request: Request) -> Response:
            began = time.monotonic()
            try:
                response = await endpoint(request)
            except RequestRefusedError as error:
                response = problem(error)
            except WrongSettingError as error:
                _log.error("the tokens of a source cannot be read", error=str(error))
                response = problem(PutOffError("the request cannot be checked now", seconds=_RETRY_SECONDS))
            except ClientDisconnect:
                response = Response(status_code=HTTPStatus.BAD_REQUEST)
            except Exception:  # noqa: BLE001 - who waits must be answered, and nobody else may read why
                _log.exception("a request failed")
                response = problem(RequestRefusedError(HTTPStatus.INTERNAL_SERVER_ERROR, "the request failed here"))
            if response.status_code >= HTTPStatus.BAD_REQUEST:
                await self._drop_rest(request)
            response.headers.update({name: value for name, value in _HEADERS.items() if name not in response.headers})
            self._count(request, response, time.monotonic() - began)
            return response

        return answer

    async def _drop_rest(self, request: Request) -> None:
        """Read what is left of a body that is refused, within limits: who still sends does not hear an answer."""
        if "expect" in request.headers:
            return
        left = _MOST_DROPPED
        with contextlib.suppress(ClientDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(self.settings.body_seconds):
                async for piece in request.stream():
                    left -= len(piece)
                    if left < 0:
                        return

    def _count(self, request: Request, response: Response, seconds: float) -> None:
        source = request.path_params.get("source", self.settings.form_source or "none")
        # What is no source is anybody's word.
        named = source if source in self.settings.sources or source == self.settings.form_source else "unknown"
        metrics.INTAKE_REQUESTS.labels(named, str(response.status_code)).inc()
        metrics.INTAKE_SECONDS.observe(seconds)


class _IntakeServer(uvicorn.Server):
    """uvicorn within the daemon's event loop, whose signals are the daemon's own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave the signals alone."""
        yield


class _WholeForm(MultiPartParser):
    """Reads a form in memory, and knows whether its end was there: what was cut short is not taken for the whole."""

    whole = False

    def on_end(self) -> None:
        """Note the end mark."""
        self.whole = True


def problem(error: RequestRefusedError) -> JSONResponse:
    """Return the answer to what is not taken (RFC 9457): why, and which field is meant."""
    status = HTTPStatus(error.status)
    told: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    told["detail"] = error.detail
    if error.pointer is not None:
        told["errors"] = [{"pointer": error.pointer, "detail": error.detail}]
    headers = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="intake"'
    if isinstance(error, PutOffError):
        headers["Retry-After"] = str(error.seconds)
    return JSONResponse(told, status, headers, media_type=_PROBLEM)


async def _unrouted(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    response = problem(RequestRefusedError(status, "there is no such address here, or not by this method"))
    if isinstance(error, HTTPException):
        response.headers.update(error.headers or {})
    response.headers.update(_HEADERS)
    return response


async def _of_form(request: Request, body: bytes, settings: HttpSettings) -> Submission:
    async def pieces() -> AsyncGenerator[bytes, None]:
        for start in range(0, len(body), _PIECE):
            yield body[start : start + _PIECE]
            # Others have their turn: reading a form takes the processor.
            await asyncio.sleep(0)

    parser = _WholeForm(
        request.headers,
        pieces(),
        max_files=settings.files_limit,
        max_fields=settings.fields_limit,
        max_part_size=settings.text_limit,
    )
    parser.spool_max_size = len(body) + 1
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise RequestRefusedError(HTTPStatus.BAD_REQUEST, f"no form with files: {error.message}") from None
    try:
        if not parser.whole:
            raise RequestRefusedError(HTTPStatus.BAD_REQUEST, "the form ends before its end mark")
        fields: dict[str, Any] = {}
        files = []
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                _add(fields, name, value)
            # A browser sends a field for files that is left empty as a file without name.
            elif value.filename or value.size:
                files.append(file_named(value.filename or "", value.content_type or "", await value.read()))
        return Submission(fields, tuple(files))
    finally:
        await form.close()


def _add(fields: dict[str, Any], name: str, value: str) -> None:
    """Add one field of a form; one that comes again makes a list."""
    if name not in fields:
        fields[name] = value
    elif isinstance(fields[name], list):
        fields[name].append(value)
    else:
        fields[name] = [fields[name], value]


def _too_large(settings: HttpSettings) -> RequestRefusedError:
    told = f"the request holds more than {settings.size_limit:,} octets"
    return RequestRefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told)


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else 0


def _tokens(name: str, source: HttpSource) -> Sequence[str]:
    """Return the tokens of a source as its file has them now, so that they change without a restart.

    Raises:
        WrongSettingError: the file cannot be read.
    """
    return source.read_tokens(f"DTM_HTTP_SOURCES, {name}.tokens")


def _bound_socket(host: str, port: int) -> socket.socket:
    family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
        0
    ]
    listening = socket.socket(family, kind, proto)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
        listening.setblocking(False)  # noqa: FBT003 - Python's own
    except OSError:
        listening.close()
        raise
    return listening


@receiver(NAME, listens=lambda settings: (settings.http.host, settings.http.port))
async def start_http(settings: Settings, inbox: ReadingInbox, clock: Clock = system_clock) -> RunningReceiver:
    """Listen by `settings.http`.

    Raises:
        OSError: the address is taken or not ours.
        WrongSettingError: the tokens of a source cannot be read.
    """
    intake = HttpIntake(settings.http, inbox, clock, landlord=settings.outbound.sender_name)
    await intake.listen()
    return intake
