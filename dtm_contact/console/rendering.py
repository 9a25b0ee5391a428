"""What a page is given beside its own: names, times in words, addresses of files, who is there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from dtm_contact.access import Role
from dtm_contact.console import words
from dtm_contact.console.desk import Desk
from dtm_contact.console.visit import Visit

_TROUBLES = {
    400: "La demande n’a pas été comprise.",
    403: "Votre rôle ne le permet pas, ou la page était trop ancienne. Revenez en arrière et rechargez-la.",
    404: "Rien de tel ici, ou pas pour votre bureau.",
    405: "Cela ne se fait pas ainsi.",
    409: "Ce n’est pas possible.",
    413: "C’est trop long.",
    408: "La demande n’est pas arrivée en entier. Rien n’a été fait ; recommencez.",
    421: "Le bureau n’est pas connu sous cette adresse. Un administrateur la règle (DTM_DESK_HOSTS).",
    429: "Trop d’essais. Attendez une minute.",
    500: "Une erreur s’est produite ; elle est au journal. Rien n’a été changé, ou le dossier le dit.",
    503: "Le moteur ne répond pas. Rien n’est perdu ; réessayez dans un instant.",
}


class Rendering:
    """Makes pages of templates."""

    def __init__(self, desk: Desk, digests: Mapping[str, str]) -> None:
        """Load the templates; `digests` are those of the files beside them."""
        self._desk = desk
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals["file"] = lambda name: f"/fichiers/{digests[name]}/{name}"
        self._environment.globals["desk"] = desk
        self._environment.globals["part"] = self._part
        self._environment.filters.update(words.FILTERS)
        # All at once: a program that is replaced while it runs must not mix its old pages with new ones.
        for name in self._environment.list_templates():
            self._environment.get_template(name)

    def page(self, visit: Visit | None, template: str, given: Mapping[str, Any], status: int = 200) -> Response:
        """Return a page.

        Args:
            visit: who sees it.
            template: its file.
            given: what it needs; or of a part that many see alike its `template`, under `make` what gives what that
                needs, and under `alike` for whom else it is the same.
            status: of the answer, unless `given` has another.
        """
        made = self._part(visit, given) if "make" in given else self._made(visit, template, given)
        return HTMLResponse(made, int(given.get("status", status)))

    def _part(self, visit: Visit | None, part: Mapping[str, Any]) -> str:
        """Return a part of a page that many see alike, made for the first of them."""

        def make() -> Markup:
            return Markup(self._made(visit, part["template"], part["make"]()))  # noqa: S704 - a template made it

        return self._desk.lately(part["alike"], make)

    def _made(self, visit: Visit | None, template: str, given: Mapping[str, Any]) -> str:
        known = visit.known if visit else None
        now = visit.now if visit else self._desk.now()
        shared = {
            "visit": visit,
            "account": known,
            "now": now,
            "names": self._desk.names,
            "csrf": visit.csrf if visit else "",
            "role": Role(known.role).label if known else "",
            "alert": "",
            "said": "",
            "about": "",
            "several": None,
        }
        return self._environment.get_template(template).render({**shared, **given})

    def trouble(self, visit: Visit | None, status: int, message: str = "") -> Response:
        """Return the page that says why there is no other."""
        told = message or _TROUBLES.get(status, _TROUBLES[500])
        return self.page(visit, "trouble.html", {"told": told, "number": status}, status)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """Answer what no route takes."""
        del request
        return self.trouble(None, error.status_code if isinstance(error, HTTPException) else 500)
