"""Arrivals: taken in, claimed by one worker each, put off, parked and let go again."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import HeldError, NotFoundError
from dtm_contact.model import Arrival, Envelope, KeptLines, Position
from dtm_contact.store import checkpoints, events, leases
from dtm_contact.store.accepting import fit_one_statement, insert_arrivals, insert_at_once, prepare_at_once
from dtm_contact.store.columns import bounded_key
from dtm_contact.store.database import Database
from dtm_contact.store.restores import pages
from dtm_contact.store.schema import arrival_bodies, arrivals, cases, contacts


class ArrivalState(StrEnum):
    """How far an arrival is."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    JUDGED = "judged"
    SET_ASIDE = "set_aside"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Claimed:
    """An arrival that one worker has taken to judge.

    Attributes:
        id: the arrival's number in the store.
        arrival: what came in.
        attempt: which attempt this is, from 1; one that a crash cut short counts.
        worker: who claimed it: a daemon's incarnation.
        claimed_at: when; with `worker`, it identifies this claim.
        forced_case: an agent released it, so it must become a case whatever it looks like.
        danger_score: how likely it tells of danger by a glance, in thousandths; None where nobody glanced at it.
    """

    id: int
    arrival: Arrival
    attempt: int
    worker: str
    claimed_at: datetime
    forced_case: bool
    danger_score: int | None = None


@dataclass(frozen=True, slots=True)
class ArrivalLine:
    """An arrival as a listing shows it, without its bytes.

    Attributes:
        id: its number in the store.
        channel, external_id, received_at, size: as it came; `size` in octets.
        state: how far it is.
        attempts: how often judging it was begun.
        not_before: when it is tried again, if it was put off.
        kind: what a judged or set aside one became.
        reason: why it was put off or parked.
        sender, subject: who wrote and about what, once that was read; else empty.
        message_id: the mail's own, without angle brackets, once that was read; empty where it has none.
        case_number: the case that it lies in, or that stands in for it.
    """

    id: int
    channel: str
    external_id: str
    received_at: datetime
    size: int
    state: ArrivalState
    attempts: int
    not_before: datetime | None
    kind: str | None
    reason: str | None
    sender: str
    subject: str
    message_id: str
    case_number: str | None


@dataclass(frozen=True, slots=True)
class Glance:
    """An arrival as a glance sees it: its number, what kind of bytes it is, and the first of those."""

    id: int
    media_type: str
    head: bytes


NOBODY: Mapping[str, str] = MappingProxyType({})
_MOST_IDS = 500
_UNDECIDED = ("waiting", "claimed")


