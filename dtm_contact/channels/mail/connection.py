"""A connection of a mail client: aiosmtpd's protocol, with what it lacks for bearing any client, and fast.

What is overridden, and what was measured of it, stands in `docs/decisions/mail-by-aiosmtpd.md`.
"""

import asyncio
import ssl
from functools import cache
from typing import Any, ClassVar, cast

from aiosmtpd.smtp import SMTP, TLSSetupException

from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.incoming import Incoming
from dtm_contact.channels.mail.reception import Reception
from dtm_contact.errors import CommitUnknownError
from dtm_contact.log import get_log

_COMMAND_LIMIT = 2048
_SENT_AT_ONCE = frozenset({b"220", b"221", b"354", b"421"})
_BRING_A_MESSAGE = frozenset({"MAIL", "RCPT", "DATA"})
_WAIT_FOR_NOTHING = frozenset({b"EHLO", b"HELO", b"MAIL", b"RCPT", b"RSET", b"NOOP", b"QUIT"})

_log = get_log("mail")


@cache
def _commands_of(classes: tuple[type, ...]) -> dict[str, Any]:
    names = {name for parent in classes for name in vars(parent) if name.startswith("smtp_")}
    return {name.removeprefix("smtp_"): getattr(classes[0], name) for name in names}


class MailConnection(SMTP):
    """A connection from its greeting to its end: octets in, commands obeyed one by one, replies out, limits kept.

    Attributes:
        client: the address of the client's host; empty on a unix socket.
    """

    line_length_limit = _COMMAND_LIMIT
    protocol_name: ClassVar[str] = "ESMTP"

    def __init__(self, reception: Reception, tls: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare for one connection."""
        self.client = ""
        self._reception = reception
        self._limits = reception.settings
        self._turned_away: str | None = None
        self._incoming: Incoming | None = None
        self._storing = False
        self._retiring = False
        self._unsent: list[bytes] = []
        self._unread = 0
        self._unread_lines = 0
        self._listening = False
        self._at_once = False
        self._ended = False
        self._errors = 0
        self._idle_commands = 0
        self._refused = False
        self._deadline = 0.0
        super().__init__(
            reception.policy,
            data_size_limit=self._limits.size_limit,
            enable_SMTPUTF8=True,
            hostname=self._limits.hostname,
            tls_context=tls,
            timeout=self._limits.idle_seconds,
            loop=loop,
        )
        # Those of the class: bound ones would hold each session until the garbage collector finds it.
        self._smtp_methods = _commands_of(type(self).__mro__)

    def __dir__(self) -> tuple[str, ...]:
        # aiosmtpd looks for its commands through dir() at each connection, twice; that was a fifth of a short one. They
        # are put in above.
        return ()

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
        """End; a message that is being stored is stored all the same, and whoever waits for it hears of it."""
        if self._storing:
            self._lose(error)
        else:
            super().connection_lost(error)
        self._reception.dismiss(self)

    def _lose(self, error: Exception | None) -> None:
        """End as the library does, but without cancelling the conversation."""
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        if self._original_transport is not None:
            self._original_transport.close()
        asyncio.StreamReaderProtocol.connection_lost(self, error)
        self.transport = None

    def data_received(self, data: bytes) -> None:
        """Take in octets: of a message, or of commands, which the loop of commands reads one by one."""
        if self._incoming is not None:
            data = self._feed(self._incoming, data)
        if data and not self._obeys_at_once(data):
            self._unread += len(data)
            self._unread_lines += data.count(b"\n")
            super().data_received(data)

    def _feed(self, incoming: Incoming, data: bytes) -> bytes:
        rest = incoming.feed(data)
        if incoming.arrived.done():
            self._incoming = None
        self._reset_timeout()
        return rest

    async def receive(self, incoming: Incoming) -> None:
        """Let what the client sends from now on be the message, up to its end."""
        early = await self._reader.read(self._unread) if self._unread else b""
        self._unread = self._unread_lines = 0
        self._incoming = incoming
        try:
            if early:
                self.data_received(early)
            else:
                self._reset_timeout()
            if self._ended and not incoming.arrived.done():
                raise ConnectionResetError("the client sends no more, in the middle of a message")
            await incoming.arrived
        finally:
            self._incoming = None

    def eof_received(self) -> bool | None:
        """Hear that the client sends no more: what it sent whole is still carried out and answered."""
        if self._incoming is not None:
            return False
        self._ended = True
        if self._unread_lines <= 0:
            asyncio.StreamReaderProtocol.eof_received(self)
        return self._tls_protocol is None

    def hang_up(self, reply: str) -> None:
        """Say why and close, without waiting for a client that does not read."""
        if not self._open():
            return
        self._unsent.append(replies.as_sent(reply))
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
        self._deadline = self.loop.time() + (duration or self._timeout_duration)
        if self._incoming is not None:
            self._deadline = min(self._deadline, self._incoming.deadline)
        if self._timeout_handle is None or self._timeout_handle.when() > self._deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._timeout_handle = self.loop.call_at(self._deadline, self._timeout_cb)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._deadline:
            self._set_timer()
        elif self._open() and not self._storing:
            self.hang_up(replies.TIMED_OUT)
        else:
            # It does not read what it was told last, or nobody knows what to tell it.
            self.abort()

    # The loop of commands

    async def _handle_client(self) -> None:
        """Greet, then obey line after line until one side has had enough."""
        try:
            if self._turned_away is not None:
                _log.warning("client turned away", channel=self._reception.name, reply=self._turned_away)
                self.hang_up(self._turned_away)
                return
            await self.push(f"220 {self.hostname} {self.protocol_name}")
            while self._open() and not (self._ended and self._unread_lines <= 0):
                await self._next_command()
        except (asyncio.IncompleteReadError, ConnectionError, CommitUnknownError) as ended:
            _log.debug("session broken off", channel=self._reception.name, error=type(ended).__name__)
        finally:
            # A TLS transport that is closed twice is no longer flushed.
            if self._open():
                self._writer.close()

    def _open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    async def _next_command(self) -> None:
        self._listening = True
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as overrun:
            self._listening = False
            await self._skip_line(overrun.consumed)
            await self.push(replies.LINE_TOO_LONG)
        else:
            self._listening = False
            self._unread -= len(line)
            self._unread_lines -= 1
            await self._obey(line)
        self._judge_client()

    def _obeys_at_once(self, data: bytes) -> bool:
        """Obey a command that came alone and waits for nothing, here and now; return whether it was one.

        Waking the conversation for it takes another turn of the event loop, and lets the store's thread in between.
        """
        alone = self._listening and not self._unread and data.find(b"\n") == len(data) - 1 < _COMMAND_LIMIT
        if not alone or data[:4].upper() not in _WAIT_FOR_NOTHING or not self._open() or self._is_behind():
            return False
        self._at_once = True
        try:
            self._obey(data).send(None)
        except StopIteration:
            self._judge_client()
            return True
        finally:
            self._at_once = False
        raise RuntimeError(f"{data[:4]!r} waited")

    def _is_behind(self) -> bool:
        """Tell whether the client has yet to read replies, so that we must wait for it."""
        return self._writer.transport.get_write_buffer_size() > 0

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
            await method(self, rest.strip().decode("utf-8", "surrogateescape") or None)
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
        reply = replies.as_sent(status)
        code = reply[:3]
        self._refused = self._refused or code.startswith(b"5")
        self._unsent.append(reply)
        if self._unread_lines <= 0 or code in _SENT_AT_ONCE:
            self._write()
            if not self._at_once and self._is_behind():
                await self._writer.drain()

    def _write(self) -> None:
        self._writer.write(b"".join(self._unsent))
        self._unsent.clear()
