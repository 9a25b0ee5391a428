"""What somebody sets of their own account: what stands under what they write."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import Right
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_LONGEST: Final = 500
_LINES: Final = 8


@page("/moi", Right.WORK)
def own_account(context: RequestContext) -> Mapping[str, Any]:
    """Show the own signature."""
    return {"signature": context.account.signature or "", "said": context.text("fait")}


@post("/moi")
def sign(context: RequestContext) -> Response:
    """Set the own signature: plain text of a few lines."""
    lines = [line.rstrip() for line in context.text("signature")[:_LONGEST].splitlines()]
    context.app.call("set_signature", who=context.account.name, signature="\n".join(lines[:_LINES]))
    return go("/moi?fait=signed")