class Arrivals:
    """The arrivals of one store.

    Attributes:
        on_accepted: called with arrivals once they are stored, before whoever brought them is thanked; it raises
            nothing.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.on_accepted: Callable[[Sequence[Arrival]], None] | None = None

    def accept(
        self,
        new: Sequence[Arrival],
        read: Sequence[tuple[Position, KeptLines]] = (),
        following: Mapping[str, str] = NOBODY,
    ) -> None:
        """Store arrivals in one transaction, all or none; one that is already there is left as it is.

        Args:
            new: the arrivals.
            read: how far the channels that read by themselves have come with them, and the lines that they keep.
            following: the daemon (an incarnation) that must still follow a channel, by the channel's name.

        Raises:
            LeaseLostError: another daemon follows one of them meanwhile; nothing was stored.
            StoreUnavailableError: none was stored.
            CommitUnknownError: whether they were stored is not certain.
        """
        unique = {(arrival.channel, bounded_key(arrival.external_id)): arrival for arrival in reversed(new)}
        in_order = dict(reversed(unique.items()))
        if in_order and not read and self._database.sqlite_path is not None and fit_one_statement(in_order):
            with self._database.at_once(prepare_at_once) as driver:
                insert_at_once(driver, in_order)
        elif in_order or read:
            with self._database.writing() as connection:
                insert_arrivals(connection, in_order)
                for position, kept in read:
                    if position.channel in following:
                        leases.check_following(connection, position.channel, following[position.channel])
                    checkpoints.put(connection, position, kept)
        if in_order and self.on_accepted is not None:
            self.on_accepted(tuple(in_order.values()))

    def head(self, channel: str, external_id: str, octets: int) -> bytes | None:
        """Return the first octets of an arrival; None where there is none, or its bytes have been erased by their age.

        Raises:
            StoreUnavailableError: the store cannot be read.
        """
        wanted = {"channel": channel, "external_id": bounded_key(external_id), "octets": octets}
        with self._database.reading() as connection:
            found = connection.execute(_HEAD, wanted).scalar_one_or_none()
        return None if found is None else bytes(found)

    def decided(self, channel: str, external_ids: Sequence[str]) -> dict[str, str]:
        """Return where those of a channel's arrivals went that are judged or parked.

        Returns:
            By external id the queue of the case as it lies now; where there is no case, what the arrival became.
        """
        found: dict[str, str] = {}
        wanted = {bounded_key(external_id): external_id for external_id in external_ids}
        for start in range(0, len(wanted), _MOST_IDS):
            some = list(wanted)[start : start + _MOST_IDS]
            for row in self._settled(channel, some):
                found[wanted[row.external_id]] = row.queue or row.kind or "none"
        return found

    def _settled(self, channel: str, keys: Sequence[str]) -> Sequence[Any]:
        query = (
            sa.select(arrivals.c.external_id, arrivals.c.kind, cases.c.queue)
            .outerjoin(contacts, contacts.c.arrival_id == arrivals.c.id)
            .outerjoin(cases, cases.c.id == contacts.c.case_id)
            .where(arrivals.c.channel == channel, arrivals.c.external_id.in_(keys), arrivals.c.state.not_in(_UNDECIDED))
        )
        with self._database.reading() as connection:
            return connection.execute(query).all()

    def claim(
        self, worker: str, now: datetime, *, in_turn_first: bool = False, danger_first: bool = True
    ) -> Claimed | None:
        """Take an arrival, or None; no other worker gets it.

        The one that is likeliest to tell of danger, of equal ones that stored first; where none seems to, the one that
        waits longest. Of those to be judged in turn only the first one may be taken, and only while no other is being
        judged.

        Args:
            worker: who takes it: a daemon's incarnation.
            now: the time, aware.
            in_turn_first: prefer one that is to be judged in turn; else it is taken where no other waits.
            danger_first: prefer before all what seems to tell of danger; else age alone decides.

        Raises:
            StoreUnavailableError: the store cannot be written.
        """
        by_age = (_CLAIM_IN_TURN, _CLAIM) if in_turn_first else (_CLAIM, _CLAIM_IN_TURN)
        orders = (_CLAIM_DANGER, *by_age) if danger_first else by_age
        with self._database.writing() as connection:
            rows = (connection.execute(order, {"worker": worker, "now": now}).one_or_none() for order in orders)
            row = next(filter(None, rows), None)
            if row is None:
                return None
            arrival = load_arrival(connection, row.id)
            return Claimed(row.id, arrival, row.attempts, worker, row.claimed_at, row.forced_case, row.danger_score)

    def heads(self, numbers: Collection[int], octets: int) -> Iterator[Glance]:
        """Yield the first octets of arrivals, as far as the store holds them.

        Args:
            numbers: of which arrivals.
            octets: how many of the first octets of each.
        """
        head = sa.func.substr(arrival_bodies.c.raw, 1, octets, type_=sa.LargeBinary).label("head")
        query = sa.select(arrivals.c.id, arrivals.c.media_type, head).join(arrival_bodies)
        for some in pages(list(numbers)):
            with self._database.reading() as connection:
                rows = connection.execute(query.where(arrivals.c.id.in_(some))).all()
            for row in rows:
                yield Glance(row.id, row.media_type, bytes(row.head))

    def not_looked_at(self, after: int, limit: int, octets: int) -> list[Glance]:
        """Return the first octets of arrivals that wait and that nobody has glanced at, in the order of their numbers.

        Those that are judged in turn are left out: their order is not to be changed.

        Args:
            after: only those with a higher number: the last one of the page before.
            limit: how many at the most.
            octets: how many of the first octets of each.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_NOT_LOOKED_AT, {"after": after, "most": limit, "octets": octets})
            return [Glance(row.id, row.media_type, bytes(row.head)) for row in rows]

    def looked_at(self, scores: Mapping[int, int]) -> None:
        """Keep how likely arrivals tell of danger by a glance, in thousandths; what is kept already stays.

        Args:
            scores: by the arrival's number.
        """
        # By growing numbers, so that two who keep the same ones never wait for each other.
        kept = [{"arrival": number, "score": score} for number, score in sorted(scores.items())]
        with self._database.writing() as connection:
            connection.execute(_KEEP_SCORE, kept)

    def retry_later(self, claimed: Claimed, reason: str, not_before: datetime) -> None:
        """Put a claimed arrival off; nothing changes when its claim was lost meanwhile.

        Args:
            claimed: the arrival.
            reason: why, in a few words without anything personal.
            not_before: when it may be tried again.
        """
        change = let_go().values(reason=reason, not_before=not_before).where(still_claimed(claimed))
        with self._database.writing() as connection:
            connection.execute(change)

    def waiting(self) -> int:
        """Return how many arrivals are still to be judged, those being judged and those put off included."""
        count = sa.select(sa.func.count()).where(_in_state(ArrivalState.WAITING, ArrivalState.CLAIMED))
        with self._database.reading() as connection:
            return connection.execute(count).scalar_one()

    def oldest_waiting(self) -> datetime | None:
        """Return when the oldest of those came that are still to be judged; None where there is none."""
        first = sa.select(sa.func.min(arrivals.c.received_at))
        with self._database.reading() as connection:
            at_work = _in_state(ArrivalState.WAITING, ArrivalState.CLAIMED)
            oldest: datetime | None = connection.execute(first.where(at_work)).scalar_one()
            return oldest

    def listing(self, state: ArrivalState | None = None, *, limit: int = 100, after: int = 0) -> list[ArrivalLine]:
        """Return arrivals in the order in which they were stored.

        Args:
            state: only those in this state.
            limit: how many at the most.
            after: only those with a higher number: the last one of the page before.
        """
        query = _lines().where(arrivals.c.id > after).order_by(arrivals.c.id).limit(limit)
        if state is not None:
            query = query.where(_in_state(state))
        with self._database.reading() as connection:
            return [_line(row) for row in connection.execute(query)]

    def get(self, arrival_id: int) -> Arrival:
        """Return an arrival with its bytes.

        Raises:
            NotFoundError: there is none of that number, or its bytes have been erased by their age.
        """
        with self._database.reading() as connection:
            return load_arrival(connection, arrival_id)

    def find(self, channel: str, external_id: str) -> Arrival | None:
        """Return an arrival with its bytes; None where there is none, or its bytes have been erased by their age."""
        wanted = {"channel": channel, "external_id": bounded_key(external_id)}
        with self._database.reading() as connection:
            number = connection.execute(_NUMBER, wanted).scalar_one_or_none()
            return None if number is None else load_arrival(connection, number)

    def retry(self, arrival_id: int, who: str, now: datetime) -> None:
        """Let an arrival be judged again that was parked, or that a daemon holds whose lease is over.

        The case that stands in for it stays, and is completed.

        Raises:
            HeldError: a daemon that lives is judging it.
            NotFoundError: there is no arrival of that number, or it is neither parked nor being judged.
        """
        self._reopen(arrival_id, (ArrivalState.PARKED, ArrivalState.CLAIMED), {}, events.NewEvent(who, "retried", now))

    def release(self, arrival_id: int, who: str, now: datetime) -> None:
        """Let an arrival that was set aside be judged again, as a case whatever it looks like.

        Raises:
            NotFoundError: no arrival that was set aside has that number.
        """
        forced = {"forced_case": True}
        self._reopen(arrival_id, (ArrivalState.SET_ASIDE,), forced, events.NewEvent(who, "released", now))

    def was_set_aside(self, arrival_id: int) -> bool:
        """Return whether an arrival was set aside once and brought back since."""
        query = sa.select(arrivals.c.id).where(arrivals.c.id == arrival_id, arrivals.c.forced_case)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def _reopen(
        self, arrival_id: int, states: Sequence[ArrivalState], values: dict[str, Any], event: events.NewEvent
    ) -> None:
        change = (
            let_go()
            .values(attempts=0, reason=None, not_before=None, settled_at=None, **values)
            .where(arrivals.c.id == arrival_id, arrivals.c.state.in_(states))
        )
        contact = sa.update(contacts).where(contacts.c.arrival_id == arrival_id)
        with self._database.writing() as connection:
            _check_not_held(connection, arrival_id)
            if connection.execute(change).rowcount == 0:
                raise NotFoundError(f"arrival {arrival_id} in state {' or '.join(states)}")
            load_arrival(connection, arrival_id)
            case_id = connection.execute(
                contact.values(judged_at=None).returning(contacts.c.case_id)
            ).scalar_one_or_none()
            events.append(connection, event, case_id=case_id, arrival_id=arrival_id)


