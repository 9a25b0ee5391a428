"""What becomes of a judged call: its contact, and the call-back that it opens, joins, closes, or needs no more."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.calls import call_id_of
from dtm_contact.errors import MovedError
from dtm_contact.explain import call_back_subject
from dtm_contact.labels.judging import OUTCOMES
from dtm_contact.model import Call, CaseKind, Judgement, Outcome, Priority, Standing
from dtm_contact.store import events, joining, recording, timers
from dtm_contact.store.alarm_labels import ALARM_COLUMNS
from dtm_contact.store.arrivals import Claimed
from dtm_contact.store.call_backs import IS_OPEN, WAITS, ToldBefore, told_before
from dtm_contact.store.recording import Judged, Known
from dtm_contact.store.schema import cases, contacts

SPOKE = "joint par téléphone"
ANSWERED_AFTER_ALL = "appel finalement répondu"
DANGER_STAYS = "spoken"
"""What the event of an answered call says in place of `done`: a danger is over once somebody at the desk says so."""
_SPOKE_OUTCOMES = tuple(outcome.value for outcome in Outcome if outcome.spoke)


@dataclass(frozen=True, slots=True)
class _Told:
    """A judged call with its parts that are there for every call."""

    judged: Judged
    call: Call
    standing: Standing

    @property
    def judgement(self) -> Judgement:
        return self.judged.judgement

    @property
    def waits(self) -> bool:
        return self.judgement.decision.kind is CaseKind.CASE


@dataclass(frozen=True, slots=True)
class _Placed:
    """Where a call lies now, and the events that tell of it: the last one is the call's own."""

    case: recording.CaseRef | None
    what: str
    told: dict[str, Any]


def record_call(connection: Connection, judged: Judged, known: Known) -> str | None:
    """Store what was judged of a call, and return the number of its case; see `Cases.record`.

    A party has one open call-back, which further calls join; one that an agent's hand closed meanwhile is joined by
    none. A call that is told anew stays where it is unless it now asks for something else.

    Args:
        connection: the transaction.
        judged: what was judged.
        known: the arrival as it is found; a call is known by its first arrival, so that tells nothing here.

    Raises:
        MovedError: the call-back that it was to join is open no more; the call is to be judged again.
    """
    del known
    claimed, judgement, now = judged.claimed, judged.judgement, judged.now
    told = _told(judged)
    before = _before(connection, claimed)
    placed = _place(connection, told, before, now)
    values = recording.contact_values(claimed, judgement, now) | {"party": told.standing.party} | _first_arrival(before)
    recording.put_judged(connection, judged, before.contact_id if before else None, values, placed.case)
    recording.settle(connection, claimed, recording.state_of(judgement, placed.case), now, kind=judgement.decision.kind)
    _describe(connection, told, placed.case)
    if before is not None and before.case_id is not None:
        _leave(connection, before.case_id, placed.case, claimed, now)
    event = events.NewEvent(recording.WORKER, placed.what, now, {**recording.told_of(judgement), **placed.told})
    number = recording.tell(connection, claimed, placed.case, event)
    if placed.case is not None and (placed.what == "opened" or "priority" in placed.told):
        recording.post(connection, judged, placed.case)
    if placed.what == "opened":
        _close_if_spoken_since(connection, told, placed.case, claimed, now)
    return number


def _told(judged: Judged) -> _Told:
    contact = judged.judgement.contact
    if contact.call is None:
        raise ValueError("no call")
    return _Told(judged, contact.call, contact.standing or Standing())


def _before(connection: Connection, claimed: Claimed) -> ToldBefore | None:
    first = replace(claimed.arrival, external_id=call_id_of(claimed.arrival.external_id))
    return told_before(connection, first)


def _first_arrival(before: ToldBefore | None) -> dict[str, Any]:
    """Return nothing new: the contact stays that of the call's first arrival, by whose id the call is known."""
    return {} if before is None else {"arrival_id": before.arrival_id}


def _place(connection: Connection, told: _Told, before: ToldBefore | None, now: datetime) -> _Placed:
    if told.waits:
        return _place_waiting(connection, told, before)
    if told.standing.closes is not None:
        return _close_by(connection, told, now)
    return _Placed(None, "judged" if before is None else "revised", _outcomes(told, before))


def _place_waiting(connection: Connection, told: _Told, before: ToldBefore | None) -> _Placed:
    standing = told.standing
    if before is not None and before.case_id is not None and _stays(before, standing):
        return _Placed(_stay(connection, told, before, before.case_id), "revised", _outcomes(told, before))
    open_ = _open_of(connection, standing.party)
    if open_ is None and standing.joins is not None:
        raise MovedError("the call-back that it joins")
    if open_ is None:
        case = recording.open_judged(connection, told.judged, party=standing.party)
        return _Placed(case, "opened", _outcomes(told, None))
    changes = _more_urgent(open_, told.judgement)
    change = sa.update(cases).where(cases.c.id == open_.id)
    connection.execute(change.values({**changes, "version": cases.c.version + 1}))
    raised = {}
    if "priority" in changes:
        raised = {"priority": changes["priority"], timers.RAISED_FROM: open_.priority}
        timers.begin_anew(connection, open_.id, changes["priority"])
    case = recording.CaseRef(open_.id, open_.number)
    return _Placed(case, "joined", {**_outcomes(told, before), "count": standing.count, **raised})


def _stays(before: ToldBefore, standing: Standing) -> bool:
    """Tell whether a call lies where it should: it waited before, for the same party, or could not be read."""
    if before.standing is None:
        return True
    waited = before.outcome is not None and before.outcome.needs_call_back
    return waited and before.standing.party == standing.party


