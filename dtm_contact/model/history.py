"""What the engine already knows of a party, asked through a read-only look-up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol, TypeVar

from dtm_contact.model.conversation import Alike, Conversations, KnownCase, Sent, by_numbers
from dtm_contact.model.party_history import Party, PartyHistory
from dtm_contact.model.register import KnownEntry


@dataclass(frozen=True, slots=True)
class Earlier:
    """A contact judged before, and whom it was about.

    Attributes:
        message_id: its Message-ID, without angle brackets.
        sender_address: the address it came from, lower case.
        case_number: the case it lies in.
        tenant_id, dwelling_id, residence_id: whom and where that case is about; None where unknown.
        contact_id: the store's id of it, by which a judgement refers to it; 0 where no store holds it.
    """

    message_id: str
    sender_address: str
    case_number: str
    tenant_id: str | None
    dwelling_id: str | None
    residence_id: str | None
    contact_id: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """An e-mail address or a phone number that an agent confirmed for a tenant; `value` is its key, as looked up."""

    value: str
    tenant_id: str


class History(Conversations, Protocol):
    """The questions that judging may ask; the answers used are part of the evidence."""

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier contacts that bear one of these message ids."""
        ...

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return what is confirmed for these addresses (lower case) and numbers (phone keys)."""
        ...

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return a party's open cases, whatever their age, and its contacts since then; the latest of too many."""
        ...

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return the entries of the register that are in force on a day for any of these tenants."""
        ...


class NoHistory:
    """The history where nothing came before: every answer is empty."""

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return nothing, whatever is asked."""
        del message_ids
        return ()

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return nothing, whatever is asked."""
        del addresses, numbers
        return ()

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return nothing, whatever is asked."""
        del party, since
        return PartyHistory()

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return nothing, whatever is asked."""
        del tenants, on
        return ()

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        """Return nothing, whatever is asked."""
        del numbers
        return ()

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        """Return nothing, whatever is asked."""
        del fingerprint, since
        return ()

    def sent(self, message_ids: Sequence[str]) -> Sequence[Sent]:
        """Return nothing, whatever is asked."""
        del message_ids
        return ()


@dataclass(frozen=True, slots=True)
class Recalled:
    """The history of a party since a time, as it was answered; kept judgements have it under the name `dealings`."""

    party: Party
    since: datetime
    dealings: PartyHistory


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a history answered while one arrival was judged; empty answers are left out."""

    thread: tuple[Earlier, ...] = ()
    confirmed: tuple[Confirmed, ...] = ()
    dealings: tuple[Recalled, ...] = ()
    cases: tuple[KnownCase, ...] = ()
    alike: tuple[Alike, ...] = ()
    sent: tuple[Sent, ...] = ()
    register: tuple[KnownEntry, ...] = ()


_Answer = TypeVar("_Answer")


def _each_once(answers: Sequence[_Answer]) -> tuple[_Answer, ...]:
    return tuple(dict.fromkeys(answers))


class NotedHistory:
    """Asks another history, and notes what it answered."""

    def __init__(self, history: History) -> None:
        """Take the history that answers."""
        self._history = history
        self._thread: list[Earlier] = []
        self._confirmed: list[Confirmed] = []
        self._party_history: dict[tuple[Party, datetime], PartyHistory] = {}
        self._cases: list[KnownCase] = []
        self._alike: list[Alike] = []
        self._sent: list[Sent] = []
        self._register: list[KnownEntry] = []

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return what the other history answers."""
        found = self._history.thread(message_ids)
        self._thread += found
        return found

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return what the other history answers."""
        found = self._history.confirmed(addresses, numbers)
        self._confirmed += found
        return found

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return what the other history answers; it is asked the same only once."""
        asked = party, since
        if asked not in self._party_history:
            self._party_history[asked] = self._history.party_history(party, since)
        return self._party_history[asked]

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return what the other history answers."""
        found = self._history.register(tenants, on)
        self._register += found
        return found

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        """Return what the other history answers."""
        found = self._history.cases(numbers)
        self._cases += found
        return found

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        """Return what the other history answers."""
        found = self._history.alike(fingerprint, since)
        self._alike += found
        return found

    def sent(self, message_ids: Sequence[str]) -> Sequence[Sent]:
        """Return what the other history answers."""
        found = self._history.sent(message_ids)
        self._sent += found
        return found

    def answers(self) -> Answers:
        """Return what was answered so far."""
        dealings = tuple(
            Recalled(*asked, found) for asked, found in self._party_history.items() if found != PartyHistory()
        )
        return Answers(
            thread=_each_once(self._thread),
            confirmed=_each_once(self._confirmed),
            dealings=dealings,
            cases=_each_once(self._cases),
            alike=_each_once(self._alike),
            sent=_each_once(self._sent),
            register=_each_once(self._register),
        )


class KeptHistory:
    """Answers again what was answered when something was judged, whatever has happened since."""

    def __init__(self, answers: Answers) -> None:
        """Take the answers that were kept with a judgement."""
        self._answers = answers

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier contacts of these message ids that were known then."""
        return [earlier for earlier in self._answers.thread if earlier.message_id in message_ids]

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return what was confirmed then."""
        return [fact for fact in self._answers.confirmed if fact.value in addresses or fact.value in numbers]

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return the history of a party as it was answered then; none where that was not asked."""
        for kept in self._answers.dealings:
            if (kept.party, kept.since) == (party, since):
                return kept.dealings
        return PartyHistory()

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return the entries of these tenants that were in force then."""
        del on
        return [entry for entry in self._answers.register if entry.tenant_id in tenants]

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        """Return the cases of these numbers as they were then."""
        known = by_numbers(self._answers.cases)
        return tuple(dict.fromkeys(known[number] for number in numbers if number in known))

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        """Return the contacts that said the same then: one judgement asks for its own words only."""
        del fingerprint
        return [each for each in self._answers.alike if each.at >= since]

    def sent(self, message_ids: Sequence[str]) -> Sequence[Sent]:
        """Return what was known then of what we sent under these message ids."""
        return [each for each in self._answers.sent if each.message_id in message_ids]
