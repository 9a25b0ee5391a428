"""What agents are writing: their drafts, and who writes to a tenant at this moment."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.model import UNKNOWN_PAGE, Draft, DraftKey, DraftKind, Writer, WritingPage
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.leases import database_time
from dtm_contact.store.listening import WRITING, tell
from dtm_contact.store.schema import cases
from dtm_contact.store.system_schema import accounts
from dtm_contact.store.writing_schema import act_keys, drafts, ended_writings, files, writers

WRITES_FOR: Final = timedelta(seconds=20)
"""So long somebody counts as writing after the last sign of it."""
_RENEWED_AFTER: Final = timedelta(seconds=5)
KEPT: Final = timedelta(days=30)
"""The age at which a draft is erased."""
ACT_KEYS_KEPT: Final = timedelta(days=1)
"""So long a form that is sent again does nothing again."""
MOST_DRAFTS: Final = 300
"""Drafts of one person; beyond it the oldest goes."""
ENDED: Final = -1
"""In place of a revision: what was written there was sent or thrown away, and nothing of it is kept any more."""


_LATEST: Final = (drafts.c.saved_at.desc(), drafts.c.id.desc())


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
            written: what stands in each form, in place of what was kept before of the same page, or of the one that
                it goes on from as it showed it; where nothing does, the draft is forgotten unless it has files. What
                another page keeps meanwhile stays beside it.
            now: the time, aware.
            still: letters that somebody is still at, though nothing new was typed.

        Returns:
            The revision of each; 0 where nothing is left of it, `ENDED` where it is not kept.
        """
        with self._database.writing(gives_way=True) as connection:
            ended = _ended(connection, written)
            open_ones = {key: fields for key, fields in written.items() if key not in ended}
            empty = [key for key, fields in open_ones.items() if not any(value.strip() for value in fields.values())]
            gone = set(empty) - _with_files(connection, empty)
            for key in gone:
                _forget(connection, key)
            left = {key: fields for key, fields in open_ones.items() if key not in gone}
            saved = _put(connection, left, now)
            _note_writers(connection, [key for key in (*left, *still) if key.kind.is_letter])
        return {key: ENDED if key in ended else saved.get(key, 0) for key in written}

    def draft(self, key: DraftKey) -> Draft | None:
        """Return the draft that was saved last, of whatever page; None where nothing is being written."""
        return next(iter(self.of_all_pages(key)), None)

    def of_all_pages(self, key: DraftKey) -> list[Draft]:
        """Return what somebody writes of one kind in one case, in whatever page; what was saved last first."""
        with self._database.reading() as connection:
            return [_draft(row) for row in connection.execute(sa.select(drafts).where(_is(key)).order_by(*_LATEST))]

    def on(self, account_id: int, about: str) -> dict[DraftKind, list[Draft]]:
        """Return what somebody is writing on a case, by what it becomes; of each what was saved last first."""
        mine = sa.and_(drafts.c.account_id == account_id, drafts.c.about == about)
        with self._database.reading() as connection:
            found = [_draft(row) for row in connection.execute(sa.select(drafts).where(mine).order_by(*_LATEST))]
        return {kind: [each for each in found if each.key.kind is kind] for kind in {each.key.kind for each in found}}

    def numbers_of(self, account_id: int) -> frozenset[str]:
        """Return the cases in which somebody has begun to write something and not sent it."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(begun_by(account_id)).scalars())

    def of_kind(self, account_id: int, kind: DraftKind) -> list[Draft]:
        """Return all of somebody's drafts of a kind, the latest first."""
        mine = sa.and_(drafts.c.account_id == account_id, drafts.c.kind == kind)
        query = sa.select(drafts).where(mine).order_by(*_LATEST)
        with self._database.reading() as connection:
            return [_draft(row) for row in connection.execute(query)]

    def drop(self, key: DraftKey, now: datetime) -> None:
        """Forget a draft, with its files; see `drop_draft`."""
        with self._database.writing() as connection:
            drop_draft(connection, key, now)

    def drop_of(self, who: str, kind: DraftKind, about: str, now: datetime) -> None:
        """Forget the drafts of whoever is called so; that nobody is, is no trouble."""
        with self._database.writing() as connection:
            account_id = connection.execute(sa.select(accounts.c.id).where(accounts.c.name == who)).scalar()
            if account_id is not None:
                drop_draft(connection, DraftKey(account_id, kind, about), now)

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
        with self._database.writing(gives_way=True) as connection:
            connection.execute(act_keys.delete().where(act_keys.c.at < now - ACT_KEYS_KEPT))
            connection.execute(ended_writings.delete().where(ended_writings.c.at < now - KEPT))
            connection.execute(writers.delete().where(writers.c.until < database_time(connection) - timedelta(days=1)))
            return connection.execute(drafts.delete().where(drafts.c.saved_at < now - KEPT)).rowcount


def begun_by(account_id: int) -> sa.Select[Any]:
    """Return the query of the numbers of the cases in which an account has drafts."""
    return sa.select(drafts.c.about).where(drafts.c.account_id == account_id, drafts.c.kind != DraftKind.NEW).distinct()


def _ended(connection: Connection, keys: Iterable[DraftKey]) -> set[DraftKey]:
    """Return those of some drafts whose page, or the one that it goes on from, has nothing to keep any more."""
    pages = {(key.account_id, page): key for key in keys for page in key.page.ids}
    if not pages:
        return set()
    named = ended_writings.c.writing.in_({page for _account, page in pages})
    query = sa.select(ended_writings.c.account_id, ended_writings.c.writing).where(named)
    over = {(row.account_id, row.writing) for row in connection.execute(query)}
    return {key for key in keys if any((key.account_id, page) in over for page in key.page.ids)}


