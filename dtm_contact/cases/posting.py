"""What an agent's act sends: a letter to a party of the case in hand, in its thread; a word of danger to our people."""

import re
import secrets
from dataclasses import replace
from typing import Final

from dtm_contact.cases.act import Act
from dtm_contact.cases.addressees import Addressee, Care, addressees, usual
from dtm_contact.cases.refusals import NeverUsedError, RefusedError, UnprovenAddressError, WrongArgumentError
from dtm_contact.cases.registered import HouseholdRegister, household_of, place_named, registered
from dtm_contact.model import Alarm, CaseKind, Contact, Judgement, KeptHistory, Outgoing, OutgoingKind
from dtm_contact.outbound import Answering, Letter, NoAddressError, write
from dtm_contact.pipeline import whoever_it_may_be
from dtm_contact.rules import decide
from dtm_contact.rules.routing import ON_CALL
from dtm_contact.tokens import CaseTokens

_NONCE_OCTETS: Final = 8
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
            raise WrongArgumentError("cette adresse n'est ni d'un message du dossier, ni du locataire dans l'annuaire")
    else:
        chosen = usual(found)
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
        act.work.judged_contacts(act.held), tenant_id, confirmed, grounds.directory, grounds.settings, care
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


def post(
    act: Act, to: Addressee, text: str, *, subject: str | None = None, calendar: str = "", method: str = ""
) -> None:
    """Lay a letter into the outbox, and tell it.

    Args:
        act: the verb being carried out.
        to: as `recipient` returned it.
        text: what the agent says.
        subject: instead of that of the message answered.
        calendar: an invitation that goes along (RFC 5545).
        method: what calendars are to do with it.

    Raises:
        WrongArgumentError: the address is none, or the letter tells where somebody protected lives.
    """
    last = to.contact
    subject = subject or _subject(act, last)
    if not calendar:
        check_tells_no_place(act, f"{subject}\n{text}")
    tokens, settings, number = tokens_of(act), act.grounds.settings, act.case.number
    letter = Letter(
        sender_name=settings.outbound.sender_name,
        sender=settings.outbound.sender,
        to=to.address,
        reply_to=tokens.address(number),
        subject=subject,
        text=f"{text.strip()}\n",
        message_id=tokens.message_id(number, secrets.token_hex(_NONCE_OCTETS)),
        in_reply_to=last.message_id if last else "",
        references=tuple(reversed((*last.in_reply_to, *last.references))) if last else (),
        at=act.now,
        calendar=calendar,
        method=method,
    )
    try:
        raw = write(letter)
    except NoAddressError as error:
        raise WrongArgumentError("aucun message ne peut être envoyé à cette adresse") from error
    outgoing = Outgoing(OutgoingKind.REPLY, f"agent: {act.actor}", to.address, letter.reply_to, letter.message_id, raw)
    act.work.put_outgoing(act.held, outgoing)
    # A new version, so that a colleague who answers at the same time is told; no change, since no mail is taken back.
    act.work.change(act.held)
    told = {"to": to.address, "text": text, "message_id": letter.message_id}
    act.tell("replied", {**told, "unproven": True} if to.unproven else told)


def danger_letters(act: Act, alarm: Alarm) -> tuple[Outgoing, ...]:
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


def _registered_now(act: Act, judged: Judgement) -> Judgement:
    """Return what was judged, with what the register says by now."""
    people = whoever_it_may_be(judged.match, act.grounds.directory, act.now.date())
    entries = tuple(each.for_judging for each in act.work.register(people) if each.in_force(act.now.date()))
    return replace(judged, history=replace(judged.history, register=entries))


def _subject(act: Act, last: Contact | None) -> str:
    """Return the subject of an answer; of somebody protected it repeats nothing of the message's."""
    number = act.case.number
    if registered_of(act).protected:
        return f"Votre demande – dossier {number}"
    about = _REPLY_MARKS.sub("", (last.subject if last else act.case.subject).strip()) or "Votre demande"
    return f"Re: {about}" if number in about else f"Re: {about} – dossier {number}"
