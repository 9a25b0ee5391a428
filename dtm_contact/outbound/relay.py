"""Handing one message to the mail server that sends for us, and what its answer means."""

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import aiosmtplib

from dtm_contact.errors import WrongSettingError, described
from dtm_contact.log import shown_words
from dtm_contact.model import NO_MAILBOX, Outgoing
from dtm_contact.settings import OutboundSettings

_PERMANENT: Final = 500
"""So many characters of what a server says are kept."""
# RFC 2034 section 4: a reply's text begins with the enhanced code, each line of it.
_ENHANCED: Final = re.compile(r"^([245]\.\d{1,3}\.\d{1,3})(?:[ \t]+|$)", re.MULTILINE)


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
        reason: why, without a word of anybody's: the server's code with its enhanced code ("550 5.7.1"), or the error's
            class. Logs and the case's event have it.
        detail: of a server that does not work, what is wrong in our own words; empty where the reason is all.
        words: what the server said behind its codes, fit to be shown (`shown_words`); empty where no server answered.
        refused: of several recipients, those for whom the server refused it for good, each with its codes.
        left_to: those of several for whom it is to be tried again; the others have it, or never will.
    """

    fate: Fate
    reason: str
    detail: str = ""
    words: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)
    left_to: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """What alarms tell the admins of it: nothing that the server wrote."""
        return self.detail or self.reason

    @property
    def reply(self) -> str:
        """What operators are shown of it: what is wrong, or the server's codes and words."""
        return self.detail or f"{self.reason} {self.words}".rstrip()


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """Whom a server refused when a message was begun.

    Attributes:
        address: the sender or a recipient.
        is_sender: it was the sender, so that no recipient was asked for.
        reply: the server's codes and words.
        for_good: trying again does not help.
    """

    address: str
    is_sender: bool
    reply: str
    for_good: bool


@dataclass(frozen=True, slots=True)
class Reached:
    """What a look at the server found, without a message.

    Attributes:
        trouble: why it would take nothing from us; None where it would.
        unwelcome: of the sender and the recipients that were tried, those that it refused.
        certificate: its certificate as it was verified, as `ssl.SSLSocket.getpeercert` has it; None without TLS.
        size: the largest message that it says it takes, in octets (RFC 1870); None where it names no bound.
    """

    trouble: str | None
    unwelcome: tuple[Unwelcome, ...] = ()
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

    async def reach(self, sender: str, recipients: Sequence[str]) -> Reached:
        """Connect, protect the connection, log in and begin a message, and part again before there is one.

        Many servers say only then, at MAIL or RCPT, that they take nothing from us.

        Args:
            sender: whom a message would be from.
            recipients: whom it would be for.
        """
        exchange = _Exchange(self._settings)
        try:
            async with exchange.client() as client:
                if client.is_ehlo_or_helo_needed:
                    # Without TLS and credentials nothing has asked yet what it offers.
                    with suppress(aiosmtplib.SMTPHeloError):
                        await client.ehlo()
                said = client.esmtp_extensions.get("size", "").strip()
                size = int(said) if said.isascii() and said.isdigit() else 0
                unwelcome = await _unwelcome(client, sender, recipients)
                # 0 stands for no bound (RFC 1870 section 4).
                return Reached(None, unwelcome, client.get_transport_info("peercert"), size or None)
        except (aiosmtplib.SMTPException, WrongSettingError, OSError, ValueError) as error:
            return Reached(exchange.failed(error).why)


async def _unwelcome(client: aiosmtplib.SMTP, sender: str, recipients: Sequence[str]) -> tuple[Unwelcome, ...]:
    """Begin a message and take it back (RSET, RFC 5321 section 4.1.1.5); return who was refused."""
    try:
        await client.mail(sender)
    except aiosmtplib.SMTPSenderRefused as error:
        return (_refused(sender, error),)
    refused = []
    for address in recipients:
        try:
            await client.rcpt(address)
        except aiosmtplib.SMTPRecipientRefused as error:
            refused.append(_refused(address, error))
    with suppress(aiosmtplib.SMTPException):
        await client.rset()
    return tuple(refused)


def _refused(address: str, error: aiosmtplib.SMTPResponseException) -> Unwelcome:
    reply = ServerReply.of(error)
    is_sender = isinstance(error, aiosmtplib.SMTPSenderRefused)
    told = f"{reply.codes} {reply.words}".rstrip()
    return Unwelcome(address, is_sender=is_sender, reply=told, for_good=error.code >= _PERMANENT)


async def _whole(raw: bytes) -> AsyncIterator[bytes]:
    yield raw


