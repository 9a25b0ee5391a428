"""Logging in: by password, within bounds against guessing, or once by a link."""

import hashlib
import hmac
import re
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dtm_contact.access.roles import Role
from dtm_contact.errors import DtmContactError, NotFoundError
from dtm_contact.store import Account, LinkPurpose, Store, TrailLine

SHORTEST_PASSWORD = 12
"""Characters (the CNIL's recommendation of 21 July 2022, case 1: 12 or more, or 80 bits)."""
LONGEST_PASSWORD = 1024
LINK_MINUTES = 30
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_SECRET_OCTETS = 32
_FAILURES_BEFORE_LOCK = 5
_LOCK = timedelta(minutes=5)
_LONGEST_LOCK_DOUBLINGS = 3
_FORGOTTEN_EVERY = timedelta(hours=1)
PASSWORD_REFUSED = "refused"  # noqa: S105 - words of the trail
CODE_REFUSED = "code refused"


class AccountError(DtmContactError):
    """The account cannot be made so."""


@cache
def _hasher() -> PasswordHasher:
    # The library's defaults are RFC 9106's second recommendation: 64 MiB, three passes, four lanes.
    return PasswordHasher()


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_hex(16))


def warm_up() -> None:
    """Hash once, so that the first attempt takes no longer than the others."""
    _nobodys_hash()


def hash_password(password: str) -> str:
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
    if not is_account_name(name):
        raise AccountError("a name is small letters, digits, dots, dashes, underscores; 64 at the most")
    if Role(role) is Role.AGENT and not office_id:
        raise AccountError("an agent belongs to an office; say which (--office)")
    return Account(0, name, shown_as.strip() or name, role, office_id, hash_password(password) if password else None)


def is_account_name(name: str) -> bool:
    """Return whether an account may be called so."""
    return _NAME.fullmatch(name) is not None


def try_password(store: Store, name: str, password: str, device: str, now: datetime) -> Account | None:
    """Return whose name and password these are, None where nobody is let in.

    It takes as long for a name nobody has, a wrong password, and an account that is locked or disabled: whoever guesses
    learns nothing of which it is. A right password during a lock is refused as well: it may be a lucky guess.

    Args:
        store: holds the accounts.
        name: as it was typed.
        password: as it was typed.
        device: the digest of the secret that the browser brings; "" where it brings none.
        now: the time.
    """
    account = account_named(store, name)
    right = _verify(account.password if account and account.password else _nobodys_hash(), password)
    if account is None or not account.password or account.disabled_at is not None or not right:
        return None
    return None if locked_until(store, account, known_device(store, account, device, now), now) else account


def account_named(store: Store, name: str) -> Account | None:
    """Return the account of a name, None where there is none."""
    try:
        return store.accounts.named(name)
    except NotFoundError:
        return None


def known_device(store: Store, account: Account, device: str, now: datetime) -> str:
    """Return a device's digest where the account has logged in from it before, "" where it has not."""
    return device if device and account.id in store.accounts.accounts_of_device(device, now) else ""


def count_failure(store: Store, name: str, device: str, now: datetime, what: str = PASSWORD_REFUSED) -> bool:
    """Note that somebody was not let in under a name; return whether its account is locked by that.

    Wrong passwords and wrong codes of a second factor count together. `what` is how the trail calls it.

    What is tried during a lock is not counted: else whoever keeps trying would keep the account locked for ever. A lock
    is one of the account for one device; all devices that it does not know count as one.
    """
    account = account_named(store, name)
    if account is None:
        # What was typed in place of a name may be a password: it is not kept.
        store.accounts.refused(TrailLine(now, "", what, ""))
        return False
    known_digest = known_device(store, account, device, now)
    line = TrailLine(now, account.name, what, account.name)
    if locked_until(store, account, known_digest, now) is not None:
        store.accounts.refused(line)
        return False
    failures = _remembered(store.accounts.failures(account.id, known_digest), now) + 1
    until = now + lock_of(failures)
    locks = until > now
    data = {"until": until.isoformat(), "device": "known" if known_digest else "unknown"} if locks else {}
    store.accounts.refused(replace(line, data=data), (account.id, known_digest, failures))
    return locks


def locked_until(store: Store, account: Account, device: str, now: datetime) -> datetime | None:
    """Return until when log-ins to an account are locked after wrong passwords; None where they are not.

    Failures are counted for each device of an account by itself.

    Args:
        store: counts the failures.
        account: the account.
        device: which of the devices that logged in before; "" for all others together.
        now: the time, aware.
    """
    counted = store.accounts.failures(account.id, device)
    until = counted[1] + lock_of(counted[0]) if counted else now
    return until if until > now else None


def _remembered(counted: tuple[int, datetime] | None, now: datetime) -> int:
    """Return how many failures still count: one is forgotten with each hour since the last."""
    return max(0, counted[0] - int((now - counted[1]) / _FORGOTTEN_EVERY)) if counted else 0


def lock_of(failures: int) -> timedelta:
    """Return how long so many wrong passwords lock an account: each time longer, forty minutes at the most."""
    beyond = failures - _FAILURES_BEFORE_LOCK
    return _LOCK * 2 ** min(beyond, _LONGEST_LOCK_DOUBLINGS) if beyond >= 0 else timedelta(0)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher().verify(stored, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def new_secret() -> str:
    """Return a secret for a session or a link."""
    return secrets.token_urlsafe(_SECRET_OCTETS)


def digest_of(secret: str) -> str:
    """Return what the store keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(secret: str) -> str:
    """Return what every form of a session holds: no other site can know it."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def new_link(
    store: Store,
    account: Account,
    now: datetime,
    purpose: LinkPurpose = LinkPurpose.ENTER,
    lasting: timedelta = timedelta(minutes=LINK_MINUTES),
    line: TrailLine | None = None,
) -> str:
    """Make a link that does something for an account once, note that by a line, and return its secret."""
    secret = new_secret()
    store.accounts.add_link(account.id, digest_of(secret), now + lasting, purpose, line)
    return secret
