"""A mail server that does what real ones do on a bad day: scripted answers, cut connections, silence."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.loopback import serving

CUT = b"cut"
"""In place of an answer: the connection ends."""
SILENCE = b"silence"
"""In place of an answer: nothing."""
REFUSAL = b"refusal"
"""In place of an answer: the server does not want to."""
_QUIET = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS AUTH=XOAUTH2\r\n",
    b"LIST": b'* LIST (\\Noselect) "/" ""\r\n',
    b"SELECT": b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 1] next\r\n",
    b"UID SEARCH": b"* SEARCH\r\n",
}


@dataclass
class FakeServer:
    """What it says to each command, in place of the usual; `heard`: the commands, without their tags."""

    says: dict[bytes, bytes] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with one client until it leaves or is cut off."""
        writer.write(b"* OK ready\r\n")
        idled = challenged = b""
        try:
            while line := await reader.readline():
                tag, _, command = line.rstrip(b"\r\n").partition(b" ")
                if not line.strip() and challenged:
                    writer.write(b"%s NO refused\r\n" % challenged)
                    challenged = b""
                elif tag == b"DONE" and self.says.get(b"IDLE") != SILENCE:
                    writer.write(b"%s OK idled\r\n" % idled)
                else:
                    idled = tag
                    challenged = tag if command.startswith(b"AUTHENTICATE") else b""
                    self._answer(writer, tag, command)
        except ConnectionError:
            return
        finally:
            writer.transport.abort()

    def _answer(self, writer: asyncio.StreamWriter, tag: bytes, command: bytes) -> None:
        self.heard.append(command)
        words = command.upper().split(b" ")
        name = b" ".join(words[: 2 if words[0] == b"UID" else 1])
        said = self.says.get(name, _QUIET.get(name, b""))
        if said == CUT:
            writer.transport.abort()
        elif said == REFUSAL:
            writer.write(b"%s NO refused\r\n" % tag)
        elif said.startswith(b"+"):
            writer.write(said)
        elif said != SILENCE and name == b"IDLE":
            writer.write(b"+ idling\r\n" + said)
        elif said != SILENCE:
            writer.write(b"%s%s OK done\r\n" % (said, tag))


@asynccontextmanager
async def fake_server(**says: bytes) -> AsyncIterator[FakeServer]:
    """Start one; the words of a command are joined by `_`: `UID_MOVE=CUT`."""
    server = FakeServer({name.replace("_", " ").encode(): said for name, said in says.items()})
    async with serving(server.serve) as server.port:
        yield server
