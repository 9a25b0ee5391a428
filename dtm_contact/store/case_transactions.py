"""What one person changes about cases in one transaction; each change is returned with what was there before."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import (
    ON_CALL,
    UNKNOWN_PAGE,
    Alarm,
    AlarmLevel,
    Arrival,
    Channel,
    CodedText,
    DraftKey,
    DraftKind,
    Limits,
    Outgoing,
    Priority,
    StoredFile,
    UnwrittenNotice,
    WritingPage,
)
from dtm_contact.store import accounts, confirmations, events, outbox, register, timers
from dtm_contact.store.accounts import TrailLine
from dtm_contact.store.alarm_labels import AlarmLabel, alarm_values, put_alarm_label, take_alarm_label_back
from dtm_contact.store.arrivals import envelope_of
from dtm_contact.store.case_changes import next_number
from dtm_contact.store.cases import CASE_COLUMNS, Case, CaseContact, case_of, contacts_of
from dtm_contact.store.confirmations import Confirmation
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.drafts import drop_draft
from dtm_contact.store.files import draft_files, lay_to_case
from dtm_contact.store.lost_store import number_now
from dtm_contact.store.register import RegisterEntry
from dtm_contact.store.schema import IS_OPEN, arrivals, case_links, cases, contacts, shared_contacts
from dtm_contact.store.system_schema import accounts as accounts_table
from dtm_contact.store.system_schema import appointments
from dtm_contact.store.writing_schema import act_keys

Whom = tuple[str | None, str | None, str | None]
"""Tenant, dwelling, residence."""

_NO_LIMITS = Limits(0, 0)
"""They are for what goes out by itself."""
_WHOM = ("tenant_id", "dwelling_id", "residence_id")
_TEXTS = frozenset({"subject", "who", "why", "done_reason", "alarm_why_not"})
_TIMES = frozenset({"due", "opened_at", "closed_at", "waiting_until"})


@dataclass(frozen=True, slots=True)
class LockedCase:
    """A case that nobody else can change until the transaction ends; `id` is the store's own."""

    id: int
    case: Case


@dataclass(frozen=True, slots=True)
class ActResult:
    """What came of an act: the case, "" for none, its version by then, and the case that was opened on the way."""

    number: str
    version: int
    opened: str | None


@dataclass(frozen=True, slots=True)
class LockedContact:
    """A contact of a case that is held.

    Attributes:
        arrival_id: the arrival that it was read from, by which agents name it.
        channel, at, sender_name, sender_address, phone_key, subject, topic: as it was read.
        message_id, thread: its message id, and what it answers to.
        proven: who wrote is proven (`ConversationMatch.proven`), not only named by what the text says.
        whom: whom it is about.
    """

    arrival_id: int
    channel: Channel
    at: datetime | None
    sender_name: str
    sender_address: str
    phone_key: str | None
    subject: str
    topic: str | None
    message_id: str
    thread: list[str]
    proven: bool
    whom: Whom


