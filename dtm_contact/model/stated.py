"""What an agent says of a contact that they write down: a caller on the line, a visitor, a letter."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from dtm_contact.model.alarm import Priority

BY_POST: Final = "letter"
"""The visit of a letter by post that an agent enters."""


@dataclass(frozen=True, slots=True)
class Stated:
    """An agent's own word on a contact; what is None they leave to the engine.

    Attributes:
        by: the agent.
        visit: how it came: `call`, `counter` or `letter`.
        tenant_id, dwelling_id, residence_id: whom and where it is about.
        topic, priority: what is asked, and how urgent.
        phone_key: the number that was given, as its key.
        due: until when the agent promised an answer, aware; None where they promised nothing.
        received: the day that it was received, which due times count from; None where that is the day it was entered.
        place: where it is, as they wrote it: where that is elsewhere, the matter is there, and not where they live.
    """

    by: str
    visit: str
    tenant_id: str | None = None
    dwelling_id: str | None = None
    residence_id: str | None = None
    topic: str | None = None
    priority: Priority | None = None
    phone_key: str | None = None
    due: datetime | None = None
    place: str = ""
    received: date | None = None

    @property
    def by_post(self) -> bool:
        """Whether it is a letter that came by post."""
        return self.visit == BY_POST
