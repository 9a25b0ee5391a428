"""What admins read of an error: which certificate, which server, which disk, and why; never a secret or a person."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from dtm_contact.errors import DtmContactError, StoreUnavailableError, described
from dtm_contact.ingest.imap_client import Login, connected
from dtm_contact.ingest.mailbox import MailboxLostError
from dtm_contact.model import Outgoing, OutgoingKind
from dtm_contact.outbound.relay import Fate, Relay
from dtm_contact.settings import OutboundSettings
from dtm_contact.store import open_store
from dtm_contact.webcall import WebcallRefusedError, webcall
from tests.certificates import made, served
from tests.loopback import serving

EXPIRED = "its certificate is refused: certificate has expired"
NAME = "its certificate is refused: Hostname mismatch, certificate is not valid for 'localhost'"
ISSUER = "its certificate is refused: self-signed certificate"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("certificates")
    return {
        EXPIRED: made(folder / "expired", until="20200102000000Z"),
        NAME: made(folder / "name", name="other.example"),
        ISSUER: made(folder / "issuer"),
    }


def trusted(told: str, certificate: Path) -> Path | None:
    """Return the authorities that a client knows: but for one, the certificate itself."""
    return None if told == ISSUER else certificate


@asynccontextmanager
async def tls_server(certificate: Path, *, starttls: bool = False) -> AsyncIterator[int]:
    """Serve TLS on a port of loopback, at once or after STARTTLS."""
    context = served(certificate)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if starttls:
            writer.write(b"220 here\r\n")
            await reader.readline()
            writer.write(b"250-here\r\n250 STARTTLS\r\n")
            await reader.readline()
            writer.write(b"220 go\r\n")
            plain = writer.transport
            try:
                await writer.start_tls(context)
            except OSError:
                plain.abort()
        writer.close()

    async with serving(answer, None if starttls else context) as port:
        yield port


def letter() -> Outgoing:
    message = EmailMessage()
    message.set_content("x")
    return Outgoing(OutgoingKind.NOTICE, "x", "a@free.example", "us@bailleur.example", "1@bailleur", bytes(message))


@pytest.mark.parametrize("told", [EXPIRED, NAME, ISSUER])
async def test_a_mailbox_says_which_server_and_what_of_its_certificate(
    certificates: dict[str, Path], told: str
) -> None:
    authority = trusted(told, certificates[told])
    context = ssl.create_default_context(cafile=str(authority) if authority else None)
    async with tls_server(certificates[told]) as port:
        with pytest.raises(MailboxLostError) as raised:
            async with connected(Login("localhost", port, "us", "secret", context=context, seconds=20)):
                pass
    assert str(raised.value).endswith(f": localhost:{port}: {told}")


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("told", [EXPIRED, NAME, ISSUER])
async def test_a_relay_says_what_of_its_certificate(certificates: dict[str, Path], told: str, security: str) -> None:
    authority = trusted(told, certificates[told])
    async with tls_server(certificates[told], starttls=security == "starttls") as port:
        sent = await Relay(OutboundSettings(host="localhost", port=port, security=security, authority=authority)).send(
            letter()
        )
    assert (sent.fate, sent.why) == (Fate.DOWN, told)
    assert "certificate" not in sent.reason


@pytest.mark.parametrize("told", [EXPIRED, NAME, ISSUER])
async def test_a_web_address_is_asked_only_where_its_certificate_is_right(
    certificates: dict[str, Path], told: str
) -> None:
    async with tls_server(certificates[told]) as port:
        with pytest.raises(ssl.SSLCertVerificationError) as raised:
            await webcall(f"https://localhost:{port}/", authority=trusted(told, certificates[told]), seconds=20)
    assert described(raised.value) == told


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (b"HTTP/1.1 503 no\r\n\r\n", "status 503"),
        (b"HTTP/1.1 302 elsewhere\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "status 302"),
        (b"SSH-2.0-x\r\n", "speaks no HTTP"),
        (b"", "speaks no HTTP"),
        (b"x" * 200_000, "speaks no HTTP"),
    ],
)
async def test_a_web_server_that_does_not_take_it(reply: bytes, told: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async with serving(answer) as port:
        with pytest.raises(WebcallRefusedError, match=told):
            await webcall(f"http://127.0.0.1:{port}/", seconds=20)


async def test_a_web_server_that_says_nothing_is_given_up() -> None:
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    async with serving(answer) as port:
        with pytest.raises(TimeoutError) as raised:
            await webcall(f"http://127.0.0.1:{port}/", seconds=0.1)
        await gone.wait()
    assert described(raised.value) == "no answer in time"


def test_a_postgresql_server_that_is_down_is_told_by_host_and_name_without_user_and_password() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(StoreUnavailableError) as raised:
            open_store(f"postgresql://someone:hush@127.0.0.1:{port}/dtm")
    assert str(raised.value).endswith(f"OperationalError (connection refused): PostgreSQL at 127.0.0.1:{port}/dtm")


def test_a_sqlite_store_is_told_by_its_file(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"no database" * 100)
    with pytest.raises(StoreUnavailableError, match=f"SQLITE_NOTADB: {tmp_path}/store.db"):
        open_store(f"sqlite:///{tmp_path}/store.db")


class _OursError(DtmContactError):
    """Ours."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (_OursError("of detail"), "Ours: of detail"),
        (PermissionError(13, "x", "/etc/rules"), "Permission denied: /etc/rules"),
        (ConnectionRefusedError(111, "Connect call failed ('10.0.0.1', 25)"), "Connection refused"),
        (OSError("Multiple exceptions: [Errno 111] a, [Errno 111] b"), "none of its addresses answers"),
        (ValueError("Mme Joly, 06 12 34 56 78"), "ValueError"),
    ],
)
def test_what_is_told_of_an_error(error: Exception, told: str) -> None:
    assert described(error) == told
