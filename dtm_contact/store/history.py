"""What the store knows of a party and of earlier cases: the look-up that judging asks (`model.History`).

All answers of one `StoredHistory` are of one moment. A judgement keeps most of them by reference; the functions whose
names end in `_by_id` or `_by_number` look those up again (`judgements`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.engine import Connection

from dtm_contact.conversation import fingerprint as fingerprint_of
from dtm_contact.model import (
    DANGER_QUESTION,
    MOST_RECALLED,
    RECENT_KEPT,
    SENT_MAIL,
    SPOKEN_CHANNELS,
    AlarmLevel,
    Alike,
    Arrival,
    Asked,
    CallBack,
    CallBackState,
    Confirmed,
    Earlier,
    KnownCase,
    KnownEntry,
    OpenCase,
    Outcome,
    OutgoingKind,
    Party,
    PartyHistory,
    PriorContact,
    Priority,
    Sent,
    Wish,
)
from dtm_contact.reading import read
from dtm_contact.store.columns import bounded_key
from dtm_contact.store.lost_store import LostLetter, numbers_since, sent_before
from dtm_contact.store.register import entries_in_force
from dtm_contact.store.schema import (
    HAS_SENDER,
    IS_OPEN,
    arrivals,
    cases,
    confirmed_contacts,
    contacts,
    judgements,
    outbox,
)

_MOST_IDS = 500
_T = TypeVar("_T")


class StoredHistory:
    """The history in one read transaction; use it inside `Store.history()`."""

    def __init__(self, connection: Connection, apart_from: Arrival | None = None) -> None:
        self._connection = connection
        self._apart_from = apart_from

    def thread(self, message_ids: Sequence[str]) -> Sequence[Earlier]:
        """Return the earlier contacts in cases that have one of these message ids, in the order of their ids."""
        wanted = list(dict.fromkeys(filter(None, message_ids)))
        return [earlier for some in _slices(wanted) for earlier in self._bearing(some)]

    def confirmed(self, addresses: Sequence[str], numbers: Sequence[str]) -> Sequence[Confirmed]:
        """Return what agents confirmed for these addresses (lower case) and numbers (phone keys)."""
        wanted = [("address", value) for value in addresses] + [("number", value) for value in numbers]
        return [found for some in _slices(list(dict.fromkeys(wanted))) for found in self._confirming(some)]

    def party_history(self, party: Party, since: datetime) -> PartyHistory:
        """Return a party's open cases, and its contacts since a time, the oldest first; of too many the latest."""
        return _party_history(self._connection, party, since, self._apart_from)

    def register(self, tenants: Sequence[str], on: date) -> Sequence[KnownEntry]:
        """Return the entries of the register that are in force on a day for any of these tenants, oldest first."""
        return entries_in_force(self._connection, tenants, on) if tenants else ()

    def cases(self, numbers: Sequence[str]) -> Sequence[KnownCase]:
        """Return the cases that have these numbers, or had them before a restore, each once, in the order asked."""
        return cases_for_joining(self._connection, numbers, self._own_contact) if numbers else ()

    def alike(self, fingerprint: str, since: datetime) -> Sequence[Alike]:
        """Return the contacts in cases received since then that have this fingerprint, oldest first."""
        return _contacts_alike(self._connection, fingerprint, since, self._own_contact)

    def sent(self, message_ids: Sequence[str]) -> Sequence[Sent]:
        """Return what we sent under these message ids."""
        return _sent_messages(self._connection, message_ids)

    def earlier_call(self, arrival: Arrival) -> "EarlierCall | None":
        """Return how the call of this first arrival was judged before; None where it was not."""
        return earlier_call(self._connection, arrival)

    def call_backs(self, before: datetime, own_contact: int | None) -> "StoredCallBacks":
        """Return the call-backs that are open for a call that ended `before`, its own contact left out."""
        return StoredCallBacks(self._connection, before, own_contact)

    @cached_property
    def _own_contact(self) -> int | None:
        return _own_of(self._connection, self._apart_from).contact_id

    def _bearing(self, message_ids: Sequence[str]) -> Iterator[Earlier]:
        query = _EARLIER.where(contacts.c.message_id.in_(message_ids)).order_by(contacts.c.id)
        return (Earlier(*row) for row in self._connection.execute(query))

    def _confirming(self, wanted: Sequence[tuple[str, str]]) -> Iterator[Confirmed]:
        table = confirmed_contacts.c
        by_kind = {kind: [value for its_kind, value in wanted if its_kind == kind] for kind in ("address", "number")}
        query = (
            sa.select(table.value, table.tenant_id)
            .where(sa.or_(*(sa.and_(table.kind == kind, table.value.in_(values)) for kind, values in by_kind.items())))
            .order_by(table.value, table.tenant_id)
        )
        return (Confirmed(*row) for row in self._connection.execute(query))


