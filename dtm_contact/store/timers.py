"""What is to happen to cases later: kept in the store, so that a restart forgets none of it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import IMPORTED, ON_CALL, OutgoingKind, Priority
from dtm_contact.store.arrivals import envelope_of
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.events import is_answer
from dtm_contact.store.outbox import FAILED_STATES, NOTICE_QUEUED
from dtm_contact.store.schema import arrivals, cases, contacts, events, judgements, outbox, storms, timers
from dtm_contact.store.system_schema import positions

FOLLOWER = "timers"
"""The name under which one daemon at a time runs the timers (`Positions.follow`), and its place among the events."""

_DAY = timedelta(days=1)
RAISED_FROM = "raised_from"
"""What the event of a message or a call that makes a case more urgent names the priority by which it had before."""

IN_SENT_FOLDER = "in_sent_folder"
"""What the event of an agent's message says that lies in our folder of sent mail."""

CALLED_NEXT: Final = "called next"
"""What the event of a step says by which the next on call is notified."""

FIRST_OF_P1: Final = f"{Priority.P1}:first"
"""The step by which the first on call is told of a P1, where that was not done when it came."""

_NOTIFY: Final = ("decision", "notify")
_TRIED: Final = (NOTICE_QUEUED, "not sent", CALLED_NEXT)
_ANSWERS_AT_THE_DESK = ("replied", "forwarded", "tried", "reached")


@dataclass(frozen=True, slots=True)
class Plan:
    """One thing that is to happen to a case: `step` names it within the case, `data` says what."""

    case_number: str
    step: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class EscalationTimer:
    """A step of a case's escalation, whatever became of it.

    Attributes:
        step, data: as it was planned.
        at: when it is, or was, to happen.
        state: `waiting`, `done`, or `needless`: somebody had seen to the case before.
        settled_at: when that was; None while it waits.
    """

    step: str
    at: datetime
    data: dict[str, Any]
    state: str
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class DueTimer:
    """A thing whose time has come, with the case as it is now.

    Attributes:
        id: its number.
        case_number, step, data: as it was planned.
        at: when it was to happen.
        state, queue, priority, owner, topic, opened_at, due: of the case.
        answered: one of us has answered since the case was opened, or opened again. Of a P1 no mail that came in counts
            as an answer, whoever is vouched for as its sender: only what was done at the desk, or lies in our folder
            of sent mail.
        answered_since_raised: and since a message or a call made it more urgent, too.
    """

    id: int
    case_number: str
    step: str
    at: datetime
    data: dict[str, Any]
    state: str
    queue: str
    priority: Priority
    owner: str | None
    topic: str | None
    opened_at: datetime
    due: datetime
    answered: bool
    answered_since_raised: bool


@dataclass(frozen=True, slots=True)
class ChangedCase:
    """A case that something happened to which may bring timers, as it is now.

    Attributes:
        number, queue, priority, due: of the case.
        opened_at: when it was opened, or opened again last.
        since: when it got its priority.
        unreached: since then, of the notices that the mail server refused for good, that were given up or came back:
            when each was handed over last, by its reason (`Outgoing.reason`).
        untold: it is a P1 of which the first on call was to be told, and nobody was: it came while nothing was sent.
        first_told_at: when the timers told the first on call of such a one, late; None where nobody had to.
    """

    number: str
    queue: str
    priority: Priority
    opened_at: datetime
    since: datetime
    due: datetime
    unreached: Mapping[str, datetime] = field(default_factory=dict)
    untold: bool = False
    first_told_at: datetime | None = None


