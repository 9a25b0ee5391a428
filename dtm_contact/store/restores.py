"""What a restore leaves behind: what may have been sent after the backup is not sent again by itself.

A backup is older than the moment at which its store was lost. What waited in it to be sent may have been sent since,
and so may answers to what waited to be judged. Both are held until somebody looks (`outbox release`), unless an intake
journal tells what was sent.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import OutgoingKind, Urgency
from dtm_contact.store.columns import DataClass, Id, KeyText, SafeText, UtcTime, bounded_key, classed
from dtm_contact.store.database import insert_of
from dtm_contact.store.schema import arrivals, case_numbers, cases, contacts, metadata, outbox, timers
from dtm_contact.store.system_schema import positions

_NOTHING = classed(DataClass.NONE)
_REACH = classed(DataClass.CONTACT, keep="P1Y", since="sent")
_MOST_IDS: Final = 500
_AGAIN: Final = ", again at "
Item = TypeVar("Item")
NUMBERS_ROUNDED_TO: Final = 1_000
"""After a restore case numbers go on behind a whole multiple of this, so that people see the gap."""

restores = sa.Table(
    "restores",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("backed_up_at", UtcTime, nullable=False),
    sa.Column("restored_at", UtcTime, nullable=False),
    info=_NOTHING,
)
"""Each time that this store was restored, and the moment that the backup shows."""

unsure_arrivals = sa.Table(
    "unsure_arrivals",
    metadata,
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id", ondelete="CASCADE"), primary_key=True),
    info=_NOTHING,
)
"""Arrivals that waited to be judged in a backup: whether they were answered after it is not known."""

sent_marks = sa.Table(
    "sent_marks",
    metadata,
    sa.Column("message_id", KeyText, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("external_id", KeyText, primary_key=True),
    sa.Column("to_digest", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reason", SafeText, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("sent_at", UtcTime, nullable=False),
    sa.Column("matched_at", UtcTime),
    info=_REACH,
)
"""What an intake journal says was sent, a row for each arrival of its case. `to_digest`: SHA-256 of the address;
`matched_at`: when something that was written anew was found to be this one, which counts once."""

sa.Index("ix_sent_marks_to_digest", sent_marks.c.to_digest, sent_marks.c.kind)
sa.Index("ix_sent_marks_case_number", sent_marks.c.case_number)
sa.Index("ix_sent_marks_external_id", sent_marks.c.external_id, sent_marks.c.channel)


@dataclass(frozen=True, slots=True)
class SentMark:
    """An e-mail that was sent, as the intake journal tells it.

    Attributes:
        message_id: its Message-ID.
        to_digest: `address_digest` of whom it went to.
        kind, reason: as in `Outgoing`.
        case_number: the case that it was sent for, by its number then.
        sent_at: when.
        arrivals: channel and external id of each arrival in that case.
    """

    message_id: str
    to_digest: str
    kind: str
    reason: str
    case_number: str
    sent_at: datetime
    arrivals: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class HeldOutgoing:
    """Something to be sent that waits for a person's word, since nobody knows whether it was sent.

    Attributes:
        id: its number in the outbox.
        case_number, kind, reason, to: as it was written.
        urgency: how urgent it is.
        created_at: when it was written.
        held_since: when it was held.
    """

    id: int
    case_number: str
    kind: str
    reason: str
    to: str
    urgency: Urgency
    created_at: datetime
    held_since: datetime


class Verdict(Enum):
    """What is known of something to be sent: it may go, it was sent, or nobody knows."""

    GO = "go"
    SENT = "sent"
    UNKNOWN = "unknown"


def address_digest(address: str) -> str:
    """Return by what an address is told in marks: the SHA-256 of its lower case, in hexadecimal digits."""
    return sha256(address.lower().encode("utf-8", "surrogatepass")).hexdigest()


def mark_restored(connection: Connection, backed_up_at: datetime, now: datetime, margin: int) -> int:
    """Make a store that was restored ready, in a transaction; return how much that waits to be sent is held.

    Args:
        connection: the transaction.
        backed_up_at: the moment that the backup shows.
        now: the time, aware.
        margin: so many case numbers at the most were given since.
    """
    # By a clock that is behind it would come before the backup: it was later than that, whatever the clock says.
    restored_at = max(now, backed_up_at)
    connection.execute(restores.insert().values(backed_up_at=backed_up_at, restored_at=restored_at))
    at_work = outbox.c.state.in_(("waiting", "claimed"))
    held = {"state": "waiting", "claimed_by": None, "held_since": now}
    count = connection.execute(sa.update(outbox).where(at_work, outbox.c.held_since.is_(None)).values(held)).rowcount
    unsettled = sa.select(arrivals.c.id).where(arrivals.c.state.in_(("waiting", "claimed")))
    known = sa.select(unsure_arrivals.c.arrival_id)
    new = unsure_arrivals.insert().from_select(["arrival_id"], unsettled.where(arrivals.c.id.not_in(known)))
    connection.execute(new)
    given = connection.execute(sa.select(case_numbers.c.year, case_numbers.c.last)).all()
    # In years of which the backup knows nothing numbers may have been given all the same.
    years = dict.fromkeys(range(backed_up_at.year, now.year + 1), 0) | {row.year: row.last for row in given}
    raise_numbers(connection, {year: last + margin for year, last in years.items() if year >= backed_up_at.year - 1})
    return count


def raise_numbers(connection: Connection, at_least: Mapping[int, int]) -> None:
    """Give no case number of a year again up to one, in a transaction; none is ever lowered.

    Args:
        connection: the transaction.
        at_least: the last number that may have been given, by year; rounded up to `NUMBERS_ROUNDED_TO`.
    """
    for year, last in at_least.items():
        rounded = -(-last // NUMBERS_ROUNDED_TO) * NUMBERS_ROUNDED_TO
        insert = insert_of(connection)(case_numbers).values(year=year, last=rounded)
        higher = case_numbers.c.last < insert.excluded.last
        connection.execute(
            insert.on_conflict_do_update(index_elements=["year"], set_={"last": insert.excluded.last}, where=higher)
        )


def restored_last(connection: Connection) -> datetime | None:
    """Return when a store was restored last, in a transaction; None where it never was."""
    moment: datetime | None = connection.execute(sa.select(sa.func.max(restores.c.restored_at))).scalar_one()
    return moment


_JOURNAL: Final = "intake journal"
"""The channel whose position says for which restore, by its id, an intake journal was taken in."""


def mark_replayed(connection: Connection) -> None:
    """Keep, in a transaction, that an intake journal was taken in since the last restore."""
    place = insert_of(connection)(positions).values(channel=_JOURNAL, place=str(_last_restore(connection)))
    connection.execute(place.on_conflict_do_update(index_elements=["channel"], set_={"place": place.excluded.place}))


def awaits_journal(connection: Connection) -> bool:
    """Return, in a transaction, whether a store was restored and no intake journal was taken in since.

    By the number of the restore and not by its time: the clock of a new machine may be wrong, or be set meanwhile.
    """
    last = _last_restore(connection)
    place = sa.select(positions.c.place).where(positions.c.channel == _JOURNAL)
    return last != 0 and connection.execute(place).scalar_one_or_none() != str(last)


def journal_taken_in(connection: Connection) -> bool:
    """Return, in a transaction, whether an intake journal was taken in, or said to be lost, since the last restore.

    Where none was restored: ever.
    """
    place = sa.select(positions.c.place).where(positions.c.channel == _JOURNAL)
    return connection.execute(place).scalar_one_or_none() == str(_last_restore(connection))


@dataclass(frozen=True, slots=True)
class RestoreGap:
    """The time of which a restored store knows nothing, since no intake journal was taken in.

    Attributes:
        since: the moment that the backup shows.
        until: when it was restored.
    """

    since: datetime
    until: datetime


def unjournalled_gap(connection: Connection) -> RestoreGap | None:
    """Return, in a transaction, what the last restore left out; None where there was none, or a journal closed it."""
    if not awaits_journal(connection):
        return None
    row = connection.execute(sa.select(restores).order_by(restores.c.id.desc()).limit(1)).one()
    return RestoreGap(row.backed_up_at, row.restored_at)


def _last_restore(connection: Connection) -> int:
    return int(connection.execute(sa.select(sa.func.coalesce(sa.func.max(restores.c.id), 0))).scalar_one())


def last_numbers(connection: Connection) -> dict[int, int]:
    """Return the last case number of each year, in a transaction."""
    return {row.year: row.last for row in connection.execute(sa.select(case_numbers))}


def verdict_on(connection: Connection, row: Any, now: datetime) -> Verdict:
    """Say, in the transaction that claims something to be sent, whether it may go.

    Those on call are told of danger (P1) even where they may have been told before: twice is better than never. They
    are where they were, too, by a number that is no case's any more.

    Args:
        connection: the transaction.
        row: its row of the outbox.
        now: the time, aware: a mark that is found counts for nothing else any more.
    """
    if not connection.execute(RESTORED_ONCE).scalar_one():
        return Verdict.GO
    sent_for = _match(connection, row, now)
    of_danger = row.kind == OutgoingKind.NOTICE and row.urgency == Urgency.DANGER
    if sent_for is not None and not (of_danger and sent_for != _number_of(connection, row.case_id)):
        return Verdict.SENT
    if of_danger or row.kind == OutgoingKind.REPLY:
        return Verdict.GO
    unsure = connection.execute(_OF_UNSURE_ARRIVAL, {"case": row.case_id}).first() is not None
    return Verdict.UNKNOWN if unsure or _of_an_old_step(connection, row) else Verdict.GO


RESTORED_ONCE = sa.select(sa.or_(sa.exists(sa.select(restores.c.id)), sa.exists(sa.select(sent_marks.c.message_id))))
"""Whether there is anything to look for: hardly a store is ever restored."""
_OF_UNSURE_ARRIVAL = (
    sa.select(unsure_arrivals.c.arrival_id)
    .join(contacts, contacts.c.arrival_id == unsure_arrivals.c.arrival_id)
    .where(contacts.c.case_id == sa.bindparam("case"))
    .limit(1)
)


def _of_an_old_step(connection: Connection, row: Any) -> bool:
    """Tell whether something was written by a timer's step whose time was between a backup and its restore.

    What the step does to the case is done again, since the restored store has lost it; the notice may have gone out.
    """
    due = sa.select(timers.c.step).where(
        timers.c.case_id == row.case_id,
        sa.exists().where(timers.c.at <= restores.c.restored_at, timers.c.settled_at >= restores.c.restored_at),
    )
    steps = connection.execute(due).scalars()
    return row.kind == OutgoingKind.NOTICE and any(row.reason.endswith(f" {step}") for step in steps)


def _number_of(connection: Connection, case_id: int) -> str:
    number: str = connection.execute(sa.select(cases.c.number).where(cases.c.id == case_id)).scalar_one()
    return number


def _match(connection: Connection, row: Any, now: datetime) -> str | None:
    """Find the mark of something written, if it was sent, and use it up.

    A reply is an agent's own words: it was sent where one of its very Message-ID was, and no other stands for it. What
    those on duty were told of a matter that is no danger is no news for who has taken over from them since.

    Returns:
        The number of the case that it was sent for; None where it was not.
    """
    of_case = (
        sa.select(arrivals.c.channel, arrivals.c.external_id)
        .join(contacts, contacts.c.arrival_id == arrivals.c.id)
        .where(contacts.c.case_id == row.case_id)
        .subquery()
    )
    same = sa.and_(sent_marks.c.matched_at.is_(None), sent_marks.c.kind == row.kind)
    same_address = sent_marks.c.to_digest == address_digest(row.to_address)
    if row.kind != OutgoingKind.NOTICE or row.urgency == Urgency.DANGER:
        same = sa.and_(same, same_address)
    mark = sa.select(sent_marks.c.message_id, sent_marks.c.reason, sent_marks.c.case_number)
    by_arrival = mark.join(
        of_case, sa.and_(of_case.c.channel == sent_marks.c.channel, of_case.c.external_id == sent_marks.c.external_id)
    )
    written_anew = row.kind != OutgoingKind.REPLY
    candidates = connection.execute(by_arrival.where(same).order_by(same_address.desc())).all() if written_anew else []
    by_id = mark.where(sent_marks.c.message_id == row.message_id, sent_marks.c.matched_at.is_(None))
    # What is written again after a while has the time in its reason.
    reason = row.reason.partition(_AGAIN)[0]
    found = connection.execute(by_id).first() or next(
        (each for each in candidates if each.reason.partition(_AGAIN)[0] == reason), None
    )
    if found is None:
        return None
    used = sa.update(sent_marks).where(sent_marks.c.message_id == found.message_id)
    connection.execute(used.values(matched_at=now))
    number: str = found.case_number
    return number


def add_marks(connection: Connection, marks: Iterable[SentMark]) -> int:
    """Keep what an intake journal says was sent, in a transaction; return how many marks are new.

    What the store knows itself to have sent gets no mark: it would stand for something else.
    """
    wanted = {bounded_key(mark.message_id): mark for mark in marks}
    known: set[str] = set()
    for some in pages(list(wanted)):
        marked = sa.select(sent_marks.c.message_id).where(sent_marks.c.message_id.in_(some))
        sent = sa.select(outbox.c.message_id).where(
            outbox.c.message_id.in_(some), outbox.c.state.not_in(("waiting", "claimed"))
        )
        known.update(connection.execute(marked).scalars(), connection.execute(sent).scalars())
    rows = [
        {
            "message_id": mark.message_id,
            "channel": channel,
            "external_id": external_id,
            "to_digest": mark.to_digest,
            "kind": mark.kind,
            "reason": mark.reason,
            "case_number": mark.case_number,
            "sent_at": mark.sent_at,
        }
        for key, mark in wanted.items()
        if key not in known
        for channel, external_id in dict.fromkeys(mark.arrivals or (("", ""),))
    ]
    if rows:
        connection.execute(sent_marks.insert(), rows)
    return len(wanted.keys() - known)


def clear_unsure(connection: Connection, arrived: Sequence[tuple[str, str]]) -> int:
    """Take arrivals as sure, in a transaction, whose whole life a journal tells; return how many were unsure."""
    waiting = sa.select(unsure_arrivals.c.arrival_id, arrivals.c.channel, arrivals.c.external_id).join(
        arrivals, arrivals.c.id == unsure_arrivals.c.arrival_id
    )
    told = {(channel, bounded_key(external_id)) for channel, external_id in arrived}
    rows = connection.execute(waiting).all()
    ids = [row.arrival_id for row in rows if (row.channel, row.external_id) in told]
    for some in pages(ids):
        connection.execute(unsure_arrivals.delete().where(unsure_arrivals.c.arrival_id.in_(some)))
    return len(ids)


def settle_by_marks(connection: Connection, now: datetime) -> int:
    """Take as sent, in a transaction, what waits to be sent and what the journal says was; return how much."""
    waiting = sa.select(*outbox.c).where(outbox.c.state == "waiting")
    settled = 0
    for row in connection.execute(waiting.order_by(outbox.c.id)).all():
        if _match(connection, row, now) is not None:
            take_as_sent(connection, row.id, now)
            settled += 1
    return settled


def take_as_sent(connection: Connection, outgoing_id: int, now: datetime) -> None:
    """Settle, in a transaction, something that was sent before the restore."""
    values = {"state": "sent", "told": BY_JOURNAL, "settled_at": now, "claimed_by": None, "held_since": None}
    connection.execute(sa.update(outbox).where(outbox.c.id == outgoing_id).values(values))


BY_JOURNAL: Final = "journal"
"""By what something is told to be sent that was sent before a restore."""


def held(connection: Connection) -> list[HeldOutgoing]:
    """Return all that waits for a person's word, the most urgent first."""
    query = (
        sa.select(
            outbox.c.id,
            cases.c.number,
            outbox.c.kind,
            outbox.c.reason,
            outbox.c.to_address,
            outbox.c.urgency,
            outbox.c.created_at,
            outbox.c.held_since,
        )
        .join(cases, cases.c.id == outbox.c.case_id)
        .where(IS_HELD)
        .order_by(outbox.c.urgency, outbox.c.id)
    )
    rows = connection.execute(query)
    return [HeldOutgoing(*row[:5], Urgency(row.urgency), *row[6:]) for row in rows]


