"""What agents are writing: their drafts, and who writes to a tenant at this moment."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import Draft, DraftKey, DraftKind, Writer
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.leases import database_time
from dtm_contact.store.listening import WRITING, tell
from dtm_contact.store.schema import cases
from dtm_contact.store.system_schema import accounts
from dtm_contact.store.writing_schema import drafts, writers

WRITES_FOR: Final = timedelta(seconds=20)
"""So long somebody counts as writing after the last sign of it."""
_RENEWED_AFTER: Final = timedelta(seconds=5)
KEPT: Final = timedelta(days=30)
"""The age at which a draft is erased."""
MOST_DRAFTS: Final = 300
"""Drafts of one person; beyond it the oldest goes."""


class StoredDrafts:
    """The drafts of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, key: DraftKey, fields: Mapping[str, str], now: datetime) -> Draft:
        """Keep what somebody is writing, in place of what was kept before; of a letter colleagues are told.

        Args:
            key: which draft.
            fields: what stands in the form.
            now: the time, aware.

        Raises:
            NotFoundError: the case of a letter is not there.
        """
        with self._database.writing() as connection:
            saved = put_draft(connection, key, fields, now)
            if key.kind.is_letter:
                _writes(connection, key)
            return saved

    def draft(self, key: DraftKey) -> Draft | None:
        """Return a draft; None where nothing is being written."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(drafts).where(_is(key))).one_or_none()
        return None if row is None else _draft(row)

    def on(self, account_id: int, about: str) -> dict[DraftKind, Draft]:
        """Return what somebody is writing on a case, by what it becomes."""
        mine = sa.and_(drafts.c.account_id == account_id, drafts.c.about == about)
        with self._database.reading() as connection:
            found = [_draft(row) for row in connection.execute(sa.select(drafts).where(mine))]
        return {each.key.kind: each for each in found}

    def of_kind(self, account_id: int, kind: DraftKind) -> list[Draft]:
        """Return all of somebody's drafts of a kind, the latest first."""
        mine = sa.and_(drafts.c.account_id == account_id, drafts.c.kind == kind)
        query = sa.select(drafts).where(mine).order_by(drafts.c.saved_at.desc(), drafts.c.id.desc())
        with self._database.reading() as connection:
            return [_draft(row) for row in connection.execute(query)]

    def drop(self, key: DraftKey) -> None:
        """Forget a draft, with its files."""
        with self._database.writing() as connection:
            drop_draft(connection, key)

    def drop_of(self, who: str, kind: DraftKind, about: str) -> None:
        """Forget the draft of whoever is called so; that nobody is, is no trouble."""
        with self._database.writing() as connection:
            account_id = connection.execute(sa.select(accounts.c.id).where(accounts.c.name == who)).scalar()
            if account_id is not None:
                drop_draft(connection, DraftKey(account_id, kind, about))

    def still_writes(self, key: DraftKey) -> None:
        """Note that somebody is still at it, who has saved nothing new for a while.

        Raises:
            NotFoundError: the case is not there.
        """
        with self._database.writing() as connection:
            _writes(connection, key)

    def writers(self) -> list[Writer]:
        """Return who writes at this moment, by the cases' numbers, then in the order of the accounts."""
        query = sa.select(cases.c.number, cases.c.queue, accounts.c.id, accounts.c.shown_as)
        query = query.select_from(writers).join(cases, cases.c.id == writers.c.case_id)
        query = query.join(accounts, accounts.c.id == writers.c.account_id)
        with self._database.reading() as connection:
            # Where nobody writes, which is most of the time, the database is not even asked what time it is.
            if connection.execute(sa.select(writers.c.case_id).limit(1)).first() is None:
                return []
            still = writers.c.until > database_time(connection)
            rows = connection.execute(query.where(still).order_by(cases.c.number, accounts.c.id))
            return [Writer(*row) for row in rows]

    def erase_old(self, now: datetime) -> int:
        """Erase the drafts that have reached their age, and who wrote long ago; return how many drafts that were."""
        with self._database.writing() as connection:
            connection.execute(writers.delete().where(writers.c.until < database_time(connection) - timedelta(days=1)))
            return connection.execute(drafts.delete().where(drafts.c.saved_at < now - KEPT)).rowcount


def put_draft(connection: Connection, key: DraftKey, fields: Mapping[str, str], now: datetime) -> Draft:
    """Keep a draft, in a transaction; of those of one person that are too many the oldest goes."""
    values = {"account_id": key.account_id, "kind": key.kind, "about": key.about}
    new = insert_of(connection)(drafts).values(**values, fields=dict(fields), revision=1, saved_at=now)
    again = {"fields": new.excluded.fields, "revision": drafts.c.revision + 1, "saved_at": new.excluded.saved_at}
    kept = new.on_conflict_do_update(index_elements=["account_id", "about", "kind"], set_=again)
    row = connection.execute(kept.returning(*drafts.c)).one()
    if row.revision == 1:
        _bound(connection, key.account_id)
    return _draft(row)


def _bound(connection: Connection, account_id: int) -> None:
    mine = sa.select(drafts.c.id).where(drafts.c.account_id == account_id)
    beyond = mine.order_by(drafts.c.saved_at.desc(), drafts.c.id.desc()).offset(MOST_DRAFTS).limit(MOST_DRAFTS)
    too_many = list(connection.execute(beyond).scalars())
    if too_many:
        connection.execute(drafts.delete().where(drafts.c.id.in_(too_many)))


def drop_draft(connection: Connection, key: DraftKey) -> None:
    """Forget a draft, in a transaction; nobody is told any more that it is being written."""
    connection.execute(drafts.delete().where(_is(key)))
    if key.kind.is_letter:
        theirs = writers.c.account_id == key.account_id
        of_case = writers.c.case_id == sa.select(cases.c.id).where(cases.c.number == key.about).scalar_subquery()
        if connection.execute(writers.delete().where(theirs, of_case)).rowcount:
            tell(connection, WRITING)


def _writes(connection: Connection, key: DraftKey) -> None:
    case_id = connection.execute(sa.select(cases.c.id).where(cases.c.number == key.about)).scalar()
    if case_id is None:
        raise NotFoundError("case")
    now = database_time(connection)
    mine = sa.and_(writers.c.case_id == case_id, writers.c.account_id == key.account_id)
    until = connection.execute(sa.select(writers.c.until).where(mine)).scalar()
    if until is not None and until > now + WRITES_FOR - _RENEWED_AFTER:
        return
    values = {"case_id": case_id, "account_id": key.account_id, "until": now + WRITES_FOR}
    new = insert_of(connection)(writers).values(values)
    connection.execute(
        new.on_conflict_do_update(index_elements=["case_id", "account_id"], set_={"until": new.excluded.until})
    )
    if until is None or until <= now:
        tell(connection, WRITING)


def _is(key: DraftKey) -> sa.ColumnElement[bool]:
    return sa.and_(drafts.c.account_id == key.account_id, drafts.c.about == key.about, drafts.c.kind == key.kind)


def _draft(row: sa.Row[Any]) -> Draft:
    key = DraftKey(row.account_id, DraftKind(row.kind), row.about)
    return Draft(row.id, key, row.fields, row.revision, row.saved_at)


def names_of(writing: Iterable[Writer], number: str, apart_from: int) -> list[str]:
    """Return what those are called who write in a case, but for the one who asks."""
    return [each.shown_as for each in writing if each.number == number and each.account_id != apart_from]
