"""What a source that the admins know says in fields: a program, a platform, or an office that writes to us."""

from dataclasses import dataclass
from enum import StrEnum

from dtm_contact.model.alarm import AlarmLevel, Priority


class SourceField(StrEnum):
    """What a field of a source tells: of the person concerned, of who writes about them, or of the matter."""

    TITLE = "title"
    NAME = "name"
    FIRST_NAME = "first_name"
    LEASE = "lease"
    ADDRESS = "address"
    PLACE = "place"
    """Where in the building: a floor, a door, "hall B"."""
    PHONE = "phone"
    EMAIL = "email"
    WRITER_NAME = "writer_name"
    """Who writes about the person that the other fields name: an association's worker, a contractor's technician."""
    WRITER_EMAIL = "writer_email"
    WRITER_PHONE = "writer_phone"
    REQUEST = "request"
    """The number that the source itself gives to the matter."""
    OUR_NUMBER = "our_number"
    """The number that we gave to the matter, or that another source did, as this one quotes it."""
    EQUIPMENT = "equipment"
    """The number of a lift or of another machine."""
    TOPIC = "topic"
    """A code or a choice of a menu, which the source's block maps to one of our topics."""
    STATE = "state"
    """How far the matter is, which may change what its code means: "closed", "test", "5 of 5"."""
    TIME = "time"
    """When a voice message was left."""
    SUBJECT = "subject"
    TEXT = "text"
    """What the person wrote."""
    IGNORED = "ignored"
    """What says nothing of the matter: it ends the value above it, and is dropped."""


WRITER_FIELDS = frozenset({SourceField.WRITER_NAME, SourceField.WRITER_EMAIL, SourceField.WRITER_PHONE})
"""Fields that tell who writes about somebody else."""


def request_key(number: str, field: SourceField = SourceField.REQUEST) -> str:
    """Return what messages of one source have in common that bear a number, whatever its capitals and blanks.

    Args:
        number: as it was read.
        field: what is numbered: a request, or a machine.
    """
    return f"{field.value}:{' '.join(number.split()).lower()}"


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field as it was read."""

    field: SourceField
    value: str


@dataclass(frozen=True, slots=True)
class Sourced:
    """What a source says of a contact that it sent.

    Attributes:
        source: its identifier in `sources.yaml`.
        label: what agents call it, in French.
        partner: it is an office or an association whose people write themselves, and no program.
        is_case: what it sends is a case, however a machine's mail looks else.
        read: its fields were read; where they could not be, the message was read as any other.
        fields: what was read, in the order of the source's block; without the person's text.
        proven: the source vouches for who writes: the lease number and the name are those of their own account.
        about_other: somebody writes about the person whom the fields name, and is not that person.
        machine: the address that the message came from, lower case; empty where our own intake took it in.
        key: what its messages on one matter have in common, the number of the request or of the machine; else empty.
        numbered_by: the sources whose number of a request `OUR_NUMBER` may be, besides that of a case of ours.
        answer_at: where the source's people are answered, or one of us whom its form names, lower case; empty where
            nobody of them is.
        topic, priority: what its code says is asked; None where it says nothing of that.
        hint: the code was chosen by somebody who may not know: what the text says of the topic goes before it.
        alarm: what its code says of danger; the text may say more, never less.
        office_id: the office that works what it sends where no place is known; None where it names none.
        follow_up: by when a first answer is due, as `queues.yaml` writes times; empty: as the rules say.
    """

    source: str
    label: str
    partner: bool = False
    is_case: bool = True
    read: bool = True
    fields: tuple[FieldValue, ...] = ()
    proven: bool = False
    about_other: bool = False
    machine: str = ""
    key: str = ""
    numbered_by: tuple[str, ...] = ()
    answer_at: str = ""
    topic: str | None = None
    priority: Priority | None = None
    hint: bool = False
    alarm: AlarmLevel = AlarmLevel.NONE
    office_id: str | None = None
    follow_up: str = ""

    def value(self, field: SourceField) -> str:
        """Return what was read of a field; empty where nothing was."""
        return next((each.value for each in self.fields if each.field is field), "")