class CaseTransaction:
    """One person's changes at one time, all of them or none.

    Attributes:
        who, now: who makes them, and when.
    """

    def __init__(self, connection: Connection, who: str, now: datetime) -> None:
        self.who = who
        self.now = now
        self._connection = connection

    def lock(self, *numbers: str) -> list[LockedCase]:
        """Return cases as they are now, in the order asked, and keep others from changing them.

        Args:
            numbers: theirs, of now or of before a restore.

        Raises:
            NotFoundError: there is no case of one of the numbers.
        """
        numbers = tuple(number_now(self._connection, number) for number in numbers)
        # Always locked in the same order, so that two who hold the same pair never wait for each other.
        query = sa.select(cases.c.id, *CASE_COLUMNS).where(cases.c.number.in_(numbers)).order_by(cases.c.id)
        found = {row.number: LockedCase(row.id, case_of(row[1:])) for row in self._rows(query.with_for_update())}
        for number in numbers:
            if number not in found:
                raise NotFoundError(f"case {number}")
        return [found[number] for number in numbers]

    def begin_act(self, digest: str) -> ActResult | None:
        """Note that the form of a digest is being carried out; return what came of it where it was before.

        Whoever sends the same form meanwhile waits here until this transaction ends.
        """
        if self._insert(act_keys, {"digest": digest, "number": "", "version": 0, "at": self.now}):
            return None
        row = self._connection.execute(sa.select(act_keys).where(act_keys.c.digest == digest)).one()
        return ActResult(row.number, row.version, row.opened)

    def end_act(self, digest: str, result: ActResult) -> None:
        """Keep what came of the form of a digest."""
        values = {"number": result.number, "version": result.version, "opened": result.opened}
        self._connection.execute(sa.update(act_keys).where(act_keys.c.digest == digest).values(values))

    def change(self, held: LockedCase, **values: Any) -> dict[str, list[Any]]:
        """Change columns of a case; return of each that differs what was there and what is there now, as JSON.

        A priority that comes alone takes the alarm along: P1 is certain, and nothing else is.
        """
        if "priority" in values and "alarm_level" not in values:
            values = {**values, **alarm_values(_as_urgent(held.case.alarm, values["priority"]))}
        before = {name: getattr(held.case, name) for name in values}
        differing = {name: value for name, value in values.items() if before[name] != value}
        # Lists are columns of JSON.
        stored = {
            name: list(value) if isinstance(value, tuple) and name not in _TEXTS else value
            for name, value in differing.items()
        }
        grown = {"version": cases.c.version + 1}
        self._connection.execute(sa.update(cases).where(cases.c.id == held.id).values({**stored, **grown}))
        return {name: [as_json(before[name]), as_json(value)] for name, value in differing.items()}

    def other_call_back(self, held: LockedCase) -> str | None:
        """Return the other open call-back of a case's party, which may have only one that is open; None without one."""
        own = sa.select(cases.c.party).where(cases.c.id == held.id).scalar_subquery()
        others = sa.select(cases.c.number).where(cases.c.party == own, IS_OPEN, cases.c.id != held.id)
        return self._connection.execute(others).scalar_one_or_none()

    def open_like(self, like: Case, **values: Any) -> LockedCase:
        """Open a case like another one, but for `values`.

        Its number is of the year that `now` reads; it belongs to nobody, waits for nothing and was never changed.
        """
        number = next_number(self._connection, self.now.year)
        new = {column.name: getattr(like, column.name) for column in CASE_COLUMNS}
        new |= {"state": "open", "opened_at": self.now, "closed_at": None, "owner": None, "waiting_until": None}
        new |= {"done_reason": None, "tags": None, "by_hand": None, "version": 1, **values, "number": number}
        self._connection.execute(cases.insert(), new)
        return self.lock(number)[0]

    def shown_as(self, account: str) -> str:
        """Return how an account is shown to colleagues; its own name where there is none of that name."""
        return accounts.shown_as(self._connection, account)

    def add_event(self, held: LockedCase, what: str, data: Mapping[str, Any]) -> events.Event:
        """Add an event to a case."""
        new = events.NewEvent(self.who, what, self.now, dict(data))
        return events.append(self._connection, new, case_id=held.id, arrival_id=None)

    def on_call_notified(self, held: LockedCase, since: datetime) -> dict[str, datetime]:
        """Return who on call was notified of a case from a time on, by address, and when last."""
        return {
            str(event.data.get("to")): event.at
            for event in events.of_case(self._connection, held.id)
            if event.at >= since
            and (
                event.what == timers.CALLED_NEXT
                or (event.what == outbox.NOTICE_QUEUED and str(event.data.get("whom", "")).startswith(f"{ON_CALL}:"))
            )
        }

    def add_alarm_label(self, held: LockedCase, event: events.Event, *, danger: bool) -> None:
        """Keep what an event says of a case's alarm, as it was when it was held: that somebody is in danger, or not."""
        label = AlarmLabel(held.case.number, self.now, self.who, event.what, held.case.alarm, danger)
        put_alarm_label(self._connection, held.id, event.id, label)

    def take_alarm_label_back(self, event: events.Event) -> None:
        """Forget what an event says of an alarm: it is taken back."""
        take_alarm_label_back(self._connection, event.id)

    def events(self, held: LockedCase) -> tuple[events.Event, ...]:
        """Return a case's events, oldest first."""
        return events.of_case(self._connection, held.id)

    def contacts(self, held: LockedCase) -> list[LockedContact]:
        """Return a case's contacts, oldest first."""
        query = sa.select(*(contacts.c[name] for name in (*_OF_CONTACT, *_WHOM)))
        rows = self._rows(query.where(contacts.c.case_id == held.id).order_by(contacts.c.id))
        return [_contact(row) for row in rows]

    def move_contacts(self, arrival_ids: Collection[int], to: LockedCase) -> None:
        """Lay the contacts of these arrivals into a case."""
        mine = contacts.c.arrival_id.in_(arrival_ids)
        self._connection.execute(sa.update(contacts).where(mine).values(case_id=to.id))

    def share_contact(self, arrival_id: int, to: LockedCase) -> None:
        """Have the contact of an arrival stand in a further case, beside its own."""
        contact = sa.select(sa.literal(to.id), contacts.c.id).where(contacts.c.arrival_id == arrival_id)
        self._connection.execute(shared_contacts.insert().from_select(["case_id", "contact_id"], contact))

    def set_whom(self, arrival_ids: Collection[int], whom: Whom) -> None:
        """Say whom the contacts of these arrivals are about."""
        mine = contacts.c.arrival_id.in_(arrival_ids)
        self._connection.execute(sa.update(contacts).where(mine).values(dict(zip(_WHOM, whom, strict=True))))

    def link(self, held: LockedCase, other: LockedCase, kind: str) -> bool:
        """Link a case to another one; return whether it was not yet."""
        values = {"case_id": held.id, "other_id": other.id, "kind": kind}
        return self._insert(case_links, values)

    def unlink(self, held: LockedCase, other: LockedCase) -> None:
        """Take a link back."""
        mine = sa.and_(case_links.c.case_id == held.id, case_links.c.other_id == other.id)
        self._connection.execute(case_links.delete().where(mine))

    def judged_contacts(self, held: LockedCase) -> tuple[CaseContact, ...]:
        """Return a case's contacts with all that was judged of them, oldest first."""
        return contacts_of(self._connection, held.id)

    def arrival(self, arrival_id: int) -> Arrival | None:
        """Return what came in, its envelope and times, without its bytes; None where it is there no more."""
        row = self._connection.execute(sa.select(arrivals).where(arrivals.c.id == arrival_id)).one_or_none()
        if row is None:
            return None
        envelope = envelope_of(row.envelope)
        return Arrival(row.channel, row.external_id, row.received_at, row.media_type, envelope, b"")

    def confirm(self, held: LockedCase, kind: str, value: str, tenant_id: str) -> bool:
        """Keep that an address (lower case) or number (its key) is a tenant's; return whether it was not known yet.

        Args:
            held: the case in which it was given.
            kind: `address` or `number`.
            value: which.
            tenant_id: whose it is.
        """
        new = Confirmation(kind, value, tenant_id, self.now, self.who, held.case.number)
        return confirmations.confirm(self._connection, new)

    def confirmations(self, tenant_id: str) -> list[Confirmation]:
        """Return the addresses and numbers that are confirmed for a tenant."""
        return confirmations.confirmations(self._connection, (tenant_id,))

    def confirmed_for(self, value: str) -> list[str]:
        """Return the tenants that an address or number is confirmed for."""
        return confirmations.confirmed_for(self._connection, value)

    def register(self, tenants: Collection[str]) -> list[RegisterEntry]:
        """Return all entries of the register for some tenants, ended ones too, oldest first."""
        return register.entries_of(self._connection, tenants)

    def register_entry(self, entry_id: int) -> RegisterEntry | None:
        """Return an entry of the register, which nobody else can change until the transaction ends; None without it."""
        return register.entry(self._connection, entry_id)

    def add_entry(self, new: RegisterEntry) -> int:
        """Enter an entry into the register; return its id."""
        return register.put_entry(self._connection, new)

    def end_entry(self, entry_id: int, case: str | None, why: CodedText | None) -> None:
        """End an entry of the register, from a case or from none."""
        register.end_entry(self._connection, entry_id, self.now, self.who, case, why)

    def restore_entry(self, entry_id: int) -> None:
        """Have an entry of the register hold again."""
        register.restore_entry(self._connection, entry_id)

    def never_used(self, reaches: Collection[str]) -> frozenset[str]:
        """Return which of these addresses and numbers, as their keys, must never be written to or called."""
        return register.never_used(self._connection, reaches, self.now.date())

    def add_to_trail(self, what: str, subject: str, data: Mapping[str, Any]) -> None:
        """Add a line to the audit trail, of what is done in no case."""
        accounts.add_to_trail(self._connection, TrailLine(self.now, self.who, what, subject, dict(data)))

    def put_outgoing(self, held: LockedCase, letter: Outgoing | UnwrittenNotice) -> None:
        """Lay something that one person wrote into the outbox; it is sent once this is committed."""
        outbox.put(self._connection, held.id, [letter], _NO_LIMITS, self.now)

    def calls_nobody(self, held: LockedCase) -> bool:
        """Return whether nothing starts by itself in a case: all that it holds was taken over, or lay long."""
        return held.id in timers.left_in_peace(self._connection, {held.id})

    def signature(self) -> tuple[str, str]:
        """Return what stands under what who acts writes, and what they are shown as; "" where it is no account."""
        query = sa.select(accounts_table.c.signature, accounts_table.c.shown_as)
        row = self._connection.execute(query.where(accounts_table.c.name == self.who)).one_or_none()
        return ("", "") if row is None else (row.signature or "", row.shown_as)

    def draft_files(self, kind: DraftKind, about: str) -> list[StoredFile]:
        """Return the files of what who acts was writing; none where it is no account."""
        mine = sa.select(accounts_table.c.id).where(accounts_table.c.name == self.who)
        account_id = self._connection.execute(mine).scalar()
        return [] if account_id is None else draft_files(self._connection, DraftKey(account_id, kind, about))

    def lay_files(self, held: LockedCase, file_ids: Sequence[int]) -> None:
        """Take files out of their draft, and lay them to a case."""
        lay_to_case(self._connection, file_ids, held.id)

    def drop_draft(self, kind: DraftKind, about: str, page: WritingPage = UNKNOWN_PAGE) -> None:
        """Forget what who acts was writing on a page: it is done with."""
        mine = sa.select(accounts_table.c.id).where(accounts_table.c.name == self.who)
        account_id = self._connection.execute(mine).scalar()
        if account_id is not None:
            drop_draft(self._connection, DraftKey(account_id, kind, about, page), self.now)

    def settle_timer(self, timer_id: int, *, done: bool) -> None:
        """Say that what was to happen has happened, or is needless."""
        timers.settle(self._connection, timer_id, self.now, done=done)

    def restart_escalation(self, held: LockedCase, priority: Priority) -> None:
        """Let the steps of a priority happen to a case that has got it by hand; it may have had it before."""
        timers.restart(self._connection, held.id, priority)

    def resume_escalation(self, held: LockedCase, since: datetime) -> None:
        """Let the steps still happen to a case that what was done to it at `since` had made needless."""
        timers.resume(self._connection, held.id, since)

    def signing_key(self) -> bytes:
        """Return the secret that signs case numbers in what is sent."""
        return outbox.signing_key(self._connection)

    def withdraw_confirmation(self, value: str, tenant_id: str) -> str | None:
        """Forget that an address or number was confirmed for a tenant; return its kind, None where it was not."""
        return confirmations.withdraw(self._connection, value, tenant_id)

    def book_appointment(self, held: LockedCase, office_id: str, at: datetime, who: CodedText) -> bool:
        """Note that somebody comes to an office at a time because of a case; return whether the slot was free."""
        values = {"office_id": office_id, "at": at, "case_id": held.id, "who": who}
        return self._insert(appointments, {**values, "booked_by": self.who, "booked_at": self.now})

    def cancel_appointment(self, held: LockedCase, at: datetime) -> bool:
        """Let a slot of a case go; return whether it had it."""
        mine = appointments.delete().where(appointments.c.case_id == held.id, appointments.c.at == at)
        return self._connection.execute(mine).rowcount > 0

    def _insert(self, table: sa.Table, values: Mapping[str, Any]) -> bool:
        insert = insert_of(self._connection)
        new = insert(table).on_conflict_do_nothing().returning(*table.primary_key)
        return self._connection.execute(new, values).one_or_none() is not None

    def _rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        return self._connection.execute(query).all()


