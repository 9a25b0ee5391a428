"""The queue: what is to be worked, in its total order; kept up by server-sent events."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.responses import Response, StreamingResponse

from dtm_contact.directory import Directory
from dtm_contact.model import AlarmLevel
from dtm_contact.store.desk import CaseFilter, QueueCursor, cursor_of
from dtm_contact.web import auth
from dtm_contact.web.live import ENDED, EventStream
from dtm_contact.web.pages.incidents import BatchResult, current, to_each, undo_each
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_PAGE = 40
_FIRST = 12
"""Lines that come with the page itself; the rest of its `_PAGE` follows by itself once that stands."""
_COUNTS_SECONDS = 10.0
_FILTERS = ("file", "motif", "residence", "gardien", "vue")
VIEWS = {"": "À traiter", "miennes": "Les miens", "retard": "En retard", "attente": "En attente"}
_DRAFTS = {"brouillons": "Mes brouillons"}
"""The view of what one has begun to write: shown to whoever has."""


@page("/file")
def queue(context: RequestContext) -> Mapping[str, Any]:
    """Show a page of the queue; its lines alone, where the page asks for them by itself."""
    if not context.text("morceau"):
        return _whole(context)
    # A page that keeps itself up is noted once in a while, so that nobody reads on by its parts alone.
    if context.text("apres") or not context.app.was_audited(_audited(context)):
        _note(context)
    return _part(context)


def _whole(context: RequestContext) -> Mapping[str, Any]:
    _note(context)
    return {**_around(context), "lines": _part(context)}


def _part(context: RequestContext) -> Mapping[str, Any]:
    return {"template": "queue_lines.html", "alike": _alike(context), "make": lambda: _lines(context)}


def _note(context: RequestContext) -> None:
    context.audit("read", "file", queues=_wanted(context).queues, **_asked(context))
    context.app.remember_audited(_audited(context))


def _audited(context: RequestContext) -> Hashable:
    return context.secret, _wanted(context).queues, tuple(_asked(context).items())


def _alike(context: RequestContext) -> tuple[object, ...]:
    """Return for whom and for how long the lines are the same: until something happens to a case."""
    asked = tuple(context.text(name) for name in (*_FILTERS, "apres", "suite", "morceau"))
    mine = context.account.name if context.text("vue") in {"miennes", *_DRAFTS} else ""
    return (
        "lines",
        context.own_queues,
        context.queues,
        context.may("work"),
        asked,
        mine,
        context.values("dossier"),
        _begun(context),
        context.since,
    )


def _begun(context: RequestContext) -> frozenset[str]:
    """Return the cases in which they have begun to write something and not sent it."""
    return context.app.store.drafts.numbers_of(context.account.id)


def _asked(context: RequestContext) -> dict[str, str]:
    return {name: context.text(name) for name in _FILTERS if context.text(name)}


def _lines(context: RequestContext) -> Mapping[str, Any]:
    after, is_begun = context.text("apres"), bool(context.text("apres") or context.text("morceau"))
    length = _FIRST if not is_begun else _PAGE - _FIRST if context.text("suite") else _PAGE
    cases = context.app.store.desk.page(_wanted(context), after=_place(after), limit=length + 1)
    shown, more = cases[:length], len(cases) > length
    further = {**_asked(context), **({} if is_begun else {"suite": "1"})}
    return {
        "soon": not is_begun,
        "cases": shown,
        "beside": context.app.store.desk.case_hints([case.number for case in shown]),
        "next": f"?{urlencode({**further, 'apres': _written(cursor_of(shown[-1]))})}" if more else "",
        "first": not after,
        "picked": context.values("dossier"),
        "begun": _begun(context),
    }


def _around(context: RequestContext) -> Mapping[str, Any]:
    wanted, asked = _wanted(context), _asked(context)
    in_force = context.app.in_force()
    return {
        "first": not context.text("apres"),
        "here": f"?{urlencode(asked)}",
        "asked": asked,
        "views": {**VIEWS, **(_DRAFTS if _begun(context) or context.text("vue") in _DRAFTS else {})},
        "queues": context.queues,
        "chosen": wanted.queues,
        "counts": _counts(context),
        "topics": sorted(in_force.rules.reader.topics.items(), key=lambda each: each[1].label),
        "residences": _residences(context, in_force.directory),
        "caretakers": _caretakers(context, in_force.directory),
        "incidents": () if context.text("apres") else current(context),
        "said": context.text("fait"),
        "about": context.text("de"),
        "several": BatchResult.of_query(context),
    }


def _counts(context: RequestContext) -> Mapping[str, int]:
    # All open cases are counted for them, and they only stand beside the queues' names.
    counted = "counts", context.queues
    return context.app.cached(counted, lambda: context.app.store.desk.counts(context.queues), _COUNTS_SECONDS)


@page("/alertes")
def alarms(context: RequestContext) -> Mapping[str, Any]:
    """Show the banner of the dangers, certain and possible, that nobody has taken."""
    return {"alarms": context.alarms, "possibles": context.possibles}


@post("/file/prendre", template="queue.html")
def take_several(context: RequestContext) -> Mapping[str, Any] | Response:
    """Take several cases at once."""
    return _after(context, to_each(context, "take", context.values("dossier")))


@post("/file/clore", template="queue.html")
def close_several(context: RequestContext) -> Mapping[str, Any] | Response:
    """Close several cases at once, for one reason."""
    reason = context.text("motif_de_cloture")
    if not reason:
        return {**_whole(_as_before(context)), "alert": "Indiquez la raison de la clôture.", "status": 409}
    return _after(context, to_each(context, "done", context.values("dossier"), reason=reason))


@post("/file/annuler", template="queue.html")
def undo_several(context: RequestContext) -> Mapping[str, Any] | Response:
    """Take back what was done to several cases at once."""
    return _after(context, undo_each(context, context.text("lot")))


def _after(context: RequestContext, several: BatchResult) -> Mapping[str, Any] | Response:
    if context.text("ici") == "/incidents":
        return go(f"/incidents?{several.as_query()}")
    if context.is_script:
        return _whole(_as_before(context, several.as_query()))
    return go(f"/file?{_filters(context)}&{several.as_query()}")


def _filters(context: RequestContext) -> str:
    """Return the filters of the page that a form was sent from."""
    given = QueryParams(context.text("ici").removeprefix("?"))
    return urlencode({name: given[name] for name in _FILTERS if given.get(name)})


def _as_before(context: RequestContext, result: str = "") -> RequestContext:
    """Return the request for the page that a form was sent from, as it is now."""
    since = context.app.store.desk.latest_event()
    picked = FormData([("dossier", number) for number in context.values("dossier")] if not result else [])
    return replace(context, query=QueryParams(f"{_filters(context)}&{result}"), form=picked, since=since)


def _wanted(context: RequestContext) -> CaseFilter:
    view = context.text("vue")
    queue = context.text("file")
    queues = context.queues if queue == "toutes" else (queue,) if queue in context.queues else context.own_queues
    # Whoever looks at their own queues sees first what cannot wait, wherever it lies.
    elsewhere = tuple(each for each in context.queues if each not in queues) if queue not in context.queues else ()
    if view in {"miennes", *_DRAFTS}:
        queues = context.queues
    return CaseFilter(
        queues=queues,
        now=context.now,
        topic=context.text("motif") or None,
        residences=_places(context),
        owner=context.account.name if view == "miennes" else None,
        late_at=context.now if view == "retard" else None,
        waiting=view == "attente",
        drafted_by=context.account.id if view in _DRAFTS else None,
        dangers_of=elsewhere if view in {"", "retard"} else (),
    )


def _places(context: RequestContext) -> tuple[str, ...]:
    """Return the residences that the filters leave: the one chosen, or those that a caretaker sees to."""
    caretaker, residence = context.text("gardien"), context.text("residence")
    if not caretaker:
        return (residence,) if residence else ()
    theirs = _seen_to(context.app.directory, caretaker, context.now)
    if residence:
        theirs = tuple(place for place in theirs if place == residence)
    return theirs or ("",)


def _seen_to(directory: Directory, caretaker: str, now: datetime) -> tuple[str, ...]:
    today = now.date()
    entrances = [
        line.address_id
        for line in directory.records.assignments
        if line.caretaker_id == caretaker
        and (line.start_date is None or line.start_date <= today)
        and (line.end_date is None or today <= line.end_date)
    ]
    addresses = (directory.addresses.get(entrance) for entrance in entrances)
    return tuple(dict.fromkeys(address.residence_id for address in addresses if address))


def _residences(context: RequestContext, directory: Directory) -> Sequence[tuple[str, str]]:
    offices = {context.app.office_of(queue) for queue in context.queues}
    theirs = [residence for residence in directory.records.residences if residence.office_id in offices]
    return sorted(
        ((residence.residence_id, f"{residence.name}, {residence.commune}") for residence in theirs),
        key=lambda residence: residence[1],
    )


def _caretakers(context: RequestContext, directory: Directory) -> Sequence[tuple[str, str]]:
    offices = {context.app.office_of(queue) for queue in context.queues}
    theirs = [caretaker for caretaker in directory.records.caretakers if caretaker.office_id in offices]
    return sorted(
        ((caretaker.caretaker_id, f"{caretaker.last_name} {caretaker.first_name}") for caretaker in theirs),
        key=lambda e: e[1],
    )


def _written(place: QueueCursor) -> str:
    level, priority, due, opened, number = place
    content = json.dumps([level, priority, due.isoformat(), opened.isoformat(), number])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _place(written: str) -> QueueCursor | None:
    """Return the place that a link names; None for one that names none."""
    try:
        content = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
        level, priority, due, opened, number = content
        times = datetime.fromisoformat(due), datetime.fromisoformat(opened)
        place = AlarmLevel(level), str(priority), *times, str(number)
    except (ValueError, TypeError):
        return None
    return place if all(time.tzinfo for time in times) else None


_LOOK_AGAIN_SECONDS = 5.0


@page("/evenements")
def happenings(context: RequestContext) -> Response:
    """Send what happens, until the page is closed or the session has ended."""
    return StreamingResponse(_event_lines(context), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _event_lines(context: RequestContext) -> AsyncIterator[str]:
    loop = asyncio.get_running_loop()
    since = context.headers.get("last-event-id", context.text("depuis"))
    follower = context.app.follower
    latest = int(since) if since.isdecimal() else follower.latest
    account = context.account
    stream = EventStream(
        context.queues, latest, account.id, follower.is_well, context.app.account_name, account=account.name
    )
    await asyncio.to_thread(follower.add, stream)
    looked = loop.time()
    try:
        async for line in stream.lines():
            if loop.time() - looked > _LOOK_AGAIN_SECONDS:
                looked = loop.time()
                if not await asyncio.to_thread(_still_in, context):
                    yield ENDED
                    return
            yield line
    finally:
        context.app.follower.remove(stream)


def _still_in(context: RequestContext) -> bool:
    """Return whether the session lasts, by idle time and age, and whether it still sees what is sent here."""
    account = auth.account_of(context.app, context.secret, context.app.now(), there=False)
    return (
        account is not None and account.role == context.account.role and account.office_id == context.account.office_id
    )
