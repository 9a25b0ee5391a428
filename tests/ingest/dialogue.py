r"""Dialogues with a way in for mail, written as text files and held over a real socket.

Each line begins with what it is; `\r`, `\n`, `\t`, `\\` and `\xNN` stand for octets, and no line end is added.

    # a remark
    channel: lmtp           the way in (smtp where it is not said)
    set: size_limit=1000    a setting of it, as JSON; `set: tls` puts in a certificate
    C: MAIL FROM:<>\r\n     the client sends; lines in a row leave in one write
    C*200: NOOP\r\n         the same, that many times
    S: 250 2.1.0 OK         the server answers that line; `*` stands for anything
    S*200: 250 2.0.0 OK     the same line that many times
    S: (closed)             the server closes the connection
    C: (sends no more)      the client closes its half
    C: (leaves)             the client breaks the connection off
    C: (starts TLS)         the client shakes hands
    T: 299                  that many seconds pass
    I: StoreUnavailableError    from now on the inbox raises that; `works` ends it
    A: <from> <to>,<to> raw     an arrival with this envelope and these octets; at the end all must have been named
    A: (another)            an arrival whose octets do not matter
"""

import asyncio
import json
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import groupby
from pathlib import Path
from typing import Any

from dtm_contact import errors
from tests.ingest.clients import Clients
from tests.ingest.inbox import FakeInbox

_LINE = re.compile(r"(?P<kind>[a-zA-Z]+)(?:\*(?P<times>\d+))?: ?(?P<text>.*)")
_ESCAPE = re.compile(rb"\\(?:x([0-9a-f]{2})|([rnt\\]))")
_NAMED = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}
_PATIENCE = 20
_FAULTS: dict[str, Callable[[], BaseException]] = {
    "StoreUnavailableError": errors.StoreUnavailableError,
    "CommitUnknownError": errors.CommitUnknownError,
    "RuntimeError": lambda: RuntimeError("disk full for alice@tenant.example"),
    "CancelledError": asyncio.CancelledError,
}


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    text: str
    times: int
    line: int

    @property
    def octets(self) -> bytes:
        """The text with its escapes undone."""
        return _ESCAPE.sub(_unescaped, self.text.encode()) * self.times


def _unescaped(found: "re.Match[bytes]") -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else _NAMED[found[2]]


@dataclass(frozen=True, slots=True)
class Script:
    channel: str
    settings: dict[str, Any]
    steps: tuple[Step, ...]


def read_script(path: Path) -> Script:
    """Read a dialogue; whatever is no line of one is an error."""
    channel, settings, steps = "smtp", dict[str, Any](), list[Step]()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        assert found, f"{path.name}:{number}: no line of a dialogue"
        if found["kind"] == "channel":
            channel = found["text"]
        elif found["kind"] == "set":
            name, _, value = found["text"].partition("=")
            settings[name] = json.loads(value or "true")
        else:
            assert found["kind"] in {"C", "S", "T", "I", "A"}, f"{path.name}:{number}: no kind of line"
            steps.append(Step(found["kind"], found["text"], int(found["times"] or 1), number))
    return Script(channel, settings, tuple(steps))


class Client:
    """The client's side of a dialogue."""

    def __init__(
        self, clients: Clients, inbox: FakeInbox, advance: Callable[[float], None], trusted: ssl.SSLContext
    ) -> None:
        self._clients = clients
        self._inbox = inbox
        self._advance = advance
        self._trusted = trusted
        self._expected = 0

    async def hold(self, address: str, steps: tuple[Step, ...]) -> None:
        """Hold the dialogue.

        Raises:
            AssertionError: the server said or stored something else; the line of the script is named.
        """
        self._reader, self._writer = await self._clients.connect(address)
        for step in _one_write_each(steps):
            await self._take(step)
        assert len(self._inbox.arrivals) == self._expected, "an arrival that the dialogue does not name"

    async def _take(self, step: Step) -> None:
        async with asyncio.timeout(None if step.kind == "T" else _PATIENCE):
            await getattr(self, f"_take_{step.kind}")(step)

    async def _take_C(self, step: Step) -> None:  # noqa: N802 - the letter of the script
        if step.text == "(leaves)":
            self._writer.transport.abort()
        elif step.text == "(sends no more)":
            self._writer.write_eof()
        elif step.text == "(starts TLS)":
            await self._writer.start_tls(self._trusted, server_hostname="localhost")
        else:
            self._writer.write(step.octets)
            await self._writer.drain()

    async def _take_S(self, step: Step) -> None:  # noqa: N802
        for _ in range(step.times):
            try:
                line = (await self._reader.readline()).decode()
            except ConnectionResetError:
                line = ""
            said = line.removesuffix("\r\n") if line else "(closed)"
            assert said == step.text or fnmatchcase(said, step.text.replace("[", "[[]")), (
                f"line {step.line}: expected {step.text!r}, heard {said!r}"
            )

    async def _take_T(self, step: Step) -> None:  # noqa: N802
        # Whatever was sent is taken in first: the other side of a loop-back socket has it after one turn of the loop.
        for _ in range(20):
            await asyncio.sleep(0)
        self._advance(float(step.text))

    async def _take_I(self, step: Step) -> None:  # noqa: N802
        self._inbox.fault = None if step.text == "works" else _FAULTS[step.text]()

    async def _take_A(self, step: Step) -> None:  # noqa: N802
        if step.text == "(another)":
            self._expected += 1
            return
        sender, recipients, raw = Step("A", step.text, 1, step.line).octets.split(b" ", 2)
        assert len(self._inbox.arrivals) > self._expected, f"line {step.line}: no arrival"
        arrival = self._inbox.arrivals[self._expected]
        self._expected += 1
        assert arrival.envelope is not None
        assert arrival.envelope.mail_from == sender[1:-1].decode(), f"line {step.line}"
        assert arrival.envelope.recipients == tuple(each[1:-1].decode() for each in recipients.split(b","))
        assert arrival.raw == raw, f"line {step.line}"


def _one_write_each(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Join what the client sends in a row."""
    for sends, group in groupby(steps, key=lambda step: step.kind == "C" and not step.text.startswith("(")):
        together = list(group)
        if sends:
            yield Step("C", "".join(step.text * step.times for step in together), 1, together[0].line)
        else:
            yield from together
