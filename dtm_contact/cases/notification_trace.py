"""Why those on call were, or were not, notified of one case: each link from the judgement to the mail server.

The chain is read from what is stored: judgements, events, the outbox, the planned steps. Who on call was told is read
from the outbox. Beside it stands, marked as that, whom the rules of today would tell at the time of then.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Any, Final

from dtm_contact.cases.knowledge import Knowledge
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.coded_text import text_of
from dtm_contact.model import ON_CALL, Decision, Judgement, OutgoingKind, Withheld
from dtm_contact.outbound.sender import relay_trouble
from dtm_contact.rules import Queue, RuleSet
from dtm_contact.rules.routing import Rule
from dtm_contact.rules.schedule import Action
from dtm_contact.store import Case, CaseFile, Event, Store
from dtm_contact.store.cases import CaseContact
from dtm_contact.store.lost_store import RENUMBERED, REPLY_LOST, RESTORED
from dtm_contact.store.outbox import ENDED_STATES, NOTICE_QUEUED, OutboxEntry, OutboxStatus
from dtm_contact.store.timers import EscalationTimer

_CALLS: Final = (f"{ON_CALL}:", "call next ", "storm ")
"""How the reasons begin of notices that go to somebody on call."""
_BY_AGENTS: Final = {
    "taken": "took the case",
    "released": "gave the case back to its queue",
    "danger": "said that somebody is in danger",
    "no_danger": "said that nobody is in danger",
    "priority": "changed the priority",
    "replied": "answered the writer",
    "spoken": "spoke with the caller",
    "reached": "called back and reached the caller",
    "tried": "called back in vain",
    "done": "closed the case",
    "reopened": "opened the case again",
    "undone": "took a change back",
}
_WHY_WITHHELD: Final = {
    Withheld.NO_ADDRESS: "the address is none that mail can be sent to",
    Withheld.STORM: "many cases of this kind came at once, and on-call was notified once for all of them",
    Withheld.NO_SERVER: "no mail server was set (DTM_OUTBOUND_HOST)",
    Withheld.REGISTER: "the register forbids to write to that address",
}


class NotificationStage(StrEnum):
    """A link of the chain; the value is what the command prints."""

    JUDGED = "judged"
    RULE = "rule"
    ON_CALL = "on call"
    NOTICE = "notice"
    ESCALATION = "escalation"
    AGENT = "agent"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One thing that happened, or is planned (`at` lies ahead then): when, which link, what and why in English."""

    at: datetime
    stage: NotificationStage
    what: str


@dataclass(frozen=True, slots=True)
class NotificationTrace:
    """The chain of one case.

    Attributes:
        case: as it is now.
        answer: whether those on call were notified, and why not; the most telling sentence first.
        steps: the chain, in the order of time.
    """

    case: Case
    answer: tuple[str, ...]
    steps: tuple[TraceStep, ...]


def trace_notifications(store: Store, number: str, knowledge: Knowledge, now: datetime) -> NotificationTrace:
    """Return why those on call were, or were not, notified of a case.

    Args:
        store: holds the case.
        number: the case's, of now or of before a restore.
        knowledge: the rules and settings in force.
        now: the time, aware.

    Raises:
        NotFoundError: there is no case of that number.
        StoreUnavailableError: the store cannot be read.
    """
    file = store.cases.get(number)
    # What hangs on a case is asked for by the number of now, also where that of before a restore was given.
    number = file.case.number
    notices = [each for each in store.outbox.entries(case_number=number) if each.kind is OutgoingKind.NOTICE]
    notices.sort(key=lambda each: each.id)
    by_message_id = {each.message_id: each.id for each in store.outbox.of_case(number)}
    quiet = {contact.arrival_id for contact in file.contacts if _is_quiet(store, contact)}
    stuck = _stuck(store.outbox.entries(status=OutboxStatus.WAITING), now)
    timers = store.timers.of_case(number)
    chain = _Chain(file, notices, by_message_id, quiet, stuck, timers, knowledge, now)
    steps = [*chain.judged(), *chain.happened(), *chain.at_work(), *_planned(timers)]
    steps.sort(key=lambda step: step.at)
    return NotificationTrace(file.case, tuple(chain.answer()), tuple(steps))


def wall_clock(at: datetime, zone: tzinfo) -> str:
    """Return a time of the trace by the offices' wall clock: "24/11 23:30:05"."""
    return at.astimezone(zone).strftime("%d/%m %H:%M:%S")


def _stuck(waiting: Iterable[OutboxEntry], now: datetime) -> OutboxEntry | None:
    """Return what is tried again and again before all else, since the mail server is down; None where it is not.

    What a server refused for a while has a pause; only where no message is at fault is the first of all tried at once
    again (`outbound.Sender`), and everything behind it waits untried.

    Args:
        waiting: what is to be sent, in the order in which it is.
        now: the time, aware.
    """
    first = next((each for each in waiting if each.not_before is None or each.not_before <= now), None)
    return first if first is not None and first.reply and first.not_before is not None else None


