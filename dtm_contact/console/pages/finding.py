"""Finding: search, a household, the trail of who read what."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import Right, sees
from dtm_contact.cases import RefusedError
from dtm_contact.console.card import Household, by_register, household
from dtm_contact.console.registering import asked_entry, note_protection, register_of_home, shown_register
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import LONGEST_SEARCH, Visit, go
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Case, Confirmation
from dtm_contact.text import phone_key

_NUMBER = re.compile(r"(\d{4})-?0*(\d{1,7})")
_MOST_SHOWN = 40
_TRAIL = 100


@page("/recherche")
def search(visit: Visit) -> Mapping[str, Any] | Response:
    """Find cases and people: number, name, phone, street, words; slips are forgiven."""
    asked = visit.text("q")[:LONGEST_SEARCH]
    exact = _by_number(visit, asked)
    if exact is not None:
        visit.note("searched", asked, case=exact.number)
        return go(f"/dossier/{exact.number}")
    if not asked:
        return {"q": "", "cases": [], "people": [], "beside": {}}
    people = visit.find_people(asked, "")
    cases = _cases(visit, asked)
    return {
        "q": asked,
        "people": people,
        "cases": cases,
        "beside": visit.desk.store.desk.case_hints([case.number for case in cases]),
    }


def _by_number(visit: Visit, asked: str) -> Case | None:
    found = _NUMBER.fullmatch(asked)
    if found is None:
        return None
    try:
        return visit.case(f"{found[1]}-{int(found[2]):06d}")
    except NotFoundError:
        return None


def _cases(visit: Visit, asked: str) -> list[Case]:
    store = visit.desk.store.desk
    key = phone_key(asked)
    if key or "@" in asked:
        found = store.of(phones=[key] if key else [], addresses=[asked.lower()] if "@" in asked else [])
    else:
        found = store.by_contacts(visit.desk.search.contacts(asked))
    seen = [case for case in found if sees(visit.account, case.office_id)]
    seen.sort(key=lambda case: case.state == "closed")
    return seen[:_MOST_SHOWN]


@page("/foyer/{dwelling}")
def household_page(visit: Visit) -> Mapping[str, Any]:
    """Show a household: its people, all that was ever asked from there, and what agents confirmed for them."""
    return _household(visit)


def _household(visit: Visit, alert: str = "", refused: str = "") -> dict[str, Any]:
    """Return what the page of the path's household needs.

    Args:
        visit: who comes.
        alert: what the agent must hear first.
        refused: the kind of entry that was refused: what was typed for it comes back.
    """
    card = _card(visit)
    visit.note("read", card.dwelling_id, household=True)
    registered = register_of_home(visit, card.dwelling_id)
    note_protection(visit, registered, card.dwelling_id)
    card = by_register(card, registered)
    tenants = [member.tenant_id for member in card.members]
    found = visit.desk.store.desk.of(dwellings=[card.dwelling_id], tenants=tenants)
    cases = sorted(
        (case for case in found if sees(visit.account, case.office_id)), key=lambda case: case.opened_at, reverse=True
    )
    return {
        "card": card,
        "cases": cases,
        "beside": visit.desk.store.desk.case_hints([each.number for each in cases]),
        "confirmed": _confirmed(visit, card.dwelling_id),
        "register": shown_register(visit, registered),
        "refused": refused,
        "said": visit.text("fait"),
        "alert": alert,
        "status": 409 if alert else 200,
    }


def _card(visit: Visit) -> Household:
    """Return the path's household.

    Raises:
        NotFoundError: there is none, or it is another office's.
    """
    card = household(visit.desk.known()[0].directory, visit.desk.names, visit.path["dwelling"], visit.now)
    if card is None or not sees(visit.account, card.office_id):
        raise NotFoundError("household")
    return card


def _confirmed(visit: Visit, dwelling_id: str) -> list[tuple[Confirmation, str, bool]]:
    """Return what agents confirmed for the people of a dwelling.

    Each with the number of its case, empty where that is another office's, and whether another household has it too.
    """
    directory = visit.desk.known()[0].directory
    people = {lease.tenant_id for lease in directory.leases_in(dwelling_id)}
    found = visit.desk.store.desk.confirmations(people)
    return [
        (each, _seen(visit, each.case_number), not directory.of_one_household((each.tenant_id, *each.others)))
        for each in found
    ]


def _seen(visit: Visit, number: str | None) -> str:
    try:
        return visit.case(number).number if number else ""
    except NotFoundError:
        return ""


@deed("/foyer/{dwelling}/retirer", template="household_page.html")
def withdraw(visit: Visit) -> Mapping[str, Any] | Response:
    """Take back that an address or number is somebody's of a household."""
    dwelling_id = _card(visit).dwelling_id
    asked = visit.text("locataire"), visit.text("valeur")
    shown = {(each.tenant_id, each.value): number for each, number, _shared in _confirmed(visit, dwelling_id)}
    number = shown.get(asked)
    if not number:
        raise NotFoundError("confirmation")
    tenant_id, value = asked
    try:
        visit.act("unconfirm", number, {"value": value, "tenant": tenant_id})
    except RefusedError as error:
        return _household(visit, str(error))
    visit.note("withdrew", dwelling_id, tenant=tenant_id)
    return go(f"/foyer/{dwelling_id}?fait=unconfirm")


@deed("/foyer/{dwelling}/inscrire", template="household_page.html")
def register(visit: Visit) -> Mapping[str, Any] | Response:
    """Enter something into the register of a household."""
    return _registered(visit, "register", asked_entry(visit))


@deed("/foyer/{dwelling}/terminer-inscription", template="household_page.html")
def register_end(visit: Visit) -> Mapping[str, Any] | Response:
    """End an entry of a household's register."""
    reason = {"reason": visit.text("raison")} if visit.text("raison") else {}
    return _registered(visit, "register_end", {"entry": _entry(visit), **reason})


@deed("/foyer/{dwelling}/reprendre-inscription", template="household_page.html")
def register_undo(visit: Visit) -> Mapping[str, Any] | Response:
    """Take back what one has just done to an entry of a household's register."""
    return _registered(visit, "register_undo", {"entry": _entry(visit)})


def _entry(visit: Visit) -> int:
    """Return which entry a form means.

    Raises:
        NotFoundError: it is none of the path's household.
    """
    entry_id = visit.number("inscription")
    if entry_id not in {entry.id for entry in register_of_home(visit, _card(visit).dwelling_id).entries}:
        raise NotFoundError("entry")
    return entry_id or 0


def _registered(visit: Visit, verb: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | Response:
    dwelling_id = _card(visit).dwelling_id
    people = register_of_home(visit, dwelling_id).people
    if verb == "register" and arguments.get("tenant") not in people:
        raise NotFoundError("tenant")
    try:
        visit.act(verb, "", arguments)
    except RefusedError as error:
        return _household(visit, str(error), visit.text("quoi"))
    return go(f"/foyer/{dwelling_id}?fait={verb}")


@page("/journal", Right.TRAIL)
def trail(visit: Visit) -> Mapping[str, Any]:
    """Show who read and did what."""
    subject, who = visit.text("quoi"), visit.text("qui")
    lines = visit.desk.store.accounts.trail_of(subject=subject, who=who, before=visit.number("avant"), limit=_TRAIL + 1)
    return {
        "lines": lines[:_TRAIL],
        "more": lines[_TRAIL - 1][0] if len(lines) > _TRAIL else 0,
        "quoi": subject,
        "qui": who,
    }
