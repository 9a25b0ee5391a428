"""What comes in: an arrival, kept byte for byte as its channel received it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

IMPORTED: Final = "import"
"""The channel of what is taken over from a mailbox in use before: judged like any mail, it answers and calls nobody."""

TRUSTED_RECEIVERS: Final = frozenset({"http", "folder"})
"""The receivers that make one message of what they are handed, and write `X-DTM-…` into its header."""
SOURCE_HEADER: Final = "X-DTM-Source"
"""Which source handed it over, by its name in the settings."""
REQUEST_HEADER: Final = "X-DTM-Request"
"""The source's own number of the request."""
CHANNEL_HEADER: Final = "X-DTM-Channel"
"""By which channel the person made contact, as the source's settings say."""
DIGEST_HEADER: Final = "X-DTM-Digest"
"""What tells the content of a request from any other: the same number with another digest is another request."""
REQUEST_FILE: Final = "demande.json"
"""The file name of the part (`application/json`) that holds the fields of a request."""

SENT_MAIL: Final = "_sent"
"""How the name of a receiver ends that brings what agents send from their own mail program.

Nobody else can lay anything into the folder that it reads.
"""

_LONG: Final = timedelta(days=1)
_LIVE: Final = "imap"


def is_sent_mail(channel: str) -> bool:
    """Return whether a receiver brings what agents send from their own mail program."""
    return channel.endswith(SENT_MAIL)


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a message was handed over, apart from what it says of itself (RFC 5321 section 2.3.1).

    Attributes:
        mail_from: the return path; empty for the null sender of reports and automatic answers.
        recipients: the accepted recipients, as given.
        client: the address of the host that handed it over; empty where there was none.
        backlog: it lay in the mailbox before that was ever looked at: somebody may have seen to it long ago.
    """

    mail_from: str = ""
    recipients: tuple[str, ...] = ()
    client: str = ""
    backlog: bool = False

    def lay_long(self, received_at: datetime, written: datetime) -> bool:
        """Return whether it lay in the mailbox for more than a day before that was ever looked at.

        Whoever is told of danger at once could do nothing any more, and a first look may find hundreds of them.

        Args:
            received_at: when the channel had it.
            written: when it was written, by its own date; a message without one has that of its arrival.
        """
        return self.backlog and received_at - written > _LONG


@dataclass(frozen=True, slots=True)
class Arrival:
    """One thing that came in by a channel; never changed.

    Attributes:
        channel: the name of the receiver that took it in (`smtp`, `imap`, …), or where it was at rest (`file`); how the
            person made contact is `Contact.channel`, a `Channel`.
        external_id: what makes it the same arrival when it is handed over twice; unique within its channel.
        received_at: when the channel had it whole; aware.
        media_type: how to read `raw` (`message/rfc822`, …); `reading` has a reader for each.
        envelope: how it was handed over; None for a message at rest, which has only its own Return-Path.
        raw: the bytes as they came.
        in_turn: it is judged once all such arrivals that were stored before it have been, and not beside them.
    """

    channel: str
    external_id: str
    received_at: datetime
    media_type: str
    envelope: Envelope | None
    raw: bytes
    in_turn: bool = False

    @property
    def by_own_intake(self) -> bool:
        """Whether we made the message ourselves: what its header says in `X-DTM-…` is ours, in all others a forgery."""
        return self.channel in TRUSTED_RECEIVERS

    @property
    def imported(self) -> bool:
        """Whether it was taken over from a mailbox in use before."""
        return self.channel == IMPORTED

    def is_historical(self, written: datetime) -> bool:
        """Return whether it tells nobody and starts nothing by itself: somebody may have seen to it long ago.

        Args:
            written: when it was written, by its own date.
        """
        return self.imported or (self.envelope is not None and self.envelope.lay_long(self.received_at, written))

    def as_live(self) -> "Arrival":
        """Return it as if it had just come in: somebody says that what it tells is so now."""
        envelope = replace(self.envelope, backlog=False) if self.envelope is not None else None
        return replace(self, channel=_LIVE if self.imported else self.channel, envelope=envelope)
