"""Clients that speak the protocol by hand."""

import asyncio
from typing import Final

ENVELOPE: Final = (
    b"HELO client.example\r\nMAIL FROM:<alice@tenant.example>\r\nRCPT TO:<metropole@parishabitat.fr>\r\nDATA\r\n"
)
MESSAGE: Final = b"Subject: Gaz\r\n\r\nBonjour\r\n.\r\n"

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Clients:
    """Connections to a way in; all of them are broken off by `leave`."""

    def __init__(self) -> None:
        self._writers: list[asyncio.StreamWriter] = []

    def leave(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def connect(self, address: str) -> Streams:
        """Connect to what `Running.address` says."""
        if address.startswith("/"):
            reader, writer = await asyncio.open_unix_connection(address)
        else:
            host, _, port = address.rpartition(":")
            reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        self._writers.append(writer)
        return reader, writer

    async def begin(self, address: str) -> Streams:
        """Connect and say everything up to DATA; the message may follow."""
        reader, writer = await self.connect(address)
        writer.write(ENVELOPE)
        await reader.readuntil(b"354 ")
        await reader.readline()
        return reader, writer

    async def greeted(self, address: str) -> str:
        """Connect and return the code of the greeting."""
        reader, _ = await self.connect(address)
        return (await reader.readline())[:3].decode()

    async def first_admitted(self, address: str) -> str:
        """Return the greeting's code of the first connection, of a hundred, that is not turned away."""
        for _ in range(100):
            code = await self.greeted(address)
            if code != "421":
                return code
        return "421"
