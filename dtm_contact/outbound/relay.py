"""Handing one message to the mail server that sends for us, and what its answer means."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import aiosmtplib

from dtm_contact.errors import WrongSettingError, described
from dtm_contact.model import Outgoing
from dtm_contact.settings import OutboundSettings

_PERMANENT: Final = 500


class Fate(StrEnum):
    """What became of an attempt.

    Taken; to be tried again; no server that works; a connection that ended in the midst; somebody else's to send by
    now; refused for good; no such address.
    """

    SENT = "sent"
    LATER = "later"
    DOWN = "down"
    CUT = "cut"
    NOT_OURS = "not_ours"
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no_such_address"


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of an attempt.

    Attributes:
        fate: that.
        reason: by what it is told in the case: the server's code, or the error's class.
        detail: what admins are told besides; empty where that is all.
        refused: of several recipients, those for whom the server refused it for good, each with its code.
        left_to: those of several for whom it is to be tried again; the others have it.
    """

    fate: Fate
    reason: str
    detail: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    left_to: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """By what admins are told."""
        return self.detail or self.reason


@dataclass(frozen=True, slots=True)
class Reached:
    """What a look at the server found, without a message.

    Attributes:
        trouble: why it would take nothing from us; None where it would.
        certificate: its certificate as it was verified, as `ssl.SSLSocket.getpeercert` has it; None without TLS.
        size: the largest message that it says it takes, in octets (RFC 1870); None where it names no bound.
    """

    trouble: str | None
    certificate: Mapping[str, object] | None = None
    size: int | None = None


async def _always() -> bool:
    return True


class Relay:
    """The mail server that sends for us."""

    def __init__(self, settings: OutboundSettings) -> None:
        """Take where it is and how it knows us."""
        self._settings = settings

    async def send(
        self,
        outgoing: Outgoing,
        still_ours: Callable[[], Awaitable[bool]] = _always,
        *,
        recipients: Sequence[str] = (),
        body: AsyncIterable[bytes] | None = None,
    ) -> SendResult:
        """Hand over one message; whatever goes wrong is an answer too.

        Before the server has us and our credentials, no message is at fault, whatever it says: it is down.

        A server that says yes has it from then on (RFC 5321 section 6.1). Where the connection ends before its answer
        nobody can tell, so it is tried again, with the same Message-ID.

        Args:
            outgoing: the message.
            still_ours: asked once the server is ready to take it, at the last moment before it is handed over.
            recipients: whom it is for; everybody whom it goes to where none is named.
            body: the whole of it in pieces, with what joins it; None where what it holds is all.
        """
        exchange = _Exchange(self._settings)
        try:
            async with exchange.client() as client:
                if not await still_ours():
                    return SendResult(Fate.NOT_OURS, "lease")
                exchange.ready = True
                wanted = tuple(recipients) or outgoing.everybody
                unwelcome = await _hand_over(client, outgoing.mail_from, wanted, body or _whole(outgoing.raw))
        except (aiosmtplib.SMTPException, WrongSettingError, OSError, ValueError) as error:
            return exchange.failed(error)
        return _of_some(unwelcome)

    async def reach(self) -> Reached:
        """Connect, protect the connection and log in, as for a message, and part again."""
        exchange = _Exchange(self._settings)
        try:
            async with exchange.client() as client:
                if client.is_ehlo_or_helo_needed:
                    # Without TLS and credentials nothing has asked yet what it offers.
                    with suppress(aiosmtplib.SMTPHeloError):
                        await client.ehlo()
                said = client.esmtp_extensions.get("size", "").strip()
                size = int(said) if said.isascii() and said.isdigit() else 0
                # 0 stands for no bound (RFC 1870 section 4).
                return Reached(None, client.get_transport_info("peercert"), size or None)
        except (aiosmtplib.SMTPException, WrongSettingError, OSError, ValueError) as error:
            if type(error) is aiosmtplib.SMTPException:
                # The library's own words, not the server's: an extension that we need is not offered.
                return Reached(str(error).rstrip("."))
            return Reached(exchange.failed(error).why)


