"""What is written to our own people because a case waits."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from dtm_contact.model import Outgoing, OutgoingKind
from dtm_contact.outbound import Letter, write
from dtm_contact.settings import Settings
from dtm_contact.tokens import Tokens

_NONCE_OCTETS = 8


@dataclass(frozen=True, slots=True)
class Post:
    """Writes notices; each goes into the outbox with what it tells.

    Attributes:
        settings: our one address.
        tokens: what signs case numbers.
        wake: says that something waits to be sent.
    """

    settings: Settings
    tokens: Tokens
    wake: Callable[[], None]

    def notice(self, number: str, reason: str, to: str, told: tuple[str, str], now: datetime) -> Outgoing:
        """Return a notice about a case.

        Args:
            number: the case.
            reason: what makes it the same notice sent twice.
            to: the address.
            told: its subject and its text, without what the tenant wrote.
            now: its Date, aware.
        """
        message_id = self.tokens.message_id(number, secrets.token_hex(_NONCE_OCTETS))
        letter = Letter(
            sender_name=self.settings.outbound.sender_name,
            sender=self.settings.outbound.sender,
            to=to,
            reply_to="",
            subject=told[0],
            text=told[1],
            message_id=message_id,
            in_reply_to="",
            references=(),
            at=now,
            automatic="auto-generated",
        )
        return Outgoing(OutgoingKind.NOTICE, reason, to, self.tokens.address(number), message_id, write(letter))
