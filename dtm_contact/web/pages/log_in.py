"""Logging in and out, and the help."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import Right, digest_of, try_password
from dtm_contact.store import Account
from dtm_contact.web import auth
from dtm_contact.web.limits import BusyError
from dtm_contact.web.pages.provider import left
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import HOME, RequestContext, go, our_path

_LONGEST_NAME = 64
_REFUSED = (
    "Nom, mot de passe ou code inconnu, ou trop d’erreurs depuis peu. Après cinq erreurs, attendez quelques minutes ; "
    "un administrateur peut aussi vous donner un lien d’entrée."
)
_TOO_OFTEN = "Trop d’essais depuis ce poste. Attendez une minute."
_NO_PASSWORDS = "On n’entre plus ici par mot de passe : connectez-vous par le bouton."
_BUSY = "Trop de personnes se connectent à la fois : rien n’a été essayé. Attendez une minute, puis recommencez."
_LOST = "Ce lien n’ouvre plus rien : il a servi, ou il est trop ancien. Demandez-en un autre à un administrateur."
_NOTES: Final = {"perdu": {"alert": _LOST}, "pose": {"said": "password_set"}}


@page("/", Right.READ)
def home(context: RequestContext) -> Response:
    """Lead to the queue."""
    del context
    return go(HOME)


@page("/connexion", None)
def log_in(context: RequestContext) -> Mapping[str, Any]:
    """Ask who comes."""
    return {"vers": our_path(context.text("vers")), "nom": "", **_NOTES.get(context.text("lien"), {})}


@post("/connexion", None, template="log_in.html")
def entered(context: RequestContext) -> Mapping[str, Any] | Response:
    """Let in whoever knows the password.

    What is refused is told in the same words and after the same work, whether nobody has that name, the password is
    wrong or the account is locked.
    """
    name, to = context.text("nom").lower()[:_LONGEST_NAME], our_path(context.text("vers"))
    desk, given = context.app, context.form.get("mot_de_passe", "")
    if desk.settings.oidc.only:
        return {"vers": to, "nom": "", "alert": _NO_PASSWORDS, "status": 403}
    known = bool(context.device) and bool(desk.store.accounts.accounts_of_device(context.device, context.now))
    if not desk.limits.passwords.allows(f"device {context.device}" if known else f"client {context.client}"):
        return {"vers": to, "nom": name, "alert": _TOO_OFTEN, "status": 429}
    try:
        # Counted in the same turn: many at once must not all be tried before the first of them counts.
        with desk.limits.hashing(known_device=known).acquired():
            password = given if isinstance(given, str) else ""
            account = try_password(desk.store, name, password, context.device, context.now)
            if account is None:
                desk.call("log_in_failed", login=name, device=context.device)
    except BusyError:
        return {"vers": to, "nom": name, "alert": _BUSY, "status": 503}
    if account is None:
        return {"vers": to, "nom": name, "alert": _REFUSED, "status": 401}

    entry: dict[str, Any] = {"who": account.name, "code": context.text("code")}
    entry["compulsory"] = desk.settings.access.second_factor
    response = auth.open_session(context, lambda **secrets: desk.call("log_in", **entry, **secrets), to)
    return response or {"vers": to, "nom": name, "alert": _REFUSED, "status": 401}


@page("/entrer/{link}", None)
def enter(context: RequestContext) -> Mapping[str, Any]:
    """Ask whether to come in by a link: a mail server that looks at links must not use it up."""
    return {"link": context.path["link"]}


@post("/entrer/{link}", None, template="log_in.html")
def entered_by_link(context: RequestContext) -> Mapping[str, Any] | Response:
    """Let in whom a link lets in, once. Only links that do not exist are counted: one that does always lets in."""
    link = digest_of(context.path["link"])
    if not context.app.store.accounts.has_link(link):
        if not context.app.limits.links.allows(context.client):
            return {"vers": HOME, "nom": "", "alert": _TOO_OFTEN, "status": 429}
        return go("/connexion?lien=perdu")

    compulsory = context.app.settings.access.second_factor

    def enter(**secrets: Any) -> str | None:
        stage: str | None = context.app.call("log_in_by_link", link=link, compulsory=compulsory, **secrets)
        return stage

    return auth.open_session(context, enter, HOME) or go("/connexion?lien=perdu")


@post("/deconnexion", Right.OWN)
def leave(context: RequestContext) -> Response:
    """Let somebody out, and of their session at the identity provider, where one let them in."""
    session = context.app.store.accounts.session(digest_of(context.secret))
    context.app.call("log_out", digest=digest_of(context.secret), who=_who(context).name)
    response = left(context, session.id_token if session else None)
    response.delete_cookie(auth.cookie_name(context.app.settings.desk), path="/")
    return response


def _who(context: RequestContext) -> Account:
    """Return who is in, or coming in."""
    return context.entering.account if context.entering is not None else context.account


@page("/aide")
def help(context: RequestContext) -> Mapping[str, Any]:  # noqa: A001 - the page's name is its template's
    """Show the keys."""
    del context
    return {}
