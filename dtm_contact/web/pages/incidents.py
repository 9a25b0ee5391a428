"""Incidents, several households of one residence with one matter; and one action on several cases at once."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode

from starlette.responses import Response

from dtm_contact.access import sees
from dtm_contact.cases import NothingAttachedError, RefusedError
from dtm_contact.cases.enclosures import check_enclosed
from dtm_contact.errors import NotFoundError
from dtm_contact.figures import INCIDENT_TOPICS
from dtm_contact.store import Case
from dtm_contact.store.desk import Incident
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_MOST_AT_ONCE: Final = 200
_CHANGED: Final = re.compile(r"(\d{4}-\d{6,9})\.(\d{1,9})")
_NUMBER: Final = re.compile(r"\d{4}-\d{6,9}")
NOT_UNDONE: Final = frozenset({"reply", "undo"})
"""A letter that is on its way is not taken back, nor is it taken back that something was."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What became of one act on several cases.

    Attributes:
        verb: what was done.
        done: the cases to which it was done, each with the version that it has since then.
        dangers: how many dangers, certain or possible, were left open: they are closed one at a time.
        refused: the cases to which it could not be done.
        why: what the last of them was refused for.
    """

    verb: str
    done: tuple[tuple[str, int], ...] = ()
    dangers: int = 0
    refused: tuple[str, ...] = ()
    why: str = field(default="", compare=False)

    @property
    def undoable(self) -> bool:
        """Whether it can be taken back."""
        return bool(self.done) and self.verb not in NOT_UNDONE

    def as_query(self) -> str:
        """Return it as a page's query says it, for `of_query`."""
        done = " ".join(f"{number}.{version}" for number, version in self.done)
        return urlencode({"fait": self.verb, "lot": done, "urgences": self.dangers, "refus": " ".join(self.refused)})

    @classmethod
    def of_query(cls, context: RequestContext) -> Self | None:
        """Return what a page's query says was done; None where it says nothing of several cases."""
        if "lot" not in context.query:
            return None
        done = tuple((number, int(version)) for number, version in _CHANGED.findall(context.query["lot"]))
        refused = tuple(_NUMBER.findall(context.query.get("refus", "")))
        return cls(context.text("fait"), done[:_MOST_AT_ONCE], context.number("urgences") or 0, refused[:_MOST_AT_ONCE])


def to_each(context: RequestContext, verb: str, numbers: Iterable[str], **arguments: Any) -> BatchResult:
    """Do something to each of several cases that they see; no danger is closed this way."""

    def act(number: str) -> int | None:
        case = context.case(number)
        if verb == "done" and case.in_danger:
            return None
        return context.apply(verb, case.number, arguments).version

    return _apply_each(verb, dict.fromkeys(list(numbers)[:_MOST_AT_ONCE]), act)


def undo_each(context: RequestContext, changed: str) -> BatchResult:
    """Undo what was done to several cases, as `BatchResult.as_query` names them, where it was the last thing done."""
    versions = {number: int(version) for number, version in _CHANGED.findall(changed)[:_MOST_AT_ONCE]}
    return _apply_each("undo", versions, lambda number: context.apply("undo", number, {}, versions[number]).version)


def _apply_each(verb: str, numbers: Iterable[str], act: Callable[[str], int | None]) -> BatchResult:
    result, done, refused = BatchResult(verb), list[tuple[str, int]](), list[str]()
    for number in numbers:
        try:
            version = act(number)
        except RefusedError as error:
            refused.append(number)
            result = replace(result, why=str(error))
        except NotFoundError:
            refused.append(number)
        else:
            if version is None:
                result = replace(result, dangers=result.dangers + 1)
            else:
                done.append((number, version))
    return replace(result, done=tuple(done), refused=tuple(refused))


_WITHIN = timedelta(hours=24)


@page("/incidents")
def incidents(context: RequestContext) -> Mapping[str, Any]:
    """Show what befalls several households at once."""
    context.audit("read", "incidents")
    return {"incidents": current(context), "said": context.text("fait"), "several": BatchResult.of_query(context)}


def current(context: RequestContext) -> Sequence[Incident]:
    """Return the incidents of the last day that somebody sees."""
    since = context.now - _WITHIN
    recent = context.app.cached("incidents", lambda: context.app.store.desk.incidents(INCIDENT_TOPICS, since))
    return [incident for incident in recent if any(sees(context.account, office) for office in incident.offices)]


@page("/incident/{residence}/{topic}")
def incident(context: RequestContext) -> Mapping[str, Any]:
    """Show one incident: all of its cases, and what can be said to all."""
    return _shown(context)


def _shown(context: RequestContext) -> Mapping[str, Any]:
    cases = _cases(context)
    context.audit("read", f"incident {context.path['residence']} {context.path['topic']}", cases=len(cases))
    dangers = sum(case.in_danger for case in cases)
    return {
        "cases": cases,
        "dangers": dangers,
        "refused": "",
        "asks_for_files": False,
        "residence": context.path["residence"],
        "topic": context.path["topic"],
    }


@post("/incident/{residence}/{topic}/nouvelle", template="incident.html")
def news(context: RequestContext) -> Mapping[str, Any] | Response:
    """Write the same to all who asked."""
    text, without_files_ok = context.text("texte"), context.text("sans_piece") == "1"
    try:
        check_enclosed(text, attached=False, without_files_ok=without_files_ok)
    except NothingAttachedError as error:
        asked = {"alert": str(error), "refused": "reply", "asks_for_files": True, "status": 409}
        return {**_shown(context), **asked}
    return _to_all(context, "reply", text=text, without_files_ok=without_files_ok)


@post("/incident/{residence}/{topic}/clore", template="incident.html")
def end(context: RequestContext) -> Mapping[str, Any] | Response:
    """Close all of its cases for one reason, but for those that are a danger."""
    return _to_all(context, "done", reason=context.text("raison"))


def _cases(context: RequestContext) -> list[Case]:
    cases = context.app.store.desk.of_incident(context.path["residence"], context.path["topic"], context.now - _WITHIN)
    seen = [case for case in cases if sees(context.account, case.office_id)]
    if not seen or context.path["topic"] not in INCIDENT_TOPICS:
        raise NotFoundError("incident")
    return seen


def _to_all(context: RequestContext, verb: str, **arguments: Any) -> Mapping[str, Any] | Response:
    several = to_each(context, verb, [case.number for case in _cases(context)], **arguments)
    if several.why and not several.done:
        return {**_shown(context), "alert": several.why, "refused": verb, "status": 409}
    return go(f"/incidents?{several.as_query()}")
