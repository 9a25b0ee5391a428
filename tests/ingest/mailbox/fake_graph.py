"""A service that speaks what Microsoft documents of tokens (OAuth 2.0) and of Microsoft Graph, with faults on demand.

It is written by the documentation, and no copy of the real one: what Microsoft does otherwise is not seen by it.
"""

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import uvicorn

CLIENT, SECRET, USER = "dtm-contact", "s3cret+ &=", "metropole@bailleur.example"
Receive = Callable[[], Awaitable[dict[str, object]]]
Send = Callable[[dict[str, object]], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """What is answered in place of the usual.

    Attributes:
        status: the status; 200 answers as usual, but cut short.
        headers: beside the usual.
        body: its fields.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, object] = field(default_factory=dict)


CUT = Fault(200)
"""The answer ends before the octets that it promised."""


@dataclass
class FakeMessage:
    """A message in the mailbox."""

    id: str
    raw: bytes
    received_at: datetime
    folder: str
    categories: list[str] = field(default_factory=list)


@dataclass
class FakeGraph:
    """A tenant with one mailbox.

    Attributes:
        faults: what happens at the next requests that a word is in the path of, in turn.
        heard: method and path of each request.
        forms: what was asked of the token's address.
        page: messages in a page of a list.
        holds_seconds: how long a token holds.
        rotates: whether a refresh token is replaced, and of no more use then.
    """

    port: int = 0
    messages: dict[str, FakeMessage] = field(default_factory=dict)
    folders: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {"inbox": ("", "Boîte de réception"), "sentitems": ("", "Éléments envoyés")}
    )
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    heard: list[tuple[str, str]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)
    page: int = 10
    holds_seconds: int = 3600
    rotates: bool = False
    refresh_token: str = "refresh-0"
    tokens: set[str] = field(default_factory=set)
    links: dict[str, frozenset[str]] = field(default_factory=dict)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1.0"

    @property
    def token_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tenant/oauth2/v2.0/token"

    @property
    def introspection_url(self) -> str:
        """Where a server of mail asks whether a token holds (RFC 7662), and whose it is."""
        return f"http://127.0.0.1:{self.port}/introspect"

    def deliver(self, raw: bytes, folder: str = "inbox", received_at: datetime | None = None) -> FakeMessage:
        """Lay a message into a folder; by itself each is received a second after the one before."""
        number = next(self.numbers)
        at = received_at or datetime.now(UTC) + timedelta(seconds=number)
        message = FakeMessage(f"AAkALg{number:04d}=", raw, at, folder)
        self.messages[message.id] = message
        return message

    def lying_in(self, path: str) -> list[bytes]:
        """Return what lies in a folder, by what people see."""
        above = ""
        for name in path.split("/"):
            above = next((id_ for id_, place in self.folders.items() if place == (above, name)), "nowhere")
        return [message.raw for message in self.messages.values() if message.folder == above]

    def withdraw_tokens(self) -> None:
        """Let no token hold any more that was given."""
        self.tokens.clear()

    async def __call__(self, scope: dict[str, object], receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return
        raw_path, query = bytes(scope["raw_path"]).decode(), bytes(scope["query_string"]).decode()  # type: ignore[call-overload]
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")  # type: ignore[operator]
            if not event.get("more_body"):
                break
        method = str(scope["method"])
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}  # type: ignore[attr-defined]
        self.heard.append((method, unquote(raw_path)))
        fault = self._fault(unquote(raw_path))
        if fault is not None and fault is not CUT:
            await _answer(send, fault.status, json.dumps(fault.body).encode(), fault.headers)
            return
        status, answer = self._said(method, raw_path, parse_qs(query), headers, body)
        octets = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        await _answer(send, status, octets, {}, cut=fault is CUT)

    def _fault(self, path: str) -> Fault | None:
        return next((found.pop(0) for word, found in self.faults.items() if word in path and found), None)

    def _said(
        self, method: str, path: str, query: dict[str, list[str]], headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, object] | bytes]:
        if path == urlsplit(self.token_url).path:
            return self._token({name: values[0] for name, values in parse_qs(body.decode()).items()})
        if path == urlsplit(self.introspection_url).path:
            holds = headers.get("authorization", "").removeprefix("Bearer ") in self.tokens
            return (200, {"username": "metropole"}) if holds else (401, {"error": "invalid_token"})
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"error": {"code": "InvalidAuthenticationToken"}}
        assert 'IdType="ImmutableId"' in headers["prefer"]
        parts = [unquote(part) for part in path.split("/")][2:]
        assert parts[:2] == ["users", USER]
        fields = json.loads(body) if body else {}
        if parts[2] == "mailFolders":
            return self._folder(method, parts[3:], query, fields)
        return self._message(method, parts[3:], fields)

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.forms.append(form)
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return 401, {"error": "invalid_client", "error_description": SECRET, "error_codes": [7000222]}
        answer: dict[str, object] = {}
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self.refresh_token:
                return 400, {"error": "invalid_grant", "error_codes": [700082]}
            if self.rotates:
                self.refresh_token = f"refresh-{next(self.numbers)}"
                answer["refresh_token"] = self.refresh_token
        token = f"token-{next(self.numbers)}"
        self.tokens.add(token)
        return 200, {**answer, "access_token": token, "token_type": "Bearer", "expires_in": self.holds_seconds}

    def _folder(
        self, method: str, parts: list[str], query: dict[str, list[str]], fields: dict[str, str]
    ) -> tuple[int, dict[str, object]]:
        above = parts[0] if parts else ""
        if above and above not in self.folders:
            return 404, {"error": {"code": "ErrorItemNotFound"}}
        if parts[1:] == ["messages", "delta"]:
            return self._delta(above, query)
        if method == "POST":
            made = f"AQMk{next(self.numbers):04d}="
            self.folders[made] = (above, fields["displayName"])
            return 201, {"id": made, "displayName": fields["displayName"]}
        if above and parts[1:] != ["childFolders"]:
            return 200, {"id": above}
        wanted = query["$filter"][0].removeprefix("displayName eq '").removesuffix("'").replace("''", "'")
        found = [id_ for id_, place in self.folders.items() if place == (above, wanted)]
        return 200, {"value": [{"id": id_, "displayName": wanted} for id_ in found]}

    def _delta(self, folder: str, query: dict[str, list[str]]) -> tuple[int, dict[str, object]]:
        link = next(iter(query.get("$deltatoken", query.get("$skiptoken", []))), "")
        if link and link not in self.links:
            return 410, {"error": {"code": "syncStateNotFound"}}
        seen = self.links.get(link, frozenset())
        lying = [message for message in self.messages.values() if message.folder == folder]
        # The newest first, as nothing promises another order.
        fresh = [message for message in reversed(lying) if message.id not in seen]
        some = fresh[: self.page]
        following = f"link-{next(self.numbers)}"
        self.links[following] = seen | {message.id for message in some}
        name, kind = ("deltaLink", "deltatoken") if len(fresh) == len(some) else ("nextLink", "skiptoken")
        value: list[object] = [
            {"id": message.id, "receivedDateTime": f"{message.received_at:%Y-%m-%dT%H:%M:%SZ}"} for message in some
        ]
        gone = [{"id": id_, "@removed": {"reason": "deleted"}} for id_ in seen if id_ not in self.messages]
        url = f"{self.url}/users/{USER}/mailFolders/{folder}/messages/delta?${kind}={following}"
        return 200, {"value": value + gone, f"@odata.{name}": url}

    def _message(
        self, method: str, parts: list[str], fields: dict[str, object]
    ) -> tuple[int, dict[str, object] | bytes]:
        message = self.messages.get(parts[0])
        if message is None:
            return 404, {"error": {"code": "ErrorItemNotFound"}}
        if parts[1:] == ["$value"]:
            return 200, message.raw
        if parts[1:] == ["move"]:
            message.folder = str(fields["destinationId"])
            return 201, {"id": message.id, "body": {"content": "a" * 100_000}}
        if method == "PATCH":
            message.categories = [str(each) for each in fields["categories"]]  # type: ignore[attr-defined]
        return 200, {"parentFolderId": message.folder, "categories": message.categories}


async def _answer(send: Send, status: int, octets: bytes, headers: dict[str, str], *, cut: bool = False) -> None:
    told = {"content-type": "application/json", "content-length": str(len(octets)), **headers}
    raw = [(name.encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": octets[: len(octets) // 2] if cut else octets})


class _QuietServer(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


@asynccontextmanager
async def fake_graph(graph: FakeGraph | None = None) -> AsyncIterator[FakeGraph]:
    """Serve one by HTTP on loopback."""
    graph = graph or FakeGraph()
    listening = socket.create_server(("127.0.0.1", 0))
    graph.port = listening.getsockname()[1]
    server = _QuietServer(
        uvicorn.Config(graph, log_config=None, lifespan="off", ws="none", http="h11", timeout_graceful_shutdown=1)
    )
    serving = asyncio.create_task(server.serve([listening]))
    try:
        yield graph
    finally:
        server.should_exit = True
        await serving
        listening.close()
