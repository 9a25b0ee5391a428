"""A letter of an agent's to a party of the case in hand, from our one address and in the thread."""

import re
import secrets
from collections.abc import Iterable
from typing import Final

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import RefusedError, WrongArgumentError
from dtm_contact.directory import Directory
from dtm_contact.model import Outgoing, OutgoingKind
from dtm_contact.outbound import Letter, NoAddressError, write
from dtm_contact.store import HeldContact
from dtm_contact.tokens import Tokens

_NONCE_OCTETS: Final = 8
_REPLY_MARKS: Final = re.compile(r"(?:(?:re|rép|tr|fwd?|fw)\s*:\s*)+", re.IGNORECASE)


def parties(wrote: Iterable[str], directory: Directory, tenant_id: str | None) -> list[str]:
    """Return the addresses that a case may be answered to: those that wrote, then the tenant's in the directory."""
    leases = directory.leases_of(tenant_id) if tenant_id else ()
    found = [*wrote, *(lease.email for lease in leases)]
    return list(dict.fromkeys(address.lower() for address in found if address))


def tokens_of(act: Act) -> Tokens:
    """Return what signs the case's number in what is sent."""
    return Tokens.of(act.grounds.settings.outbound, act.work.signing_key)


def recipient(act: Act, to: str | None) -> str:
    """Return the address to write to: a party's, so that no slip of the hand tells a stranger.

    Raises:
        RefusedError: nothing is set up to be sent.
        WrongArgumentError: there is no address, or `to` is none of the case's.
    """
    if not act.grounds.settings.outbound.host:
        raise RefusedError("aucun serveur n'est réglé pour envoyer le courrier (DTM_OUTBOUND_HOST)")
    wrote = [message.sender_address for message in reversed(_messages(act))]
    allowed = parties(wrote, act.grounds.directory, act.case.tenant_id)
    if to is None:
        if not allowed:
            raise WrongArgumentError("personne n'a écrit dans ce dossier, et l'annuaire n'a pas d'adresse")
        return allowed[0]
    if to.lower() not in allowed:
        raise WrongArgumentError("cette adresse n'est ni d'un message du dossier, ni du locataire dans l'annuaire")
    return to.lower()


def post(
    act: Act, address: str, text: str, *, subject: str | None = None, calendar: str = "", method: str = ""
) -> None:
    """Lay a letter into the outbox, and tell it.

    Args:
        act: the verb being carried out.
        address: as `recipient` returned it.
        text: what the agent says.
        subject: instead of that of the message answered.
        calendar: an invitation that goes along (RFC 5545).
        method: what calendars are to do with it.

    Raises:
        WrongArgumentError: the address is none.
    """
    messages = _messages(act)
    last = next((message for message in reversed(messages) if message.sender_address == address), None)
    tokens, settings, number = tokens_of(act), act.grounds.settings, act.case.number
    letter = Letter(
        sender_name=settings.outbound.sender_name,
        sender=settings.outbound.sender,
        to=address,
        reply_to=tokens.address(number),
        subject=subject or _subject(act, last),
        text=f"{text.strip()}\n",
        message_id=tokens.message_id(number, secrets.token_hex(_NONCE_OCTETS)),
        in_reply_to=last.message_id if last else "",
        references=tuple(reversed(last.thread)) if last else (),
        at=act.now,
        calendar=calendar,
        method=method,
    )
    try:
        raw = write(letter)
    except NoAddressError as error:
        raise WrongArgumentError("aucun message ne peut être envoyé à cette adresse") from error
    outgoing = Outgoing(OutgoingKind.REPLY, f"agent: {act.actor}", address, letter.reply_to, letter.message_id, raw)
    act.work.post(act.held, outgoing)
    # A new version, so that a colleague who answers at the same time is told; no change, since no mail is taken back.
    act.work.change(act.held)
    act.tell("replied", {"to": address, "text": text, "message_id": letter.message_id})


def _messages(act: Act) -> list[HeldContact]:
    return [contact for contact in act.work.contacts(act.held) if contact.sender_address]


def _subject(act: Act, last: HeldContact | None) -> str:
    number = act.case.number
    about = _REPLY_MARKS.sub("", (last.subject if last else act.case.subject).strip()) or "Votre demande"
    return f"Re: {about}" if number in about else f"Re: {about} – dossier {number}"