async def _whole(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def _hand_over(
    client: aiosmtplib.SMTP, mail_from: str, recipients: Sequence[str], body: AsyncIterable[bytes]
) -> dict[str, int]:
    """Hand a message over piece by piece; return for whom of several recipients the server refused it, by its code.

    Raises:
        aiosmtplib.SMTPRecipientsRefused: for all of them.
    """
    await client.mail(mail_from)
    refused = list[aiosmtplib.SMTPRecipientRefused]()
    for address in recipients:
        try:
            await client.rcpt(address)
        except aiosmtplib.SMTPRecipientRefused as error:
            refused.append(error)
    if len(refused) == len(recipients):
        raise aiosmtplib.SMTPRecipientsRefused(refused)
    ready = await client.execute_command(b"DATA")
    if ready.code != aiosmtplib.SMTPStatus.start_input:
        raise aiosmtplib.SMTPDataError(ready.code, ready.message)
    protocol = client.protocol
    if protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    before = b"\r\n"
    async for piece in body:
        if piece:
            protocol.write(_stuffed(piece, before))
            before = (before + piece)[-2:]
            # What the connection has not taken yet is waited for: the next piece is read only then.
            await protocol._drain_helper()  # noqa: SLF001 - what asyncio.StreamWriter.drain does
    protocol.write(b".\r\n" if before == b"\r\n" else b"\r\n.\r\n")
    taken = await protocol.read_response(timeout=client.timeout)
    if taken.code != aiosmtplib.SMTPStatus.completed:
        raise aiosmtplib.SMTPDataError(taken.code, taken.message)
    return {error.recipient: error.code for error in refused}


def _stuffed(piece: bytes, before: bytes) -> bytes:
    """Return a piece with the dots doubled that begin a line (RFC 5321 section 4.5.2); `before`: how the last ended."""
    return (before + piece).replace(b"\r\n.", b"\r\n..")[len(before) :]


def _of_some(unwelcome: Mapping[str, int]) -> SendResult:
    """Return what became of a message that the server took for some recipients at least."""
    for_good = {address: str(code) for address, code in unwelcome.items() if code >= _PERMANENT}
    left_to = tuple(address for address, code in unwelcome.items() if code < _PERMANENT)
    if left_to:
        return SendResult(Fate.LATER, str(unwelcome[left_to[0]]), refused=for_good, left_to=left_to)
    return SendResult(Fate.SENT, "250", refused=for_good)


class _Exchange:
    """One connection to the server; `ready` from when a message is handed over: what fails then may be its fault."""

    def __init__(self, settings: OutboundSettings) -> None:
        self._settings = settings
        self.ready = False

    @asynccontextmanager
    async def client(self) -> AsyncIterator[aiosmtplib.SMTP]:
        settings = self._settings
        client = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            username=settings.user or None,
            password=settings.read_password(),
            timeout=settings.seconds,
            cert_bundle=str(settings.authority) if settings.authority else None,
        )
        async with asyncio.timeout(settings.connect_seconds):
            await client.connect()
        async with client:
            yield client

    def failed(self, error: Exception) -> SendResult:
        if isinstance(error, WrongSettingError):
            # Short, since agents read it in the case; where the file should be is told at the start.
            return SendResult(Fate.DOWN, "DTM_OUTBOUND_PASSWORD_FILE cannot be read", str(error))
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return SendResult(Fate.DOWN, f"credentials refused ({error.code})")
        if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
            return _of_code(error.recipients[0].code, of_recipient=True)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            if not self.ready or isinstance(error, aiosmtplib.SMTPHeloError):
                return SendResult(Fate.DOWN, str(error.code))
            return _of_code(error.code, of_recipient=False)
        return SendResult(Fate.CUT if self.ready else Fate.DOWN, type(error).__name__, described(error))


def _of_code(code: int, *, of_recipient: bool) -> SendResult:
    """Return what a refusal means (RFC 5321 section 4.2.1)."""
    if code < _PERMANENT:
        return SendResult(Fate.LATER, str(code))
    return SendResult(Fate.NO_SUCH_ADDRESS if of_recipient and code in _NO_MAILBOX else Fate.REFUSED, str(code))


# RFC 5321 section 4.2.3: no mailbox here; not local; name not allowed.
_NO_MAILBOX: Final = frozenset({550, 551, 553})