def earlier_by_id(connection: Connection, contact_ids: Sequence[int]) -> dict[int, Earlier]:
    """Return contacts in cases by their ids, as they stand; those that are gone are left out."""
    rows = (Earlier(*row) for row in connection.execute(_EARLIER.where(contacts.c.id.in_(contact_ids))))
    return {each.contact_id: each for each in rows}


_EARLIER = sa.select(
    contacts.c.message_id,
    contacts.c.sender_address,
    cases.c.number,
    cases.c.tenant_id,
    cases.c.dwelling_id,
    cases.c.residence_id,
    contacts.c.id,
).join(cases, cases.c.id == contacts.c.case_id)


def _slices(values: list[_T]) -> Iterator[list[_T]]:
    return (values[start : start + _MOST_IDS] for start in range(0, len(values), _MOST_IDS))


_MOST_KEYS = 20
"""Addresses, and numbers, of one party that are looked up: the first ones."""

_MOST_SEARCHED = 1000
"""Contacts of one address or number that are searched for open cases: the latest."""


def _party_history(connection: Connection, party: Party, since: datetime, apart_from: Arrival | None) -> PartyHistory:
    """Return the history of a party.

    Args:
        connection: a transaction.
        party: whose they are.
        since: contacts before are left out, aware.
        apart_from: an arrival whose own contact, and the case that it opened, do not count.
    """
    own = _own_of(connection, apart_from)
    open_ = _latest("opened_at", _rows(connection, _open_queries(party)))
    prior = _latest("at", _rows(connection, _contact_queries(party, since)))
    return PartyHistory(
        tuple(OpenCase(**_values(row)) for row in open_ if row["id"] != own.case_id),
        tuple(_prior_contact(row) for row in prior if row["id"] != own.contact_id),
    )


def prior_contacts_by_id(connection: Connection, contact_ids: Sequence[int]) -> dict[int, PriorContact]:
    """Return contacts by their ids, as they stand; those that are gone are left out."""
    rows = connection.execute(_CONTACTS.where(contacts.c.id.in_(contact_ids))).mappings()
    return {row["id"]: _prior_contact(row) for row in rows}


def cases_by_number(connection: Connection, numbers: Sequence[str]) -> dict[str, OpenCase]:
    """Return cases by their numbers, as they stand, open or closed meanwhile; those that are gone are left out."""
    rows = connection.execute(_CASES.where(cases.c.number.in_(numbers))).mappings()
    return {row["number"]: OpenCase(**_values(row)) for row in rows}


@dataclass(frozen=True, slots=True)
class _Own:
    """What an earlier attempt at an arrival left: its contact, and the case that it opened."""

    contact_id: int | None = None
    case_id: int | None = None


def _own_of(connection: Connection, arrival: Arrival | None) -> _Own:
    """Return an arrival's own contact and the case that it opened, if it has been here before."""
    if arrival is None:
        return _Own()
    key = {"channel": arrival.channel, "external_id": arrival.external_id}
    row = connection.execute(_OWN, key).one_or_none()
    if row is None:
        return _Own()
    first = connection.execute(_FIRST, {"case": row.case_id}).scalar_one_or_none()
    return _Own(row.id, row.case_id if first == row.id else None)


_OWN = (
    sa.select(contacts.c.id, contacts.c.case_id)
    .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
    .where(arrivals.c.channel == sa.bindparam("channel"), arrivals.c.external_id == sa.bindparam("external_id"))
)
_FIRST = sa.select(sa.func.min(contacts.c.id)).where(contacts.c.case_id == sa.bindparam("case"))

_CASES = sa.select(cases.c.id, *(cases.c[name] for name in OpenCase.__dataclass_fields__))
_OPEN = _CASES.where(IS_OPEN)
_CONTACTS = sa.select(
    contacts.c.id,
    cases.c.number.label("case_number"),
    *(contacts.c[name] for name in PriorContact.__dataclass_fields__ if name not in {"case_number", "contact_id"}),
).outerjoin(cases, cases.c.id == contacts.c.case_id)
_PRIOR_CONTACTS = _CONTACTS.order_by(contacts.c.at.desc()).limit(MOST_RECALLED)


