"""What the result of judging changes on a case: opened, completed, joined, made more urgent, closed, linked.

Every function works in the transaction of its caller. What an agent's hand has set stays, whatever is judged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Alarm, CaseKind, CodedText, Decision, Judgement, Outcome, Priority, agreed
from dtm_contact.reasons import reasons, who_wrote
from dtm_contact.store import outbox, timers
from dtm_contact.store.alarm_labels import ALARM_COLUMNS, alarm_values, is_more_urgent
from dtm_contact.store.database import insert_of
from dtm_contact.store.history import CALL_WAITS
from dtm_contact.store.schema import IS_OPEN, case_links, case_numbers, cases, contacts

DANGER_STAYS: Final = "spoken"
"""What the event of an answered call says in place of `done`: a danger is over once somebody at the desk says so."""
WHOM: Final = ("tenant_id", "dwelling_id", "residence_id")
"""The columns of a case or contact that say whom it is about."""

_PLACE: Final = ("queue", "office_id", "priority", "due")
_SHOWN_IN_EVENTS: Final = ("state", "priority", "alarm_level")
_MOST_MERGES: Final = 10
# RFC 3463 section 2: class 5 is a permanent failure; a delay (class 4) may still arrive.
_FAILED: Final = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b|\baction: ?failed\b|\b55\d\b")
_ROW: Final = tuple(
    cases.c[name] for name in ("id", "number", "state", "priority", "due", "by_hand", "owner", *ALARM_COLUMNS)
)


@dataclass(frozen=True, slots=True)
class CaseRef:
    """A case, by the store's number and by that which people use."""

    id: int
    number: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a case lies, how urgent it is, and when its first answer is due."""

    queue: str
    office_id: str
    priority: Priority
    due: datetime
    alarm: Alarm = field(default_factory=Alarm)


def destination_of(judgement: Judgement) -> Destination:
    """Return where a judged case lies.

    Raises:
        ValueError: the decision does not say.
    """
    decision = judgement.decision
    if decision.queue is None or decision.office_id is None or decision.due is None:
        raise ValueError("a case needs a queue, an office and a due time")
    return Destination(decision.queue, decision.office_id, decision.priority, decision.due, decision.alarm)


def case_values(judgement: Judgement) -> dict[str, Any]:
    """Return the columns that a case takes from what was judged of the contact that it is opened for."""
    contact = judgement.contact
    return {
        "channel": contact.channel,
        "subject": contact.subject,
        "who": who_wrote(judgement),
        "why": reasons(judgement),
        "topic": judgement.understanding.topic,
        "rule": judgement.decision.rule,
        "read_in_full": True,
        **judgement.whom,
    }


def open_case(connection: Connection, values: dict[str, Any], destination: Destination, now: datetime) -> CaseRef:
    """Open a case with the year's next number.

    Args:
        connection: the transaction.
        values: its columns, but for the place and what each new case has.
        destination: where it lies.
        now: when; its number is of the year that it reads.
    """
    number = next_number(connection, now.year)
    row = {**values, **_place_values(destination), "number": number, "state": "open", "opened_at": now}
    return CaseRef(connection.execute(_INSERT, row).scalar_one(), number)


_INSERT = cases.insert().returning(cases.c.id)


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
    """Write into a case that stood in for an arrival what was read of it.

    An agent who has taken the case, or closed it, keeps it where it is.
    """
    by_hand = set_by_hand(connection, case_id)
    if judgement.decision.kind is CaseKind.CASE and by_hand.isdisjoint(_PLACE):
        untouched = sa.and_(cases.c.state == "open", cases.c.owner.is_(None), cases.c.read_in_full.is_(False))
        place = _place_values(destination_of(judgement))
        # A danger that was read elsewhere in the case is not over because this arrival mentions none, or less.
        danger = cases.c.alarm_level < judgement.decision.alarm.level
        for name in ("priority", "due", *ALARM_COLUMNS):
            place[name] = sa.case((danger, cases.c[name]), else_=sa.literal(place[name], cases.c[name].type))
        connection.execute(sa.update(cases).where(cases.c.id == case_id).where(untouched).values(place))
    values = {name: value for name, value in case_values(judgement).items() if name not in by_hand}
    kept: dict[str, Any] = {name: sa.func.coalesce(cases.c[name], values[name]) for name in WHOM if name in values}
    _update(connection, case_id, {**values, **kept})


def set_by_hand(connection: Connection, case_id: int) -> frozenset[str]:
    """Return the columns of a case in which an agent's word stands, whatever is judged."""
    return frozenset(connection.execute(_BY_HAND, {"case": case_id}).scalar_one() or ())


_BY_HAND = sa.select(cases.c.by_hand).where(cases.c.id == sa.bindparam("case"))


def _place_values(destination: Destination) -> dict[str, Any]:
    return {
        "queue": destination.queue,
        "office_id": destination.office_id,
        "priority": destination.priority,
        "due": destination.due,
        **alarm_values(agreed(destination.priority, destination.alarm)[1]),
    }


def _update(connection: Connection, case_id: int, values: dict[str, Any]) -> None:
    change = sa.update(cases).where(cases.c.id == case_id)
    connection.execute(change.values({**values, "version": cases.c.version + 1}))