_OF_CONTACT = tuple(name for name in LockedContact.__dataclass_fields__ if name != "whom")


def _contact(row: sa.Row[Any]) -> LockedContact:
    *rest, tenant_id, dwelling_id, residence_id = list(row)
    return LockedContact(**dict(zip(_OF_CONTACT, rest, strict=True)), whom=(tenant_id, dwelling_id, residence_id))


def case_number(database: Database, channel: str, external_id: str) -> str | None:
    """Return the case that an arrival lies in; None where it is not judged yet, or opened none."""
    query = (
        sa.select(cases.c.number)
        .select_from(arrivals)
        .join(contacts, contacts.c.arrival_id == arrivals.c.id)
        .join(cases, cases.c.id == contacts.c.case_id)
        .where(arrivals.c.channel == channel, arrivals.c.external_id == external_id)
    )
    with database.reading() as connection:
        return connection.execute(query).scalar_one_or_none()


@contextmanager
def case_transaction(database: Database, who: str, now: datetime) -> Iterator[CaseTransaction]:
    """Open a transaction for one person's changes.

    Raises:
        StoreUnavailableError: nothing was changed.
    """
    with database.writing() as connection:
        yield CaseTransaction(connection, who, now)


def _as_urgent(alarm: Alarm, priority: Priority) -> Alarm:
    if priority is Priority.P1:
        return alarm if alarm.certain else Alarm(AlarmLevel.CERTAIN)
    return alarm.lowered(AlarmLevel.NONE, CodedText("priority_changed")) if alarm.certain else alarm


def as_json(value: Any) -> Any:
    """Return a column's value as an event holds it; times in UTC, so that the same time is the same text."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, CodedText):
        return value.as_json()
    return [as_json(part) for part in value] if isinstance(value, tuple) else value


def from_json(name: str, value: Any) -> Any:
    """Return what an event holds of the column `name` as the column has it."""
    if value is None:
        return None
    if name in _TIMES:
        return datetime.fromisoformat(value)
    if name == "why":
        return tuple(CodedText.from_json(text) for text in (value if isinstance(value, list) else [value]))
    if name in _TEXTS:
        return CodedText.from_json(value)
    return tuple(value) if isinstance(value, list) else value
