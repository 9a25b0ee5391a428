"""The directory in memory: every question about the estate and its people answered by a look-up."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TypeVar

from dtm_contact.directory.lines import column
from dtm_contact.directory.lookups import ById, Keys
from dtm_contact.directory.records import (
    Absence,
    Address,
    Assignment,
    Caretaker,
    Dwelling,
    Lease,
    Office,
    Records,
    Residence,
)

_Line = TypeVar("_Line")


def in_force(lease: Lease, on: date) -> bool:
    """Return whether a lease is in force on a day, its first and its last day included."""
    return (lease.lease_start is None or lease.lease_start <= on) and (lease.lease_end is None or on <= lease.lease_end)


def _grouped(lines: Iterable[_Line], key: Callable[[_Line], str]) -> dict[str, tuple[_Line, ...]]:
    groups: defaultdict[str, list[_Line]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return {of: tuple(group) for of, group in groups.items()}


class Directory:
    """A directory ready to be asked; it does not change.

    Attributes:
        records: the lines it was made of.
        offices, residences, addresses, dwellings, caretakers: by their id.
    """

    def __init__(self, records: Records) -> None:
        """Build the look-ups over `records`."""
        self.records = records
        self.offices: Mapping[str, Office] = {line.office_id: line for line in records.offices}
        self.residences: Mapping[str, Residence] = {line.residence_id: line for line in records.residences}
        self.addresses: Mapping[str, Address] = {line.address_id: line for line in records.addresses}
        self.dwellings = ById(records.dwellings, "dwelling_id")
        self.caretakers: Mapping[str, Caretaker] = {line.caretaker_id: line for line in records.caretakers}
        self._leases_of = Keys.of_one(column(records.leases, "tenant_id"))
        self._leases_in = Keys.of_one(column(records.leases, "dwelling_id"))
        self._entrances = _grouped(records.addresses, lambda address: address.residence_id)
        self._assignments = _grouped(records.assignments, lambda assignment: assignment.address_id)
        self._absences = _grouped(records.absences, lambda absence: absence.caretaker_id)

    @property
    def agency(self) -> Office:
        """The agency, where everything goes that no proximity office can be told for.

        Raises:
            LookupError: no office is one; `read_export` takes no such export.
        """
        for office in self.records.offices:
            if office.kind == "agency":
                return office
        raise LookupError("no office of the directory is of kind 'agency'")

    def leases_of(self, tenant_id: str) -> tuple[Lease, ...]:
        """Return the leases of a person, past and future ones too, in the order of the file."""
        leases = self.records.leases
        return tuple(leases[row] for row in self._leases_of.get(tenant_id))

    def first_lease_of(self, tenant_id: str) -> int:
        """Return the place of a person's first lease in the file, -1 where they have none."""
        return self._leases_of.first(tenant_id)

    def rows_in(self, dwelling_id: str) -> list[int]:
        """Return the places in the file of the leases on a unit, past and future ones too."""
        return self._leases_in.get(dwelling_id)

    def leases_in(self, dwelling_id: str) -> tuple[Lease, ...]:
        """Return the leases on a unit, past and future ones too, in the order of the file."""
        leases = self.records.leases
        return tuple(leases[row] for row in self.rows_in(dwelling_id))

    def entrances(self, residence_id: str) -> tuple[Address, ...]:
        """Return the entrances of a residence."""
        return self._entrances.get(residence_id, ())

    def assignments_at(self, address_id: str) -> tuple[Assignment, ...]:
        """Return who is, was and will be in charge of an entrance."""
        return self._assignments.get(address_id, ())

    def absences_of(self, caretaker_id: str) -> tuple[Absence, ...]:
        """Return when a caretaker is away, past and future absences too."""
        return self._absences.get(caretaker_id, ())

    def address_of(self, dwelling_id: str) -> Address | None:
        """Return the entrance of a unit, None where the directory does not tell."""
        dwelling = self.dwellings.get(dwelling_id)
        return None if dwelling is None else self.addresses.get(dwelling.address_id)

    def residence_of(self, dwelling_id: str) -> Residence | None:
        """Return the residence of a unit, None where the directory does not tell."""
        address = self.address_of(dwelling_id)
        return None if address is None else self.residences.get(address.residence_id)

    def office_of(self, dwelling_id: str) -> str | None:
        """Return the office that works a dwelling, None where the directory names none."""
        residence = self.residence_of(dwelling_id)
        return residence.office_id if residence else None

    def offices_of(self, tenant_id: str, on: date) -> frozenset[str | None]:
        """Return the offices that work what somebody rents on a day; of who rents nothing then, that of the last home.

        Empty for who has no lease; None stands for what no office works.
        """
        leases = self.leases_of(tenant_id)
        lived_in = {lease.dwelling_id for lease in leases if in_force(lease, on)}
        if not lived_in and (home := self.home(tenant_id, on)) is not None:
            lived_in = {home.dwelling_id}
        return frozenset(map(self.office_of, lived_in or {lease.dwelling_id for lease in leases}))

    def household(self, dwelling_id: str, on: date) -> tuple[str, ...]:
        """Return the tenant ids of the people of a dwelling or of commercial premises, by the leases in force on a day.

        A parking space is nobody's home: its household is empty.
        """
        dwelling = self.dwellings.get(dwelling_id)
        if dwelling is None or dwelling.kind == "parking":
            return ()
        return tuple(dict.fromkeys(lease.tenant_id for lease in self.leases_in(dwelling_id) if in_force(lease, on)))

    def housemates(self, tenant_id: str, on: date) -> tuple[str, ...]:
        """Return a person with all who live with them, by the leases that are in force on a day."""
        homes = [lease.dwelling_id for lease in self.leases_of(tenant_id) if in_force(lease, on)]
        return tuple(dict.fromkeys((tenant_id, *(each for home in homes for each in self.household(home, on)))))

    def of_one_household(self, people: Iterable[str]) -> bool:
        """Return whether people share, or shared, one unit; whoever the directory does not know is passed over."""
        homes = [{lease.dwelling_id for lease in self.leases_of(each)} for each in people]
        known = [each for each in homes if each]
        return not known or bool(set.intersection(*known))

    def home(self, tenant_id: str, on: date) -> Dwelling | None:
        """Return the one unit that is meant when a person says "my home", None where no unit is known.

        It is the dwelling let on that day; else the commercial premises let on that day; else the dwelling let last;
        else whatever was let last. Of several alike it is the one let last, then the first of the file.
        """
        best: Dwelling | None = None
        best_rank: tuple[int, date] | None = None
        for lease in self.leases_of(tenant_id):
            dwelling = self.dwellings.get(lease.dwelling_id)
            if dwelling is None:
                continue
            rank = _nearness(dwelling.kind, current=in_force(lease, on)), lease.lease_start or date.min
            if best_rank is None or rank > best_rank:
                best, best_rank = dwelling, rank
        return best


def _nearness(kind: str, *, current: bool) -> int:
    """Return how near to "my home" a unit is, the nearest the highest."""
    if current:
        return {"dwelling": 4, "commercial": 3}.get(kind, 0)
    return {"dwelling": 2, "commercial": 1}.get(kind, 0)
