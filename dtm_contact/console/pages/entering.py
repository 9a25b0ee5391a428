"""Coming in and going out."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import Right, digest_of, try_password
from dtm_contact.console import sessions
from dtm_contact.console.gate import BusyError
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import Visit, go

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
def home(visit: Visit) -> Response:
    """Lead to the queue."""
    del visit
    return go(_HOME)


@page("/connexion", None)
def log_in(visit: Visit) -> Mapping[str, Any]:
    """Ask who comes."""
    alert = _LOST if visit.text("lien") == "perdu" else ""
    return {"vers": _ours(visit.text("vers")), "nom": "", "alert": alert}


@deed("/connexion", None, template="log_in.html")
def entered(visit: Visit) -> Mapping[str, Any] | Response:
    """Let in whoever knows the password.

    What is refused is told in the same words and after the same work, whether nobody has that name, the password is
    wrong or the account is locked.
    """
    name, to = visit.text("nom").lower()[:_LONGEST_NAME], _ours(visit.text("vers"))
    desk, given = visit.desk, visit.given.get("mot_de_passe", "")
    known = bool(visit.device) and bool(desk.store.accounts.accounts_of_device(visit.device, visit.now))
    if not desk.gate.passwords.allows(f"device {visit.device}" if known else f"client {visit.client}"):
        return {"vers": to, "nom": name, "alert": _TOO_OFTEN, "status": 429}
    try:
        # Counted in the same turn: many at once must not all be tried before the first of them counts.
        with desk.gate.hashing(known=known).taken():
            password = given if isinstance(given, str) else ""
            account = try_password(desk.store, name, password, visit.device, visit.now)
            if account is None:
                desk.errand("failed", login=name, device=visit.device)
    except BusyError:
        return {"vers": to, "nom": name, "alert": _BUSY, "status": 503}
    if account is None:
        return {"vers": to, "nom": name, "alert": _REFUSED, "status": 401}

    def enter(**how: Any) -> bool:
        desk.errand("enter", account_id=account.id, who=account.name, **how)
        return True

    return sessions.let_in(visit, enter, to) or go("/connexion")


@page("/entrer/{link}", None)
def enter(visit: Visit) -> Mapping[str, Any]:
    """Ask whether to come in by a link: a mail server that looks at links must not use it up."""
    return {"link": visit.path["link"]}


@deed("/entrer/{link}", None, template="log_in.html")
def entered_by_link(visit: Visit) -> Mapping[str, Any] | Response:
    """Let in whom a link lets in, once. Only links that do not exist are counted: one that does always lets in."""
    link = digest_of(visit.path["link"])
    if not visit.desk.store.accounts.has_link(link):
        if not visit.desk.gate.links.allows(visit.client):
            return {"vers": _HOME, "nom": "", "alert": _TOO_OFTEN, "status": 429}
        return go("/connexion?lien=perdu")

    def enter(**how: Any) -> bool:
        return visit.desk.errand("enter_by_link", link=link, **how) is not None

    return sessions.let_in(visit, enter, _HOME) or go("/connexion?lien=perdu")


@deed("/deconnexion", Right.READ)
def leave(visit: Visit) -> Response:
    """Let somebody out."""
    visit.desk.errand("leave", digest=digest_of(visit.secret), who=visit.account.name)
    response = go("/connexion")
    response.delete_cookie(sessions.cookie_name(visit.desk.settings.desk), path="/")
    return response


def _ours(path: str) -> str:
    """Return a path of our own pages; that of the queue where it leads elsewhere."""
    fit = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if fit else _HOME
