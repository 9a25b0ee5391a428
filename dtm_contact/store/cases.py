"""Cases: opened by what was judged, listed in the order in which they must be worked, shown with all that belongs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import Alarm, AlarmLevel, Channel, CodedText, Judgement, Priority, address_as_written
from dtm_contact.store import events, lost_store, record_result
from dtm_contact.store.alarm_labels import alarm_of
from dtm_contact.store.arrivals import Claimed
from dtm_contact.store.case_changes import Destination
from dtm_contact.store.database import Database
from dtm_contact.store.judgements import unpack_judgements
from dtm_contact.store.outbox import OutgoingBatch
from dtm_contact.store.placement import JudgingResult
from dtm_contact.store.record_result import UnreadableSummary
from dtm_contact.store.schema import IS_OPEN, ORDER, cases, contacts, judgements, shared_contacts
from dtm_contact.store.unjudged import unjudged_of


@dataclass(frozen=True, slots=True)
class Case:
    """What agents work.

    Attributes:
        number: year and running number, "2026-004217".
        state: `open` or `closed`.
        channel: how it came first.
        office_id, queue: who works it, and where it lies.
        priority, due: how urgent it is, and when the first answer is due.
        opened_at, closed_at: when; `closed_at` is None while it is open.
        owner: the agent who took it, or None.
        topic: the deciding topic, or None.
        rule: the rule that decided, as `file:id`; None where the arrival could not be judged.
        read_in_full: false while the case only stands in for an arrival that could not be judged.
        subject, who: what it is about, and who wrote, in a line each.
        why: the words and the rule that put it where it lies.
        tenant_id, dwelling_id, residence_id: whom and where it is about; None where not sure.
        waiting_until: it is out of its queue's order till then; None where it is not set waiting.
        done_reason: what an agent said when it was done, or None.
        tags: words that agents put to it.
        by_hand: the fields in which an agent's word stands.
        version: grows with every change.
        alarm_level, alarm_by, alarm_score, alarm_limit, alarm_why_not: its alarm as it stands now; see `alarm`.
        archived_at: since when it is kept for claims alone, if it was not opened again since; see `archived`.
        erased_at: when its person was erased; None while they were not.
    """

    number: str
    state: str
    channel: Channel
    office_id: str
    queue: str
    priority: Priority
    due: datetime
    opened_at: datetime
    closed_at: datetime | None
    owner: str | None
    topic: str | None
    rule: str | None
    read_in_full: bool
    subject: CodedText
    who: CodedText
    why: tuple[CodedText, ...]
    tenant_id: str | None
    dwelling_id: str | None
    residence_id: str | None
    waiting_until: datetime | None
    done_reason: CodedText | None
    tags: tuple[str, ...]
    by_hand: tuple[str, ...]
    version: int
    alarm_level: AlarmLevel
    alarm_by: str | None
    alarm_score: float | None
    alarm_limit: float | None
    alarm_why_not: CodedText | None
    archived_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def alarm(self) -> Alarm:
        """Whether somebody is in danger; certain just where it is P1."""
        return alarm_of(self)

    @property
    def in_danger(self) -> bool:
        """Whether somebody is in danger by it, or may be: it is closed by saying why nobody is any more."""
        return self.alarm.any or self.priority is Priority.P1

    @property
    def archived(self) -> bool:
        """Whether it is closed and kept for claims alone; one that was opened again since is not."""
        closed_at = self.closed_at if self.state == "closed" else None
        return closed_at is not None and self.archived_at is not None and self.archived_at >= closed_at

    def is_waiting(self, now: datetime) -> bool:
        """Return whether it is out of its queue's order."""
        return self.waiting_until is not None and self.waiting_until > now


