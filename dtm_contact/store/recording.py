"""What becomes of a claimed arrival: its contact, its case, their event, and the arrival's own state, all at once."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.explain import reason, who_calls
from dtm_contact.model import Alarm, CaseKind, Contact, Judgement, Mailbox, Priority, agreed
from dtm_contact.store import events, joining, outbox
from dtm_contact.store.alarm_labels import ALARM_COLUMNS, alarm_values
from dtm_contact.store.arrivals import ArrivalState, Claimed
from dtm_contact.store.inserting import insert_of
from dtm_contact.store.judgement_format import packed
from dtm_contact.store.outbox import Mailing
from dtm_contact.store.schema import arrivals, case_numbers, cases, contacts, judgements

WORKER = "worker"
NOT_READ = "non lu en entier"
"""The mark, for agents, on a case that stands in for an arrival that could not be judged."""
LAY_LONG = "ancien message"
"""The tag of a case whose message lay in the mailbox for long before that was ever looked at: nobody was told of it."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a case lies, how urgent it is, and when its first answer is due."""

    queue: str
    office_id: str
    priority: Priority
    due: datetime
    alarm: Alarm = field(default_factory=Alarm)


@dataclass(frozen=True, slots=True)
class Fallback:
    """What could be read of an arrival that could not be judged."""

    sender: Mailbox = field(default_factory=Mailbox)
    subject: str = ""
    at: datetime | None = None
    channel: str = "email"


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be recorded of one arrival.

    Attributes:
        claimed: the arrival.
        judgement: every step of judging it.
        decision: the same as the contract's JSON.
        now: when; a case is numbered in the year that it reads.
        mail: what writes what is sent because of it; None where nothing is.
    """

    claimed: Claimed
    judgement: Judgement
    decision: dict[str, Any]
    now: datetime
    mail: Mailing | None = None


def record_message(connection: Connection, judged: Judged, known: "Known") -> str | None:
    """Store what was judged of a message, and return the number of its case; see `Cases.record`."""
    claimed, judgement, now = judged.claimed, judged.judgement, judged.now
    case, what, told = _case_for(connection, known.case, judged)
    put_judged(connection, judged, known.contact_id, contact_values(claimed, judgement, now), case)
    settle(connection, claimed, state_of(judgement, case), now, kind=judgement.decision.kind)
    if case is not None:
        joining.link(connection, case.id, judgement.joining.linked)
        post(connection, judged, case)
    return tell(connection, claimed, case, events.NewEvent(WORKER, what, now, {**told_of(judgement), **told}))


def post(connection: Connection, judged: Judged, case: "CaseRef") -> None:
    """Write what is sent because of what was judged."""
    mail = judged.mail
    if mail is not None:
        mail.withheld.extend(outbox.put(connection, case.id, mail.write(case.number), mail.limits, judged.now))


def _case_for(
    connection: Connection, before: "CaseRef | None", judged: Judged
) -> tuple["CaseRef | None", str, dict[str, Any]]:
    """Return the case of what was judged, what became of it in a word, and what else is to be told of that."""
    judgement = judged.judgement
    if before is not None:
        complete(connection, before.id, judgement)
        return before, "completed", {}
    joined = joining.join_case(connection, judgement, judged.now)
    if joined is not None:
        return CaseRef(joined.id, joined.number), joined.what, joined.told
    if judgement.decision.kind is CaseKind.CASE:
        joining.check_not_repeated(connection, judgement, judged.claimed.claimed_at)
        why = {"why": judgement.joining.why} if judgement.joining.why else {}
        return open_judged(connection, judged), "opened", why
    return None, "judged", {}


def park(
    connection: Connection, claimed: Claimed, reason: str, fallback: Fallback, destination: Destination, now: datetime
) -> str | None:
    """Park an arrival and open the case that stands in for it; see `Cases.park`."""
    known = look_up(connection, claimed)
    if not known.still_claimed:
        return known.number
    case = known.case
    if case is None:
        case = open_case(connection, _stand_in(fallback), destination, now)
        put_contact(connection, known.contact_id, _fallback_values(claimed, fallback), case)
    settle(connection, claimed, ArrivalState.PARKED, now, reason=reason)
    told = {"reason": reason, "attempt": claimed.attempt}
    return tell(connection, claimed, case, events.NewEvent(WORKER, "parked", now, told))


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A case, by the store's number and by that which people use."""

    id: int
    number: str


@dataclass(frozen=True, slots=True)
class Known:
    """An arrival as it is found: whether the claim on it still holds, its contact and its case from before."""

    still_claimed: bool
    contact_id: int | None
    case: CaseRef | None

    @property
    def number(self) -> str | None:
        """The number of its case from before."""
        return self.case.number if self.case else None


