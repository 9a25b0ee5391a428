"""What the engine already knows of a party, asked through a read-only look-up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Earlier:
    """A contact judged before, and whom it was about.

    Attributes:
        message_id: its Message-ID, without angle brackets.
        sender_address: the address it came from, lower case.
        case_number: the case it lies in.
        tenant_id, dwelling_id, residence_id: whom and where that case is about; None where unknown.
    """

    message_id: str
    sender_address: str
    case_number: str
    tenant_id: str | None
    dwelling_id: str | None
    residence_id: str | None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An e-mail address or a phone number that an agent confirmed for a tenant; `value` is its key, as looked up."""

    value: str
    tenant_id: str


class History(Protocol):
    """The questions that judging may ask; the answers used are part of the evidence."""

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier contacts that bear one of these message ids."""
        ...

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return what is confirmed for these addresses (lower case) and numbers (phone keys)."""
        ...


class NoHistory:
    """The history of files at rest that nobody has judged before: every answer is empty."""

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return nothing, whatever is asked."""
        del message_ids
        return ()

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return nothing, whatever is asked."""
        del addresses, numbers
        return ()