class StoredTimers:
    """The timers of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def changed_cases(self, limit: int) -> tuple[int, list[ChangedCase]]:
        """Return the open cases that something happened to since `followed`, and the last event looked at.

        Left out are those that hold nothing but what starts nothing by itself (`Arrival.is_historical`).
        """
        with self._database.reading() as connection:
            place = connection.execute(_PLACE).scalar_one_or_none()
            after = int(place) if place is not None else 0
            latest = sa.select(events.c.id, events.c.case_id).where(events.c.id > after)
            found = connection.execute(latest.order_by(events.c.id).limit(limit)).all()
            wanted = {row.case_id for row in found if row.case_id is not None}
            wanted -= left_in_peace(connection, wanted)
            changed = sa.select(cases.c.id, *_CHANGED_CASE).where(cases.c.id.in_(wanted), cases.c.state == "open")
            rows = connection.execute(changed).all()
            unreached = _unreached(connection, [row.id for row in rows])
            dangers = {row.id for row in rows if row.priority == Priority.P1}
            untold, told_late = _unnotified(connection, dangers), _notified_late(connection, dangers)
            return found[-1].id if found else after, [
                _changed_case(
                    row, unreached.get(row.id, []), untold=row.id in untold, first_told_at=told_late.get(row.id)
                )
                for row in rows
            ]

    def untold_dangers(self) -> int:
        """Return how many open P1 that nobody has taken the first on call was to be told of, and was not."""
        waiting = sa.select(cases.c.id).where(
            cases.c.state == "open", cases.c.priority == Priority.P1, cases.c.owner.is_(None)
        )
        with self._database.reading() as connection:
            found = set(connection.execute(waiting).scalars())
            return len(_unnotified(connection, found - left_in_peace(connection, found)))

    def plan(self, plans: Iterable[Plan], last_event: int) -> None:
        """Keep what is to happen, each step of a case once, and how far the events have been followed."""
        with self._database.writing() as connection:
            insert = insert_of(connection)
            for plan in plans:
                case = sa.select(cases.c.id).where(cases.c.number == plan.case_number).scalar_subquery()
                new = insert(timers).values(case_id=case, step=plan.step, at=plan.at, data=plan.data, state="waiting")
                # A case that is handed over or made more urgent has new times; what happened already does not again.
                again = {"at": new.excluded.at, "data": new.excluded.data}
                waiting = timers.c.state == "waiting"
                connection.execute(
                    new.on_conflict_do_update(index_elements=["case_id", "step"], set_=again, where=waiting)
                )
            place = insert(positions).values(channel=FOLLOWER, place=str(last_event))
            connection.execute(
                place.on_conflict_do_update(index_elements=["channel"], set_={"place": place.excluded.place})
            )

    def due(self, now: datetime, limit: int = 100) -> Sequence[DueTimer]:
        """Return what is to happen by now, the earliest first."""
        with self._database.reading() as connection:
            return [_due(row) for row in connection.execute(_DUE.limit(limit), {"now": now})]

    def answered(self, case_ids: Collection[int]) -> set[int]:
        """Return those of some cases that one of us has answered since they were opened, or opened again."""
        found: set[int] = set()
        with self._database.reading() as connection:
            for case_id in case_ids:
                query = sa.select(cases.c.id).where(cases.c.id == case_id, _answered_since(_BEGUN))
                found.update(connection.execute(query).scalars())
        return found

    def of_case(self, number: str) -> list[EscalationTimer]:
        """Return all steps that were planned for a case, the earliest first."""
        columns = (timers.c.step, timers.c.at, timers.c.data, timers.c.state, timers.c.settled_at)
        query = sa.select(*columns).join(cases, cases.c.id == timers.c.case_id).where(cases.c.number == number)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(timers.c.at, timers.c.id))
            return [EscalationTimer(*row) for row in rows]

    def late_since(self, now: datetime) -> datetime | None:
        """Return when the first step was due that is due by now and not done; None where there is none."""
        with self._database.reading() as connection:
            first = connection.execute(_DUE.with_only_columns(timers.c.at).limit(1), {"now": now})
            at: datetime | None = first.scalar_one_or_none()
            return at

    def case_counts(self, since: datetime) -> list[tuple[str, str, int]]:
        """Return how many cases were opened since then, by topic and residence; of what is younger than a day."""
        of_case = sa.select(contacts.c.id).join(arrivals, arrivals.c.id == contacts.c.arrival_id)
        of_case = of_case.where(contacts.c.case_id == cases.c.id, arrivals.c.channel != IMPORTED)
        recent = of_case.where(contacts.c.at >= since - _DAY).exists()
        query = (
            sa.select(cases.c.topic, cases.c.residence_id, sa.func.count())
            .where(cases.c.opened_at >= since, cases.c.topic.is_not(None), cases.c.residence_id.is_not(None))
            # What a first look into a mailbox finds, an outage held back, or is taken over from another, is no storm.
            .where(recent)
            .group_by(cases.c.topic, cases.c.residence_id)
        )
        with self._database.reading() as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(query)]

    def latest_case(self, topic: str, residence_ids: Collection[str]) -> str | None:
        """Return the number of the case opened last on a topic in one of these residences, or None."""
        there = sa.and_(cases.c.topic == topic, cases.c.residence_id.in_(residence_ids))
        query = sa.select(cases.c.number).where(there).order_by(cases.c.id.desc()).limit(1)
        with self._database.reading() as connection:
            number: str | None = connection.execute(query).scalar_one_or_none()
            return number

    def report_storm(self, topic: str, department: str, number: int, now: datetime) -> bool:
        """Say that many cases come; return whether that is new."""
        with self._database.writing() as connection:
            new = insert_of(connection)(storms).values(
                topic=topic, department=department, began_at=now, seen_at=now, cases=number
            )
            again = new.on_conflict_do_update(
                index_elements=["topic", "department"], set_={"seen_at": now, "cases": number}
            )
            began: datetime = connection.execute(again.returning(storms.c.began_at)).scalar_one()
            return began == now

    def storms(self) -> set[tuple[str, str]]:
        """Return the topics and departments of the storms that last."""
        with self._database.reading() as connection:
            return {(row.topic, row.department) for row in connection.execute(sa.select(storms))}

    def end_storms(self, before: datetime) -> list[tuple[str, str]]:
        """End the storms that were seen last before then; return their topics and departments."""
        over = storms.delete().where(storms.c.seen_at < before).returning(storms.c.topic, storms.c.department)
        with self._database.writing() as connection:
            return [(row.topic, row.department) for row in connection.execute(over)]


def restart(connection: Connection, case_id: int, priority: Priority | None = None) -> None:
    """Delete the escalation steps of a case, planned and done, so that they are planned anew.

    Args:
        connection: the transaction.
        case_id: a case that a message has opened again or made more urgent.
        priority: delete the steps of this priority alone, for a case that has become more urgent: had it been so
            before, those steps would count as done. None: all steps.
    """
    steps = () if priority is None else (timers.c.step.startswith(f"{priority}:"),)
    connection.execute(timers.delete().where(timers.c.case_id == case_id, *steps))


def resume(connection: Connection, case_id: int, since: datetime) -> None:
    """Let happen, in a transaction, the steps of a case that were found needless from a time on."""
    needless = sa.and_(timers.c.case_id == case_id, timers.c.state == "needless", timers.c.settled_at >= since)
    connection.execute(sa.update(timers).where(needless).values(state="waiting", settled_at=None))


def left_in_peace(connection: Connection, case_ids: set[int]) -> set[int]:
    """Return, in a transaction, the cases in which nothing starts by itself.

    All of their contacts were taken over from another mailbox, or lay in ours for long before that was ever looked at;
    and no agent has said that one is a P1.
    """
    query = (
        sa.select(
            contacts.c.case_id,
            contacts.c.at,
            arrivals.c.channel,
            arrivals.c.received_at,
            arrivals.c.envelope,
            cases.c.priority,
            cases.c.by_hand,
        )
        .join(arrivals, arrivals.c.id == contacts.c.arrival_id)
        .join(cases, cases.c.id == contacts.c.case_id)
        .where(contacts.c.case_id.in_(case_ids))
    )
    rows = connection.execute(query).all()
    return {row.case_id for row in rows} - {row.case_id for row in rows if not _is_quiet(row)}


def _is_quiet(row: Any) -> bool:
    if row.priority == Priority.P1 and "priority" in (row.by_hand or ()):
        return False
    if row.channel == IMPORTED:
        return True
    envelope = envelope_of(row.envelope)
    return envelope is not None and row.at is not None and envelope.lay_long(row.received_at, row.at)


def settle(connection: Connection, timer_id: int, now: datetime, *, done: bool) -> None:
    """Say, in a transaction, that a thing has happened or is needless.

    Raises:
        NotFoundError: another daemon has settled it meanwhile; what this one did is rolled back.
    """
    values = {"state": "done" if done else "needless", "settled_at": now}
    mine = sa.update(timers).where(timers.c.id == timer_id, timers.c.state == "waiting")
    if connection.execute(mine.values(values)).rowcount == 0:
        raise NotFoundError(f"timer {timer_id}")


_told = events.alias()
_AGAIN = _told.c.data["state"].as_string() == "open"
_RAISED = _told.c.data[RAISED_FROM].as_string().is_not(None)
_OTHER_PRIORITY = sa.or_(
    _told.c.what.in_(("completed", "danger")), _told.c.data[("changed", "priority")].as_string().is_not(None)
)


def _last(*which: sa.ColumnElement[bool]) -> sa.ColumnElement[datetime]:
    """Return when the last of these events of a case was; its opening, where there is none."""
    last = sa.select(sa.func.max(_told.c.at)).where(_told.c.case_id == cases.c.id, sa.or_(*which))
    return sa.func.coalesce(last.correlate(cases).scalar_subquery(), cases.c.opened_at)


def _answered_since(begun: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    by_mail = sa.or_(cases.c.priority != Priority.P1, events.c.data[IN_SENT_FOLDER].as_boolean().is_(True))
    answers = sa.or_(is_answer(*_ANSWERS_AT_THE_DESK), sa.and_(events.c.what == "answered", by_mail))
    return sa.exists().where(events.c.case_id == cases.c.id, answers, events.c.at >= begun)


_BEGUN = _last(_AGAIN)
"""When a case was opened; one that a message opened again starts over: what was done about it was before that."""
_PLACE = sa.select(positions.c.place).where(positions.c.channel == FOLLOWER)
_SINCE = _last(_AGAIN, _RAISED, _OTHER_PRIORITY)
_CHANGED_CASE = (
    cases.c.number,
    cases.c.queue,
    cases.c.priority,
    _BEGUN.label("opened_at"),
    _SINCE.label("since"),
    cases.c.due,
)
_DUE = (
    sa.select(
        timers.c.id,
        cases.c.number,
        timers.c.step,
        timers.c.at,
        timers.c.data,
        cases.c.state,
        cases.c.queue,
        cases.c.priority,
        cases.c.owner,
        cases.c.topic,
        cases.c.opened_at,
        cases.c.due,
        _answered_since(_BEGUN).label("answered"),
        _answered_since(_last(_AGAIN, _RAISED)).label("answered_since_raised"),
    )
    .join(cases, cases.c.id == timers.c.case_id)
    .where(timers.c.state == sa.literal("waiting", sa.Text, literal_execute=True), timers.c.at <= sa.bindparam("now"))
    .order_by(timers.c.at, timers.c.id)
)


def _unreached(connection: Connection, case_ids: Collection[int]) -> dict[int, list[tuple[str, datetime]]]:
    """Return, by case, the reason of each notice that reached nobody, and when it was handed over last."""
    query = sa.select(outbox.c.case_id, outbox.c.reason, outbox.c.settled_at).where(
        outbox.c.case_id.in_(case_ids), outbox.c.kind == OutgoingKind.NOTICE, outbox.c.state.in_(FAILED_STATES)
    )
    notices = defaultdict[int, list[tuple[str, datetime]]](list)
    for row in connection.execute(query):
        notices[row.case_id].append((row.reason, row.settled_at))
    return notices


def _unnotified(connection: Connection, case_ids: Collection[int]) -> set[int]:
    """Return, in a transaction, the cases of which the first on call was to be told, and nobody was, nor was it tried.

    A case into which another was merged counts as told where that one was.
    """
    within = sa.select(contacts.c.case_id, contacts.c.arrival_id, judgements.c.judgement[_NOTIFY].label("notify"))
    within = within.outerjoin(judgements, judgements.c.contact_id == contacts.c.id)
    judged = connection.execute(within.where(contacts.c.case_id.in_(case_ids))).all()
    asked = {row.case_id for row in judged if ON_CALL in (row.notify or ())}
    said = sa.select(events.c.case_id, events.c.data).where(events.c.case_id.in_(case_ids), events.c.what == "danger")
    asked |= {row.case_id for row in connection.execute(said) if row.data.get("told") == []}
    if not asked:
        return set()
    came_to = sa.select(events.c.arrival_id, events.c.case_id).where(
        events.c.arrival_id.in_({row.arrival_id for row in judged if row.case_id in asked}),
        events.c.case_id.is_not(None),
    )
    homes = defaultdict[int, set[int]](set)
    for came in connection.execute(came_to):
        homes[came.arrival_id].add(came.case_id)
    of_case = {each: {each} for each in asked}
    for row in judged:
        if row.case_id in asked:
            of_case[row.case_id] |= homes[row.arrival_id]
    tried = sa.select(events.c.case_id, events.c.what, events.c.data["whom"].as_string().label("whom")).where(
        events.c.case_id.in_(set().union(*of_case.values())), events.c.what.in_(_TRIED)
    )
    told = {
        row.case_id
        for row in connection.execute(tried)
        if row.what == CALLED_NEXT or (row.whom or "").partition(":")[0] == ON_CALL
    }
    return {each for each in asked if not of_case[each] & told}


def _notified_late(connection: Connection, case_ids: Collection[int]) -> dict[int, datetime]:
    """Return, by case, when the timers told the first on call, in place of who should have been told before."""
    late = sa.select(timers.c.case_id, timers.c.settled_at)
    late = late.where(timers.c.case_id.in_(case_ids), timers.c.step == FIRST_OF_P1, timers.c.state == "done")
    return {row.case_id: row.settled_at for row in connection.execute(late)}


def _changed_case(
    row: Any, unreached: Iterable[tuple[str, datetime]], *, untold: bool, first_told_at: datetime | None
) -> ChangedCase:
    """Return a case as it is now; what failed before it got its priority was about something else."""
    lately = {reason: at for reason, at in unreached if at >= row.since}
    case = ChangedCase(row.number, row.queue, Priority(row.priority), row.opened_at, row.since, row.due, lately)
    return replace(case, untold=untold, first_told_at=first_told_at)


def _due(row: Any) -> DueTimer:
    values = list(row)
    values[_PRIORITY] = Priority(values[_PRIORITY])
    return DueTimer(*values)


_PRIORITY = list(DueTimer.__dataclass_fields__).index("priority")
