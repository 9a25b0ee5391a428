"""What becomes of a claimed arrival: its contact, its case, their event, and the arrival's own state, all at once."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import CaseKind, Judgement, Likely, Mailbox, Priority
from dtm_contact.store import events
from dtm_contact.store.arrivals import ArrivalState, Claimed
from dtm_contact.store.schema import arrivals, case_numbers, cases, contacts, judgements

WORKER = "worker"
NOT_READ = "non lu en entier"
"""The mark, for agents, on a case that stands in for an arrival that could not be judged."""

JUDGEMENT = TypeAdapter(Judgement)

_UNSETTLED = (ArrivalState.WAITING, ArrivalState.CLAIMED)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a case lies and when its first answer is due."""

    queue: str
    office_id: str
    priority: Priority
    due: datetime


@dataclass(frozen=True, slots=True)
class Fallback:
    """What could be read of an arrival that could not be judged."""

    sender: Mailbox = field(default_factory=Mailbox)
    subject: str = ""
    at: datetime | None = None
    channel: str = "email"


def record(
    connection: Connection, claimed: Claimed, judgement: Judgement, decision: dict[str, Any], now: datetime
) -> str | None:
    """Store what was judged; see `Cases.record`."""
    _lock(connection, claimed.id)
    contact = _contact_of(connection, claimed.id)
    if contact is not None and contact.judged_at is not None:
        return _number(connection, contact.case_id)
    contact_id, case_id = (None, None) if contact is None else (contact.id, contact.case_id)
    what = "judged"
    if case_id is not None:
        what = "completed"
        _complete(connection, case_id, judgement)
    elif judgement.decision.kind is CaseKind.CASE:
        what = "opened"
        case_id = _open(connection, _case_of(judgement), _destination(judgement), now)
    contact_id = _put_contact(connection, contact_id, {**_contact_values(claimed, judgement, now), "case_id": case_id})
    _put_judgement(connection, contact_id, judgement, decision)
    _settle(connection, claimed, _state_of(judgement, case_id), now, kind=judgement.decision.kind)
    number = _number(connection, case_id)
    event = events.NewEvent(WORKER, what, now, _told(judgement))
    events.append(connection, event, case_id=case_id, arrival_id=claimed.id)
    return number


def park(
    connection: Connection, claimed: Claimed, reason: str, fallback: Fallback, destination: Destination, now: datetime
) -> str | None:
    """Park an arrival and open the case that stands in for it; see `Cases.park`."""
    _lock(connection, claimed.id)
    contact = _contact_of(connection, claimed.id)
    if contact is not None and contact.judged_at is not None:
        return _number(connection, contact.case_id)
    case_id = None if contact is None else contact.case_id
    if case_id is None:
        case_id = _open(connection, _stand_in(fallback), destination, now)
        values = {**_fallback_values(claimed, fallback), "case_id": case_id}
        _put_contact(connection, None if contact is None else contact.id, values)
    _settle(connection, claimed, ArrivalState.PARKED, now, reason=reason)
    number = _number(connection, case_id)
    event = events.NewEvent(WORKER, "parked", now, {"reason": reason, "attempt": claimed.attempt})
    events.append(connection, event, case_id=case_id, arrival_id=claimed.id)
    return number


def _lock(connection: Connection, arrival_id: int) -> None:
    query = sa.select(arrivals.c.id).where(arrivals.c.id == arrival_id).with_for_update()
    if connection.execute(query).one_or_none() is None:
        raise NotFoundError(f"arrival {arrival_id}")


def _contact_of(connection: Connection, arrival_id: int) -> Any:
    query = sa.select(contacts.c.id, contacts.c.case_id, contacts.c.judged_at)
    return connection.execute(query.where(contacts.c.arrival_id == arrival_id)).one_or_none()


def _number(connection: Connection, case_id: int | None) -> str | None:
    return connection.execute(sa.select(cases.c.number).where(cases.c.id == case_id)).scalar_one_or_none()


def _open(connection: Connection, about: dict[str, Any], destination: Destination, now: datetime) -> int:
    values = {**about, **_place(destination), "state": "open", "opened_at": now}
    insert = cases.insert().values(number=_next_number(connection, now.year)).returning(cases.c.id)
    return int(connection.execute(insert, values).scalar_one())


