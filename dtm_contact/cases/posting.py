"""What an agent's act sends: a letter to a party of the case in hand, in its thread; a word of danger to our people."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from dtm_contact.cases.act import Act
from dtm_contact.cases.addressees import Addressee, Care, addressees, usual
from dtm_contact.cases.refusals import NeverUsedError, RefusedError, UnprovenAddressError, WrongArgumentError
from dtm_contact.cases.registered import HouseholdRegister, household_of, place_named, registered
from dtm_contact.directory.duty import on_duty, on_duty_in_residence
from dtm_contact.explain.names import Names
from dtm_contact.labels.coded_text import text_of
from dtm_contact.matching.verdict import as_stated
from dtm_contact.model import (
    ON_CALL,
    Alarm,
    CaseKind,
    Contact,
    Judgement,
    KeptHistory,
    Outgoing,
    OutgoingFile,
    OutgoingKind,
    Stated,
    StoredFile,
    UnwrittenNotice,
)
from dtm_contact.outbound import Answering, Letter, NoAddressError, write
from dtm_contact.outbound.notices import Correction, place_words
from dtm_contact.pipeline import whoever_it_may_be
from dtm_contact.rules import decide
from dtm_contact.store import Case
from dtm_contact.store.case_transactions import Whom
from dtm_contact.store.outbox import NOTICE_QUEUED
from dtm_contact.tokens import CaseTokens

_NONCE_OCTETS: Final = 8
_BOUNDARY_OCTETS: Final = 12
_NOT_OF_THE_CASE: Final = "cette adresse n'est ni d'un message du dossier, ni du locataire dans l'annuaire"
ADDRESS: Final = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,255}")
_REPLY_MARKS: Final = re.compile(r"(?:(?:re|rép|tr|fwd?|fw)\s*:\s*)+", re.IGNORECASE)


def tokens_of(act: Act) -> CaseTokens:
    """Return what signs the case's number in what is sent."""
    return CaseTokens.of(act.grounds.settings.outbound, act.work.signing_key)


def recipient(act: Act, to: str | None, *, unproven_ok: bool = False) -> Addressee:
    """Return whom to write to: somebody of the case, so that no slip of the hand tells a stranger.

    Args:
        act: the verb being carried out.
        to: the address; None for whom an answer usually goes to.
        unproven_ok: an address that nothing proves to be the writer's, or the tenant's, is meant.

    Raises:
        RefusedError: nothing is set up to be sent.
        NeverUsedError: the register says never to write there.
        UnprovenAddressError: nothing proves the address, and it was not said that it is meant all the same.
        WrongArgumentError: there is no address, or `to` is none of the case's.
    """
    if not act.grounds.settings.outbound.host:
        raise RefusedError("aucun serveur n'est réglé pour envoyer le courrier (DTM_OUTBOUND_HOST)")
    found = addressees_of(act)
    if to is not None:
        chosen = next((each for each in found if each.address == to.lower()), None)
        if chosen is None:
            raise WrongArgumentError(_NOT_OF_THE_CASE)
    else:
        chosen = usual(found, corrected="tenant_id" in act.case.by_hand)
        if chosen is None and not found:
            raise WrongArgumentError("personne n'a écrit dans ce dossier, et l'annuaire n'a pas d'adresse")
        if chosen is None and all(each.never for each in found):
            raise NeverUsedError
        if chosen is None:
            raise UnprovenAddressError("aucune adresse du dossier n'est vérifiée ; choisissez à laquelle répondre")
    if chosen.never:
        raise NeverUsedError
    if chosen.beside and not unproven_ok:
        raise UnprovenAddressError(
            "cette adresse n'est pas à la seule personne protégée du foyer ; confirmez que vous y répondez, sans rien "
            "dire d'elle ni d'où elle habite"
        )
    if chosen.unproven and not unproven_ok:
        raise UnprovenAddressError("rien ne prouve que cette adresse soit au locataire ; confirmez que vous y répondez")
    return chosen


