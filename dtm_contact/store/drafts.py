"""What agents are writing: their drafts, and who writes to a tenant at this moment."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import Draft, DraftKey, DraftKind, Writer
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.leases import database_time
from dtm_contact.store.listening import WRITING, tell
from dtm_contact.store.schema import cases
from dtm_contact.store.system_schema import accounts
from dtm_contact.store.writing_schema import act_keys, drafts, files, writers

WRITES_FOR: Final = timedelta(seconds=20)
"""So long somebody counts as writing after the last sign of it."""
_RENEWED_AFTER: Final = timedelta(seconds=5)
KEPT: Final = timedelta(days=30)
"""The age at which a draft is erased."""
ACT_KEYS_KEPT: Final = timedelta(days=1)
"""So long a form that is sent again does nothing again."""
MOST_DRAFTS: Final = 300
"""Drafts of one person; beyond it the oldest goes."""


class StoredDrafts:
    """The drafts of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self, written: Mapping[DraftKey, Mapping[str, str]], now: datetime, still: Collection[DraftKey] = ()
    ) -> dict[DraftKey, int]:
        """Keep what several people are writing, in one transaction; it lets what came in go first.

        Of the letters among them colleagues are told.

        Args:
            written: what stands in each form, in place of what was kept before; where nothing does, the draft is
                forgotten unless it has files.
            now: the time, aware.
            still: letters that somebody is still at, though nothing new was typed.

        Returns:
            The revision of each; 0 where nothing is left of it.
        """
        with self._database.writing(gives_way=True) as connection:
            empty = [key for key, fields in written.items() if not any(value.strip() for value in fields.values())]
            gone = set(empty) - _with_files(connection, empty)
            for key in gone:
                drop_draft(connection, key)
            left = {key: fields for key, fields in written.items() if key not in gone}
            saved = _put(connection, left, now)
            _note_writers(connection, [key for key in (*left, *still) if key.kind.is_letter])
        return {key: saved[key].revision if key in saved else 0 for key in written}

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

    def numbers_of(self, account_id: int) -> frozenset[str]:
        """Return the cases in which somebody has begun to write something and not sent it."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(begun_by(account_id)).scalars())

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
        """Erase the drafts that have reached their age, who wrote long ago, and what was done by which form.

        Returns:
            How many drafts that were.
        """
        with self._database.writing() as connection:
            connection.execute(act_keys.delete().where(act_keys.c.at < now - ACT_KEYS_KEPT))
            connection.execute(writers.delete().where(writers.c.until < database_time(connection) - timedelta(days=1)))
            return connection.execute(drafts.delete().where(drafts.c.saved_at < now - KEPT)).rowcount


def begun_by(account_id: int) -> sa.Select[Any]:
    """Return the query of the numbers of the cases in which an account has drafts."""
    return sa.select(drafts.c.about).where(drafts.c.account_id == account_id, drafts.c.kind != DraftKind.NEW).distinct()


def _put(connection: Connection, written: Mapping[DraftKey, Mapping[str, str]], now: datetime) -> dict[DraftKey, Draft]:
    """Keep drafts, in a transaction; of those of one person that are too many the oldest goes."""
    if not written:
        return {}
    # In one order, so that two daemons that lock the same rows do not wait for each other.
    rows = [
        {"account_id": key.account_id, "kind": key.kind, "about": key.about, "fields": dict(written[key])}
        for key in sorted(written, key=lambda key: (key.account_id, key.about, key.kind))
    ]
    new = insert_of(connection)(drafts)
    again = {"fields": new.excluded.fields, "revision": drafts.c.revision + 1, "saved_at": new.excluded.saved_at}
    kept = new.on_conflict_do_update(index_elements=["account_id", "about", "kind"], set_=again)
    put = [{**row, "revision": 1, "saved_at": now} for row in rows]
    saved = [_draft(row) for row in connection.execute(kept.returning(*drafts.c), put)]
    for account_id in {draft.key.account_id for draft in saved if draft.revision == 1}:
        _bound(connection, account_id)
    return {draft.key: draft for draft in saved}


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


def _note_writers(connection: Connection, letters: Collection[DraftKey]) -> None:
    """Note who is at which letter, in a transaction; where somebody has begun, whoever listens is told."""
    if not letters:
        return
    numbered = sa.select(cases.c.number, cases.c.id).where(cases.c.number.in_({key.about for key in letters}))
    ids = {row.number: row.id for row in connection.execute(numbered)}
    noted = sa.select(writers.c.case_id, writers.c.account_id, writers.c.until).where(
        writers.c.case_id.in_(ids.values())
    )
    until = {(row.case_id, row.account_id): row.until for row in connection.execute(noted)}
    now = database_time(connection)
    at_it = sorted({(ids[key.about], key.account_id) for key in letters if key.about in ids})
    due = [who for who in at_it if who not in until or until[who] <= now + WRITES_FOR - _RENEWED_AFTER]
    if not due:
        return
    new = insert_of(connection)(writers)
    renewed = new.on_conflict_do_update(index_elements=["case_id", "account_id"], set_={"until": new.excluded.until})
    ends = now + WRITES_FOR
    connection.execute(renewed, [{"case_id": case, "account_id": account, "until": ends} for case, account in due])
    if any(who not in until or until[who] <= now for who in due):
        tell(connection, WRITING)


def _with_files(connection: Connection, keys: Collection[DraftKey]) -> set[DraftKey]:
    """Return the drafts among these that have whole files."""
    if not keys:
        return set()
    whole = sa.exists().where(files.c.draft_id == drafts.c.id, files.c.state != "coming")
    query = sa.select(drafts.c.account_id, drafts.c.kind, drafts.c.about).where(whole, sa.or_(*map(_is, keys)))
    return {DraftKey(row.account_id, DraftKind(row.kind), row.about) for row in connection.execute(query)}


def _is(key: DraftKey) -> sa.ColumnElement[bool]:
    return sa.and_(drafts.c.account_id == key.account_id, drafts.c.about == key.about, drafts.c.kind == key.kind)


def _draft(row: sa.Row[Any]) -> Draft:
    key = DraftKey(row.account_id, DraftKind(row.kind), row.about)
    return Draft(row.id, key, row.fields, row.revision, row.saved_at)


def names_of(writing: Iterable[Writer], number: str, apart_from: int) -> list[str]:
    """Return what those are called who write in a case, but for the one who asks."""
    return [each.shown_as for each in writing if each.number == number and each.account_id != apart_from]
