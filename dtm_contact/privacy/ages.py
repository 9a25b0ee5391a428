"""What goes by its age: each kind of row, the law that the age comes from, and how rows of it go.

A step finds rows by a condition and erases those of some keys that still meet it, in a transaction that somebody else
opens: the nightly pass (`retention`).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.privacy.places import PLACES
from dtm_contact.privacy.subject import SubjectScope, at_work, of_cases
from dtm_contact.settings import Settings
from dtm_contact.store.holds import erasures
from dtm_contact.store.restores import sent_marks
from dtm_contact.store.schema import (
    arrival_bodies,
    arrivals,
    cases,
    confirmed_contacts,
    contacts,
    events,
    judgements,
    recognitions,
    register_entries,
    shared_contacts,
    undeliverable,
)
from dtm_contact.store.system_schema import (
    DIRECTORY_TABLES,
    account_identities,
    accounts,
    appointments,
    audit_trail,
    devices,
    directory_contents,
    directory_versions,
    entry_failures,
    entry_links,
    recovery_codes,
    second_factors,
    sessions,
)
from dtm_contact.store.writing_schema import files, outbox_files
from dtm_contact.wording import Translatable, worded

PIECE: Final = 1024 * 1024
"""Octets of a large message that one transaction overwrites."""
_SECONDS_A_MONTH: Final = 365.2425 / 12 * 86_400
_LEASES: Final = next(part.table for part in DIRECTORY_TABLES if part.name == "leases")
_SETTLED: Final = ("judged", "set_aside")
_DECADES: Final = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a pass does by age.

    Attributes:
        name: for the operator.
        law: where the age comes from.
        months: the age, by the settings; 0 where it is days, which `law` says.
        due: the condition, with the key column, under which rows have reached their age at a time.
        act: does it to rows of these keys that still qualify, in a transaction; returns how many.
        octets: how large the message as it came is that goes with a row; None where none does. One transaction takes
            rows of a bounded sum of these, and of a large message the octets are overwritten before, some at a time.
    """

    name: Translatable
    law: Translatable
    months: int
    key: "sa.Column[Any]"
    due: "sa.ColumnElement[bool]"
    act: Callable[[Connection, Sequence[Any]], int]
    octets: "sa.Column[int] | None" = None


def months_before(now: datetime, months: int) -> datetime:
    """Return the moment so many months of the mean length before a time."""
    return now - timedelta(seconds=months * _SECONDS_A_MONTH)


def months_after(then: datetime, months: int) -> datetime:
    """Return the moment so many months of the mean length after a time."""
    return then + timedelta(seconds=months * _SECONDS_A_MONTH)