def _put(connection: Connection, written: Mapping[DraftKey, Mapping[str, str]], now: datetime) -> dict[DraftKey, int]:
    """Keep drafts, in a transaction, and return their revisions; of those of one person too many the oldest goes."""
    if not written:
        return {}
    pages: dict[DraftKey, dict[str, sa.Row[Any]]] = {}
    query = sa.select(drafts).where(sa.or_(*(_is(key) for key in written)))
    # In one order, so that two daemons that lock the same rows do not wait for each other.
    for row in connection.execute(query.order_by(drafts.c.account_id, drafts.c.id).with_for_update()):
        pages.setdefault(DraftKey(row.account_id, DraftKind(row.kind), row.about), {})[row.writing] = row
    kept, grown, new = dict[DraftKey, int](), list[dict[str, Any]](), list[dict[str, Any]]()
    for key in sorted(written, key=lambda key: (key.account_id, key.about, key.kind, key.page.id)):
        there, fields = pages.get(replace(key, page=UNKNOWN_PAGE), {}), dict(written[key])
        goes_on = _goes_on_from(there, key.page)
        same = next((row for row in there.values() if row.fields == fields), None)
        saved = {"fields": fields, "saved_at": now, "writing": key.page.id}
        if goes_on is not None:
            # Whoever comes after in this transaction finds it written by this page.
            del there[goes_on.writing]
            kept[key] = goes_on.revision + 1
            grown.append({**{f"new_{name}": value for name, value in saved.items()}, "row": goes_on.id})
        elif same is not None:
            kept[key] = same.revision
        else:
            kept[key] = 1
            new.append({"account_id": key.account_id, "kind": key.kind, "about": key.about, "revision": 1, **saved})
    if grown:
        to = {
            name: sa.bindparam(f"new_{name}", type_=drafts.c[name].type) for name in ("fields", "saved_at", "writing")
        }
        changed = drafts.update().where(drafts.c.id == sa.bindparam("row")).values(**to, revision=drafts.c.revision + 1)
        connection.execute(changed, grown)
    if new:
        again = insert_of(connection)(drafts)
        over = {"fields": again.excluded.fields, "saved_at": again.excluded.saved_at}
        where = ["account_id", "about", "kind", "writing"]
        connection.execute(again.on_conflict_do_update(index_elements=where, set_=over), new)
    for account_id in {each["account_id"] for each in new}:
        _bound(connection, account_id)
    return kept


def _goes_on_from(there: Mapping[str, sa.Row[Any]], page: WritingPage) -> sa.Row[Any] | None:
    """Return which of the drafts of a form a page goes on with: its own, or the one that it showed, as it showed it."""
    if page.id in there:
        return there[page.id]
    shown = there.get(page.begun)
    return shown if shown is not None and shown.revision == page.revision else None


def _bound(connection: Connection, account_id: int) -> None:
    mine = sa.select(drafts.c.id).where(drafts.c.account_id == account_id)
    beyond = mine.order_by(*_LATEST).offset(MOST_DRAFTS).limit(MOST_DRAFTS)
    too_many = list(connection.execute(beyond).scalars())
    if too_many:
        connection.execute(drafts.delete().where(drafts.c.id.in_(too_many)))


def drop_draft(connection: Connection, key: DraftKey, now: datetime) -> None:
    """Forget what was sent or thrown away, in a transaction: nothing of it is kept any more that comes late.

    Args:
        connection: the transaction.
        key: which; of a page that is not known all that was written of that kind in the case goes.
        now: the time, aware.
    """
    _forget(connection, key)
    if key.page.ids:
        ended = insert_of(connection)(ended_writings).on_conflict_do_nothing()
        connection.execute(ended, [{"account_id": key.account_id, "writing": each, "at": now} for each in key.page.ids])


def _forget(connection: Connection, key: DraftKey) -> None:
    """Forget a page's draft, in a transaction; nobody is told any more that it is being written."""
    of_page = drafts.c.writing.in_((key.page.id, key.page.begun)) if key.page.ids else sa.true()
    connection.execute(drafts.delete().where(_is(key), of_page))
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
    query = sa.select(drafts.c.account_id, drafts.c.kind, drafts.c.about, drafts.c.writing)
    rows = connection.execute(query.where(whole, sa.or_(*map(_is, keys))))
    found = {(DraftKey(row.account_id, DraftKind(row.kind), row.about), row.writing) for row in rows}
    return {
        key
        for key in keys
        if any((replace(key, page=UNKNOWN_PAGE), page) in found for page in (key.page.id, key.page.begun))
    }


def _is(key: DraftKey) -> sa.ColumnElement[bool]:
    return sa.and_(drafts.c.account_id == key.account_id, drafts.c.about == key.about, drafts.c.kind == key.kind)


def _draft(row: sa.Row[Any]) -> Draft:
    key = DraftKey(row.account_id, DraftKind(row.kind), row.about)
    return Draft(row.id, key, row.fields, row.revision, row.saved_at, row.writing)


def names_of(writing: Iterable[Writer], number: str, apart_from: int) -> list[str]:
    """Return what those are called who write in a case, but for the one who asks."""
    return [each.shown_as for each in writing if each.number == number and each.account_id != apart_from]
