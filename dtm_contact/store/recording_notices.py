"""What becomes of the notice of a voice message: it joins the call that it belongs to, or its caller's call-back."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Judgement, Outcome, VoiceNotice
from dtm_contact.store import events, joining, recording
from dtm_contact.store.arrivals import ArrivalState
from dtm_contact.store.call_backs import IS_OPEN, WAITS
from dtm_contact.store.recording import Judged, Known
from dtm_contact.store.schema import cases, contacts

_WINDOW = timedelta(minutes=15)
"""Between a call's begin and the time of its notice, either way: the clocks are others."""


def record_notice(connection: Connection, judged: Judged, known: Known) -> str | None:
    """Store what was judged of a notice, and return the number of its case; see `Cases.record`.

    A call that comes later joins the case that it opened. What is spoken can make the case of the call more urgent.
    """
    claimed, judgement, now = judged.claimed, judged.judgement, judged.now
    voice = judgement.contact.voice
    if voice is None:
        raise ValueError("no notice")
    party = _party(judgement, voice)
    case, what, raised = known.case, "completed", {}
    if case is not None:
        recording.complete(connection, case.id, judgement)
    else:
        case, what = _case_of_call(connection, judgement.contact.at, voice) or _open_of(connection, party), "joined"
    if case is None:
        case, what = recording.open_judged(connection, judged, party=party), "opened"
        recording.post(connection, judged, case)
    elif what == "joined":
        raised = joining.raise_open(connection, case.id, judgement.decision)
        if raised:
            recording.post(connection, judged, case)
    values = recording.contact_values(claimed, judgement, now) | {"phone_key": voice.key, "party": party}
    recording.put_judged(connection, judged, known.contact_id, values, case)
    recording.settle(connection, claimed, ArrivalState.JUDGED, now, kind=judgement.decision.kind)
    told = {**recording.told_of(judgement), "voice_message": True, **raised}
    return recording.tell(connection, claimed, case, events.NewEvent(recording.WORKER, what, now, told))


def _party(judgement: Judgement, voice: VoiceNotice) -> str | None:
    """Return whose call-back it is; None for a withheld caller, whom nothing but his call can tell."""
    if voice.key is None:
        return None
    dwelling = judgement.match.dwelling
    return f"number:{voice.key}" if dwelling is None else f"household:{dwelling.id}"


def _case_of_call(connection: Connection, at: datetime, voice: VoiceNotice) -> recording.CaseRef | None:
    """Return the case of the call: of this number the nearest in time; of a withheld one the only one."""
    whose = contacts.c.phone_key == voice.key if voice.key else contacts.c.phone_key.is_(None)
    left = WAITS if voice.key else sa.and_(WAITS, contacts.c.outcome == Outcome.VOICEMAIL)
    query = (
        sa.select(contacts.c.at, cases.c.id, cases.c.number)
        .join(cases, cases.c.id == contacts.c.case_id)
        .where(whose, left, contacts.c.at.between(at - _WINDOW, at + _WINDOW))
    )
    found = sorted(connection.execute(query), key=lambda row: abs(row.at - at))
    if not found or (voice.key is None and len({row.id for row in found}) > 1):
        return None
    return recording.CaseRef(found[0].id, found[0].number)


def _open_of(connection: Connection, party: str | None) -> recording.CaseRef | None:
    query = sa.select(cases.c.id, cases.c.number).where(cases.c.party == party, IS_OPEN).with_for_update()
    row = None if party is None else connection.execute(query).one_or_none()
    return None if row is None else recording.CaseRef(row.id, row.number)
