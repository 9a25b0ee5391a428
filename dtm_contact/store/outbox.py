"""The outbox: written in the transaction that calls for it, claimed and settled by the one who sends."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.log import shown_words
from dtm_contact.model import (
    DANGER_QUESTION,
    NO_MAILBOX,
    ClaimedOutgoing,
    Limits,
    Outgoing,
    OutgoingFile,
    OutgoingKind,
    Priority,
    UnwrittenNotice,
    Urgency,
    Withheld,
)
from dtm_contact.store import events, leases, restores
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.register import never_used, utc_day
from dtm_contact.store.schema import cases, outbox, signing_keys, undeliverable
from dtm_contact.store.system_schema import daemons
from dtm_contact.store.writing_schema import outbox_files
from dtm_contact.text import canonical_mailbox

OUTBOUND: Final = "outbound"
"""Who does what the outbox's events say."""
NOTICE_QUEUED: Final = "notice queued"
"""The event of a notice that was written: it waits in the outbox from then on."""
_DAY: Final = timedelta(hours=24)
_HOUR: Final = timedelta(hours=1)
MOST_AN_HOUR: Final = 2
"""Answers that go out by themselves to one mailbox within an hour: two robots fall silent in the second round."""
MOST_UNPROVEN: Final = 1
"""Answers in 24 hours to a mailbox whose owner nothing proves to have written: mail in others' names floods nobody."""
_AGAIN: Final = ", again at "
FAILED_STATES: Final = ("refused", "no_such_address", "given_up", "bounced")
"""What no mail server brings: refused for good, given up after days, or come back."""
ENDED_STATES: Final = ("sent", *FAILED_STATES)
"""What is done with; each is also the name of the event by which its case says so."""
_OPEN_STATES: Final = ("waiting", "claimed")


