"""Coming in by an identity provider: its groups say the role and the offices, anew at each log-in."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from dtm_contact.access.login import account_named, is_account_name
from dtm_contact.access.roles import Role
from dtm_contact.access.rpc import enter, procedure
from dtm_contact.store import Account, Store, TrailLine

_UNFIT: Final = re.compile(r"[^a-z0-9._-]+")
_LONGEST_NAME: Final = 60
_HIGHEST: Final = 1000
NO_GROUP: Final = "no group"
NO_OFFICE: Final = "no office"
CLOSED: Final = "closed"


def role_of(groups: list[str], roles: Mapping[str, str]) -> str | None:
    """Return the role of the first of the settings' groups that somebody is in; None where they are in none."""
    return next((role for group, role in roles.items() if group in groups), None)


def offices_of(groups: list[str], offices: Mapping[str, str]) -> tuple[str, ...]:
    """Return the offices of all groups that somebody is in, in the order of the settings."""
    return tuple(dict.fromkeys(office for group, office in offices.items() if group in groups))


@procedure
def log_in_by_provider(  # noqa: PLR0913 - it travels as JSON
    store: Store,
    now: datetime,
    *,
    identity: dict[str, Any],
    roles: dict[str, str],
    offices: dict[str, str],
    digest: str,
    hours: float,
    device: str,
) -> str | None:
    """Open a session for somebody whom the provider knows, with the role and offices that their groups give now.

    Somebody new takes over the account that an admin made with their address, where the provider has verified that it
    is theirs, no identity has it and no other account the same address; else an account is made.

    Args:
        store: where.
        now: the time, aware.
        identity: `web.oidc.ProviderIdentity` as JSON.
        roles: the role of each group.
        offices: the office of each group.
        digest: of the session's secret.
        hours: after which sessions end.
        device: the digest of the browser's secret.

    Returns:
        None where they are in; `NO_GROUP`, `NO_OFFICE` or `CLOSED` where they are not let in. Whoever is in no group
        any more is out of all sessions.
    """
    issuer, subject, groups = identity["issuer"], identity["subject"], list(identity["groups"])
    known = store.accounts.of_identity(issuer, subject)
    role, theirs = role_of(groups, roles), offices_of(groups, offices)
    fault = NO_GROUP if role is None else NO_OFFICE if role == Role.AGENT and not theirs else None
    if known is not None and known.disabled_at is not None:
        fault = CLOSED
    if role is None or fault is not None:
        if known is not None:
            store.accounts.end_sessions(known.id)
        name = known.name if known else ""
        store.accounts.trail(TrailLine(now, name, "entry refused", name, {"because": fault}))
        return fault
    if known is None:
        known = _taken_over(store, identity["email"]) or _made(store, identity, role, theirs, now)
        if known is None:
            return CLOSED
        store.accounts.add_identity(known.id, issuer, subject)
        store.accounts.trail(TrailLine(now, known.name, "identity linked", known.name))
    _follow(store, known, role, theirs, now)
    secrets: dict[str, Any] = {"digest": digest, "hours": hours, "device": device}
    enter(store, now, known, "provider", id_token=identity["id_token"] or None, **secrets)
    return None


def _taken_over(store: Store, email: str | None) -> Account | None:
    """Return the one open account that an admin made with an address, and that no identity has yet."""
    found = store.accounts.of_email(email) if email else []
    if len(found) != 1 or found[0].disabled_at is not None or store.accounts.has_identity(found[0].id):
        return None
    return found[0]


def _made(
    store: Store, identity: Mapping[str, Any], role: str, offices: tuple[str, ...], now: datetime
) -> Account | None:
    """Return a new account under a name that nobody has; None where there is none to be had."""
    stem = _name_of(identity["name"] or identity["email"] or "")
    for number in range(1, _HIGHEST):
        name = stem if number == 1 else f"{stem}-{number}"
        if account_named(store, name) is not None:
            continue
        shown_as = identity["shown_as"] or name
        account = Account(0, name, shown_as, role, next(iter(offices), None), email=identity["email"])
        if store.accounts.add(account, now):
            told = {"role": role, "offices": list(offices)}
            store.accounts.trail(TrailLine(now, name, "account added", name, told))
            return store.accounts.named(name)
    return None


def _name_of(text: str) -> str:
    """Return what somebody may be called here, of what the provider calls them."""
    plain = unicodedata.normalize("NFKD", text.partition("@")[0]).encode("ascii", "ignore").decode().lower()
    name = _UNFIT.sub("-", plain).strip("-._")[:_LONGEST_NAME]
    return name if is_account_name(name) else "compte"


def _follow(store: Store, account: Account, role: str, offices: tuple[str, ...], now: datetime) -> None:
    """Give an account the role and the offices that its owner's groups give, and note where that is a change."""
    main = next(iter(offices), None)
    changed = replace(account, role=role, office_id=main, further_offices=offices[1:])
    if changed == account:
        return
    store.accounts.change(changed)
    if (account.role, account.offices) != (role, offices):
        told = {"role": role, "offices": list(offices), "was": account.role if account.role != role else None}
        store.accounts.trail(TrailLine(now, account.name, "account changed", account.name, told))
