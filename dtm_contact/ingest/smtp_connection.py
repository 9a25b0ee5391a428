"""A connection of a mail client: aiosmtpd's commands, with what it lacks for bearing any client, and fast.

What is overridden, and what was measured of it, stands in `docs/decisions/mail-by-aiosmtpd.md`.
"""

import asyncio
import ssl
from collections.abc import Coroutine
from functools import cache
from typing import Any, ClassVar, cast

from aiosmtpd.smtp import SMTP

from dtm_contact.ingest import smtp_replies as replies
from dtm_contact.ingest.smtp_reception import Incoming, Reception
from dtm_contact.log import get_log
from dtm_contact.model import Envelope

_COMMAND_LIMIT = 2048
_LINE_END = b"\n"
_BRING_A_MESSAGE = frozenset({"MAIL", "RCPT", "DATA"})

_log = get_log("mail")


@cache
def _commands_of(classes: tuple[type, ...]) -> dict[str, Any]:
    names = {name for parent in classes for name in vars(parent) if name.startswith("smtp_")}
    return {name.removeprefix("smtp_"): getattr(classes[0], name) for name in names}


class _NoHooks:
    """What aiosmtpd asks for hooks, at each connection: it finds none at once."""

    def __dir__(self) -> tuple[str, ...]:
        return ()


