"""The people of the directory as matching sees them, and the look-ups that find them by what identifies."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dtm_contact.directory.records import Dwelling, Lease, Records
from dtm_contact.matching.vocabulary import Vocabulary
from dtm_contact.normalize import glued, name_words, phone_key

_NOT_IN_KEY = re.compile(r"[^a-z0-9]+")
_FEMALE = frozenset({"mme", "mlle", "madame", "mademoiselle"})
_MALE = frozenset({"m", "mr", "monsieur"})


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


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the directory, names folded and glued.

    Attributes:
        homes: the dwellings (for a trader: the premises) in the order of their leases; parking spaces are none.
    """

    tenant_id: str
    surname: str
    birth: str
    first: str
    gender: str
    role: str
    label: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    homes: tuple[Home, ...]

    def home(self, on: date) -> Home | None:
        """Return where the person lives on a day: the lease in force that began last, else the last one."""
        if len(self.homes) <= 1:
            return self.homes[0] if self.homes else None
        current = [home for home in self.homes if not home.left(on) and (home.start is None or home.start <= on)]
        return current[-1] if current else self.homes[-1]


def _homes(leases: Iterable[Lease], records_of: dict[str, tuple[Dwelling, str]]) -> tuple[Home, ...]:
    found = []
    for lease in leases:
        dwelling, residence_id = records_of.get(lease.dwelling_id, (None, ""))
        if dwelling is not None and dwelling.kind != "parking":
            found.append(Home(dwelling, dwelling.address_id, residence_id, lease.lease_start, lease.lease_end))
    # A trader's flat, where he has one, counts before his shop: "their dwelling" is the one of kind `dwelling`.
    return tuple(sorted(found, key=lambda home: (home.dwelling.kind == "dwelling", home.start or date.min)))


def _person(leases: list[Lease], records_of: dict[str, tuple[Dwelling, str]]) -> Person:
    first = leases[0]
    trader = first.role == "commercial"
    phones = dict.fromkeys(key for lease in leases for phone in lease.phones if (key := phone_key(phone)))
    return Person(
        tenant_id=first.tenant_id,
        surname="" if trader else glued(first.last_name),
        birth=glued(first.birth_name),
        first=glued(first.first_name),
        gender=gender_of(first.title),
        role=first.role,
        label=" ".join(filter(None, (first.title, first.first_name, first.last_name))),
        emails=tuple(dict.fromkeys(lease.email.strip().lower() for lease in leases if lease.email)),
        phones=tuple(phones),
        homes=_homes(leases, records_of),
    )


class People:
    """All people, in the order of the directory, and who bears which name, address, number or lease."""

    def __init__(self, records: Records) -> None:
        """Build every look-up from the records."""
        residence_of = {address.address_id: address.residence_id for address in records.addresses}
        dwellings = {each.dwelling_id: (each, residence_of.get(each.address_id, "")) for each in records.dwellings}
        leases: dict[str, list[Lease]] = {}
        for lease in records.leases:
            leases.setdefault(lease.tenant_id, []).append(lease)
        self.all = [_person(each, dwellings) for each in leases.values()]
        self.position = {person.tenant_id: position for position, person in enumerate(self.all)}
        self.by_email = _lookup((email, person) for person in enumerate(self.all) for email in person[1].emails)
        self.by_phone = _lookup((phone, person) for person in enumerate(self.all) for phone in person[1].phones)
        self.by_surname = _lookup((person[1].surname, person) for person in enumerate(self.all) if person[1].surname)
        self.by_birth = _lookup((person[1].birth, person) for person in enumerate(self.all) if person[1].birth)
        self.by_first = _lookup((person[1].first, person) for person in enumerate(self.all) if person[1].first)
        self.by_dwelling = _lookup(
            (home.dwelling.dwelling_id, person) for person in enumerate(self.all) for home in person[1].homes
        )
        self.by_number = _numbers(records.leases, self.position)
        self.units = _units(records)
        self.surnames = _vocabulary(records.leases, "last_name", "birth_name")
        self.firsts = _vocabulary(records.leases, "first_name", short_forms=True)


def _lookup(pairs: Iterable[tuple[str, tuple[int, Person]]]) -> dict[str, list[int]]:
    table: dict[str, list[int]] = {}
    for key, (position, _person_there) in pairs:
        holders = table.setdefault(key, [])
        if not holders or holders[-1] != position:
            holders.append(position)
    return table


def _numbers(leases: Iterable[Lease], position: dict[str, int]) -> dict[str, list[int]]:
    table: dict[str, list[int]] = {}
    for lease in leases:
        for key in (number_key(lease.lease_id), number_key(lease.tenant_id)):
            holders = table.setdefault(key, [])
            if position[lease.tenant_id] not in holders:
                holders.append(position[lease.tenant_id])
    return table


def _units(records: Records) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for dwelling in records.dwellings:
        if dwelling.unit_reference and dwelling.kind != "parking":
            table.setdefault(number_key(dwelling.unit_reference), []).append(dwelling.dwelling_id)
    return table


def _vocabulary(leases: Iterable[Lease], *fields: str, short_forms: bool = False) -> Vocabulary:
    """Return the names that stand in the fields of people's leases (traders apart), with the words of compound ones."""
    written: Counter[str] = Counter()
    for lease in leases:
        if lease.role != "commercial":
            written.update(name for field in fields if (name := getattr(lease, field)))
    counts: Counter[str] = Counter()
    parts: dict[str, set[str]] = {}
    for name, count in written.items():
        counts[glued(name)] += count
        words = name_words(name)
        for word in words if len(words) > 1 else ():
            if len(word) > len("de"):
                parts.setdefault(word, set()).add(glued(name))
    return Vocabulary(counts, parts, short_forms=short_forms)
