"""What was taken over from mailboxes in use before: which import brought it, and the dangers that nobody has judged.

An import ends once all that it brought is judged and a person has said of each recent danger whether it is one still.
That word is given by the verbs `danger` and `no_danger`, here as at the desk, so that the case alone tells of it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import IMPORTED, AlarmLevel, Arrival, CodedText
from dtm_contact.store.accepting import insert_arrivals
from dtm_contact.store.arrivals import ArrivalState
from dtm_contact.store.columns import DataClass, Id, SafeText, UtcTime, bounded_key, classed
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.schema import IS_OPEN, arrival_bodies, arrivals, cases, contacts, judgements, metadata
from dtm_contact.store.timers import left_in_peace

RECENT: Final = timedelta(hours=48)
"""A certain danger that reached the mailbox within so long before the import began may be one still."""

_NOTHING = classed(DataClass.NONE)
_STAFF = classed(DataClass.STAFF, keep="P3Y", since="import begun")
_MOST_KEYS: Final = 500
_MOST_COPIES: Final = 10

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("source", SafeText, nullable=False),
    sa.Column("begun_at", UtcTime, nullable=False),
    sa.Column("begun_by", SafeText, nullable=False, info=_STAFF),
    sa.Column("ended_at", UtcTime),
    sa.Column("ended_by", SafeText, info=_STAFF),
    info=_NOTHING,
)
"""Each time that a mailbox was taken over; one that was broken off goes on under the same id. `source`: which one."""

imported_arrivals = sa.Table(
    "imported_arrivals",
    metadata,
    sa.Column("arrival_id", Id, sa.ForeignKey("arrivals.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("import_id", Id, sa.ForeignKey("imports.id"), nullable=False, index=True),
    sa.Column("reached_at", UtcTime, nullable=False),
    info=_NOTHING,
)
"""What an import brought; `reached_at`: when it came to the mailbox that it lay in."""


@dataclass(frozen=True, slots=True)
class Import:
    """A mailbox that is or was taken over.

    Attributes:
        id: the store's own.
        source: which mailbox.
        begun_at, begun_by: when, and by whom.
        ended_at, ended_by: the same of its end; None while it is not ended.
    """

    id: int
    source: str
    begun_at: datetime
    begun_by: str
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class ImportedMail:
    """A message that is taken over, and when it came to the mailbox that it lay in (aware)."""

    arrival: Arrival
    reached_at: datetime


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """How far an import is.

    Attributes:
        taken: messages that are in the store.
        waiting: of those, how many are still to be judged.
        cases: cases that they lie in.
        in_cases: messages in those.
        automatic, spam: set aside.
        without_case: judged, and no matter of their own: our own messages, for example.
        parked: could not be judged; a person reads them, in a case each.
    """

    taken: int
    waiting: int
    cases: int
    in_cases: int
    automatic: int
    spam: int
    without_case: int
    parked: int


@dataclass(frozen=True, slots=True)
class PendingDanger:
    """A case in which a recent danger lies that nobody has been told of.

    Attributes:
        number, queue, subject, who: of the case.
        residence_id, dwelling_id: where it is, as far as that is sure.
        reached_at: when the latest such message came to the mailbox.
    """

    number: str
    queue: str
    subject: CodedText
    who: CodedText
    residence_id: str | None
    dwelling_id: str | None
    reached_at: datetime


class StoredImports:
    """The imports of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, source: str, who: str, now: datetime) -> Import:
        """Return the import of a source that is not ended, else a new one."""
        with self._database.writing() as connection:
            same = _IMPORT.where(imports.c.source == source, imports.c.ended_at.is_(None))
            row = connection.execute(same.order_by(imports.c.id.desc()).limit(1)).one_or_none()
            if row is None:
                new = imports.insert().values(source=source, begun_at=now, begun_by=who)
                row = connection.execute(new.returning(*imports.c)).one()
            return Import(*row)

    def listing(self) -> list[Import]:
        """Return all imports, the oldest first."""
        with self._database.reading() as connection:
            return [Import(*row) for row in connection.execute(_IMPORT.order_by(imports.c.id))]

    def accept(self, import_id: int, mails: Sequence[ImportedMail]) -> None:
        """Store messages, all or none; what is there already stays, and belongs to the import that brought it.

        Raises:
            StoreUnavailableError: none was stored.
            CommitUnknownError: whether they were stored is not certain.
        """
        new = {(mail.arrival.channel, bounded_key(mail.arrival.external_id)): mail.arrival for mail in mails}
        reached = {bounded_key(mail.arrival.external_id): mail.reached_at for mail in mails}
        with self._database.writing() as connection:
            insert_arrivals(connection, new)
            stored = sa.select(arrivals.c.id, arrivals.c.external_id).where(_of_keys(list(reached)))
            rows = [
                {"arrival_id": row.id, "import_id": import_id, "reached_at": reached[row.external_id]}
                for row in connection.execute(stored)
            ]
            connection.execute(insert_of(connection)(imported_arrivals).on_conflict_do_nothing(), rows)

    def already_taken(self, external_ids: Collection[str]) -> set[str]:
        """Return which of these were taken over before."""
        return {row.external_id for row in self._rows(external_ids)}

    def unsettled(self, external_ids: Collection[str]) -> set[str]:
        """Return which of these are still to be judged, those left out that were put off."""
        at_work = (ArrivalState.WAITING, ArrivalState.CLAIMED)
        rows = self._rows(external_ids)
        return {row.external_id for row in rows if row.state in at_work and row.not_before is None}

    def _rows(self, external_ids: Collection[str]) -> list[Any]:
        keys = list(external_ids)
        found: list[Any] = []
        with self._database.reading() as connection:
            for start in range(0, len(keys), _MOST_KEYS):
                query = sa.select(arrivals.c.external_id, arrivals.c.state, arrivals.c.not_before)
                found += connection.execute(query.where(_of_keys(keys[start : start + _MOST_KEYS]))).all()
        return found

    def elsewhere(self, message_id: str, mailbox_key: str) -> list[bytes]:
        """Return the bytes of what came by other channels under a Message-ID, or lay in a mailbox under a key.

        Args:
            message_id: without angle brackets; empty where there is none.
            mailbox_key: what the channel `imap` would call it by.
        """
        of_id = sa.select(contacts.c.arrival_id).where(contacts.c.message_id == message_id)
        same = sa.and_(arrivals.c.channel == "imap", arrivals.c.external_id == mailbox_key)
        wanted = sa.or_(arrivals.c.id.in_(of_id), same) if message_id else same
        query = sa.select(arrival_bodies.c.raw).join(arrivals, arrivals.c.id == arrival_bodies.c.arrival_id)
        query = query.where(wanted, arrivals.c.channel != IMPORTED).limit(_MOST_COPIES)
        with self._database.reading() as connection:
            return [bytes(raw) for raw in connection.execute(query).scalars()]

    def counts(self, import_id: int) -> ImportCounts:
        """Return how far an import is."""
        query = (
            sa.select(arrivals.c.state, arrivals.c.kind, contacts.c.case_id)
            .join(imported_arrivals, imported_arrivals.c.arrival_id == arrivals.c.id)
            .outerjoin(contacts, contacts.c.arrival_id == arrivals.c.id)
            .where(imported_arrivals.c.import_id == import_id)
        )
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        aside = [row.kind for row in rows if row.state == ArrivalState.SET_ASIDE]
        judged = [row for row in rows if row.state == ArrivalState.JUDGED]
        return ImportCounts(
            taken=len(rows),
            waiting=sum(row.state in (ArrivalState.WAITING, ArrivalState.CLAIMED) for row in rows),
            cases=len({row.case_id for row in rows} - {None}),
            in_cases=sum(row.case_id is not None for row in rows),
            automatic=aside.count("automatic"),
            spam=aside.count("spam"),
            without_case=sum(row.case_id is None for row in judged),
            parked=sum(row.state == ArrivalState.PARKED for row in rows),
        )

    def parked(self, import_id: int) -> list[tuple[str, str]]:
        """Return case and reason of what an import brought and could not be judged."""
        query = (
            sa.select(cases.c.number, arrivals.c.reason)
            .join(imported_arrivals, imported_arrivals.c.arrival_id == arrivals.c.id)
            .join(contacts, contacts.c.arrival_id == arrivals.c.id)
            .join(cases, cases.c.id == contacts.c.case_id)
            .where(imported_arrivals.c.import_id == import_id, arrivals.c.state == ArrivalState.PARKED)
        )
        with self._database.reading() as connection:
            return [(row.number, row.reason or "") for row in connection.execute(query.order_by(cases.c.number))]

    def pending(self, import_id: int | None = None) -> list[PendingDanger]:
        """Return the recent dangers that a person must still say a word of, the oldest first.

        Args:
            import_id: of this import; None: of all that are not ended.
        """
        with self._database.reading() as connection:
            return _pending(connection, import_id)

    def end(self, import_id: int, who: str, now: datetime) -> bool:
        """End an import, unless one of its messages is not judged yet, or a danger in them not confirmed or declined.

        Args:
            import_id: the import.
            who: the account that ends it.
            now: the time, aware.

        Returns:
            Whether it is ended.
        """
        of_import = sa.select(imported_arrivals.c.arrival_id).where(imported_arrivals.c.import_id == import_id)
        waits = sa.select(arrivals.c.id).where(
            arrivals.c.id.in_(of_import), arrivals.c.state.in_((ArrivalState.WAITING, ArrivalState.CLAIMED))
        )
        mine = sa.update(imports).where(imports.c.id == import_id, imports.c.ended_at.is_(None))
        with self._database.writing() as connection:
            if connection.execute(waits.limit(1)).first() is not None or _pending(connection, import_id):
                return False
            connection.execute(mine.values(ended_at=now, ended_by=who))
            return True


