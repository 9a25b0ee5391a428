"""The queue: what is to be worked, in its total order, live."""

import base64
import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.responses import Response

from dtm_contact.console.pages.incidents import current
from dtm_contact.console.pages.several import Several, to_each, undo_each
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import Visit, go
from dtm_contact.directory import Directory
from dtm_contact.model import AlarmLevel
from dtm_contact.store.desk import CaseFilter, QueueCursor, cursor_of

_PAGE = 40
_COUNTS_SECONDS = 10.0
_FILTERS = ("file", "motif", "residence", "gardien", "vue")
VIEWS = {"": "À traiter", "miennes": "Les miens", "retard": "En retard", "attente": "En attente"}


@page("/file")
def queue(visit: Visit) -> Mapping[str, Any]:
    """Show a page of the queue; its lines alone, where the page asks for them by itself."""
    if not visit.text("morceau"):
        return _whole(visit)
    # A page that keeps itself up is noted once in a while, so that nobody reads on by its parts alone.
    if visit.text("apres") or not visit.desk.was_noted(_noted(visit)):
        _note(visit)
    return _part(visit)


def _whole(visit: Visit) -> Mapping[str, Any]:
    _note(visit)
    return {**_around(visit), "lines": _part(visit)}


def _part(visit: Visit) -> Mapping[str, Any]:
    return {"template": "queue_lines.html", "alike": _alike(visit), "make": lambda: _lines(visit)}


def _note(visit: Visit) -> None:
    visit.note("read", "file", queues=_wanted(visit).queues, **_asked(visit))
    visit.desk.noted(_noted(visit))


def _noted(visit: Visit) -> Hashable:
    return visit.secret, _wanted(visit).queues, tuple(_asked(visit).items())


def _alike(visit: Visit) -> tuple[object, ...]:
    """Return for whom and for how long the lines are the same: until something happens to a case."""
    asked = tuple(visit.text(name) for name in (*_FILTERS, "apres"))
    mine = visit.account.name if visit.text("vue") == "miennes" else ""
    return (
        "lines",
        visit.own_queues,
        visit.queues,
        visit.may("work"),
        asked,
        mine,
        visit.several("dossier"),
        visit.since,
    )


def _asked(visit: Visit) -> dict[str, str]:
    return {name: visit.text(name) for name in _FILTERS if visit.text(name)}


def _lines(visit: Visit) -> Mapping[str, Any]:
    cases = visit.desk.store.desk.page(_wanted(visit), after=_place(visit.text("apres")), limit=_PAGE + 1)
    shown, more = cases[:_PAGE], len(cases) > _PAGE
    return {
        "cases": shown,
        "beside": visit.desk.store.desk.case_hints([case.number for case in shown]),
        "next": f"?{urlencode({**_asked(visit), 'apres': _written(cursor_of(shown[-1]))})}" if more else "",
        "first": not visit.text("apres"),
        "picked": visit.several("dossier"),
    }


def _around(visit: Visit) -> Mapping[str, Any]:
    wanted, asked = _wanted(visit), _asked(visit)
    known = visit.desk.known()[0]
    return {
        "first": not visit.text("apres"),
        "here": f"?{urlencode(asked)}",
        "asked": asked,
        "views": VIEWS,
        "queues": visit.queues,
        "chosen": wanted.queues,
        "counts": _counts(visit),
        "topics": sorted(known.rules.reader.topics.items(), key=lambda each: each[1].label),
        "residences": _residences(visit, known.directory),
        "caretakers": _caretakers(visit, known.directory),
        "incidents": () if visit.text("apres") else current(visit),
        "said": visit.text("fait"),
        "about": visit.text("de"),
        "several": Several.asked(visit),
    }


def _counts(visit: Visit) -> Mapping[str, int]:
    # All open cases are counted for them, and they only stand beside the queues' names.
    counted = "counts", visit.queues
    return visit.desk.lately(counted, lambda: visit.desk.store.desk.counts(visit.queues), _COUNTS_SECONDS)


@page("/alertes")
def alarms(visit: Visit) -> Mapping[str, Any]:
    """Show the banner of the P1 that nobody has taken."""
    return {"alarms": visit.alarms}


