"""An agent's words to the one who wrote, from our one address, in the thread."""

import re
import secrets
from typing import Final

from dtm_contact.cases.act import Act
from dtm_contact.cases.refusals import RefusedError, WrongArgumentError
from dtm_contact.cases.registry import verb
from dtm_contact.cases.texts import Line, Words
from dtm_contact.directory import Directory
from dtm_contact.model import Outgoing, OutgoingKind
from dtm_contact.outbound import Letter, write
from dtm_contact.settings import Settings
from dtm_contact.store import HeldContact
from dtm_contact.tokens import Tokens

_NONCE_OCTETS: Final = 8
_REPLY_MARKS: Final = re.compile(r"(?:(?:re|rép|tr|fwd?|fw)\s*:\s*)+", re.IGNORECASE)


@verb("reply")
def reply(act: Act, text: Words, to: Line | None = None, subject: Line | None = None) -> None:
    """Répond au dernier message du dossier, depuis notre adresse et dans la conversation ; `to` : à quelle adresse.

    L'adresse est l'une de celles qui ont écrit dans le dossier, ou l'une de celles du locataire dans l'annuaire.
    """
    settings = act.grounds.settings
    if not settings.outbound.host:
        raise RefusedError("aucun serveur n'est réglé pour envoyer le courrier (DTM_OUTBOUND_HOST)")
    messages = [contact for contact in act.work.contacts(act.held) if contact.sender_address]
    address = _address(act, messages, to)
    last = next((message for message in reversed(messages) if message.sender_address == address), None)
    letter = _letter(act, settings, address, text, last, subject)
    tokens = _tokens(act, settings)
    outgoing = Outgoing(
        OutgoingKind.REPLY, f"agent: {act.actor}", address, tokens.address(act.case.number), letter.message_id,
        write(letter),
    )  # fmt: skip
    act.work.post(act.held, outgoing)
    # A new version, so that a colleague who answers at the same time is told; no change, since no mail is taken back.
    act.work.change(act.held)
    act.tell("replied", {"to": address, "text": text, "message_id": letter.message_id})


def _tokens(act: Act, settings: Settings) -> Tokens:
    return Tokens(settings.outbound.read_key() or act.work.signing_key(), settings.outbound.sender)


def _address(act: Act, messages: list[HeldContact], to: str | None) -> str:
    """Return the address to write to: a party's, so that no slip of the hand tells a stranger."""
    wrote = [message.sender_address for message in reversed(messages)]
    allowed = dict.fromkeys((*wrote, *_of_tenant(act.grounds.directory, act.case.tenant_id)))
    if to is None:
        if not allowed:
            raise WrongArgumentError("personne n'a écrit dans ce dossier, et l'annuaire n'a pas d'adresse")
        return next(iter(allowed))
    if to.lower() not in allowed:
        raise WrongArgumentError("cette adresse n'est ni d'un message du dossier, ni du locataire dans l'annuaire")
    return to.lower()


def _of_tenant(directory: Directory, tenant_id: str | None) -> list[str]:
    leases = directory.leases_of(tenant_id) if tenant_id else ()
    return [lease.email.lower() for lease in leases if lease.email]


def _letter(
    act: Act, settings: Settings, address: str, text: str, last: HeldContact | None, subject: str | None
) -> Letter:
    number = act.case.number
    about = _REPLY_MARKS.sub("", (last.subject if last else act.case.subject).strip()) or "Votre demande"
    tokens = _tokens(act, settings)
    return Letter(
        sender_name=settings.outbound.sender_name,
        sender=settings.outbound.sender,
        to=address,
        reply_to=tokens.address(number),
        subject=subject or (f"Re: {about}" if number in about else f"Re: {about} – dossier {number}"),
        text=f"{text.strip()}\n",
        message_id=tokens.message_id(number, secrets.token_hex(_NONCE_OCTETS)),
        in_reply_to=last.message_id if last else "",
        references=tuple(reversed(last.thread)) if last else (),
        at=act.now,
    )