@dataclass(frozen=True, slots=True)
class CaseContact:
    """A contact that lies in a case.

    Attributes:
        arrival_id: the arrival that it was read from.
        at: the contact's own time; None where it could not be read.
        decision: the decision as its contract has it; None where the arrival could not be judged.
        judgement: every step with its evidence; None likewise.
        proven: who wrote is proven (`ConversationMatch.proven`), not only named by what the text says.
        sender_address: the writer's, lower case; empty where there is none.
        phone_key: the number that reached us, as its key; None likewise.
        judged_at: when it was judged last; None where it could not be.
    """

    arrival_id: int
    at: datetime | None
    decision: dict[str, Any] | None
    judgement: Judgement | None
    proven: bool = False
    sender_address: str = ""
    phone_key: str | None = None
    judged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with its contacts and events, oldest first."""

    case: Case
    contacts: tuple[CaseContact, ...]
    events: tuple[events.Event, ...]

    @property
    def numbers_before(self) -> tuple[str, ...]:
        """The numbers that it had before a restore, by which tenants and those on call may know it."""
        renumbered = (event for event in self.events if event.what == lost_store.RENUMBERED)
        return tuple(str(event.data["number"]) for event in renumbered)

    @property
    def written_place(self) -> str:
        """The address as it was written last, of the residence of the case; "" where its dwelling is known, or none."""
        here = (
            each.judgement.match.place_evidence
            for each in reversed(self.contacts)
            if each.judgement and _residence_of(each.judgement) == self.case.residence_id
        )
        return next(filter(None, map(address_as_written, here)), "") if self.case.dwelling_id is None else ""


def _residence_of(judgement: Judgement) -> str | None:
    return judgement.match.residence.id if judgement.match.residence is not None else None


@dataclass(frozen=True, slots=True)
class QueueCount:
    """How much lies open in a queue: how much is past due, P1, or a possible danger; apart from it, what waits."""

    queue: str
    open: int
    late: int
    danger: int
    possible: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class PlacedCase:
    """An open case, the queue it lies in, and its residence; None where that is not sure."""

    number: str
    queue: str
    residence_id: str | None


class Cases:
    """The cases of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self,
        claimed: Claimed,
        judgement: Judgement,
        decision: dict[str, Any],
        now: datetime,
        *,
        mail: OutgoingBatch | None = None,
    ) -> str | None:
        """Store what was judged of an arrival, in one transaction.

        Nothing changes where the claim does not hold any more: a second time, or when another has claimed it since.

        A case that stands in for the arrival is completed, and moved as decided unless an agent has taken it. What is
        automatic or spam is set aside, unless a case stands in for it already: nobody's case vanishes. A message that
        joins an earlier case wakes it, opens it again, or makes it more urgent.

        Args:
            claimed: the arrival.
            judgement: every step of judging it.
            decision: the same as the contract's JSON.
            now: when; a case is numbered in the year that it reads.
            mail: what is written because of it, to be sent; None where nothing is.

        Returns:
            The number of its case; None where it has none.

        Raises:
            NotFoundError: the arrival is not in the store.
            ConcurrentUpdateError: the call-back that a call was to join is open no more, or the same words of the same
                writer have a case by now; nothing was stored, judge it again.
            StoreUnavailableError: nothing was stored.
            ValueError: the decision opens a case without saying where.
        """
        with self._database.writing() as connection:
            return record_result.record(connection, JudgingResult(claimed, judgement, decision, now, mail))

    def park(
        self, claimed: Claimed, reason: str, fallback: UnreadableSummary, destination: Destination, now: datetime
    ) -> str | None:
        """Park an arrival that could not be judged, and open a case all the same: someone in danger may have written.

        Nothing changes where the claim does not hold any more.

        Args:
            claimed: the arrival.
            reason: why, in a few words without anything personal.
            fallback: what could be read of it.
            destination: where the case goes.
            now: when; a case is numbered in the year that it reads.

        Returns:
            The number of its case: a new one, or the one that stood in for it already; None where the claim is lost
            and it has none.
        """
        with self._database.writing() as connection:
            return record_result.park(connection, claimed, reason, fallback, destination, now)

    def queue(
        self, queue: str | None = None, *, now: datetime | None = None, after: Case | None = None, limit: int = 100
    ) -> list[Case]:
        """Return open cases in the order in which they must be worked: alarm, priority, due, age, number.

        Args:
            queue: only this queue's.
            now: leave out what is set waiting for later than that; without it, nothing is.
            after: only those behind this case: the last one of the page before, as it was then.
            limit: how many at the most.
        """
        query = sa.select(*CASE_COLUMNS).where(IS_OPEN).order_by(*ORDER).limit(limit)
        if queue is not None:
            query = query.where(cases.c.queue == queue)
        if now is not None:
            query = query.where(_is_due_back(now))
        if after is not None:
            place = sa.tuple_(*(sa.literal(getattr(after, column.name), column.type) for column in ORDER))
            query = query.where(sa.tuple_(*ORDER) > place)
        with self._database.reading() as connection:
            return [case_of(row) for row in connection.execute(query)]

    def of_priority(self, priority: Priority, limit: int) -> list[Case]:
        """Return the open cases of a priority, those set waiting included, in the order of `queue`."""
        query = sa.select(*CASE_COLUMNS).where(IS_OPEN, cases.c.priority == priority).order_by(*ORDER).limit(limit)
        with self._database.reading() as connection:
            return [case_of(row) for row in connection.execute(query)]

    def queue_counts(self, now: datetime) -> list[QueueCount]:
        """Return what lies open in each queue that has anything open, by the queue's name."""
        here = _is_due_back(now)
        late = sa.func.count().filter(here, cases.c.due < now)
        danger = sa.func.count().filter(here, cases.c.priority == Priority.P1)
        possible = sa.func.count().filter(here, cases.c.alarm_level == AlarmLevel.POSSIBLE)
        counts = (sa.func.count().filter(here), late, danger, possible, sa.func.count().filter(sa.not_(here)))
        query = sa.select(cases.c.queue, *counts).where(IS_OPEN)
        with self._database.reading() as connection:
            rows = connection.execute(query.group_by(cases.c.queue).order_by(cases.c.queue))
            return [QueueCount(*row) for row in rows]

    def open_queues(self) -> dict[str, int]:
        """Return how many cases are open in each queue that has any, by its identifier."""
        query = sa.select(cases.c.queue, sa.func.count()).where(IS_OPEN).group_by(cases.c.queue)
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.order_by(cases.c.queue))}

    def open_in(self, queues: Sequence[str]) -> list[PlacedCase]:
        """Return the open cases of some queues, the oldest first."""
        query = sa.select(cases.c.number, cases.c.queue, cases.c.residence_id).where(IS_OPEN)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(cases.c.queue.in_(queues)).order_by(cases.c.id))
            return [PlacedCase(*row) for row in rows]

    def get(self, number: str) -> CaseFile:
        """Return a case with its contacts and events; by the number that it had before a restore, too.

        Raises:
            NotFoundError: there is no case of that number.
        """
        with self._database.reading() as connection:
            wanted = sa.select(cases.c.id, *CASE_COLUMNS)
            now = lost_store.number_now(connection, number)
            row = connection.execute(wanted.where(cases.c.number == now)).one_or_none()
            if row is None:
                raise NotFoundError(f"case {number}{_until_judged(connection, number)}")
            case, found = case_of(row[1:]), list(events.of_case(connection, row.id))
            if before := lost_store.events_before(connection, row.id, case.number):
                found = sorted((*found, *before), key=lambda event: event.at)
            return CaseFile(case, contacts_of(connection, row.id), tuple(found))

    def number_now(self, number: str) -> str:
        """Return the number that a case has now; see `lost_store.number_now`."""
        with self._database.reading() as connection:
            return lost_store.number_now(connection, number)

    def numbers_before(self, channel: str, external_id: str) -> tuple[str, ...]:
        """Return the numbers of the cases in which an arrival lay in a store that was lost; see `lost_store`."""
        with self._database.reading() as connection:
            return lost_store.numbers_before(connection, channel, external_id)