def load_arrival(connection: Connection, arrival_id: int) -> Arrival:
    """Return an arrival with its bytes.

    Raises:
        NotFoundError: there is none of that number, or its bytes have been erased by their age.
    """
    row = connection.execute(_WHOLE, {"arrival": arrival_id}).one_or_none()
    if row is None:
        raise NotFoundError(f"arrival {arrival_id}")
    envelope = envelope_of(row.envelope)
    return Arrival(row.channel, row.external_id, row.received_at, row.media_type, envelope, row.raw, row.in_turn)


_WHOLE = (
    sa.select(*(arrivals.c[name] for name in Arrival.__slots__ if name != "raw"), arrival_bodies.c.raw)
    .join(arrival_bodies)
    .where(arrivals.c.id == sa.bindparam("arrival"))
)


_NUMBER = (
    sa.select(arrivals.c.id)
    .join(arrival_bodies)
    .where(arrivals.c.channel == sa.bindparam("channel"), arrivals.c.external_id == sa.bindparam("external_id"))
)


def _check_not_held(connection: Connection, arrival_id: int) -> None:
    """Make sure, in a transaction, that no daemon that lives is judging an arrival.

    Raises:
        HeldError: one is.
    """
    found = connection.execute(
        sa.select(arrivals.c.claimed_by)
        .where(arrivals.c.id == arrival_id, arrivals.c.state == ArrivalState.CLAIMED)
        .with_for_update()
    ).scalar_one_or_none()
    holder = leases.holder_of(connection, found) if found is not None else None
    if holder is not None:
        raise HeldError(f"arrival {arrival_id} is being judged by {holder}; if that is gone, try again then")


