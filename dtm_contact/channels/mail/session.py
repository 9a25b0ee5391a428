"""The commands of a mail session (RFC 5321 section 4.1), as far as aiosmtpd's own do not suit."""

from typing import ClassVar, cast

from aiosmtpd.smtp import Envelope, Session, syntax

from dtm_contact import model
from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.arguments import (
    RefusedArgumentError,
    check_parameters_of_mail,
    check_parameters_of_rcpt,
    path_behind,
)
from dtm_contact.channels.mail.connection import MailConnection
from dtm_contact.channels.mail.incoming import Incoming

_EXTENSIONS = ("250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250-ENHANCEDSTATUSCODES")


class MailSession(MailConnection):
    """A session of SMTP.

    Attributes:
        greeting: the command that comes first.
    """

    greeting: ClassVar[str] = "HELO"

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
        """Begin TLS, once; what the client slipped in behind the command is dropped."""
        if self.tls_context is None or self._tls_protocol is not None:
            await self.push(replies.NOT_OFFERED)
        elif arg:
            await super().smtp_STARTTLS(arg)
        else:
            self.shake_hands(super().smtp_STARTTLS(""))

    async def smtp_QUIT(self, arg: str | None) -> None:  # noqa: N802
        """End the session."""
        if arg:
            await self.push(replies.QUIT_ALONE)
        else:
            self.hang_up(replies.BYE)

    async def smtp_VRFY(self, _arg: str | None) -> None:  # noqa: N802
        """Tell nobody who has a mailbox here (RFC 5321 section 7.3)."""
        await self.push(replies.NOT_OFFERED)

    async def smtp_EXPN(self, _arg: str | None) -> None:  # noqa: N802
        """Tell nobody who reads a list."""
        await self.push(replies.NOT_OFFERED)

    async def smtp_AUTH(self, _arg: str | None) -> None:  # noqa: N802
        """Take no passwords: whom to hear is decided by the network."""
        await self.push(replies.NOT_OFFERED)

    @syntax("MAIL FROM: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """Begin a message with its sender: any, since whom to hear is decided by the network."""
        self.say(self._sender(arg))

    @syntax("RCPT TO: <address>", extended=" [SP <mail-parameters>]")
    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        """Add a recipient, if it is one of ours."""
        self.say(self._recipient(arg))

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take in a message; it is answered once it is durable."""
        session, envelope = self._begun
        if not session.host_name:
            self.say(self._greet_first)
        elif not envelope.rcpt_tos:
            self.say(replies.NO_RECIPIENT)
        elif arg:
            self.say(replies.NO_PARAMETER)
        else:
            self.say(replies.GO_AHEAD)
            taken = model.Envelope(envelope.mail_from or "", tuple(envelope.rcpt_tos), self.client)
            self.await_message(Incoming(taken, self._reception))

    def _sender(self, arg: str | None) -> str:
        session, envelope = self._begun
        if not session.host_name:
            return self._greet_first
        try:
            address, parameters = path_behind("FROM:", arg, replies.MAIL_SYNTAX, extended=session.extended_smtp)
            if envelope.mail_from is not None:
                return replies.NESTED
            if parameters:
                check_parameters_of_mail(parameters, self._limits.size_limit)
        except RefusedArgumentError as refused:
            return refused.reply
        envelope.mail_from = address
        return replies.SENDER_OK

    def _recipient(self, arg: str | None) -> str:
        session, envelope = self._begun
        if not session.host_name:
            return self._greet_first
        if envelope.mail_from is None:
            return replies.NO_SENDER
        try:
            address, parameters = path_behind("TO:", arg, replies.RCPT_SYNTAX, extended=session.extended_smtp)
            if parameters:
                check_parameters_of_rcpt(parameters)
        except RefusedArgumentError as refused:
            return refused.reply
        if address not in self._reception.recipients:
            return replies.NOT_OURS
        if len(envelope.rcpt_tos) >= self._limits.recipient_limit:
            return replies.TOO_MANY_RECIPIENTS
        envelope.rcpt_tos.append(address)
        return replies.RECIPIENT_OK

    @property
    def _greet_first(self) -> str:
        return f"503 5.5.1 Error: send {self.greeting} first"

    @property
    def _begun(self) -> tuple[Session, Envelope]:
        """The library's account of what was said: by whom, and of the message at hand; made anew by RSET and HELO."""
        return cast("Session", self.session), cast("Envelope", self.envelope)
