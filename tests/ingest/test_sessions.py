"""What a dialogue cannot show: clients that leave, many at once, and the end of the service."""

import asyncio
import contextlib
import gc
import hashlib
import resource
import socket
import weakref
from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from collections.abc import Callable
from pathlib import Path
from typing import cast

import aiosmtplib
import pytest

from dtm_contact.errors import StoreUnavailableError
from dtm_contact.model import Envelope
from tests.ingest.clients import ENVELOPE, MESSAGE, Clients
from tests.ingest.conftest import NOON, Start
from tests.ingest.inbox import FakeInbox


async def test_the_arrival_tells_all_that_is_known(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    running = await start()
    reader, writer = await clients.begin(running.address)
    writer.write(MESSAGE)
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    (arrival,) = inbox.arrivals
    raw = b"Subject: Gaz\r\n\r\nBonjour\r\n"
    assert (arrival.channel, arrival.media_type, arrival.received_at) == ("smtp", "message/rfc822", NOON)
    assert arrival.envelope == Envelope("alice@tenant.example", ("metropole@parishabitat.fr",), "127.0.0.1")
    assert arrival.raw == raw
    told = b"alice@tenant.example\0metropole@parishabitat.fr\0\0" + raw
    assert arrival.external_id == hashlib.sha256(told).hexdigest()


async def test_a_client_that_leaves_while_its_message_is_stored_ends_no_commit(
    start: Start, clients: Clients, inbox: FakeInbox
) -> None:
    running = await start()
    inbox.gate.clear()
    _, writer = await clients.begin(running.address)
    writer.write(MESSAGE)
    await inbox.offered.wait()
    writer.transport.abort()
    await running.stop()
    assert not inbox.arrivals
    inbox.gate.set()
    await inbox.kept.wait()
    assert len(inbox.arrivals) == 1


async def test_trouble_after_the_client_left_is_told_to_the_log_only(
    start: Start, clients: Clients, inbox: FakeInbox, capsys: pytest.CaptureFixture[str]
) -> None:
    running = await start()
    inbox.gate.clear()
    inbox.fault = StoreUnavailableError("alice@tenant.example")
    _, writer = await clients.begin(running.address)
    writer.write(MESSAGE)
    await inbox.offered.wait()
    writer.transport.abort()
    stopping = asyncio.ensure_future(running.stop())
    inbox.gate.set()
    await stopping
    assert "message not stored" in capsys.readouterr().err


async def test_a_stop_answers_the_message_that_is_being_stored(
    start: Start, clients: Clients, inbox: FakeInbox
) -> None:
    running = await start(stop_seconds=60)
    inbox.gate.clear()
    storing, writer = await clients.begin(running.address)
    writer.write(MESSAGE)
    await inbox.offered.wait()
    idle, _ = await clients.connect(running.address)
    await idle.readline()
    within, _ = await clients.begin(running.address)
    stopping = asyncio.ensure_future(running.stop())
    assert await idle.read() == b"421 4.3.2 Service is stopping, try again later\r\n"
    assert await within.read() == b"421 4.3.2 Service is stopping, try again later\r\n"
    inbox.gate.set()
    said = b"250 2.0.0 Stored\r\n421 4.3.2 Service is stopping, try again later\r\n"
    assert await storing.read() == said
    await stopping
    assert len(inbox.arrivals) == 1
    with pytest.raises(ConnectionRefusedError):
        await clients.connect(running.address)


async def test_a_client_that_comes_in_while_the_service_stops_is_turned_away(start: Start) -> None:
    running = await start()
    await running.stop()
    ours, theirs = socket.socketpair()
    await asyncio.get_running_loop().connect_accepted_socket(running._new_session, ours)
    reader, writer = await asyncio.open_connection(sock=theirs)
    assert await reader.read() == b"421 4.3.2 Service is stopping, try again later\r\n"
    writer.transport.abort()


async def test_nothing_is_said_when_storing_outlasts_the_time_limit(
    start: Start, clients: Clients, inbox: FakeInbox, advance: Callable[[float], None]
) -> None:
    running = await start()
    inbox.gate.clear()
    reader, writer = await clients.begin(running.address)
    writer.write(MESSAGE)
    await inbox.offered.wait()
    advance(301)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    inbox.gate.set()
    await inbox.kept.wait()
    assert len(inbox.arrivals) == 1


async def test_a_failed_handshake_ends_the_session(start: Start, clients: Clients, certificate: Path) -> None:
    running = await start(certificate=certificate, connections=1)
    reader, writer = await clients.connect(running.address)
    writer.write(b"EHLO client.example\r\nSTARTTLS\r\n")
    await reader.readuntil(b"220 2.0.0 Ready to start TLS\r\n")
    writer.write(b"GET / HTTP/1.1\r\n\r\n")
    with contextlib.suppress(ConnectionResetError):
        await reader.read()
    assert await clients.first_admitted(running.address) == "220"


@pytest.mark.parametrize("ends", ["the time limit", "a stop"])
async def test_a_handshake_that_stalls_gives_its_connection_back(
    start: Start, clients: Clients, certificate: Path, advance: Callable[[float], None], ends: str
) -> None:
    running = await start(certificate=certificate, connections=1)
    reader, writer = await clients.connect(running.address)
    writer.write(b"EHLO client.example\r\nSTARTTLS\r\n")
    await reader.readuntil(b"220 2.0.0 Ready to start TLS\r\n")
    if ends == "a stop":
        await running.stop()
    else:
        advance(301)
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    await asyncio.sleep(0)
    assert not running._reception.sessions


async def test_a_session_that_ended_is_let_go_of_at_once(start: Start, clients: Clients) -> None:
    running = await start()
    reader, writer = await clients.begin(running.address)
    (session,) = map(weakref.ref, running._reception.sessions)
    writer.write(MESSAGE + b"QUIT\r\n")
    gc.disable()
    try:
        await reader.read()
        await asyncio.sleep(0.01)
        assert session() is None
    finally:
        gc.enable()


async def test_commands_behind_a_message_wait_until_it_is_stored(
    start: Start, clients: Clients, inbox: FakeInbox
) -> None:
    running = await start(idle_command_limit=1_000_000)
    inbox.gate.clear()
    reader, writer = await clients.begin(running.address)
    writer.write(MESSAGE)
    await inbox.offered.wait()
    writer.write((b"NOOP " + b"a" * 2_000 + b"\r\n") * 5_000)
    for _ in range(1000):
        await asyncio.sleep(0)
    # What was read in one go; the rest is left to the client.
    assert writer.transport.get_write_buffer_size() > 0
    inbox.gate.set()
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert await reader.readexactly(5_000 * 14) == b"250 2.0.0 OK\r\n" * 5_000


async def test_trouble_before_anything_is_stored_is_told_in_fixed_words(
    start: Start, clients: Clients, inbox: FakeInbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await start()
    reader, writer = await clients.begin(running.address)
    monkeypatch.setattr(inbox, "accept", None)
    writer.write(MESSAGE + ENVELOPE)
    assert await reader.readline() == b"451 4.3.0 Cannot store the message now, try again later\r\n"
    assert await reader.readline() == b"250 localhost\r\n"


async def test_replies_to_commands_that_came_together_leave_together(
    start: Start, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await start()
    written, write = list[bytes](), _SelectorSocketTransport.write

    def note(transport: asyncio.WriteTransport, data: bytes) -> None:
        written.append(data)
        write(transport, data)

    monkeypatch.setattr(_SelectorSocketTransport, "write", note)
    await clients.begin(running.address)
    assert [data.count(b"\r\n") for data in written if data.startswith(b"250")] == [4]


async def test_connections_are_limited_in_all(start: Start, clients: Clients) -> None:
    running = await start(connections=2)
    _, first = await clients.connect(running.address)
    assert [await clients.greeted(running.address) for _ in range(2)] == ["220", "421"]
    first.transport.abort()
    assert await clients.first_admitted(running.address) == "220"


async def test_connections_are_limited_for_each_client(start: Start, clients: Clients) -> None:
    running = await start(connections_per_client=1)
    assert [await clients.greeted(running.address) for _ in range(2)] == ["220", "421"]


async def test_a_thousand_idle_connections(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 2_200:
        pytest.skip(f"a process may open {soft} files here")
    running = await start(connections=1_001, connections_per_client=1_001)
    assert {await clients.greeted(running.address) for _ in range(1_000)} == {"220"}
    reader, writer = await clients.begin(running.address)
    writer.write(MESSAGE)
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert len(inbox.arrivals) == 1


async def test_messages_on_their_way_in_share_a_memory_limit(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    running = await start(size_limit=1_000, memory_limit=1_000)
    first, first_writer = await clients.begin(running.address)
    first_writer.write(b"a" * 700)
    second, second_writer = await clients.begin(running.address)
    second_writer.write(b"b" * 700)
    second_writer.write(b"\r\n.\r\n")
    assert await second.readline() == b"452 4.3.1 Too much mail at once, try again later\r\n"
    first_writer.write(b"\r\n.\r\n")
    assert await first.readline() == b"250 2.0.0 Stored\r\n"
    second_writer.write(ENVELOPE)
    await second.readuntil(b"354 ")
    await second.readline()
    second_writer.write(b"b" * 700 + b"\r\n.\r\n")
    assert await second.readline() == b"250 2.0.0 Stored\r\n"
    assert len(inbox.arrivals) == 2


async def test_a_client_that_leaves_gives_its_memory_back(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    running = await start(size_limit=1_000, memory_limit=1_000)
    for _ in range(3):
        leaving, writer = await clients.begin(running.address)
        writer.write(b"a" * 700)
        writer.write_eof()
        assert await leaving.read() == b""
    reader, writer = await clients.begin(running.address)
    writer.write(b"b" * 700 + b"\r\n.\r\n")
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert len(inbox.arrivals) == 1


async def test_lines_of_any_length_are_kept(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    running = await start()
    reader, writer = await clients.begin(running.address)
    raw = b"Subject: a\r\n\r\n" + b"0123456789" * 100_000 + b"\r\n"
    writer.write(raw + b".\r\n")
    assert await reader.readline() == b"250 2.0.0 Stored\r\n"
    assert inbox.arrivals[0].raw == raw


async def test_a_message_an_octet_at_a_time(start: Start, clients: Clients, inbox: FakeInbox) -> None:
    running = await start()
    reader, writer = await clients.connect(running.address)
    for octet in ENVELOPE + b"..a\r\n.\r\nQUIT\r\n":
        writer.write(bytes((octet,)))
        await writer.drain()
        await asyncio.sleep(0)
    assert (await reader.read()).endswith(b"250 2.0.0 Stored\r\n221 2.0.0 Bye\r\n")
    assert inbox.arrivals[0].raw == b".a\r\n"


async def test_a_client_that_does_not_read_is_cut_off(
    start: Start, clients: Clients, advance: Callable[[float], None]
) -> None:
    running = await start(idle_command_limit=10**9, connections=1)
    _, writer = await clients.connect(running.address)
    cast("asyncio.Transport", writer.transport).pause_reading()
    while not writer.transport.get_write_buffer_size():
        writer.write(b"HELP\r\n" * 10_000)
        for _ in range(100):
            await asyncio.sleep(0)
    assert await clients.greeted(running.address) == "421"
    for _ in range(2):
        advance(301)
        await asyncio.sleep(0)
    assert await clients.first_admitted(running.address) == "220"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_a_library_of_others_sends(start: Start, inbox: FakeInbox, certificate: Path, *, tls: bool) -> None:
    running = await start(**({"certificate": certificate} if tls else {}))
    host, _, port = running.address.rpartition(":")
    client = aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=tls, validate_certs=False)
    async with client:
        refused, said = await client.sendmail(
            "hélène@tenant.example",
            ["nobody@parishabitat.fr", "metropole@parishabitat.fr"],
            "Subject: é\n\n.point\n..deux\n".encode(),
            mail_options=["SMTPUTF8"],
        )
    assert (list(refused), said) == (["nobody@parishabitat.fr"], "2.0.0 Stored")
    assert inbox.arrivals[0].raw == "Subject: é\r\n\r\n.point\r\n..deux\r\n".encode()
    assert inbox.arrivals[0].envelope == Envelope("hélène@tenant.example", ("metropole@parishabitat.fr",), "127.0.0.1")


async def test_one_session_after_another_message_of_trouble_recovers(start: Start, inbox: FakeInbox) -> None:
    running = await start()
    host, _, port = running.address.rpartition(":")
    async with aiosmtplib.SMTP(hostname=host, port=int(port)) as client:
        for number in range(40):
            inbox.fault = StoreUnavailableError() if number % 2 else None
            sending = client.sendmail("a@tenant.example", ["metropole@parishabitat.fr"], f"Subject: {number}\n\n")
            if number % 2:
                with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                    await sending
                assert refused.value.code == 451
            else:
                await sending
    assert len(inbox.arrivals) == 20
