"""Whose data is meant: a person by the ids, addresses and numbers that are theirs, and the rows that are about them."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import DtmContactError
from dtm_contact.store.holds import legal_holds
from dtm_contact.store.schema import (
    HAS_SENDER,
    IS_OPEN,
    arrivals,
    cases,
    confirmed_contacts,
    contacts,
    outbox,
    register_entries,
)
from dtm_contact.store.system_schema import DIRECTORY_TABLES
from dtm_contact.text import fold, phone_key
from dtm_contact.wording import worded

MOST_IDS: Final = 500
CASES_AT_ONCE: Final = 10
"""Cases, and contacts of none, that one transaction erases: some milliseconds of a writer's time."""
_LEASES: Final = next(part.table for part in DIRECTORY_TABLES if part.name == "leases")
_AT_WORK: Final = ("waiting", "claimed")
_UNSETTLED: Final = ("waiting", "claimed", "parked")
_SHORTEST_NEEDLE: Final = 4
_DIGITS: Final = re.compile(r"\d{9}")
_Item = TypeVar("_Item")


class UnknownPersonError(DtmContactError):
    """Nobody is known by what was typed."""


@dataclass(frozen=True, slots=True)
class DataSubject:
    """Somebody, a tenant or not.

    Attributes:
        tenants: their ids in the directory.
        addresses: their e-mail addresses, in lower case.
        numbers: the keys of their phone numbers.
        names: what they are called, as far as it is known: to look for, never to choose rows by.
        lease_runs: a lease of theirs runs, or its end is not known.
    """

    tenants: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    lease_runs: bool = False

    @property
    def needles(self) -> tuple[str, ...]:
        """What tells of nobody else: ids, addresses, and the spellings of numbers; the longest first."""
        found = {*self.tenants, *self.addresses, *(each for key in self.numbers for each in spellings(key))}
        return tuple(
            sorted((each for each in found if len(each) >= _SHORTEST_NEEDLE), key=lambda each: (-len(each), each))
        )


@dataclass(frozen=True, slots=True)
class SubjectScope:
    """The rows that one transaction erases.

    Attributes:
        case_ids, numbers: cases that are about the person as a whole, by the store's ids and by their numbers.
        contact_ids, arrival_ids: theirs, and those of these cases.
        person: whose rows without a case belong to it; None where only those of cases are meant.
        own: all that is the person's own, what is kept included, so that only other people's rows are looked through
            for a mention.
    """

    case_ids: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    contact_ids: tuple[int, ...] = ()
    arrival_ids: tuple[int, ...] = ()
    person: DataSubject | None = None
    own: "SubjectScope | None" = None

    def parts(self) -> "Iterator[SubjectScope]":
        """Yield it in pieces that one statement takes."""
        yield from (SubjectScope(case_ids=some) for some in slices(self.case_ids))
        yield from (SubjectScope(numbers=some) for some in slices(self.numbers))
        yield from (SubjectScope(contact_ids=some) for some in slices(self.contact_ids))
        yield from (SubjectScope(arrival_ids=some) for some in slices(self.arrival_ids))
        if self.person is not None:
            yield SubjectScope(person=self.person, own=self.own)


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case that is not erased: its number, and why not: it is `open`, `held` by law, or `waiting` to be judged."""

    number: str
    why: str


@dataclass(frozen=True, slots=True)
class PersonalData:
    """All that is a person's: what can be erased in slices, and the cases that cannot."""

    scopes: tuple[SubjectScope, ...]
    kept: tuple[KeptCase, ...]

    @property
    def whole(self) -> SubjectScope:
        """All slices as one."""

        def all_of(ids: Callable[[SubjectScope], tuple[_Item, ...]]) -> tuple[_Item, ...]:
            return tuple(each for scope in self.scopes for each in ids(scope))

        of_person = next((scope for scope in self.scopes if scope.person), SubjectScope())
        return SubjectScope(
            all_of(lambda scope: scope.case_ids),
            all_of(lambda scope: scope.numbers),
            all_of(lambda scope: scope.contact_ids),
            all_of(lambda scope: scope.arrival_ids),
            of_person.person,
            of_person.own,
        )


