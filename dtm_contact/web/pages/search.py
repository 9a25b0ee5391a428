"""Search: cases and people by number, name, phone, street, words."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import sees_case
from dtm_contact.errors import NotFoundError
from dtm_contact.store import Case
from dtm_contact.text import phone_key
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import LONGEST_SEARCH, RequestContext, go

_NUMBER = re.compile(r"(\d{4})-?0*(\d{1,7})")
_MOST_SHOWN = 40


@page("/recherche")
def search(context: RequestContext) -> Mapping[str, Any] | Response:
    """Find cases and people: number, name, phone, street, words; slips are forgiven."""
    asked = context.text("q")[:LONGEST_SEARCH]
    exact = _by_number(context, asked)
    if exact is not None:
        context.audit("searched", asked, case=exact.number)
        return go(f"/dossier/{exact.number}")
    if not asked:
        return {"q": "", "cases": [], "people": [], "beside": {}}
    people = context.find_people(asked, "")
    cases = _cases(context, asked)
    return {
        "q": asked,
        "people": people,
        "cases": cases,
        "beside": context.app.store.desk.case_hints([case.number for case in cases]),
    }


def _by_number(context: RequestContext, asked: str) -> Case | None:
    number = _NUMBER.fullmatch(asked)
    if number is None:
        return None
    try:
        return context.case(f"{number[1]}-{int(number[2]):06d}")
    except NotFoundError:
        return None


def _cases(context: RequestContext, asked: str) -> list[Case]:
    store = context.app.store.desk
    key = phone_key(asked)
    if key or "@" in asked:
        cases = store.of(phones=[key] if key else [], addresses=[asked.lower()] if "@" in asked else [])
    else:
        cases = store.by_contacts(context.app.contact_index.contacts(asked))
    seen = [case for case in cases if sees_case(context.account, case)]
    seen.sort(key=lambda case: case.state == "closed")
    return seen[:_MOST_SHOWN]