def steps(settings: Settings, now: datetime) -> Iterator[Step]:
    """Yield the steps of a pass in their order.

    Args:
        settings: the ages.
        now: the time, aware.
    """
    ages = settings.retention
    # What the nights still count is left to them, so that no figure shrinks.
    counted = now - timedelta(days=settings.figures.days + 2)
    # Nor is what the intake journal still holds, or its replay would take it in anew.
    told = now - timedelta(days=settings.journal.days + 2)

    def before(months: int) -> datetime:
        return min(months_before(now, months), counted, told)

    free = sa.not_(sa.or_(*at_work().values()))
    archivable = sa.and_(
        cases.c.state == "closed", cases.c.closed_at < months_before(now, ages.archive_months), _NOT_ARCHIVED
    )
    yield Step(
        worded("cases archived"),
        worded("GDPR art. 5(1)(c), 5(1)(e)"),
        ages.archive_months,
        cases.c.id,
        archivable,
        lambda connection, ids: (
            connection.execute(sa.update(cases).where(cases.c.id.in_(ids), archivable).values(archived_at=now)).rowcount
        ),
    )
    raw = sa.and_(
        arrivals.c.received_at < min(months_before(now, ages.raw_months), told),
        arrivals.c.state.in_(_SETTLED),
        arrivals.c.external_id.not_like("erased:%"),
        ~_in_kept_case(),
    )
    yield Step(
        worded("messages as they came"),
        worded("GDPR art. 5(1)(e)"),
        ages.raw_months,
        arrivals.c.id,
        raw,
        _erase_raw(raw),
        octets=arrivals.c.size,
    )
    no_case = sa.exists().where(contacts.c.arrival_id == arrivals.c.id, contacts.c.case_id.is_not(None))
    shared = sa.exists().where(contacts.c.arrival_id == arrivals.c.id, shared_contacts.c.contact_id == contacts.c.id)
    aside = sa.and_(
        arrivals.c.received_at < before(ages.aside_months), arrivals.c.state.in_(_SETTLED), ~no_case, ~shared
    )
    yield Step(
        worded("messages and calls of no case"),
        worded("GDPR art. 5(1)(e)"),
        ages.aside_months,
        arrivals.c.id,
        aside,
        _erase_lone(aside),
        octets=arrivals.c.size,
    )
    elsewhere = sa.exists().where(
        contacts.c.case_id == cases.c.id,
        shared_contacts.c.contact_id == contacts.c.id,
        shared_contacts.c.case_id != cases.c.id,
    )
    old = sa.and_(cases.c.state == "closed", cases.c.closed_at < before(ages.case_months), free, ~elsewhere)
    yield Step(
        worded("cases"),
        worded("law 89-462 art. 7-1; Code civil art. 2224 where 60"),
        ages.case_months,
        cases.c.id,
        old,
        _erase_cases(old),
    )
    blank = sa.and_(
        cases.c.erased_at.is_not(None), cases.c.closed_at < counted, cases.c.due < counted, free, ~elsewhere
    )
    yield Step(
        worded("cases erased on request"),
        worded("GDPR art. 17; their figures are counted"),
        0,
        cases.c.id,
        blank,
        _erase_cases(blank),
    )
    yield _plain(
        worded("audit trail"),
        worded("CNIL 2021-122"),
        ages.trail_months,
        audit_trail.c.id,
        audit_trail.c.at < before(ages.trail_months),
    )
    visit = appointments.c.at < months_before(now, ages.appointment_months)
    yield _plain(worded("appointments"), worded("GDPR art. 5(1)(e)"), ages.appointment_months, appointments.c.id, visit)
    reach = months_before(now, ages.reach_months)
    yield _plain(
        worded("addresses without a mailbox"),
        worded("GDPR art. 5(1)(e)"),
        ages.reach_months,
        undeliverable.c.address,
        undeliverable.c.since < reach,
    )
    yield _plain(
        worded("marks of what was sent"),
        worded("GDPR art. 5(1)(e)"),
        ages.reach_months,
        sent_marks.c.message_id,
        sent_marks.c.sent_at < reach,
    )
    yield _plain(
        worded("erasures on request"),
        worded("five years"),
        0,
        erasures.c.id,
        erasures.c.at < now - timedelta(days=5 * 365.25),
    )
    year, day = now - timedelta(days=365), now - timedelta(days=1)
    yield _plain(worded("browsers of accounts"), worded("a year"), 0, devices.c.digest, devices.c.seen_at < year)
    yield _plain(worded("links to log in"), worded("a day"), 0, entry_links.c.digest, entry_links.c.ends_at < day)
    yield _plain(
        worded("wrong passwords"), worded("a day"), 0, entry_failures.c.account_id, entry_failures.c.last_at < day
    )
    yield from _of_accounts(settings, now, year)
    ended = sa.and_(register_entries.c.ended_at < year, register_entries.c.reference != "")
    yield Step(
        worded("references of protections that ended"),
        worded("a year"),
        0,
        register_entries.c.id,
        ended,
        lambda connection, ids: (
            connection.execute(
                sa.update(register_entries).where(register_entries.c.id.in_(ids), ended).values(reference="")
            ).rowcount
        ),
    )
    since = months_before(now, ages.lease_months)
    yield _plain(
        worded("confirmed addresses and numbers"),
        worded("law 89-462 art. 7-1"),
        ages.lease_months,
        confirmed_contacts.c.value,
        sa.and_(confirmed_contacts.c.confirmed_at < since, ~_lease_since(confirmed_contacts.c.tenant_id, since)),
    )
    yield _plain(
        worded("register"),
        worded("law 89-462 art. 7-1"),
        ages.lease_months,
        register_entries.c.id,
        sa.and_(register_entries.c.entered_at < since, ~_lease_since(register_entries.c.tenant_id, since)),
    )
    newest = sa.select(sa.func.max(directory_versions.c.number)).scalar_subquery()
    yield _plain(
        worded("earlier versions of the directory"),
        worded("a year"),
        0,
        directory_contents.c.number,
        sa.and_(
            directory_contents.c.number < newest,
            directory_contents.c.number.in_(
                sa.select(directory_versions.c.number).where(directory_versions.c.imported_at < year)
            ),
        ),
    )