def _open_queries(party: Party) -> Iterator[sa.Select[Any]]:
    for name, value in _whom(party):
        yield _OPEN.where(cases.c[name] == value).order_by(cases.c.id.desc()).limit(MOST_RECALLED)
    for reached in _reached(party):
        latest = sa.select(contacts.c.case_id).where(*reached).order_by(contacts.c.at.desc()).limit(_MOST_SEARCHED)
        yield _OPEN.where(cases.c.id.in_(latest.scalar_subquery())).limit(MOST_RECALLED)


def _contact_queries(party: Party, since: datetime) -> Iterator[sa.Select[Any]]:
    for name, value in _whom(party):
        yield _PRIOR_CONTACTS.where(contacts.c[name] == value, contacts.c.at >= since)
    for reached in _reached(party):
        yield _PRIOR_CONTACTS.where(*reached, contacts.c.at >= since)


def _whom(party: Party) -> Iterator[tuple[str, str]]:
    for name in ("tenant_id", "dwelling_id", "residence_id"):
        value = getattr(party, name)
        if value:
            yield name, value


def _reached(party: Party) -> Iterator[tuple[sa.ColumnElement[bool], ...]]:
    for address in filter(None, party.addresses[:_MOST_KEYS]):
        yield contacts.c.sender_address == address, HAS_SENDER
    for number in filter(None, party.numbers[:_MOST_KEYS]):
        yield (contacts.c.phone_key == number,)


def _rows(connection: Connection, queries: Iterable[sa.Select[Any]]) -> Iterator[sa.RowMapping]:
    for query in queries:
        yield from connection.execute(query).mappings()


def _latest(time: str, rows: Iterable[sa.RowMapping]) -> list[sa.RowMapping]:
    """Return each row once, oldest first; of too many, the latest."""
    found = {row["id"]: row for row in rows}
    return sorted(found.values(), key=lambda row: (row[time], row["id"]))[-MOST_RECALLED:]


def _prior_contact(row: sa.RowMapping) -> PriorContact:
    return PriorContact(**_values(row), contact_id=row["id"])


def _values(row: sa.RowMapping) -> dict[str, Any]:
    values = {name: value for name, value in row.items() if name != "id"}
    if "priority" in values:
        values["priority"] = Priority(values["priority"])
    return values


MOST_ALIKE = 100
"""Contacts that say the same, at most: the latest."""


def cases_for_joining(connection: Connection, numbers: Sequence[str], own_contact: int | None) -> list[KnownCase]:
    """Return the cases that have these numbers, or had them before a restore, each once, in the order asked.

    Args:
        connection: a transaction.
        numbers: case numbers; a message's handful.
        own_contact: a contact that does not count, the one that is being judged.
    """
    asked = list(dict.fromkeys(numbers))
    rows = _rows_of(connection, asked)
    since = numbers_since(connection, [number for number in asked if number not in rows])
    rows |= _rows_of(connection, list(since.values()))
    formerly: dict[str, set[str]] = {}
    for number in asked:
        formerly.setdefault(since.get(number, number), set()).update({number} & since.keys())
    return [
        _case_for_joining(connection, rows[number], frozenset(before), own_contact)
        for number, before in formerly.items()
        if number in rows
    ]


def _rows_of(connection: Connection, numbers: list[str]) -> dict[str, Any]:
    """Return the cases of these numbers that exist, as they stand, by their numbers."""
    found = (sa.select(cases).where(cases.c.number.in_(some)) for some in _slices(numbers))
    return {row.number: row for query in found for row in connection.execute(query)}


