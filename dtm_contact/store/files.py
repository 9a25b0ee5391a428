"""The files that agents attach: written and read in pieces, so that none is ever whole in memory."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.model import DraftKey, StoredFile
from dtm_contact.store.database import Database, insert_of
from dtm_contact.store.schema import arrivals, cases, contacts
from dtm_contact.store.writing_schema import drafts, file_pieces, files

PIECE: Final = 256 * 1024
"""Octets of a piece; the last one of a file may be shorter."""


class StoredFiles:
    """The files of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, key: DraftKey, name: str, media_type: str, now: datetime) -> int:
        """Begin a file of a draft, which is made where there is none yet; return the file's id."""
        with self._database.writing() as connection:
            draft_id = _draft_of(connection, key, now)
            new = {"account_id": key.account_id, "draft_id": draft_id, "name": name, "media_type": media_type}
            new |= {"size": 0, "sha256": "", "state": "coming", "created_at": now}
            return int(connection.execute(files.insert().returning(files.c.id), new).scalar_one())

    def add_piece(self, file_id: int, account_id: int, place: int, octets: bytes) -> None:
        """Add the next piece of a file that is coming in; the same piece twice is one.

        Raises:
            NotFoundError: there is no such file of theirs that is coming in.
        """
        with self._database.writing() as connection:
            grown = sa.update(files).where(_coming(file_id, account_id)).values(size=files.c.size + len(octets))
            if not connection.execute(grown).rowcount:
                raise NotFoundError("file")
            connection.execute(file_pieces.insert(), {"file_id": file_id, "place": place, "octets": octets})

    def finish(self, file_id: int, account_id: int, sha256: str) -> StoredFile:
        """Say that a file is whole.

        Raises:
            NotFoundError: there is no such file of theirs that is coming in.
        """
        with self._database.writing() as connection:
            whole = sa.update(files).where(_coming(file_id, account_id)).values(sha256=sha256, state="unscanned")
            row = connection.execute(whole.returning(*_COLUMNS)).one_or_none()
            if row is None:
                raise NotFoundError("file")
            return StoredFile(*row)

    def found_clean(self, file_id: int) -> None:
        """Say that a virus scanner has found nothing in a file."""
        with self._database.writing() as connection:
            whole = sa.and_(files.c.id == file_id, files.c.state == "unscanned")
            connection.execute(sa.update(files).where(whole).values(state="clean"))

    def remove(self, file_id: int, account_id: int) -> None:
        """Remove a file from somebody's draft; nothing is done where it is none of theirs, or was sent."""
        with self._database.writing() as connection:
            mine = sa.and_(files.c.id == file_id, files.c.account_id == account_id, files.c.draft_id.is_not(None))
            connection.execute(files.delete().where(mine))

    def file(self, file_id: int) -> StoredFile | None:
        """Return a file that is whole; None where there is none."""
        query = sa.select(*_COLUMNS).where(files.c.id == file_id, files.c.state != "coming")
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else StoredFile(*row)

    def of_draft(self, draft_id: int) -> list[StoredFile]:
        """Return the whole files of a draft, oldest first."""
        with self._database.reading() as connection:
            return files_of(connection, files.c.draft_id == draft_id)

    def of_drafts(self, key: DraftKey) -> list[StoredFile]:
        """Return the whole files of what somebody writes of one kind in one case, oldest first."""
        with self._database.reading() as connection:
            return draft_files(connection, key)

    def of_arrivals(self, arrival_ids: Collection[int]) -> list[StoredFile]:
        """Return the files that were handed in with cases by hand."""
        if not arrival_ids:
            return []
        with self._database.reading() as connection:
            return files_of(connection, files.c.arrival_id.in_(arrival_ids))

    def handed_in(self, arrival_id: int, sha256: str) -> tuple[bytes, str] | None:
        """Return octets and name of a file that was handed in with a case by hand, by its digest; None without one."""
        with self._database.reading() as connection:
            octets = handed_in_octets(connection, arrival_id, sha256)
            found = files_of(connection, sa.and_(files.c.arrival_id == arrival_id, files.c.sha256 == sha256))
        return None if octets is None or not found else (octets, found[0].name)

    def case_number(self, file: StoredFile) -> str | None:
        """Return the number of the case that a file went with; None where it went with none yet."""
        query = sa.select(cases.c.number).where(cases.c.id == file.case_id)
        if file.case_id is None:
            query = sa.select(cases.c.number).join(contacts, contacts.c.case_id == cases.c.id)
            query = query.where(contacts.c.arrival_id == file.arrival_id)
        with self._database.reading() as connection:
            return connection.execute(query).scalar()

    def owner_writes(self, file: StoredFile, account_id: int) -> bool:
        """Return whether a file is of a draft of this account."""
        return file.draft_id is not None and file.account_id == account_id

    def pieces(self, file_id: int) -> Iterator[bytes]:
        """Yield the octets of a file, a piece at a time, each read in a transaction of its own."""
        place = 0
        while True:
            query = sa.select(file_pieces.c.octets)
            query = query.where(file_pieces.c.file_id == file_id, file_pieces.c.place == place)
            with self._database.reading() as connection:
                octets = connection.execute(query).scalar()
            if octets is None:
                return
            yield bytes(octets)
            place += 1

    def hand_in(self, key: DraftKey, file_ids: Sequence[int], channel: str, external_id: str) -> None:
        """Lay files of a draft to the case by hand that was handed in; those that are none of the draft's stay."""
        with self._database.writing() as connection:
            which = sa.select(arrivals.c.id).where(arrivals.c.channel == channel, arrivals.c.external_id == external_id)
            arrival_id = connection.execute(which).scalar()
            theirs = sa.and_(files.c.id.in_(file_ids), files.c.draft_id.in_(_draft_ids(key)), files.c.state != "coming")
            if arrival_id is not None:
                connection.execute(sa.update(files).where(theirs).values(draft_id=None, arrival_id=arrival_id))


