"""Canned answers that were written at the desk, every version of them, and how often each is used.

What stands here takes the place of the file of the same name in the rules. A version without a source says that from
then on the file counts again, or nothing where there is none. Uses are counted by the day, and of nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.system_schema import canned_answers, canned_uses


@dataclass(frozen=True, slots=True)
class CannedVersion:
    """One version of a canned answer that was written at the desk.

    Attributes:
        id: its number; the greatest of a name counts.
        name: the answer's identifier.
        source: the whole text as its file would have it; None: what was written at the desk is taken back.
        who: who wrote it.
        at: when.
    """

    id: int
    name: str
    source: str | None
    who: str
    at: datetime


class StoredCannedAnswers:
    """The canned answers of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def current(self) -> dict[str, CannedVersion]:
        """Return the version that counts of each answer that was ever written at the desk."""
        latest = sa.select(sa.func.max(canned_answers.c.id)).group_by(canned_answers.c.name)
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(canned_answers).where(canned_answers.c.id.in_(latest)))
            return {row.name: CannedVersion(*row) for row in rows}

    def versions(self, name: str) -> Sequence[CannedVersion]:
        """Return all versions of an answer, the latest first."""
        query = sa.select(canned_answers).where(canned_answers.c.name == name).order_by(canned_answers.c.id.desc())
        with self._database.reading() as connection:
            return [CannedVersion(*row) for row in connection.execute(query)]

    def save(self, name: str, source: str | None, who: str, at: datetime, after: int) -> bool:
        """Add a version, and return whether it was: not so where somebody else has added one since.

        Args:
            name: the answer's identifier.
            source: its whole text; None takes back what was written at the desk.
            who: who wrote it.
            at: when.
            after: the number of the version that was changed; 0 where none was written at the desk.
        """
        mine = sa.select(sa.func.max(canned_answers.c.id)).where(canned_answers.c.name == name)
        with self._database.writing() as connection:
            if (connection.execute(mine).scalar() or 0) != after:
                return False
            connection.execute(canned_answers.insert(), {"name": name, "source": source, "who": who, "at": at})
            return True

    def count_use(self, name: str, day: date) -> None:
        """Count that an answer was put into a reply."""
        with self._database.writing() as connection:
            insert = insert_of(connection)(canned_uses).values(name=name, day=day, uses=1)
            counted = {"uses": canned_uses.c.uses + 1}
            connection.execute(insert.on_conflict_do_update(index_elements=["name", "day"], set_=counted))

    def uses(self, since: date) -> dict[str, int]:
        """Return how often each answer was put into a reply since a day, that day included."""
        query = sa.select(canned_uses.c.name, sa.func.sum(canned_uses.c.uses)).where(canned_uses.c.day >= since)
        with self._database.reading() as connection:
            return {row[0]: int(row[1]) for row in connection.execute(query.group_by(canned_uses.c.name))}