def _next_number(connection: Connection, year: int) -> str:
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = (
        insert(case_numbers)
        .values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": case_numbers.c.last + 1})
        .returning(case_numbers.c.last)
    )
    return f"{year}-{connection.execute(statement).scalar_one():06}"


def _complete(connection: Connection, case_id: int, judgement: Judgement) -> None:
    # An agent who has taken the case, or closed it, keeps it where it is; it only learns what was read.
    untouched = sa.and_(cases.c.state == "open", cases.c.owner.is_(None), cases.c.read_in_full.is_(False))
    case = sa.update(cases).where(cases.c.id == case_id)
    if judgement.decision.kind is CaseKind.CASE:
        connection.execute(case.where(untouched).values(_place(_destination(judgement))))
    read = _case_of(judgement)
    known = {name: sa.func.coalesce(cases.c[name], read[name]) for name in ("tenant_id", "dwelling_id", "residence_id")}
    connection.execute(case.values({**read, **known}))


def _place(destination: Destination) -> dict[str, Any]:
    return {
        "queue": destination.queue,
        "office_id": destination.office_id,
        "priority": destination.priority,
        "due": destination.due,
    }


def _destination(judgement: Judgement) -> Destination:
    decision = judgement.decision
    if decision.queue is None or decision.office_id is None or decision.due is None:
        raise ValueError("a case needs a queue, an office and a due time")
    return Destination(decision.queue, decision.office_id, decision.priority, decision.due)


def _case_of(judgement: Judgement) -> dict[str, Any]:
    match = judgement.match
    return {
        "channel": judgement.contact.channel,
        "subject": judgement.contact.subject,
        "who": _who(judgement.contact.sender),
        "topic": judgement.understanding.topic,
        "rule": judgement.decision.rule,
        "read_in_full": True,
        "tenant_id": _id(match.tenant),
        "dwelling_id": _id(match.dwelling),
        "residence_id": _id(match.residence),
    }


def _stand_in(fallback: Fallback) -> dict[str, Any]:
    return {
        "channel": fallback.channel,
        "subject": fallback.subject,
        "who": _who(fallback.sender),
        "read_in_full": False,
    }


def _who(sender: Mailbox) -> str:
    return f"{sender.name} <{sender.address}>" if sender.name and sender.address else sender.name or sender.address


def _id(likely: Likely | None) -> str | None:
    return None if likely is None else likely.id


def _contact_values(claimed: Claimed, judgement: Judgement, now: datetime) -> dict[str, Any]:
    contact = judgement.contact
    return {
        "arrival_id": claimed.id,
        "kind": judgement.decision.kind,
        "channel": contact.channel,
        "at": contact.at,
        "judged_at": now,
        "sender_name": contact.sender.name,
        "sender_address": contact.sender.address.lower(),
        "subject": contact.subject,
        "message_id": contact.message_id,
        "thread": [*contact.in_reply_to, *contact.references],
    }


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


def _put_contact(connection: Connection, contact_id: int | None, values: dict[str, Any]) -> int:
    if contact_id is None:
        contact_id = int(connection.execute(contacts.insert().returning(contacts.c.id), values).scalar_one())
    else:
        connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(values))
    return contact_id


def _put_judgement(connection: Connection, contact_id: int, judgement: Judgement, decision: dict[str, Any]) -> None:
    connection.execute(judgements.delete().where(judgements.c.contact_id == contact_id))
    whole = JUDGEMENT.dump_python(judgement, mode="json")
    connection.execute(judgements.insert(), {"contact_id": contact_id, "decision": decision, "judgement": whole})


def _settle(connection: Connection, claimed: Claimed, state: ArrivalState, now: datetime, **values: Any) -> None:
    change = sa.update(arrivals).where(arrivals.c.id == claimed.id)
    cleared = {"claimed_by": None, "claimed_at": None, "not_before": None, "reason": None}
    connection.execute(change.values({**cleared, "state": state, "settled_at": now, **values}))


def _state_of(judgement: Judgement, case_id: int | None) -> ArrivalState:
    aside = judgement.decision.kind in (CaseKind.AUTOMATIC, CaseKind.SPAM)
    return ArrivalState.SET_ASIDE if aside and case_id is None else ArrivalState.JUDGED


def _told(judgement: Judgement) -> dict[str, Any]:
    decision = judgement.decision
    return {
        "kind": decision.kind,
        "queue": decision.queue,
        "priority": decision.priority,
        "rule": decision.rule,
        "rules_version": decision.rules_version,
    }
