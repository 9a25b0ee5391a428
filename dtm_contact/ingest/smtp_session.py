"""The commands of a mail session and their arguments (RFC 5321 section 4.1), as far as aiosmtpd's own do not suit."""

import re
from collections.abc import Iterable, Mapping
from typing import ClassVar, cast

from aiosmtpd.smtp import Envelope, Session, syntax

from dtm_contact import model
from dtm_contact.ingest import smtp_replies as replies
from dtm_contact.ingest.smtp_connection import MailConnection
from dtm_contact.ingest.smtp_reception import Incoming

# Controls of both sets, and halves of surrogates, which stand for octets that are no UTF-8.
_NEVER = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
_ATOM = rf"[^{_NEVER} \xa0()<>\[\]\\,;:@\"]+"
_QUOTED = rf'"(?:[^{_NEVER}"\\]|\\[ -~])*"'
_LITERAL = r"\[[0-9A-Za-z:.\-]+\]"
_NAME = rf"(?:{_ATOM}|{_QUOTED})"
_DOMAIN = rf"@(?:{_ATOM}|{_LITERAL})"
_ROUTE = rf"(?:@{_ATOM}(?:,@{_ATOM})*:)?"
_ANGLE = rf"<{_ROUTE}(?P<angle>{_NAME}(?:{_DOMAIN})?|)>"
_PATH = re.compile(rf"(?:{_ANGLE}|(?P<bare>{_NAME}{_DOMAIN}))(?:[ \t]+(?P<parameters>.*))?")
_LONGEST_SIZE = 15
_BODIES = frozenset({"7BIT", "8BITMIME"})
_OF_MAIL = frozenset({"BODY", "SIZE", "SMTPUTF8"})
_EXTENSIONS = ("250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250-ENHANCEDSTATUSCODES")


def parse_path(text: str) -> tuple[str, str] | None:
    """Take apart what follows `MAIL FROM:` or `RCPT TO:`.

    Two dots side by side, a name without a domain and an address without angle brackets are let through: people have
    such addresses, and mail servers send them. A route (`<@relay:name@domain>`) is left out, as RFC 5321 advises.

    Returns:
        The address, empty for the null path `<>`, and the parameters behind it; None if it is no address.
    """
    found = _PATH.fullmatch(text)
    if found is None:
        return None
    return found["angle"] or found["bare"] or "", found["parameters"] or ""


class RefusedArgumentError(Exception):
    """A command is refused.

    Attributes:
        reply: what the client is told.
    """

    def __init__(self, reply: str) -> None:
        """Refuse with this reply."""
        super().__init__(reply)
        self.reply = reply


def path_behind(keyword: str, argument: str | None, syntax: str, *, extended: bool) -> tuple[str, str]:
    """Take apart what stands behind the command.

    Args:
        keyword: `FROM:` or `TO:`.
        argument: all that stands behind the verb.
        syntax: the reply that tells how it is written.
        extended: parameters may follow, since the client said EHLO.

    Returns:
        The address, empty for the null path `<>`, and the parameters.

    Raises:
        RefusedError: there is no address, or it is none.
    """
    length = len(keyword)
    if argument is None or argument[:length].upper() != keyword:
        raise RefusedArgumentError(syntax)
    text = argument[length:].strip()
    if not text:
        raise RefusedArgumentError(syntax)
    path = parse_path(text)
    if path is None:
        raise RefusedArgumentError(replies.NO_ADDRESS)
    if path[1] and not extended:
        raise RefusedArgumentError(syntax)
    return path


def check_parameters_of_mail(parameters: str, size_limit: int) -> None:
    """Check the parameters of MAIL: SIZE (RFC 1870), BODY (RFC 6152) and SMTPUTF8 (RFC 6531).

    Raises:
        RefusedError: one of them is not known, not written well, or tells of too large a message.
    """
    given = _given(parameters, replies.MAIL_SYNTAX)
    if given.get("BODY", "7BIT") not in _BODIES:
        raise RefusedArgumentError(replies.NO_SUCH_BODY)
    if given.get("SMTPUTF8"):
        raise RefusedArgumentError(replies.SMTPUTF8_ALONE)
    size = given.get("SIZE", "0")
    if not (size.isascii() and size.isdigit() and len(size) <= _LONGEST_SIZE):
        raise RefusedArgumentError(replies.MAIL_SYNTAX)
    if int(size) > size_limit:
        raise RefusedArgumentError(replies.TOO_LARGE)
    _refuse_others(given, _OF_MAIL, replies.NO_SUCH_PARAMETER_OF_MAIL)


def check_parameters_of_rcpt(parameters: str) -> None:
    """Check the parameters of RCPT; none is known.

    Raises:
        RefusedError: there is one.
    """
    _refuse_others(_given(parameters, replies.RCPT_SYNTAX), (), replies.NO_SUCH_PARAMETER_OF_RCPT)


def _given(parameters: str, syntax: str) -> Mapping[str, str]:
    """Return the parameters by their names; one without a value has an empty one."""
    given = dict[str, str]()
    for parameter in parameters.upper().split():
        name, equals, value = parameter.partition("=")
        if not name.isalnum() or (equals and not value):
            raise RefusedArgumentError(syntax)
        given[name] = value
    return given


def _refuse_others(given: Mapping[str, str], known: Iterable[str], reply: str) -> None:
    if not given.keys() <= set(known):
        raise RefusedArgumentError(reply)


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
        """Begin TLS, once a session; what the client sent in the clear behind the command is dropped (RFC 3207)."""
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