async def _hand_over(
    client: aiosmtplib.SMTP, mail_from: str, recipients: Sequence[str], body: AsyncIterable[bytes]
) -> list[aiosmtplib.SMTPRecipientRefused]:
    """Hand a message over piece by piece; return for whom of several recipients the server refused it.

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
    return refused


def _stuffed(piece: bytes, before: bytes) -> bytes:
    """Return a piece with the dots doubled that begin a line (RFC 5321 section 4.5.2); `before`: how the last ended."""
    return (before + piece).replace(b"\r\n.", b"\r\n..")[len(before) :]


def _of_some(unwelcome: Sequence[aiosmtplib.SMTPRecipientRefused]) -> SendResult:
    """Return what became of a message that the server took for some recipients at least, and for these it did not."""
    refused = {error.recipient: ServerReply.of(error) for error in unwelcome if error.code >= _PERMANENT}
    codes = {address: reply.codes for address, reply in refused.items()}
    delayed = {error.recipient: ServerReply.of(error) for error in unwelcome if error.code < _PERMANENT}
    if delayed:
        first = next(iter(delayed.values()))
        return SendResult(Fate.LATER, first.codes, words=first.words, refused=codes, left_to=tuple(delayed))
    return SendResult(Fate.SENT, "250", refused=codes)


@dataclass(frozen=True, slots=True)
class ServerReply:
    """What a mail server answered.

    Attributes:
        code: as RFC 5321 has it: 550.
        enhanced: as RFC 3463 has it: "5.1.1"; empty where the server gives none, or one that contradicts its code.
        words: the rest, fit to be shown (`shown_words`).
    """

    code: int
    enhanced: str
    words: str

    @classmethod
    def of(cls, error: aiosmtplib.SMTPResponseException) -> "ServerReply":
        """Return what a server answered that took something not."""
        given = _ENHANCED.match(error.message)
        enhanced = given.group(1) if given is not None and given.group(1)[0] == str(error.code)[0] else ""
        recipient = error.recipient if isinstance(error, aiosmtplib.SMTPRecipientRefused) else ""
        return cls(error.code, enhanced, shown_words(_ENHANCED.sub("", error.message), recipient))

    @property
    def codes(self) -> str:
        """Both codes: "550 5.1.1", or the one that there is."""
        return f"{self.code} {self.enhanced}".rstrip()

    def is_no_mailbox(self) -> bool:
        """Return whether it says, of a recipient, that there is no such address.

        The enhanced code says so where there is one: 550 5.7.1 is a policy, a relay denied, a suspicion of spam. A bare
        550, 551 or 553 is taken to say so, as most servers mean it, and for that agents are told; but such an address
        is not marked (`store.outbox`), since the same code without more also stands for what 5.7.1 says. An address
        that is wrongly marked gets no answer for a year; one that is wrongly not marked costs a letter that comes back.
        """
        return self.enhanced in NO_MAILBOX if self.enhanced else self.code in _NO_MAILBOX_CODES


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
            return _of_none(error.recipients)
        if isinstance(error, aiosmtplib.SMTPResponseException):
            reply = ServerReply.of(error)
            if not self.ready or isinstance(error, aiosmtplib.SMTPHeloError):
                return SendResult(Fate.DOWN, reply.codes, words=reply.words)
            return SendResult(_fate_of(error.code), reply.codes, words=reply.words)
        # The library's own words, not the server's: an extension that we need is not offered.
        own = type(error) is aiosmtplib.SMTPException
        detail = str(error).rstrip(".") if own else described(error)
        return SendResult(Fate.CUT if self.ready else Fate.DOWN, type(error).__name__, detail)


def _fate_of(code: int) -> Fate:
    """Return what a refusal means (RFC 5321 section 4.2.1)."""
    return Fate.LATER if code < _PERMANENT else Fate.REFUSED


def _of_none(refusals: Sequence[aiosmtplib.SMTPRecipientRefused]) -> SendResult:
    """Return what became of a message that the server took for none of its recipients.

    Where it may take it later for some of them, it is tried again for these, as where it took it for the others.
    """
    if len(refusals) > 1 and any(error.code < _PERMANENT for error in refusals):
        return _of_some(refusals)
    replies = [ServerReply.of(error) for error in refusals]
    fate = Fate.NO_SUCH_ADDRESS if all(reply.is_no_mailbox() for reply in replies) else _fate_of(replies[0].code)
    return SendResult(fate, replies[0].codes, words=replies[0].words)


# RFC 5321 section 4.2.3: no mailbox here; not local; name not allowed.
_NO_MAILBOX_CODES: Final = frozenset({550, 551, 553})
