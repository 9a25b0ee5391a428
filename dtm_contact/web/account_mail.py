"""Mails to the owners of accounts: sent by the daemon at once, and kept nowhere, since their links let in."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from typing import Final

from dtm_contact.access import AccountMail
from dtm_contact.alarms import Alarms
from dtm_contact.background import cancel_and_wait
from dtm_contact.log import get_log
from dtm_contact.model import Outgoing, OutgoingKind
from dtm_contact.outbound.relay import Fate, Relay
from dtm_contact.settings import OutboundSettings

_log = get_log("desk")
_PAUSES: Final = (5.0, 15.0, 60.0, 180.0)
"""Seconds between attempts: a link is of use while somebody waits for it."""
_MOST_AT_ONCE: Final = 50
_AGAIN: Final = frozenset({Fate.LATER, Fate.DOWN, Fate.CUT})


class AccountMailer:
    """Hands mails to the server that sends for us, a few attempts each; belongs to one event loop."""

    def __init__(self, settings: OutboundSettings, alarms: Alarms, pauses: Sequence[float] = _PAUSES) -> None:
        """Take the server, who hears when it takes none, and the pauses between attempts in seconds."""
        self._settings = settings
        self._alarms = alarms
        self._pauses = pauses
        self._relay = Relay(settings)
        self._sending: set[asyncio.Task[None]] = set()

    def send(self, mails: Sequence[AccountMail]) -> None:
        """Begin to send mails; whether they arrive is not waited for."""
        for mail in mails:
            if not self._settings.host or len(self._sending) >= _MOST_AT_ONCE:
                self._failed("no server sends for us" if not self._settings.host else "too many at once")
                continue
            task = asyncio.create_task(self._send(written(mail, self._settings)), name="account mail")
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def close(self) -> None:
        """Cancel the mails that are still being sent; whoever waits for one has to request it again."""
        await cancel_and_wait(*self._sending)

    async def _send(self, outgoing: Outgoing) -> None:
        for pause in (*self._pauses, None):
            result = await self._relay.send(outgoing)
            if result.fate is Fate.SENT:
                return
            if result.fate not in _AGAIN or pause is None:
                self._failed(result.reason)
                return
            await asyncio.sleep(pause)

    def _failed(self, reason: str) -> None:
        _log.warning("a mail to the owner of an account was not sent", reason=reason)
        self._alarms.happened("account-mail", f"A mail to the owner of an account was not sent: {reason}.")


def written(mail: AccountMail, settings: OutboundSettings) -> Outgoing:
    """Return a mail as it is sent."""
    message = EmailMessage()
    message["From"] = formataddr((settings.sender_name, settings.sender))
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=settings.sender.rpartition("@")[2])
    # No robot is to answer this (RFC 3834 section 5).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    raw = message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Outgoing(OutgoingKind.NOTICE, "account", mail.to, settings.sender, message["Message-ID"].strip("<>"), raw)
