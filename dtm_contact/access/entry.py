"""How somebody comes in: by password, within bounds against guessing, or once by a link."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dtm_contact.access.roles import Role
from dtm_contact.errors import DtmContactError, NotFoundError
from dtm_contact.store import Account, Store

SHORTEST_PASSWORD = 12
"""Characters (the CNIL's recommendation of 21 July 2022, case 1: 12 or more, or 80 bits)."""
LONGEST_PASSWORD = 1024
LINK_MINUTES = 30
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SECRET_OCTETS = 32
_FAILURES_BEFORE_LOCK = 5
_LOCK_MINUTES = 5
_LONGEST_LOCK_DOUBLINGS = 6


class AccountError(DtmContactError):
    """The account cannot be made so."""


class Refusal(StrEnum):
    """Why somebody is not let in."""

    WRONG = "wrong"
    LOCKED = "locked"


@cache
def _hasher() -> PasswordHasher:
    # The library's defaults are RFC 9106's second recommendation: 64 MiB, three passes, four lanes.
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_hex(16))


def hashed(password: str) -> str:
    """Return a password's argon2id hash.

    Raises:
        AccountError: it is too short or too long.
    """
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise AccountError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    return _hasher().hash(password)


def new_account(name: str, shown_as: str, role: str, office_id: str | None, password: str | None) -> Account:
    """Return an account to be added.

    Raises:
        AccountError: its name, office or password will not do.
    """
    if not _NAME.fullmatch(name):
        raise AccountError("a name is small letters, digits, dots, dashes, underscores; 64 at the most")
    if Role(role) is Role.AGENT and not office_id:
        raise AccountError("an agent belongs to an office; say which (--office)")
    return Account(0, name, shown_as.strip() or name, role, office_id, hashed(password) if password else None)


def try_password(store: Store, name: str, password: str, now: datetime) -> tuple[Account | None, Refusal | None]:
    """Return whose name and password these are, and why nobody is let in; takes as long for a name nobody has.

    A right password during a lock is refused as well: it cannot be told from a lucky guess.
    """
    try:
        account = store.accounts.named(name)
    except NotFoundError:
        account = None
    right = _verify(account.password if account and account.password else _nobodys_hash(), password)
    if account is None or account.disabled_at is not None:
        return None, Refusal.WRONG
    if account.locked_until is not None and account.locked_until > now:
        return account, Refusal.LOCKED
    return account, None if right and account.password else Refusal.WRONG


def _verify(known: str, password: str) -> bool:
    try:
        return _hasher().verify(known, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def locked_until(failures: int, now: datetime) -> datetime | None:
    """Return till when an account is locked after so many wrong passwords: each time longer, five hours at the most."""
    beyond = failures - _FAILURES_BEFORE_LOCK
    if beyond < 0:
        return None
    return now + timedelta(minutes=_LOCK_MINUTES * 2 ** min(beyond, _LONGEST_LOCK_DOUBLINGS))


def new_secret() -> str:
    """Return a secret for a session or a link."""
    return secrets.token_urlsafe(_SECRET_OCTETS)


def digest_of(secret: str) -> str:
    """Return what the store keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(secret: str) -> str:
    """Return what every form of a session holds: no other site can know it."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def new_link(store: Store, account: Account, now: datetime) -> str:
    """Make a link that lets an account in once, and return its secret."""
    secret = new_secret()
    store.accounts.add_link(account.id, digest_of(secret), now + timedelta(minutes=LINK_MINUTES))
    return secret
