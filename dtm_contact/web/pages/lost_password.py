"""A lost password, and a first one: a link by mail, once, which says nothing of who has an account."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import digest_of
from dtm_contact.access.login import SHORTEST_PASSWORD, hash_password
from dtm_contact.store import LinkPurpose
from dtm_contact.web.limits import BusyError
from dtm_contact.web.pages.own_account import password_fault
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_LONGEST: Final = 255
_TOO_OFTEN: Final = "Trop d’essais depuis ce poste. Attendez une minute."
_NO_PASSWORDS: Final = "On n’entre plus ici par mot de passe."
_BUSY: Final = "Trop de personnes se connectent à la fois : rien n’a été changé. Attendez une minute, puis recommencez."


@page("/mot-de-passe-perdu", None)
def lost_password(context: RequestContext) -> Mapping[str, Any]:
    """Ask who has lost their password."""
    return {"asked": "", "told": False, "mails": context.app.mails_to_accounts}


@post("/mot-de-passe-perdu", None, template="lost_password.html")
def password_lost(context: RequestContext) -> Mapping[str, Any]:
    """Have a link mailed to whom it concerns, and say the same whoever that is, and whether there is such a person."""
    app, asked = context.app, context.text("nom").lower()[:_LONGEST]
    if not app.limits.links.allows(context.client):
        return {"asked": asked, "told": False, "mails": True, "alert": _TOO_OFTEN, "status": 429}
    if app.mails_to_accounts:
        app.call("lost_password", asked=asked, url=app.settings.desk.url, hours=app.settings.access.password_hours)
    return {"asked": asked, "told": True, "mails": app.mails_to_accounts}


@page("/mot-de-passe/{link}", None)
def set_password(context: RequestContext) -> Mapping[str, Any]:
    """Ask for the new password; a mail server that looks at links must not use them up."""
    return {"link": context.path["link"], "shortest": SHORTEST_PASSWORD}


@post("/mot-de-passe/{link}", None, template="set_password.html")
def password_set(context: RequestContext) -> Mapping[str, Any] | Response:
    """Set the password of whose link it is, once. Only links that do not exist are counted."""
    app, link = context.app, digest_of(context.path["link"])
    again = {"link": context.path["link"], "shortest": SHORTEST_PASSWORD}
    if not app.store.accounts.has_link(link, LinkPurpose.PASSWORD):
        if not app.limits.links.allows(context.client):
            return {**again, "alert": _TOO_OFTEN, "status": 429}
        return go("/connexion?lien=perdu")
    fault = _NO_PASSWORDS if app.settings.oidc.only else password_fault(context)
    if fault:
        return {**again, "alert": fault, "status": 422}
    try:
        with app.limits.hashing(known_device=False).acquired():
            new = hash_password(context.form_text("nouveau"))
    except BusyError:
        return {**again, "alert": _BUSY, "status": 503}
    done = app.call("set_password_by_link", link=link, password=new)
    return go("/connexion?lien=pose" if done else "/connexion?lien=perdu")