def addressees_of(act: Act) -> tuple[Addressee, ...]:
    """Return the addresses at which the case in hand may be answered; see `addressees`."""
    grounds, tenant_id = act.grounds, act.case.tenant_id
    if tenant_id is not None and not act.sees_tenant(tenant_id):
        tenant_id = None
    confirmed = act.work.confirmations(tenant_id) if tenant_id else ()
    care = Care(act.work.never_used, registered_of(act).protected)
    return addressees(
        act.work.judged_contacts(act.held),
        tenant_id,
        confirmed,
        grounds.directory,
        grounds.settings,
        care,
        machines=grounds.rules.sources.machines,
    )


def registered_of(act: Act) -> HouseholdRegister:
    """Return what the register says of the household of the case in hand."""
    today = act.now.date()
    people = household_of(act.grounds.directory, act.case.tenant_id, act.case.dwelling_id, today)
    return registered(people, act.work.register(people), today)


def check_tells_no_place(act: Act, text: str) -> None:
    """Make sure that no letter tells where somebody protected lives.

    Raises:
        WrongArgumentError: the text names the street or the residence.
    """
    protected = registered_of(act).protected
    if protected and place_named(text, protected, act.grounds.directory, act.now.date()) is not None:
        raise WrongArgumentError("le foyer est protégé : retirez la rue et la résidence de la réponse")


def further(act: Act, addresses: Sequence[str], apart_from: Sequence[str], *, unproven_ok: bool) -> tuple[str, ...]:
    """Return who else gets what is written: parties of the case, our caretakers and offices; anybody for some.

    Args:
        act: the verb being carried out.
        addresses: as they were written; one that is there already is left out.
        apart_from: who gets it already, lower case.
        unproven_ok: an address that nothing proves is meant all the same.

    Raises:
        WrongArgumentError: one is none, or one that the actor may not write to.
        NeverUsedError: the register says never to write there.
        UnprovenAddressError: nothing proves one, and it was not said that it is meant all the same.
    """
    known, ours = {each.address: each for each in addressees_of(act)}, directory_addresses(act)
    found = list[str]()
    for address in dict.fromkeys(each.lower() for each in addresses):
        if address in (*apart_from, *found):
            continue
        if address in known:
            recipient(act, address, unproven_ok=unproven_ok)
        elif address not in ours:
            check_stranger(act, address, unproven_ok=unproven_ok)
        found.append(address)
    return tuple(found)


def directory_addresses(act: Act) -> dict[str, str]:
    """Return the addresses that a message may go on to: caretakers, offices, contacts of the rules."""
    directory, today = act.grounds.directory, act.now.date()
    dwelling = directory.dwellings.get(act.case.dwelling_id or "")
    duty = on_duty(directory, dwelling.address_id, today) if dwelling else ()
    if not duty and act.case.residence_id in directory.residences:
        duty = on_duty_in_residence(directory, act.case.residence_id or "", today)
    there = [directory.caretakers[each.id] for each in duty if each.id is not None and each.id in directory.caretakers]
    seen = [each for each in directory.records.caretakers if act.visibility.sees(each.office_id)]
    found = {each.email.lower(): f"{each.first_name} {each.last_name}" for each in (*there, *seen)}
    found |= {each.email.lower(): each.name for each in directory.records.offices}
    found |= {each.email: each.label for each in act.rules.contacts.entries}
    return {address: name for address, name in found.items() if address}


