"""Finding: search, a household, the trail of who read what."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import Right, sees
from dtm_contact.console.card import household
from dtm_contact.console.registry import page
from dtm_contact.console.visit import Visit, go
from dtm_contact.errors import NotFoundError
from dtm_contact.normalize import phone_key
from dtm_contact.store import Case

_NUMBER = re.compile(r"(\d{4})-?0*(\d{1,7})")
_MOST_SHOWN = 40
_TRAIL = 100


@page("/recherche")
def search(visit: Visit) -> Mapping[str, Any] | Response:
    """Find cases and people: number, name, phone, street, words; slips are forgiven."""
    asked = visit.text("q")[:200]
    exact = _by_number(visit, asked)
    if exact is not None:
        return go(f"/dossier/{exact.number}")
    if not asked:
        return {"q": "", "cases": [], "people": [], "beside": {}}
    people = [each for each in visit.desk.people().find(asked, visit.now.date()) if sees(visit.account, each.office_id)]
    cases = _cases(visit, asked)
    if people:
        visit.note("searched", asked, people=[each.tenant_id for each in people])
    return {
        "q": asked,
        "people": people,
        "cases": cases,
        "beside": visit.desk.store.desk.beside([case.number for case in cases]),
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
    """Show a household: its people, and all that was ever asked from there, on one time line."""
    card = household(visit.desk.known()[0].directory, visit.desk.names, visit.path["dwelling"], visit.now)
    if card is None or not sees(visit.account, card.office_id):
        raise NotFoundError("household")
    visit.note("read", card.dwelling_id, household=True)
    tenants = [member.tenant_id for member in card.members]
    found = visit.desk.store.desk.of(dwellings=[card.dwelling_id], tenants=tenants)
    cases = sorted(
        (case for case in found if sees(visit.account, case.office_id)), key=lambda case: case.opened_at, reverse=True
    )
    return {"card": card, "cases": cases, "beside": visit.desk.store.desk.beside([each.number for each in cases])}


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
