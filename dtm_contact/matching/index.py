"""Everything that matching looks up, built once from a directory."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache, partial
from math import log2

from dtm_contact.directory import Directory, on_duty
from dtm_contact.directory.lines import columns
from dtm_contact.matching.gazetteer import Gazetteer, numbered
from dtm_contact.matching.learned import SHIPPED, Learnt
from dtm_contact.matching.passages import LONGEST_ADDRESS
from dtm_contact.matching.people import People
from dtm_contact.matching.place_model import PlaceModel, shipped
from dtm_contact.matching.places import Group
from dtm_contact.matching.traders import Traders
from dtm_contact.matching.weights import CARETAKER_FITS
from dtm_contact.model import OnDuty
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
        """Tell whether a mail address is the landlord's own or a colleague's."""
        address = address[: LONGEST_ADDRESS + 1].strip().lower()
        return address.endswith(self._our_domains) or address in self._our_addresses

    def is_office(self, group: Group) -> bool:
        """Tell whether a place named is the address of an office."""
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
