"""The commands of a mail session (RFC 5321 section 4.1), as far as aiosmtpd's own do not suit."""

from collections.abc import Sequence
from typing import Any

from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.address import parse_path
from dtm_contact.channels.mail.connection import MailConnection
from dtm_contact.channels.mail.incoming import Incoming
from dtm_contact.model import Envelope

_NULL_PATH = "<>"
_LONGEST_SIZE = 15
_EXTENSIONS = ("250-8BITMIME", "250-SMTPUTF8", "250-PIPELINING", "250-ENHANCEDSTATUSCODES")


class MailSession(MailConnection):
    """A session of SMTP."""

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

    async def smtp_DATA(self, arg: str | None) -> None:  # noqa: N802
        """Take in a message; say so once it is durable."""
        if await self.check_helo_needed():
            return
        if self.envelope is None or not self.envelope.rcpt_tos:
            await self.push(replies.NO_RECIPIENT)
        elif arg:
            await self.push(replies.NO_PARAMETER)
        else:
            await self.push(replies.GO_AHEAD)
            self.await_message(Incoming(self._envelope, self._reception))

    @property
    def _envelope(self) -> Envelope:
        theirs = self.envelope or self._create_envelope()
        mail_from = theirs.mail_from or ""
        return Envelope("" if mail_from == _NULL_PATH else mail_from, tuple(theirs.rcpt_tos), self.client)
