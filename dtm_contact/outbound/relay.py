"""Handing one message to the mail server that sends for us, and what its answer means."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
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
    """

    fate: Fate
    reason: str
    detail: str = ""

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
    """

    trouble: str | None
    certificate: Mapping[str, object] | None = None


async def _always() -> bool:
    return True


class Relay:
    """The mail server that sends for us."""

    def __init__(self, settings: OutboundSettings) -> None:
        """Take where it is and how it knows us."""
        self._settings = settings

    async def send(self, outgoing: Outgoing, still_ours: Callable[[], Awaitable[bool]] = _always) -> SendResult:
        """Hand over one message; whatever goes wrong is an answer too.

        Before the server has us and our credentials, no message is at fault, whatever it says: it is down.

        A server that says yes has it from then on (RFC 5321 section 6.1). Where the connection ends before its answer
        nobody can tell, so it is tried again, with the same Message-ID.

        Args:
            outgoing: the message.
            still_ours: asked once the server is ready to take it, at the last moment before it is handed over.
        """
        exchange = _Exchange(self._settings)
        try:
            async with exchange.client() as client:
                if not await still_ours():
                    return SendResult(Fate.NOT_OURS, "lease")
                exchange.ready = True
                await client.sendmail(outgoing.mail_from, [outgoing.to], outgoing.raw)
        except (aiosmtplib.SMTPException, WrongSettingError, OSError, ValueError) as error:
            return exchange.failed(error)
        return SendResult(Fate.SENT, "250")

    async def reach(self) -> Reached:
        """Connect, protect the connection and log in, as for a message, and part again."""
        exchange = _Exchange(self._settings)
        try:
            async with exchange.client() as client:
                return Reached(None, client.get_transport_info("peercert"))
        except (aiosmtplib.SMTPException, WrongSettingError, OSError, ValueError) as error:
            if type(error) is aiosmtplib.SMTPException:
                # The library's own words, not the server's: an extension that we need is not offered.
                return Reached(str(error).rstrip("."))
            return Reached(exchange.failed(error).why)


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
