"""Accounts, made and changed by admins; each change leaves a line in the trail."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import Right, Role
from dtm_contact.access.login import LINK_MINUTES, locked_until
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.accounts import REFUSALS
from dtm_contact.store import Account
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_TRAIL: Final = 20
_REFUSED: Final = 422


@page("/comptes", Right.ADMIN)
def accounts(context: RequestContext) -> Mapping[str, Any]:
    """Show who may use the desk."""
    store = context.app.store
    listed = store.accounts.all()
    # For browsers that the account does not know: those that it has logged in from have locks of their own.
    locks = {each.id: locked_until(store, each, "", context.now) for each in listed}
    return {
        "accounts": listed,
        "offices": _offices(context),
        "locks": locks,
        "factors": store.second_factors.having(),
        "said": context.text("fait"),
    }


@page("/comptes/nouveau", Right.ADMIN)
def new_account(context: RequestContext) -> Mapping[str, Any]:
    """Show the form of a new account."""
    return {**_form(context, None), "typed": _typed(context), "nom": ""}


@post("/comptes/nouveau", Right.ADMIN, template="new_account.html")
def account_added(context: RequestContext) -> Mapping[str, Any] | Response:
    """Add an account, and invite its owner by mail where that is asked."""
    name, typed = context.text("nom").lower(), _typed(context)
    refused = context.app.call("add_account", who=context.account.name, login=name, **typed)
    if refused:
        told = {"alert": REFUSALS[refused], "status": _REFUSED}
        return {**_form(context, None), "typed": typed, "nom": name, **told}
    context.app.forget("accounts")
    if context.text("inviter"):
        return _then(context, name, _invite(context, name), "invited")
    return go(f"/compte/{name}?fait=account_added")


@page("/compte/{account}", Right.ADMIN)
def account(context: RequestContext) -> Mapping[str, Any]:
    """Show one account: its form, what can be done to it, and its last lines in the trail."""
    return _shown(context, context.path["account"])


@post("/compte/{account}", Right.ADMIN, template="account.html")
def account_changed(context: RequestContext) -> Mapping[str, Any] | Response:
    """Change how an account is shown, its role, its offices and its address."""
    name, typed = context.path["account"], _typed(context)
    refused = context.app.call("change_account", who=context.account.name, login=name, **typed)
    context.app.forget("accounts")
    return _then(context, name, refused, "account_changed", typed)


@post("/compte/{account}/fermer", Right.ADMIN, template="account.html")
def account_closed(context: RequestContext) -> Mapping[str, Any] | Response:
    """Let an account in no more."""
    return _done(context, "close_account", "account_closed")


@post("/compte/{account}/rouvrir", Right.ADMIN, template="account.html")
def account_reopened(context: RequestContext) -> Mapping[str, Any] | Response:
    """Let an account in again."""
    return _done(context, "reopen_account", "account_reopened")


@post("/compte/{account}/second-facteur", Right.ADMIN, template="account.html")
def second_factor_reset(context: RequestContext) -> Mapping[str, Any] | Response:
    """Forget the second factor of somebody without their telephone."""
    return _done(context, "reset_second_factor", "second_factor_reset")


@post("/compte/{account}/inviter", Right.ADMIN, template="account.html")
def account_invited(context: RequestContext) -> Mapping[str, Any] | Response:
    """Mail the owner of an account a link by which they set their password."""
    name = context.path["account"]
    return _then(context, name, _invite(context, name), "invited")


@post("/compte/{account}/lien", Right.ADMIN, template="account.html")
def entry_link_made(context: RequestContext) -> Mapping[str, Any]:
    """Show, this once, a link that lets an account in."""
    name = context.path["account"]
    secret = context.app.call("make_entry_link", who=context.account.name, login=name)
    if secret is None:
        return {**_shown(context, name), "alert": REFUSALS["closed"], "status": _REFUSED}
    return {**_shown(context, name), "link": f"{context.app.settings.desk.url}/entrer/{secret}"}


def _invite(context: RequestContext, name: str) -> str:
    """Have an invitation mailed; return why that was not done, "" where it was."""
    if not context.app.mails_to_accounts:
        return "no mail"
    how = {"url": context.app.settings.desk.url, "days": context.app.settings.access.invitation_days}
    return str(context.app.call("invite", who=context.account.name, login=name, **how))


def _done(context: RequestContext, procedure: str, said: str) -> Mapping[str, Any] | Response:
    name = context.path["account"]
    return _then(context, name, context.app.call(procedure, who=context.account.name, login=name), said)


def _then(
    context: RequestContext, name: str, refused: str, said: str, typed: Mapping[str, Any] | None = None
) -> Mapping[str, Any] | Response:
    """Lead on to the account where something was done, and else show why not, with what was typed."""
    if not refused:
        return go(f"/compte/{name}?fait={said}")
    shown = _shown(context, name)
    return {**shown, "typed": typed or shown["typed"], "alert": REFUSALS[refused], "status": _REFUSED}


def _shown(context: RequestContext, name: str) -> Mapping[str, Any]:
    store = context.app.store
    found = _account(context, name)
    typed = {"shown_as": found.shown_as, "role": found.role, "offices": list(found.offices), "email": found.email or ""}
    return {
        **_form(context, found),
        "one": found,
        "typed": typed,
        "factor": store.second_factors.of(found.id),
        "locked": locked_until(store, found, "", context.now),
        "lines": store.accounts.trail_of(subject=name, limit=_TRAIL),
        "called": {"office": context.app.office_name, "queue": context.app.queue_label, "person": str},
        "said": context.text("fait"),
        "link": "",
    }


def _form(context: RequestContext, found: Account | None) -> dict[str, Any]:
    """Return what the form of an account offers; an office that the directory has lost stays where it was chosen."""
    return {
        "offices": {**_offices(context), **{each: each for each in (found.offices if found else ())}}
        | _offices(context),
        "roles": [(role.value, role.label) for role in Role],
        "mails": context.app.mails_to_accounts,
        "minutes": LINK_MINUTES,
    }


def _typed(context: RequestContext) -> dict[str, Any]:
    """Return what was typed into the form of an account; of the offices only those that there are."""
    chosen = dict.fromkeys([context.text("bureau"), *context.values("autres")])
    return {
        "shown_as": context.text("affiche"),
        "role": context.text("role"),
        "offices": [each for each in chosen if each and each in _offices(context)],
        "email": context.text("adresse"),
    }


def _offices(context: RequestContext) -> dict[str, str]:
    return {each.office_id: each.name for each in context.app.directory.records.offices}


def _account(context: RequestContext, name: str) -> Account:
    """Return an account by its name.

    Raises:
        NotFoundError: there is none.
    """
    found = context.app.store.accounts.by_name([name]).get(name)
    if found is None:
        raise NotFoundError("account")
    return found
