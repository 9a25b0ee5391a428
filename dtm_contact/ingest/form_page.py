"""The public form page: what people hand over themselves, on the same way as programs; it needs no script."""

import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dtm_contact.ingest.request_message import RequestFile, RequestRefusedError, Submission, is_mailbox
from dtm_contact.model.attachable import ACCEPTED, MEDIA_TYPES, begins_as, extension_of
from dtm_contact.serving import ClientAddresses, RateLimit
from dtm_contact.settings import HttpSettings

PATH: Final = "/demande"
STYLE: Final = "/demande/style.css"
SENT: Final = "/demande/envoyee/{number}"
NUMBER: Final = "number"
_TRAP: Final = "site_web"
_TEMPLATES: Final = Path(__file__).parent / "templates"
# No letter and no digit that could be taken for another where a number is read out.
_ALPHABET: Final = "ABCDEFGHJKLMNPQRTUVWXY346789"
_NUMBER: Final = re.compile(rf"[{_ALPHABET}]{{4}}(?:-[{_ALPHABET}]{{4}}){{2}}")
_MEGABYTE: Final = 1_000_000
_LONGEST: Final = {"demande": 20_000, "nom": 200, "adresse": 300, "courriel": 200, "telephone": 40}
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Frame-Options": "DENY",
}
_BUSY: Final = "Trop de demandes arrivent en ce moment. Attendez une minute, puis envoyez de nouveau."
_SAYINGS: Final[Mapping[int, str]] = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "La demande et ses fichiers sont trop volumineux. Joignez moins de fichiers, "
    "ou de plus petits.",
    HTTPStatus.REQUEST_TIMEOUT: "L’envoi a pris trop de temps. Joignez moins de fichiers, ou de plus petits.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nous ne pouvons pas enregistrer la demande en ce moment. Envoyez de nouveau dans "
    "une minute.",
    HTTPStatus.TOO_MANY_REQUESTS: _BUSY,
}
_NOT_READ: Final = "La demande n’a pas pu être lue. Envoyez de nouveau."


class Taking(Protocol):
    """What the form page needs of the receiver that it belongs to."""

    settings: HttpSettings
    clients: ClientAddresses

    def body_of(self, request: Request) -> AbstractAsyncContextManager[bytes]:
        """Give the body of a request; see `HttpIntake.body_of`."""
        ...

    async def submitted(self, request: Request, body: bytes) -> Submission:
        """Return what the body of a request holds; see `HttpIntake.submitted`."""
        ...

    async def take(self, source: str, submission: Submission) -> str:
        """Store what was handed over and return its number; see `HttpIntake.take`."""
        ...


class FormPage:
    """The page, what it is sent, and what it says afterwards."""

    def __init__(self, taking: Taking, landlord: str) -> None:
        """Take what takes requests in, and the name that stands on the page."""
        self._taking = taking
        self._landlord = landlord
        self._by_client = RateLimit(taking.settings.form_per_minute)

    async def show(self, _request: Request) -> Response:
        """Show the empty form, with a number of its own: sent twice, it is taken once."""
        return self._page(_new_number(), {}, {})

    async def style(self, _request: Request) -> Response:
        """Return the style sheet."""
        return Response(_style(), media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    async def sent(self, request: Request) -> Response:
        """Say the number of what was sent."""
        number = request.path_params["number"]
        if not _NUMBER.fullmatch(number):
            return self._page(_new_number(), {}, {}, HTTPStatus.NOT_FOUND)
        return self._page(number, {}, {}, sent=number)

    async def take(self, request: Request) -> Response:
        """Take a form in; what does not hold is shown again, as it was written."""
        peer = request.client.host if request.client else ""
        client = self._taking.clients.client(peer, request.headers.getlist("x-forwarded-for"))
        said: Mapping[str, str] = {}
        number = _new_number()
        try:
            async with self._taking.body_of(request) as body:
                submission = await self._taking.submitted(request, body)
                said = {name: value for name, value in submission.fields.items() if isinstance(value, str)}
                number = said.get(NUMBER, "") if _NUMBER.fullmatch(said.get(NUMBER, "")) else number
                if not self._by_client.allows(client):
                    return self._page(number, said, {"": _BUSY}, HTTPStatus.TOO_MANY_REQUESTS)
                if faults := _faults(said, submission.files):
                    return self._page(number, said, faults, HTTPStatus.UNPROCESSABLE_ENTITY)
                written = {name: said[name].strip() for name in _LONGEST if said.get(name, "").strip()}
                await self._taking.take(
                    self._taking.settings.form_source, Submission({NUMBER: number, **written}, submission.files)
                )
        except RequestRefusedError as error:
            # Sent once, changed by going back, and sent again: that is another request.
            if error.status == HTTPStatus.CONFLICT:
                told = f"Une demande est déjà envoyée sous le numéro {number}. Pour en envoyer une autre, validez."
                return self._page(_new_number(), said, {"": told}, HTTPStatus.CONFLICT)
            return self._page(number, said, {"": _SAYINGS.get(error.status, _NOT_READ)}, error.status)
        return RedirectResponse(f"demande/envoyee/{number}", HTTPStatus.SEE_OTHER, _HEADERS)

    def _page(
        self,
        number: str,
        said: Mapping[str, str],
        errors: Mapping[str, str],
        status: int = HTTPStatus.OK,
        *,
        sent: str = "",
    ) -> Response:
        settings = self._taking.settings
        told = _template().render(
            landlord=self._landlord,
            number=number,
            said={name: said.get(name, "") for name in _LONGEST},
            errors=_Errors(errors),
            sent=sent,
            # Relative, so that the page may lie below any path of a proxy.
            up="../../" if sent or status == HTTPStatus.NOT_FOUND else "",
            longest=_LONGEST["demande"],
            most_files=settings.files_limit,
            megabytes=settings.size_limit // _MEGABYTE,
            accepted=ACCEPTED,
        )
        return Response(told, status, _HEADERS, media_type="text/html")


def _faults(said: Mapping[str, str], files: tuple[RequestFile, ...]) -> dict[str, str]:
    """Return what is wrong with a form, in French, by field."""
    faults = {}
    if not said.get("demande", "").strip():
        faults["demande"] = "Écrivez votre demande."
    if not said.get("nom", "").strip():
        faults["nom"] = "Écrivez votre nom."
    if (written := said.get("courriel", "").strip()) and not is_mailbox(written):
        faults["courriel"] = "Écrivez le courriel en entier, par exemple claire.petit@courriel.example, ou rien."
    for name, most in _LONGEST.items():
        if len(said.get(name, "")) > most:
            faults[name] = f"Écrivez {most} caractères au plus."
    for file in files:
        media_type = MEDIA_TYPES.get(extension_of(file.name))
        if media_type is None or not begins_as(media_type, file.octets[:16]):
            faults["pieces"] = f"Un des fichiers n’est pas d’une sorte que nous acceptons : {ACCEPTED}."
    if said.get(_TRAP):
        # Not in silence: what fills in every field may be a person's browser.
        faults[""] = "Un champ caché, qui reconnaît les robots, était rempli. Il est vide : renvoyez la demande."
    return faults


class _Errors(dict[str, str]):
    """Errors by field; a field without one has none."""

    def __missing__(self, _name: str) -> str:
        return ""


def _new_number() -> str:
    written = "".join(secrets.choice(_ALPHABET) for _ in range(12))
    return "-".join(written[start : start + 4] for start in range(0, 12, 4))


@cache
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("form.html")


@cache
def _style() -> str:
    return (_TEMPLATES / "form.css").read_text(encoding="utf-8")
