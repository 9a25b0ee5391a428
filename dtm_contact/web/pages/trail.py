"""The audit trail: searched by who, whom it concerns, what and when, saved as a file; and who read unusually much."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from dtm_contact.access import Right
from dtm_contact.explain.names import without_code
from dtm_contact.figures import BY_ID
from dtm_contact.figures.files import as_csv
from dtm_contact.labels.audit import AUDITED, audit_details, audit_subject, audited
from dtm_contact.store.trail import TrailQuery
from dtm_contact.web.registry import page
from dtm_contact.web.request_context import LONGEST_SEARCH, CappedList, RequestContext
from dtm_contact.web.search import FoundPerson

_LINES: Final = 100
_MOST_EXPORTED: Final = 100_000
_DAYS: Final = 14
_COLUMNS: Final = ("quand", "identifiant", "qui", "quoi", "sur", "détail")


@dataclass(frozen=True, slots=True)
class TrailFilter:
    """What was typed to search the trail by; each may be empty.

    Attributes:
        qui: an account, by its name or as it is shown.
        quoi: what a line concerns, as the trail has it.
        personne: a tenant.
        action: what was done, by its code.
        du, au: the first and the last day.
    """

    qui: str
    quoi: str
    personne: str
    action: str
    du: str
    au: str

    @classmethod
    def of(cls, context: RequestContext) -> "TrailFilter":
        """Return what a request asks; a day that is none, and an action that there is not, are not asked."""
        texts = {
            name: context.text(name)[:LONGEST_SEARCH] for name in ("qui", "quoi", "personne", "action", "du", "au")
        }
        texts |= {name: texts[name] if _day(texts[name]) else "" for name in ("du", "au")}
        texts["action"] = texts["action"] if texts["action"] in AUDITED else ""
        return cls(**texts)

    @property
    def asked(self) -> dict[str, str]:
        """What is not empty, by its name in the address."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in named.items() if value}

    def people(self, context: RequestContext) -> CappedList[FoundPerson]:
        """Return the tenants who are asked for; looking one up leaves its own line."""
        return context.find_people(self.personne, "journal")

    def query(self, context: RequestContext, people: Sequence[FoundPerson]) -> TrailQuery:
        """Return the query.

        Args:
            context: the request.
            people: the tenants who are asked for.
        """
        since, until = _day(self.du), _day(self.au)
        zone = context.app.settings.zone
        return TrailQuery(
            who=_accounts(context, self.qui) if self.qui else None,
            subject=self.quoi,
            tenants=tuple(each.tenant_id for each in people) if self.personne else None,
            dwellings=tuple(each.dwelling_id for each in people if each.dwelling_id),
            what=self.action,
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
        )


@page("/journal", Right.TRAIL)
def trail(context: RequestContext) -> Mapping[str, Any]:
    """Show who read and did what."""
    asked = TrailFilter.of(context)
    people = asked.people(context)
    query = asked.query(context, people)
    lines = context.app.store.trail.search(query, before=context.number("avant"), limit=_LINES + 1)
    more = lines[_LINES - 1][0] if len(lines) > _LINES else 0
    return {
        "lines": lines[:_LINES],
        "asked": asked,
        "people": people,
        "actions": sorted(AUDITED.items(), key=lambda each: each[1]),
        "older": urlencode({**asked.asked, "avant": more}) if more else "",
        "export": urlencode(asked.asked),
        "called": _called(context),
    }


@page("/journal/export", Right.TRAIL)
def trail_export(context: RequestContext) -> Response:
    """Give the lines that were searched as a file; that leaves a line of its own, written first."""
    asked = TrailFilter.of(context)
    query = asked.query(context, asked.people(context))
    lines = context.app.store.trail.search(query, limit=_MOST_EXPORTED)
    # Words that were typed are not kept: they may name somebody who is erased later.
    by = {f"by_{name}": each for name, each in asked.asked.items() if name in {"action", "du", "au"}}
    context.audit("exported", "journal", lines=len(lines), by_who=query.who, people=query.tenants, **by)
    called, zone = _called(context), context.app.settings.zone
    rows = [
        {
            "quand": line.at.astimezone(zone).isoformat(sep=" ", timespec="seconds"),
            "identifiant": line.who,
            "qui": context.app.account_name(line.who),
            "quoi": audited(line.what),
            "sur": audit_subject(line.subject, called),
            "détail": audit_details(line.data, called),
        }
        for _, line in lines
    ]
    name = f"journal-{context.now.date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(rows, _COLUMNS), media_type="text/csv; charset=utf-8", headers=headers)


@page("/journal/lectures", Right.TRAIL)
def unusual_readings(context: RequestContext) -> Mapping[str, Any]:
    """Show who read of many households within an hour; a question to be asked, and no fault by itself."""
    app, most = context.app, context.app.settings.access.households_an_hour
    since = context.now - timedelta(days=_DAYS)
    found = app.cached("unusual readings", lambda: app.store.trail.unusual_readings(since, most), 60.0)
    return {"found": found, "most": most, "days": _DAYS, "zone": app.settings.zone}


def _accounts(context: RequestContext, typed: str) -> tuple[str, ...]:
    """Return the accounts that are called so, or shown so in part."""
    listed = context.app.store.accounts.all()
    exact = tuple(each.name for each in listed if each.name == typed.lower())
    shown = tuple(each.name for each in listed if typed.casefold() in each.shown_as.casefold())
    return exact or shown


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # A day later must still be a day.
    return found if date.min < found < date.max else None


def _called(context: RequestContext) -> Mapping[str, Callable[[str], str]]:
    """Return how identifiers in the trail are called."""
    names = context.app.names
    return {
        "queue": context.app.queue_label,
        "office": context.app.office_name,
        "person": lambda tenant_id: f"{without_code(names.person(tenant_id))} ({tenant_id})",
        "residence": lambda residence_id: without_code(names.residence(residence_id)),
        "topic": lambda topic: names.topics.get(topic, topic),
        "figure": lambda figure: BY_ID[figure].title if figure in BY_ID else figure,
    }
