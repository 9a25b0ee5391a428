"""Legal holds on cases, and what was erased of persons: both outlive the cases that they speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.store.columns import DataClass, Id, SafeText, UtcTime, classed
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.schema import cases, metadata
from dtm_contact.wording import worded

_NOTHING = classed(DataClass.NONE)

legal_holds = sa.Table(
    "legal_holds",
    metadata,
    sa.Column("case_id", Id, sa.ForeignKey("cases.id"), primary_key=True, autoincrement=False),
    sa.Column("since", UtcTime, nullable=False, info=_NOTHING),
    sa.Column("who", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P1Y", since="hold released")),
    sa.Column("why", SafeText, nullable=False),
    info=classed(DataClass.CONTENT, keep="P1D", since="hold released"),
)
"""Cases that nothing may erase, since a claim is being made, exercised or defended (GDPR article 17(3)(e)); the row
goes when the hold is released."""

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("who", SafeText, nullable=False, info=classed(DataClass.STAFF, keep="P5Y", since="erased")),
    sa.Column("counts", sa.JSON, nullable=False),
    info=_NOTHING,
)
"""What was erased on a person's request: when, who did it, how many rows of each place. Whose it was stands nowhere."""


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A case that is kept: its number, since when, by whom and why."""

    number: str
    since: datetime
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class ErasureLine:
    """An erasure on request: its id, when and by whom it was done, and the rows of each place."""

    id: str
    at: datetime
    who: str
    counts: Mapping[str, int]


class StoredHolds:
    """The legal holds and erasures of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def hold(self, number: str, who: str, why: str, now: datetime) -> None:
        """Keep a case from being erased; one that is held already keeps its first reason.

        Raises:
            NotFoundError: there is no such case.
            ValueError: no reason is given.
        """
        if not why.strip():
            raise ValueError(worded("a hold needs a reason"))
        with self._database.writing() as connection:
            row = {"case_id": _case_id(connection, number), "since": now, "who": who, "why": why.strip()}
            connection.execute(insert_of(connection)(legal_holds).values(row).on_conflict_do_nothing())

    def release(self, number: str) -> None:
        """Let a case be erased by its age again.

        Raises:
            NotFoundError: there is no such case, or it is not held.
        """
        with self._database.writing() as connection:
            mine = legal_holds.delete().where(legal_holds.c.case_id == _case_id(connection, number))
            if not connection.execute(mine).rowcount:
                raise NotFoundError(worded("legal hold on case {number}", number=number))

    def holds(self) -> list[LegalHold]:
        """Return all holds, the oldest first."""
        with self._database.reading() as connection:
            return _holds(connection, sa.true())

    def held(self, number: str) -> LegalHold | None:
        """Return the hold on a case; None where there is none."""
        with self._database.reading() as connection:
            return next(iter(_holds(connection, cases.c.number == number)), None)

    def erased(self, limit: int = 100) -> list[ErasureLine]:
        """Return the last erasures on request, the newest first."""
        query = sa.select(*erasures.c).order_by(erasures.c.at.desc()).limit(limit)
        with self._database.reading() as connection:
            return [ErasureLine(*row) for row in connection.execute(query)]


def _case_id(connection: Connection, number: str) -> int:
    found: int | None = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar()
    if found is None:
        raise NotFoundError(worded("case {number}", number=number))
    return found


def _holds(connection: Connection, which: sa.ColumnElement[bool]) -> list[LegalHold]:
    table = legal_holds.c
    query = sa.select(cases.c.number, table.since, table.who, table.why).join(cases, cases.c.id == table.case_id)
    return [LegalHold(*row) for row in connection.execute(query.where(which).order_by(table.since, cases.c.number))]
