"""What an agent writes down at the desk: an object in JSON, made by the verb `new`."""

import json
from typing import Any, Final

from dtm_contact.errors import UnreadableArrivalError
from dtm_contact.model import Arrival, Contact, Mailbox, Priority, Stated
from dtm_contact.reading import limits
from dtm_contact.reading.formats import FormatContext, reads
from dtm_contact.text import phone_key

DESK: Final = "application/vnd.dtm-contact.desk+json"
"""The media type: `by`, `visit`, `subject`, `text`, and where known `name`, `address`, `phone`, `tenant`, `dwelling`,
`residence`, `topic`, `priority`."""

_VISITS: Final = {"call": "Appel", "counter": "Visite au guichet", "letter": "Courrier"}


@reads(DESK)
def read_desk(arrival: Arrival, _reading: FormatContext) -> Contact:
    """Read what an agent wrote down; their own word stands in `stated`.

    Raises:
        UnreadableArrivalError: it is not what `new` makes.
    """
    try:
        told = json.loads(arrival.raw)
        return _contact(arrival, told, _stated(told))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UnreadableArrivalError("no case by hand") from None


def _contact(arrival: Arrival, told: dict[str, Any], stated: Stated) -> Contact:
    return Contact(
        channel="desk",
        at=arrival.received_at,
        sender=Mailbox(_line(told, "name"), _line(told, "address")),
        subject=_line(told, "subject") or _VISITS.get(stated.visit, ""),
        new_text=str(told["text"])[: limits.NEW_TEXT],
        signature=block(_line(told, "place"), _line(told, "phone")),
        stated=stated,
    )


def _stated(told: dict[str, Any]) -> Stated:
    priority = told.get("priority")
    return Stated(
        by=_line(told, "by"),
        visit=_line(told, "visit"),
        tenant_id=told.get("tenant"),
        dwelling_id=told.get("dwelling"),
        residence_id=told.get("residence"),
        topic=told.get("topic"),
        priority=Priority(priority) if priority else None,
        phone_key=phone_key(_line(told, "phone")),
    )


def block(place: str, phone: str) -> str:
    """Return where they live and their number as people write them under a letter: matching looks for them there."""
    return "\n".join(filter(None, (place and f"Adresse : {place}", phone)))


def _line(told: dict[str, Any], key: str) -> str:
    return " ".join(str(told.get(key) or "").split())[: limits.DISPLAY]
