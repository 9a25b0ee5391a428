"""A case by hand: somebody on the line, at the counter, a letter."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from dtm_contact.access import Right, sees
from dtm_contact.cases import RefusedError
from dtm_contact.cases.registered import household_of, registered
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import LONGEST_SEARCH, Visit, go
from dtm_contact.explain.names import without_code
from dtm_contact.store import Case

_FIELDS = ("visit", "text", "subject", "name", "address", "phone", "place", "tenant", "dwelling", "topic", "priority")
_SECONDS = 4.0
_LOOK_SECONDS = 0.1


@page("/nouveau", Right.WORK)
def new_case(visit: Visit) -> Mapping[str, Any]:
    """Ask what is told."""
    return _form(visit, _seen(visit, {name: visit.text(name) for name in _FIELDS}))


def _seen(visit: Visit, given: dict[str, str]) -> dict[str, str]:
    """Return what is given, without whom they may not see; that the others are shown is noted."""
    # Whom the page names was looked up on it, or by hand in the address.
    if given["tenant"] and not visit.sees_tenant(given["tenant"]):
        given["tenant"] = ""
    if given["dwelling"] and not visit.sees_dwelling(given["dwelling"]):
        given["dwelling"] = ""
    if given["tenant"] or given["dwelling"]:
        visit.note("read", given["dwelling"] or given["tenant"], tenant=given["tenant"])
    return given


@deed("/nouveau/chercher", template="new_case.html")
def look_up_for_new(visit: Visit) -> Mapping[str, Any]:
    """Look for people, or choose one of those found, and keep what is told so far."""
    given = {name: visit.text(name) for name in _FIELDS}
    if visit.text("personne"):
        given["tenant"], _, given["dwelling"] = visit.text("personne").partition(" ")
    given = _seen(visit, given)
    if given["tenant"] and not given["name"]:
        given["name"] = without_code(visit.desk.names.person(given["tenant"]))
    return _form(visit, given)


def _form(visit: Visit, given: Mapping[str, str], alert: str = "") -> Mapping[str, Any]:
    asked = "" if visit.text("personne") else visit.text("q")[:LONGEST_SEARCH]
    return {
        "given": given,
        "first": _first(visit, given),
        "q": asked,
        "people": visit.find_people(asked, ""),
        "topics": sorted(visit.desk.known()[0].rules.reader.topics.items(), key=lambda each: each[1].label),
        "id": visit.text("id") or uuid4().hex,
        "alert": alert,
        "status": 409 if alert else 200,
    }


def _first(visit: Visit, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the register says first of whom the page names: an agent reads it before anybody is told anything."""
    directory, today = visit.desk.known()[0].directory, visit.now.date()
    people = household_of(directory, given["tenant"] or None, given["dwelling"] or None, today)
    found = registered(people, visit.desk.store.desk.register(people), today)
    return found.first(lambda tenant_id: without_code(visit.desk.names.person(tenant_id)))


@deed("/nouveau", template="new_case.html")
def opened(visit: Visit) -> Mapping[str, Any] | Response:
    """Open the case; it is judged by the same rules as what comes in by mail, and shown as soon as it is."""
    given = {name: visit.text(name) for name in _FIELDS}
    try:
        done = visit.act("new", "", {"id": visit.text("id") or uuid4().hex, **{k: v for k, v in given.items() if v}})
    except RefusedError as error:
        return _form(visit, given, str(error))
    case = _wait_for(visit, done.arrival or "")
    if case is None:
        return go("/file?fait=new")
    if not sees(visit.account, case.office_id):
        return go(f"/file?fait=sent&de={case.number}")
    return go(f"/dossier/{case.number}?fait=new")


def _wait_for(visit: Visit, external_id: str) -> Case | None:
    """Return the case that an arrival became; None where that is not known within seconds."""
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        found = visit.desk.store.desk.case_of_external("desk", external_id)
        if found is not None:
            return found
        time.sleep(_LOOK_SECONDS)
    return None
