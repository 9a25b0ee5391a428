"""The lines of the directory files, one type a file; the landlord's export once it has been checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Office:
    """A place where staff work: the one agency (`agency`) or a `proximity_office`."""

    office_id: str
    name: str
    kind: str
    address: str
    postcode: str
    commune: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Residence:
    """A group of buildings under one name, worked by one office."""

    residence_id: str
    name: str
    aliases: tuple[str, ...]
    commune: str
    postcode: str
    insee_code: str
    department: str
    office_id: str


@dataclass(frozen=True, slots=True)
class Address:
    """One entrance of a residence."""

    address_id: str
    residence_id: str
    house_number: str
    street: str
    postcode: str
    commune: str
    building: str
    staircase: str


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A unit that is let: a `dwelling`, a `parking` space or a `commercial` unit."""

    dwelling_id: str
    address_id: str
    kind: str
    building: str
    staircase: str
    floor: str
    door: str
    unit_reference: str


@dataclass(frozen=True, slots=True)
class Lease:
    """One person on one lease: a line of `tenants.csv`; `lease_end` is None while no end is known."""

    tenant_id: str
    lease_id: str
    dwelling_id: str
    role: str
    title: str
    last_name: str
    birth_name: str
    first_name: str
    email: str
    phones: tuple[str, ...]
    lease_start: date | None
    lease_end: date | None


@dataclass(frozen=True, slots=True)
class Caretaker:
    """A caretaker of the estate."""

    caretaker_id: str
    title: str
    last_name: str
    first_name: str
    email: str
    phone: str
    lodge: str
    office_id: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """A caretaker in charge of an entrance, from a day to a day, both included; None is open."""

    caretaker_id: str
    address_id: str
    start_date: date | None
    end_date: date | None


@dataclass(frozen=True, slots=True)
class Absence:
    """A caretaker away, from a day to a day, both included, and who stands in (empty: nobody)."""

    caretaker_id: str
    start_date: date
    end_date: date | None
    replacement_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Equipment:
    """A line that rings by itself (a lift's alarm, an intercom)."""

    number: str
    kind: str
    address_id: str


@dataclass(frozen=True, slots=True)
class Records:
    """A whole directory, in the order of its files; the lines may lie in columns (`Lines`)."""

    offices: Sequence[Office] = ()
    residences: Sequence[Residence] = ()
    addresses: Sequence[Address] = ()
    dwellings: Sequence[Dwelling] = ()
    leases: Sequence[Lease] = ()
    caretakers: Sequence[Caretaker] = ()
    assignments: Sequence[Assignment] = ()
    absences: Sequence[Absence] = ()
    equipment: Sequence[Equipment] = ()
