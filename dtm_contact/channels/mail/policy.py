"""What aiosmtpd asks its handler: which senders and which recipients are accepted."""

from typing import Any

from dtm_contact.channels.mail import replies
from dtm_contact.channels.mail.address import Recipients
from dtm_contact.settings import MailServer


class Policy:
    """The answers of one way in."""

    def __init__(self, settings: MailServer) -> None:
        """Answer by the settings."""
        self._recipients = Recipients(settings.recipients)
        self._recipient_limit = settings.recipient_limit

    def __dir__(self) -> tuple[str, ...]:
        # aiosmtpd looks at all that dir() names, at each connection.
        return ("handle_MAIL", "handle_RCPT")

    async def handle_MAIL(  # noqa: N802 - aiosmtpd finds its handler's methods by these names
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Accept any sender: whom to hear is decided by the network, not by what anybody can claim."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return replies.SENDER_OK

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Accept our own addresses only."""
        if address not in self._recipients:
            return replies.NOT_OURS
        if len(envelope.rcpt_tos) >= self._recipient_limit:
            return replies.TOO_MANY_RECIPIENTS
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return replies.RECIPIENT_OK