# As the partial index has it: only so does SQLite see that it answers the question, which is asked every few seconds.
IS_HELD = sa.and_(
    sa.text("outbox.state IN ('waiting', 'claimed')"), outbox.c.state == "waiting", outbox.c.held_since.is_not(None)
)


def release(connection: Connection, ids: Sequence[int]) -> list[tuple[int, int]]:
    """Let messages be sent that are held since a restore, in a transaction.

    Returns:
        Of each that was held: its number in the outbox, and the id of its case.
    """
    return _end_hold(connection, ids, {"held_since": None, "not_before": None})


def give_up(connection: Connection, ids: Sequence[int], now: datetime) -> list[tuple[int, int]]:
    """Send what is held never, in a transaction; return number and case of each that was held."""
    values = {"held_since": None, "state": "given_up", "told": "operator", "settled_at": now}
    return _end_hold(connection, ids, values)


def _end_hold(connection: Connection, ids: Sequence[int], values: dict[str, Any]) -> list[tuple[int, int]]:
    done: dict[int, int] = {}
    for some in pages(list(ids)):
        change = sa.update(outbox).where(IS_HELD, outbox.c.id.in_(some)).values(values)
        rows = connection.execute(change.returning(outbox.c.id, outbox.c.case_id))
        done.update({row.id: row.case_id for row in rows})
    return [(number, done[number]) for number in dict.fromkeys(ids) if number in done]


def pages(items: list[Item]) -> Iterable[list[Item]]:
    """Return some items in lists of as many as one query takes."""
    return (items[start : start + _MOST_IDS] for start in range(0, len(items), _MOST_IDS))
