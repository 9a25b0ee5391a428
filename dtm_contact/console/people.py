"""People and places of the directory by what an agent types: names with slips, numbers, streets."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rapidfuzz.distance import DamerauLevenshtein

from dtm_contact.console.search import nearest, words_of
from dtm_contact.directory import Directory, in_force
from dtm_contact.text import phone_key

_MOST_FOUND = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the directory: who, where they live now or lived last, and which office works it."""

    tenant_id: str
    dwelling_id: str
    office_id: str | None


class People:
    """The look-ups over one directory."""

    def __init__(self, directory: Directory) -> None:
        """Build them."""
        self.directory = directory
        self._named: defaultdict[str, set[int]] = defaultdict(set)
        self._placed: defaultdict[str, set[str]] = defaultdict(set)
        self._phones: defaultdict[str, set[int]] = defaultdict(set)
        for row, lease in enumerate(directory.records.leases):
            for word in words_of(f"{lease.first_name} {lease.last_name} {lease.birth_name}"):
                self._named[word].add(row)
            for phone in lease.phones:
                key = phone_key(phone)
                if key:
                    self._phones[key].add(row)
        for address in directory.records.addresses:
            residence = directory.residences.get(address.residence_id)
            named = f"{residence.name} {' '.join(residence.aliases)}" if residence else ""
            for word in words_of(f"{address.house_number} {address.street} {address.commune} {named}"):
                self._placed[word].add(address.address_id)
        self._homes: defaultdict[str, list[str]] = defaultdict(list)
        for dwelling in directory.records.dwellings:
            self._homes[dwelling.address_id].append(dwelling.dwelling_id)

    def find(self, text: str, on: date) -> list[Person]:
        """Return people by a number, by the words of their name, and by name and street together."""
        key = phone_key(text)
        if key and key in self._phones:
            return self._people(self._phones[key], on, ())
        words = words_of(text)
        if not words:
            return []
        named = [self._with_slips(word) for word in words]
        whole = set.intersection(*named)
        if whole:
            return self._people(whole, on, words)
        return self._by_name_and_place(words, named, on)

    def _with_slips(self, word: str) -> set[int]:
        exact = self._named.get(word, set())
        return exact or {row for each in nearest(word, self._named) for row in self._named[each]}

    def _by_name_and_place(self, words: list[str], named: list[set[int]], on: date) -> list[Person]:
        """Some of the words are the name, the rest the place; or all are the place."""
        placed = [self._entrances(word) for word in words]
        if not any(placed):
            return []
        where = set.intersection(*(each for each in placed if each))
        who = [each for each, place in zip(named, placed, strict=True) if not place]
        if not all(who):
            return []
        dwellings = [home for entrance in sorted(where) for home in self._homes[entrance]]
        if not who:
            return [person for home in dwellings[:_MOST_FOUND] for person in self._household(home, on)][:_MOST_FOUND]
        at_home = set(dwellings)
        leases = self.directory.records.leases
        return self._people({row for row in set.intersection(*who) if leases[row].dwelling_id in at_home}, on, words)

    def _entrances(self, word: str) -> set[str]:
        exact = self._placed.get(word, set())
        return exact or {each for near in nearest(word, self._placed) for each in self._placed[near]}

    def _household(self, dwelling_id: str, on: date) -> list[Person]:
        return [self._person(tenant_id, dwelling_id) for tenant_id in self.directory.household(dwelling_id, on)]

    def _people(self, rows: set[int], on: date, words: Sequence[str]) -> list[Person]:
        """Return people, those first who live here now; of them, those whose surname is nearest."""
        leases = [self.directory.records.leases[row] for row in rows]
        leases.sort(
            key=lambda lease: (
                not in_force(lease, on), _farness(lease.last_name, words), lease.last_name, lease.first_name,
            )
        )  # fmt: skip
        found: dict[str, Person] = {}
        for lease in leases:
            home = self.directory.home(lease.tenant_id, on)
            where = home.dwelling_id if home else lease.dwelling_id
            found.setdefault(lease.tenant_id, self._person(lease.tenant_id, where))
            if len(found) == _MOST_FOUND:
                break
        return list(found.values())

    def _person(self, tenant_id: str, dwelling_id: str) -> Person:
        residence = self.directory.residence_of(dwelling_id)
        return Person(tenant_id, dwelling_id, residence.office_id if residence else None)


def _farness(name: str, words: Sequence[str]) -> int:
    folded = " ".join(words_of(name))
    return min((DamerauLevenshtein.distance(folded, word) for word in words), default=0)
