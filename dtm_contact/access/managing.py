"""The procedures by which admins see to accounts, and by which a lost or first password is set.

Each asks the store whether the account that it is told of may do this, whatever the desk believes.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from dtm_contact.access.login import AccountError, account_named, is_account_name, new_account, new_link
from dtm_contact.access.roles import Right, Role, may
from dtm_contact.access.rpc import AccountMail, ProcedureResult, procedure
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.accounts import invitation_mail, password_mail
from dtm_contact.store import Account, LinkPurpose, Store, TrailLine

_EMAIL: Final = re.compile(r"[^@\s\x00-\x1f\x7f,;<>\"]{1,64}@[0-9A-Za-z.-]{1,190}")
_LONGEST_SHOWN: Final = 100
MOST_LINKS: Final = 3
"""Links to set a password that may wait in a mailbox at once: nobody is flooded."""
DONE: Final = ""
"""What a procedure returns that did what was asked; any other text is a key of `labels.accounts.REFUSALS`."""


def _admin(store: Store, who: str) -> None:
    """Make sure that an account may see to accounts.

    Raises:
        NotFoundError: it may not.
    """
    account = account_named(store, who)
    if account is None or account.disabled_at is not None or not may(account, Right.ADMIN):
        raise NotFoundError("admin")


def _fault(account: Account) -> str:
    """Return why an account cannot be so, by a code; `DONE` where it can."""
    if account.role not in set(Role):
        return "role"
    if account.role == Role.AGENT and not account.office_id:
        return "office"
    return DONE if account.email is None or _EMAIL.fullmatch(account.email) else "email"


def _is_last_admin(store: Store, account: Account) -> bool:
    others = (each for each in store.accounts.all() if each.id != account.id and each.disabled_at is None)
    return account.role == Role.ADMIN and not any(each.role == Role.ADMIN for each in others)


def _described(account: Account, shown_as: str, role: str, offices: list[str], email: str) -> Account:
    """Return an account as a form describes it; the first office is the main one."""
    return replace(
        account,
        shown_as=" ".join(shown_as.split())[:_LONGEST_SHOWN] or account.name,
        role=role,
        office_id=offices[0] if offices else None,
        further_offices=tuple(dict.fromkeys(offices[1:])),
        email=email.strip().lower() or None,
    )


def _audit_data(account: Account) -> dict[str, Any]:
    """Return what the trail says of an account."""
    return {"role": account.role, "offices": list(account.offices)}


@procedure
def add_account(  # noqa: PLR0913 - it travels as JSON
    store: Store,
    now: datetime,
    *,
    who: str,
    login: str,
    shown_as: str,
    role: str,
    offices: list[str],
    email: str,
) -> str:
    """Add an account without a password; return `DONE`, or why it was not added."""
    _admin(store, who)
    if not is_account_name(login):
        return "name"
    account = _described(Account(0, login, login, role, None), shown_as, role, offices, email)
    fault = _fault(account)
    if fault:
        return fault
    try:
        checked = new_account(login, account.shown_as, role, account.office_id, None)
    except AccountError:
        return "name"
    if not store.accounts.add(replace(checked, email=account.email, further_offices=account.further_offices), now):
        return "taken"
    store.accounts.trail(TrailLine(now, who, "account added", login, _audit_data(account)))
    return DONE


@procedure
def change_account(  # noqa: PLR0913 - it travels as JSON
    store: Store,
    now: datetime,
    *,
    who: str,
    login: str,
    shown_as: str,
    role: str,
    offices: list[str],
    email: str,
) -> str:
    """Change how an account is shown, its role, offices and address; return `DONE`, or why that was not done."""
    _admin(store, who)
    account = store.accounts.named(login)
    changed = _described(account, shown_as, role, offices, email)
    fault = _fault(changed)
    if fault:
        return fault
    if changed.role != account.role:
        if login == who:
            return "self"
        if account.disabled_at is None and _is_last_admin(store, account):
            return "last admin"
    store.accounts.change(changed)
    before = {"was": account.role} if changed.role != account.role else {}
    store.accounts.trail(TrailLine(now, who, "account changed", login, {**_audit_data(changed), **before}))
    return DONE


@procedure
def close_account(store: Store, now: datetime, *, who: str, login: str) -> str:
    """Let an account in no more, at once; return `DONE`, or why that was not done."""
    _admin(store, who)
    account = store.accounts.named(login)
    if login == who:
        return "self"
    if account.disabled_at is None:
        if _is_last_admin(store, account):
            return "last admin"
        store.accounts.disable(account.id, now)
        store.accounts.trail(TrailLine(now, who, "account disabled", login))
    return DONE


@procedure
def reopen_account(store: Store, now: datetime, *, who: str, login: str) -> str:
    """Let an account in again; return `DONE`."""
    _admin(store, who)
    account = store.accounts.named(login)
    if account.disabled_at is not None:
        store.accounts.enable(account.id)
        store.accounts.trail(TrailLine(now, who, "account enabled", login))
    return DONE


@procedure
def reset_second_factor(store: Store, now: datetime, *, who: str, login: str) -> str:
    """Forget the second factor of somebody without their telephone, and end their sessions; return `DONE`."""
    _admin(store, who)
    account = store.accounts.named(login)
    store.second_factors.remove(account.id)
    store.accounts.end_sessions(account.id)
    store.accounts.trail(TrailLine(now, who, "second factor removed", login))
    return DONE


@procedure
def make_entry_link(store: Store, now: datetime, *, who: str, login: str) -> str | None:
    """Return the secret of a link that lets an account in once; None where it is closed."""
    _admin(store, who)
    account = store.accounts.named(login)
    if account.disabled_at is not None:
        return None
    secret = new_link(store, account, now)
    store.accounts.trail(TrailLine(now, who, "link made", login))
    return secret


@procedure
def invite(store: Store, now: datetime, *, who: str, login: str, url: str, days: float) -> ProcedureResult:
    """Mail a link to the owner of an account by which they set their password; return `DONE`, or why not.

    Args:
        store: where.
        now: the time, aware.
        who: the admin.
        login: the account, by its name.
        url: the address of the desk, with which the link begins.
        days: within which the link must be used.
    """
    _admin(store, who)
    account = store.accounts.named(login)
    if account.disabled_at is not None or account.email is None:
        return ProcedureResult("closed" if account.disabled_at is not None else "no email")
    if not _may_have_password(store, account, now):
        return ProcedureResult("provider" if store.accounts.has_identity(account.id) else "often")
    line = TrailLine(now, who, "invited", login)
    secret = new_link(store, account, now, LinkPurpose.PASSWORD, timedelta(days=days), line)
    link = f"{url}/mot-de-passe/{secret}"
    mail = AccountMail(account.email, *invitation_mail(account.shown_as, login, link, days))
    return ProcedureResult(DONE, (mail,))


@procedure
def lost_password(store: Store, now: datetime, *, asked: str, url: str, hours: float) -> ProcedureResult:
    """Mail a link to set another password to whose name or address was typed, where that is somebody's; tell nothing.

    Args:
        store: where.
        now: the time, aware.
        asked: as it was typed; an address that several accounts have is nobody's.
        url: the address of the desk, with which the link begins.
        hours: within which the link must be used.
    """
    account = _meant(store, asked)
    if account is None or account.email is None or not _may_have_password(store, account, now):
        # One transaction either way, so that it takes as long; what was typed may be a password, and is not kept.
        store.accounts.refused(TrailLine(now, "", "password lost", ""))
        return ProcedureResult()
    line, lasting = TrailLine(now, account.name, "password lost", account.name), timedelta(hours=hours)
    link = f"{url}/mot-de-passe/{new_link(store, account, now, LinkPurpose.PASSWORD, lasting, line)}"
    return ProcedureResult(mails=(AccountMail(account.email, *password_mail(account.shown_as, link, hours)),))


def _may_have_password(store: Store, account: Account, now: datetime) -> bool:
    """Return whether a link may be mailed: the account is open, no provider's, and few links wait already."""
    waiting = store.accounts.count_links(account.id, LinkPurpose.PASSWORD, now)
    return account.disabled_at is None and waiting < MOST_LINKS and not store.accounts.has_identity(account.id)


def _meant(store: Store, asked: str) -> Account | None:
    if "@" not in asked:
        return account_named(store, asked)
    found = [each for each in store.accounts.of_email(asked) if each.disabled_at is None]
    return found[0] if len(found) == 1 else None


@procedure
def set_password_by_link(store: Store, now: datetime, *, link: str, password: str) -> bool:
    """Set a new password for the account that a mailed link was made for; all its sessions end.

    Args:
        store: holds the accounts.
        now: the time, aware.
        link: the digest of the link's secret.
        password: the hash of the new password.

    Returns:
        Whether the link was valid: neither used before nor too old.
    """
    account = store.accounts.use_link(link, now, LinkPurpose.PASSWORD)
    if account is None:
        return False
    store.accounts.set_password(account.id, password)
    store.accounts.trail(TrailLine(now, account.name, "password set", account.name, {"how": "mail"}))
    return True
