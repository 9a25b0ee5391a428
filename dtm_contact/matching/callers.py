"""Who calls, by the number alone: exact look-ups. Caller ID is a hint, never proof (anybody can send any number)."""

from dataclasses import dataclass
from datetime import date

from dtm_contact.directory import (
    Directory,
    Equipment,
    Lease,
    Residence,
    in_force,
    on_duty,
    on_duty_in_residence,
)
from dtm_contact.directory.lines import column
from dtm_contact.directory.lookups import Keys
from dtm_contact.model import Candidate, Evidence, History, Likely, Match, OnDuty
from dtm_contact.text import phone_key

_PARKING = "parking"

# How often it is the subscriber, or one of his home, who calls from a number that the directory gives for him; the rest
# are visitors, numbers given on to others, and forged ones.
_KNOWN_NUMBER = 0.98
_KNOWN_PLACE = 0.98
_KNOWN_LINE = 0.99
_EVIDENCE_BITS = 13.0  # one number in 10,000 people


@dataclass(frozen=True, slots=True)
class Line:
    """A number as the directory knows it on a day.

    Attributes:
        key: of the subscriber.
        holders: the people it stands with, those without a lease in force too; with agents' confirmations.
        homes: dwellings and commercial premises let to them on that day; a parking space is nobody's home.
        equipment: the machine that calls from it.
        staff: it is a caretaker's or an office's.
    """

    key: str
    holders: tuple[str, ...] = ()
    homes: tuple[str, ...] = ()
    equipment: Equipment | None = None
    staff: bool = False

    @property
    def known(self) -> bool:
        """Whether the directory knows it at all."""
        return bool(self.holders) or self.equipment is not None or self.staff

    @property
    def household(self) -> str | None:
        """The one dwelling that it tells, or None."""
        return self.homes[0] if len(self.homes) == 1 and self.equipment is None else None


class CallerIndex:
    """The numbers of a directory by the key of their subscriber."""

    def __init__(self, directory: Directory) -> None:
        """Read all numbers of the directory."""
        self._directory = directory
        phones = enumerate(column(directory.records.leases, "phones"))
        self._holders = Keys((key, row) for row, numbers in phones for number in numbers if (key := phone_key(number)))
        staff = [
            *(caretaker.phone for caretaker in directory.records.caretakers),
            *(office.phone for office in directory.records.offices),
        ]
        self._staff = frozenset(filter(None, map(phone_key, staff)))
        self._equipment = {key: line for line in directory.records.equipment if (key := phone_key(line.number))}

    def line(self, key: str, on: date, history: History) -> Line:
        """Return what is known of a number on a day: by the directory, and by what agents confirmed."""
        confirmed = (found.tenant_id for found in history.confirmed((), (key,)))
        known = (self._directory.records.leases[row].tenant_id for row in self._holders.get(key))
        holders = tuple(dict.fromkeys((*known, *confirmed)))
        homes = dict.fromkeys(
            lease.dwelling_id
            for holder in holders
            for lease in self._directory.leases_of(holder)
            if in_force(lease, on) and self._is_home(lease)
        )
        return Line(key, holders, tuple(homes), self._equipment.get(key), key in self._staff)

    def match(self, line: Line, on: date) -> Match:
        """Return who it is: a number held by one person names the tenant, one of a household the dwelling.

        A number of people of two dwellings names neither; the residence or the office that they have in common counts.
        """
        if line.equipment is not None:
            return self._machine(line.equipment, on)
        if not line.holders:
            return Match()
        places = line.homes or self._last_homes(line, on)
        residence = self._residence_in_common(places)
        return Match(
            candidates=self._candidates(line, on),
            tenant=Likely(line.holders[0], _KNOWN_NUMBER) if len(line.holders) == 1 else None,
            dwelling=Likely(places[0], _KNOWN_PLACE) if len(places) == 1 else None,
            residence=Likely(residence.residence_id, _KNOWN_PLACE) if residence else None,
            office_id=residence.office_id if residence else self._office_in_common(places),
            place_evidence=(_evidence(line.key, "a number of the people there"),),
            caretakers=self._caretakers(places, residence, on),
        )

    def _machine(self, equipment: Equipment, on: date) -> Match:
        address = self._directory.addresses[equipment.address_id]
        residence = self._directory.residences[address.residence_id]
        return Match(
            residence=Likely(residence.residence_id, _KNOWN_LINE),
            office_id=residence.office_id,
            place_evidence=(_evidence(equipment.number, f"the line of a machine there: {equipment.kind}"),),
            caretakers=on_duty(self._directory, address.address_id, on),
            equipment=equipment.kind,
        )

    def _candidates(self, line: Line, on: date) -> tuple[Candidate, ...]:
        share = _KNOWN_NUMBER / len(line.holders)
        return tuple(self._candidate(holder, share, line.key, on) for holder in line.holders)

    def _candidate(self, tenant_id: str, probability: float, key: str, on: date) -> Candidate:
        home = self._directory.home(tenant_id, on)
        residence = self._directory.residence_of(home.dwelling_id) if home else None
        return Candidate(
            tenant_id,
            home.dwelling_id if home else None,
            residence.residence_id if residence else None,
            probability,
            _EVIDENCE_BITS,
            (_evidence(key, "a number of this person"),),
        )

    def _last_homes(self, line: Line, on: date) -> tuple[str, ...]:
        """Return where the holders lived last, or what they rent besides: they have no home with us on that day."""
        homes = (self._directory.home(holder, on) for holder in line.holders)
        return tuple(dict.fromkeys(home.dwelling_id for home in homes if home is not None and home.kind != _PARKING))

    def _residence_in_common(self, places: tuple[str, ...]) -> Residence | None:
        residences = {self._directory.residence_of(place) for place in places}
        return residences.pop() if len(residences) == 1 else None

    def _office_in_common(self, places: tuple[str, ...]) -> str | None:
        residences = [self._directory.residence_of(place) for place in places]
        offices = {residence.office_id if residence else None for residence in residences}
        return offices.pop() if len(offices) == 1 else None

    def _caretakers(self, places: tuple[str, ...], residence: Residence | None, on: date) -> tuple[OnDuty, ...]:
        entrances = {address.address_id for place in places if (address := self._directory.address_of(place))}
        if len(entrances) == 1:
            return on_duty(self._directory, entrances.pop(), on)
        return on_duty_in_residence(self._directory, residence.residence_id, on) if residence else ()

    def _is_home(self, lease: Lease) -> bool:
        dwelling = self._directory.dwellings.get(lease.dwelling_id)
        return dwelling is not None and dwelling.kind != _PARKING


def _evidence(seen: str, detail: str) -> Evidence:
    return Evidence("phone.caller", _EVIDENCE_BITS, seen, None, detail)
