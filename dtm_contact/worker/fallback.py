"""Where arrivals go that could not be judged: a case at the agency's reception, with what can be read of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from dtm_contact.directory import Directory
from dtm_contact.log import get_log
from dtm_contact.model import Arrival, Priority
from dtm_contact.reading import read
from dtm_contact.rules import RuleSet
from dtm_contact.store import Destination, UnreadableSummary
from dtm_contact.worker.handlers import channel_of

# A person must look at it the same day: nobody knows yet what it says.
_PRIORITY = Priority.P2
_HEAD_OCTETS = 16 * 1024


@dataclass(slots=True)
class FallbackQueue:
    """The agency's reception, where somebody reads what the engine could not.

    Attributes:
        rules: those in force.
        directory: gives the one in force; it may have to be loaded first, so off the event loop.
    """

    rules: RuleSet
    directory: Callable[[], Directory]

    def destination(self, received_at: datetime) -> Destination:
        """Return where the case lies and when its first answer is due."""
        queue = self.rules.desks.reception
        office = queue.office_id or self.directory().agency.office_id
        return Destination(queue.id, office, _PRIORITY, queue.due_at(_PRIORITY, received_at))


def readable_part(arrival: Arrival) -> UnreadableSummary:
    """Return the sender, subject and date of an arrival whose whole could not be read or judged."""
    try:
        contact = read(replace(arrival, raw=_head(arrival.raw)))
    except Exception:  # noqa: BLE001 - the case must be opened whatever the bytes are
        get_log("worker").exception("not even the head could be read")
        return UnreadableSummary(channel=channel_of(arrival.media_type))
    return UnreadableSummary(contact.sender, contact.subject, contact.at, contact.channel)


def _head(raw: bytes) -> bytes:
    """Return the header lines that stand in the first octets, without the body that made the trouble."""
    start = raw[:_HEAD_OCTETS].replace(b"\r\n", b"\n")
    return start.split(b"\n\n", 1)[0] + b"\n\n"