def look_up(connection: Connection, claimed: Claimed) -> Known:
    """Return an arrival as it is found; on PostgreSQL nobody else changes it until the transaction ends."""
    if connection.dialect.name == "postgresql":
        # By itself: what another was writing while this waited is seen by the next statement only.
        connection.execute(sa.select(arrivals.c.id).where(arrivals.c.id == claimed.id).with_for_update())
    row = connection.execute(_KNOWN, {"arrival": claimed.id}).one_or_none()
    if row is None:
        raise NotFoundError(f"arrival {claimed.id}")
    found = (row.state, row.claimed_by, row.claimed_at)
    case = None if row.case_id is None else CaseRef(row.case_id, row.number)
    return Known(found == (ArrivalState.CLAIMED, claimed.worker, claimed.claimed_at), row.contact_id, case)


_KNOWN = (
    sa.select(
        arrivals.c.state,
        arrivals.c.claimed_by,
        arrivals.c.claimed_at,
        contacts.c.id.label("contact_id"),
        contacts.c.case_id,
        cases.c.number,
    )
    .select_from(arrivals)
    .outerjoin(contacts, contacts.c.arrival_id == arrivals.c.id)
    .outerjoin(cases, cases.c.id == contacts.c.case_id)
    .where(arrivals.c.id == sa.bindparam("arrival"))
)


def tell(connection: Connection, claimed: Claimed, case: CaseRef | None, event: events.NewEvent) -> str | None:
    """Add the event, and return the number of the case."""
    events.append(connection, event, case_id=case.id if case else None, arrival_id=claimed.id)
    return case.number if case else None


def open_judged(connection: Connection, judged: Judged, **columns: Any) -> CaseRef:
    """Open a case for what was judged: with the tags of the rules, which agents then own.

    Args:
        connection: the transaction.
        judged: what was judged.
        columns: what else the case says.

    Raises:
        ValueError: the decision does not say where it lies.
    """
    arrival, judgement = judged.claimed.arrival, judged.judgement
    tags = list(judgement.decision.tags)
    if arrival.envelope is not None and arrival.envelope.lay_long(arrival.received_at, judgement.contact.at):
        tags.append(LAY_LONG)
    about = {**case_of(judgement), "tags": tags or None, **columns}
    return open_case(connection, about, destination_of(judgement), judged.now)


def open_case(connection: Connection, about: dict[str, Any], destination: Destination, now: datetime) -> CaseRef:
    """Open a case with the year's next number."""
    number = next_number(connection, now.year)
    values = {**about, **_place(destination), "number": number, "state": "open", "opened_at": now}
    return CaseRef(connection.execute(_OPEN, values).scalar_one(), number)


_OPEN = cases.insert().returning(cases.c.id)


def next_number(connection: Connection, year: int) -> str:
    """Return the next case number of a year; it is given to nobody else."""
    insert = insert_of(connection)
    statement = (
        insert(case_numbers)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": case_numbers.c.last + 1})
        .returning(case_numbers.c.last)
    )
    return f"{year}-{connection.execute(statement).scalar_one():06}"


def complete(connection: Connection, case_id: int, judgement: Judgement) -> None:
    """Tell a case that stood in for an arrival what was read of it."""
    # An agent who has taken the case, or closed it, keeps it where it is; it only learns what was read.
    untouched = sa.and_(cases.c.state == "open", cases.c.owner.is_(None), cases.c.read_in_full.is_(False))
    case = sa.update(cases).where(cases.c.id == case_id)
    by_hand = set_by_hand(connection, case_id)
    if judgement.decision.kind is CaseKind.CASE and by_hand.isdisjoint(_PLACE):
        place = _place(destination_of(judgement))
        # A danger that was read elsewhere in the case is not over because this arrival tells of none, or of less.
        danger = cases.c.alarm_level < judgement.decision.alarm.level
        urgency = ("priority", "due", *ALARM_COLUMNS)
        place |= {name: sa.case((danger, cases.c[name]), else_=_as_stored(name, place)) for name in urgency}
        connection.execute(case.where(untouched).values(place))
    read = {name: value for name, value in case_of(judgement).items() if name not in by_hand}
    known = {name: sa.func.coalesce(cases.c[name], read[name]) for name in _WHOM if name in read}
    connection.execute(case.values({**read, **known, "version": cases.c.version + 1}))


def set_by_hand(connection: Connection, case_id: int) -> frozenset[str]:
    """Return the columns of a case in which an agent's word stands, whatever is judged."""
    return frozenset(connection.execute(_BY_HAND, {"case": case_id}).scalar_one() or ())


def _as_stored(name: str, values: dict[str, Any]) -> sa.ColumnElement[Any]:
    return sa.literal(values[name], cases.c[name].type)


_BY_HAND = sa.select(cases.c.by_hand).where(cases.c.id == sa.bindparam("case"))
_WHOM = ("tenant_id", "dwelling_id", "residence_id")
_PLACE = ("queue", "office_id", "priority", "due")


def _place(destination: Destination) -> dict[str, Any]:
    return {
        "queue": destination.queue,
        "office_id": destination.office_id,
        "priority": destination.priority,
        "due": destination.due,
        **alarm_values(agreed(destination.priority, destination.alarm)[1]),
    }