def _case_for_joining(
    connection: Connection, case: Any, formerly: frozenset[str], own_contact: int | None
) -> KnownCase:
    wanted = (contacts.c.at, contacts.c.topic, contacts.c.sender_address)
    theirs = sa.select(*wanted).where(contacts.c.case_id == case.id, contacts.c.id != (own_contact or 0))
    found = connection.execute(theirs.order_by(contacts.c.id)).all()
    before = sent_before(connection, case.id, case.number, {row.sender_address for row in found if row.sender_address})
    replied = (each.address for each in before if each.kind == OutgoingKind.REPLY)
    sent_to = _sent_to(connection, case.id).union(replied)
    violence_at_home, unwritable = _to_be_careful_with(connection, case.id, own_contact)
    return KnownCase(
        number=case.number,
        closed_at=case.closed_at if case.state == "closed" else None,
        last_contact_at=max((row.at for row in found if row.at is not None), default=case.opened_at),
        topics=tuple(dict.fromkeys(filter(None, (case.topic, *(row.topic for row in found))))),
        addresses=frozenset(filter(None, (*(row.sender_address for row in found), *sent_to))),
        tenant_id=case.tenant_id,
        dwelling_id=case.dwelling_id,
        sent_to=sent_to,
        asked=_asked(connection, case.id, before),
        in_danger=case.alarm_level is AlarmLevel.CERTAIN,
        violence_at_home=violence_at_home,
        unwritable=unwritable,
        formerly=formerly,
    )


def _to_be_careful_with(connection: Connection, case_id: int, own_contact: int | None) -> tuple[bool, bool]:
    """Return whether a contact of a case mentions violence at home, and whether one forbids to write."""
    understood = judgements.c.judgement["understanding"]
    query = (
        sa.select(understood["violence_at_home"].as_boolean(), understood["wishes"])
        .join(contacts, contacts.c.id == judgements.c.contact_id)
        .where(contacts.c.case_id == case_id, contacts.c.id != (own_contact or 0))
    )
    rows = connection.execute(query).all()
    wished = (each["wish"] for _violence, wishes in rows for each in wishes or ())
    return any(violence for violence, _wishes in rows), Wish.NO_POST.value in wished


def _asked(connection: Connection, case_id: int, before: Sequence[LostLetter]) -> Asked | None:
    """Return the question whether its danger is happening now, where it was put in a case: once at the most.

    What a lost store had asked is asked anew in the restored one, and not sent again: it was put when it was sent.
    """
    lost = (each for each in before if each.kind == OutgoingKind.ANSWER and each.reason == DANGER_QUESTION)
    if (put := next(lost, None)) is not None:
        return Asked(put.address, put.sent_at)
    question = sa.and_(outbox.c.kind == OutgoingKind.ANSWER, outbox.c.reason == DANGER_QUESTION)
    query = sa.select(outbox.c.to_address, outbox.c.created_at).where(outbox.c.case_id == case_id, question)
    row = connection.execute(query).first()
    return Asked(row.to_address, row.created_at) if row is not None else None


def _sent_to(connection: Connection, case_id: int) -> frozenset[str]:
    """Return the addresses that one of us wrote to in a case, or that an answer went to because they were proven.

    What went out by itself to somebody who was only named proves nothing when it comes back: anybody could have
    themselves proven by answering our answer.
    """
    theirs = sa.exists().where(
        contacts.c.case_id == case_id, contacts.c.sender_address == outbox.c.to_address, contacts.c.proven
    )
    meant = sa.or_(outbox.c.kind == OutgoingKind.REPLY, sa.and_(outbox.c.kind == OutgoingKind.ANSWER, theirs))
    sent = sa.select(outbox.c.to_address).where(outbox.c.case_id == case_id, meant).distinct()
    by_agents = (
        sa.select(judgements.c.judgement["contact"]["recipients"])
        .join(contacts, contacts.c.id == judgements.c.contact_id)
        .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
        .where(contacts.c.case_id == case_id, arrivals.c.channel.endswith(SENT_MAIL, autoescape=True))
    )
    named = (
        mailbox.get("address", "")
        for recipients in connection.execute(by_agents).scalars()
        for mailbox in recipients or ()
    )
    return frozenset(
        filter(None, (*connection.execute(sent).scalars(), *(bounded_key(each.lower()) for each in named)))
    )


def _contacts_alike(connection: Connection, fingerprint: str, since: datetime, own_contact: int | None) -> list[Alike]:
    """Return the contacts in cases since then that have this fingerprint, oldest first; the latest of too many."""
    query = (
        _ALIKE.where(contacts.c.fingerprint == fingerprint, contacts.c.at >= since, contacts.c.id != (own_contact or 0))
        .order_by(contacts.c.at.desc(), contacts.c.id.desc())
        .limit(MOST_ALIKE)
    )
    return [Alike(*row) for row in reversed(connection.execute(query).all())]


def alike_by_id(connection: Connection, contact_ids: Sequence[int]) -> dict[int, Alike]:
    """Return contacts in cases by their ids, as they stand; those that are gone are left out."""
    found = (Alike(*row) for row in connection.execute(_ALIKE.where(contacts.c.id.in_(contact_ids))))
    return {each.contact_id: each for each in found}