def _of_accounts(settings: Settings, now: datetime, year: datetime) -> Iterator[Step]:
    """Yield what goes of accounts: sessions a day after their end, a year after the closing all that let somebody in.

    The account itself stays, closed: its name stands in what it did.
    """
    ended = now - timedelta(hours=settings.desk.session_hours, days=1)
    yield _plain(worded("sessions"), worded("a day"), 0, sessions.c.digest, sessions.c.opened_at < ended)
    closed = sa.select(accounts.c.id).where(accounts.c.disabled_at < year)
    for name, key in (
        (worded("second factors of closed accounts"), second_factors.c.account_id),
        (worded("recovery codes of closed accounts"), recovery_codes.c.digest),
        (worded("identities of closed accounts"), account_identities.c.subject),
    ):
        yield _plain(name, worded("a year"), 0, key, key.table.c.account_id.in_(closed))
    emptied = {"password": None, "email": None, "signature": None, "further_offices": None}
    filled = sa.or_(*(accounts.c[name].is_not(None) for name in emptied))
    due = sa.and_(accounts.c.disabled_at < year, filled)
    yield Step(
        worded("passwords, addresses and signatures of closed accounts"),
        worded("a year"),
        0,
        accounts.c.id,
        due,
        lambda connection, ids: (
            connection.execute(
                sa.update(accounts).where(accounts.c.id.in_(ids), due).values({n: sa.null() for n in emptied})
            ).rowcount
        ),
    )


_NOT_ARCHIVED: Final = sa.or_(cases.c.archived_at.is_(None), cases.c.archived_at < cases.c.closed_at)


def _in_kept_case() -> "sa.ColumnElement[bool]":
    """Return whether an arrival lies in a case, its own or a further one, of which nothing may be erased.

    Two questions, each by its own keys: asked as one with an OR, PostgreSQL reads all cases for each arrival.
    """
    kept = sa.or_(*at_work().values())
    mine = contacts.c.arrival_id == arrivals.c.id
    own = sa.exists().where(mine, cases.c.id == contacts.c.case_id, kept)
    further = sa.exists().where(
        mine, shared_contacts.c.contact_id == contacts.c.id, cases.c.id == shared_contacts.c.case_id, kept
    )
    return sa.or_(own, further)


def _lease_since(tenant: "sa.Column[Any]", since: datetime) -> "sa.ColumnElement[bool]":
    """Return whether a tenant has a lease in the directory that ended after a time, or did not end."""
    return sa.exists().where(
        _LEASES.c.tenant_id == tenant, sa.func.coalesce(_LEASES.c.lease_end, _DECADES) >= since.date()
    )


def _plain(
    name: Translatable, law: Translatable, months: int, key: "sa.Column[Any]", due: "sa.ColumnElement[bool]"
) -> Step:
    """Return a step that deletes rows of a table, which nothing else refers to."""

    def act(connection: Connection, keys: Sequence[Any]) -> int:
        return connection.execute(key.table.delete().where(key.in_(keys), due)).rowcount

    return Step(name, law, months, key, due, act)


def _still(
    connection: Connection, key: "sa.Column[Any]", ids: Sequence[int], due: "sa.ColumnElement[bool]"
) -> list[int]:
    return list(connection.execute(sa.select(key).where(key.in_(ids), due)).scalars())


