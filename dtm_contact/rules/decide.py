"""Where a contact goes: the first rule that holds, and why."""

from collections.abc import Iterable
from datetime import datetime
from typing import get_args

from dtm_contact.directory import Directory
from dtm_contact.model import (
    CaseKind,
    Contact,
    Decision,
    History,
    Match,
    NoHistory,
    Priority,
    RuleTrace,
    Understanding,
)
from dtm_contact.rules.facts import Facts
from dtm_contact.rules.queues import Queue
from dtm_contact.rules.routing import NOWHERE, OFFICE, Notified, Rule
from dtm_contact.rules.ruleset import RuleSet

AGENCY = "agency"
"""The kind of the one office that is no proximity office."""

_NO_HISTORY = NoHistory()

EVERYBODY: tuple[str, ...] = get_args(Notified)


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
) -> Decision:
    """Return where a contact goes.

    The first rule that holds decides. Where a rule before it hangs on a condition that raised, nobody can tell whether
    that one would have: the contact goes where the default says, and `Decision.failures` names the condition, for an
    alarm. If it was understood to be P1, all who can be told are told.

    Args:
        contact: what was read.
        match: who it is.
        understanding: what is asked.
        now: the time that due times count from, aware.
        rules: the rules in force.
        directory: the estate.
        history: what is already known of the party; asked only where a condition looks at it.
        trace: also evaluate every rule, and keep what each condition saw.
    """
    place = rules.desks.of_office(_proximity_office(match, directory))
    facts = Facts(contact, match, understanding, now, directory, place.calendar, history)
    rule, failures = first_that_holds(rules, facts, rules.index.candidates(facts))
    queue = _queue(rule, rules, place)
    priority = min(filter(None, (understanding.priority, rule.then.priority)))
    return Decision(
        kind=CaseKind.CASE if queue else rule.then.kind or CaseKind.NONE,
        priority=priority,
        office_id=_office_id(queue, directory),
        queue=queue.id if queue else None,
        due=queue.due_at(priority, now) if queue else None,
        rule=rule.key,
        rules_version=rules.version,
        notify=EVERYBODY if failures and priority is Priority.P1 else rule.then.notify,
        answer=rule.then.answer,
        trace=_traced(rules, facts) if trace else (),
        failures=failures,
    )


def first_that_holds(rules: RuleSet, facts: Facts, numbers: Iterable[int]) -> tuple[Rule, tuple[str, ...]]:
    """Return the first of the rules, by their numbers in order, that holds, and the conditions that failed on the way.

    Where one cannot be told, that is the default.
    """
    for number in numbers:
        rule = rules.rules[number]
        if rule.when is None:
            return rule, ()
        facts.failed.clear()
        held = rule.when.holds(facts)
        if held is None:
            return rules.default, tuple(f"{rule.key}: {failure}" for failure in facts.failed)
        if held:
            return rule, ()
    return rules.default, ()


def _proximity_office(match: Match, directory: Directory) -> str | None:
    """Return the office of the place; None where none is known, or only the agency: that has its reception."""
    office_id = match.office_id
    if office_id is None and match.residence is not None:
        residence = directory.residences.get(match.residence.id)
        office_id = residence.office_id if residence else None
    office = directory.offices.get(office_id) if office_id is not None else None
    return None if office is not None and office.kind == AGENCY else office_id


def _queue(rule: Rule, rules: RuleSet, place: Queue) -> Queue | None:
    match rule.then.queue:
        case name if name == NOWHERE:
            return None
        case name if name == OFFICE:
            return place
        case name:
            return rules.queues[name]


def _office_id(queue: Queue | None, directory: Directory) -> str | None:
    """Return the office that works a queue: its own, else the agency."""
    if queue is None or queue.office_id is not None:
        return queue.office_id if queue else None
    return next((office.office_id for office in directory.records.offices if office.kind == AGENCY), None)


def _traced(rules: RuleSet, facts: Facts) -> tuple[RuleTrace, ...]:
    return tuple(
        RuleTrace(
            rule.key,
            rule.when.holds(facts) if rule.when else True,
            tuple(rule.when.trace(facts)) if rule.when else (),
        )
        for rule in rules.rules
    )