def _is_quiet(store: Store, contact: CaseContact) -> bool:
    """Return whether a contact notifies nobody because it was old when it came; not told where its bytes are erased."""
    if contact.judgement is None:
        return False
    try:
        return store.arrivals.get(contact.arrival_id).is_historical(contact.judgement.contact.at)
    except NotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class _Chain:
    """One case with all that its trace is made of.

    Attributes:
        file: the case, its contacts and events.
        notices: what was written to our own people, oldest first.
        by_message_id: the number in the outbox of each Message-ID.
        quiet: the arrivals that notify nobody, because they were old when they came.
        stuck: what keeps all else in the outbox from being tried (`_stuck`).
        timers: the steps of its escalation, done or not.
        knowledge: the rules and settings in force.
        now: the time, aware.
    """

    file: CaseFile
    notices: Sequence[OutboxEntry]
    by_message_id: dict[str, int]
    quiet: set[int]
    stuck: OutboxEntry | None
    timers: Sequence[EscalationTimer]
    knowledge: Knowledge
    now: datetime

    @property
    def rules(self) -> RuleSet:
        return self.knowledge.rules

    def judged(self) -> Iterator[TraceStep]:
        """Yield what was judged of each contact, the rule that decided, and who on call was notified because of it."""
        for contact in self.file.contacts:
            at = contact.judged_at or contact.at or self.file.case.opened_at
            if contact.judgement is None:
                told = f"arrival {contact.arrival_id} could not be judged: a person must read it, no rule decided"
                yield TraceStep(at, NotificationStage.JUDGED, told)
                continue
            decision = contact.judgement.decision
            yield TraceStep(
                at, NotificationStage.JUDGED, f"arrival {contact.arrival_id}: {_urgency(contact.judgement)}"
            )
            yield TraceStep(at, NotificationStage.RULE, self._ruled(decision))
            if ON_CALL in decision.notify:
                yield TraceStep(at, NotificationStage.ON_CALL, self._on_call(decision, at))

    def _ruled(self, decision: Decision) -> str:
        rule = self._rule(decision)
        place = f" (line {rule.place[0]})" if rule is not None else " (no rule of that name is in force now)"
        changed = "" if decision.rules_version == self.rules.version else "; the rules have changed since"
        whom = f"notifies {', '.join(decision.notify)}" if decision.notify else "notifies nobody"
        waived = f", and says why: {rule.waiver}" if rule is not None and rule.waiver else ""
        return f"{decision.rule}{place} {whom}{waived}{changed}"

    def _rule(self, decision: Decision) -> Rule | None:
        return next((rule for rule in self.rules.rules if rule.key == decision.rule), None)

    def _queue(self, queue: str | None) -> Queue:
        return self.rules.queues.get(queue or "") or self.rules.desks.reception

    def _on_call(self, decision: Decision, at: datetime) -> str:
        """Return who on call was told, as the outbox has it, then whom the rules of today would tell at that time."""
        calls = [each for each in self.notices if each.reason.startswith(_CALLS)]
        told = ", ".join(f"{each.to} (outgoing {each.id}, {self._clock(each.created_at)})" for each in calls)
        found = self._queue(decision.queue)
        today = "" if decision.rules_version == self.rules.version else ", which are not those of then"
        return (
            f"notices written to: {told or 'nobody'}; by the rules of today{today}, on call at that time, in this"
            f" order: {', '.join(found.called_at(at))} (queue {found.id} of queues.yaml)"
        )

    def happened(self) -> Iterator[TraceStep]:
        """Yield what the events of the case say of notices, of the escalation, and of agents."""
        for event in self.file.events:
            step = self._of_restore(event) or self._of_notice(event) or self._of_escalation(event) or _of_agent(event)
            if step is not None:
                yield step

    def _of_restore(self, event: Event) -> TraceStep | None:
        """Return what a restore did to the case: why something is done again that the lost store had done."""
        if event.what == RESTORED:
            since = self._clock(datetime.fromisoformat(event.data["backed_up_at"]))
            what = f"the store came back from a backup of {since}: what was done since is lost, and may be done again"
        elif event.what == RENUMBERED:
            what = f"by the intake journal it was case {event.data['number']} before the restore"
            if (called := event.data.get("called_at")) is not None:
                at = self._clock(datetime.fromisoformat(called))
                what += f"; on-call was notified of that at {at}, and is again, since the number is another"
        elif event.what == REPLY_LOST:
            what = "by the intake journal a reply was sent before the restore; its text is lost"
        else:
            return None
        return TraceStep(event.at, NotificationStage.RESTORE, what)

    def _of_escalation(self, event: Event) -> TraceStep | None:
        step = _of_escalation(event)
        if step is None or not self._was_due_before_a_restore(event):
            return step
        again = "; it was due before the restore, so that the store which was lost may have done it already"
        return replace(step, what=f"{step.what}{again}")

    def _was_due_before_a_restore(self, event: Event) -> bool:
        """Return whether a step that was done now was due before the last restore that its case went through."""
        at = [timer.at for timer in self.timers if timer.step == event.data.get("step")]
        restored = [each.at for each in self.file.events if each.what == RESTORED and each.at <= event.at]
        return bool(at and restored) and at[0] <= max(restored)

    def _of_notice(self, event: Event) -> TraceStep | None:
        data = event.data
        if event.what == NOTICE_QUEUED:
            what = f"outgoing {data['outgoing']} to {data['to']} written ({_purpose(data['whom'])})"
        elif event.what in ENDED_STATES and data.get("kind") == OutgoingKind.NOTICE:
            number = self.by_message_id.get(data.get("message_id", ""), "?")
            notice = next((each for each in self.notices if each.id == number and each.state == event.what), None)
            said = (notice.reply if notice is not None else None) or data.get("reason", "")
            what = f"outgoing {number} {event.what.replace('_', ' ')}: {said}"
            what += f" at attempt {data['attempts']}" if data.get("attempts") else ""
        elif event.what == "not sent" and data.get("kind") == OutgoingKind.NOTICE:
            what = f"not written ({_purpose(str(data.get('whom', '')))}): {_why_withheld(data)}"
        elif event.what in {"outgoing released", "outgoing dropped"}:
            what = f"outgoing {data['outgoing']} {event.what.removeprefix('outgoing ')} by {event.who}"
            blind = ", before an intake journal was taken in: it may have gone out before the restore, too"
            what += blind if data.get("without_journal") else ""
        else:
            return None
        return TraceStep(event.at, NotificationStage.NOTICE, what)

    def _clock(self, at: datetime) -> str:
        return wall_clock(at, self.knowledge.settings.zone)

    def at_work(self) -> Iterator[TraceStep]:
        """Yield the notices that still wait, as they are now."""
        for each in self.notices:
            if each.status in {OutboxStatus.HELD, OutboxStatus.WAITING}:
                yield TraceStep(self.now, NotificationStage.NOTICE, self._waiting(each))

    def answer(self) -> Iterator[str]:
        """Yield whether those on call were notified, and if not, why."""
        calls = [each for each in self.notices if each.reason.startswith(_CALLS)]
        for each in calls:
            match each.status:
                case OutboxStatus.SENT:
                    yield f"On-call was notified: outgoing {each.id} to {each.to}, taken by the mail server."
                case OutboxStatus.FAILED:
                    state = each.state.replace("_", " ")
                    yield f"On-call was not notified: outgoing {each.id} to {each.to} is {state} ({each.reply})."
                case _:
                    yield f"On-call is not notified yet: {self._waiting(each)}."
        if not calls:
            yield from self._why_none()
        yield f"{self.file.case.owner} has taken the case." if self.file.case.owner else "Nobody has taken the case."

    def _waiting(self, entry: OutboxEntry) -> str:
        """Return where a notice stands that is not done with, and what keeps it."""
        head = f"outgoing {entry.id} to {entry.to} waits since {self._clock(entry.created_at)}"
        if entry.held_since is not None:
            return f"{head}, held since a restore: dtm-contact outbox release {entry.id}"
        tried = f"tried {entry.attempts} times" if entry.attempts else "not tried yet"
        if entry.reply and entry.not_before is not None and entry.not_before > self.now:
            again = self._clock(entry.not_before)
            return f"{head}, {tried}, the mail server said {entry.reply}, again at {again}"
        outbound, stuck = self.knowledge.settings.outbound, self.stuck
        if stuck is None or stuck.not_before is None:
            return f"{head}, {tried}: is a daemon running (dtm-contact daemons)?"
        trouble = relay_trouble(outbound, stuck.reply or "").removesuffix(".")
        first = "" if stuck.id == entry.id else f"; outgoing {stuck.id} goes before it, tried {stuck.attempts} times"
        longest = timedelta(seconds=outbound.pause + outbound.connect_seconds + outbound.seconds)
        since = self._clock(stuck.not_before)
        idle = f"; not tried since {since}: is a daemon running?" if self.now - stuck.not_before > longest else ""
        return f"{head}, {tried}; alarm relay: {trouble}{first}{idle}"

    def _why_none(self) -> Iterator[str]:
        withheld = [
            event for event in self.file.events
            if event.what == "not sent" and str(event.data.get("whom", "")).startswith(_CALLS)
        ]  # fmt: skip
        for event in withheld:
            yield f"On-call was not notified: {_why_withheld(event.data)}."
        said = [event for event in self.file.events if event.data.get("told") == []]
        for event in said:
            why = self._why_nothing_is_sent() or "nothing of the case could be judged, or no address can be written to"
            yield f"On-call was not notified when {event.who} said that somebody is in danger: {why}."
        if withheld or said:
            return
        if not self.file.contacts:
            yield "On-call was not notified: no message or call lies in this case."
        for contact in self.file.contacts:
            yield f"On-call was not notified: {self._why_not(contact)}."

    def _why_not(self, contact: CaseContact) -> str:
        """Return why a contact of the case wrote no notice to those on call."""
        if contact.judgement is None:
            return f"arrival {contact.arrival_id} could not be judged, and waits for a person at the reception"
        decision = contact.judgement.decision
        if ON_CALL in decision.notify:
            return self._why_unwritten(contact.arrival_id, decision)
        rule = self._rule(decision)
        if rule is not None and rule.waiver and decision.alarm.certain:
            return f"the rule {decision.rule} decides for this danger without on-call, and says why: {rule.waiver}"
        if not decision.alarm.certain:
            return f"the alarm of arrival {contact.arrival_id} is {decision.alarm.level}, and only a certain one calls"
        return f"the rule {decision.rule} does not say notify: on_call"

    def _why_unwritten(self, arrival_id: int, decision: Decision) -> str:
        """Return why a notice that the decision asks for was not written."""
        if arrival_id in self.quiet:
            return f"arrival {arrival_id} was old when it came, or was taken over from another mailbox"
        asked = f"{decision.rule} asks for it, and nothing was written: the daemon sent nothing then"
        return self._why_nothing_is_sent() or asked

    def _why_nothing_is_sent(self) -> str:
        """Return the setting by which the daemon sends nothing at all; "" where it sends."""
        settings = self.knowledge.settings
        if settings.rules.observe:
            return "DTM_RULES_OBSERVE is set: the daemon only observes"
        return "" if settings.outbound.host else "DTM_OUTBOUND_HOST names no mail server: nothing is sent"


