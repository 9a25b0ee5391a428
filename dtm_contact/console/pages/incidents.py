"""Incidents: several households of one residence, one matter; worked as one."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from starlette.responses import Response

from dtm_contact.access import sees
from dtm_contact.console.pages.several import Several, to_each
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import Visit, go
from dtm_contact.errors import NotFoundError
from dtm_contact.model import Priority
from dtm_contact.store import Case
from dtm_contact.store.desk import Incident

TOPICS = (
    "elevator",
    "elevator_trapped",
    "heating",
    "water_cut",
    "water_leak",
    "electricity",
    "gas",
    "fire",
    "access_control",
)
"""What can befall a whole building at once."""
_WITHIN = timedelta(hours=24)


@page("/incidents")
def incidents(visit: Visit) -> Mapping[str, Any]:
    """Show what befalls several households at once."""
    visit.note("read", "incidents")
    return {"incidents": current(visit), "said": visit.text("fait"), "several": Several.asked(visit)}


def current(visit: Visit) -> Sequence[Incident]:
    """Return the incidents of the last day that somebody sees."""
    found = visit.desk.lately("incidents", lambda: visit.desk.store.desk.incidents(TOPICS, visit.now - _WITHIN))
    return [each for each in found if any(sees(visit.account, office) for office in each.offices)]


@page("/incident/{residence}/{topic}")
def incident(visit: Visit) -> Mapping[str, Any]:
    """Show one incident: all of its cases, and what can be said to all."""
    return _shown(visit)


def _shown(visit: Visit) -> Mapping[str, Any]:
    cases = _cases(visit)
    visit.note("read", f"incident {visit.path['residence']} {visit.path['topic']}", cases=len(cases))
    dangers = sum(case.priority is Priority.P1 for case in cases)
    return {
        "cases": cases,
        "dangers": dangers,
        "refused": "",
        "residence": visit.path["residence"],
        "topic": visit.path["topic"],
    }


@deed("/incident/{residence}/{topic}/nouvelle", template="incident.html")
def news(visit: Visit) -> Mapping[str, Any] | Response:
    """Write the same to all who asked."""
    return _to_all(visit, "reply", text=visit.text("texte"))


@deed("/incident/{residence}/{topic}/clore", template="incident.html")
def end(visit: Visit) -> Mapping[str, Any] | Response:
    """Close all of its cases for one reason, but for those that are a danger."""
    return _to_all(visit, "done", reason=visit.text("raison"))


def _cases(visit: Visit) -> list[Case]:
    found = visit.desk.store.desk.of_incident(visit.path["residence"], visit.path["topic"], visit.now - _WITHIN)
    seen = [case for case in found if sees(visit.account, case.office_id)]
    if not seen or visit.path["topic"] not in TOPICS:
        raise NotFoundError("incident")
    return seen


def _to_all(visit: Visit, verb: str, **arguments: str) -> Mapping[str, Any] | Response:
    several = to_each(visit, verb, [case.number for case in _cases(visit)], **arguments)
    if several.why and not several.done:
        return {**_shown(visit), "alert": several.why, "refused": verb, "status": 409}
    return go(f"/incidents?{several.told()}")
