"""What was recognised in scanned letters, kept beside their arrivals, and which letters wait for that.

An arrival whose letter nobody has recognised is put off until it is, or until its time is up: judging goes on with all
others. Results are looked up by the digest of the file, so that judging again, or the same scan sent twice, needs no
second recognition; they are of the arrival all the same, and are erased with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from pydantic import TypeAdapter

from dtm_contact.model import Recognition
from dtm_contact.store.arrivals import ArrivalState, Claimed, let_go, still_claimed
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.files import handed_in_octets
from dtm_contact.store.schema import arrival_bodies, arrivals, recognitions
from dtm_contact.store.writing_schema import files

_RECOGNITION: Final = TypeAdapter(Recognition)
_BY_HAND: Final = "desk"
"""The channel of cases by hand, whose files lie beside the arrival and not in it."""
_REASON: Final = "a scanned letter waits to be recognised"


@dataclass(frozen=True, slots=True)
class Scan:
    """A file that somebody is to recognise: the arrival that brought it, and that message's bytes, or its own."""

    arrival_id: int
    sha256: str
    raw: bytes


class Recognitions:
    """The recognised letters of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recognised_in(self, digests: Sequence[str]) -> Mapping[str, Recognition]:
        """Return what was recognised in files, by their digests; those that nobody has recognised are left out."""
        query = sa.select(recognitions.c.sha256, recognitions.c.found).where(
            recognitions.c.sha256.in_(digests), recognitions.c.found.is_not(None)
        )
        with self._database.reading() as connection:
            return {row.sha256: _RECOGNITION.validate_python(row.found) for row in connection.execute(query)}

    def wait(self, claimed: Claimed, digests: Sequence[str], now: datetime, longest: timedelta) -> bool:
        """Put a claimed arrival off until its letter is recognised; that costs it no attempt.

        Args:
            claimed: the arrival; nothing changes when its claim was lost meanwhile.
            digests: of its files that nobody has recognised.
            now: the time, aware.
            longest: how long an arrival waits for that at the most.

        Returns:
            Whether it waits; false where it has waited that long.
        """
        mine = recognitions.c.arrival_id == claimed.id
        with self._database.writing() as connection:
            since = connection.execute(sa.select(sa.func.min(recognitions.c.asked_at)).where(mine)).scalar() or now
            if now >= since + longest:
                return False
            change = let_go().values(reason=_REASON, attempts=arrivals.c.attempts - 1, not_before=since + longest)
            if connection.execute(change.where(still_claimed(claimed))).rowcount:
                rows = [{"arrival_id": claimed.id, "sha256": each, "asked_at": now} for each in dict.fromkeys(digests)]
                connection.execute(insert_of(connection)(recognitions).on_conflict_do_nothing(), rows)
            return True

    def begin(self, now: datetime, again_after: timedelta) -> Scan | None:
        """Take the scan that waits longest, or None; nobody else gets it within `again_after`."""
        handed_in = sa.and_(files.c.arrival_id == recognitions.c.arrival_id, files.c.sha256 == recognitions.c.sha256)
        # What an agent attaches to a letter is laid to its arrival a moment after that is there.
        is_there = sa.or_(arrivals.c.channel != _BY_HAND, sa.exists().where(handed_in))
        free = sa.or_(recognitions.c.begun_at.is_(None), recognitions.c.begun_at < now - again_after)
        first = (
            sa.select(recognitions.c.arrival_id, recognitions.c.sha256)
            .join(arrivals, arrivals.c.id == recognitions.c.arrival_id)
            .where(recognitions.c.found.is_(None), free, arrivals.c.state == ArrivalState.WAITING, is_there)
            .order_by(recognitions.c.asked_at)
            .limit(1)
        )
        with self._database.reading() as connection:
            # Most of the time nothing waits, and nobody has to write for that.
            if connection.execute(first).first() is None:
                return None
        with self._database.writing() as connection:
            row = connection.execute(first.with_for_update(of=recognitions, skip_locked=True)).one_or_none()
            if row is None:
                return None
            connection.execute(sa.update(recognitions).where(*_is(row)).values(begun_at=now))
            body = sa.select(arrival_bodies.c.raw).where(arrival_bodies.c.arrival_id == row.arrival_id)
            raw = handed_in_octets(connection, row.arrival_id, row.sha256)
            if raw is None:
                raw = connection.execute(body).scalar_one_or_none()
            return Scan(row.arrival_id, row.sha256, bytes(raw or b""))

    def keep(self, scan: Scan, recognition: Recognition) -> None:
        """Keep what was recognised in a scan, wherever else it came; arrivals that waited for nothing else go on."""
        kept = _RECOGNITION.dump_python(recognition, mode="json")
        same = sa.and_(recognitions.c.sha256 == scan.sha256, recognitions.c.found.is_(None))
        others = recognitions.alias()
        waits = sa.exists().where(others.c.arrival_id == arrivals.c.id, others.c.found.is_(None))
        with self._database.writing() as connection:
            change = sa.update(recognitions).where(same).values(found=kept).returning(recognitions.c.arrival_id)
            done = sorted(connection.execute(change).scalars())
            go_on = sa.update(arrivals).where(arrivals.c.id.in_(done), arrivals.c.state == ArrivalState.WAITING)
            connection.execute(go_on.where(arrivals.c.reason == _REASON, ~waits).values(not_before=None))

    def waiting(self) -> int:
        """Return how many scans wait to be recognised."""
        query = (
            sa.select(sa.func.count())
            .select_from(recognitions)
            .join(arrivals, arrivals.c.id == recognitions.c.arrival_id)
            .where(recognitions.c.found.is_(None), arrivals.c.state == ArrivalState.WAITING)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()


def _is(row: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return recognitions.c.arrival_id == row.arrival_id, recognitions.c.sha256 == row.sha256
