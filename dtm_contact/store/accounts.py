"""Who may use the desk, who is in, and the trail of what they read and did."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtm_contact.errors import NotFoundError
from dtm_contact.store.database import Database
from dtm_contact.store.system_schema import (
    account_identities,
    accounts,
    audit_trail,
    devices,
    entry_failures,
    entry_links,
    sessions,
)

_DEVICE_AGE = timedelta(days=365)


class Stage(StrEnum):
    """How far somebody is who comes in; the value of a session's `stage`."""

    IN = "in"
    CODE = "code"
    """The password was right; a code of the second factor is asked."""
    SETUP = "setup"
    """The password was right; the account must have a second factor, and has none yet."""


class LinkPurpose(StrEnum):
    """What a link of an account does, once."""

    ENTER = "enter"
    PASSWORD = "password"  # noqa: S105 - the name of a purpose
    """It sets a password, which was lost or never there."""


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
        email: where links to set their password go, in small letters; None where none is known.
        further_offices: the offices whose cases they see beside those of `office_id`.
    """

    id: int
    name: str
    shown_as: str
    role: str
    office_id: str | None
    password: str | None = None
    disabled_at: datetime | None = None
    signature: str | None = None
    email: str | None = None
    further_offices: tuple[str, ...] = ()

    @property
    def offices(self) -> tuple[str, ...]:
        """All offices that they belong to, the main one first."""
        return tuple(dict.fromkeys(filter(None, (self.office_id, *self.further_offices))))


@dataclass(frozen=True, slots=True)
class Visibility:
    """Whose cases, tenants and dwellings somebody may see.

    Attributes:
        office_id: the office that they belong to; None for those who belong to none.
        further_offices: the offices that they belong to besides.
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
    further_offices: frozenset[str] = frozenset()

    def sees(self, office_id: str | None) -> bool:
        """Return whether what an office works may be seen; None is what no office works."""
        mine = office_id is not None and (office_id == self.office_id or office_id in self.further_offices)
        return self.all_offices or mine

    def sees_case(self, office_id: str | None, *, archived: bool) -> bool:
        """Return whether a case of an office may be seen, and acted on."""
        return self.sees(office_id) and (self.archive or not archived)


EVERYTHING = Visibility(all_offices=True, protection=True, anybody=True, archive=True)
"""The visibility of who runs the program: the command line, and what acts without an account."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is in, or coming in: the account, since when, when last seen, and what is still asked of them.

    `id_token` is the identity provider's, where one let them in.
    """

    account: Account
    opened_at: datetime
    seen_at: datetime
    stage: Stage = Stage.IN
    id_token: str | None = None


