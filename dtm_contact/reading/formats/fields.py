"""What comes in fields, as an object in JSON: at the desk, by an online form, from a gateway of SMS, from a scanner.

Each channel has a media type of its own. All have `text`, and where known `subject`, `name`, `address` (of e-mail),
`phone` and `place` (where they say that they live). What an agent writes down has besides what they state themselves.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from dtm_contact.errors import UnreadableArrivalError
from dtm_contact.model import Arrival, Attachment, Channel, Contact, Mailbox, Priority, Stated
from dtm_contact.reading import limits
from dtm_contact.reading.formats import FormatContext, Reader, reads
from dtm_contact.text import phone_key


def fields_type(channel: Channel) -> str:
    """Return the media type of what comes in fields by a channel."""
    return f"application/vnd.dtm-contact.{channel.value}+json"


DESK: Final = fields_type(Channel.DESK)
"""Also has `by`, `visit`, and where known `tenant`, `dwelling`, `residence`, `topic`, `priority`: the agent's word.

Of what was received earlier `received`, the day; of a letter `files`, too: those that were attached, without octets.
"""


@reads(DESK, Channel.DESK)
def read_desk(arrival: Arrival, _reading: FormatContext) -> Contact:
    """Read what an agent wrote down; their own word stands in `stated`.

    Raises:
        UnreadableArrivalError: it is not what the verb `new` makes.
    """
    return _read(arrival, Channel.DESK, _stated)


def _reader(channel: Channel) -> Reader:
    def read_fields(arrival: Arrival, _reading: FormatContext) -> Contact:
        return _read(arrival, channel, lambda _fields: None)

    return read_fields


for _channel in Channel:
    if _channel.is_written:
        reads(fields_type(_channel), _channel)(_reader(_channel))


def _read(arrival: Arrival, channel: Channel, stated_in: Callable[[dict[str, Any]], Stated | None]) -> Contact:
    try:
        fields = json.loads(arrival.raw)
        return _contact(arrival, channel, fields, stated_in(fields))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UnreadableArrivalError(f"no fields of a contact by {channel.value}") from None


def _contact(arrival: Arrival, channel: Channel, fields: dict[str, Any], stated: Stated | None) -> Contact:
    files = tuple(_attachment(each) for each in fields.get("files", [])[: limits.ATTACHMENTS]) if stated else ()
    return Contact(
        channel=channel,
        at=arrival.received_at,
        sender=Mailbox(_line(fields, "name"), _line(fields, "address")),
        subject=_line(fields, "subject"),
        new_text=str(fields["text"])[: limits.NEW_TEXT],
        signature=block(_line(fields, "place"), _line(fields, "phone")),
        attachments=files,
        stated=stated,
    )


def _attachment(file: dict[str, Any]) -> Attachment:
    return Attachment(_line(file, "name"), str(file["media_type"]), int(file["size"]), str(file["sha256"]))


def _stated(fields: dict[str, Any]) -> Stated:
    priority = fields.get("priority")
    return Stated(
        by=_line(fields, "by"),
        visit=_line(fields, "visit"),
        tenant_id=fields.get("tenant"),
        dwelling_id=fields.get("dwelling"),
        residence_id=fields.get("residence"),
        topic=fields.get("topic"),
        priority=Priority(priority) if priority else None,
        phone_key=phone_key(_line(fields, "phone")),
        due=datetime.fromisoformat(fields["due"]) if fields.get("due") else None,
        place=_line(fields, "place"),
        received=date.fromisoformat(fields["received"]) if fields.get("received") else None,
    )


def block(place: str, phone: str) -> str:
    """Return where they live and their number as people write them under a letter: matching looks for them there."""
    return "\n".join(filter(None, (place and f"Adresse : {place}", phone)))


def _line(fields: dict[str, Any], key: str) -> str:
    return " ".join(str(fields.get(key) or "").split())[: limits.DISPLAY]