def check_stranger(act: Act, address: str, *, unproven_ok: bool) -> None:
    """Make sure that the actor may write to an address that is of no party of the case.

    Raises:
        WrongArgumentError: they may not, in the words for an address that there is not; or it is none.
        NeverUsedError: the register says never to write there.
        UnprovenAddressError: somebody of the household is protected, and it was not said that it is meant.
    """
    if not act.visibility.anybody:
        raise WrongArgumentError(_NOT_OF_THE_CASE)
    if not ADDRESS.fullmatch(address):
        raise WrongArgumentError("ce n'est pas une adresse électronique")
    if act.work.never_used((address,)):
        raise NeverUsedError
    if registered_of(act).protected and not unproven_ok:
        raise UnprovenAddressError("le foyer est protégé : confirmez que vous écrivez à quelqu'un d'autre")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What goes along with a letter, and to whom else it goes.

    Attributes:
        also_to, cc: its further recipients, and those who are sent a copy.
        files: what is attached.
        forwarded: files of messages that came in, which go along too.
        calendar, method: an invitation (RFC 5545), and what calendars are to do with it.
        slot: when the appointment begins that the invitation is to.
        tail: stands behind what the agent says: a signature, what is quoted.
        kind: the event that tells it.
    """

    also_to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    files: tuple[StoredFile, ...] = ()
    forwarded: tuple[OutgoingFile, ...] = ()
    calendar: str = ""
    method: str = ""
    slot: datetime | None = None
    tail: str = ""
    kind: str = "replied"


NOTHING: Final = Enclosed()


def post(act: Act, to: Addressee, text: str, *, subject: str | None = None, enclosed: Enclosed = NOTHING) -> None:
    """Lay a letter into the outbox, and tell it.

    Args:
        act: the verb being carried out.
        to: as `recipient` returned it.
        text: what the agent says.
        subject: instead of that of the message answered.
        enclosed: what goes along, and to whom else it goes.

    Raises:
        WrongArgumentError: the address is none, or the letter tells where somebody protected lives.
    """
    last = to.contact
    subject = subject or subject_of(act.case, last, protected=bool(registered_of(act).protected))
    whole = f"{text.strip()}{enclosed.tail}"
    if not enclosed.calendar:
        check_tells_no_place(act, f"{subject}\n{whole}")
    tokens, settings, number = tokens_of(act), act.grounds.settings, act.case.number
    letter = Letter(
        sender_name=settings.outbound.sender_name,
        sender=settings.outbound.sender,
        to=to.address,
        reply_to=tokens.address(number),
        subject=subject,
        text=f"{whole}\n",
        message_id=tokens.message_id(number, secrets.token_hex(_NONCE_OCTETS)),
        in_reply_to=last.message_id if last else "",
        references=tuple(reversed((*last.in_reply_to, *last.references))) if last else (),
        at=act.now,
        calendar=enclosed.calendar,
        method=enclosed.method,
        also_to=enclosed.also_to,
        cc=enclosed.cc,
        boundary=f"=_{secrets.token_hex(_BOUNDARY_OCTETS)}" if enclosed.files or enclosed.forwarded else "",
    )
    try:
        raw = write(letter)
    except NoAddressError as error:
        raise WrongArgumentError("aucun message ne peut être envoyé à cette adresse") from error
    attached = tuple(OutgoingFile(file.name, file.media_type, file_id=file.id) for file in enclosed.files)
    outgoing = Outgoing(
        OutgoingKind.REPLY,
        f"agent: {act.actor}",
        to.address,
        letter.reply_to,
        letter.message_id,
        raw,
        also_to=(*enclosed.also_to, *enclosed.cc),
        files=(*attached, *enclosed.forwarded),
    )
    act.work.put_outgoing(act.held, outgoing)
    act.work.lay_files(act.held, [file.id for file in enclosed.files])
    # A new version, so that a colleague who answers at the same time is told; no change, since no mail is taken back.
    act.work.change(act.held)
    told: dict[str, Any] = {"to": to.address, "text": text, "message_id": letter.message_id, "subject": subject}
    told |= {"also_to": list(enclosed.also_to), "cc": list(enclosed.cc)}
    told |= {
        "files": [file.in_event for file in enclosed.files],
        "forwarded": [each.name for each in enclosed.forwarded],
    }
    told |= {"unproven": to.unproven, "invitation": enclosed.method}
    told |= {"slot": enclosed.slot.isoformat() if enclosed.slot else ""}
    act.tell(enclosed.kind, {name: value for name, value in told.items() if value})


def danger_letters(act: Act, alarm: Alarm) -> tuple[Outgoing | UnwrittenNotice, ...]:
    """Return what is sent because an agent says that somebody is in danger: as if it had been judged so.

    The rules say who is told, and what the writer is answered; those on call are told in any case. Nothing is sent
    where no server is set to send for us, where nothing takes effect, or where nothing of the case could be judged.

    Args:
        act: the verb being carried out.
        alarm: the alarm as it is with the agent's word.
    """
    grounds = act.grounds
    last = next((each for each in reversed(act.work.judged_contacts(act.held)) if each.judgement is not None), None)
    arrival = act.work.arrival(last.arrival_id) if last is not None else None
    sends = grounds.settings.outbound.host and not grounds.settings.rules.observe
    if last is None or last.judgement is None or arrival is None or not sends:
        return ()
    judged = _registered_now(act, last.judgement)
    understanding = replace(judged.understanding, kind=CaseKind.CASE, alarm=alarm)
    history = KeptHistory(judged.history)
    decision = decide(
        judged.contact, judged.match, understanding, act.now, grounds.rules, grounds.directory, history=history
    )
    decision = replace(
        decision,
        kind=CaseKind.CASE,
        queue=act.case.queue,
        office_id=act.case.office_id,
        notify=tuple(dict.fromkeys((*decision.notify, ON_CALL))),
    )
    judgement = replace(judged, understanding=understanding, decision=decision)
    answering = Answering(grounds.settings, tokens_of(act))
    return answering.written(arrival.as_live(), judgement, act.case.number, (grounds.rules, grounds.directory), act.now)


def corrected_place(act: Act, whom: Whom) -> tuple[Outgoing | UnwrittenNotice, ...]:
    """Return what is sent because a danger is elsewhere than was told, to whoever was told it and to those over there.

    Args:
        act: the verb being carried out; its case has the place that was told.
        whom: whom the case is about from now on, and where.
    """
    case, today = act.case, act.now.date()
    if (case.dwelling_id, case.residence_id) == whom[1:] or case.state != "open" or not case.alarm.certain:
        return ()
    grounds = act.grounds
    judged = [each.judgement for each in act.work.judged_contacts(act.held) if each.judgement is not None]
    sends = grounds.settings.outbound.host and not grounds.settings.rules.observe
    if not judged or not sends or act.work.calls_nobody(act.held):
        return ()
    last = _registered_now(act, judged[-1])
    nowhere = replace(last.match, tenant=None, dwelling=None, residence=None, place_evidence=(), caretakers=())
    placed = as_stated(nowhere, Stated(act.actor, "", *whom), grounds.directory, today)
    told = [each.data for each in act.work.events(act.held) if each.what == NOTICE_QUEUED]
    caretaker = ("caretaker",) if any(str(each.get("whom", "")).startswith("caretaker") for each in told) else ()
    notify = (*last.decision.notify, *caretaker, ON_CALL)
    decision = replace(
        last.decision,
        kind=CaseKind.CASE,
        priority=case.priority,
        alarm=case.alarm,
        queue=case.queue,
        notify=tuple(dict.fromkeys(notify)),
    )
    names = Names(grounds.directory, {}, grounds.settings.zone)
    before = place_words(names, case.dwelling_id, case.residence_id)
    corrects = Correction(before, tuple(dict.fromkeys(each["to"] for each in told)), str(case.version))
    judgement = replace(last, match=placed, decision=decision)
    answering = Answering(grounds.settings, tokens_of(act))
    return answering.corrected(judgement, case.number, (grounds.rules, grounds.directory), act.now, corrects)


def _registered_now(act: Act, judged: Judgement) -> Judgement:
    """Return what was judged, with what the register says by now."""
    people = whoever_it_may_be(judged.match, act.grounds.directory, act.now.date())
    entries = tuple(each.for_judging for each in act.work.register(people) if each.in_force(act.now.date()))
    return replace(judged, history=replace(judged.history, register=entries))


def subject_of(case: Case, last: Contact | None, *, protected: bool) -> str:
    """Return the subject of an answer to a message; of somebody protected it repeats nothing of the message's."""
    if protected:
        return f"Votre demande – dossier {case.number}"
    about = _REPLY_MARKS.sub("", (last.subject if last else text_of(case.subject)).strip()) or "Votre demande"
    return f"Re: {about}" if case.number in about else f"Re: {about} – dossier {case.number}"
