"""Everything that matching looks up, built once from a directory; and who calls, by the number alone.

Callers are looked up exactly. Caller ID is a hint, never proof: anybody can send any number.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from math import log2

from dtm_contact.directory import Directory, Equipment, Lease, Residence, in_force, on_duty, on_duty_in_residence
from dtm_contact.directory.lines import column, columns
from dtm_contact.directory.lookups import Keys
from dtm_contact.matching.gazetteer import Gazetteer, numbered
from dtm_contact.matching.passages import LONGEST_ADDRESS
from dtm_contact.matching.people import People, Traders
from dtm_contact.matching.place_model import PlaceModel, shipped
from dtm_contact.matching.places import Group
from dtm_contact.matching.weights import CARETAKER_FITS, SHIPPED, Learnt
from dtm_contact.model import Candidate, Evidence, History, Likely, Match, OnDuty
from dtm_contact.settings import Settings
from dtm_contact.text import fold, glued, parse_house_number, phone_key, street_words

_REMEMBERED = 4_096


class MatchIndex:
    """The directory as matching needs it; does not change.

    Attributes:
        directory: what it was built from.
        settings: the thresholds, and which domains and numbers are the landlord's own.
        learnt: how far evidence is believed, and how probabilities are calibrated.
        place_model: tells whether a place named is the matter's, or the tenant's home.
        people, gazetteer: the people and the places, with their look-ups.
        our_numbers: keys of the landlord's own numbers.
        on_duty: who is on duty for an entrance on a day.
        caretakers: the residences of the caretakers of one surname, as entrance positions.
        offices, office: the offices (empty: none), each with a number, and that of each residence's by its number.
    """

    def __init__(self, directory: Directory, settings: Settings, learnt: Learnt, place_model: PlaceModel) -> None:
        """Use `build`."""
        records = directory.records
        self.directory = directory
        self.settings = settings
        self.learnt = learnt
        self.place_model = place_model
        self.gazetteer = Gazetteer(records)
        self.people = People(directory, self.gazetteer.entrance_by_id)
        numbers = [*settings.numbers, *(office.phone for office in records.offices)]
        self.our_numbers = frozenset(key for number in numbers if (key := phone_key(number)))
        staff = [*(office.email for office in records.offices), *(each.email for each in records.caretakers)]
        self._our_addresses = frozenset(address.strip().lower() for address in staff if address)
        self._our_domains = tuple(f"@{domain.lower()}" for domain in settings.domains)
        self._offices = {
            (street_words(line.address.lstrip("0123456789 ")), parse_house_number(line.address.split(" ")[0]))
            for line in records.offices
            if line.address
        }
        self.caretakers = _caretakers(directory, self.gazetteer)
        self.on_duty: Callable[[str, date], tuple[OnDuty, ...]]
        self.on_duty = lru_cache(maxsize=_REMEMBERED)(partial(on_duty, directory))
        residences = (directory.residences.get(each) for each in self.gazetteer.residence_ids)
        self.offices, self.office = numbered(each.office_id if each else "" for each in residences)
        self.traders = Traders(records, self.people)
        homes = Counter(columns(records.dwellings, "kind", "floor", "door"))
        self.floors = _shares((floor, many) for (kind, floor, _), many in homes.items() if kind == "dwelling")
        self.doors = _shares((door_key(door), many) for (kind, _, door), many in homes.items() if kind == "dwelling")

    @classmethod
    def build(
        cls,
        directory: Directory,
        settings: Settings,
        learnt: Learnt = SHIPPED,
        place_model: PlaceModel | None = None,
    ) -> "MatchIndex":
        """Build the index; takes half a second for 16,000 people, some three seconds for 180,000.

        Args:
            directory: the estate and its people.
            settings: thresholds, and what is the landlord's own.
            learnt: how far evidence is believed; without it, as the program was taught.
            place_model: what places named are; without it, as the program was taught.
        """
        return cls(directory, settings, learnt, place_model or shipped())

    def is_ours(self, address: str) -> bool:
        """Return whether a mail address is the landlord's own or a colleague's."""
        address = address[: LONGEST_ADDRESS + 1].strip().lower()
        return address.endswith(self._our_domains) or address in self._our_addresses

    def is_office(self, group: Group) -> bool:
        """Return whether a place named is the address of an office."""
        return any(
            (tuple(street.split()), atom.house) in self._offices
            for atom in group.of("street")
            for street in atom.values
        )

    def caretaker_bits(self, entrance: int, entrances: frozenset[int]) -> float:
        """Return what it says for an entrance that the caretaker of these entrances is named."""
        if entrance not in entrances:
            return log2(1.0 - CARETAKER_FITS)
        share = float(self.gazetteer.share[sorted(entrances)].sum())
        return log2(CARETAKER_FITS / max(share, 1e-4) + 1.0 - CARETAKER_FITS)


_DOOR_WORDS = frozenset({"porte", "pte", "appt", "apt", "appartement", "n", "no"})


def door_key(door: str) -> str:
    """Return a door as people say it: "porte 3" is 3, "B2" is b2."""
    return "".join(word for word in fold(door).replace("°", " ").split() if word not in _DOOR_WORDS)


def _shares(values: Iterable[tuple[str, int]]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for value, many in values:
        if value:
            counts[value] += many
    total = sum(counts.values()) or 1
    return {value: count / total for value, count in counts.items()}


def _caretakers(directory: Directory, gazetteer: Gazetteer) -> dict[str, frozenset[int]]:
    """Return the entrances in the charge of the caretakers of one surname."""
    found: dict[str, set[int]] = {}
    for line in directory.records.assignments:
        caretaker = directory.caretakers.get(line.caretaker_id)
        position = gazetteer.entrance_by_id.get(line.address_id)
        if caretaker is not None and position is not None:
            found.setdefault(glued(caretaker.last_name), set()).add(position)
    return {name: frozenset(entrances) for name, entrances in found.items()}


_PARKING = "parking"

# How often it is the subscriber, or one of their home, who calls from a number that the directory gives; the rest
# are visitors, numbers given on to others, and forged ones.
_KNOWN_NUMBER = 0.98
_KNOWN_PLACE = 0.98
_KNOWN_LINE = 0.99
_EVIDENCE_BITS = 13.0  # one number in 10,000 people


@dataclass(frozen=True, slots=True)
class CallerLine:
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
    def is_known(self) -> bool:
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

    def line(self, key: str, on: date, history: History) -> CallerLine:
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
        return CallerLine(key, holders, tuple(homes), self._equipment.get(key), key in self._staff)

    def match(self, line: CallerLine, on: date) -> Match:
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

    def _candidates(self, line: CallerLine, on: date) -> tuple[Candidate, ...]:
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

    def _last_homes(self, line: CallerLine, on: date) -> tuple[str, ...]:
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
