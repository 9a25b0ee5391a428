"""What the tests' own servers leave behind: no connection."""

import asyncio
from contextlib import suppress

import pytest

from tests.loopback import line_to, serving


@pytest.mark.parametrize("said", [b"", b"hello\r\n"])
async def test_a_connection_that_its_client_keeps_ends_with_the_server(said: bytes) -> None:
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.put_nowait(writer)
        await reader.read()

    async with serving(wait) as port:
        _reader, client = await asyncio.open_connection("127.0.0.1", port)
        client.write(said)
        server_side = await accepted.get()
    assert server_side.get_extra_info("socket").fileno() == -1
    client.transport.abort()


async def test_a_line_carries_both_ways_until_it_is_cut() -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while said := await reader.readline():
            writer.write(said.upper())
        heard.put_nowait(b"gone")

    async with serving(answer) as port, line_to(port) as line:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(b"hello\n")
        assert await reader.readline() == b"HELLO\n"
        assert line.cut() == 1
        with suppress(ConnectionResetError):
            assert await reader.readline() == b""
        assert await heard.get() == b"gone"
        assert line.cut() == 0
        writer.transport.abort()
