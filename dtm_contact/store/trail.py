"""The audit trail as it is searched: who, whom it concerns, what, when; and who read unusually much."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from dtm_contact.store.accounts import TrailLine
from dtm_contact.store.database import Database
from dtm_contact.store.schema import cases
from dtm_contact.store.system_schema import audit_trail

_READ: Final = ("read", "protection")
_WINDOW: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TrailQuery:
    """What lines of the trail are looked for; what is empty or None is not asked.

    Attributes:
        who: the accounts that did it.
        subject: what it concerns, as the line has it.
        tenants: people of the directory whom it concerns: lines that name them, on their cases or their dwellings.
        dwellings: where these people live.
        what: what was done.
        since, until: when, the first included and the second not.
    """

    who: tuple[str, ...] | None = None
    subject: str = ""
    tenants: tuple[str, ...] | None = None
    dwellings: tuple[str, ...] = ()
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class UnusualReading:
    """One account that read of many households within an hour: the most within such a span of one day.

    Attributes:
        who: the account.
        begins, ends: the first and the last of these readings.
        households: how many different ones.
    """

    who: str
    begins: datetime
    ends: datetime
    households: int


class StoredTrail:
    """Searches the audit trail of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def search(self, query: TrailQuery, *, before: int | None = None, limit: int = 100) -> list[tuple[int, TrailLine]]:
        """Return lines with their ids, the latest first.

        Args:
            query: which.
            before: only lines before this id.
            limit: how many at the most.
        """
        found = sa.select(audit_trail).where(*_conditions(query)).order_by(audit_trail.c.id.desc()).limit(limit)
        if before is not None:
            found = found.where(audit_trail.c.id < before)
        with self._database.reading() as connection:
            rows = connection.execute(found).all()
        return [(row.id, TrailLine(row.at, row.who, row.what, row.subject, row.data)) for row in rows]

    def unusual_readings(self, since: datetime, households: int) -> list[UnusualReading]:
        """Return who read of so many different households within an hour, once a person and day, the latest first.

        A case counts as the household that it is about, or as one of its own where that is not known; queues, lists and
        figures count as none.
        """
        trail = audit_trail.c
        read = sa.select(
            trail.who, trail.at, trail.subject, trail.what, trail.data, cases.c.number, cases.c.dwelling_id
        )
        read = read.select_from(audit_trail.outerjoin(cases, cases.c.number == trail.subject))
        read = read.where(trail.what.in_(_READ), trail.at >= since).order_by(trail.who, trail.at, trail.id)
        with self._database.reading() as connection:
            most = _most_of_each_day(_readings(connection.execute(read)))
        found = [each for each in most if each.households >= households]
        return sorted(found, key=lambda each: each.begins, reverse=True)


def _conditions(query: TrailQuery) -> Iterator["sa.ColumnElement[bool]"]:
    trail = audit_trail.c
    if query.who is not None:
        yield trail.who.in_(query.who)
    if query.subject:
        yield trail.subject == query.subject
    if query.what:
        yield trail.what == query.what
    if query.since is not None:
        yield trail.at >= query.since
    if query.until is not None:
        yield trail.at < query.until
    if query.tenants is not None:
        told = sa.cast(trail.data, sa.Text)
        named = [told.contains(f'"{tenant}"', autoescape=True) for tenant in query.tenants]
        theirs = sa.select(cases.c.number).where(cases.c.tenant_id.in_(query.tenants))
        yield sa.or_(
            trail.subject.in_([*query.tenants, *query.dwellings]), trail.subject.in_(theirs), sa.false(), *named
        )


def _readings(rows: Iterable[Any]) -> Iterator[tuple[str, datetime, str]]:
    """Yield who read of which household, and when, of rows that may tell of lists as well."""
    for row in rows:
        if row.number is not None:
            yield row.who, row.at, row.dwelling_id or row.number
        elif row.what != "read" or "household" in row.data or "tenant" in row.data:
            yield row.who, row.at, row.subject


def _most_of_each_day(readings: Iterable[tuple[str, datetime, str]]) -> list[UnusualReading]:
    """Return, of each account and day (UTC), the hour with most households; readings come by account and by time."""
    most: dict[tuple[str, date], UnusualReading] = {}
    recent, counted, last = deque[tuple[datetime, str]](), Counter[str](), ""
    for who, at, household in readings:
        if who != last:
            recent, counted, last = deque(), Counter(), who
        recent.append((at, household))
        counted[household] += 1
        while recent[0][0] <= at - _WINDOW:
            _, gone = recent.popleft()
            counted[gone] -= 1
            if not counted[gone]:
                del counted[gone]
        best = most.get((who, at.date()))
        if best is None or len(counted) > best.households:
            most[who, at.date()] = UnusualReading(who, recent[0][0], at, len(counted))
    return list(most.values())