@dataclass(frozen=True, slots=True)
class OutgoingBatch:
    """What is to be written because of something that is recorded.

    Attributes:
        write: writes it, given the number of the case; notices that it could not write are told among the rest.
        limits: how many answers go out by themselves.
        withheld: why some did not, once it is recorded.
    """

    write: Callable[[str], Iterable[Outgoing | UnwrittenNotice]]
    limits: Limits
    withheld: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SentMail:
    """A message that went out because of a case, or is to.

    Attributes:
        id: its number in the outbox.
        kind: why.
        to: where.
        created_at: when it was written.
        settled_at: when it was done with; None while it waits.
        message_id: its Message-ID.
        state: `waiting`, `claimed`, `sent`, `refused`, `no_such_address`, `given_up` or `bounced`.
    """

    id: int
    kind: OutgoingKind
    to: str
    created_at: datetime
    settled_at: datetime | None
    message_id: str
    state: str


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One row of the outbox as operators look at it, without the message itself.

    Attributes:
        id: its number in the outbox.
        case_number: the case that it was written for.
        kind: why it is sent.
        reason: what it is for: `on_call: …`, `call next P1:2`, an answer's name, …
        to: the first address that it goes to.
        urgency: before which others it is sent.
        state: `waiting`, `claimed`, `sent`, `refused`, `no_such_address`, `given_up` or `bounced`.
        attempts: how often it was handed over, or tried to be.
        reply: what came of the last attempt: the mail server's codes and words, or what was wrong with it; None before
            the first.
        created_at: when it was written.
        not_before: when it is tried next; None for at once.
        settled_at: when it was done with; None while it waits.
        held_since: since when it waits for a person's word (`restores`); None where it does not.
    """

    id: int
    case_number: str
    kind: OutgoingKind
    reason: str
    to: str
    urgency: Urgency
    state: str
    attempts: int
    reply: str | None
    created_at: datetime
    not_before: datetime | None
    settled_at: datetime | None
    held_since: datetime | None

    @property
    def status(self) -> "OutboxStatus":
        """What it is listed under."""
        if self.state in _OPEN_STATES:
            return OutboxStatus.HELD if self.held_since is not None else OutboxStatus.WAITING
        return OutboxStatus.SENT if self.state == "sent" else OutboxStatus.FAILED


class OutboxStatus(StrEnum):
    """How operators ask for rows of the outbox."""

    HELD = "held"
    """It waits for a person's word since a restore."""
    WAITING = "waiting"
    """It waits for its first or next attempt, or is being handed over."""
    FAILED = "failed"
    """No server brings it: it was refused, given up, or has come back."""
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits to be sent, and since when the oldest of it does."""

    count: int
    since: datetime


def put(
    connection: Connection,
    case_id: int,
    letters: Iterable[Outgoing | UnwrittenNotice],
    limits: Limits,
    now: datetime,
) -> list[str]:
    """Write what is to be sent for a case; what may not go out by itself is an event in its place.

    The same answer or notice is written once a case, unless it says after how long it may be written again. A notice
    is an event of its case from now on, and not only once it is sent: whoever asks why nobody came sees that it waits.

    Returns:
        Why each of those answers that do not go out does not: `no such address`, `limit for one mailbox`, `limit in
        all`, or that the register says never to write there.
    """
    withheld = []
    for letter in letters:
        if isinstance(letter, UnwrittenNotice):
            _tell_withheld(connection, case_id, OutgoingKind.NOTICE, letter.why, now, whom=letter.reason)
            continue
        never = bool(_never_used_of(connection, letter.kind, letter.everybody, now))
        reason = Withheld.REGISTER if never else _why_withheld(connection, letter, limits, now)
        if reason is None:
            written = _insert(connection, case_id, letter, now)
            if written is not None and letter.kind is OutgoingKind.NOTICE:
                data = {"kind": letter.kind, "outgoing": written, "to": letter.to, "whom": letter.reason}
                event = events.NewEvent(OUTBOUND, NOTICE_QUEUED, now, data)
                events.append(connection, event, case_id=case_id, arrival_id=None)
        else:
            withheld.append(reason)
            _tell_withheld(connection, case_id, letter.kind, reason, now)
    return withheld


def _tell_withheld(connection: Connection, case_id: int, kind: str, reason: str, now: datetime, **whom: str) -> None:
    event = events.NewEvent(OUTBOUND, "not sent", now, {"kind": kind, "reason": reason, **whom})
    events.append(connection, event, case_id=case_id, arrival_id=None)


def _never_used_of(connection: Connection, kind: str, addresses: Sequence[str], now: datetime) -> frozenset[str]:
    """Return to which of some addresses the register says never to write; our own people are notified in any case."""
    if kind == OutgoingKind.NOTICE:
        return frozenset()
    return never_used(connection, [address.lower() for address in addresses], utc_day(now))


def _why_withheld(connection: Connection, letter: Outgoing, limits: Limits, now: datetime) -> str | None:
    if letter.kind is not OutgoingKind.ANSWER:
        return None
    marked = sa.select(undeliverable.c.address).where(undeliverable.c.address == letter.to.lower())
    if connection.execute(marked).first() is not None:
        return Withheld.NO_SUCH_ADDRESS

    def count(since: timedelta, *which: sa.ColumnElement[bool]) -> int:
        answers = sa.select(sa.func.count()).where(
            outbox.c.kind == OutgoingKind.ANSWER, outbox.c.created_at > now - since
        )
        return int(connection.execute(answers.where(*which)).scalar_one())

    theirs = outbox.c.mailbox == canonical_mailbox(letter.to)
    # Whoever was asked whether it is happening now, and says yes, hears what to do: the question takes nothing of that.
    sent_already: sa.ColumnElement[bool] = outbox.c.safety
    if letter.reason != DANGER_QUESTION:
        sent_already = sa.and_(outbox.c.safety, outbox.c.reason != DANGER_QUESTION)
    if letter.safety and not count(_HOUR, theirs, sent_already):
        # Whoever is in danger hears what to do, however many answers went out, and to whomever.
        return None
    if count(_DAY, theirs) >= (limits.per_mailbox if letter.proven else min(limits.per_mailbox, MOST_UNPROVEN)):
        return Withheld.MAILBOX_LIMIT
    if count(_HOUR, theirs) >= MOST_AN_HOUR:
        return Withheld.MAILBOX_LIMIT
    return Withheld.TOTAL_LIMIT if count(_HOUR, sa.not_(outbox.c.safety)) >= limits.per_hour else None


def _insert(connection: Connection, case_id: int, letter: Outgoing, now: datetime) -> int | None:
    """Write one; return its number in the outbox, None where the same was written before."""
    reason = letter.reason
    if letter.again_after is not None:
        reason = _reason_by_now(connection, case_id, letter, letter.again_after, now)
    insert = insert_of(connection)
    statement = insert(outbox).values(
        case_id=case_id,
        kind=letter.kind,
        reason=reason,
        to_address=letter.to.lower(),
        mailbox=canonical_mailbox(letter.to) if letter.kind is OutgoingKind.ANSWER else None,
        safety=letter.safety,
        mail_from=letter.mail_from,
        message_id=letter.message_id,
        raw=letter.raw,
        state="waiting",
        urgency=int(Urgency.DANGER) if letter.safety else _urgency(case_id, letter.kind),
        created_at=now,
        also_to=[address.lower() for address in letter.also_to] or None,
    )
    made: int | None = connection.execute(statement.on_conflict_do_nothing().returning(outbox.c.id)).scalar()
    if made is not None and letter.files:
        attached = [{"outbox_id": made, "place": place, **asdict(each)} for place, each in enumerate(letter.files)]
        connection.execute(outbox_files.insert(), attached)
    return made


def _urgency(case_id: int, kind: OutgoingKind) -> sa.ColumnElement[int]:
    """Return before which others something is sent: what goes out by itself in a P1 case is about danger."""
    rest = {OutgoingKind.NOTICE: Urgency.NOTICE, OutgoingKind.REPLY: Urgency.REPLY, OutgoingKind.ANSWER: Urgency.ANSWER}
    if kind is OutgoingKind.REPLY:
        return sa.literal(int(rest[kind]))
    danger = sa.case((cases.c.priority == Priority.P1, int(Urgency.DANGER)), else_=int(rest[kind]))
    return sa.select(danger).where(cases.c.id == case_id).scalar_subquery()


def _reason_by_now(
    connection: Connection, case_id: int, letter: Outgoing, again_after: timedelta, now: datetime
) -> str:
    """Return the reason under which a letter is written: another one where the same was last written long ago."""
    again = f"{letter.reason}{_AGAIN}"
    same = sa.or_(outbox.c.reason == letter.reason, outbox.c.reason.startswith(again, autoescape=True))
    mine = sa.and_(outbox.c.case_id == case_id, outbox.c.kind == letter.kind, same)
    last = connection.execute(sa.select(sa.func.max(outbox.c.created_at)).where(mine)).scalar_one()
    return letter.reason if last is None or now - last < again_after else f"{again}{now.astimezone(UTC):%Y-%m-%dT%H:%M}"


def _was_maybe_sent(connection: Connection, row: sa.Row[Any], now: datetime) -> bool:
    """Tell, of something just claimed, whether it was or may have been sent before a restore; it is let go then."""
    verdict = restores.verdict_on(connection, row, now)
    if verdict is restores.Verdict.SENT:
        restores.take_as_sent(connection, row.id, now)
        told = {"kind": row.kind, "message_id": row.message_id, "reason": restores.BY_JOURNAL}
        event = events.NewEvent(OUTBOUND, "sent", now, {**told, "attempts": 0})
        events.append(connection, event, case_id=row.case_id, arrival_id=None)
    elif verdict is restores.Verdict.UNKNOWN:
        kept = {"state": "waiting", "claimed_by": None, "held_since": now, "attempts": row.attempts - 1}
        connection.execute(sa.update(outbox).where(outbox.c.id == row.id).values(kept))
    return verdict is not restores.Verdict.GO


def _files_of(connection: Connection, outgoing_id: int) -> tuple[OutgoingFile, ...]:
    columns = (outbox_files.c[each.name] for each in fields(OutgoingFile))
    query = sa.select(*columns).where(outbox_files.c.outbox_id == outgoing_id).order_by(outbox_files.c.place)
    return tuple(OutgoingFile(*row) for row in connection.execute(query))


def mark_bounced(
    connection: Connection, case_id: int, text: str, status: str, now: datetime, words: str = ""
) -> tuple[str, ...]:
    """Take a report of failure into account that came back to a case, and return the addresses that it names.

    Only addresses that something was sent to in that case count: a made-up report marks nobody else. What was sent to
    them has bounced, with an event each; they are marked where the status says that there is no such address
    (`NO_MAILBOX`).

    Args:
        connection: the transaction.
        case_id: the case.
        text: what the report says, in lower case.
        status: how it failed: a code, as RFC 3463 has it where the report does.
        now: when.
        words: what the recipient's server said; operators are shown it with addresses and numbers masked.
    """
    sent = sa.select(outbox.c.to_address, outbox.c.also_to).where(outbox.c.case_id == case_id)
    addresses = {each for row in connection.execute(sent) for each in (row.to_address, *(row.also_to or ()))}
    named = tuple(address for address in sorted(addresses) if address in text)
    for address in named:
        _mark(connection, address, status, now)
        said = shown_words(words, address)
        reply = said if status in said else f"{status} {said}".rstrip()
        theirs = sa.update(outbox).where(outbox.c.case_id == case_id, outbox.c.to_address == address)
        returned = theirs.where(outbox.c.state == "sent").values(state="bounced", told=reply)
        for row in connection.execute(returned.returning(outbox.c.kind, outbox.c.message_id)).all():
            data = {"kind": row.kind, "message_id": row.message_id, "reason": status}
            event = events.NewEvent(OUTBOUND, "bounced", now, data)
            events.append(connection, event, case_id=case_id, arrival_id=None)
    return named


def _mark(connection: Connection, address: str, status: str, now: datetime) -> None:
    """Keep answers from going to an address, where what a server said of it has an enhanced code of `NO_MAILBOX`.

    Anything else is also said of mailboxes that there are: full, or of a server that takes our mail for spam today.
    """
    if NO_MAILBOX.isdisjoint(status.split()):
        return
    insert = insert_of(connection)
    statement = insert(undeliverable).values(address=address.lower(), since=now, told=status)
    connection.execute(statement.on_conflict_do_nothing())


def signing_key(connection: Connection) -> bytes:
    """Return the secret that signs case numbers, in a transaction."""
    return bytes(connection.execute(sa.select(signing_keys.c.key).where(signing_keys.c.id == 1)).scalar_one())


def _still(claimed: ClaimedOutgoing) -> sa.ColumnElement[bool]:
    """Return the condition that this very claim still holds: each attempt is counted when it is claimed."""
    return sa.and_(outbox.c.id == claimed.id, outbox.c.attempts == claimed.attempt, outbox.c.state == "claimed")


def _of_attempt(claimed: ClaimedOutgoing) -> sa.ColumnElement[bool]:
    """Return the condition that nobody has claimed it since."""
    at_work = outbox.c.state.in_(("waiting", "claimed"))
    return sa.and_(outbox.c.id == claimed.id, outbox.c.attempts == claimed.attempt, at_work)


def _tell_end_of_hold(connection: Connection, ended: Sequence[tuple[int, int]], event: events.NewEvent) -> list[int]:
    for number, case_id in ended:
        told = replace(event, data={**event.data, "outgoing": number})
        events.append(connection, told, case_id=case_id, arrival_id=None)
    return [number for number, _case_id in ended]


# As the partial index has it: only so does SQLite see that it answers the question.
_AT_WORK = sa.text("outbox.state IN ('waiting', 'claimed')")


class StoredOutbox:
    """The outbox of one store, as the sender works it. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, worker: str, now: datetime) -> ClaimedOutgoing | None:
        """Take the most urgent that may be tried now, the oldest of them; None where there is none.

        What waits for an address that the register has meanwhile said never to write to is given up. In a store that
        was restored, what was sent before is taken as sent, and what may have been is held (`restores`).

        Args:
            worker: who takes it: a daemon's incarnation.
            now: the time, aware.
        """
        due = sa.or_(outbox.c.not_before.is_(None), outbox.c.not_before <= now)
        free = outbox.c.held_since.is_(None)
        first = sa.select(outbox.c.id).where(_AT_WORK, outbox.c.state == "waiting", due, free)
        first = first.order_by(outbox.c.urgency, outbox.c.id).limit(1)
        with self._database.reading() as connection:
            if connection.execute(first).first() is None:
                return None
        attached: tuple[OutgoingFile, ...] = ()
        with self._database.writing() as connection:
            while True:
                found = connection.execute(first.with_for_update(skip_locked=True)).scalar_one_or_none()
                if found is None:
                    return None
                claim = sa.update(outbox).where(outbox.c.id == found).returning(*outbox.c)
                taken = {"state": "claimed", "claimed_by": worker, "attempts": outbox.c.attempts + 1}
                row = connection.execute(claim.values(taken)).one()
                everybody = row.left_to or (row.to_address, *(row.also_to or ()))
                never = _never_used_of(connection, row.kind, everybody, now)
                left = tuple(each for each in everybody if each.lower() not in never)
                if never:
                    _tell_withheld(connection, row.case_id, row.kind, Withheld.REGISTER, now)
                if not left:
                    given_up = {"state": "given_up", "told": Withheld.REGISTER, "settled_at": now, "claimed_by": None}
                    connection.execute(sa.update(outbox).where(outbox.c.id == found).values(given_up))
                elif not _was_maybe_sent(connection, row, now):
                    attached = _files_of(connection, row.id)
                    break
        kind = OutgoingKind(row.kind)
        letter = Outgoing(
            kind,
            row.reason,
            row.to_address,
            row.mail_from,
            row.message_id,
            row.raw,
            also_to=tuple(row.also_to or ()),
            files=attached,
        )
        left_to = left if left != letter.everybody else ()
        return ClaimedOutgoing(row.id, letter, row.attempts, row.created_at, Urgency(row.urgency), left_to)

    def lease_left(self, claimed: ClaimedOutgoing, worker: str) -> float:
        """Return for how many seconds nobody else may take what is claimed; 0 or less where somebody may, or has."""
        query = sa.select(daemons.c.until).join(outbox, outbox.c.claimed_by == daemons.c.incarnation)
        with self._database.reading() as connection:
            until: datetime | None = connection.execute(
                query.where(_still(claimed), daemons.c.incarnation == worker)
            ).scalar()
            return (until - leases.database_time(connection)).total_seconds() if until else 0.0

    def settle(self, claimed: ClaimedOutgoing, fate: str, reason: str, now: datetime, reply: str = "") -> None:
        """Say that one is done with, on its case too; an address of which an enhanced code says so is marked.

        Nothing changes where somebody else has claimed it since. Where it was only given back, `sent` still counts: the
        server has it, and nobody is to send it again.

        Args:
            claimed: the one.
            fate: `sent`, `refused`, `no_such_address` or `given_up`.
            reason: the server's codes, or the error's class; the case's event has it.
            now: when.
            reply: what operators are shown; the reason where nothing is given.
        """
        if fate not in ENDED_STATES:
            raise ValueError(f"{fate} ends nothing")
        with self._database.writing() as connection:
            mine = _of_attempt(claimed) if fate == "sent" else _still(claimed)
            change = sa.update(outbox).where(mine)
            values = {"state": fate, "told": reply or reason, "settled_at": now, "claimed_by": None}
            row = connection.execute(change.values(values).returning(outbox.c.case_id)).one_or_none()
            if row is None:
                return
            if fate == "no_such_address":
                for address in claimed.recipients:
                    _mark(connection, address, reason, now)
            data = {"kind": claimed.outgoing.kind, "message_id": claimed.outgoing.message_id, "reason": reason}
            event = events.NewEvent(OUTBOUND, fate, now, {**data, "attempts": claimed.attempt})
            events.append(connection, event, case_id=row.case_id, arrival_id=None)

    def refused_for(self, claimed: ClaimedOutgoing, refused: Mapping[str, str], now: datetime) -> None:
        """Note to whom of several the server does not bring something, which it has taken for the others.

        Args:
            claimed: the one.
            refused: the server's codes by address.
            now: when.
        """
        with self._database.writing() as connection:
            case_id = connection.execute(sa.select(outbox.c.case_id).where(outbox.c.id == claimed.id)).scalar_one()
            for address, code in refused.items():
                data = {"kind": claimed.outgoing.kind, "message_id": claimed.outgoing.message_id, "reason": code}
                event = events.NewEvent(OUTBOUND, "refused", now, {**data, "to": address})
                events.append(connection, event, case_id=case_id, arrival_id=None)

    def retry(self, claimed: ClaimedOutgoing, reply: str, until: datetime, left_to: Sequence[str] = ()) -> None:
        """Say that one is tried again, not before `until`; nothing changes where the claim was lost meanwhile.

        `reply`: what operators are shown of why; `left_to`: for whom alone, where the others have it.
        """
        change = sa.update(outbox).where(_still(claimed))
        values: dict[str, Any] = {"state": "waiting", "told": reply, "not_before": until, "claimed_by": None}
        if left_to:
            values["left_to"] = list(left_to)
        with self._database.writing() as connection:
            connection.execute(change.values(values))

    def due_now(self) -> int:
        """Have everything that waits for its next attempt tried now; return how much that is."""
        waiting = sa.update(outbox).where(_AT_WORK, outbox.c.state == "waiting", outbox.c.not_before.is_not(None))
        with self._database.writing() as connection:
            return connection.execute(waiting.values(not_before=None)).rowcount

    def waiting(self) -> int:
        """Return how many are still to be sent."""
        query = sa.select(sa.func.count()).where(outbox.c.state.in_(("waiting", "claimed")))
        with self._database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def backlog(self) -> dict[Urgency, Backlog]:
        """Return what is still to be sent, by how urgent it is; nothing of an urgency of which nothing waits.

        What is held since a restore is left out: it waits for a person.
        """
        counted = sa.select(outbox.c.urgency, sa.func.count(), sa.func.min(outbox.c.created_at))
        with self._database.reading() as connection:
            at_work = counted.where(_AT_WORK, outbox.c.held_since.is_(None))
            rows = connection.execute(at_work.group_by(outbox.c.urgency))
            return {Urgency(row[0]): Backlog(row[1], row[2]) for row in rows}

    def held(self) -> list[restores.HeldOutgoing]:
        """Return what waits for a person's word since a restore, the most urgent first."""
        with self._database.reading() as connection:
            return restores.held(connection)

    def was_restored(self) -> bool:
        """Return whether this store came back from a backup."""
        with self._database.reading() as connection:
            return restores.restored_last(connection) is not None

    def release(self, ids: Sequence[int], who: str, now: datetime) -> list[int]:
        """Let what is held since a restore be sent, with an event in its case; return the numbers of what was held."""
        with self._database.writing() as connection:
            blind = {"without_journal": True} if restores.awaits_journal(connection) else {}
            ended = restores.release(connection, ids)
            return _tell_end_of_hold(connection, ended, events.NewEvent(who, "outgoing released", now, blind))

    def give_up(self, ids: Sequence[int], who: str, now: datetime) -> list[int]:
        """Never send what is held since a restore, with an event in its case; return the numbers of what was held."""
        with self._database.writing() as connection:
            ended = restores.give_up(connection, ids, now)
            return _tell_end_of_hold(connection, ended, events.NewEvent(who, "outgoing dropped", now))

    def of_case(self, number: str) -> list[SentMail]:
        """Return what went out because of a case, or is to, oldest first."""
        query = sa.select(*_SENT_COLUMNS).join(cases, cases.c.id == outbox.c.case_id).where(cases.c.number == number)
        with self._database.reading() as connection:
            return [_sent_mail(row) for row in connection.execute(query.order_by(outbox.c.id))]

    def entries(
        self,
        *,
        status: OutboxStatus | None = None,
        case_number: str | None = None,
        since: datetime | None = None,
        limit: int = 1000,
    ) -> list[OutboxEntry]:
        """Return rows of the outbox: what is at work, the most urgent first; behind it what is done, newest first.

        Args:
            status: of these alone; None for all.
            case_number: written for this case alone.
            since: of what is done, what was done with from this time on; what is at work is there in any case.
            limit: how many at the most.
        """
        at_work = outbox.c.state.in_(_OPEN_STATES)
        query = sa.select(*_ENTRY_COLUMNS).join(cases, cases.c.id == outbox.c.case_id)
        if status is not None:
            query = query.where(_IS_STATUS[status])
        if case_number is not None:
            query = query.where(cases.c.number == case_number)
        if since is not None:
            query = query.where(sa.or_(at_work, outbox.c.settled_at >= since))
        order = (sa.case((at_work, 0), else_=1), sa.case((at_work, outbox.c.urgency), else_=0))
        newest_last = sa.case((at_work, outbox.c.id), else_=-outbox.c.id)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(*order, newest_last).limit(limit))
            return [_entry(row) for row in rows]

    def message(self, number: str, outgoing: int) -> tuple[SentMail, bytes]:
        """Return one of a case's messages with all its octets.

        Raises:
            NotFoundError: there is none of that number in that case.
        """
        query = sa.select(*_SENT_COLUMNS, outbox.c.raw).join(cases, cases.c.id == outbox.c.case_id)
        query = query.where(cases.c.number == number, outbox.c.id == outgoing)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFoundError("message")
        return _sent_mail(row), bytes(row.raw)

    def signing_key(self) -> bytes:
        """Return the secret that signs case numbers; the store was made with it."""
        with self._database.reading() as connection:
            return signing_key(connection)