def handed_in_octets(connection: Connection, arrival_id: int, sha256: str) -> bytes | None:
    """Return the octets of a file that was handed in with a case by hand; None where it has none of that digest."""
    which = sa.select(sa.func.min(files.c.id)).where(files.c.arrival_id == arrival_id, files.c.sha256 == sha256)
    file_id = connection.execute(which).scalar()
    if file_id is None:
        return None
    pieces = sa.select(file_pieces.c.octets).where(file_pieces.c.file_id == file_id).order_by(file_pieces.c.place)
    return b"".join(bytes(octets) for octets in connection.execute(pieces).scalars())


def files_of(connection: Connection, which: sa.ColumnElement[bool]) -> list[StoredFile]:
    """Return whole files, oldest first."""
    query = sa.select(*_COLUMNS).where(which, files.c.state != "coming").order_by(files.c.id)
    return [StoredFile(*row) for row in connection.execute(query)]


def draft_files(connection: Connection, key: DraftKey) -> list[StoredFile]:
    """Return the whole files of what somebody writes of one kind in one case, in a transaction."""
    return files_of(connection, files.c.draft_id.in_(_draft_ids(key)))


def lay_to_case(connection: Connection, file_ids: Sequence[int], case_id: int) -> None:
    """Take files out of their draft and lay them to a case."""
    if file_ids:
        which = sa.update(files).where(files.c.id.in_(file_ids))
        connection.execute(which.values(draft_id=None, case_id=case_id))


def _draft_of(connection: Connection, key: DraftKey, now: datetime) -> int:
    values = {"account_id": key.account_id, "kind": key.kind, "about": key.about}
    own = drafts.c.writing == key.page.id
    shown = _draft_ids(key).where(own | (drafts.c.writing == key.page.begun)).order_by(own.desc())
    found = connection.execute(shown).first()
    if found is None:
        new = insert_of(connection)(drafts).values(**values, fields={}, revision=1, saved_at=now, writing=key.page.id)
        connection.execute(new.on_conflict_do_nothing())
        found = connection.execute(_draft_ids(key).where(own)).one()
    return int(found.id)


def _draft_ids(key: DraftKey) -> sa.Select[Any]:
    """Return the query of somebody's drafts of one kind in one case, of whatever page."""
    mine = sa.and_(drafts.c.account_id == key.account_id, drafts.c.about == key.about, drafts.c.kind == key.kind)
    return sa.select(drafts.c.id).where(mine)


def _coming(file_id: int, account_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(files.c.id == file_id, files.c.account_id == account_id, files.c.state == "coming")


_COLUMNS = tuple(files.c[each.name] for each in fields(StoredFile))
