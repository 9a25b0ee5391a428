"""What came along with a message: photos made anew, files to be saved, the message's own layout."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from starlette.responses import Response

from dtm_contact.access import sees_case
from dtm_contact.errors import NotFoundError
from dtm_contact.reading.attachments import attached_file, html_of
from dtm_contact.store import Case
from dtm_contact.web.converter import ConversionError, Job
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import RequestContext

_FRAMED = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
_SEALED = "default-src 'none'; sandbox; frame-ancestors 'none'"


@page("/piece/{arrival}/{sha256}")
def piece(context: RequestContext) -> Response:
    """Give a file to be saved: its type is fixed, so that no browser shows or runs it."""
    case = _case(context)
    octets, name = _octets(context)
    context.audit("read", case.number, piece=name)
    return Response(octets, media_type="application/octet-stream", headers=as_download(name))


def as_download(name: str) -> dict[str, str]:
    """Return the headers of a file that is only to be saved, under that name."""
    ascii_name = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    disposition = f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {"Content-Disposition": disposition, "Content-Security-Policy": _SEALED}


@page("/piece/{arrival}/{sha256}/apercu")
def preview(context: RequestContext) -> Response:
    """Give a PDF for a frame of our own page, under a policy of its own: nothing in it runs or loads anything."""
    case = _case(context)
    octets, name = _octets(context)
    if not octets.startswith(b"%PDF-"):
        raise NotFoundError("preview")
    context.audit("read", case.number, piece=name)
    headers = {"Content-Disposition": "inline", "Content-Security-Policy": _FRAMED, "X-Frame-Options": "SAMEORIGIN"}
    return Response(octets, media_type="application/pdf", headers=headers)


@page("/piece/{arrival}/{sha256}/vignette")
def thumbnail(context: RequestContext) -> Response:
    """Give a photo, small."""
    return _photo(context, Job.SMALL)


@page("/piece/{arrival}/{sha256}/photo")
def photo(context: RequestContext) -> Response:
    """Give a photo, as large as a screen."""
    return _photo(context, Job.LARGE)


def _photo(context: RequestContext, job: Job) -> Response:
    case = _case(context)
    octets, name = _octets(context)
    try:
        made = context.app.converter.convert(job, octets)
    except ConversionError:
        raise NotFoundError("photo") from None
    context.audit("read", case.number, photo=name)
    # No browser keeps it, as nothing else of the desk: a log-out is the end of it.
    return Response(made, media_type="image/jpeg", headers={"Content-Security-Policy": _SEALED})


@page("/message/{arrival}")
def message(context: RequestContext) -> Mapping[str, Any]:
    """Show a message in its own layout, without what could do harm."""
    case = _case(context)
    source = html_of(_raw(context))
    context.audit("read", case.number, layout=True)
    try:
        made = context.app.converter.convert(Job.LAYOUT, source.encode()) if source is not None else None
    except ConversionError:
        return {"case": case, "shown": None, "plain": _plain(context, case)}
    # Cleaned, and under a policy without scripts.
    return {"case": case, "shown": None if made is None else Markup(made.decode()), "plain": None}  # noqa: S704


def _plain(context: RequestContext, case: Case) -> str:
    """Return the text of a message as it was read, without any layout."""
    arrival, contacts = _arrival(context), context.app.store.cases.get(case.number).contacts
    read = [each.judgement.contact for each in contacts if each.arrival_id == arrival and each.judgement]
    return "\n\n".join(part for each in read for part in (each.new_text, each.signature, each.quoted_text) if part)


def _arrival(context: RequestContext) -> int:
    arrival = context.path["arrival"]
    if not arrival.isdecimal() or len(arrival) > 15:  # noqa: PLR2004 - fits 64 bits
        raise NotFoundError("arrival")
    return int(arrival)


def _case(context: RequestContext) -> Case:
    for case in context.app.store.desk.cases_of_arrival(_arrival(context)):
        if sees_case(context.account, case):
            return case
    raise NotFoundError("case")


def _raw(context: RequestContext) -> bytes:
    return context.app.store.arrivals.get(_arrival(context)).raw


def _octets(context: RequestContext) -> tuple[bytes, str]:
    sha256 = context.path["sha256"]
    attachment = context.app.store.files.handed_in(_arrival(context), sha256) or attached_file(_raw(context), sha256)
    if attachment is None:
        raise NotFoundError("piece")
    return attachment