def _erase_raw(due: "sa.ColumnElement[bool]") -> Callable[[Connection, Sequence[int]], int]:
    def act(connection: Connection, ids: Sequence[int]) -> int:
        still = _still(connection, arrivals.c.id, ids, due)
        _drop_bodies(connection, still)
        own = sa.literal("erased:") + sa.cast(arrivals.c.id, sa.Text)
        blank = sa.update(arrivals).where(arrivals.c.id.in_(still)).values(external_id=own, envelope=sa.null())
        return connection.execute(blank).rowcount

    return act


def _drop_bodies(connection: Connection, arrival_ids: Sequence[int]) -> None:
    """Delete messages as they came; of large ones, which are zeros by now, the pages are not overwritten once more."""
    mine = arrival_bodies.c.arrival_id.in_(arrival_ids)
    connection.execute(recognitions.delete().where(recognitions.c.arrival_id.in_(arrival_ids)))
    if connection.dialect.name != "sqlite":
        connection.execute(arrival_bodies.delete().where(mine))
        return
    large = sa.func.length(arrival_bodies.c.raw) > PIECE
    connection.execute(arrival_bodies.delete().where(mine, sa.not_(large)))
    driver: Any = connection.connection.driver_connection
    overwrites = driver.execute("PRAGMA secure_delete").fetchone()[0]
    driver.execute("PRAGMA secure_delete = OFF")
    try:
        connection.execute(arrival_bodies.delete().where(mine))
    finally:
        driver.execute(f"PRAGMA secure_delete = {overwrites}")


def zero_piece(connection: Connection, *, arrival_id: int, start: int, end: int) -> int:
    """Overwrite a piece of a message as it came with zeros."""
    driver: Any = connection.connection.driver_connection
    with driver.blobopen(arrival_bodies.name, arrival_bodies.c.raw.name, arrival_id) as octets:
        octets.seek(start)
        octets.write(bytes(end - start))
    return 0


def _erase_lone(due: "sa.ColumnElement[bool]") -> Callable[[Connection, Sequence[int]], int]:
    def act(connection: Connection, ids: Sequence[int]) -> int:
        still = _still(connection, arrivals.c.id, ids, due)
        theirs = sa.select(contacts.c.id).where(contacts.c.arrival_id.in_(still))
        connection.execute(judgements.delete().where(judgements.c.contact_id.in_(theirs)))
        connection.execute(contacts.delete().where(contacts.c.arrival_id.in_(still)))
        _forget_in_events(connection, still)
        for table in (files, outbox_files):
            connection.execute(table.delete().where(table.c.arrival_id.in_(still)))
        _drop_bodies(connection, still)
        return connection.execute(arrivals.delete().where(arrivals.c.id.in_(still))).rowcount

    return act


def _forget_in_events(connection: Connection, arrival_ids: Sequence[int]) -> None:
    """Delete the events of arrivals alone; an event of a case stays, without the arrival."""
    mine = events.c.arrival_id.in_(arrival_ids)
    connection.execute(events.delete().where(mine, events.c.case_id.is_(None)))
    connection.execute(sa.update(events).where(mine).values(arrival_id=None))


def _erase_cases(due: "sa.ColumnElement[bool]") -> Callable[[Connection, Sequence[int]], int]:
    def act(connection: Connection, ids: Sequence[int]) -> int:
        rows = connection.execute(sa.select(cases.c.id, cases.c.number).where(cases.c.id.in_(ids), due)).all()
        if not rows:
            return 0
        scope: SubjectScope = of_cases(connection, {row.id: row.number for row in rows})
        for place in PLACES:
            place.delete(connection, scope)
        return len(rows)

    return act


def left_long_ago(settings: Settings, connection: Connection, now: datetime) -> tuple[str, ...]:
    """Return the tenants of the directory all of whose leases ended longer ago than they are kept."""
    since = months_before(now, settings.retention.directory_months)
    last = sa.func.max(sa.func.coalesce(_LEASES.c.lease_end, _DECADES))
    query = sa.select(_LEASES.c.tenant_id).group_by(_LEASES.c.tenant_id).having(last < since.date())
    return tuple(connection.execute(query).scalars())
