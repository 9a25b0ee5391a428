"""What the panel of a call-back offers: the number, what may be said of the call, what follows if nobody answers."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dtm_contact.cases.verbs.calling_back import CallBackOutcome, attempts
from dtm_contact.hours import Calendar
from dtm_contact.labels.call_backs import CALL_BACK_OUTCOMES, DANGER_STAYS, P1_STAYS, attempt_left, comes_back
from dtm_contact.model import Priority
from dtm_contact.store import CaseFile
from dtm_contact.text import phone_key
from dtm_contact.web.case_view import violence_at_home
from dtm_contact.web.register_view import register_of_case
from dtm_contact.web.request_context import RequestContext


@dataclass(frozen=True, slots=True)
class CallBackPanel:
    """What an agent who calls somebody back is shown.

    Attributes:
        number: where they called us from; "" where there is none, or somebody else may answer there.
        hints: what holds of this case, in sentences.
        outcomes: what may be said of the call, by their codes: of a danger not that it is settled.
        may_wait: whether a day may be chosen on which the case comes again.
        back_at: when it comes again by itself where somebody was reached and it is not settled; None of a danger.
    """

    number: str
    hints: tuple[str, ...]
    outcomes: tuple[tuple[str, str], ...]
    may_wait: bool
    back_at: datetime | None


def call_back_panel(context: RequestContext, file: CaseFile) -> CallBackPanel:
    """Return what is offered to whoever calls back from a case."""
    found = file.case
    outcomes = tuple(
        (code, label)
        for code, label in CALL_BACK_OUTCOMES.items()
        if not (found.in_danger and code == CallBackOutcome.SETTLED)
    )
    is_p1 = found.priority is Priority.P1
    hints = (P1_STAYS,) if is_p1 else _what_follows(context, file)
    back_at = None if found.in_danger else _calendar(context, file).next_morning(context.now)
    return CallBackPanel(_number(context, file), hints, outcomes, may_wait=not is_p1, back_at=back_at)


def _what_follows(context: RequestContext, file: CaseFile) -> tuple[str, ...]:
    desk, now = context.app.settings.desk, context.now
    until = now + timedelta(minutes=desk.call_again_minutes)
    opens = _opens_after(context, file, until)
    if file.case.in_danger:
        return DANGER_STAYS, comes_back(until, now, opens)
    return (attempt_left(attempts(file.events), desk.call_attempts, until, now, opens),)


def _opens_after(context: RequestContext, file: CaseFile, at: datetime) -> datetime | None:
    """Return when the case's office opens again, where it is closed at a time; None where it is open then."""
    calendar = _calendar(context, file)
    if calendar.is_open(at):
        return None
    return calendar.add_business_time(at, timedelta(minutes=1)) - timedelta(minutes=1)


def _calendar(context: RequestContext, file: CaseFile) -> Calendar:
    """Return when the queue of a case is open."""
    return (context.app.rules.queues.get(file.case.queue) or context.app.rules.desks.reception).calendar


def _number(context: RequestContext, file: CaseFile) -> str:
    calls = (each.judgement.contact.call for each in reversed(file.contacts) if each.judgement)
    number = next((call.number for call in calls if call is not None and call.number), "")
    registered = register_of_case(context, file.case)
    # Where somebody else may answer, the card says with what care: no button does.
    if registered.protected or violence_at_home(file.contacts):
        return ""
    return "" if phone_key(number) in {phone_key(each) for each in registered.never} else number
