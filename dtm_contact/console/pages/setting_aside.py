"""What was set aside as automatic or advertising, and can be brought back."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from dtm_contact.access import Role
from dtm_contact.access.errands import Released
from dtm_contact.cases import WrongStateError
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import Visit, go
from dtm_contact.errors import NotFoundError

_PAGE = 50
_ALREADY = "ce message a déjà été repris ; il est un dossier, ou le devient"


@page("/ecartes")
def set_aside(visit: Visit) -> Mapping[str, Any]:
    """Show what was set aside: it belongs to no office, so those of the agency see it."""
    _must_be_of_the_agency(visit)
    visit.note("read", "ecartes")
    found = visit.desk.store.desk.set_aside(before=visit.number("avant"), limit=_PAGE + 1)
    return {"found": found[:_PAGE], "more": found[_PAGE - 1].arrival_id if len(found) > _PAGE else 0}


@deed("/ecartes/{arrival}/reprendre")
def bring_back(visit: Visit) -> Response:
    """Make a case of what was set aside."""
    _must_be_of_the_agency(visit)
    arrival = visit.path["arrival"]
    if not arrival.isdecimal() or len(arrival) > 15:  # noqa: PLR2004 - fits 64 bits
        raise NotFoundError("arrival")
    outcome = visit.desk.errand("release", arrival_id=int(arrival), who=visit.account.name)
    if outcome == Released.UNKNOWN:
        raise NotFoundError("arrival")
    if outcome == Released.ALREADY:
        raise WrongStateError(_ALREADY)
    return go("/ecartes")


def _must_be_of_the_agency(visit: Visit) -> None:
    agency = visit.desk.known()[0].directory.agency.office_id
    if visit.account.role == Role.AGENT and visit.account.office_id != agency:
        raise NotFoundError("what was set aside")
