"""What the tests' own servers leave behind: no connection."""

import asyncio

import pytest

from tests.loopback import serving


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
