"""Servers that the doctor connects to, each in a thread of its own: mail, a mailbox, names, pages."""

import asyncio
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

from aiosmtpd.smtp import SMTP, AuthResult, Envelope

from tests import loopback
from tests.ingest.mailbox.fake_graph import FakeGraph, fake_graph
from tests.ingest.mailbox.fake_server import FakeServer
from tests.loopback import serving

PASSWORD = b"right"


@contextmanager
def _looped(start: Callable[[], AbstractAsyncContextManager[int]]) -> Iterator[int]:
    """Run a server on an event loop in a thread; give its port."""
    ports: list[int] = []
    is_listening, stopped = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with start() as port:
            ports.append(port)
            loops.append(asyncio.get_running_loop())
            is_listening.set()
            await stopped.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert is_listening.wait(30)
    try:
        yield ports[0]
    finally:
        loops[0].call_soon_threadsafe(stopped.set)
        thread.join(30)


@contextmanager
def mailbox(tls: ssl.SSLContext | None = None, **says: bytes) -> Iterator[int]:
    """Serve a mailbox; `says`: what it says to a command in place of the usual."""
    scripted = {name.replace("_", " ").encode(): said for name, said in says.items()}

    with _looped(lambda: serving(FakeServer(scripted).serve, tls)) as port:
        yield port


@contextmanager
def graph(served: FakeGraph) -> Iterator[FakeGraph]:
    """Serve a mailbox by Microsoft Graph, and who gives tokens for it."""
    is_listening, stopped = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        async with fake_graph(served):
            loops.append(asyncio.get_running_loop())
            is_listening.set()
            await stopped.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert is_listening.wait(30)
    try:
        yield served
    finally:
        loops[0].call_soon_threadsafe(stopped.set)
        thread.join(30)


class _Refusing:
    """What a mail server says to senders and recipients, and that it never gets as far as a message."""

    def __init__(self, to_senders: str, to_recipients: str) -> None:
        self._to_senders, self._to_recipients = to_senders, to_recipients

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self._to_senders.startswith("250"):
            envelope.mail_from = address
        return self._to_senders

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _server: object, _session: object, envelope: Envelope, address: str, _options: object
    ) -> str:
        if self._to_recipients.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self._to_recipients

    async def handle_DATA(self, *_: object) -> str:  # noqa: N802 - the library's name
        raise AssertionError("the doctor hands over no message")


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None,
    size: int = 40_000_000,
    to_senders: str = "250 OK",
    to_recipients: str = "250 OK",
) -> Iterator[int]:
    """Serve SMTP that takes one password, and says that it takes so many octets; with STARTTLS where `tls` is given.

    Args:
        tls: the certificate that it shows.
        size: the octets that it says it takes.
        to_senders: what it says to MAIL.
        to_recipients: what it says to RCPT.
    """

    def authenticate(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=getattr(data, "password", None) == PASSWORD, handled=False)

    def protocol() -> SMTP:
        return SMTP(
            _Refusing(to_senders, to_recipients),
            hostname="relay.example",
            data_size_limit=size,
            tls_context=tls,
            authenticator=authenticate,
            auth_require_tls=False,
            loop=asyncio.get_running_loop(),
        )

    with _looped(lambda: loopback.listening(protocol)) as port:
        yield port


@contextmanager
def page(status: int, body: bytes) -> Iterator[int]:
    """Answer every request with the same."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            del format, args

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(30)


@contextmanager
def names(answers: int, code: int = 0) -> Iterator[int]:
    """Answer each question to the DNS with so many records (their count alone is told), or with an error's code."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(30)

        def serve() -> None:
            while True:
                asked, client = server.recvfrom(4096)
                if asked == b"stop":
                    return
                number = struct.unpack("!H", asked[:2])[0]
                server.sendto(struct.pack("!6H", number, 0x8180 | code, 1, answers, 0, 0) + asked[12:], client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopping:
                stopping.sendto(b"stop", server.getsockname())
            thread.join(30)


@contextmanager
def listening() -> Iterator[int]:
    """Take connections, and say nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def free_port() -> int:
    """Return a port at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