def _until_judged(connection: Connection, number: str) -> str:
    """Say where what lay in a case of before a restore is, as long as it waits to be judged; else nothing."""
    if not (waiting := unjudged_of(connection, number)):
        return ""
    which = f"arrival{'s' if len(waiting) > 1 else ''} {', '.join(map(str, waiting))}"
    return f" (what lay in it before the restore waits to be judged: {which}; dtm-contact danger shows what is urgent)"


CASE_COLUMNS = tuple(cases.c[name] for name in Case.__dataclass_fields__)
_PRIORITY = list(Case.__dataclass_fields__).index("priority")
_LISTS = tuple(list(Case.__dataclass_fields__).index(name) for name in ("tags", "by_hand"))


def _is_due_back(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(cases.c.waiting_until.is_(None), cases.c.waiting_until <= now)


def case_of(row: Any) -> Case:
    """Return the case of a row that holds `CASE_COLUMNS`."""
    values = list(row)
    values[_PRIORITY] = Priority(values[_PRIORITY])
    for at in _LISTS:
        values[at] = tuple(values[at] or ())
    return Case(*values)


def _shared_with(case_id: int) -> sa.Select[tuple[int]]:
    """Return the query for the contacts that stand in a case beside their own."""
    return sa.select(shared_contacts.c.contact_id).where(shared_contacts.c.case_id == case_id)


def contacts_of(connection: Connection, case_id: int) -> tuple[CaseContact, ...]:
    """Return the contacts of a case, by the store's own id, with all that was judged of them; oldest first.

    Those that lie in another case and stand in this one, too, are among them.
    """
    judged = (judgements.c.decision, judgements.c.judgement)
    reached = (contacts.c.proven, contacts.c.sender_address, contacts.c.phone_key, contacts.c.judged_at)
    query = (
        sa.select(contacts.c.arrival_id, contacts.c.at, *judged, *reached)
        .outerjoin(judgements, judgements.c.contact_id == contacts.c.id)
        .where(sa.or_(contacts.c.case_id == case_id, contacts.c.id.in_(_shared_with(case_id))))
        .order_by(contacts.c.id)
    )
    rows = connection.execute(query).all()
    kept = iter(unpack_judgements(connection, [row.judgement for row in rows if row.judgement is not None]))
    return tuple(_contact(row, None if row.judgement is None else next(kept)) for row in rows)


def _contact(row: Any, judgement: Judgement | None) -> CaseContact:
    reached = (row.proven, row.sender_address, row.phone_key, row.judged_at)
    return CaseContact(row.arrival_id, row.at, row.decision, judgement, *reached)