def _pending(connection: Connection, import_id: int | None) -> list[PendingDanger]:
    of_case = [cases.c[name] for name in ("number", "queue", "subject", "who", "residence_id", "dwelling_id")]
    query = (
        sa.select(cases.c.id, *of_case, imported_arrivals.c.reached_at, imports.c.begun_at)
        .join(contacts, contacts.c.case_id == cases.c.id)
        .join(imported_arrivals, imported_arrivals.c.arrival_id == contacts.c.arrival_id)
        .join(imports, imports.c.id == imported_arrivals.c.import_id)
        .join(judgements, judgements.c.contact_id == contacts.c.id)
        .where(IS_OPEN, cases.c.alarm_level == AlarmLevel.CERTAIN, imports.c.ended_at.is_(None))
        .where(judgements.c.decision[("alarm", "level")].as_string() == AlarmLevel.CERTAIN.value)
        .order_by(imported_arrivals.c.reached_at)
    )
    if import_id is not None:
        query = query.where(imports.c.id == import_id)
    rows = [row for row in connection.execute(query) if row.reached_at >= row.begun_at - RECENT]
    # Where somebody has said that it is a danger, or has written anew, it calls people already.
    quiet = left_in_peace(connection, {row.id for row in rows})
    latest = {row.id: PendingDanger(*row[1:8]) for row in rows if row.id in quiet}
    return sorted(latest.values(), key=lambda each: each.reached_at)


def _of_keys(external_ids: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(arrivals.c.channel == IMPORTED, arrivals.c.external_id.in_(external_ids))


_IMPORT = sa.select(*imports.c)