_IS_STATUS: Final[Mapping[OutboxStatus, sa.ColumnElement[bool]]] = {
    OutboxStatus.HELD: sa.and_(outbox.c.state.in_(_OPEN_STATES), outbox.c.held_since.is_not(None)),
    OutboxStatus.WAITING: sa.and_(outbox.c.state.in_(_OPEN_STATES), outbox.c.held_since.is_(None)),
    OutboxStatus.FAILED: outbox.c.state.in_(FAILED_STATES),
    OutboxStatus.SENT: outbox.c.state == "sent",
}
_ENTRY_COLUMNS = (
    outbox.c.id,
    cases.c.number.label("case_number"),
    outbox.c.kind,
    outbox.c.reason,
    outbox.c.to_address.label("to"),
    outbox.c.urgency,
    outbox.c.state,
    outbox.c.attempts,
    outbox.c.told.label("reply"),
    outbox.c.created_at,
    outbox.c.not_before,
    outbox.c.settled_at,
    outbox.c.held_since,
)
_SENT_COLUMNS = (
    outbox.c.id,
    outbox.c.kind,
    outbox.c.to_address,
    outbox.c.created_at,
    outbox.c.settled_at,
    outbox.c.message_id,
    outbox.c.state,
)


def _entry(row: Any) -> OutboxEntry:
    values = {**row._asdict(), "kind": OutgoingKind(row.kind), "urgency": Urgency(row.urgency)}
    return OutboxEntry(**values)


def _sent_mail(row: Any) -> SentMail:
    return SentMail(row[0], OutgoingKind(row[1]), *row[2:7])
