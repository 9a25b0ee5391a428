"""Which case the result of judging goes to, and what that changes there: of a message, a call, or a voice notice.

A message joins the case that its judgement names, or opens one. A party has one open call-back, which its calls join
and an answered call closes. The notice of a voice message joins the call that it belongs to.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.calls.outcomes import call_id_of
from dtm_contact.errors import ConcurrentUpdateError
from dtm_contact.model import (
    SPOKEN_CHANNELS,
    Call,
    CallBackState,
    CaseKind,
    CodedText,
    ConversationMatch,
    JoinedBy,
    Judgement,
    Outcome,
    Priority,
    VoiceNotice,
)
from dtm_contact.store import case_changes, timers
from dtm_contact.store.arrivals import Claimed
from dtm_contact.store.case_changes import CaseRef, raised_urgency
from dtm_contact.store.history import CALL_WAITS, EarlierCall, earlier_call
from dtm_contact.store.outbox import OutgoingBatch
from dtm_contact.store.schema import cases, contacts

OPENED: Final = "opened"
LAY_LONG: Final = "lay_long"
"""The tag of a case whose message lay in the mailbox for long before that was ever looked at: nobody was told of it."""
TAKEN_OVER: Final = "taken_over"
"""The tag of a case whose message was taken over from a mailbox in use before: nobody was told of it."""
_SPOKE: Final = CodedText("spoke")
_ANSWERED_AFTER_ALL: Final = CodedText("answered_after_all")
_JOINED: Final = "joined"
_COMPLETED: Final = "completed"
_REVISED: Final = "revised"
_JUDGED: Final = "judged"
_CLOCKS_DIFFER: Final = timedelta(minutes=1)
_NOTICE_WINDOW: Final = timedelta(minutes=15)
"""Between a call's begin and the time of its notice, either way: the clocks are others."""
_SPOKE_OUTCOMES: Final = tuple(outcome.value for outcome in Outcome if outcome.spoke)


@dataclass(frozen=True, slots=True)
class JudgingResult:
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
    mail: OutgoingBatch | None = None


@dataclass(frozen=True, slots=True)
class CasePlacement:
    """Where a result goes.

    Attributes:
        case: the case that the contact lies in from now on, if any.
        what: what became of the case, as its event says.
        data: what else the event says.
        contact_id: the contact where it is in the store already.
        contact: columns of the contact beside those that every judged one has.
        links: the numbers of other cases that the case has to do with.
        sends: what the result calls for is sent.
        waits: the case is a call-back, and the contact a call that waits in it.
        left: the case that the contact lay in before and no longer does.
    """

    case: CaseRef | None
    what: str
    data: dict[str, Any] = field(default_factory=dict)
    contact_id: int | None = None
    contact: dict[str, Any] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    sends: bool = False
    waits: bool = False
    left: int | None = None


def place(connection: Connection, result: JudgingResult, contact_id: int | None, case: CaseRef | None) -> CasePlacement:
    """Find or open the case that a result goes to, and change it accordingly.

    Args:
        connection: the transaction.
        result: what was judged.
        contact_id: the arrival's contact, where an earlier attempt left one.
        case: the case which that contact lies in: it stood in for the arrival.

    Raises:
        ConcurrentUpdateError: what the judgement rests on has changed meanwhile; judge it again.
        ValueError: the decision opens a case without saying where.
    """
    contact = result.judgement.contact
    if contact.call is not None:
        # A call is kept under its first arrival, which may not be this one.
        return _place_call(connection, result, contact.call, contact.standing or CallBackState())
    if contact.voice is not None:
        placement = _place_notice(connection, result, contact.voice, case)
    else:
        placement = _place_message(connection, result, case)
    return replace(placement, contact_id=contact_id)


def _open(connection: Connection, result: JudgingResult, **values: Any) -> CaseRef:
    """Open a case for what was judged: with the tags of the rules, which agents then own."""
    arrival, judgement = result.claimed.arrival, result.judgement
    tags = list(judgement.decision.tags)
    if arrival.is_historical(judgement.contact.at):
        tags.append(TAKEN_OVER if arrival.imported else LAY_LONG)
    columns = {**case_changes.case_values(judgement), "tags": tags or None, **values}
    return case_changes.open_case(connection, columns, case_changes.destination_of(judgement), result.now)


