"""Somebody comes to a proximity office."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from dtm_contact.cases.act import Act
from dtm_contact.cases.addressees import Addressee, Trust
from dtm_contact.cases.posting import Enclosed, addressees_of, post, recipient, tokens_of
from dtm_contact.cases.refusals import WrongArgumentError, WrongStateError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Code, Line
from dtm_contact.outbound.invitations import Method, OfficeAppointment, calendar, letter
from dtm_contact.store import Event
from dtm_contact.store.events import CANCELLED

SLOT = timedelta(minutes=30)
"""How long an appointment lasts; they begin on the hour and half past."""


@verb("appoint")
def appoint(act: Act, slot: AwareDatetime, office: Code | None = None, invite: Line | None = None) -> None:
    """Prend un rendez-vous au bureau du dossier (ou à `office`) : un créneau d'une demi-heure pendant son ouverture.

    `invite` : l'adresse à laquelle part l'invitation, que les agendas lisent ; une adresse vérifiée du dossier, ou du
    locataire dans l'annuaire.
    """
    act.must_be_open()
    office = office or act.case.office_id
    _must_be_a_slot(act, slot, office)
    if not act.work.book_appointment(act.held, office, slot, act.case.who):
        raise WrongStateError("ce créneau vient d'être pris")
    data = {"at": slot.isoformat(), "office": office}
    invited = None if invite is None else recipient(act, invite)
    if invited is not None:
        data["invited"] = invited.address
    act.tell("appointed", data)
    if invited is not None:
        _write(act, slot, office, invited, Method.REQUEST)


def _must_be_a_slot(act: Act, slot: datetime, office: str) -> None:
    if office not in act.grounds.directory.offices or not act.visibility.sees(office):
        raise WrongArgumentError(f"le bureau {office!r} n'existe pas")
    calendar = act.rules.desks.of_office(office).calendar
    local = slot.astimezone(calendar.zone)
    if local.minute % 30 or local.second or local.microsecond:
        raise WrongArgumentError("un rendez-vous commence à l'heure ou à la demie")
    if slot <= act.now:
        raise WrongArgumentError("le moment est déjà passé")
    if not (calendar.is_open(slot) and calendar.is_open(slot + SLOT - timedelta(minutes=1))):
        raise WrongArgumentError("le bureau est fermé à ce moment")


def _write(act: Act, slot: datetime, office: str, to: Addressee, method: Method) -> None:
    settings = act.grounds.settings
    organizer = tokens_of(act).address(act.case.number)
    appointment = OfficeAppointment(
        act.case.number, slot, SLOT, act.grounds.directory.offices[office], organizer, to.address
    )
    phone = settings.numbers[0] if settings.numbers else ""
    subject, text = letter(appointment, method, settings.zone, phone)
    invitation = Enclosed(calendar=calendar(appointment, method, act.now), method=method, slot=slot)
    post(act, to, text, subject=subject, enclosed=invitation)


@verb("cancel_appointment")
def cancel_appointment(act: Act, slot: AwareDatetime) -> None:
    """Annule un rendez-vous du dossier ; le créneau est libre à nouveau, et qui était invité l'apprend par courriel."""
    if not act.work.cancel_appointment(act.held, slot):
        raise WrongStateError("le dossier n'a pas de rendez-vous à ce moment")
    made = next(
        event.data
        for event in reversed(act.work.events(act.held))
        if event.what == "appointed" and datetime.fromisoformat(event.data["at"]) == slot
    )
    letter = _invitation_to(act, slot)
    act.tell(CANCELLED, {"at": slot.isoformat(), **({"withdraws": letter.id} if letter else {})})
    invited = _invited(act, made["invited"]) if made.get("invited") else None
    if invited is not None and not invited.never and act.grounds.settings.outbound.host:
        _write(act, slot, made["office"], invited, Method.CANCEL)


def _invitation_to(act: Act, slot: datetime) -> Event | None:
    """Return the last letter of the case in hand that invited somebody to come at a time."""
    return next(
        (
            event
            for event in reversed(act.work.events(act.held))
            if event.data.get("invitation") == Method.REQUEST
            and event.data.get("slot")
            and datetime.fromisoformat(event.data["slot"]) == slot
        ),
        None,
    )


def _invited(act: Act, address: str) -> Addressee:
    """Return whom an invitation went to, though nothing of the case bears the address any more."""
    found = (each for each in addressees_of(act) if each.address == address)
    return next(found, Addressee(address, Trust.KNOWN, never=bool(act.work.never_used([address]))))
