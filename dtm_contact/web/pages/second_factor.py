"""The second factor: its code while one comes in, and setting it up, replacing and removing it."""

from collections.abc import Mapping
from typing import Any, Final

import segno
from markupsafe import Markup
from starlette.responses import Response

from dtm_contact.access import Right, digest_of
from dtm_contact.access.totp import telephone_address
from dtm_contact.store import Account, Stage
from dtm_contact.store.secret_keys import UnopenedSecretError
from dtm_contact.web import auth
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go, our_path

_WRONG: Final = (
    "Ce code n’est pas le bon, il a déjà servi, ou il y a eu trop d’erreurs depuis peu. Attendez le code suivant, puis "
    "recommencez ; après cinq erreurs, attendez quelques minutes."
)
_NOT_CONFIRMED: Final = "Ce code n’est pas celui que le téléphone affiche maintenant. Vérifiez l’heure du téléphone."
_COMPULSORY: Final = "Votre rôle exige un second facteur : il peut être remplacé, pas retiré."


@page(auth.SECOND_FACTOR, Right.OWN)
def second_factor(context: RequestContext) -> Mapping[str, Any]:
    """Ask for the code of who comes in, or show how the own second factor stands."""
    return _shown(context)


@post(f"{auth.SECOND_FACTOR}/code", Right.OWN, template="second_factor.html")
def code_given(context: RequestContext) -> Mapping[str, Any] | Response:
    """Let in whoever gives a code of their second factor, or a recovery code."""
    if context.entering is None:
        return go(auth.SECOND_FACTOR)
    session, code = digest_of(context.secret), context.text("code")

    def enter(**secrets: Any) -> str | None:
        stage: str | None = context.app.call("give_code", session=session, code=code, **secrets)
        return stage

    return auth.open_session(context, enter, our_path(context.text("vers"))) or {
        **_shown(context), "alert": _WRONG, "status": 401
    }  # fmt: skip


@post(f"{auth.SECOND_FACTOR}/nouveau", Right.OWN, template="second_factor.html")
def second_factor_proposed(context: RequestContext) -> Mapping[str, Any]:
    """Show a new secret to be taken up by a telephone; whoever has one already gives a code of that."""
    given = {"session": digest_of(context.secret), "code": context.text("code"), "device": context.device}
    if not context.app.call("propose_second_factor", **given):
        return {**_shown(context), "alert": _WRONG, "status": 401}
    return _shown(context)


@post(f"{auth.SECOND_FACTOR}/confirmer", Right.OWN, template="second_factor.html")
def second_factor_confirmed(context: RequestContext) -> Mapping[str, Any] | Response:
    """Put the new secret in force, and show its recovery codes this once."""
    cookies = auth.EntryCookies(context)
    given = {"session": digest_of(context.secret), "code": context.text("code")}
    codes = context.app.call("confirm_second_factor", **given, **cookies.arguments)
    if codes is None:
        return {**_shown(context), "alert": _NOT_CONFIRMED, "status": 401}
    told = {**_shown(context), "codes": codes}
    if context.entering is None:
        return told
    response = context.app.render(context, "second_factor.html", told)
    cookies.set(response)
    return response


@post(f"{auth.SECOND_FACTOR}/retirer", Right.OWN, template="second_factor.html")
def second_factor_removed(context: RequestContext) -> Mapping[str, Any] | Response:
    """Remove the own second factor, where the role may do without."""
    compulsory = context.app.settings.access.second_factor
    if _account(context).role in compulsory:
        return {**_shown(context), "alert": _COMPULSORY, "status": 409}
    given = {"session": digest_of(context.secret), "code": context.text("code"), "device": context.device}
    if not context.app.call("remove_second_factor", compulsory=compulsory, **given):
        return {**_shown(context), "alert": _WRONG, "status": 401}
    return go("/moi?fait=second_factor_removed")


def _account(context: RequestContext) -> Account:
    return context.entering.account if context.entering is not None else context.account


def _shown(context: RequestContext) -> Mapping[str, Any]:
    """Return what the page needs: what is asked, and the secret that waits to be confirmed."""
    account = _account(context)
    factor = context.app.store.second_factors.of(account.id)
    asked = context.entering is not None and context.entering.stage is Stage.CODE
    pending = None if asked or not factor.pending else _opened(context, account, factor.pending)
    return {
        "asked": asked,
        "must": context.entering is not None,
        "factor": factor,
        "pending": " ".join(pending[at : at + 4] for at in range(0, len(pending), 4)) if pending else "",
        "picture": qr_code(telephone_address(pending, account.name)) if pending else "",
        "address": telephone_address(pending, account.name) if pending else "",
        "removable": account.role not in context.app.settings.access.second_factor,
        "codes": [],
        "vers": our_path(context.text("vers")),
    }


def _opened(context: RequestContext, account: Account, kept: str) -> str | None:
    """Return the secret that waits; None where no key opens it: another is proposed then."""
    try:
        return context.app.store.second_factors.opened(account.id, kept)
    except UnopenedSecretError:
        return None


def qr_code(text: str) -> Markup:
    """Return a text as a QR code, drawn in the page itself: dark on white whatever the page's colours."""
    return Markup(segno.make(text, error="m").svg_inline(scale=5, dark="#000", light="#fff"))  # noqa: S704 - of our own
