"""A file that an agent attaches, without its octets."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that an agent attaches.

    Attributes:
        id: the store's own.
        account_id: who uploaded it.
        name, media_type, size: what it is called, what it is, and how many octets.
        sha256: of its octets; "" while it is coming in.
        state: `coming`, `unscanned` or `clean`.
        draft_id: the draft that it is of; None once it was sent.
        case_id, arrival_id: the case that it went with, or the case by hand that is still to be judged.
    """

    id: int
    account_id: int
    name: str
    media_type: str
    size: int
    sha256: str
    state: str
    draft_id: int | None = None
    case_id: int | None = None
    arrival_id: int | None = None

    @property
    def in_event(self) -> dict[str, object]:
        """What an event says of it."""
        return {"id": self.id, "name": self.name, "size": self.size}
