"""What comes in: an arrival, kept byte for byte as its channel received it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_LONG: Final = timedelta(days=1)


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
        channel: the channel's name, which is its file's name (`smtp`, `file`, …).
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
