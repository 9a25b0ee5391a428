"""Whether whoever wrote of a danger was told what to do: when and by which mail, or why not.

The desk shows it while somebody may still be helped by it, and the copy of a person's data tells it for good.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from dtm_contact.cases.knowledge import Knowledge
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.events import WITHHELD_BECAUSE
from dtm_contact.labels.judging import UNANSWERED
from dtm_contact.model import (
    DANGER_QUESTION,
    NEUTRAL_RECEIPT,
    CaseKind,
    Judgement,
    KeptHistory,
    OutgoingKind,
    Unanswered,
    Urgency,
    Withheld,
)
from dtm_contact.outbound.answers import chosen_answer
from dtm_contact.rules import decide
from dtm_contact.store import CaseContact, CaseFile, Store
from dtm_contact.store.outbox import FAILED_STATES, OutboxEntry

_SAFE_TO_READ: Final = "seul un accusé de réception neutre peut lui être écrit, car quelqu’un d’autre peut le lire"
_UNKNOWN: Final = "pour une raison qui n’est pas connue"


class SafetyOutcome(StrEnum):
    """What became of the words that tell somebody in danger what to do."""

    SENT = "sent"
    WAITING = "waiting"
    FAILED = "failed"
    NOT_WRITTEN = "not written"


@dataclass(frozen=True, slots=True)
class SafetyWords:
    """Whether whoever wrote of a danger was told what to do.

    Attributes:
        outcome: what became of it.
        to: the address that it went to, or was to; "" where nothing was written.
        at: when it was sent, or was known not to arrive; None before, and where nothing was written.
        outgoing: the number of that mail in the outbox; 0 of none.
        why_not: in French, why nothing was written; "" where something was.
        asks: the mail asks whether somebody is in danger, and says whom to call if so.
        under_other_rules: the reason is found by the rules in force, which are not those of then.
    """

    outcome: SafetyOutcome
    to: str = ""
    at: datetime | None = None
    outgoing: int = 0
    why_not: str = ""
    asks: bool = False
    under_other_rules: bool = False

    @property
    def are_on_their_way(self) -> bool:
        """Whether they were sent, or are about to be."""
        return self.outcome in (SafetyOutcome.SENT, SafetyOutcome.WAITING)


def safety_words(
    store: Store, file: CaseFile, knowledge: Knowledge | None, *, of_possible: bool = False
) -> SafetyWords | None:
    """Return whether whoever wrote of a danger was told what to do; None of a case without one.

    Args:
        store: read alone.
        file: the case with all that lies in it.
        knowledge: the directory, rules and settings in force; None where they cannot be read.
        of_possible: of a danger that is possible alone, too, with the question whether there is one.

    Raises:
        StoreUnavailableError: the store cannot be read.
    """
    entries = store.outbox.entries(case_number=file.case.number)
    if written := [each for each in entries if _is_safety(each)]:
        return _as_sent(max(written, key=lambda each: each.id))
    if asked := [each for each in entries if of_possible and each.reason == DANGER_QUESTION]:
        return replace(_as_sent(max(asked, key=lambda each: each.id)), asks=True)
    if not (file.case.alarm.any if of_possible else file.case.alarm.certain):
        return None
    return _not_written(store, file, knowledge)


def _is_safety(entry: OutboxEntry) -> bool:
    is_answer = entry.kind is OutgoingKind.ANSWER and entry.urgency is Urgency.DANGER
    return is_answer and entry.reason not in {DANGER_QUESTION, NEUTRAL_RECEIPT}


def _as_sent(entry: OutboxEntry) -> SafetyWords:
    if entry.state in FAILED_STATES:
        return SafetyWords(SafetyOutcome.FAILED, entry.to, entry.settled_at, entry.id)
    if entry.settled_at is None:
        return SafetyWords(SafetyOutcome.WAITING, entry.to, outgoing=entry.id)
    return SafetyWords(SafetyOutcome.SENT, entry.to, entry.settled_at, entry.id)


def _not_written(store: Store, file: CaseFile, knowledge: Knowledge | None) -> SafetyWords:
    """Return why no safety words went out, of the latest contact that tells of the danger, else of the latest."""
    withheld = [each.data for each in file.events if each.what == "not sent" and each.data.get("kind") == "answer"]
    if withheld and withheld[-1].get("reason") in set(Withheld):
        return SafetyWords(SafetyOutcome.NOT_WRITTEN, why_not=WITHHELD_BECAUSE[Withheld(withheld[-1]["reason"])])
    told = [each for each in file.contacts if each.judgement and each.judgement.understanding.alarm.any]
    judged = told or [each for each in file.contacts if each.judgement]
    if not judged or judged[-1].judgement is None:
        return SafetyWords(SafetyOutcome.NOT_WRITTEN, why_not=_UNKNOWN)
    contact, judgement = judged[-1], judged[-1].judgement
    if judgement.contact.call is not None:
        return SafetyWords(SafetyOutcome.NOT_WRITTEN, why_not=UNANSWERED[Unanswered.NO_EMAIL])
    why = _why_unanswered(store, file, contact, judgement, knowledge) if knowledge is not None else _UNKNOWN
    changed = knowledge is not None and judgement.decision.rules_version != knowledge.rules.version
    return SafetyWords(SafetyOutcome.NOT_WRITTEN, why_not=why, under_other_rules=changed and why != _UNKNOWN)


def _why_unanswered(
    store: Store, file: CaseFile, contact: CaseContact, judgement: Judgement, knowledge: Knowledge
) -> str:
    try:
        arrival = store.arrivals.get(contact.arrival_id)
    except NotFoundError:
        return _UNKNOWN
    at = contact.judged_at or arrival.received_at
    rules, directory = knowledge.rules, knowledge.directory
    if not judgement.decision.alarm.any:
        # An agent saw the danger: as what it would have been answered then.
        understanding = replace(judgement.understanding, kind=CaseKind.CASE, alarm=file.case.alarm)
        history = KeptHistory(judgement.history)
        decision = decide(judgement.contact, judgement.match, understanding, at, rules, directory, history=history)
        judgement = replace(judgement, understanding=understanding, decision=decision)
    chosen = chosen_answer(arrival, judgement, (rules, directory), knowledge.settings, at)
    if chosen.name == NEUTRAL_RECEIPT:
        return _SAFE_TO_READ
    return UNANSWERED[chosen.why_not] if chosen.why_not is not None else _UNKNOWN
