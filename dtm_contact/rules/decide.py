"""Where a contact goes: one walk down the rules, whose steps are the trace; the first that holds decides."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from dtm_contact.directory import Directory
from dtm_contact.model import (
    Alarm,
    AlarmLevel,
    AlarmSource,
    CaseKind,
    CodedText,
    ConditionTrace,
    Contact,
    Decision,
    History,
    Match,
    NoHistory,
    Priority,
    RuleTrace,
    Understanding,
    Unread,
)
from dtm_contact.rules.facts import Facts, office_of
from dtm_contact.rules.queues import Queue, Queues
from dtm_contact.rules.routing import EVERYBODY, OFFICE, Rule
from dtm_contact.rules.ruleset import RuleSet
from dtm_contact.rules.schedule import DueTime, parse_due

AGENCY = "agency"
"""The kind of the one office that is no proximity office."""

_NO_HISTORY = NoHistory()


def decide(  # noqa: PLR0913 - all that was judged of one contact, and what it is judged by
    contact: Contact,
    match: Match,
    understanding: Understanding,
    now: datetime,
    rules: RuleSet,
    directory: Directory,
    *,
    history: History = _NO_HISTORY,
    trace: bool = False,
    counted_from: datetime | None = None,
) -> Decision:
    """Return where a contact goes.

    The first rule that holds decides. Effects of the rules before it that only add are added; those that only observe
    are noted. Where a condition raises an exception, nobody can tell whether its rule would have decided: the contact
    then goes where the default says, unless an earlier rule decided, and `Decision.failures` names the condition, for
    an alarm. A contact understood as P1 notifies in that case all who can be.

    Args:
        contact: what was read.
        match: who it is.
        understanding: what is asked.
        now: the time that it is judged as of, aware: the hours that conditions see, and what had come before.
        rules: the rules in force.
        directory: the estate.
        history: what is already known of the party; asked only where a condition looks at it.
        trace: also evaluate every rule, and keep what each condition saw.
        counted_from: the time that due times count from, where that is a later one than `now`; aware.
    """
    place = _queue_of_place(match, rules, directory)
    facts = facts_of(contact, match, understanding, now, rules, directory, history=history)
    walk = walk_all_rules(rules, facts) if trace else walk_rules(rules, facts, rules.index.candidates(facts))
    walk = _read_by_somebody(walk, rules, facts)
    decision = _decision(walk, rules, facts, place, directory)
    if counted_from is None or decision.due is None:
        return decision
    queue = rules.queues.get(decision.queue or "") or place
    due = _due(walk.effective, queue, (decision.priority, decision.alarm), facts, counted_from)
    return replace(decision, due=due)


def facts_of(  # noqa: PLR0913 - as for `decide`
    contact: Contact,
    match: Match,
    understanding: Understanding,
    now: datetime,
    rules: RuleSet,
    directory: Directory,
    *,
    history: History = _NO_HISTORY,
) -> Facts:
    """Return what conditions look at of a contact; the arguments are those of `decide`."""
    calendar = _queue_of_place(match, rules, directory).calendar
    return Facts(contact, match, understanding, now, directory, calendar, history)


def with_unheard_voice(
    contact: Contact, match: Match, understanding: Understanding, now: datetime, rules: RuleSet, directory: Directory
) -> Understanding:
    """Return what is asked where a voice message that nobody has heard counts: it is a possible danger at the least.

    Only while the office of the place is closed: while it works somebody listens to it. What is no case stays none.

    Args:
        contact: what was read.
        match: who it is.
        understanding: what is asked, as far as words tell.
        now: when it came, aware.
        rules: the rules in force; their queues have the opening hours.
        directory: the estate.
    """
    if not contact.unheard or understanding.kind is not CaseKind.CASE:
        return understanding
    if _queue_of_place(match, rules, directory).calendar.is_open(now):
        return understanding
    alarm = understanding.alarm if understanding.alarm.any else Alarm(AlarmLevel.POSSIBLE, AlarmSource.RULE)
    return replace(understanding, unread=Unread.VOICE, alarm=alarm)


@dataclass(frozen=True, slots=True)
class Walk:
    """What became of the rules, one after the other.

    Attributes:
        decides: the rule that decided.
        failures: the conditions that failed on the way.
        added: rules that hold and only add, in order.
        observed: rules that hold and are only observed, in order.
        tags: what the rules that count put to the contact.
        trace: every rule with what it saw, those below the one that decided included; empty unless all were asked.
    """

    decides: Rule
    failures: tuple[str, ...] = ()
    added: tuple[Rule, ...] = ()
    observed: tuple[Rule, ...] = ()
    tags: tuple[str, ...] = ()
    trace: tuple[RuleTrace, ...] = ()

    @property
    def effective(self) -> tuple[Rule, ...]:
        """The rules whose actions count, the one that decides last."""
        return (*self.added, self.decides)


def walk_rules(rules: RuleSet, facts: Facts, numbers: Iterable[int]) -> Walk:
    """Ask rules in order until one holds and decides.

    Args:
        rules: the rules in force.
        facts: the contact.
        numbers: the rules to ask, by their numbers in order; what is left out does not hold.
    """
    return _walk(rules, facts, numbers, None)


def walk_all_rules(rules: RuleSet, facts: Facts) -> Walk:
    """Ask every rule and keep what each condition saw; what is decided is the same as by `walk_rules`."""
    trace: list[RuleTrace] = []
    walk = _walk(rules, facts, range(len(rules.rules)), trace)
    return replace(walk, trace=tuple(trace))


def _walk(rules: RuleSet, facts: Facts, numbers: Iterable[int], trace: list[RuleTrace] | None) -> Walk:
    """Ask rules in order; the first that holds and decides ends the walk, or is followed by what is only traced.

    Where it cannot be told whether a rule that decides holds, the default decides.
    """
    added: list[Rule] = []
    observed: list[Rule] = []
    failures: list[str] = []
    decides: Rule | None = None
    facts.tags = ()
    for number in numbers:
        rule = rules.rules[number]
        held = _ask(rule, facts, trace)
        if decides is None:
            if held is None and not rule.observes:
                failures += (f"{rule.key}: {failure}" for failure in facts.failed)
            if rule.ends and held is not False:
                decides = rule if held else rules.default
                if trace is None:
                    break
            elif held:
                (observed if rule.observes else added).append(rule)
        if held and not rule.ends and not rule.observes:
            facts.tags = _tagged(facts.tags, rule)
    walk = Walk(decides or rules.default, tuple(failures), tuple(added), tuple(observed))
    for rule in walk.effective:
        walk = replace(walk, tags=_tagged(walk.tags, rule))
    return walk


def _ask(rule: Rule, facts: Facts, trace: list[RuleTrace] | None) -> bool | None:
    """Return whether a rule holds, and add to the trace what its conditions saw."""
    facts.failed.clear()
    conditions: list[ConditionTrace] | None = None if trace is None else []
    held = True if rule.when is None else rule.when.holds(facts, conditions)
    if trace is not None:
        trace.append(RuleTrace(rule.key, held, tuple(conditions or ())))
    return held


def _read_by_somebody(walk: Walk, rules: RuleSet, facts: Facts) -> Walk:
    """Return the walk with the default deciding where a rule would set an alarm aside and does not say `waiver`."""
    rule, understanding = walk.decides, facts.understanding
    if not rule.then.opens_nothing or rule.waiver or understanding.kind is CaseKind.NONE:
        return walk
    alarm = _urgency(walk.effective, understanding)[1]
    return replace(walk, decides=rules.default) if alarm.any else walk


def _decision(walk: Walk, rules: RuleSet, facts: Facts, place: Queue, directory: Directory) -> Decision:
    rule, effective = walk.decides, walk.effective
    queue = _queue(rule, rules, place, facts.now)
    priority, alarm = _urgency(effective, facts.understanding)
    if queue is None:
        alarm = alarm.lowered(AlarmLevel.NONE, _by_rule(rule))
    return Decision(
        kind=CaseKind.CASE if queue else rule.then.becomes or CaseKind.NONE,
        priority=priority,
        office_id=_office_id(queue, directory),
        queue=queue.id if queue else None,
        due=_due(effective, queue, (priority, alarm), facts, facts.now) if queue else None,
        rule=rule.key,
        rules_version=rules.version,
        model_version=rules.model_version,
        notify=_notified(effective, walk, priority) if queue else (),
        answer=_answer(effective) if queue else None,
        failures=walk.failures,
        tags=walk.tags,
        added=tuple(added.key for added in walk.added),
        observed=tuple(observed.key for observed in walk.observed),
        trace=walk.trace,
        join=_open_case(rule, facts) if queue else None,
        alarm=alarm,
    )


def _urgency(effective: Sequence[Rule], understanding: Understanding) -> tuple[Priority, Alarm]:
    """Return priority and alarm as the rules leave them: what one makes P1 is certain; what one lowers names it."""
    priority, alarm = understanding.priority, understanding.alarm
    for rule in effective:
        if rule.then.alarm is not None:
            alarm = alarm.lowered(AlarmLevel(rule.then.alarm), _by_rule(rule))
            priority = alarm.priority(priority)
        if rule.then.priority is not None:
            changed = rule.then.priority.applied(priority)
            alarm = alarm.raised(AlarmSource.RULE) if changed is Priority.P1 else alarm
            priority = alarm.priority(changed)
    return priority, alarm


def _by_rule(rule: Rule) -> CodedText:
    return CodedText("rule", {"rule": rule.id})


def _tagged(tags: tuple[str, ...], rule: Rule) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*tags, *rule.then.tags)))


def _due(
    effective: Sequence[Rule], queue: Queue, urgency: tuple[Priority, Alarm], facts: Facts, begun: datetime
) -> datetime:
    """Return what an agent promised, else what the last rule gives, what a partner is promised, or the queue's.

    What was received on an earlier day than it was entered counts from when that day began; an alarm from when it was
    told, since nobody could act before. No alarm waits longer than it would without.
    """
    priority, alarm = urgency
    told = begun
    if facts.received < facts.now.astimezone(queue.calendar.zone).date() and not alarm.any:
        begun = datetime.combine(facts.received, time.min, queue.calendar.zone)
    usual = queue.due_at(priority, begun, facts.understanding.topic, alarm=alarm.level)
    given = [due for rule in effective if (due := _given(rule, queue, facts, begun))]
    if facts.contact.stated is not None and facts.contact.stated.due is not None:
        given = [max(facts.contact.stated.due, told)]
    if not given and facts.contact.sourced is not None and facts.contact.sourced.follow_up:
        given = [parse_due(facts.contact.sourced.follow_up).after(begun, queue.calendar)]
    if not given:
        return usual
    return min(usual, given[-1]) if alarm.any else given[-1]


def _given(rule: Rule, queue: Queue, facts: Facts, begun: datetime) -> datetime | None:
    """Return when a rule wants the first answer: what a letter wants by a day is due when the office last closes."""
    due = rule.then.due
    if isinstance(due, DueTime):
        return due.after(begun, queue.calendar)
    if due is None or facts.stated_day is None:
        return None
    return max(queue.calendar.last_open_on_or_before(facts.stated_day), begun)


def _notified(effective: Sequence[Rule], walk: Walk, priority: Priority) -> tuple[str, ...]:
    notified = dict.fromkeys(whom for rule in effective for whom in rule.then.notify)
    if walk.failures and priority is Priority.P1:
        notified |= dict.fromkeys(EVERYBODY)
    return tuple(notified)


def _answer(effective: Sequence[Rule]) -> str | None:
    """Return the answer of the rule that decides, else that of the last one which adds."""
    return next((rule.then.answer for rule in reversed(effective) if rule.then.answer), None)


def _open_case(rule: Rule, facts: Facts) -> str | None:
    """Return the latest open case of the party that the rule lets the contact join, or None."""
    if rule.then.join is None:
        return None
    topic = facts.understanding.topic
    cases = facts.party_history.open
    if rule.then.join == "same_topic":
        cases = tuple(case for case in cases if case.topic is not None and case.topic == topic)
    return max(cases, key=lambda case: (case.opened_at, case.number)).number if cases else None


def _queue_of_place(match: Match, rules: RuleSet, directory: Directory) -> Queue:
    return rules.desks.of_office(_proximity_office(match, directory, rules.desks))


def _proximity_office(match: Match, directory: Directory, desks: Queues) -> str | None:
    """Return the office of the place; None where none is known, it is no more, or it is the agency: its reception."""
    office_id = office_of(match, directory)
    office = directory.offices.get(office_id) if office_id is not None else None
    if office is None:
        return office_id if office_id in desks.main else None
    return None if office.kind == AGENCY else office_id


def _queue(rule: Rule, rules: RuleSet, place: Queue, now: datetime) -> Queue | None:
    """Return the queue that a rule names, or the one that takes over while its office is closed for days."""
    if rule.then.opens_nothing or rule.then.queue is None:
        return None
    queue = place if rule.then.queue == OFFICE else rules.queues[rule.then.queue]
    return rules.desks.standing_in(queue, now)


def _office_id(queue: Queue | None, directory: Directory) -> str | None:
    """Return the office that works a queue: its own, else the agency."""
    if queue is None or queue.office_id is not None:
        return queue.office_id if queue else None
    return next((office.office_id for office in directory.records.offices if office.kind == AGENCY), None)
