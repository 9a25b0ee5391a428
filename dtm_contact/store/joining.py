"""What a message does to the earlier case that it joins: it wakes it, opens it again, makes it more urgent; no less."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import MovedError
from dtm_contact.model import CaseKind, Decision, Joining, Judgement, Priority, Way
from dtm_contact.store import outbox, timers
from dtm_contact.store.alarm_labels import ALARM_COLUMNS, alarm_values, more_urgent
from dtm_contact.store.inserting import insert_of
from dtm_contact.store.schema import case_links, cases, contacts

_MOST_MERGES: Final = 10
_CLOCKS_DIFFER: Final = timedelta(minutes=1)
# RFC 3463 section 2: class 5 is a permanent failure; a delay (class 4) may still arrive.
_FAILED: Final = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b|\baction: ?failed\b|\b55\d\b")


@dataclass(frozen=True, slots=True)
class Joined:
    """The case that a message joined, and what that changed, for its event."""

    id: int
    number: str
    what: str
    told: dict[str, Any]


def join_case(connection: Connection, judgement: Judgement, now: datetime) -> Joined | None:
    """Lay a message into the case that it joins, and return that; None where it joins none.

    A case that was merged into another one since is that other one. The contact itself is recorded by the caller.

    Args:
        connection: the transaction.
        judgement: what was judged of the message.
        now: when.
    """
    joining = judgement.joining
    row = _case(connection, joining.case_number) if joining.case_number else None
    if row is None:
        return None
    changes = _changes(row, judgement)
    told: dict[str, Any] = {"way": joining.way, "why": joining.why, "by_staff": joining.by_staff}
    told |= {"danger_reply": joining.danger_reply} if joining.danger_reply else {}
    told |= {timers.IN_SENT_FOLDER: True} if joining.answers and joining.ours else {}
    told |= {name: value for name, value in changes.items() if name in ("state", "priority", "alarm_level")}
    told |= {timers.RAISED_FROM: row.priority} if "priority" in changes else {}
    if changes:
        change = sa.update(cases).where(cases.c.id == row.id)
        connection.execute(change.values({**changes, "version": cases.c.version + 1}))
    if "state" in changes:
        timers.begin_anew(connection, row.id)
    elif "priority" in changes:
        timers.begin_anew(connection, row.id, changes["priority"])
    if judgement.decision.kind is CaseKind.AUTOMATIC:
        told |= _bounced(connection, row.id, judgement, now)
    return Joined(row.id, row.number, _what(joining), told)


def check_not_repeated(connection: Connection, judgement: Judgement, claimed_at: datetime) -> None:
    """Refuse to open a case for what the same writer said in another arrival that was judged at the same time.

    Args:
        connection: the transaction.
        judgement: what was judged.
        claimed_at: when its judging began.

    Raises:
        MovedError: a case was opened for the same words meanwhile; judged again, this arrival will see it.
    """
    fingerprint = judgement.joining.fingerprint
    if not fingerprint:
        return
    if connection.dialect.name == "postgresql":
        # Held to the end of the transaction: of two at once the second sees what the first has written.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(fingerprint, 0))))
    seen = {each.case_number for each in judgement.history.alike}
    same = (contacts.c.fingerprint == fingerprint, contacts.c.sender_address == judgement.writer.address.lower())
    meanwhile = sa.select(cases.c.number).join(contacts, contacts.c.case_id == cases.c.id)
    since = contacts.c.judged_at >= claimed_at - _CLOCKS_DIFFER
    if any(number not in seen for number in connection.execute(meanwhile.where(*same, since)).scalars()):
        raise MovedError("the same words have a case by now")


def _what(joining: Joining) -> str:
    if joining.answers:
        return "answered"
    return "returned" if joining.ours and joining.way is Way.OWN else "joined"


def _case(connection: Connection, number: str) -> Any:
    of_alarm = (cases.c[name] for name in ALARM_COLUMNS)
    wanted = (cases.c.id, cases.c.number, cases.c.state, cases.c.priority, cases.c.due, cases.c.by_hand, *of_alarm)
    row = connection.execute(sa.select(*wanted).where(cases.c.number == number)).one_or_none()
    for _ in range(_MOST_MERGES):
        if row is None:
            break
        into = sa.select(case_links.c.other_id).where(case_links.c.case_id == row.id, case_links.c.kind == "merged")
        after = connection.execute(sa.select(*wanted).where(cases.c.id.in_(into))).first()
        if after is None:
            break
        row = after
    return row


def _changes(row: Any, judgement: Judgement) -> dict[str, Any]:
    """Return the columns that a message changes; thanks, machines and colleagues ask for nothing."""
    decision = judgement.decision
    if judgement.asks_nothing:
        return {}
    changes: dict[str, Any] = {"waiting_until": None}
    if row.state == "closed":
        changes |= {"state": "open", "closed_at": None, "done_reason": None, "due": decision.due}
        if decision.priority is Priority.P1:
            # Whoever had taken it saw to another danger, and may have gone home.
            changes["owner"] = None
    raised = raised_by(row, decision)
    if raised and row.state == "closed":
        raised["due"] = decision.due
    return {**changes, **raised}


def raised_by(row: Any, decision: Decision) -> dict[str, Any]:
    """Return the columns of how urgent a case is that what was judged raises: priority, due time, alarm; never lowers.

    An agent's word on how urgent it is stands, but for danger, certain or possible: they did not know of that.

    Args:
        row: the case as it is: its priority, due time, alarm, and what an agent set by hand.
        decision: what was decided of the message or call that joins it.
    """
    alarming = more_urgent(decision.alarm, row.alarm_level)
    pressing = decision.priority < Priority(row.priority) and "priority" not in (row.by_hand or ())
    if not alarming and not pressing:
        return {}
    changes: dict[str, Any] = {"due": row.due if decision.due is None else min(row.due, decision.due)}
    if decision.priority < Priority(row.priority):
        changes["priority"] = decision.priority
    return {**changes, **alarm_values(decision.alarm)} if alarming else changes


def raise_open(connection: Connection, case_id: int, decision: Decision) -> dict[str, Any]:
    """Make an open case as urgent as what lies in it from now on; return what its event tells of that, if anything.

    Args:
        connection: the transaction.
        case_id: the case.
        decision: what was decided of what joins it.
    """
    wanted = (cases.c.priority, cases.c.due, cases.c.by_hand, *(cases.c[name] for name in ALARM_COLUMNS))
    row = connection.execute(sa.select(*wanted).where(cases.c.id == case_id, cases.c.state == "open")).one_or_none()
    changes = {} if row is None else raised_by(row, decision)
    if row is None or not changes:
        return {}
    change = sa.update(cases).where(cases.c.id == case_id)
    connection.execute(change.values({**changes, "waiting_until": None, "version": cases.c.version + 1}))
    told = {name: value for name, value in changes.items() if name in ("priority", "alarm_level")}
    if "priority" in changes:
        timers.begin_anew(connection, case_id, changes["priority"])
        told |= {timers.RAISED_FROM: row.priority}
    return told


def _bounced(connection: Connection, case_id: int, judgement: Judgement, now: datetime) -> dict[str, Any]:
    contact = judgement.contact
    if contact.undelivered:
        named = " ".join(each.address for each in contact.undelivered)
        told = next((each.status for each in contact.undelivered if each.status), "failed")
        return {"bounced": len(outbox.mark_bounced(connection, case_id, named, told, now))}
    text = f"{judgement.contact.subject}\n{judgement.contact.new_text}\n{judgement.contact.quoted_text}".lower()
    found = _FAILED.search(text)
    if found is None:
        return {}
    return {"bounced": len(outbox.mark_bounced(connection, case_id, text, found.group(), now))}


def link(connection: Connection, case_id: int, numbers: Sequence[str]) -> None:
    """Link a case to those of these numbers that there are: they have to do with each other."""
    if not numbers:
        return
    insert = insert_of(connection)
    others = connection.execute(sa.select(cases.c.id).where(cases.c.number.in_(numbers), cases.c.id != case_id))
    rows = [{"case_id": case_id, "other_id": other, "kind": "linked"} for other in others.scalars()]
    if rows:
        connection.execute(insert(case_links).on_conflict_do_nothing(), rows)
