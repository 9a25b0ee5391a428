"""What the page of a danger says of those who know of it: which caretaker is there, and what the writer was told."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from dtm_contact.cases.safety_words import SafetyOutcome, SafetyWords, safety_words
from dtm_contact.labels.formats import clock
from dtm_contact.model import OutgoingKind
from dtm_contact.store import CaseFile
from dtm_contact.store.outbox import FAILED_STATES, SentMail
from dtm_contact.web.request_context import RequestContext

_WOMEN: Final = frozenset({"mme", "mlle"})

CaretakerLines = Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class SafetyLine:
    """What the page says of whether whoever wrote of a danger was told what to do.

    Attributes:
        text: what is said of it.
        words: what became of them.
    """

    text: str
    words: SafetyWords


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
    if notice.state in FAILED_STATES:
        return "courriel non remis"
    if notice.settled_at is None:
        return "courriel pas encore parti"
    return f"prévenu{gender} {_at(notice.settled_at, now)}"


def _at(time: datetime, now: datetime) -> str:
    told = clock(time, now)
    return f"à {told}" if time.astimezone(now.tzinfo).date() == now.date() else told


def safety_line(context: RequestContext, file: CaseFile) -> SafetyLine | None:
    """Return whether whoever wrote of a danger was told what to do, and why not; None where there is no P1.

    Args:
        context: the request.
        file: the case with all that lies in it.
    """
    if not file.case.alarm.certain or file.case.state != "open":
        return None
    words = safety_words(context.app.store, file, context.app.in_force())
    return SafetyLine(_safety_text(words, context.now), words) if words is not None else None


def _safety_text(words: SafetyWords, now: datetime) -> str:
    match words.outcome:
        case SafetyOutcome.FAILED:
            return f"non remises à {words.to}"
        case SafetyOutcome.WAITING:
            return f"en attente d’envoi à {words.to}"
        case SafetyOutcome.NOT_WRITTEN:
            return f"non envoyées à qui a écrit – {words.why_not}"
        case SafetyOutcome.SENT:
            return " ".join(filter(None, (f"envoyées à {words.to}", _at(words.at, now) if words.at else "")))
