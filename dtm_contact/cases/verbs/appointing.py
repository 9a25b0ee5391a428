"""Somebody comes to a proximity office."""

from datetime import timedelta

from pydantic import AwareDatetime

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code

SLOT = timedelta(minutes=30)
"""How long an appointment lasts; they begin on the hour and half past."""


@verb("appoint")
def appoint(act: Act, slot: AwareDatetime, office: Code | None = None) -> None:
    """Prend un rendez-vous au bureau du dossier (ou à `office`) : un créneau d'une demi-heure pendant son ouverture."""
    act.must_be_open()
    office = office or act.case.office_id
    if office not in act.grounds.directory.offices:
        raise WrongArgumentError(f"le bureau {office!r} n'existe pas")
    calendar = act.rules.desks.of_office(office).calendar
    local = slot.astimezone(calendar.zone)
    if local.minute % 30 or local.second or local.microsecond:
        raise WrongArgumentError("un rendez-vous commence à l'heure ou à la demie")
    if slot <= act.now:
        raise WrongArgumentError("le moment est déjà passé")
    if not (calendar.is_open(slot) and calendar.is_open(slot + SLOT - timedelta(minutes=1))):
        raise WrongArgumentError("le bureau est fermé à ce moment")
    if not act.work.book(act.held, office, slot, act.case.who):
        raise WrongStateError("ce créneau vient d'être pris")
    act.tell("appointed", {"at": slot.isoformat(), "office": office})


@verb("cancel_appointment")
def cancel_appointment(act: Act, slot: AwareDatetime) -> None:
    """Annule un rendez-vous du dossier ; le créneau est libre à nouveau."""
    if not act.work.cancel(act.held, slot):
        raise WrongStateError("le dossier n'a pas de rendez-vous à ce moment")
    act.tell("appointment cancelled", {"at": slot.isoformat()})
