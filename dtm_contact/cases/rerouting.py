"""Open cases moved because rules, queues or offices are others than when they were opened; each tells it by an event.

Other rules move cases only where an admin asks for it. A residence that is given to another office takes its cases
along, and a queue that is renamed keeps its own: else nobody would look at them any more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from dtm_contact.directory import Directory, Residence
from dtm_contact.model import AlarmSource, CodedText, Priority, agreed
from dtm_contact.rules import Queue, RuleSet
from dtm_contact.rules.routing import OFFICE
from dtm_contact.store import CaseTransaction, LockedCase, Store, case_transaction
from dtm_contact.store.alarm_labels import alarm_values
from dtm_contact.store.cases import PlacedCase
from dtm_contact.store.judgements import PLACED
from dtm_contact.store.record_result import WORKER

RULES = "rules"
"""Who moves them: the rules, at an admin's word."""

REROUTED, OFFICE_CHANGED, QUEUE_RENAMED = PLACED


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

    One that somebody has taken, moved by hand, closed, or that lies elsewhere by now stays; a danger, certain or
    possible, stays as urgent, and a priority that an agent set stays as it is.

    Args:
        store: where the case is, opened for writing.
        wanted: where it is to go.
        asked_by: the admin's name.
        now: the time, aware.

    Raises:
        NotFoundError: there is no such case.
        StoreUnavailableError: nothing was changed.
    """
    with case_transaction(store.database, RULES, now) as work:
        (held,) = work.lock(wanted.number)
        case = held.case
        if case.state != "open" or case.owner is not None or "queue" in case.by_hand or case.queue != wanted.was_in:
            return False
        alarm = case.alarm.raised(AlarmSource.RULE) if wanted.priority is Priority.P1 else case.alarm
        priority, alarm = agreed(wanted.priority, alarm)
        keeps = "priority" in case.by_hand or priority is not wanted.priority
        to = {"queue": wanted.queue, "office_id": wanted.office_id, "rule": wanted.rule}
        changed = work.change(
            held, **to, **({} if keeps else {"priority": priority, "due": wanted.due, **alarm_values(alarm)})
        )
        work.add_event(held, REROUTED, {"changed": changed, "rules_version": wanted.version, "asked_by": asked_by})
        return True


@dataclass(frozen=True, slots=True)
class Stranded:
    """What became of the open cases of queues that are no more.

    Attributes:
        moved: how many were moved to the queue that has them now.
        left: how many lie where no queue of today is, by their queue.
    """

    moved: int
    left: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Placement:
    """Moves open cases of queues and offices that are others than they were.

    Attributes:
        store: where the cases are, opened for writing.
        rules: say which queues there are.
        directory: says which office a residence has.
        now: the time, aware.
    """

    store: Store
    rules: RuleSet
    directory: Directory
    now: datetime

    def follow_queues(self) -> Stranded:
        """Move the open cases of queues that were renamed (`formerly`), or that an office had before it got its own.

        They stay with the agents who have them, and with what agents said of them.

        Raises:
            StoreUnavailableError: some may have been moved.
        """
        moved = 0
        left: dict[str, int] = {}
        for queue_id, count in self.store.cases.open_queues().items():
            queue = self.rules.desks.current(queue_id, self.directory.offices)
            if queue is None:
                left[queue_id] = count
            elif queue.id != queue_id:
                moved += sum(self._rename(case, queue) for case in self.store.cases.open_in([queue_id]))
        return Stranded(moved, left)

    def follow_offices(self, former: Mapping[str, str]) -> int:
        """Move the open cases of residences that were given to another office; return how many were moved.

        A case that lies in a queue of the residence's former office goes to the present one, whether somebody has taken
        it or put it there by hand: the former office has nothing to do with the residence any more. The agent who had
        taken it lets go of it; how urgent it is, and when it is due, stay. One that lies elsewhere stays (a desk of the
        agency, an office that somebody chose), and so does one that a rule sends to that queue by name.

        Args:
            former: the offices that residences had, by the residences.

        Raises:
            StoreUnavailableError: some may have been moved.
        """
        queues = {queue_id for office_id in former.values() for queue_id in self.rules.desks.of(office_id)}
        lying = ((case.number, case.residence_id or "") for case in self.store.cases.open_in(sorted(queues)))
        return sum(self.change_office(number, former[residence]) for number, residence in lying if residence in former)

    def change_office(self, number: str, former: str, *, again: bool = True) -> bool:
        """Move one case from a queue of its residence's former office to the present one, as `follow_offices` does.

        Args:
            number: the case.
            former: the office that its residence had.
            again: also where it was moved so before; without it, what somebody moved back since stays.

        Returns:
            Whether it was moved.

        Raises:
            NotFoundError: there is no such case.
            StoreUnavailableError: nothing was changed.
        """
        with case_transaction(self.store.database, WORKER, self.now) as work:
            (held,) = work.lock(number)
            residence = self.directory.residences.get(held.case.residence_id or "")
            if residence is None or residence.office_id == former or not self._is_of(held, former):
                return False
            if not again and any(event.what == OFFICE_CHANGED for event in work.events(held)):
                return False
            desks = self.rules.desks
            own = None if residence.office_id == self.directory.agency.office_id else residence.office_id
            to = desks.standing_in(desks.of_office(own), self.now)
            self._move(work, held, OFFICE_CHANGED, to, CodedText("office_changed"), owner=None)
            return True

    def _is_of(self, held: LockedCase, office_id: str) -> bool:
        """Whether a case is open and lies in a queue of an office for its place or by hand, not by a rule's word."""
        case = held.case
        if case.state != "open" or case.queue not in self.rules.desks.of(office_id):
            return False
        named = (rule.then.queue for rule in self.rules.rules if rule.key == case.rule)
        return "queue" in case.by_hand or next(named, OFFICE) != case.queue

    def _rename(self, case: PlacedCase, to: Queue) -> bool:
        with case_transaction(self.store.database, WORKER, self.now) as work:
            (held,) = work.lock(case.number)
            if held.case.state != "open" or held.case.queue != case.queue:
                return False
            self._move(work, held, QUEUE_RENAMED, to, CodedText("queue_renamed", {"queue": case.queue}))
            return True

    def _move(
        self, work: CaseTransaction, held: LockedCase, what: str, to: Queue, why: CodedText, **besides: None
    ) -> None:
        office_id = to.office_id or self.directory.agency.office_id
        changed = work.change(held, queue=to.id, office_id=office_id, **besides)
        work.add_event(held, what, {"why": why.as_json(), "changed": changed})


def former_offices(before: Iterable[Residence], after: Directory) -> dict[str, str]:
    """Return the offices that residences had before, by those residences that have another one now."""
    found = {each.residence_id: each.office_id for each in before}
    return {
        residence_id: found[residence_id]
        for residence_id, residence in after.residences.items()
        if found.get(residence_id, residence.office_id) != residence.office_id
    }
