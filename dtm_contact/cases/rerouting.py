"""Cases moved by other rules than those that opened them, once somebody has asked for it; each tells it by an event."""

from dataclasses import dataclass
from datetime import datetime

from dtm_contact.model import Priority
from dtm_contact.store import Store, working

RULES = "rules"
"""Who moves them: the rules, at an admin's word."""

REROUTED = "rerouted"


@dataclass(frozen=True, slots=True)
class Reroute:
    """Where the rules want a case now.

    Attributes:
        number: the case.
        was_in: the queue where it was found; one that has moved since is left alone.
        queue, office_id, priority, due, rule: what the rules say.
        version: the rules' version.
    """

    number: str
    was_in: str
    queue: str
    office_id: str
    priority: Priority
    due: datetime
    rule: str
    version: str


def reroute(store: Store, wanted: Reroute, asked_by: str, now: datetime) -> bool:
    """Move an open case to where the rules want it; return whether it was moved.

    One that somebody has taken, moved by hand, closed, or that lies elsewhere by now stays; a danger stays P1, and a
    priority that an agent set stays as it is.

    Args:
        store: where the case is, opened for writing.
        wanted: where it is to go.
        asked_by: the admin's name.
        now: the time, aware.

    Raises:
        NotFoundError: there is no such case.
        StoreUnavailableError: nothing was changed.
    """
    with working(store.database, RULES, now) as work:
        (held,) = work.hold(wanted.number)
        case = held.case
        if case.state != "open" or case.owner is not None or "queue" in case.by_hand or case.queue != wanted.was_in:
            return False
        priority = Priority.P1 if case.priority is Priority.P1 else wanted.priority
        keeps = "priority" in case.by_hand or priority is not wanted.priority
        to = {"queue": wanted.queue, "office_id": wanted.office_id, "rule": wanted.rule}
        changed = work.change(held, **to, **({} if keeps else {"priority": priority, "due": wanted.due}))
        work.tell(held, REROUTED, {"changed": changed, "rules_version": wanted.version, "asked_by": asked_by})
        return True
