"""Nonsense of all kinds: every line is answered, nothing fails within, and the next client is served."""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtm_contact.ingest import smtp
from dtm_contact.settings import Settings, SmtpSettings
from tests.ingest.clients import ENVELOPE, MESSAGE, Clients
from tests.ingest.inbox import FakeInbox

PIECES = st.one_of(
    st.sampled_from(
        [
            b"EHLO x\r\n",
            b"HELO x\r\n",
            b"MAIL FROM:<a@tenant.example>",
            b"RCPT TO:<metropole@parishabitat.fr>",
            b"DATA\r\n",
            b"RSET\r\n",
            b"NOOP",
            b"HELP ",
            b"VRFY",
            b"AUTH PLAIN ",
            b"STARTTLS",
            b" SIZE=",
            b" BODY=",
            b"=",
            b"\r\n",
            b"\n",
            b"\r",
            b".\r\n",
            b"\r\n.\r\n",
            b"<",
            b">",
            b'"',
            b"\\",
            b"\x00",
            b"\xc3\xa9",
            b"\xff",
            b" ",
            b"\t",
            b"9" * 40,
        ]
    ),
    st.binary(max_size=12),
)
REPLY = re.compile(rb"[2345]\d\d[ -][ -~]*\r\n")


async def said_to(pieces: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Return what the server says to the pieces, and then to a well-behaved client."""
    inbox, clients = FakeInbox(), Clients()
    running = await smtp.start_smtp(Settings(smtp=SmtpSettings(port=0, stop_seconds=1)), inbox)
    try:
        reader, writer = await clients.connect(running.address)
        for piece in pieces:
            writer.write(piece)
        writer.write_eof()
        heard = (await reader.read()).splitlines(keepends=True)
        reader, writer = await clients.connect(running.address)
        writer.write(ENVELOPE + MESSAGE + b"QUIT\r\n")
        return heard, (await reader.read()).splitlines(keepends=True)
    finally:
        clients.leave()
        await running.stop()


@given(pieces=st.lists(PIECES, max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nonsense(pieces: list[bytes], capsys: pytest.CaptureFixture[str]) -> None:
    heard, afterwards = asyncio.run(said_to(pieces))
    assert [line for line in heard if not REPLY.fullmatch(line)] == []
    assert not [line for line in heard if line.startswith((b"451", b"421 4.3"))]
    assert afterwards[-2:] == [b"250 2.0.0 Stored\r\n", b"221 2.0.0 Bye\r\n"]
    assert "failed" not in capsys.readouterr().err
