"""Which steps await a case, and when: the escalation of its queue, laid over the times of the case."""

from collections.abc import Iterator

from dtm_contact.rules import RuleSet
from dtm_contact.rules.schedule import Action
from dtm_contact.store.timers import ChangedCase, Plan


def plans(case: ChangedCase, rules: RuleSet) -> Iterator[Plan]:
    """Yield what is to happen to a case as it is now, unless somebody sees to it before."""
    queue = rules.queues.get(case.queue)
    if queue is None:
        return
    called = 0
    for number, step in enumerate(queue.steps(case.priority)):
        called += step.does is Action.CALL_NEXT
        data = {
            "does": step.does.value,
            "until": step.until.value,
            "to": step.to,
            "priority": case.priority.value,
            "nth": called,
            "of_any": step.of_any,
        }
        at = step.at(case.opened_at if step.of_any else case.since, case.due, queue.calendar)
        yield Plan(case.number, f"{case.priority}:{number}", at, data)
