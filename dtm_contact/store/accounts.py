"""Who may use the desk, who is in, and the trail of what they read and did."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.store.database import Database
from dtm_contact.store.system_schema import accounts, audit_trail, devices, entry_failures, entry_links, sessions

_DEVICE_AGE = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Account:
    """One person who may use the desk.

    Attributes:
        id: the store's own.
        name, shown_as: what they log in as, and what colleagues read.
        role: `agent`, `agency`, `head`, `admin` or `auditor`.
        office_id: the office they work in; None for those who belong to none.
        password: its argon2id hash; None where none is set.
        disabled_at: since when they may not come in; None where they may.
        signature: stands under what they write; None or empty for the name that they are shown as.
    """

    id: int
    name: str
    shown_as: str
    role: str
    office_id: str | None
    password: str | None = None
    disabled_at: datetime | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class Visibility:
    """Whose cases, tenants and dwellings somebody may see.

    Attributes:
        office_id: the office that they belong to; None for those who belong to none.
        all_offices: whether they see what every office works, and what none does.
        protection: whether they see by what somebody is protected, and not only that they are, and may enter it.
        anybody: whether they may write to addresses that belong to no party of a case and stand in no directory.
        archive: whether they see closed cases that are kept for claims alone.
    """

    office_id: str | None = None
    all_offices: bool = False
    protection: bool = False
    anybody: bool = False
    archive: bool = False

    def sees(self, office_id: str | None) -> bool:
        """Return whether what an office works may be seen; None is what no office works."""
        return self.all_offices or (office_id is not None and office_id == self.office_id)

    def sees_case(self, office_id: str | None, *, archived: bool) -> bool:
        """Return whether a case of an office may be seen, and acted on."""
        return self.sees(office_id) and (self.archive or not archived)


EVERYTHING = Visibility(all_offices=True, protection=True, anybody=True, archive=True)
"""The visibility of who runs the program: the command line, and what acts without an account."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is in: the account, since when, and when last seen."""

    account: Account
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class TrailLine:
    """Something read or done at the desk; `subject`: the case, dwelling or account that it concerns."""

    at: datetime
    who: str
    what: str
    subject: str
    data: dict[str, Any] = field(default_factory=dict)