def still_claimed(claimed: Claimed) -> sa.ColumnElement[bool]:
    """Return the condition that this very claim still holds."""
    return sa.and_(
        arrivals.c.id == claimed.id,
        arrivals.c.state == ArrivalState.CLAIMED,
        arrivals.c.claimed_by == claimed.worker,
        arrivals.c.claimed_at == claimed.claimed_at,
    )


def envelope_of(stored: dict[str, Any] | None) -> Envelope | None:
    """Return an envelope as the column has it; None where the arrival has none."""
    return None if stored is None else Envelope(**{**stored, "recipients": tuple(stored["recipients"])})


def _written_out(state: ArrivalState) -> sa.BindParameter[str]:
    # Not bound: only so does SQLite see that a partial index answers the question.
    return sa.literal(state, sa.Text, literal_execute=True)


def _in_state(*states: ArrivalState) -> sa.ColumnElement[bool]:
    wanted = arrivals.c.state.in_(states)
    if ArrivalState.JUDGED in states:
        return wanted
    return sa.and_(arrivals.c.state != _written_out(ArrivalState.JUDGED), wanted)


# As the partial indexes have it: the form that is made of the column would say `in_turn = 1`, which they do not know.
_IN_TURN = sa.text("arrivals.in_turn")
_BESIDE_OTHERS = sa.text("NOT arrivals.in_turn")
# Written out as in the partial index, like the states.
_SEEMS_DANGER = sa.text("arrivals.danger_score > 0")
_NOT_PUT_OFF = sa.or_(arrivals.c.not_before.is_(None), arrivals.c.not_before <= sa.bindparam("now"))
# PostgreSQL needs SKIP LOCKED, or two claimers would both get the row; SQLite has one writer and ignores it.
_FIRST = (
    sa.select(arrivals.c.id)
    .where(arrivals.c.state == _written_out(ArrivalState.WAITING), _BESIDE_OTHERS)
    .where(_NOT_PUT_OFF)
    .order_by(arrivals.c.received_at, arrivals.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_FIRST_DANGER = (
    sa.select(arrivals.c.id)
    .where(arrivals.c.state == _written_out(ArrivalState.WAITING), _SEEMS_DANGER)
    .where(_NOT_PUT_OFF)
    .order_by(arrivals.c.danger_score.desc(), arrivals.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_FIRST_IN_TURN = (
    sa.select(arrivals.c.id)
    .where(_IN_TURN)
    .where(arrivals.c.state.in_([_written_out(ArrivalState.WAITING), _written_out(ArrivalState.CLAIMED)]))
    .order_by(arrivals.c.id)
    .limit(1)
)


_FIRST_OCTETS = sa.func.substr(arrival_bodies.c.raw, 1, sa.bindparam("octets"), type_=sa.LargeBinary)
_HEAD = (
    sa.select(_FIRST_OCTETS)
    .join(arrivals, arrivals.c.id == arrival_bodies.c.arrival_id)
    .where(arrivals.c.channel == sa.bindparam("channel"), arrivals.c.external_id == sa.bindparam("external_id"))
)
_NOT_LOOKED_AT = (
    sa.select(
        arrivals.c.id,
        arrivals.c.media_type,
        _FIRST_OCTETS.label("head"),
    )
    .join(arrival_bodies)
    .where(arrivals.c.state != _written_out(ArrivalState.JUDGED))
    .where(arrivals.c.state == _written_out(ArrivalState.WAITING), _BESIDE_OTHERS)
    .where(arrivals.c.danger_score.is_(None), arrivals.c.id > sa.bindparam("after"))
    .order_by(arrivals.c.id)
    .limit(sa.bindparam("most"))
)
_KEEP_SCORE = (
    sa.update(arrivals)
    .where(arrivals.c.id == sa.bindparam("arrival"), arrivals.c.danger_score.is_(None))
    .values(danger_score=sa.bindparam("score"))
)


def _claim(first: sa.Select[tuple[int]]) -> sa.Executable:
    return (
        sa.update(arrivals)
        # Told again: of two who waited for the same row, the second finds it taken.
        .where(arrivals.c.id == first.scalar_subquery(), arrivals.c.state == ArrivalState.WAITING, _NOT_PUT_OFF)
        .values(
            state=ArrivalState.CLAIMED,
            claimed_by=sa.bindparam("worker"),
            claimed_at=sa.bindparam("now"),
            attempts=arrivals.c.attempts + 1,
            not_before=None,
        )
        .returning(*(arrivals.c[name] for name in ("id", "attempts", "claimed_at", "forced_case", "danger_score")))
    )


_CLAIM = _claim(_FIRST)
_CLAIM_IN_TURN = _claim(_FIRST_IN_TURN)
_CLAIM_DANGER = _claim(_FIRST_DANGER)


def let_go() -> sa.Update:
    """Return what gives an arrival back, so that it can be claimed again."""
    return sa.update(arrivals).values(state=ArrivalState.WAITING, claimed_by=None, claimed_at=None)


def _lines() -> sa.Select[Any]:
    return (
        sa.select(
            *(arrivals.c[name] for name in _OF_ARRIVAL),
            sa.func.coalesce(contacts.c.sender_address, "").label("sender"),
            sa.func.coalesce(contacts.c.subject, "").label("subject"),
            sa.func.coalesce(contacts.c.message_id, "").label("message_id"),
            cases.c.number.label("case_number"),
        )
        .outerjoin(contacts, contacts.c.arrival_id == arrivals.c.id)
        .outerjoin(cases, cases.c.id == contacts.c.case_id)
    )


_OF_ARRIVAL = (
    "id", "channel", "external_id", "received_at", "size", "state", "attempts", "not_before", "kind", "reason",
)  # fmt: skip


def _line(row: Any) -> ArrivalLine:
    values = row._asdict()
    return ArrivalLine(**{**values, "state": ArrivalState(values["state"])})
