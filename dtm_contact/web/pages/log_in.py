"""Logging in and out, and the help."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import Right, digest_of, try_password
from dtm_contact.web import auth
from dtm_contact.web.limits import BusyError
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_HOME = "/file"
_LONGEST_NAME = 64
_REFUSED = (
    "Nom ou mot de passe inconnu, ou trop d’erreurs depuis peu. Après cinq erreurs, attendez quelques minutes ; "
    "un administrateur peut aussi vous donner un lien d’entrée."
)
_TOO_OFTEN = "Trop d’essais depuis ce poste. Attendez une minute."
_BUSY = "Trop de personnes se connectent à la fois : rien n’a été essayé. Attendez une minute, puis recommencez."
_LOST = "Ce lien n’ouvre plus rien : il a servi, ou il est trop ancien. Demandez-en un autre à un administrateur."


@page("/", Right.READ)
def home(context: RequestContext) -> Response:
    """Lead to the queue."""
    del context
    return go(_HOME)


@page("/connexion", None)
def log_in(context: RequestContext) -> Mapping[str, Any]:
    """Ask who comes."""
    alert = _LOST if context.text("lien") == "perdu" else ""
    return {"vers": _ours(context.text("vers")), "nom": "", "alert": alert}


@post("/connexion", None, template="log_in.html")
def entered(context: RequestContext) -> Mapping[str, Any] | Response:
    """Let in whoever knows the password.

    What is refused is told in the same words and after the same work, whether nobody has that name, the password is
    wrong or the account is locked.
    """
    name, to = context.text("nom").lower()[:_LONGEST_NAME], _ours(context.text("vers"))
    desk, given = context.app, context.form.get("mot_de_passe", "")
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

    def enter(**how: Any) -> bool:
        desk.call("log_in", account_id=account.id, who=account.name, **how)
        return True

    return auth.open_session(context, enter, to) or go("/connexion")


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
            return {"vers": _HOME, "nom": "", "alert": _TOO_OFTEN, "status": 429}
        return go("/connexion?lien=perdu")

    def enter(**how: Any) -> bool:
        return context.app.call("log_in_by_link", link=link, **how) is not None

    return auth.open_session(context, enter, _HOME) or go("/connexion?lien=perdu")


@post("/deconnexion", Right.READ)
def leave(context: RequestContext) -> Response:
    """Let somebody out."""
    context.app.call("log_out", digest=digest_of(context.secret), who=context.account.name)
    response = go("/connexion")
    response.delete_cookie(auth.cookie_name(context.app.settings.desk), path="/")
    return response


def _ours(path: str) -> str:
    """Return a path of our own pages; that of the queue where it leads elsewhere."""
    fit = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if fit else _HOME


@page("/aide")
def help(context: RequestContext) -> Mapping[str, Any]:  # noqa: A001 - the page's name is its template's
    """Show the keys."""
    del context
    return {}
