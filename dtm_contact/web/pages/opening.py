"""Cases opened by hand: for somebody on the line, at the counter, a letter; and from what was set aside."""

import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.responses import Response

from dtm_contact.access import Right, Role, sees_case
from dtm_contact.access.rpc import Released
from dtm_contact.cases import RefusedError, WrongStateError
from dtm_contact.cases.registered import household_of, registered
from dtm_contact.cases.verbs.opening import CALL, OLDEST
from dtm_contact.errors import NotFoundError
from dtm_contact.explain.names import without_code
from dtm_contact.matching.verdict import as_stated
from dtm_contact.model import (
    CaseKind,
    Channel,
    Contact,
    Draft,
    DraftKind,
    Mailbox,
    Match,
    Priority,
    Stated,
    Understanding,
)
from dtm_contact.rules import decide
from dtm_contact.store import Case
from dtm_contact.web.drafts import TypedFields, keep_typed
from dtm_contact.web.letters import files_of_form
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import LONGEST_SEARCH, PAGE, RequestContext, go, time_of

_FIELDS = (
    "visit",
    "text",
    "subject",
    "name",
    "address",
    "phone",
    "place",
    "tenant",
    "dwelling",
    "topic",
    "priority",
    "due",
    "received",
)
_REACHES = ("name", "address", "phone", "place", "tenant", "dwelling")
"""Fields of which one lets somebody be helped or called back."""
_NOBODY_TO_REACH = (
    "ni nom, ni téléphone, ni adresse : personne ne pourra être rappelé ni secouru. Demandez-les, ou ouvrez le dossier "
    "quand même en cliquant de nouveau"
)
_JUDGED_WITHIN_SECONDS = 4.0
_POLL_SECONDS = 0.1
_DRAFTS_SHOWN = 10
_CASES_SHOWN = 40


@page("/nouveau", Right.WORK)
def new_case(context: RequestContext) -> Mapping[str, Any]:
    """Ask what is told; what was being written is taken up again, unless the address says what to begin with.

    Of a sheet whose case was opened, to which somebody comes back, the page says which that is.
    """
    given = {name: context.text(name) for name in _FIELDS}
    if context.text("ouvert"):
        return _form(context, given, about=uuid4().hex)
    draft = None if any(given.values()) or context.text("vide") else _taken_up(context)
    if draft is None:
        return _form(context, _seen(context, given))
    given = {name: draft.fields.get(name, "") for name in _FIELDS}
    return _form(context, _seen(context, given), about=draft.key.about)


def _taken_up(context: RequestContext) -> Draft | None:
    """Return the draft that the address names; without a name the latest."""
    named, drafts = context.text("brouillon"), context.app.store.drafts.of_kind(context.account.id, DraftKind.NEW)
    return next((draft for draft in drafts if named in ("", draft.key.about)), None)


def _seen(context: RequestContext, given: dict[str, str]) -> dict[str, str]:
    """Return what is given, without whom they may not see; that the others are shown is noted."""
    # Whom the page names was looked up on it, or by hand in the address.
    if given["tenant"] and not context.sees_tenant(given["tenant"]):
        given["tenant"] = ""
    if given["dwelling"] and not context.sees_dwelling(given["dwelling"]):
        given["dwelling"] = ""
    if given["tenant"] or given["dwelling"]:
        context.audit("read", given["dwelling"] or given["tenant"], tenant=given["tenant"])
    return given


@post("/nouveau/chercher", template="new_case.html")
def look_up_for_new(context: RequestContext) -> Mapping[str, Any]:
    """Look for people, or choose one of those found, and keep what is told so far."""
    given = {name: context.text(name) for name in _FIELDS}
    if context.text("personne"):
        given["tenant"], _, given["dwelling"] = context.text("personne").partition(" ")
    return _form(context, _seen(context, given))


def _form(
    context: RequestContext, given: Mapping[str, str], alert: str = "", *, about: str = "", asks_whom: bool = False
) -> Mapping[str, Any]:
    asked = "" if context.text("personne") else context.text("q")[:LONGEST_SEARCH]
    about = about or context.text("id") or uuid4().hex
    drafts = context.app.store.drafts.of_kind(context.account.id, DraftKind.NEW)
    these = [draft for draft in drafts if draft.key.about == about]
    draft = next(iter(these), None)
    return {
        "given": given,
        "goes_to": _goes_to(context, given),
        "today": context.now.date().isoformat(),
        "earliest": (context.now.date() - OLDEST).isoformat(),
        "typed": TypedFields(context, drafts={DraftKind.NEW: these}),
        "attachable": context.app.settings.attachments,
        "first": _first(context, given),
        "already": _open_of(context, given),
        **_spent(context),
        "q": asked,
        "people": context.find_people(asked, ""),
        "topics": sorted(context.app.rules.reader.topics.items(), key=lambda each: each[1].label),
        "id": about,
        "draft": draft,
        "other_drafts": [draft for draft in drafts if draft.key.about != about][:_DRAFTS_SHOWN],
        "alert": alert,
        "asks_whom": asks_whom,
        "status": 409 if alert else 200,
    }


@page("/nouveau/file", Right.WORK)
def destination(context: RequestContext) -> Mapping[str, Any]:
    """Say to which queue a case would go, by whom it is about and what is asked, as far as that is chosen."""
    return {"goes_to": _goes_to(context, _seen(context, {name: context.text(name) for name in _FIELDS}))}