_ALIKE = sa.select(contacts.c.message_id, contacts.c.sender_address, cases.c.number, contacts.c.at, contacts.c.id).join(
    cases, cases.c.id == contacts.c.case_id
)


def _sent_messages(connection: Connection, message_ids: Sequence[str]) -> list[Sent]:
    """Return what we sent under these message ids; a message's handful."""
    query = sa.select(outbox.c.message_id, outbox.c.raw, outbox.c.created_at).where(
        outbox.c.message_id.in_(message_ids)
    )
    rows = connection.execute(query).all() if message_ids else ()
    return [Sent(row.message_id, _says(row)) for row in rows]


def _says(row: Any) -> str:
    return fingerprint_of(read(Arrival("outbox", row.message_id, row.created_at, "message/rfc822", None, row.raw)))


_STANDING: TypeAdapter[CallBackState] = TypeAdapter(CallBackState)
_NEEDS_CALL_BACK = tuple(outcome.value for outcome in Outcome if outcome.needs_call_back)

CALL_WAITS = sa.and_(contacts.c.channel.in_(SPOKEN_CHANNELS), contacts.c.outcome.in_(_NEEDS_CALL_BACK))
"""Whether a contact is a call that nobody served."""


@dataclass(frozen=True, slots=True)
class EarlierCall:
    """A call as it was judged before; `standing` is None where that arrival was parked."""

    contact_id: int
    arrival_id: int
    case_id: int | None
    outcome: Outcome | None
    standing: CallBackState | None


class StoredCallBacks:
    """The open call-backs in one transaction, as they stand for one call."""

    def __init__(self, connection: Connection, before: datetime, own_contact: int | None) -> None:
        """Look at what began before a time, but for the call's own contact.

        Args:
            connection: the transaction.
            before: the call's end: a caller who rang again later was not served by it.
            own_contact: of the call, where it was judged before.
        """
        self._connection = connection
        self._before = before
        self._own = own_contact

    def open_call_back(self, party: str) -> CallBack | None:
        """Return the open call-back of a party, or None."""
        case_id = self._connection.execute(_OF_PARTY, {"party": party}).scalar_one_or_none()
        if case_id is None:
            return None
        others = sa.true() if self._own is None else contacts.c.id != self._own
        mine = sa.and_(contacts.c.case_id == case_id, CALL_WAITS, contacts.c.at < self._before, others)
        count = self._connection.execute(sa.select(sa.func.count()).select_from(contacts).where(mine)).scalar_one()
        if count == 0:
            return None
        opener = (
            sa.select(arrivals.c.external_id)
            .join(contacts, contacts.c.arrival_id == arrivals.c.id)
            .where(mine)
            .order_by(contacts.c.at, contacts.c.id)
            .limit(1)
        )
        latest = sa.select(contacts.c.at).where(mine).order_by(contacts.c.at.desc()).limit(RECENT_KEPT)
        recent = tuple(reversed(self._connection.execute(latest).scalars().all()))
        return CallBack(self._connection.execute(opener).scalar_one(), party, count, recent)


_OF_PARTY = sa.select(cases.c.id).where(cases.c.party == sa.bindparam("party"), IS_OPEN)


def earlier_call(connection: Connection, arrival: Arrival) -> EarlierCall | None:
    """Return how a call was judged when it arrived before; None where it was not.

    Args:
        connection: a transaction.
        arrival: the call's first arrival, or one that has its channel and external id.
    """
    row = connection.execute(_BEFORE, {"channel": arrival.channel, "external_id": arrival.external_id}).one_or_none()
    if row is None:
        return None
    kept = None if row.judgement is None else row.judgement["contact"].get("standing")
    standing = None if kept is None else _STANDING.validate_python(kept)
    return EarlierCall(
        row.id, row.arrival_id, row.case_id, None if row.outcome is None else Outcome(row.outcome), standing
    )


_BEFORE = (
    sa.select(contacts.c.id, contacts.c.arrival_id, contacts.c.case_id, contacts.c.outcome, judgements.c.judgement)
    .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
    .outerjoin(judgements, judgements.c.contact_id == contacts.c.id)
    .where(arrivals.c.channel == sa.bindparam("channel"), arrivals.c.external_id == sa.bindparam("external_id"))
)