def _place_message(connection: Connection, result: JudgingResult, case: CaseRef | None) -> CasePlacement:
    judgement = result.judgement
    links = judgement.joining.linked
    if case is not None:
        case_changes.complete(connection, case.id, judgement)
        return CasePlacement(case, _COMPLETED, links=links, sends=True)
    number = judgement.joining.case_number
    row = case_changes.find_case(connection, number) if number else None
    if row is not None and _leaves_alone(connection, row, result):
        links = tuple(dict.fromkeys((row.number, *links)))
        row = None
    if row is not None:
        data = _join(connection, row, judgement, result.now)
        return CasePlacement(CaseRef(row.id, row.number), _how_joined(judgement.joining), data, links=links, sends=True)
    if judgement.decision.kind is CaseKind.CASE:
        _check_not_repeated(connection, judgement, result.claimed.claimed_at)
        why = _as_json(judgement.joining)
        return CasePlacement(_open(connection, result), OPENED, {"why": why} if why else {}, links=links, sends=True)
    return CasePlacement(None, _JUDGED)


def _leaves_alone(connection: Connection, row: Any, result: JudgingResult) -> bool:
    """Return whether a message that was taken over stands beside the case that it would join: it changes none at work.

    It would open the case again, or make it more urgent, and what starts then calls people. A case of nothing but what
    was taken over calls nobody, and is made more urgent as any.
    """
    judgement = result.judgement
    if not result.claimed.arrival.imported or judgement.decision.kind is not CaseKind.CASE:
        return False
    if row.state == "closed":
        return not judgement.asks_nothing
    changes = _changes_by_message(row, judgement).keys() - {"waiting_until"}
    return bool(changes) and row.id not in timers.left_in_peace(connection, {row.id})


def _join(connection: Connection, row: Any, judgement: Judgement, now: datetime) -> dict[str, Any]:
    """Change a case as a message that joins it calls for, and return what its event says."""
    joining = judgement.joining
    data: dict[str, Any] = {"way": joining.way, "why": _as_json(joining), "by_staff": joining.by_staff}
    if joining.danger_reply:
        data["danger_reply"] = joining.danger_reply
    if joining.answers and joining.ours:
        data[timers.IN_SENT_FOLDER] = True
    data |= case_changes.change_joined(connection, row, _changes_by_message(row, judgement))
    if judgement.decision.kind is CaseKind.AUTOMATIC:
        case_changes.mark_bounces(connection, row.id, judgement, now)
    return data


def _as_json(joining: ConversationMatch) -> list[Any]:
    """Return why a message joins its case, or none, as an event holds it."""
    return [reason.as_json() for reason in joining.why]


def _changes_by_message(row: Any, judgement: Judgement) -> dict[str, Any]:
    """Return the columns of a case that a message changes; thanks, machines and colleagues ask for nothing."""
    decision = judgement.decision
    if judgement.asks_nothing:
        return {}
    changes: dict[str, Any] = {"waiting_until": None}
    if row.state == "closed":
        changes |= {"state": "open", "closed_at": None, "done_reason": None, "due": decision.due}
        if decision.priority is Priority.P1:
            # Whoever had taken it saw to another danger, and may have gone home.
            changes["owner"] = None
    raised = raised_urgency(row, decision)
    if raised and row.state == "closed":
        raised["due"] = decision.due
    return {**changes, **raised}


def _how_joined(joining: ConversationMatch) -> str:
    if joining.answers:
        return "answered"
    return "returned" if joining.ours and joining.way is JoinedBy.OWN else _JOINED


def _check_not_repeated(connection: Connection, judgement: Judgement, claimed_at: datetime) -> None:
    """Refuse to open a case for what the same writer said in another arrival that was judged at the same time.

    Args:
        connection: the transaction.
        judgement: what was judged.
        claimed_at: when its judging began.

    Raises:
        ConcurrentUpdateError: a case was opened for the same words meanwhile; judged again, this arrival will see it.
    """
    fingerprint = judgement.joining.fingerprint
    if not fingerprint:
        return
    if connection.dialect.name == "postgresql":
        # Held to the end of the transaction: of two at once the second sees what the first has written.
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(fingerprint, 0))))
    seen = {alike.case_number for alike in judgement.history.alike}
    same = (contacts.c.fingerprint == fingerprint, contacts.c.sender_address == judgement.writer.address.lower())
    meanwhile = sa.select(cases.c.number).join(contacts, contacts.c.case_id == cases.c.id)
    since = contacts.c.judged_at >= claimed_at - _CLOCKS_DIFFER
    if any(number not in seen for number in connection.execute(meanwhile.where(*same, since)).scalars()):
        raise ConcurrentUpdateError("since it was judged, the same writer's same words opened another case")


