"""The people of the directory as matching sees them, and the look-ups that find them by what identifies."""

import re
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import TypeVar

import numpy as np

from dtm_contact.directory import Directory, Dwelling, Lease, Records
from dtm_contact.directory.lookups import Groups, Keys, Numbers
from dtm_contact.matching.vocabulary import Vocabulary
from dtm_contact.normalize import glued, name_words, phone_key

Line = TypeVar("Line")

_NOT_IN_KEY = re.compile(r"[^a-z0-9]+")
_FEMALE = frozenset({"mme", "mlle", "madame", "mademoiselle"})
_MALE = frozenset({"m", "mr", "monsieur"})
_REMEMBERED = 8_192
NOWHERE = -1
"""The entrance of people without a home in the directory, and the number of a name that somebody lacks."""


def gender_of(title: str) -> str:
    """Return "f", "m" or "" for a title ("Mme", "M.")."""
    word = title.lower().strip(" .")
    return "f" if word in _FEMALE else "m" if word in _MALE else ""


def number_key(text: str) -> str:
    """Return a lease number or a unit reference as its letters and digits alone ("3900689/60" → "390068960")."""
    return _NOT_IN_KEY.sub("", text.lower())


@dataclass(frozen=True, slots=True)
class Home:
    """A dwelling that somebody has or had, and from when to when."""

    dwelling: Dwelling
    address_id: str
    residence_id: str
    start: date | None
    end: date | None

    def left(self, on: date) -> bool:
        """Tell whether the lease has ended."""
        return self.end is not None and self.end < on

    def overlaps(self, other: "Home") -> bool:
        """Tell whether two leases on one dwelling were ever in force on the same day."""
        if self.dwelling.dwelling_id != other.dwelling.dwelling_id:
            return False
        begun, ended = (
            max(self.start or date.min, other.start or date.min),
            min(self.end or date.max, other.end or date.max),
        )
        return begun <= ended


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the directory, names folded and glued.

    Attributes:
        homes: the dwellings (for a trader: the premises) in the order of their leases; parking spaces are none.
        parking: the entrances (ids) where he rents a parking space.
    """

    tenant_id: str
    surname: str
    birth: str
    first: str
    gender: str
    role: str
    label: str
    homes: tuple[Home, ...]
    parking: tuple[str, ...] = ()

    def lived_with(self, home: Home) -> bool:
        """Tell whether the person had a home together with whoever has that one."""
        return any(each.overlaps(home) for each in self.homes)

    def home(self, on: date) -> Home | None:
        """Return where the person lives on a day: the lease in force that began last, else the last one."""
        current = self.homes_on(on)
        return current[-1] if current else None

    def homes_on(self, on: date) -> Sequence[Home]:
        """Return where the person lives on a day, the lease that began last at the end; the last one if none is."""
        if len(self.homes) <= 1:
            return self.homes
        current = [home for home in self.homes if not home.left(on) and (home.start is None or home.start <= on)]
        return current or self.homes[-1:]


def _nearness(dwelling: Dwelling, lease: Lease) -> tuple[bool, date]:
    """Order homes: a trader's flat, where he has one, counts before his shop; then the lease that began last."""
    return dwelling.kind == "dwelling", lease.lease_start or date.min


