"""Coming in by an identity provider: the way there, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from dtm_contact.access.federated import CLOSED, NO_GROUP, NO_OFFICE
from dtm_contact.errors import NotFoundError, WrongSettingError
from dtm_contact.log import get_log
from dtm_contact.web import auth
from dtm_contact.web.limits import BusyError
from dtm_contact.web.oidc import EntryAttempt, EntryRefusedError, IdentityProvider, ProviderDownError
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext, go, our_path

_log = get_log("desk")
_COOKIE: Final = "bureau-fournisseur"
_MINUTES: Final = 10
_FOUND: Final = 302
_LONGEST: Final = 4096
_DOWN: Final = "Le service de connexion ne répond pas. Attendez un instant, puis recommencez."
_REFUSED: Final = "La connexion n’a pas abouti. Recommencez ; si cela se répète, dites-le à un administrateur."
_TOO_OFTEN: Final = "Trop d’essais depuis ce poste. Attendez une minute."
_NOT_LET_IN: Final = {
    NO_GROUP: "Vous êtes connu, mais aucun de vos groupes ne donne accès au bureau. Un administrateur peut y remédier.",
    NO_OFFICE: "Vous êtes connu, mais aucun de vos groupes ne dit dans quel bureau vous travaillez.",
    CLOSED: "Votre compte au bureau est fermé.",
}


@page("/connexion/fournisseur", None)
def to_provider(context: RequestContext) -> Response:
    """Send the browser to the provider; what its return is held against goes along in a cookie."""
    provider = _provider(context)
    if not context.app.limits.passwords.allows(f"provider {context.client}"):
        return _refusal_page(context, _TOO_OFTEN, 429)
    attempt = EntryAttempt.begun(our_path(context.text("vers"))[:_LONGEST])
    try:
        response = RedirectResponse(provider.way_there(attempt), _FOUND)
    except (ProviderDownError, BusyError) as error:
        return _down(context, error)
    settings = context.app.settings.desk
    # Lax: the provider's answer is a link that is followed from its pages.
    how: Mapping[str, Any] = {"httponly": True, "samesite": "lax", "secure": settings.secure_cookies, "path": "/"}
    response.set_cookie(_cookie(context), attempt.cookie(), max_age=_MINUTES * 60, **how)
    return response


@page("/connexion/retour", None)
def from_provider(context: RequestContext) -> Response:
    """Let in whom the provider sends back; the attempt is over, however it went."""
    response = _entered(context)
    response.delete_cookie(_cookie(context), path="/")
    return response


def _entered(context: RequestContext) -> Response:
    provider, settings = _provider(context), context.app.settings.oidc
    if not context.app.limits.passwords.allows(f"provider {context.client}"):
        return _refusal_page(context, _TOO_OFTEN, 429)
    attempt = EntryAttempt.read(context.cookie(_cookie(context)))
    try:
        identity = provider.identity(attempt, dict(context.query))
    except EntryRefusedError as error:
        _log.warning("an entry by the identity provider was refused", reason=error.reason)
        return _refusal_page(context, _REFUSED, 401)
    except (ProviderDownError, BusyError, WrongSettingError) as error:
        return _down(context, error)
    told: dict[str, str | None] = {}

    def enter(**secrets: Any) -> str | None:
        told["why"] = context.app.call(
            "log_in_by_provider",
            identity=asdict(identity),
            roles=settings.roles,
            offices=settings.offices,
            **secrets,
        )
        return None if told["why"] else "in"

    entered = auth.open_session(context, enter, our_path(attempt.to if attempt else ""))
    context.app.forget("accounts")
    return entered or _refusal_page(context, _NOT_LET_IN[told["why"] or CLOSED], 403)


def _provider(context: RequestContext) -> IdentityProvider:
    """Return the provider.

    Raises:
        NotFoundError: the settings name none.
    """
    if context.app.provider is None:
        raise NotFoundError("provider")
    return context.app.provider


def _cookie(context: RequestContext) -> str:
    return auth.cookie_named(context.app.settings.desk, _COOKIE)


def _down(context: RequestContext, error: Exception) -> Response:
    reason = getattr(error, "reason", type(error).__name__)
    _log.warning("the identity provider does not answer", reason=reason)
    return _refusal_page(context, _DOWN, 503)


def _refusal_page(context: RequestContext, alert: str, status: int) -> Response:
    given = {"vers": our_path(context.text("vers")), "nom": "", "alert": alert}
    return context.app.render(context, "log_in.html", given, status)


def left(context: RequestContext, id_token: str | None) -> Response:
    """Return what ends a session at the provider too, where one let in; else the page of the log-in.

    It is a page and no redirection: a form of ours may lead nowhere else (`form-action`).
    """
    provider = context.app.provider
    address = provider.way_out(id_token) if provider is not None and id_token else None
    return context.app.render(None, "left.html", {"address": address}) if address else go("/connexion")