def _place_call(connection: Connection, result: JudgingResult, call: Call, standing: CallBackState) -> CasePlacement:
    """Place a call: in the call-back of its party where nobody served it, else in the one that it closes.

    A call that arrives again stays where it is unless it now asks for something else.

    Raises:
        ConcurrentUpdateError: the call-back that it was to join is open no more.
    """
    arrival = result.claimed.arrival
    before = earlier_call(connection, replace(arrival, external_id=call_id_of(arrival.external_id)))
    outcome = {"outcome": call.outcome}
    revised = _revised_outcome(call, before) or outcome
    waits = result.judgement.decision.kind is CaseKind.CASE
    if waits and before is not None and before.case_id is not None and _stays(before, standing):
        case = _stay(connection, result.judgement, standing, before, before.case_id)
        placement = CasePlacement(case, _REVISED, revised)
    elif waits:
        placement = _place_in_call_back(connection, result, standing, outcome, revised)
    elif standing.closes is not None:
        placement = _close_by_call(connection, standing, outcome, result.now)
    else:
        placement = CasePlacement(None, _JUDGED if before is None else _REVISED, revised)
    contact: dict[str, Any] = {"party": standing.party}
    if before is not None:
        contact["arrival_id"] = before.arrival_id
    new_case_id = placement.case.id if placement.case else None
    return replace(
        placement,
        contact_id=before.contact_id if before else None,
        contact=contact,
        sends=placement.what == OPENED or "priority" in placement.data,
        waits=waits,
        left=before.case_id if before is not None and before.case_id != new_case_id else None,
    )


def _revised_outcome(call: Call, before: EarlierCall | None) -> dict[str, Any] | None:
    """Return what an event says of a call whose outcome is another one than when it arrived before; else None."""
    if before is None or before.outcome is None or before.outcome is call.outcome:
        return None
    return {"outcome": call.outcome, "before": before.outcome}


def _place_in_call_back(
    connection: Connection,
    result: JudgingResult,
    standing: CallBackState,
    outcome: dict[str, Any],
    revised: dict[str, Any],
) -> CasePlacement:
    row = case_changes.lock_call_back(connection, standing.party)
    if row is None and standing.joins is not None:
        raise ConcurrentUpdateError("since it was judged, the call-back that it was to join has been closed")
    if row is None:
        return CasePlacement(_open(connection, result, party=standing.party), OPENED, outcome)
    # It ends a pause, and may raise the priority.
    changes = {"waiting_until": None, **raised_urgency(row, result.judgement.decision)}
    data = case_changes.change_joined(connection, row, changes)
    # The event of a call has its alarm with its decision.
    data.pop("alarm_level", None)
    return CasePlacement(CaseRef(row.id, row.number), _JOINED, {**revised, "count": standing.count, **data})


def _stays(before: EarlierCall, standing: CallBackState) -> bool:
    """Return whether a call lies where it should: it waited before, for the same party, or could not be read."""
    if before.standing is None:
        return True
    waited = before.outcome is not None and before.outcome.needs_call_back
    return waited and before.standing.party == standing.party


def _stay(
    connection: Connection, judgement: Judgement, standing: CallBackState, before: EarlierCall, case_id: int
) -> CaseRef:
    """Return the case that a call stays in; one that stood in for it while it could not be judged is completed."""
    number = connection.execute(sa.select(cases.c.number).where(cases.c.id == case_id)).scalar_one()
    if before.standing is None:
        case_changes.complete(connection, case_id, judgement)
        case_changes.claim_call_back(connection, case_id, standing.party)
    return CaseRef(case_id, number)


def _close_by_call(
    connection: Connection, standing: CallBackState, outcome: dict[str, Any], now: datetime
) -> CasePlacement:
    """Close the call-back that a call answers, even one that an agent has taken: its event says so."""
    row = case_changes.lock_call_back(connection, standing.party)
    if row is None:
        # Somebody's hand was faster.
        return CasePlacement(None, _JUDGED, outcome)
    what = case_changes.close_call_back(connection, row, _SPOKE, now)
    reason = CodedText.about("spoke", owner=row.owner).as_json()
    return CasePlacement(
        CaseRef(row.id, row.number), what, {**outcome, "reason": reason, "spoke": True, "owner": row.owner}
    )


