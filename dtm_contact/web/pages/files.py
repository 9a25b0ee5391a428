"""Files that agents attach: taken in piece by piece into a draft, looked through, given back, removed."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response, StreamingResponse

from dtm_contact.access import Right, sees_case
from dtm_contact.errors import NotFoundError
from dtm_contact.labels.formats import size
from dtm_contact.model import DraftKey, StoredFile
from dtm_contact.model.attachable import ACCEPTED, MEDIA_TYPES, begins_as, extension_of
from dtm_contact.store.files import PIECE
from dtm_contact.web.drafts import FORMS
from dtm_contact.web.letters import UnfitFileError, look_through
from dtm_contact.web.pages.attachments import as_download
from dtm_contact.web.pages.drafts import which_draft
from dtm_contact.web.registry import page, post, upload
from dtm_contact.web.request_context import PAGE, RequestContext

_LONGEST_NAME: Final = 120
_UNFIT: Final = re.compile("[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069/\\\\]+")


@upload("/brouillon/piece")
async def attach(context: RequestContext, octets: AsyncIterator[bytes]) -> Response:
    """Take a file into a draft, in pieces; what is refused leaves nothing, and says why."""
    form, about = await run_in_threadpool(which_draft, context)
    name = _UNFIT.sub("_", context.text("nom")).strip(". ")[-_LONGEST_NAME:] or "fichier"
    media_type = await run_in_threadpool(_checked_beforehand, context, form, about, name)
    call, who = context.app.call, context.account.name
    place = {"who": who, "kind": FORMS[form].value, "about": about, "page": context.text(PAGE)}
    file_id = await run_in_threadpool(call, "begin_file", **place, named=name, media_type=media_type)
    try:
        digest = await _kept(context, file_id, media_type, octets)
        await run_in_threadpool(call, "finish_file", who=who, file_id=file_id, sha256=digest)
        told = await run_in_threadpool(look_through, context, file_id)
    except BaseException:
        await run_in_threadpool(call, "remove_file", who=who, file_id=file_id)
        raise
    file = await run_in_threadpool(context.app.store.files.file, file_id)
    if file is None:
        raise NotFoundError("file")
    return JSONResponse({"id": file.id, "name": file.name, "size": size(file.size), "told": told})


def _checked_beforehand(context: RequestContext, form: str, about: str, name: str) -> str:
    """Return the type of a file that is about to come.

    Raises:
        UnfitFileError: it is none that may be sent, or there is no more room in the draft.
    """
    media_type = MEDIA_TYPES.get(extension_of(name))
    if media_type is None:
        raise UnfitFileError(f"« {name} » n’est pas d’un format accepté ({ACCEPTED})")
    settings, length = context.app.settings.attachments, context.headers.get("content-length", "")
    there = _there(context, form, about)
    if len(there) >= settings.count:
        raise UnfitFileError(f"{settings.count} fichiers au plus")
    room = settings.octets - sum(file.size for file in there)
    if not length.isdecimal() or int(length) > room:
        raise UnfitFileError(
            f"« {name} » est trop lourd : {settings.megabytes} Mo en tout, il reste {size(max(room, 0))}"
        )
    return media_type


def _there(context: RequestContext, form: str, about: str) -> Sequence[StoredFile]:
    return context.app.store.files.of_drafts(DraftKey(context.account.id, FORMS[form], about))


async def _kept(context: RequestContext, file_id: int, media_type: str, octets: AsyncIterator[bytes]) -> str:
    """Have the daemon keep a file, a piece at a time; return the digest of it."""
    digest, waiting, place, total = hashlib.sha256(), bytearray(), 0, 0
    length = int(context.headers["content-length"])

    async def keep(piece: bytes) -> None:
        if place == 0 and not begins_as(media_type, piece):
            raise UnfitFileError("son contenu n’est pas ce que dit son nom")
        written = base64.b64encode(piece).decode()
        await run_in_threadpool(
            context.app.call, "add_piece", who=context.account.name, file_id=file_id, place=place, octets=written
        )

    async for part in octets:
        total += len(part)
        if total > length:
            raise UnfitFileError("il est plus long qu’annoncé")
        digest.update(part)
        waiting += part
        while len(waiting) >= PIECE:
            piece = bytes(waiting[:PIECE])
            del waiting[:PIECE]
            await keep(piece)
            place += 1
    if not total:
        raise UnfitFileError("il est vide")
    if waiting:
        await keep(bytes(waiting))
    return digest.hexdigest()


@post("/brouillon/piece/{file}/retirer")
def remove(context: RequestContext) -> Response:
    """Remove a file from one's own draft."""
    file = _file(context)
    if file.draft_id is None or file.account_id != context.account.id:
        raise NotFoundError("file")
    context.app.call("remove_file", who=context.account.name, file_id=file.id)
    return Response(status_code=204)


@page("/jointe/{file}", Right.READ)
def attached_file(context: RequestContext) -> Response:
    """Give a file that an agent attached, to be saved: of a case that they see, or of their own draft."""
    file = _file(context)
    if file.draft_id is not None:
        if file.account_id != context.account.id or not context.may(Right.WORK):
            raise NotFoundError("file")
        subject = context.account.name
    else:
        number = context.app.store.files.case_number(file)
        case = context.app.store.desk.case(number) if number else None
        if case is None or not sees_case(context.account, case):
            raise NotFoundError("file")
        subject = case.number
    context.audit("read", subject, attached=file.name)
    pieces: Iterator[Any] = context.app.store.files.pieces(file.id)
    return StreamingResponse(
        pieces,
        media_type="application/octet-stream",
        headers={**as_download(file.name), "Content-Length": str(file.size)},
    )


def _file(context: RequestContext) -> StoredFile:
    written = context.path["file"]
    file = context.app.store.files.file(int(written)) if written.isdecimal() and len(written) < 16 else None  # noqa: PLR2004
    if file is None:
        raise NotFoundError("file")
    return file
