"""Coming in and going out."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import Refusal, Right, digest_of, new_secret, try_password
from dtm_contact.console import sessions
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import Visit, go

_HOME = "/file"
_MINUTE = 60.0
_MOST_CLIENTS = 10_000
_WRONG = "Nom ou mot de passe inconnu."
_LOCKED = "Trop d’erreurs : ce compte est fermé quelques minutes."
_TOO_OFTEN = "Trop d’essais depuis ce poste. Attendez une minute."
_attempts: defaultdict[str, deque[float]] = defaultdict(deque)
_lock = threading.Lock()


@page("/", Right.READ)
def home(visit: Visit) -> Response:
    """Lead to the queue."""
    del visit
    return go(_HOME)


@page("/connexion", None)
def log_in(visit: Visit) -> Mapping[str, Any]:
    """Ask who comes."""
    return {"vers": _ours(visit.text("vers")), "nom": ""}


@deed("/connexion", None, template="log_in.html")
def entered(visit: Visit) -> Mapping[str, Any] | Response:
    """Let in whoever knows the password; a wrong one is counted, on the account and on the address it came from."""
    name, to = visit.text("nom").lower(), _ours(visit.text("vers"))
    if _too_often(visit):
        return {"vers": to, "nom": name, "alert": _TOO_OFTEN, "status": 429}
    given = visit.given.get("mot_de_passe", "")
    account, refusal = try_password(visit.desk.store, name, given if isinstance(given, str) else "", visit.now)
    if account is not None and refusal is None:
        return sessions.let_in(visit, account, to)
    if account is not None and refusal is Refusal.WRONG:
        visit.desk.errand("failed", account_id=account.id, who=account.name, failures=account.failures)
    return {"vers": to, "nom": name, "alert": _LOCKED if refusal is Refusal.LOCKED else _WRONG, "status": 401}


@page("/entrer/{link}", None)
def enter(visit: Visit) -> Mapping[str, Any]:
    """Ask whether to come in by a link: a mail server that looks at links must not use it up."""
    return {"link": visit.path["link"]}


@deed("/entrer/{link}", None)
def entered_by_link(visit: Visit) -> Response:
    """Let in whom a link lets in, once."""
    if _too_often(visit):
        return go("/connexion")
    secret = new_secret()
    who = visit.desk.errand(
        "enter_by_link",
        link=digest_of(visit.path["link"]),
        digest=digest_of(secret),
        hours=visit.desk.settings.desk.session_hours,
    )
    if who is None:
        return go("/connexion?lien=perdu")
    return sessions.with_cookie(visit.desk.settings.desk, go(_HOME), secret)


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


def _too_often(visit: Visit) -> bool:
    """Tell whether there were too many attempts from one address within a minute, and count this one."""
    now, most = time.monotonic(), visit.desk.settings.desk.entries_per_minute
    with _lock:
        if len(_attempts) > _MOST_CLIENTS:
            _attempts.clear()
        mine = _attempts[visit.client]
        while mine and now - mine[0] > _MINUTE:
            mine.popleft()
        mine.append(now)
        return len(mine) > most
