"""Escalation: which steps await a case and when, and what a step does once its time has come, with an event."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dtm_contact.directory import Directory
from dtm_contact.model import ON_CALL, Priority, UnwrittenNotice, Withheld
from dtm_contact.outbound import NoAddressError
from dtm_contact.outbound.notices import NoticeWriter
from dtm_contact.rules import Queue, RuleSet
from dtm_contact.rules.schedule import Action, Until
from dtm_contact.store import CaseTransaction, LockedCase, Store, case_transaction
from dtm_contact.store.timers import CALLED_NEXT, FIRST_OF_P1, ChangedCase, DueTimer, Plan

TIMERS = "timers"
"""Who does what the timers do."""
_MOST_URGENT_RAISED_TO = Priority.P2


def plans(case: ChangedCase, rules: RuleSet) -> Iterator[Plan]:
    """Yield what is to happen to a case as it is now, unless somebody sees to it before.

    The next on call is notified at once where the notice to the one before reached nobody. Where the first was not
    notified when the case came, they are at once, and the next count from then on: nobody is passed over.
    """
    # A danger in the queue of an office that the directory brought over night must not wait for an edit of queues.yaml.
    queue = rules.desks.current(case.queue) or rules.desks.reception
    called, before = 0, f"{ON_CALL}:"
    for number, step in enumerate(queue.steps(case.priority)):
        name = f"{case.priority}:{number}"
        begun = case.opened_at if step.of_any else case.since
        if step.does is Action.CALL_NEXT and case.first_told_at is not None:
            begun = max(begun, case.first_told_at)
        at = step.at(begun, case.due, queue.calendar)
        data: dict[str, Any] = {
            "does": step.does.value,
            "until": step.until.value,
            "to": step.to,
            "priority": case.priority.value,
            "of_any": step.of_any,
        }
        if step.does is Action.CALL_NEXT and case.untold:
            # Once: the steps behind it are planned when it is done.
            if called == 0:
                called = 1
                yield Plan(case.number, FIRST_OF_P1, case.since, {**data, "of_any": False, "nth": 0})
            continue
        if step.does is Action.CALL_NEXT:
            called += 1
            data["since"] = case.since.isoformat()
            data["nth"] = called
            # Whom no mail server reaches cannot take the case: waiting for them would be waiting for nobody.
            failed = [handed for reason, handed in case.unreached.items() if reason.startswith(before)]
            if failed:
                at, data["unreached"] = min(at, *failed), True
            before = _reason(name)
        yield Plan(case.number, name, at, data)


@dataclass(frozen=True, slots=True)
class EscalationContext:
    """What a step of an escalation works with.

    Attributes:
        rules: those in force: queues, and who is on call.
        directory: the offices' addresses.
        post: what writes notices; None where nothing is sent.
        report_unnotified: told that somebody should have been told, and could not be, without anything personal.
        report_untaken: told that all who are on call were, and nobody has taken the case, without anything personal.
    """

    rules: RuleSet
    directory: Directory
    post: NoticeWriter | None
    report_unnotified: Callable[[str], None]
    report_untaken: Callable[[str], None]


def is_needless(timer: DueTimer) -> bool:
    """Return whether somebody saw to the case before its step was due."""
    if timer.state != "open" or timer.priority.value != timer.data["priority"]:
        return True
    answered = timer.answered if timer.data.get("of_any") else timer.answered_since_raised
    match Until(timer.data["until"]):
        case Until.TAKEN:
            return timer.owner is not None or answered
        case Until.ANSWERED:
            return answered
        case Until.CLOSED:
            return False


def perform(store: Store, timer: DueTimer, context: EscalationContext, now: datetime) -> bool:
    """Do what a step says; return whether anything was done.

    Raises:
        StoreUnavailableError: nothing was done, and the step is still due.
    """
    with case_transaction(store.database, TIMERS, now) as work:
        (held,) = work.lock(timer.case_number)
        # What was looked at may have changed since; a case that somebody has taken in between is left alone.
        stale = (held.case.state, held.case.owner, held.case.priority) != (timer.state, timer.owner, timer.priority)
        does = None if stale or is_needless(timer) else _ACTS[Action(timer.data["does"])]
        done = does is not None and does(work, held, timer, context)
        if stale and held.case.state == "open":
            return False
        work.settle_timer(timer.id, done=done)
        return done


def _remind(work: CaseTransaction, held: LockedCase, timer: DueTimer, context: EscalationContext) -> bool:
    work.add_event(held, "reminded", {"step": timer.step, "due": held.case.due.isoformat()})
    told = f"Le dossier {held.case.number} attend une réponse, l'échéance est passée."
    _write(work, held, context, (_office(held.case.queue, context), f"remind {timer.step}"), told)
    return True


def _raise(work: CaseTransaction, held: LockedCase, timer: DueTimer, context: EscalationContext) -> bool:
    priority = max(held.case.priority.raised(), _MOST_URGENT_RAISED_TO)
    if priority >= held.case.priority or "priority" in held.case.by_hand:
        return False
    queue = _queue(held.case.queue, context)
    due = min(held.case.due, queue.due_at(priority, work.now, held.case.topic))
    changed = work.change(held, priority=priority, due=due)
    _escalated(work, held, timer, changed)
    return True


def _hand_over(work: CaseTransaction, held: LockedCase, timer: DueTimer, context: EscalationContext) -> bool:
    to = context.rules.queues.get(timer.data["to"] or "")
    if to is None or to.id == held.case.queue:
        return False
    office = to.office_id or context.directory.agency.office_id
    changed = work.change(held, queue=to.id, office_id=office, owner=None)
    _escalated(work, held, timer, changed)
    told = f"Le dossier {held.case.number} vous est transmis : il attend depuis trop longtemps une réponse humaine."
    _write(work, held, context, (_office(to.id, context), f"hand over {timer.step}"), told)
    return True


def _call_next(work: CaseTransaction, held: LockedCase, timer: DueTimer, context: EscalationContext) -> bool:
    queue = _queue(held.case.queue, context)
    whom, is_again = _next_on_call(work, held, timer, queue)
    if timer.data["nth"] == 0:
        told = (
            f"{held.case.priority} : le dossier {held.case.number} attend depuis le "
            f"{held.case.opened_at.astimezone(work.now.tzinfo):%d/%m à %H:%M}, et personne n'a été prévenu : rien "
            "n'était envoyé alors.\nPrenez-le pour dire que vous vous en occupez."
        )
        _write(work, held, context, (whom, f"{ON_CALL}: {whom}"), told)
        return True
    unreached = {"unreached": True} if timer.data.get("unreached") else {}
    again = {"again": True} if is_again else {}
    work.add_event(held, CALLED_NEXT, {"step": timer.step, "to": whom, **unreached, **again})
    if is_again:
        context.report_untaken(
            f"Case {held.case.number}: all who are on call have been notified, and nobody has taken it; whoever was "
            "first is notified again."
        )
    if unreached:
        # A refusal was told when it came; what came back hours later was not.
        context.report_unnotified(
            f"A notice to somebody on call reached nobody: case {held.case.number}, whose next on call is notified "
            f"now. dtm-contact case trace {held.case.number} says which."
        )
    told = (
        f"{held.case.priority} : personne ne s'occupe encore du dossier {held.case.number}.\n"
        "Prenez-le pour dire que vous vous en occupez."
    )
    _write(work, held, context, (whom, _reason(timer.step)), told)
    return True


def _next_on_call(work: CaseTransaction, held: LockedCase, timer: DueTimer, queue: Queue) -> tuple[str, bool]:
    """Return who is on call now and was not notified of a case yet; where all were, who was longest ago, and True.

    By whom was notified and not by their place in the list: the shift may have changed, with another list.
    """
    called = queue.called_at(work.now)
    if timer.data["nth"] == 0:
        return called[0], False
    since = datetime.fromisoformat(timer.data["since"]) if "since" in timer.data else held.case.opened_at
    # The first of then was notified when the case came, or was not to be.
    before = {queue.called_at(since)[0]: since} | work.on_call_notified(held, since)
    whom = next((each for each in called if each not in before), None)
    return (whom, False) if whom is not None else (min(called, key=before.__getitem__), True)


def _reason(step: str) -> str:
    """Return as what the next on call is notified by a step."""
    return f"call next {step}"


_ACTS: dict[Action, Callable[[CaseTransaction, LockedCase, DueTimer, EscalationContext], bool]] = {
    Action.REMIND: _remind,
    Action.RAISE: _raise,
    Action.HAND_OVER: _hand_over,
    Action.CALL_NEXT: _call_next,
}


def _queue(queue: str, context: EscalationContext) -> Queue:
    return context.rules.desks.current(queue, context.directory.offices) or context.rules.desks.reception


def _office(queue: str, context: EscalationContext) -> str:
    """Return the mail address of the office that works a queue; "" where the directory has none."""
    office = context.directory.offices.get(_queue(queue, context).office_id or "") or context.directory.agency
    return office.email


def _escalated(work: CaseTransaction, held: LockedCase, timer: DueTimer, changed: dict[str, list[Any]]) -> None:
    work.add_event(held, "escalated", {"step": timer.step, "does": timer.data["does"], "changed": changed})


def _write(work: CaseTransaction, held: LockedCase, context: EscalationContext, to: tuple[str, str], text: str) -> None:
    """Lay a notice into the outbox; where nothing can be sent, the admins are told that it was not."""
    address, reason = to
    told = f"[{held.case.priority}] dossier {held.case.number}", f"{text}\n"
    with suppress(NoAddressError):
        if context.post is not None and address:
            work.put_outgoing(held, context.post.notice(held.case.number, reason, address, told, work.now))
            return
    work.put_outgoing(held, UnwrittenNotice(reason, Withheld.NO_ADDRESS if context.post else Withheld.NO_SERVER))
    context.report_unnotified(f"Case {held.case.number} waits too long, and nobody could be told by mail ({reason}).")
