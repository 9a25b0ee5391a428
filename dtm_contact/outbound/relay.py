"""Handing one message to the mail server that sends for us, and what its answer means."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import aiosmtplib

from dtm_contact.errors import WrongSettingError
from dtm_contact.model import Outgoing
from dtm_contact.settings import Outbound

_PERMANENT: Final = 500


class Fate(StrEnum):
    """What became of an attempt: taken; to be tried again; no server to try; refused for good; no such address."""

    SENT = "sent"
    LATER = "later"
    DOWN = "down"
    REFUSED = "refused"
    NO_SUCH_ADDRESS = "no_such_address"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of an attempt, and by what it can be told: the server's code, or the error's class."""

    fate: Fate
    reason: str


class Relay:
    """The mail server that sends for us."""

    def __init__(self, settings: Outbound) -> None:
        """Take where it is and how it knows us."""
        self._settings = settings

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hand over one message; whatever goes wrong is an answer too.

        A server that says yes has it from then on (RFC 5321 section 6.1). Where the connection ends before its answer
        nobody can tell, so it is tried again, with the same Message-ID.
        """
        settings = self._settings
        try:
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
            async with client:
                await client.sendmail(outgoing.mail_from, [outgoing.to], outgoing.raw)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _of_code(error.recipients[0].code, of_recipient=True)
        except aiosmtplib.SMTPAuthenticationError as error:
            # Our own credentials: no message is at fault, and every one of them waits.
            return Sent(Fate.DOWN, f"credentials refused ({error.code})")
        except aiosmtplib.SMTPResponseException as error:
            return _of_code(error.code, of_recipient=False)
        except WrongSettingError:
            # Short, since agents read it in the case; where the file should be is told at the start.
            return Sent(Fate.DOWN, "DTM_OUTBOUND_PASSWORD_FILE cannot be read")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return Sent(Fate.DOWN, type(error).__name__)
        return Sent(Fate.SENT, "250")


def _of_code(code: int, *, of_recipient: bool) -> Sent:
    """Return what a refusal means (RFC 5321 section 4.2.1)."""
    if code < _PERMANENT:
        return Sent(Fate.LATER, str(code))
    return Sent(Fate.NO_SUCH_ADDRESS if of_recipient and code in _NO_MAILBOX else Fate.REFUSED, str(code))


# RFC 5321 section 4.2.3: no mailbox here; not local; name not allowed.
_NO_MAILBOX: Final = frozenset({550, 551, 553})
