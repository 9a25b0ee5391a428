"""Appointments at a proximity office: the day's list, free slots, the invitation as iCalendar."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.responses import Response

from dtm_contact.access import sees
from dtm_contact.cases import RefusedError
from dtm_contact.cases.addressees import Addressee
from dtm_contact.cases.verbs.appointing import SLOT
from dtm_contact.errors import NotFoundError
from dtm_contact.outbound.invitations import Method, OfficeAppointment, calendar
from dtm_contact.store import Case
from dtm_contact.store.desk import Appointment
from dtm_contact.web.pages.case import addressees_of, case_page
from dtm_contact.web.registry import page, post
from dtm_contact.web.request_context import RequestContext, go

_DAYS_OFFERED = 5
_DAYS_LOOKED = 21


@page("/rendez-vous")
def appointments(context: RequestContext) -> Mapping[str, Any]:
    """Show who comes to an office on a day, and with a case named, the slots that are free for it."""
    offices = _offices(context)
    chosen = context.case(context.text("dossier")) if context.text("dossier") else None
    own = context.account.office_id if context.account.office_id in offices else next(iter(offices))
    office = chosen.office_id if chosen else context.text("bureau") or own
    if office not in offices:
        raise NotFoundError("office")
    day = _day(context)
    context.audit("read", "rendez-vous", office=office, day=day.isoformat(), case=chosen.number if chosen else "")
    return {
        "offices": offices,
        "office": office,
        "day": day,
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "appointments": _on(context, office, day),
        "chosen": chosen,
        "slots": _free(context, office) if chosen else {},
        "invite": _invited(context, chosen) if chosen else [],
    }


def _invited(context: RequestContext, chosen: Case) -> list[Addressee]:
    """Return where an invitation may go, and where it never may; nowhere while nothing is set up to be sent.

    What nothing proves is left out.
    """
    if not context.app.settings.outbound.host:
        return []
    answerable = addressees_of(context, context.app.store.cases.get(chosen.number))
    return [addressee for addressee in answerable if not addressee.unproven]


def _offices(context: RequestContext) -> dict[str, str]:
    directory = context.app.directory
    return {
        office.office_id: office.name for office in directory.records.offices if sees(context.account, office.office_id)
    }


def _day(context: RequestContext) -> date:
    try:
        return date.fromisoformat(context.text("jour"))
    except ValueError:
        return context.now.date()


def _on(context: RequestContext, office: str, day: date) -> list[Appointment]:
    midnight = datetime(day.year, day.month, day.day, tzinfo=context.now.tzinfo)
    return context.app.store.desk.appointments(office, midnight, midnight + timedelta(days=1))


def _free(context: RequestContext, office: str) -> dict[date, list[datetime]]:
    """Return the free slots of the next days that an office is open."""
    calendar = context.app.rules.desks.of_office(office).calendar
    first = context.now.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + SLOT
    end = first + timedelta(days=_DAYS_LOOKED)
    taken = {appointment.at for appointment in context.app.store.desk.appointments(office, first, end)}
    free: dict[date, list[datetime]] = {}
    for count in range(int((end - first) / SLOT)):
        at = first + count * SLOT
        if at <= context.now or at in taken or not calendar.is_open(at) or not calendar.is_open(at + SLOT / 2):
            continue
        local = at.astimezone(context.now.tzinfo)
        if local.date() not in free and len(free) == _DAYS_OFFERED:
            break
        free.setdefault(local.date(), []).append(local)
    return free


@post("/dossier/{number}/rendez-vous", template="case.html")
def appoint(context: RequestContext) -> Mapping[str, Any] | Response:
    """Make an appointment for a case at its own office, and invite to it whom the form says."""
    return _act(context, "appoint", invite=context.text("inviter"))


@post("/dossier/{number}/rendez-vous/annuler", template="case.html")
def cancel_appointment(context: RequestContext) -> Mapping[str, Any] | Response:
    """Cancel an appointment of a case."""
    return _act(context, "cancel_appointment")


def _act(context: RequestContext, verb: str, **more: str) -> Mapping[str, Any] | Response:
    number = context.case().number
    try:
        context.apply(
            verb, number, {"slot": context.text("quand"), **{name: said for name, said in more.items() if said}}
        )
    except RefusedError as error:
        return case_page(context, alert=str(error), refused="rendez-vous")
    return go(f"/dossier/{number}?fait={verb}")


@page("/dossier/{number}/invitation")
def invitation(context: RequestContext) -> Response:
    """Give the invitation to a case's next appointment (RFC 5545), to be sent or printed."""
    case = context.case()
    coming = context.app.store.desk.appointments(case.office_id, context.now, context.now + timedelta(days=365))
    mine = next((appointment for appointment in coming if appointment.number == case.number), None)
    if mine is None:
        raise NotFoundError("appointment")
    office = context.app.directory.offices[mine.office_id]
    sheet = OfficeAppointment(case.number, mine.at, SLOT, office, context.app.settings.outbound.sender)
    context.audit("read", case.number, invitation=True)
    headers = {"Content-Disposition": f'attachment; filename="rendez-vous-{case.number}.ics"'}
    return Response(
        calendar(sheet, Method.PUBLISH, context.now), media_type="text/calendar; charset=utf-8", headers=headers
    )
