"""An appointment at an office, as a letter tells it and as calendars read it (RFC 5545; by mail, RFC 6047)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from dtm_contact.directory import Office
from dtm_contact.labels.formats import moment


class Method(StrEnum):
    """What a calendar is to do with it (RFC 5546): take it in, offer it to somebody, take it out."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class OfficeAppointment:
    """The appointment of a person at an office.

    Attributes:
        number: the case because of which.
        at, lasts: when it begins, aware, and how long it is.
        office: where.
        organizer: our address that calendars answer to.
        attendee: the address invited; empty for a sheet to be printed.
    """

    number: str
    at: datetime
    lasts: timedelta
    office: Office
    organizer: str
    attendee: str = ""


def calendar(appointment: OfficeAppointment, method: Method, now: datetime) -> str:
    """Return the appointment as iCalendar, its lines ended by CRLF; what cancels bears the uid of what it cancels."""
    made = Calendar()
    made.add("prodid", "-//dtm-contact//bureau//FR")
    made.add("version", "2.0")
    made.add("method", method.value)
    event = Event()
    event.add(
        "uid",
        f"{appointment.number}-{appointment.at.astimezone(UTC):%Y%m%dT%H%M}@{appointment.organizer.rpartition('@')[2]}",
    )
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.at.astimezone(UTC))
    event.add("dtend", (appointment.at + appointment.lasts).astimezone(UTC))
    event.add("sequence", int(method is Method.CANCEL))
    event.add("status", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    event.add("summary", f"Rendez-vous, {appointment.office.name}")
    event.add("location", _where(appointment.office))
    event.add("description", f"Dossier {appointment.number}")
    event["organizer"] = vCalAddress(f"mailto:{appointment.organizer}")
    if appointment.attendee:
        event.add("attendee", _invited(appointment.attendee), encode=False)
    made.add_component(event)
    octets: bytes = made.to_ical()
    return octets.decode()


def _invited(address: str) -> vCalAddress:
    invited = vCalAddress(f"mailto:{address}")
    invited.params["role"] = vText("REQ-PARTICIPANT")
    # Whoever cannot come writes; that they accept need not be told.
    invited.params["rsvp"] = vText("FALSE")
    return invited


def letter(appointment: OfficeAppointment, method: Method, zone: ZoneInfo, phone: str) -> tuple[str, str]:
    """Return subject and words of the letter that bears the invitation, or takes it back.

    Args:
        appointment: who comes when and where.
        method: `REQUEST` or `CANCEL`.
        zone: the offices' wall clock.
        phone: our one number; empty where none is set.
    """
    when, call = moment(appointment.at, zone), f", ou appelez-nous au {phone}" if phone else ""
    if method is Method.CANCEL:
        said = f"Le rendez-vous du {when} ({appointment.office.name}) est annulé."
        asked = f"Pour en prendre un autre, répondez à ce message{call}."
        return f"Rendez-vous du {when} annulé – dossier {appointment.number}", _letter(said, asked)
    said = f"Nous vous attendons {when} : {appointment.office.name}, {_where(appointment.office)}."
    asked = f"L'invitation jointe s'ajoute à votre agenda. Pour changer ou annuler, répondez à ce message{call}."
    return f"Rendez-vous {when} – dossier {appointment.number}", _letter(said, asked)


def _letter(*paragraphs: str) -> str:
    return "\n\n".join(("Bonjour,", *paragraphs, "Votre bailleur"))


def _where(office: Office) -> str:
    return ", ".join(filter(None, (office.address, f"{office.postcode} {office.commune}".strip())))