class StoredAccounts:
    """The accounts, sessions and audit trail of one store. Blocking calls, each one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, account: Account, now: datetime) -> bool:
        """Add an account; return whether its name was free. Its `id` is given by the store."""
        values = {name: getattr(account, name) for name in ("name", "shown_as", "role", "office_id", "password")}
        with self._database.writing() as connection:
            known = sa.select(accounts.c.id).where(accounts.c.name == account.name)
            if connection.execute(known).first() is not None:
                return False
            connection.execute(accounts.insert(), {**values, "created_at": now})
        return True

    def named(self, name: str) -> Account:
        """Return an account.

        Raises:
            NotFoundError: nobody is called so.
        """
        with self._database.reading() as connection:
            row = connection.execute(sa.select(*_COLUMNS).where(accounts.c.name == name)).one_or_none()
        if row is None:
            raise NotFoundError("account")
        return Account(*row)

    def by_name(self, names: Collection[str]) -> dict[str, Account]:
        """Return the accounts of these names that there are, by their names."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(*_COLUMNS).where(accounts.c.name.in_(names)))
            return {account.name: account for account in (Account(*row) for row in rows)}

    def all(self) -> list[Account]:
        """Return all accounts, by their names."""
        with self._database.reading() as connection:
            return [Account(*row) for row in connection.execute(sa.select(*_COLUMNS).order_by(accounts.c.name))]

    def set_password(self, account_id: int, password: str) -> None:
        """Set a password's hash, unlock the account, and end all of its sessions; no device is known any more."""
        self._change(account_id, password=password)

    def sign(self, account_id: int, signature: str) -> None:
        """Set what stands under what somebody writes."""
        with self._database.writing() as connection:
            connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(signature=signature))

    def disable(self, account_id: int, now: datetime) -> None:
        """Let an account in no more, from this moment."""
        self._change(account_id, disabled_at=now)

    def _change(self, account_id: int, **values: Any) -> None:
        with self._database.writing() as connection:
            connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(values))
            for table in (sessions, entry_links, devices, entry_failures):
                connection.execute(table.delete().where(table.c.account_id == account_id))

    def accounts_of_device(self, device: str, now: datetime) -> frozenset[int]:
        """Return the ids of the accounts that have logged in from a device, by its digest, within a year."""
        query = sa.select(devices.c.account_id).where(devices.c.digest == device, devices.c.seen_at > now - _DEVICE_AGE)
        with self._database.reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def failures(self, account_id: int, device: str) -> tuple[int, datetime] | None:
        """Return how many wrong passwords an account had from a device, and when the last; "" is all unknown ones."""
        mine = sa.and_(entry_failures.c.account_id == account_id, entry_failures.c.device == device)
        query = sa.select(entry_failures.c.failures, entry_failures.c.last_at).where(mine)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else (row.failures, row.last_at)

    def refused(self, line: TrailLine, failure: tuple[int, str, int] | None = None) -> None:
        """Note that somebody was not let in.

        Args:
            line: for the audit trail.
            failure: the account, the device, and how many wrong passwords it has now; None where none is counted.
        """
        with self._database.writing() as connection:
            if failure is not None:
                account_id, device, count = failure
                mine = sa.and_(entry_failures.c.account_id == account_id, entry_failures.c.device == device)
                connection.execute(entry_failures.delete().where(mine))
                new = {"account_id": account_id, "device": device, "failures": count, "last_at": line.at}
                connection.execute(entry_failures.insert(), new)
            add_to_trail(connection, line)

    def open_session(
        self, account_id: int, digest: str, now: datetime, ended_before: datetime, device: str = ""
    ) -> None:
        """Let somebody in, and forget the wrong passwords that were tried from where they come.

        Args:
            account_id: whom.
            digest: of the session's secret.
            now: the time.
            ended_before: sessions opened before are swept away.
            device: the digest of the browser's own secret, which is known from now on; "" leaves it unknown.
        """
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.opened_at < ended_before))
            connection.execute(devices.delete().where(devices.c.seen_at < now - _DEVICE_AGE))
            known = sa.and_(devices.c.digest == device, devices.c.account_id == account_id)
            was_known = connection.execute(devices.delete().where(known)).rowcount > 0
            mine = entry_failures.c.account_id == account_id, entry_failures.c.device == (device if was_known else "")
            connection.execute(entry_failures.delete().where(*mine))
            if device:
                connection.execute(devices.insert(), {"digest": device, "account_id": account_id, "seen_at": now})
            new = {"digest": digest, "account_id": account_id, "opened_at": now, "seen_at": now}
            connection.execute(sessions.insert(), new)

    def session(self, digest: str) -> Session | None:
        """Return a session of an account that may come in; None where there is none."""
        query = sa.select(*_COLUMNS, sessions.c.opened_at, sessions.c.seen_at).join(sessions)
        query = query.where(sessions.c.digest == digest, accounts.c.disabled_at.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Session(Account(*row[:-2]), row.opened_at, row.seen_at)

    def seen(self, digest: str, now: datetime) -> None:
        """Note that somebody is still there."""
        with self._database.writing() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.digest == digest).values(seen_at=now))

    def end_session(self, digest: str) -> None:
        """Let somebody out."""
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.digest == digest))

    def add_link(self, account_id: int, digest: str, ends_at: datetime) -> None:
        """Make a link that lets an account in once, till then."""
        with self._database.writing() as connection:
            new = {"digest": digest, "account_id": account_id, "ends_at": ends_at}
            connection.execute(entry_links.insert(), new)

    def has_link(self, digest: str) -> bool:
        """Return whether there is a link of that digest."""
        with self._database.reading() as connection:
            query = sa.select(entry_links.c.digest).where(entry_links.c.digest == digest)
            return connection.execute(query).first() is not None

    def use_link(self, digest: str, now: datetime) -> Account | None:
        """Return whom a link lets in, and let it go; None where it does not let anybody in any more."""
        with self._database.writing() as connection:
            gone = entry_links.delete().where(entry_links.c.digest == digest)
            row = connection.execute(gone.returning(entry_links.c.account_id, entry_links.c.ends_at)).one_or_none()
            if row is None or row.ends_at < now:
                return None
            query = sa.select(*_COLUMNS).where(accounts.c.id == row.account_id, accounts.c.disabled_at.is_(None))
            found = connection.execute(query).one_or_none()
        return None if found is None else Account(*found)

    def trail(self, line: TrailLine) -> None:
        """Add a line to the audit trail."""
        with self._database.writing() as connection:
            add_to_trail(connection, line)

    def trail_of(
        self, *, subject: str = "", who: str = "", before: int | None = None, limit: int = 100
    ) -> Sequence[tuple[int, TrailLine]]:
        """Return lines of the audit trail with their ids, the latest first.

        Args:
            subject: only what concerns this.
            who: only what this account did.
            before: only lines before this id.
            limit: how many at the most.
        """
        query = sa.select(audit_trail).order_by(audit_trail.c.id.desc()).limit(limit)
        if subject:
            query = query.where(audit_trail.c.subject == subject)
        if who:
            query = query.where(audit_trail.c.who == who)
        if before is not None:
            query = query.where(audit_trail.c.id < before)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [(row.id, TrailLine(row.at, row.who, row.what, row.subject, row.data)) for row in rows]


def shown_as(connection: Connection, name: str) -> str:
    """Return how an account is shown to colleagues, in a transaction; its own name where there is none of that name."""
    found = connection.execute(sa.select(accounts.c.shown_as).where(accounts.c.name == name)).scalar_one_or_none()
    return found or name


_COLUMNS = tuple(accounts.c[name] for name in Account.__dataclass_fields__)


def add_to_trail(connection: Connection, line: TrailLine) -> None:
    """Add a line to the audit trail, in a transaction that does more."""
    connection.execute(
        audit_trail.insert(),
        {"at": line.at, "who": line.who, "what": line.what, "subject": line.subject, "data": line.data},
    )
