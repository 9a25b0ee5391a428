"""What becomes of a claimed arrival: its contact, its case, their event, and the arrival's own state, all at once.

A message, a call and what could not be judged are recorded by the same steps. Only which case they go to differs
(`placement`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import CaseKind, Channel, Contact, Judgement, Mailbox
from dtm_contact.reasons import NOT_READ, call_back_subject, shown_mailbox
from dtm_contact.store import case_changes, events, outbox, placement
from dtm_contact.store.arrivals import ArrivalState, Claimed
from dtm_contact.store.case_changes import WHOM, CaseRef, Destination
from dtm_contact.store.judgements import pack_judgement
from dtm_contact.store.placement import CasePlacement, JudgingResult
from dtm_contact.store.schema import arrivals, cases, contacts, judgements

WORKER: Final = "worker"
"""Who does what the events of recording say."""


@dataclass(frozen=True, slots=True)
class UnreadableSummary:
    """What could be read of an arrival that could not be judged."""

    sender: Mailbox = field(default_factory=Mailbox)
    subject: str = ""
    at: datetime | None = None
    channel: Channel = Channel.EMAIL


@dataclass(frozen=True, slots=True)
class ArrivalStatus:
    """An arrival as it is now: whether the claim on it still holds, and what an earlier attempt left of it.

    Attributes:
        is_claimed: the claim holds.
        contact_id: its contact, if any.
        case: the case that this contact lies in, if any.
    """

    is_claimed: bool
    contact_id: int | None
    case: CaseRef | None

    @property
    def number(self) -> str | None:
        """The number of its case."""
        return self.case.number if self.case else None


def lock_arrival(connection: Connection, claimed: Claimed) -> ArrivalStatus:
    """Return an arrival as it is now; on PostgreSQL nobody else changes it until the transaction ends.

    Raises:
        NotFoundError: it is not in the store.
    """
    if connection.dialect.name == "postgresql":
        # By itself: what another was writing while this waited is seen by the next statement only.
        connection.execute(sa.select(arrivals.c.id).where(arrivals.c.id == claimed.id).with_for_update())
    row = connection.execute(_STATUS, {"arrival": claimed.id}).one_or_none()
    if row is None:
        raise NotFoundError(f"arrival {claimed.id}")
    claim = (row.state, row.claimed_by, row.claimed_at)
    case = None if row.case_id is None else CaseRef(row.case_id, row.number)
    return ArrivalStatus(claim == (ArrivalState.CLAIMED, claimed.worker, claimed.claimed_at), row.contact_id, case)


_STATUS = (
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


def record(connection: Connection, result: JudgingResult) -> str | None:
    """Store what was judged of a message or call, and return the number of its case; see `Cases.record`."""
    claimed, judgement, now = result.claimed, result.judgement, result.now
    status = lock_arrival(connection, claimed)
    if not status.is_claimed:
        return status.number
    placed = placement.place(connection, result, status.contact_id, status.case)
    _put_judged_contact(connection, result, placed)
    if placed.case is not None:
        _finish_case(connection, placed, placed.case)
    if placed.left is not None:
        _add_closing(connection, claimed, placement.close_left(connection, placed.left, now), now)
    _settle(connection, claimed, _state_after(judgement, placed.case), now, kind=judgement.decision.kind)
    number = _add_event(
        connection, claimed, placed.case, placed.what, now, {**_decision_data(judgement), **placed.data}
    )
    if placed.case is not None and placed.sends and result.mail is not None:
        # Behind the event of what calls for it: the case's line of time tells cause before effect.
        letters = result.mail.write(placed.case.number)
        result.mail.withheld.extend(outbox.put(connection, placed.case.id, letters, result.mail.limits, now))
    if placed.case is not None and placed.what == placement.OPENED:
        _add_closing(connection, claimed, placement.close_if_spoken_since(connection, result, placed.case), now)
    return number


def park(
    connection: Connection,
    claimed: Claimed,
    reason: str,
    fallback: UnreadableSummary,
    destination: Destination,
    now: datetime,
) -> str | None:
    """Park an arrival and open the case that stands in for it; see `Cases.park`."""
    status = lock_arrival(connection, claimed)
    if not status.is_claimed:
        return status.number
    case = status.case
    if case is None:
        case = case_changes.open_case(connection, _stand_in_values(fallback), destination, now)
        _put_contact(connection, status.contact_id, _fallback_values(claimed, fallback), case)
    _settle(connection, claimed, ArrivalState.PARKED, now, reason=reason)
    return _add_event(connection, claimed, case, "parked", now, {"reason": reason, "attempt": claimed.attempt})


def _finish_case(connection: Connection, placed: CasePlacement, case: CaseRef) -> None:
    """Give a case what its new contact brings: links, and the subject of a call-back."""
    case_changes.link(connection, case.id, placed.links)
    if placed.waits and (outcomes := case_changes.waiting_outcomes(connection, case.id)):
        case_changes.set_subject(connection, case.id, call_back_subject(outcomes))


def _put_judged_contact(connection: Connection, result: JudgingResult, placed: CasePlacement) -> None:
    """Store a contact with every step of judging it, in place of what was judged of it before."""
    values = {**_contact_values(result.claimed, result.judgement, result.now), **placed.contact}
    contact_id = _put_contact(connection, placed.contact_id, values, placed.case)
    if placed.contact_id is not None:
        connection.execute(judgements.delete().where(judgements.c.contact_id == contact_id))
    row = {"contact_id": contact_id, "decision": result.decision, "judgement": pack_judgement(result.judgement)}
    connection.execute(judgements.insert(), row)


def _put_contact(connection: Connection, contact_id: int | None, values: dict[str, Any], case: CaseRef | None) -> int:
    """Store a contact, in place of what was stored under its id before; return its id."""
    values = {**values, "case_id": case.id if case else None}
    if contact_id is None:
        return int(connection.execute(_NEW_CONTACT, values).scalar_one())
    if case is not None and "tenant_id" in case_changes.set_by_hand(connection, case.id):
        values = {name: value for name, value in values.items() if name not in WHOM}
    connection.execute(sa.update(contacts).where(contacts.c.id == contact_id).values(values))
    return contact_id


_NEW_CONTACT = contacts.insert().returning(contacts.c.id)


def _contact_values(claimed: Claimed, judgement: Judgement, now: datetime) -> dict[str, Any]:
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


def _fallback_values(claimed: Claimed, fallback: UnreadableSummary) -> dict[str, Any]:
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


def _stand_in_values(fallback: UnreadableSummary) -> dict[str, Any]:
    return {
        "channel": fallback.channel,
        "subject": fallback.subject,
        "who": shown_mailbox(fallback.sender),
        "why": (NOT_READ,),
        "read_in_full": False,
    }


def _settle(connection: Connection, claimed: Claimed, state: ArrivalState, now: datetime, **values: Any) -> None:
    """Let go of an arrival that is done with."""
    change = sa.update(arrivals).where(arrivals.c.id == claimed.id)
    cleared = {"claimed_by": None, "claimed_at": None, "not_before": None, "reason": None}
    connection.execute(change.values({**cleared, "state": state, "settled_at": now, **values}))


def _state_after(judgement: Judgement, case: CaseRef | None) -> ArrivalState:
    aside = judgement.decision.kind in (CaseKind.AUTOMATIC, CaseKind.SPAM)
    return ArrivalState.SET_ASIDE if aside and case is None else ArrivalState.JUDGED


def _decision_data(judgement: Judgement) -> dict[str, Any]:
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


def _add_event(
    connection: Connection, claimed: Claimed, case: CaseRef | None, what: str, now: datetime, data: dict[str, Any]
) -> str | None:
    """Add an event of the arrival and its case, and return the number of that."""
    event = events.NewEvent(WORKER, what, now, data)
    events.append(connection, event, case_id=case.id if case else None, arrival_id=claimed.id)
    return case.number if case else None


def _add_closing(
    connection: Connection, claimed: Claimed, closed: tuple[CaseRef, str, dict[str, Any]] | None, now: datetime
) -> None:
    """Add the event of a call-back that was closed, if one was."""
    if closed is not None:
        case, what, data = closed
        _add_event(connection, claimed, case, what, now, data)
