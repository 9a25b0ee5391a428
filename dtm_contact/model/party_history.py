"""What a party has already brought to us: its open cases and its earlier contacts."""

from dataclasses import dataclass, field
from datetime import datetime

from dtm_contact.model.alarm import Priority
from dtm_contact.model.channel import Channel

MOST_RECALLED = 200
"""The most open cases, and the most contacts, in one `PartyHistory`: the latest ones."""


@dataclass(frozen=True, slots=True)
class Party:
    """Whose history is asked for: whatever concerns any one of these belongs to them.

    Attributes:
        tenant_id, dwelling_id: the person and the household, where they are known.
        residence_id: a whole residence; neighbours included, so leave it out to ask for one household.
        addresses: e-mail addresses that wrote, lower case.
        numbers: phone keys that called.
    """

    tenant_id: str | None = None
    dwelling_id: str | None = None
    residence_id: str | None = None
    addresses: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to ask by: nobody is a party of strangers."""
        return bool(self.tenant_id or self.dwelling_id or self.residence_id or any(self.addresses) or any(self.numbers))


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that somebody still has to work.

    Attributes:
        number, channel, topic, queue, priority, opened_at, owner: as of the case.
        tenant_id, dwelling_id, residence_id: whom and where it is about; None where unknown.
    """

    number: str
    channel: Channel
    topic: str | None
    queue: str
    priority: Priority
    opened_at: datetime
    owner: str | None = None
    tenant_id: str | None = None
    dwelling_id: str | None = None
    residence_id: str | None = None


@dataclass(frozen=True, slots=True)
class PriorContact:
    """An earlier message or call of a party, with what was decided of it.

    Attributes:
        at: the contact's own time.
        channel: how it came.
        case_number: the case that it lies in; None where it opened none (an answered call).
        topic: its deciding topic, or None.
        outcome: what became of the call; None for a message.
        tenant_id, dwelling_id, residence_id: whom and where it is about; None where unknown.
        contact_id: the store's id of it, by which a judgement refers to it; 0 where no store holds it.
    """

    at: datetime
    channel: Channel
    case_number: str | None = None
    topic: str | None = None
    outcome: str | None = None
    tenant_id: str | None = None
    dwelling_id: str | None = None
    residence_id: str | None = None
    contact_id: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PartyHistory:
    """The open cases and the earlier contacts of a party, each oldest first."""

    open: tuple[OpenCase, ...] = ()
    contacts: tuple[PriorContact, ...] = ()