def _stay(connection: Connection, told: _Told, before: ToldBefore, case_id: int) -> recording.CaseRef:
    """Return the case that a call stays in; one that stood in for it while it could not be judged learns what it is."""
    number = connection.execute(sa.select(cases.c.number).where(cases.c.id == case_id)).scalar_one()
    if before.standing is None:
        recording.complete(connection, case_id, told.judgement)
        if _open_of(connection, told.standing.party) is None:
            change = sa.update(cases).where(cases.c.id == case_id, cases.c.party.is_(None))
            connection.execute(change.values(party=told.standing.party))
    return recording.CaseRef(case_id, number)


def _open_of(connection: Connection, party: str | None) -> Any:
    if party is None:
        return None
    of_alarm = (cases.c[name] for name in ALARM_COLUMNS)
    wanted = (cases.c.id, cases.c.number, cases.c.priority, cases.c.due, cases.c.by_hand, cases.c.owner, *of_alarm)
    query = sa.select(*wanted).where(cases.c.party == party, IS_OPEN).with_for_update()
    return connection.execute(query).one_or_none()


def _more_urgent(case: Any, judgement: Judgement) -> dict[str, Any]:
    """Return the columns that a further call changes: it ends a pause, and may raise the priority, never lower it."""
    return {"waiting_until": None, **joining.raised_by(case, judgement.decision)}


def _close_by(connection: Connection, told: _Told, now: datetime) -> _Placed:
    """Close the call-back that a call answers, even one that an agent has taken: its event says so."""
    open_ = _open_of(connection, told.standing.party)
    data = _outcomes(told, None)
    if open_ is None:
        # Somebody's hand was faster.
        return _Placed(None, "judged", data)
    what = _close(connection, open_, SPOKE, now)
    reason = f"{SPOKE}, alors que {open_.owner} l'avait pris" if open_.owner else SPOKE
    told_too = {"reason": reason, "spoke": True, "owner": open_.owner}
    return _Placed(recording.CaseRef(open_.id, open_.number), what, {**data, **told_too})


def _close_if_spoken_since(
    connection: Connection, told: _Told, case: recording.CaseRef | None, claimed: Claimed, now: datetime
) -> None:
    """Close a call-back at once where the party was spoken to after that call, which came to be known late."""
    if case is None or told.standing.party is None:
        return
    later = sa.select(contacts.c.id).where(
        contacts.c.party == told.standing.party,
        contacts.c.at > told.call.ended_at,
        contacts.c.channel == "phone",
        contacts.c.outcome.in_(_SPOKE_OUTCOMES),
    )
    if connection.execute(later.limit(1)).first() is None:
        return
    opened = connection.execute(sa.select(cases.c.id, cases.c.priority).where(cases.c.id == case.id)).one()
    what = _close(connection, opened, SPOKE, now)
    recording.tell(connection, claimed, case, events.NewEvent(recording.WORKER, what, now, {"reason": SPOKE}))


def _leave(
    connection: Connection, case_id: int, case: recording.CaseRef | None, claimed: Claimed, now: datetime
) -> None:
    """Close the call-back that a call has left, where it was the only one in it."""
    if case is not None and case.id == case_id:
        return
    waits = sa.or_(WAITS, contacts.c.channel != "phone")
    others = sa.select(sa.func.count()).select_from(contacts).where(contacts.c.case_id == case_id, waits)
    wanted = (cases.c.id, cases.c.number, cases.c.priority)
    row = connection.execute(sa.select(*wanted).where(cases.c.id == case_id, IS_OPEN)).one_or_none()
    if row is None or connection.execute(others).scalar_one():
        return
    what = _close(connection, row, ANSWERED_AFTER_ALL, now)
    event = events.NewEvent(recording.WORKER, what, now, {"reason": ANSWERED_AFTER_ALL, "revised": True})
    recording.tell(connection, claimed, recording.CaseRef(case_id, row.number), event)


def _close(connection: Connection, case: Any, reason: str, now: datetime) -> str:
    """Close a call-back, and return the word of the event that tells it.

    That of a danger ends (no further call joins it), but its case stays open, and so does its escalation.
    """
    danger = case.priority == Priority.P1
    closed = {"state": "closed", "closed_at": now, "done_reason": reason, "waiting_until": None}
    changes = {"party": None} if danger else closed
    change = sa.update(cases).where(cases.c.id == case.id)
    connection.execute(change.values({**changes, "version": cases.c.version + 1}))
    return DANGER_STAYS if danger else "done"


def _describe(connection: Connection, told: _Told, case: recording.CaseRef | None) -> None:
    """Write into a call-back's subject how often, and whether a message was left."""
    if case is None or not told.waits:
        return
    query = sa.select(contacts.c.outcome).where(contacts.c.case_id == case.id, WAITS).order_by(contacts.c.at)
    outcomes = [Outcome(outcome) for outcome in connection.execute(query).scalars()]
    if outcomes and "subject" not in recording.set_by_hand(connection, case.id):
        subject = call_back_subject(outcomes)
        connection.execute(sa.update(cases).where(cases.c.id == case.id).values(subject=subject))


def _outcomes(told: _Told, before: ToldBefore | None) -> dict[str, Any]:
    """Return what became of a call, and where it is told otherwise than before, what was told then."""
    outcome = told.call.outcome
    if before is None or before.outcome is None or before.outcome is outcome:
        return {"outcome": outcome, "text": OUTCOMES[outcome]}
    text = f"{OUTCOMES[outcome]}, et non « {OUTCOMES[before.outcome]} »"
    return {"outcome": outcome, "before": before.outcome, "text": text}
