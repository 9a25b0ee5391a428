"""Servers of the tests on loopback, of which no connection outlasts the test that began them.

`asyncio.Server.close` only stops listening: what was accepted stays open until its other end is gone, and a transport
whose loop ends before that is found, and complained of, while some later test runs.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

_CARRIED = 65_536
StreamHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class _Connections:
    """The connections that a server has accepted."""

    def __init__(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._protocol = protocol
        self._accepted: list[tuple[asyncio.BaseTransport, socket.socket]] = []

    def new_protocol(self) -> asyncio.Protocol:
        """Return a protocol whose connection is known from its beginning on."""
        protocol = self._protocol()
        made = protocol.connection_made

        def connection_made(transport: asyncio.BaseTransport) -> None:
            # A transport of TLS that has ended does not know its socket any more.
            self._accepted.append((transport, transport.get_extra_info("socket")))
            made(transport)

        protocol.connection_made = connection_made  # type: ignore[method-assign]
        return protocol

    async def end(self) -> None:
        """Cut what is still open, and return when its sockets are closed."""
        for transport, _socket in self._accepted:
            assert isinstance(transport, asyncio.WriteTransport)
            transport.abort()
        # What a protocol is told of the end says nothing: with STARTTLS another one may stand in its place.
        while any(each.fileno() != -1 for _transport, each in self._accepted):
            await asyncio.sleep(0)


@asynccontextmanager
async def listening(protocol: Callable[[], asyncio.Protocol]) -> AsyncIterator[int]:
    """Serve a protocol at a free port of loopback, and give the port.

    Args:
        protocol: makes the protocol of one connection.
    """
    connections = _Connections(protocol)
    server = await asyncio.get_running_loop().create_server(connections.new_protocol, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await connections.end()


@asynccontextmanager
async def serving(handler: StreamHandler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve each connection by a handler of streams, and give the port; handlers still at work are cancelled.

    Args:
        handler: serves one connection; it need not close it.
        tls: the server's certificate, where it speaks TLS from the first octet on.
    """
    at_work: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if tls is not None:
            await writer.start_tls(tls)
        await handler(reader, writer)

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        at_work.add(task)
        task.add_done_callback(at_work.discard)

    def protocol() -> asyncio.Protocol:
        return asyncio.StreamReaderProtocol(asyncio.StreamReader(), begin)

    async with listening(protocol) as port:
        try:
            yield port
        finally:
            ending = tuple(at_work)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)


class Line:
    """A line to a server on loopback that can be cut, as a network is: both ends lose their connection, and no more.

    Attributes:
        port: where it begins.
    """

    def __init__(self) -> None:
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    def cut(self) -> int:
        """End every connection at once, whatever is on its way; return how many there were."""
        ended = tuple(self._writers)
        for writer in ended:
            writer.transport.abort()
        return len(ended)

    async def carry(self, near: tuple[asyncio.StreamReader, asyncio.StreamWriter], port: int) -> None:
        """Carry what is said between one client and the server until either has ended."""
        reader, writer = near
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        self._writers.add(writer)
        ways = [asyncio.create_task(_pass_on(*way)) for way in ((reader, far_writer), (far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._writers.discard(writer)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for each in (writer, far_writer):
                each.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while octets := await reader.read(_CARRIED):
            writer.write(octets)
            await writer.drain()


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    """Give a line to a server of loopback.

    Args:
        port: the server's.
    """
    line = Line()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await line.carry((reader, writer), port)

    async with serving(carry) as line.port:
        yield line