class People:
    """All people, in the order of the directory, and who bears which name, address, number or lease.

    Positions in that order stand for people. What every contact asks of many people lies in arrays (name numbers,
    entrances); a whole `Person` is made when one comes into question.

    Attributes:
        tenant_ids: of each person.
        surnames, firsts: the names; birth names are among the surnames.
        surname, birth, first: for each person the number of the name in them, -1 for none.
        entrance: for each person the position of the entrance where he lives (last), -1 for none.
        by_surname, by_birth: people by the number of a name. `residents`: people by entrance.
        by_email, by_phone, by_number: people by an address, a phone key, the key of a lease or tenant number.
        units: dwellings, by their place in the records, by the key of a unit reference.
    """

    def __init__(self, directory: Directory, entrance_by_id: Mapping[str, int]) -> None:
        """Build every look-up; `entrance_by_id` gives the position of an entrance."""
        self._directory = directory
        records = directory.records
        self.tenant_ids = tuple(dict.fromkeys(lease.tenant_id for lease in records.leases))
        self._position = Keys((tenant_id, position) for position, tenant_id in enumerate(self.tenant_ids))
        rows = array("i", (self._position.get(lease.tenant_id)[0] for lease in records.leases))
        self.surnames = _vocabulary(records.leases, ("last_name", "birth_name"))
        self.firsts = _vocabulary(records.leases, ("first_name",), short_forms=True)
        self.surname, self.birth, self.first = self._names(records, rows)
        self.entrance = self._entrances(records, rows, entrance_by_id)
        self.by_surname = Groups(self.surname, len(self.surnames.names))
        self.by_birth = Groups(self.birth, len(self.surnames.names))
        self.residents = Groups(self.entrance, len(entrance_by_id))
        self.by_email = _keys(zip(rows, records.leases, strict=True), _emails)
        self.by_phone = _keys(zip(rows, records.leases, strict=True), _phones)
        self.by_number = _keys(zip(rows, records.leases, strict=True), _lease_numbers)
        self.units = _keys(enumerate(records.dwellings), _unit)
        self.person: Callable[[int], Person] = lru_cache(maxsize=_REMEMBERED)(self._person)
        """Return a person by position."""

    def __len__(self) -> int:
        return len(self.tenant_ids)

    def position(self, tenant_id: str | None) -> int | None:
        """Return the position of a person, None where the directory has none of that id."""
        found = self._position.get(tenant_id) if tenant_id else []
        return found[0] if found else None

    def living_in(self, dwelling_id: str) -> list[int]:
        """Return the people who have or had a lease on a dwelling."""
        found = (self.position(lease.tenant_id) for lease in self._directory.leases_in(dwelling_id))
        return [position for position in dict.fromkeys(found) if position is not None]

    def _person(self, position: int) -> Person:
        leases = self._directory.leases_of(self.tenant_ids[position])
        first = leases[0]
        return Person(
            tenant_id=first.tenant_id,
            surname="" if first.role == "commercial" else glued(first.last_name),
            birth=glued(first.birth_name),
            first=glued(first.first_name),
            gender=gender_of(first.title),
            role=first.role,
            label=" ".join(filter(None, (first.title, first.first_name, first.last_name))),
            homes=tuple(self._homes(leases)),
            parking=tuple(self._parking(leases)),
        )

    def _parking(self, leases: Iterable[Lease]) -> Iterator[str]:
        for lease in leases:
            dwelling = self._directory.dwellings.get(lease.dwelling_id)
            if dwelling is not None and dwelling.kind == "parking":
                yield dwelling.address_id

    def _homes(self, leases: Iterable[Lease]) -> Iterator[Home]:
        directory = self._directory
        pairs = ((lease, directory.dwellings.get(lease.dwelling_id)) for lease in leases)
        kept = [(lease, home) for lease, home in pairs if home is not None and home.kind != "parking"]
        for lease, home in sorted(kept, key=lambda pair: _nearness(pair[1], pair[0])):
            address = directory.addresses.get(home.address_id)
            residence_id = address.residence_id if address is not None else ""
            yield Home(home, home.address_id, residence_id, lease.lease_start, lease.lease_end)

    def _names(self, records: Records, rows: Sequence[int]) -> tuple[Numbers, Numbers, Numbers]:
        """Return the numbers of the surnames, birth names and first names; a shop has a trade name, no surname."""
        surname, birth, first = (np.full(len(self), NOWHERE, np.int32) for _ in range(3))
        told = lru_cache(maxsize=None)(glued)
        done = -1
        for row, lease in zip(rows, records.leases, strict=True):
            if row <= done:
                continue
            done = row
            if lease.role != "commercial":
                surname[row] = self.surnames.number.get(told(lease.last_name), NOWHERE)
            birth[row] = self.surnames.number.get(told(lease.birth_name), NOWHERE) if lease.birth_name else NOWHERE
            first[row] = self.firsts.number.get(told(lease.first_name), NOWHERE)
        return surname, birth, first

    def _entrances(self, records: Records, rows: Sequence[int], entrance_by_id: Mapping[str, int]) -> Numbers:
        found = np.full(len(self), NOWHERE, np.int32)
        several = np.bincount(np.array(rows, np.int32), minlength=len(self)) > 1
        nearest: dict[int, tuple[bool, date]] = {}
        for row, lease in zip(rows, records.leases, strict=True):
            dwelling = self._directory.dwellings.get(lease.dwelling_id)
            if dwelling is None or dwelling.kind == "parking":
                continue
            if several[row]:
                nearness = _nearness(dwelling, lease)
                if row in nearest and nearness < nearest[row]:
                    continue
                nearest[row] = nearness
            found[row] = entrance_by_id.get(dwelling.address_id, NOWHERE)
        return found


def _keys(pairs: Iterable[tuple[int, Line]], keys_of: Callable[[Line], Iterable[str]]) -> Keys:
    return Keys((key, position) for position, each in pairs for key in keys_of(each))


def _emails(lease: Lease) -> Iterable[str]:
    return (lease.email.strip().lower(),) if lease.email else ()


def _phones(lease: Lease) -> Iterable[str]:
    return (key for phone in lease.phones if (key := phone_key(phone)))


def _lease_numbers(lease: Lease) -> Iterable[str]:
    return number_key(lease.lease_id), number_key(lease.tenant_id)


def _unit(dwelling: Dwelling) -> Iterable[str]:
    known = dwelling.unit_reference and dwelling.kind != "parking"
    return (number_key(dwelling.unit_reference),) if known else ()


def _vocabulary(leases: Iterable[Lease], fields: tuple[str, ...], *, short_forms: bool = False) -> Vocabulary:
    """Return the names that stand in the fields of people's leases (traders apart), with the words of compound ones."""
    people = [lease for lease in leases if lease.role != "commercial"]
    written = Counter(chain.from_iterable((getattr(lease, field) for lease in people) for field in fields))
    counts: Counter[str] = Counter()
    parts: dict[str, set[str]] = {}
    for name, count in written.items():
        if name:
            counts[glued(name)] += count
        words = name_words(name)
        for word in words if len(words) > 1 else ():
            if len(word) > len("de"):
                parts.setdefault(word, set()).add(glued(name))
    return Vocabulary(counts, parts, short_forms=short_forms)
