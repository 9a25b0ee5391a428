"""What somebody sets of their own account: what stands under what they write, and their password."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import Right, digest_of, try_password
from dtm_contact.access.login import LONGEST_PASSWORD, SHORTEST_PASSWORD, hash_password
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_LONGEST: Final = 500
_LINES: Final = 8
_WRONG: Final = (
    "L’ancien mot de passe n’est pas le bon, ou il y a eu trop d’erreurs depuis peu. Après cinq erreurs, attendez "
    "quelques minutes."
)
NOT_ALIKE: Final = "Les deux nouveaux mots de passe diffèrent. Rien n’a été changé."
NOT_FIT: Final = (
    f"Un mot de passe a {SHORTEST_PASSWORD} caractères au moins, {LONGEST_PASSWORD} au plus. Rien n’a été changé."
)


@page("/moi")
def own_account(context: RequestContext) -> Mapping[str, Any]:
    """Show the own signature, and what one comes in by."""
    return _shown(context)


def _shown(context: RequestContext) -> Mapping[str, Any]:
    return {
        "signature": context.account.signature or "",
        "said": context.text("fait"),
        "factor": context.app.store.second_factors.of(context.account.id),
        "shortest": SHORTEST_PASSWORD,
    }


@post("/moi")
def sign(context: RequestContext) -> Response:
    """Set the own signature: plain text of a few lines."""
    lines = [line.rstrip() for line in context.text("signature")[:_LONGEST].splitlines()]
    context.app.call("set_signature", who=context.account.name, signature="\n".join(lines[:_LINES]))
    return go("/moi?fait=signed")


@post("/moi/mot-de-passe", Right.READ, template="own_account.html")
def own_password_set(context: RequestContext) -> Mapping[str, Any] | Response:
    """Set the own password by the old one; a wrong old one counts like one at the log-in."""
    session, fault = digest_of(context.secret), password_fault(context)
    if fault:
        return {**_shown(context), "alert": fault, "status": 422}
    given = context.form_text("ancien")
    with context.app.limits.hashing(known_device=True).acquired():
        if try_password(context.app.store, context.account.name, given, context.device, context.now) is None:
            context.app.call("own_password_refused", session=session, device=context.device)
            return {**_shown(context), "alert": _WRONG, "status": 401}
        new = hash_password(context.form_text("nouveau"))
    context.app.call("set_own_password", session=session, password=new)
    return go("/moi?fait=password")


def password_fault(context: RequestContext) -> str:
    """Return why a new password that was typed twice will not do; "" where it will."""
    new = context.form_text("nouveau")
    if new != context.form_text("encore"):
        return NOT_ALIKE
    return "" if SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD else NOT_FIT