def _goes_to(context: RequestContext, given: Mapping[str, str]) -> str:
    """Return what the queue is called to which a case would go; "" where neither a person nor a topic is chosen.

    The words that are still to be written may show another one.
    """
    rules, directory, today = context.app.rules, context.app.directory, context.now.date()
    topic = given["topic"] if given["topic"] in rules.reader.topics else ""
    if not topic and not given["tenant"] and not given["dwelling"]:
        return ""
    stated = Stated(context.account.name, given["visit"], given["tenant"] or None, given["dwelling"] or None)
    match = as_stated(Match(), stated, directory, today)
    asked = Understanding(
        CaseKind.CASE, (topic,) if topic else (), rules.reader.topics[topic].priority if topic else Priority.P3
    )
    contact = Contact(Channel.DESK, context.now, Mailbox(), stated=stated)
    queue = decide(contact, match, asked, context.now, rules, directory).queue
    return context.app.queue_label(queue) if queue else ""


def _open_of(context: RequestContext, given: Mapping[str, str]) -> list[Case]:
    """Return the open cases of the household that the page names, as far as they see them."""
    dwellings, tenants = [given["dwelling"]] if given["dwelling"] else [], [given["tenant"]] if given["tenant"] else []
    if not dwellings and not tenants:
        return []
    found = context.app.store.desk.of(dwellings=dwellings, tenants=tenants, limit=_CASES_SHOWN)
    return [case for case in found if case.state == "open" and sees_case(context.account, case)]


def _spent(context: RequestContext) -> Mapping[str, Any]:
    """Return the case that was opened by the sheet that the address names; of another office's their own alone."""
    about = context.text("ouvert")
    if not about or not was_handed_in(context, about):
        return {"spent": False}
    case = context.app.store.desk.case_of_external("desk", about)
    seen = case is not None and sees_case(context.account, case)
    known = case is not None and (seen or bool(context.opened_elsewhere([case])))
    return {"spent": True, "spent_case": case if known else None, "spent_seen": seen}


def was_handed_in(context: RequestContext, about: str) -> bool:
    """Return whether a case by hand was opened, or is being opened, by the sheet of this id."""
    return context.app.store.arrivals.head("desk", about, 1) is not None


def _first(context: RequestContext, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return what the register says first of whom the page names: an agent reads it before anybody is told anything."""
    directory, today = context.app.directory, context.now.date()
    people = household_of(directory, given["tenant"] or None, given["dwelling"] or None, today)
    register = registered(people, context.app.store.desk.register(people), today)
    return register.first(lambda tenant_id: without_code(context.app.names.person(tenant_id)))


@post("/nouveau", template="new_case.html")
def opened(context: RequestContext) -> Mapping[str, Any] | Response:
    """Open the case; it is judged by the same rules as what comes in by mail, and shown as soon as it is."""
    given, about = {name: context.text(name) for name in _FIELDS}, context.text("id") or uuid4().hex
    try:
        asked: dict[str, Any] = {"id": about, **{name: value for name, value in given.items() if value}}
        if given["due"]:
            asked["due"] = time_of(given["due"], context.now)
        if (
            given["text"]
            and not any(given[name] for name in _REACHES)
            and not context.values("piece")
            and not context.text("personne_sans")
        ):
            return _form(context, given, _NOBODY_TO_REACH, about=about, asks_whom=True)
        if given["visit"] == CALL:
            asked.pop("received", None)
        if given["tenant"] and not given["name"] and context.sees_tenant(given["tenant"]):
            # Nobody else calls for them.
            asked["name"] = without_code(context.app.names.person(given["tenant"]))
        if files := files_of_form(context):
            asked["files"] = files
        done = context.apply("new", "", asked, of_draft=context.text(PAGE))
    except RefusedError as error:
        keep_typed(context, "nouveau", about)
        return _form(context, given, str(error))
    case = _wait_for(context, done.arrival or "")
    if case is None:
        return go(f"/file?fait=new&ouvert={done.arrival}")
    if not sees_case(context.account, case):
        return go(f"/file?fait=sent&de={case.number}")
    return go(f"/dossier/{case.number}?fait=new")


def _wait_for(context: RequestContext, external_id: str) -> Case | None:
    """Return the case that an arrival became; None where that is not known within seconds."""
    until = time.monotonic() + _JUDGED_WITHIN_SECONDS
    while time.monotonic() < until:
        case = context.app.store.desk.case_of_external("desk", external_id)
        if case is not None:
            return case
        time.sleep(_POLL_SECONDS)
    return None


_PAGE = 50
_ALREADY = "ce message a déjà été repris ; il est un dossier, ou le devient"


@page("/ecartes")
def set_aside(context: RequestContext) -> Mapping[str, Any]:
    """Show what was set aside: it belongs to no office, so those of the agency see it."""
    _must_be_of_the_agency(context)
    context.audit("read", "ecartes")
    arrivals = context.app.store.desk.set_aside(before=context.number("avant"), limit=_PAGE + 1)
    return {"arrivals": arrivals[:_PAGE], "more": arrivals[_PAGE - 1].arrival_id if len(arrivals) > _PAGE else 0}


@post("/ecartes/{arrival}/reprendre")
def bring_back(context: RequestContext) -> Response:
    """Make a case of what was set aside."""
    _must_be_of_the_agency(context)
    arrival = context.path["arrival"]
    if not arrival.isdecimal() or len(arrival) > 15:  # noqa: PLR2004 - fits 64 bits
        raise NotFoundError("arrival")
    outcome = context.app.call("release_arrival", arrival_id=int(arrival), who=context.account.name)
    if outcome == Released.UNKNOWN:
        raise NotFoundError("arrival")
    if outcome == Released.ALREADY:
        raise WrongStateError(_ALREADY)
    return go("/ecartes")


def _must_be_of_the_agency(context: RequestContext) -> None:
    agency = context.app.directory.agency.office_id
    if context.account.role == Role.AGENT and context.account.office_id != agency:
        raise NotFoundError("what was set aside")