def find_case(connection: Connection, number: str) -> Any:
    """Return the row of the case of a number; where it was merged into another one since, that one's. None without."""
    row = connection.execute(sa.select(*_ROW).where(cases.c.number == number)).one_or_none()
    for _ in range(_MOST_MERGES):
        if row is None:
            break
        into = sa.select(case_links.c.other_id).where(case_links.c.case_id == row.id, case_links.c.kind == "merged")
        after = connection.execute(sa.select(*_ROW).where(cases.c.id.in_(into))).first()
        if after is None:
            break
        row = after
    return row


def find_open_case(connection: Connection, case_id: int) -> Any:
    """Return the row of a case, or None where it is closed."""
    return connection.execute(sa.select(*_ROW).where(cases.c.id == case_id, IS_OPEN)).one_or_none()


def lock_call_back(connection: Connection, party: str | None) -> Any:
    """Return the row of a party's open call-back, and keep others from changing it; None where there is none."""
    if party is None:
        return None
    return connection.execute(sa.select(*_ROW).where(cases.c.party == party, IS_OPEN).with_for_update()).one_or_none()


def claim_call_back(connection: Connection, case_id: int, party: str | None) -> None:
    """Make a case the call-back of a party that has no open one, where it is nobody's yet."""
    if lock_call_back(connection, party) is None:
        change = sa.update(cases).where(cases.c.id == case_id, cases.c.party.is_(None))
        connection.execute(change.values(party=party))


def raised_urgency(row: Any, decision: Decision) -> dict[str, Any]:
    """Return the columns of how urgent a case is that what was judged raises: priority, due time, alarm; never lowers.

    An agent's word on how urgent it is stands, but for danger, certain or possible: they did not know of that.

    Args:
        row: the case as it is.
        decision: what was decided of what joins it.
    """
    alarming = is_more_urgent(decision.alarm, row.alarm_level)
    pressing = decision.priority < Priority(row.priority) and "priority" not in (row.by_hand or ())
    if not alarming and not pressing:
        return {}
    changes: dict[str, Any] = {"due": row.due if decision.due is None else min(row.due, decision.due)}
    if decision.priority < Priority(row.priority):
        changes["priority"] = decision.priority
    return {**changes, **alarm_values(decision.alarm)} if alarming else changes


def change_joined(connection: Connection, row: Any, changes: dict[str, Any]) -> dict[str, Any]:
    """Change a case that something joins, and restart its escalation as far as that calls for it.

    Args:
        connection: the transaction.
        row: the case as it was.
        changes: its columns that change; where there are none, the case stays as it is.

    Returns:
        What the event of joining says of the change.
    """
    if not changes:
        return {}
    _update(connection, row.id, changes)
    if "state" in changes:
        timers.restart(connection, row.id)
    elif "priority" in changes:
        timers.restart(connection, row.id, changes["priority"])
    data = {name: value for name, value in changes.items() if name in _SHOWN_IN_EVENTS}
    return {**data, timers.RAISED_FROM: row.priority} if "priority" in changes else data


def close_call_back(connection: Connection, row: Any, reason: CodedText, now: datetime) -> str:
    """Close a call-back, and return the word of the event that says so.

    That of a danger ends (no further call joins it), but its case stays open, and so does its escalation.
    """
    danger = row.priority == Priority.P1
    closed = {"state": "closed", "closed_at": now, "done_reason": reason, "waiting_until": None}
    _update(connection, row.id, {"party": None} if danger else closed)
    return DANGER_STAYS if danger else "done"


def waiting_outcomes(connection: Connection, case_id: int) -> list[Outcome]:
    """Return the outcomes of the calls that wait in a call-back, the oldest first."""
    query = sa.select(contacts.c.outcome).where(contacts.c.case_id == case_id, CALL_WAITS).order_by(contacts.c.at)
    return [Outcome(outcome) for outcome in connection.execute(query).scalars()]


def set_subject(connection: Connection, case_id: int, subject: CodedText) -> None:
    """Write a case's subject."""
    connection.execute(sa.update(cases).where(cases.c.id == case_id).values(subject=subject))


def mark_bounces(connection: Connection, case_id: int, judgement: Judgement, now: datetime) -> None:
    """Mark the addresses of a case that a report says nothing reaches, and what was sent to them as bounced."""
    contact = judgement.contact
    text = f"{contact.subject}\n{contact.new_text}\n{contact.quoted_text}".lower()
    codes = _FAILED.findall(text)
    # An enhanced code says more than the 550 before it.
    status = next((code for code in codes if code.startswith("5.")), codes[0] if codes else "")
    failed = [(each.address, each.status or status or "failed", each.words) for each in contact.undelivered]
    if not failed and status:
        failed = [(text, status, "")]
    for named, code, words in failed:
        outbox.mark_bounced(connection, case_id, named, code, now, words)


def link(connection: Connection, case_id: int, numbers: Sequence[str]) -> None:
    """Link a case to other cases, by their numbers; a number that no case has is left out."""
    if not numbers:
        return
    insert = insert_of(connection)
    others = connection.execute(sa.select(cases.c.id).where(cases.c.number.in_(numbers), cases.c.id != case_id))
    rows = [{"case_id": case_id, "other_id": other, "kind": "linked"} for other in others.scalars()]
    if rows:
        connection.execute(insert(case_links).on_conflict_do_nothing(), rows)