def spellings(key: str) -> Iterator[str]:
    """Yield how the number of a key is commonly written: in one, in pairs, and with the calling code."""
    yield key
    national = _DIGITS.fullmatch(key.removeprefix("+33")) if key.startswith("+33") else None
    if national is None:
        return
    digits = f"0{national[0]}"
    pairs = [digits[at : at + 2] for at in range(0, 10, 2)]
    yield digits
    yield f"0033{national[0]}"
    yield f"33{national[0]}"
    for separator in (" ", ".", "-", "\u00a0"):
        yield separator.join(pairs)
        yield f"+33{separator}{national[0][0]}{separator}{separator.join(pairs[1:])}"


def person_named(connection: Connection, asked: str, on: date) -> DataSubject:
    """Return who is meant by a tenant's id, an e-mail address or a phone number.

    A tenant is found by any of the three, with all addresses and numbers that the directory, the register and the
    agents' confirmations have for them; what several tenants share counts for each where nothing else was judged.

    Args:
        connection: a transaction.
        asked: as it was typed.
        on: today: whose lease ends later is a tenant still.

    Raises:
        UnknownPersonError: it is none of the three, or nothing in the store is of them.
    """
    wanted = asked.strip()
    tenants = {row.tenant_id for row in _leases(connection, {wanted})}
    tenants |= _among(connection, cases.c.tenant_id, {wanted}) | _among(connection, contacts.c.tenant_id, {wanted})
    tenants |= _among(connection, confirmed_contacts.c.tenant_id, {wanted})
    tenants |= _among(connection, register_entries.c.tenant_id, {wanted})
    if tenants:
        return _tenant(connection, tenants, on)
    key = phone_key(wanted)
    address = wanted.lower()
    if key is None and "@" not in address:
        told = worded("{wanted} is no tenant's id, no e-mail address and no phone number", wanted=f"{wanted!r}")
        raise UnknownPersonError(told)
    confirmed = sa.select(confirmed_contacts.c.tenant_id).where(confirmed_contacts.c.value.in_((address, key or "")))
    owners = set(connection.execute(confirmed).scalars())
    for row in connection.execute(sa.select(_LEASES.c.tenant_id, _LEASES.c.email, _LEASES.c.phones)):
        if (key is None and row.email.lower() == address) or (key and key in map(phone_key, row.phones)):
            owners.add(row.tenant_id)
    if len(owners) > 1:
        raise UnknownPersonError(
            worded(
                "{count} tenants share {wanted}: name one of them by their id ({ids})",
                count=len(owners),
                wanted=f"{wanted!r}",
                ids=", ".join(sorted(owners)),
            )
        )
    if owners:
        return _tenant(connection, owners, on)
    if key is not None:
        return DataSubject(numbers=frozenset({key}))
    person = DataSubject(addresses=frozenset({address}))
    return replace(person, names=_sender_names(connection, person))


def _tenant(connection: Connection, tenants: Collection[str], on: date) -> DataSubject:
    leases = _leases(connection, tenants)
    addresses = {row.email.lower() for row in leases if row.email}
    numbers = {key for row in leases for each in row.phones if (key := phone_key(each))}
    names = {f"{row.first_name} {row.last_name}".strip() for row in leases} | {row.last_name for row in leases}
    known = sa.select(confirmed_contacts.c.kind, confirmed_contacts.c.value)
    for kind, value in connection.execute(known.where(confirmed_contacts.c.tenant_id.in_(tuple(tenants)))):
        (addresses if kind == "address" else numbers).add(value)
    person = DataSubject(
        frozenset(tenants),
        frozenset(addresses),
        frozenset(numbers),
        frozenset(filter(None, names)),
        any(row.lease_end is None or row.lease_end >= on for row in leases),
    )
    return replace(person, names=person.names | _sender_names(connection, person))


def _sender_names(connection: Connection, person: DataSubject) -> frozenset[str]:
    query = sa.select(contacts.c.sender_name).where(HAS_SENDER, contacts.c.sender_address.in_(tuple(person.addresses)))
    return frozenset(filter(None, connection.execute(query.distinct()).scalars()))