@deed("/file/prendre", template="queue.html")
def take_several(visit: Visit) -> Mapping[str, Any] | Response:
    """Take several cases at once."""
    return _after(visit, to_each(visit, "take", visit.several("dossier")))


@deed("/file/clore", template="queue.html")
def close_several(visit: Visit) -> Mapping[str, Any] | Response:
    """Close several cases at once, for one reason."""
    reason = visit.text("motif_de_cloture")
    if not reason:
        return {**_whole(_as_before(visit)), "alert": "Indiquez la raison de la clôture.", "status": 409}
    return _after(visit, to_each(visit, "done", visit.several("dossier"), reason=reason))


@deed("/file/annuler", template="queue.html")
def undo_several(visit: Visit) -> Mapping[str, Any] | Response:
    """Take back what was done to several cases at once."""
    return _after(visit, undo_each(visit, visit.text("lot")))


def _after(visit: Visit, several: Several) -> Mapping[str, Any] | Response:
    if visit.text("ici") == "/incidents":
        return go(f"/incidents?{several.told()}")
    if visit.in_place:
        return _whole(_as_before(visit, several.told()))
    return go(f"/file?{_filters(visit)}&{several.told()}")


def _filters(visit: Visit) -> str:
    """Return the filters of the page that a form was sent from."""
    given = QueryParams(visit.text("ici").removeprefix("?"))
    return urlencode({name: given[name] for name in _FILTERS if given.get(name)})


def _as_before(visit: Visit, told: str = "") -> Visit:
    """Return a visit of the page that a form was sent from, as it is now."""
    since = visit.desk.store.desk.latest_event()
    picked = FormData([("dossier", number) for number in visit.several("dossier")] if not told else [])
    return replace(visit, asked=QueryParams(f"{_filters(visit)}&{told}"), given=picked, since=since)


def _wanted(visit: Visit) -> CaseFilter:
    view = visit.text("vue")
    queue = visit.text("file")
    queues = visit.queues if queue == "toutes" else (queue,) if queue in visit.queues else visit.own_queues
    if view == "miennes":
        queues = visit.queues
    return CaseFilter(
        queues=queues,
        now=visit.now,
        topic=visit.text("motif") or None,
        residences=_places(visit),
        owner=visit.account.name if view == "miennes" else None,
        late_at=visit.now if view == "retard" else None,
        waiting=view == "attente",
    )


def _places(visit: Visit) -> tuple[str, ...]:
    """Return the residences that the filters leave: the one chosen, or those that a caretaker sees to."""
    caretaker, residence = visit.text("gardien"), visit.text("residence")
    if not caretaker:
        return (residence,) if residence else ()
    theirs = _seen_to(visit.desk.known()[0].directory, caretaker, visit.now)
    if residence:
        theirs = tuple(each for each in theirs if each == residence)
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
    found = (directory.addresses.get(entrance) for entrance in entrances)
    return tuple(dict.fromkeys(address.residence_id for address in found if address))


def _residences(visit: Visit, directory: Directory) -> Sequence[tuple[str, str]]:
    offices = {visit.desk.office_of(queue) for queue in visit.queues}
    found = [each for each in directory.records.residences if each.office_id in offices]
    return sorted(((each.residence_id, f"{each.name}, {each.commune}") for each in found), key=lambda each: each[1])


def _caretakers(visit: Visit, directory: Directory) -> Sequence[tuple[str, str]]:
    offices = {visit.desk.office_of(queue) for queue in visit.queues}
    found = [each for each in directory.records.caretakers if each.office_id in offices]
    return sorted(((each.caretaker_id, f"{each.last_name} {each.first_name}") for each in found), key=lambda e: e[1])


def _written(place: QueueCursor) -> str:
    level, priority, due, opened, number = place
    told = json.dumps([level, priority, due.isoformat(), opened.isoformat(), number])
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _place(written: str) -> QueueCursor | None:
    """Return the place that a link names; None for one that names none."""
    try:
        told = json.loads(base64.urlsafe_b64decode(written + "=" * (-len(written) % 4)))
        level, priority, due, opened, number = told
        times = datetime.fromisoformat(due), datetime.fromisoformat(opened)
        place = AlarmLevel(level), str(priority), *times, str(number)
    except (ValueError, TypeError):
        return None
    return place if all(time.tzinfo for time in times) else None