def _urgency(judgement: Judgement) -> str:
    """Return priority and alarm of a judgement, with what raised or lowered it."""
    alarm = judgement.decision.alarm
    by = f", raised by {alarm.raised_by}" if alarm.raised_by is not None else ""
    lowered = f", lowered: {text_of(alarm.why_not)}" if alarm.why_not is not None else ""
    return f"priority {judgement.decision.priority}, alarm {alarm.level}{by}{lowered}"


def _purpose(reason: str) -> str:
    """Return what a notice is for, without the address that may stand in it."""
    return reason.partition(":")[0] if reason.startswith(f"{ON_CALL}:") or "@" in reason else reason


def _why_withheld(data: dict[str, Any]) -> str:
    why = str(data.get("reason", ""))
    return _WHY_WITHHELD.get(Withheld(why), why) if why in set(Withheld) else why


def _of_escalation(event: Event) -> TraceStep | None:
    data = event.data
    match event.what:
        case "called next":
            why = "the notice before reached nobody" if data.get("unreached") else "nobody had taken it"
            why += ", and all on call had been notified: again" if data.get("again") else ": next on call is"
            what = f"{why} {data.get('to')} (step {data.get('step')})"
        case "reminded" | "escalated":
            what = f"{event.what}: {data.get('does') or 'reminder of the office'} (step {data.get('step')})"
        case "storm":
            what = f"many cases at once: on-call is notified once for all {data.get('cases')}"
        case _:
            return None
    return TraceStep(event.at, NotificationStage.ESCALATION, what)


def _of_agent(event: Event) -> TraceStep | None:
    did = _BY_AGENTS.get(event.what)
    if did is None:
        return None
    notified = f"; notified: {', '.join(event.data['told']) or 'nobody'}" if "told" in event.data else ""
    return TraceStep(event.at, NotificationStage.AGENT, f"{event.who} {did}{notified}")


def _planned(timers: Sequence[EscalationTimer]) -> Iterator[TraceStep]:
    """Yield the steps that are still to come, and those that were needless; what was done is an event."""
    for timer in timers:
        does = f"{Action(timer.data['does']).value} (step {timer.step})"
        if timer.state == "waiting":
            yield TraceStep(
                timer.at, NotificationStage.ESCALATION, f"planned: {does}, unless {timer.data['until']} before"
            )
        elif timer.state == "needless":
            yield TraceStep(timer.settled_at or timer.at, NotificationStage.ESCALATION, f"not needed any more: {does}")