def destination_of(judgement: Judgement) -> Destination:
    """Return where a judged case lies.

    Raises:
        ValueError: the decision does not say.
    """
    decision = judgement.decision
    if decision.queue is None or decision.office_id is None or decision.due is None:
        raise ValueError("a case needs a queue, an office and a due time")
    return Destination(decision.queue, decision.office_id, decision.priority, decision.due, decision.alarm)


def case_of(judgement: Judgement) -> dict[str, Any]:
    """Return what a case says of the contact that it is opened for."""
    return {
        "channel": judgement.contact.channel,
        "subject": judgement.contact.subject,
        "who": who_calls(judgement.contact.call) if judgement.contact.call else _who(judgement.writer),
        "why": reason(judgement),
        "topic": judgement.understanding.topic,
        "rule": judgement.decision.rule,
        "read_in_full": True,
        **judgement.whom,
    }


def _stand_in(fallback: Fallback) -> dict[str, Any]:
    return {
        "channel": fallback.channel,
        "subject": fallback.subject,
        "who": _who(fallback.sender),
        "why": NOT_READ,
        "read_in_full": False,
    }


def _who(sender: Mailbox) -> str:
    return f"{sender.name} <{sender.address}>" if sender.name and sender.address else sender.name or sender.address


def contact_values(claimed: Claimed, judgement: Judgement, now: datetime) -> dict[str, Any]:
    """Return the columns of a judged contact."""
    contact = judgement.contact
    return {
        "arrival_id": claimed.id,
        "kind": judgement.decision.kind,
        "channel": contact.channel,
        "at": contact.at,
        "judged_at": now,
        "sender_name": judgement.writer.name,
        "sender_address": judgement.writer.address.lower(),
        "subject": contact.subject,
        "message_id": contact.message_id,
        "fingerprint": judgement.joining.fingerprint or None,
        "proven": judgement.joining.proven,
        "thread": [*contact.in_reply_to, *contact.references],
        "phone_key": _phone_key(contact),
        "outcome": contact.call.outcome if contact.call else None,
        "topic": judgement.understanding.topic,
        **judgement.whom,
    }


def _phone_key(contact: Contact) -> str | None:
    if contact.call is not None:
        return contact.call.key
    return contact.stated.phone_key if contact.stated is not None else None


def _fallback_values(claimed: Claimed, fallback: Fallback) -> dict[str, Any]:
    return {
        "arrival_id": claimed.id,
        "kind": CaseKind.CASE,
        "channel": fallback.channel,
        "at": fallback.at,
        "sender_name": fallback.sender.name,
        "sender_address": fallback.sender.address.lower(),
        "subject": fallback.subject,
        "message_id": "",
        "thread": [],
    }


def put_contact(connection: Connection, contact_id: int | None, values: dict[str, Any], case: CaseRef | None) -> int:
    """Store a contact, or store it anew where it is known; return its id."""
    values = {**values, "case_id": case.id if case else None}
    if contact_id is None:
        return int(connection.execute(_NEW_CONTACT, values).scalar_one())
    if case is not None and "tenant_id" in set_by_hand(connection, case.id):
        values = {name: value for name, value in values.items() if name not in _WHOM}
    connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(values))
    return contact_id


_NEW_CONTACT = contacts.insert().returning(contacts.c.id)


def put_judged(
    connection: Connection, judged: Judged, contact_id: int | None, values: dict[str, Any], case: CaseRef | None
) -> None:
    """Store a contact with every step of judging it, in place of what was judged of it before.

    Args:
        connection: the transaction.
        judged: what was judged.
        contact_id: the contact, where it is known already.
        values: its columns.
        case: the case that it lies in.
    """
    stored = put_contact(connection, contact_id, values, case)
    if contact_id is not None:
        connection.execute(judgements.delete().where(judgements.c.contact_id == stored))
    values = {"contact_id": stored, "decision": judged.decision, "judgement": packed(judged.judgement)}
    connection.execute(judgements.insert(), values)


def settle(connection: Connection, claimed: Claimed, state: ArrivalState, now: datetime, **values: Any) -> None:
    """Let go of an arrival that is done with."""
    change = sa.update(arrivals).where(arrivals.c.id == claimed.id)
    cleared = {"claimed_by": None, "claimed_at": None, "not_before": None, "reason": None}
    connection.execute(change.values({**cleared, "state": state, "settled_at": now, **values}))


def state_of(judgement: Judgement, case: CaseRef | None) -> ArrivalState:
    """Return how far an arrival is that was judged so."""
    aside = judgement.decision.kind in (CaseKind.AUTOMATIC, CaseKind.SPAM)
    return ArrivalState.SET_ASIDE if aside and case is None else ArrivalState.JUDGED


def told_of(judgement: Judgement) -> dict[str, Any]:
    """Return what an event says of a decision."""
    decision = judgement.decision
    return {
        "kind": decision.kind,
        "queue": decision.queue,
        "priority": decision.priority,
        "alarm": decision.alarm.level,
        "rule": decision.rule,
        "rules_version": decision.rules_version,
    }
