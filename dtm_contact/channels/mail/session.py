"""One connection of a mail client: aiosmtpd's protocol, with what it lacks for taking in mail safely and fast.

What is overridden, and what was measured of it, stands in `docs/decisions/smtp-by-aiosmtpd.md`.
"""

import asyncio
import ssl
from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar, cast

from aiosmtpd.smtp import SMTP, TLSSetupException

from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.address import parse_path
from dtm_contact.channels.mail.body import Body, Digest, hops
from dtm_contact.channels.mail.reception import Reception, digest_of
from dtm_contact.errors import CommitUnknownError
from dtm_contact.log import get_log
from dtm_contact.model import Envelope

_NULL_PATH = "<>"
_COMMAND_LIMIT = 2048
_SENT_AT_ONCE = frozenset({"220", "221", "354", "421"})
_BRING_A_MESSAGE = frozenset({"MAIL", "RCPT", "DATA"})
_LONGEST_SIZE = 15
_EXTENSIONS = ("250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250-ENHANCEDSTATUSCODES")

_log = get_log("mail")


@cache
def _commands_of(classes: tuple[type, ...]) -> tuple[str, ...]:
    return tuple({name for parent in classes for name in vars(parent) if name.startswith("smtp_")})


class MailSession(SMTP):
    """A session of SMTP (RFC 5321)."""

    line_length_limit = _COMMAND_LIMIT
    protocol_name: ClassVar[str] = "ESMTP"

    def __init__(self, reception: Reception, tls: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare for one connection."""
        self._reception = reception
        self._limits = reception.settings
        self.client = ""
        self._turned_away: str | None = None
        self._unsent: list[str] = []
        self._unread = 0
        self._unread_lines = 0
        self._errors = 0
        self._idle_commands = 0
        self._refused = False
        self._body: Body | None = None
        self._body_refusal: str | None = None
        self._held = 0
        self._body_complete: asyncio.Future[None] | None = None
        self._body_deadline = float("inf")
        self._deadline = 0.0
        self._storing = False
        self._retiring = False
        super().__init__(
            reception.policy,
            data_size_limit=self._limits.size_limit,
            enable_SMTPUTF8=True,
            hostname=self._limits.hostname,
            tls_context=tls,
            timeout=self._limits.idle_seconds,
            loop=loop,
        )

    def __dir__(self) -> tuple[str, ...]:
        # aiosmtpd looks for its commands through dir() at each connection, twice; that was a fifth of a short one.
        return _commands_of(type(self).__mro__)

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin anew behind TLS: nothing said before holds then (RFC 3207 section 4.2)."""
        self._unread = self._unread_lines = 0
        first = self._original_transport is None
        super().connection_made(transport)
        if first:
            peer = transport.get_extra_info("peername")
            self.client = peer[0] if isinstance(peer, tuple) else ""
            self._turned_away = self._reception.admit(self)

    def connection_lost(self, error: Exception | None) -> None:
        """End; a message that is being stored is stored all the same."""
        super().connection_lost(error)
        self._hold(0)
        self._reception.dismiss(self)

    def data_received(self, data: bytes) -> None:
        """Take in octets: of a message, or of commands, which the loop of commands reads one by one."""
        if self._body is not None:
            self._feed(self._body, data)
        else:
            self._unread += len(data)
            self._unread_lines += data.count(b"\n")
            super().data_received(data)

    def eof_received(self) -> bool | None:
        """Hear that the client sends no more: what it sent whole is still carried out and answered."""
        if self._body is not None:
            return False
        asyncio.StreamReaderProtocol.eof_received(self)
        return self._tls_protocol is None

    def hang_up(self, reply: str) -> None:
        """Say why and close, without waiting for a client that does not read."""
        if not self._open():
            return
        self._unsent.append(reply)
        self._write()
        self._writer.close()
        if self._writer.transport.get_write_buffer_size():
            self.loop.call_later(self._limits.stop_seconds, self.abort)

    @property
    def conversation(self) -> "asyncio.Task[None]":
        """The task that talks to the client; it ends with the session."""
        return cast("asyncio.Task[None]", self._handler_coroutine)

    def abort(self) -> None:
        """Break the connection off."""
        transport = self._original_transport or self.transport
        if transport is not None:
            cast("asyncio.WriteTransport", transport).abort()

    def retire(self) -> None:
        """End the session, but let a message that is being stored be answered first."""
        if self._storing:
            self._retiring = True
        else:
            self.hang_up(replies.STOPPING)

    # The time limit

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Move the time limit; the timer itself is left alone as long as it does not come too late."""
        self._deadline = min(self.loop.time() + (duration or self._timeout_duration), self._body_deadline)
        if self._timeout_handle is None or self._timeout_handle.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._deadline:
            self._set_timer()
        elif self._open():
            self.hang_up(replies.TIMED_OUT)
        else:
            self.abort()

    # The loop of commands

    async def _handle_client(self) -> None:
        """Greet, then obey line after line until one side has had enough."""
        try:
            if self._turned_away is not None:
                self.hang_up(self._turned_away)
                return
            await self.push(f"220 {self.hostname} {self.protocol_name}")
            while self._open():
                await self._next_command()
        except (asyncio.IncompleteReadError, ConnectionError, CommitUnknownError) as ended:
            _log.debug("session broken off", channel=self._reception.name, error=type(ended).__name__)
        finally:
            if self._open():
                self._writer.close()

    def _open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    async def _next_command(self) -> None:
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as overrun:
            await self._skip_line(overrun.consumed)
            await self.push(replies.LINE_TOO_LONG)
        else:
            self._unread -= len(line)
            self._unread_lines -= 1
            await self._obey(line)
        self._judge_client()

    async def _skip_line(self, length: int) -> None:
        """Read on to the end of a line that is too long."""
        while True:
            self._unread -= len(await self._reader.readexactly(length))
            try:
                self._unread -= len(await self._reader.readuntil(b"\n"))
            except asyncio.LimitOverrunError as overrun:
                length = overrun.consumed
            else:
                self._unread_lines -= 1
                return

    async def _obey(self, line: bytes) -> None:
        verb, _, rest = line.rstrip(b"\r\n").partition(b" ")
        command = verb.decode("ascii", "replace").upper()
        method = self._smtp_methods.get(command)
        if method is None:
            await self.push(replies.NO_SUCH_COMMAND if verb else replies.BAD_SYNTAX)
            return
        self._reset_timeout()
        self._idle_commands += command not in _BRING_A_MESSAGE
        try:
            await method(rest.strip().decode("utf-8", "surrogateescape") or None)
        except (CommitUnknownError, ConnectionError):
            raise
        except TLSSetupException as error:
            # The TLS layer does not tell the protocol above it that a connection without a finished handshake is lost.
            self.connection_lost(error)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with us, the sender must try again
            _log.error("session failed", channel=self._reception.name, exc_info=error)
            self.hang_up(replies.OUR_TROUBLE)

    def _judge_client(self) -> None:
        """End the session of a client that only errs, or does not come to the point."""
        self._errors += self._refused
        self._refused = False
        if self._retiring:
            self.hang_up(replies.STOPPING)
        elif self._errors >= self._limits.error_limit:
            self.hang_up(replies.TOO_MANY_ERRORS)
        elif self._idle_commands > self._limits.idle_command_limit:
            self.hang_up(replies.TOO_MANY_COMMANDS)

    async def push(self, status: Any) -> None:
        """Reply; replies to commands that came together leave together (RFC 2920 section 3.2)."""
        reply = replies.with_enhanced_code(status)
        self._refused = self._refused or reply.startswith("5")
        self._unsent.append(reply)
        if self._unread_lines <= 0 or reply[:3] in _SENT_AT_ONCE:
            self._write()
            await self._writer.drain()

    def _write(self) -> None:
        self._writer.write("".join(f"{reply}\r\n" for reply in self._unsent).encode("ascii", "replace"))
        self._unsent.clear()

    # Commands

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """Take an address apart by the envelope's grammar; that of messages is slow and raises at odd ones."""
        if not arg:
            return "", ""
        path = parse_path(arg)
        if path is None:
            return None, None
        address, parameters = path
        return address or _NULL_PATH, parameters

    def _getparams(self, params: Sequence[str]) -> dict[str, Any] | None:
        found: dict[str, Any] | None = super()._getparams(params)
        size = (found or {}).get("SIZE", "0")
        if isinstance(size, str) and not (size.isascii() and size.isdigit() and len(size) <= _LONGEST_SIZE):
            return None
        return found

    async def smtp_EHLO(self, hostname: str | None) -> None:  # noqa: N802 - aiosmtpd finds commands by these names
        """Begin anew, and say which extensions are offered (RFC 5321 section 4.1.1.1)."""
        if not hostname or self.session is None:
            await self.push(replies.NO_NAME)
            return
        self.envelope = self._create_envelope()
        self.session.host_name = hostname
        self.session.extended_smtp = True
        await self.push("\r\n".join((f"250-{self.hostname}", *self._extensions(), "250 HELP")))

    def _extensions(self) -> tuple[str, ...]:
        offered = (f"250-SIZE {self._limits.size_limit}", *_EXTENSIONS)
        return offered if self.tls_context is None or self._tls_protocol else (*offered, "250-STARTTLS")

    async def smtp_STARTTLS(self, arg: str | None) -> None:  # noqa: N802
        """Begin TLS, once."""
        if self.tls_context is None or self._tls_protocol is not None:
            await self.push(replies.NOT_OFFERED)
        else:
            await super().smtp_STARTTLS(arg or "")

    async def smtp_VRFY(self, _arg: str | None) -> None:  # noqa: N802
        """Tell nobody who has a mailbox here (RFC 5321 section 7.3)."""
        await self.push(replies.NOT_OFFERED)

    async def smtp_EXPN(self, _arg: str | None) -> None:  # noqa: N802
        """Tell nobody who reads a list."""
        await self.push(replies.NOT_OFFERED)

    async def smtp_AUTH(self, _arg: str | None) -> None:  # noqa: N802
        """Take no passwords: whom to hear is decided by the network."""
        await self.push(replies.NOT_OFFERED)

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take in a message; say so once it is durable."""
        if await self.check_helo_needed():
            return
        if not self._envelope.recipients:
            await self.push(replies.NO_RECIPIENT)
        elif arg:
            await self.push(replies.NO_PARAMETER)
        else:
            await self._take_message()

    async def _take_message(self) -> None:
        envelope = self._envelope
        digest = digest_of(envelope)
        await self.push(replies.GO_AHEAD)
        try:
            body = await self._receive(digest)
            reply = self._body_refusal or await self._store(envelope, digest, body)
        finally:
            self._hold(0)
        self.envelope = self._create_envelope()
        await self.answer(envelope, reply)

    @property
    def _envelope(self) -> Envelope:
        theirs = self.envelope or self._create_envelope()
        mail_from = theirs.mail_from or ""
        return Envelope("" if mail_from == _NULL_PATH else mail_from, tuple(theirs.rcpt_tos), self.client)

    async def answer(self, envelope: Envelope, reply: str) -> None:  # noqa: ARG002 - LMTP answers each recipient
        """Reply to a message."""
        await self.push(reply)

    # The message

    async def _receive(self, digest: Digest) -> Body:
        early = await self._reader.read(self._unread) if self._unread else b""
        self._unread = self._unread_lines = 0
        body = self._body = Body(digest)
        self._body_refusal = None
        self._body_deadline = self.loop.time() + self._limits.data_seconds
        self._body_complete = self.loop.create_future()
        self._feed(body, early)
        await self._body_complete
        return body

    def _feed(self, body: Body, data: bytes) -> None:
        rest = body.feed(data)
        self._hold(body.size)
        self._refuse_excess(body)
        if body.complete and self._body_complete is not None:
            self._body = None
            self._body_deadline = float("inf")
            self._body_complete.set_result(None)
            if rest:
                self.data_received(rest)
        self._reset_timeout()

    def _hold(self, octets: int) -> None:
        self._reception.octets += octets - self._held
        self._held = octets

    def _refuse_excess(self, body: Body) -> None:
        if body.size > self._limits.size_limit:
            self._body_refusal = replies.TOO_LARGE
        elif self._reception.octets > self._limits.memory_limit:
            self._body_refusal = self._body_refusal or replies.TOO_MUCH_AT_ONCE
        if self._body_refusal is not None:
            body.drop()
            self._hold(0)

    async def _store(self, envelope: Envelope, digest: Digest, body: Body) -> str:
        content = body.content()
        if hops(content) > self._limits.hop_limit:
            return replies.LOOP
        self._storing = True
        try:
            await self._reception.store(envelope, digest, content)
        except CommitUnknownError:
            raise
        except Exception:  # noqa: BLE001 - logged where it is stored; nothing of ours may bounce a message
            return replies.OUR_TROUBLE
        finally:
            self._storing = False
        self._idle_commands = 0
        return replies.STORED
