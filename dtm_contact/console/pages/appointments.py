"""Appointments at a proximity office: the day's list, free slots, the invitation as iCalendar."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.responses import Response

from dtm_contact.access import sees
from dtm_contact.cases import RefusedError
from dtm_contact.cases.addressees import Addressee
from dtm_contact.cases.verbs.appointing import SLOT
from dtm_contact.console.pages.case import addressees_of, shown
from dtm_contact.console.registry import deed, page
from dtm_contact.console.visit import Visit, go
from dtm_contact.errors import NotFoundError
from dtm_contact.outbound.invitations import Method, calendar
from dtm_contact.outbound.invitations import Visit as Invited
from dtm_contact.store import Case
from dtm_contact.store.desk import Appointment

_DAYS_OFFERED = 5
_DAYS_LOOKED = 21


@page("/rendez-vous")
def appointments(visit: Visit) -> Mapping[str, Any]:
    """Show who comes to an office on a day, and with a case named, the slots that are free for it."""
    offices = _offices(visit)
    chosen = visit.case(visit.text("dossier")) if visit.text("dossier") else None
    own = visit.account.office_id if visit.account.office_id in offices else next(iter(offices))
    office = chosen.office_id if chosen else visit.text("bureau") or own
    if office not in offices:
        raise NotFoundError("office")
    day = _day(visit)
    visit.note("read", "rendez-vous", office=office, day=day.isoformat(), case=chosen.number if chosen else "")
    return {
        "offices": offices,
        "office": office,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "found": _on(visit, office, day),
        "chosen": chosen,
        "slots": _free(visit, office) if chosen else {},
        "invite": _invited(visit, chosen) if chosen else [],
    }


def _invited(visit: Visit, chosen: Case) -> list[Addressee]:
    """Return where an invitation may go: where nothing is unproven; nowhere while nothing is set up to be sent."""
    if not visit.desk.settings.outbound.host:
        return []
    found = addressees_of(visit, visit.desk.store.cases.get(chosen.number))
    return [each for each in found if not each.unproven]


def _offices(visit: Visit) -> dict[str, str]:
    directory = visit.desk.known()[0].directory
    return {each.office_id: each.name for each in directory.records.offices if sees(visit.account, each.office_id)}


def _day(visit: Visit) -> date:
    try:
        return date.fromisoformat(visit.text("jour"))
    except ValueError:
        return visit.now.date()


def _on(visit: Visit, office: str, day: date) -> list[Appointment]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=visit.now.tzinfo)
    return visit.desk.store.desk.appointments(office, midnight, midnight + timedelta(days=1))


def _free(visit: Visit, office: str) -> dict[date, list[datetime]]:
    """Return the free slots of the next days that an office is open."""
    calendar = visit.desk.known()[0].rules.desks.of_office(office).calendar
    first = visit.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + SLOT
    end = first + timedelta(days=_DAYS_LOOKED)
    taken = {each.at for each in visit.desk.store.desk.appointments(office, first, end)}
    found: dict[date, list[datetime]] = {}
    for count in range(int((end - first) / SLOT)):
        at = first + count * SLOT
        if at <= visit.now or at in taken or not calendar.is_open(at) or not calendar.is_open(at + SLOT / 2):
            continue
        local = at.astimezone(visit.now.tzinfo)
        if local.date() not in found and len(found) == _DAYS_OFFERED:
            break
        found.setdefault(local.date(), []).append(local)
    return found


@deed("/dossier/{number}/rendez-vous", template="case.html")
def appoint(visit: Visit) -> Mapping[str, Any] | Response:
    """Make an appointment for a case at its own office, and invite to it whom the form says."""
    return _act(visit, "appoint", invite=visit.text("inviter"))


@deed("/dossier/{number}/rendez-vous/annuler", template="case.html")
def cancel_appointment(visit: Visit) -> Mapping[str, Any] | Response:
    """Cancel an appointment of a case."""
    return _act(visit, "cancel_appointment")


def _act(visit: Visit, verb: str, **more: str) -> Mapping[str, Any] | Response:
    number = visit.case().number
    try:
        visit.act(verb, number, {"slot": visit.text("quand"), **{name: said for name, said in more.items() if said}})
    except RefusedError as error:
        return shown(visit, alert=str(error), refused="rendez-vous")
    return go(f"/dossier/{number}?fait={verb}")


@page("/dossier/{number}/invitation")
def invitation(visit: Visit) -> Response:
    """Give the invitation to a case's next appointment (RFC 5545), to be sent or printed."""
    case = visit.case()
    coming = visit.desk.store.desk.appointments(case.office_id, visit.now, visit.now + timedelta(days=365))
    mine = next((each for each in coming if each.number == case.number), None)
    if mine is None:
        raise NotFoundError("appointment")
    office = visit.desk.known()[0].directory.offices[mine.office_id]
    sheet = Invited(case.number, mine.at, SLOT, office, visit.desk.settings.outbound.sender)
    visit.note("read", case.number, invitation=True)
    headers = {"Content-Disposition": f'attachment; filename="rendez-vous-{case.number}.ics"'}
    return Response(
        calendar(sheet, Method.PUBLISH, visit.now), media_type="text/calendar; charset=utf-8", headers=headers
    )