_CHANGED = ("name", "shown_as", "role", "office_id", "password", "email")


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
        values = {name: getattr(account, name) for name in _CHANGED}
        values["further_offices"] = list(account.further_offices) or None
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
        return _account(row)

    def by_name(self, names: Collection[str]) -> dict[str, Account]:
        """Return the accounts of these names that there are, by their names."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(*_COLUMNS).where(accounts.c.name.in_(names)))
            return {account.name: account for account in map(_account, rows)}

    def all(self) -> list[Account]:
        """Return all accounts, by their names."""
        with self._database.reading() as connection:
            return [_account(row) for row in connection.execute(sa.select(*_COLUMNS).order_by(accounts.c.name))]

    def of_email(self, email: str) -> list[Account]:
        """Return the accounts that have an address, which may be several; it is looked up in small letters."""
        query = sa.select(*_COLUMNS).where(accounts.c.email == email.lower()).order_by(accounts.c.name)
        with self._database.reading() as connection:
            return [_account(row) for row in connection.execute(query)]

    def of_identity(self, issuer: str, subject: str) -> Account | None:
        """Return the account of somebody whom an identity provider knows by a name; None where there is none."""
        mine = account_identities.c.issuer == issuer, account_identities.c.subject == subject
        with self._database.reading() as connection:
            row = connection.execute(sa.select(*_COLUMNS).join(account_identities).where(*mine)).one_or_none()
        return None if row is None else _account(row)

    def add_identity(self, account_id: int, issuer: str, subject: str) -> None:
        """Note by which name an identity provider knows the person of an account.

        Their password lets in no more: it would outlive what the provider closes.
        """
        with self._database.writing() as connection:
            new = {"issuer": issuer, "subject": subject, "account_id": account_id}
            connection.execute(account_identities.insert(), new)
            connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(password=None))

    def has_identity(self, account_id: int) -> bool:
        """Return whether an identity provider knows the person of an account."""
        query = sa.select(account_identities.c.subject).where(account_identities.c.account_id == account_id)
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def set_password(self, account_id: int, password: str) -> None:
        """Set a password's hash, unlock the account, and end all of its sessions; no device is known any more."""
        self._change(account_id, password=password)

    def change(self, account: Account) -> None:
        """Store how an account is shown, its role, its offices and its address; it applies from the next request on."""
        values = {name: getattr(account, name) for name in ("shown_as", "role", "office_id", "email")}
        values["further_offices"] = list(account.further_offices) or None
        with self._database.writing() as connection:
            connection.execute(sa.update(accounts).where(accounts.c.id == account.id).values(values))

    def change_own_password(self, account_id: int, password: str, session: str) -> None:
        """Set a password's hash and end all sessions but one, by its digest; links of the account are void."""
        with self._database.writing() as connection:
            connection.execute(sa.update(accounts).where(accounts.c.id == account_id).values(password=password))
            connection.execute(entry_links.delete().where(entry_links.c.account_id == account_id))
            others = sessions.c.account_id == account_id, sessions.c.digest != session
            connection.execute(sessions.delete().where(*others))

    def enable(self, account_id: int) -> None:
        """Let an account in again that was disabled; what it had of sessions and links stays ended."""
        self._change(account_id, disabled_at=None)

    def end_sessions(self, account_id: int) -> None:
        """Let all out who are in by an account."""
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.account_id == account_id))

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

    def open_session(  # noqa: PLR0913 - all that a session is
        self,
        account_id: int,
        digest: str,
        now: datetime,
        ended_before: datetime,
        device: str = "",
        *,
        stage: Stage = Stage.IN,
        id_token: str | None = None,
        replaces: str = "",
    ) -> None:
        """Let somebody in, and forget the wrong passwords and codes that were tried from where they come.

        While a second factor is still asked nothing is forgotten and no browser is known: whoever has the password
        alone must not have more codes to guess by giving it again.

        Args:
            account_id: whom.
            digest: of the session's secret.
            now: the time.
            ended_before: sessions opened before are swept away.
            device: the digest of the browser's own secret, which is known from now on; "" leaves it unknown.
            stage: what is still asked of them.
            id_token: the identity provider's, where one let them in.
            replaces: the digest of the session in which they were asked, which ends.
        """
        new = {"digest": digest, "account_id": account_id, "opened_at": now, "seen_at": now}
        with self._database.writing() as connection:
            ended = sa.or_(sessions.c.opened_at < ended_before, sessions.c.digest == replaces)
            connection.execute(sessions.delete().where(ended))
            connection.execute(sessions.insert(), {**new, "stage": stage, "id_token": id_token})
            if stage is not Stage.IN:
                return
            connection.execute(devices.delete().where(devices.c.seen_at < now - _DEVICE_AGE))
            known = sa.and_(devices.c.digest == device, devices.c.account_id == account_id)
            was_known = connection.execute(devices.delete().where(known)).rowcount > 0
            mine = entry_failures.c.account_id == account_id, entry_failures.c.device == (device if was_known else "")
            connection.execute(entry_failures.delete().where(*mine))
            if device:
                connection.execute(devices.insert(), {"digest": device, "account_id": account_id, "seen_at": now})

    def session(self, digest: str) -> Session | None:
        """Return a session of an account that may come in; None where there is none."""
        beside = sessions.c.opened_at, sessions.c.seen_at, sessions.c.stage, sessions.c.id_token
        query = sa.select(*_COLUMNS, *beside).join(sessions)
        query = query.where(sessions.c.digest == digest, accounts.c.disabled_at.is_(None))
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return Session(_account(row), row.opened_at, row.seen_at, Stage(row.stage), row.id_token)

    def seen(self, digest: str, now: datetime) -> None:
        """Note that somebody is still there."""
        with self._database.writing() as connection:
            connection.execute(sa.update(sessions).where(sessions.c.digest == digest).values(seen_at=now))

    def end_session(self, digest: str) -> None:
        """Let somebody out."""
        with self._database.writing() as connection:
            connection.execute(sessions.delete().where(sessions.c.digest == digest))

    def add_link(
        self,
        account_id: int,
        digest: str,
        ends_at: datetime,
        purpose: LinkPurpose = LinkPurpose.ENTER,
        line: TrailLine | None = None,
    ) -> None:
        """Make a link of an account that does something once, till then; and note it in the trail by a line."""
        with self._database.writing() as connection:
            new = {"digest": digest, "account_id": account_id, "ends_at": ends_at, "purpose": purpose}
            connection.execute(entry_links.insert(), new)
            if line is not None:
                add_to_trail(connection, line)

    def count_links(self, account_id: int, purpose: LinkPurpose, now: datetime) -> int:
        """Return how many links of an account there are that would still do something."""
        mine = entry_links.c.account_id == account_id, entry_links.c.purpose == purpose, entry_links.c.ends_at >= now
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(entry_links).where(*mine)).scalar_one()

    def has_link(self, digest: str, purpose: LinkPurpose = LinkPurpose.ENTER) -> bool:
        """Return whether there is a link of that digest."""
        with self._database.reading() as connection:
            mine = entry_links.c.digest == digest, entry_links.c.purpose == purpose
            return connection.execute(sa.select(entry_links.c.digest).where(*mine)).first() is not None

    def use_link(self, digest: str, now: datetime, purpose: LinkPurpose = LinkPurpose.ENTER) -> Account | None:
        """Return whose link it is, and let it go; None where it does nothing any more."""
        with self._database.writing() as connection:
            gone = entry_links.delete().where(entry_links.c.digest == digest, entry_links.c.purpose == purpose)
            row = connection.execute(gone.returning(entry_links.c.account_id, entry_links.c.ends_at)).one_or_none()
            if row is None or row.ends_at < now:
                return None
            query = sa.select(*_COLUMNS).where(accounts.c.id == row.account_id, accounts.c.disabled_at.is_(None))
            found = connection.execute(query).one_or_none()
        return None if found is None else _account(found)

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


def _account(row: Sequence[Any]) -> Account:
    """Return the account of a row that begins with `_COLUMNS`."""
    told = dict(zip(Account.__dataclass_fields__, row, strict=False))
    return Account(**{**told, "further_offices": tuple(told["further_offices"] or ())})


def add_to_trail(connection: Connection, line: TrailLine) -> None:
    """Add a line to the audit trail, in a transaction that does more."""
    connection.execute(
        audit_trail.insert(),
        {"at": line.at, "who": line.who, "what": line.what, "subject": line.subject, "data": line.data},
    )
