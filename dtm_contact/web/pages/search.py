"""Search: cases, people and places by number, name, phone, street, words; and what lies behind one entrance."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from starlette.responses import Response

from dtm_contact.access import sees, sees_case
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Case
from dtm_contact.web.case_view import residence_caretakers
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import LONGEST_SEARCH, RequestContext, case_number, go
from dtm_contact.web.search import FoundPlace

_MOST_SHOWN: Final = 40


@page("/recherche")
def search(context: RequestContext) -> Mapping[str, Any] | Response:
    """Find cases, people and places: number, name, phone, street, words; slips are forgiven."""
    asked = context.text("q")[:LONGEST_SEARCH]
    exact = _by_number(context, asked)
    if exact is not None:
        context.audit("searched", asked, case=exact.number)
        return go(f"/dossier/{exact.number}")
    if not asked:
        return {"q": "", "cases": [], "people": [], "places": {}, "found_places": [], "elsewhere": [], "beside": {}}
    people, places = context.find_people(asked, ""), context.find_places(asked)
    cases, elsewhere = context.find_cases_and_opened(asked)
    shown = list({case.number: case for case in (*cases, *_cases_at(context, places))}.values())[:_MOST_SHOWN]
    return {
        "q": asked,
        "people": people,
        "places": _by_residence(places),
        "found_places": places,
        "cases": shown,
        "elsewhere": elsewhere[:_MOST_SHOWN],
        "beside": context.app.store.desk.case_hints([case.number for case in shown]),
    }


def _by_number(context: RequestContext, asked: str) -> Case | None:
    number = case_number(asked)
    if not number:
        return None
    try:
        return context.case(number)
    except NotFoundError:
        return None


def _by_residence(places: Iterable[FoundPlace]) -> dict[str, list[FoundPlace]]:
    found: dict[str, list[FoundPlace]] = {}
    for place in places:
        found.setdefault(place.residence_id, []).append(place)
    return found


def _cases_at(context: RequestContext, places: Iterable[FoundPlace]) -> list[Case]:
    """Return the cases about the dwellings behind some entrances that they see, open ones first."""
    index = context.app.people()
    homes = [home for place in places for home in index.homes(place.address_id)]
    cases = context.app.store.desk.of(dwellings=homes, limit=_MOST_SHOWN) if homes else []
    return [case for case in cases if sees_case(context.account, case)]


@page("/adresse/{address}")
def entrance(context: RequestContext) -> Mapping[str, Any]:
    """Show an entrance: who lives there, what was asked from there, and who sees to it."""
    directory = context.app.directory
    address = directory.addresses.get(context.path["address"])
    residence = directory.residences.get(address.residence_id) if address else None
    if address is None or residence is None or not sees(context.account, residence.office_id):
        raise NotFoundError("entrance")
    context.audit("read", address.address_id, entrance=True)
    homes = context.app.people().homes(address.address_id)
    cases = _cases_at(context, [FoundPlace(address.address_id, residence.residence_id, len(homes))])
    today = context.now.date()
    return {
        "address": address,
        "residence": residence,
        "households": [(home, directory.household(home, today)) for home in homes],
        "caretakers": residence_caretakers(directory, context.app.names, residence.residence_id, context.now),
        "cases": cases,
        "beside": context.app.store.desk.case_hints([case.number for case in cases]),
    }
