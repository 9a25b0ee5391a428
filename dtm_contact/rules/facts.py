"""What the conditions of the rules look at: all that is known of one contact when its queue is decided."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from dtm_contact.directory import Directory, Lease, Residence, in_force
from dtm_contact.hours import Calendar
from dtm_contact.model import (
    Contact,
    History,
    KnownEntry,
    Match,
    NoHistory,
    Party,
    PartyHistory,
    Understanding,
    holding_for,
)
from dtm_contact.text import deadline, fold

if TYPE_CHECKING:
    from collections.abc import Callable

RECALLED = timedelta(days=92)
"""How far back conditions can look at earlier contacts; open cases are seen whatever their age."""

Values = tuple[str, ...]


def squeeze(text: str) -> str:
    """Return a text as conditions compare it: folded, with single spaces."""
    return " ".join(fold(text).split())


def residence_names(residence: Residence) -> Values:
    """Return all that a residence may be called in a rule, as conditions compare texts."""
    names = (residence.name, *residence.aliases)
    return tuple(map(squeeze, (residence.residence_id, *names, *(f"{name} ({residence.commune})" for name in names))))


def office_of(match: Match, directory: Directory) -> str | None:
    """Return the office of the place by the directory as it is now; None where no place is known.

    That is the office of the residence. Where none is sure, it is the office that all likely places had in common when
    it was judged, unless none of the likely people lives under it any more: then the one most of them live under.
    """
    residence = directory.residences.get(match.residence.id) if match.residence else None
    if residence is not None:
        return residence.office_id
    likely: dict[str, float] = {}
    for candidate in match.candidates if match.office_id is not None and match.residence is None else ():
        home = directory.residences.get(candidate.residence_id or "")
        if home is not None:
            likely[home.office_id] = likely.get(home.office_id, 0.0) + candidate.probability
    if match.office_id in likely or not likely:
        return match.office_id
    return max(likely, key=lambda office_id: (likely[office_id], office_id))


@dataclass
class Facts:
    """One contact with what was judged of it; what several conditions ask is worked out once.

    Attributes:
        contact, match, understanding: what was read, who it is, what is asked.
        now: the time of the decision, aware.
        directory: the estate.
        calendar: the opening hours of the office of the place, or of the reception where no place is known.
        history: what is already known of the party; conditions ask by `party_history` and `neighbours`.
        failed: conditions that raised, each as "name: error type"; filled while rules are evaluated.
        tags: what rules that were evaluated before have put to it; filled likewise.
    """

    contact: Contact
    match: Match
    understanding: Understanding
    now: datetime
    directory: Directory
    calendar: Calendar
    history: History = field(default_factory=NoHistory)
    failed: list[str] = field(default_factory=list)
    tags: Values = ()
    _values: dict[str, Values] = field(default_factory=dict)

    def values_of(self, name: str, function: "Callable[[Facts], Values]") -> Values:
        """Return the values that the condition `name` sees here, calling its function the first time."""
        values = self._values.get(name)
        if values is None:
            values = self._values[name] = function(self)
        return values

    @cached_property
    def party_history(self) -> PartyHistory:
        """What the writer or caller, and their household, brought before: open cases, and contacts of `RECALLED`."""
        match, call = self.match, self.contact.call
        # What one program sends comes from everybody: its address is nobody's.
        address = "" if self.contact.automatic_signs else self.contact.sender.address.strip().lower()
        return self._recalled(
            Party(
                tenant_id=match.tenant.id if match.tenant else None,
                dwelling_id=match.dwelling.id if match.dwelling else None,
                addresses=(address,) if address else (),
                numbers=(call.key,) if call is not None and call.key is not None else (),
            )
        )

    @cached_property
    def neighbours(self) -> PartyHistory:
        """What anybody of the same residence brought before; nothing where the residence is not sure."""
        return self._recalled(Party(residence_id=self.match.residence.id if self.match.residence else None))

    @cached_property
    def registered(self) -> tuple[KnownEntry, ...]:
        """What the register says of whom it is about, or of the home where nobody in particular is named."""
        tenant_id = self.match.tenant.id if self.match.tenant else None
        today = self.now.astimezone(self.calendar.zone).date()
        if tenant_id is not None:
            people = self.directory.housemates(tenant_id, today)
        else:
            people = self.directory.household(self.match.dwelling.id, today) if self.match.dwelling else ()
            tenant_id = people[0] if len(people) == 1 else None
        return holding_for(tenant_id, self.history.register(people, today) if people else ())

    def _recalled(self, party: Party) -> PartyHistory:
        if not party:
            return PartyHistory()
        party_history = self.history.party_history(party, self.now - RECALLED)
        # Judged again later, it must not see what came after it.
        return PartyHistory(
            tuple(case for case in party_history.open if case.opened_at <= self.now),
            tuple(prior for prior in party_history.contacts if prior.at <= self.now),
        )

    @cached_property
    def residence(self) -> Residence | None:
        """The residence, where it is sure."""
        return self.directory.residences[self.match.residence.id] if self.match.residence else None

    @cached_property
    def leases(self) -> tuple[Lease, ...]:
        """The named tenant's leases: those of the named dwelling, where they have one there; in force, where one is."""
        if self.match.tenant is None:
            return ()
        leases = tuple(self.directory.leases_of(self.match.tenant.id))
        home = self.match.dwelling.id if self.match.dwelling else None
        leases = tuple(lease for lease in leases if lease.dwelling_id == home) or leases
        today = self.now.astimezone(self.calendar.zone).date()
        return tuple(lease for lease in leases if in_force(lease, today)) or leases

    @cached_property
    def subject(self) -> str:
        """The subject, folded."""
        return squeeze(self.contact.subject)

    @cached_property
    def text(self) -> str:
        """The writer's new words and the originals that they pass on, folded."""
        forwarded = (f"{original.subject} {original.text}" for original in self.contact.forwarded)
        return squeeze(" ".join((self.contact.new_text, *forwarded)))

    @cached_property
    def received(self) -> date:
        """The day that it was received: of a letter as the agent who entered it says, of all else that it came in."""
        stated = self.contact.stated
        if stated is not None and stated.received is not None:
            return stated.received
        return self.now.astimezone(self.calendar.zone).date()

    @cached_property
    def stated_day(self) -> date | None:
        """The first day to come that the text names or grants until; None where it names none."""
        return deadline(f"{self.subject} {self.text}", self.received)
