"""What the page of a danger says of those who know of it: which caretaker is there, and what the writer was told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from dtm_contact.errors import NotFoundError
from dtm_contact.labels.events import WITHHELD_BECAUSE
from dtm_contact.labels.formats import clock
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
from dtm_contact.store import CaseContact, CaseFile
from dtm_contact.store.outbox import OutboxEntry, SentMail
from dtm_contact.web.request_context import RequestContext

_SAFE_TO_READ: Final = "seul un accusé de réception neutre peut lui être écrit, car quelqu’un d’autre peut le lire"
_UNKNOWN: Final = "pour une raison qui n’est pas connue"
_WOMEN: Final = frozenset({"mme", "mlle"})
_FAILED: Final = frozenset({"refused", "no_such_address", "given_up", "bounced"})

CaretakerLines = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class SafetyWords:
    """Whether whoever wrote of a danger was told what to do.

    Attributes:
        text: what is said of it.
        are_on_their_way: they were sent, or are about to be.
        outgoing: the number of that message in the outbox; 0 of none.
    """

    text: str
    are_on_their_way: bool
    outgoing: int = 0


def caretaker_states_of(
    context: RequestContext, file: CaseFile, on_duty: CaretakerLines, mails: Collection[SentMail]
) -> dict[str, str]:
    """Return of each caretaker on duty, by name, whether the danger is at their entrance and when they were notified.

    Args:
        context: the request.
        file: the case with all that lies in it.
        on_duty: those on duty there, as far as the place is known.
        mails: what was sent because of the case.
    """
    names, records = context.app.names, context.app.directory.records.caretakers
    known = {names.caretaker(each.caretaker_id): each for each in records}
    there = {known[name].caretaker_id for name, _phone, _absent in on_duty if name in known}
    here = _at_the_entrance(file) & there or (there if len(there) == 1 else set())
    notices = {each.to.lower(): each for each in mails if each.kind is OutgoingKind.NOTICE}
    told = {}
    for name, _phone, _absent in on_duty:
        caretaker = known.get(name)
        if caretaker is None:
            continue
        duty = "de service" if caretaker.caretaker_id in here else "autre entrée" if here else ""
        notice = notices.get(caretaker.email.lower()) if caretaker.email else None
        gender = "e" if caretaker.title.lower().rstrip(".") in _WOMEN else ""
        words = _notified(notice, gender, context.now) if notice is not None else ""
        told[name] = ", ".join(filter(None, (duty, words)))
    return told


def entrance_first(on_duty: CaretakerLines, notified: Mapping[str, str]) -> CaretakerLines:
    """Return those on duty, those at the entrance of the danger first."""
    return sorted(on_duty, key=lambda line: not notified.get(line[0], "").startswith("de service"))


def _at_the_entrance(file: CaseFile) -> set[str]:
    """Return who is on duty at the entrances that the latest message singles out in the residence of the case."""
    judged = (each.judgement.match for each in reversed(file.contacts) if each.judgement)
    residence = file.case.residence_id
    here = next((each for each in judged if each.residence and each.residence.id == residence), None)
    return {duty.id for duty in here.caretakers if duty.id} if here is not None else set()


def _notified(notice: SentMail, gender: str, now: datetime) -> str:
    if notice.state in _FAILED:
        return "courriel non remis"
    if notice.settled_at is None:
        return "courriel pas encore parti"
    return f"prévenu{gender} {_at(notice.settled_at, now)}"


def _at(time: datetime, now: datetime) -> str:
    told = clock(time, now)
    return f"à {told}" if time.astimezone(now.tzinfo).date() == now.date() else told


def safety_words(context: RequestContext, file: CaseFile) -> SafetyWords | None:
    """Return whether whoever wrote of a danger was told what to do, and why not; None where there is no P1.

    Args:
        context: the request.
        file: the case with all that lies in it.
    """
    if not file.case.alarm.certain or file.case.state != "open":
        return None
    entries = context.app.store.outbox.entries(case_number=file.case.number)
    sent = [each for each in entries if _is_safety(each)]
    if sent:
        return _as_sent(max(sent, key=lambda each: each.id), context.now)
    return SafetyWords(f"non envoyées à qui a écrit – {_why_not(context, file)}", are_on_their_way=False)


def _is_safety(entry: OutboxEntry) -> bool:
    is_answer = entry.kind is OutgoingKind.ANSWER and entry.urgency is Urgency.DANGER
    return is_answer and entry.reason not in {DANGER_QUESTION, NEUTRAL_RECEIPT}


def _as_sent(entry: OutboxEntry, now: datetime) -> SafetyWords:
    if entry.state in _FAILED:
        return SafetyWords(f"non remises à {entry.to}", are_on_their_way=False, outgoing=entry.id)
    if entry.settled_at is None:
        return SafetyWords(f"en attente d’envoi à {entry.to}", are_on_their_way=True, outgoing=entry.id)
    return SafetyWords(f"envoyées à {entry.to} {_at(entry.settled_at, now)}", are_on_their_way=True, outgoing=entry.id)


def _why_not(context: RequestContext, file: CaseFile) -> str:
    """Return why no safety words went out, of the latest contact that tells of the danger, else of the latest."""
    withheld = [each.data for each in file.events if each.what == "not sent" and each.data.get("kind") == "answer"]
    if withheld and withheld[-1].get("reason") in set(Withheld):
        return WITHHELD_BECAUSE[Withheld(withheld[-1]["reason"])]
    told = [each for each in file.contacts if each.judgement and each.judgement.understanding.alarm.any]
    judged = told or [each for each in file.contacts if each.judgement]
    return _why_unanswered(context, file, judged[-1], judged[-1].judgement) if judged else _UNKNOWN


def _why_unanswered(context: RequestContext, file: CaseFile, contact: CaseContact, judgement: Judgement | None) -> str:
    if judgement is None:
        return _UNKNOWN
    if judgement.contact.call is not None:
        return UNANSWERED[Unanswered.NO_EMAIL]
    grounds = context.app.in_force()
    try:
        arrival = context.app.store.arrivals.get(contact.arrival_id)
    except NotFoundError:
        return _UNKNOWN
    at = contact.judged_at or arrival.received_at
    if not judgement.decision.alarm.any:
        # An agent saw the danger: as what it would have been answered then.
        understanding = replace(judgement.understanding, kind=CaseKind.CASE, alarm=file.case.alarm)
        history = KeptHistory(judgement.history)
        decision = decide(
            judgement.contact, judgement.match, understanding, at, grounds.rules, grounds.directory, history=history
        )
        judgement = replace(judgement, understanding=understanding, decision=decision)
    chosen = chosen_answer(arrival, judgement, (grounds.rules, grounds.directory), grounds.settings, at)
    if chosen.name == NEUTRAL_RECEIPT:
        return _SAFE_TO_READ
    return UNANSWERED[chosen.why_not] if chosen.why_not is not None else _UNKNOWN
