"""What pages keep at the server while somebody types, and ask for again."""

import re
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from dtm_contact.access import Right
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.formats import clock
from dtm_contact.model import DraftKey, DraftKind, WritingPage
from dtm_contact.rules.free_words import FreeWordsHint
from dtm_contact.store.drafts import ENDED
from dtm_contact.web.draft_saving import TypedDraft
from dtm_contact.web.drafts import FORMS, fields_of, hints_of, keep_typed, typed_draft
from dtm_contact.web.pages.case import case_page
from dtm_contact.web.pages.opening import was_handed_in
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import PAGE, RequestContext, go

_ID: Final = re.compile("[0-9A-Za-z._-]{8,80}")


@post("/brouillon")
def keep(context: RequestContext) -> Response | Awaitable[Response]:
    """Keep what somebody is typing, and tell which words have no place there; in a case that they see."""
    form, about = which_draft(context)
    fields = fields_of(context.form_text("champs"))
    if fields is None:
        return Response(status_code=400)
    if FORMS[form] is DraftKind.NEW and was_handed_in(context, about):
        # Its case is open: what a page that was come back to holds of it begins no second one.
        return Response(status_code=410)
    return _kept(context, typed_draft(context, form, about, fields), hints_of(context, form, fields))


async def _kept(context: RequestContext, draft: TypedDraft, hints: Sequence[FreeWordsHint]) -> Response:
    revision = await context.app.drafts.save(draft)
    if revision == ENDED:
        # It was sent, or thrown away: what comes late of it, or from a page that was come back to, is no draft.
        return Response(status_code=410)
    told = [
        {"words": f"« {each.words} »", "why": f"{each.label}. {each.why}", "instead": each.instead} for each in hints
    ]
    beside = await run_in_threadpool(_written_beside, context, draft) if revision else False
    at = clock(context.now, context.now)
    return JSONResponse({"revision": revision, "at": at, "hints": told, "beside": beside})


def _written_beside(context: RequestContext, draft: TypedDraft) -> bool:
    """Return whether something else is kept of the same form, from another page."""
    kept = context.app.store.drafts.of_all_pages(DraftKey(context.account.id, draft.kind, draft.about))
    return any(each.fields != draft.fields and any(each.fields.values()) for each in kept)


@page("/brouillon", Right.WORK)
def kept(context: RequestContext) -> Response:
    """Give one's own draft: a page asks for it that came while the last words of the one before were on their way."""
    form, about = which_draft(context)
    draft = context.app.store.drafts.draft(DraftKey(context.account.id, FORMS[form], about))
    if draft is None:
        return JSONResponse({"revision": 0, "fields": {}, "writing": ""})
    return JSONResponse({"revision": draft.revision, "fields": dict(draft.fields), "writing": draft.writing})


@post("/brouillon/present")
def still_writes(context: RequestContext) -> Response | Awaitable[Response]:
    """Note that somebody is still at a letter, though they think rather than type."""
    form, about = which_draft(context)
    if FORMS[form].is_letter:
        return _noted(context, typed_draft(context, form, about, None))
    return Response(status_code=204)


async def _noted(context: RequestContext, letter: TypedDraft) -> Response:
    await context.app.drafts.save(letter)
    return Response(status_code=204)


@post("/dossier/{number}/brouillon/supprimer", template="case.html")
def discard(context: RequestContext) -> Mapping[str, Any] | Response:
    """Forget what somebody was writing on a case, because they say so."""
    number = context.case().number
    _drop(context, context.text("forme"), number)
    return case_page(context, said="discard") if context.is_script else go(f"/dossier/{number}?fait=discard")


@post("/nouveau/supprimer")
def discard_new(context: RequestContext) -> Response:
    """Forget a case by hand that was being written."""
    _drop(context, "nouveau", context.text("id"))
    return go("/nouveau")


def _drop(context: RequestContext, form: str, about: str) -> None:
    if form not in FORMS:
        raise NotFoundError("draft")
    page = context.text(PAGE)
    if context.text("autre"):
        # The one of another page is thrown away by itself: this page's stays, with what was typed a moment ago.
        keep_typed(context, form, about)
        page = WritingPage(context.text("autre")).mark
    context.app.call("drop_draft", who=context.account.name, kind=FORMS[form].value, about=about, page=page)


def which_draft(context: RequestContext) -> tuple[str, str]:
    """Return the form, and what it is about.

    Raises:
        NotFoundError: there is no such form, or no case that they see.
    """
    form, about = context.text("forme"), context.text("sur")
    if form not in FORMS:
        raise NotFoundError("draft")
    if FORMS[form] is not DraftKind.NEW:
        return form, context.case(about or "-").number
    if not _ID.fullmatch(about):
        raise NotFoundError("draft")
    return form, about