class MailConnection(SMTP):
    """A connection from its greeting to its end: octets in, commands obeyed one by one, replies out, limits kept.

    All of it happens as octets come in, in the call that brings them: no task, no stream and no further turn of the
    event loop lies between a command and its reply. Three things are waited for, and what ends the wait goes on from
    there: that a message is stored, that TLS has begun, and that the client reads what it was told.

    Attributes:
        client: the address of the client's host; empty on a unix socket.
    """

    protocol_name: ClassVar[str] = "ESMTP"

    def __init__(self, reception: Reception, tls: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop) -> None:
        """Prepare for one connection."""
        self.client = ""
        self._reception = reception
        self._limits = reception.settings
        self._incoming: Incoming | None = None
        self._storing: asyncio.Future[None] | None = None
        self._handshake: asyncio.Task[None] | None = None
        self._behind = False
        self._retiring = False
        self._unsent: list[bytes] = []
        self._unread = bytearray()
        self._skips_line = False
        self._ended = False
        self._errors = 0
        self._idle_commands = 0
        self._deadline = 0.0
        super().__init__(
            _NoHooks(),
            data_size_limit=self._limits.size_limit,
            enable_SMTPUTF8=True,
            hostname=self._limits.hostname,
            tls_context=tls,
            timeout=self._limits.idle_seconds,
            loop=loop,
        )
        # Neither is of use here, and both would hold each session until the garbage collector finds it: a stream's
        # call-back, and commands that are bound to the session.
        self._client_connected_cb = None
        self._smtp_methods = _commands_of(type(self).__mro__)

    def __dir__(self) -> tuple[str, ...]:
        # aiosmtpd looks for its commands through dir() at each connection, twice; that was a fifth of a short one. They
        # are put in above.
        return ()

    # The connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin anew behind TLS: nothing said before holds then (RFC 3207 section 4.2)."""
        self._unread.clear()
        self.envelope = self._create_envelope()
        self.session = self._create_session()
        self.transport = transport
        self._reset_timeout()
        if self._original_transport is None:
            self._greet(transport.get_extra_info("peername"))

    def _greet(self, peer: object) -> None:
        self.client = peer[0] if isinstance(peer, tuple) else ""
        turned_away = self._reception.admit(self)
        if turned_away is None:
            self.say(f"220 {self.hostname} {self.protocol_name}")
            self._write()
        else:
            _log.warning("client turned away", channel=self._reception.name, reply=turned_away)
            self.hang_up(turned_away)

    def connection_lost(self, error: Exception | None) -> None:
        """End; a message that is being stored is stored all the same, and whoever waits for it hears of it."""
        del error
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        if self._original_transport is not None:
            self._original_transport.close()
        self.transport = None
        self._unread.clear()
        self._drop_message()
        self._reception.dismiss(self)

    def _drop_message(self) -> None:
        if self._incoming is not None and self._storing is None:
            self._incoming.let_go()
            self._incoming = None

    def eof_received(self) -> bool:
        """Hear that the client sends no more: what it sent whole is still carried out and answered."""
        self._ended = True
        if self._storing is None and self._incoming is not None:
            _log.debug("session broken off", channel=self._reception.name)
            return False
        self._go_on()
        return self._tls_protocol is None

    def hang_up(self, reply: str) -> None:
        """Say why and close, without waiting for a client that does not read."""
        if not self._open():
            return
        self.say(reply)
        self._write()
        self._close()

    def _close(self) -> None:
        # A TLS transport that is closed twice is no longer flushed.
        if not self._open():
            return
        transport = self._writing_to
        transport.close()
        if transport.get_write_buffer_size():
            self.loop.call_later(self._limits.stop_seconds, self.abort)

    def abort(self) -> None:
        """Break the connection off."""
        transport = self._original_transport or self.transport
        if transport is not None:
            cast("asyncio.WriteTransport", transport).abort()

    def retire(self) -> "asyncio.Future[None] | None":
        """End the session, but let a message that is being stored be answered first; return what that waits for."""
        if self._storing is not None:
            self._retiring = True
        else:
            self.hang_up(replies.STOPPING)
        return self._storing

    def _open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    @property
    def _writing_to(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self.transport)

    # The time limit

    def _reset_timeout(self, duration: float | None = None) -> None:
        """Move the time limit; the timer itself is left alone as long as it does not come too late."""
        self._deadline = self.loop.time() + (duration or self._limits.idle_seconds)
        if self._incoming is not None and not self._incoming.complete:
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
        elif self._open() and self._storing is None:
            self.hang_up(replies.TIMED_OUT)
        else:
            # It does not read what it was told last, or nobody knows what to tell it.
            self.abort()

    # What the client sends

    def data_received(self, data: bytes) -> None:
        """Take in octets: of a message, or of commands."""
        if not self._open():
            return
        if self._waits():
            # No more than what was read in one go lies here; the rest waits with the client.
            self._unread += data
            self._writing_to.pause_reading()
        elif self._unread or self._skips_line:
            self._unread += data
            self._go_on()
        else:
            self._take(data)
            self._go_on()

    def _waits(self) -> bool:
        """Return whether nothing may be obeyed now."""
        return self._storing is not None or self._handshake is not None or self._behind

    def _take(self, data: bytes) -> None:
        """Take in octets before which none are left: of a message, or a command that came alone, as most do."""
        if self._incoming is not None:
            self._feed(self._incoming, data)
        elif data.find(_LINE_END) == len(data) - 1 < _COMMAND_LIMIT:
            self._obey(data)
        else:
            self._unread += data

    def _feed(self, incoming: Incoming, data: bytes) -> None:
        self._unread += incoming.feed(data)
        self._reset_timeout()
        if incoming.complete:
            self._message_came(incoming)

    def _go_on(self) -> None:
        """Obey what is there and may be obeyed; then send the replies together (RFC 2920 section 3.2)."""
        while self._unread and self._open() and not self._waits():
            if self._incoming is not None:
                data = bytes(self._unread)
                self._unread.clear()
                self._feed(self._incoming, data)
            elif not self._next_line():
                break
        self._write()
        if self._ended and not self._waits():
            self._close()

    def _next_line(self) -> bool:
        """Obey the next line; return whether there was a whole one."""
        length = self._unread.find(_LINE_END) + 1
        if length == 0:
            if len(self._unread) > _COMMAND_LIMIT:
                self._skips_line = True
                self._unread.clear()
            return False
        line = bytes(self._unread[:length])
        del self._unread[:length]
        if self._skips_line or length > _COMMAND_LIMIT + 1:
            self._skips_line = False
            self.say(replies.LINE_TOO_LONG)
            self._judge_client()
        else:
            self._obey(line)
        return True

    def _resume(self) -> None:
        """Go on when what was waited for has come."""
        if not self._open() or self._waits():
            return
        self._go_on()
        if self._open() and not self._waits():
            self._writing_to.resume_reading()

    def pause_writing(self) -> None:
        """Hear that the client does not read what it is told."""
        self._behind = True

    def resume_writing(self) -> None:
        """Hear that it reads again."""
        self._behind = False
        self._resume()

    def _obey(self, line: bytes) -> None:
        verb, _, rest = line.rstrip(b"\r\n").partition(b" ")
        command = verb.decode("ascii", "replace").upper()
        method = self._smtp_methods.get(command)
        if method is None:
            self.say(replies.NO_SUCH_COMMAND if verb else replies.BAD_SYNTAX)
        else:
            self._reset_timeout()
            self._idle_commands += command not in _BRING_A_MESSAGE
            self._carry_out(method(self, rest.strip().decode("utf-8", "surrogateescape") or None))
        self._judge_client()

    def _carry_out(self, command: Coroutine[Any, Any, None]) -> None:
        """Carry a command out to its end: aiosmtpd's are coroutines, but wait for nothing except its own `push`."""
        try:
            command.send(None)
        except StopIteration:
            return
        except Exception as error:  # noqa: BLE001 - whatever is wrong with us, the sender must try again
            _log.error("session failed", channel=self._reception.name, exc_info=error)
            self.hang_up(replies.OUR_TROUBLE)
        else:
            command.close()
            raise RuntimeError(f"{command!r} waited")

    def shake_hands(self, handshake: Coroutine[Any, Any, None]) -> None:
        """Begin TLS; nothing more is taken in as a command before it has begun."""
        self._write()
        self._unread.clear()
        self._handshake = self.loop.create_task(handshake)
        self._handshake.add_done_callback(self._shaken)

    def _shaken(self, handshake: "asyncio.Task[None]") -> None:
        self._handshake = None
        failed = handshake.cancelled() or handshake.exception() is not None
        if failed or not self._open():
            # The TLS layer does not tell the protocol above it that a connection without a finished handshake is lost;
            # one that we ended ourselves it even counts as finished.
            self.connection_lost(None)
        else:
            self._resume()

    def _judge_client(self) -> None:
        """End the session of a client that only errs, or does not come to the point."""
        if self._retiring:
            self.hang_up(replies.STOPPING)
        elif self._errors >= self._limits.error_limit:
            self.hang_up(replies.TOO_MANY_ERRORS)
        elif self._idle_commands > self._limits.idle_command_limit:
            self.hang_up(replies.TOO_MANY_COMMANDS)

    # A message

    def await_message(self, incoming: Incoming) -> None:
        """Let what the client sends from now on be the message, up to its end."""
        self._incoming = incoming
        self._reset_timeout()

    def _message_came(self, incoming: Incoming) -> None:
        try:
            outcome = incoming.store()
        except Exception as error:  # noqa: BLE001 - as of a command: it must be sent again
            _log.error("session failed", channel=self._reception.name, exc_info=error)
            outcome = replies.OUR_TROUBLE
        if isinstance(outcome, str):
            self._answer(incoming, outcome)
        else:
            self._storing = outcome
            outcome.add_done_callback(self._stored)

    def _stored(self, outcome: "asyncio.Future[None]") -> None:
        reply = self._reception.reply_to(outcome)
        incoming, self._storing = cast("Incoming", self._incoming), None
        if reply is None:
            # Nobody knows whether it is stored: neither yes nor no is said.
            incoming.let_go()
            self._close()
            return
        self._answer(incoming, reply)
        self._resume()

    def _answer(self, incoming: Incoming, reply: str) -> None:
        incoming.let_go()
        self._incoming = None
        if reply == replies.STORED:
            self._idle_commands = 0
        self.envelope = self._create_envelope()
        self.reply_to_message(incoming.envelope, reply)
        self._judge_client()

    def reply_to_message(self, envelope: Envelope, reply: str) -> None:  # noqa: ARG002 - LMTP answers each recipient
        """Reply to a message."""
        self.say(reply)

    # Replies

    async def push(self, status: Any) -> None:
        """Reply to a command that is the library's."""
        self.say(status)
        if self._handshake is not None:
            # The library goes over to TLS with its next step.
            self._write()

    def say(self, reply: str) -> None:
        """Reply; it leaves with the replies to all that came with the command."""
        sent = replies.as_sent(reply)
        self._errors += sent.startswith(b"5")
        self._unsent.append(sent)

    def _write(self) -> None:
        if self._unsent and self._open():
            self._writing_to.write(b"".join(self._unsent))
            self._unsent.clear()