def _leases(connection: Connection, tenants: Collection[str]) -> Sequence[Any]:
    return connection.execute(sa.select(_LEASES).where(_LEASES.c.tenant_id.in_(tuple(tenants)))).all()


def _among(connection: Connection, column: sa.Column[Any], values: Collection[str]) -> set[str]:
    return set(connection.execute(sa.select(column).where(column.in_(tuple(values))).limit(1)).scalars())


def named_in(text: str, person: DataSubject) -> bool:
    """Return whether a text holds one of a person's names, however it is written."""
    folded = fold(text)
    return any(fold(name) in folded for name in person.names)


def slices(values: Iterable[_Item], size: int = MOST_IDS) -> Iterator[tuple[_Item, ...]]:
    """Yield values in pieces that one statement takes."""
    whole = tuple(values)
    return (whole[start : start + size] for start in range(0, len(whole), size))


def _none_forced(number: str) -> bool:
    del number
    return False


def rows_of(
    connection: Connection,
    person: DataSubject,
    forced: Callable[[str], bool] = _none_forced,
    *,
    to_read: bool = False,
) -> PersonalData:
    """Return all cases, contacts and arrivals of a person, in slices of a transaction each.

    A case is theirs as a whole where it is about them, or about nobody known while all that lies in it is theirs. Of
    other cases their own contacts alone are. What is open, held or still at work is kept.

    Args:
        connection: a transaction.
        person: whose.
        forced: whether a case, by its number, is erased even while it is open: it was already, after a backup.
        to_read: it is only to be read, so that nothing is kept out.
    """
    mine = set(connection.execute(sa.select(contacts.c.id).where(_is_of(person))).scalars())
    whole = _whole_cases(connection, person, mine)
    at_stake = () if to_read else _case_ids(connection, mine) | whole.keys()
    kept = dict(_kept(connection, at_stake, forced))
    scopes: list[SubjectScope] = []
    numbers: list[str] = []
    covered: set[int] = set()
    for ids in slices(sorted(whole.keys() - kept.keys()), CASES_AT_ONCE):
        scope = of_cases(connection, {each: whole[each] for each in ids}, person)
        covered.update(scope.contact_ids)
        numbers += scope.numbers
        # What goes by the numbers goes with the person, once for all.
        scopes.append(replace(scope, numbers=()))
    for some in slices(sorted(mine - covered), CASES_AT_ONCE * 5):
        rows = connection.execute(
            sa.select(contacts.c.id, contacts.c.arrival_id, contacts.c.case_id, arrivals.c.state)
            .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
            .where(contacts.c.id.in_(some))
        ).all()
        free = [row for row in rows if to_read or (row.case_id not in kept and row.state not in _UNSETTLED)]
        if free:
            ids = tuple(row.id for row in free)
            scopes.append(SubjectScope(contact_ids=ids, arrival_ids=tuple(row.arrival_id for row in free)))
    scopes.append(SubjectScope(numbers=tuple(numbers), person=person, own=_own(connection, person, mine, whole)))
    return PersonalData(tuple(scopes), tuple(sorted(kept.values(), key=lambda each: each.number)))


def _own(connection: Connection, person: DataSubject, mine: set[int], whole: dict[int, str]) -> SubjectScope:
    """Return all that is a person's own, with what is kept: a mention in it is nobody else's to take out."""
    contact_ids, arrival_ids = set(mine), set[int]()
    for ids in slices(sorted(whole)):
        contact_ids.update(of_cases(connection, {each: whole[each] for each in ids}, person).contact_ids)
    for some in slices(sorted(contact_ids)):
        arrived = sa.select(contacts.c.arrival_id).where(contacts.c.id.in_(some))
        arrival_ids.update(connection.execute(arrived).scalars())
    return SubjectScope(
        tuple(sorted(whole)), tuple(whole.values()), tuple(sorted(contact_ids)), tuple(sorted(arrival_ids))
    )


