"""What the agents' desk reads: a page of a queue, households, incidents, what has happened since; reading only."""

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import SPOKEN_CHANNELS, AlarmLevel, CodedText, Evidence, Peril, address_as_written
from dtm_contact.store import confirmations, register
from dtm_contact.store.cases import CASE_COLUMNS, Case, case_of
from dtm_contact.store.confirmations import Confirmation
from dtm_contact.store.database import Database
from dtm_contact.store.drafts import begun_by
from dtm_contact.store.events import ANSWERS, is_answer
from dtm_contact.store.lost_store import number_now
from dtm_contact.store.register import RegisterEntry
from dtm_contact.store.schema import (
    IS_OPEN,
    ORDER,
    arrivals,
    case_links,
    cases,
    confirmed_contacts,
    contacts,
    events,
    judgements,
    shared_contacts,
)
from dtm_contact.store.system_schema import appointments
from dtm_contact.store.timers import left_in_peace

_MOST_ALARMS = 1_000
_MOST_SHOWN = 20

_WORDS_SHOWN = 220
_MOST_CASES = 200


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which open cases a page shows, in their total order: alarm, priority, due, opened, number.

    Attributes:
        queues: of these queues.
        dangers_of: of these other queues the P1 too.
        topic: on this topic.
        residences: in one of these residences.
        owner: that this agent took.
        late_at: whose first answer was due before that time.
        waiting: set waiting for later than `now`, where true; else those that are not.
        drafted_by: in which this account has begun to write something and not sent it, waiting or not.
        now: the time.
    """

    queues: tuple[str, ...]
    now: datetime
    topic: str | None = None
    residences: tuple[str, ...] = ()
    owner: str | None = None
    late_at: datetime | None = None
    waiting: bool = False
    drafted_by: int | None = None
    dangers_of: tuple[str, ...] = ()


QueueCursor = tuple[AlarmLevel, str, datetime, datetime, str]
"""Where a case stands in the total order."""


@dataclass(frozen=True, slots=True)
class CaseHints:
    """What a line of the queue shows beside the case.

    Attributes:
        words: the first words of the latest message.
        calls: how often they called.
        contacts: how often they called or wrote.
        raised_by: the words of the latest message that raise the priority.
        peril: what kind of danger that message tells of; None where none is clear.
        answered_at: when one of us answered last; None where something has come in since, or nobody has.
        came_by: how the latest came that an agent noted: `call`, `counter` or `letter`; "" of what came by itself.
    """

    words: str = ""
    calls: int = 0
    contacts: int = 0
    raised_by: tuple[str, ...] = ()
    peril: Peril | None = None
    answered_at: datetime | None = None
    came_by: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """Open cases of several households of one residence on one topic.

    Attributes:
        residence_id, topic: which.
        households: how many dwellings are concerned.
        cases: how many cases.
        since: when the first was opened.
        priority: the most urgent's.
        offices: who works them.
    """

    residence_id: str
    topic: str
    households: int
    cases: int
    since: datetime
    priority: str
    offices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetAside:
    """An arrival that was set aside: no case was opened."""

    arrival_id: int
    kind: str
    at: datetime
    who: str
    subject: str


@dataclass(frozen=True, slots=True)
class Appointment:
    """Somebody who comes to a proximity office at a time, because of a case."""

    office_id: str
    at: datetime
    number: str
    who: CodedText
    booked_by: str


def cursor_of(case: Case) -> QueueCursor:
    """Return where a case stands in the total order."""
    return case.alarm_level, case.priority.value, case.due, case.opened_at, case.number


def _in_order(case: Case) -> tuple[Any, ...]:
    level, *rest = cursor_of(case)
    return -level.rank, *rest


def _hints(calls: int, count: int, text: str | None, raised: Any, peril: str | None, came_by: str | None) -> CaseHints:
    words = tuple(dict.fromkeys(str(each.get("seen", "")) for each in raised or ()))
    kind = Peril(peril) if peril in set(Peril) else None
    return CaseHints(
        " ".join((text or "").split()), calls, count, tuple(filter(None, words)), kind, came_by=came_by or ""
    )


class StoredDesk:
    """What the desk reads of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: CaseFilter, *, after: QueueCursor | None = None, limit: int = 50) -> list[Case]:
        """Return open cases in their total order, those behind `after` only."""
        with self._database.reading() as connection:
            if wanted.owner is not None:
                return _cases(connection, _wanted(wanted, after, limit).where(cases.c.queue.in_(wanted.queues)))
            # Each queue is read in its order by its look-up; over all of them the database would have to sort them all.
            each = [
                _cases(connection, _wanted(wanted, after, limit).where(cases.c.queue == queue))
                for queue in wanted.queues
            ]
            if wanted.dangers_of:
                elsewhere = sa.and_(cases.c.queue.in_(wanted.dangers_of), cases.c.priority == "P1")
                each.append(_cases(connection, _wanted(wanted, after, limit).where(elsewhere)))
        return list(heapq.merge(*each, key=_in_order))[:limit]

    def case_hints(self, numbers: Collection[str]) -> dict[str, CaseHints]:
        """Return what the lines of these cases show beside them."""
        by_phone = contacts.c.channel.in_(SPOKEN_CHANNELS)
        called = sa.func.count().filter(by_phone)
        latest = sa.func.coalesce(sa.func.max(contacts.c.id).filter(sa.not_(by_phone)), sa.func.max(contacts.c.id))
        counted = (
            sa.select(cases.c.number, latest.label("latest"), called, sa.func.count())
            .join(contacts, contacts.c.case_id == cases.c.id)
            .where(cases.c.number.in_(numbers))
            .group_by(cases.c.number)
        )
        with self._database.reading() as connection:
            rows = connection.execute(counted).all()
            read, understood = judgements.c.judgement["contact"], judgements.c.judgement["understanding"]
            came_by = judgements.c.judgement[("contact", "stated", "visit")].as_string()
            text = sa.func.substr(read["new_text"].as_string(), 1, _WORDS_SHOWN)
            query = sa.select(
                judgements.c.contact_id, text, understood["raised_by"], understood["peril"].as_string(), came_by
            )
            shown = query.where(judgements.c.contact_id.in_([row.latest for row in rows]))
            said = {row[0]: row[1:] for row in connection.execute(shown)}
            answered = _answered(connection, numbers)
        found = {row[0]: _hints(row[2], row[3], *said.get(row[1], ("", None, None, None))) for row in rows}
        return {number: replace(hints, answered_at=answered.get(number)) for number, hints in found.items()}

    def written_places(self, shown: Collection[Case]) -> dict[str, str]:
        """Return the address as it was written last in each of these cases whose dwelling is not known, by its number.

        What was judged to be in another residence than the case lies in by now is left out: an agent corrected it.
        """
        lacking = {case.number: case.residence_id for case in shown if case.dwelling_id is None}
        if not lacking:
            return {}
        match = judgements.c.judgement["match"]
        query = (
            sa.select(cases.c.number, match[("residence", "id")].as_string(), match["place_evidence"])
            .join(contacts, contacts.c.case_id == cases.c.id)
            .join(judgements, judgements.c.contact_id == contacts.c.id)
            .where(cases.c.number.in_(lacking))
            .order_by(contacts.c.id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        found = {}
        for number, residence_id, place in rows:
            told = (Evidence(each["name"], each["weight"], each["seen"]) for each in place or ())
            if residence_id == lacking[number] and (words := address_as_written(told)):
                found[number] = words
        return found

    def answered_at(self, number: str) -> datetime | None:
        """Return when one of us answered last in a case; None where something has come in since, or nobody has."""
        with self._database.reading() as connection:
            return _answered(connection, (number,)).get(number)

    def counts(self, queues: Collection[str]) -> dict[str, int]:
        """Return how many cases are open in each of these queues."""
        query = sa.select(cases.c.queue, sa.func.count()).where(IS_OPEN, cases.c.queue.in_(queues))
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(cases.c.queue))}

    def case(self, number: str) -> Case | None:
        """Return one case as it stands, without what lies in it; by the number that it had before a restore, too."""
        with self._database.reading() as connection:
            return _of_number(connection, number_now(connection, number))

    def offices_of(self, numbers: Collection[str]) -> dict[str, tuple[str | None, bool]]:
        """Return the office that works each of these cases and whether it is archived, by its number."""
        query = sa.select(cases.c.number, cases.c.office_id, cases.c.archived_at).where(cases.c.number.in_(numbers))
        with self._database.reading() as connection:
            return {row.number: (row.office_id, row.archived_at is not None) for row in connection.execute(query)}

    def alarms(self, queues: Collection[str]) -> list[Case]:
        """Return the P1 of these queues that nobody has taken yet, newest first.

        Those that call nobody by themselves are left out.
        """
        free = sa.and_(IS_OPEN, cases.c.queue.in_(queues), cases.c.priority == "P1", cases.c.owner.is_(None))
        with self._database.reading() as connection:
            return _newest_that_call(connection, free)

    def late_dangers_of(self, owner: str, now: datetime) -> list[Case]:
        """Return the P1 that somebody took and has not ended in time, newest first."""
        mine = sa.and_(IS_OPEN, cases.c.owner == owner, cases.c.priority == "P1", cases.c.due < now)
        with self._database.reading() as connection:
            return _newest_that_call(connection, mine)

    def calls_nobody(self, number: str) -> bool:
        """Return whether nothing starts by itself in a case: all that it holds was taken over, or lay long."""
        with self._database.reading() as connection:
            case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one_or_none()
            return case_id is not None and bool(left_in_peace(connection, {case_id}))

    def possible_dangers(self, queues: Collection[str]) -> list[Case]:
        """Return the cases of these queues in which somebody may be in danger and that nobody has taken, newest first.

        What is set waiting is left out: somebody has looked at it; and so is what calls nobody by itself.
        """
        free = sa.and_(
            IS_OPEN,
            cases.c.queue.in_(queues),
            cases.c.alarm_level == AlarmLevel.POSSIBLE,
            cases.c.owner.is_(None),
            cases.c.waiting_until.is_(None),
        )
        with self._database.reading() as connection:
            return _newest_that_call(connection, free)

    def of(
        self,
        *,
        tenants: Collection[str] = (),
        dwellings: Collection[str] = (),
        phones: Collection[str] = (),
        addresses: Collection[str] = (),
        limit: int = _MOST_CASES,
    ) -> list[Case]:
        """Return the cases of a person or a household: every case that at least one of what is given leads to.

        Args:
            tenants: ids of tenants whom cases are about.
            dwellings: ids of dwellings that cases are about.
            phones: keys of phone numbers (`text.phone_key`) from which something in a case came.
            addresses: e-mail addresses, in lower case, likewise.
            limit: how many at the most.

        Returns:
            The open cases first, in each part the newest first; none where nothing is given.
        """
        reached = [
            sa.select(contacts.c.case_id).where(column.in_(tuple(values)))
            for column, values in ((contacts.c.phone_key, phones), (contacts.c.sender_address, addresses))
            if values
        ]
        ways = [
            column.in_(tuple(values))
            for column, values in ((cases.c.tenant_id, tenants), (cases.c.dwelling_id, dwellings))
            if values
        ]
        ways += [cases.c.id.in_(each) for each in reached]
        if not ways:
            return []
        query = sa.select(*CASE_COLUMNS).where(sa.or_(*ways))
        with self._database.reading() as connection:
            return _cases(connection, query.order_by(cases.c.state.desc(), cases.c.id.desc()).limit(limit))

    def in_residences(
        self, residences: Collection[str], topics: Collection[str], limit: int = _MOST_CASES
    ) -> list[Case]:
        """Return the open cases of some topics in some residences, the latest first."""
        query = sa.select(*CASE_COLUMNS).where(
            cases.c.residence_id.in_(tuple(residences)), cases.c.topic.in_(tuple(topics)), cases.c.state == "open"
        )
        with self._database.reading() as connection:
            return _cases(connection, query.order_by(cases.c.id.desc()).limit(limit))

    def by_contacts(self, ids: Sequence[int]) -> list[Case]:
        """Return the cases in which contacts are shown: a contact lies in one, and may be shared with others.

        Args:
            ids: the contacts' ids in the store.

        Returns:
            Each case once, in the order of its first contact among the ids; a case that was erased is left out.
        """
        places = sa.union(
            sa.select(contacts.c.id.label("contact_id"), contacts.c.case_id).where(contacts.c.id.in_(ids)),
            sa.select(shared_contacts.c.contact_id, shared_contacts.c.case_id).where(
                shared_contacts.c.contact_id.in_(ids)
            ),
        ).subquery()
        query = sa.select(places.c.contact_id, *CASE_COLUMNS).join(cases, cases.c.id == places.c.case_id)
        # The words of whoever was erased may be in a look-up for as long as its process runs.
        query = query.where(cases.c.erased_at.is_(None)).order_by(cases.c.id)
        found: dict[int, list[Case]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(query):
                found.setdefault(row.contact_id, []).append(case_of(row[1:]))
        return list({case.number: case for each in ids for case in found.get(each, ())}.values())

    def opened_by(self, who: str, numbers: Collection[str]) -> frozenset[str]:
        """Return which of these cases somebody opened: as a part of another one, or by writing down what they heard."""
        # By the bare word SQLite might go through all openings by their index, for each case.
        opened = events.c.what.concat("") == "opened"
        own = sa.exists().where(events.c.case_id == cases.c.id, opened, events.c.who == who)
        by = judgements.c.judgement["contact"]["stated"]["by"].as_string()
        heard = sa.exists().where(contacts.c.case_id == cases.c.id, judgements.c.contact_id == contacts.c.id, by == who)
        query = sa.select(cases.c.number).where(cases.c.number.in_(tuple(numbers)), sa.or_(own, heard))
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def linked(self, number: str) -> list[Case]:
        """Return the cases that a case is linked to, from whichever side, oldest first."""
        here = sa.select(cases.c.id).where(cases.c.number == number).scalar_subquery()
        there = sa.union(
            sa.select(case_links.c.other_id).where(case_links.c.case_id == here),
            sa.select(case_links.c.case_id).where(case_links.c.other_id == here),
        )
        query = sa.select(*CASE_COLUMNS).where(cases.c.id.in_(there), cases.c.erased_at.is_(None))
        with self._database.reading() as connection:
            return _cases(connection, query.order_by(cases.c.id))

    def incidents(self, topics: Collection[str], since: datetime) -> list[Incident]:
        """Return where several households of one residence have an open case on one of these topics since a time."""
        homes = sa.func.count(sa.distinct(cases.c.dwelling_id))
        query = (
            sa.select(cases.c.residence_id, cases.c.topic, homes, sa.func.count(), sa.func.min(cases.c.opened_at))
            .add_columns(sa.func.min(cases.c.priority), sa.func.min(cases.c.office_id), sa.func.max(cases.c.office_id))
            .where(IS_OPEN, cases.c.topic.in_(topics), cases.c.residence_id.is_not(None), cases.c.opened_at >= since)
            .group_by(cases.c.topic, cases.c.residence_id)
            .having(homes > 1)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        found = [
            Incident(row[0], row[1], row[2], row[3], row[4], row[5], tuple(sorted({row[6], row[7]}))) for row in rows
        ]
        return sorted(found, key=lambda each: (each.priority, each.since, each.residence_id))

    def of_incident(self, residence_id: str, topic: str, since: datetime) -> list[Case]:
        """Return the open cases of an incident, oldest first."""
        query = sa.select(*CASE_COLUMNS).where(
            IS_OPEN, cases.c.topic == topic, cases.c.residence_id == residence_id, cases.c.opened_at >= since
        )
        with self._database.reading() as connection:
            return _cases(connection, query.order_by(cases.c.opened_at).limit(_MOST_CASES))

    def cases_of_arrival(self, arrival_id: int) -> list[Case]:
        """Return the case that an arrival lies in, and those that it stands in beside."""
        contact = sa.select(contacts.c.id).where(contacts.c.arrival_id == arrival_id)
        own = sa.select(contacts.c.case_id).where(contacts.c.arrival_id == arrival_id)
        further = sa.select(shared_contacts.c.case_id).where(shared_contacts.c.contact_id.in_(contact))
        query = sa.select(*CASE_COLUMNS).where(sa.or_(cases.c.id.in_(own), cases.c.id.in_(further)))
        with self._database.reading() as connection:
            return _cases(connection, query.order_by(cases.c.id))

    def case_of_external(self, channel: str, external_id: str) -> Case | None:
        """Return the case of what came in by a channel under an id of its own."""
        query = sa.select(*CASE_COLUMNS).join(contacts, contacts.c.case_id == cases.c.id)
        query = query.join(arrivals, arrivals.c.id == contacts.c.arrival_id)
        mine = sa.and_(arrivals.c.channel == channel, arrivals.c.external_id == external_id)
        with self._database.reading() as connection:
            return next(iter(_cases(connection, query.where(mine))), None)

    def set_aside(self, *, before: int | None = None, limit: int = 50) -> list[SetAside]:
        """Return what was set aside, the latest first."""
        query = (
            sa.select(arrivals.c.id, arrivals.c.kind, arrivals.c.received_at)
            .add_columns(contacts.c.sender_name, contacts.c.sender_address, contacts.c.subject)
            .join(contacts, contacts.c.arrival_id == arrivals.c.id)
            .where(arrivals.c.state == sa.literal("set_aside", sa.Text, literal_execute=True))
            .order_by(arrivals.c.id.desc())
            .limit(limit)
        )
        query = query if before is None else query.where(arrivals.c.id < before)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [SetAside(row[0], row[1] or "", row[2], _who(row[3], row[4]), row[5]) for row in rows]

    def appointments(self, office_id: str, start: datetime, end: datetime) -> list[Appointment]:
        """Return who comes to an office from a time till another, in order."""
        at_office = appointments.c.office_id == office_id
        return self._appointments(at_office, appointments.c.at >= start, appointments.c.at < end)

    def appointments_of(self, number: str, start: datetime) -> list[Appointment]:
        """Return when somebody comes because of a case, from a time on, in order."""
        return self._appointments(cases.c.number == number, appointments.c.at >= start)

    def _appointments(self, *which: sa.ColumnElement[bool]) -> list[Appointment]:
        query = (
            sa.select(appointments.c.office_id, appointments.c.at, cases.c.number)
            .add_columns(appointments.c.who, appointments.c.booked_by)
            .join(cases, cases.c.id == appointments.c.case_id)
            .where(*which)
            .order_by(appointments.c.at)
        )
        with self._database.reading() as connection:
            return [Appointment(*row) for row in connection.execute(query)]

    def confirmed(self, tenant_id: str, values: Collection[str]) -> frozenset[str]:
        """Return which of these addresses and numbers, as their keys, were confirmed for a tenant."""
        table = confirmed_contacts.c
        query = sa.select(table.value).where(table.value.in_(tuple(values)), table.tenant_id == tenant_id)
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def confirmations(self, tenants: Collection[str]) -> list[Confirmation]:
        """Return the addresses and numbers that are confirmed for any of some tenants, oldest first."""
        with self._database.reading() as connection:
            return confirmations.confirmations(connection, tenants)

    def register(self, tenants: Collection[str]) -> list[RegisterEntry]:
        """Return all entries of the register for any of some tenants, ended ones too, oldest first."""
        with self._database.reading() as connection:
            return register.entries_of(connection, tenants)

    def never_used(self, reaches: Collection[str], on: date) -> frozenset[str]:
        """Return which of these addresses and numbers, as their keys, must never be written to or called."""
        with self._database.reading() as connection:
            return register.never_used(connection, reaches, on)

    def latest_event(self) -> int:
        """Return the id of the latest event."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.max(events.c.id))).scalar() or 0

    def happened(self, after: int, limit: int = 1000) -> list[tuple[int, str, str, str, str, str, AlarmLevel]]:
        """Return what happened to cases after an event, of more than `limit` the latest; in the order of their ids.

        Of each its id, word and who, the case's number, queue, priority and how sure its danger is.
        """
        query = (
            sa.select(events.c.id, events.c.what, events.c.who, cases.c.number, cases.c.queue, cases.c.priority)
            .add_columns(cases.c.alarm_level)
            .join(cases, cases.c.id == events.c.case_id)
            .where(events.c.id > after)
            .order_by(events.c.id.desc())
            .limit(limit)
        )
        with self._database.reading() as connection:
            return [tuple(row) for row in reversed(connection.execute(query).all())]

    def searchable(self, after: int, limit: int) -> list[tuple[int, str]]:
        """Return the words of contacts behind a contact's id: that id, and subject, writer and text."""
        text = judgements.c.judgement["contact"]["new_text"].as_string()
        query = (
            sa.select(contacts.c.id, contacts.c.subject, contacts.c.sender_name)
            .add_columns(contacts.c.sender_address, text)
            .outerjoin(judgements, judgements.c.contact_id == contacts.c.id)
            .where(contacts.c.id > after)
            .order_by(contacts.c.id)
            .limit(limit)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [(row[0], "\n".join(part or "" for part in row[1:])) for row in rows]


def _wanted(wanted: CaseFilter, after: QueueCursor | None, limit: int) -> sa.Select[Any]:
    query = sa.select(*CASE_COLUMNS).where(IS_OPEN).order_by(*ORDER).limit(limit)
    later = cases.c.waiting_until > wanted.now
    if wanted.drafted_by is not None:
        query = query.where(cases.c.number.in_(begun_by(wanted.drafted_by)))
    else:
        query = query.where(later if wanted.waiting else sa.or_(cases.c.waiting_until.is_(None), sa.not_(later)))
    if wanted.topic is not None:
        query = query.where(cases.c.topic == wanted.topic)
    if wanted.residences:
        query = query.where(cases.c.residence_id.in_(wanted.residences))
    if wanted.owner is not None:
        query = query.where(cases.c.owner == wanted.owner)
    if wanted.late_at is not None:
        query = query.where(cases.c.due < wanted.late_at)
    if after is not None:
        place = sa.tuple_(*(sa.literal(value, column.type) for value, column in zip(after, ORDER, strict=True)))
        query = query.where(sa.tuple_(*ORDER) > place)
    return query


def _of_number(connection: Connection, number: str) -> Case | None:
    return next(iter(_cases(connection, sa.select(*CASE_COLUMNS).where(cases.c.number == number))), None)


def _cases(connection: Connection, query: sa.Select[Any]) -> list[Case]:
    return [case_of(row) for row in connection.execute(query)]


def _newest_that_call(connection: Connection, which: sa.ColumnElement[bool]) -> list[Case]:
    """Return the cases of a condition, newest first, without what calls nobody by itself."""
    newest = cases.c.opened_at.desc(), cases.c.id.desc()
    found = list(connection.execute(sa.select(cases.c.id).where(which).order_by(*newest).limit(_MOST_ALARMS)).scalars())
    calling: list[int] = []
    at, step = 0, _MOST_SHOWN
    # Nearly all call: those that are shown are among the first, and every page of the desk asks.
    while at < len(found) and len(calling) < _MOST_SHOWN:
        some = found[at : at + step]
        quiet = left_in_peace(connection, set(some))
        calling += [case_id for case_id in some if case_id not in quiet]
        at, step = at + step, 2 * step
    shown = cases.c.id.in_(calling[:_MOST_SHOWN])
    return _cases(connection, sa.select(*CASE_COLUMNS).where(shown).order_by(*newest)) if calling else []


_COME_IN = ("opened", "joined", "reopened")


def _answered(connection: Connection, numbers: Collection[str]) -> dict[str, datetime]:
    """Return when one of us answered last in each of some cases in which nothing has come in since."""
    answers = is_answer(*ANSWERS)
    last, at = sa.func.max(events.c.id).filter(answers), sa.func.max(events.c.at).filter(answers)
    came = sa.func.max(events.c.id).filter(events.c.what.in_(_COME_IN))
    query = (
        sa.select(cases.c.number, at)
        .join(events, events.c.case_id == cases.c.id)
        .where(cases.c.number.in_(tuple(numbers)))
        .group_by(cases.c.number)
        .having(last > came)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def _who(name: str, address: str) -> str:
    return f"{name} <{address}>" if name and address else name or address
