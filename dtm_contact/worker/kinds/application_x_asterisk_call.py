"""Calls that the channel `asterisk_cdr` put together: told, matched by their number, their call-back found."""

from dataclasses import replace

from dtm_contact.callbacks import AsBefore, CallGrounds, judge_call, same_consequence
from dtm_contact.calls import MEDIA_TYPE, StoredCalls, call_id_of
from dtm_contact.model import Arrival, Call, Judgement
from dtm_contact.pipeline import Grounds
from dtm_contact.store import Store, StoredHistory
from dtm_contact.worker.kinds import Judge, judges
from dtm_contact.worker.messages import Task


@judges(MEDIA_TYPE)
def calls(grounds: Grounds) -> Judge:
    """Judge a call as `route --calls` does, with the call-backs that are open in the store."""
    stored = StoredCalls(grounds.settings)
    call_grounds = CallGrounds.build(grounds)

    def judge_arrival(task: Task, store: Store) -> Judgement:
        call = stored.call(task.arrival.raw)
        # What an earlier telling of the call left is no history of it.
        first = replace(task.arrival, external_id=call_id_of(task.arrival.external_id))
        with store.history(first) as history:
            return _judged(call, first, call_grounds, history)

    return judge_arrival


def _judged(call: Call, first: Arrival, grounds: CallGrounds, history: StoredHistory) -> Judgement:
    """Judge a call; one that is told anew and asks for the same stands where it stood."""
    before = history.told_before(first)
    if before is not None and before.standing is not None and before.outcome is not None:
        judgement = judge_call(call, grounds, history, AsBefore(before.standing))
        standing = judgement.contact.standing
        same_party = standing is not None and standing.party == before.standing.party
        if same_party and same_consequence(call, before.outcome):
            return judgement
    own_contact = None if before is None else before.contact_id
    return judge_call(call, grounds, history, history.call_backs(call.ended_at, own_contact))