def _is_of(person: DataSubject) -> sa.ColumnElement[bool]:
    ways: list[sa.ColumnElement[bool]] = []
    if person.addresses:
        ways.append(sa.and_(HAS_SENDER, contacts.c.sender_address.in_(tuple(person.addresses))))
    if person.numbers:
        ways.append(contacts.c.phone_key.in_(tuple(person.numbers)))
    reached = sa.or_(sa.false(), *ways)
    if not person.tenants:
        return reached
    theirs = contacts.c.tenant_id.in_(tuple(person.tenants))
    return sa.or_(theirs, sa.and_(reached, contacts.c.tenant_id.is_(None)))


def _case_ids(connection: Connection, contact_ids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for some in slices(contact_ids):
        query = sa.select(contacts.c.case_id).where(contacts.c.id.in_(some), contacts.c.case_id.is_not(None))
        found.update(connection.execute(query.distinct()).scalars())
    return found


def _whole_cases(connection: Connection, person: DataSubject, mine: set[int]) -> dict[int, str]:
    """Return the cases that are a person's as a whole: their numbers by their ids."""
    about = sa.select(cases.c.id, cases.c.number).where(cases.c.tenant_id.in_(tuple(person.tenants)))
    found = {row.id: row.number for row in connection.execute(about)}
    parties = tuple(f"number:{key}" for key in person.numbers)
    for some in slices(_case_ids(connection, mine) - found.keys()):
        rows = connection.execute(
            sa.select(cases.c.id, cases.c.number, cases.c.tenant_id, cases.c.party).where(cases.c.id.in_(some))
        ).all()
        inside: dict[int, set[int]] = {}
        lying = sa.select(contacts.c.case_id, contacts.c.id).where(contacts.c.case_id.in_(some))
        for case_id, contact_id in connection.execute(lying):
            inside.setdefault(case_id, set()).add(contact_id)
        for row in rows:
            others = inside[row.id] - mine
            if (row.tenant_id is None or not person.tenants) and (not others or row.party in parties):
                found[row.id] = row.number
    return found


def of_cases(connection: Connection, numbers: dict[int, str], person: DataSubject | None = None) -> SubjectScope:
    """Return what belongs to some cases, given as their numbers by their ids.

    Contacts that were judged to be another tenant's are left out where a person is meant.
    """
    which: sa.ColumnElement[bool] = contacts.c.case_id.in_(tuple(numbers))
    if person is not None and person.tenants:
        which = sa.and_(which, sa.or_(contacts.c.tenant_id.is_(None), contacts.c.tenant_id.in_(tuple(person.tenants))))
    rows = connection.execute(sa.select(contacts.c.id, contacts.c.arrival_id).where(which)).all()
    return SubjectScope(
        tuple(numbers), tuple(numbers.values()), tuple(row.id for row in rows), tuple(row.arrival_id for row in rows)
    )


def _kept(
    connection: Connection, case_ids: Collection[int], forced: Callable[[str], bool]
) -> Iterator[tuple[int, KeptCase]]:
    """Yield the cases that must not be erased, with why."""
    for some in slices(case_ids):
        for why, condition in at_work().items():
            query = sa.select(cases.c.id, cases.c.number).where(cases.c.id.in_(some), condition)
            for row in connection.execute(query):
                if why == "held" or not forced(row.number):
                    yield row.id, KeptCase(row.number, why)


def at_work() -> dict[str, sa.ColumnElement[bool]]:
    """Return the conditions under which nothing of a case may be erased, by a word for each; the weightiest last."""
    # Under names of their own, so that a query around them that reads the same tables is not meant.
    theirs, came = contacts.alias(), arrivals.alias()
    unsent = sa.exists().where(outbox.c.case_id == cases.c.id, outbox.c.state.in_(_AT_WORK))
    unjudged = sa.exists().where(
        theirs.c.case_id == cases.c.id, theirs.c.arrival_id == came.c.id, came.c.state.in_(_UNSETTLED)
    )
    held = sa.exists().where(legal_holds.c.case_id == cases.c.id)
    return {"waiting": sa.or_(unsent, unjudged), "open": IS_OPEN, "held": held}