def close_left(connection: Connection, case_id: int, now: datetime) -> tuple[CaseRef, str, dict[str, Any]] | None:
    """Close the call-back that a call has left, where it was the only one in it.

    Returns:
        The case, and what its event says; None where it stays as it is.
    """
    waits = sa.or_(CALL_WAITS, contacts.c.channel.not_in(SPOKEN_CHANNELS))
    others = sa.select(sa.func.count()).select_from(contacts).where(contacts.c.case_id == case_id, waits)
    row = case_changes.find_open_case(connection, case_id)
    if row is None or connection.execute(others).scalar_one():
        return None
    what = case_changes.close_call_back(connection, row, _ANSWERED_AFTER_ALL, now)
    return CaseRef(case_id, row.number), what, {"reason": _ANSWERED_AFTER_ALL.as_json(), "revised": True}


def close_if_spoken_since(
    connection: Connection, result: JudgingResult, case: CaseRef
) -> tuple[CaseRef, str, dict[str, Any]] | None:
    """Close a call-back at once where the party was spoken to after that call, which came to be known late.

    Returns:
        The case, and what its event says; None where it stays open.
    """
    contact = result.judgement.contact
    party = contact.standing.party if contact.standing else None
    if contact.call is None or party is None:
        return None
    later = sa.select(contacts.c.id).where(
        contacts.c.party == party,
        contacts.c.at > contact.call.ended_at,
        contacts.c.channel.in_(SPOKEN_CHANNELS),
        contacts.c.outcome.in_(_SPOKE_OUTCOMES),
    )
    if connection.execute(later.limit(1)).first() is None:
        return None
    row = case_changes.find_open_case(connection, case.id)
    return case, case_changes.close_call_back(connection, row, _SPOKE, result.now), {"reason": _SPOKE.as_json()}


def _place_notice(
    connection: Connection, result: JudgingResult, voice: VoiceNotice, case: CaseRef | None
) -> CasePlacement:
    """Place the notice of a voice message: with its call, in its caller's call-back, or in a case of its own.

    A call that comes later joins the case that it opened. What is spoken can make the case of the call more urgent.
    """
    judgement = result.judgement
    party = _party(judgement, voice)
    contact = {"phone_key": voice.key, "party": party}
    if case is not None:
        case_changes.complete(connection, case.id, judgement)
        return CasePlacement(case, _COMPLETED, {"voice_message": True}, contact=contact, sends=True)
    case = _case_of_call(connection, voice.left_at or judgement.contact.at, voice)
    if case is None and (call_back := case_changes.lock_call_back(connection, party)) is not None:
        case = CaseRef(call_back.id, call_back.number)
    if case is None:
        opened = _open(connection, result, party=party)
        return CasePlacement(opened, OPENED, {"voice_message": True}, contact=contact, sends=True)
    row = case_changes.find_open_case(connection, case.id)
    changes = {} if row is None else raised_urgency(row, judgement.decision)
    raised = case_changes.change_joined(connection, row, {**changes, "waiting_until": None} if changes else {})
    return CasePlacement(case, _JOINED, {"voice_message": True, **raised}, contact=contact, sends=bool(raised))


def _party(judgement: Judgement, voice: VoiceNotice) -> str | None:
    """Return whose call-back it is; None for a withheld caller, whom nothing but the call itself identifies."""
    if voice.key is None:
        return None
    dwelling = judgement.match.dwelling
    return f"number:{voice.key}" if dwelling is None else f"household:{dwelling.id}"


def _case_of_call(connection: Connection, at: datetime, voice: VoiceNotice) -> CaseRef | None:
    """Return the case of the call: of this number the nearest in time; of a withheld one the only one."""
    whose = contacts.c.phone_key == voice.key if voice.key else contacts.c.phone_key.is_(None)
    left = CALL_WAITS if voice.key else sa.and_(CALL_WAITS, contacts.c.outcome == Outcome.VOICEMAIL)
    query = (
        sa.select(contacts.c.at, cases.c.id, cases.c.number)
        .join(cases, cases.c.id == contacts.c.case_id)
        .where(whose, left, contacts.c.at.between(at - _NOTICE_WINDOW, at + _NOTICE_WINDOW))
    )
    nearest = sorted(connection.execute(query), key=lambda row: abs(row.at - at))
    if not nearest or (voice.key is None and len({row.id for row in nearest}) > 1):
        return None
    return CaseRef(nearest[0].id, nearest[0].number)
